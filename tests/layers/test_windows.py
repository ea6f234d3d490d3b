"""The closed forms of windows, against counting one by one."""

from __future__ import annotations

import math
import random

import pytest

from archcalc.analysis.trace import Traced, named
from archcalc.layers import KINDS
from archcalc.layers.windows import Window, floor_sum, gcd, windows
from archcalc.shapes import Shape


def test_taps_are_the_pairs_that_meet_no_padding() -> None:
    pick = random.Random(1)
    seen = 0
    while seen < 500:
        size, kernel, stride, dilation = (pick.randint(1, 12) for _ in range(4))
        window = Window(
            "width", size, kernel, stride, dilation, 2 * pick.randint(0, 6), pick.random() < 0.3
        )
        if not window.same and size + window.padding < window.span:
            continue
        seen += 1
        meet = sum(
            0 <= o * stride + t * dilation - window.before < size
            for o in range(window.out)
            for t in range(kernel)
        )
        assert window.taps() == meet, window


def test_a_huge_window_takes_no_loop() -> None:
    window = Window("width", 10**9, 10**9 + 1, 1, 1, 10**9, False)
    n, half = 10**9, 5 * 10**8
    # Output o sees o - half .. o + half: the first half of the outputs misses half - o positions
    # on its left, the others as many on their right.
    assert window.taps() == n * (n + 1) - 2 * (half * (half + 1) // 2)


def test_floor_sum_and_gcd() -> None:
    pick = random.Random(2)
    for _ in range(300):
        n, m, a, b = (
            pick.randint(0, 20),
            pick.randint(1, 20),
            pick.randint(0, 30),
            pick.randint(0, 30),
        )
        assert floor_sum(n, m, a, b) == sum((a * i + b) // m for i in range(n))
        assert gcd(n, m) == math.gcd(n, m)


def test_floor_sums_of_arrays_divide_by_nothing_that_is_zero() -> None:
    np = pytest.importorskip("numpy", reason="sweeps are an extra, and NumPy is not installed")
    pick = np.random.default_rng(3)
    n, m, a, b = (pick.integers(low, 30, 500) for low in (0, 1, 0, 0))
    with np.errstate(all="raise"):
        sums, divisors = floor_sum(n, m, a, b), gcd(n, m)
    for i, (ni, mi, ai, bi) in enumerate(zip(n, m, a, b, strict=True)):
        assert sums[i] == sum((ai * k + bi) // mi for k in range(ni))
        assert divisors[i] == math.gcd(ni, mi)


@pytest.mark.parametrize(
    "kind, count", [("adaptive_avg_pool", "add"), ("adaptive_max_pool", "cmp")]
)
def test_adaptive_bins_are_those_of_torch(kind: str, count: str) -> None:
    for size in range(1, 15):
        for bins in range(1, 15):
            covered = sum(
                math.ceil((i + 1) * size / bins) - math.floor(i * size / bins) for i in range(bins)
            )
            layer = KINDS[kind](output_size=bins)
            x = Shape.of(channels=3, length=size)
            found = {o.kind: o.product.value for o in layer.operations(layer.output(x), x)}
            assert found[count] == 3 * (covered - bins)


def test_formulas_have_names_for_a_window_and_half_a_window() -> None:
    kernel, dilation = Traced(named("kernel_l", 5)), Traced(named("dilation_l", 2))
    (window,) = windows(Shape.of(channels=1, length=9), kernel, 1, "half", dilation)
    assert (window.span, window.padding) == (9, 8)
    assert window.span.formula.name == "window_l"
    assert [*window.padding.formula.definitions()] == ["padding_l"]
