"""Each row of the table of facts, with plain integers and with arrays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from archcalc.graph import Graph
from archcalc.layers import KINDS, Layer
from archcalc.shapes import Shape
from archcalc.terms import OPERATION_KINDS

from .facts import FACTS, Fact, shape


def counts(layer: Layer, y: Shape, *xs: Shape) -> dict[str, int]:
    """Params, buffers and operations by kind."""
    found: dict[str, int] = dict.fromkeys(("params", "buffers", *OPERATION_KINDS), 0)
    for weight in layer.weights(*xs):
        found["buffers" if weight.buffer else "params"] += weight.product.value
    for operation in layer.operations(y, *xs):
        found[operation.kind] += operation.product.value
    return found


@pytest.mark.parametrize("fact", FACTS, ids=str)
def test_a_layer_gives_what_was_worked_out_by_hand(fact: Fact) -> None:
    graph = Graph()
    inputs = tuple(graph.add_input(f"in{i}", x) for i, x in enumerate(fact.shapes))
    node = graph.append(fact.layer, inputs, fact.kind)
    assert node.output == shape(fact.output)
    found = counts(fact.layer, node.output, *fact.shapes)
    assert {name: n for name, n in found.items() if n} == fact.counts


def test_every_kind_has_a_row() -> None:
    assert KINDS.keys() == {fact.kind for fact in FACTS}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_manual_page_and_explains_its_arguments(kind: str) -> None:
    cls = KINDS[kind]
    assert len(cls.manual()) > 15
    for name, field in cls.fields.items():
        assert field.name == name.rstrip("_")
        assert field.help or getattr(field, "words", None), f"{kind}.{name} says nothing"


# Both number types: the numbers of a row are varied, and each configuration is worked out once
# with int and once as an element of arrays that hold them all.


def varied(fact: Fact) -> list[tuple[dict[str, Any], tuple[Shape, ...]]]:
    """The row itself, and with each of its numbers changed, alone and with all others."""
    places = [*numbers(fact.arguments)]
    found = [(fact.arguments, fact.shapes)]
    for scale, more in ((1, 1), (2, 0), (3, 0), (1, 5)):
        for name, i in places:
            found.append((changed(fact.arguments, name, i, scale, more), fact.shapes))
        for axis in {axis for x in fact.shapes for axis in x.names}:
            sizes = tuple(
                x.with_sizes(**{axis: x[axis] * scale + more}) if axis in x and x[axis] > 1 else x
                for x in fact.shapes
            )
            found.append((fact.arguments, sizes))
    return found


def numbers(arguments: dict[str, Any]) -> Iterator[tuple[str, int | str | None]]:
    for name, value in arguments.items():
        if isinstance(value, int) and not isinstance(value, bool):
            yield name, None
        elif isinstance(value, tuple):
            yield from ((name, i) for i in range(len(value)))
        elif isinstance(value, Shape):
            yield from ((name, axis) for axis in value.names)


def changed(
    arguments: dict[str, Any], name: str, i: int | str | None, scale: int, more: int
) -> dict[str, Any]:
    value = arguments[name]
    if i is None:
        value = value * scale + more
    elif isinstance(value, Shape):
        value = value.with_sizes(**{str(i): value[str(i)] * scale + more})
    else:
        value = tuple(n * scale + more if i == j else n for j, n in enumerate(value))
    return {**arguments, name: value}


def stacked(np: Any, values: list[Any]) -> Any:
    """The same place of all configurations as one array, words and flags as they are."""
    first = values[0]
    if isinstance(first, Shape):
        columns = zip(*(v.sizes for v in values), strict=True)
        return Shape(first.names, tuple(np.array(c, dtype=np.int64) for c in columns))
    if isinstance(first, tuple):
        return tuple(np.array(column, dtype=np.int64) for column in zip(*values, strict=True))
    if isinstance(first, int) and not isinstance(first, bool):
        return np.array(values, dtype=np.int64)
    return first


def holds(layer: Layer, xs: tuple[Shape, ...]) -> Iterator[Any]:
    for requirement in layer.bounds():
        yield requirement.holds
    for requirement in layer.requires(*xs):
        yield requirement.holds


def every_figure(layer: Layer, xs: tuple[Shape, ...]) -> Iterator[tuple[str, Any]]:
    """Everything that the rules say, named, in order."""
    y = layer.output(*xs)
    for name, size in y.items():
        yield f"output {name}", size
    for weight in layer.weights(*xs):
        yield f"weight {weight.name}", weight.product.value
        if weight.active is not None:
            yield f"active {weight.name}", weight.active.value
    for rule in (layer.operations, layer.exact_operations, layer.causal_operations):
        for operation in rule(y, *xs):
            yield f"{rule.__name__} {operation.kind} {operation.part}", operation.product.value
    for product in layer.activations(y, *xs):
        yield "activations", product.value


@pytest.mark.parametrize("fact", FACTS, ids=str)
def test_rules_say_the_same_with_arrays_as_with_integers(fact: Fact) -> None:
    np = pytest.importorskip("numpy", reason="sweeps are an extra, and NumPy is not installed")
    rows = varied(fact)
    assert len(rows) > 4
    names = fact.arguments
    together = KINDS[fact.kind](**{n: stacked(np, [a[n] for a, _ in rows]) for n in names})
    shapes = tuple(stacked(np, [xs[i] for _, xs in rows]) for i in range(len(fact.shapes)))
    # An array may not change under a rule that takes it for a number.
    for x in shapes:
        for size in x.sizes:
            size.flags.writeable = False
    with np.errstate(all="ignore"):
        fit = np.ones(len(rows), dtype=bool)
        for each in holds(together, shapes):
            fit &= each
        figures = list(every_figure(together, shapes))
    assert fit[0]
    for i, (arguments, xs) in enumerate(rows):
        single = KINDS[fact.kind](**arguments)
        assert fit[i] == all(holds(single, xs)), (arguments, xs)
        if fit[i]:
            expected = list(every_figure(single, xs))
            found = [(name, int(np.broadcast_to(n, len(rows))[i])) for name, n in figures]
            assert found == expected, (arguments, xs)
            assert all(type(n) is int for _, n in expected)
