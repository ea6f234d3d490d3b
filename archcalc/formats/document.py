"""What every format is given: tables and texts as values, and the same as plain data.

The cells are numbers and words, not strings that are laid out: how a number is written, and
that what came from a file is harmless, is each format's to see to.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from archcalc.analysis.trace import Formula


class Share(NamedTuple):
    """A part of a whole: ``13.4%``."""

    part: int
    whole: int


class Ratio(NamedTuple):
    """How many times ``other`` is ``number``: ``5.41x``."""

    number: int
    other: int


class Change(NamedTuple):
    """A difference, always with its sign: ``+1.20M``."""

    number: int


class Exact(NamedTuple):
    """A number that is always written in full: ``61,706``."""

    number: int


Cell = str | int | Share | Ratio | Change | Exact | None


class Column(NamedTuple):
    """One column of a table."""

    key: str
    title: str
    right: bool = False
    """Numbers are aligned at their right ends."""
    spare: int = 0
    """Where room is short, the column with the highest number goes first; 0: never."""
    folds: bool = False
    """Whether its words may go on in another line where room is short."""
    faint: bool = False
    """Whether it is less than the others."""
    runs: bool = False
    """Whether an empty cell stands for the one above it."""


class Line(NamedTuple):
    """One line of a table; ``role`` is empty, ``aside``, ``rest`` or ``total``."""

    cells: tuple[Cell, ...]
    role: str = ""


class Table(NamedTuple):
    """Columns and lines, the totals in the last ones."""

    columns: tuple[Column, ...]
    lines: Sequence[Line]
    totals: Sequence[Line] = ()
    title: str = ""


class Pairs(NamedTuple):
    """Facts, each with its name before it."""

    items: Sequence[tuple[str, Cell]]
    title: str = ""


class Words(NamedTuple):
    """A paragraph; ``role`` is empty, ``heading``, ``aside`` or ``below`` (no line between)."""

    text: str
    role: str = ""
    rest: str = ""
    """What stands behind it, less loud."""


class Verbatim(NamedTuple):
    """A text as it stands in a file."""

    text: str
    title: str = ""


class Equation(NamedTuple):
    """A figure as its formula: in symbols, with the numbers put in, and what comes out."""

    name: str
    formula: Formula


class Equations(NamedTuple):
    """Formulas, one below the other."""

    items: Sequence[Equation]
    title: str = ""


Part = Table | Pairs | Words | Verbatim | Equations


class Document(Protocol):
    """What a command has to show."""

    def parts(self, rows: int | None) -> Sequence[Part]:
        """From top to bottom; a table has at most about ``rows`` lines, ``None``: all."""

    def data(self) -> dict[str, Any]:
        """The same as plain data: everything, exactly, nothing folded.

        A long list may be an iterator of its items.
        """
