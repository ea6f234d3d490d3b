"""YAML events → tree: what is read as what, where it stands, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from archcalc.language.source import Item, Mapping, Scalar, Sequence, decode, parse
from archcalc.limits import LIMITS
from archcalc.problems import Complaint, Place


def read(text: str | bytes, **limits: int) -> Mapping:
    data = text.encode() if isinstance(text, str) else text
    bounds = LIMITS._replace(**limits)
    tree = parse(decode(data, "x.yaml", bounds), bounds)
    if tree.problems:
        raise Complaint(*tree.problems)
    return tree.root


def plain(item: Item) -> Any:
    """The tree as Python values; a text in quotes is marked with them."""
    if isinstance(item, Scalar):
        return item.text if item.plain else f"'{item.text}'"
    if isinstance(item, Sequence):
        return [plain(i) for i in item.items]
    return {key.text: plain(value) for key, value in item}


TREES = {
    "a: 1": {"a": "1"},
    "a: [1, b, 'c', \"d\"]": {"a": ["1", "b", "'c'", "'d'"]},
    "a: {b: 1, c: }": {"a": {"b": "1", "c": ""}},
    "a:": {"a": ""},
    "a: ~": {"a": "~"},
    "a: null": {"a": "null"},
    "a: no": {"a": "no"},
    "a: 1.10": {"a": "1.10"},
    "a: 2014-09-17": {"a": "2014-09-17"},
    "a: 12:30": {"a": "12:30"},
    "a: 0x10": {"a": "0x10"},
    "a: arxiv:1409.4842": {"a": "arxiv:1409.4842"},
    "a: b # c": {"a": "b"},
    "a: b#c": {"a": "b#c"},
    "a:\n- 1\n- 2": {"a": ["1", "2"]},
    "a:\n  - b: 1\n    c: 2": {"a": [{"b": "1", "c": "2"}]},
    "a: >\n  b\n  c\nd: 1": {"a": "'b c\n'", "d": "1"},
    "a: |\n  b\n  c\nd: 1": {"a": "'b\nc\n'", "d": "1"},
    "a: b\n  c": {"a": "b c"},
    'a: "x\\u00e9\\n"': {"a": "'xé\n'"},
    "'a b': 1": {"a b": "1"},
    "? a\n: 1": {"a": "1"},
    "1: a": {"1": "a"},
    '{"a": [1, {"b": 2}]}': {"a": ["1", {"b": "2"}]},
    "%YAML 1.2\n---\na: 1": {"a": "1"},
    "---\na: 1\n...": {"a": "1"},
    "\ufeffa: 1": {"a": "1"},
    "a: 1\r\nb: 2\r\n": {"a": "1", "b": "2"},
    "a: 1\rb: 2\r": {"a": "1", "b": "2"},
    "a: é\U0001f600": {"a": "é\U0001f600"},
}


@pytest.mark.parametrize(("text", "tree"), TREES.items())
def test_it_is_read_as(text: str, tree: Any) -> None:
    assert plain(read(text)) == tree


def test_utf_16_with_its_mark_is_read() -> None:
    assert plain(read("a: é".encode("utf-16"))) == {"a": "é"}


# Where each thing stands: line, column and width, as the caret marks it.
PLACES = {
    ("a: bcd", "a"): (1, 4, 3),
    ("a: 'bcd'", "a"): (1, 4, 5),
    ("a:\n  b:\n    - x\n    - yz", "a.b.1"): (4, 7, 2),
    ("a: {b: [1, 22]}", "a.b.1"): (1, 12, 2),
    ("a: {b: [1, 22]}", "a.b"): (1, 8, 1),
    ("é: ü", "é"): (1, 4, 1),
    ("\U0001f600: x", "\U0001f600"): (1, 4, 1),
    ("a: b\n  c", "a"): (1, 4, 1),
    ("# x\r\na: b", "a"): (2, 4, 1),
    ("a:", "a"): (1, 3, 1),
    ("a: ''", "a"): (1, 4, 1),
}


@pytest.mark.parametrize(("case", "place"), PLACES.items())
def test_it_stands_at(case: tuple[str, str], place: tuple[int, int, int]) -> None:
    text, way = case
    item: Item = read(text)
    for part in way.split("."):
        found = item.get(part) if isinstance(item, Mapping) else None
        if isinstance(item, Sequence):
            found = item.items[int(part)]
        assert found is not None
        item = found
    assert (item.place.line, item.place.column, item.place.width) == place


def test_a_key_knows_its_place() -> None:
    key, _ = read("a: 1\n  \nbb: 2").entries["bb"]
    assert (key.place.line, key.place.column, key.place.width) == (3, 1, 2)


REFUSED = {
    "a: 1\na: 2": ("2:1", "duplicate key 'a' (first at line 1)"),
    "a: {b: 1, 'b': 2}": ("1:11", "duplicate key 'b' (first at line 1)"),
    "a: &x 1": ("1:4", "anchors and aliases are not read (&x)"),
    "a: *x": ("1:4", "anchors and aliases are not read (*x)"),
    "a: &x [1]": ("1:4", "anchors and aliases are not read (&x)"),
    "a: !!str 1": ("1:4", "YAML tags are not read (tag:yaml.org,2002:str)"),
    "a: !x {b: 1}": ("1:4", "YAML tags are not read (!x)"),
    "<<: {a: 1}": ("1:1", "merge keys (<<) are not read"),
    "[a, b]: 1": ("1:1", "a key must be text"),
    "a: 1\n---\nb: 2": ("2:1", "a spec is one document, here a second one starts"),
    "%TAG ! tag:x\n---\na: 1": (
        "1:1",
        "a line that starts with % is a YAML directive; only %YAML 1.2 is read",
    ),
    "%YAML 1.1\n---\na: 1": (
        "1:1",
        "a line that starts with % is a YAML directive; only %YAML 1.2 is read",
    ),
    "a:\n\t- 1": ("2:1", "a tab cannot indent a line"),
    "a: 'b": ("1:4", "this quote is never closed"),
    "a: [b, 'c": ("1:8", "this quote is never closed"),
    "a: [b, {c: [": ("1:12", "this bracket is never closed"),
    "a: [b\n\n\n": ("1:4", "this bracket is never closed"),
    "a: [1, 2": ("1:4", "this bracket is never closed"),
    "a: [1, 2}\nb: 3": (
        "1:9",
        "a comma or the ] of the list that starts in line 1 is missing here",
    ),
    "a: {b: 1]\nb: 3": (
        "1:9",
        "a comma or the } of the mapping that starts in line 1 is missing here",
    ),
    "a: b: c": ("1:5", "': ' cannot stand here"),
    "a: 1\n b: 2": ("2:3", "': ' cannot stand here"),
    "a:\n  - 1\n - 2": ("3:2", "this line does not fit into the mapping that starts in line 1"),
    "a: @b": ("1:4", "text cannot start with @"),
    "a: `b`": ("1:4", "text cannot start with `"),
    'a: "\\q"': ("1:5", "there is no such escape"),
    "a: - b": ("1:4", "a list cannot start here"),
    "": ("1:1", "the spec is empty"),
    "# a comment": ("1:1", "the spec is empty"),
    "just text": ("1:1", "a spec is a mapping of keys to values"),
    "- a": ("1:1", "a spec is a mapping of keys to values"),
    "<html>\n</html>": ("1:1", "this looks like a web page, not like a spec"),
    "version https://git-lfs.github.com/spec/v1\noid sha256:a\nsize 1": (
        "1:1",
        "this is a Git LFS pointer, not a spec",
    ),
    "a: \x1b[31m": ("1:4", "character U+001B cannot stand in a spec"),
    "a: \x85b": ("1:4", "character U+0085 cannot stand in a spec"),
    "a: \u2028b": ("1:4", "character U+2028 cannot stand in a spec"),
    "a: b\ufeff": ("1:5", "character U+FEFF cannot stand in a spec"),
    b"a: \xff": ("1:4", "a spec is UTF-8 text; byte 0xff is not"),
    b"a: 1\r\n\xc3\xa9: \xe9": ("2:4", "a spec is UTF-8 text; byte 0xe9 is not"),
    b"\xff\xfea\x00:\x00\x00\xd8": (
        "1:3",
        "a spec is UTF-8 text; this one starts as UTF-16; byte 0x00 is not",
    ),
    b"a: \xed\xa0\x80": ("1:4", "a spec is UTF-8 text; byte 0xed is not"),
    b"\x80\x04\x95": ("1:1", "this looks like a Python pickle, not like a spec"),
    b"PK\x03\x04": ("1:1", "this looks like a zip archive (a PyTorch checkpoint is one), not like"),
    b"\x89HDF\r\n": ("1:1", "this looks like an HDF5 file, not like a spec"),
    b"\x1f\x8b\x08": ("1:1", "this looks like a gzip file, not like a spec"),
}


@pytest.mark.parametrize(("text", "said"), REFUSED.items())
def test_it_is_refused(text: str | bytes, said: tuple[str, str]) -> None:
    with pytest.raises(Complaint) as caught:
        read(text)
    problem = caught.value.problems[0]
    place = problem.place
    assert place is not None
    assert problem.message[: len(said[1])] == said[1]
    # Without libyaml, a fault within a quote is placed one further.
    if hasattr(yaml, "CSafeLoader") or "escape" not in said[1]:
        assert f"{place.line}:{place.column}" == said[0]


LIMITED = {
    ("a: " + "[" * 41 + "]" * 41, "nesting"): "nested deeper than 40",
    ("a: " + "{b: " * 41 + "}" * 41, "nesting"): "nested deeper than 40",
    ("a: [" + "b, " * 200_001 + "]", "events"): "the spec has more than 200,000 YAML events",
    ("#" * (1 << 20) + "\n", "file_bytes"): "the file is larger than 1,048,576 bytes",
}


@pytest.mark.parametrize(("case", "message"), LIMITED.items(), ids=[name for _, name in LIMITED])
def test_a_limit_says_its_value_and_how_to_raise_it(case: tuple[str, str], message: str) -> None:
    text, name = case
    with pytest.raises(Complaint) as caught:
        read(text)
    problem = caught.value.problems[-1]
    assert (problem.message, problem.code) == (message, "limit")
    assert f"--limit {name}=N raises the limit" in problem.help
    if name != "file_bytes":
        assert read(text, **{name: 1_000_000})


def test_all_duplicates_are_told() -> None:
    with pytest.raises(Complaint) as caught:
        read("a: 1\nb: 1\na: 2\nb: 3\nb: 4\nc: &x")
    assert [p.message for p in caught.value.problems] == [
        "duplicate key 'a' (first at line 1)",
        "duplicate key 'b' (first at line 2)",
        "duplicate key 'b' (first at line 2)",
        "anchors and aliases are not read (&x)",
    ]


def test_deep_brackets_end_before_they_are_read(tmp_path: Any) -> None:
    with pytest.raises(Complaint, match="nested deeper than 40"):
        read("a: " + "[" * 500_000)


def test_a_part_of_a_text_has_a_place() -> None:
    item = read("a: 'b + c'").get("a")
    assert isinstance(item, Scalar)
    assert item.part(4, 1) == Place(item.source, 1, 9, 1)
