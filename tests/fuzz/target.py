"""What must hold for every sequence of bytes that is given as a spec."""

from __future__ import annotations

import json
import re
from io import StringIO
from pathlib import Path
from zlib import crc32

from archcalc.analysis.collapse import collapse, fold
from archcalc.analysis.count import Result, count, total
from archcalc.analysis.counting import Counting
from archcalc.formats import FORMATS, Options, format_of
from archcalc.formats.complaint import as_annotations, as_data, plain
from archcalc.formats.rows import Rows, Subject
from archcalc.language.source import decode
from archcalc.language.spec import Built, Spec, load
from archcalc.limits import LIMITS
from archcalc.problems import FILE, SPEC, USAGE, Complaint, Problem

FOLDER = str(Path(__file__).parents[1] / "data" / "badinputs" / "spec")
"""Where ``extends`` and ``use`` find files."""

SMALL = LIMITS._replace(
    file_bytes=20_000,
    nodes=300,
    different=100,
    steps=1_000,
    work=5_000,
    expressions=5_000,
)
"""Limits that an input can reach in a moment."""

ACTS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
"""What a terminal obeys, or what hides or reorders text."""

GIVEN = (
    *(
        "0",
        "1",
        "2",
        "7",
        "-1",
        "64",
        "010",
        "1e3",
        "0.5",
        "2*3",
        "9**9**9",
        "1/0",
        "",
        "x",
        "true",
    ),
    *(
        "[1, 2]",
        "[]",
        "[[1, 2], [3, 4]]",
        "input.height",
        "input.channels*2",
        "auto",
        "'a'",
        "null",
    ),
    *("\x1b[31m", "\u202e", "{a: 1}", "&a", "[1, 2", "9007199254740993", "range(3)", "*"),
)
"""What a setting is given on the command line."""


class Broken(AssertionError):
    """Something that must hold does not."""


def must(holds: object, what: str) -> None:
    if not holds:
        raise Broken(what)


def one(data: bytes) -> str:
    """Takes one input through the whole program; says how far it came."""
    choice = crc32(data)
    try:
        spec = load(decode(data, "net.yaml", SMALL), FOLDER, SMALL, bundled=FOLDER)
    except Complaint as complaint:
        told(complaint.problems, choice)
        return "refused"
    ended = "built"
    for variant in [None, *list(spec.variants)[:2]] if (choice >> 8) % 4 == 0 else [None]:
        try:
            built = spec.build(variant)
        except Complaint as complaint:
            told(complaint.problems, choice)
            ended = "no values"
            continue
        if built.problems:
            told(built.problems, choice)
            ended = "faulty"
        counted(spec, built, choice)
    if (choice >> 11) % 4 == 0:
        changed(spec, choice)
    return ended


def changed(spec: Spec, choice: int) -> None:
    """Another value for a setting, as of ``--set``, is taken or refused with words."""
    names = spec.setting_names[:8]
    if not names:
        return
    name = names[(choice >> 13) % len(names)]
    value = GIVEN[(choice >> 18) % len(GIVEN)]
    try:
        built = spec.build(None, {name: value})
    except Complaint as complaint:
        told(complaint.problems, choice)
        return
    told(built.problems, choice) if built.problems else counted(spec, built, choice, {name: value})


def told(problems: tuple[Problem, ...], choice: int) -> None:
    """Every problem has words and a place, and showing them does no harm."""
    must(problems, "a complaint about nothing")
    text, lines = "", [""]
    for problem in problems:
        must(problem.message.strip(), "a problem without words")
        must(problem.kind in (SPEC, USAGE, FILE), f"no such kind of problem: {problem.kind}")
        for place in (problem.place, *(call.place for call in problem.stack)):
            if place is None:
                continue
            if place.source.text is not text:
                text = place.source.text
                lines = re.split("\r\n|\r|\n", text)
            must(1 <= place.line <= len(lines) + 1, f"no such line: {place}")
            width = len(lines[place.line - 1]) if place.line <= len(lines) else 0
            must(1 <= place.column <= width + 2, f"no such column: {place} of {width}")
            must(place.width >= 1, f"nothing is marked at {place}")
    if (choice >> 16) % 4:  # drawing takes as long as all the rest
        return
    shown = plain(problems)
    must(len(shown.encode("utf-8", "surrogatepass")) < 20_000, "too many words")
    harmless(shown)
    if choice % 4 == 0:
        json.dumps(as_data(problems))
        for line in as_annotations(problems):
            harmless(line)


def counted(spec: Spec, built: Built, choice: int, overrides: dict[str, str] | None = None) -> None:
    """The figures of a graph add up, however they are told."""
    graph = built.graph
    result = count(graph)
    for figures in (result.totals, *(row.figures for row in result.rows)):
        must(all(type(n) is int and n >= 0 for n in figures), f"not counts: {figures}")
    must(total(row.figures for row in result.rows) == result.totals, "rows that do not add up")
    paths = [row.path for row in result.rows]
    must(len(set(paths)) == len(paths), "two rows with one path")
    for node in graph.nodes:
        must(all(1 <= s <= SMALL.integer for s in node.output.sizes), f"no size: {node!r}")
    expanded = count(graph, expand=True)
    must(expanded.totals == result.totals, "--expand changes the total")
    if choice % 2:
        twice = count(graph, batch=2).totals
        must(twice.params == result.totals.params, "a batch has no weights")
        must(twice.mac == 2 * result.totals.mac, "a batch of two costs twice")
    if choice % 3 == 0:
        must(collapse(result, 1).totals == result.totals, "--depth changes the total")
        folded = fold(result, 8)
        shown = [*(r.figures for r in folded.result.rows)]
        if folded.rest is not None:
            shown.append(folded.rest.figures)
        must(total(shown) == result.totals, "folding loses something")
    if choice % 5 == 0:
        again = count(spec.build(built.variant, overrides).graph)
        must(again.totals == result.totals, "built again, it costs something else")
        count(graph, Counting(bn="unfolded", padding="exact", causal="half"))
    if choice % 8 == 0:
        written(spec, built, expanded if choice % 16 == 0 else result, choice)


def written(spec: Spec, built: Built, result: Result, choice: int) -> None:
    """No format lets through what acts on a terminal."""
    subject = Subject(
        spec.name,
        built.variant,
        spec.source.name,
        spec.name,
        spec.meta.get("title", ""),
        built.settings,
        {name: node.output for name, node in built.graph.inputs.items()},
        built.problems,
        spec.published(built.variant),
    )
    name = sorted(FORMATS)[choice // 16 % len(FORMATS)]
    out = StringIO()
    format_of(name).render(
        Rows(subject, result, ("params", "macs"), shares=("macs",)), Options(), out
    )
    if name == "json":
        json.loads(out.getvalue())
    harmless(out.getvalue().replace("\r\n", "\n"))


def harmless(text: str) -> None:
    found = ACTS.search(text)
    must(found is None, f"U+{ord(found.group()):04X} in what is shown" if found else "")
