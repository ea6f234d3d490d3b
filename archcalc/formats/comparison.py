"""Networks side by side, as a document: totals with their ratios, then the layers aligned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from archcalc.analysis.collapse import fold
from archcalc.analysis.compare import (
    CHANGED,
    ONLY_FIRST,
    ONLY_SECOND,
    SAME,
    Cause,
    Difference,
    Pair,
    align,
    causes,
    level,
)
from archcalc.analysis.counting import statement
from archcalc.analysis.metrics import METRICS, Metric, figures_by_name, telling, under
from archcalc.formats.about import title_of
from archcalc.formats.cells import arguments_text, shape_text, value_text
from archcalc.formats.document import Cell, Change, Column, Line, Part, Ratio, Table, Words
from archcalc.formats.numbers import exact, short
from archcalc.formats.rows import layer_data
from archcalc.shapes import Shape

if TYPE_CHECKING:
    from archcalc.analysis.count import Result, Row
    from archcalc.formats.rows import Subject

Side = tuple["Subject", "Result"]

MOST_CAUSES: Final = 5
"""Reasons that a comparison names; the greatest ones."""


class Comparison:
    """What ``compare`` shows: the first network beside each of the others."""

    def __init__(self, sides: Sequence[Side], *, only_changed: bool = False) -> None:
        self.sides = sides
        self.only_changed = only_changed
        labels = [subject.label for subject, _ in sides]
        self.labels = [
            label if labels.count(label) == 1 else f"{label} ({n})"
            for n, label in enumerate(labels, 1)
        ]

    def parts(self, rows: int | None) -> Sequence[Part]:
        names = self.labels
        heading = f"{', '.join(names[:-1])} and {names[-1]}"
        parts: list[Part] = [Words(heading, "heading"), self._totals(), *self._published()]
        for other in range(1, len(self.sides)):
            parts.extend(self._layers(other, rows))
        parts.extend(Words(note, "below") for note in self._notes())
        return parts

    @property
    def _convention(self) -> str:
        return self.sides[0][1].counting.convention

    def _metrics(self) -> tuple[Metric, Metric]:
        """What stands beside each layer: parameters and MACs, as the convention has them."""
        return under(METRICS["params"], self._convention), under(METRICS["macs"], self._convention)

    # Totals.

    def _totals(self) -> Table:
        totals = [result.totals for _, result in self.sides]
        lines = []
        for metric in [under(m, self._convention) for m in telling(*totals)]:
            first, *others = (metric.of(t) for t in totals)
            cells: list[Cell] = [metric.title, first]
            for other in others:
                cells += [other, Change(other - first), Ratio(other, first)]
            lines.append(Line(tuple(cells)))
        columns = [Column("figure", "Total", folds=True), Column("first", self.labels[0], True)]
        for number, label in enumerate(self.labels[1:], 2):
            columns += [
                Column(f"other{number}", label, right=True),
                Column(f"difference{number}", "Difference", right=True, spare=1),
                Column(f"ratio{number}", "Ratio", right=True),
            ]
        return Table(tuple(columns), lines)

    def _published(self) -> list[Part]:
        """What others have published of the networks: of what, by whom, and their texts."""
        found: dict[tuple[str, str], list[str | None]] = {}
        for position, (subject, _) in enumerate(self.sides):
            for record in subject.published:
                for name, printed in record.items():
                    if name in ("source", "note", "url"):
                        continue
                    key = (title_of(name), record.get("source", ""))
                    found.setdefault(key, [None] * len(self.sides))[position] = printed
        columns = (
            Column("figure", "Published"),
            *(Column(f"of{n}", label, right=True) for n, label in enumerate(self.labels, 1)),
            Column("source", "By", folds=True),
        )
        lines = [Line((figure, *texts, source)) for (figure, source), texts in found.items()]
        return [Table(columns, lines)] if lines else []

    # Layers.

    def _layers(self, other: int, rows: int | None) -> Iterator[Part]:
        first, second = self.sides[0][1], self.sides[other][1]
        if rows is not None:
            first, second = level(first, second, rows)
            first, second = fold(first, rows).result, fold(second, rows).result
        pairs = align(first, second)
        shown = [p for p in pairs if p.status != SAME] if self.only_changed else pairs
        a, b = _short(self.labels[0], self.labels[other])
        params, macs = metrics = self._metrics()
        lines = [_line(pair, a, b, metrics) for pair in shown]
        left = _left_out(self.sides[0][1], self.sides[other][1], shown, metrics)
        if left is not None:
            lines.append(left)
        totals = self.sides[0][1].totals, self.sides[other][1].totals
        total: list[Cell] = ["Total", None]
        for metric in metrics:
            x, y = metric.of(totals[0]), metric.of(totals[1])
            total += [x, y, Change(y - x)]
        columns = (
            Column("path", "Layer", folds=True),
            Column("change", f"{a} -> {b}", folds=True),
            Column("first_params", params.title, right=True, spare=4),
            Column("second_params", "->", right=True, spare=4),
            Column("params", "Change", right=True, spare=3),
            Column("first_macs", macs.title, right=True, spare=1),
            Column("second_macs", "->", right=True),
            Column("macs", "Change", right=True, spare=2),
        )
        yield Table(columns, lines, [Line(tuple(total), "total")])
        for number, cause in enumerate(causes(pairs)[:MOST_CAUSES]):
            yield Words(_because(cause), "below" if number else "")

    def _notes(self) -> list[str]:
        result = self.sides[0][1]
        notes = [statement(result.counting, result.batch)]
        for (subject, _), label in zip(self.sides, self.labels, strict=True):
            if subject.problems:
                notes.insert(0, f"{label} is partial: its rows up to the fault.")
        return notes

    def data(self) -> dict[str, Any]:
        result = self.sides[0][1]
        return {
            "convention": self._convention,
            "counting": {**result.counting.choices, "batch": result.batch},
            "specs": [
                {
                    **subject.as_data(),
                    "totals": figures_by_name(side.totals, self._convention),
                    "published": list(subject.published),
                    "partial": bool(subject.problems),
                }
                for subject, side in self.sides
            ],
            "layers": self._layers_data(),
        }

    def _layers_data(self) -> Iterator[dict[str, Any]]:
        """The aligned rows; ``second`` counts the specs from 2."""
        first = self.sides[0][1]
        first_data = layer_data(first)
        for number, (_, second) in enumerate(self.sides[1:], 2):
            second_data = layer_data(second)
            pairs = align(first, second)
            why = {id(c.row): c for c in causes(pairs)}
            for pair in pairs:
                if self.only_changed and pair.status == SAME:
                    continue
                cause = why.get(id(pair))
                yield {
                    "other": number,
                    "status": pair.status,
                    "differences": [
                        {"name": d.name, "first": _plain(d.first), "second": _plain(d.second)}
                        for d in pair.differences()
                    ],
                    "effect": {"params": _params(pair), "macs": pair.effect("mac")},
                    "cause": _because(cause) if cause else None,
                    "first": first_data(pair.first) if pair.first else None,
                    "second": second_data(pair.second) if pair.second else None,
                }


def _short(first: str, second: str) -> tuple[str, str]:
    """Two labels without what they share: ``@naive`` and ``@bottleneck``."""
    if first.partition("@")[0] == second.partition("@")[0] and "@" in first and "@" in second:
        return first[first.index("@") :], second[second.index("@") :]
    return first, second


def _params(pair: Pair) -> int:
    return pair.effect("trainable") + pair.effect("frozen")


def _plain(value: Any) -> Any:
    return dict(value.items()) if isinstance(value, Shape) else value


def _line(pair: Pair, a: str, b: str, metrics: Sequence[Metric]) -> Line:
    first, second = pair.first, pair.second
    row = second or first
    assert row is not None
    path = row.path
    if first is not None and second is not None and first.path != second.path:
        path = f"{first.path} / {second.path}"
    cells: list[Cell] = [path, _words(pair, a, b)]
    for metric in metrics:
        x = metric.of(first.figures) if first else None
        y = metric.of(second.figures) if second else None
        change = (y or 0) - (x or 0)
        cells += [x, y, Change(change) if change else None]
    return Line(tuple(cells), "aside" if pair.status == SAME else "")


def _words(pair: Pair, a: str, b: str) -> str:
    """What is to be said of a pair of rows."""
    status = pair.status
    if status == SAME:
        return "same"
    if status == CHANGED:
        return ", ".join(map(_difference, pair.differences())) or "changed"
    row = pair.first or pair.second
    assert row is not None
    where = {ONLY_FIRST: a, ONLY_SECOND: b}[status]
    return f"only in {where}: {_what(row)}"


def _what(row: Row) -> str:
    if not row.kind:
        return f"{row.layers:,} layers"
    arguments = arguments_text(row.nodes[0].layer)
    return f"{row.kind} {arguments}" if arguments else row.kind


def _difference(difference: Difference) -> str:
    name, first, second = difference
    if isinstance(first, Shape) and isinstance(second, Shape):
        return f"{name} {shape_text(first)} -> {shape_text(second)}"
    if first is None and second is None:
        return f"differs {name}"
    return f"{name} {value_text(first)} -> {value_text(second)}"


def _because(cause: Cause) -> str:
    """Why a row costs something else: the layer before it that came or went."""
    row = cause.row.second
    assert row is not None
    x, y = cause.together
    before = cause.before
    layer = before.nodes[0].layer
    kernel = getattr(layer, "kernel_size", None)
    what = before.kind
    if what == "conv" and isinstance(kernel, int):
        what = f"{kernel}x{kernel} convolution"
    came = "new" if cause.added else "gone"
    size = _difference(cause.size)
    return (
        f"{row.path}: {short(x)} -> {short(y)} MACs with {before.path}, "
        f"the {came} {what} before it ({size}): {exact(x)} -> {exact(y)}"
    )


def _left_out(
    first: Result, second: Result, shown: Sequence[Pair], metrics: Sequence[Metric]
) -> Line | None:
    """The rows that are not shown, summed up, so that the lines add up to the total."""
    cells: list[Cell] = []
    seen = [[p.first for p in shown if p.first], [p.second for p in shown if p.second]]
    rows = max(len(first.rows) - len(seen[0]), len(second.rows) - len(seen[1]))
    for metric in metrics:
        x, y = (
            metric.of(side.totals) - sum(metric.of(row.figures) for row in rows_seen)
            for side, rows_seen in zip((first, second), seen, strict=True)
        )
        cells += [x, y, Change(y - x) if y != x else None]
    if rows <= 0 and not any(c for c in cells if isinstance(c, int)):
        return None
    return Line((f"... {max(rows, 1):,} more rows", None, *cells), "rest")
