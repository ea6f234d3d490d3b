"""A network as a list of nodes, each with its shape: appending a layer runs its shape rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from archcalc.layers.base import Layer
from archcalc.problems import Place
from archcalc.shapes import Shape
from archcalc.terms import Requirement


class Node:
    """One layer in its place: what comes in, what comes out, whose weights it uses."""

    __slots__ = (
        "cached",
        "index",
        "inputs",
        "layer",
        "output",
        "part",
        "path",
        "place",
        "shared",
    )

    def __init__(
        self,
        index: int,
        path: str,
        part: str,
        layer: Layer,
        inputs: tuple[Node, ...],
        output: Shape,
        place: Place | None,
        shared: Node | None,
    ) -> None:
        self.index = index
        self.path = path
        """The row it belongs to: ``stage2.0.main.conv1``."""
        self.part = part
        """Which part of a composite row it is: empty, ``norm`` or ``activation``."""
        self.layer = layer
        self.inputs = inputs
        self.output = output
        self.place = place
        self.shared = shared
        """The node whose weights this one reuses, if any."""
        self.cached = False
        """Whether its output is there from an earlier run: its weights count, its work does not."""

    def __repr__(self) -> str:
        name = f"{self.path}.{self.part}" if self.part else self.path
        return f"<{name}: {self.layer!r} -> {self.output!r}>"


class Input(Layer):
    """What goes into a network; it costs nothing and is no row."""


class Broken(Exception):
    """A layer's requirement that does not hold; whoever builds the graph knows the place."""

    def __init__(self, layer: Layer, requirement: Requirement, shapes: tuple[Shape, ...]) -> None:
        super().__init__(requirement.message())
        self.layer = layer
        self.requirement = requirement
        self.shapes = shapes
        """The inputs' shapes; none if the arguments are at fault by themselves."""


def stop_at_first(
    layer: Layer, requirements: Iterable[Requirement], shapes: tuple[Shape, ...]
) -> None:
    """The judge of a single run: raises `Broken` for the first requirement that does not hold."""
    for requirement in requirements:
        if not requirement.holds:
            raise Broken(layer, requirement, shapes)


Judge = Callable[[Layer, Iterable[Requirement], tuple[Shape, ...]], None]


class Graph:
    """Nodes in the order of execution; always with their shapes.

    ``judge`` decides what a requirement that does not hold leads to: a single run stops, a sweep
    masks.
    """

    def __init__(self, judge: Judge = stop_at_first) -> None:
        self.nodes: list[Node] = []
        """Every layer, in order; composites as several nodes with one path."""
        self.inputs: dict[str, Node] = {}
        self.outputs: list[Node] = []
        self.judge = judge
        self._known: dict[Any, Shape] = {}

    @property
    def different(self) -> int:
        """How many layers differ in their arguments or in the shapes that go in."""
        return len(self._known)

    def add_input(self, name: str, shape: Shape, place: Place | None = None) -> Node:
        """A tensor that comes from outside."""
        node = Node(-1, name, "", Input(), (), shape, place, None)
        self.inputs[name] = node
        return node

    def append(
        self,
        layer: Layer,
        inputs: tuple[Node, ...],
        path: str,
        *,
        part: str = "",
        place: Place | None = None,
        shared: Node | None = None,
    ) -> Node:
        """Adds a layer behind ``inputs`` and returns its node, with its output shape.

        Raises `Broken` (or what the judge does) if a requirement of the layer does not hold.
        """
        shapes = tuple(node.output for node in inputs)
        output = self.shape_of(layer, shapes)
        node = Node(len(self.nodes), path, part, layer, inputs, output, place, shared)
        self.nodes.append(node)
        return node

    def shape_of(self, layer: Layer, shapes: tuple[Shape, ...]) -> Shape:
        """The shape that ``layer`` gives for inputs of ``shapes``, checked.

        The same layer on the same shapes is worked out once: a network repeats itself.
        """
        key = (layer, shapes)
        try:
            return self._known[key]
        except KeyError:
            pass
        except TypeError:  # arrays are not hashable; a sweep works each one out
            key = None  # type: ignore[assignment]
        self.judge(layer, layer.bounds(), ())  # of the arguments alone
        self.judge(layer, layer.requires(*shapes), shapes)
        output = layer.output(*shapes)
        if key is not None:
            self._known[key] = output
        return output
