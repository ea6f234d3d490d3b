"""Two networks side by side, as a document: totals with their ratio, then the layers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from archcalc.analysis.collapse import fold
from archcalc.analysis.compare import align, level
from archcalc.analysis.counting import NAME, statement
from archcalc.analysis.metrics import METRICS, figures_by_name, telling
from archcalc.formats.about import title_of
from archcalc.formats.cells import shape_text
from archcalc.formats.document import Cell, Change, Column, Line, Part, Ratio, Table, Words
from archcalc.formats.rows import layers_data

if TYPE_CHECKING:
    from archcalc.analysis.count import Result, Row
    from archcalc.formats.rows import Subject

Side = tuple["Subject", "Result"]


class Comparison:
    """What ``compare`` shows."""

    def __init__(self, first: Side, second: Side) -> None:
        self.first = first
        self.second = second

    def _labels(self) -> tuple[str, str]:
        a, b = self.first[0].label, self.second[0].label
        return (a, b) if a != b else (f"{a} (1)", f"{b} (2)")

    def parts(self, rows: int | None) -> Sequence[Part]:
        a, b = self._labels()
        return [
            Words(f"{a} and {b}", "heading"),
            self._totals(a, b),
            *self._published(a, b),
            self._layers(a, b, rows),
            *(Words(note, "below") for note in self._notes(a, b)),
        ]

    def _totals(self, a: str, b: str) -> Table:
        lines = []
        first, second = self.first[1].totals, self.second[1].totals
        for metric in telling(first, second):
            x, y = metric.of(first), metric.of(second)
            lines.append(Line((metric.title, x, y, Change(y - x), Ratio(y, x))))
        columns = (
            Column("figure", "Total", folds=True),
            Column("first", a, right=True),
            Column("second", b, right=True),
            Column("difference", "Difference", right=True, spare=1),
            Column("ratio", "Ratio", right=True),
        )
        return Table(columns, lines)

    def _published(self, a: str, b: str) -> list[Part]:
        """What others have published of either network: of what, by whom, and both texts."""
        found: dict[tuple[str, str], list[str | None]] = {}
        for position, (subject, _) in enumerate((self.first, self.second)):
            for record in subject.published:
                for name, printed in record.items():
                    if name != "source":
                        key = (title_of(name), record.get("source", ""))
                        found.setdefault(key, [None, None])[position] = printed
        columns = (
            Column("figure", "Published"),
            Column("first", a, right=True),
            Column("second", b, right=True),
            Column("source", "By", folds=True),
        )
        lines = [Line((figure, x, y, source)) for (figure, source), (x, y) in found.items()]
        return [Table(columns, lines)] if lines else []

    def _layers(self, a: str, b: str, rows: int | None) -> Table:
        first, second = self.first[1], self.second[1]
        rest: list[Line] = []
        if rows is not None:
            first, second = level(first, second, rows)
            x, y = fold(first, rows), fold(second, rows)
            first, second = x.result, y.result
            if x.rest or y.rest:
                rest = [Line((*_half(x.rest), *_half(y.rest)), "rest")]
        lines = [Line((*_half(p.first), *_half(p.second))) for p in align(first, second)]
        totals = Line(
            (*_total_half(self.first[1]), *_total_half(self.second[1])),
            "total",
        )
        columns = (*_columns("first", a), *_columns("second", b))
        return Table(columns, [*lines, *rest], [totals])

    def _notes(self, a: str, b: str) -> list[str]:
        result = self.first[1]
        notes = [statement(result.counting, result.batch)]
        for side, label in ((self.first, a), (self.second, b)):
            if side[0].problems:
                notes.insert(0, f"{label} is partial: its rows up to the fault.")
        return notes

    def data(self) -> dict[str, Any]:
        result = self.first[1]
        return {
            "convention": NAME,
            "counting": {**result.counting._asdict(), "batch": result.batch},
            "specs": [
                {
                    **subject.as_data(),
                    "totals": figures_by_name(side.totals),
                    "published": list(subject.published),
                    "partial": bool(subject.problems),
                }
                for subject, side in (self.first, self.second)
            ],
            "layers": self._layers_data(),
        }

    def _layers_data(self) -> Iterator[dict[str, Any]]:
        first, second = self.first[1], self.second[1]
        of_first, of_second = layers_data(first), layers_data(second)
        for pair in align(first, second):  # in order on either side
            yield {
                "first": next(of_first) if pair.first else None,
                "second": next(of_second) if pair.second else None,
            }


def _columns(side: str, label: str) -> tuple[Column, ...]:
    return (
        Column(f"{side}_path", label, folds=True),
        Column(f"{side}_output", "Output", spare=2),
        Column(f"{side}_params", METRICS["params"].title, right=True, spare=1),
        Column(f"{side}_macs", METRICS["macs"].title, right=True),
    )


def _half(row: Row | None) -> tuple[Cell, ...]:
    if row is None:
        return (None, None, None, None)
    return (
        row.path or f"... {row.layers:,} more rows",
        shape_text(row.output),
        METRICS["params"].of(row.figures),
        METRICS["macs"].of(row.figures),
    )


def _total_half(result: Result) -> tuple[Cell, ...]:
    totals = result.totals
    return ("Total", None, METRICS["params"].of(totals), METRICS["macs"].of(totals))
