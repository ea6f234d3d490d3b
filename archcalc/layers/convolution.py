"""Convolutions: ``conv``, ``depthwise_conv``, ``conv_transpose``."""

from __future__ import annotations

from collections.abc import Iterator

from archcalc.layers.base import Layer, has_dimensions
from archcalc.layers.fields import AutoFlag, Count, Kind, Padding, PerAxis
from archcalc.layers.windows import (
    Window,
    along,
    kernel_factors,
    list_lengths,
    windows,
    windows_fit,
)
from archcalc.shapes import LETTERS, Shape
from archcalc.terms import Operation, Requirement, Weight, need, times


class Followed(Layer):
    """A layer that may bring a normalisation and an activation along, shown as one row with it."""

    bias = AutoFlag("a number added to each output; auto: none when norm is set")
    norm = Kind("norm", help="the normalisation that follows: batch, layer, group, rms, lrn")
    activation = Kind("activation", help="the activation that follows: relu, gelu, ...")

    @property
    def has_bias(self) -> bool:
        """``bias``, with ``auto`` decided: a norm's shift makes it useless (mmcv's rule)."""
        return self.norm == "none" if self.bias == "auto" else bool(self.bias)

    def followers(self) -> tuple[tuple[str, str], ...]:
        return (("norm", self.norm), ("activation", self.activation))


def needs_image(kind: str, x: Shape) -> Iterator[Requirement]:
    """What slides over positions needs channels and at least one position to slide over."""
    yield has_dimensions(
        kind, x, "channels", mend="a convolution comes before flatten and to_sequence, not after"
    )
    yield need(
        None,
        bool(x.positions),
        "{kind} needs a height, a width, a depth or a length to slide over, got {shape}",
        kind=kind,
        shape=x,
    )


class Conv(Followed):
    """Convolution in one, two or three dimensions, as many as the tensor has positions.

    Each output is the sum of the products of a window with its weights, over all input channels
    of its group. The number of input channels is never written: it is the tensor's.

    out = floor((in + 2·padding − dilation·(kernel_size − 1) − 1) / stride) + 1
    """

    kind = "conv"
    out_channels = Count(help="filters: the channels that come out")
    kernel_size = PerAxis(help="the window's side")
    stride = PerAxis(1, "the window's step")
    padding = Padding(0, "zeros at both ends, or half, same, valid")
    dilation = PerAxis(1, "the distance between the window's elements")
    groups = Count(1, "the channels are split into so many independent convolutions")

    def _windows(self, x: Shape) -> tuple[Window, ...]:
        return windows(x, self.kernel_size, self.stride, self.padding, self.dilation)

    def requires(self, x: Shape) -> Iterator[Requirement]:
        yield from needs_image(self.kind, x)
        yield from list_lengths(
            x,
            kernel_size=self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
        )
        yield from windows_fit(self._windows(x))
        for field, channels in (("in_channels", x["channels"]), ("out_channels", self.out_channels)):
            yield need(
                "groups",
                channels % self.groups == 0,
                "groups must divide {field}: {channels} is not a multiple of {groups}",
                field=field,
                channels=channels,
                groups=self.groups,
            )

    def output(self, x: Shape) -> Shape:
        sizes = {w.axis: w.out for w in self._windows(x)}
        return x.with_sizes(channels=self.out_channels, **sizes)

    def weights(self, x: Shape) -> Iterator[Weight]:
        yield Weight(
            "weight",
            times(
                out_channels=self.out_channels,
                **kernel_factors(x, self.kernel_size),
                in_channels=x["channels"],
            ).over(groups=self.groups),
        )
        if self.has_bias:
            yield Weight("bias", times(out_channels=self.out_channels))

    def operations(self, y: Shape, x: Shape) -> Iterator[Operation]:
        yield Operation(
            "mac",
            times(
                **y.position_factors("out"),
                out_channels=self.out_channels,
                **kernel_factors(x, self.kernel_size),
                in_channels=x["channels"],
            ).over(groups=self.groups),
        )
        if self.has_bias:
            yield Operation("add", times(**y.position_factors("out"), out_channels=y["channels"]))

    def exact_operations(self, y: Shape, x: Shape) -> Iterator[Operation]:
        taps = {f"taps_{LETTERS[w.axis]}": w.taps() for w in self._windows(x)}
        mac, *rest = self.operations(y, x)
        yield Operation(
            "mac",
            times(**taps, out_channels=self.out_channels, in_channels=x["channels"]).over(
                groups=self.groups
            ),
        )
        yield from rest


