"""Two networks beside each other: which row of one answers to which of the other."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import NamedTuple

from archcalc.analysis.collapse import collapse
from archcalc.analysis.count import Result, Row


class Pair(NamedTuple):
    """Rows that stand beside each other; ``None`` where one network has nothing there."""

    first: Row | None
    second: Row | None


def align(first: Result, second: Result) -> list[Pair]:
    """The rows of both in order: those with the same path together, others by position."""
    matcher = SequenceMatcher(
        None, [row.path for row in first.rows], [row.path for row in second.rows], autojunk=False
    )
    pairs: list[Pair] = []
    for _, a, a_end, b, b_end in matcher.get_opcodes():
        for k in range(max(a_end - a, b_end - b)):
            pairs.append(
                Pair(
                    first.rows[a + k] if a + k < a_end else None,
                    second.rows[b + k] if b + k < b_end else None,
                )
            )
    return pairs


def level(first: Result, second: Result, most: int) -> tuple[Result, Result]:
    """Both collapsed to one depth at which neither has more than ``most`` rows, if there is one."""
    deepest = 1 + max((r.path.count(".") for x in (first, second) for r in x.rows), default=0)
    depth = min(deepest, 8)
    while depth > 1 and max(len(first.rows), len(second.rows)) > most:
        depth -= 1
        first, second = collapse(first, depth), collapse(second, depth)
    return first, second
