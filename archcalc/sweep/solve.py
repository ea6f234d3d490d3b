"""The largest network of a family that fits into a budget, found on the rules as they are.

A figure is a staircase of a setting: channels are whole, sizes are rounded. So nothing is solved
by a formula; the setting's values are walked: coarsely, and then finely where the budget is
passed, if no figure falls on the way; else all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

import numpy as np

from archcalc.language.arithmetic import Arithmetic, ExpressionFault
from archcalc.language.expressions import Expression, parse
from archcalc.limits import Limits
from archcalc.problems import USAGE, Complaint, Place, Problem, Source
from archcalc.sweep.arrays import Data
from archcalc.sweep.evaluate import Chunk
from archcalc.sweep.request import Sweep, usage
from archcalc.sweep.space import Axis, Column, Space
from archcalc.sweep.values import Listed, Values, items

COARSE: Final = 2048
"""Values that are looked at in one round."""
SCAN: Final = 200_000
"""Values that are all looked at where a figure falls in between."""


@dataclass(frozen=True)
class Point:
    """One value, with what comes of it."""

    number: int
    settings: dict[str, str]
    figures: dict[str, int]


@dataclass(frozen=True)
class Solution:
    """What fits, and what follows."""

    found: Point | None = None
    """The closest to the budget from below; `None` if nothing fits."""
    first: Point | None = None
    """The first value of those around ``found`` that give the same figures."""
    last: Point | None = None
    """And the last."""
    next: Point | None = None
    """The value with other figures that follows; `None` if the range ends before."""
    least: Point | None = None
    """What comes closest from above, where nothing fits."""
    looked_at: int = 0
    refused: int = 0
    reason: str = ""
    """Why the first of the refused was refused."""
    rises: bool = True
    """Whether no figure falls along the range."""
    step: int = 1
    """Only each so many-th value was looked at; above 1 where there are too many."""
    walks: int = 0


class Family:
    """Networks along one line: settings that hang on one number, from 0 to ``count - 1``."""

    def __init__(
        self,
        count: int,
        columns: Callable[[Data], dict[str, Column]],
        make: Callable[[Space], Sweep],
        figures: Sequence[str],
        beside: Sequence[str] = (),
    ) -> None:
        self.count = count
        self.beside = beside
        """Columns that are no settings: what a rule hangs on."""
        self.columns = columns
        self.make = make
        self.figures = figures
        self.known: dict[int, Point | None] = {}
        self.reason = ""
        self.walks = 0

    def points(self, numbers: Sequence[int]) -> list[Point | None]:
        """What comes of these numbers; `None` where it is refused."""
        fresh = [n for n in numbers if n not in self.known]
        if fresh:
            columns = self.columns(np.array(fresh, dtype=np.int64))
            rows = np.arange(len(fresh))
            texts = {name: column.texts(rows) for name, column in columns.items()}
            # What a rule hangs on need be no setting.
            settings = {n: c for n, c in columns.items() if n not in self.beside}
            sweep = self.make(Space((Axis(len(fresh), settings),)))
            start = 0
            for chunk in sweep.chunks(self.figures):
                part = {name: v[start : start + chunk.size] for name, v in texts.items()}
                self._enter(chunk, fresh[start : start + chunk.size], part)
                start += chunk.size
            self.walks += sweep.walks
        return [self.known[n] for n in numbers]

    def _enter(
        self, chunk: Chunk, numbers: Sequence[int], texts: Mapping[str, Sequence[str]]
    ) -> None:
        figures = {name: values.tolist() for name, values in chunk.figures.items()}
        for row, (number, code) in enumerate(zip(numbers, chunk.codes.tolist(), strict=True)):
            if code:
                self.reason = self.reason or chunk.reasons[code][0]
                self.known[number] = None
            else:
                self.known[number] = Point(
                    number,
                    {name: values[row] for name, values in texts.items()},
                    {name: values[row] for name, values in figures.items()},
                )

    def every(self, step: int, low: int = 0, high: int | None = None) -> list[Point | None]:
        """Each ``step``-th point of a part of the line, its ends among them."""
        high = self.count - 1 if high is None else high
        return self.points(sorted({*range(low, high + 1, step), high}))


def solve(family: Family, budget: Mapping[str, int]) -> Solution:
    """The point of ``family`` that takes the most of the first figure of ``budget``.

    No figure of ``budget`` is passed.
    """
    main = next(iter(budget))
    step = _step(family.count, COARSE)
    points = family.every(step)
    rises = all(
        a.figures[name] <= b.figures[name]
        for name in budget
        for a, b in pairwise(p for p in points if p is not None)
    )
    if not rises:
        step = _step(family.count, SCAN)  # a better one may be anywhere
        points = family.every(step)
    else:
        while step > 1:
            low, high = _bracket(points, budget)
            if low is None or high is None:
                step = 1
                break
            step = _step(high - low, COARSE)
            points = family.every(step, low, high)
    known = [p for p in family.known.values() if p is not None]
    fitting = [p for p in known if all(p.figures[n] <= most for n, most in budget.items())]
    found = Solution(rises=rises, step=step)
    if fitting:
        best = max(fitting, key=lambda p: (p.figures[main], -p.number))
        first, _ = _edge(family, best, -step)
        last, following = _edge(family, best, step)
        found = replace(
            found, found=_roundest(family, first, last), first=first, last=last, next=following
        )
    elif known:
        found = replace(found, least=min(known, key=lambda p: (p.figures[main], p.number)))
    return replace(
        found,
        looked_at=len(family.known),
        refused=sum(p is None for p in family.known.values()),
        reason=family.reason,
        walks=family.walks,
    )


def _step(count: int, most: int) -> int:
    return max(1, -(-count // most))


def _bracket(
    points: Sequence[Point | None], budget: Mapping[str, int]
) -> tuple[int | None, int | None]:
    """The last number that fits, and the first behind it that does not."""
    low: int | None = None
    for point in points:
        if point is None:
            continue
        if any(point.figures[name] > most for name, most in budget.items()):
            return low, point.number
        low = point.number
    return low, None


def _edge(family: Family, start: Point, step: int) -> tuple[Point, Point | None]:
    """How far the same figures go on, and the first point with others; in growing windows."""
    end, window, gap = start, 32, False
    at = start.number
    while True:
        numbers = [n for k in range(1, window + 1) if 0 <= (n := at + k * step) < family.count]
        if not numbers:
            return end, None
        for point in family.points(numbers):
            if point is None:
                gap = True
            elif point.figures != start.figures:
                return end, point
            elif not gap:
                end = point
        at = numbers[-1]
        window = min(4 * window, COARSE)


def _roundest(family: Family, first: Point, last: Point) -> Point:
    """Of the points from ``first`` to ``last`` the one whose values have the fewest digits."""
    step = _step(last.number - first.number, COARSE)
    there = [p for p in family.every(step, first.number, last.number) if p is not None]
    same = [p for p in there if p.figures == first.figures]
    return min(same, key=lambda p: sum(len(t.rstrip("0").rstrip(".")) for t in p.settings.values()))


# Settings that hang on one value by a rule.


class Rule:
    """``--rule "depth=1.2**phi, width=1.1**phi"``: settings as expressions of one value."""

    def __init__(self, text: str, name: str, limits: Limits, settings: Mapping[str, Any]) -> None:
        self.name = name
        self.settings = settings
        self.plain = Arithmetic(limits._replace(work=2**62))
        self.rules: dict[str, tuple[Source, Expression]] = {}
        for part in items(text):
            setting, equals, formula = part.partition("=")
            if not equals or not setting.strip() or not formula.strip():
                raise usage(f"--rule: '{part[:60]}' is not SETTING=EXPRESSION")
            source = Source("--rule", formula.strip())
            try:
                expression = parse(formula.strip(), limits)
            except ExpressionFault as fault:
                raise _complaint(source, fault) from None
            self.rules[setting.strip()] = (source, expression)

    def columns(self, values: Values, index: Data) -> dict[str, Column]:
        """The settings at some of the values."""
        numbers = values.numbers(index).tolist()
        found: dict[str, Column] = {self.name: Column(Listed(values.texts(index)))}
        for setting, (source, expression) in self.rules.items():
            texts: list[str] = []
            for number in numbers:
                try:
                    value = expression.code(_One(self.plain, self.name, number, self.settings))
                except ExpressionFault as fault:
                    raise _complaint(source, fault) from None
                texts.append(_text(value, source))
            found[setting] = Column(Listed(texts))
        return found


class _One:
    """The environment of a rule: its one value, and the settings as they are otherwise."""

    def __init__(
        self, arithmetic: Arithmetic, name: str, value: Any, settings: Mapping[str, Any]
    ) -> None:
        self.arithmetic = arithmetic
        self.name = name
        self.value = value
        self.settings = settings

    def lookup(self, name: str) -> Any:
        if name == self.name:
            return self.value
        if name in self.settings:
            return self.settings[name]
        raise ExpressionFault(
            f"there is no name '{name}' here", help=f"there is {self.name}", code="reference"
        )

    def dimension(self, tensor: str, name: str) -> Any:
        return self.lookup(f"{tensor}.{name}")


def _text(value: Any, source: Source) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, tuple):
        return f"[{', '.join(_text(item, source) for item in value)}]"
    return str(value)


def _complaint(source: Source, fault: ExpressionFault) -> Complaint:
    place = Place(source, 1, fault.offset + 1, max(1, fault.width))
    return Complaint(Problem(fault.message, place, fault.help, kind=USAGE, code=fault.code))
