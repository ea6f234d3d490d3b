"""Small and hand-written networks: what their papers and programs say, checked by plain sums."""

from __future__ import annotations

from itertools import groupby, pairwise

import pytest
from measured import build, rows_of_spec, spec

from archcalc.graph import Node


def params(target: str) -> int:
    return sum(row.params for row in rows_of_spec(target))


def nodes(target: str, *kinds: str) -> list[Node]:
    return [node for node in build(target).graph.nodes if node.layer.kind in kinds]


# ResNet on CIFAR-10 (He et al., section 4.2).


@pytest.mark.parametrize("variant", spec("resnet_cifar").variants)
def test_a_resnet_for_cifar_has_6n_plus_2_layers_and_free_shortcuts(variant: str) -> None:
    weighted = nodes(variant, "conv", "linear")
    assert len(weighted) == int(variant.removeprefix("resnet"))
    shortcuts = [node for node in build(variant).graph.nodes if ".shortcut" in node.path]
    assert {node.layer.kind for node in shortcuts} == {"max_pool", "pad"}
    for node in shortcuts:
        shapes = [source.output for source in node.inputs]
        assert list(node.layer.weights(*shapes)) == []
        assert sum(o.product.value for o in node.layer.operations(node.output, *shapes)) == 0


def test_the_stages_of_a_resnet_for_cifar_have_the_papers_maps() -> None:
    ends = {n.path.split(".")[0]: n.output.sizes for n in build("resnet56").graph.nodes}
    assert [ends[f"stage{i}"] for i in (1, 2, 3)] == [(16, 32, 32), (32, 16, 16), (64, 8, 8)]


# MLPerf Tiny: Keras adds the running means and variances to the parameters.


@pytest.mark.parametrize(
    "target, keras",
    [("ds_cnn-tiny", 24_908), ("mobilenet_v1-person", 221_794), ("autoencoder", 269_992)],
)
def test_keras_counts_of_mlperf_tiny(target: str, keras: int) -> None:
    assert sum(row.params + row.buffers for row in rows_of_spec(target)) == keras


def test_ds_cnn_by_hand() -> None:
    positions = 25 * 5  # 49 x 10, halved
    convolution = positions * 64 * 10 * 4
    pairs = 4 * (positions * 64 * 9 + positions * 64 * 64)
    assert sum(row.macs for row in rows_of_spec("ds_cnn-tiny")) == convolution + pairs + 64 * 12


def test_the_autoencoder_by_hand() -> None:
    sizes = [640, *[128] * 4, 8, *[128] * 4, 640]
    products = sum(a * b for a, b in pairwise(sizes))
    assert sum(row.macs for row in rows_of_spec("autoencoder")) == products
    normalised = 2 * sum(sizes[1:-1])
    assert params("autoencoder") == products + sum(sizes[1:]) + normalised


# Tutorials.


def test_perceptrons_by_hand() -> None:
    for target, sizes in (
        ("lenet-300-100", [784, 300, 100, 10]),
        ("lenet-300", [784, 300, 10]),
        ("mlp-512-512", [784, 512, 512, 10]),
    ):
        assert params(target) == sum(a * b + b for a, b in pairwise(sizes))


def test_networks_for_cifar_by_hand() -> None:
    keras = (27 * 32 + 32) + (288 * 32 + 32) + (288 * 64 + 64) + (576 * 64 + 64)
    assert params("cifar10-keras") == keras + (2304 * 512 + 512) + (512 * 10 + 10)
    pytorch = (75 * 6 + 6) + (150 * 16 + 16) + (400 * 120 + 120) + (120 * 84 + 84) + (84 * 10 + 10)
    assert params("cifar10-pytorch") == pytorch


@pytest.mark.parametrize(
    "target, vocab, dim, hidden, directions, tags",
    [
        ("bilstm_tagger", 10_000, 100, 100, 2, 45),
        ("lstm_tagger", 10_000, 100, 100, 1, 45),
        ("lstm_tagger-pytorch", 9, 6, 6, 1, 3),
    ],
)
def test_taggers_by_hand(
    target: str, vocab: int, dim: int, hidden: int, directions: int, tags: int
) -> None:
    gates = 4 * hidden * (dim + hidden) + 2 * 4 * hidden  # PyTorch has two bias vectors
    read = directions * hidden
    assert params(target) == vocab * dim + directions * gates + read * tags + tags
    graph = build(target).graph
    length = graph.nodes[-1].output["length"]
    steps = directions * 4 * hidden * (dim + hidden) + read * tags
    assert sum(row.macs for row in rows_of_spec(target)) == length * steps


def test_the_maps_of_a_network_on_raw_sound_are_the_papers() -> None:
    lengths = [node.output["length"] for node in nodes("audio_m11", "conv", "max_pool")]
    assert [length for length, _ in groupby(lengths)] == [8000, 2000, 500, 125, 32]


# RepVGG: the form for use is the trained one, added up.


@pytest.mark.parametrize("size", ["a0", "a1", "a2", "b0", "b1", "b1g4", "b2", "b3"])
def test_the_two_forms_of_repvgg_are_one_network(size: str) -> None:
    used = rows_of_spec(f"repvgg_{size}")
    trained = rows_of_spec(f"repvgg_{size}-train")
    convolutions = [row for row in trained if row.kind == "conv" and row.window[0] == (3, 3)]  # type: ignore[index]
    fused = [row for row in used if row.kind == "conv"]
    for alone, among in zip(fused, convolutions, strict=True):
        assert alone.params == among.params + alone.output[0]  # the normalisation's shift
        assert (alone.output, alone.macs, alone.window) == (among.output, among.macs, among.window)
    assert not [row for row in used if row.buffers or row.kind == "add"]
    assert len([r for r in used if r.kind == "relu"]) == len(fused)


# RegNet: the quantised line gives the stages that the paper prints.


@pytest.mark.parametrize(
    "target, depths, widths",
    [
        ("regnet_x_400mf-paper", [1, 2, 7, 12], [32, 64, 160, 384]),
        ("regnet_x_400mf", [1, 2, 7, 12], [32, 64, 160, 400]),  # torchvision's
        ("regnet_x_800mf", [1, 3, 7, 5], [64, 128, 288, 672]),
        ("regnet_x_1_6gf", [2, 4, 10, 2], [72, 168, 408, 912]),
        ("regnet_x_3_2gf", [2, 6, 15, 2], [96, 192, 432, 1008]),
        ("regnet_x_8gf", [2, 5, 15, 1], [80, 240, 720, 1920]),
        ("regnet_x_16gf", [2, 6, 13, 1], [256, 512, 896, 2048]),
        ("regnet_x_32gf", [2, 7, 13, 1], [336, 672, 1344, 2520]),
        ("regnet_y_800mf-paper", [1, 3, 8, 2], [64, 128, 320, 768]),
        ("regnet_y_8gf-paper", [2, 4, 10, 1], [168, 448, 896, 2016]),
    ],
)
def test_the_stages_of_regnet(target: str, depths: list[int], widths: list[int]) -> None:
    blocks = [node.output["channels"] for node in nodes(target, "add")]
    stages = [(len(list(run)), width) for width, run in groupby(blocks)]
    assert stages == list(zip(depths, widths, strict=True))
