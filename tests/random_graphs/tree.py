"""A network as plain data, and what the language means by it.

A network is a dict with the keys of a spec. A step is a dict with ``op``, ``args`` and the
language's modifiers; merges hold ``branches``. A value is a number, a flag, a word, a list, or
an expression, which is a dict with one key:

    {"ref": name}              a setting, an argument, a loop's name
    {"dim": [tensor, axis]}    prev.channels
    {"op": [sign, a, b]}       a + b, a < b, a and b
    {"not": a}                 not a
    {"pick": [cond, a, b]}     a if cond else b
    {"at": [list, index]}      list[index]
    {"fn": [name, a, ..]}      max(a, b)
    {"text": [part, ..]}       skip$(i+1), in a text slot
    {"dims": {axis: size}}     named sizes, where a layer wants such

`Walker` gives the tree its meaning, written from the grammar of the language and from nothing
else: what the layers do is left to a machine, so that the same walk drives plain shapes and
torch modules.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, Protocol

Tree = dict[str, Any]
Value = Any


class Refused(Exception):
    """The network is not valid; every side must say so."""


class Tensor(Protocol):
    """What flows: named sizes, in the order of the axes, without the batch."""

    @property
    def dims(self) -> dict[str, int]: ...


class Machine(Protocol):
    """Whatever can run layers."""

    def input(self, dims: dict[str, int], words: bool) -> Any: ...

    def layer(self, kind: str, args: dict[str, Any], xs: list[Any], shared: Any) -> tuple[Any, Any]:
        """The output, and a handle on the layer by which its weights can be shared."""
        ...


def round_half_up(x: float) -> int:
    return math.floor(x + 0.5)


def make_divisible(value: float, divisor: int) -> int:
    """MobileNet's rule: the nearest multiple, but never below nine tenths of the value."""
    near = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return near + divisor if near < 0.9 * value else near


def same_length_zip(*lists: list[Any]) -> list[list[Any]]:
    return [list(row) for row in zip(*lists, strict=True)]


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "min": min,
    "max": max,
    "abs": abs,
    "round": round_half_up,
    "floor": math.floor,
    "ceil": math.ceil,
    "int": int,
    "len": len,
    "sum": sum,
    "sqrt": math.sqrt,
    "range": lambda *a: list(range(*a)),
    "reversed": lambda items: list(reversed(items)),
    "enumerate": lambda items: [[i, item] for i, item in enumerate(items)],
    "zip": same_length_zip,
    "make_divisible": make_divisible,
}

SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "**": lambda a, b: a**b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "and": lambda a, b: a and b,
    "or": lambda a, b: a or b,
}


class Scope:
    """The names that a step sees: values, tensors, and layers whose weights can be shared."""

    def __init__(
        self, values: dict[str, Any], tensors: dict[str, Any], layers: dict[str, Any]
    ) -> None:
        self.values = values
        self.tensors = tensors
        self.layers = layers

    def inside(self, values: dict[str, Any]) -> Scope:
        """A loop's inside: more values, the same tensors."""
        return Scope({**self.values, **values}, self.tensors, self.layers)

    def tensor(self, name: str) -> Any:
        """The tensor of a name; it may be that the step which gives it was not run."""
        if name not in self.tensors:
            raise Refused(f"there is no tensor {name}")
        return self.tensors[name]

    def copy(self) -> Scope:
        return Scope(dict(self.values), dict(self.tensors), dict(self.layers))


def evaluate(value: Value, scope: Scope, prev: Tensor | None = None) -> Any:
    """The value of an expression; anything else is its own."""
    try:
        return _evaluate(value, scope, prev)
    except (KeyError, IndexError, ValueError, ZeroDivisionError) as error:
        raise Refused(f"{type(error).__name__}: {error}") from error


