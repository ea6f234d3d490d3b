"""The arithmetic of a sliding window, shared by convolution and pooling.

Per axis: out = floor((in + padding_before + padding_after − dilation·(kernel − 1) − 1) / stride) + 1
(Dumoulin and Visin, A guide to convolution arithmetic for deep learning, arXiv:1603.07285, §2.4).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from archcalc.shapes import LETTERS, Shape, Size
from archcalc.terms import Requirement, need


class Window(NamedTuple):
    """One axis of a window: its sizes and where it may stand."""

    axis: str
    size: Size
    kernel: Size
    stride: Size
    dilation: Size
    padding: Size
    """Zeros at both ends together; meaningless for the word ``same``."""
    same: bool

    @property
    def span(self) -> Size:
        """How many positions the window covers, gaps included."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def out(self) -> Size:
        """How often the window fits."""
        if self.same:
            return -(-self.size // self.stride)
        return (self.size + self.padding - self.span) // self.stride + 1

    @property
    def ceil_out(self) -> Size:
        """As `out`, rounded up, but no window may start in the padding at the end (PyTorch)."""
        if self.same:
            return self.out
        up = -(-(self.size + self.padding - self.span) // self.stride) + 1
        return up - ((up - 1) * self.stride >= self.size + self.padding // 2)

    @property
    def before(self) -> int:
        """Zeros before the first position; ``same`` puts an odd one at the end (TensorFlow)."""
        if not self.same:
            return self.padding // 2
        return max((self.out - 1) * self.stride + self.span - self.size, 0) // 2

    def taps(self) -> int:
        """Pairs of output position and window element that meet a real input, not padding."""
        total = 0
        for tap in range(self.kernel):
            offset = tap * self.dilation - self.before
            first = max(0, -(offset // self.stride))
            last = min(self.out - 1, (self.size - 1 - offset) // self.stride)
            total += max(0, last - first + 1)
        return total


def along(value: Any, axes: tuple[str, ...]) -> tuple[Any, ...]:
    """A number for each axis, from one for all or from a list (whose length was required)."""
    if isinstance(value, tuple):
        return value + (value[-1],) * (len(axes) - len(value)) if value else (1,) * len(axes)
    return (value,) * len(axes)


def windows(
    x: Shape, kernel_size: Any, stride: Any, padding: Any, dilation: Any = 1
) -> tuple[Window, ...]:
    """The window along each position of ``x``."""
    axes = x.positions
    kernels = along(kernel_size, axes)
    dilations = along(dilation, axes)
    if padding == "half":
        pads = tuple((d * (k - 1) + 1) // 2 for k, d in zip(kernels, dilations, strict=False))
    elif isinstance(padding, str):
        pads = (0,) * len(axes)
    else:
        pads = along(padding, axes)
    same = isinstance(padding, str) and padding == "same"
    return tuple(
        Window(axis, x[axis], k, s, d, 2 * p, same)
        for axis, k, s, d, p in zip(
            axes, kernels, along(stride, axes), dilations, pads, strict=False
        )
    )


def list_lengths(x: Shape, **values: Any) -> Iterator[Requirement]:
    """The requirement that a list has one number for each position of ``x``."""
    axes = x.positions
    for field, value in values.items():
        if isinstance(value, tuple):
            yield need(
                field,
                len(value) == len(axes),
                "{field} needs one number, or one for each of {axes}; got {count}",
                field=field,
                axes=", ".join(axes),
                count=len(value),
            )


def windows_fit(found: tuple[Window, ...]) -> Iterator[Requirement]:
    """The requirement that a window is not larger than what it slides over."""
    for w in found:
        if not w.same:
            yield need(
                "kernel_size",
                w.size + w.padding >= w.span,
                "window {span} is larger than {axis} {size} + padding {padding}",
                mend="a smaller window, more padding or a larger input",
                span=w.span,
                axis=w.axis,
                size=w.size,
                padding=w.padding,
            )


def kernel_factors(x: Shape, kernel_size: Any) -> dict[str, Size]:
    """``kernel_h``, ``kernel_w``: the window's sides as factors."""
    axes = x.positions
    return {
        f"kernel_{LETTERS[axis]}": k
        for axis, k in zip(axes, along(kernel_size, axes), strict=False)
    }
