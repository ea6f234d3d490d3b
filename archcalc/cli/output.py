"""Printing, once, at the end: a document on standard output, problems on standard error."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from archcalc.cli.state import State
    from archcalc.formats import Options
    from archcalc.formats.document import Document
    from archcalc.problems import Problem

_COLOURS: Final = {
    "error": "1;31",
    "warning": "1;33",
    "message": "1",
    "gutter": "34",
    "caret": "1;31",
    "help": "1;36",
}
"""What a span of a drawn problem looks like on a terminal (SGR codes)."""


def show(document: Document, state: State, options: Options) -> None:
    """Prints ``document`` in the format that was asked for."""
    from archcalc.formats import format_of

    format_of(state.format).render(document, options, sys.stdout)
    state.answered = True


def complain(problems: Sequence[Problem], state: State) -> None:
    """Says what is wrong: in words on standard error, and as data where a program listens."""
    from archcalc.formats.complaint import as_annotations, as_data, draw

    if state.format == "json" and not state.answered:
        from archcalc.formats.json import write

        write({"problems": as_data(problems)}, sys.stdout)
        sys.stdout.flush()
    elif state.format == "github":
        for line in as_annotations(problems):
            sys.stdout.write(line + "\n")
        sys.stdout.flush()
    colours = _COLOURS if _colourful() else {}
    for spans in draw(problems):
        for style, text in spans:
            code = colours.get(style)
            sys.stderr.write(f"\x1b[{code}m{text}\x1b[0m" if code else text)
        sys.stderr.write("\n")
    sys.stderr.flush()


def _colourful() -> bool:
    """Whether standard error is a terminal that wants colours (https://no-color.org)."""
    from os import environ

    return (
        sys.stderr.isatty()
        and not environ.get("NO_COLOR")
        and environ.get("TERM", "") not in ("", "dumb", "unknown")
    )
