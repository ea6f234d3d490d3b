"""How the figures of a layer come about: its shape, its weights, its operations, as formulas.

Nothing is computed a second time. Counts are the products that the layer's rules state; formulas
of shapes are what its rule leaves behind when it runs on numbers that remember
(`archcalc.analysis.trace`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from archcalc.analysis.count import Result, Row, rule_of
from archcalc.analysis.counting import Counting
from archcalc.analysis.trace import (
    Formula,
    Traced,
    formula_of,
    named,
    number,
    of_product,
)
from archcalc.graph import Node
from archcalc.layers.base import Layer
from archcalc.layers.fields import Count, Padding, PerAxis
from archcalc.shapes import CONTENT, LETTERS, Shape
from archcalc.terms import Operation, Product, Weight


class Dimension(NamedTuple):
    """One size of what comes out."""

    name: str
    symbol: str
    """``out_h``."""
    formula: Formula
    stays: bool
    """Whether it is the input's."""


class Counted(NamedTuple):
    """So many operations of a kind."""

    operation: Operation
    formula: Formula


class Held(NamedTuple):
    """A tensor of weights."""

    weight: Weight
    formula: Formula


class Uses(NamedTuple):
    """How often each number of some weights is used for one sample."""

    weights: tuple[str, ...]
    """Which; empty: all."""
    formula: Formula


class Explained(NamedTuple):
    """Everything about one layer."""

    node: Node
    shape: tuple[Dimension, ...]
    weights: tuple[Held, ...]
    operations: tuple[Counted, ...]
    uses: tuple[Uses, ...]
    folded: bool
    """Whether it costs nothing because it is folded into the layer before it."""
    cached: bool
    """Whether its output is there from an earlier step, so that nothing is computed."""
    owner: str
    """The row whose weights it uses again, if it does."""

    def symbols(self) -> Iterator[str]:
        """The symbols of its formulas, in the order in which they are read."""
        seen: set[str] = set()
        formulas = [d.formula for d in self.shape if not d.stays]
        formulas += [d for formula in formulas for d in formula.definitions().values()]
        formulas += [f for _, f in self.weights]
        formulas += [f for _, f in self.operations]
        for formula in formulas:
            for name in formula.names():
                if name not in seen:
                    seen.add(name)
                    yield name


def explained(node: Node, counting: Counting) -> Explained:
    """How the figures of ``node`` come about."""
    layer = node.layer
    xs = tuple(source.output for source in node.inputs)
    weights = tuple(
        Held(weight, of_product(weight.product))
        for weight in layer.weights(*xs)
        if weight.product.value
    )
    operations = counted(node, counting)
    return Explained(
        node,
        tuple(_dimensions(layer, node.output, xs)),
        weights,
        operations,
        tuple(_uses(weights, operations)),
        counting.bn == "folded" and bool(getattr(layer, "folds", False)),
        node.cached,
        node.shared.path if node.shared else "",
    )


def counted(node: Node, counting: Counting) -> tuple[Counted, ...]:
    """The operations of ``node``, those of which there are none left out."""
    if node.cached:
        return ()
    rule = rule_of(node.layer, counting)
    return tuple(
        Counted(operation, of_product(operation.product))
        for operation in rule(node.output, *(source.output for source in node.inputs))
        if operation.product.value
    )


# Shapes.


def _dimensions(layer: Layer, y: Shape, xs: tuple[Shape, ...]) -> Iterator[Dimension]:
    inputs = tuple(_symbols(x, i, len(xs)) for i, x in enumerate(xs))
    for name, size in _remembering(layer, xs).output(*inputs).items():
        formula = formula_of(size)
        stays = name in inputs[0] and formula == formula_of(inputs[0][name])
        yield Dimension(name, _symbol("out", name), formula, stays)


def _symbol(prefix: str, dimension: str) -> str:
    return f"{prefix}_{dimension if dimension in CONTENT else LETTERS[dimension]}"


def _symbols(x: Shape, index: int, count: int) -> Shape:
    """An input whose sizes remember their names: ``in_h``, or ``in2_h`` where there are more."""
    prefix = "in" if count == 1 else f"in{index + 1}"
    return Shape(x.names, tuple(Traced(named(_symbol(prefix, n), s)) for n, s in x.items()))


def _remembering(layer: Layer, xs: tuple[Shape, ...]) -> Layer:
    """The same layer, its numbers remembering the names of their arguments.

    A number that changes nothing and was not given (a stride of 1, a padding of 0) has no name,
    so that it is not in the formula.
    """
    values: dict[str, Any] = {}
    axes = xs[0].positions if xs and "channels" in xs[0].names else ()
    for name, field in layer.fields.items():
        value = getattr(layer, name)
        values[name] = value
        if value is None or isinstance(value, bool | str) or _is_nothing(value, field.default):
            continue
        if isinstance(field, Count):
            values[name] = Traced(named(field.name, value))
        elif isinstance(field, PerAxis | Padding):
            values[name] = _along(field.name.removesuffix("_size"), value, axes)
    return type(layer)(**values)


def _is_nothing(value: Any, default: Any) -> bool:
    """Whether an argument was left at a default that changes nothing."""
    return bool(value == default and value in (0, 1))


