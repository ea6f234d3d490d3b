"""What is tried with one input, and what counts as a bug. Needs no fuzzer.

The way is that of a command: bytes, tree, spec, graph, figures, and the words for them. It may end
in figures or in a `Complaint`; whatever else leaves it is a bug, and so is an output that acts on
a terminal, a sum that does not add up, or a second run that says something else.
"""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Sequence
from typing import Final
from zlib import crc32

from archcalc.analysis.count import Result, count, total
from archcalc.formats import FORMATS, Options, complaint, format_of
from archcalc.formats.rows import Rows
from archcalc.language import Built, Spec, load_bytes
from archcalc.limits import LIMITS
from archcalc.problems import Complaint, Problem
from archcalc.targets import Target, subject_of

LIMITS_HERE: Final = LIMITS._replace(
    file_bytes=16_384,
    events=2_000,
    nesting=12,
    expression=200,
    expressions=4_000,
    list_items=128,
    path=256,
    text=512,
    nodes=400,
    different=200,
    steps=1_000,
    work=4_000,
    calls=12,
    files=4,
    imports=8,
)
"""Low, so that one input takes a fraction of a millisecond and limits are met often."""

VARIANTS: Final = 2
"""Variants that are built beside the default one."""
OPTIONS: Final = Options(rows=60)
SECONDS: Final = 2.0
"""CPU time after which an input is a bug; a hundred times what these limits let through."""
DRAWN: Final = 20_000
"""Bytes that all problems may take."""

ACTS: Final = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
"""What acts on a terminal, reorders or hides text. A line's end is all that may stand in output."""


class Bug(Exception):
    """Something is wrong that did not raise by itself."""


def examine(data: bytes, thorough: bool = True) -> str:
    """Tries ``data``; what it came to, in a word. Raises whatever is a bug.

    ``thorough`` draws everything in every format and does it twice. Without it a share of the
    inputs is drawn, which depends on their bytes alone.
    """
    share = crc32(data) & 0xFF
    began = time.process_time()
    try:
        word, said = _once(data, thorough, share)
        if thorough or share == 0x80:
            again = _once(data, thorough, share)
            if again != (word, said):
                raise Bug(f"a second run says something else: {_differing(said, again[1])}")
    finally:
        seconds = time.process_time() - began
    if seconds > SECONDS:
        raise Bug(f"took {seconds:.1f} s of CPU time")
    return word


def _once(data: bytes, thorough: bool, share: int) -> tuple[str, list[str]]:
    said: list[str] = []
    try:
        spec = load_bytes(data, "fuzz.yaml", None, LIMITS_HERE)
    except Complaint as refused:
        _problems(refused.problems, said, thorough or share < 0x40)
        return "refused", said
    word = "counted"
    default = spec.default_variant
    names = [default, *[n for n in list(spec.variants)[: VARIANTS + 1] if n != default][:VARIANTS]]
    for name in names if thorough or share < 0x20 else names[:1]:
        try:
            built = spec.build(name)
        except Complaint as refused:
            word = "not built"
            _problems(refused.problems, said, thorough or share < 0x40)
            continue
        if built.problems:
            word = "partial"
            _problems(built.problems, said, thorough or share < 0x40)
        result = count(built.graph)
        _figures(built, result)
        if thorough or share < 0x08:
            formats = FORMATS if thorough or share < 0x01 else ("table", "json")
            _rendered(spec, built, result, data, formats, said)
    return word, said


def _figures(built: Built, result: Result) -> None:
    """Figures are natural numbers that add up, shapes are positive."""
    graph = built.graph
    if len(graph.nodes) > LIMITS_HERE.nodes:
        raise Bug(f"{len(graph.nodes)} nodes, more than the limit")
    if not graph.nodes and not built.problems:
        raise Bug("neither layers nor a problem")
    for node in graph.nodes:
        for size in node.output.sizes:
            if type(size) is not int or size < 1:
                raise Bug(f"{node.path} gives {node.output!r}")
    for row in result.rows:
        for figure in row.figures:
            if type(figure) is not int or figure < 0:
                raise Bug(f"{row.path} costs {row.figures!r}")
    if result.totals != total(row.figures for row in result.rows):
        raise Bug("the total is not the sum of the rows")


def _problems(problems: Sequence[Problem], said: list[str], drawn: bool) -> None:
    if not problems:
        raise Bug("a complaint without a problem")
    for problem in problems:
        place = problem.place
        if not problem.message or not problem.code:
            raise Bug(f"says nothing: {problem!r}")
        if place and (place.line < 1 or place.column < 1 or place.width < 1):
            raise Bug(f"{problem.message}: at no place, {place}, width {place.width}")
    if not drawn:
        return
    words = complaint.plain(problems)
    _harmless(words)
    if len(words.encode()) > DRAWN:
        raise Bug(f"{len(words.encode())} bytes of problems")
    for line in complaint.as_annotations(problems):
        if "\n" in line:
            raise Bug(f"an annotation of two lines: {line!r}")
        _harmless(line)
    said += words, json.dumps(complaint.as_data(problems))


def _rendered(
    spec: Spec,
    built: Built,
    result: Result,
    data: bytes,
    formats: Sequence[str] | dict[str, str],
    said: list[str],
) -> None:
    if not result.rows:
        return
    target = Target(spec, built.variant, "fuzz.yaml", False, data)
    subject = subject_of(target, built, {})
    metrics = ("params", "macs")
    document = Rows(subject, result, metrics, shares=metrics, shapes=True)
    for name in formats:
        out = io.StringIO(newline="")
        format_of(name).render(document, OPTIONS, out)
        words = out.getvalue()
        _harmless(words.replace("\r\n", "\n") if name == "csv" else words)
        words.encode()
        if name == "json":
            json.loads(words)
        said.append(words)


def _harmless(words: str) -> None:
    found = ACTS.search(words)
    if found:
        near = words[max(0, found.start() - 30) : found.end() + 30]
        raise Bug(f"U+{ord(found.group()):04X} in the output: {near!r}")


def _differing(one: list[str], other: list[str]) -> str:
    for a, b in zip(one, other, strict=False):
        for x, y in zip(a.split("\n"), b.split("\n"), strict=False):
            if x != y:
                return f"{x[:200]!r} and {y[:200]!r}"
    return "more or less of it"
