"""The bundled specs: from a name to a file and a variant, without reading any spec.

``specs/`` lies beside this package in a checkout and inside it in a wheel. Its ``index.json`` is
made by ``python -m archcalc.cli.index`` and names every variant with its figures.
"""

from __future__ import annotations

from os import path
from typing import Any, Final, NamedTuple

INDEX: Final = "index.json"


class Found(NamedTuple):
    """A bundled spec, and the variant that its name stands for."""

    file: str
    """The file's path."""
    variant: str | None


def folder() -> str:
    """The folder of the bundled specs."""
    here = path.dirname(path.abspath(__file__))
    inside = path.join(here, "specs")
    return inside if path.isdir(inside) else path.join(path.dirname(here), "specs")


def index() -> dict[str, Any]:
    """The families by name: file, title, year, default and variants with their figures."""
    import json

    try:
        with open(path.join(folder(), INDEX), encoding="utf-8") as file:
            families: dict[str, Any] = json.load(file)["families"]
            return families
    except FileNotFoundError:
        return {}


def find(name: str) -> Found | None:
    """The bundled spec called ``name``: a family, or a variant that only one family has."""
    families = index()
    if name in families:
        return Found(path.join(folder(), families[name]["file"]), None)
    homes = _homes(families).get(name, [])
    if len(homes) == 1:
        return Found(path.join(folder(), families[homes[0]]["file"]), name)
    return None


def target(family: str, variant: str) -> str:
    """How a variant is best written: alone if its name tells the family, ``resnet50``."""
    return variant if variant.startswith(family) else f"{family}@{variant}"


def homes(variant: str) -> list[str]:
    """The families that have a variant of this name."""
    return _homes(index()).get(variant, [])


def _homes(families: dict[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for family, entry in families.items():
        for variant in entry["variants"]:
            found.setdefault(variant, []).append(family)
    return found


def names() -> list[str]:
    """Everything that `find` finds, families first."""
    families = index()
    alone = [v for v, homes in _homes(families).items() if len(homes) == 1 and v not in families]
    return [*families, *alone]
