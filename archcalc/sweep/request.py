"""What is to be swept: from texts, files and arrays to a space of configurations."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from random import Random
from typing import Final, NamedTuple

import numpy as np

from archcalc.analysis.count import Result, count
from archcalc.analysis.counting import Counting
from archcalc.analysis.metrics import METRICS, all_under
from archcalc.graph import Graph
from archcalc.language.spec import Spec
from archcalc.problems import FILE, USAGE, Complaint, Problem, nearest
from archcalc.sweep.evaluate import Chunk, Rule, chunk, of_totals
from archcalc.sweep.space import Axis, Column, Space
from archcalc.sweep.values import MOST, Listed, items, read, wrong
from archcalc.sweep.values import number as decimal
from archcalc.sweep.walk import VARIANT, Question, Walker

CHUNK: Final = 1 << 18
"""Configurations that are evaluated at once: they bound the memory that a sweep takes."""
AXES: Final = 16
"""Axes of a sweep."""
ROWS: Final = 1_000_000
"""Configurations of one table."""
SHOWN: Final = tuple(name for name, metric in METRICS.items() if metric.command)
"""The figures of a sweep, if nothing else is said."""


class Given(NamedTuple):
    """A column that came with the configurations and is no setting: an accuracy, a name."""

    axis: int
    texts: Sequence[str]


class Sweep:
    """A spec, the configurations of it that are asked for, and how they are counted."""

    def __init__(
        self,
        spec: Spec,
        space: Space,
        *,
        variant: str | None = None,
        overrides: Mapping[str, str] | None = None,
        given: Mapping[str, Given] | None = None,
        counting: Counting | None = None,
        batch: int = 1,
        bundled: bool = False,
    ) -> None:
        counting = counting or Counting()
        own = all_under(("params", "macs"), counting.convention)
        self.metrics = {**METRICS, **{metric.name: metric for metric in own}}
        """The figures that there are, by name."""
        taken = [name for name in space.names if name in (*self.metrics, *RESULTS)]
        if taken:
            raise usage(f"'{taken[0]}' cannot be swept: a figure of the sweep has that name")
        self.spec = spec
        self.space = space
        self.variant = variant
        self.overrides = dict(overrides or {})
        self.given = dict(given or {})

        def counted(graph: Graph, variant: str | None) -> Result:
            target = f"{spec.name}@{variant or spec.default_variant}" if bundled else ""
            return count(graph, counting, batch=batch, target=target)

        self.counting = counting
        self.batch = batch
        self.walker = Walker(Question(spec, variant, self.overrides, space, counted))

    @property
    def walks(self) -> int:
        """Walks so far."""
        return self.walker.walks

    def chunks(
        self, metrics: Iterable[str] = SHOWN, start: int = 0, most: int = CHUNK
    ) -> Iterator[Chunk]:
        """The figures of all configurations from ``start`` on, in order."""
        rules: dict[str, Rule] = {name: self.metrics[name].of for name in metrics}
        for box in self.space.boxes(most, start):
            yield chunk(self.walker, box, of_totals(rules), rules)


# From texts.


def column(spec: Spec, name: str, text: str, *, fine: bool = False) -> Column:
    """The values of a setting, as ``--over NAME=VALUES`` gives them. Raises `Complaint`.

    ``fine``: a range without a step has as many values as a real number needs.
    """
    check_name(spec, name)
    if is_variant(spec, name):
        variants = list(spec.variants) if text.strip() == "*" else parts_of(text)
        for variant in variants:
            spec.variant(variant)
        return Column(Listed(variants, numeric=False))
    if not takes_numbers(spec, name):
        return Column(Listed(parts_of(text), numeric=False))
    declared = spec.settings.get(name)
    real = declared is not None and declared.type == "float"
    return Column(read(text, fine=fine, real=real))


def takes_numbers(spec: Spec, name: str) -> bool:
    """Whether a setting's values may be numbers: it is not text, a list, or true or false."""
    declared = spec.settings.get(name)
    return declared is None or declared.type in ("int", "float", "any")


def is_variant(spec: Spec, name: str) -> bool:
    """Whether ``name`` means the variants of a spec, not a setting that is called so."""
    return name == VARIANT and name not in spec.settings


def check_name(spec: Spec, name: str) -> None:
    """Raises `Complaint` if there is no such setting."""
    known = [*spec.setting_names, *([VARIANT] if spec.variants else [])]
    if name in known:
        return
    close = nearest(name, known)
    help = f"did you mean '{close}'?" if close else f"there are {', '.join(known[:30])}"
    message = f"{spec.name} has no setting '{name[:60]}'"
    raise Complaint(Problem(message, help=help, kind=USAGE, code="unknown"))


