"""Figures beyond 64 bits: exact, never wrapped."""

from __future__ import annotations

import pytest

from archcalc.analysis.metrics import METRICS
from archcalc.sweep.request import Sweep
from archcalc.sweep.space import Space
from sweep.single import axis, differences, spec_of

NET = """
settings: {filters: 64, kernel: 3, groups: 1}
input: {channels: 3, height: 224, width: 224}
layers:
  - {conv: [filters, kernel], groups: groups, norm: batch}
  - conv: [filters, 1]
  - global_avg_pool
  - linear: 10
""".replace(", groups: groups, norm: batch", "")

FILTERS = [str(2**k) for k in (0, 5, 20, 31, 32, 40, 45, 53)]


def test_filters_up_to_the_largest_number_of_a_spec() -> None:
    spec = spec_of(NET)
    sizes = ["3", "224", str(2**31), str(2**45)]
    sweep = Sweep(
        spec, Space((axis(spec, filters=[*FILTERS, str(2**54)]), axis(spec, input__height=sizes)))
    )
    looked_at, refused, wrong = differences(sweep)
    assert wrong == []
    assert looked_at == 36
    assert refused == 4  # 2^54 is more than a spec may hold
    largest = max(int(v) for c in sweep.chunks(METRICS) for v in c.figures["macs"])
    assert largest > 2**63


def test_products_beyond_64_bits_beside_small_ones() -> None:
    spec = spec_of(NET)
    filters = [*map(str, range(1, 400)), str(2**45)]
    heights = [*map(str, range(3, 300)), str(2**40)]
    sweep = Sweep(spec, Space((axis(spec, filters=filters), axis(spec, input__height=heights))))
    (chunk,) = sweep.chunks(["macs"])
    found = chunk.figures["macs"].reshape(400, 298)
    for row, n in enumerate(map(int, filters)):
        for column, h in ((0, 3), (200, 203), (297, 2**40)):
            out = (h - 2) * 222
            assert int(found[row, column]) == out * n * 9 * 3 + out * n * n + 10 * n


@pytest.mark.parametrize("seed", range(3))
def test_random_large_ones(seed: int) -> None:
    from random import Random

    random = Random(seed)
    spec = spec_of(NET)
    texts = {
        "filters": [str(2 ** random.randint(0, 53)) for _ in range(60)],
        "input__height": [str(random.randint(3, 2 ** random.randint(3, 53))) for _ in range(60)],
        "input__channels": [str(2 ** random.randint(0, 53)) for _ in range(60)],
    }
    assert differences(Sweep(spec, Space((axis(spec, **texts),))))[2] == []


def test_a_raised_limit_is_kept_to() -> None:
    from archcalc.language import load_bytes
    from archcalc.limits import LIMITS

    text = "archcalc: 1\nname: net\n" + NET.replace("[filters, 1]", "[filters*filters, 1]")
    spec = load_bytes(text.encode(), "net.yaml", None, LIMITS._replace(integer=10**18))
    filters = [str(10**k) for k in range(19)]
    assert differences(Sweep(spec, Space((axis(spec, filters=filters),))))[2] == []
