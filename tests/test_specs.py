"""The bundled specs as a zoo: what each must say, and that all of it holds."""

from __future__ import annotations

import json
import re
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from zoo import NAMES, SPECS, built, of_block, spec

from archcalc.graph import Node

TRUTH = Path(__file__).parent / "data" / "truth"
TOTALS = json.loads((TRUTH / "totals.json").read_text(encoding="utf-8"))
LECTURE = "V. Mikayelyan, Deep Learning (lecture slides), 2020"
TARGETS = [f"{name}@{variant}" for name in NAMES for variant in spec(name).variants]
GENERIC = {"bottleneck", "paper", "torchvision", "valid"}
"""Names that several specs have for a variant; every other one stands for one network."""


# Counts from the graph alone, independent of how commands add up.


def weights(node: Node) -> list[Any]:
    return [] if node.shared else list(node.layer.weights(*(i.output for i in node.inputs)))


def operations(node: Node) -> list[Any]:
    return list(node.layer.operations(node.output, *(i.output for i in node.inputs)))


def count(nodes: list[Node], figure: str) -> int:
    """One figure of a network, as ``docs/counting.md`` defines it."""
    if figure == "active":
        used = [w.active or w.product for n in nodes for w in weights(n) if not w.buffer]
        return sum(product.value for product in used)
    if figure in ("params", "trainable", "buffers"):
        wanted = {
            "params": lambda w: not w.buffer,
            "trainable": lambda w: not w.buffer and not w.frozen,
            "buffers": lambda w: w.buffer,
        }[figure]
        return sum(w.product.value for node in nodes for w in weights(node) if wanted(w))
    kinds = {"macs": ("mac",), "multiplications": ("mac", "mul")}[figure]
    return sum(
        o.product.value
        for node in nodes
        if node.layer.kind != "batch_norm"  # folded into the convolution before it
        for o in operations(node)
        if o.kind in kinds
    )


def number(text: str) -> tuple[Decimal, int]:
    """``138M`` as a number, and the power of ten of its last digit that says something.

    Zeros at the end of a whole number say nothing: 60M has one digit, 4.10M has three.
    """
    match = re.fullmatch(r"([\d_]+)(\.\d+)?([kKMGBT]?)", text)
    assert match, f"not a figure: {text}"
    digits = Decimal((match[1] + (match[2] or "")).replace("_", ""))
    power = {"": 0, "k": 3, "K": 3, "M": 6, "G": 9, "B": 9, "T": 12}[match[3]]
    if match[2]:
        last = power - len(match[2]) + 1
    else:
        whole = match[1].replace("_", "")
        last = power + len(whole) - len(whole.rstrip("0") or whole)
    return digits.scaleb(power), last


def holds(figure: str, value: int) -> bool:
    """Whether ``value`` rounds to the figure at the digits that it is written with."""
    printed, last = number(figure)
    rounded = (Decimal(value).scaleb(-last)).quantize(Decimal(1), ROUND_HALF_UP).scaleb(last)
    return rounded == printed


@pytest.mark.parametrize(
    "figure, value, good",
    [
        ("138M", 138_357_544, True),
        ("138M", 138_600_000, False),
        ("60M", 60_965_224, True),
        ("60M", 65_000_000, False),
        ("25.6M", 25_557_032, True),
        ("25.5M", 25_557_032, False),
        ("60k", 61_706, True),
        ("15.470G", 15_470_264_320, True),
        ("0.301G", 300_774_272, True),
        ("120M", 120_422_400, True),
        ("61_706", 61_706, True),
        ("61_706", 61_707, False),
        ("0", 0, True),
    ],
)
def test_a_figure_holds_at_its_own_precision(figure: str, value: int, good: bool) -> None:
    assert holds(figure, value) is good


# What every spec says.


@pytest.mark.parametrize("name", NAMES)
def test_a_spec_says_what_it_is(name: str) -> None:
    loaded = spec(name)
    assert loaded.name == name
    assert loaded.meta["title"] and loaded.meta["family"]
    assert loaded.default_variant in loaded.variants