def grid(columns: Mapping[str, Column]) -> tuple[Axis, ...]:
    """Every combination: an axis for each setting."""
    return tuple(Axis(len(column.values), {name: column}) for name, column in columns.items())


def zipped(columns: Mapping[str, Column]) -> tuple[Axis, ...]:
    """The first values together, then the second ones: one axis for all. Raises `Complaint`."""
    lengths = {name: len(column.values) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name} has {n:,}" for name, n in lengths.items())
        raise usage("--zip needs as many values of each setting", shown)
    return (Axis(next(iter(lengths.values())), dict(columns)),)


def drawn(columns: Mapping[str, Column], size: int, seed: int) -> tuple[Axis, ...]:
    """``size`` configurations, each value drawn by chance; the same ``seed`` gives the same."""
    random = Random(seed).random  # the one method whose numbers never change
    if size > MOST:
        raise usage(f"--random draws at most {MOST:,} configurations")
    found: dict[str, Column] = {}
    for name, column in columns.items():
        number = len(column.values)
        kind = np.int32 if number < 2**31 else np.int64
        codes = np.fromiter((random() * number for _ in range(size)), kind, size)
        found[name] = Column(column.values, codes)
    return (Axis(size, found),)


def tabled(spec: Spec, path: str, lines: Iterable[str]) -> tuple[Axis, dict[str, Given]]:
    """The configurations of a CSV file: an axis, and the columns that are no settings.

    Figures that a sweep has written are left out: they are worked out anew. An empty cell leaves
    a setting as it is. Raises `Complaint`.
    """
    rows = csv.reader(lines, strict=True)
    try:
        header = [name.strip() for name in next(rows, [])]
        if not header or len(set(header)) < len(header):
            raise file_fault(path, 1, "a line with the name of every column, each once, is needed")
        cells: list[list[str]] = []
        for row in rows:
            if not row:
                continue
            if len(row) != len(header):
                what = f"{len(row)} cells for {len(header)} columns"
                raise file_fault(path, rows.line_num, what)
            if len(cells) == ROWS:
                raise file_fault(path, rows.line_num, f"there are more than {ROWS:,} rows")
            cells.append(row)
    except csv.Error as error:
        raise file_fault(path, rows.line_num, str(error)) from None
    if not cells:
        raise file_fault(path, rows.line_num, "there is no configuration in it")
    known = [*spec.setting_names, *([VARIANT] if spec.variants else [])]
    columns: dict[str, Column] = {}
    given: dict[str, Given] = {}
    for name, texts in zip(header, zip(*cells, strict=True), strict=True):
        texts = tuple(text.strip() for text in texts)
        if name in known:
            columns[name] = Column(Listed(texts, numeric=takes_numbers(spec, name)))
        elif name not in METRICS and name not in RESULTS:
            given[name] = Given(0, texts)
    if not columns:
        close = nearest(header[0], known)
        meant = f"did you mean '{close}'?" if close else f"there are {', '.join(known[:30])}"
        raise file_fault(path, 1, f"no column is a setting of {spec.name}", meant)
    return Axis(len(cells), columns), given


def space(axes: Sequence[Axis]) -> Space:
    """The space of these axes. Raises `Complaint`."""
    if len(axes) > AXES:
        raise usage(f"a sweep has at most {AXES} settings, this one {len(axes)}")
    found = Space(tuple(axes))
    if found.size > 10**15:
        raise usage(f"{found.size:,} configurations are more than anybody can wait for")
    return found


def published(spec: Spec, axis: Axis) -> dict[str, Given]:
    """What others have published of each variant beside its size: accuracies, as columns."""
    variants = axis.columns[VARIANT].texts(np.arange(axis.size))
    records = {variant: spec.published(variant) for variant in dict.fromkeys(variants)}
    names = {
        name: None
        for found in records.values()
        for record in found
        for name, text in record.items()
        if name not in METRICS and decimal(text) is not None
    }
    return {
        name: Given(
            0,
            [next((r[name] for r in records[v] if name in r), "") for v in variants],
        )
        for name in names
    }


RESULTS: Final = ("reason", "at")
"""The columns of a sweep that say why a configuration was refused, and where."""


def parts_of(text: str) -> list[str]:
    """A list of values, none of which is empty. Raises `Complaint`."""
    found = items(text)
    if "" in found:
        raise wrong(text, "a value is missing")
    return found


def usage(message: str, help: str = "") -> Complaint:
    """A complaint about how a sweep was asked for."""
    return Complaint(Problem(message, None, help, kind=USAGE, code="usage"))


def file_fault(path: str, line: int, what: str, help: str = "") -> Complaint:
    """A complaint about a file of configurations."""
    return Complaint(Problem(f"{path}:{line}: {what}", None, help, kind=FILE, code="file"))
