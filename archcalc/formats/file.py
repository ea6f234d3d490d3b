"""Files that are written: whole, or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO, TextIO

if TYPE_CHECKING:
    from archcalc.problems import Complaint


@contextmanager
def replacing(path: str) -> Iterator[TextIO]:
    """A text file that takes the place of ``path`` when it is whole; a fault leaves the old one.

    Raises `Complaint` if it cannot be written.
    """
    from io import TextIOWrapper

    with replacing_bytes(path) as out:
        text = TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
        yield text
        text.detach()


@contextmanager
def replacing_bytes(path: str) -> Iterator[BinaryIO]:
    """The same for bytes."""
    from tempfile import mktemp

    try:
        if os.path.exists(path) and not os.path.isfile(path):  # a device, a pipe
            with open(path, "wb") as out:
                yield out
            return
        path = os.path.realpath(path)  # a link stays a link
        # The name is known before there is a file, so that no interrupt can leave one.
        fresh = mktemp(dir=os.path.dirname(path), prefix=".archcalc-")
        try:
            with _ending(), open(fresh, "xb") as out:
                if os.path.exists(path):
                    os.chmod(fresh, os.stat(path).st_mode & 0o777)
                yield out
            os.replace(fresh, path)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(fresh)
            raise
    except OSError as error:
        raise unwritable(path, error) from None


@contextmanager
def _ending() -> Iterator[None]:
    """Who ends the program (a cancelled job, a terminal that is closed) interrupts it instead.

    Python would be gone without taking away what is begun.
    """
    import signal

    def end(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    before = {}
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            with suppress(ValueError):  # only the main thread may
                before[number] = signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def unwritable(path: str, error: OSError, help: str = "") -> Complaint:
    """What is said of a file that cannot be written."""
    from archcalc.problems import FILE, Complaint, Problem, reason, shorten

    message = f"cannot write {shorten(path, 200)}: {reason(error)}"
    return Complaint(Problem(message, help=help, kind=FILE, code="file"))
