"""What somebody meant who wrote a step that is none."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from collections.abc import Sequence as Items
from typing import Final

from archcalc.language.source import Item, Mapping, Scalar, Sequence
from archcalc.language.words import KINDS_KEYS, OPERATIONS, STEPS
from archcalc.problems import Problem, meant, quoted, shorten

CALL: Final = re.compile(r"([A-Za-z_][\w.]*)(?:\s*\(|\s+)(.*?)\)?\s*", re.DOTALL)
"""``Conv2D(64, 3)`` and ``conv 64 3``: a word and what stands behind it."""

TORCH: Final = re.compile(r"[a-z][123]d$|^(nn\.)?Linear$")
SIZED: Final = ("conv", "conv_transpose", "linear", "batch_norm", "instance_norm")
"""Layers whose first argument in PyTorch is the size of the input, which is never written here."""


def known_as(word: str, known: Collection[str]) -> str | None:
    """The operation that ``word`` names, here or elsewhere (``nn.Conv2d``, ``layers.Dense``)."""
    if word in known:
        return word
    last = word.rpartition(".")[2]
    return OPERATIONS.get(word) or OPERATIONS.get(last) or (last if last in known else None)


def written_as_call(word: str, known: Collection[str]) -> tuple[str, str] | None:
    """The operation and the help for arguments that do not stand behind a colon."""
    call = CALL.fullmatch(word) if len(word) <= 200 else None
    name = known_as(call[1], known) if call else None
    if call is None or name is None:
        return None
    given = [part for part in re.split(r"[,\s]+", call[2]) if part]
    if TORCH.search(call[1]) and name in SIZED:
        del given[:1]
    if not given:
        return name, ""
    if not all(re.fullmatch(r"[\w./*]+", part) for part in given):
        return name, f"arguments stand behind a colon: {name}: {{..}}"
    shown = ", ".join(given[:4])
    return name, f"arguments stand behind a colon: {name}: {f'[{shown}]' if given[1:] else shown}"


def named_group(word: str, item: Item | None, known: Collection[str]) -> str:
    """The help for a name that was written as a key over steps: ``stage1: [..]``."""
    inner = item if isinstance(item, Mapping) else None
    if isinstance(item, Sequence) and any(
        isinstance(i, Mapping) or (isinstance(i, Scalar) and i.text in known) for i in item.items
    ):
        return f"a name stands beside its steps: {{name: {shorten(word)}, do: [..]}}"
    keys = [key.text for key, _ in inner or ()]
    if len(keys) == 1 and keys[0] in known:
        return f"a name stands beside its layer: {{name: {shorten(word)}, {keys[0]}: ..}}"
    if any(key in ("do", "layers", "steps") for key in keys):
        return f"a name stands beside its steps: {{name: {shorten(word)}, do: [..]}}"
    return ""


def kind_as_value(
    operations: Items[Scalar], item: Mapping, known: Collection[str]
) -> Problem | None:
    """The problem of ``{type: conv, out_channels: 64}``."""
    for key in operations[:10]:
        value = item.get(key.text)
        if key.text in KINDS_KEYS and key.text not in known and isinstance(value, Scalar):
            name = known_as(value.text, known) or value.text
            others = [o.text for o in operations[:4] if o is not key][:3]
            given = ", ".join(f"{shorten(o)}: .." for o in others)
            help = f"write {shorten(name)}{f': {{{given}}}' if given else ''}"
            return Problem("the layer of a step is its key", key.place, help, code="syntax")
    return None


def number_as_step(row: Sequence) -> Problem | None:
    """The problem of ``[-1, 1, Conv, [64, 3]]``: said once for all that is in it."""
    for item in row.items:
        if isinstance(item, Scalar) and re.fullmatch(r"[+-]?[0-9.]+", item.text):
            return Problem(
                f"a step is a layer with its arguments, not the number {shorten(item.text)}",
                item.place,
                "write {conv: [64, 3]}; a list in the place of a step is a chain of steps",
                code="type",
            )
    return None


def misplaced(
    operations: Items[Scalar],
    known: Collection[str],
    modifiers: Collection[str],
    near: Callable[[str, Collection[str]], str | None],
) -> Problem | None:
    """The problem of a modifier under another word: ``{conv: [64, 3], nmae: x}``."""
    if not any(o.text in known or o.text.startswith("$") for o in operations[:10]):
        return None
    for key in operations[:10]:
        if key.text not in known:
            close = STEPS.get(key.text) or near(key.text, modifiers)
            if close:
                message = f"a step has no {quoted(key.text)}{meant(close)}"
                return Problem(message, key.place, code="unknown")
    return None


def as_list(item: Item, known: Collection[str]) -> str:
    """The help for one step, or several, where a list of steps is needed."""
    if isinstance(item, Scalar) and item.text in known:
        return f"a list of one step: [{item.text}]"
    if isinstance(item, Mapping):
        keys = [key.text for key, _ in item]
        if keys and re.match("-[A-Za-z]", keys[0]):
            return f"a space is missing after the dash: - {shorten(keys[0][1:])}: .."
        if len(keys) == 1 and keys[0] in known:
            return f"a list of one step: [{{{keys[0]}: ..}}]"
    return "each step is a line that starts with '- '"
