"""Convolutions: ``conv``, ``depthwise_conv``, ``conv_transpose``."""

from __future__ import annotations

from collections.abc import Iterator

from archcalc.layers.base import Followed, divides
from archcalc.layers.fields import Count, Padding, PerAxis
from archcalc.layers.windows import (
    Window,
    along,
    kernel_factors,
    list_lengths,
    needs_image,
    windows,
    windows_fit,
)
from archcalc.shapes import LETTERS, Shape, Size
from archcalc.terms import Operation, Product, Requirement, Weight, need, times


class Sliding(Followed):
    """What ``conv`` and ``depthwise_conv`` have in common: all but which channels meet."""

    kernel_size = PerAxis(help="the window's side")
    stride = PerAxis(1, "the window's step")
    padding = Padding(0, "zeros at both ends, or half, same, valid")
    dilation = PerAxis(1, "the distance between the window's elements")

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
        return x.with_sizes(channels=self._out_channels(x), **sizes)

    def weights(self, x: Shape) -> Iterator[Weight]:
        yield Weight("weight", self._products(x, kernel_factors(x, self.kernel_size)))
        if self.has_bias:
            yield Weight("bias", times(out_channels=self._out_channels(x)))

    def operations(self, y: Shape, x: Shape) -> Iterator[Operation]:
        kernel = kernel_factors(x, self.kernel_size)
        yield Operation("mac", self._products(x, kernel, y.position_factors("out")))
        yield from self._bias(y)

    def exact_operations(self, y: Shape, x: Shape) -> Iterator[Operation]:
        taps = {f"taps_{LETTERS[w.axis]}": w.taps() for w in self._windows(x)}
        yield Operation("mac", self._products(x, taps))
        yield from self._bias(y)

    def _bias(self, y: Shape) -> Iterator[Operation]:
        if self.has_bias:
            factors = times(**y.position_factors("out"), out_channels=y["channels"])
            yield Operation("add", factors, "bias")

    def _out_channels(self, x: Shape) -> Size:
        raise NotImplementedError

    def _products(
        self, x: Shape, window: dict[str, Size], positions: dict[str, Size] | None = None
    ) -> Product:
        """Pairs of channels that meet, times ``window``, times the output's ``positions``."""
        raise NotImplementedError


class Conv(Sliding):
    """Convolution in one, two or three dimensions, as many as the tensor has positions.

    Each output is the sum of the products of a window with its weights, over all input channels
    of its group. The number of input channels is never written: it is the tensor's.

    out = floor((in + 2·padding - dilation·(kernel_size - 1) - 1) / stride) + 1
    """

    kind = "conv"
    order = ("out_channels", "kernel_size", "stride", "padding", "dilation")
    out_channels = Count(help="filters: the channels that come out")
    groups = Count(1, "the channels are split into so many independent convolutions")

    def requires(self, x: Shape) -> Iterator[Requirement]:
        yield from super().requires(x)
        yield divides("groups", self.groups, "in_channels", x["channels"], self.out_channels)
        yield divides("groups", self.groups, "out_channels", self.out_channels, x["channels"])

    def _out_channels(self, x: Shape) -> Size:
        return self.out_channels

    def _products(
        self, x: Shape, window: dict[str, Size], positions: dict[str, Size] | None = None
    ) -> Product:
        return times(
            **positions or {},
            out_channels=self.out_channels,
            **window,
            in_channels=x["channels"],
        ).over(groups=self.groups)


class DepthwiseConv(Sliding):
    """Convolution of each channel by itself (groups = in_channels), in 1, 2 or 3 dimensions.

    Each input channel gives ``multiplier`` output channels.

    out = floor((in + 2·padding - dilation·(kernel_size - 1) - 1) / stride) + 1
    """

    kind = "depthwise_conv"
    order = ("kernel_size", "stride", "padding", "dilation")
    multiplier = Count(1, "output channels for each input channel")

    def _out_channels(self, x: Shape) -> Size:
        return x["channels"] * self.multiplier

    def _products(
        self, x: Shape, window: dict[str, Size], positions: dict[str, Size] | None = None
    ) -> Product:
        return times(
            **positions or {}, in_channels=x["channels"], multiplier=self.multiplier, **window
        )


class ConvTranspose(Followed):
    """Transposed convolution: each input position writes a window of outputs.

    out = (in - 1)·stride - 2·padding + dilation·(kernel_size - 1) + output_padding + 1

    Its products are counted on the positions of the input: a window of weights for each.
    """

    kind = "conv_transpose"
    out_channels = Count(help="filters: the channels that come out")
    kernel_size = PerAxis(help="the window's side")
    stride = PerAxis(1, "the step between the windows in the output")
    padding = PerAxis(0, "what is cut off at both ends of the output", min=0)
    output_padding = PerAxis(0, "what is added at the end of the output", min=0)
    dilation = PerAxis(1, "the distance between the window's elements")
    groups = Count(1, "the channels are split into so many independent convolutions")

    def _sizes(self, x: Shape) -> dict[str, Size]:
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
        for extra, stride, dilation in zip(
            along(self.output_padding, x.positions),
            along(self.stride, x.positions),
            along(self.dilation, x.positions),
            strict=False,
        ):
            yield need(
                "output_padding",
                (extra < stride) | (extra < dilation),
                "output_padding must be smaller than stride {stride} or dilation {dilation}, "
                "got {extra}",
                extra=extra,
                stride=stride,
                dilation=dilation,
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
        yield divides("groups", self.groups, "in_channels", x["channels"], self.out_channels)
        yield divides("groups", self.groups, "out_channels", self.out_channels, x["channels"])

    def output(self, x: Shape) -> Shape:
        return x.with_sizes(channels=self.out_channels, **self._sizes(x))

    def weights(self, x: Shape) -> Iterator[Weight]:
        channels = {"in_channels": x["channels"], "out_channels": self.out_channels}
        kernel = kernel_factors(x, self.kernel_size)
        yield Weight("weight", times(**channels, **kernel).over(groups=self.groups))
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
            factors = times(**y.position_factors("out"), out_channels=y["channels"])
            yield Operation("add", factors, "bias")
