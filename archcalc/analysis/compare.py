"""Two networks beside each other: which row of one answers to which of the other, and why.

Rows with one path are the same place of two variants and are aligned first (the longest matching
stretches, as difflib finds them). What stands between them is aligned by what the rows are: kind
and arguments, then kind alone. So variants of one spec align by place and strangers by shape.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from difflib import Match, SequenceMatcher
from itertools import accumulate
from typing import Any, Final, NamedTuple

from archcalc.analysis.collapse import collapse
from archcalc.analysis.count import Result, Row
from archcalc.shapes import Shape

STEPS: Final = 2_000_000
"""Pairs of equal rows that are looked at to align two networks; a tenth of a second."""

SAME: Final = "same"
CHANGED: Final = "changed"
ONLY_FIRST: Final = "only in the first"
ONLY_SECOND: Final = "only in the second"


class Difference(NamedTuple):
    """One thing that two aligned rows do not share: an argument, or the size that comes in."""

    name: str
    """An argument, ``kind``, or the input's dimension as ``in_channels``."""
    first: Any
    second: Any


class Pair(NamedTuple):
    """Rows that stand beside each other; ``None`` where one network has nothing there."""

    first: Row | None
    second: Row | None

    @property
    def status(self) -> str:
        """``same``, ``changed``, or in which of the two it is alone."""
        if self.first is None:
            return ONLY_SECOND
        if self.second is None:
            return ONLY_FIRST
        return CHANGED if self.differences() or self.effect("mac") else SAME

    def differences(self) -> list[Difference]:
        """What differs between the two rows, arguments first."""
        first, second = self.first, self.second
        if first is None or second is None:
            return []
        found = []
        if first.kind != second.kind:
            found.append(Difference("kind", first.kind, second.kind))
        elif first.kind:
            found += _arguments(first, second)
        else:
            found += _layers(first, second)
        found += _sizes("in", _entry(first), _entry(second))
        if not found:
            found += _sizes("out", first.output, second.output)
        return found

    def effect(self, figure: str) -> int:
        """By how much the second row has more of ``figure`` than the first."""
        first, second = (getattr(r.figures, figure) if r else 0 for r in (self.first, self.second))
        return int(second - first)


def _arguments(first: Row, second: Row) -> Iterator[Difference]:
    a, b = first.nodes[0].layer, second.nodes[0].layer
    for name, field in a.fields.items():
        x, y = a.__dict__[name], b.__dict__[name]
        if x != y:
            yield Difference(field.name, x, y)


def _layers(first: Row, second: Row) -> Iterator[Difference]:
    if first.layers != second.layers:
        yield Difference("layers", first.layers, second.layers)
    elif first.figures != second.figures and first.output == second.output:
        yield Difference("inside", None, None)


def _entry(row: Row) -> Shape | None:
    inputs = row.nodes[0].inputs
    return inputs[0].output if inputs else None


def _sizes(side: str, first: Shape | None, second: Shape | None) -> Iterator[Difference]:
    if first is None or second is None or first == second:
        return
    if first.names != second.names:
        yield Difference(f"{side}put", first, second)
        return
    for (name, x), (_, y) in zip(first.items(), second.items(), strict=True):
        if x != y:
            yield Difference(f"{side}_{name}", x, y)


# Alignment.

Key = Callable[[Row], Hashable]


def _by_path(row: Row) -> Hashable:
    return row.path


def _by_layer(row: Row) -> Hashable:
    return (row.kind, repr(row.arguments), row.output if not row.kind else None)


def _by_kind(row: Row) -> Hashable:
    return row.kind or row.path


def align(first: Result, second: Result) -> list[Pair]:
    """The rows of both, in the order of each: by path, then by layer, then by kind."""
    return list(_aligned(first.rows, second.rows, (_by_path, _by_layer, _by_kind)))


def _aligned(first: Sequence[Row], second: Sequence[Row], keys: tuple[Key, ...]) -> Iterator[Pair]:
    if not keys or not first or not second:
        yield from (Pair(row, None) for row in first)
        yield from (Pair(None, row) for row in second)
        return
    key, rest = keys[0], keys[1:]
    a = b = 0
    for block in _matching([*map(key, first)], [*map(key, second)]):
        yield from _aligned(first[a : block.a], second[b : block.b], rest)
        a, b = block.a + block.size, block.b + block.size
        yield from map(Pair, first[block.a : a], second[block.b : b])
    yield from _aligned(first[a:], second[b:], rest)


