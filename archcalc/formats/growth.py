"""How figures grow with a setting, as a document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from archcalc.analysis.counting import Counting, statement
from archcalc.formats.document import Cell, Column, Line, Part, Table, Words


class Grown(NamedTuple):
    """One figure along a setting."""

    key: str
    title: str
    values: Sequence[int]
    words: str
    formula: str
    """The polynomial, if it is one."""
    exponent: float | None
    doubled: float | None
    spark: str


class Scaling:
    """What ``scaling`` shows."""

    def __init__(
        self,
        label: str,
        title: str,
        name: str,
        steps: Sequence[str],
        figures: Sequence[Grown],
        *,
        counting: Counting,
        batch: int,
        changed: Mapping[str, str],
        spec: Mapping[str, Any],
        notes: Sequence[str],
    ) -> None:
        self.label = label
        self.title = title
        self.name = name
        self.steps = steps
        self.figures = figures
        self.counting = counting
        self.batch = batch
        self.changed = changed
        self.spec = spec
        self.notes = notes

    def parts(self, rows: int | None) -> Sequence[Part]:
        first, last = self.steps[0], self.steps[-1]
        parts: list[Part] = [Words(self.label, "heading", self.title)]
        over = f"{self.name} from {first} to {last}, {len(self.steps)} values"
        if self.changed:
            over += ", with " + ", ".join(f"{n}={v}" for n, v in self.changed.items())
        parts.append(Words(over, "below"))
        columns = (
            Column("figure", ""),
            Column("first", f"at {first}", right=True),
            Column("last", f"at {last}", right=True),
            Column("growth", "growth", spare=2),
            Column("formula", "is exactly", folds=True, spare=1, faint=True),
        )
        exact = any(figure.formula for figure in self.figures)
        kept = columns if exact else columns[:-1]
        lines: list[Line] = []
        for figure in self.figures:
            cells: list[Cell] = [figure.title, figure.values[0], figure.values[-1], figure.spark]
            lines.append(Line((*cells, figure.formula) if exact else tuple(cells)))
        parts.append(Table(kept, lines))
        parts.append(Words("\n".join(figure.words for figure in self.figures)))
        parts.extend(Words(note, "below") for note in self.notes)
        parts.append(Words(statement(self.counting, self.batch), "below"))
        return parts

    def data(self) -> dict[str, Any]:
        return {
            "spec": dict(self.spec),
            "over": self.name,
            "values": list(self.steps),
            "settings": dict(self.changed),
            "convention": self.counting.convention,
            "counting": {**self.counting.choices, "batch": self.batch},
            "figures": {
                figure.key: {
                    "values": list(figure.values),
                    "polynomial": figure.formula or None,
                    "exponent": figure.exponent,
                    "doubling": figure.doubled,
                    "words": figure.words,
                }
                for figure in self.figures
            },
            "notes": list(self.notes),
        }
