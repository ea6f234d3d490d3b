"""What fits into a budget, and what would follow, as a document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from archcalc.analysis.counting import Counting, statement
from archcalc.analysis.metrics import Metric
from archcalc.formats.document import Cell, Column, Line, Part, Share, Table, Words


class Outcome(NamedTuple):
    """One value and what it costs."""

    settings: Mapping[str, str]
    figures: Mapping[str, int]


class Answer(NamedTuple):
    """What was looked for, and found."""

    label: str
    title: str
    budget: Mapping[str, int]
    found: Outcome | None
    same: tuple[Outcome, Outcome] | None
    """The first and the last value that give the same figures."""
    next: Outcome | None
    least: Outcome | None
    """Where nothing fits, what comes closest."""
    notes: Sequence[str]


class Solved:
    """What ``solve`` shows."""

    def __init__(
        self,
        answer: Answer,
        metrics: Mapping[str, Metric],
        *,
        counting: Counting,
        batch: int,
        changed: Mapping[str, str],
        spec: Mapping[str, Any],
    ) -> None:
        self.answer = answer
        self.metrics = metrics
        self.counting = counting
        self.batch = batch
        self.changed = changed
        self.spec = spec

    def parts(self, rows: int | None) -> Sequence[Part]:
        answer = self.answer
        parts: list[Part] = [Words(answer.label, "heading", answer.title)]
        if self.changed:
            changed = ", ".join(f"{name}={value}" for name, value in self.changed.items())
            parts.append(Words(f"with {changed}", "below"))
        lines = [
            self._line(name, outcome)
            for name, outcome in (
                ("found", answer.found),
                ("next", answer.next),
                ("least", answer.least),
            )
            if outcome is not None
        ]
        if lines:
            parts.append(Table(tuple(self._columns()), lines))
        notes = [*answer.notes, statement(self.counting, self.batch)]
        parts.extend(Words(note, "below" if n or lines else "") for n, note in enumerate(notes))
        return parts

    def _columns(self) -> Sequence[Column]:
        some = next(o for o in (self.answer.found, self.answer.least) if o is not None)
        settings = [Column(name, name, right=True) for name in some.settings]
        figures = [
            Column(name, self.metrics[name].title, right=True, spare=0 if name in budget else 5)
            for budget in (self.answer.budget,)
            for name in some.figures
        ]
        shares = [
            Column(f"of_{name}", f"of {self.metrics[name].title} budget", right=True)
            for name in self.answer.budget
        ]
        return [Column("what", ""), *settings, *figures, *shares]

    def _line(self, name: str, outcome: Outcome) -> Line:
        cells: list[Cell] = [name, *map(shown, outcome.settings.values())]
        cells += outcome.figures.values()
        cells += [Share(outcome.figures[n], most) for n, most in self.answer.budget.items()]
        return Line(tuple(cells))

    def data(self) -> dict[str, Any]:
        answer = self.answer

        def plain(outcome: Outcome | None) -> dict[str, Any] | None:
            if outcome is None:
                return None
            return {**{n: _value(v) for n, v in outcome.settings.items()}, **outcome.figures}

        first, last = answer.same or (None, None)
        return {
            "spec": dict(self.spec),
            "budget": dict(answer.budget),
            "settings": dict(self.changed),
            "convention": self.counting.convention,
            "counting": {**self.counting.choices, "batch": self.batch},
            "found": plain(answer.found),
            "same_from": plain(first),
            "same_to": plain(last),
            "next": plain(answer.next),
            "least": plain(answer.least),
            "notes": list(answer.notes),
        }


def shown(text: str) -> str:
    """A setting's value as a table shows it: 0.98 for 0.98000, six digits of what is longer."""
    try:
        number = float(text)
    except ValueError:
        return text
    if "." not in text:
        return text
    if len(text) > 10:
        text = f"{number:.6f}"
    text = text.rstrip("0")
    return text + "0" if text.endswith(".") else text


def _value(text: str) -> Any:
    """A setting's value as data."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
