"""What a running block sees, and what a build keeps: names, tensors, counters, made layers."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from archcalc.graph import Broken, Graph, Node
from archcalc.language.arithmetic import Arithmetic, ExpressionFault
from archcalc.layers.base import Layer
from archcalc.limits import Limits, raised
from archcalc.problems import Call, Complaint, Place, Problem, listed, meant, nearest, quoted
from archcalc.shapes import Shape
from archcalc.terms import need

if TYPE_CHECKING:
    from archcalc.language.program import Block


class Build:
    """One run of a spec: the graph that grows, and what bounds it."""

    def __init__(self, graph: Graph, arithmetic: Arithmetic, limits: Limits) -> None:
        self.graph = graph
        self.arithmetic = arithmetic
        self.limits = limits
        self.steps = 0
        self.paths: dict[str, int] = {}
        """Every path that is taken, and the last number that was put behind it."""
        self.called: Place | None = None
        """Where the last block was called."""
        self.running: set[int] = set()
        """The blocks that are being run, by identity: none may call itself."""
        self._weighted: dict[tuple[int, int], list[Node]] = {}
        self._weights: dict[Any, Weights] = {}
        self._bounded: set[int] = set()
        """The shapes that have been checked, by identity."""
        self.made: dict[Any, Layer] = {}

    def spend(self, amount: int, place: Place) -> None:
        """Counts ``amount`` more terms or items that are worked out at ``place``."""
        try:
            self.arithmetic.spend(amount)
        except ExpressionFault as fault:
            raise Complaint(Problem(fault.message, place, fault.help, code=fault.code)) from None

    def step(self, place: Place) -> None:
        """Counts one step, so that a spec that does nothing for ever ends too."""
        self.steps += 1
        if self.steps > self.limits.steps:
            raise Complaint(
                Problem(
                    f"the network takes more than {self.limits.steps:,} steps to build",
                    place,
                    raised("steps"),
                    code="limit",
                )
            )

    def layer(self, made: type[Layer], values: dict[str, Any]) -> Layer:
        """The layer with these arguments; equal ones are one object, and are worked out once."""
        try:
            key = (made, *values.items())
            found = self.made.get(key)
            if found is None:
                found = self.made[key] = made(**values)
            return found
        except TypeError:  # arrays
            return made(**values)

    def weighted(self, nodes: tuple[int, int]) -> list[Node]:
        """Those of the nodes from .. to that have weights; looked through once."""
        found = self._weighted.get(nodes)
        if found is None:
            some = self.graph.nodes[slice(*nodes)]
            found = self._weighted[nodes] = [n for n in some if self.weights(n)]
        return found

    def weights(self, node: Node) -> Weights:
        """The sizes of each of a node's weights, sorted, so that a transpose compares equal."""
        shapes = tuple(i.output for i in node.inputs)
        key = (node.layer, shapes)
        try:
            found = self._weights.get(key)
        except TypeError:  # arrays
            return weight_sizes(node.layer, shapes)
        if found is None:
            found = self._weights[key] = weight_sizes(node.layer, shapes)
        return found

    def fits(self, path: str, place: Place) -> None:
        """Raises `Complaint` if ``path`` is longer than a path may be."""
        if len(path) > self.limits.path:
            raise Complaint(
                Problem(
                    f"the path of a row has at most {self.limits.path} characters, "
                    f"here it gets {len(path):,}",
                    place,
                    raised("path"),
                    code="limit",
                )
            )

    def path(self, path: str, place: Place) -> str:
        """``path``, or with a number behind it if it is taken."""
        if len(path) > self.limits.path:
            self.fits(path, place)
        paths = self.paths
        if path not in paths:
            paths[path] = 1
            return path
        number = paths[path] + 1
        while f"{path}_{number}" in paths:
            number += 1
        paths[path] = number
        path = f"{path}_{number}"
        paths[path] = 1
        return path

    def append(
        self,
        layer: Layer,
        inputs: tuple[Node, ...],
        path: str,
        part: str,
        place: Place,
        places: dict[str, Place],
        frame: Frame,
    ) -> Node:
        """Adds a layer to the graph. Raises `Complaint` where the layer cannot stand."""
        graph = self.graph
        if len(graph.nodes) >= self.limits.nodes:
            raise Complaint(
                Problem(
                    f"the network has more than {self.limits.nodes:,} layers",
                    place,
                    raised("nodes"),
                    code="limit",
                    stack=frame.stack,
                )
            )
        try:
            node = graph.append(layer, inputs, path, part=part, place=place)
            output = node.output
            if id(output) not in self._bounded:  # the graph keeps it, and its identity
                for name, size in output.items():
                    if type(size) is not int or size > self.limits.integer:
                        self.bounded(node, name, size)
                self._bounded.add(id(output))
        except Broken as broken:
            requirement = broken.requirement
            help = requirement.help()
            axis = requirement.values.get("axis")
            sort = "shape" if broken.shapes else "value"
            if requirement.field == "kernel_size" and isinstance(axis, str):
                help = shrinkage(inputs[0], axis) or help
            raise Complaint(
                Problem(
                    requirement.message(),
                    places.get(requirement.field or "", place),
                    help,
                    frame.stack,
                    code="limit" if "most" in requirement.values else sort,
                )
            ) from None
        if graph.different > self.limits.different:
            raise Complaint(
                Problem(
                    f"the network has more than {self.limits.different:,} different layers",
                    place,
                    f"those with the same arguments and shapes count once; {raised('different')}",
                    frame.stack,
                    code="limit",
                )
            )
        return node

    def bounded(self, node: Node, name: str, size: Any) -> None:
        """Raises `Broken` if a size that comes out is beyond what a size may be."""
        shapes = tuple(n.output for n in node.inputs)
        requirement = need(
            None,
            size <= self.limits.integer,
            "the output would have more than {most:,} {name}",
            mend=raised("integer"),
            name=name if name in ("channels", "features") else f"positions of {name}",
            most=self.limits.integer,
        )
        try:
            self.graph.judge(node.layer, (requirement,), shapes)
        except Broken:
            self.graph.nodes.pop()
            raise


