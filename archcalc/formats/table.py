"""Tables for people: to the width of the terminal; in a pipe as wide as they are.

A terminal that is too narrow loses the columns that can be spared first; then words go on in
another line. Nothing is ever cut with an ellipsis.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, TextIO

from archcalc.formats import parts_of
from archcalc.formats.cells import text_of
from archcalc.formats.document import Document, Equations, Pairs, Part, Share, Table, Words
from archcalc.formats.paint import Sheet, Spans, sheet, write
from archcalc.formats.safe import MARKS, cells, safe

if TYPE_CHECKING:
    from archcalc.formats import Options
    from archcalc.formats.document import Cell, Line

GAP: Final = "  "
"""Between two columns of a table."""
BAR: Final = 12
"""The width of the bar behind a share, where there is room for it."""
PLAIN_SIGNS: Final = {0xB7: "*", 0x2212: "-"}
"""What stands for the signs of a formula on a terminal that has no others."""
NARROWEST: Final = 12
"""A column whose words go on in another line keeps at least this width."""


def render(document: Document, options: Options, out: TextIO) -> None:
    """Draws ``document`` on ``out``."""
    on = sheet(out)
    write(drawn(parts_of(document, options), on, exact=options.exact), out, styled=on.styled)


def drawn(parts: Sequence[Part], on: Sheet, *, exact: bool) -> Iterator[Spans]:
    """The parts as lines, one below the other."""
    for index, part in enumerate(parts):
        if index and not (isinstance(part, Words) and part.role == "below"):
            yield []
        if isinstance(part, Words):
            yield from _words(part, on.width)
            continue
        if part.title:
            yield [("bold", safe(part.title))]
        if isinstance(part, Table):
            yield from _Layout(part, on, exact).lines()
        elif isinstance(part, Pairs):
            yield from _pairs(part, on.width)
        elif isinstance(part, Equations):
            yield from _equations(part, on)
        else:
            for text in part.text.splitlines():
                yield [("", safe(text.replace("\t", "    ")))]


def _words(words: Words, width: int | None) -> Iterator[Spans]:
    style = {"heading": "bold", "aside": "faint", "below": "faint"}.get(words.role, "")
    for paragraph in words.text.split("\n"):
        text = safe(paragraph)
        if words.rest:
            rest = safe(words.rest)
            if width is None or cells(text) + cells(rest) + len(GAP) <= width:
                yield [(style, text), ("", GAP + rest)]
                continue
            yield [(style, text)]
            text, style = rest, ""
        for line in _wrapped(text, width):
            yield [(style, line)]


def _equations(part: Equations, on: Sheet) -> Iterator[Spans]:
    from archcalc.formats.formulas import ASCII, PLAIN, lines

    for equation in part.items:
        for line in lines(equation, PLAIN if on.unicode else ASCII, on.width):
            yield [("", safe(line))]


def _pairs(part: Pairs, width: int | None) -> Iterator[Spans]:
    indent = max((cells(name) for name, _ in part.items), default=0) + len(GAP)
    for name, value in part.items:
        room = max(NARROWEST, width - indent) if width else None
        text = text_of(value, in_full=True)
        for position, line in enumerate(_wrapped(text, room)):
            yield [("faint", _filled(safe(name) if not position else "", indent)), ("", line)]


class _Layout:
    """A table's cells as words, and the widths that they get."""

    def __init__(self, table: Table, on: Sheet, exact: bool) -> None:
        self.table = table
        self.on = on
        signs = {} if on.unicode else PLAIN_SIGNS
        self.body = [
            [text_of(c, in_full=exact).translate(signs) for c in line.cells] for line in table.lines
        ]
        self.foot = [[text_of(c, in_full=exact) for c in line.cells] for line in table.totals]
        self.shown = list(range(len(table.columns)))
        self.widths = [
            max([cells(safe(column.title)), *(cells(row[i]) for row in (*self.body, *self.foot))])
            for i, column in enumerate(table.columns)
        ]
        self.bars: int | None = None
        """The column whose shares are drawn as bars, behind the table."""
        if on.width is not None:
            self._fit(on.width)
            shares = [i for i in self.shown if self._is_share(i)]
            if shares and on.unicode and on.width - self._taken() > BAR:
                self.bars = shares[-1]

    def _taken(self) -> int:
        return sum(self.widths[i] for i in self.shown) + len(GAP) * (len(self.shown) - 1)

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

    def lines(self) -> Iterator[Spans]:
        """The head, the rows and the totals, with a rule between them."""
        columns = self.table.columns
        titles = [safe(column.title) for column in columns]
        rule = ("─" if self.on.unicode else "-") * self._whole()
        yield from self._row(titles, "bold")
        yield [("faint", rule)]
        for row, line in zip(self.body, self.table.lines, strict=True):
            yield from self._row(row, _ROLES[line.role], self._bar(line))
        if self.foot:
            yield [("faint", rule)]
        for row, line in zip(self.foot, self.table.totals, strict=True):
            yield from self._row(row, _ROLES[line.role])

    def _whole(self) -> int:
        return self._taken() + (BAR + 1 if self.bars is not None else 0)

    def _row(self, row: Sequence[str], style: str, bar: str = "") -> Iterator[Spans]:
        """One line, or more where words go on; the other columns are empty there."""
        columns, widths = self.table.columns, self.widths
        texts = {i: row[i] for i in self.shown}
        behind: dict[int, list[str]] = {}
        for i, text in texts.items():
            if cells(text) > widths[i] and columns[i].folds:
                texts[i], *behind[i] = _wrapped(text, widths[i], GAP)
        while True:
            spans: Spans = []
            for i, text in texts.items():
                look = style or ("faint" if columns[i].faint else "")
                placed = _filled(text, widths[i], columns[i].right) + GAP
                if spans and spans[-1][0] == look:
                    spans[-1] = (look, spans[-1][1] + placed)
                else:
                    spans.append((look, placed))
            look, last = spans[-1]
            spans[-1] = (look, last.rstrip())
            if bar:
                room = self._taken() - sum(cells(text) for _, text in spans)
                spans.append(("bar", " " * (room + 1) + bar))
                bar = ""
            yield spans
            if not any(behind.values()):
                return
            texts = {i: behind[i].pop(0) if behind.get(i) else "" for i in self.shown}

    def _bar(self, line: Line) -> str:
        share: Cell = line.cells[self.bars] if self.bars is not None else None
        return _bar(share) if isinstance(share, Share) else ""


