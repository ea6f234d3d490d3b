"""Tables for people: drawn by rich, to the width of the terminal, in a pipe as wide as they are.

A terminal that is too narrow loses the columns that can be spared first; then words go on in
another line. Nothing is ever cut with an ellipsis.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, TextIO

from rich.box import Box
from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.segment import Segment
from rich.style import Style
from rich.table import Table as RichTable
from rich.text import Text

from archcalc.formats.cells import text_of
from archcalc.formats.document import Document, Pairs, Part, Share, Table, Words
from archcalc.formats.safe import safe

if TYPE_CHECKING:
    from rich.console import ConsoleOptions, RenderResult

    from archcalc.formats import Options
    from archcalc.formats.document import Line

GAP: Final = 2
"""Columns of space between two columns of a table."""
BAR: Final = 12
"""The width of the bar behind a share, where there is room for it."""
NARROWEST: Final = 12
"""A column that folds keeps at least this width."""


def console_for(out: TextIO) -> Console:
    """Rich, reading no markup, and without a width of its own where nobody looks."""
    wide = None if out.isatty() else 100_000
    return Console(file=out, width=wide, markup=False, emoji=False, highlight=False)


def render(document: Document, options: Options, out: TextIO) -> None:
    """Draws ``document``."""
    console = console_for(out)
    painter = _Painter(console, options, _draws_lines(out), out.isatty())
    if out.isatty():
        painter.paint(document.parts(options.rows))
        return
    # Rich fills every line up with spaces; what goes into a file or a pipe is better without.
    from io import StringIO

    buffer = console.file = StringIO()
    painter.paint(document.parts(options.rows))
    out.writelines(line.rstrip() + "\n" for line in buffer.getvalue().splitlines())


def _draws_lines(out: TextIO) -> bool:
    """Whether the encoding has lines and blocks."""
    return (getattr(out, "encoding", None) or "ascii").lower().startswith("utf")


class _Painter:
    """Puts the parts of a document on a console, one below the other."""

    def __init__(self, console: Console, options: Options, unicode: bool, terminal: bool) -> None:
        self.console = console
        self.options = options
        self.unicode = unicode
        self.width = console.width if terminal else None

    def paint(self, parts: Sequence[Part]) -> None:
        for index, part in enumerate(parts):
            if index and not (isinstance(part, Words) and part.role in ("note", "below")):
                self.console.print()
            self._paint(part)

    def _paint(self, part: Part) -> None:
        if isinstance(part, Words):
            self._print(part.text, "dim" if part.role in ("note", "aside", "below") else "", part)
            return
        if part.title:
            self._print(part.title, "bold")
        if isinstance(part, Table):
            layout = _Layout(part, self.options.exact, self.width, self.unicode)
            self.console.print(layout.drawn(), no_wrap=True, crop=False)
        elif isinstance(part, Pairs):
            self._pairs(part)
        else:
            for text in part.text.splitlines():
                self.console.print(Text(safe(text.replace("\t", "    "))), soft_wrap=True)

    def _print(self, text: str, style: str, words: Words | None = None) -> None:
        heading = words is not None and words.role == "heading"
        for paragraph in text.split("\n"):
            line = Text(safe(paragraph), "bold" if heading else style)
            if words is not None and words.rest:
                line.append("  " + safe(words.rest), "not bold")
            self.console.print(line, soft_wrap=self.width is None)

    def _pairs(self, part: Pairs) -> None:
        indent = max((cell_len(name) for name, _ in part.items), default=0) + GAP
        for name, value in part.items:
            text = text_of(value, in_full=True)
            room = max(NARROWEST, self.width - indent) if self.width else cell_len(text) + 1
            for position, chunk in enumerate(_chunks(text, room, "")):
                line = Text(f"{safe(name) if position == 0 else '':<{indent}}", "dim")
                line.append(chunk, "not dim")
                self.console.print(line, soft_wrap=True)


class _Lines:
    """One column's lines. Rich draws them as one cell, which is thirty times as fast as many."""

    def __init__(self, lines: list[tuple[str, Style | None]], width: int) -> None:
        self.lines = lines
        self.width = width

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(self.width, self.width)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        end = Segment.line()
        for text, style in self.lines:
            yield Segment(text, style)
            yield end


