"""How each figure comes about: ``explained.txt`` says it for every row of the table of facts.

The factors' names are what ``explain`` shows and other formats hold, and what is counted besides
the plain operations has its line here: exact and causal operations, activations, active weights,
and the layers that other tools see. The totals are those that ``facts.py`` has by hand.

``python -m tests.layers.test_explained`` writes the file anew; read the difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from archcalc.layers import Layer
from archcalc.shapes import Shape
from archcalc.terms import Operation, Weight

from .facts import FACTS, Fact

FILE = Path(__file__).with_name("explained.txt")


def small(shape: Shape) -> str:
    """``c64 h56 w56``, as the facts write it."""
    return " ".join(f"{letter[-1]}{size}" for letter, size in shape.factors("").items())


def heading(fact: Fact) -> str:
    return f"{fact.layer!r}  {fact.inputs}  ->  {fact.output}"


def weight_lines(weights: Iterable[Weight]) -> Iterator[tuple[str, str]]:
    for name, product, buffer, active, frozen in weights:
        yield "buffer" * buffer or "frozen" * frozen or "weight", f"{name}: {product}"
        if active is not None:
            yield "  active", f"{name}: {active}"


def operation_lines(operations: Iterable[Operation]) -> list[str]:
    return [f"{kind} {part}".rstrip() + f": {product}" for kind, product, part in operations]


def lines(layer: Layer, y: Shape, xs: tuple[Shape, ...]) -> Iterator[tuple[str, str]]:
    """What a line is about, and what it says."""
    yield from weight_lines(layer.weights(*xs))
    plain = operation_lines(layer.operations(y, *xs))
    yield from (("counts", line) for line in plain)
    for word, rule in (("exact", layer.exact_operations), ("causal", layer.causal_operations)):
        other = operation_lines(rule(y, *xs))
        assert len(other) == len(plain)
        yield from ((word, new) for old, new in zip(plain, other, strict=True) if old != new)
    yield from (("writes", str(product)) for product in layer.activations(y, *xs))
    for part, out, ins in layer.made_of(y, *xs):
        if part is not layer:
            shapes = " | ".join(map(small, ins))
            yield "seen as", f"{part!r}  {shapes}  ->  {small(out)}"


def explained(fact: Fact) -> str:
    layer, xs = fact.layer, fact.shapes
    found = lines(layer, layer.output(*xs), xs)
    return "\n".join([heading(fact), *(f"  {word:8} {text}" for word, text in found)])


def written() -> dict[str, str]:
    """The paragraphs of the file by their headings."""
    paragraphs = FILE.read_text("utf-8").strip().split("\n\n")
    return {paragraph.split("\n")[0]: paragraph for paragraph in paragraphs}


WRITTEN = written() if FILE.exists() else {}


@pytest.mark.parametrize("fact", FACTS, ids=str)
def test_figures_are_explained_by_their_factors(fact: Fact) -> None:
    assert explained(fact) == WRITTEN[heading(fact)]


def test_the_file_explains_each_fact_and_nothing_else() -> None:
    assert [*WRITTEN] == [heading(fact) for fact in FACTS]


if __name__ == "__main__":
    FILE.write_text("\n\n".join(map(explained, FACTS)) + "\n", "utf-8")
