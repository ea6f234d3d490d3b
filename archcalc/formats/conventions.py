"""Conventions as documents: what each counts, one network under all of them, who gives a figure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.analysis.conventions import QUANTITIES, Convention, Each
from archcalc.formats.cells import shape_text
from archcalc.formats.document import Change, Column, Line, Pairs, Part, Ratio, Table, Words
from archcalc.formats.numbers import exact

if TYPE_CHECKING:
    from archcalc.analysis.accounts import Account
    from archcalc.formats.rows import Subject
    from archcalc.shapes import Shape


class Listed:
    """What ``conventions`` shows: every convention in a line."""

    def __init__(self, conventions: Mapping[str, Convention]) -> None:
        self.conventions = conventions

    def parts(self, rows: int | None) -> Sequence[Part]:
        columns = (
            Column("convention", "Convention"),
            Column("unit", "Unit", folds=True),
            Column("tool", "As counted by", folds=True),
        )
        lines = [Line((name, c.unit, c.tool)) for name, c in self.conventions.items()]
        return [
            Table(columns, lines),
            Words("archcalc conventions NAME shows what one counts,", "aside"),
            Words("archcalc conventions TARGET a network under all of them,", "below"),
            Words("--convention NAME counts each layer as it does.", "below"),
        ]

    def data(self) -> dict[str, Any]:
        return {"conventions": [_as_data(n, c) for n, c in self.conventions.items()]}


class Explained:
    """What ``conventions NAME`` shows: everything that one convention counts."""

    def __init__(self, name: str, convention: Convention) -> None:
        self.name = name
        self.convention = convention

    def parts(self, rows: int | None) -> Sequence[Part]:
        convention = self.convention
        facts = [("tool", convention.tool), ("unit", convention.unit)]
        if convention.buffers:
            facts.append(("parameters", "with BatchNorm's moving mean and variance"))
        parts: list[Part] = [
            Words(self.name, "heading"),
            Pairs(facts),
            _table(convention.counts, "Counts"),
        ]
        for called, counts in convention.called.items():
            if counts:
                parts.append(_table(counts, f"Instead, where a layer is written {called}"))
        unseen = [called for called, counts in convention.called.items() if not counts]
        if unseen:
            parts.append(Words(f"Not seen is a layer that is written {', or '.join(unseen)}."))
        return [*parts, Words(_sentence(convention.note))]

    def data(self) -> dict[str, Any]:
        return {"conventions": [_as_data(self.name, self.convention)]}


def _table(counts: Sequence[Each], title: str) -> Table:
    columns = (
        Column("weight", "Weight", right=True),
        Column("of", "For each", folds=True),
        Column("kinds", "In", folds=True),
    )
    lines = [
        Line((line.weight, QUANTITIES[line.of].one, _kinds(line) + line.condition))
        for line in counts
    ]
    return Table(columns, lines, title=title)


def _kinds(line: Each) -> str:
    return ", ".join(line.kinds) or "every layer"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _as_data(name: str, convention: Convention) -> dict[str, Any]:
    def lines(counts: Iterable[Each]) -> list[dict[str, Any]]:
        return [
            {
                "weight": line.weight,
                "of": line.of,
                "kinds": list(line.kinds) or None,
                "where": dict(line.where),
            }
            for line in counts
        ]

    return {
        "name": name,
        "tool": convention.tool,
        "unit": convention.unit,
        "padding": convention.padding,
        "parameters_with_buffers": convention.buffers,
        "counts": lines(convention.counts),
        "written": {called: lines(counts) for called, counts in convention.called.items()},
        "note": convention.note,
    }


class Accounts:
    """What ``conventions TARGET`` shows: each convention's figure and its way from the MACs."""

    def __init__(
        self,
        subject: Subject,
        accounts: Sequence[Account],
        conventions: Mapping[str, Convention],
        params: int,
        buffers: int,
    ) -> None:
        self.subject = subject
        self.accounts = accounts
        self.conventions = conventions
        self.params = params
        self.buffers = buffers

    def parts(self, rows: int | None) -> Sequence[Part]:
        columns = (
            Column("convention", "Convention"),
            Column("figure", "Figure", right=True),
            Column("ratio", "of MACs", right=True, spare=1),
            Column("what", "Unit, and difference to MACs", folds=True),
        )
        lines = [line for account in self.accounts for line in self._lines(account)]
        notes = ["Each line is exact; those of a convention add up to its figure."]
        if any(not entry.seen for account in self.accounts for entry in account.entries):
            notes.append("How a layer is written is how torchvision's code for the network does.")
        if self.subject.problems:
            notes.insert(0, "Partial: the layers up to the fault.")
        inputs = ", ".join(f"{n} {shape_text(s)}" for n, s in self.subject.inputs.items())
        return [
            Words(self.subject.label, "heading", self.subject.title),
            Words(inputs, "below"),
            Table(columns, lines),
            *(Words(note, "below") for note in notes),
        ]

    def _lines(self, account: Account) -> Iterator[Line]:
        convention = self.conventions[account.convention]
        ratio = Ratio(account.figure, account.macs)
        yield Line((account.convention, account.figure, ratio, convention.unit), "total")
        for entry in account.entries:
            yield Line((None, Change(entry.amount), None, entry.what), "" if entry.seen else "rest")
        if convention.buffers and self.buffers:
            words = f"params, {self.buffers:,} of them moving means and variances"
            yield Line((None, self.params + self.buffers, None, words))

    def data(self) -> dict[str, Any]:
        return {
            "spec": self.subject.as_data(),
            "inputs": {name: dict(s.items()) for name, s in self.subject.inputs.items()},
            "partial": bool(self.subject.problems),
            "conventions": [
                {
                    "name": account.convention,
                    "unit": self.conventions[account.convention].unit,
                    "figure": account.figure,
                    "macs": account.macs,
                    "params": self.params
                    + (self.buffers if self.conventions[account.convention].buffers else 0),
                    "differences": [entry._asdict() for entry in account.entries],
                }
                for account in self.accounts
            ],
        }


