"""What would mend a network whose shapes do not fit: help with the numbers of the case.

These words are read by people, about one network: here are plain numbers, and no arrays. Each
function takes the values of a requirement (`archcalc.terms.Requirement`).
"""

from __future__ import annotations

from collections.abc import Sequence

from archcalc.shapes import Shape

EQUAL = "the same stride and padding in every branch"
FITS = "padding keeps the size; center_crop or upsample: {like: ..} fits one to the other"


def unlike(first: Shape, other: Shape) -> list[str]:
    """The dimensions in which two shapes with the same dimensions differ."""
    return [name for name, size in first.items() if size != other[name]]


def spoken(names: Sequence[str]) -> str:
    """``channels, height and width``."""
    *before, last = names
    return f"{', '.join(before)} and {last}" if before else last


def dimensions(first: Shape, other: Shape) -> str:
    """Help where the dimensions themselves are others."""
    shorter, longer = sorted((first.names, other.names), key=len)
    if shorter == ("features",):
        if "channels" in longer:
            return "flatten or global_avg_pool makes features of an image"
        return "select_token or mean takes one of a sequence" if "length" in longer else ""
    if sorted(first.names) == sorted(other.names):
        return "reshape gives both the same order"
    if {first.names[-1], other.names[-1]} == {"features", "width"}:
        return "to_sequence makes a sequence of an image, to_image an image of a sequence"
    return ""


def stride(small: Shape, large: Shape) -> str:
    """The stride that takes ``large`` down to ``small``, as it is written; nothing if none does.

    They differ in some position.
    """
    steps = []
    for axis in small.positions:
        step = max(round(large[axis] / small[axis]), 1)
        if small[axis] not in (large[axis] // step, -(-large[axis] // step)):
            return ""
        steps.append(step)
    return f"[{', '.join(map(str, steps))}]" if len(set(steps)) > 1 else str(steps[0])


def shortcut(first: Shape, other: Shape) -> str:
    """Help for a sum: ``first`` is what a residual block computes, ``other`` its shortcut."""
    names = unlike(first, other)
    positions = [name for name in names if name in first.positions]
    along = "channels" if "channels" in first else "features"
    step = stride(first, other) if positions and along == "channels" else ""
    fits, needed = "", ""
    if positions and not step:
        small = all(first[name] < other[name] < 1.5 * first[name] for name in positions)
        fits = f"'padding: half' keeps the {spoken(positions)} in a convolution" if small else EQUAL
    if along in names or step:
        what = "1x1 convolution" if along == "channels" else "linear layer"
        needed = f"the shortcut needs a {what} to {first[along]} {along}"
    if step:
        needed += f" with stride {step}"
    return "; ".join(filter(None, (fits, needed)))


def side_by_side(first: Shape, other: Shape, along: str) -> str:
    """Help for a concatenation along ``along``."""
    names = [name for name in unlike(first, other) if name != along]
    if not all(name in first.positions for name in names):
        return ""
    if step := stride(other, first):
        return f"the first branch needs stride {step}, or upsample: {step} behind the second"
    if step := stride(first, other):
        return f"the second branch needs stride {step}, or upsample: {step} behind the first"
    return FITS


def no_image(kind: str, shape: Shape, **_: object) -> str:
    """Help for a layer of images that meets a tensor which is none (any more)."""
    if sorted(shape.names) == ["features", "length"]:
        return f"insert to_image: the features of a sequence become channels for {kind}"
    return f"{kind} comes before flatten and to_sequence, not after"


def divisors(size: int, number: int, also: tuple[int, ...], other: str, **_: object) -> str:
    """Help that names the divisors of all sizes around ``number``: ``3 or 5 would do``."""

    def fits(candidate: int) -> bool:
        return all(each % candidate == 0 for each in (size, *also))

    reach = range(1, 1000)
    below = next((number - n for n in reach if n < number and fits(number - n)), None)
    above = next((number + n for n in reach if fits(number + n)), None)
    shown = " or ".join(str(n) for n in (below, above) if n)
    return "; ".join(filter(None, (shown and f"{shown} would do", other)))
