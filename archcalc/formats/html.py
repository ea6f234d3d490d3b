"""HTML as one file: no script, no font, no network; light and dark as the reader's system is."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final, TextIO

from archcalc.formats import parts_of
from archcalc.formats.cells import text_of
from archcalc.formats.document import Cell, Equations, Pairs, Part, Share, Table, Words
from archcalc.formats.safe import safe

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archcalc.formats import Options
    from archcalc.formats.document import Document

STYLE: Final = """\
.archcalc { font: 14px/1.45 system-ui, sans-serif; color-scheme: light dark; }
.archcalc table { border-collapse: collapse; margin: 0.6em 0; font-variant-numeric: tabular-nums; }
.archcalc th, .archcalc td { padding: 0.15em 0.8em; text-align: left; white-space: nowrap; }
.archcalc td.wide { white-space: normal; }
.archcalc .right { text-align: right; }
.archcalc .faint, .archcalc .aside, .archcalc .below { opacity: 0.65; }
.archcalc thead th { border-bottom: 1.5px solid; }
.archcalc tfoot td { border-top: 1.5px solid; font-weight: 600; }
.archcalc tr.rest td { font-style: italic; opacity: 0.65; }
.archcalc td.share { background: linear-gradient(to right, #4a90d940 var(--share), transparent 0); }
.archcalc p { margin: 0.3em 0; }
"""


def render(document: Document, options: Options, out: TextIO) -> None:
    """Writes ``document`` as a page."""
    parts = parts_of(document, options)
    title = next((p.text for p in parts if isinstance(p, Words)), "archcalc")
    out.write(
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{literal(title)}</title>\n</head>\n<body>\n"
    )
    out.write(fragment(parts, exact=options.exact))
    out.write("</body>\n</html>\n")


def fragment(parts: Sequence[Part], *, exact: bool) -> str:
    """The parts as one element with its style, to stand in a page or a notebook."""
    lines = ['<div class="archcalc">', f"<style>\n{STYLE}</style>"]
    for part in parts:
        lines.extend(_lines(part, exact))
    return "\n".join([*lines, "</div>", ""])


def literal(text: str) -> str:
    """``text`` as HTML shows it literally, in elements and in attributes."""
    return escape(safe(text), quote=True)


def _lines(part: Part, exact: bool) -> Iterator[str]:
    if isinstance(part, Words):
        text = literal(part.text.replace("\n", " "))
        if part.role == "heading":
            rest = f" {literal(part.rest)}" if part.rest else ""
            yield f"<p><strong>{text}</strong>{rest}</p>"
        else:
            yield f'<p class="{part.role}">{text}</p>' if part.role else f"<p>{text}</p>"
    elif isinstance(part, Table):
        yield from _table(part, exact)
    elif isinstance(part, Pairs):
        yield "<table>"
        for name, value in part.items:
            yield f'<tr><td class="faint">{literal(name)}</td><td>{_text(value, exact)}</td></tr>'
        yield "</table>"
    elif isinstance(part, Equations):
        from archcalc.formats.formulas import PLAIN
        from archcalc.formats.formulas import lines as lines_of

        if part.title:
            yield f"<p><strong>{literal(part.title)}</strong></p>"
        text = "\n".join(line for item in part.items for line in lines_of(item, PLAIN, None))
        yield f"<pre>{escape(safe(text))}</pre>"
    else:
        lines = (safe(line.replace("\t", "    ")) for line in part.text.splitlines())
        yield f"<pre>{escape(chr(10).join(lines))}</pre>"


def _text(cell: Cell, exact: bool) -> str:
    return escape(text_of(cell, in_full=exact))


def _table(table: Table, exact: bool) -> Iterator[str]:
    if table.title:
        yield f"<p><strong>{literal(table.title)}</strong></p>"
    yield "<table>"
    heads = (
        f'<th class="right">{literal(c.title)}</th>' if c.right else f"<th>{literal(c.title)}</th>"
        for c in table.columns
    )
    yield f"<thead><tr>{''.join(heads)}</tr></thead>"
    yield "<tbody>"
    for line in table.lines:
        role = f' class="{line.role}"' if line.role else ""
        yield f"<tr{role}>{_cells(table, line.cells, exact)}</tr>"
    yield "</tbody>"
    if table.totals:
        yield "<tfoot>"
        for line in table.totals:
            yield f"<tr>{_cells(table, line.cells, exact)}</tr>"
        yield "</tfoot>"
    yield "</table>"


def _cells(table: Table, cells: Sequence[Cell], exact: bool) -> str:
    out = []
    for column, cell in zip(table.columns, cells, strict=True):
        kinds = [
            name
            for name, holds in (
                ("right", column.right),
                ("faint", column.faint),
                ("wide", column.folds),
                ("share", isinstance(cell, Share) and 0 < cell.part < cell.whole),
            )
            if holds
        ]
        style = ""
        if isinstance(cell, Share) and "share" in kinds:
            style = f' style="--share: {100 * cell.part / cell.whole:.1f}%"'
        kind = f' class="{" ".join(kinds)}"' if kinds else ""
        out.append(f"<td{kind}{style}>{_text(cell, exact)}</td>")
    return "".join(out)
