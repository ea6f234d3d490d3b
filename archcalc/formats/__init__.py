"""A result becomes what its reader sees. A format is one file here and one entry in the table."""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol, TextIO

from archcalc.formats.document import Document


class Options(NamedTuple):
    """What the reader asked for, whatever the format."""

    exact: bool = False
    """Full integers where a format would write them in units."""
    rows: int | None = 400
    """Rows that a table shows before it folds the others into sums; ``None``: all."""


class Format(Protocol):
    """The module of a format."""

    def render(self, document: Document, options: Options, out: TextIO) -> None: ...


FORMATS: Final = {
    "table": "archcalc.formats.table",
    "json": "archcalc.formats.json",
    "github": "archcalc.formats.github",
}
"""The formats by the name that ``--format`` takes; each module is imported when it is asked for."""


def format_of(name: str) -> Format:
    """The module of the format ``name``."""
    from importlib import import_module

    module: Format = import_module(FORMATS[name])
    return module
