"""Where the corpus grows from: real specs, faulty ones, and pieces of both."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from archcalc.layers import KINDS

TESTS = Path(__file__).parents[1]
sys.path.insert(0, str(TESTS))  # where pytest finds them, too

from layers.facts import FACTS, Fact  # noqa: E402

LONGEST = 2_000
"""Bytes of a seed; longer files give several."""

FENCE = re.compile(r"^(`{3,})yaml([^\n`]*)\n(.*?)^\1$", re.M | re.S)
HEAD = "archcalc: 1\nname: x\n"
INPUTS = (
    "input: {channels: 4, height: 8, width: 8}\n",
    "input: {positions: 6, features: 8}\n",
    "input: {channels: 4, length: 16}\n",
)


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
    for page in sorted((TESTS.parent / "docs").glob("*.md")):
        for match in FENCE.finditer(page.read_text(encoding="utf-8")):
            head = f"{HEAD}{INPUTS[0]}layers:\n" if "steps" in match[2] else ""
            yield f"{head}{match[3]}".encode()
    for kind in KINDS:
        for given in INPUTS:
            yield f"{HEAD}{given}layers: [{kind}: 2]\n".encode()
    for fact in FACTS:
        yield one_layer(fact).encode()


def one_layer(fact: Fact) -> str:
    """The spec of a layer whose figures are known: short, and all the way through."""
    shapes = [dict(zip(x.names, x.sizes, strict=True)) for x in fact.shapes]
    given = {f"x{number}": shape for number, shape in enumerate(shapes)}
    names = list(given)
    arguments: dict[str, object] = dict(fact.arguments)
    if "like" in arguments:
        arguments["like"] = names[-1]
    start = f", from: {names[0]}"
    if fact.kind in ("add", "mul", "concat", "matmul"):
        arguments["branches"], start = names, ""
    words = json.dumps(arguments, default=lambda x: dict(zip(x.names, x.sizes, strict=True)))
    return f"{HEAD}inputs: {json.dumps(given)}\nlayers:\n  - {{{fact.kind}: {words}{start}}}\n"


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
