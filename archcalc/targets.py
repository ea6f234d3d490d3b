"""From what is written as TARGET to a spec.

NAME and NAME@VARIANT are bundled; FILE.yaml, FILE.yaml@VARIANT and anything with a slash are
files; - is standard input.
"""

from __future__ import annotations

import sys
from os import path
from typing import TYPE_CHECKING, Final, NamedTuple

from archcalc.problems import FILE, USAGE, Complaint, Problem, nearest, reason

if TYPE_CHECKING:
    from collections.abc import Mapping

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

    def origin(self) -> dict[str, str | None]:
        """Which network it is, as data."""
        from archcalc.formats.rows import origin

        return origin(self.spec.name, self.variant, self.spec.source.name, self.data)


def read(target: str, limits: Limits) -> Target:
    """Reads the spec that ``target`` names. Raises `Complaint`."""
    from archcalc.language import load
    from archcalc.language.source import decode, read_bytes

    name, variant = split(target)
    bundled = False
    if name == STDIN:
        file, shown, data = STDIN, "<stdin>", standard_input(limits.file_bytes + 1)
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


def standard_input(most: int) -> bytes:
    """The first ``most`` bytes of what comes in. Raises `Complaint`."""
    try:
        if sys.stdin is None:  # closed by whoever started this
            raise OSError("it is closed")
        return sys.stdin.buffer.read(most)
    except OSError as error:
        message = f"cannot read standard input: {reason(error)}"
        raise Complaint(Problem(message, kind=FILE, code="file")) from None


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
        for file in (f"{name}.yaml", f"./{name}"):
            if path.exists(file):
                help = f"if the file is meant, write {file}"
        message = f"there is no spec '{name}'"
    raise Complaint(Problem(message, help=help, kind=USAGE, code="unknown"))


def subject_of(target: Target, built: Built, overrides: Mapping[str, str]) -> Subject:
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
