"""What a graph costs: one row a layer, in order of execution, and the total of the rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from archcalc.analysis.counting import NAME, Counting
from archcalc.graph import Graph, Node
from archcalc.layers.base import Layer
from archcalc.shapes import Shape
from archcalc.terms import OPERATION_KINDS, Operation

if TYPE_CHECKING:
    from archcalc.analysis.conventions import Convention


class Figures(NamedTuple):
    """The counts of a layer, a row or a network; every one of them adds up over rows."""

    trainable: int = 0
    """Weights that training changes."""
    frozen: int = 0
    """Weights that training leaves as they are."""
    active: int = 0
    """Of both, those that one sample uses: all but the experts that are not chosen for it."""
    buffers: int = 0
    """Numbers that are stored with the weights: running statistics."""
    activations: int = 0
    """Elements that multiply-accumulates write."""
    mac: int = 0
    mul: int = 0
    add: int = 0
    cmp: int = 0
    div: int = 0
    exp: int = 0
    special: int = 0
    counted: int = 0
    """The figure of another tool's convention, if one was asked for."""

    @property
    def params(self) -> int:
        """What PyTorch's ``parameters()`` holds: buffers are apart."""
        return self.trainable + self.frozen

    @property
    def operations(self) -> dict[str, int]:
        """The operations by kind."""
        return {kind: getattr(self, kind) for kind in OPERATION_KINDS}


NOTHING: Final = Figures()


def total(many: Iterable[Figures]) -> Figures:
    """The sum, count by count."""
    columns = list(zip(*many, strict=True))
    return Figures(*map(sum, columns)) if columns else NOTHING


class Row:
    """One line of a table: a layer with what belongs to it, or several layers under one path."""

    __slots__ = ("figures", "layers", "nodes", "path")

    def __init__(self, path: str, nodes: list[Node], figures: Figures, layers: int = 1) -> None:
        self.path = path
        self.nodes = nodes
        """In order of execution; the first is the layer that the row is named after."""
        self.figures = figures
        self.layers = layers
        """How many rows it stands for, before they were collapsed."""

    @property
    def kind(self) -> str:
        """The layer kind; empty if the row stands for several."""
        return self.nodes[0].layer.kind if self.layers == 1 else ""

    @property
    def output(self) -> Shape:
        """What comes out of the last of its layers."""
        return self.nodes[-1].output

    @property
    def line(self) -> int | None:
        """The line of the spec that it comes from."""
        place = self.nodes[0].place
        return place.line if place else None

    @property
    def arguments(self) -> dict[str, object]:
        """The layer's arguments that are not left at their default."""
        return self.nodes[0].layer.arguments() if self.layers == 1 else {}

    def __repr__(self) -> str:
        return f"<{self.path}: {self.kind or self.layers} -> {self.output!r} {self.figures!r}>"


class Result:
    """The rows of a network and their total, with how they were counted."""

    def __init__(
        self,
        rows: list[Row],
        totals: Figures,
        counting: Counting,
        batch: int,
        *,
        expand: bool = False,
        depth: int | None = None,
    ) -> None:
        self.rows = rows
        self.totals = totals
        self.counting = counting
        self.batch = batch
        self.expand = expand
        self.depth = depth

    def name_of(self, node: Node) -> str:
        """The path of the row in which ``node`` stands, or the name of an input."""
        if node.index < 0:
            return node.path
        path = f"{node.path}.{node.part}" if self.expand and node.part else node.path
        return path if self.depth is None else prefix(path, self.depth)

    def inputs(self, row: Row) -> list[str]:
        """The rows and inputs that ``row`` reads, each once, in the order of its arguments."""
        inside = {node.index for node in row.nodes}
        names = (
            self.name_of(source)
            for node in row.nodes
            for source in node.inputs
            if source.index < 0 or source.index not in inside
        )
        return list(dict.fromkeys(names))


def prefix(path: str, depth: int) -> str:
    """The first ``depth`` parts of a path."""
    return ".".join(path.split(".", depth)[:depth])


def count(
    graph: Graph,
    counting: Counting | None = None,
    *,
    batch: int = 1,
    expand: bool = False,
    target: str = "",
) -> Result:
    """Counts every layer of ``graph``.

    ``target`` says which bundled network it is (``resnet@resnet50``), for a convention that counts
    what torchvision's code for it does.

    A row is a layer together with the normalisation and the activation it brings along; with
    ``expand`` each is a row of its own. ``batch`` multiplies operations and activations, never
    weights. Weights that another layer owns are counted there, operations at every use.

    What a layer costs on the same shapes is worked out once: a network repeats itself, and a
    hundred thousand layers are walked at the price of the different ones.
    """
    counting = counting or Counting()
    facts = _Facts(counting, batch, target)
    sums: dict[tuple[int, int], Figures] = {}
    rows: list[Row] = []
    row: Row | None = None
    for node in graph.nodes:
        figures = facts.of(node)
        if node.part and row is not None and row.path == node.path and not expand:
            row.nodes.append(node)
            key = (id(row.figures), id(figures))  # both stay alive in `facts` and `sums`
            known = sums.get(key)
            if known is None:
                known = sums[key] = total((row.figures, figures))
            row.figures = known
        else:
            path = f"{node.path}.{node.part}" if expand and node.part else node.path
            row = Row(path, [node], figures)
            rows.append(row)
    return Result(rows, _totals(rows), counting, batch, expand=expand)


