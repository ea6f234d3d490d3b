"""Reads and writes the expectations in a faulty spec."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from archcalc.analysis.count import count
from archcalc.language.source import decode
from archcalc.language.spec import load
from archcalc.limits import LIMITS
from archcalc.problems import Complaint, Problem

FOLDER = Path(__file__).parent
NOTE = re.compile(r"#( *\^*) ?(?:error|warning)\[|# +(?:help: |in )|#@ |# rows:")
RUN = re.compile(r"^# run:(.*)$", re.MULTILINE)


class Answer(NamedTuple):
    """What came of a spec."""

    problems: tuple[Problem, ...]
    rows: list[str] | None
    """The rows up to the fault; ``None`` if it was never run."""


def answer(path: Path) -> Answer:
    """Reads and builds the spec, as its ``# run:`` line says."""
    data = path.read_bytes()
    found = RUN.search(data.decode("utf-8", "replace"))
    words = found[1].split() if found else []
    variant = next((w[1:] for w in words if w.startswith("@")), None)
    overrides = dict(w.split("=", 1) for w in words if "=" in w)
    try:
        spec = load(decode(data, path.name, LIMITS), str(path.parent), LIMITS)
        built = spec.build(variant, overrides)
    except Complaint as complaint:
        return Answer(complaint.problems, None)
    return Answer(built.problems, [row.path for row in count(built.graph).rows])


def bare(text: str) -> list[str]:
    """The lines of a spec without the notes."""
    return [line for line in text.split("\n") if not NOTE.match(line)]


def numbered(text: str) -> dict[int, int]:
    """The line of the annotated text → the line without notes."""
    found: dict[int, int] = {}
    kept = 0
    for number, line in enumerate(text.split("\n"), 1):
        kept += not NOTE.match(line)
        found[number] = kept
    return found


def annotated(path: Path) -> str:
    """The text of a spec with notes of what is said of it."""
    text = path.read_bytes().decode("utf-8", "surrogateescape")
    said = answer(path)
    places = numbered(text)
    lines = bare(text)
    while lines and not lines[-1]:
        lines.pop()
    below: dict[int, list[str]] = {}
    end: list[str] = []
    for problem in said.problems:
        place = problem.place
        words = f"{problem.severity}[{problem.code}]: {problem.message}"
        here = place is not None and place.source.name == path.name and place.line in places
        if here and place is not None and "\n#@" not in text:
            head = " " * (place.column - 1) + "^" * place.width
            head = "#" + head[1:]
            notes = below.setdefault(places[place.line], [])
            indent = len(head)
        else:
            at = "nowhere"
            if place is not None:
                file = "" if place.source.name == path.name else f"{place.source.name}:"
                at = f"{file}{place.line}:{place.column}+{place.width}"
            head = f"#@ {at}"
            notes, indent = end, 2
        notes.append(f"{head} {words}")
        margin = "#" + " " * min(indent, 60)
        if problem.help:
            notes.append(f"{margin}help: {problem.help}")
        for call in problem.stack:
            where = f"{call.place.line}:{call.place.column}"
            notes.append(f"{margin}in {call.block}, called at {where}")
    if said.rows is not None:
        shown = ", ".join(said.rows[:8]) or "none"
        end.append(f"# rows: {shown}{', ...' if len(said.rows) > 8 else ''}")
    out: list[str] = []
    for number, line in enumerate(lines, 1):
        out.append(line)
        out.extend(below.pop(number, ()))
    out.extend(note for notes in below.values() for note in notes)
    return "\n".join([*out, *end, ""])


def files() -> list[Path]:
    """The faulty specs."""
    return sorted(FOLDER.glob("*.yaml"))
