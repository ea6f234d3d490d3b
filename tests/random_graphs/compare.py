"""Two answers side by side, and what makes a difference small enough to read."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from archcalc.language import load
from archcalc.problems import Complaint, Source

from .tree import Tree


class Figures(NamedTuple):
    """One layer's figures, as archcalc or torch gives them."""

    kind: str
    dims: dict[str, int]
    params: int
    buffers: int
    macs: int


class Verdict(NamedTuple):
    """What archcalc says of a spec: its rows, and why it ends where it does."""

    rows: list[Figures]
    refused: str = ""


def ask_archcalc(text: str, variant: str | None, overrides: dict[str, str]) -> Verdict:
    """archcalc's figures for a spec, a row for each node of its graph."""
    try:
        built = load(Source("random.yaml", text), None).build(variant, overrides)
    except Complaint as complaint:
        return Verdict([], str(complaint) or "refused")
    rows = []
    for node in built.graph.nodes:
        inputs = [i.output for i in node.inputs]
        own = list(node.layer.weights(*inputs)) if node.shared is None else []
        operations = node.layer.operations(node.output, *inputs)
        rows.append(
            Figures(
                node.layer.kind,
                dict(node.output.items()),
                sum(w.product.value for w in own if not w.buffer),
                sum(w.product.value for w in own if w.buffer),
                sum(o.product.value for o in operations if o.kind == "mac"),
            )
        )
    refused = "; ".join(f"{p.place or ''} {p.message}" for p in built.problems)
    return Verdict(rows, refused)


def written(net: Tree) -> tuple[str | None, dict[str, str]]:
    """The variant and the overrides that a network is asked for with."""
    from .spec import formula

    overrides = {name: formula(value) for name, value in net.get("overrides", {}).items()}
    variant = net.get("variant")
    return (None if variant == net.get("default_variant") else variant), overrides


def difference(rows: list[Any], refused: str, theirs: Verdict, spoiled: bool = False) -> str:
    """In words what the two answers differ in; empty if nothing.

    Of a network that is refused the layers before the fault must agree, too.
    """
    if bool(refused) != bool(theirs.refused):
        who = f"torch refuses: {refused}" if refused else f"archcalc refuses: {theirs.refused}"
        return f"only {who}"
    for number, (mine, other) in enumerate(zip(rows, theirs.rows, strict=False)):
        for field in ("kind", "dims", "params", "buffers", "macs"):
            a, b = getattr(mine, field), getattr(other, field)
            if a != b:
                return f"layer {number} ({mine.kind}): {field}: torch {a}, archcalc {b}"
    if len(rows) != len(theirs.rows) and not refused:
        return f"torch has {len(rows)} layers, archcalc {len(theirs.rows)}"
    return ""


def signature(words: str) -> str:
    """What a difference is about, without its sizes and places."""
    return re.sub(r"random.yaml\S*|[0-9]+", "#", words)[:70]


Test = Callable[[Tree], bool]


def shrink(net: Tree, still_differs: Test, tries: int = 400) -> Tree:
    """A smaller network with the same fault: as many parts as can go are taken out."""
    left = tries
    progress = True
    while progress and left > 0:
        progress = False
        for smaller in smaller_trees(net):
            left -= 1
            if left <= 0:
                break
            try:
                differs = still_differs(smaller)
            except Exception:
                differs = False  # what is no network any more is no smaller one
            if differs:
                net, progress = smaller, True
                break
    return net


def smaller_trees(net: Tree) -> Iterator[Tree]:
    """Every network with one part less, the largest parts first."""
    for path in sorted(removable(net, ()), key=len):
        smaller = copy.deepcopy(net)
        place: Any = smaller
        for key in path[:-1]:
            place = place[key]
        last = path[-1]
        if last == "steps" and place.get("op") == "do":
            continue
        if isinstance(place, list) and isinstance(place[last], dict) and "steps" in place[last]:
            inner = place[last]
            if inner.get("op") in ("do", "side"):  # the chain without what holds it
                opened = copy.deepcopy(smaller)
                target: Any = opened
                for key in path[:-1]:
                    target = target[key]
                target[last : last + 1] = inner["steps"]
                del place[last]
                yield smaller
                yield opened
                continue
        del place[last]
        yield smaller


REMOVABLE = frozenset(
    ("repeat", "if", "else", "name", "share", "labels", "default_variant", "variants", "variant")
)


def removable(tree: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """The ways to everything in a network that can be left out."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            if key in REMOVABLE and (path or key != "name"):
                yield (*path, key)
            elif key in ("args", "settings", "blocks", "defaults"):
                for name in value:
                    yield (*path, key, name)
            if key in ("layers", "steps", "main", "shortcut", "else", "branches"):
                for index in range(len(value)):
                    yield (*path, key, index)
            if isinstance(value, (dict, list)):
                yield from removable(value, (*path, key))
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            if isinstance(value, (dict, list)):
                yield from removable(value, (*path, index))
