"""Which of the configurations are wanted: by a condition, by what none beats, by order.

Everything works on a chunk at a time; what is kept between chunks is what may still be wanted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from archcalc.language.arithmetic import Arithmetic, ExpressionFault
from archcalc.language.expressions import Expression, literal, parse
from archcalc.limits import LIMITS
from archcalc.problems import USAGE, Complaint, Place, Problem, Source, nearest
from archcalc.sweep.arithmetic import ArrayArithmetic
from archcalc.sweep.arrays import Data, Grid, Many, Split
from archcalc.sweep.evaluate import Chunk
from archcalc.sweep.request import RESULTS, Sweep
from archcalc.sweep.values import FLOAT, INT, Listed

WIDE: Final = LIMITS._replace(integer=2**256)
"""Figures are larger than what a spec may hold."""
DIRECTIONS: Final = ("min", "max")


class Goal(NamedTuple):
    """What is to be small, or large: ``macs``, ``accuracy:max``."""

    name: str
    largest: bool
    figure: bool
    """Whether it is worked out, not given."""


def goals(sweep: Sweep, text: str, option: str) -> list[Goal]:
    """What ``--pareto`` names; what came with a file is to be large, all else small."""
    found: list[Goal] = []
    for part in text.split(","):
        name, colon, direction = part.strip().partition(":")
        if colon and direction not in DIRECTIONS:
            raise _usage(f"{option}: '{direction[:40]}' is neither min nor max")
        largest = direction == "max" if colon else name in sweep.given
        found.append(_goal(sweep, name, option, largest=largest))
    return found


def orders(sweep: Sweep, text: str, option: str = "--sort") -> list[Goal]:
    """What ``--sort`` names: the largest first, behind a ``-`` the smallest."""
    parts = [part.strip() for part in text.split(",")]
    return [
        _goal(sweep, part.removeprefix("-"), option, largest=not part.startswith("-"))
        for part in parts
    ]


def _goal(sweep: Sweep, name: str, option: str, *, largest: bool) -> Goal:
    known = names(sweep)
    if name not in known:
        raise unknown(name, known, option)
    if kind(sweep, name) == "text":
        raise _usage(f"{option}: '{name}' is not a number everywhere")
    return Goal(name, largest, kind(sweep, name) == "figure")


def names(sweep: Sweep) -> list[str]:
    """What a condition, a goal or an order may hang on."""
    return [*sweep.space.names, *sweep.given, *sweep.metrics]


def kind(sweep: Sweep, name: str) -> str:
    """Whether a column holds numbers (``figure``, ``number``) or ``text``."""
    if name in sweep.metrics:
        return "figure"
    return "text" if type_of(sweep, name) is str else "number"


def type_of(sweep: Sweep, name: str) -> type:
    """What a column holds: whole numbers, numbers or texts."""
    if name in sweep.metrics:
        return int
    if name in RESULTS:
        return str
    if name in sweep.given:
        sorts = Listed(sweep.given[name].texts).kinds
    else:
        sorts = sweep.space.column(name)[1].values.kinds
    if not sorts <= {INT, FLOAT}:
        return str
    return float if FLOAT in sorts else int


def unknown(name: str, known: Iterable[str], option: str) -> Complaint:
    """A complaint about a name that nothing has."""
    listed = list(known)
    close = nearest(name, listed)
    help = f"did you mean '{close}'?" if close else f"there are {', '.join(listed[:30])}"
    return Complaint(
        Problem(f"{option}: there is no '{name[:60]}'", None, help, kind=USAGE, code="unknown")
    )


def _usage(message: str) -> Complaint:
    return Complaint(Problem(message, None, kind=USAGE, code="usage"))


# Conditions.


class Condition:
    """``--where``: an expression of the spec language over settings and figures."""

    def __init__(self, sweep: Sweep, text: str) -> None:
        self.sweep = sweep
        self.text = text
        self.source = Source("--where", text)
        try:
            self.expression: Expression = parse(text, WIDE)
        except ExpressionFault as fault:
            raise self.complaint(fault) from None
        known = names(sweep)
        self.used: list[str] = []
        for name in self.expression.names:
            if name not in known:
                raise unknown(name, known, "--where")
            self.used.append(name)
        heads = {name.rpartition(".")[0] for name in known if "." in name}
        for tensor in self.expression.tensors:
            if tensor not in heads:
                raise unknown(tensor, known, "--where")

    def complaint(self, fault: ExpressionFault) -> Complaint:
        place = Place(self.source, 1, fault.offset + 1, max(1, fault.width))
        return Complaint(Problem(fault.message, place, fault.help, kind=USAGE, code=fault.code))

    def holds(self, chunk: Chunk, rows: Data) -> Data:
        """For which of these rows it holds.

        Where ``and``, ``or`` and choices need one answer and the rows have several, the rows are
        split, as a walk splits configurations.
        """
        found = np.zeros(len(rows), dtype=bool)
        waiting = [np.arange(len(rows))]
        while waiting:
            mine = waiting.pop()
            grid = Grid((len(mine),))
            environment = _Row(self.sweep, chunk, rows[mine], grid)
            try:
                value = self.expression.code(environment)
                if isinstance(value, Many) and value.dense().data.dtype.kind == "b":
                    found[mine] = value.dense().data
                else:
                    found[mine] = environment.arithmetic.decide(value, "--where")
            except Split as split:
                labels = split.labels
                waiting.extend(mine[labels == label] for label in np.unique(labels))
            except ExpressionFault as fault:
                raise self.complaint(fault) from None
        return found


class _Row:
    """The environment of a condition: the columns of some rows."""

    arithmetic: Arithmetic

    def __init__(self, sweep: Sweep, chunk: Chunk, rows: Data, grid: Grid) -> None:
        self.sweep = sweep
        self.chunk = chunk
        self.rows = rows
        self.grid = grid
        self.arithmetic = ArrayArithmetic(WIDE, grid)

    def lookup(self, name: str) -> Any:
        sweep, grid = self.sweep, self.grid
        if name in sweep.given:
            given = sweep.given[name]
            positions = self.chunk.positions(self.rows)[given.axis].tolist()
            return self._listed(Listed([given.texts[p] for p in positions]))
        if name in self.chunk.figures:
            return grid.leaf(self.chunk.figures[name][self.rows], 0)
        axis, column = sweep.space.column(name)
        positions = self.chunk.positions(self.rows)[axis]
        sorts = column.sorts(positions)
        self._one_sort(sorts)
        if sorts[0] < 0:
            return grid.leaf(column.numbers(positions), 0)
        return _plain(column.texts(positions[:1])[0])

    def _listed(self, values: Listed) -> Any:
        index = np.arange(len(values))
        sorts = values.sorts(index)
        self._one_sort(sorts)
        if sorts[0] < 0:
            return self.grid.leaf(values.numbers(index), 0)
        return _plain(values.texts(index[:1])[0])

    def _one_sort(self, sorts: Data) -> None:
        if (sorts != sorts[0]).any():
            raise Split(np.asarray(np.unique(sorts, return_inverse=True)[1]), 1)

    def dimension(self, tensor: str, name: str) -> Any:
        known = self.sweep.space.names
        if f"{tensor}.{name}" not in known:
            raise ExpressionFault(
                f"there is no '{tensor}.{name}' here",
                help=f"there are {', '.join(known)}",
                code="reference",
            )
        return self.lookup(f"{tensor}.{name}")


def _plain(text: str) -> Any:
    """A word as itself, or what it says: ``true``, a number beyond 64 bits."""
    value = literal(text)
    return text if value is None else value


# What none beats.


def worth(sweep: Sweep, chunk: Chunk, rows: Data, goal: Goal) -> Data:
    """A column as numbers of which the smallest is best; what is missing is worst."""
    if goal.name in sweep.given:
        given = sweep.given[goal.name]
        positions = chunk.positions(rows)[given.axis].tolist()
        worst = -np.inf if goal.largest else np.inf
        texts = (given.texts[p] for p in positions)
        found = np.array([float(text) if text else worst for text in texts])
    elif goal.name in chunk.figures:
        found = chunk.figures[goal.name][rows]
    else:
        axis, column = sweep.space.column(goal.name)
        positions = chunk.positions(rows)[axis]
        found = np.array([float(text or "inf") for text in column.texts(positions)])
    return -found if goal.largest else found


def front(keys: Sequence[Data]) -> Data:
    """Which rows no other beats: nowhere larger and somewhere smaller. Equals stay together."""
    size = len(keys[0])
    if not size:
        return np.zeros(0, dtype=np.int64)
    ranks = list(map(_ranks, keys))
    order = np.asarray(np.lexsort(ranks[::-1]))
    if len(ranks) == 1:
        return np.asarray(order[ranks[0][order] == 0])
    if len(ranks) == 2:
        first, second = ranks[0][order], ranks[1][order]
        least = np.minimum.accumulate(second)
        before = np.concatenate(([size], least[:-1]))
        # Better than all before; or the same as the last that was.
        better = second < before
        group = np.maximum.accumulate(np.where(better, np.arange(size), 0))
        same = (first == first[group]) & (second == second[group])
        return np.asarray(order[better | same])
    table = np.stack(ranks, axis=1)[order]
    kept: list[int] = []
    held = np.empty((0, len(ranks)), dtype=table.dtype)
    for number, row in enumerate(table):
        beaten = (held <= row).all(axis=1) & (held < row).any(axis=1)
        if not beaten.any():
            kept.append(number)
            held = np.concatenate((held, row[None]))
    return np.asarray(order[kept])


def _ranks(key: Data) -> Data:
    """For each number how many different ones are smaller."""
    return np.asarray(np.unique(key, return_inverse=True)[1]).reshape(-1)


# Rows as they are shown.


class Table(NamedTuple):
    """Configurations as columns: settings and given columns as texts, figures as numbers."""

    columns: dict[str, list[Any]]
    """A figure of a refused configuration is `None`."""
    numbers: list[int]
    """Which configurations they are, counted in the order of the sweep."""

    @property
    def size(self) -> int:
        return len(self.numbers)

    def taken(self, rows: Data | Sequence[int]) -> Table:
        """These rows, in this order."""
        chosen = [int(row) for row in rows]
        return Table(
            {name: [values[r] for r in chosen] for name, values in self.columns.items()},
            [self.numbers[r] for r in chosen],
        )


def joined(tables: Sequence[Table]) -> Table:
    """The rows of all, one below the other."""
    return Table(
        {
            name: [value for table in tables for value in table.columns[name]]
            for name in tables[0].columns
        },
        [number for table in tables for number in table.numbers],
    )


def columns_of(sweep: Sweep, shown: Sequence[str]) -> list[str]:
    """The names of the columns, in order."""
    return [*sweep.space.names, *sweep.given, *shown, *RESULTS]


def chosen(sweep: Sweep, text: str, option: str = "--columns") -> list[str]:
    """The columns that ``--columns`` names, in its order."""
    known = [*names(sweep), *RESULTS]
    found = [part.strip() for part in text.split(",")]
    for name in found:
        if name not in known:
            raise unknown(name, known, option)
    return list(dict.fromkeys(found))


def table_of(sweep: Sweep, chunk: Chunk, rows: Data, names: Sequence[str]) -> Table:
    """Some rows of a chunk, with these columns."""
    columns: dict[str, list[Any]] = {}
    positions = chunk.positions(rows)
    codes = chunk.codes[rows]
    refused = np.flatnonzero(codes).tolist()
    for name in names:
        if name in sweep.given:
            given = sweep.given[name]
            columns[name] = [given.texts[p] for p in positions[given.axis].tolist()]
        elif name in chunk.figures:
            columns[name] = chunk.figures[name][rows].tolist()
            for row in refused:
                columns[name][row] = None
        elif name in RESULTS:
            words = [_result(name, *reason) for reason in chunk.reasons]
            columns[name] = list(map(words.__getitem__, codes.tolist()))
        else:
            columns[name] = chunk.texts(name, rows)
    return Table(columns, (rows + sweep.space.number(chunk.box)).tolist())


def _result(name: str, message: str, place: Place | None) -> str:
    if name == "reason":
        return message
    return f"{place.source.name}:{place.line}" if place else ""


class Selection(NamedTuple):
    """What is wanted of a sweep."""

    columns: Sequence[str]
    """The columns to show."""
    figures: Sequence[str]
    """Those of them that are worked out."""
    where: Condition | None = None
    pareto: Sequence[Goal] = ()
    sort: Sequence[Goal] = ()
    top: int | None = None

    @property
    def metrics(self) -> list[str]:
        """The figures that are needed."""
        used = [*self.figures]
        if self.where:
            used += [name for name in self.where.used if name in self.where.sweep.metrics]
        used += [goal.name for goal in (*self.pareto, *self.sort) if goal.figure]
        return list(dict.fromkeys(used))

    @property
    def streams(self) -> bool:
        """Whether rows can be given as they are found."""
        return not self.pareto and not self.sort

    @property
    def chooses(self) -> bool:
        """Whether rows are chosen by figures, which a refused configuration has not."""
        return bool(self.where or self.pareto or self.sort or self.top is not None)


class Counts:
    """How many configurations were looked at, refused and taken."""

    def __init__(self) -> None:
        self.done = self.refused = self.taken = 0


def tables(
    sweep: Sweep,
    selection: Selection,
    counts: Counts,
    start: int = 0,
    points: Points | None = None,
) -> Iterator[Table]:
    """The rows that are wanted, in the order that is wanted.

    Refused configurations are rows, too, unless rows are chosen by their figures. ``points`` gets
    all of which the condition holds, for a picture.
    """
    kept = None if selection.streams else _Kept(sweep, selection)
    counts.done = start
    for chunk in sweep.chunks(selection.metrics, start):
        rows = np.arange(chunk.size)
        if selection.chooses:
            rows = np.flatnonzero(chunk.codes == 0)
        if selection.where and len(rows):
            rows = rows[selection.where.holds(chunk, rows)]
        counts.done += chunk.size
        counts.refused += int(np.count_nonzero(chunk.codes))
        if points is not None:
            points.add(sweep, chunk, rows[chunk.codes[rows] == 0])
        if kept is not None:
            kept.add(chunk, rows)
            continue
        if selection.top is not None:
            rows = rows[: selection.top - counts.taken]
        counts.taken += len(rows)
        yield table_of(sweep, chunk, rows, selection.columns)
        if selection.top is not None and counts.taken >= selection.top:
            return
    if kept is not None:
        table = kept.best()
        counts.taken = table.size
        yield table


class Points:
    """Configurations as points of a picture: some of them, and all that no other beats."""

    def __init__(self, sweep: Sweep, across: Goal, up: Goal, most: int) -> None:
        self.goals = (across, up)
        self.step = -(-sweep.space.size // most)
        """Only each so many-th is drawn."""
        self._drawn: list[Data] = []
        self._best = np.empty((2, 0))

    def add(self, sweep: Sweep, chunk: Chunk, rows: Data) -> None:
        """Takes rows of a chunk."""
        if not len(rows):
            return
        columns = [worth(sweep, chunk, rows, goal).astype(np.float64) for goal in self.goals]
        points = np.stack(columns)
        points = points[:, np.isfinite(points).all(axis=0)]
        self._drawn.append(points[:, :: self.step])
        both = np.concatenate((self._best, points), axis=1)
        self._best = both[:, front(list(both))]

    def _signed(self, points: Data) -> list[tuple[float, float]]:
        signs = [-1 if goal.largest else 1 for goal in self.goals]
        return [(signs[0] * x, signs[1] * y) for x, y in points.T.tolist()]

    @property
    def drawn(self) -> list[tuple[float, float]]:
        return [point for points in self._drawn for point in self._signed(points)]

    @property
    def best(self) -> list[tuple[float, float]]:
        """Those that no other beats, from left to right."""
        return sorted(set(self._signed(self._best)))


class _Kept:
    """The rows that may still be wanted at the end: those that none beats, or the first ones."""

    def __init__(self, sweep: Sweep, selection: Selection) -> None:
        self.sweep = sweep
        self.selection = selection
        self.orders = (*selection.sort, *selection.pareto)
        self.tables: list[Table] = []
        self.keys: list[list[Data]] = []

    def add(self, chunk: Chunk, rows: Data) -> None:
        """Takes what is wanted of a chunk, and drops what is no longer."""
        keys = [worth(self.sweep, chunk, rows, goal) for goal in self.orders]
        chosen = self._wanted(keys)
        self.tables.append(table_of(self.sweep, chunk, rows[chosen], self.selection.columns))
        self.keys.append([key[chosen] for key in keys])
        if len(self.tables) > 1 and (self.selection.pareto or self.selection.top is not None):
            self._thin()

    def best(self) -> Table:
        """What is wanted of all, in order."""
        self._thin()
        (table,), (keys,) = self.tables, self.keys
        return table.taken(_ordered(keys)[: self.selection.top])

    def _thin(self) -> None:
        keys = [np.concatenate(parts) for parts in zip(*self.keys, strict=True)]
        chosen = self._wanted(keys)
        self.tables = [joined(self.tables).taken(chosen)]
        self.keys = [[key[chosen] for key in keys]]

    def _wanted(self, keys: list[Data]) -> Data:
        if self.selection.pareto:
            found = front(keys[len(self.selection.sort) :])
            return np.sort(found)
        if self.selection.top is None:
            return np.arange(len(keys[0]))
        return np.sort(_ordered(keys)[: self.selection.top])


def _ordered(keys: Sequence[Data]) -> Data:
    """The rows by the first key, those with equal ones by the next."""
    return np.asarray(np.lexsort(list(map(_ranks, reversed(keys)))))
