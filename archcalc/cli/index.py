"""``python -m archcalc.cli.index``: writes the index of the bundled specs anew.

With ``--check`` it writes nothing and says whether the index is current.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from archcalc import zoo
from archcalc.analysis.count import count
from archcalc.analysis.metrics import figures_by_name
from archcalc.formats.complaint import plain
from archcalc.language.source import decode, read_bytes
from archcalc.language.spec import Spec, load
from archcalc.limits import LIMITS
from archcalc.problems import Complaint, Problem

FIGURES = ("params", "macs")


def families(folder: str) -> tuple[dict[str, Any], list[Problem]]:
    """Every spec of ``folder`` by its name, with each variant's figures; and what is at fault."""
    found: dict[str, Any] = {}
    problems: list[Problem] = []
    for file in sorted(os.listdir(folder)):
        if file.endswith(".yaml"):
            try:
                source = decode(read_bytes(os.path.join(folder, file), LIMITS), file, LIMITS)
                spec = load(source, folder)
                found[spec.name] = _entry(file, spec)
            except Complaint as complaint:
                problems.extend(complaint.problems)
    return found, problems


def _entry(file: str, spec: Spec) -> dict[str, Any]:
    return {
        "file": file,
        "title": spec.meta.get("title", ""),
        "year": spec.meta.get("year", ""),
        "family": spec.meta.get("family", spec.name),
        "task": spec.meta.get("task", ""),
        "default": spec.default_variant,
        "variants": {name or spec.name: _figures(spec, name) for name in _names(spec)},
    }


def _names(spec: Spec) -> list[str | None]:
    return list(spec.variants) or [None]


def _figures(spec: Spec, variant: str | None) -> dict[str, Any]:
    built = spec.build(variant)
    if built.problems:
        raise Complaint(*built.problems)
    totals = figures_by_name(count(built.graph).totals)
    found: dict[str, Any] = {name: totals[name] for name in FIGURES}
    top1 = next((r["top1"] for r in spec.published(variant) if "top1" in r), None)
    return found if top1 is None else {**found, "top1": top1}


def text(found: dict[str, Any]) -> str:
    """The index as it is stored: a line a variant, so that changes can be read."""
    lines = ["{", '"families": {']
    for position, (name, family) in enumerate(found.items()):
        variants = family["variants"]
        head = {key: value for key, value in family.items() if key != "variants"}
        lines.append(f'{json.dumps(name)}: {json.dumps(head)[:-1]}, "variants": {{')
        lines.append(
            ",\n".join(f"  {json.dumps(v)}: {json.dumps(entry)}" for v, entry in variants.items())
        )
        lines.append("}}" + ("," if position < len(found) - 1 else ""))
    return "\n".join([*lines, "}", "}", ""])


def main(arguments: list[str]) -> int:
    """Writes or checks the index.

    The exit code is 1 if it is not current, 3 if a spec is at fault and therefore not in it.
    """
    path = os.path.join(zoo.folder(), zoo.INDEX)
    found, problems = families(zoo.folder())
    fresh = text(found)
    if problems:
        sys.stderr.write(plain(problems))
    if "--check" in arguments:
        with open(path, encoding="utf-8") as file:
            return 3 if problems else int(file.read() != fresh)
    with open(path, "w", encoding="utf-8") as file:
        file.write(fresh)
    return 3 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
