"""Helpers of the tests: the bundled specs by name, each built once."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from archcalc.graph import Node
from archcalc.language import Built, Spec, load
from archcalc.problems import Source

SPECS = Path(__file__).parent.parent / "specs"
NAMES = sorted(path.stem for path in SPECS.glob("*.yaml"))


@cache
def spec(name: str) -> Spec:
    """The bundled spec of that name."""
    path = SPECS / f"{name}.yaml"
    return load(Source(path.name, path.read_text(encoding="utf-8")), SPECS)


@cache
def built(target: str) -> Built:
    """``NAME@VARIANT``, built without a problem."""
    name, _, variant = target.partition("@")
    result = spec(name).build(variant or None, {})
    assert not result.problems, "\n".join(f"{p.place}: {p.message}" for p in result.problems)
    return result


def of_block(nodes: list[Node], path: str) -> list[Node]:
    """The nodes of the row ``path`` and of all rows below it."""
    return [n for n in nodes if n.path == path or n.path.startswith(path + ".")]
