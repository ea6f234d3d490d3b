"""The one function that every text from a file, a name or a command line passes before it is shown.

A spec comes from anyone. Rich strips five control characters and passes ESC on, so nothing here
relies on it: whatever acts on a terminal, reorders or hides text is written as a visible escape.
"""

from __future__ import annotations

from typing import Final

HIDDEN: Final = frozenset(
    (
        0x034F,  # combining grapheme joiner
        0x115F,  # Hangul fillers
        0x1160,
        0x17B4,  # Khmer inherent vowels
        0x17B5,
        0x2800,  # the blank Braille pattern
        0x3164,
        0xFFA0,
        *range(0x180B, 0x1810),  # Mongolian variation selectors
        *range(0xFE00, 0xFE10),  # variation selectors
        *range(0xE0100, 0xE01F0),
    )
)
"""What Python calls printable and nobody sees."""

MARKS: Final = 4
"""So many combining marks may stand on one letter; more of them climb over other lines."""

_NAMED: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def safe(text: str, width: int | None = None) -> str:
    """``text`` with everything that is not plainly visible escaped, cut beyond ``width``.

    Escaped are control characters (C0, DEL, C1), line and paragraph separators, marks of
    direction, zero-width characters, surrogates and unassigned code points:
    ``\\x1b``, ``\\u202e``. Markup is left as it is; whoever draws must not read it.
    """
    if width is not None and len(text) > width:
        text = text[:width]
        return _escaped(text)[: width - 3] + "..."
    escaped = _escaped(text)
    if width is not None and len(escaped) > width:
        return escaped[: width - 3] + "..."
    return escaped


def _escaped(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    out: list[str] = []
    marks = 0
    for character in text:
        if character.isascii():
            marks = 0
            out.append(character if character.isprintable() else escape(character))
            continue
        marks = marks + 1 if _is_mark(character) else 0
        shown = character.isprintable() and ord(character) not in HIDDEN and marks <= MARKS
        out.append(character if shown else escape(character))
    return "".join(out)


def escape(character: str) -> str:
    """The character as Python would write it: ``\\x1b``, ``\\u202e``, ``\\U000e0001``."""
    if character in _NAMED:
        return _NAMED[character]
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _is_mark(character: str) -> bool:
    from unicodedata import combining

    return combining(character) != 0


def cells(text: str) -> int:
    """How many columns of a terminal ``text`` takes; wide characters take two."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)
