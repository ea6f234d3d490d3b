"""Every layer of the vision transformers against torchvision's, in order, to the last digit.

``tests/data/zoo/README.md`` says where the rows come from. A layer of archcalc that does several
things is taken apart: an attention has a row for its queries, keys and values together (torchvision
makes them with one matrix), for scores, softmax, weighted values and the last projection, and for
what belongs to its kind; an MLP has one for each of its linear layers. Each pair of rows must
agree in kind, in the number of elements that come out, in parameters, buffers, MACs and, for
convolutions, the window. What the two sides write differently is brought together here, and
nothing else is:

* Compared are the rows with weights, MACs or a softmax (not seen where PyTorch's own attention
  runs, in ViT).
* Within an attention, parameters that belong to no layer (a table of distances, a scale) come
  first, the smallest before; torchvision has each of them where it is used.
* Swin V2 uses the bias of its queries, keys and values by itself; it joins its matrix.
* MaxViT runs the projection of a *shortcut* before the main branch; its row moves behind it.
* Swin's and MViT's linear layers on an image are written as such, whatever the dimensions' order.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from itertools import groupby
from math import prod
from typing import Any, NamedTuple

import pytest
from measured import DATA, MODELS, build, home, measured, rows_of_node, spec

from archcalc.analysis.count import count
from archcalc.graph import Node
from archcalc.terms import Operation

TRANSFORMERS = ("vit", "swin", "mvit", "maxvit")
ATTENTIVE = [model for model in MODELS if model.startswith(TRANSFORMERS)]
KINDS = ("conv", "linear", "matmul", "layer_norm", "batch_norm", "parameter", "softmax")


class Part(NamedTuple):
    """One operation, as both sides are brought to it."""

    kind: str
    elements: int
    """How many numbers come out."""
    params: int = 0
    macs: int = 0
    buffers: int = 0
    window: tuple[Any, ...] | None = None


def parameters_first(parts: list[Part]) -> list[Part]:
    """The parts of an attention in the order that the top of this module says."""
    own = sorted(part for part in parts if part.kind == "parameter")
    return own + [part for part in parts if part.kind != "parameter"]


# What was measured.

ATTENTION = re.compile(r".*(?:\.attn|\.self_attention|attn_layer\.1)(?=\.|$)")


def attention_of(row: dict[str, Any]) -> str:
    """The attention that a row belongs to, by its name; empty if it belongs to none."""
    found = ATTENTION.match(row["name"])
    return found[0] if found else ""


def shortcut_behind(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """MaxViT's projection (``proj``) behind the main branch, which ends with an addition."""
    waiting: list[dict[str, Any]] = []
    for row in rows:
        if ".MBconv.proj." in row["name"]:
            waiting.append(row)
            continue
        if row["type"] == "add":
            yield from waiting
            waiting = []
        yield row


def parts_of_truth(model: str) -> list[Part]:
    found: list[Part] = []
    for attention, group in groupby(shortcut_behind(measured(model)["rows"]), attention_of):
        bias, parts = 0, []
        for row in group:
            if row["name"].endswith(".qkv.bias"):
                bias = row["params"]
            elif row["type"] in KINDS:
                window = row.get("window") if not attention else None
                parts.append(
                    Part(
                        row["type"],
                        prod(row["output"]),
                        row["params"] + bias,
                        row["macs"],
                        row.get("buffers", 0),
                        window and (*(tuple(sides) for sides in window[:3]), window[3]),
                    )
                )
                bias = 0
        found += parameters_first(parts) if attention else parts
    return found


# What the specs say.

SUMMED = {
    "scores": ("head_dim",),
    "weighted values": ("keys",),
    "output": ("num_heads", "head_dim"),
    "relative scores": ("head_dim",),
    "relative up": ("sides",),
    "relative down": ("hidden_features",),
}
"""What a product is summed over, by its part; else over what comes in and a window."""


class Layer:
    """A node that is taken apart: what was taken is gone, and nothing may be left."""

    def __init__(self, node: Node) -> None:
        shapes = [source.output for source in node.inputs]
        self.weights = {w.name: w.product.value for w in node.layer.weights(*shapes)}
        self.operations = list(node.layer.operations(node.output, *shapes))
        self.macs = [o for o in self.operations if o.kind == "mac"]

    def part(self, kind: str, weights: str, *parts: str) -> Part:
        """The products of ``parts`` with the weights whose names fit, all of them taken."""
        names = [name for name in self.weights if re.fullmatch(weights, name)]
        params = sum(self.weights.pop(name) for name in names)
        taken = [o for o in self.macs if o.part in parts]
        self.macs = [o for o in self.macs if o.part not in parts]
        elements = sum(map(elements_of, taken)) if taken else params
        return Part(kind, elements, params, sum(o.product.value for o in taken))

    def parameters(self, names: str) -> list[Part]:
        """Each weight whose name fits, as a parameter of its own."""
        return [self.part("parameter", name) for name in [*self.weights] if re.match(names, name)]

    def products(self, part: str) -> list[Part]:
        """Each product of ``part`` by itself."""
        taken = [o for o in self.macs if o.part == part]
        self.macs = [o for o in self.macs if o.part != part]
        return [Part("matmul", elements_of(o), 0, o.product.value) for o in taken]

    def softmax(self) -> Part:
        (row,) = (o for o in self.operations if (o.kind, o.part) == ("exp", "softmax"))
        return Part("softmax", row.product.value)

    def norm(self, weights: str, part: str) -> Part:
        """A layer normalisation; its elements are those that are multiplied by gamma."""
        scaled = [o for o in self.operations if (o.kind, o.part) == ("mul", part)]
        found = self.part("layer_norm", weights)
        return found._replace(elements=scaled[-1].product.value)


