"""A file of rows that can be gone on with: how far it is stands beside it until it is whole."""

from __future__ import annotations

import json
import os
from types import TracebackType
from typing import Any, BinaryIO, Final

from archcalc.problems import FILE, USAGE, Complaint, Problem

BESIDE: Final = ".resume"
"""The ending of the file beside it."""


class Interrupted:
    """``path`` for writing; after an interruption it holds whole rows and nothing else.

    ``mark`` tells what the rows answer to: only the same question is gone on with.
    """

    def __init__(self, path: str, resumable: bool, resume: bool, mark: str) -> None:
        self.path = path
        self.beside = path + BESIDE
        self.resumable = resumable
        self.mark = mark
        self.done = self.refused = self.taken = 0
        """Configurations that were looked at already, and what became of them."""
        self._bytes = 0
        self._whole = False
        if resume:
            self._read()
        try:
            self.out: BinaryIO = open(path, "r+b" if resume else "wb")  # noqa: SIM115
            if resume:
                self.out.seek(self._bytes)
                self.out.truncate()
            elif os.path.exists(self.beside):
                os.remove(self.beside)
        except OSError as error:
            raise _fault(f"cannot write {path}: {(error.strerror or str(error)).lower()}") from None

    def _read(self) -> None:
        try:
            with open(self.beside, encoding="utf-8") as file:
                state: Any = json.load(file)
            size = os.path.getsize(self.path)
            mark, self._bytes = state["mark"], int(state["bytes"])
            self.done, self.refused, self.taken = map(int, state["counts"])
        except FileNotFoundError as missing:
            there = os.path.exists(self.path)
            why = "it is whole" if there else "there is no such file"
            if there and missing.filename == self.path:
                why = "there is no such file"
            raise _usage(f"there is nothing to resume in {self.path}: {why}") from None
        except (OSError, ValueError, KeyError, TypeError):
            raise _usage(f"{self.beside} is not what a sweep has left") from None
        if mark != self.mark:
            raise _usage(
                f"{self.path} holds the rows of another sweep",
                "only the same command goes on: the same spec, settings, values and columns",
            )
        if size < self._bytes:
            raise _usage(f"{self.path} is shorter than it was")

    def keep(self, done: int, refused: int, taken: int) -> None:
        """Notes that all rows up to the configuration ``done`` have been written."""
        self.out.flush()
        self.done, self.refused, self.taken = done, refused, taken
        if not self.resumable:
            return
        self._bytes = self.out.tell()
        fresh = self.beside + ".new"
        with open(fresh, "w", encoding="utf-8") as file:
            counts = [done, refused, taken]
            json.dump({"mark": self.mark, "counts": counts, "bytes": self._bytes}, file)
        os.replace(fresh, self.beside)

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
        try:
            if self.resumable and not self._whole:
                self.out.flush()
                self.out.truncate(self._bytes)  # a row that was half written
            self.out.close()
        finally:
            if self._whole and os.path.exists(self.beside):
                os.remove(self.beside)


def _usage(message: str, help: str = "") -> Complaint:
    return Complaint(Problem(message, help=help, kind=USAGE, code="usage"))


def _fault(message: str) -> Complaint:
    return Complaint(Problem(message, kind=FILE, code="file"))
