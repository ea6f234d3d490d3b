"""Lines of styled words, put on a terminal by rich; in a pipe as they are.

Rich knows terminals (their colours, NO_COLOR, the old Windows console), but its tables take a
quarter of a millisecond a row, and importing it is a quarter of a short run. So what a table
looks like is worked out before, as plain lines, and rich is asked where somebody looks.
"""

from __future__ import annotations

from collections.abc import Iterable
from os import environ
from typing import TYPE_CHECKING, Final, NamedTuple, TextIO

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

STYLES: Final = {
    "": "",
    "bold": "bold",
    "faint": "dim",
    "rest": "dim italic",
    "bar": "cyan",
    "error": "bold red",
    "warning": "bold yellow",
    "message": "bold",
    "gutter": "blue",
    "caret": "bold red",
    "help": "bold cyan",
}
"""What the styles of a span look like."""

Spans = list[tuple[str, str]]
"""One line: pairs of a style (a key of `STYLES`) and a text that is safe to show."""


class Sheet(NamedTuple):
    """What a stream can show."""

    width: int | None
    """Columns; ``None`` where nobody looks, and lines may be as long as they are."""
    unicode: bool
    """Whether it has lines and blocks to draw with."""
    styled: bool


def sheet(out: TextIO) -> Sheet:
    """What ``out`` can show."""
    unicode = (getattr(out, "encoding", None) or "ascii").lower().startswith("utf")
    if not out.isatty():
        return Sheet(None, unicode, bool(environ.get("FORCE_COLOR")))
    return Sheet(console(out).width, unicode, True)


def write(lines: Iterable[Spans], out: TextIO, *, styled: bool) -> None:
    """Writes the lines; ``styled`` or as plain text."""
    if styled:
        console(out).print(Painted(lines), end="", soft_wrap=True)
        return
    out.writelines("".join(text for _, text in line).rstrip() + "\n" for line in lines)


def console(out: TextIO) -> Console:
    """Rich's idea of ``out``: it reads no markup."""
    from rich.console import Console

    return Console(file=out, markup=False, emoji=False, highlight=False, _environ=_environment())


def _environment() -> dict[str, str]:
    """The environment without sizes that are none: rich would take ``²`` for digits."""
    return {
        name: value
        for name, value in environ.items()
        if name not in ("COLUMNS", "LINES") or (value.isascii() and len(value) < 10)
    }


class Painted:
    """The lines, as rich renders them."""

    def __init__(self, lines: Iterable[Spans]) -> None:
        self.lines = lines

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.segment import Segment
        from rich.style import Style

        styles = {name: Style.parse(style) for name, style in STYLES.items()}
        end = Segment.line()
        for line in self.lines:
            for style, text in line:
                yield Segment(text, styles[style])
            yield end