class Match(NamedTuple):
    """A variant that gives a figure, on an input of some size."""

    target: str
    inputs: Mapping[str, Shape]
    value: int
    by: Sequence[str]
    """The conventions under which it does."""
    what: str
    own: bool
    """Whether the input is the variant's own."""


class Identified:
    """What ``identify`` shows: who gives a figure at the precision at which it was printed."""

    def __init__(
        self,
        label: str,
        figure: str,
        bounds: tuple[int, int],
        matches: Sequence[Match],
        nearest: Sequence[Match],
    ) -> None:
        self.label = label
        self.figure = figure
        self.bounds = bounds
        self.matches = matches
        self.nearest = nearest
        """What comes closest, where nothing gives it."""

    def parts(self, rows: int | None) -> Sequence[Part]:
        low, high = (exact(bound) for bound in self.bounds)
        parts: list[Part] = [
            Words(f"{self.label}: {self.figure}", "heading"),
            Words(f"as printed, {low} to {high}", "below"),
        ]
        if self.matches:
            return [*parts, _matches(self.matches)]
        parts.append(Words("No variant gives it under any convention. The nearest:"))
        return [*parts, _matches(self.nearest, sum(self.bounds))]

    def data(self) -> dict[str, Any]:
        return {
            "figure": self.figure,
            "from": self.bounds[0],
            "to": self.bounds[1],
            "matches": [_match_data(m) for m in self.matches],
            "nearest": [_match_data(m) for m in self.nearest],
        }


def _matches(matches: Sequence[Match], twice: int | None = None) -> Table:
    """The matches; with ``twice`` a figure also how far each is from it."""
    off = (Column("off", "Off", right=True),) if twice else ()
    columns = (
        Column("target", "Variant", folds=True),
        Column("input", "Input", spare=1),
        Column("value", "Figure", right=True),
        *off,
        Column("what", "Of", folds=True),
        Column("by", "By convention", folds=True),
    )
    lines = [
        Line(
            (
                m.target,
                ", ".join(shape_text(s) for s in m.inputs.values()),
                m.value,
                *((f"{2 * m.value / twice - 1:+.2%}",) if twice else ()),
                m.what,
                ", ".join(m.by),
            ),
            "" if m.own else "aside",
        )
        for m in matches
    ]
    return Table(columns, lines)


def _match_data(match: Match) -> dict[str, Any]:
    return {
        "target": match.target,
        "inputs": {name: dict(s.items()) for name, s in match.inputs.items()},
        "value": match.value,
        "what": match.what,
        "conventions": list(match.by),
        "own_input": match.own,
    }
