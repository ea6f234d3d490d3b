"""Whether a published figure is the computed one, at the precision at which it was printed."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final, NamedTuple

UNITS: Final = {"": 0, "k": 3, "m": 6, "g": 9, "b": 9, "t": 12}
"""Powers of ten; ``B`` is the billion of language models."""

_FIGURE: Final = re.compile(r"\s*~?\s*(\d[\d,_]{0,30})(?:\.(\d{1,12}))?\s*([kKmMgGbBtT]?)\s*")


class Figure(NamedTuple):
    """A number as printed, and the step of its last digit that says something."""

    value: Fraction
    step: Fraction

    def holds(self, computed: int) -> bool:
        """Whether ``computed`` rounds to it, halves either way."""
        return 2 * abs(Fraction(computed) - self.value) <= self.step


def figure(text: str) -> Figure | None:
    """Reads ``138M``, ``25.6M``, ``~60k``, ``61_100_840``; ``None`` if it is no such number.

    The digits behind a point all count. Without a point, zeros at the end do not: ``60M`` has
    one digit and stands for 55M to 65M.
    """
    found = _FIGURE.fullmatch(text)
    if not found:
        return None
    whole = found[1].replace(",", "").replace("_", "")
    decimals = found[2] or ""
    power = UNITS[found[3].lower()]
    if decimals:
        digits = len(decimals)
    else:
        digits = -(len(whole) - len(whole.rstrip("0"))) if whole.strip("0") else 0
    value = Fraction(int(whole + decimals), 10 ** len(decimals)) * 10**power
    return Figure(value, Fraction(10) ** (power - digits))