_ROLES: Final = {"": "", "aside": "faint", "rest": "rest", "total": "bold"}
"""The style of a line by its role."""


def _filled(text: str, width: int, right: bool = False) -> str:
    room = " " * (width - cells(text))
    return room + text if right else text + room


def _wrapped(text: str, width: int | None, indent: str = "") -> list[str]:
    """``text`` in lines of at most ``width`` columns, cut behind a space or a point if it goes."""
    lines: list[str] = []
    start, before = 0, ""
    while width is not None:
        # No more than what may fit is looked at: a text may be a megabyte long.
        end = start + (MARKS + 1) * width
        piece = before + text[start:end]
        if end >= len(text) and cells(piece) <= width:
            break
        cut = min(len(piece), width)
        while cut > 1 and cells(piece[:cut]) > width:
            cut -= 1
        behind = max(piece.rfind(" ", 0, cut + 1), piece.rfind(".", 0, cut) + 1)
        if behind > max(len(indent), width // 3):
            cut = behind
        lines.append(piece[:cut].rstrip())
        start += cut - len(before)
        while text[start : start + 1].isspace():
            start += 1
        before = indent
    return [*lines, before + text[start:]]


def _bar(share: Share) -> str:
    """``███▌``: eighths of a column."""
    if not share.whole:
        return ""
    eighths = (8 * BAR * share.part + share.whole // 2) // share.whole
    full, part = divmod(eighths, 8)
    return "█" * full + (" ▏▎▍▌▋▊▉"[part] if part else "")
