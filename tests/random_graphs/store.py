"""Torch's answers in a file: a line of JSON for each network, compressed.

A line holds the seed, the spec, how it is to be asked for, and torch's rows as
``[kind, axes, sizes, params, buffers, macs]``, where the axes are the first letters of their names.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from .compare import Figures, written
from .generator import network
from .spec import to_spec

AXES = {name[0]: name for name in ("channels", "depth", "height", "width", "length", "features")}

Record = dict[str, Any]


def record(seed: int) -> Record:
    """Torch's answer for a seed."""
    from .torch_nets import ask_torch

    net = network(seed)
    answer = ask_torch(net, count_flops=True)
    variant, overrides = written(net)
    found: Record = {"seed": seed, "spec": to_spec(net)}
    if variant:
        found["variant"] = variant
    if overrides:
        found["set"] = overrides
    if answer.refused:
        found["refused"] = answer.refused[:60]
    found["rows"] = [
        [row.kind, "".join(n[0] for n in row.dims), [*row.dims.values()], *row[2:]]
        for row in answer.rows
    ]
    return found


def save(path: str, records: Iterable[Record]) -> None:
    """Writes the file; the same records give the same bytes."""
    text = "".join(json.dumps(r, separators=(",", ":")) + "\n" for r in records)
    Path(path).write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def stored(path: Path) -> Iterator[Record]:
    """The records of a file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def rows(found: Record) -> list[Figures]:
    """A record's rows as figures."""
    return [
        Figures(kind, {AXES[a]: n for a, n in zip(axes, sizes, strict=True)}, *counts)
        for kind, axes, sizes, *counts in found["rows"]
    ]
