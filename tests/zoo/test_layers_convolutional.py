"""Every layer of the convolutional specs against the real networks, in order, to the last digit.

``tests/data/zoo/README.md`` says where the rows come from. Each pair of rows must agree in kind,
output shape, parameters, buffers, MACs and, for convolutions, kernel, stride, dilation and
groups; activations, pools and merges are rows, too. What the two sides write differently is
brought together here, and nothing else is:

* *Left out* are layers that compute nothing at inference (`measured.SILENT`); a shape loses
  trailing positions of size 1; a depthwise convolution has as many groups as channels.
* RegNet runs the projection of a *shortcut* before the main branch; its rows move behind it.
* RepVGG's branches come in another order: the rows up to the next ReLU are compared as a set.
* ConvNeXt's 1x1 convolutions are linear layers on an image whose channels are last.
* timm's MobileNet v1 has ReLU6 where the paper has ReLU.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from measured import (
    DATA,
    MODELS,
    Row,
    as_convolution,
    build,
    differences,
    home,
    measured,
    row_of_file,
    rows_of_spec,
    spec,
)

TRANSFORMERS = ("vit", "swin", "mvit", "maxvit")
CONVOLUTIONAL = [model for model in MODELS if not model.startswith(TRANSFORMERS)]

TARGETS = {
    "alexnet": "alexnet@torchvision",
    "googlenet": "googlenet@torchvision",
    "mobilenet_v2": "mobilenet_v2@w1.0",
    # timm's
    "convmixer_1024_20_ks9_p14": "convmixer_1024_20",
    "ghostnet_050": "ghostnet_0.5",
    "ghostnet_100": "ghostnet_1.0",
    "ghostnet_130": "ghostnet_1.3",
    "mobilenetv1_100": "mobilenet_v1-1.0",
    "regnetx_004": "regnet_x_400mf-paper",
    "regnety_008": "regnet_y_800mf-paper",
    "regnety_080": "regnet_y_8gf-paper",
    "repvgg_a0": "repvgg_a0-train",
    "repvgg_b1g4": "repvgg_b1g4-train",
}
"""Which variant a network is, where its name is another."""


def target(model: str) -> str:
    return TARGETS.get(model, model)


# What is brought together.


def shortcut_behind(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """RegNet's projection (``proj``), which it runs before the main branch, behind it."""
    waiting: list[dict[str, Any]] = []
    for row in rows:
        if ".proj." in row["name"]:
            waiting.append(row)
            continue
        if row["type"] == "add":
            yield from waiting
            waiting = []
        yield row
    assert not waiting


def rows_of_truth(model: str) -> list[Row]:
    """The rows of a file, brought together with the specs as the top of this module says."""
    rows = measured(model)["rows"]
    if model.startswith("regnet"):
        rows = list(shortcut_behind(rows))
    found = [row_of_file(row) for row in rows]
    if model.startswith("convnext"):
        found = [as_convolution(row) for row in found]
    if model.startswith("mobilenetv1"):
        found = [row._replace(kind=row.kind.replace("relu6", "relu")) for row in found]
    return by_layer(found) if model.startswith("repvgg") else found


def rows_of_target(model: str, overrides: dict[str, str] | None = None) -> list[Row]:
    """The rows of the spec's variant that the network is."""
    rows = rows_of_spec(target(model), overrides)
    return by_layer(rows) if model.startswith("repvgg") else rows


def by_layer(rows: list[Row]) -> list[Row]:
    """The rows between two ReLUs sorted, where the order of branches is a matter of taste."""
    found: list[Row] = []
    layer: list[Row] = []
    for row in rows:
        if row.kind == "relu":
            found += [*sorted(layer, key=str), row]
            layer = []
        else:
            layer.append(row)
    return found + layer


@pytest.mark.parametrize("model", CONVOLUTIONAL)
def test_each_layer_is_the_networks_own(model: str) -> None:
    found = differences(rows_of_truth(model), rows_of_target(model))
    assert not found, f"{len(found)} rows differ\n" + "\n".join(found[:10])


@pytest.mark.parametrize("model", CONVOLUTIONAL)
def test_the_rows_add_up_to_the_total(model: str) -> None:
    totals = measured(model)["totals"]
    rows = rows_of_truth(model)
    assert sum(row.params for row in rows) == totals["params"]
    assert sum(row.macs for row in rows) == totals["macs"]


@pytest.mark.parametrize("model", CONVOLUTIONAL)
def test_the_input_and_the_answer_have_the_networks_shapes(model: str) -> None:
    data = measured(model)
    graph = build(target(model)).graph
    (entry,) = graph.inputs.values()
    assert list(entry.output.sizes) == data["input"]
    (out,) = graph.outputs
    assert list(out.output.sizes) == data["outputs"]["out"]
    if "aux" in data["outputs"]:  # it is run last
        assert list(graph.nodes[-1].output.sizes) == data["outputs"]["aux"]


def test_twenty_five_families_are_compared() -> None:
    families = {target(model).partition("@")[0] for model in CONVOLUTIONAL if "@" in target(model)}
    families |= {home(target(model)) for model in CONVOLUTIONAL if "@" not in target(model)}
    assert len(families) >= 25


# The comparison itself: it must see whatever is wrong.

MUTATIONS: dict[str, Callable[[Row], Row]] = {
    "kind": lambda row: row._replace(kind="tanh"),
    "output": lambda row: row._replace(output=(row.output[0] + 1, *row.output[1:])),
    "params": lambda row: row._replace(params=row.params + 1),
    "buffers": lambda row: row._replace(buffers=row.buffers + 1),
    "macs": lambda row: row._replace(macs=row.macs - 1),
}


