"""What would make branches of different shapes fit: the words of ``add``, ``mul`` and ``concat``.

These are read by people, about one network: here are plain numbers, and no arrays.
"""

from __future__ import annotations

from collections.abc import Sequence

from archcalc.shapes import Shape

EQUAL = "the same stride and padding in every branch"


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


def stride(small: Shape, large: Shape, names: Sequence[str]) -> int:
    """The stride that takes ``large`` down to ``small`` in all of ``names``; 0 if none does."""
    steps = {round(large[name] / small[name]) for name in names}
    step = steps.pop()
    fits = step > 1 and all(small[n] in (large[n] // step, -(-large[n] // step)) for n in names)
    return step if fits and not steps else 0


def shortcut(first: Shape, other: Shape) -> str:
    """Help for a sum: ``first`` is what a residual block computes, ``other`` its shortcut."""
    names = unlike(first, other)
    positions = [name for name in names if name in first.positions]
    content = [name for name in names if name not in positions]
    if content == ["features"]:
        needed = f"the shortcut needs a linear layer to {first['features']} features"
    elif "channels" in first:
        needed = f"the shortcut needs a 1x1 convolution to {first['channels']} channels"
    else:
        needed = ""
    if not positions:
        return needed
    step = stride(first, other, positions)
    if step and "channels" in first:
        return f"{needed} with stride {step}"
    if all(first[name] < other[name] < 1.5 * first[name] for name in positions):
        keeps = f"'padding: half' keeps the {spoken(positions)} in a convolution"
        return f"{keeps}; {needed}" if content else keeps
    return f"{EQUAL}; {needed}" if content else EQUAL


def side_by_side(first: Shape, other: Shape, along: str) -> str:
    """Help for a concatenation along ``along``."""
    names = [name for name in unlike(first, other) if name != along]
    if not all(name in first.positions for name in names):
        return ""
    small, large = sorted((first, other), key=lambda shape: shape[names[0]])
    step = stride(small, large, names)
    if step:
        return f"'upsample: {step}' in the one, or a stride of {step} in the other"
    return f"{EQUAL}; center_crop cuts the larger one"
