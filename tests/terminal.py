"""Commands run in a pseudo-terminal of a given width, as their users see them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent

UNWANTED = ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "CI")
"""What would change the look of a terminal, wherever these run."""


class Shown(NamedTuple):
    """What a command wrote on the terminal, what into a pipe for its errors, and its exit code."""

    text: str
    errors: str
    code: int


def shown(
    arguments: list[str],
    *,
    columns: int = 80,
    colours: bool = False,
    folder: Path | None = None,
    path: Path | None = None,
) -> Shown:
    """Runs a command and returns what its standard output shows.

    ``archcalc`` (as a Python module) is this checkout's; ``path`` goes before the PATH.
    """
    environment = {k: v for k, v in os.environ.items() if k not in UNWANTED}
    environment |= {
        "COLUMNS": str(columns),
        "TERM": "xterm-256color" if colours else "xterm",
        "PYTHONPATH": str(ROOT),
        "PYTHONUTF8": "1",
    }
    if not colours:
        environment["NO_COLOR"] = "1"
    if path:
        environment["PATH"] = f"{path}{os.pathsep}{os.environ['PATH']}"
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.PIPE,
        env=environment,
        cwd=folder,
    )
    os.close(theirs)
    chunks: list[bytes] = []
    while True:
        try:
            chunk = os.read(ours, 1 << 16)
        except OSError:  # Linux's way to say that nobody writes any more
            break
        if not chunk:
            break
        chunks.append(chunk)
    os.close(ours)
    errors = process.communicate()[1]
    text = b"".join(chunks).replace(b"\r\n", b"\n").decode()
    return Shown(text, errors.decode(), process.returncode)


def archcalc(*arguments: str) -> list[str]:
    """The words that run archcalc."""
    return [sys.executable, "-m", "archcalc", *arguments]
