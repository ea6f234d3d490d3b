"""Every layer of the bundled specs against networks that others wrote, to the last digit.

``tests/data/truth/README.md`` names the sources. A total is not enough, since two errors can
cancel; so a spec's nodes and a file's rows are put side by side, one for one and in order, and
each pair must agree in kind, input shapes, output shape, weights, buffers, MACs and, where the
source states them, kernel, stride and groups.

Normalisation: sources slice a network differently in ways that are none of archcalc's business.
What is done about it is all here:

* *Left out* on both sides are rows that move or compute nothing at inference: ``flatten``,
  ``dropout`` and a final ``softmax`` (Caffe's nets end in one, torchvision's and the specs do
  not). All others stay: convolutions, linear layers, normalisations, activations, pools, merges.
* A *shape* loses trailing positions of size 1: [1024, 1, 1] and [1024] are the same numbers. A
  linear layer's input is compared as the count of its numbers, since Caffe flattens unseen.
* A *depthwise* convolution is a convolution with as many groups as channels, as in PyTorch.
* A *global* pool is an average pool, in Caffe one with a window of the whole map.
* *Batch normalisation* in Caffe is two layers, BatchNorm (statistics) and Scale (gamma, beta);
  they become one. PyTorch and Caffe keep one buffer more than mean and variance, a counter, and
  it is taken off.
* Netscope's residual blocks list the *shortcut* first; its rows move behind the main branch, where
  torchvision and the specs have them.
* A *merge of one* tensor (each DenseNet block of torchvision starts with one) is the tensor.
  DenseNet's other concatenations list all pieces where the spec adds the newest to what is there;
  for it, merges compare by their output alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from zoo import built, of_block

from archcalc.graph import Node
from archcalc.layers.windows import along

TRUTH = Path(__file__).parent / "data" / "truth"

LAYERS = {
    "alexnet": "alexnet@torchvision",
    "alexnet_original_caffe": "alexnet@paper",
    "caffenet_caffe": "alexnet@caffenet",
    "densenet121": "densenet@densenet121",
    "googlenet": "googlenet@torchvision",
    "googlenet_original_caffe": "googlenet@paper",
    "googlenet_original_caffe_with_aux": "googlenet@paper-aux",
    "googlenet_with_aux": "googlenet@torchvision-aux",
    "inception_v3": "inception_v3@inception_v3",
    "inception_v3_with_aux": "inception_v3@inception_v3-aux",
    "lenet5": "lenet5@taught",
    "mobilenet_v2": "mobilenet_v2@w1.0",
    "netscope_resnet152": "resnet@resnet152-v1",
    "netscope_resnet50": "resnet@resnet50-v1",
    "netscope_squeezenet": "squeezenet@squeezenet1_0-caffe",
    "netscope_squeezenet_v11": "squeezenet@squeezenet1_1",
    "resnet101": "resnet@resnet101",
    "resnet152": "resnet@resnet152",
    "resnet18": "resnet@resnet18",
    "resnet34": "resnet@resnet34",
    "resnet50": "resnet@resnet50",
    "squeezenet1_0": "squeezenet@squeezenet1_0",
    "vgg11": "vgg@vgg11",
    "vgg16": "vgg@vgg16",
    "vgg16_bn": "vgg@vgg16_bn",
    "vgg19": "vgg@vgg19",
}
"""Which variant of which spec each file is the truth of."""

KNOWN: dict[str, dict[str, dict[str, Any]]] = {
    # The bias in front of a batch normalisation is netscope's own; Caffe's release has none.
    "netscope_resnet50": {"conv1": {"params": 64}},
}
"""What a source has more than everyone else: taken off its row before it is compared."""


class Row(NamedTuple):
    """One layer, as both sides are brought to it."""

    kind: str
    inputs: tuple[tuple[int, ...], ...]
    output: tuple[int, ...]
    params: int
    buffers: int
    macs: int
    window: tuple[Any, ...] | None
    """Kernel, stride and groups; ``None`` where the source does not say."""


KINDS = {
    "Conv2d": "conv",
    "Convolution": "conv",
    "Linear": "linear",
    "InnerProduct": "linear",
    "BatchNorm2d": "batch_norm",
    "BatchNorm": "batch_norm",
    "LRN": "lrn",
    "ReLU": "relu",
    "relu": "relu",
    "ReLU6": "relu6",
    "Tanh": "tanh",
    "MaxPool2d": "max_pool",
    "max_pool2d": "max_pool",
    "AvgPool2d": "avg_pool",
    "avg_pool2d": "avg_pool",
    "AdaptiveAvgPool2d": "avg_pool",
    "adaptive_avg_pool2d": "avg_pool",
    "add": "add",
    "Eltwise": "add",
    "cat": "concat",
    "Concat": "concat",
    # Ours.
    "depthwise_conv": "conv",
    "global_avg_pool": "avg_pool",
    "adaptive_avg_pool": "avg_pool",
}
POOLS = {"MAX": "max_pool", "AVE": "avg_pool"}
LEFT_OUT = {"flatten", "Flatten", "dropout", "Dropout", "softmax", "Softmax"}


def squeezed(shape: Any) -> tuple[int, ...]:
    """A shape without trailing positions of size 1."""
    sizes = list(shape)
    while len(sizes) > 1 and sizes[-1] == 1:
        sizes.pop()
    return tuple(sizes)


# The truth's side.


def read(name: str) -> dict[str, Any]:
    data = json.loads((TRUTH / f"{name}.json").read_text(encoding="utf-8"))
    data["layers"] = [dict(zip(data["columns"], r, strict=True)) for r in data["layers"]]
    return data


def rows_of_truth(data: dict[str, Any]) -> list[Row]:
    """The rows of a file, normalised as the top of this module says."""
    layers = shortcut_last(merged_scales(corrected(data)))
    return [truth_row(layer) for layer in layers if not is_left_out(layer)]


def corrected(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    more = dict(KNOWN.get(data["model"], {}))
    for layer in data["layers"]:
        excess = more.pop(layer["name"], {})
        yield {**layer, **{key: layer[key] - value for key, value in excess.items()}}
    assert not more, f"no such layer: {', '.join(more)}"


def merged_scales(layers: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    statistics: dict[str, Any] | None = None
    for layer in layers:
        if layer["type"] == "BatchNorm":
            assert statistics is None
            statistics = layer
        elif layer["type"] == "Scale":
            assert statistics is not None, "a Scale without its BatchNorm"
            sums = {key: statistics[key] + layer[key] for key in ("params", "buffers", "macs")}
            assert layer["inputs"] == [statistics["output"]]
            yield {**statistics, **sums, "output": layer["output"]}
            statistics = None
        else:
            assert statistics is None, "a BatchNorm without its Scale"
            yield layer


def shortcut_last(layers: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    waiting: list[dict[str, Any]] = []
    for layer in layers:
        if re.search(r"\d[a-z]\d*_branch1$", layer["name"]):
            waiting.append(layer)
            continue
        if layer["type"] == "Eltwise":
            yield from waiting
            waiting = []
        yield layer
    assert not waiting


def is_left_out(layer: dict[str, Any]) -> bool:
    alone = layer["type"] == "cat" and len(layer["inputs"]) == 1
    return alone or layer["type"] in LEFT_OUT


def truth_row(layer: dict[str, Any]) -> Row:
    attrs = layer["attrs"]
    kind = POOLS[attrs["mode"]] if layer["type"] == "Pooling" else KINDS[layer["type"]]
    counter = 1 if kind == "batch_norm" and layer["buffers"] else 0
    return Row(
        kind,
        inputs_of(kind, layer["inputs"]),
        squeezed(layer["output"]),
        layer["params"],
        layer["buffers"] - counter,
        layer["macs"],
        (tuple(attrs["kernel"]), tuple(attrs["stride"]), attrs.get("groups", 1))
        if "kernel" in attrs
        else None,
    )


def inputs_of(kind: str, shapes: Any) -> tuple[tuple[int, ...], ...]:
    if kind == "linear":
        return tuple((prod(shape),) for shape in shapes)
    return tuple(squeezed(shape) for shape in shapes)


# The spec's side.


def rows_of_spec(nodes: list[Node]) -> list[Row]:
    return [spec_row(node) for node in nodes if node.layer.kind not in LEFT_OUT]


def spec_row(node: Node) -> Row:
    shapes = [source.output for source in node.inputs]
    kind = KINDS.get(node.layer.kind, node.layer.kind)
    weights = [] if node.shared else list(node.layer.weights(*shapes))
    return Row(
        kind,
        inputs_of(kind, [shape.sizes for shape in shapes]),
        squeezed(node.output.sizes),
        sum(w.product.value for w in weights if not w.buffer),
        sum(w.product.value for w in weights if w.buffer),
        sum(
            operation.product.value
            for operation in node.layer.operations(node.output, *shapes)
            if operation.kind == "mac"
        ),
        window(node),
    )


def window(node: Node) -> tuple[Any, ...] | None:
    layer, x = node.layer, node.inputs[0].output
    if layer.kind == "global_avg_pool":
        return (tuple(x[axis] for axis in x.positions), (1,) * len(x.positions), 1)
    kernel = getattr(layer, "kernel_size", None)
    if kernel is None:
        return None
    stride = kernel if layer.stride is None else layer.stride
    groups = x["channels"] if layer.kind == "depthwise_conv" else getattr(layer, "groups", 1)
    return (along(kernel, x.positions), along(stride, x.positions), groups)


# The comparison.


def differences(truth: list[Row], ours: list[Row], *, merges: bool = True) -> list[str]:
    """What does not agree, in words; with ``merges`` false their inputs are not compared."""
    found = []
    for number in range(max(len(truth), len(ours))):
        expected = truth[number] if number < len(truth) else None
        actual = ours[number] if number < len(ours) else None
        if expected and actual:
            if expected.window is None:
                actual = actual._replace(window=None)
            if not merges and expected.kind == "concat":
                actual = actual._replace(inputs=expected.inputs)
        if expected != actual:
            found.append(f"row {number}: expected {expected}, got {actual}")
    return found


@pytest.mark.parametrize("name", LAYERS)
def test_each_layer_equals_the_truth(name: str) -> None:
    truth = rows_of_truth(read(name))
    ours = rows_of_spec(built(LAYERS[name]).graph.nodes)
    found = differences(truth, ours, merges=not name.startswith("densenet"))
    assert not found, f"{len(found)} rows differ\n" + "\n".join(found[:10])


@pytest.mark.parametrize("name", LAYERS)
def test_the_rows_add_up_to_the_total_that_the_source_states(name: str) -> None:
    data = read(name)
    rows = rows_of_truth(data)
    more = sum(change.get("params", 0) for change in KNOWN.get(name, {}).values())
    assert sum(row.params for row in rows) + more == data["totals"]["params"]
    assert sum(row.macs for row in rows) == data["totals"]["macs"]


def test_every_file_of_layers_is_used() -> None:
    assert {path.stem for path in TRUTH.glob("*.json")} == {*LAYERS, "totals"}


# The comparison itself: it must see whatever is wrong.

MUTATIONS = {
    "kind": lambda row: row._replace(kind="gelu"),
    "output": lambda row: row._replace(output=(row.output[0] + 1, *row.output[1:])),
    "inputs": lambda row: row._replace(inputs=((*row.inputs[0][:-1], row.inputs[0][-1] + 1),)),
    "params": lambda row: row._replace(params=row.params + 1),
    "buffers": lambda row: row._replace(buffers=row.buffers + 1),
    "macs": lambda row: row._replace(macs=row.macs - 1),
}


@pytest.mark.parametrize("change", MUTATIONS)
@pytest.mark.parametrize("name", ["alexnet_original_caffe", "googlenet", "netscope_resnet50"])
def test_one_figure_off_is_seen_in_any_row(name: str, change: str) -> None:
    truth = rows_of_truth(read(name))
    ours = rows_of_spec(built(LAYERS[name]).graph.nodes)
    for number in (0, len(truth) // 2, len(truth) - 1):
        wrong = list(truth)
        wrong[number] = MUTATIONS[change](wrong[number])
        found = differences(wrong, ours)
        assert len(found) == 1 and found[0].startswith(f"row {number}:")


@pytest.mark.parametrize("column", ["params", "macs", "output"])
@pytest.mark.parametrize("name", ["googlenet_with_aux", "lenet5", "netscope_resnet50"])
def test_one_figure_off_in_the_file_is_seen(name: str, column: str) -> None:
    """The normalisation hides nothing but the kinds of rows that it says it leaves out."""
    ours = rows_of_spec(built(LAYERS[name]).graph.nodes)
    data = read(name)
    for number, layer in enumerate(data["layers"]):
        if is_left_out(layer):
            continue
        value = layer[column]
        changed = [value[0] + 1, *value[1:]] if column == "output" else value + 1
        wrong = {**data, "layers": list(data["layers"])}
        wrong["layers"][number] = {**layer, column: changed}
        if layer["type"] == "BatchNorm" and column == "output":
            with pytest.raises(AssertionError):  # its Scale no longer fits
                rows_of_truth(wrong)
        else:
            assert len(differences(rows_of_truth(wrong), ours)) == 1, layer["name"]


def test_another_window_of_the_same_size_is_seen() -> None:
    # 1x7 and 7x1 have the same weights, MACs and shapes.
    truth = rows_of_truth(read("inception_v3"))
    ours = rows_of_spec(built(LAYERS["inception_v3"]).graph.nodes)
    number = next(i for i, row in enumerate(truth) if row.window and row.window[0] == (1, 7))
    truth[number] = truth[number]._replace(window=((7, 1), (1, 1), 1))
    assert len(differences(truth, ours)) == 1


def test_a_missing_an_added_and_two_exchanged_layers_are_seen() -> None:
    truth = rows_of_truth(read("vgg16"))
    ours = rows_of_spec(built(LAYERS["vgg16"]).graph.nodes)
    assert differences(truth[:-1], ours)
    assert differences([*truth, truth[-1]], ours)
    # Two errors that cancel in every total.
    exchanged = [truth[1], truth[0], *truth[2:]]
    assert len(differences(exchanged, ours)) == 2


def test_another_variant_is_not_equal() -> None:
    # The two forms of ResNet-50 have one parameter count.
    truth = rows_of_truth(read("resnet50"))
    assert differences(truth, rows_of_spec(built("resnet@resnet50-v1").graph.nodes))


# What papers state themselves.


GOOGLENET_ROWS = {
    "convolution 7x7/2": ("conv1",),
    "convolution 3x3/1 (with 1x1x64 reduce)": ("conv2", "conv3"),
    "linear": ("linear",),
    **{f"inception ({n})": (n,) for n in ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b")},
}


def test_googlenet_gives_the_rows_of_the_papers_table() -> None:
    nodes = built("googlenet@paper").graph.nodes
    seen = 0
    for row in read("googlenet_original_caffe")["paper_table1"]["rows"]:
        paths = GOOGLENET_ROWS.get(row["row"])
        if paths is None:
            assert "pool" in row["row"]
            continue
        inside = [node for path in paths for node in of_block(nodes, path)]
        weights = [w for n in inside for w in n.layer.weights(*(i.output for i in n.inputs))]
        assert sum(w.product.value for w in weights) == row["caffe_params_with_bias"]
        without = sum(w.product.value for w in weights if w.name != "bias")
        assert without == row["caffe_weights_no_bias"]
        assert sum(spec_row(n).macs for n in inside) == row["caffe_macs"]
        height, width, channels = row["paper_output_HWC"]
        assert squeezed(inside[-1].output.sizes) == squeezed((channels, height, width))
        seen += 1
    assert seen == len(GOOGLENET_ROWS)


LENET_ROWS = {
    "C1": "c1",
    "S2": "s2",
    "C3 (sparse table)": "c3",
    "S4": "s4",
    "C5": "c5",
    "F6": "f6",
    "OUTPUT (Euclidean RBF, weights fixed)": "output",
}


def test_lenet5_of_1998_gives_the_papers_rows() -> None:
    """The paper counts trainable parameters and connections, biases included.

    A connection joins an input, or the bias, with a unit: for a convolution or a linear layer
    its MACs and the biases that are added; for subsampling its four inputs and one bias.
    """
    paper = read("lenet5")["original_paper"]
    nodes = built("lenet5@1998").graph.nodes
    trainable = connections = 0
    for row in paper["rows"]:
        inside = of_block(nodes, LENET_ROWS[row["layer"]])
        assert squeezed(inside[-1].output.sizes) == squeezed(row["out"]), row
        weights = [w for n in inside for w in n.layer.weights(*(i.output for i in n.inputs))]
        found = sum(w.product.value for w in weights if not w.buffer and not w.frozen)
        assert found == row["trainable"], row
        trainable += found
        joined = 0
        for node in inside:
            if node.layer.kind in ("conv", "linear", "rbf"):
                joined += spec_row(node).macs
                for w in node.layer.weights(*(i.output for i in node.inputs)):
                    if w.name == "bias":
                        joined += node.output.elements
            elif node.layer.kind == "avg_pool":
                joined += node.output.elements * (node.layer.kernel_size**2 + 1)
        assert joined == row["connections"], row
        connections += joined
    assert (trainable, connections) == (paper["trainable"], paper["connections"])
    assert trainable == 60_000
