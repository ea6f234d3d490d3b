"""A file of rows that can be gone on with: how far it is stands beside it until it is whole."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from types import TracebackType
from typing import Any, BinaryIO, Final

from archcalc.formats.file import replacing, unwritable
from archcalc.language.source import bytes_of
from archcalc.problems import USAGE, Complaint, Problem

BESIDE: Final = ".resume"
"""The ending of the file that says how far the rows are."""
STATE: Final = 10_000
"""Bytes of that file, at most."""
PART: Final = ".part"
"""The ending of the file of the rows, until they are whole, where there is an older file."""


class Interrupted:
    """``path`` for writing; after an interruption whole rows and nothing else are in ``at``.

    That is ``path`` itself, unless there is a file already: it stays until the new one is whole.
    After any other fault only rows are left that can be gone on with. ``mark`` tells what the
    rows answer to: only the same question is gone on with.
    """

    def __init__(self, path: str, resumable: bool, resume: bool, mark: str) -> None:
        self.path = path
        self.beside = path + BESIDE
        old = os.path.isfile(path)
        self.regular = old or not os.path.exists(path)  # or else a device, a pipe
        self.at = path + PART if old else path
        self.resumable = resumable and self.regular
        self.mark = mark
        self.done = self.refused = self.taken = 0
        """Configurations that were looked at already, and what became of them."""
        self._bytes = 0
        self._whole = False
        if resume:
            self._read()
        try:
            self.out: BinaryIO = open(self.at, "r+b" if resume else "wb")  # noqa: SIM115
            if resume:
                self.out.seek(self._bytes)
                self.out.truncate()
            elif self.regular:
                _remove(self.beside)
        except OSError as error:
            raise unwritable(path, error) from None

    def _read(self) -> None:
        """What the state says that an interrupted run has left."""
        try:
            state: Any = json.loads(bytes_of(self.beside, STATE))
            mark, self._bytes = state["mark"], int(state["bytes"])
            self.done, self.refused, self.taken = map(int, state["counts"])
            self.at = self.path + PART if state["part"] else self.path
        except FileNotFoundError:
            why = "it is whole" if os.path.exists(self.path) else "there is no such file"
            raise _usage(f"there is nothing to resume in {self.path}: {why}") from None
        except (OSError, ValueError, OverflowError, RecursionError, KeyError, TypeError):
            raise _usage(f"{self.beside} is not what a sweep has left") from None
        if mark != self.mark:
            raise _usage(
                f"{self.path} holds the rows of another sweep",
                "only the same command goes on: the same spec, settings, values and columns",
            )
        try:
            size = os.path.getsize(self.at)
        except OSError:
            raise _usage(
                f"there is nothing to resume in {self.path}: there is no {self.at}"
            ) from None
        if not 0 <= self._bytes <= size:
            raise _usage(f"{self.at} is shorter than it was")

    def keep(self, done: int, refused: int, taken: int) -> None:
        """Notes that all rows up to the configuration ``done`` have been written."""
        self.out.flush()
        self.done, self.refused, self.taken = done, refused, taken
        if not self.resumable:
            return
        self._bytes = self.out.tell()
        state = {
            "mark": self.mark,
            "counts": [done, refused, taken],
            "bytes": self._bytes,
            "part": self.at != self.path,
        }
        with replacing(self.beside) as file:
            json.dump(state, file)

    def finish(self) -> None:
        """Notes that nothing is missing."""
        self._whole = True

    def __enter__(self) -> Interrupted:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._whole:
            self.out.close()
            if self.at != self.path:
                whole = os.path.realpath(self.path)  # a link stays a link
                shutil.copymode(whole, self.at)
                os.replace(self.at, whole)
            if self.resumable:
                _remove(self.beside)
        elif self.resumable:
            with suppress(OSError):  # the disk is full; what is told is that
                self.out.close()
            with suppress(OSError):
                os.truncate(self.at, self._bytes)  # a row that was half written
        else:
            with suppress(OSError):
                self.out.close()
            if self.regular and not isinstance(error, KeyboardInterrupt):
                _remove(self.at)


def _remove(path: str) -> None:
    with suppress(FileNotFoundError):
        os.remove(path)


def _usage(message: str, help: str = "") -> Complaint:
    return Complaint(Problem(message, help=help, kind=USAGE, code="usage"))
