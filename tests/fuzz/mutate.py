"""Mutations that know what a spec is made of: words, lines, indentation, brackets."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from functools import cache

from archcalc.language.arguments import spelled
from archcalc.language.arithmetic import FUNCTIONS
from archcalc.language.compiler import SPECIAL
from archcalc.language.modules import TOP
from archcalc.language.steps import MODIFIERS
from archcalc.layers import KINDS
from archcalc.shapes import DIMENSIONS

_TOKEN = re.compile(rb"[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[^\sA-Za-z0-9_]")

ODD = (
    *("$i", "$(i)", "$(", "$x", "prev", "input", "prev.channels", "input.height", "true", "false"),
    *("i", "auto", "none", "half", "same", "valid", "batch", "layer", "int", "list", "str", "any"),
    *("0", "1", "2", "3", "-1", "7", "8", "64", "1000", "0.5", "1e3", "9007199254740992", "010"),
    *(
        "[1, 2]",
        "[]",
        "{}",
        "''",
        '""',
        "[a, b]",
        "i+1",
        "i*8",
        "2**i",
        "a if b else c",
        "not true",
    ),
    *("1/0", "9**9**9", "[1]*9", "x[0]", "range(3)", "zip([1], [2])", "sum([1, 2])", "i % 2 == 0"),
    *("&a", "*a", "!x", "<<", "%", "@", "`", "\t", "#", "---", "...", "|", ">", "? ", "\u202e"),
    *("basic", "main", "shortcut", "branches", "arguments", "type", "default", "choices", "min"),
    *("set", "308_extends_valid.yaml", "parts/blocks.yaml", "1K", "~5M", "\x1b[31m", "\u00e9"),
)


@cache
def words() -> tuple[bytes, ...]:
    """Everything that means something somewhere in a spec."""
    fields = {name for kind in KINDS.values() for name in spelled(kind)}
    found = [*KINDS, *SPECIAL, *MODIFIERS, *TOP, *DIMENSIONS, *FUNCTIONS, *sorted(fields), *ODD]
    return tuple(dict.fromkeys(word.encode() for word in found))


def mutated(data: bytes, most: int, seed: int, others: Callable[[bytes, int], bytes]) -> bytes:
    """``data`` changed in one to three ways; ``others`` are libFuzzer's own ways."""
    rng = random.Random(seed)
    for _ in range(rng.choice((1, 1, 2, 3))):
        way = rng.choice((others, *WAYS))
        data = way(data, most) if way is others else way(data, rng)
    return data[:most]


def swap_token(data: bytes, rng: random.Random) -> bytes:
    found = list(_TOKEN.finditer(data))
    if not found:
        return rng.choice(words())
    place = rng.choice(found)
    other = rng.choice(words()) if rng.random() < 0.7 else rng.choice(found).group()
    return data[: place.start()] + other + data[place.end() :]


def insert_word(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice((b"", b" ", b", ", b": ")) + rng.choice(words()) + data[at:]


def change_number(data: bytes, rng: random.Random) -> bytes:
    found = list(re.finditer(rb"[0-9]+", data))
    if not found:
        return data
    place = rng.choice(found)
    number = int(place.group()[:12])
    other = rng.choice((number + 1, number - 1, number * 2, -number, 0, 1, 10**9, number // 2))
    return data[: place.start()] + str(other).encode() + data[place.end() :]


def move_line(data: bytes, rng: random.Random) -> bytes:
    lines = data.split(b"\n")
    line = lines[rng.randrange(len(lines))]
    if rng.random() < 0.5:
        lines.remove(line)
    if rng.random() < 0.8:
        lines.insert(rng.randrange(len(lines) + 1), line)
    return b"\n".join(lines)


def indent(data: bytes, rng: random.Random) -> bytes:
    lines = data.split(b"\n")
    at = rng.randrange(len(lines))
    deeper = rng.random() < 0.5
    for number in range(at, min(len(lines), at + rng.choice((1, 1, 3)))):
        line = lines[number]
        lines[number] = b"  " + line if deeper else line[2:] if line[:2] == b"  " else line
    return b"\n".join(lines)


def add_modifier(data: bytes, rng: random.Random) -> bytes:
    """``- relu`` → ``- {relu: {}, if: ..}``."""
    lines = data.split(b"\n")
    steps = [i for i, line in enumerate(lines) if re.match(rb"\s*- [^\[{\n]+$", line)]
    if not steps:
        return insert_word(data, rng)
    at = rng.choice(steps)
    before, dash, step = lines[at].partition(b"- ")
    operation = step if b": " in step else step.rstrip(b":") + b": {}"
    key, value = rng.choice(MODIFIERS).encode(), rng.choice(words())
    lines[at] = before + dash + b"{" + operation + b", " + key + b": " + value + b"}"
    return b"\n".join(lines)


def wrap(data: bytes, rng: random.Random) -> bytes:
    """Puts a step into a merge, a loop, a chain."""
    lines = data.split(b"\n")
    steps = [i for i, line in enumerate(lines) if re.match(rb"\s*- \S", line)]
    if not steps:
        return data
    at = rng.choice(steps)
    before, dash, step = lines[at].partition(b"- ")
    inner = step if step[:1] in b"{[" or b": " not in step else b"{" + step + b"}"
    shape = rng.choice(
        (
            b"{residual: [%s]}",
            b"{concat: [[%s], input]}",
            b"{add: [prev, [%s, %s]]}",
            b"{do: [%s], repeat: 2}",
            b"{side: [%s]}",
            b"{for: x, in: [1, 2], do: [%s]}",
            b"[%s]",
        )
    )
    lines[at] = before + dash + shape.replace(b"%s", inner)
    return b"\n".join(lines)


WAYS = (swap_token, swap_token, insert_word, change_number, move_line, indent, add_modifier, wrap)
