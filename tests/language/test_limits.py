"""Every limit: what is beyond it is refused with its value and the way to raise it."""

from __future__ import annotations

from pathlib import Path

import pytest

from archcalc.language.source import decode
from archcalc.language.spec import load
from archcalc.limits import LIMITS, Limits
from archcalc.problems import Complaint, Problem

HEAD = "archcalc: 1\nname: net\n"
NET = HEAD + "input: {channels: 3, height: 8, width: 8}\n"

# For each limit a value, and a spec that is just beyond it.
BEYOND: dict[str, tuple[int, str]] = {
    "file_bytes": (99, NET + "layers: [relu]\n" + "#" * 29),
    "events": (20, NET + "layers: [relu, relu, relu]\n"),
    "nesting": (5, NET + "layers: [[[[[[relu]]]]]]\n"),
    "expression": (8, NET + "layers: [{conv: [1 + 2 + 3, 1]}]\n"),
    "expressions": (9, NET + "layers: [{conv: [1 + 2, 1]}, {conv: [2 + 3, 1]}]\n"),
    "integer": (99, NET + "layers: [{conv: [100, 1]}]\n"),
    "list_items": (4, NET + "layers: [{for: k, in: [1, 2, 3, 4, 5], conv: [k, 1]}]\n"),
    "name": (5, NET + "layers: [{relu: {}, name: abcdef}]\n"),
    "path": (5, NET + "layers: [{do: [relu], name: abc}]\n"),
    "text": (5, NET + "settings: {a: abc}\nlayers: [{relu: {}, name: $a$a}]\n"),
    "nodes": (2, NET + "layers: [relu, relu, relu]\n"),
    "different": (2, NET + "layers: [{conv: [1, 1]}, {conv: [2, 1]}, {conv: [3, 1]}]\n"),
    "steps": (9, NET + "layers: [{relu: {}, repeat: 10}]\n"),
    "work": (50, NET + "layers: [{conv: [i + 1, 1], repeat: 30}]\n"),
    "calls": (
        2,
        NET
        + "blocks: {a: {layers: [b]}, b: {layers: [c]}, c: {layers: [relu]}}\n"
        + "layers: [a]\n",
    ),
    "files": (1, HEAD + "extends: b.yaml\n"),
    "imports": (2, NET + "use: {x: c.yaml, y: c.yaml, z: c.yaml}\nlayers: [relu]\n"),
}


def problems(text: str, folder: Path, limits: Limits) -> tuple[Problem, ...]:
    (folder / "b.yaml").write_text(HEAD + "extends: c.yaml\n")
    (folder / "c.yaml").write_text(NET + "layers: [relu]\n")
    try:
        source = decode(text.encode(), "net.yaml", limits)
        return load(source, str(folder), limits).build().problems
    except Complaint as complaint:
        return complaint.problems


@pytest.mark.parametrize("name", Limits._fields)
def test_a_limit(name: str, tmp_path: Path) -> None:
    value, text = BEYOND[name]
    found = problems(text, tmp_path, LIMITS._replace(**{name: value}))
    assert found, "not reached"
    problem = found[-1]
    assert problem.code == "limit"
    assert f"{value:,}" in problem.message
    assert f"--limit {name}=N raises the limit" in problem.help
    assert problem.place is not None
    assert problems(text, tmp_path, LIMITS._replace(**{name: 3 * value + 20})) == ()
    assert problems(text, tmp_path, LIMITS) == ()


@pytest.mark.parametrize(
    "text",
    [
        "layers: [{concat: [prev, prev], repeat: 100}]",
        "layers: [{upsample: 1_000_000_000}, {upsample: 1_000_000_000}]",
        "layers: [{conv: [9007199254740992, 1]}, {concat: [prev, prev]}]",
        "layers: [{custom: {output: {features: 9007199254740992}}}, {concat: [prev, prev]}]",
    ],
)
def test_no_size_is_larger_than_a_number_may_be(text: str, tmp_path: Path) -> None:
    found = problems(f"{NET}{text}\n", tmp_path, LIMITS)
    assert [(p.code, p.message.split(" more than ")[0]) for p in found] == [
        ("limit", "the output would have")
    ] or found[0].message.startswith("whole numbers go up to")


def test_blocks_and_lists_that_are_nested_deeper_than_python_can(tmp_path: Path) -> None:
    deep = "[" * 30 + "b{}" + "]" * 30
    lines = "".join(f"  b{n}: {{layers: {deep.format(n + 1)}}}\n" for n in range(39))
    text = f"{NET}blocks:\n{lines}  b39: {{layers: [relu]}}\nlayers: [b0]\n"
    (found,) = problems(text, tmp_path, LIMITS)
    assert found.message == "the blocks and lists that this runs are nested too deeply"
    assert found.place is not None and found.code == "limit"
