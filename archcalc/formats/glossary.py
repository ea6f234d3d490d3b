"""What a symbol of a formula means, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from archcalc.shapes import LETTERS

if TYPE_CHECKING:
    from archcalc.layers.base import Layer

_DIMENSIONS: Final = {letter: name for name, letter in LETTERS.items()}

_PREFIXES: Final = {
    "in": "the input's {}",
    "out": "the output's {}",
    "kernel": "the window's {}",
    "taps": "pairs of an output and a window's element that meet no padding, along the {}",
    "stride": "the step along the {}",
    "padding": "zeros at each end of the {}",
    "before": "positions added before the {}",
    "after": "positions added after the {}",
    "dilation": "the distance between the window's elements along the {}",
    "output_padding": "what is added at the end of the {}",
    "scale_factor": "how many times as large the {} becomes",
    "downscale_factor": "how many times smaller the {} becomes",
    "window": "the window's {}",
    "windows": "windows along the {}",
    "keys": "keys along the {}",
    "distances": "distances between two positions along the {}",
}
"""For symbols that end in a dimension: ``out_h``, ``kernel_w``, ``in_channels``."""

_WORDS: Final = {
    "additions": "additions for each",
    "channels": "the tensor's channels",
    "comparisons": "comparisons for each",
    "directions": "directions that the sequence is read in",
    "distances": "distances between two positions",
    "divisions": "divisions for each",
    "each": "operations for each",
    "experts": "experts that each token goes to, shared ones included",
    "factors": "factors",
    "features": "the tensor's features",
    "gates": "gates, each a linear layer",
    "halves": "the product is twice what is counted",
    "head_dim": "features of a head",
    "height": "the height",
    "inputs": "features that come in, in all layers together",
    "keys": "keys that a query meets",
    "latent_features": "features of the latent vector",
    "length": "positions of the sequence",
    "nope_head_dim": "features of a head without a position",
    "pairs": "pairs of a query and a key that it sees",
    "positions": "positions",
    "products": "multiplications for each",
    "queries": "queries",
    "rope_head_dim": "features of a head that turn with the position",
    "side": "the side of the grid of positions",
    "sides": "axes of an image",
    "slopes": "slopes",
    "state": "features of the state that comes in",
    "vectors": "vectors",
    "width": "the width",
    "depth": "the depth",
}


def meaning(symbol: str, layer: Layer) -> str:
    """``symbol`` in words: an argument's own help, or what its name is made of."""
    for name, field in layer.fields.items():
        if name.rstrip("_") == symbol and field.help:
            return field.help
    for size in range(len(symbol), 0, -1):
        prefix, rest = symbol[:size], symbol[size + 1 :]
        if symbol[size : size + 1] != "_":
            continue
        if prefix in _PREFIXES:
            return _PREFIXES[prefix].format(_dimension(rest))
        if prefix.startswith("in") and prefix[2:].isdigit():
            return f"the {_dimension(rest)} of input {prefix[2:]}"
    for name, field in layer.fields.items():
        short = name.removesuffix("_size")
        if symbol == short:
            return field.help
        if symbol.startswith(f"{short}_"):
            return f"{field.help}: {_dimension(symbol[len(short) + 1 :])}"
    return _WORDS.get(symbol) or _WORDS.get(symbol.rstrip("123456789"), "")


def _dimension(name: str) -> str:
    return f"number {name}" if name.isdigit() else _DIMENSIONS.get(name, name.replace("_", " "))
