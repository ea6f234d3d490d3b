"""How a value of a table or an argument of a layer is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc.formats.document import Cell, Exact, Ratio, Share
from archcalc.formats.numbers import exact, percent, ratio, short
from archcalc.formats.safe import safe
from archcalc.shapes import Shape

if TYPE_CHECKING:
    from archcalc.layers.base import Layer

WIDTH = 400
"""Characters of a cell; only what is meant to do harm is longer."""


def text_of(cell: Cell, *, in_full: bool) -> str:
    """The cell as words, harmless wherever it is shown."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return safe(cell, WIDTH)
    if isinstance(cell, int):
        return exact(cell) if in_full else short(cell)
    if isinstance(cell, Exact):
        return exact(cell.number)
    if isinstance(cell, Share):
        return percent(*cell)
    if isinstance(cell, Ratio):
        return ratio(*cell)
    number = exact(cell.number) if in_full else short(cell.number)
    return f"+{number}" if cell.number > 0 else number


def shape_text(shape: Shape, batch: str = "") -> str:
    """``64 x 56 x 56``, behind a batch if there is one."""
    sizes = [batch] if batch else []
    return " x ".join([*sizes, *map(str, shape.sizes)])


def arguments_text(layer: Layer) -> str:
    """A layer's arguments, as short as a spec writes them: ``64, 3, padding=1``."""
    return ", ".join(
        value_text(value) if layer.fields[name].required else f"{name}={value_text(value)}"
        for name, value in layer.arguments().items()
    )


def value_text(value: Any) -> str:
    """A value as a spec writes it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return exact(value).replace(",", "")
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(value_text, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {value_text(v)}" for k, v in value.items()) + "}"
    return str(value)
