"""Layers that move, cut, repeat or drop numbers: most cost nothing and none has a MAC."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

from archcalc.layers.base import (
    Layer,
    content,
    divides,
    elementwise,
    exists,
    has_content,
    is_sequence,
    rest,
)
from archcalc.layers.fields import (
    Choice,
    Count,
    Dimension,
    Dims,
    Flag,
    Index,
    Indices,
    PerAxis,
    Real,
    Tensor,
)
from archcalc.layers.pooling import average
from archcalc.layers.windows import along, list_lengths, needs_image
from archcalc.shapes import Shape, Size
from archcalc.terms import Operation, Requirement, Weight, need, times


class Identity(Layer):
    """What goes in comes out."""

    kind = "identity"


class Dropout(Layer):
    """Sets numbers to 0 by chance while training; at inference it does and costs nothing.

    (Srivastava et al., Dropout, 2014.)
    """

    kind = "dropout"
    p = Real(0.5, "the probability of a number to be dropped", min=0, max=1)


class DropPath(Layer):
    """Drops a whole branch by chance while training; at inference it does and costs nothing.

    (Huang et al., Deep Networks with Stochastic Depth, arXiv:1603.09382.)
    """

    kind = "drop_path"
    p = Real(0.0, "the probability of the branch to be dropped", min=0, max=1)


class LayerScale(Layer):
    """A learned factor for each channel (or feature): one multiplication for each element.

    (Touvron et al., Going deeper with Image Transformers, arXiv:2103.17239, §2.) With ``bias``
    also a learned number that is added, as after the subsampling of LeNet-5.
    """

    kind = "layer_scale"
    bias = Flag(False, "a learned number to add for each channel, too")

    def requires(self, x: Shape) -> Iterator[Requirement]:
        yield has_content(self.kind, x)

    def weights(self, x: Shape) -> Iterator[Weight]:
        axis = content(x)
        yield Weight("gamma", times(**{axis: x[axis]}))
        if self.bias:
            yield Weight("beta", times(**{axis: x[axis]}))

    def operations(self, y: Shape, x: Shape) -> Iterator[Operation]:
        yield from elementwise(y, mul=1)
        if self.bias:
            yield from elementwise(y, "bias", add=1)


class Scale(Layer):
    """One factor for the whole tensor: y = factor·x, one multiplication for each element.

    ``learned`` makes it a weight (CLIP's temperature, arXiv:2103.00020, §2.3). With batch
    normalisation, layer scale or an attention's own scale it is a layer of theirs, not this one.
    """

    kind = "scale"
    factor = Real(1.0, "the factor, or where it starts if it is learned", min=-1e9, max=1e9)
    learned = Flag(False, "whether the factor is a weight")

    def weights(self, x: Shape) -> Iterator[Weight]:
        if self.learned:
            yield Weight("factor", times(factors=1))

    def operations(self, y: Shape, x: Shape) -> Iterator[Operation]:
        yield from elementwise(y, mul=1)


class Flatten(Layer):
    """All dimensions become one, features: channels 512, height 7, width 7 become 25,088."""

    kind = "flatten"

    def output(self, x: Shape) -> Shape:
        return Shape.of(features=x.elements)


class Reshape(Layer):
    """The same numbers under other dimensions: ``reshape: {to: {channels: 64, height: 8}}``."""

    kind = "reshape"
    to = Dims(help="the dimensions that come out, in order")

    def requires(self, x: Shape) -> Iterator[Requirement]:
        to = self.to
        assert to is not None
        yield need(
            "to",
            to.elements == x.elements,
            "reshape must keep the {elements} elements of {x}, got {to} with {wanted}",
            elements=x.elements,
            x=x,
            to=to,
            wanted=to.elements,
        )

    def output(self, x: Shape) -> Shape:
        assert self.to is not None
        return self.to


class ToSequence(Layer):
    """An image becomes a sequence: each position a token, its channels the features.

    channels 768, height 14, width 14 become length 196, features 768 (patches of a ViT).
    """

    kind = "to_sequence"

    def requires(self, x: Shape) -> Iterator[Requirement]:
        yield from needs_image(self.kind, x, mend="it is a sequence already")

    def output(self, x: Shape) -> Shape:
        return Shape.of(length=prod(x[axis] for axis in x.positions), features=x["channels"])


class ToImage(Layer):
    """A sequence becomes an image, row by row: the features are the channels.

    length 196, features 768 become channels 768, height 14, width 14; with ``depth`` a video of
    depth, height and width. Without any the length stays: channels 768, length 196, for a
    convolution along it.
    """

    kind = "to_image"
    height = Count(None, "rows")
    width = Count(None, "columns")
    depth = Count(None, "images in a video")

    def _sides(self) -> dict[str, Size]:
        sides = {"depth": self.depth, "height": self.height, "width": self.width}
        return {axis: size for axis, size in sides.items() if size is not None}

    def requires(self, x: Shape) -> Iterator[Requirement]:
        yield is_sequence(self.kind, x)
        yield need(
            "width",
            (self.height is None) == (self.width is None),
            "to_image needs both height and width, or neither",
        )
        yield need(
            "depth",
            self.depth is None or self.height is not None,
            "to_image needs height and width beside depth",
        )
        sides = self._sides()
        if self.height is not None:
            yield need(
                "height",
                prod(sides.values()) == x["length"],
                "to_image needs a length of {sides} = {wanted}, got {length}",
                sides="·".join(sides),
                wanted=prod(sides.values()),
                length=x["length"],
            )

    def output(self, x: Shape) -> Shape:
        if self.height is None:
            return Shape.of(channels=x["features"], length=x["length"])
        return Shape.of(channels=x["features"], **self._sides())


def _one_of(kind: str, *fields: tuple[str, Any]) -> Requirement:
    """The requirement that exactly one of the arguments is given."""
    given = [name for name, value in fields if value is not None]
    return need(
        given[-1] if given else None,
        len(given) == 1,
        "{kind} needs one of {names}; got {given}",
        kind=kind,
        names=", ".join(name for name, _ in fields),
        given=" and ".join(given) or "none",
    )


class Upsample(Layer):
    """Resizes an image: to ``scale_factor`` times its size, to ``size``, or to that of ``like``.

    ``nearest`` repeats numbers and costs nothing. Interpolation takes each output from its
    neighbours along each of n axes: 2^n for linear (bilinear, trilinear), 4^n for bicubic; they
    cost one multiplication each, and one addition less. Their weights are no weights of the model,
    so they are no MACs.
    """

    kind = "upsample"
    scale_factor = PerAxis(None, "how many times as large")
    size = PerAxis(None, "the size that comes out")
    like = Tensor("the tensor whose size is taken")
    mode = Choice(("nearest", "linear", "bilinear", "trilinear", "bicubic"), "nearest")
    align_corners = Flag(False, "whether the corners stay where they are; costs the same")

    def requires(self, x: Shape, *like: Shape) -> Iterator[Requirement]:
        yield from needs_image(self.kind, x)
        yield _one_of(
            self.kind,
            ("scale_factor", self.scale_factor),
            ("size", self.size),
            ("like", self.like),
        )
        yield from list_lengths(x, scale_factor=self.scale_factor, size=self.size)
        yield from _same_positions(self.kind, x, *like)
        axes = {"linear": 1, "bilinear": 2, "trilinear": 3, "bicubic": 2}.get(self.mode)
        if axes is not None:
            yield need(
                "mode",
                len(x.positions) == axes,
                "mode {mode} is for {axes} positions, got {shape}",
                mode=self.mode,
                axes=axes,
                shape=x,
            )

    def output(self, x: Shape, *like: Shape) -> Shape:
        axes = x.positions
        if like:
            return x.with_sizes(**{axis: like[0][axis] for axis in axes})
        if self.size is not None:
            return x.with_sizes(**dict(zip(axes, along(self.size, axes), strict=False)))
        scales = along(self.scale_factor, axes)
        return x.with_sizes(**{a: x[a] * s for a, s in zip(axes, scales, strict=False)})

    def operations(self, y: Shape, x: Shape, *like: Shape) -> Iterator[Operation]:
        if self.mode != "nearest":
            neighbours = (4 if self.mode == "bicubic" else 2) ** len(x.positions)
            yield from elementwise(y, mul=neighbours, add=neighbours - 1)


def _same_positions(kind: str, x: Shape, *like: Shape) -> Iterator[Requirement]:
    for other in like:
        yield need(
            "like",
            x.positions == other.positions,
            "{kind} needs tensors with the same positions, got {x} and {other}",
            kind=kind,
            x=x,
            other=other,
        )


class CenterCrop(Layer):
    """Cuts the edges off, evenly: what remains is ``size``, or has the size of ``like``.

    Costs nothing. In a U-Net with valid convolutions it fits the skip to what it is joined with
    (Ronneberger et al., arXiv:1505.04597, figure 1).
    """

    kind = "center_crop"
    size = PerAxis(None, "the size that comes out")
    like = Tensor("the tensor whose size is taken")

    def requires(self, x: Shape, *like: Shape) -> Iterator[Requirement]:
        yield from needs_image(self.kind, x)
        yield _one_of(self.kind, ("size", self.size), ("like", self.like))
        yield from list_lengths(x, size=self.size)
        yield from _same_positions(self.kind, x, *like)
        y = self.output(x, *like)
        for axis in x.positions:
            yield need(
                "size" if self.like is None else "like",
                y[axis] <= x[axis],
                "center_crop can't make {axis} {size} out of {have}",
                mend="to make it larger, use pad or upsample",
                axis=axis,
                size=y[axis],
                have=x[axis],
            )

    def output(self, x: Shape, *like: Shape) -> Shape:
        axes = x.positions
        if like:
            return x.with_sizes(**{axis: like[0][axis] for axis in axes})
        return x.with_sizes(**dict(zip(axes, along(self.size, axes), strict=False)))


class Pad(Layer):
    """Adds positions at the ends: ``padding`` at both, and ``before`` and ``after`` at one.

    Each is a number for all positions or a list with one for each (height, width). ``mode`` says
    what is put there: zeros (``constant``), the image mirrored (``reflect``), its last position
    again (``replicate``) or its other end (``circular``). With ``axis: channels`` it is channels
    that are added, and the positions stay (ResNet's shortcut of option A, He et al.,
    arXiv:1512.03385, §3.3). Costs nothing.
    """

    kind = "pad"
    padding = PerAxis(0, "positions added at both ends", min=0)
    before = PerAxis(0, "more positions added at the start", min=0)
    after = PerAxis(0, "more positions added at the end", min=0)
    mode = Choice(("constant", "reflect", "replicate", "circular"), "constant")
    axis = Dimension("auto", "the dimension that grows; auto: every position")

    def _axes(self, x: Shape) -> tuple[str, ...]:
        return x.positions if self.axis == "auto" else (self.axis,)

    def _ends(self, x: Shape) -> Iterator[tuple[str, Size, Size]]:
        axes = self._axes(x)
        both, start, end = (along(v, axes) for v in (self.padding, self.before, self.after))
        for axis, b, s, e in zip(axes, both, start, end, strict=False):
            yield axis, b + s, b + e

    def requires(self, x: Shape) -> Iterator[Requirement]:
        if self.axis == "auto":
            yield need(
                None,
                bool(x.positions),
                "{kind} needs a tensor with positions to add to, got {shape}",
                kind=self.kind,
                shape=x,
            )
            yield from list_lengths(x, padding=self.padding, before=self.before, after=self.after)
        else:
            yield exists(self.kind, "axis", self.axis, x)
            for name in ("padding", "before", "after"):
                yield need(
                    name,
                    not isinstance(getattr(self, name), tuple),
                    "{name} needs one number along {axis}",
                    name=name,
                    axis=self.axis,
                )
        room = {"reflect": 1, "circular": 0}.get(self.mode)
        if room is not None:
            for axis, *ends in self._ends(x):
                for end in ends:
                    yield need(
                        "padding",
                        end <= x[axis] - room,
                        "{mode} can add at most {most} to {axis} {size}, got {end}",
                        mode=self.mode,
                        most=x[axis] - room,
                        axis=axis,
                        size=x[axis],
                        end=end,
                    )

    def output(self, x: Shape) -> Shape:
        return x.with_sizes(**{a: x[a] + start + end for a, start, end in self._ends(x)})


class ChannelShuffle(Layer):
    """Mixes the channels of ``groups`` groups, so that grouped convolutions exchange them.

    Costs nothing. (Zhang et al., ShuffleNet, arXiv:1707.01083, §3.1.)
    """

    kind = "channel_shuffle"
    groups = Count(help="groups whose channels are mixed")

    def requires(self, x: Shape) -> Iterator[Requirement]:
        yield from needs_image(self.kind, x)
        yield divides("groups", self.groups, "channels", x["channels"])


class PixelShuffle(Layer):
    """Channels become positions: r·r channels make r x r positions (sub-pixel convolution).

    channels C·r·r, height H, width W become C, H·r, W·r. Costs nothing.
    (Shi et al., arXiv:1609.05158, equation 4.)
    """

    kind = "pixel_shuffle"
    upscale_factor = Count(help="r: how many times as high and wide")

    def requires(self, x: Shape) -> Iterator[Requirement]:
        yield from needs_image(self.kind, x)
        r = self.upscale_factor
        yield need(
            "upscale_factor",
            x["channels"] % r ** len(x.positions) == 0,
            "upscale_factor {r} needs a multiple of {block} channels, got {channels}",
            r=r,
            block=r ** len(x.positions),
            channels=x["channels"],
        )

    def output(self, x: Shape) -> Shape:
        r, axes = self.upscale_factor, x.positions
        grown = {axis: x[axis] * r for axis in axes}
        return x.with_sizes(channels=x["channels"] // r ** len(axes), **grown)


class PixelUnshuffle(Layer):
    """Positions become channels, the inverse of pixel_shuffle (space to depth; YOLO's focus).

    channels C, height H·r, width W·r become C·r·r, H, W; a list has one r for each position.
    Costs nothing. (The gathering of 2x2 patches before Swin's patch merging is one with r = 2.)
    """

    kind = "pixel_unshuffle"
    downscale_factor = PerAxis(help="r: how many times less high and wide")

    def requires(self, x: Shape) -> Iterator[Requirement]:
        yield from needs_image(self.kind, x)
        yield from list_lengths(x, downscale_factor=self.downscale_factor)
        for axis, r in zip(x.positions, along(self.downscale_factor, x.positions), strict=False):
            yield divides("downscale_factor", r, axis, x[axis], near=False)

    def output(self, x: Shape) -> Shape:
        axes = x.positions
        factors = along(self.downscale_factor, axes)
        shrunk = {axis: x[axis] // r for axis, r in zip(axes, factors, strict=False)}
        return x.with_sizes(channels=x["channels"] * prod(factors), **shrunk)


class SelectToken(Layer):
    """One position of a sequence: length, features become features. Costs nothing.

    0 is the first (a class token), -1 the last (an LSTM's final step).
    """

    kind = "select_token"
    index = Index(0, "which one; negative numbers count from the end")

    def requires(self, x: Shape) -> Iterator[Requirement]:
        yield is_sequence(self.kind, x)
        yield need(
            "index",
            (-x["length"] <= self.index) & (self.index < x["length"]),
            "index must be from {first} to {last}, got {index}",
            first=-x["length"],
            last=x["length"] - 1,
            index=self.index,
        )

    def output(self, x: Shape) -> Shape:
        return Shape.of(features=x["features"])


class Take(Layer):
    """A part of one dimension: ``take: [channels, 0, 32]`` is the first 32 channels.

    Costs nothing. The two halves that a split makes are two branches with a ``take`` each. Parts
    that do not follow one another are named one by one: ``take: {axis: channels, index: [0, 4]}``.
    """

    kind = "take"
    axis = Dimension(help="the dimension that is cut")
    start = Count(0, "where it begins, from 0", min=0)
    size = Count(None, "how many are taken; without it, all that follow")
    index = Indices(None, "which ones are taken, instead of start and size")

    def _size(self, x: Shape) -> Size:
        if self.index is not None:
            return len(self.index) if isinstance(self.index, tuple) else 1
        return x[self.axis] - self.start if self.size is None else self.size

    def requires(self, x: Shape) -> Iterator[Requirement]:
        yield exists(self.kind, "axis", self.axis, x)
        if self.index is None:
            last = self.start + self._size(x) - 1
            yield need(
                "start",
                (self.start < x[self.axis]) & (last < x[self.axis]),
                "take needs a part of {axis} 0 to {last}, got {start} to {end}",
                axis=self.axis,
                start=self.start,
                end=last,
                last=x[self.axis] - 1,
            )
            return
        for number in self.index if isinstance(self.index, tuple) else (self.index,):
            yield need(
                "index",
                number < x[self.axis],
                "take needs a part of {axis} 0 to {last}, got {index}",
                axis=self.axis,
                index=number,
                last=x[self.axis] - 1,
            )

    def output(self, x: Shape) -> Shape:
        return x.with_sizes(**{self.axis: self._size(x)})


class Mean(Layer):
    """The mean along one dimension, which goes (or stays with size 1, with ``keepdims``).

    n numbers cost n - 1 additions and one multiplication.
    """

    kind = "mean"
    axis = Dimension(help="the dimension that is averaged")
    keepdims = Flag(False, "keep the dimension, with size 1")

    def requires(self, x: Shape) -> Iterator[Requirement]:
        yield exists(self.kind, "axis", self.axis, x)
        yield need(
            "axis",
            self.keepdims or len(x.names) > 1,
            "mean must leave a dimension, got {shape}",
            mend="keepdims: true",
            shape=x,
        )

    def output(self, x: Shape) -> Shape:
        if self.keepdims:
            return x.with_sizes(**{self.axis: 1})
        return Shape.of(**{n: s for n, s in x.items() if n != self.axis})

    def operations(self, y: Shape, x: Shape) -> Iterator[Operation]:
        yield from average(rest(x, "out", self.axis), x[self.axis] - 1)