def no_tensor(known: Collection[str]) -> str:
    """Help for a name that is no tensor's."""
    how = "name: on a step before gives a tensor its name"
    return f"{how}; there are {listed(known, 8)}" if known else how


Weights = dict[str, list[Any]]
"""The sizes of a layer's weights, by the weight's name."""


def weight_sizes(layer: Layer, shapes: tuple[Shape, ...]) -> Weights:
    """The factors of each weight of ``layer`` but those that are 1, sorted."""
    found: Weights = {}
    for weight in layer.weights(*shapes):
        factors = [f for f in weight.product.factors.values() if f != 1]
        if weight.product.divisors:
            factors += [-d for d in weight.product.divisors.values() if d != 1]
        found[weight.name] = sorted(factors)
    return found


def shrinkage(node: Node, axis: str) -> str:
    """Why a tensor has become too small: the layers above that made ``axis`` smaller."""
    end = node.output[axis]
    shrinking: list[str] = []
    while node.inputs:
        before = node.inputs[0]
        if axis not in before.output:
            break
        if before.output[axis] > node.output[axis]:
            shrinking.append(node.path)
        node = before
    if not shrinking:
        return ""
    start = node.output[axis]
    shown = ", ".join(reversed(shrinking[:4])) + (", ..." if len(shrinking) > 4 else "")
    layers = "layer" if len(shrinking) == 1 else "layers"
    return f"{len(shrinking)} {layers} above took the {axis} from {start} to {end}: {shown}"


class Frame:
    """The names of one block while it runs; also the environment of its expressions."""

    __slots__ = (
        "_settings",
        "arithmetic",
        "bound",
        "calls",
        "input",
        "locals",
        "looping",
        "places",
        "prev",
        "skipped",
        "tensors",
        "used",
    )

    def __init__(
        self,
        arithmetic: Arithmetic,
        settings: dict[str, Any],
        entry: Node | None,
        calls: tuple[tuple[Block, Place], ...] = (),
    ) -> None:
        self.arithmetic = arithmetic
        self._settings = settings
        self.locals: dict[str, Any] = {}
        self.input = entry
        self.prev = entry
        self.tensors: dict[str, Node] = {}
        self.bound: dict[str, tuple[int, int]] = {}
        """For each named step, the nodes that it made: from, to."""
        self.places: dict[str, Place] = {}
        self.skipped: set[str] = set()
        """The names of steps whose condition did not hold."""
        self.looping = 0
        self.calls = calls

    @property
    def stack(self) -> tuple[Call, ...]:
        """The blocks that are being run, innermost first."""
        return tuple(Call(block.name, place) for block, place in reversed(self.calls))

    def lookup(self, name: str) -> Any:
        if name in self.locals:
            return self.locals[name]
        if name in self._settings:
            return self._settings[name]
        # Names are checked when a spec is read; this is for values that come from elsewhere.
        close = nearest(name, (*self.locals, *self._settings))
        message = f"there is no name {quoted(name)} here{meant(close)}"
        raise ExpressionFault(message, code="reference")

    def tensor(self, name: str) -> Node:
        """The tensor of that name. Raises `ExpressionFault`."""
        if name == "prev":
            node = self.prev
        elif name == "input":
            node = self.input
        else:
            node = self.tensors.get(name)
        if node is None:
            if name == "prev":
                raise ExpressionFault(
                    "there is no tensor yet",
                    help="start with from: NAME of an input",
                    code="reference",
                )
            if name == "input":
                raise ExpressionFault(
                    "the network has several inputs",
                    help=f"name one: {listed(self.tensors)}",
                    code="reference",
                )
            if name in self.skipped:
                raise ExpressionFault(
                    f"there is no tensor {quoted(name)} here: the 'if' of its step does not hold",
                    code="reference",
                )
            close = nearest(name, (*self.tensors, "prev", "input"))
            raise ExpressionFault(
                f"there is no tensor {quoted(name)} here{meant(close)}",
                help="" if close else no_tensor(self.tensors),
                code="reference",
            )
        return node

    def dimension(self, tensor: str, name: str) -> Any:
        node = self.tensor(tensor)
        if name not in node.output:
            has = ", ".join(node.output.names)
            raise ExpressionFault(f"'{tensor}' has no {name}, only {has}", code="reference")
        return node.output[name]

    def bind(self, name: str, node: Node, made: tuple[int, int], place: Place) -> None:
        """Gives ``node`` a name in this block. Raises `Complaint` if it is taken."""
        if name in self.tensors and not self.looping:
            first = self.places.get(name)
            line = f" (first at line {first.line})" if first else ""
            raise Complaint(
                Problem(
                    f"the name '{name}' is taken{line}",
                    place,
                    "a name may be bound again only inside a loop",
                    self.stack,
                    code="duplicate",
                )
            )
        self.tensors[name] = node
        self.bound[name] = made
        self.places[name] = place