@pytest.mark.parametrize("name", NAMES)
def test_a_spec_is_short_and_plain(name: str) -> None:
    text = (SPECS / f"{name}.yaml").read_text(encoding="utf-8")
    assert text.isascii() or {c for c in text if not c.isascii()} <= {"·"}
    assert text.startswith("# "), "the first lines say in words what it is"
    assert text.count("\n") <= 300
    assert text.endswith("\n") and "\t" not in text
    assert not re.search(r"[ \t]+$", text, re.MULTILINE)


@pytest.mark.parametrize("target", TARGETS)
def test_every_figure_that_is_expected_is_computed(target: str) -> None:
    name, _, variant = target.partition("@")
    expect = spec(name).expect(variant)
    assert "params" in expect and "macs" in expect
    nodes = built(target).graph.nodes
    assert {figure: count(nodes, figure) for figure in expect} == expect


@pytest.mark.parametrize("target", TARGETS)
def test_every_published_figure_holds(target: str) -> None:
    name, _, variant = target.partition("@")
    nodes = built(target).graph.nodes
    for record in spec(name).published(variant):
        assert record["source"]
        assert len(record) > 1, f"{record['source']} says nothing"
        for figure in ("params", "trainable", "active", "macs", "multiplications"):
            if figure in record:
                value = count(nodes, figure)
                assert holds(record[figure], value), f"{record} but {figure} = {value:,}"
        for accuracy in ("top1", "top5"):
            if accuracy in record:
                assert 50 < float(record[accuracy]) < 100
        if "top1" in record and "top5" in record:
            assert float(record["top1"]) < float(record["top5"])


def test_a_variant_is_named_once_unless_its_name_is_a_plain_word() -> None:
    names = Counter(variant for name in NAMES for variant in spec(name).variants)
    assert {variant for variant, times in names.items() if times > 1} == GENERIC
    # A variant may have its own spec's name, never another's.
    for name in NAMES:
        for variant in spec(name).variants:
            assert variant == name or variant not in NAMES


# What others published.


@pytest.mark.parametrize(
    "target, figures",
    [
        ("lenet5@taught", {"params": "60K"}),
        ("alexnet@paper", {"params": "60M", "top1": "63.3", "top5": "84.6"}),
        ("vgg@vgg16", {"params": "138M", "top1": "74.4", "top5": "91.9"}),
        ("vgg@vgg19", {"params": "144M", "top1": "74.5", "top5": "92"}),
        ("resnet@resnet50", {"params": "25.6M", "top1": "77.15", "top5": "93.29"}),
        ("conv5x5@direct", {"multiplications": "120M"}),
        ("conv5x5@bottleneck", {"multiplications": "12.4M"}),
        ("pooling@max", {"params": "0"}),
    ],
)
def test_the_lecture_is_quoted(target: str, figures: dict[str, str]) -> None:
    name, _, variant = target.partition("@")
    records = [r for r in spec(name).published(variant) if r["source"] == LECTURE]
    assert records == [{"source": LECTURE, **figures}]


TORCHVISION = {
    "alexnet": "alexnet@torchvision",
    "googlenet": "googlenet@torchvision",
    "mobilenet_v2": "mobilenet_v2@w1.0",
    **{n: f"vgg@{n}" for n in TOTALS["torchvision"] if n.startswith("vgg")},
    **{n: f"resnet@{n}" for n in TOTALS["torchvision"] if n.startswith("resnet")},
    **{n: f"densenet@{n}" for n in TOTALS["torchvision"] if n.startswith("densenet")},
    **{n: f"squeezenet@{n}" for n in TOTALS["torchvision"] if n.startswith("squeezenet")},
    **{n: f"vit@{n}" for n in TOTALS["torchvision"] if n.startswith("vit")},
}


def published_by_torchvision(target: str) -> dict[str, dict[str, str]]:
    name, _, variant = target.partition("@")
    records = spec(name).published(variant)
    return {r["source"].split()[1]: r for r in records if r["source"].startswith("torchvision ")}