def _totals(rows: Sequence[Row]) -> Figures:
    """The sum over rows; most rows share their figures, so each is multiplied by its number."""
    distinct = {id(row.figures): row.figures for row in rows}
    times = Counter(id(row.figures) for row in rows)
    return total(Figures(*(n * times[key] for n in f)) for key, f in distinct.items())


_output = attrgetter("output")


class _Facts:
    """The figures of layers, each worked out once for its input shapes."""

    def __init__(self, counting: Counting, batch: int, target: str) -> None:
        self._counting = counting
        self._batch = batch
        self._known: dict[tuple[object, ...], Figures] = {}
        self._weights: dict[tuple[object, ...], frozenset[str]] = {}
        self._other = other_tool(counting.convention, target)

    def of(self, node: Node) -> Figures:
        shapes = tuple(map(_output, node.inputs))
        key: tuple[object, ...] = (node.layer, shapes)
        elsewhere: frozenset[str] = frozenset()
        if node.shared is not None:
            elsewhere = self._names(node.shared)
            key = (node.layer, shapes, elsewhere)
        if node.cached:
            key = (*key, "cached")
        called = ""
        if self._other:
            called = self._other.called(node.layer.kind, node.path)
            key = (*key, called)
        known = self._known.get(key)
        if known is None:
            known = self._work_out(node.layer, node.output, shapes, elsewhere)
            if self._other:
                figure = self._other.convention.figure(node.layer, node.output, shapes, called)
                known = known._replace(counted=figure * self._batch)
            if node.cached:
                known = _weights_alone(known)
            self._known[key] = known
        return known

    def _names(self, owner: Node) -> frozenset[str]:
        """The names of a node's weights."""
        shapes = tuple(map(_output, owner.inputs))
        key = (owner.layer, shapes)
        known = self._weights.get(key)
        if known is None:
            names = frozenset(w.name for w in owner.layer.weights(*shapes))
            known = self._weights[key] = names
        return known

    def _work_out(
        self, layer: Layer, y: Shape, xs: tuple[Shape, ...], elsewhere: frozenset[str]
    ) -> Figures:
        trainable = frozen = active = buffers = 0
        for weight in layer.weights(*xs):
            if weight.name in elsewhere:
                continue
            number = weight.product.value
            if weight.buffer:
                buffers += number
                continue
            if weight.frozen:
                frozen += number
            else:
                trainable += number
            active += weight.active.value if weight.active else number
        operations = dict.fromkeys(OPERATION_KINDS, 0)
        multiplies = False
        for operation in rule_of(layer, self._counting)(y, *xs):
            operations[operation.kind] += operation.product.value * self._batch
            multiplies = multiplies or operation.kind == "mac"
        if type(layer).activations is Layer.activations:  # saves stating the operations again
            activations = y.elements * self._batch if multiplies else 0
        else:
            activations = sum(product.value for product in layer.activations(y, *xs)) * self._batch
        return Figures(trainable, frozen, active, buffers, activations, **operations)


class OtherTool(NamedTuple):
    """Another tool's convention, and how the network that it counts is written."""

    convention: Convention
    called: Callable[[str, str], str]


def other_tool(name: str, target: str) -> OtherTool | None:
    """The convention ``name`` for the bundled network ``target``; ``None`` for archcalc's own."""
    if name == NAME:
        return None
    from archcalc.analysis.conventions import CONVENTIONS, written_as

    return OtherTool(CONVENTIONS[name], written_as(target))


def _weights_alone(figures: Figures) -> Figures:
    """The figures of a layer whose output is there already: it does nothing now."""
    return figures._replace(activations=0, counted=0, **dict.fromkeys(OPERATION_KINDS, 0))


def _no_operations(*_: Shape) -> tuple[()]:
    return ()


def rule_of(layer: Layer, counting: Counting) -> Callable[..., Iterable[Operation]]:
    """The rule of ``layer`` that states its operations under ``counting``."""
    if counting.bn == "folded" and getattr(layer, "folds", False):
        return _no_operations
    own = type(layer)
    if counting.padding == "exact" and own.exact_operations is not Layer.exact_operations:
        return layer.exact_operations
    if counting.causal == "half" and own.causal_operations is not Layer.causal_operations:
        return layer.causal_operations
    return layer.operations