class _Layout:
    """A table's cells as words, and the widths that they get."""

    def __init__(self, table: Table, exact: bool, width: int | None, unicode: bool) -> None:
        self.table = table
        self.unicode = unicode
        lines = [*table.lines, *table.totals]
        self.cells = [[text_of(c, in_full=exact) for c in line.cells] for line in lines]
        self.shown = list(range(len(table.columns)))
        self.widths = [
            max([cell_len(column.title), *(cell_len(row[i]) for row in self.cells)])
            for i, column in enumerate(table.columns)
        ]
        self.bars: int | None = None
        """The column behind which bars are drawn."""
        if width is not None:
            self._fit(width)
            shares = [i for i in self.shown if self._is_share(i)]
            if shares and unicode and width - self._taken() >= BAR + 1:
                self.bars = shares[-1]

    def _taken(self) -> int:
        return sum(self.widths[i] for i in self.shown) + GAP * (len(self.shown) - 1)

    def _fit(self, width: int) -> None:
        """Spares columns, then folds the widest of those that may be folded."""
        columns = self.table.columns
        while self._taken() > width:
            spare = max(self.shown, key=lambda i: columns[i].spare)
            if not columns[spare].spare:
                break
            self.shown.remove(spare)
        foldable = [i for i in self.shown if columns[i].folds]
        while foldable and self._taken() > width:
            widest = max(foldable, key=lambda i: self.widths[i])
            if self.widths[widest] <= NARROWEST:
                break
            self.widths[widest] -= 1

    def _is_share(self, column: int) -> bool:
        return any(isinstance(line.cells[column], Share) for line in self.table.lines)

    def drawn(self) -> RichTable:
        """The table, for rich to draw."""
        table = self.table
        drawn = RichTable(
            box=_box(self.unicode),
            show_edge=False,
            pad_edge=False,
            padding=0,
            show_footer=bool(table.totals),
            header_style="bold",
            border_style="dim",
        )
        count = len(table.lines)
        body = self._columns(self.cells[:count], table.lines)
        foot = self._columns(self.cells[count:], table.totals)
        last = self.shown[-1]
        for i in self.shown:
            wide = self.widths[i] + (GAP - 1 if i != last else 0)  # rich adds one for its divider
            drawn.add_column(
                Text(self._aligned(i, table.columns[i].title)),
                _Lines(foot[i], wide),
                width=wide,
                no_wrap=True,
                overflow="crop",
            )
        cells = [_Lines(body[i], self.widths[i]) for i in self.shown]
        if self.bars is not None:
            drawn.add_column("", "", width=BAR)
            cells.append(_Lines(self._drawn_bars(self.bars), BAR))
        drawn.add_row(*cells)
        return drawn

    def _columns(
        self, cells: list[list[str]], lines: Sequence[Line]
    ) -> dict[int, list[tuple[str, Style | None]]]:
        """Each shown column's lines; where words of a row go on, the other columns stay empty."""
        out: dict[int, list[tuple[str, Style | None]]] = {i: [] for i in self.shown}
        faint = Style(dim=True)
        styles = {"": None, "aside": faint, "rest": Style(italic=True), "total": Style(bold=True)}
        for row, line in zip(cells, lines, strict=True):
            chunks = {i: list(_chunks(row[i], self.widths[i])) for i in self.shown}
            height = max(map(len, chunks.values()))
            for i in self.shown:
                style = styles[line.role]
                if style is None and self.table.columns[i].faint:
                    style = faint
                texts = [self._aligned(i, text) for text in chunks[i]]
                out[i].extend((text, style) for text in texts + [""] * (height - len(texts)))
        return out

    def _drawn_bars(self, column: int) -> list[tuple[str, Style | None]]:
        style = Style.parse("cyan")
        bars: list[tuple[str, Style | None]] = []
        for line, row in zip(self.table.lines, self.cells, strict=False):
            share = line.cells[column]
            bars.append((_bar(share) if isinstance(share, Share) else "", style))
            bars.extend([("", None)] * (self._height(row) - 1))
        return bars

    def _height(self, row: list[str]) -> int:
        return max(len(list(_chunks(row[i], self.widths[i]))) for i in self.shown)

    def _aligned(self, i: int, text: str) -> str:
        if not self.table.columns[i].right:
            return text
        return " " * max(0, self.widths[i] - cell_len(text)) + text


def _box(unicode: bool) -> Box:
    """A rule below the head and one above the totals, nothing else."""
    rule = "─" if unicode else "-"
    blank, line = "    \n", f" {rule}{rule} \n"
    return Box(blank * 2 + line + blank * 2 + line + blank * 2, ascii=not unicode)


def _chunks(text: str, width: int, indent: str = "  ") -> Iterator[str]:
    """``text`` in pieces of at most ``width`` columns, cut behind a point or a space if it goes."""
    while cell_len(text) > width:
        cut = width
        while cut > 1 and cell_len(text[:cut]) > width:
            cut -= 1
        behind = max(text.rfind(" ", 0, cut + 1), text.rfind(".", 0, cut) + 1)
        if behind > max(len(indent), width // 3):
            cut = behind
        yield text[:cut].rstrip()
        text = indent + text[cut:].lstrip()
    yield text


def _bar(share: Share) -> str:
    """``███▌``: eighths of a cell."""
    if not share.whole:
        return ""
    eighths = (8 * BAR * share.part + share.whole // 2) // share.whole
    full, part = divmod(eighths, 8)
    return "█" * full + (" ▏▎▍▌▋▊▉"[part] if part else "")