def elements_of(operation: Operation) -> int:
    factors = operation.product.factors
    default = tuple(n for n in factors if n.startswith(("in_", "kernel_")))
    return operation.product.value // prod(
        factors[name] for name in SUMMED.get(operation.part, default)
    )


def parts_of_attention(layer: Layer) -> Iterator[Part]:
    own = "(weight|bias)"
    yield from layer.parameters("relative_bias|logit_scale|relative_[dhw]$")
    if any(o.part == "relative up" for o in layer.macs):
        yield layer.part("linear", f"relative_up_{own}", "relative up")
        yield layer.part("linear", f"relative_down_{own}", "relative down")
    yield layer.part("linear", f"[qkv]_{own}", "queries", "keys", "values")
    for name in ("keys", "values", "queries"):
        if f"{name[0]}_pool" in layer.weights:
            yield layer.part("conv", f"{name[0]}_pool", f"pooled {name}")
            yield layer.norm(f"{name[0]}_(gamma|beta)", f"normalised {name}")
    yield layer.part("matmul", "", "scores")
    sides = layer.products("relative scores")
    yield from (*sides[1:], *sides[:1])  # torchvision takes time last
    yield layer.softmax()
    yield layer.part("matmul", "", "weighted values")
    yield layer.part("linear", f"out_{own}", "output")


def parts_of_node(node: Node) -> list[Part]:
    kind = node.layer.kind
    if kind == "mlp":
        layer = Layer(node)
        found = [layer.part("linear", f"{word}_.*", word) for word in ("up", "down")]
    elif kind.endswith("attention"):
        layer = Layer(node)
        found = parameters_first([*parts_of_attention(layer)])
    elif kind in ("class_token", "position_embedding"):
        layer = Layer(node)
        found = layer.parameters("")
    else:
        rows = [row for row in rows_of_node(node) if row.kind in KINDS]
        return [
            Part(row.kind, prod(row.output), row.params, row.macs, row.buffers, row.window)
            for row in rows
        ]
    assert not layer.weights and not layer.macs, node
    return found


def parts_of_spec(model: str, overrides: dict[str, str] | None = None) -> list[Part]:
    nodes = build(model, overrides).graph.nodes
    parts = [part for node in nodes for part in parts_of_node(node)]
    return [p for p in parts if not (p.kind == "softmax" and model.startswith("vit"))]


def differences(theirs: list[Part], ours: list[Part]) -> list[str]:
    """What does not agree, in words."""
    found = [
        f"row {number}: expected {a}, got {b}"
        for number, (a, b) in enumerate(zip(theirs, ours, strict=False))
        if a != b
    ]
    if len(theirs) != len(ours):
        found.append(f"{len(theirs)} rows expected, got {len(ours)}")
    return found


@pytest.mark.parametrize("model", ATTENTIVE)
def test_each_layer_is_the_networks_own(model: str) -> None:
    found = differences(parts_of_truth(model), parts_of_spec(model))
    assert not found, f"{len(found)} rows differ\n" + "\n".join(found[:10])


@pytest.mark.parametrize("model", ATTENTIVE)
def test_the_rows_add_up_to_the_total(model: str) -> None:
    totals, parts = measured(model)["totals"], parts_of_truth(model)
    assert sum(part.params for part in parts) == totals["params"]
    assert sum(part.macs for part in parts) == totals["macs"]


@pytest.mark.parametrize("model", ATTENTIVE)
def test_the_input_and_the_answer_have_the_networks_shapes(model: str) -> None:
    data, graph = measured(model), build(model).graph
    (entry,), (out,) = graph.inputs.values(), graph.outputs
    assert list(entry.output.sizes) == data["input"]
    assert list(out.output.sizes) == data["outputs"]["out"]


# The comparison itself: it must see whatever is wrong.

MUTATIONS: dict[str, Callable[[Part], Part]] = {
    "kind": lambda part: part._replace(kind="tanh"),
    "elements": lambda part: part._replace(elements=part.elements + 1),
    "params": lambda part: part._replace(params=part.params + 1),
    "macs": lambda part: part._replace(macs=part.macs - 1),
    "buffers": lambda part: part._replace(buffers=part.buffers + 1),
}


