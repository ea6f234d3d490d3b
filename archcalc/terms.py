"""Counts as the products that they are: named factors, so that every figure can be explained."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Final, NamedTuple

from archcalc.shapes import Size

OPERATION_KINDS: Final = ("mac", "mul", "add", "cmp", "div", "exp", "special")
"""The kinds of operations, as ``docs/counting.md`` defines them."""


class Product:
    """A product of named factors, exactly divided by others: ``out_h · out_w · … / groups``."""

    __slots__ = ("divisors", "factors")

    def __init__(self, factors: dict[str, Size], divisors: dict[str, Size] | None = None) -> None:
        self.factors = factors
        self.divisors = divisors

    def over(self, **divisors: Size) -> Product:
        """This product divided by ``divisors``; the rule has required that they divide it."""
        return Product(self.factors, {**(self.divisors or {}), **divisors})

    @property
    def value(self) -> int:
        """The count itself, exact."""
        value = prod(self.factors.values())
        return value // prod(self.divisors.values()) if self.divisors else value

    def __repr__(self) -> str:
        over = "".join(f" / {n}={v}" for n, v in (self.divisors or {}).items())
        return " · ".join(f"{n}={v}" for n, v in self.factors.items()) + over


def times(**factors: Size) -> Product:
    """``times(out_h=28, out_w=28, out_channels=32)``: names are the symbols, in reading order."""
    return Product(factors)


def known_as(name: str, size: Size) -> Size:
    """``size``, which a formula calls ``name`` (`archcalc.analysis.trace`)."""
    name_it: Callable[[str], Size] | None = getattr(size, "named", None)
    return size if name_it is None else name_it(name)


class Weight(NamedTuple):
    """One tensor of weights of a layer.

    A ``buffer`` (running statistics) is no parameter; a ``frozen`` one is, but is not trained.
    """

    name: str
    product: Product
    buffer: bool = False
    active: Product | None = None
    """The part that one sample uses, where that is less (the experts chosen for a token)."""
    frozen: bool = False
    """Whether it is a parameter that stays as it is (LeNet-5's output code book)."""


class Operation(NamedTuple):
    """So many operations of one kind, for one sample."""

    kind: str
    product: Product
    part: str = ""
    """What they are for, where a layer has several products of a kind: ``scores``."""


Words = str | Callable[..., str]


class Requirement(NamedTuple):
    """What must hold for a layer to have an output.

    A rule yields it instead of raising: a single run stops at the first that does not hold, a
    sweep masks the configurations that break it. ``why`` and ``mend`` are templates for
    ``values``, or functions of them, so that the words are only made where somebody reads them.
    """

    field: str | None
    """The argument at fault; ``None`` if it is the tensor that comes in."""
    holds: bool
    why: Words
    mend: Words
    values: dict[str, object]

    def message(self) -> str:
        """What must be, then what was found."""
        return _said(self.why, self.values)

    def help(self) -> str:
        """A way out, or nothing."""
        return _said(self.mend, self.values)


def _said(words: Words, values: dict[str, object]) -> str:
    return words.format(**values) if isinstance(words, str) else words(**values)


def need(
    field: str | None, holds: bool, why: Words, /, *, mend: Words = "", **values: object
) -> Requirement:
    """A requirement on ``field``; ``{name}`` in ``why`` and ``mend`` is filled from ``values``."""
    return Requirement(field, holds, why, mend, values)
