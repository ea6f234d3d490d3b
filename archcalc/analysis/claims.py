"""What a network is held to: what its spec expects, what others printed, what it may cost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from math import ceil, floor
from typing import Final, NamedTuple

from archcalc.analysis.published import figure

EQUAL: Final = "="
ROUNDS_TO: Final = "~"
AT_MOST: Final = "<="
AT_LEAST: Final = ">="

EXPECTED_BY: Final = "expected by the spec"
BUDGET_OF: Final = "budget of the spec"
ASKED: Final = "asked for"


class Claim(NamedTuple):
    """A figure that somebody states, beside what was computed."""

    name: str
    relation: str
    """``=`` exactly, ``~`` at the precision printed, ``<=`` and ``>=``."""
    stated: str
    """As it was written."""
    source: str
    computed: int | None
    """``None`` for what cannot be computed (an accuracy)."""
    left: int | None
    """How far the computed figure is on the good side of a bound; negative: over it."""
    holds: bool | None
    """``None`` if there is nothing to compare it with."""


def expected(expect: Mapping[str, int], totals: Mapping[str, int]) -> Iterator[Claim]:
    """What the spec expects, to the digit."""
    for name, value in expect.items():
        computed = totals.get(name)
        holds = computed == value
        off = None if computed is None or holds else -abs(computed - value)
        yield Claim(name, EQUAL, f"{value:,}", EXPECTED_BY, computed, off, holds)


def published(records: Iterable[Mapping[str, str]], totals: Mapping[str, int]) -> Iterator[Claim]:
    """What others have published, each at the precision at which it was printed."""
    for record in records:
        source = record.get("source", "")
        for name, printed in record.items():
            if name == "source":
                continue
            computed = totals.get(name)
            read = figure(printed) if computed is not None else None
            holds = read.holds(computed) if read and computed is not None else None
            yield Claim(name, ROUNDS_TO, printed, source, computed, None, holds)


def bounds(
    limits: Mapping[str, str], relation: str, source: str, totals: Mapping[str, int]
) -> Iterator[Claim]:
    """Bounds on figures, ``<=`` or ``>=``, with what is left."""
    for name, text in limits.items():
        bound = bound_of(text)
        computed = totals[name]
        assert bound is not None
        left = floor(bound) - computed if relation == AT_MOST else computed - ceil(bound)
        yield Claim(name, relation, text, source, computed, left, left >= 0)


def bound_of(text: str) -> Fraction | None:
    """The number that ``5M`` or ``300_000_000`` is; ``None`` if it is none."""
    read = figure(text)
    return read.value if read else None
