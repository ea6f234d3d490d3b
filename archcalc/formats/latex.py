"""LaTeX for a paper: booktabs tables, and formulas as amsmath sets them. Needs nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TextIO

from archcalc.formats import parts_of
from archcalc.formats.cells import text_of
from archcalc.formats.document import Cell, Equations, Line, Pairs, Part, Table, Words
from archcalc.formats.safe import safe

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archcalc.formats import Options
    from archcalc.formats.document import Document

SPECIAL: Final = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"{\ttfamily\char34}",  # the text fonts of the oldest encoding have none
    "`": r"\textasciigrave{}",
    "'": r"\textquotesingle{}",
    "-": r"{-}",
    "[": r"{[}",  # at the start of a row it would be an option of the row before
    "]": r"{]}",
    "\u00b7": r"\ensuremath{\cdot}",
    "\u2212": r"\ensuremath{-}",
    "\u00d7": r"\ensuremath{\times}",
}


def render(document: Document, options: Options, out: TextIO) -> None:
    """Writes ``document``: each table with what stands above it as its caption."""
    parts = parts_of(document, options)
    out.write("% needs \\usepackage{booktabs}\n")
    if any(isinstance(part, Equations) for part in parts):
        out.write("% needs \\usepackage{amsmath}\n")
    out.writelines(f"{line}\n" for line in _lines(parts, options.exact))


def escaped(text: str) -> str:
    """``text`` as LaTeX sets it literally; what its fonts may lack is written by code point."""
    return "".join(
        SPECIAL.get(c) or (c if c.isascii() else f"{{[}}U+{ord(c):04X}{{]}}") for c in safe(text)
    )


def _lines(parts: Sequence[Part], exact: bool) -> Iterator[str]:
    caption: list[str] = []
    for part in parts:
        if isinstance(part, Words):
            text = escaped(part.text.replace("\n", " "))
            if part.role == "heading":
                caption = [f"{text}: {escaped(part.rest)}" if part.rest else text]
            elif caption:
                caption.append(text)
            else:
                yield f"\\par\\noindent {text}"
        elif isinstance(part, Table):
            yield from _table(part, caption, exact)
            caption = []
        elif isinstance(part, Pairs):
            yield "\\begin{description}"
            for name, value in part.items:
                yield f"  \\item[{escaped(name)}] {_cell(value, exact)}"
            yield "\\end{description}"
        elif isinstance(part, Equations):
            from archcalc.formats.formulas import latex

            if caption:
                yield "\\par\\noindent " + ". ".join(caption)
                caption = []
            if part.title:
                yield f"\\par\\noindent {escaped(part.title)}"
            yield "\\begin{align*}"
            yield from latex(part.items)
            yield "\\end{align*}"
        else:
            yield "\\begin{flushleft}\\ttfamily\\small"
            for line in part.text.splitlines():
                indent = len(line) - len(line.lstrip())
                yield f"\\mbox{{}}{'~' * indent}{escaped(line.strip())}\\\\"
            yield "\\end{flushleft}"
    if caption:
        yield "\\par\\noindent " + ". ".join(caption)


def _cell(cell: Cell, exact: bool) -> str:
    # A number keeps its sign; text has its hyphens kept apart, so that none becomes a dash.
    text = text_of(cell, in_full=exact)
    if isinstance(cell, str):
        return escaped(text)
    if text.startswith("-"):
        return f"$-${escaped(text[1:])}"
    return escaped(text)


def _table(table: Table, caption: list[str], exact: bool) -> Iterator[str]:
    yield "\\begin{table}"
    yield "\\centering"
    if caption:
        yield f"\\caption{{{'. '.join(caption)}}}"
    yield f"\\begin{{tabular}}{{{''.join('r' if c.right else 'l' for c in table.columns)}}}"
    yield "\\toprule"
    yield _row([escaped(column.title) for column in table.columns])
    yield "\\midrule"
    for line in table.lines:
        yield _row(_cells(line, exact))
    if table.totals:
        yield "\\midrule"
        for line in table.totals:
            yield _row(_cells(line, exact))
    yield "\\bottomrule"
    yield "\\end{tabular}"
    yield "\\end{table}"


def _cells(line: Line, exact: bool) -> list[str]:
    return [_cell(cell, exact) for cell in line.cells]


def _row(cells: list[str]) -> str:
    return " & ".join(cells) + " \\\\"