@pytest.mark.parametrize("change", MUTATIONS)
@pytest.mark.parametrize("model", ["vit_b_32", "swin_v2_t", "mvit_v2_s", "maxvit_t"])
def test_one_figure_off_is_seen_in_any_row(model: str, change: str) -> None:
    theirs, ours = parts_of_truth(model), parts_of_spec(model)
    for number in (0, len(theirs) // 2, len(theirs) - 1):
        wrong = [*theirs[:number], MUTATIONS[change](theirs[number]), *theirs[number + 1 :]]
        assert len(differences(wrong, ours)) == 1


@pytest.mark.parametrize(
    "model, setting, value",
    [
        ("vit_b_16", "patch", "32"),
        ("vit_b_16", "heads", "8"),  # the same weights and MACs, other elements
        ("swin_t", "window", "14"),
        ("swin_t", "depths", "[2, 6, 2, 2]"),
        ("swin_v2_t", "heads", "[3, 6, 12, 12]"),
        ("swin3d_t", "window", "[4, 7, 7]"),
        ("mvit_v1_b", "v2", "true"),
        ("mvit_v2_s", "depths", "[1, 2, 10, 3]"),
        ("maxvit_t", "head_dim", "16"),
    ],
)
def test_another_network_is_not_equal(model: str, setting: str, value: str) -> None:
    assert differences(parts_of_truth(model), parts_of_spec(model, {setting: value}))


# What torchvision publishes of each set of weights, and what was measured at other sizes.

TORCHVISION = json.loads((DATA / "torchvision.json").read_text(encoding="utf-8"))
PUBLISHED = [model for model in TORCHVISION if model.startswith(TRANSFORMERS)]


@pytest.mark.parametrize("model", PUBLISHED)
def test_what_torchvision_publishes_is_quoted(model: str) -> None:
    name, quoted = home(model), {}
    for variant in spec(name).variants:
        for record in spec(name).published(variant):
            if record["source"].startswith("torchvision "):
                quoted[record["source"].split()[1]] = variant, record
    for weights in TORCHVISION[model]["published"]:
        variant, record = quoted[weights["weights"]]
        assert record["macs"] == f"{weights['gmacs']}G"
        assert (record["top1"], record["top5"]) == (str(weights["acc1"]), str(weights["acc5"]))
        assert int(record["params"].replace("_", "")) == weights["num_params"]
        assert count(build(variant).graph).totals.params == weights["num_params"]


@pytest.mark.parametrize("model", PUBLISHED)
def test_macs_and_answers_at_every_measured_size(model: str) -> None:
    for run in TORCHVISION[model]["computed"]:
        axes = ("depth", "height", "width")[-len(run["input"][1:]) :]
        size = {f"input.{a}": str(n) for a, n in zip(axes, run["input"][1:], strict=True)}
        graph = build(model, size).graph
        (out,) = graph.outputs
        assert list(out.output.sizes) == run["output"]["out"]
        assert count(graph).totals.mac == run["macs"]


@pytest.mark.parametrize(
    "model, sizes, params, macs",
    [
        # windows that are filled up, patches that are cut off or filled up, windows that shrink
        ("swin_t", (230, 250), 28_288_354, 6_972_914_304),
        ("swin_t", (36, 45), 28_288_354, 602_043_648),
        ("swin_b", (320, 384), 87_768_224, 40_742_828_032),
        ("swin_v2_t", (200, 312), 28_351_570, 6_901_699_584),
        ("swin_v2_t", (64, 64), 28_351_570, 868_383_744),
        ("swin3d_t", (9, 100, 130), 28_158_070, 9_086_146_560),
        ("swin3d_t", (4, 50, 51), 28_158_070, 674_995_200),
        ("swin3d_t", (1, 224, 224), 28_158_070, 4_504_556_544),
        ("maxvit_t", (448, 448), 30_919_624, 22_224_506_880),
        # built for these sizes, which its positions depend on
        ("mvit_v1_b", (8, 160, 160), 36_462_832, 15_301_017_792),
        ("mvit_v1_b", (16, 200, 264), 36_626_416, 82_184_176_320),
        ("mvit_v2_s", (8, 160, 160), 34_493_968, 13_646_423_232),
        ("mvit_v2_s", (32, 288, 288), 34_593_808, 322_531_381_440),
    ],
)
def test_odd_sizes(model: str, sizes: tuple[int, ...], params: int, macs: int) -> None:
    """As torchvision 0.28.0 and PyTorch's counter have them, on the meta device."""
    axes = ("depth", "height", "width")[-len(sizes) :]
    overrides = {f"input.{axis}": str(size) for axis, size in zip(axes, sizes, strict=True)}
    found = count(build(model, overrides).graph).totals
    assert (found.params, found.mac) == (params, macs)
