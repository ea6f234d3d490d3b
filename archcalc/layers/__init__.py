"""The science: every layer kind with its shapes, weights and operations, one family a file.

Knows no YAML, no terminal and no error class. To add a layer kind, write one class in its
family's file.
"""

from archcalc.layers import (
    activation,
    attention,
    convolution,
    custom,
    embedding,
    linear,
    merge,
    normalisation,
    pooling,
    recurrent,
    reshape,
    windowed,
)
from archcalc.layers.base import KINDS, Layer

__all__ = [
    "KINDS",
    "Layer",
    "activation",
    "attention",
    "convolution",
    "custom",
    "embedding",
    "linear",
    "merge",
    "normalisation",
    "pooling",
    "recurrent",
    "reshape",
    "windowed",
]