def _evaluate(value: Value, scope: Scope, prev: Tensor | None) -> Any:
    if isinstance(value, list):
        return [_evaluate(v, scope, prev) for v in value]
    if not isinstance(value, dict):
        return value
    ((form, body),) = value.items()

    def ev(v: Value) -> Any:
        return _evaluate(v, scope, prev)

    if form == "ref":
        return scope.values[body]
    if form == "dim":
        tensor = prev if body[0] == "prev" else scope.tensors[body[0]]
        if tensor is None:
            raise Refused("several tensors come in, and none of them is prev")
        if body[1] not in tensor.dims:
            raise Refused(f"no {body[1]} in {body[0]}")
        return tensor.dims[body[1]]
    if form == "op":
        return SIGNS[body[0]](ev(body[1]), ev(body[2]))
    if form == "not":
        return not ev(body)
    if form == "pick":
        return ev(body[1]) if ev(body[0]) else ev(body[2])
    if form == "at":
        return ev(body[0])[ev(body[1])]
    if form == "fn":
        return FUNCTIONS[body[0]](*map(ev, body[1:]))
    if form == "dims":
        return {axis: ev(size) for axis, size in body.items()}
    if form == "text":
        return "".join(str(ev(part)) for part in body)
    raise AssertionError(form)


def as_size(value: Any) -> Any:
    """A size may be worked out as 32.0, but not as 31.5."""
    if isinstance(value, list):
        return [as_size(v) for v in value]
    if isinstance(value, dict):
        return {axis: as_size(v) for axis, v in value.items()}
    if isinstance(value, float):
        if value != int(value):
            raise Refused(f"a size of {value}")
        return int(value)
    return value


MERGES = ("add", "concat", "mul", "matmul")
NORMS = {
    "batch": "batch_norm",
    "layer": "layer_norm",
    "group": "group_norm",
    "rms": "rms_norm",
    "instance": "instance_norm",
    "lrn": "lrn",
    "l2": "l2_norm",
}
COMPOSITES = ("conv", "depthwise_conv", "conv_transpose", "linear")


