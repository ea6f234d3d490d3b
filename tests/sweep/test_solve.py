"""Budgets and growth, against looking at every value by itself."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import numpy as np
import pytest

from archcalc.analysis.metrics import METRICS
from archcalc.language import Spec
from archcalc.problems import Complaint
from archcalc.sweep.request import Sweep, column
from archcalc.sweep.scaling import formula, growth, measured, polynomial, sparkline, words
from archcalc.sweep.solve import COARSE, Family, Rule, Solution, solve
from archcalc.sweep.space import Axis, Column
from archcalc.sweep.values import read
from sweep.single import Single, bundled, spec_of

FIGURES = ["params", "macs", "activations"]


def family(spec: Spec, name: str, text: str) -> Family:
    values = column(spec, name, text, fine=True).values
    return Family(
        len(values),
        lambda index: {name: Column(values, index)},
        lambda space: Sweep(spec, space),
        FIGURES,
    )


def alone(spec: Spec, name: str, text: str) -> dict[str, int]:
    figures = Single(spec, None, {name: text}).figures
    return {figure: figures[figure] for figure in FIGURES}


def check(spec: Spec, name: str, text: str, solution: Solution, budget: dict[str, int]) -> None:
    """What was found fits, what follows does not give the same, and both are so alone."""
    found, following = solution.found, solution.next
    assert found is not None
    assert found.figures == alone(spec, name, found.settings[name])
    assert all(found.figures[n] <= most for n, most in budget.items())
    for point in (solution.first, solution.last):
        assert point is not None and point.figures == found.figures
    if following is not None:
        assert following.figures == alone(spec, name, following.settings[name])
        assert following.figures != found.figures
        assert any(following.figures[n] > most for n, most in budget.items())


@pytest.mark.parametrize("budget", [{"macs": 300_000_000}, {"params": 5_000_000}, {"macs": 10**8}])
def test_a_width_for_a_budget(budget: dict[str, int]) -> None:
    spec = bundled("mobilenet_v2")
    solution = solve(family(spec, "width", "0.1:4"), budget)
    check(spec, "width", "0.1:4", solution, budget)
    assert solution.rises
    assert solution.looked_at < 4 * COARSE


def test_several_budgets_hold_together() -> None:
    spec = bundled("mobilenet_v2")
    budget = {"macs": 300_000_000, "params": 2_000_000}
    solution = solve(family(spec, "width", "0.1:4"), budget)
    check(spec, "width", "0.1:4", solution, budget)
    assert solution.found is not None
    assert solution.found.figures["params"] > 1_900_000


def test_every_budget_of_a_staircase() -> None:
    spec = spec_of(
        "settings: {n: 4}\ninput: {channels: 3, height: 8, width: 8}\n"
        "layers: [{conv: ['n // 3 * 8 + 8', 3]}]\n"
    )
    figures = [alone(spec, "n", str(n))["params"] for n in range(1, 31)]
    for most in range(min(figures) - 1, max(figures) + 2, 7):
        solution = solve(family(spec, "n", "1:30"), {"params": most})
        fitting = [f for f in figures if f <= most]
        if not fitting:
            assert solution.found is None
            assert solution.least is not None
            assert solution.least.figures["params"] == min(figures)
            continue
        assert solution.found is not None
        assert solution.found.figures["params"] == max(fitting)
        above = [f for f in figures if f > most]
        assert (solution.next is None) == (not above)
        if solution.next is not None:
            assert solution.next.figures["params"] == min(above)


def test_a_figure_that_falls_in_between() -> None:
    spec = spec_of(
        "settings: {n: 4}\ninput: {features: 8}\nlayers: [{linear: '1 + n * 7919 % 4999'}]\n"
    )
    best = max(f for n in range(1, 4999) if (f := 9 * (1 + n * 7919 % 4999)) <= 20_000)
    solution = solve(family(spec, "n", "1:4998"), {"params": 20_000})
    assert not solution.rises
    assert solution.found is not None and solution.found.figures["params"] == best


def test_refused_values_are_passed_over() -> None:
    spec = spec_of(
        "settings: {n: 4}\ninput: {channels: 12, height: 8, width: 8}\n"
        "layers: [{conv: {out_channels: 12*n, kernel_size: 1, groups: n}}]\n"
    )
    solution = solve(family(spec, "n", "1:40"), {"params": 250})
    assert solution.found is not None
    assert solution.found.settings == {"n": "6"}  # divisors of 12 alone can be
    assert solution.refused == 34
    assert "not a multiple" in solution.reason


def test_a_rule_scales_settings_together() -> None:
    spec = spec_of(
        "settings: {width: 1.0, depth: 1.0}\ninput: {channels: 3, height: 32, width: 32}\n"
        "layers:\n  - {conv: ['round(16*width)', 3], repeat: 'ceil(2*depth)'}\n"
    )
    text = "depth=1.2**phi, width=width*1.1**phi, input.height=round(32*1.15**phi)"
    rule = Rule(text, "phi", spec.limits, spec.build().settings)
    values = read("0:7", fine=True, real=True)
    scaled = Family(
        len(values),
        lambda index: rule.columns(values, index),
        lambda space: Sweep(spec, space),
        FIGURES,
        ["phi"],
    )
    solution = solve(scaled, {"macs": 30_000_000})
    assert solution.found is not None and solution.next is not None
    for point in (solution.found, solution.next):
        settings = dict(point.settings)
        phi = float(settings.pop("phi"))
        assert settings["depth"] == repr(1.2**phi)
        figures = Single(spec, None, settings).figures
        assert {n: figures[n] for n in FIGURES} == point.figures
    assert solution.found.figures["macs"] <= 30_000_000


def test_rules_that_are_none() -> None:
    spec = bundled("mobilenet_v2")
    for text, why in (
        ("width", "is not SETTING=EXPRESSION"),
        ("width=1.1**", "cannot read"),
        ("width=phy", "there is no name 'phy'"),
        ("width=1/phi", "division by zero"),
    ):
        with pytest.raises(Complaint, match=why):
            Rule(text, "phi", spec.limits, {}).columns(read("0:3"), np.arange(4))


# Growth.


def test_polynomials_are_found_exactly() -> None:
    random = Random(3)
    for _ in range(200):
        degree = random.randrange(5)
        wanted = [Fraction(random.randint(-9, 9), random.randint(1, 4)) for _ in range(degree + 1)]
        while wanted and not wanted[-1]:
            wanted.pop()
        xs = sorted(random.sample(range(1, 200), 9))
        scale = 12
        ys = [int(scale * sum(c * x**k for k, c in enumerate(wanted))) for x in xs]
        found = polynomial([Fraction(x) for x in xs], ys)
        assert found == tuple(scale * c for c in wanted)
        ys[-1] += 1
        assert polynomial([Fraction(x) for x in xs], ys) is None or degree > 4


@pytest.mark.parametrize(
    ("ys", "said", "written"),
    [
        ([4, 16, 36, 64, 100], "MACs grow with the square of h; doubling it costs 4.0x.", "4·h²"),
        ([3, 6, 9, 12, 15], "MACs grow in proportion to h; doubling it costs 2.0x.", "3·h"),
        ([5, 7, 9, 11, 13], "MACs grow linearly with h; doubling it costs 1.4x.", "2·h + 3"),
        ([7] * 5, "MACs do not depend on h.", "7"),
        ([0] * 5, "MACs do not depend on h.", "0"),
        ([2, 6, 12, 20, 30], "MACs grow with h and its square, here about", "h² + h"),
        ([1, 3, 6, 10, 15], "MACs grow with h and its square, here about", "h²/2 + h/2"),
        ([2, 4, 8, 16, 32], "MACs grow about as h to the power 1.68; doubling it costs 2.0x.", ""),
        ([9, 8, 7, 6, 5], "MACs fall linearly with h", "-h + 10"),
        ([1, 8, 27, 64, 125, 216], "MACs grow with the cube of h; doubling it costs 8.0x.", "h³"),
    ],
)
def test_growth_in_words(ys: list[int], said: str, written: str) -> None:
    xs = [Fraction(x) for x in range(1, len(ys) + 1)]
    found = growth(xs, ys, ys[1])
    assert words("MACs", "h", xs, found).startswith(said)
    assert (formula("h", found.polynomial) if found.polynomial is not None else "") == written


def test_figures_of_a_network_grow_as_they_do() -> None:
    spec = bundled("resnet")
    metrics = [METRICS[name] for name in FIGURES]
    values = column(spec, "input.height", "32:256:32")
    line = measured(
        lambda axis: Sweep(spec, _space(axis), variant="resnet50"), "input.height", values, metrics
    )
    assert line.figures["params"] == [25_557_032] * 8
    for x, macs in zip(line.xs, line.figures["macs"], strict=True):
        assert macs == Single(spec, "resnet50", {"input.height": str(x)}).figures["macs"]
    found = growth(line.xs, line.figures["macs"], line.doubled["macs"])
    assert found.polynomial is not None and len(found.polynomial) == 2


def _space(axis: Axis):  # type: ignore[no-untyped-def]
    from archcalc.sweep.space import Space

    return Space((axis,))


def test_sparklines() -> None:
    assert sparkline([1, 2, 3, 4, 5, 6, 7, 8]) == "▁▂▃▄▅▆▇█"
    assert sparkline([5, 5]) == "▄▄"
    assert sparkline([10**30, 0]) == "█▁"
