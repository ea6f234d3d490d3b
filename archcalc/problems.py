"""A problem as data: what is wrong, where, how to mend it. Nothing here prints or decides."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

USAGE: Final = "usage"
"""A wrong command line, or a name that does not exist."""
SPEC: Final = "spec"
"""A fault in a spec."""
FILE: Final = "file"
"""A file that cannot be read or written."""


class Source(NamedTuple):
    """The text that a place points into, kept so that a message can show its line."""

    name: str
    text: str

    def __repr__(self) -> str:
        return f"Source({self.name!r})"


class Place(NamedTuple):
    """Characters of a source: ``line`` and ``column`` count from 1; ``width`` is at least 1."""

    source: Source
    line: int
    column: int
    width: int = 1

    def __str__(self) -> str:
        return f"{self.source.name}:{self.line}:{self.column}"


class Call(NamedTuple):
    """One step of the way to a problem: ``in bottleneck, called at resnet.yaml:44``."""

    block: str
    place: Place


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong."""

    message: str
    place: Place | None = None
    help: str = ""
    stack: tuple[Call, ...] = ()
    kind: str = SPEC
    code: str = "spec"
    """A stable word for the sort of problem (``unknown``, ``type``, ``shape``, ``limit`` …)."""
    severity: str = "error"


class Complaint(Exception):
    """Raised with one or more problems; the command line turns it into words and an exit code."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*problems)
        self.problems = problems

    def __str__(self) -> str:
        """Each problem with its place and its help, a line or two for each."""
        return "\n".join(map(_told, self.problems))


def _told(problem: Problem) -> str:
    where = f"{problem.place}: " if problem.place else ""
    help = f"\n  help: {problem.help}" if problem.help else ""
    return f"{where}{problem.message}{help}"


def shorten(text: str, width: int = 60) -> str:
    """``text``, cut where it is longer than a message should be."""
    return text if len(text) <= width else text[:width] + "…"


def quoted(word: str) -> str:
    """``'conv'``; letters that only look like others are named: ``'c\u043env' (with U+043E)``."""
    shown = f"'{shorten(word)}'"
    odd = list(dict.fromkeys(f"U+{ord(c):04X}" for c in word[:60] if not c.isascii()))
    return f"{shown} (with {', '.join(odd[:4])})" if odd else shown


def reason(error: OSError) -> str:
    """Why a file could not be read or written, as a message says it."""
    return (error.strerror or str(error)).lower()


def some(number: int, what: str) -> str:
    """``1 argument``, ``2 arguments``."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def meant(word: str | None) -> str:
    """The end of a message about a word that is not known: what it was most likely meant to be."""
    return f"; did you mean '{word}'?" if word else ""


def listed(names: Collection[object], most: int = 20) -> str:
    """Names as a message shows them: the first few, and how many more there are."""
    from itertools import islice

    shown = ", ".join(shorten(str(name)) for name in islice(names, most))
    more = len(names) - most
    return shown + (f" and {more:,} more" if more > 0 else "")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The name in ``known`` that ``word`` was most likely meant to be, or ``None``.

    Bounded: a long word is like nothing, of many names only the first are looked at, and of these
    only the ones that share most pairs of letters with the word are compared in full.
    """
    from difflib import get_close_matches

    if not word or len(word) > 80:
        return None
    names: list[str] = []
    room = 200_000 // len(word)
    for name in known:
        room -= len(name) if len(name) <= 2 * len(word) else 1
        if room < 0 or len(names) == 2000:
            break
        names.append(name)
    folded = {n.lower(): n for n in reversed(names)}
    meant = word.lower()
    if meant in folded:
        return folded[meant]
    likely = [n for n in folded if len(n) <= 2 * len(meant) + 2]
    if len(likely) > _COMPARED:
        pairs = _pairs(meant)
        likely.sort(key=lambda n: -len(pairs & _pairs(n)))
        del likely[_COMPARED:]
    close = get_close_matches(meant, likely, n=1, cutoff=0.6)
    return folded[close[0]] if close else None


_COMPARED: Final = 60
"""Names that a word is compared with in full."""


def _pairs(word: str) -> set[str]:
    """The pairs of neighbouring letters, the ends included."""
    padded = f" {word} "
    return {padded[i : i + 2] for i in range(len(padded) - 1)}
