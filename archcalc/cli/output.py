"""Printing, once, at the end: a document on standard output, problems on standard error."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archcalc.cli.state import State
    from archcalc.formats import Options
    from archcalc.formats.document import Document
    from archcalc.problems import Problem


def show(document: Document, state: State, options: Options) -> None:
    """Prints ``document`` in the format that was asked for."""
    from archcalc.formats import format_of

    render = format_of(state.format).render
    if state.file is None:
        render(document, options, sys.stdout)
    else:
        from archcalc.formats.file import replacing

        with replacing(state.file) as out:
            render(document, options, out)
    state.answered = True


def complain(problems: Sequence[Problem], state: State) -> None:
    """Says what is wrong: in words on standard error, and as data where a program listens."""
    from archcalc.formats.complaint import as_annotations, as_data, draw
    from archcalc.formats.paint import sheet
    from archcalc.formats.paint import write as write_lines

    if state.format == "json" and not state.answered:
        from archcalc.formats.json import write

        write({"problems": as_data(problems)}, sys.stdout)
        sys.stdout.flush()
    elif state.format == "github":
        for line in as_annotations(problems):
            sys.stdout.write(line + "\n")
        sys.stdout.flush()
    on = sheet(sys.stderr)
    write_lines(draw(problems, on.width), sys.stderr, styled=on.styled)
    sys.stderr.flush()
