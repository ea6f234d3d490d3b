"""One walk through a spec for many configurations, and the walks that a set of them takes.

A walk builds the graph as a single run does, with arrays for what changes. Where it needs one
value and there are several (a depth, a condition, a choice), it stops; the configurations are
split there, and each part is walked by itself. Nobody says beforehand what changes the structure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from archcalc.analysis.count import Result
from archcalc.graph import Graph, Node
from archcalc.language.spec import Spec
from archcalc.layers.base import Layer
from archcalc.limits import Limits
from archcalc.problems import Complaint, Place, Problem
from archcalc.shapes import Shape
from archcalc.sweep.arithmetic import ArrayArithmetic
from archcalc.sweep.arrays import Array, Data, Grid, Many, Split, Stop, TooWide
from archcalc.sweep.space import Part, Space
from archcalc.terms import Requirement

ALONG = 8192
"""Positions along one axis that are walked at once."""
VARIANT = "variant"
"""What an axis over the variants of a spec is called, unless it has a setting of that name."""


class Refusal(NamedTuple):
    """Why some configurations have no figures."""

    where: Data | None
    """Which ones, over the axes that it depends on; `None` for all that are left."""
    requirement: Requirement | None
    problem: Problem | None
    place: Place | None

    def message(self, position: tuple[int, ...]) -> str:
        """The words of a single run."""
        if self.problem is not None:
            return self.problem.message
        assert self.requirement is not None
        values = {n: plain(v, position) for n, v in self.requirement.values.items()}
        return self.requirement._replace(values=values).message()

    @property
    def along(self) -> int:
        """The axes on which the words depend."""
        found = 0
        for value in self.requirement.values.values() if self.requirement else ():
            sizes = value.sizes if isinstance(value, Shape) else value
            for size in sizes if isinstance(sizes, tuple) else (sizes,):
                if isinstance(size, Many):
                    found |= size.along
        return found


def plain(value: Any, position: tuple[int, ...]) -> Any:
    """A value, or a shape, as it is in one configuration."""
    if isinstance(value, Many):
        return value.at(position)
    if isinstance(value, Shape):
        return Shape(value.names, tuple(plain(size, position) for size in value.sizes))
    if isinstance(value, tuple):
        return tuple(plain(item, position) for item in value)
    return value


class MaskedGraph(Graph):
    """A graph that notes the configurations which a requirement refuses, and goes on."""

    def __init__(self, grid: Grid, limits: Limits) -> None:
        super().__init__(self.mask)
        self.grid = grid
        self.most = limits.different
        self.refusals: list[Refusal] = []
        self.place: Place | None = None

    def append(
        self,
        layer: Layer,
        inputs: tuple[Node, ...],
        path: str,
        *,
        part: str = "",
        place: Place | None = None,
        shared: Node | None = None,
    ) -> Node:
        self.place = place
        return super().append(layer, inputs, path, part=part, place=place, shared=shared)

    @property
    def different(self) -> int:
        """As in a single run; if arrays only seem too different, each is looked at alone."""
        number = super().different
        if number > self.most:
            for axis, length in enumerate(self.grid.lengths):
                if length > 1:
                    shape = self.grid.shape(1 << axis)
                    raise Split(np.arange(length).reshape(shape), 1 << axis)
        return number

    def mask(
        self, layer: Layer, requirements: Iterable[Requirement], shapes: tuple[Shape, ...]
    ) -> None:
        """Refuses what breaks a requirement. Raises `Stop` when nothing is left."""
        for requirement in requirements:
            holds: Any = requirement.holds
            if holds is True:
                continue
            if not isinstance(holds, Many):
                if holds:
                    continue
                self.refusals.append(Refusal(None, requirement, None, self.place))
                raise Stop
            array = holds.dense()
            fails = self.grid.folded(~array.data.astype(bool), array.along)
            if fails is False:
                continue
            if fails is True:
                self.refusals.append(Refusal(None, requirement, None, self.place))
                raise Stop
            assert isinstance(fails, Array)
            fresh = self.grid.refuse(fails)
            if fresh is not None:
                self.refusals.append(Refusal(fresh, requirement, None, self.place))
                if self.grid.finished():
                    raise Stop


class Question(NamedTuple):
    """What a sweep asks of every configuration."""

    spec: Spec
    variant: str | None
    overrides: dict[str, str]
    """Settings that are the same everywhere, or hang on others: texts as of ``--set``."""
    space: Space
    counted: Callable[[Graph, str | None], Result]
    """The rows of a graph, and which variant it is."""


class Outcome(NamedTuple):
    """What a walk came to."""

    part: Part
    grid: Grid
    result: Result | None
    """The figures, with arrays for numbers; `None` if every configuration has been refused."""
    refusals: list[Refusal]


class Walker:
    """Walks parts of a space, and counts the walks."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.walks = 0

    def outcomes(self, part: Part) -> Iterator[Outcome]:
        """The outcomes of all configurations of ``part``, split as far as it must be."""
        waiting = [part]
        while waiting:
            part = waiting.pop()
            long = [k for k, n in enumerate(part.lengths) if n > ALONG]
            if long:
                waiting.extend(reversed(part.cut(1 << long[0], ALONG)))
                continue
            try:
                outcome = self._walked(part)
            except Split as split:
                waiting.extend(reversed(part.split(split)))
            except TooWide as wide:
                waiting.extend(reversed(part.cut(wide.along)))
            else:
                yield outcome

    def _walked(self, part: Part) -> Outcome:
        question = self.question
        grid = Grid(part.lengths)
        variant = question.variant
        overrides = dict(question.overrides)
        values: dict[str, Any] = {}
        for number, axis in enumerate(question.space.axes):
            where, positions = part.along(number)
            for name, column in axis.columns.items():
                sorts = column.sorts(positions)
                if (sorts != sorts[0]).any():
                    labels = np.unique(sorts, return_inverse=True)[1]
                    raise Split(np.asarray(labels), 1 << where)
                first = positions[:1]
                if sorts[0] < 0:
                    numbers = column.numbers(positions)
                    if (numbers != numbers[0]).any():
                        values[name] = grid.leaf(numbers, where)
                        continue
                text = column.texts(first)[0]
                if not text:
                    continue  # an empty cell of a table: as it is without
                if name == VARIANT and name not in question.spec.settings:
                    variant = text
                else:
                    overrides[name] = text
        self.walks += 1
        graph = MaskedGraph(grid, question.spec.limits)
        arithmetic = ArrayArithmetic(question.spec.limits, grid)
        result: Result | None = None
        try:
            built = question.spec.build(
                variant, overrides, graph=graph, arithmetic=arithmetic, values=values
            )
            for problem in built.problems[:1]:
                graph.refusals.append(Refusal(None, None, problem, problem.place))
            if not built.problems:
                result = question.counted(graph, variant)
        except Complaint as complaint:
            problem = complaint.problems[0]
            graph.refusals.append(Refusal(None, None, problem, problem.place))
        except Stop:
            pass
        return Outcome(part, grid, result, graph.refusals)
