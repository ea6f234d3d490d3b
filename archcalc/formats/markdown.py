"""Markdown for a README or a pull request: pipe tables, as GitHub reads them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TextIO

from archcalc.formats import parts_of
from archcalc.formats.cells import text_of
from archcalc.formats.document import Cell, Equations, Line, Pairs, Part, Table, Words
from archcalc.formats.safe import safe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcalc.formats import Options
    from archcalc.formats.document import Document

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>|~#$&!])")


def render(document: Document, options: Options, out: TextIO) -> None:
    """Writes ``document``, a blank line between its parts."""
    for number, part in enumerate(parts_of(document, options)):
        if number:
            out.write("\n")
        out.writelines(f"{line}\n" for line in _lines(part, options.exact))


def escaped(text: str) -> str:
    """``text`` without a character that Markdown or HTML would read."""
    return _SPECIAL.sub(r"\\\1", safe(text))


def _lines(part: Part, exact: bool) -> Iterator[str]:
    if isinstance(part, Words):
        text = escaped(part.text.replace("\n", " "))
        if part.role == "heading":
            rest = f" {escaped(part.rest)}" if part.rest else ""
            yield f"**{text}**{rest}"
        else:
            yield text
    elif isinstance(part, Table):
        yield from _table(part, exact)
    elif isinstance(part, Pairs):
        for name, value in part.items:
            yield f"- {escaped(name)}: {_cell(value, exact)}"
    elif isinstance(part, Equations):
        from archcalc.formats.formulas import latex

        if part.title:
            yield f"**{escaped(part.title)}**"
            yield ""
        yield "```math"
        yield "\\begin{aligned}"
        yield from latex(part.items)
        yield "\\end{aligned}"
        yield "```"
    else:
        fence = "```"
        while fence in part.text:
            fence += "`"
        yield f"{fence}yaml"
        yield from (safe(line.replace("\t", "    ")) for line in part.text.splitlines())
        yield fence


def _cell(cell: Cell, exact: bool) -> str:
    text = text_of(cell, in_full=exact)
    return escaped(text) if isinstance(cell, str) else text


def _table(table: Table, exact: bool) -> Iterator[str]:
    if table.title:
        yield f"**{escaped(table.title)}**"
        yield ""
    yield _row([escaped(column.title) for column in table.columns])
    yield _row(["--:" if column.right else "---" for column in table.columns])
    for line in (*table.lines, *table.totals):
        yield _row(_cells(line, exact))


def _cells(line: Line, exact: bool) -> list[str]:
    texts = [_cell(cell, exact) for cell in line.cells]
    return [f"**{text}**" if text and line.role == "total" else text for text in texts]


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
