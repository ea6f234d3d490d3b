"""A result becomes what its reader sees. A format is one file here and one entry in the table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol, TextIO

from archcalc.formats.document import Document, Part
from archcalc.formats.pick import Pick


class Options(NamedTuple):
    """What the reader asked for, whatever the format."""

    exact: bool = False
    """Full integers where a format would write them in units."""
    rows: int | None = 400
    """Rows that a table shows before it folds the others into sums; ``None``: all."""
    pick: Pick = Pick()
    """The columns and rows that were asked for."""


class Format(Protocol):
    """The module of a format."""

    def render(self, document: Document, options: Options, out: TextIO) -> None: ...


FORMATS: Final = {
    "table": "archcalc.formats.table",
    "json": "archcalc.formats.json",
    "csv": "archcalc.formats.csv",
    "markdown": "archcalc.formats.markdown",
    "latex": "archcalc.formats.latex",
    "html": "archcalc.formats.html",
    "github": "archcalc.formats.github",
}
"""The formats by the name that ``--format`` takes; each module is imported when it is asked for."""


SUFFIXES: Final = {
    ".json": "json",
    ".csv": "csv",
    ".md": "markdown",
    ".tex": "latex",
    ".html": "html",
}
"""The format that a file's name asks for."""


def parts_of(document: Document, options: Options) -> Sequence[Part]:
    """The parts of ``document`` as asked for: folded, or sorted and cut, with what columns."""
    from archcalc.formats.pick import picked

    pick = options.pick
    if not pick.sort and pick.top is None:
        return picked(document.parts(options.rows), pick)
    if pick.top is None:
        pick = pick._replace(top=options.rows)
    return picked(document.parts(None), pick)


def format_of(name: str) -> Format:
    """The module of the format ``name``."""
    from importlib import import_module

    module: Format = import_module(FORMATS[name])
    return module