def _matching(first: list[Hashable], second: list[Hashable]) -> list[Match]:
    """The longest stretch that both have, then those on either side of it, and so on, in order.

    That takes steps for every pair of equals. Where `STEPS` of them are not enough (ten thousand
    layers of one kind in each), each of the first goes with the next equal one of the second.
    """
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    equals = Counter(second)
    before = [0, *accumulate(equals[key] for key in first)]
    left = STEPS
    found: list[Match] = []
    waiting = [(0, len(first), 0, len(second))]
    while waiting:
        a, a_end, b, b_end = waiting.pop()
        if a == a_end or b == b_end:
            continue
        left -= before[a_end] - before[a] + (a_end - a)
        if left < 0:
            found += _one_by_one(first[a:a_end], second[b:b_end], a, b)
            continue
        match = matcher.find_longest_match(a, a_end, b, b_end)
        if match.size:
            found.append(match)
            waiting.append((a, match.a, b, match.b))
            waiting.append((match.a + match.size, a_end, match.b + match.size, b_end))
    return sorted(found)


def _one_by_one(first: list[Hashable], second: list[Hashable], a: int, b: int) -> Iterator[Match]:
    """Each of the first with the next of the second that equals it; they begin at ``a`` and ``b``.

    One whose equal lies so far on that more would be passed over than are left is left alone.
    """
    places: dict[Hashable, list[int]] = {}
    for position in range(len(second) - 1, -1, -1):
        places.setdefault(second[position], []).append(position)
    at = 0
    for position, key in enumerate(first):
        waiting = places.get(key, [])
        while waiting and waiting[-1] < at:
            waiting.pop()
        if waiting and waiting[-1] - at <= len(first) - position:
            at = waiting.pop() + 1
            yield Match(a + position, b + at - 1, 1)


def level(first: Result, second: Result, most: int) -> tuple[Result, Result]:
    """Both collapsed to one depth at which neither has more than ``most`` rows, if there is one."""
    deepest = 1 + max((r.path.count(".") for x in (first, second) for r in x.rows), default=0)
    depth = min(deepest, 8)
    while depth > 1 and max(len(first.rows), len(second.rows)) > most:
        depth -= 1
        first, second = collapse(first, depth), collapse(second, depth)
    return first, second


# Causes.


class Cause(NamedTuple):
    """A row whose cost changed because a layer before it came or went."""

    row: Pair
    """The row that costs something else now."""
    before: Row
    """The layer before it that only one of the networks has."""
    added: bool
    """Whether the second network has it; else the first."""
    size: Difference
    """What that layer changed of the row's input."""

    @property
    def together(self) -> tuple[int, int]:
        """MACs of the row with that layer: in the first network, and in the second."""
        assert self.row.first is not None and self.row.second is not None
        first, second = self.row.first.figures.mac, self.row.second.figures.mac
        extra = self.before.figures.mac
        return (first, second + extra) if self.added else (first + extra, second)

    @property
    def effect(self) -> int:
        first, second = self.together
        return second - first


def causes(pairs: Sequence[Pair]) -> list[Cause]:
    """Changes of cost that come from a layer before the row, the greatest first.

    A row whose own arguments stayed as they were costs less because, say, a 1x1 convolution that
    only the second network has gives it fewer channels (the bottleneck of Inception and ResNet).
    """
    alone: dict[int, tuple[Row, bool]] = {}
    for pair in pairs:
        row = pair.first or pair.second
        if row is not None and row.figures.mac and (pair.first is None or pair.second is None):
            for node in row.nodes:
                alone[id(node)] = (row, pair.first is None)
    found = []
    for pair in pairs:
        if pair.first is None or pair.second is None or not pair.effect("mac"):
            continue
        differences = pair.differences()
        if any(not d.name.startswith("in_") for d in differences) or not differences:
            continue
        for row in (pair.second, pair.first):
            entry = row.nodes[0].inputs
            known = alone.get(id(entry[0])) if entry else None
            if known is not None:
                found.append(Cause(pair, *known, differences[0]))
                break
    return sorted(found, key=lambda c: -abs(c.effect))
