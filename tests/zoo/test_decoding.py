"""Decoding steps of the encoder-decoders: one token more, and what ran before is there already.

The expectations are plain arithmetic over the papers' sizes, written here without archcalc.
"""

from __future__ import annotations

import pytest
from measured import spec

from archcalc.analysis.count import Figures, count
from archcalc.analysis.counting import Counting

PAST = 31


def totals(name: str, variant: str, **settings: int) -> Figures:
    overrides = {key: str(value) for key, value in settings.items()}
    built = spec(name).build(variant, overrides)
    assert not built.problems
    return count(built.graph).totals


def decoder(dim: int, inner: int, hidden: int, read: int) -> int:
    """MACs of one decoder layer for one token, with caches of its own and of the encoder's."""
    itself = 4 * dim * inner + 2 * inner * (PAST + 1)
    context = 2 * dim * inner + 2 * inner * read
    return itself + context + 2 * dim * hidden


@pytest.mark.parametrize(
    ("name", "variant", "layers", "dim", "inner", "hidden", "vocab", "read"),
    [
        ("t5", "t5-small", 6, 512, 8 * 64, 2048, 32128, 128),
        ("t5", "t5-3b", 24, 1024, 32 * 128, 16384, 32128, 128),
        ("bart", "bart-large", 12, 1024, 1024, 4096, 50265, 128),
        ("whisper", "whisper-tiny", 4, 384, 384, 4 * 384, 51865, 1500),
    ],
)
def test_a_step_costs_the_decoder_alone(
    name: str,
    variant: str,
    layers: int,
    dim: int,
    inner: int,
    hidden: int,
    vocab: int,
    read: int,
) -> None:
    step = totals(name, variant, past=PAST)
    assert step.mac == layers * decoder(dim, inner, hidden, read) + dim * vocab
    assert step.params == totals(name, variant).params


def test_the_first_step_reads_and_the_others_do_not() -> None:
    """A whole answer costs what reading and its steps cost one by one, the causal half of it."""
    half = Counting(causal="half")

    def macs(**settings: int) -> int:
        overrides = {key: str(value) for key, value in settings.items()}
        return count(spec("t5").build("t5-small", overrides).graph, half).totals.mac

    assert macs(target=5) == macs(target=1) + sum(macs(past=n) for n in range(1, 5))