class Walker:
    """Runs a tree on a machine."""

    def __init__(self, net: Tree, machine: Machine) -> None:
        self.net = net
        self.machine = machine

    def start(self) -> tuple[Any, Scope]:
        """The first tensor (the only input, or none of several) and the outermost scope."""
        values: dict[str, Any] = {}
        scope = Scope(values, {}, {})
        chosen = {}
        if self.net.get("variant"):
            chosen.update(self.net["variants"][self.net["variant"]])
        chosen.update(self.net.get("overrides", {}))
        for name, value in self.net.get("settings", {}).items():
            values[name] = evaluate(chosen.get(name, value), scope)
        for name, dims in self.net["inputs"].items():
            words = dims.get("dtype") == "int64"
            sizes = {
                axis: evaluate(chosen.get(f"{name}.{axis}", size), scope)
                for axis, size in dims.items()
                if axis != "dtype"
            }
            scope.tensors[name] = self.machine.input(sizes, words)
        return scope.tensors.get("input"), scope

    def run(self) -> Any:
        x, scope = self.start()
        return self.chain(self.net["layers"], x, scope)

    def chain(self, steps: Iterable[Tree], x: Any, scope: Scope) -> Any:
        for step in steps:
            x = self.step(step, x, scope)
        return x

    def step(self, step: Tree, x: Any, scope: Scope) -> Any:
        if "for" not in step:
            return self.repeated(step, x, scope)
        names = step["for"]
        for i, row in enumerate(evaluate(step["in"], scope, x)):
            items = dict(zip(names, row, strict=True)) if isinstance(names, list) else {names: row}
            x = self.repeated(step, x, scope.inside({"i": i, **items}))
        return x

    def repeated(self, step: Tree, x: Any, scope: Scope) -> Any:
        if "repeat" not in step:
            return self.conditional(step, x, scope)
        first = None
        count = as_size(evaluate(step["repeat"], scope, x))
        if count < 0:
            raise Refused(f"repeat {count}")
        for i in range(count):
            x, layer = self.conditional(step, x, scope.inside({"i": i}), shared=first, pair=True)
            if step.get("share") is True and first is None:
                first = layer
        return x

    def conditional(
        self, step: Tree, x: Any, scope: Scope, shared: Any = None, pair: bool = False
    ) -> Any:
        layer = None
        if "if" in step and not evaluate(step["if"], scope, x):
            x = self.chain(step.get("else", []), x, scope)
        else:
            x, layer = self.operation(step, x, scope, shared)
        return (x, layer) if pair else x

    def operation(self, step: Tree, x: Any, scope: Scope, shared: Any) -> tuple[Any, Any]:
        named = x
        if "from" in step:
            x = scope.tensor(evaluate(step["from"], scope, x))
        op = step.get("op")
        layer = None
        if x is None and op not in ("do", "side", "residual", *MERGES):
            raise Refused("there is no tensor yet")
        if op is None:
            pass
        elif op == "do":
            x = self.chain(step["steps"], x, scope)
        elif op == "side":
            named = self.chain(step["steps"], x, scope)
        elif op in MERGES:
            found = [self.branch(b, x, scope) for b in step["branches"]]
            tensors = [t for t in found if t is not None]
            if not tensors:
                raise Refused("no branch is left")
            if len(tensors) == 1:
                x = tensors[0]
            else:
                x, layer = self.machine.layer(op, dict(step.get("args", {})), tensors, None)
        elif op == "residual":
            main = self.chain(step["main"], x, scope)
            shortcut = self.chain(step.get("shortcut", []), x, scope)
            x, layer = self.machine.layer("add", {}, [main, shortcut], None)
        else:
            name = evaluate(op, scope, x)
            if name in self.net.get("blocks", {}):
                x = self.call(name, step["args"], x, scope)
            else:
                if isinstance(step.get("share"), str):
                    scope.tensor(step["share"])
                    shared = scope.layers[step["share"]]
                x, layer = self.leaf(name, step.get("args", {}), x, scope, shared)
        if "name" in step:
            name = evaluate(step["name"], scope, x)
            scope.tensors[name] = named if op == "side" else x
            scope.layers[name] = layer
        return x, layer

    def branch(self, branch: Tree, x: Any, scope: Scope) -> Any:
        if "tensor" in branch:
            return scope.tensor(branch["tensor"]) if branch["tensor"] != "prev" else x
        if "steps" in branch:
            return self.chain(branch["steps"], x, scope)
        step = branch["step"]
        if "if" in step and "else" not in step and not evaluate(step["if"], scope, x):
            return None
        return self.step(step, x, scope)

    def call(self, name: str, args: dict[str, Value], x: Any, scope: Scope) -> Any:
        block = self.net["blocks"][name]
        settings = {n: scope.values[n] for n in self.net.get("settings", {})}
        inner = Scope(settings, {"input": x}, {})
        for argument, default in block["arguments"].items():  # {"type": word} or {"default": value}
            if argument in args:
                inner.values[argument] = evaluate(args[argument], scope, x)
            else:
                inner.values[argument] = evaluate(default["default"], inner, x)
        return self.chain(block["layers"], x, inner)

    def leaf(
        self, kind: str, args: dict[str, Value], x: Any, scope: Scope, shared: Any
    ) -> tuple[Any, Any]:
        """One layer, with the norm and the activation that it brings along."""
        given = {**self.net.get("defaults", {}).get(kind, {}), **args}
        values = {n: evaluate(v, scope, x) for n, v in given.items()}
        if not 0 <= values.pop("p", 0) <= 1:
            raise Refused("no probability")
        values = {n: as_size(v) for n, v in values.items()}
        norm = values.pop("norm", "none") if kind in COMPOSITES else "none"
        activation = values.pop("activation", "none") if kind in COMPOSITES else "none"
        if kind in COMPOSITES and values.get("bias", "auto") == "auto":
            values["bias"] = norm == "none"
        xs = [x]
        for argument in ("like", "context"):
            if argument in values:
                xs.append(scope.tensor(values.pop(argument)))
        parts = shared or {}
        x, layer = self.machine.layer(kind, values, xs, parts.get(""))
        layers = {"": layer}
        for slot, word in (("norm", NORMS.get(norm, norm)), ("activation", activation)):
            if word != "none":
                own = self.net.get("defaults", {}).get(word, {})
                x, layers[slot] = self.machine.layer(word, own, [x], parts.get(slot))
        return x, layers