class DepthwiseConv(Followed):
    """Convolution of each channel by itself (groups = in_channels), in 1, 2 or 3 dimensions.

    Each input channel gives ``multiplier`` output channels.
    """

    kind = "depthwise_conv"
    kernel_size = PerAxis(help="the window's side")
    stride = PerAxis(1, "the window's step")
    padding = Padding(0, "zeros at both ends, or half, same, valid")
    dilation = PerAxis(1, "the distance between the window's elements")
    multiplier = Count(1, "output channels for each input channel")

    def _windows(self, x: Shape) -> tuple[Window, ...]:
        return windows(x, self.kernel_size, self.stride, self.padding, self.dilation)

    def requires(self, x: Shape) -> Iterator[Requirement]:
        yield from needs_image(self.kind, x)
        yield from list_lengths(
            x,
            kernel_size=self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
        )
        yield from windows_fit(self._windows(x))

    def output(self, x: Shape) -> Shape:
        sizes = {w.axis: w.out for w in self._windows(x)}
        return x.with_sizes(channels=x["channels"] * self.multiplier, **sizes)

    def weights(self, x: Shape) -> Iterator[Weight]:
        yield Weight(
            "weight",
            times(
                in_channels=x["channels"],
                multiplier=self.multiplier,
                **kernel_factors(x, self.kernel_size),
            ),
        )
        if self.has_bias:
            yield Weight("bias", times(in_channels=x["channels"], multiplier=self.multiplier))

    def operations(self, y: Shape, x: Shape) -> Iterator[Operation]:
        yield Operation(
            "mac",
            times(
                **y.position_factors("out"),
                in_channels=x["channels"],
                multiplier=self.multiplier,
                **kernel_factors(x, self.kernel_size),
            ),
        )
        if self.has_bias:
            yield Operation("add", times(**y.position_factors("out"), out_channels=y["channels"]))

    def exact_operations(self, y: Shape, x: Shape) -> Iterator[Operation]:
        taps = {f"taps_{LETTERS[w.axis]}": w.taps() for w in self._windows(x)}
        mac, *rest = self.operations(y, x)
        yield Operation(
            "mac", times(**taps, in_channels=x["channels"], multiplier=self.multiplier)
        )
        yield from rest


class ConvTranspose(Followed):
    """Transposed convolution: each input position writes a window of outputs.

    out = (in − 1)·stride − 2·padding + dilation·(kernel_size − 1) + output_padding + 1
    """

    kind = "conv_transpose"
    out_channels = Count(help="filters: the channels that come out")
    kernel_size = PerAxis(help="the window's side")
    stride = PerAxis(1, "the step between the windows in the output")
    padding = PerAxis(0, "what is cut off at both ends of the output", min=0)
    output_padding = PerAxis(0, "what is added at the end of the output", min=0)
    dilation = PerAxis(1, "the distance between the window's elements")
    groups = Count(1, "the channels are split into so many independent convolutions")

    def _sizes(self, x: Shape) -> dict[str, int]:
        axes = x.positions
        return {
            axis: (x[axis] - 1) * stride - 2 * padding + dilation * (kernel - 1) + extra + 1
            for axis, kernel, stride, padding, extra, dilation in zip(
                axes,
                along(self.kernel_size, axes),
                along(self.stride, axes),
                along(self.padding, axes),
                along(self.output_padding, axes),
                along(self.dilation, axes),
                strict=False,
            )
        }

    def requires(self, x: Shape) -> Iterator[Requirement]:
        yield from needs_image(self.kind, x)
        yield from list_lengths(
            x,
            kernel_size=self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            output_padding=self.output_padding,
            dilation=self.dilation,
        )
        for axis, size in self._sizes(x).items():
            yield need(
                "padding",
                size >= 1,
                "the {axis} that comes out must be at least 1, got {size}",
                mend="less padding",
                axis=axis,
                size=size,
            )
        for field, channels in (("in_channels", x["channels"]), ("out_channels", self.out_channels)):
            yield need(
                "groups",
                channels % self.groups == 0,
                "groups must divide {field}: {channels} is not a multiple of {groups}",
                field=field,
                channels=channels,
                groups=self.groups,
            )

    def output(self, x: Shape) -> Shape:
        return x.with_sizes(channels=self.out_channels, **self._sizes(x))

    def weights(self, x: Shape) -> Iterator[Weight]:
        yield Weight(
            "weight",
            times(
                in_channels=x["channels"],
                out_channels=self.out_channels,
                **kernel_factors(x, self.kernel_size),
            ).over(groups=self.groups),
        )
        if self.has_bias:
            yield Weight("bias", times(out_channels=self.out_channels))

    def operations(self, y: Shape, x: Shape) -> Iterator[Operation]:
        yield Operation(
            "mac",
            times(
                **x.position_factors("in"),
                **kernel_factors(x, self.kernel_size),
                in_channels=x["channels"],
                out_channels=self.out_channels,
            ).over(groups=self.groups),
        )
        if self.has_bias:
            yield Operation("add", times(**y.position_factors("out"), out_channels=y["channels"]))
