"""Verdicts as a document: each figure of each network, what it is held to, and what is left."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from archcalc.analysis.claims import AT_LEAST, AT_MOST, EQUAL, ROUNDS_TO, Claim
from archcalc.analysis.metrics import METRICS
from archcalc.formats.about import title_of
from archcalc.formats.document import Cell, Change, Column, Exact, Line, Part, Table, Words
from archcalc.formats.numbers import exact
from archcalc.problems import Problem

MUST: dict[str, str] = {EQUAL: "", ROUNDS_TO: "about ", AT_MOST: "at most ", AT_LEAST: "at least "}


class Checked(NamedTuple):
    """One network: what it is held to, its totals, and what they were before a change."""

    label: str
    origin: Callable[[], dict[str, str | None]]
    """Which network it is, as data, where that is asked for."""
    claims: Sequence[Claim]
    totals: Mapping[str, int]
    before: Mapping[str, int] | None = None
    """The totals at the baseline; ``None`` if there is none."""


class Verdicts:
    """What ``check`` and ``verify`` show."""

    def __init__(self, checked: Sequence[Checked], *, baseline: str = "") -> None:
        self.checked = checked
        self.baseline = baseline

    @property
    def failed(self) -> int:
        """How many figures are not what they must be."""
        return sum(claim.holds is False for one in self.checked for claim in one.claims)

    @property
    def judged(self) -> int:
        """How many figures could be compared with something."""
        return sum(claim.holds is not None for one in self.checked for claim in one.claims)

    @property
    def failures(self) -> list[Problem]:
        """Each figure that is not what it must be."""
        return [
            Problem(
                f"{one.label}: {title_of(claim.name)} must be {MUST[claim.relation]}{claim.stated} "
                f"({claim.source}), and is {exact(claim.computed or 0)}",
                code="claim",
            )
            for one in self.checked
            for claim in one.claims
            if claim.holds is False
        ]

    def parts(self, rows: int | None) -> Sequence[Part]:
        parts: list[Part] = []
        lines = [line for one in self.checked for line in _lines(one)]
        columns = (
            Column("target", "Network", folds=True, runs=True),
            Column("figure", "Figure"),
            Column("computed", "Computed", right=True),
            Column("must", "Must be", right=True),
            Column("left", "Left", right=True, spare=1),
            Column("verdict", "Verdict"),
            Column("source", "By", spare=2, folds=True),
        )
        if lines:
            parts.append(Table(columns, lines))
        if self.baseline:
            parts.append(self._changes())
        parts.append(Words(self._sum(), "heading"))
        return parts

    def _changes(self) -> Table:
        lines = []
        for one in self.checked:
            label: Cell = one.label
            if one.before is None:
                lines.append(Line((label, "not there before", None, None, None)))
                continue
            for name, now in one.totals.items():
                was = one.before.get(name, 0)
                if was != now:
                    lines.append(
                        Line(
                            (label, METRICS[name].title, Exact(was), Exact(now), Change(now - was))
                        )
                    )
                    label = None
            if label is not None:
                lines.append(Line((label, "unchanged", None, None, None), "aside"))
        columns = (
            Column("target", f"Since {self.baseline}", folds=True, runs=True),
            Column("figure", "Figure"),
            Column("before", "Before", right=True),
            Column("now", "Now", right=True),
            Column("change", "Change", right=True),
        )
        return Table(columns, lines)

    def _sum(self) -> str:
        networks = f"{len(self.checked):,} network{'s' if len(self.checked) != 1 else ''}"
        figures = f"{self.judged:,} figure{'s' if self.judged != 1 else ''}"
        if not self.judged:
            return f"{networks}: nothing to check; give --max, or budget: or expect: in the spec"
        if not self.failed:
            return f"{figures} of {networks}: all hold"
        return f"{self.failed:,} of {figures} of {networks} fail{'s' if self.failed == 1 else ''}"

    def data(self) -> dict[str, Any]:
        return {
            "holds": not self.failed,
            "checked": self.judged,
            "failed": self.failed,
            "baseline": self.baseline or None,
            "targets": [
                {
                    "target": one.label,
                    "spec": one.origin(),
                    "totals": dict(one.totals),
                    "before": dict(one.before) if one.before is not None else None,
                    "claims": [claim._asdict() for claim in one.claims],
                }
                for one in self.checked
            ],
        }


def _lines(one: Checked) -> list[Line]:
    lines = []
    label: Cell = one.label
    for claim in one.claims:
        if claim.holds is None:
            continue
        computed = Exact(claim.computed) if claim.computed is not None else None
        left = Change(claim.left) if claim.left is not None else None
        must = f"{MUST[claim.relation]}{claim.stated}"
        verdict = "ok" if claim.holds else "FAILS"
        cells = (label, title_of(claim.name), computed, must, left, verdict, claim.source)
        lines.append(Line(cells, "" if claim.holds else "total"))
        label = None
    return lines
