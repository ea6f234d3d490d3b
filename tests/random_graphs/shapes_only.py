"""The machine that the generator asks "what would come out of this?": shapes, and no torch.

It only has to be good enough to propose networks that are valid: torch has the last word on each,
and the tests require that torch accepts what this machine let pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

from .tree import Refused

POSITIONS = ("depth", "height", "width", "length")
LARGEST = 1 << 22
"""Elements of the largest tensor that a network may hold: enough for any rule to show itself."""


FROM_NOTHING = frozenset(
    (
        "padding",
        "output_padding",
        "before",
        "after",
        "past",
        "index",
        "start",
        "shared_experts",
        "factor",
    )
)
"""Arguments that may be zero; all others start at 1."""


class Sizes(NamedTuple):
    """A tensor of which only the sizes are known."""

    dims: dict[str, int]
    words: bool = False


def positions(dims: dict[str, int]) -> list[str]:
    return [axis for axis in dims if axis in POSITIONS]


def per_axis(value: Any, axes: Sequence[str]) -> list[int]:
    """One number for each axis, from a number or a list."""
    numbers = list(value) if isinstance(value, list) else [value] * len(axes)
    if len(numbers) != len(axes):
        raise Refused(f"{len(numbers)} numbers for {len(axes)} axes")
    return [int(n) for n in numbers]


def must(condition: bool, why: str) -> None:
    if not condition:
        raise Refused(why)


def paddings(padding: Any, kernel: list[int], dilation: list[int], axes: list[str]) -> list[int]:
    """Zeros at each end; for the word ``same`` it is worked out with the stride, elsewhere."""
    if padding == "half":
        return [(d * (k - 1) + 1) // 2 for k, d in zip(kernel, dilation, strict=True)]
    return per_axis(0 if isinstance(padding, str) else padding, axes)


def slide(dims: dict[str, int], args: dict[str, Any], stride: Any, ceil: bool) -> dict[str, int]:
    """The positions after a window has slid over them."""
    axes = positions(dims)
    kernel = per_axis(args["kernel_size"], axes)
    steps = per_axis(stride, axes)
    dilation = per_axis(args.get("dilation", 1), axes)
    padding = args.get("padding", 0)
    pads = paddings(padding, kernel, dilation, axes)
    out = {}
    for axis, k, s, d, p in zip(axes, kernel, steps, dilation, pads, strict=True):
        n = dims[axis]
        must(min(k, s, d) >= 1 and p >= 0, "a window of nothing")
        if padding == "same":
            out[axis] = -(-n // s)
            continue
        room = n + 2 * p - (d * (k - 1) + 1)
        must(room >= 0, f"a window of {k} over {n}")
        count = room // s + 1
        # A window that hangs over the end counts if it starts on the tensor or its left padding.
        if ceil and room % s and count * s < n + p:
            count += 1
        out[axis] = count
    return out


def matrix(kind: str, args: dict[str, Any], x: dict[str, int]) -> list[int]:
    """The sizes of the layer's matrix, which may be shared turned."""
    if kind == "linear":
        return sorted((args["out_features"], x[args.get("axis", "features")]))
    if kind == "embedding":
        return sorted((args["num_embeddings"], args["embedding_dim"]))
    return []


