"""How a figure grows with a setting: the polynomial that it is, or the exponent that fits it.

Figures are whole numbers, so whether one is a polynomial of a setting can be found out exactly,
by divided differences in fractions: it is one if all values but the first few follow from these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import log
from typing import Final

import numpy as np

from archcalc.analysis.metrics import Metric
from archcalc.problems import Complaint, Problem
from archcalc.sweep.request import Sweep
from archcalc.sweep.space import Axis, Column
from archcalc.sweep.values import Listed

DEGREE: Final = 4
"""The highest degree that is looked for."""
CHECKS: Final = 2
"""Values beyond those that make a polynomial, which must lie on it."""

Coefficients = tuple[Fraction, ...]
"""Of 1, x, x², …; the last is not 0, or there is none."""


@dataclass(frozen=True)
class Growth:
    """How one figure grows."""

    values: tuple[int, ...]
    polynomial: Coefficients | None
    """Exactly, where it is one: of every value that was looked at."""
    exponent: float | None
    """Of the power that fits best, over all values; `None` where a value is 0."""
    doubled: Fraction | None
    """How many times as much it is at twice the first value."""


def polynomial(xs: Sequence[Fraction], ys: Sequence[int]) -> Coefficients | None:
    """The polynomial of the lowest degree through all points, if some of them are left to check.

    Newton's divided differences: the k-th column holds what the points take beyond degree k - 1.
    """
    column = [Fraction(y) for y in ys]
    newton: list[Fraction] = []
    for degree in range(min(DEGREE, len(xs) - 1 - CHECKS) + 1):
        newton.append(column[0])
        if all(value == column[0] for value in column):
            return _expanded(xs, newton)
        column = [
            (b - a) / (xs[k + degree + 1] - xs[k]) for k, (a, b) in enumerate(pairwise(column))
        ]
    return None


def _expanded(xs: Sequence[Fraction], newton: Sequence[Fraction]) -> Coefficients:
    """Newton's form multiplied out."""
    found: list[Fraction] = []
    for x, coefficient in reversed(list(zip(xs, newton, strict=False))):
        # found · (X - x) + coefficient
        shifted = [Fraction(0), *found]
        for k, value in enumerate(found):
            shifted[k] -= value * x
        shifted[0] += coefficient
        found = shifted
    while found and not found[-1]:
        found.pop()
    return tuple(found)


def exponent(xs: Sequence[Fraction], ys: Sequence[int]) -> float | None:
    """The slope of the line that fits the logarithms best (least squares)."""
    if any(y <= 0 for y in ys) or any(x <= 0 for x in xs) or len(set(xs)) < 2:
        return None
    us, vs = [log(x) for x in xs], [log(y) for y in ys]
    middle_u, middle_v = sum(us) / len(us), sum(vs) / len(vs)
    above = sum((u - middle_u) * (v - middle_v) for u, v in zip(us, vs, strict=True))
    return above / sum((u - middle_u) ** 2 for u in us)


def growth(xs: Sequence[Fraction], ys: Sequence[int], doubled: int | None) -> Growth:
    """How ``ys`` grow with ``xs``; ``doubled`` is the figure at twice the first of these."""
    return Growth(
        tuple(ys),
        polynomial(xs, ys),
        exponent(xs, ys),
        Fraction(doubled, ys[0]) if doubled is not None and ys[0] else None,
    )


@dataclass(frozen=True)
class Line:
    """Figures along a setting, by its value."""

    xs: list[Fraction]
    texts: list[str]
    figures: dict[str, list[int]]
    doubled: dict[str, int]
    """The figures at twice the first value, if there is such a network."""
    reasons: list[str]
    """Why values were refused."""


