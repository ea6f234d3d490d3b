"""``cached``: a step whose output is there already. Its weights count, its operations do not."""

from __future__ import annotations

import pytest

from archcalc.analysis.count import Figures, count
from archcalc.language import load
from archcalc.problems import Complaint, Source

NET = """archcalc: 1
name: net
settings: {past: 0}
input: {features: 4}
layers:
  - {linear: 8, CACHED}
  - linear: 3
"""


def totals(cached: str, past: int = 0) -> Figures:
    spec = load(Source("net.yaml", NET.replace("CACHED", cached)), None)
    built = spec.build(None, {"past": str(past)})
    assert not built.problems
    return count(built.graph).totals


@pytest.mark.parametrize(
    ("cached", "past", "macs"),
    [
        ("note: none", 0, 4 * 8 + 8 * 3),
        ("cached: false", 0, 4 * 8 + 8 * 3),
        ("cached: true", 0, 8 * 3),
        ("cached: past > 0", 0, 4 * 8 + 8 * 3),
        ("cached: past > 0", 1, 8 * 3),
    ],
)
def test_operations_are_left_out(cached: str, past: int, macs: int) -> None:
    found = totals(cached, past)
    assert found.mac == macs
    assert found.params == 4 * 8 + 8 + 8 * 3 + 3


def test_everything_in_a_chain_is_cached() -> None:
    found = totals("cached: true}\n  - {do: [{linear: 5}, relu], repeat: 2, cached: true")
    assert (found.mac, found.cmp, found.activations) == (5 * 3, 0, 3)


def test_the_condition_is_true_or_false() -> None:
    with pytest.raises(Complaint, match="true or false"):
        totals("cached: 3")