def _along(name: str, value: int | tuple[int, ...], axes: tuple[str, ...]) -> Any:
    """A number for each axis, each with a name of its own: ``kernel_h``, ``kernel_w``."""
    if not isinstance(value, tuple):
        if not axes:
            return Traced(named(name, value))
        value = (value,) * len(axes)
    letters = [LETTERS[axis] for axis in axes] if len(axes) == len(value) else range(1, 99)
    return tuple(
        Traced(named(f"{name}_{letter}", size))
        for letter, size in zip(letters, value, strict=False)
    )


# Reuse.


def _uses(weights: Sequence[Held], operations: Sequence[Counted]) -> Iterator[Uses]:
    """How often the weights are used that stand in products; the same for all of them if it is."""
    macs = [o.operation.product for o in operations if o.operation.kind == "mac"]
    found: dict[Formula, list[str]] = {}
    matrices = 0
    for weight, _ in weights:
        if weight.buffer or "bias" in weight.name:
            continue
        matrices += 1
        for product in () if weight.active else macs:
            times = _rest(product, weight.product)
            if times is not None:
                found.setdefault(times, []).append(weight.name)
                break
    for times, names in found.items():
        yield Uses(() if len(names) == matrices else tuple(names), times)


def _rest(product: Product, part: Product) -> Formula | None:
    """The factors of ``product`` that ``part`` does not have, if all of it is in there."""
    if (product.divisors or {}) != (part.divisors or {}):
        return None
    if not part.factors.items() <= product.factors.items():
        return None
    rest = {name: size for name, size in product.factors.items() if name not in part.factors}
    return of_product(Product(rest)) if rest else number(1)


# Which rows.


class Selection(NamedTuple):
    """The rows that are meant, and how they are to be called."""

    name: str
    """A path, a pattern, or nothing for the whole network."""
    rows: tuple[Row, ...]
    below: str
    """The path that all of them lie under: a block. Empty for anything else."""
    single: bool
    """Whether it is one layer."""


class NoSuchLayer(Exception):
    """There is no row of that name."""

    def __init__(self, name: str, known: list[str], several: list[str]) -> None:
        super().__init__(name)
        self.name = name
        self.known = known
        """Every path of a row or a block."""
        self.several = several
        """The paths that it could stand for, if there are more than one."""


def select(result: Result, name: str | None) -> Selection:
    """The rows that ``name`` means: a path, a block, the end of a path, or a pattern.

    Raises `NoSuchLayer`.
    """
    rows = result.rows
    if not name:
        return Selection("", tuple(rows), "", single=False)
    found = [row for row in rows if row.path == name]
    if found:
        return Selection(name, tuple(found), "", single=len(found) == 1)
    below = _below(rows, name)
    if below:
        return _block(name, below)
    known = list(dict.fromkeys(path for row in rows for path in _paths(row.path)))
    if any(c in name for c in "*?["):
        matched = [row for row in rows if fnmatchcase(row.path, name)]
        if not matched:
            blocks = [path for path in known if fnmatchcase(path, name)]
            if len(blocks) == 1:
                return _block(blocks[0], _below(rows, blocks[0]))
            matched = [row for path in blocks for row in _below(rows, path)]
        if matched:
            return Selection(name, tuple(matched), "", single=len(matched) == 1)
        raise NoSuchLayer(name, known, [])
    ends = [path for path in known if path.endswith(f".{name}")]
    if len(ends) == 1:
        return select(result, ends[0])
    raise NoSuchLayer(name, known, ends)


def _block(path: str, rows: list[Row]) -> Selection:
    return Selection(path, tuple(rows), path, single=len(rows) == 1)


def _below(rows: Sequence[Row], path: str) -> list[Row]:
    return [row for row in rows if row.path.startswith(f"{path}.")]


def _paths(path: str) -> Iterator[str]:
    """A path and those of the blocks that it lies in: ``a.b.c``, ``a.b``, ``a``."""
    while path:
        yield path
        path = path.rpartition(".")[0]


def alike(rows: Sequence[Row]) -> list[tuple[Row, ...]]:
    """The rows, those together that do not differ in anything but their names."""
    found: dict[Any, list[Row]] = {}
    for row in rows:
        key = tuple(
            (
                node.layer,
                node.output,
                tuple(source.output for source in node.inputs),
                node.shared is None,
            )
            for node in row.nodes
        )
        found.setdefault(key, []).append(row)
    return [tuple(members) for members in found.values()]


class Group(NamedTuple):
    """A part of a block: a row, or all rows under one path."""

    path: str
    rows: tuple[Row, ...]


def groups(selection: Selection, most: int) -> list[Group]:
    """The parts of a selection: its rows, or the blocks in it where those are too many.

    Rows of a pattern stay as they are.
    """
    rows = selection.rows
    if selection.name and not selection.below:
        return [Group(row.path, (row,)) for row in rows]
    start = selection.below.count(".") + 1 if selection.below else 0
    deepest = max((row.path.count(".") + 1 for row in rows), default=1)
    found: dict[str, list[Row]] = {}
    for depth in range(deepest, start, -1):
        found = {}
        for row in rows:
            found.setdefault(".".join(row.path.split(".")[:depth]), []).append(row)
        if len(found) <= most:
            break
    return [Group(path, tuple(members)) for path, members in found.items()]