def measured(
    make: Callable[[Axis], Sweep], name: str, column: Column, metrics: Iterable[Metric]
) -> Line:
    """Walks the values of a setting. Raises `Complaint` if fewer than two give a network."""
    names = [metric.name for metric in metrics]
    reasons: list[str] = []
    found: dict[Fraction, tuple[str, dict[str, int]]] = {}

    def walk(column: Column) -> None:
        for chunk in make(Axis(len(column.values), {name: column})).chunks(names):
            texts = chunk.texts(name, np.arange(chunk.size))
            for row, code in enumerate(chunk.codes.tolist()):
                if code:
                    reasons.append(chunk.reasons[code][0])
                    continue
                figures = {key: int(values[row]) for key, values in chunk.figures.items()}
                found[Fraction(texts[row].replace("_", ""))] = (texts[row], figures)

    walk(column)
    xs = sorted(found)
    if len(xs) < 2:
        why = f": {reasons[0]}" if reasons else ""
        message = f"fewer than two values of {name} give a network{why}"
        raise Complaint(Problem(message, code="value"))
    refused = list(reasons)
    twice = 2 * xs[0]
    if twice not in found:
        text = str(twice) if twice.denominator == 1 and "." not in found[xs[0]][0] else None
        walk(Column(Listed([text or repr(float(twice))])))
    return Line(
        xs,
        [found[x][0] for x in xs],
        {key: [found[x][1][key] for x in xs] for key in names},
        found[twice][1] if twice in found else {},
        refused,
    )


POWERS: Final = {2: "square", 3: "cube", 4: "fourth power"}
MAIN: Final = Fraction(9, 10)
"""The share from which on the highest term is all that is worth a word."""


def words(title: str, name: str, xs: Sequence[Fraction], found: Growth) -> str:
    """In a sentence: ``MACs grow with the square of input.height; doubling it costs 4.0x``."""
    costs = ""
    if found.doubled is not None:
        costs = f"; doubling it costs {_times(found.doubled)}"
    if found.polynomial is not None:
        if len(found.polynomial) <= 1:
            return f"{title} do not depend on {name}."
        return f"{title} {_of_polynomial(name, xs, found)}{costs}."
    if found.exponent is None:
        return f"{title} follow no power of {name}{costs}."
    if abs(found.exponent) < 0.005:
        return f"{title} hardly depend on {name}{costs}."
    verb = "grow" if found.exponent > 0 else "fall"
    return f"{title} {verb} about as {name} to the power {abs(found.exponent):.2f}{costs}."


def _of_polynomial(name: str, xs: Sequence[Fraction], found: Growth) -> str:
    polynomial = found.polynomial or ()
    degree = len(polynomial) - 1
    verb = "grow" if polynomial[-1] > 0 else "fall"
    highest = polynomial[-1] * xs[0] ** degree
    if degree == 1:
        how = f"in proportion to {name}" if not polynomial[0] else f"linearly with {name}"
        return f"{verb} {how}"
    if found.values[0] and highest / found.values[0] >= MAIN:
        return f"{verb} with the {POWERS[degree]} of {name}"
    powers = [k for k in range(1, degree + 1) if polynomial[k]]
    named = [name if k == 1 else f"its {POWERS[k]}" if 1 in powers else POWERS[k] for k in powers]
    how = " and ".join(named) if 1 in powers else f"the {' and the '.join(named)} of {name}"
    if found.exponent is not None:
        how += f", here about as its power {found.exponent:.2f}"
    return f"{verb} with {how}"


def _times(ratio: Fraction) -> str:
    value = float(ratio)
    return f"{value:.1f}x" if value < 100 else f"{value:,.0f}x"


SUPERSCRIPTS: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def formula(name: str, found: Coefficients) -> str:
    """The polynomial as it is written: ``18,432·length² + 85,056·length``."""
    text = ""
    for degree in range(len(found) - 1, -1, -1):
        value = found[degree]
        if not value:
            continue
        size = abs(value)
        factors = [f"{size.numerator:,}"] if size.numerator > 1 or not degree else []
        if degree:
            factors.append(name if degree == 1 else f"{name}{_raised(degree)}")
        over = f"/{size.denominator:,}" if size.denominator > 1 else ""
        sign = " - " if value < 0 else " + "
        text += (sign if text else sign.strip("+ ")) + "·".join(factors) + over
    return text or "0"


def _raised(degree: int) -> str:
    return str(degree).translate(SUPERSCRIPTS)


BARS: Final = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[int]) -> str:
    """Heights of bars, from the smallest value to the largest."""
    low, high = min(values), max(values)
    if low == high:
        return BARS[3] * len(values)
    return "".join(BARS[(value - low) * (len(BARS) - 1) // (high - low)] for value in values)
