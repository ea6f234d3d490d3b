"""A sweep's row is what a single run says, over the bundled specs and what their settings take."""

from __future__ import annotations

import pytest

from archcalc.sweep.request import Sweep
from archcalc.sweep.space import Space
from sweep.single import NAMES, axis, bundled, differences, random_sweep

SIZE = 14
"""Configurations of a sweep."""
SEEDS = range(4)


@pytest.mark.parametrize("name", NAMES)
def test_random_configurations(name: str) -> None:
    for seed in SEEDS:
        sweep = random_sweep(name, seed, SIZE)
        if sweep is not None:
            assert differences(sweep, most=8 if seed % 2 else 1 << 18)[2] == []


def test_they_are_enough() -> None:
    sizes = {
        name: sum(s.space.size for seed in SEEDS if (s := random_sweep(name, seed, SIZE)))
        for name in NAMES
    }
    assert sum(sizes.values()) >= 2000
    assert sum(size > 0 for size in sizes.values()) >= 20


def test_some_of_them_are_refused() -> None:
    refused = 0
    for name in ("alexnet", "mobilenet_v2", "unet", "vit"):
        for seed in range(4, 8):
            sweep = random_sweep(name, seed, SIZE)
            assert sweep is not None
            _, no, wrong = differences(sweep)
            assert wrong == []
            refused += no
    assert refused >= 20


@pytest.mark.parametrize("name", [n for n in NAMES if bundled(n).variants])
def test_variants(name: str) -> None:
    spec = bundled(name)
    sweep = Sweep(spec, Space((axis(spec, variant=list(spec.variants)[:4]),)))
    assert differences(sweep)[2] == []
