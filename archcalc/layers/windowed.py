"""Attention on images and videos: inside of windows, and between pooled tokens."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from archcalc.layers.attention import SUMMED, Pairs, attend, smaller, written
from archcalc.layers.base import Layer, divides, is_sequence
from archcalc.layers.fields import AutoFlag, Choice, Count, Flag, PerAxis
from archcalc.layers.normalisation import centre_and_scale, unit_length
from archcalc.layers.windows import (
    along,
    kernel_factors,
    list_lengths,
    needs_image,
    windows,
)
from archcalc.shapes import LETTERS, Shape, Size
from archcalc.terms import Operation, Product, Requirement, Weight, need, times


class WindowAttention(Layer):
    """Multi-head attention inside of windows: each position of an image sees those of its window.

    An image of H x W with windows of M x M has ceil(H/M)·ceil(W/M) of them, each with M·M
    queries and keys; the positions that fill up the last windows are counted like any other.
    MACs: the projections, 4·C·C a position, and twice num_heads·M²·M²·head_dim a window. The
    image may be a video, with windows of three sides, or a sequence of channels and length.

    ``shift`` says by how much the windows of this layer are moved, so that neighbours meet; a
    mask keeps apart what is wrapped around. It costs nothing, and nothing is left out for it.
    With ``partition: grid`` the positions of a window lie far apart, spread over the image;
    shapes and counts are the same (Tu et al., MaxViT, arXiv:2204.01697, §3.2).

    ``relative_bias`` adds a number to each score that depends on the distance, for each head:
    from a learned ``table`` of (2M - 1)² distances, or made by an ``mlp`` with one hidden layer
    from the logarithm of the distances, 2·sides multiplications more for each and a sigmoid.
    ``cosine`` compares directions: queries and keys are divided by their length, and the scores
    multiplied by a learned number for each head instead of 1/sqrt(head_dim).
    (Liu et al., Swin Transformer, arXiv:2103.14030, §3.2; Swin Transformer V2, arXiv:2111.09883,
    §3.2 and 3.3; Video Swin Transformer, arXiv:2106.13230, §3.2.)
    """

    kind = "window_attention"
    num_heads = Count(help="heads")
    window_size = PerAxis(help="M: positions along the sides of a window")
    shift = PerAxis(0, "by how many positions the windows are moved", min=0)
    partition = Choice(
        ("block", "grid"), "block", "whether a window's positions are neighbours or far apart"
    )
    fit = Choice(
        ("pad", "shrink", "exact"),
        "pad",
        "an image that is no multiple of the window: filled up; filled up, but a window larger "
        "than the image shrinks; refused",
    )
    head_dim = Count(None, "channels of a head; without it, channels / num_heads")
    bias = Flag(True, "a number added to each output of the projections")
    qkv_bias = AutoFlag("whether queries, keys and values have a bias; auto: as bias says")
    relative_bias = Choice(
        ("table", "mlp", "none"), "table", "where the number for each distance comes from"
    )
    hidden_features = Count(512, "hidden features of the mlp that makes the relative bias")
    cosine = Flag(False, "whether scores are cosines, with a learned scale for each head")

    @property
    def _has_qkv_bias(self) -> bool:
        return bool(self.bias if self.qkv_bias == "auto" else self.qkv_bias)

    def _head_dim(self, x: Shape) -> Size:
        return x["channels"] // self.num_heads if self.head_dim is None else self.head_dim

    def _heads(self, x: Shape) -> dict[str, Size]:
        return {"num_heads": self.num_heads, "head_dim": self._head_dim(x)}

    def _sides(self, x: Shape) -> tuple[Size, ...]:
        """The sides of a window on ``x``."""
        axes = x.positions
        sides = along(self.window_size, axes)
        if self.fit != "shrink":
            return sides
        return tuple(smaller(m, x[axis]) for axis, m in zip(axes, sides, strict=False))

    def _count(self, x: Shape) -> dict[str, Size]:
        """How many windows there are along each axis, as factors."""
        pairs = zip(x.positions, self._sides(x), strict=False)
        return {f"windows_{LETTERS[axis]}": -(-x[axis] // m) for axis, m in pairs}

    def _window(self, x: Shape) -> dict[str, Size]:
        """The sides of a window as factors."""
        pairs = zip(x.positions, self._sides(x), strict=False)
        return {f"window_{LETTERS[axis]}": m for axis, m in pairs}

    def _distances(self, x: Shape) -> dict[str, Size]:
        """How many distances there are along each side of a whole window, as factors."""
        pairs = zip(x.positions, along(self.window_size, x.positions), strict=False)
        return {f"distances_{LETTERS[axis]}": 2 * m - 1 for axis, m in pairs}

    def requires(self, x: Shape) -> Iterator[Requirement]:
        yield from needs_image(
            self.kind, x, mend="attention takes a sequence, window_attention an image"
        )
        yield from list_lengths(x, window_size=self.window_size, shift=self.shift)
        axes = x.positions
        sides, shifts = along(self.window_size, axes), along(self.shift, axes)
        for axis, m, shift in zip(axes, sides, shifts, strict=False):
            yield need(
                "shift",
                shift < m,
                "shift must be smaller than the window {window}, got {shift}",
                window=m,
                shift=shift,
            )
            if self.fit == "exact":
                yield divides(
                    "window_size",
                    m,
                    axis,
                    x[axis],
                    mend="fit: pad fills the last windows up",
                    near=False,
                )
        if self.head_dim is None:
            yield divides(
                "num_heads", self.num_heads, "channels", x["channels"], mend="or give head_dim"
            )

    def weights(self, x: Shape) -> Iterator[Weight]:
        heads = self._heads(x)
        for name in ("q", "k", "v"):
            yield Weight(f"{name}_weight", times(**heads, in_channels=x["channels"]))
            if self._has_qkv_bias:
                yield Weight(f"{name}_bias", Product(heads))
        out = {"out_channels": x["channels"]}
        yield Weight("out_weight", times(**out, **heads))
        if self.bias:
            yield Weight("out_bias", Product(out))
        if self.cosine:
            yield Weight("logit_scale", times(num_heads=self.num_heads))
        hidden = {"hidden_features": self.hidden_features}
        if self.relative_bias == "table":
            distances = times(**self._distances(x), num_heads=self.num_heads)
            yield Weight("relative_bias", distances)
        elif self.relative_bias == "mlp":
            yield Weight("relative_up_weight", times(**hidden, sides=len(x.positions)))
            yield Weight("relative_up_bias", times(**hidden))
            yield Weight("relative_down_weight", times(num_heads=self.num_heads, **hidden))

    def operations(self, y: Shape, x: Shape) -> Iterator[Operation]:
        filled = {**self._count(x), **self._window(x)}
        return self._operations(x, filled, filled)

    def exact_operations(self, y: Shape, x: Shape) -> Iterator[Operation]:
        """Without the projections of the positions that only fill a window up, zeros all.

        Their keys and values are the bias, and are seen like any other.
        """
        filled = {**self._count(x), **self._window(x)}
        return self._operations(x, x.position_factors("in"), filled)

    def _operations(
        self, x: Shape, projected: dict[str, Size], filled: dict[str, Size]
    ) -> Iterator[Operation]:
        heads, in_channels = self._heads(x), {"in_channels": x["channels"]}
        for name in ("queries", "keys", "values"):
            yield Operation("mac", times(**projected, **heads, **in_channels), name)
            if self._has_qkv_bias:
                yield Operation("add", times(**filled, **heads), name)
            if self.cosine and name != "values":
                rows = {**filled, "num_heads": self.num_heads}
                yield from unit_length(rows, heads["head_dim"], f"unit {name}")
        if self.cosine:
            yield Operation("exp", times(num_heads=self.num_heads), "logit scale")
        yield from self._relative(x)
        m = prod(self._sides(x))
        yield from attend(
            {**self._count(x), "num_heads": self.num_heads},
            Pairs.all(m, m),
            heads["head_dim"],
            heads["head_dim"],
            scale="logit scale" if self.cosine else "scale",
            biased=self.relative_bias != "none",
        )
        out = {"out_channels": x["channels"]}
        yield Operation("mac", times(**filled, **out, **heads), "output")
        if self.bias:
            yield Operation("add", times(**filled, **out), "output")

    def _relative(self, x: Shape) -> Iterator[Operation]:
        """What makes the relative bias, once for all windows."""
        if self.relative_bias != "mlp":
            return
        distances = self._distances(x)
        hidden = {"hidden_features": self.hidden_features}
        made = {"num_heads": self.num_heads}
        sides = {"sides": len(x.positions)}
        yield Operation("mac", times(**distances, **hidden, **sides), "relative up")
        yield Operation("add", times(**distances, **hidden), "relative up")
        yield Operation("cmp", times(**distances, **hidden), "relu")
        yield Operation("mac", times(**distances, **made, **hidden), "relative down")
        yield Operation("special", times(**distances, **made), "sigmoid")
        yield Operation("mul", times(**distances, **made), "sigmoid")

    def activations(self, y: Shape, x: Shape) -> Iterator[Product]:
        projections = dict.fromkeys(("queries", "keys", "values"), ("in_channels",))
        summed = {
            **SUMMED,
            **projections,
            "output": ("num_heads", "head_dim"),
            "relative up": ("sides",),
            "relative down": ("hidden_features",),
        }
        yield from written(self.operations(y, x), summed)


class PooledAttention(Layer):
    """Multi-head attention between pooled tokens: queries, keys and values are shrunk before.

    The sequence holds a ``grid`` of positions, row by row, behind ``tokens`` that are not pooled
    (a class token). After the projections each head's queries pass a depthwise convolution over
    the grid with ``stride_q`` and a layer normalisation, keys and values with ``stride_kv``;
    where a flag says so. The tokens that come out are as many as the queries: padding is half,
    so a side of n becomes ceil(n / stride_q) for an odd kernel.

    MACs: the projections, the pooling (out positions·kernel·head_dim for each head), and twice
    num_heads·queries·keys·head_dim. ``relative_bias`` adds to each score the product of the query
    with a learned vector for the distance along each side, 2·max(queries, keys) - 1 of them for a
    side: num_heads·(grid of the queries)·side of the keys·head_dim MACs more for each side.
    ``residual`` adds the pooled queries to what comes out of the heads (not to the tokens).
    (Fan et al., MViT, arXiv:2104.11227, §3.1; Li et al., MViTv2, arXiv:2112.01526, §4.1.)
    """

    kind = "pooled_attention"
    num_heads = Count(help="heads")
    grid = PerAxis(help="the sides of the grid of positions: [depth, height, width]")
    stride_q = PerAxis(1, "how many times smaller the queries' grid becomes")
    stride_kv = PerAxis(1, "how many times smaller the grid of keys and values becomes")
    kernel_size = PerAxis(3, "the window of the pooling convolutions")
    pool_q = Flag(True, "whether queries are pooled")
    pool_kv = Flag(True, "whether keys and values are pooled")
    tokens = Count(1, "tokens before the grid, which are not pooled", min=0)
    out_features = Count(None, "the features that come out; without it, as many as come in")
    bias = Flag(True, "a number added to each output of the projections")
    relative_bias = Flag(False, "whether the query's product with the distance is added")
    residual = Flag(False, "whether the pooled queries are added to the result")

    def _image(self, x: Shape) -> Shape:
        """One head's grid as an image."""
        sides = self.grid if isinstance(self.grid, tuple) else (self.grid,)
        axes = ("depth", "height", "width")[-len(sides) :]
        return Shape(("channels", *axes), (self._out(x) // self.num_heads, *sides))

    def _out(self, x: Shape) -> Size:
        return x["features"] if self.out_features is None else self.out_features

    def _pooled(self, x: Shape, name: str) -> Shape:
        """One head's grid after the pooling of ``queries``, ``keys`` or ``values``."""
        image = self._image(x)
        stride, pools = self._pooling(name)
        if not pools:
            return image
        found = windows(image, self.kernel_size, stride, "half")
        return image.with_sizes(**{w.axis: w.out for w in found})

    def _pooling(self, name: str) -> tuple[int | tuple[int, ...], bool]:
        if name == "queries":
            return self.stride_q, self.pool_q
        return self.stride_kv, self.pool_kv

    def _length(self, x: Shape, name: str) -> Size:
        return self.tokens + prod(self._pooled(x, name).sizes[1:])

    def requires(self, x: Shape) -> Iterator[Requirement]:
        yield is_sequence(self.kind, x)
        sides = self.grid if isinstance(self.grid, tuple) else (self.grid,)
        yield need(
            "grid", 1 <= len(sides) <= 3, "grid has one to three sides, got {n}", n=len(sides)
        )
        yield need(
            "grid",
            self.tokens + prod(sides) == x["length"],
            "grid must make the length {length}, with {tokens} tokens; {sides} make {made}",
            length=x["length"],
            tokens=self.tokens,
            sides=" x ".join(map(str, sides)),
            made=self.tokens + prod(sides),
        )
        yield divides("num_heads", self.num_heads, "out_features", self._out(x))
        # With half of it as padding no window is larger than the grid.
        yield from list_lengths(
            self._image(x),
            stride_q=self.stride_q,
            stride_kv=self.stride_kv,
            kernel_size=self.kernel_size,
        )

    def output(self, x: Shape) -> Shape:
        return x.with_sizes(length=self._length(x, "queries"), features=self._out(x))

    def _heads(self, x: Shape) -> dict[str, Size]:
        return {"num_heads": self.num_heads, "head_dim": self._out(x) // self.num_heads}

    def weights(self, x: Shape) -> Iterator[Weight]:
        heads = self._heads(x)
        head_dim = {"head_dim": heads["head_dim"]}
        for name in ("queries", "keys", "values"):
            yield Weight(f"{name[0]}_weight", times(**heads, in_features=x["features"]))
            if self.bias:
                yield Weight(f"{name[0]}_bias", Product(heads))
            if self._pooling(name)[1]:
                kernel = kernel_factors(self._image(x), self.kernel_size)
                yield Weight(f"{name[0]}_pool", times(**head_dim, **kernel))
                yield Weight(f"{name[0]}_gamma", Product(head_dim))
                yield Weight(f"{name[0]}_beta", Product(head_dim))
        out = {"out_features": self._out(x)}
        yield Weight("out_weight", times(**out, **heads))
        if self.bias:
            yield Weight("out_bias", Product(out))
        if self.relative_bias:
            queries, keys = self._pooled(x, "queries"), self._pooled(x, "keys")
            for axis in queries.positions:
                larger = queries[axis] + keys[axis] - smaller(queries[axis], keys[axis])
                distances = times(distances=2 * larger - 1, **head_dim)
                yield Weight(f"relative_{LETTERS[axis]}", distances)

    def operations(self, y: Shape, x: Shape) -> Iterator[Operation]:
        heads = self._heads(x)
        num_heads = {"num_heads": self.num_heads}
        for name in ("queries", "keys", "values"):
            outs = {"length": x["length"], **heads}
            yield Operation("mac", times(**outs, in_features=x["features"]), name)
            if self.bias:
                yield Operation("add", Product(outs), name)
            if self._pooling(name)[1]:
                kernel = kernel_factors(self._image(x), self.kernel_size)
                pooled = self._pooled(x, name).position_factors("out")
                yield Operation("mac", times(**heads, **pooled, **kernel), f"pooled {name}")
                rows = {**num_heads, "length": self._length(x, name)}
                for operation in centre_and_scale(rows, heads["head_dim"]):
                    yield operation._replace(part=f"normalised {name}")
                each = times(**rows, head_dim=heads["head_dim"])
                yield Operation("mul", each, f"normalised {name}")
                yield Operation("add", each, f"normalised {name}")
        pairs = Pairs.all(y["length"], self._length(x, "keys"))
        if self.relative_bias:
            yield from self._relative(x, heads)
        yield from attend(num_heads, pairs, heads["head_dim"], heads["head_dim"])
        if self.residual:
            grid = self._pooled(x, "queries").position_factors("out")
            yield Operation("add", times(**grid, **heads), "residual")
        outs = {"length": y["length"], "out_features": y["features"]}
        yield Operation("mac", times(**outs, **heads), "output")
        if self.bias:
            yield Operation("add", Product(outs), "output")

    def _relative(self, x: Shape, heads: dict[str, Size]) -> Iterator[Operation]:
        """The products of queries and distances, and their sum with the scores."""
        queries, keys = self._pooled(x, "queries"), self._pooled(x, "keys")
        rows = {"num_heads": self.num_heads, **queries.position_factors("out")}
        for axis in queries.positions:
            side = {f"keys_{LETTERS[axis]}": keys[axis]}
            head_dim = {"head_dim": heads["head_dim"]}
            yield Operation("mac", times(**rows, **side, **head_dim), "relative scores")
        sums = {"keys": prod(keys.sizes[1:]), "sides": len(keys.positions)}
        yield Operation("add", times(**rows, **sums), "relative scores")

    def activations(self, y: Shape, x: Shape) -> Iterator[Product]:
        kernel = (*kernel_factors(self._image(x), self.kernel_size),)
        pools = {f"pooled {name}": kernel for name in ("queries", "keys", "values")}
        summed = {
            **SUMMED,
            **pools,
            "output": ("num_heads", "head_dim"),
            "relative scores": ("head_dim",),
        }
        yield from written(self.operations(y, x), summed)
