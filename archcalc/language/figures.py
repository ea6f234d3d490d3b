"""What a network must come to: ``expect``, exact, and ``published``, as others printed it."""

from __future__ import annotations

import re
from typing import Final

from archcalc.language.declarations import Declarer
from archcalc.language.scope import ScopedReader
from archcalc.language.slots import Slot
from archcalc.language.source import Item, Scalar, Sequence
from archcalc.problems import Problem, listed, shorten

EXPECTED: Final = (
    "params",
    "trainable",
    "active",
    "buffers",
    "macs",
    "multiplications",
    "activations",
)
PUBLISHED_NUMBERS: Final = (
    *EXPECTED,
    "flops",
    "top1",
    "top5",
    "accuracy",
    "error",
    "miou",
    "perplexity",
)
PUBLISHED_TEXTS: Final = ("source", "note", "url", "input")

FIGURE: Final = re.compile(r"~?[0-9][0-9_]*(\.[0-9]+)?\s*([kKMGTB%]|[eE][+-]?[0-9]+)?\Z")


def expected(compiler: Declarer, item: Item | None) -> dict[str, Slot]:
    """``expect``: figures by name, exact."""
    found: dict[str, Slot] = {}
    for key, value in compiler.mapping(item, "expect", "{params: 61_706}") or ():
        if key.text not in EXPECTED:
            compiler.unknown(
                "expect has no figure",
                key.text,
                EXPECTED,
                key.place,
                f"there are {listed(EXPECTED)}",
            )
            continue
        # Counts may be larger than any size that a spec can hold.
        limits = compiler.limits._replace(integer=10**39)
        reader = ScopedReader(limits, compiler.report, compiler.reader.expressions)
        found[key.text] = reader.integer(value)
    return found


def published(compiler: Declarer, item: Item | None) -> list[dict[str, str]]:
    """``published``: a list of records, each figure as its source prints it."""
    if item is None:
        return []
    records = item.items if isinstance(item, Sequence) else [item]
    found: list[dict[str, str]] = []
    for record in records:
        fields: dict[str, str] = {}
        for key, value in (
            compiler.mapping(record, "a record of published", "{source: the paper, params: 138M}")
            or ()
        ):
            known = (*PUBLISHED_TEXTS, *PUBLISHED_NUMBERS)
            if key.text not in known:
                compiler.unknown(
                    "published has no figure",
                    key.text,
                    known,
                    key.place,
                    f"there are {listed(known)}",
                )
            elif not isinstance(value, Scalar):
                compiler.report(
                    Problem(
                        f"published.{key.text} must be text or a number",
                        value.place,
                        code="type",
                    )
                )
            elif key.text in PUBLISHED_NUMBERS and not FIGURE.match(value.text):
                compiler.report(
                    Problem(
                        f"'{shorten(value.text)}' is no figure",
                        value.place,
                        "write it as the source does: 138M, 4.1G, 61_706 or 76.13",
                        code="value",
                    )
                )
            else:
                fields[key.text] = value.text
        found.append(fields)
    return found


def budget(compiler: Declarer, item: Item | None) -> dict[str, str]:
    """``budget``: the most of each figure that the network may come to, as written."""
    found: dict[str, str] = {}
    for key, value in compiler.mapping(item, "budget", "{params: 5M, macs: 300M}") or ():
        if key.text not in EXPECTED:
            compiler.unknown(
                "budget has no figure",
                key.text,
                EXPECTED,
                key.place,
                f"there are {listed(EXPECTED)}",
            )
        elif not isinstance(value, Scalar) or not FIGURE.match(value.text):
            compiler.report(
                Problem(
                    f"budget.{key.text} must be a figure",
                    value.place,
                    "such as 5M or 300_000_000",
                    code="value",
                )
            )
        else:
            found[key.text] = value.text
    return found
