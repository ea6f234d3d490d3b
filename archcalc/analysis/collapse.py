"""Fewer rows with the same total: by the parts of their paths, or by folding what is too many."""

from __future__ import annotations

from archcalc.analysis.count import Result, Row, prefix, total


def collapse(result: Result, depth: int) -> Result:
    """Rows that share the first ``depth`` parts of their path become one.

    It stands where the first of them stood; its output is that of the last.
    """
    groups: dict[str, list[Row]] = {}
    for row in result.rows:
        groups.setdefault(prefix(row.path, depth), []).append(row)
    rows = [_joined(path, members) for path, members in groups.items()]
    return Result(
        rows,
        result.totals,
        result.counting,
        result.batch,
        expand=result.expand,
        depth=depth,
    )


def _joined(path: str, rows: list[Row]) -> Row:
    if len(rows) == 1:
        return Row(path, rows[0].nodes, rows[0].figures, rows[0].layers)
    nodes = [node for row in rows for node in row.nodes]
    return Row(path, nodes, total(r.figures for r in rows), sum(r.layers for r in rows))


class Folded:
    """Rows to show, and one that stands for the rest."""

    def __init__(self, result: Result, rest: Row | None, before: int) -> None:
        self.result = result
        self.rest = rest
        """The sum of the rows left out; ``None`` if all are there."""
        self.before = before
        """How many rows come before the rest; the others come behind it."""


def fold(result: Result, limit: int) -> Folded:
    """At most about ``limit`` rows, still adding up to the total.

    First the deepest paths are collapsed, as far as needed; what is still too many is left out
    of the middle and summed up, so that both ends can be read.
    """
    if len(result.rows) <= limit:
        return Folded(result, None, len(result.rows))
    if result.depth is None:
        deepest = max(row.path.count(".") for row in result.rows) + 1
        for depth in range(min(deepest, 8) - 1, 0, -1):
            smaller = collapse(result, depth)
            # a single row says too little
            if 2 <= len(smaller.rows) <= limit:
                return Folded(smaller, None, len(smaller.rows))
    tail = limit // 4
    head = limit - tail
    left_out = result.rows[head : len(result.rows) - tail]
    shown = result.rows[:head] + result.rows[len(result.rows) - tail :]
    rest = _joined("", left_out)
    rows = Result(
        shown,
        result.totals,
        result.counting,
        result.batch,
        expand=result.expand,
        depth=result.depth,
    )
    return Folded(rows, rest, head)
