"""From the outcomes of walks to plain arrays: the one place where axes are multiplied out.

A total is a sum of products over different axes. It is put together in as few products as
possible, and then spread over the grid, a block at a time that stays in the cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from archcalc.analysis.count import Figures, Result
from archcalc.problems import Place
from archcalc.sweep.arrays import BOUND, Array, Data, Grid, Many, Sum, Term
from archcalc.sweep.space import Box, Part, Space
from archcalc.sweep.walk import Outcome, Refusal, Walker

BLOCK: Final = 1 << 15
"""Numbers that are worked on at once while spreading: they stay in the cache."""

Rule = Callable[[Figures], Any]
Asked = Callable[[Result], Mapping[Any, Any]]
"""What is to be known of a network: numbers by any names."""


def fewest(value: Sum) -> list[Term]:
    """The products of a sum, added up along the axis where most of them differ in nothing else."""
    terms = list(value.terms.values())
    best: dict[tuple[int, ...], list[Term]] | None = None
    chosen = 0
    for axis in range(value.along.bit_length()):
        groups: dict[tuple[int, ...], list[Term]] = {}
        for term in terms:
            key = tuple(id(a) for a in term[1] if not a.along >> axis & 1)
            mine = _over(term, axis)
            if mine is not None and mine.along & (mine.along - 1):
                key = (*key, -mine.along)  # over several axes: only added to its like
            groups.setdefault(key, []).append(term)
        if best is None or len(groups) < len(best):
            best, chosen = groups, axis
    found: list[Term] = []
    grid = value.grid
    for group in (best or {}).values():
        kept = tuple(a for a in group[0][1] if not a.along >> chosen & 1)
        total: Any = 0
        for coefficient, arrays in group:
            mine = _over((coefficient, arrays), chosen)
            scaled = coefficient if mine is None else grid.times(mine, coefficient)
            total = grid.add(scaled, total)
        if isinstance(total, Many):
            found.append((1, (*kept, total.dense())))
        elif total:
            found.append((total, kept))
    return found


def _over(term: Term, axis: int) -> Array | None:
    """The factor that depends on an axis."""
    return next((array for array in term[1] if array.along >> axis & 1), None)


def spread(value: Any, grid: Grid) -> Data:
    """A number's value in every configuration of a walk, in an array over all axes."""
    shape = grid.lengths
    if isinstance(value, Array):
        return np.broadcast_to(value.data, shape)
    if not isinstance(value, Sum):
        small = -BOUND <= value <= BOUND
        return np.broadcast_to(np.array(value, dtype=np.int64 if small else object), shape)
    terms = fewest(value)
    most = 0
    for coefficient, arrays in terms:
        size = abs(coefficient)
        for array in arrays:
            size *= max(map(abs, array.tightened()))
        most += size
    # A part may be too large for 64 bits though another one makes the product zero.
    if any(abs(c) > BOUND or any(a.data.dtype.kind == "O" for a in arrays) for c, arrays in terms):
        return _exactly(terms, shape, None)
    if most <= BOUND:
        return _spread(terms, shape, np.int64)
    # 64 bits may wrap; a bound in floats beside them tells where, and there it is done exactly.
    with np.errstate(over="ignore"):
        wrapped = _spread(terms, shape, np.int64)
    limits = [(abs(c), tuple(np.abs(a.data.astype(np.float64)) for a in s)) for c, s in terms]
    beyond = _added(limits, shape, np.float64) > BOUND
    if not beyond.any():
        return wrapped
    result = wrapped.astype(object)
    result[beyond] = _exactly(terms, shape, beyond)
    return result


def _spread(terms: Iterable[Term], shape: tuple[int, ...], kind: Any) -> Data:
    return _added([(c, tuple(a.data for a in arrays)) for c, arrays in terms], shape, kind)