@pytest.mark.parametrize("model", TORCHVISION)
def test_totals_and_accuracies_are_torchvisions(model: str) -> None:
    truth = TOTALS["torchvision"][model]
    seen = 0
    for weights in truth["published"]:
        target = TORCHVISION[model]
        if weights["crop"] != 224:
            target += f"-{weights['crop']}"
        record = published_by_torchvision(target)[weights["weights"]]
        assert int(record["params"].replace("_", "")) == weights["num_params"]
        assert record["macs"] == f"{weights['gmacs']}G"
        assert float(record["top1"]) == weights["acc1"]
        assert float(record["top5"]) == weights["acc5"]
        nodes = built(target).graph.nodes
        assert count(nodes, "params") == weights["num_params"]
        shape = [3, weights["crop"], weights["crop"]]
        macs = {c["macs"] for c in truth["computed"] if c["input"] == shape}
        assert macs == {count(nodes, "macs")}
        seen += 1
    assert seen


@pytest.mark.parametrize("target, aux", [("inception_v3", False), ("inception_v3-aux", True)])
def test_inception_v3_is_torchvisions(target: str, aux: bool) -> None:
    truth = TOTALS["torchvision"]["inception_v3"]
    (weights,) = truth["published"]
    nodes = built(f"inception_v3@{target}").graph.nodes
    assert count(nodes, "params") == truth["params"][f"aux_logits={aux}"]
    record = published_by_torchvision(f"inception_v3@{target}")[weights["weights"]]
    assert float(record["top1"]) == weights["acc1"] and float(record["top5"]) == weights["acc5"]
    if aux:  # the weights hold the auxiliary head
        assert int(record["params"].replace("_", "")) == weights["num_params"]
    else:  # which the published multiplications leave out
        assert record["macs"] == f"{weights['gmacs']}G"
        macs = {c["macs"] for c in truth["computed"] if c["input"] == [3, 299, 299]}
        assert macs == {count(nodes, "macs")}


@pytest.mark.parametrize("model", TOTALS["gpt2"])
def test_gpt2_at_each_measured_length(model: str) -> None:
    truth = TOTALS["gpt2"][model]
    for run in truth["runs"]:
        result = spec("gpt2").build(model, {"input.length": str(run["length"])})
        assert not result.problems
        assert count(result.graph.nodes, "macs") == run["macs"]
        assert count(result.graph.nodes, "params") == truth["params"]


@pytest.mark.parametrize("name", ["mobilenet_v2", "unet"])
def test_totals_that_were_measured_with_torch(name: str) -> None:
    for variant, figures in TOTALS[name].items():
        nodes = built(f"{name}@{variant}").graph.nodes
        assert {figure: count(nodes, figure) for figure in figures} == figures


# What the lecture says in words.


def kinds(target: str) -> list[str]:
    return [node.layer.kind for node in built(target).graph.nodes]


@pytest.mark.parametrize("target", ["pooling@max", "pooling@average"])
def test_pooling_keeps_the_channels_and_has_nothing_to_train(target: str) -> None:
    (node,) = built(target).graph.nodes
    assert node.output["channels"] == node.inputs[0].output["channels"]
    assert weights(node) == []


@pytest.mark.parametrize("target", ["alexnet@paper", "vgg@vgg16", "vgg@vgg19"])
def test_a_relu_follows_every_convolution_and_linear_layer(target: str) -> None:
    nodes = built(target).graph.nodes
    last = max(n.index for n in nodes if n.layer.kind == "linear")
    for node, after in pairwise(nodes):
        if node.layer.kind in ("conv", "linear") and node.index != last:
            assert after.layer.kind == "relu" and after.path == node.path


@pytest.mark.parametrize("target", ["vgg@vgg16", "vgg@vgg19"])
def test_vgg_has_3x3_windows_that_keep_the_size_and_pools_that_halve_it(target: str) -> None:
    for node in built(target).graph.nodes:
        before = node.inputs[0].output
        if node.layer.kind == "conv":
            assert (node.layer.kernel_size, node.layer.stride) == (3, 1)
            assert node.output["height"] == before["height"]
        elif node.layer.kind == "max_pool":
            assert node.layer.kernel_size == 2
            assert node.output["height"] * 2 == before["height"]


