"""From what was written as TARGET to a spec, and from a spec to a counted network.

NAME and NAME@VARIANT are bundled; FILE.yaml, FILE.yaml@VARIANT and anything with a slash are
files; - is standard input.
"""

from __future__ import annotations

import sys
from os import path
from typing import TYPE_CHECKING, Final, NamedTuple

from archcalc.problems import USAGE, Complaint, Problem, nearest

if TYPE_CHECKING:
    from archcalc.analysis.count import Result
    from archcalc.cli.options import Request
    from archcalc.formats.rows import Subject
    from archcalc.language import Built, Spec
    from archcalc.limits import Limits

SUFFIXES: Final = (".yaml", ".yml")
STDIN: Final = "-"
STDIN_FILE: Final = "/dev/stdin"
"""Another name of it, which does not look like an option with a variant behind it."""


class Target(NamedTuple):
    """A spec that has been read, and the variant that was asked for."""

    spec: Spec
    variant: str | None
    """The one that was asked for, or the spec's default."""
    file: str
    """Where its text is; ``-`` for standard input."""
    bundled: bool
    data: bytes = b""
    """The file as it was read."""

    @property
    def written(self) -> str:
        """Which bundled network it is: ``resnet@resnet50``; nothing for a file."""
        return f"{self.spec.name}@{self.variant}" if self.bundled else ""

    @property
    def label(self) -> str:
        """What the reader can write to get it: ``resnet50``, ``inception-block@naive``."""
        from archcalc import zoo

        name = self.spec.name
        if self.variant is None:
            return name
        if self.bundled:
            return zoo.target(name, self.variant)
        return f"{name}@{self.variant}"


def read(target: str, request: Request) -> Target:
    """Reads the spec that ``target`` names. Raises `Complaint`."""
    from archcalc.language import load
    from archcalc.language.source import decode, read_bytes

    limits = limits_of(request.limits)
    name, variant = split(target)
    bundled = False
    if name == STDIN:
        file, shown, data = STDIN, "<stdin>", sys.stdin.buffer.read(limits.file_bytes + 1)
    else:
        if is_file(name):
            file = shown = name
        else:
            file, variant = _bundled(name, variant)
            shown, bundled = path.basename(file), True
        data = read_bytes(file, limits)
    folder = None if file == STDIN else path.dirname(path.abspath(file))
    spec = load(decode(data, shown, limits), folder, limits)
    chosen = spec.variant(variant)
    return Target(spec, chosen.name if chosen else None, file, bundled, data)


def split(target: str) -> tuple[str, str | None]:
    """The name or file, and the variant behind the ``@``, if there is one."""
    for suffix in SUFFIXES:
        file, at, variant = target.rpartition(f"{suffix}@")
        if at and path.sep not in variant:
            return file + suffix, variant
    name, at, variant = target.partition("@")
    if name in (STDIN, STDIN_FILE):
        return STDIN, variant if at else None
    if is_file(target):
        return target, None
    return name, variant if at else None


def is_file(name: str) -> bool:
    """Whether ``name`` means a file, not a bundled spec."""
    return name.endswith(SUFFIXES) or path.sep in name


def _bundled(name: str, variant: str | None) -> tuple[str, str | None]:
    from archcalc import zoo

    found = zoo.find(name)
    if found is not None:
        return found.file, found.variant if variant is None else variant
    homes = zoo.homes(name)
    close = nearest(name, zoo.names())
    if homes:
        help = "write " + " or ".join(f"{home}@{name}" for home in homes)
        message = f"several specs have a variant '{name}'"
    else:
        help = f"did you mean '{close}'?" if close else '"archcalc list" shows the bundled specs'
        if path.exists(name):
            help = f"if the file is meant, write ./{name}"
        message = f"there is no spec '{name}'"
    raise Complaint(Problem(message, help=help, kind=USAGE, code="unknown"))


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

    with Progress() as progress:
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


def subject_of(target: Target, built: Built, overrides: dict[str, str]) -> Subject:
    """Whose figures they are, for a document's heading."""
    from archcalc.formats.rows import Subject

    return Subject(
        target.spec.name,
        built.variant,
        target.spec.source.name,
        target.label,
        target.spec.meta.get("title", ""),
        built.settings,
        {name: node.output for name, node in built.graph.inputs.items()},
        built.problems,
        () if overrides else target.spec.published(built.variant),
        overrides,
        target.data,
    )
