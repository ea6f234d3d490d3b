"""Configurations of one network as a document: what each is, what it costs, why it is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from archcalc.analysis.counting import Counting, statement
from archcalc.analysis.metrics import Metric
from archcalc.formats.document import Cell, Column, Line, Part, Share, Table, Words

RESULTS = ("reason", "at")
"""The last columns: why there are no figures, and where the spec says what is refused."""


class Configurations:
    """What ``sweep`` shows: the first of the rows, and what there is of them in all."""

    def __init__(
        self,
        label: str,
        title: str,
        columns: Mapping[str, Sequence[Any]],
        metrics: Mapping[str, Metric],
        *,
        counting: Counting,
        batch: int = 1,
        changed: Mapping[str, str],
        notes: Sequence[str],
        left_out: int = 0,
    ) -> None:
        self.label = label
        self.title = title
        self.columns = columns
        self.metrics = metrics
        self.counting = counting
        self.batch = batch
        self.changed = changed
        self.notes = notes
        self.left_out = left_out

    @property
    def size(self) -> int:
        return len(next(iter(self.columns.values())))

    def parts(self, rows: int | None) -> Sequence[Part]:
        filled = list(self._columns())
        lines = [Line(tuple(cells)) for cells in zip(*(f.cells for f in filled), strict=True)]
        if self.left_out:
            more = (f"... {self.left_out:,} more", *(None for _ in filled[1:]))
            lines.append(Line(more, "rest"))
        parts: list[Part] = [Words(self.label, "heading", self.title)]
        if self.changed:
            changed = ", ".join(f"{name}={value}" for name, value in self.changed.items())
            parts.append(Words(f"with {changed}", "below"))
        if lines:
            parts.append(Table(tuple(f.column for f in filled), lines))
        parts.extend(
            Words(note, "below" if n or lines else "") for n, note in enumerate(self.notes)
        )
        parts.append(Words(statement(self.counting, self.batch), "below"))
        return parts

    def _columns(self) -> Iterator[_Filled]:
        for name, values in self.columns.items():
            if name in RESULTS:
                continue
            metric = self.metrics.get(name)
            if metric is not None:
                yield _Filled(Column(name, metric.title, right=True), values)
            else:
                numbers = all(_is_number(value) for value in values if value)
                yield _Filled(Column(name, name, right=numbers, folds=not numbers), values)
        bar = next(
            (name for name in ("macs", "counted", *self.metrics) if name in self.columns), ""
        )
        if bar and self.size > 1:
            largest = max((value for value in self.columns[bar] if value), default=0)
            if largest:
                column = Column("share", f"of largest {self.metrics[bar].title}", True, 9)
                cells = [Share(v, largest) if v is not None else None for v in self.columns[bar]]
                yield _Filled(column, cells)
        reasons = self.columns.get("reason", ())
        if any(reasons):
            places = self.columns.get("at", [""] * self.size)
            reasons = [
                f"{why} ({where})" if where else why
                for why, where in zip(reasons, places, strict=True)
            ]
            yield _Filled(Column("reason", "Refused", folds=True), reasons)

    def data(self) -> dict[str, Any]:
        names = list(self.columns)
        rows = zip(*self.columns.values(), strict=True)
        return {"configurations": [dict(zip(names, row, strict=True)) for row in rows]}


class _Filled(NamedTuple):
    """A column and its cells."""

    column: Column
    cells: Sequence[Cell]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
