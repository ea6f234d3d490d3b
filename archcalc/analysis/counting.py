"""What is counted and what is not: the choices that a figure depends on, and the words for them."""

from __future__ import annotations

from typing import Final, NamedTuple

NAME: Final = "archcalc"
"""The convention that the figures follow unless another one is asked for: ``docs/counting.md``."""


class Counting(NamedTuple):
    """How operations are counted; the choices' words stand in `CHOICES`."""

    bn: str = "folded"
    padding: str = "dense"
    causal: str = "full"
    convention: str = NAME
    """Whose figure stands beside the MACs (`archcalc.analysis.conventions`)."""

    @property
    def choices(self) -> dict[str, str]:
        """The answers to archcalc's own questions."""
        return {name: getattr(self, name) for name in CHOICES}


class Choice(NamedTuple):
    """One question that tools answer differently; the first answer is archcalc's own."""

    answers: tuple[str, ...]
    help: str
    words: dict[str, str]
    """What the line below a table says, for an answer that is not archcalc's own."""


CHOICES: Final = {
    "bn": Choice(
        ("folded", "unfolded"),
        "BatchNorm at inference: folded into the layer before it, or one multiplication and one "
        "addition per element",
        {"unfolded": "batch norm as one multiplication and one addition per element"},
    ),
    "padding": Choice(
        ("dense", "exact"),
        "Products with padded zeros: counted like any other (dense), or left out (exact)",
        {"exact": "products with padded zeros left out"},
    ),
    "causal": Choice(
        ("full", "half"),
        "Causal attention: all products, or only those that the mask keeps (half)",
        {"half": "attention products behind the causal mask left out"},
    ),
}


def statement(counting: Counting, batch: int = 1) -> str:
    """The sentence that names the convention and its unit, for the last line of a table."""
    samples = "one sample" if batch == 1 else f"a batch of {batch:,} samples"
    if counting.convention != NAME:
        from archcalc.analysis.conventions import CONVENTIONS

        its = CONVENTIONS[counting.convention]
        moving = "; parameters include BatchNorm's moving statistics" if its.buffers else ""
        return f"{counting.convention} convention: {its.unit}{moving}; {samples}"
    choices = counting.choices
    said = [c.words[choices[name]] for name, c in CHOICES.items() if choices[name] in c.words]
    return "; ".join(
        (
            f"{NAME} convention: MACs of conv, linear and matrix products",
            "biases, norms and activations are no MACs",
            *said,
            samples,
        )
    )
