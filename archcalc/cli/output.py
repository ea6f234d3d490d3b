"""Printing, once, at the end: a document on standard output, problems on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO, cast

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
        with replacing(state.file) as out:
            render(document, options, out)
    state.answered = True


@contextmanager
def replacing(path: str) -> Iterator[TextIO]:
    """A file that takes the place of ``path`` when it is whole; a fault leaves the old one.

    Raises `Complaint` if it cannot be written.
    """
    from tempfile import NamedTemporaryFile

    from archcalc.problems import FILE, Complaint, Problem

    try:
        if os.path.exists(path) and not os.path.isfile(path):  # a device, a pipe
            with open(path, "w", encoding="utf-8") as out:
                yield out
            return
        path = os.path.realpath(path)  # a link stays a link
        folder = os.path.dirname(path)
        with NamedTemporaryFile(
            "w", encoding="utf-8", newline="", dir=folder, prefix=".archcalc-", delete=False
        ) as file:
            try:
                yield cast(TextIO, file)
                file.flush()
                # A temporary file is for its owner alone; the answer is as any new file.
                mode = os.stat(path).st_mode & 0o777 if os.path.exists(path) else 0o666 & ~_umask()
                os.chmod(file.name, mode)
                os.replace(file.name, path)
            except BaseException:
                os.unlink(file.name)
                raise
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        message = f"cannot write {path}: {why}"
        raise Complaint(Problem(message, kind=FILE, code="file")) from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


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
