"""One JSON object: everything exactly, a layer a line, for programs and for ``diff``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final, TextIO

from archcalc import __version__
from archcalc.formats.pick import picked_data

if TYPE_CHECKING:
    from archcalc.formats import Options
    from archcalc.formats.document import Document

SCHEMA_VERSION: Final = 1
"""Raised when a key changes its meaning or goes; new keys may come without."""


def render(document: Document, options: Options, out: TextIO) -> None:
    """Writes ``document`` as one object."""
    write(picked_data(document.data(), options.pick), out)


def write(data: dict[str, Any], out: TextIO) -> None:
    """Writes ``data`` behind the version of the schema and of the tool."""
    tool = {"name": "archcalc", "version": __version__}
    whole = {"schema_version": SCHEMA_VERSION, "tool": tool, **data}
    out.write("{\n")
    last = len(whole) - 1
    for position, (key, value) in enumerate(whole.items()):
        out.write(f"  {_text(key)}: ")
        if isinstance(value, Iterator) or (value and _is_table(value)):
            _write_lines(value, out)
        else:
            out.write(_text(value))
        out.write(",\n" if position < last else "\n")
    out.write("}\n")


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and isinstance(value[0], dict)


def _write_lines(items: Iterable[Any], out: TextIO) -> None:
    """A list, an item a line, written as it comes."""
    before = "[\n    "
    for item in items:
        out.write(before + _text(item))
        before = ",\n    "
    out.write("[]" if before.startswith("[") else "\n  ]")


_encode = json.JSONEncoder(ensure_ascii=True, allow_nan=False).encode


def _text(value: Any) -> str:
    """ASCII alone: whatever would act on a terminal leaves as an escape, DEL too."""
    return _encode(value).replace("\x7f", "\\u007f")