class ShapesOnly:
    """Runs a tree on sizes alone."""

    def __init__(self) -> None:
        self.layers = 0

    def input(self, dims: dict[str, int], words: bool) -> Sizes:
        must(min(dims.values()) >= 1, "an empty input")
        return Sizes(dims, words)

    def layer(
        self, kind: str, args: dict[str, Any], xs: list[Sizes], shared: Any
    ) -> tuple[Sizes, Any]:
        self.layers += 1
        must(not xs[0].words or kind in ("embedding", "identity"), f"{kind} of words")
        for name, value in args.items():
            for number in value if isinstance(value, list) else [value]:
                if isinstance(number, int) and not isinstance(number, bool):
                    must(number >= (name not in FROM_NOTHING) or name == "index", name)
        rule = getattr(self, kind, None)
        try:
            dims = rule(args, *(x.dims for x in xs)) if rule else dict(xs[0].dims)
        except (KeyError, ZeroDivisionError) as error:
            raise Refused(f"{kind}: {error!r}") from error
        must(min(dims.values()) >= 1 and prod(dims.values()) <= LARGEST, "too small or too large")
        mine = (kind, args, xs[0].dims)
        if shared is not None and kind == "linear":
            must(matrix(*shared) == matrix(*mine), "other weights")
        elif shared is not None:
            must(shared[0] == kind and shared[1] == args, "other weights")
            content = "channels" if "channels" in xs[0].dims else "features"
            must(shared[2].get(content) == xs[0].dims.get(content), "other weights")
        return Sizes(dims, xs[0].words and kind != "embedding"), mine

    def conv(self, args: dict[str, Any], x: dict[str, int]) -> dict[str, int]:
        must("channels" in x and len(x) > 1, "conv of no image")
        groups = args.get("groups", 1)
        must(x["channels"] % groups == 0 and args["out_channels"] % groups == 0, "groups")
        out = slide(x, args, args.get("stride", 1), False)
        return {**x, "channels": int(args["out_channels"]), **out}

    def depthwise_conv(self, args: dict[str, Any], x: dict[str, int]) -> dict[str, int]:
        must("channels" in x and len(x) > 1, "conv of no image")
        out = slide(x, args, args.get("stride", 1), False)
        return {**x, "channels": int(x["channels"] * args.get("multiplier", 1)), **out}

    def conv_transpose(self, args: dict[str, Any], x: dict[str, int]) -> dict[str, int]:
        must("channels" in x and len(x) > 1, "conv of no image")
        groups = args.get("groups", 1)
        must(x["channels"] % groups == 0 and args["out_channels"] % groups == 0, "groups")
        axes = positions(x)
        out = {}
        for axis, k, s, p, extra, d in zip(
            axes,
            per_axis(args["kernel_size"], axes),
            per_axis(args.get("stride", 1), axes),
            per_axis(args.get("padding", 0), axes),
            per_axis(args.get("output_padding", 0), axes),
            per_axis(args.get("dilation", 1), axes),
            strict=True,
        ):
            must(extra < max(s, d), "output_padding")
            out[axis] = (x[axis] - 1) * s - 2 * p + d * (k - 1) + extra + 1
            must(out[axis] >= 1, "nothing is left")
        return {**x, "channels": int(args["out_channels"]), **out}

    def rms_norm(self, args: dict[str, Any], x: dict[str, int]) -> dict[str, int]:
        must("channels" in x or "features" in x, "rms_norm of no content")
        return x

    def layer_norm(self, args: dict[str, Any], x: dict[str, int]) -> dict[str, int]:
        must(args.get("over", "auto") in ("auto", "all", *x), "layer_norm over what?")
        return dict(x)

    def _pool(self, args: dict[str, Any], x: dict[str, int]) -> dict[str, int]:
        must("channels" in x and len(x) > 1, "pool of no image")
        axes = positions(x)
        kernel = per_axis(args["kernel_size"], axes)
        if not isinstance(args.get("padding", 0), str):
            pads = per_axis(args.get("padding", 0), axes)
            must(all(2 * p <= k for k, p in zip(kernel, pads, strict=True)), "padding over half")
        stride = args.get("stride", args["kernel_size"])
        return {**x, **slide(x, args, stride, args.get("ceil_mode", False))}

    max_pool = avg_pool = _pool

    def _global(self, args: dict[str, Any], x: dict[str, int]) -> dict[str, int]:
        content = "channels" if "channels" in x else "features"
        must(content in x and len(x) > 1, "nothing to pool over")
        if args.get("keepdims", False):
            return {axis: size if axis == content else 1 for axis, size in x.items()}
        return {"features": x[content]}

    global_avg_pool = global_max_pool = _global

    def adaptive_avg_pool(self, args: dict[str, Any], x: dict[str, int]) -> dict[str, int]:
        must("channels" in x and len(x) > 1, "pool of no image")
        axes = positions(x)
        return {**x, **dict(zip(axes, per_axis(args["output_size"], axes), strict=True))}

    adaptive_max_pool = adaptive_avg_pool

    def group_norm(self, args: dict[str, Any], x: dict[str, int]) -> dict[str, int]:
        content = "channels" if "channels" in x else "features"
        must(x[content] % args["num_groups"] == 0, "num_groups")
        return dict(x)

    def instance_norm(self, args: dict[str, Any], x: dict[str, int]) -> dict[str, int]:
        must(prod(x[axis] for axis in positions(x)) > 1, "a mean over one position")
        return dict(x)

    def lrn(self, args: dict[str, Any], x: dict[str, int]) -> dict[str, int]:
        must("channels" in x and len(x) > 1, "not an image")
        return dict(x)

    def glu(self, args: dict[str, Any], x: dict[str, int]) -> dict[str, int]:
        content = "channels" if "channels" in x else "features"
        must(x[content] % 2 == 0, "glu of an odd number")
        return {**x, content: x[content] // 2}

    def linear(self, args: dict[str, Any], x: dict[str, int]) -> dict[str, int]:
        axis = args.get("axis", "features")
        must(axis in x, "linear of an image")
        return {**x, axis: int(args["out_features"])}

    def flatten(self, args: dict[str, Any], x: dict[str, int]) -> dict[str, int]:
        return {"features": prod(x.values())}

    def to_sequence(self, args: dict[str, Any], x: dict[str, int]) -> dict[str, int]:
        must("channels" in x and len(x) > 1, "to_sequence of no image")
        return {"length": prod(x[axis] for axis in positions(x)), "features": x["channels"]}

    def _sequence(self, args: dict[str, Any], x: dict[str, int]) -> dict[str, int]:
        must(list(x) == ["length", "features"], "not a sequence")
        return dict(x)

    def class_token(self, args: dict[str, Any], x: dict[str, int]) -> dict[str, int]:
        return {**self._sequence(args, x), "length": x["length"] + args.get("tokens", 1)}

    def select_token(self, args: dict[str, Any], x: dict[str, int]) -> dict[str, int]:
        self._sequence(args, x)
        must(-x["length"] <= args["index"] < x["length"], "no such token")
        return {"features": x["features"]}

    def position_embedding(self, args: dict[str, Any], x: dict[str, int]) -> dict[str, int]:
        self._sequence(args, x)
        needed = x["length"] + args.get("past", 0)
        must(args.get("max_length", needed) >= needed, "too long")
        return dict(x)

    def rope(self, args: dict[str, Any], x: dict[str, int]) -> dict[str, int]:
        must(self._sequence(args, x)["features"] % 2 == 0, "rope of an odd number")
        return dict(x)

    def attention(
        self, args: dict[str, Any], x: dict[str, int], context: dict[str, int] | None = None
    ) -> dict[str, int]:
        self._sequence(args, x)
        heads = args["num_heads"]
        must("head_dim" in args or x["features"] % heads == 0, "num_heads")
        must(heads % args.get("num_kv_heads", heads) == 0, "num_kv_heads")
        head_dim = args.get("head_dim", x["features"] // heads)
        must(not args.get("rope", False) or head_dim % 2 == 0, "rope of an odd number")
        if context is not None:
            self._sequence(args, context)
            must(not args.get("causal", False), "a mask over another tensor")
        return {**x, "features": int(args.get("out_features", x["features"]))}

    def mlp(self, args: dict[str, Any], x: dict[str, int]) -> dict[str, int]:
        axis = args.get("axis", "features")
        must(axis in x, "mlp of an image")
        return {**x, axis: int(args.get("out_features", x[axis]))}

    def moe(self, args: dict[str, Any], x: dict[str, int]) -> dict[str, int]:
        must("features" in x and args["top_k"] <= args["num_experts"], "moe")
        return dict(x)

    def _recurrent(self, args: dict[str, Any], x: dict[str, int]) -> dict[str, int]:
        self._sequence(args, x)
        both = 2 if args.get("bidirectional", False) else 1
        return {**x, "features": int(args["hidden_size"]) * both}

    lstm = gru = rnn = _recurrent

    def embedding(self, args: dict[str, Any], x: dict[str, int]) -> dict[str, int]:
        must(list(x) == ["length"], "embedding of no words")
        return {**x, "features": int(args["embedding_dim"])}

    def upsample(
        self, args: dict[str, Any], x: dict[str, int], like: dict[str, int] | None = None
    ) -> dict[str, int]:
        must("channels" in x and len(x) > 1, "upsample of no image")
        axes = positions(x)
        rank = {"linear": 1, "bilinear": 2, "trilinear": 3}.get(args.get("mode", ""), len(axes))
        must(rank == len(axes), "a mode for other images")
        if like is not None:
            must(positions(like) == axes, "upsample like another kind of tensor")
            return {**x, **{axis: like[axis] for axis in axes}}
        if "size" in args:
            return {**x, **dict(zip(axes, per_axis(args["size"], axes), strict=True))}
        factors = per_axis(args["scale_factor"], axes)
        return {**x, **{axis: x[axis] * f for axis, f in zip(axes, factors, strict=True)}}

    def pad(self, args: dict[str, Any], x: dict[str, int]) -> dict[str, int]:
        axes = positions(x)
        must(len(axes) > 0, "nothing to pad")
        both, start, end = (per_axis(args.get(n, 0), axes) for n in ("padding", "before", "after"))
        out = dict(x)
        for axis, b, s, e in zip(axes, both, start, end, strict=True):
            most = {"reflect": x[axis] - 1, "circular": x[axis]}
            room = most.get(args.get("mode", ""), b + s + e)
            must(b + max(s, e) <= room, "more than there is to repeat")
            out[axis] += 2 * b + s + e
        return out

    def reshape(self, args: dict[str, Any], x: dict[str, int]) -> dict[str, int]:
        must(prod(args["to"].values()) == prod(x.values()), "reshape to other elements")
        return dict(args["to"])

    def to_image(self, args: dict[str, Any], x: dict[str, int]) -> dict[str, int]:
        self._sequence(args, x)
        if "height" not in args:
            return {"channels": x["features"], "length": x["length"]}
        must(args["height"] * args["width"] == x["length"], "to_image of another size")
        return {"channels": x["features"], "height": args["height"], "width": args["width"]}

    def channel_shuffle(self, args: dict[str, Any], x: dict[str, int]) -> dict[str, int]:
        must("channels" in x and len(x) > 1 and x["channels"] % args["groups"] == 0, "shuffle")
        return dict(x)

    def pixel_shuffle(self, args: dict[str, Any], x: dict[str, int]) -> dict[str, int]:
        r, axes = args["upscale_factor"], positions(x)
        must(x.get("channels", 1) % r ** len(axes) == 0, "pixel_shuffle")
        return {a: n // r ** len(axes) if a == "channels" else n * r for a, n in x.items()}

    def pixel_unshuffle(self, args: dict[str, Any], x: dict[str, int]) -> dict[str, int]:
        r, axes = args["downscale_factor"], positions(x)
        must("channels" in x and all(x[axis] % r == 0 for axis in axes), "pixel_unshuffle")
        return {a: n * r ** len(axes) if a == "channels" else n // r for a, n in x.items()}

    def take(self, args: dict[str, Any], x: dict[str, int]) -> dict[str, int]:
        axis, start = args["axis"], args.get("start", 0)
        must(axis in x and start < x[axis], "take of what?")
        size = args.get("size", x[axis] - start)
        must(start + size <= x[axis], "take of more")
        return {**x, axis: size}

    def mean(self, args: dict[str, Any], x: dict[str, int]) -> dict[str, int]:
        must(args["axis"] in x, "mean of what?")
        if args.get("keepdims", False):
            return {**x, args["axis"]: 1}
        must(len(x) > 1, "nothing would be left")
        return {axis: size for axis, size in x.items() if axis != args["axis"]}

    def center_crop(
        self, args: dict[str, Any], x: dict[str, int], like: dict[str, int] | None = None
    ) -> dict[str, int]:
        must("channels" in x and len(x) > 1, "crop of no image")
        axes = positions(x)
        if like is not None:
            must(positions(like) == axes, "crop like another kind of tensor")
            sizes = [like[axis] for axis in axes]
        else:
            sizes = per_axis(args["size"], axes)
        must(all(s <= x[a] for a, s in zip(axes, sizes, strict=True)), "crop of less")
        return {**x, **dict(zip(axes, sizes, strict=True))}

    def add(self, args: dict[str, Any], *xs: dict[str, int]) -> dict[str, int]:
        must(all(list(x.items()) == list(xs[0].items()) for x in xs), "add of unlike shapes")
        return dict(xs[0])

    def mul(self, args: dict[str, Any], *xs: dict[str, int]) -> dict[str, int]:
        y = dict(xs[0])
        for x in xs[1:]:
            must(list(x) == list(y), "mul of unlike tensors")
            for axis in y:
                spread = axis in POSITIONS and 1 in (x[axis], y[axis])
                must(x[axis] == y[axis] or spread, "mul of unlike shapes")
                y[axis] = max(x[axis], y[axis])
        return y

    def matmul(self, args: dict[str, Any], *xs: dict[str, int]) -> dict[str, int]:
        must(len(xs) == 2, "matmul of two")
        a, b = xs
        for x in xs:
            must(list(x) in (["features"], ["length", "features"]), "matmul of images")
        must(a["features"] == b["features"], "matmul of unlike features")
        return {**a, "features": b.get("length", 1)}

    def concat(self, args: dict[str, Any], *xs: dict[str, int]) -> dict[str, int]:
        first = xs[0]
        along = args.get("axis", "auto")
        if along == "auto":
            along = "channels" if "channels" in first else "features"
        must(along in first, "no such axis")
        for x in xs:
            must(list(x) == list(first), "concat of unlike tensors")
            must(all(x[a] == first[a] for a in x if a != along), "concat of unlike shapes")
        return {**first, along: sum(x[along] for x in xs)}
