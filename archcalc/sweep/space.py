"""Sets of configurations: a grid of axes, and the parts that it is walked in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from archcalc.sweep.arrays import JOINT, Data, Split
from archcalc.sweep.values import Values


class Column(NamedTuple):
    """One setting along an axis: the values it takes and, if not one by one, which of them."""

    values: Values
    codes: Data | None = None

    def which(self, positions: Data) -> Data:
        """Which of the values stand at these positions."""
        return positions if self.codes is None else np.asarray(self.codes[positions])

    def texts(self, positions: Data) -> list[str]:
        return self.values.texts(self.which(positions))

    def sorts(self, positions: Data) -> Data:
        return self.values.sorts(self.which(positions))

    def numbers(self, positions: Data) -> Data:
        return self.values.numbers(self.which(positions))


class Axis(NamedTuple):
    """Settings that change together, and how many values they take."""

    size: int
    columns: dict[str, Column]


class Space(NamedTuple):
    """Every combination of the positions along the axes; the last axis changes fastest."""

    axes: tuple[Axis, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(axis.size for axis in self.axes)

    @property
    def size(self) -> int:
        size = 1
        for axis in self.axes:
            size *= axis.size
        return size

    @property
    def names(self) -> list[str]:
        """All settings, in order."""
        return [name for axis in self.axes for name in axis.columns]

    def column(self, name: str) -> tuple[int, Column]:
        """The axis of a setting, and its values there."""
        for number, axis in enumerate(self.axes):
            if name in axis.columns:
                return number, axis.columns[name]
        raise KeyError(name)

    def boxes(self, most: int, start: int = 0) -> Iterable[Box]:
        """The space in order, as boxes of at most ``most`` configurations, from ``start`` on."""
        shape = self.shape
        inner = 1
        depth = len(shape)
        while depth and inner * shape[depth - 1] <= most:
            depth -= 1
            inner *= shape[depth]
        if not depth:
            yield from _from(Box(tuple((0, n) for n in shape)), shape, start, 0)
            return
        step = max(1, most // inner)
        rest = tuple((0, n) for n in shape[depth:])
        at = 0
        for outer in np.ndindex(*shape[: depth - 1]):
            for low in range(0, shape[depth - 1], step):
                high = min(low + step, shape[depth - 1])
                box = Box((*((i, i + 1) for i in outer), (low, high), *rest))
                size = (high - low) * inner
                if at + size > start:
                    yield from _from(box, shape, start, at)
                at += size

    def number(self, box: Box) -> int:
        """How many configurations come before those of a box."""
        found = 0
        for (low, _), n in zip(box.ranges, self.shape, strict=True):
            found = found * n + low
        return found

    def part(self, box: Box) -> Part:
        """The configurations of a box."""
        return Part(
            tuple((k,) for k in range(len(self.axes))),
            tuple(np.arange(low, high).reshape(1, -1) for low, high in box.ranges),
        )


def _from(box: Box, shape: tuple[int, ...], start: int, at: int) -> Iterable[Box]:
    """``box``, which begins with configuration ``at``, without those before ``start``."""
    if start <= at:
        yield box
        return
    for k, (low, high) in enumerate(box.ranges):
        if high - low > 1:
            size = box.size // (high - low)
            done, over = divmod(start - at, size)
            edge = low + done
            if over:
                first = Box((*box.ranges[:k], (edge, edge + 1), *box.ranges[k + 1 :]))
                yield from _from(first, shape, start, at + done * size)
                edge += 1
            if edge < high:
                yield Box((*box.ranges[:k], (edge, high), *box.ranges[k + 1 :]))
            return


class Box(NamedTuple):
    """A range of positions along every axis."""

    ranges: tuple[tuple[int, int], ...]

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(high - low for low, high in self.ranges)

    @property
    def size(self) -> int:
        size = 1
        for low, high in self.ranges:
            size *= high - low
        return size


class Part(NamedTuple):
    """Configurations that are walked at once: again a grid.

    An axis of it stands for one or several axes of the space: for each of these ``origins`` it
    has a row of ``positions``.
    """

    origins: tuple[tuple[int, ...], ...]
    positions: tuple[Data, ...]

    @property
    def lengths(self) -> tuple[int, ...]:
        return tuple(p.shape[1] for p in self.positions)

    @property
    def size(self) -> int:
        size = 1
        for length in self.lengths:
            size *= length
        return size

    def along(self, axis: int) -> tuple[int, Data]:
        """Where an axis of the space is: the part's axis, and the positions there."""
        for k, origins in enumerate(self.origins):
            if axis in origins:
                return k, self.positions[k][origins.index(axis)]
        raise KeyError(axis)

    def replaced(self, axis: int, positions: Data) -> Part:
        """The part with other positions along one axis."""
        return self._replace(
            positions=(*self.positions[:axis], positions, *self.positions[axis + 1 :])
        )

    def split(self, split: Split) -> list[Part]:
        """A part for each label; over several axes, these become one."""
        axes = [k for k in range(len(self.origins)) if split.along >> k & 1]
        part, labels = self, split.labels.ravel()
        if len(axes) > 1:
            part, axis = self._joined(axes), axes[0]
        else:
            axis = axes[0]
        positions = part.positions[axis]
        order = np.argsort(labels, kind="stable")
        edges = np.flatnonzero(np.diff(labels[order])) + 1
        # In the order in which the configurations come.
        groups = sorted(np.split(order, edges), key=lambda group: int(group[0]))
        return [part.replaced(axis, positions[:, group]) for group in groups]

    def _joined(self, axes: Sequence[int]) -> Part:
        """The part with these axes as one, in the place of the first."""
        lengths = [self.lengths[k] for k in axes]
        index = np.indices(lengths).reshape(len(axes), -1)
        rows = [self.positions[k][:, index[n]] for n, k in enumerate(axes)]
        origins = tuple(o for k in axes for o in self.origins[k])
        kept = [k for k in range(len(self.origins)) if k not in axes[1:]]
        return Part(
            tuple(origins if k == axes[0] else self.origins[k] for k in kept),
            tuple(np.concatenate(rows) if k == axes[0] else self.positions[k] for k in kept),
        )

    def cut(self, along: int, most: int = JOINT) -> list[Part]:
        """Pieces in which the axes ``along`` have at most ``most`` combinations."""
        lengths = {k: n for k, n in enumerate(self.lengths) if along >> k & 1}
        size = 1
        for length in lengths.values():
            size *= length
        axis = max(lengths, key=lambda k: lengths[k])
        pieces = min(lengths[axis], -(-size // most))
        return [
            self.replaced(axis, positions)
            for positions in np.array_split(self.positions[axis], pieces, axis=1)
        ]
