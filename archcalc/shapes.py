"""A tensor's shape as data: named dimensions in order, with their sizes, and no batch.

A size is an ``int``. In a sweep it is an integer array that stands for many configurations at
once; the rules of the layers are plain arithmetic and do not notice, so they are typed ``int``.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Final

Size = int

DIMENSIONS: Final = ("channels", "depth", "height", "width", "length", "features")
"""Every dimension that a tensor can have."""

CONTENT: Final = frozenset(("channels", "features"))
"""The dimensions that hold a position's values; all others are positions."""

LETTERS: Final = {
    "channels": "c",
    "depth": "d",
    "height": "h",
    "width": "w",
    "length": "l",
    "features": "f",
}
"""The letter by which a symbol names a dimension: ``out_h`` is the output's height."""


class Shape:
    """The dimensions of one tensor, without the batch: ``channels 64, height 56, width 56``."""

    __slots__ = ("_hash", "names", "sizes")

    names: tuple[str, ...]
    sizes: tuple[Size, ...]

    def __init__(self, names: tuple[str, ...], sizes: tuple[Size, ...]) -> None:
        self.names = names
        self.sizes = sizes

    @classmethod
    def of(cls, **sizes: Size) -> Shape:
        """``Shape.of(channels=3, height=224, width=224)``."""
        return cls(tuple(sizes), tuple(sizes.values()))

    def __getitem__(self, name: str) -> Size:
        return self.sizes[self.names.index(name)]

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Shape) and self.names == other.names and self.sizes == other.sizes

    def __hash__(self) -> int:
        try:
            return self._hash
        except AttributeError:
            self._hash: int = hash((self.names, self.sizes))
            return self._hash

    def __repr__(self) -> str:
        return f"Shape({', '.join(f'{n}={s}' for n, s in self.items())})"

    def __str__(self) -> str:
        """As a message says it: ``64 x 222 x 222 (channels, height, width)``."""
        return f"{self:sizes} ({', '.join(self.names)})"

    def __format__(self, spec: str) -> str:
        """``sizes`` leaves the names out: ``64 x 222 x 222``."""
        return " x ".join(map(str, self.sizes)) if spec == "sizes" else str(self)

    def items(self) -> Iterator[tuple[str, Size]]:
        """Pairs of name and size, in order."""
        return zip(self.names, self.sizes, strict=True)

    @property
    def positions(self) -> tuple[str, ...]:
        """The dimensions along which windows slide and sequences run (all but the content)."""
        return tuple(n for n in self.names if n not in CONTENT)

    @property
    def elements(self) -> Size:
        """How many numbers the tensor holds."""
        return prod(self.sizes)

    def with_sizes(self, **sizes: Size) -> Shape:
        """The same dimensions, some of them with another size."""
        return Shape(self.names, tuple(sizes.get(n, s) for n, s in self.items()))

    def factors(self, prefix: str) -> dict[str, Size]:
        """The sizes as factors of a product: ``out_c``, ``out_h``, ``out_w``."""
        return {f"{prefix}_{LETTERS[n]}": s for n, s in self.items()}

    def position_factors(self, prefix: str) -> dict[str, Size]:
        """The sizes of the positions alone as factors: ``out_h``, ``out_w``."""
        return {f"{prefix}_{LETTERS[n]}": s for n, s in self.items() if n not in CONTENT}
