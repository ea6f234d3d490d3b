"""Where the corpus grows from: real specs, faulty ones, and pieces of both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parents[1]
LONGEST = 2_000
"""Bytes of a seed; longer files give several."""


def seeds() -> Iterator[bytes]:
    """The inputs to start from, the same ones each time."""
    folders = [
        TESTS.parent / "specs",
        TESTS / "data" / "badinputs" / "spec",
        TESTS / "language" / "specs",
        TESTS / "diagnostics",
        TESTS / "fuzz" / "found",
    ]
    for folder in folders:
        for path in sorted(folder.glob("*")):
            if path.is_file() and path.suffix not in (".py", ".json"):
                yield from pieces(path.read_bytes())


def pieces(data: bytes) -> Iterator[bytes]:
    """A file as it is, or in parts that can each be read."""
    if len(data) <= LONGEST:
        yield data
        return
    text = data[:20_000].decode("utf-8", "replace")
    head = "archcalc: 1\nname: x\ninput: {channels: 3, height: 32, width: 32}\n"
    starts = [i for i, line in enumerate(text.split("\n")) if line and line[0].isalpha()]
    lines = text.split("\n")
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        part = "\n".join(lines[start:end])
        if len(part) <= LONGEST and not part.startswith(("archcalc", "name", "input:")):
            yield f"{head}{part}\n".encode()