def test_lenet5_uses_sigmoids_and_hyperbolic_tangents() -> None:
    assert {"sigmoid", "tanh"} <= set(kinds("lenet5@1998"))
    assert not {"relu", "gelu"} & set(kinds("lenet5@1998"))


def test_lenet5_of_1998_has_exactly_60000_trainable_parameters() -> None:
    nodes = built("lenet5@1998").graph.nodes
    assert count(nodes, "trainable") == 60_000
    assert count(nodes, "params") - count(nodes, "trainable") == 84 * 10


@pytest.mark.parametrize("block", ["basic", "bottleneck"])
def test_an_identity_shortcut_costs_its_additions_and_nothing_else(block: str) -> None:
    nodes = built(f"residual-block@{block}-identity").graph.nodes
    assert not [n for n in nodes if ".shortcut" in f".{n.path}"]
    (add,) = [n for n in nodes if n.layer.kind == "add"]
    assert weights(add) == []
    assert [(o.kind, o.product.value) for o in operations(add)] == [("add", add.output.elements)]
    projected = built(f"residual-block@{block}-projection").graph.nodes
    assert [n for n in projected if ".shortcut" in f".{n.path}"]


@pytest.mark.parametrize(
    "block, alone, macs",
    [("naive", "direct", 120_422_400), ("bottleneck", "bottleneck", 12_443_648)],
)
def test_the_5x5_branch_of_the_inception_block_is_the_lectures(
    block: str, alone: str, macs: int
) -> None:
    branch = of_block(built(f"inception-block@{block}").graph.nodes, "5x5")
    assert count(branch, "macs") == macs
    assert count(built(f"conv5x5@{alone}").graph.nodes, "multiplications") == macs


def test_the_two_forms_of_a_resnet_differ_in_multiplications_alone() -> None:
    for depth in (18, 34, 50, 101, 152):
        later = built(f"resnet@resnet{depth}").graph.nodes
        paper = built(f"resnet@resnet{depth}-v1").graph.nodes
        assert count(later, "params") == count(paper, "params")
        assert (count(later, "macs") > count(paper, "macs")) is (depth >= 50)
        assert [n.path for n in later] == [n.path for n in paper]


def test_unet_gives_the_papers_sizes() -> None:
    nodes = built("unet@valid").graph.nodes
    assert nodes[-1].output.sizes == (2, 388, 388)
    assert of_block(nodes, "bottom")[-1].output.sizes == (1024, 28, 28)
    padded = built("unet@padded").graph
    assert padded.nodes[-1].output.sizes[1:] == padded.inputs["input"].output.sizes[1:]


# What a user changes.


@pytest.mark.parametrize("name", NAMES)
def test_other_classes_and_other_images(name: str) -> None:
    loaded = spec(name)
    if "num_classes" in loaded.settings:
        result = loaded.build(None, {"num_classes": "10"})
        assert not result.problems
        assert result.graph.nodes[-1].output.sizes[0] == 10
    if "input.height" in loaded.setting_names:
        # Windows of 7 that may not be filled up must cover each stage of MaxViT.
        height, width = ("448", "672") if name == "maxvit" else ("320", "384")
        result = loaded.build(None, {"input.height": height, "input.width": width})
        assert not result.problems


def test_a_fully_connected_layer_fits_the_image_or_the_image_is_fitted_to_it() -> None:
    larger = {"input.height": "320", "input.width": "320"}
    for target, changes in (
        ("resnet@resnet50", False),  # global pooling
        ("vgg@vgg16", False),  # torchvision's adaptive pooling
        ("alexnet@torchvision", False),
        ("alexnet@paper", True),  # the paper's fc6 has as many weights as the maps need
        ("lenet5@taught", True),
    ):
        name, _, variant = target.partition("@")
        before = count(built(target).graph.nodes, "params")
        after = count(spec(name).build(variant, larger).graph.nodes, "params")
        assert (after > before) is changes, target
