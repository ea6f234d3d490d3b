"""The arithmetic of a sliding window, shared by convolution and pooling.

Per axis: out = floor((in + padding - dilation·(kernel - 1) - 1) / stride) + 1, where padding is
what is added at both ends together
(Dumoulin and Visin, A guide to convolution arithmetic for deep learning, arXiv:1603.07285, §2.4).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from archcalc.layers import mends
from archcalc.layers.base import has_dimensions
from archcalc.shapes import LETTERS, Shape, Size
from archcalc.terms import Requirement, Words, known_as, need


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
        return known_as(f"window_{LETTERS[self.axis]}", self.dilation * (self.kernel - 1) + 1)

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
    def before(self) -> Size:
        """Zeros before the first position; ``same`` puts an odd one at the end (TensorFlow)."""
        if not self.same:
            return self.padding // 2
        return _positive((self.out - 1) * self.stride + self.span - self.size) // 2

    def taps(self) -> Size:
        """Pairs of output position and window element that meet a real input, not padding.

        An output o and an element t meet the position o·stride + t·dilation - before.
        """
        return self._taps_up_to(self.before + self.size - 1) - self._taps_up_to(self.before - 1)

    def _taps_up_to(self, last: Size) -> Size:
        """Pairs (o, t) with o·stride + t·dilation <= last, counted without a loop over either."""

        def elements(room: Size) -> Size:  # the t with t·dilation <= room
            return self.kernel - _positive(self.kernel - _positive(room // self.dilation + 1))

        full = elements(last - (self.out - 1) * self.stride)  # these t go with every o
        some = elements(last) - full
        start = last - (full + some - 1) * self.dilation
        return full * self.out + some + floor_sum(some, self.stride, self.dilation, start)


def _positive(number: Size) -> Size:
    """The number, or 0 if it is negative."""
    return number * (number > 0)


def _anywhere(holds: Any) -> bool:
    """Whether it holds, for an array in any of its configurations."""
    return holds if isinstance(holds, bool) else bool(holds.any())


def floor_sum(n: Size, m: Size, a: Size, b: Size) -> Size:
    """The sum of floor((a·i + b) / m) for i = 0 .. n - 1, in as many steps as Euclid's gcd."""
    total = 0 * n
    while _anywhere(n != 0):
        total += n * (n - 1) // 2 * (a // m) + n * (b // m)
        top = a % m * n + b % m
        n, b, m, a = top // m, top % m, a % m + (a % m == 0), m
    return total


def gcd(a: Size, b: Size) -> Size:
    """The greatest common divisor, by arithmetic that arrays can follow."""
    while _anywhere(b != 0):
        a, b = b + a * (b == 0), a % (b + (b == 0)) * (b != 0)
    return a


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
    word = padding if isinstance(padding, str) else ""  # an array must not meet `==`
    if word == "half":
        pads = tuple(
            known_as(f"padding_{LETTERS[axis]}", (d * (k - 1) + 1) // 2)
            for axis, k, d in zip(axes, kernels, dilations, strict=False)
        )
    elif word:
        pads = (0,) * len(axes)
    else:
        pads = along(padding, axes)
    return tuple(
        Window(axis, x[axis], k, s, d, 2 * p, word == "same")
        for axis, k, s, d, p in zip(
            axes, kernels, along(stride, axes), dilations, pads, strict=False
        )
    )


def needs_image(kind: str, x: Shape, mend: Words = mends.no_image) -> Iterator[Requirement]:
    """What slides over positions needs channels and at least one position to slide over."""
    yield has_dimensions(kind, x, "channels", mend=mend)
    yield need(
        None,
        "features" not in x.names and bool(x.positions),
        "{kind} needs a height, a width, a depth or a length to slide over, got {shape}",
        mend=mend,
        kind=kind,
        shape=x,
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


def windows_fit(found: tuple[Window, ...], ceil_mode: bool = False) -> Iterator[Requirement]:
    """The requirement that a window is not larger than what it slides over.

    With ``ceil_mode`` it may stick out at the end, by less than a stride.
    """
    for w in found:
        if not w.same:
            spare = w.stride - 1 if ceil_mode else 0
            yield need(
                "kernel_size",
                w.size + w.padding + spare >= w.span,
                _too_small,
                mend="a smaller window, more padding or a larger input",
                axis=w.axis,
                axes=tuple(v.axis for v in found),
                sizes=tuple(v.size for v in found),
                kernels=tuple(v.kernel for v in found),
                dilation=w.dilation,
                padding=w.padding,
            )


def _too_small(
    axis: str,
    axes: tuple[str, ...],
    sizes: tuple[int, ...],
    kernels: tuple[int, ...],
    dilation: int,
    padding: int,
) -> str:
    """``the image is 4 x 4 here, too small for a 5x5 window``; ``padding`` is that of both ends."""
    here = " x ".join(map(str, sizes))
    what = {2: "image", 3: "volume"}.get(len(axes), axis)
    window = f"{'x'.join(map(str, kernels))} window" if len(axes) > 1 else f"window of {kernels[0]}"
    more = [f"dilation {dilation}"] if dilation != 1 else []
    more += [f"padding {padding // 2}"] if padding else []
    given = f" with {' and '.join(more)}" if more else ""
    article = "an" if window.startswith(("8", "11", "18")) else "a"
    return f"the {what} is {here} here, too small for {article} {window}{given}"


def kernel_factors(x: Shape, kernel_size: Any) -> dict[str, Size]:
    """``kernel_h``, ``kernel_w``: the window's sides as factors."""
    axes = x.positions
    return {
        f"kernel_{LETTERS[axis]}": k
        for axis, k in zip(axes, along(kernel_size, axes), strict=False)
    }
