"""A tree as the text of a spec: `to_spec(net)`.

The same network can be written in many ways: arguments by position or by name, flow or block
style, a text step for an operation without arguments, quotes or none, modifiers before or after
the operation. All of them are used, chosen by the network's name, so that the text of a network
never changes.
"""

from __future__ import annotations

from random import Random
from typing import Any

from .tree import MERGES, Tree, Value

# The first arguments of an operation, in their documented order.
BY_POSITION = {
    "conv": ("out_channels", "kernel_size", "stride"),
    "depthwise_conv": ("kernel_size", "stride", "padding"),
    "conv_transpose": ("out_channels", "kernel_size", "stride"),
    "linear": ("out_features", "axis"),
    "max_pool": ("kernel_size", "stride", "padding"),
    "avg_pool": ("kernel_size", "stride", "padding"),
    "adaptive_avg_pool": ("output_size",),
    "group_norm": ("num_groups",),
    "lrn": ("size",),
    "take": ("axis", "start", "size"),
    "mean": ("axis",),
    "adaptive_max_pool": ("output_size",),
    "channel_shuffle": ("groups",),
    "pixel_shuffle": ("upscale_factor",),
    "pixel_unshuffle": ("downscale_factor",),
    "class_token": ("tokens",),
    "moe": ("num_experts", "top_k", "hidden_features"),
    "to_image": ("height", "width"),
    "drop_path": ("p",),
    "scale": ("factor", "learned"),
    "softcap": ("cap",),
    "select_token": ("index",),
    "attention": ("num_heads", "num_kv_heads", "head_dim"),
    "mlp": ("hidden_features", "activation", "gated"),
    "lstm": ("hidden_size", "num_layers", "bidirectional"),
    "gru": ("hidden_size", "num_layers", "bidirectional"),
    "rnn": ("hidden_size", "num_layers", "bidirectional"),
    "embedding": ("num_embeddings", "embedding_dim"),
    "position_embedding": ("max_length",),
    "upsample": ("scale_factor",),
    "pad": ("padding",),
    "dropout": ("p",),
}

# How tightly a sign binds, as in Python's grammar.
TIGHTNESS = {
    "or": 1,
    "and": 2,
    "==": 4,
    "!=": 4,
    "<": 4,
    "<=": 4,
    ">": 4,
    ">=": 4,
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "//": 6,
    "%": 6,
    "**": 8,
}


