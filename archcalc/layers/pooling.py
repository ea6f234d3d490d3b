"""Pooling: windows that keep one number each, with no weights; the channels stay."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any, ClassVar

from archcalc.layers.base import Layer, content, has_content
from archcalc.layers.fields import Flag, Padding, PerAxis
from archcalc.layers.windows import (
    Window,
    along,
    gcd,
    kernel_factors,
    list_lengths,
    needs_image,
    windows,
    windows_fit,
)
from archcalc.shapes import Shape, Size
from archcalc.terms import Operation, Product, Requirement, need, times


def maximum(factors: dict[str, Size], others: Size) -> Iterator[Operation]:
    """The largest of 1 + ``others`` numbers: as many comparisons as there are others."""
    yield Operation("cmp", times(**factors, comparisons=others))


def average(factors: dict[str, Size], others: Size) -> Iterator[Operation]:
    """The mean of 1 + ``others`` numbers: their sum, times 1/n."""
    yield Operation("add", times(**factors, additions=others))
    yield Operation("mul", Product(factors))


class Pool(Layer):
    """A window that slides over the positions of every channel."""

    kernel_size = PerAxis(help="the window's side")
    stride = PerAxis(None, "the window's step; without it, the kernel_size")
    padding = Padding(0, "positions added at both ends, or half, same, valid")
    ceil_mode = Flag(False, "round the size up: a last window may stick out at the end")
    dilation: Any = 1

    def _windows(self, x: Shape) -> tuple[Window, ...]:
        stride = self.kernel_size if self.stride is None else self.stride
        return windows(x, self.kernel_size, stride, self.padding, self.dilation)

    def requires(self, x: Shape) -> Iterator[Requirement]:
        yield from needs_image(self.kind, x)
        yield from list_lengths(
            x,
            kernel_size=self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
        )
        found = self._windows(x)
        if not isinstance(self.padding, str):
            for window, padding in zip(found, along(self.padding, x.positions), strict=False):
                yield need(
                    "padding",
                    2 * padding <= window.kernel,
                    "padding must be at most half of the window, got {padding} for a window "
                    "of {kernel}",
                    mend="or a window would see nothing but padding",
                    padding=padding,
                    kernel=window.kernel,
                )
        yield from windows_fit(found, self.ceil_mode)

    def output(self, x: Shape) -> Shape:
        found = self._windows(x)
        return x.with_sizes(**{w.axis: w.ceil_out if self.ceil_mode else w.out for w in found})

    def _others(self, x: Shape) -> Size:
        """The elements of a window but the first."""
        return prod(kernel_factors(x, self.kernel_size).values()) - 1


class MaxPool(Pool):
    """The largest number of each window.

    out = floor((in + 2·padding - dilation·(kernel_size - 1) - 1) / stride) + 1, or with
    ``ceil_mode`` rounded up, where no window may start in the padding at the end (PyTorch).

    A window of k x k costs k·k - 1 comparisons. The stride is the window's side by default.
    """

    kind = "max_pool"
    order = ("kernel_size", "stride", "padding")
    dilation = PerAxis(1, "the distance between the window's elements")

    def operations(self, y: Shape, x: Shape) -> Iterator[Operation]:
        yield from maximum(y.factors("out"), self._others(x))


class AvgPool(Pool):
    """The mean of each window.

    out = floor((in + 2·padding - kernel_size) / stride) + 1, or with ``ceil_mode`` rounded up,
    where no window may start in the padding at the end (PyTorch).

    A window of k x k costs k·k - 1 additions and one multiplication (by 1/n). Padding counts as
    zeros of the mean, or with ``count_include_pad: false`` not at all; the cost is stated alike.
    """

    kind = "avg_pool"
    order = ("kernel_size", "stride", "padding", "ceil_mode")
    count_include_pad = Flag(True, "whether padded zeros count as elements of the mean")

    def operations(self, y: Shape, x: Shape) -> Iterator[Operation]:
        yield from average(y.factors("out"), self._others(x))


class GlobalPool(Layer):
    """One number for each channel (or feature) from all positions."""

    keepdims = Flag(False, "keep the positions, with size 1, as squeeze and excitation needs them")

    def requires(self, x: Shape) -> Iterator[Requirement]:
        yield has_content(self.kind, x)
        yield need(
            None,
            bool(x.positions),
            "{kind} needs a tensor with positions to pool over, got {shape}",
            kind=self.kind,
            shape=x,
        )

    def output(self, x: Shape) -> Shape:
        if self.keepdims:
            return x.with_sizes(**dict.fromkeys(x.positions, 1))
        return Shape.of(features=x[content(x)])

    def _others(self, x: Shape) -> Size:
        """The positions but the first."""
        return prod(x[axis] for axis in x.positions) - 1


class GlobalAvgPool(GlobalPool):
    """The mean over all positions: one number for each channel.

    channels 512, height 7, width 7 become features 512; with ``keepdims`` channels 512, height 1,
    width 1. A sequence (length, features) becomes its mean (features).

    n positions cost n - 1 additions and one multiplication for each channel.
    (Lin, Chen, Yan, Network in Network, arXiv:1312.4400, §3.2.)
    """

    kind = "global_avg_pool"

    def operations(self, y: Shape, x: Shape) -> Iterator[Operation]:
        yield from average(y.factors("out"), self._others(x))


class GlobalMaxPool(GlobalPool):
    """The largest number over all positions, one for each channel.

    channels 512, height 7, width 7 become features 512; with ``keepdims`` channels 512, height 1,
    width 1. n positions cost n - 1 comparisons for each channel.
    """

    kind = "global_max_pool"

    def operations(self, y: Shape, x: Shape) -> Iterator[Operation]:
        yield from maximum(y.factors("out"), self._others(x))


class AdaptivePool(Layer):
    """Pooling to a given size: bin i of n covers floor(i·in/n) up to ceil((i+1)·in/n)."""

    output_size = PerAxis(help="the size that comes out")
    order: ClassVar[tuple[str, ...]] = ("output_size",)

    def requires(self, x: Shape) -> Iterator[Requirement]:
        yield from needs_image(self.kind, x)
        yield from list_lengths(x, output_size=self.output_size)

    def output(self, x: Shape) -> Shape:
        axes = x.positions
        return x.with_sizes(**dict(zip(axes, along(self.output_size, axes), strict=False)))

    def _others(self, y: Shape, x: Shape) -> Size:
        """The elements of all bins of one channel, but the first of each.

        Along an axis the n bins cover in + n - gcd(in, n) positions together: bin i shares a
        position with the next one unless in·(i+1) is a multiple of n.
        """
        covered = prod(x[axis] + y[axis] - gcd(x[axis], y[axis]) for axis in y.positions)
        return covered - prod(y[axis] for axis in y.positions)


class AdaptiveAvgPool(AdaptivePool):
    """The means of as many bins as ``output_size`` says, whatever the input's size.

    Bin i of n covers the positions floor(i·in/n) up to, not including, ceil((i+1)·in/n), as in
    PyTorch; bins overlap where n does not divide the input's size. The channels stay.

    Each bin costs its elements - 1 additions, and one multiplication.
    """

    kind = "adaptive_avg_pool"

    def operations(self, y: Shape, x: Shape) -> Iterator[Operation]:
        yield Operation("add", times(channels=y["channels"], additions=self._others(y, x)))
        yield Operation("mul", times(**y.factors("out")))


class AdaptiveMaxPool(AdaptivePool):
    """The maxima of as many bins as ``output_size`` says, whatever the input's size.

    Bin i of n covers the positions floor(i·in/n) up to, not including, ceil((i+1)·in/n), as in
    PyTorch; bins overlap where n does not divide the input's size. The channels stay.

    Each bin costs its elements - 1 comparisons.
    """

    kind = "adaptive_max_pool"

    def operations(self, y: Shape, x: Shape) -> Iterator[Operation]:
        yield Operation("cmp", times(channels=y["channels"], comparisons=self._others(y, x)))
