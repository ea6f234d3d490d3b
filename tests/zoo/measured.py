"""Others' networks as rows (``tests/data/zoo``), and the bundled specs as rows of the same form."""

from __future__ import annotations

import gzip
import json
from functools import cache
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

from archcalc.graph import Node
from archcalc.language import Built, Spec, load
from archcalc.layers.windows import along
from archcalc.problems import Source

HERE = Path(__file__).parent
DATA = HERE.parent / "data" / "zoo"
SPECS = HERE.parent.parent / "specs"
MODELS = sorted(path.name.removesuffix(".json.gz") for path in DATA.glob("*.json.gz"))


class Row(NamedTuple):
    """One layer, as both sides are brought to it."""

    kind: str
    output: tuple[int, ...]
    """The shape without the batch and without trailing positions of size 1."""
    params: int = 0
    macs: int = 0
    buffers: int = 0
    window: tuple[Any, ...] | None = None
    """Of convolutions: kernel, stride, dilation and groups."""


def squeezed(shape: Any) -> tuple[int, ...]:
    """A shape without trailing positions of size 1."""
    sizes = list(shape)
    while len(sizes) > 1 and sizes[-1] == 1:
        sizes.pop()
    return tuple(sizes)


# What was measured.


@cache
def measured(model: str) -> dict[str, Any]:
    """The file of a network."""
    found: dict[str, Any] = json.loads(gzip.decompress((DATA / f"{model}.json.gz").read_bytes()))
    return found


def row_of_file(row: dict[str, Any]) -> Row:
    window = row.get("window")
    return Row(
        row["type"],
        squeezed(row["output"]),
        row["params"],
        row["macs"],
        row.get("buffers", 0),
        window and (*(tuple(sides) for sides in window[:3]), window[3]),
    )


# What the specs say.


@cache
def spec(name: str) -> Spec:
    path = SPECS / f"{name}.yaml"
    return load(Source(path.name, path.read_text(encoding="utf-8")), SPECS)


@cache
def home(variant: str) -> str:
    """The spec that has a variant of this name."""
    (found,) = [p.stem for p in sorted(SPECS.glob("*.yaml")) if variant in spec(p.stem).variants]
    return found


def build(target: str, overrides: dict[str, str] | None = None) -> Built:
    """``VARIANT`` or ``NAME@VARIANT``, built without a problem."""
    name, _, variant = target.rpartition("@")
    built = spec(name or home(variant)).build(variant, overrides or {})
    assert not built.problems, [f"{p.place}: {p.message}" for p in built.problems]
    return built


SILENT = {"dropout", "drop_path", "flatten", "identity", "take", "channel_shuffle", "to_sequence"}
"""Layers that compute nothing at inference and have no row."""

POOLS = {"avg_pool", "global_avg_pool", "adaptive_avg_pool", "mean"}


def rows_of_node(node: Node) -> list[Row]:
    layer, shapes = node.layer, [source.output for source in node.inputs]
    kind, output = layer.kind, squeezed(node.output.sizes)
    if kind in SILENT:
        return []
    weights = [] if node.shared else list(layer.weights(*shapes))
    params = sum(w.product.value for w in weights if not w.buffer)
    if kind == "add":  # n tensors are added one by one
        return [Row(kind, output)] * (len(shapes) - 1)
    if kind == "layer_scale":
        return [Row("parameter", (params,), params), Row("mul", output)]
    operations = layer.operations(node.output, *shapes)
    row = Row(
        "conv" if kind == "depthwise_conv" else "avg_pool" if kind in POOLS else kind,
        output,
        params,
        sum(operation.product.value for operation in operations if operation.kind == "mac"),
        sum(w.product.value for w in weights if w.buffer),
    )
    if row.kind == "conv":
        axes = shapes[0].positions
        groups = shapes[0]["channels"] if kind == "depthwise_conv" else layer.groups  # type: ignore
        sides = (getattr(layer, word) for word in ("kernel_size", "stride", "dilation"))
        row = row._replace(window=(*(along(s, axes) for s in sides), groups))
    return [row]


def rows_of_spec(target: str, overrides: dict[str, str] | None = None) -> list[Row]:
    return [row for node in build(target, overrides).graph.nodes for row in rows_of_node(node)]


def differences(theirs: list[Row], ours: list[Row]) -> list[str]:
    """What does not agree, in words."""
    length = max(len(theirs), len(ours))
    pairs = [
        (theirs[i] if i < len(theirs) else None, ours[i] if i < len(ours) else None)
        for i in range(length)
    ]
    return [f"row {i}: expected {a}, got {b}" for i, (a, b) in enumerate(pairs) if a != b]


def as_convolution(row: Row) -> Row:
    """A linear layer over each position of an image, whose channels are last, as a convolution."""
    if len(row.output) < 3 or row.kind not in ("linear", "layer_norm", "gelu"):
        return row
    turned = row._replace(output=squeezed((row.output[-1], *row.output[:-1])))
    if row.kind == "linear":
        assert row.macs % prod(row.output) == 0
        return turned._replace(kind="conv", window=((1, 1), (1, 1), (1, 1), 1))
    return turned
