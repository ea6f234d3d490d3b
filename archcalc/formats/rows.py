"""A network's rows as a document: shapes, one metric, or several side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.analysis.collapse import fold
from archcalc.analysis.counting import statement
from archcalc.analysis.metrics import METRICS, Metric, all_under, figures_by_name, under
from archcalc.formats.cells import arguments_text, shape_text
from archcalc.formats.document import Cell, Column, Line, Part, Share, Table, Words
from archcalc.formats.pick import unknown
from archcalc.terms import OPERATION_KINDS

if TYPE_CHECKING:
    from archcalc.analysis.count import Figures, Result, Row
    from archcalc.problems import Problem
    from archcalc.shapes import Shape


class Subject(NamedTuple):
    """Whose rows they are."""

    name: str
    variant: str | None
    source: str
    """The file that the spec comes from."""
    label: str
    """How a reader writes it as a target: ``resnet50``."""
    title: str
    settings: dict[str, Any]
    inputs: dict[str, Shape]
    problems: tuple[Problem, ...] = ()
    """Why the rows end early, if they do."""
    published: Sequence[dict[str, str]] = ()
    """What others say of it, as they printed it; empty if a setting has been changed."""
    changed: Mapping[str, str] = MappingProxyType({})
    """The settings that were given on the command line."""
    content: bytes = b""
    """The bytes of the spec's file."""

    def as_data(self) -> dict[str, Any]:
        settings = {name: plain_value(value) for name, value in self.settings.items()}
        return {**origin(self.name, self.variant, self.source, self.content), "settings": settings}


def origin(name: str, variant: str | None, source: str, content: bytes) -> dict[str, str | None]:
    """Which network it is, as data: ``source`` is its file, and ``content`` what is in it."""
    from hashlib import sha256  # a few milliseconds that only data need

    digest = sha256(content).hexdigest() if content else None
    return {"name": name, "variant": variant, "source": source, "sha256": digest}


class _Filled(NamedTuple):
    """A column and what stands in it: for a row, and for the total."""

    column: Column
    of: Callable[[Row], Cell]
    total: Cell


class Rows:
    """What ``shapes``, ``params``, ``macs``, ``summary`` … show."""

    def __init__(
        self,
        subject: Subject,
        result: Result,
        metrics: Iterable[str],
        *,
        shares: Iterable[str] = (),
        shapes: bool = False,
        wanted: Iterable[str] = (),
    ) -> None:
        self.subject = subject
        self.result = result
        convention = result.counting.convention
        self.metrics = all_under(metrics, convention)
        self.shares = [under(METRICS[name], convention) for name in shares]
        self.shapes = shapes
        self.wanted = tuple(wanted)
        """Columns that are asked for by their key, beside those that are there anyway."""

    def parts(self, rows: int | None) -> Sequence[Part]:
        folded = fold(self.result, rows) if rows is not None else None
        result = folded.result if folded else self.result
        filled = list(self._columns(result))
        filled += self._further([f.column.key for f in filled], result)
        lines = [Line(tuple(f.of(row) for f in filled)) for row in result.rows]
        if folded and folded.rest:
            rest = folded.rest
            cells = [f.of(rest) for f in filled]
            cells[0] = f"... {rest.layers:,} more rows"
            lines.insert(folded.before, Line(tuple(cells), "rest"))
        if self.shapes:
            lines[:0] = self._input_lines(filled)
        totals = [Line(tuple(f.total for f in filled), "total")]
        subject = self.subject
        parts: list[Part] = [Words(subject.label, "heading", subject.title)]
        parts.append(Words(self._about(), "below"))
        parts.append(Table(tuple(f.column for f in filled), lines, totals))
        notes = [statement(self.result.counting, self.result.batch)]
        if result.depth != self.result.depth or (folded and folded.rest):
            notes.insert(0, f"{len(self.result.rows):,} rows are folded; --rows 0 shows all.")
        if self.subject.problems:
            notes.insert(0, "Partial: the rows up to the fault.")
        parts.extend(Words(note, "below") for note in notes)
        return parts

    def _about(self) -> str:
        """What goes in, and what is other than the spec says."""
        batch = self._batch()
        about = ", ".join(
            f"{name} {shape_text(shape, batch)}" for name, shape in self.subject.inputs.items()
        )
        if self.subject.changed:
            about += f", with {', '.join(f'{n}={v}' for n, v in self.subject.changed.items())}"
        return f"{about} (N is the batch)" if batch == "N" else about

    def _batch(self) -> str:
        """The batch as the first size of a shape, where shapes are what is asked for."""
        if not self.shapes:
            return ""
        return "N" if self.result.batch == 1 else str(self.result.batch)

    def _columns(self, result: Result) -> Iterator[_Filled]:
        whole = self.result.totals
        layers = len(self.result.rows) if self.result.depth is None else _layers(self.result)
        count = f"{layers:,} layer{'s' if layers != 1 else ''}"
        label = "Total so far" if self.subject.problems else "Total"
        last = self.result.rows[-1].output if self.result.rows else None
        batch = self._batch()
        yield _Filled(Column("path", "Layer", folds=True), lambda r: r.path, label)
        yield _Filled(Column("kind", "Kind", spare=2, faint=True), _kind, count)
        yield _Filled(
            Column("arguments", "Arguments", spare=9, folds=True, faint=True), _arguments, None
        )
        if self.shapes:
            yield _Filled(Column("input", "Input", spare=8), lambda r: _input_shape(r, batch), None)
        yield _Filled(
            Column("output", "Output", spare=0 if self.shapes else 1),
            lambda r: shape_text(r.output, batch),
            shape_text(last, batch) if last is not None and self.shapes else None,
        )
        for metric in self.metrics:
            beside = 0 if metric.command else 7
            yield _Filled(
                Column(metric.name, metric.title, right=True, spare=beside),
                _value(metric),
                metric.of(whole),
            )
        for position, share in enumerate(self.shares):
            title = f"of {share.title}" if len(self.shares) > 1 else "Share"
            yield _Filled(
                Column(f"share_{share.name}", title, right=True, spare=6 - position),
                _share(share, whole),
                Share(share.of(whole), share.of(whole)),
            )

    def _further(self, there: list[str], result: Result) -> Iterator[_Filled]:
        """The columns that are wanted and not there yet."""
        whole = result.totals
        makers: dict[str, Callable[[], _Filled]] = {
            "line": lambda: _Filled(Column("line", "Line", right=True), lambda r: r.line, None),
            "input": lambda: _Filled(Column("input", "Input"), lambda r: _input_shape(r, ""), None),
        }
        for metric in METRICS.values():
            metric = under(metric, result.counting.convention)
            makers[metric.name] = lambda m=metric: _Filled(  # type: ignore[misc]
                Column(m.name, m.title, right=True), _value(m), m.of(whole)
            )
            makers[f"share_{metric.name}"] = lambda m=metric: _Filled(  # type: ignore[misc]
                Column(f"share_{m.name}", f"of {m.title}", right=True),
                _share(m, whole),
                Share(m.of(whole), m.of(whole)),
            )
        for kind in OPERATION_KINDS:
            makers.setdefault(
                kind,
                lambda k=kind: _Filled(  # type: ignore[misc]
                    Column(k, k, right=True), _operations(k), whole.operations[k]
                ),
            )
        for key in dict.fromkeys(self.wanted):
            if key not in there:
                if key not in makers:
                    raise unknown(key, [*there, *makers])
                yield makers[key]()

    def _input_lines(self, filled: list[_Filled]) -> list[Line]:
        batch = self._batch()
        return [
            Line(
                tuple(
                    {"path": name, "output": shape_text(shape, batch)}.get(f.column.key)
                    for f in filled
                ),
                "aside",
            )
            for name, shape in self.subject.inputs.items()
        ]

    def data(self) -> dict[str, Any]:
        from archcalc.formats.complaint import as_data

        result = self.result
        return {
            "spec": self.subject.as_data(),
            "convention": result.counting.convention,
            "counting": {**result.counting.choices, "batch": result.batch},
            "inputs": {name: dict(s.items()) for name, s in self.subject.inputs.items()},
            "totals": figures_by_name(result.totals, result.counting.convention),
            "partial": bool(self.subject.problems),
            "problems": as_data(self.subject.problems),
            "layers": layers_data(result),
        }


