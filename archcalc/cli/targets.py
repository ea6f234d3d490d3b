"""What every command does with its TARGET: it is read, built and counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc import targets
from archcalc.problems import USAGE, Complaint, Problem, nearest
from archcalc.targets import (
    STDIN,
    STDIN_FILE,
    SUFFIXES,
    Target,
    is_file,
    split,
    subject_of,
)

if TYPE_CHECKING:
    from archcalc.analysis.count import Result
    from archcalc.cli.options import Request
    from archcalc.formats.rows import Subject
    from archcalc.limits import Limits

__all__ = [
    "STDIN",
    "STDIN_FILE",
    "SUFFIXES",
    "Target",
    "counted",
    "is_file",
    "limits_of",
    "read",
    "split",
    "subject_of",
]


def read(target: str, request: Request) -> Target:
    """Reads the spec that ``target`` names. Raises `Complaint`."""
    return targets.read(target, limits_of(request.limits))


def limits_of(raised: dict[str, str]) -> Limits:
    """The limits, with those of ``raised`` in their place."""
    from archcalc.limits import LIMITS

    if not raised:
        return LIMITS
    values = {}
    for name, text in raised.items():
        if name not in LIMITS._fields:
            close = nearest(name, LIMITS._fields)
            help = f"did you mean '{close}'?" if close else '"archcalc limits" lists them'
            raise Complaint(
                Problem(f"there is no limit '{name}'", help=help, kind=USAGE, code="unknown")
            )
        digits = text.replace("_", "")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
            message = f"the limit {name} is a whole number, not {text[:40]!r}"
            raise Complaint(Problem(message, kind=USAGE, code="value"))
        values[name] = int(digits)
    return LIMITS._replace(**values)


def counted(target: str, request: Request) -> tuple[Subject, Result]:
    """The rows of ``target``, as asked for: up to a fault of the spec, if there is one.

    Raises `Complaint` if not even one row can be told.
    """
    from archcalc.analysis.collapse import collapse
    from archcalc.analysis.count import count
    from archcalc.cli.progress import Progress
    from archcalc.graph import Graph

    with Progress(many=False) as progress:
        progress.now("reading")
        found = read(target, request)
        graph = Graph()
        progress.now("building", lambda: len(graph.nodes))
        built = found.spec.build(found.variant, request.overrides, graph=graph)
        if built.problems and not graph.nodes:
            raise Complaint(*built.problems)
        progress.now("counting")
        result = count(
            graph,
            request.counting,
            batch=request.batch,
            expand=request.expand,
            target=found.written,
        )
        if request.depth is not None:
            result = collapse(result, request.depth)
    return subject_of(found, built, request.overrides), result
