"""A random network from a seed: `network(seed)` is a plain tree, the same on every machine.

Steps are proposed at random and tried on shapes; what does not fit is proposed anew. A share of
the networks is then spoiled on purpose (`spoil`), and torch decides whether anything is wrong with
them: what torch refuses, archcalc must refuse.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from math import gcd
from random import Random
from typing import Any

from .shapes_only import POSITIONS, ShapesOnly, Sizes
from .tree import Refused, Scope, Tree, Value, Walker, evaluate

ACTIVATIONS = (
    "relu",
    "relu6",
    "leaky_relu",
    "elu",
    "selu",
    "gelu",
    "gelu_tanh",
    "silu",
    "mish",
    "sigmoid",
    "tanh",
    "softplus",
    "hard_sigmoid",
    "hard_swish",
    "celu",
    "quick_gelu",
    "log_sigmoid",
    "hard_tanh",
    "softsign",
    "prelu",
)
MOST_LAYERS = 30
"""Layers of a step when its loops are unrolled; a network that has as many gets no more."""


def network(seed: int) -> Tree:
    """The network of a seed. About one in eight is spoiled."""
    rng = Random(seed)
    net = Maker(rng).network(seed)
    if rng.random() < 0.125:
        net = spoil(net, rng)
    return net


class Maker:
    """Makes one network."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.net: Tree = {}
        self.machine = ShapesOnly()
        self.walker = Walker(self.net, self.machine)
        self.count = 0
        self.loops = 0

    # Small choices.

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def one(self, *options: Any) -> Any:
        return self.rng.choice(options)

    def fresh(self, stem: str) -> str:
        self.count += 1
        return f"{stem}{self.count}"

    # The frame.

    def network(self, seed: int) -> Tree:
        net = self.net
        net["name"] = f"random-{seed}"
        net["settings"] = self.settings() if self.chance(0.6) else {}
        net["defaults"] = self.defaults() if self.chance(0.35) else {}
        net["blocks"] = {}
        net["inputs"] = self.inputs()
        net["layers"] = []
        x, scope = self.walker.start()
        if x is None:
            step, x = self.meeting(scope)
            net["layers"].append(step)
        size = 0
        for _ in range(self.rng.randint(1, 7)):
            steps, x = self.chain(x, scope, 1, 3)
            net["layers"] += steps
            size += self.machine.layers
            if size > MOST_LAYERS:
                break
        if self.chance(0.5):
            steps, x = self.head(x, scope)
            net["layers"] += steps
        if not net["layers"]:
            net["layers"] = [{"op": "identity", "args": {}}]
        self.choose_settings(scope)
        return net

    def settings(self) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for name in self.rng.sample(
            ["width", "growth", "classes", "depth", "ratio", "flag", "sizes", "act"],
            self.rng.randint(1, 5),
        ):
            if name == "flag":
                found[name] = self.chance(0.5)
            elif name == "sizes":
                found[name] = [self.rng.randint(1, 32) for _ in range(self.rng.randint(2, 4))]
            elif name == "act":
                found[name] = self.one(*ACTIVATIONS)
            elif name == "ratio":
                found[name] = self.one(0.25, 0.5, 1.5, 2.0, 4.0)
            elif name == "depth":
                found[name] = self.rng.randint(1, 3)
            else:
                found[name] = self.one(4, 6, 8, 10, 12, 16, 24)
        if "width" in found and self.chance(0.2):
            found["wide"] = {"op": ["*", {"ref": "width"}, self.rng.randint(2, 3)]}
        return found

    def defaults(self) -> Tree:
        """Arguments that a kind has unless a step says otherwise."""
        found: Tree = {}
        conv: dict[str, Value] = {}
        if self.chance(0.6):
            conv["padding"] = self.one("half", "same", 1)
        if self.chance(0.5):
            conv["bias"] = self.one(True, False, "auto")
        if self.chance(0.3):
            conv["norm"] = "batch"
        if self.chance(0.5):
            conv["activation"] = self.one(*ACTIVATIONS)
        if self.chance(0.3):
            conv["kernel_size"] = self.one(1, 3)
        if conv:
            found["conv"] = conv
        if self.chance(0.4):
            found["depthwise_conv"] = {"padding": "half", "activation": self.one(*ACTIVATIONS)}
        if self.chance(0.4):
            found["max_pool"] = {"kernel_size": 3, "stride": 2, "ceil_mode": self.chance(0.5)}
        if self.chance(0.3):
            found["linear"] = {"activation": self.one(*ACTIVATIONS)}
        if self.chance(0.3):
            found["group_norm"] = {"num_groups": self.one(2, 4)}
        if self.chance(0.2):
            found["prelu"] = {"per_channel": self.chance(0.7)}
        if self.chance(0.2):
            found["layer_norm"] = {"bias": False}
        return found

    def inputs(self) -> Tree:
        if self.chance(0.07):
            kind = self.one(self.image, self.sequence, self.words)
            first = kind()
            other = dict(first)
            if "features" in other:
                other["features"] = self.rng.randint(1, 40)
            return {"left": first, "right": other}
        kind = self.rng.choices(
            [self.image, self.sequence, self.words, self.features], [70, 14, 12, 4]
        )[0]
        return {"input": kind()}

    def image(self) -> Tree:
        rank = self.rng.choices([1, 2, 3], [20, 55, 25])[0]
        most = {1: 200, 2: 70, 3: 26}[rank]
        axes = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}[rank]
        side = self.rng.randint(4, most)
        square = self.chance(0.5)
        dims = {"channels": self.rng.randint(1, 16)}
        for axis in axes:
            dims[axis] = side if square else self.rng.randint(4, most)
        return dims

    def sequence(self) -> Tree:
        return {"length": self.rng.randint(2, 60), "features": self.one(6, 8, 12, 16, 24, 30, 48)}

    def words(self) -> Tree:
        return {"length": self.rng.randint(2, 60), "dtype": "int64"}

    def features(self) -> Tree:
        return {"features": self.rng.randint(1, 100)}

    def meeting(self, scope: Scope) -> tuple[Tree, Sizes]:
        """Two inputs become one tensor: each its own chain, then a merge."""
        for _ in range(20):
            branches = []
            shapes = []
            for name in self.net["inputs"]:
                inner = scope.copy()
                steps, y = self.chain(scope.tensors[name], inner, self.rng.randint(1, 2), 0)
                branches.append([{"from": name}, *steps])
                shapes.append(y)
            for op in ("concat", "add"):
                more = self.bridge(shapes[1], shapes[0].dims, scope)
                if more is None:
                    continue
                joined = [branches[0], branches[1] + more]
                step = {"op": op, "branches": [{"steps": b} for b in joined]}
                y = self.attempt(step, None, scope)
                if y is not None:
                    return step, y
        step = {"from": self.one(*self.net["inputs"])}
        return step, self.attempt(step, None, scope)

    def choose_settings(self, scope: Scope) -> None:
        """The spec says other values, and a variant or the command line the right ones."""
        plain = [n for n, v in self.net["settings"].items() if not isinstance(v, dict)]
        if not plain or self.chance(0.7):
            return
        name = self.one(*plain)
        right = self.net["settings"][name]
        if isinstance(right, bool):
            wrong: Value = not right
        elif isinstance(right, list):
            wrong = [*right, 1]
        elif isinstance(right, str):
            wrong = "relu"
        else:
            wrong = right * 2
        if self.chance(0.5):
            self.net["settings"][name] = wrong
            self.net["variants"] = {"right": {name: right}, "wrong": {name: wrong}}
            self.net["variant"] = "right"
            self.net["default_variant"] = self.one(None, "right", "wrong")
        else:
            self.net["settings"][name] = wrong
            self.net["overrides"] = {name: right}

    # Trying.

    def attempt(self, step: Tree, x: Sizes | None, scope: Scope) -> Sizes | None:
        """What comes out of a step, with its names kept; or nothing, and nothing has happened."""
        trial = scope.copy()
        self.machine.layers = 0
        try:
            y = self.walker.step(step, x, trial)
        except Refused:
            return None
        if self.machine.layers > MOST_LAYERS:
            return None
        scope.tensors.update(trial.tensors)
        scope.layers.update(trial.layers)
        return y

    def chain(
        self, x: Sizes, scope: Scope, count: int, level: int, gentle: bool = False
    ) -> tuple[list[Tree], Sizes]:
        """Steps from ``x``, each of which fits. ``gentle`` ones mostly keep positions."""
        steps: list[Tree] = []
        for _ in range(count):
            for _ in range(6):
                step = self.propose(x, scope, level, gentle)
                y = None if step is None else self.attempt(step, x, scope)
                if step is not None and y is not None:
                    steps.append(step)
                    x = y
                    break
        return steps, x

    # Numbers, plain or as expressions.

    def disguise(self, value: Value, x: Sizes | None, scope: Scope, often: float = 0.25) -> Value:
        """The same number, sometimes written as an expression."""
        if isinstance(value, list):
            return [self.disguise(v, x, scope, often / 2) for v in value]
        if isinstance(value, bool) or not isinstance(value, int) or not self.chance(often):
            return value
        for _ in range(6):
            found = self.expression(value, x, scope)
            try:
                if evaluate(found, scope, x) == value:
                    return found
            except Refused:
                continue
        return value

    def numbers_in_sight(self, x: Sizes | None, scope: Scope) -> list[tuple[Value, int]]:
        found: list[tuple[Value, int]] = [
            ({"ref": name}, value)
            for name, value in scope.values.items()
            if isinstance(value, int) and not isinstance(value, bool)
        ]
        if x is not None:
            found += [({"dim": ["prev", axis]}, size) for axis, size in x.dims.items()]
        for name, tensor in scope.tensors.items():
            found += [({"dim": [name, axis]}, size) for axis, size in tensor.dims.items()]
        return found

    def expression(self, value: int, x: Sizes | None, scope: Scope) -> Value:
        seen = self.numbers_in_sight(x, scope)
        self.rng.shuffle(seen)
        for form, size in seen[:6]:
            if size == value:
                return form
            if size > 0 and value % size == 0:
                return {"op": ["*", *self.either(form, value // size)]}
            if value > 0 and size // value >= 1 and size // (size // value) == value:
                return {"op": ["//", form, size // value]}
            if size > 0 and self.chance(0.3):
                sign = "+" if value >= size else "-"
                return {"op": [sign, form, abs(value - size)]}
        n = self.rng.randint(1, 9)
        return self.one(
            {"op": ["-", value + n, n]},
            {"op": ["+", n, {"op": ["-", value, n]}]},
            {"fn": ["max", value, value - n]},
            {"fn": ["min", value, value + n, value + 2 * n]},
            {"fn": ["int", {"op": ["/", value * n, n]}]},
            {"op": ["/", value * n, n]},
            {"op": ["//", value * n + n // 2, n]},
            {"op": ["*", {"op": ["+", value, 0]}, 1]},
            {"op": ["%", value, value + n]},
            {"fn": ["round", {"op": ["-", value + 0.25, 0.5]}]},
            {"fn": ["ceil", {"op": ["-", value, 0.5]}]},
            {"fn": ["floor", {"op": ["+", value, 0.75]}]},
            {"fn": ["abs", {"op": ["-", 0, value]}]},
            {"fn": ["sum", [value - 1, 1]]},
            {"fn": ["len", {"fn": ["range", value]}]} if 0 < value < 40 else value,
            {"at": [[n, value, n], 1]},
            {"at": [[n, value], {"op": ["-", 0, 1]}]},
            {"pick": [self.condition(x, scope), value, value]},
            {"fn": ["make_divisible", value, self.one(1, 2, 4, 8)]},
            {"fn": ["int", {"fn": ["sqrt", value * value]}]},
            {"op": ["**", 2, value.bit_length() - 1]},
        )

    def either(self, a: Value, b: Value) -> list[Value]:
        return [a, b] if self.chance(0.5) else [b, a]

    def condition(self, x: Sizes | None, scope: Scope) -> Value:
        flags: list[Value] = [
            {"ref": name} for name, value in scope.values.items() if isinstance(value, bool)
        ]
        seen = self.numbers_in_sight(x, scope)
        sign = self.one("==", "!=", "<", "<=", ">", ">=")
        form, size = self.one(*seen) if seen else (4, 4)
        found: Value = {"op": [sign, form, self.one(size, size, self.rng.randint(0, 40))]}
        if flags and self.chance(0.4):
            found = self.one(*flags)
        if seen and self.chance(0.2):
            form, size = self.one(*seen)
            found = {"op": ["==", {"op": ["%", form, 2]}, self.one(0, 1)]}
        if self.chance(0.15):
            found = {"not": found}
        if self.chance(0.2):
            found = {"op": [self.one("and", "or"), found, self.condition(x, scope)]}
        return found

    # Proposals.

    def propose(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree | None:
        proposals = self.fitting(x, level, gentle)
        make = self.rng.choices([p for p, _ in proposals], [w for _, w in proposals])[0]
        step = make(x, scope, level, gentle)
        if step is None:
            return None
        if "for" not in step and "repeat" not in step:
            if self.chance(0.04) and "if" not in step:
                step["if"] = self.condition(x, scope)
            if self.chance(0.12) and "name" not in step and not self.loops:
                step["name"] = self.fresh("t")
        return step

    def fitting(self, x: Sizes, level: int, gentle: bool) -> list[tuple[Callable[..., Any], int]]:
        names = tuple(x.dims)
        found: list[tuple[Callable[..., Any], int]]
        if x.words:
            return [(self.embedding, 1)]
        if "channels" in names and len(names) > 1:
            found = [
                (self.conv, 30),
                (self.depthwise, 8),
                (self.norm, 5),
                (self.activation, 4),
                (self.squeeze_excite, 3),
                (self.mlp, 1),
                (self.linear, 1),
            ]
            if not gentle:
                found += [
                    (self.transpose, 5),
                    (self.pool, 10),
                    (self.adaptive, 1),
                    (self.upsample, 2),
                    (self.pad, 2),
                    (self.crop, 2),
                    (self.shuffle, 2),
                    (self.take, 1),
                    (self.reshape, 1),
                    (self.to_sequence, 1),
                ]
        elif names == ("length", "features"):
            found = [
                (self.linear, 6),
                (self.attention, 8),
                (self.mlp, 6),
                (self.recurrent, 6),
                (self.norm, 5),
                (self.activation, 2),
                (self.transformer, 6),
            ]
            if not gentle:
                found += [
                    (self.token, 2),
                    (self.positions, 2),
                    (self.pad, 1),
                    (self.take, 1),
                    (self.to_image, 2),
                    (self.average, 1),
                    (self.reshape, 1),
                    (self.flatten, 1),
                ]
        elif names == ("features",):
            found = [
                (self.linear, 10),
                (self.activation, 3),
                (self.norm, 2),
                (self.mlp, 2),
                (self.reshape, 1),
            ]
        else:  # a mean or a reshape has left something odd
            found = [(self.flatten, 5), (self.reshape, 2), (self.take, 1)]
        if level > 0:
            found += [
                (self.residual, 8),
                (self.merge, 8),
                (self.block, 7),
                (self.call_again, 5),
                (self.loop, 7),
                (self.table, 5),
                (self.switch, 4),
                (self.nest, 2),
                (self.side, 2),
                (self.rewind, 1),
                (self.share, 3),
            ]
            if "channels" in names and not gentle and not self.loops:
                found.append((self.hourglass, 2))
        return found

    def leaf(self, op: str, args: dict[str, Value], x: Sizes, scope: Scope) -> Tree:
        shown = {
            n: v if isinstance(v, str) else self.disguise(v, x, scope) for n, v in args.items()
        }
        return {"op": op, "args": shown}

    def channels(self, x: Sizes, scope: Scope) -> int:
        seen = [v for _, v in self.numbers_in_sight(x, scope) if 1 <= v <= 48]
        if seen and self.chance(0.4):
            return int(self.one(*seen)) * self.one(1, 1, 1, 2)
        return self.one(self.rng.randint(1, 40), 8, 16, 24, 32)

    def axes(self, x: Sizes) -> int:
        return sum(axis in POSITIONS for axis in x.dims)

    def sizes(self, x: Sizes, make: Callable[[], int]) -> Value:
        """A number, or now and then one for each axis."""
        if self.chance(0.2):
            return [make() for _ in range(self.axes(x))]
        return make()

    def follow(self, args: dict[str, Value], channels: int, scope: Scope) -> None:
        if self.chance(0.25):
            args["bias"] = self.one(True, False, "auto")
        if self.chance(0.25):
            args["norm"] = self.one(*["batch"] * 4, "layer", "none", "rms", "instance", "lrn")
            groups = self.net["defaults"].get("group_norm", {}).get("num_groups", 1 << 30)
            if channels % groups == 0 and self.chance(0.7):
                args["norm"] = "group"
        if self.chance(0.3):
            args["activation"] = self.word(self.one(*ACTIVATIONS, "none"), scope)

    def word(self, word: str, scope: Scope) -> Value:
        """A word in a text slot, now and then from a setting."""
        for name, value in scope.values.items():
            if isinstance(value, str) and self.chance(0.5):
                return {"text": [{"ref": name}]}
        return word

    def window(self, x: Sizes, gentle: bool, args: dict[str, Value], dilate: bool = True) -> None:
        if gentle and self.chance(0.85):
            args["kernel_size"] = self.one(1, 3, 3, 5)
            args["padding"] = self.one("half", "same", "half", args["kernel_size"] // 2)
            if dilate and args["padding"] in ("half", "same") and self.chance(0.2):
                args["dilation"] = self.rng.randint(1, 3)
            return
        kernel = self.sizes(x, lambda: self.one(1, 2, 3, 3, 3, 4, 5, 7))
        if "kernel_size" not in self.net["defaults"].get("conv", {}) or self.chance(0.7):
            args["kernel_size"] = kernel
        if self.chance(0.45):
            args["stride"] = self.sizes(x, lambda: self.one(1, 2, 2, 3))
        if self.chance(0.75):
            args["padding"] = self.one(
                "half",
                "same",
                "valid",
                "half",
                "same",
                self.sizes(x, lambda: self.one(0, 1, 1, 2, 3)),
            )
        if dilate and self.chance(0.2):
            args["dilation"] = self.sizes(x, lambda: self.one(1, 2, 2, 3))

    def conv(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree:
        channels = self.channels(x, scope)
        args: dict[str, Value] = {}
        self.window(x, gentle, args)
        if self.chance(0.2):
            common = gcd(channels, x.dims["channels"])
            args["groups"] = self.one(*[g for g in range(1, common + 1) if common % g == 0])
        self.follow(args, channels, scope)
        return self.leaf("conv", {"out_channels": channels, **args}, x, scope)

    def depthwise(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree:
        args: dict[str, Value] = {}
        self.window(x, gentle, args)
        args.setdefault("kernel_size", 3)
        if self.chance(0.25):
            args["multiplier"] = self.rng.randint(1, 3)
        self.follow(args, x.dims["channels"] * int(args.get("multiplier", 1)), scope)
        return self.leaf("depthwise_conv", args, x, scope)

    def transpose(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree:
        channels = self.channels(x, scope)
        args: dict[str, Value] = {
            "out_channels": channels,
            "kernel_size": self.sizes(x, lambda: self.rng.randint(1, 5)),
        }
        if self.chance(0.7):
            args["stride"] = self.sizes(x, lambda: self.one(1, 2, 2, 3))
        if self.chance(0.4):
            args["padding"] = self.sizes(x, lambda: self.rng.randint(0, 2))
        if self.chance(0.3):
            args["output_padding"] = self.sizes(x, lambda: self.rng.randint(0, 2))
        if self.chance(0.2):
            args["dilation"] = self.sizes(x, lambda: self.rng.randint(1, 3))
        if self.chance(0.2):
            common = gcd(channels, x.dims["channels"])
            args["groups"] = self.one(*[g for g in range(1, common + 1) if common % g == 0])
        self.follow(args, channels, scope)
        return self.leaf("conv_transpose", args, x, scope)

    def pool(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree:
        op = self.one("max_pool", "max_pool", "avg_pool")
        args: dict[str, Value] = {}
        if op not in self.net["defaults"] or self.chance(0.6):
            args["kernel_size"] = self.sizes(x, lambda: self.one(2, 2, 3, 3, 4, 5))
        if self.chance(0.5):
            args["stride"] = self.sizes(x, lambda: self.one(1, 2, 2, 3))
        if self.chance(0.5):
            args["padding"] = self.one(
                "half", "same", "valid", self.sizes(x, lambda: self.one(0, 1, 2))
            )
        if self.chance(0.4):
            args["ceil_mode"] = self.chance(0.8)
        if op == "avg_pool" and self.chance(0.2):
            args["count_include_pad"] = self.chance(0.5)
        if op == "max_pool" and self.chance(0.15):
            args["dilation"] = self.sizes(x, lambda: self.one(1, 2, 3))
        return self.leaf(op, args, x, scope)

    def adaptive(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree:
        if self.chance(0.3):
            op = self.one("global_avg_pool", "global_max_pool")
            return self.leaf(op, {"keepdims": True}, x, scope)
        args = {"output_size": self.sizes(x, lambda: self.rng.randint(1, 9))}
        return self.leaf(self.one("adaptive_avg_pool", "adaptive_max_pool"), args, x, scope)

    def upsample(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree:
        args: dict[str, Value] = {}
        axes = [axis for axis in x.dims if axis in POSITIONS]
        likes = [
            name
            for name, tensor in scope.tensors.items()
            if [axis for axis in tensor.dims if axis in POSITIONS] == axes and not tensor.words
        ]
        if likes and self.chance(0.3):
            args["like"] = self.one(*likes)
        elif self.chance(0.2):
            args["size"] = self.sizes(x, lambda: self.rng.randint(1, 40))
        else:
            args["scale_factor"] = self.sizes(x, lambda: self.rng.randint(1, 3))
        if self.chance(0.4):
            args["mode"] = self.one("nearest", ["linear", "bilinear", "trilinear"][len(axes) - 1])
        return self.leaf("upsample", args, x, scope)

    def pad(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree:
        args: dict[str, Value] = {}
        if self.chance(0.7):
            args["padding"] = self.sizes(x, lambda: self.rng.randint(0, 4))
        if not args or self.chance(0.3):
            args["before"] = self.sizes(x, lambda: self.rng.randint(0, 3))
        if self.chance(0.3):
            args["after"] = self.sizes(x, lambda: self.rng.randint(0, 3))
        if self.chance(0.4):
            args["mode"] = self.one("constant", "reflect", "replicate", "circular")
        return self.leaf("pad", args, x, scope)

    def crop(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree:
        args = {"size": [self.rng.randint(1, s) for a, s in x.dims.items() if a in POSITIONS]}
        return self.leaf("center_crop", args, x, scope)

    def shuffle(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree:
        channels = x.dims["channels"]
        op = self.one("channel_shuffle", "pixel_shuffle", "pixel_unshuffle")
        if op == "channel_shuffle" or self.axes(x) != 2:
            groups = self.one(*[g for g in range(1, channels + 1) if channels % g == 0])
            return self.leaf("channel_shuffle", {"groups": groups}, x, scope)
        factor = "upscale_factor" if op == "pixel_shuffle" else "downscale_factor"
        return self.leaf(op, {factor: self.one(1, 2, 2, 3)}, x, scope)

    def take(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree:
        axis = self.one(*x.dims)
        args: dict[str, Value] = {"axis": axis}
        start = self.rng.randrange(x.dims[axis])
        if start or self.chance(0.5):
            args["start"] = start
        if self.chance(0.7):
            args["size"] = self.rng.randint(1, x.dims[axis] - start)
        return self.leaf("take", args, x, scope)

    def average(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree:
        if self.chance(0.3):
            return self.leaf(self.one("global_avg_pool", "global_max_pool"), {}, x, scope)
        args: dict[str, Value] = {"axis": self.one("length", "length", "features")}
        if self.chance(0.4):
            args["keepdims"] = self.chance(0.7)
        return self.leaf("mean", args, x, scope)

    def reshape(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree:
        """The same elements, as an image or a sequence of other sizes."""
        left = 1
        for size in x.dims.values():
            left *= size
        names = self.one(
            ("length", "features"),
            ("features",),
            ("channels", "length"),
            ("channels", "height", "width"),
            ("channels", "depth", "height", "width"),
        )
        sizes: dict[str, int] = {}
        for name in names[:-1]:
            sizes[name] = self.one(*[n for n in range(1, min(left, 64) + 1) if left % n == 0])
            left //= sizes[name]
        sizes[names[-1]] = left
        if left > 4096 and names != ("features",):
            sizes, left = {"features": 0}, 0
            for size in x.dims.values():
                left = (left or 1) * size
            sizes["features"] = left
        return {"op": "reshape", "args": {"to": {"dims": self.sized(sizes, x, scope)}}}

    def sized(self, sizes: dict[str, int], x: Sizes, scope: Scope) -> dict[str, Value]:
        return {axis: self.disguise(size, x, scope) for axis, size in sizes.items()}

    def to_image(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree:
        length = x.dims["length"]
        if self.chance(0.4):
            return {"op": "to_image", "args": {}}
        height = self.one(*[n for n in range(1, length + 1) if length % n == 0])
        return self.leaf("to_image", {"height": height, "width": length // height}, x, scope)

    def norm(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree:
        ops = ["batch_norm", "layer_norm", "group_norm", "rms_norm", "layer_scale"]
        if self.chance(0.1):
            ops = ["l2_norm", "scale", "softcap"]
        if "features" not in x.dims:
            ops += ["batch_norm", "lrn"]
        if self.axes(x):
            ops.append("instance_norm")
        op = self.one(*ops)
        args: dict[str, Value] = {}
        content = "channels" if "channels" in x.dims else "features"
        if op == "group_norm":
            size = x.dims[content]
            args["num_groups"] = self.one(*[g for g in range(1, size + 1) if size % g == 0])
        elif op == "softcap":
            args["cap"] = self.one(30, 50)
        elif op == "scale" and self.chance(0.8):
            args["factor"] = self.one(2, 3)
            if self.chance(0.5):
                args["learned"] = self.chance(0.7)
        elif op == "lrn" and self.chance(0.5):
            args["size"] = self.one(3, 5, 9)
        elif op == "layer_norm" and self.chance(0.3):
            args["over"] = self.one("all", content, "auto")
        elif op == "layer_scale" and self.chance(0.4):
            args["bias"] = self.chance(0.7)
        if op in ("batch_norm", "instance_norm", "group_norm", "layer_norm", "rms_norm"):
            if self.chance(0.2):
                args["affine"] = self.chance(0.4)
            if op in ("batch_norm", "instance_norm") and self.chance(0.2):
                args["track_running_stats"] = self.chance(0.5)
        if op == "layer_norm" and self.chance(0.2):
            args["bias"] = self.chance(0.3)
        return self.leaf(op, args, x, scope)

    def activation(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree:
        op = self.one(*ACTIVATIONS, "softmax", "log_softmax", "dropout", "drop_path", "identity")
        args: dict[str, Value] = {}
        if op == "prelu" and self.chance(0.5):
            args["per_channel"] = self.chance(0.7)
        elif op in ("dropout", "drop_path") and self.chance(0.5):
            args["p"] = self.one(0.1, 0.5, 0)
        if self.chance(0.08) and not gentle:
            op, args = "glu", {}
        return self.leaf(op, args, x, scope)

    def squeeze_excite(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree:
        """Hu et al., arXiv:1709.01507: channels scaled by what the whole picture says."""
        less: Value = max(x.dims["channels"] // self.one(2, 4), 1)
        if self.chance(0.3):
            less = {"fn": ["make_divisible", {"op": ["/", {"dim": ["prev", "channels"]}, 4]}, 8]}
        plain = {"norm": "none", "padding": 0, "kernel_size": 1, "stride": 1}
        gate: list[Tree] = [
            {"op": self.one("global_avg_pool", "global_max_pool"), "args": {"keepdims": True}},
            {"op": "conv", "args": {"out_channels": less, **plain, "activation": "relu"}},
            {
                "op": "conv",
                "args": {
                    "out_channels": self.disguise(x.dims["channels"], None, scope),
                    **plain,
                    "activation": self.one("sigmoid", "hard_sigmoid"),
                },
            },
        ]
        branches: list[Tree] = [{"tensor": "prev"}, {"steps": gate}]
        if self.chance(0.3):
            branches.reverse()
        return {"op": "mul", "branches": branches}

    def embedding(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree:
        args = {"num_embeddings": self.rng.randint(2, 400), "embedding_dim": self.one(6, 8, 12, 24)}
        step = self.leaf("embedding", args, x, scope)
        if self.chance(0.4):
            step["name"] = self.fresh("table")
        return step

    def linear(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree:
        args: dict[str, Value] = {"out_features": self.channels(x, scope)}
        if self.chance(0.3):
            args["bias"] = self.one(True, False, "auto")
        if self.chance(0.3):
            args["activation"] = self.word(self.one(*ACTIVATIONS, "none"), scope)
        if self.chance(0.1):
            args["norm"] = self.one("layer", "rms", "l2")
        if "channels" in x.dims:
            args["axis"] = "channels"
        elif len(x.dims) == 2 and self.chance(0.1):
            args["axis"] = "length"
        return self.leaf("linear", args, x, scope)

    def attention(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree:
        features = x.dims["features"]
        heads = self.one(*[h for h in range(1, min(features, 12) + 1) if features % h == 0])
        args: dict[str, Value] = {}
        if self.chance(0.3):
            heads = self.rng.randint(1, 6)
            args["head_dim"] = self.rng.randint(1, 16)
        args["num_heads"] = heads
        if self.chance(0.3):
            args["num_kv_heads"] = self.one(*[k for k in range(1, heads + 1) if heads % k == 0])
        if self.chance(0.3):
            args["bias"] = self.chance(0.5)
        if self.chance(0.2):
            args["qkv_bias"] = self.chance(0.5)
        if self.chance(0.3):
            args["causal"] = self.chance(0.6)
        if self.chance(0.1):
            args["past"] = self.rng.randint(0, 30)
        if self.chance(0.1):
            args["rope"] = self.chance(0.7)
        if self.chance(0.1) and not gentle:
            args["out_features"] = self.channels(x, scope)
        step = self.leaf("attention", args, x, scope)
        others = [
            name
            for name, tensor in scope.tensors.items()
            if tuple(tensor.dims) == ("length", "features")
        ]
        if others and self.chance(0.3):
            step["args"]["context"] = self.one(*others)
        return step

    def mlp(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree:
        args: dict[str, Value] = {"hidden_features": self.channels(x, scope) * self.one(1, 2, 4)}
        if self.chance(0.5):
            args["activation"] = self.word(self.one("gelu", "relu", "silu", "none"), scope)
        if args.get("activation") != "none" and not isinstance(args.get("activation", ""), str):
            del args["activation"]  # a setting's activation may have weights of its own
        if self.chance(0.3):
            args["gated"] = self.chance(0.7)
        if self.chance(0.3):
            args["bias"] = self.chance(0.5)
        if self.chance(0.15) and "channels" not in x.dims:
            experts = self.rng.randint(1, 6)
            args["num_experts"] = experts
            args["top_k"] = self.rng.randint(1, experts)
            if self.chance(0.4):
                args["shared_experts"] = self.rng.randint(0, 2)
            if self.chance(0.3):
                args["router_bias"] = self.chance(0.7)
            return self.leaf("moe", args, x, scope)
        if self.chance(0.15) and not gentle:
            args["out_features"] = self.channels(x, scope)
        if "channels" in x.dims:
            args["axis"] = "channels"
        elif len(x.dims) == 2 and self.chance(0.1):
            args["axis"] = "length"
        return self.leaf("mlp", args, x, scope)

    def recurrent(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree:
        args: dict[str, Value] = {"hidden_size": self.one(4, 7, 10, 16, 24)}
        if self.chance(0.4):
            args["num_layers"] = self.rng.randint(1, 3)
        if self.chance(0.4):
            args["bidirectional"] = self.chance(0.8)
        if self.chance(0.2):
            args["bias"] = self.chance(0.5)
        return self.leaf(self.one("lstm", "gru", "rnn"), args, x, scope)

    def transformer(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree:
        """A pre-norm transformer layer."""
        norm = self.one("layer_norm", "rms_norm")

        def part(step: Tree) -> Tree:
            return {"op": "residual", "main": [{"op": norm, "args": {}}, step]}

        both = [part(self.attention(x, scope, 0, True)), part(self.mlp(x, scope, 0, True))]
        return {"op": "do", "steps": both}

    def positions(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree:
        args: dict[str, Value] = {}
        if self.chance(0.2):
            return self.leaf("rope", args, x, scope)
        if self.chance(0.2):
            args["past"] = self.rng.randint(0, 20)
        if self.chance(0.6):
            needed = x.dims["length"] + int(args.get("past", 0))
            args["max_length"] = needed + self.one(0, 0, 1, 20)
        if self.chance(0.2):
            args["learned"] = self.chance(0.5)
        return self.leaf("position_embedding", args, x, scope)

    def token(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree:
        if self.chance(0.6):
            args = {"tokens": self.rng.randint(1, 4)} if self.chance(0.4) else {}
            return self.leaf("class_token", args, x, scope)
        length = x.dims["length"]
        index = self.one(0, -1, length // 2, -length, length - 1)
        return self.leaf("select_token", {"index": index}, x, scope)

    def flatten(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree:
        return {"op": "flatten", "args": {}}

    def to_sequence(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree:
        return {"op": "to_sequence", "args": {}}

    # What holds other steps.

    def bridge(
        self, x: Sizes, wanted: dict[str, int], scope: Scope, along: str = ""
    ) -> list[Tree] | None:
        """Steps that take ``x`` to the sizes ``wanted``, but for the axis ``along``."""

        def there(y: Sizes | None) -> bool:
            return y is not None and all(
                y.dims.get(axis) == size for axis, size in wanted.items() if axis != along
            )

        if tuple(x.dims) != tuple(wanted) or x.words:
            return None
        if there(x):
            return []
        if "channels" not in wanted:
            if along == "features" or x.dims.get("length") != wanted.get("length"):
                return None
            args: dict[str, Value] = {"out_features": wanted["features"], "norm": "none"}
            step = self.leaf("linear", args, x, scope)
            return [step] if there(self.attempt(step, x, scope.copy())) else None
        out = x.dims["channels"] if along == "channels" else wanted["channels"]
        if along == "channels" and self.chance(0.7):
            out = self.channels(x, scope)
        axes = [axis for axis in wanted if axis in POSITIONS and axis != along]
        sizes = [wanted.get(axis, 1) if axis != along else x.dims[axis] for axis in x.dims][1:]
        plain: dict[str, Value] = {"out_channels": out}
        for _ in range(25):
            args = dict(plain)
            args["kernel_size"] = self.one(1, 1, 2, 3, 4, 5)
            args["norm"] = self.one("batch", "none")
            args["stride"] = [
                max(1, round(x.dims[a] / wanted[a])) if a in axes else 1
                for a in x.dims
                if a in POSITIONS
            ]
            if len(set(args["stride"])) == 1:
                args["stride"] = args["stride"][0]
            args["padding"] = self.one("half", "same", 0, 1)
            step = self.leaf("conv", args, x, scope)
            if there(self.attempt(step, x, scope.copy())):
                return [step]
        steps: list[Tree] = [self.leaf("adaptive_avg_pool", {"output_size": sizes}, x, scope)]
        smaller = all(s <= x.dims[a] for a, s in zip(list(x.dims)[1:], sizes, strict=True))
        if smaller and self.chance(0.5):
            steps = [self.leaf("center_crop", {"size": sizes}, x, scope)]
        steps.append(
            {
                "op": "conv",
                "args": {**plain, "kernel_size": 1, "stride": 1, "padding": 0, "dilation": 1},
            }
        )
        y: Sizes | None = x
        inner = scope.copy()
        for step in steps:
            y = None if y is None else self.attempt(step, y, inner)
        return steps if there(y) else None

    def residual(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree | None:
        inner = scope.copy()
        main, y = self.chain(x, inner, self.rng.randint(1, 3), level - 1, gentle)
        step: Tree = {"op": "residual", "main": main}
        if gentle or self.chance(0.5):
            back = self.bridge(y, x.dims, inner)
            if back is None:
                return None
            step["main"] = main + back
            if self.chance(0.3):
                step["shortcut"] = []
            return step
        shortcut = self.bridge(x, y.dims, scope)
        if shortcut is None:
            return None
        step["shortcut"] = shortcut
        return step

    def merge(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree | None:
        op = self.one("concat", "concat", "add", "mul")
        if "features" in x.dims and not gentle and self.chance(0.2):
            op = "matmul"
        along = ""
        step: Tree = {"op": op}
        if op == "concat":
            along = "channels" if "channels" in x.dims else "features"
            if self.chance(0.2):
                along = self.one(*x.dims)
                step["args"] = {"axis": along}
        branches: list[Tree] = []
        wanted: dict[str, int] | None = None
        for number in range(2 if op == "matmul" else self.rng.randint(2, 4)):
            start, head = x, []
            seen = [n for n, t in scope.tensors.items() if tuple(t.dims) == tuple(x.dims)]
            if seen and self.chance(0.35):
                name = self.one(*seen)
                start, head = scope.tensors[name], [{"from": name}]
            inner = scope.copy()
            count = 0 if self.chance(0.15) else self.rng.randint(1, 3)
            steps, y = self.chain(start, inner, count, level - 1, gentle or number > 0)
            if wanted is None:
                if tuple(y.dims) != tuple(x.dims):
                    return None
                wanted = dict(x.dims if gentle else y.dims)
            if op == "matmul":  # any length will do
                wanted = {**wanted, "length": y.dims.get("length", 0)}
                if len(y.dims) == 1:
                    del wanted["length"]
            more = self.bridge(y, wanted, inner, along)
            if more is None:
                return None
            steps = head + steps + more
            if head and len(steps) == 1:
                branches.append({"tensor": head[0]["from"]})
            elif not steps and self.chance(0.5):
                branches.append({"tensor": "prev"})
            elif len(steps) == 1 and steps[0].get("op") != "side" and self.chance(0.5):
                branches.append({"step": steps[0]})
            else:
                branches.append({"steps": steps})
        if self.chance(0.15):
            gone = {"op": "conv", "args": {"out_channels": 3, "kernel_size": 3}}
            branches.append({"step": {**gone, "if": {"op": ["<", 2, 1]}}})
        if self.chance(0.3):
            step["labels"] = [self.fresh("b") for _ in branches]
        step["branches"] = branches
        return step

    def block(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree | None:
        """A new block and its first call."""
        name = self.fresh("block")
        settings = {n: scope.values[n] for n in self.net["settings"]}
        arguments: Tree = {}
        args: dict[str, Value] = {}
        values = dict(settings)
        for argument in self.rng.sample(["wide", "mid", "side", "step", "deep", "more", "fn"], 3):
            if argument in values:
                continue
            value: Value
            if argument == "more":
                value = self.chance(0.5)
            elif argument == "fn":
                value = self.one(*ACTIVATIONS)
            elif argument in ("step", "deep"):
                value = self.rng.randint(1, 3)
            else:
                value = self.channels(x, scope)
            how = self.rng.random()
            if how < 0.6 or isinstance(value, str):
                arguments[argument] = {"type": {bool: "bool", int: "int", str: "str"}[type(value)]}
                args[argument] = self.disguise(value, x, scope)
            else:
                inner = Scope(dict(values), {"input": x}, {})
                arguments[argument] = {"default": self.disguise(value, None, inner, 0.5)}
            values[argument] = value
        inner = Scope(values, {"input": x}, {})
        loops, self.loops = self.loops, 0
        count = len(self.net["blocks"])
        steps, _ = self.chain(x, inner, self.rng.randint(1, 4), level - 1, gentle)
        self.loops = loops
        if not steps or len(self.net["blocks"]) > count + 2:
            return None
        self.net["blocks"][name] = {"arguments": arguments, "layers": steps}
        step: Tree = {"op": name, "args": args}
        if self.chance(0.2):
            step["repeat"] = self.rng.randint(1, 3)
        return step

    def call_again(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree | None:
        """A call of a block that is there, with other arguments."""
        if not self.net["blocks"]:
            return None
        name = self.one(*self.net["blocks"])
        args: dict[str, Value] = {}
        for argument, given in self.net["blocks"][name]["arguments"].items():
            kind = given.get("type") or type(given["default"]).__name__
            if "default" in given and self.chance(0.5):
                continue
            if kind == "bool":
                args[argument] = self.chance(0.5)
            elif kind == "str":
                args[argument] = self.word(self.one(*ACTIVATIONS), scope)
            elif argument in ("step", "deep"):
                args[argument] = self.disguise(self.rng.randint(1, 3), x, scope)
            else:
                args[argument] = self.disguise(self.channels(x, scope), x, scope)
        step: Tree = {"op": name, "args": args}
        for setting, value in self.net["settings"].items():
            if value == name:
                step["op"] = {"text": [{"ref": setting}]}
        if self.chance(0.2):
            step["repeat"] = self.rng.randint(1, 3)
        return step

    def loop(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree | None:
        """A chain again and again; the names of its inside may count."""
        times: Value = self.rng.randint(1, 4)
        inner = scope.inside({"i": 0}).copy()
        self.loops += 1
        steps, _ = self.chain(x, inner, self.rng.randint(1, 3), level - 1, self.chance(0.75))
        self.loops -= 1
        if not steps:
            return None
        repeat = self.disguise(times, x, scope)
        if len(steps) == 1 and steps[0].keys() <= {"op", "args"} and self.chance(0.7):
            step = {**steps[0], "repeat": repeat}
            keeps = self.attempt(steps[0], x, scope.inside({"i": 0}).copy()) == x
            if keeps and self.chance(0.3) and steps[0]["op"] in ("linear", "depthwise_conv"):
                step["share"] = True
        else:
            step = {"op": "do", "steps": steps, "repeat": repeat}
        if self.chance(0.3):
            stem = self.fresh("loop")
            count: Value = {"op": ["+", {"ref": "i"}, 1]} if self.chance(0.3) else {"ref": "i"}
            step["name"] = {"text": [stem, count]}
        while self.attempt(step, x, scope.copy()) is None:
            if evaluate(step["repeat"], scope, x) <= 1:
                return None
            step["repeat"] = evaluate(step["repeat"], scope, x) - 1
        return step

    def table(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree | None:
        """A chain for each row of a table."""
        names = self.rng.sample(["c", "k", "s", "t"], self.rng.randint(1, 3))
        if any(n in scope.values for n in names):
            return None

        def row() -> dict[str, int]:
            choices = {"c": self.channels(x, scope), "k": self.one(1, 3, 5), "s": 1, "t": 2}
            return {n: choices[n] * (self.one(1, 1, 2) if n in "st" else 1) for n in names}

        first = row()
        rows = [first, *[row() for _ in range(self.rng.randint(0, 3))]]
        inner = scope.inside({"i": 0, **first}).copy()
        self.loops += 1
        steps, _ = self.chain(
            x, inner, self.rng.randint(1, 3), level - 1, gentle or self.chance(0.7)
        )
        self.loops -= 1
        if not steps:
            return None
        while rows:
            step: Tree = {"for": names, "in": self.list_of(names, rows), "op": "do", "steps": steps}
            if len(names) == 1:  # a name for each item, not for the first item of each row
                step["for"] = names[0]
                step["in"] = [r[names[0]] for r in rows]
                if step["in"] == list(range(1, len(rows) + 1)):
                    step["in"] = {"fn": ["range", 1, len(rows) + 1]}
                elif self.chance(0.2):
                    step["in"] = {"fn": ["reversed", step["in"][::-1]]}
            if self.chance(0.15):
                step["repeat"] = self.rng.randint(1, 2)
            elif self.chance(0.3):
                step["name"] = {"text": [self.fresh("stage"), {"op": ["+", {"ref": "i"}, 1]}]}
            if self.attempt(step, x, scope.copy()) is not None:
                return step
            rows.pop()
        return None

    def list_of(self, names: list[str], rows: list[dict[str, int]]) -> Value:
        if self.chance(0.3):
            return {"fn": ["zip", *[[row[n] for row in rows] for n in names]]}
        if len(names) == 2 and [row[names[0]] for row in rows] == list(range(len(rows))):
            return {"fn": ["enumerate", [row[names[1]] for row in rows]]}
        return [[row[n] for n in names] for row in rows]

    def switch(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree | None:
        """One chain or the other; the one that is not taken may be nonsense."""
        condition = self.condition(x, scope)
        taken = bool(evaluate(condition, scope, x))
        steps, _ = self.chain(x, scope.copy(), self.rng.randint(1, 2), level - 1, gentle)
        if not steps:
            return None
        other: list[Tree] = [{"op": "conv", "args": {"out_channels": 7, "kernel_size": 999}}]
        first, second = (steps, other) if taken else (other, steps)
        step: Tree
        if len(first) == 1 and first[0].keys() <= {"op", "args"} and self.chance(0.6):
            step = dict(first[0])
        else:
            step = {"op": "do", "steps": first}
        step["if"] = condition
        if not taken or self.chance(0.5):
            step["else"] = second
        return step

    def nest(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree | None:
        steps, _ = self.chain(x, scope.copy(), self.rng.randint(1, 3), level - 1, gentle)
        step: Tree = {"op": "do", "steps": steps}
        if self.chance(0.5) and not self.loops:
            step["name"] = self.fresh("part")
        return step if steps else None

    def side(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree | None:
        steps, _ = self.chain(x, scope.copy(), self.rng.randint(1, 3), level - 1, False)
        return {"op": "side", "steps": steps} if steps else None

    def rewind(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree | None:
        """A step that starts from a tensor of before."""
        seen = [n for n, t in scope.tensors.items() if not t.words]
        if not seen or gentle or self.loops:
            return None
        name = self.one(*seen)
        step = self.propose(scope.tensors[name], scope, 0, gentle)
        if step is None or not step.keys() <= {"op", "args"} or "$prev" in str(step):
            return None
        if "'prev'" in str(step.get("args", "")):
            return None  # whether prev is then the one or the other is nobody's business
        return {**step, "from": name}

    def share(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree | None:
        """Another use of weights that are there."""
        if self.loops:
            return None
        for name, layer in scope.layers.items():
            if layer is None:
                continue
            kind, args, dims = layer[""] if isinstance(layer, dict) else ("", {}, {})
            same = "channels" if "channels" in dims else "features"
            if kind in ("conv", "linear") and x.dims.get(same) == dims.get(same, 0):
                # The same layer once more; what it brings along it brings again.
                own: dict[str, Value] = {"norm": "none"}
                if self.net["defaults"].get(kind, {}).get("activation") == "prelu":
                    own["activation"] = "none"  # it would have weights that are not there
                step = {"op": kind, "args": {**args, **own}, "share": name}
                if len(layer) == 1 and self.attempt(step, x, scope.copy()) is not None:
                    return step
            if kind == "embedding" and x.dims.get("features") == args["embedding_dim"]:
                tied = {"out_features": args["num_embeddings"], "bias": False, "activation": "none"}
                return {"op": "linear", "args": tied, "share": name}
        return None

    def hourglass(self, x: Sizes, scope: Scope, level: int, gentle: bool) -> Tree | None:
        """Down by a loop and up by another, with skips by name (U-Net)."""
        levels = self.rng.randint(1, 3)
        stem, grown = self.fresh("skip"), self.fresh("grown")
        index: Value = {"op": ["-", levels - 1, {"ref": "i"}]}
        conv = {"kernel_size": 3, "padding": self.one(0, 1, "half"), "norm": "none"}
        wide = {"op": ["*", self.rng.randint(2, 8), {"op": ["**", 2, {"ref": "i"}]}]}
        down: Tree = {
            "op": "do",
            "repeat": levels,
            "steps": [
                {
                    "op": "conv",
                    "args": {"out_channels": wide, **conv},
                    "name": {"text": [stem, {"ref": "i"}]},
                },
                {"op": "max_pool", "args": {"kernel_size": 2, "stride": 2, "ceil_mode": False}},
            ],
        }
        half = {"op": ["//", {"op": ["+", {"dim": ["prev", "channels"]}, 1]}, 2]}
        up: Tree = {
            "op": "do",
            "repeat": levels,
            "steps": [
                {
                    "op": "conv_transpose",
                    "args": {"out_channels": half, "kernel_size": 2, "stride": 2},
                    "name": grown,
                },
                {
                    "op": "concat",
                    "branches": [
                        {
                            "steps": [
                                {"from": {"text": [stem, index]}},
                                {"op": "center_crop", "args": {"like": grown}},
                            ]
                        },
                        {"tensor": grown},
                    ],
                },
                {"op": "conv", "args": {"out_channels": half, **conv}},
            ],
        }
        return {"op": "do", "steps": [down, up]}

    def head(self, x: Sizes, scope: Scope) -> tuple[list[Tree], Sizes]:
        """The end of a classifier."""
        steps: list[Tree] = []

        def put(step: Tree) -> None:
            nonlocal x
            y = self.attempt(step, x, scope)
            if y is not None:
                steps.append(step)
                x = y

        if "channels" in x.dims and len(x.dims) > 1:
            how = self.one("flatten", "global_avg_pool", "global_max_pool", "to_sequence")
            put({"op": how, "args": {}})
        elif len(x.dims) == 2:
            put(
                self.one(
                    {"op": "flatten", "args": {}}, {"op": "select_token", "args": {"index": -1}}
                )
            )
        if self.chance(0.3):
            put({"op": "dropout", "args": {"p": 0.5}})
        if "features" in x.dims and x.dims["features"] < 20000:
            put(self.linear(x, scope, 0, False))
        return steps, x


def leaves(tree: Any) -> list[Tree]:
    """Every step of a network that has arguments."""
    found: list[Tree] = []
    if isinstance(tree, dict):
        if isinstance(tree.get("op"), str) and "args" in tree:
            found.append(tree)
        for value in tree.values():
            found += leaves(value)
    elif isinstance(tree, list):
        for value in tree:
            found += leaves(value)
    return found


def chains(tree: Any) -> list[list[Tree]]:
    """Every list of steps of a network."""
    found: list[list[Tree]] = []
    if isinstance(tree, dict):
        for key, value in tree.items():
            if key in ("layers", "steps", "main", "shortcut", "else") and isinstance(value, list):
                found.append(value)
            found += chains(value)
    elif isinstance(tree, list):
        for value in tree:
            found += chains(value)
    return found


def spoil(net: Tree, rng: Random) -> Tree:
    """The network with one thing changed that may well break it."""
    net = copy.deepcopy(net)
    steps = [s for s in leaves(net) if s["op"] not in net["blocks"]]
    places = [c for c in chains(net) if c]
    step = rng.choice(steps) if steps else {"op": "", "args": {}}
    args = step["args"]
    kind = step["op"]
    numbers = [n for n, v in args.items() if isinstance(v, int) and not isinstance(v, bool)]
    lists = [n for n, v in args.items() if isinstance(v, list)]
    how = rng.random()
    if how < 0.45 and numbers:
        name = rng.choice(numbers)
        args[name] = rng.choice([args[name] + 1, args[name] * 3 + 2, args[name] + 60, 0])
    elif how < 0.55 and lists:
        name = rng.choice(lists)
        # An empty list is refused where it stands, even in a step that is never run.
        shorter = args[name][:-1] or [*args[name], 2]
        args[name] = rng.choice([args[name] + [1], shorter, args[name][::-1]])
    elif how < 0.7 and kind in ("conv", "conv_transpose", "max_pool", "avg_pool"):
        if "pool" in kind:
            args["padding"] = rng.randint(1, 4)
        elif kind == "conv":
            args[rng.choice(["groups", "dilation"])] = rng.randint(2, 9)
        else:
            args[rng.choice(["groups", "output_padding", "padding"])] = rng.randint(1, 9)
    elif how < 0.85:
        stranger: Tree = rng.choice(
            [
                {"op": "linear", "args": {"out_features": 5}},
                {"op": "conv", "args": {"out_channels": 4, "kernel_size": 3}},
                {"op": "attention", "args": {"num_heads": 4}},
                {"op": "lstm", "args": {"hidden_size": 4}},
                {"op": "flatten", "args": {}},
                {"op": "to_sequence", "args": {}},
                {"op": "global_avg_pool", "args": {}},
                {"op": "max_pool", "args": {"kernel_size": 3, "stride": 2}},
                {"op": "group_norm", "args": {"num_groups": 4}},
                {"op": "select_token", "args": {"index": 30}},
            ]
        )
        place = rng.choice(places)
        place.insert(rng.randint(0, len(place)), stranger)
    else:
        place = rng.choice(places)
        gone = [s for s in place if "'name'" not in str(s)]  # a dangling name is another matter
        if gone:
            place.remove(rng.choice(gone))
        if not net["layers"]:
            net["layers"] = [{"op": "identity", "args": {}}]
    net["spoiled"] = True
    return net
