"""Comma-separated values for spreadsheets and scripts: the rows of the main table, exactly.

One header, no totals (a spreadsheet adds up itself), full integers, names of columns as in JSON.
A text that a spreadsheet would run as a formula is put behind an apostrophe.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, TextIO

from archcalc.formats import parts_of
from archcalc.formats.document import (
    Cell,
    Change,
    Equations,
    Exact,
    Pairs,
    Part,
    Ratio,
    Share,
    Table,
    Words,
)
from archcalc.formats.safe import safe

if TYPE_CHECKING:
    from archcalc.formats import Options
    from archcalc.formats.document import Document

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the start of a formula (OWASP, CSV injection)."""


def render(document: Document, options: Options, out: TextIO) -> None:
    """Writes the main table of ``document``; the first one if none has totals."""
    parts = parts_of(document, options._replace(rows=None))
    write = csv.writer(out, lineterminator="\n").writerow
    table = main_table(parts)
    if table is not None:
        write([column.key for column in table.columns])
        above: list[Cell] = [None] * len(table.columns)
        for line in table.lines:
            # Each line stands for itself: what a table leaves out below itself is there.
            above = [
                before if column.runs and cell is None else cell
                for column, cell, before in zip(table.columns, line.cells, above, strict=True)
            ]
            write([plain(cell) for cell in above])
        return
    if any(isinstance(part, Equations) for part in parts):
        _write_equations(parts, write)
        return
    for part in parts:
        if isinstance(part, Pairs):
            for name, value in part.items:
                write([plain(name), plain(value)])


def _write_equations(parts: Iterable[Part], write: Callable[[list[Any]], object]) -> None:
    """Formulas by what they belong to: in symbols, with their numbers, and what comes out."""
    from archcalc.formats.formulas import ASCII, written

    write(["of", "name", "formula", "numbers", "value"])
    of = ""
    for part in parts:
        if isinstance(part, Words) and part.role == "heading":
            of = part.text
        if isinstance(part, Equations):
            for name, formula in part.items:
                texts = [written(formula, ASCII, numbers=numbers) for numbers in (False, True)]
                write([*map(plain, (of, name, *texts)), formula.value])


def main_table(parts: Iterable[Part]) -> Table | None:
    """The table with totals, or the first one."""
    tables: Sequence[Table] = [part for part in parts if isinstance(part, Table)]
    return next((t for t in tables if t.totals), tables[0] if tables else None)


def plain(cell: Cell) -> str | int | float:
    """A cell as a number, or as text that is no formula."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        text = safe(cell)
        return f"'{text}" if text.startswith(FORMULA) else text
    if isinstance(cell, Share):
        return round(cell.part / cell.whole, 6) if cell.whole else 0
    if isinstance(cell, Ratio):
        return round(cell.number / cell.other, 6) if cell.other else ""
    return cell.number if isinstance(cell, Change | Exact) else cell