@pytest.mark.parametrize("change", MUTATIONS)
@pytest.mark.parametrize("model", ["densenet121", "convnext_tiny", "regnet_y_400mf"])
def test_one_figure_off_is_seen_in_any_row(model: str, change: str) -> None:
    theirs, ours = rows_of_truth(model), rows_of_target(model)
    for number in (0, len(theirs) // 2, len(theirs) - 1):
        wrong = [*theirs[:number], MUTATIONS[change](theirs[number]), *theirs[number + 1 :]]
        assert len(differences(wrong, ours)) == 1


@pytest.mark.parametrize(
    "model, setting, value",
    [
        ("resnext50_32x4d", "groups", "16"),  # with half the groups, each is half as wide
        ("mobilenet_v3_large", "last", "1024"),
        ("mnasnet1_0", "width", "1.1"),
        ("efficientnet_b0", "depth", "1.1"),
        ("regnet_y_400mf", "gated", "false"),
        ("shufflenet_v2_x1_0", "last", "2048"),
        ("convnext_tiny", "depths", "[3, 3, 10, 3]"),
        ("r3d_18", "time", "mc3"),
        ("fcn_resnet50", "aux", "false"),
        ("lraspp_mobilenet_v3_large", "num_classes", "20"),
        ("squeezenet1_0", "pools", "[3, 5]"),  # the same weights at other places
        ("repvgg_a0", "train", "false"),
        ("convmixer_768_32", "activation", "gelu"),  # nothing else changes
    ],
)
def test_another_network_is_not_equal(model: str, setting: str, value: str) -> None:
    assert differences(rows_of_truth(model), rows_of_target(model, {setting: value}))


def test_a_missing_an_added_and_two_exchanged_layers_are_seen() -> None:
    theirs, ours = rows_of_truth("s3d"), rows_of_target("s3d")
    assert differences(theirs[:-1], ours)
    assert differences([*theirs, theirs[-1]], ours)
    # Two errors that cancel in every total.
    assert len(differences([theirs[1], theirs[0], *theirs[2:]], ours)) == 2


def test_another_window_of_the_same_size_is_seen() -> None:
    # 1x7 and 7x1 have the same weights, MACs and shapes.
    theirs, ours = rows_of_truth("inception_v3"), rows_of_target("inception_v3")
    number = next(i for i, row in enumerate(theirs) if row.window and row.window[0] == (1, 7))
    window = ((7, 1), *theirs[number].window[1:])  # type: ignore[index]
    theirs[number] = theirs[number]._replace(window=window)
    assert len(differences(theirs, ours)) == 1


# What torchvision publishes of each set of weights, and what was measured at other sizes.

TORCHVISION: dict[str, Any] = json.loads((DATA / "torchvision.json").read_text(encoding="utf-8"))
PUBLISHED = [model for model in TORCHVISION if not model.startswith(TRANSFORMERS)]
HEADS = {"aux_logits=True": "-aux", "no_aux": "-main"}
"""What torchvision's arguments are called among the variants of networks with two heads."""


def published(name: str) -> dict[str, tuple[str, dict[str, str]]]:
    """torchvision's weights: the variant that states their figures, and the record."""
    found = {}
    for variant in spec(name).variants:
        for record in spec(name).published(variant):
            if record["source"].startswith("torchvision "):
                found[record["source"].split()[1]] = variant, record
    return found


@pytest.mark.parametrize("model", PUBLISHED)
def test_what_torchvision_publishes_is_quoted(model: str) -> None:
    name = target(model).partition("@")[0] if "@" in target(model) else home(target(model))
    quoted = published(name)
    for weights in TORCHVISION[model]["published"]:
        if weights["weights"].endswith("_FEATURES"):
            continue  # VGG-16 without a classifier that was trained: no accuracy, no figures
        variant, record = quoted[weights["weights"]]
        assert int(record["params"].replace("_", "")) == weights["num_params"]
        if "macs" in record:
            assert record["macs"] == f"{weights['gmacs']}G"
        for figure, key in (("top1", "acc1"), ("top5", "acc5"), ("miou", "miou")):
            assert record.get(figure) == (str(weights[key]) if weights.get(key) else None)
        rows = rows_of_spec(f"{name}@{variant}")
        assert sum(row.params for row in rows) == weights["num_params"]


@pytest.mark.parametrize("model", PUBLISHED)
def test_parameters_buffers_macs_and_answers_at_every_measured_size(model: str) -> None:
    data = TORCHVISION[model]
    for run in data["computed"]:
        several = len(data["params"]) > 1
        holds = runs = target(model) + (HEADS.get(run["variant"], "") if several else "")
        if run["variant"] == "aux_logits=True":
            runs = target(model)  # in evaluation, a classifier leaves its auxiliary heads out
        axes = ("depth", "height", "width")[-len(run["input"][1:]) :]
        size = {f"input.{a}": str(n) for a, n in zip(axes, run["input"][1:], strict=True)}
        assert sum(row.macs for row in rows_of_spec(runs, size)) == run["macs"]
        (out,) = build(runs, size).graph.outputs
        assert list(out.output.sizes) == run["output"]["out"]
        rows = rows_of_spec(holds)
        assert sum(row.params for row in rows) == data["params"][run["variant"]]
        assert sum(row.buffers for row in rows) == data["buffers"][run["variant"]]