def formula(value: Value, above: int = 0) -> str:
    """A value as an expression, with no more brackets than it needs."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return f"({value})" if value < 0 and above > 6 else str(value)
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return f"[{', '.join(formula(v) for v in value)}]"
    ((form, body),) = value.items()
    tight = 9
    if form == "ref":
        text = body
    elif form == "dim":
        text = f"{body[0]}.{body[1]}"
    elif form == "op":
        sign, a, b = body
        tight = TIGHTNESS[sign]
        # All but ** group from the left; comparisons would form a chain without brackets.
        left = tight + (sign in ("**", "==", "!=", "<", "<=", ">", ">="))
        text = f"{formula(a, left)} {sign} {formula(b, tight + (sign != '**'))}"
        if sign == "**":
            text = f"{formula(a, 9)}**{formula(b, 8)}"
    elif form == "not":
        tight, text = 3, f"not {formula(body, 3)}"
    elif form == "pick":
        tight = 0
        text = f"{formula(body[1], 1)} if {formula(body[0], 1)} else {formula(body[2])}"
        return f"({text})" if above > 0 else text
    elif form == "at":
        text = f"{formula(body[0], 9)}[{formula(body[1])}]"
    elif form == "fn":
        text = f"{body[0]}({', '.join(formula(v) for v in body[1:])})"
    elif form == "text":
        text = template(body)
    else:
        raise AssertionError(form)
    return f"({text})" if tight < above else text


def template(parts: list[Value]) -> str:
    """Text with values in it: ``skip$i``, ``skip$(i + 1)``."""
    text = ""
    for number, part in enumerate(parts):
        if isinstance(part, str):
            text += part
            continue
        following = parts[number + 1] if number + 1 < len(parts) else " "
        glued = isinstance(following, str) and (following[0].isalnum() or following[0] == "_")
        if isinstance(part, dict) and "ref" in part and not glued:
            text += f"${part['ref']}"
        else:
            text += f"$({formula(part)})"
    return text


def scalar(text: str, flow: bool, rng: Random) -> str:
    """A scalar in YAML, in quotes where it must be and now and then where it need not."""
    risky = not text or text[0] in "[]{}&*!|>'\"%@`#?-: " or ": " in text or " #" in text
    if risky or (flow and any(c in text for c in ",[]{}")):
        return f'"{text}"' if rng.random() < 0.7 else f"'{text}'"
    return text


def flow_text(node: Any, rng: Random) -> str:
    if isinstance(node, dict):
        entries = (f"{scalar(k, True, rng)}: {flow_text(v, rng)}" for k, v in node.items())
        return "{" + ", ".join(entries) + "}"
    if isinstance(node, list):
        return "[" + ", ".join(flow_text(v, rng) for v in node) + "]"
    return scalar(str(node), True, rng)


def block_lines(node: Any, rng: Random, depth: int = 0) -> list[str]:
    """A mapping or a list in block style; small parts of it in flow style."""
    lines: list[str] = []
    items = node.items() if isinstance(node, dict) else ((None, v) for v in node)
    for key, value in items:
        head = "-" if key is None else f"{scalar(key, False, rng)}:"
        if not isinstance(value, (dict, list)):
            lines.append(f"{head} {scalar(str(value), False, rng)}")
            continue
        flow = flow_text(value, rng)
        small = len(flow) < 90 and rng.random() < (0.8 if depth > 1 else 0.3)
        if not value or small or depth > 14:
            lines.append(f"{head} {flow}")
            continue
        inner = block_lines(value, rng, depth + 1)
        if key is None and rng.random() < 0.8:  # - first: key of the mapping on the dash's line
            lines.append(f"- {inner[0]}")
            lines += [f"  {line}" for line in inner[1:]]
        else:
            lines.append(head)
            lines += [f"  {line}" for line in inner]
    return lines


class Writer:
    """Turns the tree into nested mappings, lists and texts."""

    def __init__(self, net: Tree) -> None:
        self.net = net
        self.rng = Random(net["name"])
        # Tensors with their axes in another order are not to be joined, and two layers make such.
        moved = "'reshape'" in str(net) or "'to_image'" in str(net)
        self.channels_last = not moved and self.chance(0.1)

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def text(self) -> str:
        net = self.net
        spec: dict[str, Any] = {"archcalc": "1", "name": net["name"]}
        if net.get("settings"):
            spec["settings"] = {n: self.setting(v) for n, v in net["settings"].items()}
        inputs = {name: self.dims(dims) for name, dims in net["inputs"].items()}
        if list(inputs) == ["input"]:
            spec["input"] = inputs["input"]
        else:
            spec["inputs"] = inputs
        if net.get("defaults"):
            spec["defaults"] = {
                op: {n: self.value(v) for n, v in args.items()}
                for op, args in net["defaults"].items()
            }
        if net.get("blocks"):
            spec["blocks"] = {name: self.block(b) for name, b in net["blocks"].items()}
        spec["layers"] = self.chain(net["layers"])
        if net.get("variants"):
            spec["variants"] = {
                name: {"set": {n: self.value(v) for n, v in values.items()}}
                for name, values in net["variants"].items()
            }
            if net.get("default_variant"):
                spec["default_variant"] = net["default_variant"]
        return "\n".join(block_lines(spec, self.rng)) + "\n"

    def value(self, value: Value) -> Any:
        if isinstance(value, list):
            return [self.value(v) for v in value]
        if isinstance(value, dict) and "dims" in value:
            return {axis: formula(size) for axis, size in value["dims"].items()}
        return formula(value)

    def setting(self, value: Value) -> Any:
        if isinstance(value, (str, bool, int)) and self.chance(0.3):
            kind = {str: "str", bool: "bool", int: "int"}[type(value)]
            return {"type": kind, "default": self.value(value)}
        return self.value(value)

    def dims(self, dims: Tree) -> dict[str, Any]:
        """Sizes in the order of the axes; what a position holds may come last."""
        found = {axis: self.value(size) for axis, size in dims.items()}
        if "channels" in found and self.channels_last:
            found["channels"] = found.pop("channels")
        return found

    def block(self, block: Tree) -> Tree:
        written: Tree = {}
        if block["arguments"]:
            arguments = {}
            for name, given in block["arguments"].items():
                if "type" in given:
                    arguments[name] = {"type": given["type"]} if self.chance(0.2) else given["type"]
                else:
                    arguments[name] = self.value(given["default"])
            written["arguments"] = arguments
        written["layers"] = self.chain(block["layers"])
        return written

    def chain(self, steps: list[Tree]) -> list[Any]:
        return [self.step(step) for step in steps]

    def short_chain(self, steps: list[Tree]) -> Any:
        return self.chain(steps)

    def step(self, step: Tree) -> Any:
        modifiers: dict[str, Any] = {}
        for key in ("name", "from", "repeat", "if", "for", "in", "share"):
            if key in step:
                modifiers[key] = self.value(step[key])
        if "else" in step:
            modifiers["else"] = self.chain(step["else"])
        op = step.get("op")
        if op is None:
            return modifiers
        if op == "do" and not modifiers and self.chance(0.3):
            return self.chain(step["steps"])  # a chain as a step
        key, body = self.operation(step)
        if body is None and not modifiers and self.chance(0.9):
            return key
        entries: list[tuple[str, Any]] = list(modifiers.items())
        at = self.rng.choice([0, 0, len(entries)]) if entries else 0
        entries.insert(at, (key, {} if body is None else body))
        return dict(entries)

    def operation(self, step: Tree) -> tuple[str, Any]:
        op = step["op"]
        if op in ("do", "side"):
            return op, self.chain(step["steps"])
        if op == "residual":
            if "shortcut" not in step and self.chance(0.7):
                return op, self.chain(step["main"])
            body = {"main": self.chain(step["main"])}
            if "shortcut" in step:
                body["shortcut"] = self.chain(step["shortcut"])
            return op, body
        if op in MERGES:
            return op, self.merge(step)
        key = template(op["text"]) if isinstance(op, dict) else op
        name = op if isinstance(op, str) else None
        args = {n: self.value(v) for n, v in step.get("args", {}).items()}
        if not args:
            return key, None
        order: tuple[str, ...] = BY_POSITION.get(name or "", ())
        if name in self.net.get("blocks", {}):
            order = tuple(self.net["blocks"][name]["arguments"])
        return key, self.arguments(args, order)

    def arguments(self, args: dict[str, Any], order: tuple[str, ...]) -> Any:
        """By position if the first arguments are given and no others, by name else."""
        if set(args) == set(order[: len(args)]) and self.chance(0.75):
            values = [args[n] for n in order[: len(args)]]
            if len(values) == 1 and not isinstance(values[0], list) and self.chance(0.8):
                return values[0]
            return values
        names = list(args)
        if self.chance(0.3):
            self.rng.shuffle(names)
        return {n: args[n] for n in names}

    def merge(self, step: Tree) -> Any:
        branches = [self.branch(b) for b in step["branches"]]
        body: dict[str, Any] = {"branches": branches}
        if "labels" in step:
            body["branches"] = dict(zip(step["labels"], branches, strict=True))
        elif not step.get("args") and self.chance(0.7):
            return branches
        body.update({n: self.value(v) for n, v in step.get("args", {}).items()})
        return body

    def branch(self, branch: Tree) -> Any:
        if "tensor" in branch:
            if branch["tensor"] == "prev" and self.chance(0.4):
                return []
            return branch["tensor"]
        if "steps" in branch:
            return self.chain(branch["steps"])
        return self.step(branch["step"])


def to_spec(net: Tree) -> str:
    """The spec of a network, with its sizes by name."""
    return Writer(net).text()