def _added(terms: list[tuple[int, tuple[Data, ...]]], shape: tuple[int, ...], kind: Any) -> Data:
    """The sum of products of arrays that broadcast to ``shape``."""
    out = np.empty(shape, dtype=kind)
    if not terms:
        out[...] = 0
        return out
    prepared: list[list[Data]] = []
    for coefficient, arrays in terms:
        one = np.ones((1,) * len(shape), dtype=kind)
        small, *others = sorted(arrays, key=lambda a: a.size) or [one]
        scale: Any = float(coefficient) if kind is np.float64 else coefficient
        prepared.append([small.astype(kind) * scale, *others])
    axis = next((k for k, n in enumerate(shape) if n > 1), 0)
    before = (slice(None),) * axis
    length = shape[axis]
    rows = max(1, BLOCK * length // out.size)
    buffer = np.empty_like(out[(*before, slice(0, rows))])
    for low in range(0, length, rows):
        cut = (*before, slice(low, low + rows))
        block = out[cut]
        for number, factors in enumerate(prepared):
            first, *others = (f[cut] if f.shape[axis] > 1 else f for f in factors)
            target = buffer[(*before, slice(0, block.shape[axis]))] if number else block
            if not others:
                target[...] = first
            for position, factor in enumerate(others, 1):
                # Only the last product is spread over all axes.
                last = position == len(others)
                first = np.multiply(first, factor, out=target) if last else first * factor
            if number:
                np.add(block, target, out=block)
    return out


def _exactly(terms: list[Term], shape: tuple[int, ...], where: Data | None) -> Data:
    """The same with Python's integers, for the configurations ``where`` or for all."""
    size = np.prod(shape) if where is None else np.count_nonzero(where)
    total = np.zeros(int(size), dtype=object)
    for coefficient, arrays in terms:
        product: Any = np.full(int(size), coefficient, dtype=object)
        for array in arrays:
            full = np.broadcast_to(array.data, shape)
            product = product * (full.ravel() if where is None else full[where]).astype(object)
        total = total + product
    return total.reshape(shape) if where is None else total


class Chunk(NamedTuple):
    """The configurations of a box of the space, in order, with their figures."""

    space: Space
    box: Box
    figures: dict[Any, Data]
    """By name; 0 where a configuration has been refused."""
    codes: Data
    """Why a configuration has been refused: an index into ``reasons``, 0 if it has not."""
    reasons: list[tuple[str, Place | None]]

    @property
    def size(self) -> int:
        return self.box.size

    def positions(self, rows: Data) -> tuple[Data, ...]:
        """For rows of this chunk, their positions along every axis of the space."""
        found = np.unravel_index(rows, self.box.shape) if self.box.ranges else ()
        return tuple(k + low for k, (low, _) in zip(found, self.box.ranges, strict=True))

    def texts(self, name: str, rows: Data) -> list[str]:
        """What a setting is in these rows."""
        axis, column = self.space.column(name)
        low, high = self.box.ranges[axis]
        known = column.texts(np.arange(low, high)) if high - low <= len(rows) else None
        positions = self.positions(rows)[axis]
        if known is None:
            return column.texts(positions)
        return list(map(known.__getitem__, (positions - low).tolist()))


def of_totals(rules: Mapping[str, Rule]) -> Asked:
    """The figures of whole networks."""

    def asked(result: Result) -> dict[str, Any]:
        return {name: rule(result.totals) for name, rule in rules.items()}

    return asked


def of_rows(rules: Mapping[str, Rule]) -> Asked:
    """The figures of every row, by its path and the figure's name."""

    def asked(result: Result) -> dict[tuple[str, str], Any]:
        return {
            (row.path, name): rule(row.figures)
            for row in result.rows
            for name, rule in rules.items()
        }

    return asked


def chunk(walker: Walker, box: Box, asked: Asked, names: Iterable[Any] = ()) -> Chunk:
    """Walks the configurations of a box and evaluates what is ``asked`` of them.

    What one structure has and another has not is 0 there; ``names`` are there in any case.
    """
    space = walker.question.space
    shape = box.shape
    figures: dict[Any, Data] = {name: np.zeros(shape, dtype=np.int64) for name in names}
    codes = np.zeros(shape, dtype=np.int32)
    reasons: list[tuple[str, Place | None]] = [("", None)]
    known: dict[tuple[str, Place | None], int] = {}
    for outcome in walker.outcomes(space.part(box)):
        place = _Placing(outcome.part, box)
        refused = _reasons(outcome, reasons, known)
        if refused is not None:
            place.put(codes, refused)
        if outcome.result is None:
            continue
        for name, value in asked(outcome.result).items():
            if name not in figures:
                figures[name] = np.zeros(shape, dtype=np.int64)
            values = spread(value, outcome.grid)
            if refused is not None:
                values = np.where(refused != 0, 0, values)
            if values.dtype.kind == "O" and figures[name].dtype.kind != "O":
                figures[name] = figures[name].astype(object)
            place.put(figures[name], values)
    flat = {name: values.ravel() for name, values in figures.items()}
    return Chunk(space, box, flat, codes.ravel(), reasons)


class _Placing:
    """Puts what was found for a part where its configurations are in the box."""

    def __init__(self, part: Part, box: Box) -> None:
        self.order: tuple[int, ...] | None = None
        self.index: Any = None
        lows = [low for low, _ in box.ranges]
        if all(len(origins) == 1 for origins in part.origins):
            origins = [o for (o,) in part.origins]
            self.order = tuple(np.argsort(origins).tolist())
            rows = [part.positions[k][0] - lows[origins[k]] for k in self.order]
            if all(len(r) == n for r, n in zip(rows, box.shape, strict=True)):
                self.index = ...
            else:
                self.index = np.ix_(*rows)
            return
        index: Any = 0
        dims = len(part.origins)
        stride = 1
        strides = {}
        for axis in reversed(range(len(box.ranges))):
            strides[axis] = stride
            stride *= box.shape[axis]
        for k, (origins_k, positions) in enumerate(zip(part.origins, part.positions, strict=True)):
            flat = sum((positions[n] - lows[o]) * strides[o] for n, o in enumerate(origins_k))
            index = index + np.asarray(flat).reshape([-1 if d == k else 1 for d in range(dims)])
        self.index = index

    def put(self, target: Data, values: Data) -> None:
        if self.order is not None:
            target[self.index] = values.transpose(self.order)
        else:
            target.ravel()[self.index] = values  # the target is contiguous: this is a view


def _reasons(
    outcome: Outcome,
    reasons: list[tuple[str, Place | None]],
    known: dict[tuple[str, Place | None], int],
) -> Data | None:
    """For every configuration of a part the index of its reason; `None` if none is refused."""
    if not outcome.refusals:
        return None
    shape = outcome.grid.lengths
    codes = np.zeros(shape, dtype=np.int32)
    for refusal in outcome.refusals:
        fresh = codes == 0
        if refusal.where is not None:
            fresh &= refusal.where
        if fresh.any():
            codes[fresh] = _worded(refusal, fresh, reasons, known)
    return codes


def _worded(
    refusal: Refusal,
    fresh: Data,
    reasons: list[tuple[str, Place | None]],
    known: dict[tuple[str, Place | None], int],
) -> Data:
    """The index of the words for each of the ``fresh`` configurations; equal words are one."""
    positions = np.nonzero(fresh)
    along = refusal.along
    combined: Data = np.zeros(len(positions[0]) if positions else 1, dtype=np.int64)
    for axis, index in enumerate(positions):
        if along >> axis & 1:
            combined = combined * fresh.shape[axis] + index
    _, first, inverse = np.unique(combined, return_index=True, return_inverse=True)
    found: list[int] = []
    for row in first.tolist():
        position = tuple(int(index[row]) for index in positions)
        reason = (refusal.message(position), refusal.place)
        code = known.get(reason)
        if code is None:
            code = known[reason] = len(reasons)
            reasons.append(reason)
        found.append(code)
    return np.array(found, dtype=np.int32)[inverse]
