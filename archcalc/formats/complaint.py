"""A problem becomes what its reader needs: words with a caret line, plain data, or annotations.

Drawn like rustc and ruff do::

    error: conv has no argument 'filters'
      --> net.yaml:4:12
       |
     4 |   - conv: {filters: 64, kernel_size: 3}
       |            ^^^^^^^
       = help: did you mean 'out_channels'?
       = in bottleneck, called at resnet.yaml:44:9

Whatever a spec holds, what is written stays below 20 kB.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from archcalc.formats.paint import Spans
from archcalc.formats.safe import cells, safe
from archcalc.problems import Place, Problem, Source

MOST: Final = 20
"""Problems that are shown; the others are only counted."""
BYTES: Final = 18_000
"""What all of them may take."""
WINDOW: Final = 100
"""Columns of a source line that are shown around the caret, at most."""
NARROWEST: Final = 24
MARGIN: Final = 14
"""Columns for the line number, the gutter and the marks that something is cut off."""
TAB: Final = 4

MESSAGE_WIDTH: Final = 400
NAME_WIDTH: Final = 120
CALLS: Final = 6
"""Steps of the stack that are shown: the innermost and the outermost."""

_LINE_END: Final = re.compile("\r\n|\r|\n")


def draw(problems: Sequence[Problem], width: int | None = None) -> Iterator[Spans]:
    """The lines of all problems; source lines are cut to ``width`` columns around the fault."""
    window = WINDOW if width is None else max(NARROWEST, min(WINDOW, width - MARGIN))
    budget = BYTES
    shown = 0
    for problem in problems[:MOST]:
        lines = list(_draw_one(problem, window))
        size = sum(len(text.encode("utf-8", "replace")) + 1 for line in lines for _, text in line)
        if shown and size > budget:
            break
        budget -= size
        if shown:
            yield []
        yield from lines
        shown += 1
    if shown < len(problems):
        yield []
        yield [("", f"and {len(problems) - shown:,} more")]


def plain(problems: Sequence[Problem]) -> str:
    """The drawing without styles."""
    return "".join("".join(text for _, text in line) + "\n" for line in draw(problems))


def _draw_one(problem: Problem, window: int) -> Iterator[Spans]:
    severity = problem.severity
    yield [(severity, f"{severity}: "), ("message", safe(problem.message, MESSAGE_WIDTH))]
    place = problem.place
    text = _line_of(place) if place else None
    number = str(place.line) if place and text is not None else ""
    margin = " " * max(2, len(number) + 1)
    if place:
        yield [("gutter", f"{margin}--> "), ("", _where(place))]
    if place and text is not None:
        before, shown, carets = _window(text, place, window)
        yield [("gutter", f"{margin} |")]
        yield [("gutter", f"{number:>{len(margin)}} | "), ("", shown)]
        yield [("gutter", f"{margin} | "), ("caret", " " * before + "^" * carets)]
    lead = f"{margin} = " if place else ""
    if problem.help:
        help = safe(problem.help, MESSAGE_WIDTH)
        yield [("gutter", lead), ("help", "help: "), ("", help)]
    for words in _stack(problem):
        yield [("gutter", lead), ("", words)]


def _where(place: Place) -> str:
    return f"{safe(place.source.name, NAME_WIDTH)}:{place.line}:{place.column}"


def _stack(problem: Problem) -> Iterator[str]:
    stack = problem.stack
    half = CALLS // 2
    for index, call in enumerate(stack):
        if len(stack) > CALLS and half <= index < len(stack) - half:
            if index == half:
                yield f"... {len(stack) - 2 * half} more calls"
            continue
        yield f"in {safe(call.block, NAME_WIDTH)}, called at {_where(call.place)}"


_last: tuple[Source, list[str]] | None = None


def _line_of(place: Place) -> str | None:
    """The line that ``place`` points into; ``None`` if its source has no such line."""
    global _last
    if _last is None or _last[0] is not place.source:  # splitting a large file is done once
        _last = place.source, _LINE_END.split(place.source.text)
    lines = _last[1]
    if not place.source.text or not 1 <= place.line <= len(lines):
        return None
    return lines[place.line - 1]


def _window(text: str, place: Place, window: int) -> tuple[int, str, int]:
    """The columns before the caret, the part of the line that is shown, and the carets."""
    start = min(max(place.column - 1, 0), len(text))
    end = min(start + max(place.width, 1), len(text))
    # Far more than is ever shown; a line may be a megabyte long.
    left = max(0, start - window)
    before = _source_text(text[left:start])
    marked = _source_text(text[start : min(end, start + window)])
    after = _source_text(text[end : end + window])
    cut_left = left > 0
    cut_right = end + window < len(text)
    room_before = window // 2 if cells(before + marked + after) > window else window
    if cells(before) > room_before:
        before = _keep_end(before, room_before)
        cut_left = True
    room = window - cells(before)
    if cells(marked) > room:
        marked, after, cut_right = _keep_start(marked, room), "", True
    room -= cells(marked)
    if cells(after) > room:
        after, cut_right = _keep_start(after, room), True
    if cut_left:
        before = "..." + before
    shown = (before + marked + after).rstrip() + ("..." if cut_right else "")
    return cells(before), shown, max(1, cells(marked))


def _source_text(text: str) -> str:
    return safe(text.replace("\t", " " * TAB)) if text else ""


def _keep_start(text: str, room: int) -> str:
    while cells(text) > room:
        text = text[: max(0, len(text) - max(1, (cells(text) - room) // 2))]
    return text


def _keep_end(text: str, room: int) -> str:
    while cells(text) > room:
        text = text[max(1, (cells(text) - room) // 2) :]
    return text


def as_data(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """The problems as plain data, for JSON; texts are the user's own, unescaped."""
    return [
        {
            "severity": p.severity,
            "code": p.code,
            "kind": p.kind,
            "message": p.message,
            "help": p.help or None,
            **_place_data(p.place),
            "stack": [{"block": call.block, **_place_data(call.place)} for call in p.stack],
        }
        for p in problems
    ]


def _place_data(place: Place | None) -> dict[str, Any]:
    if place is None:
        return {"file": None, "line": None, "column": None, "width": None}
    return {
        "file": place.source.name,
        "line": place.line,
        "column": place.column,
        "width": place.width,
    }


def as_annotations(problems: Sequence[Problem]) -> Iterator[str]:
    """The problems as workflow commands of GitHub Actions, one a line, at most `MOST`."""
    for problem in problems[:MOST]:
        place = problem.place
        properties = ""
        if place:
            end = place.column + max(place.width, 1) - 1
            file = _property(safe(place.source.name, NAME_WIDTH))
            properties = f" file={file},line={place.line},col={place.column},endColumn={end}"
        message = safe(problem.message, MESSAGE_WIDTH)
        if problem.help:
            message += "\nhelp: " + safe(problem.help, MESSAGE_WIDTH)
        yield f"::{problem.severity}{properties}::{_message(message)}"
    if len(problems) > MOST:
        yield f"::error::and {len(problems) - MOST:,} more"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
