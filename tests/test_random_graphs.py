"""archcalc against PyTorch on networks that nobody wrote.

Both get the same random networks (`random_graphs`): torch as modules on its meta device, archcalc
as a spec. Output shape, weights, buffers and MACs of every layer must be equal; what torch refuses
archcalc must refuse. A stored file of torch's answers is tested where there is no torch.
"""

from __future__ import annotations

import importlib.util
from collections import Counter
from pathlib import Path

import pytest
from random_graphs import compare, store
from random_graphs.generator import network
from random_graphs.spec import to_spec

STORED = Path(__file__).parent / "data" / "random_graphs.jsonl.gz"

LIVE = range(500_000, 500_600)
"""Seeds that are built anew in every run; none is in the stored file."""

needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None,
    reason="torch is not installed (pip install torch==2.13.0); the stored answers are tested",
)


def batches(seeds: range, size: int) -> list[range]:
    return [seeds[i : i + size] for i in range(0, len(seeds), size)]


@needs_torch
@pytest.mark.parametrize("seeds", batches(LIVE, 50), ids=lambda r: f"{r.start}-{r.stop - 1}")
def test_live(seeds: range) -> None:
    from random_graphs.torch_nets import ask_torch

    for seed in seeds:
        net = network(seed)
        answer = ask_torch(net, count_flops=True)
        if not net.get("spoiled"):
            assert not answer.refused, f"seed {seed}: torch refuses it: {answer.refused}"
        variant, overrides = compare.written(net)
        theirs = compare.ask_archcalc(to_spec(net), variant, overrides)
        found = compare.difference(answer.rows, answer.refused, theirs)
        assert not found, f"seed {seed}: {found}\n{to_spec(net)}"


def test_stored() -> None:
    kinds: Counter[str] = Counter()
    count = refused = 0
    for record in store.stored(STORED):
        rows = store.rows(record)
        theirs = compare.ask_archcalc(record["spec"], record.get("variant"), record.get("set", {}))
        found = compare.difference(rows, record.get("refused", ""), theirs)
        assert not found, f"seed {record['seed']}: {found}\n{record['spec']}"
        kinds.update(row.kind for row in rows)
        count += 1
        refused += "refused" in record
    # The file itself must be worth the test: enough networks, of all sorts, some of them invalid.
    assert count == 2000
    assert 50 < refused < 500
    assert len(kinds) >= 60


def test_stored_specs_are_those_of_their_seeds() -> None:
    """The generator still makes the stored networks; if it is meant to make others, store anew."""
    for number, record in enumerate(store.stored(STORED)):
        if number % 100 == 0:
            assert to_spec(network(record["seed"])) == record["spec"], f"seed {record['seed']}"


@pytest.mark.parametrize("seed", range(20))
def test_a_seed_is_a_network(seed: int) -> None:
    assert network(seed) == network(seed)
    assert to_spec(network(seed)) == to_spec(network(seed))


def test_a_difference_is_found_and_made_small() -> None:
    """The comparison itself: a figure that is off by one must be told, in a short spec."""
    net = network(3)

    def off_by_one(tree: dict[str, object]) -> bool:
        rows = compare.ask_archcalc(to_spec(tree), None, {}).rows
        wrong = [r._replace(params=r.params + 1) if r.kind == "conv" else r for r in rows]
        return "params" in compare.difference(wrong, "", compare.Verdict(rows))

    assert off_by_one(net)
    small = compare.shrink(net, off_by_one)
    assert off_by_one(small)
    assert len(to_spec(small)) < len(to_spec(net))