def layers_data(result: Result) -> Iterator[dict[str, Any]]:
    """The rows as plain data, one by one: a network may have a hundred thousand."""
    return map(layer_data(result), result.rows)


def layer_data(result: Result) -> Callable[[Row], dict[str, Any]]:
    """What makes plain data of a row of ``result``."""
    known: dict[int, dict[str, Any]] = {}  # rows share their figures

    def data(row: Row) -> dict[str, Any]:
        figures = known.get(id(row.figures))
        if figures is None:
            figures = known[id(row.figures)] = _figures_data(result, row)
        return {
            "path": row.path,
            "kind": row.kind or None,
            "arguments": {name: plain_value(value) for name, value in row.arguments.items()},
            "inputs": result.inputs(row),
            "output": dict(row.output.items()),
            **figures,
            "layers": row.layers,
            "line": row.line,
        }

    return data


def _figures_data(result: Result, row: Row) -> dict[str, Any]:
    operations = {kind: n for kind, n in row.figures.operations.items() if n}
    figures = figures_by_name(row.figures, result.counting.convention)
    return {**figures, "operations": operations}


def plain_value(value: Any) -> Any:
    """As JSON can hold it."""
    if isinstance(value, list | tuple):
        return [plain_value(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain_value(item) for key, item in value.items()}
    if isinstance(value, float) and not -1e308 <= value <= 1e308:
        return str(value)
    return value if isinstance(value, bool | int | float | str) or value is None else str(value)


def _layers(result: Result) -> int:
    return sum(row.layers for row in result.rows)


def _kind(row: Row) -> str:
    return row.kind or f"{row.layers:,} layers"


def _arguments(row: Row) -> str | None:
    return arguments_text(row.nodes[0].layer) if row.layers == 1 else None


def _input_shape(row: Row, batch: str) -> str:
    inputs = row.nodes[0].inputs
    more = f" and {len(inputs) - 1} more" if len(inputs) > 1 else ""
    return shape_text(inputs[0].output, batch) + more if inputs else ""


def _operations(kind: str) -> Callable[[Row], Cell]:
    return lambda row: row.figures.operations[kind]


def _share(metric: Metric, whole: Figures) -> Callable[[Row], Cell]:
    return lambda row: Share(metric.of(row.figures), metric.of(whole))


def _value(metric: Metric) -> Callable[[Row], Cell]:
    return lambda row: metric.of(row.figures)
