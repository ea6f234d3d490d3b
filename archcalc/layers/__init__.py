"""The science: every layer kind with its shapes, weights and operations, one family a file.

Knows no YAML, no terminal and no error class. To add a layer kind, write one class in its
family's file.
"""

from archcalc.layers import (
    convolution,
    merge,
)
from archcalc.layers.base import KINDS, Layer

__all__ = ["KINDS", "Layer", "convolution", "merge"]
