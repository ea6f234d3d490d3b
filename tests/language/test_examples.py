"""The examples of the language's description come to the totals that it prints."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from archcalc.analysis.count import count
from archcalc.language import Built, load
from archcalc.problems import Source

SPECS = Path(__file__).parent / "specs"

# Parameters and multiply-accumulates, exactly or to three decimals of a billion.
TOTALS: dict[str, tuple[int, int | str]] = {
    "inception-block@naive": (387_296, 303_464_448),
    "inception-block@bottleneck": (163_696, 128_049_152),
    "vgg16": (138_357_544, 15_470_264_320),
    "vgg@vgg16": (138_357_544, 15_470_264_320),
    "vgg@vgg19": (143_667_240, 19_632_062_464),
    "resnet@resnet18": (11_689_512, "1.814"),
    "resnet@resnet34": (21_797_672, "3.664"),
    "resnet@resnet50": (25_557_032, "4.089"),
    "resnet@resnet101": (44_549_160, "7.801"),
    "resnet@resnet152": (60_192_808, "11.514"),
    "googlenet": (6_998_552, 1_582_671_872),
    "googlenet aux=true": (13_378_280, 1_591_044_096),
    "mobilenet_v2@w1.0": (3_504_872, 300_774_272),
    "mobilenet_v2@w0.5": (1_968_680, 97_131_840),
    "unet": (31_030_658, 150_428_424_448),
    "vit@vit_b_16": (86_567_656, "17.564"),
    "vit@vit_b_32": (88_224_232, "4.409"),
    "vit@vit_l_16": (304_326_632, "61.555"),
    "vit@vit_h_14": (632_045_800, "167.295"),
    "gpt2@gpt2": (124_439_808, "145.824"),
    "gpt2@gpt2-medium": (354_823_168, ""),
    "gpt2@gpt2-large": (774_030_080, ""),
    "gpt2@gpt2-xl": (1_557_611_200, ""),
}


def build(case: str) -> Built:
    target, _, override = case.partition(" ")
    name, _, variant = target.partition("@")
    path = SPECS / f"{name}.yaml"
    spec = load(Source(path.name, path.read_text("utf-8")), None)
    built = spec.build(variant or None, dict([override.split("=")]) if override else {})
    assert not built.problems
    return built


@pytest.mark.parametrize(("case", "expected"), TOTALS.items())
def test_totals(case: str, expected: tuple[int, int | str]) -> None:
    totals = count(build(case).graph).totals
    params, macs = expected
    assert totals.params == params
    if isinstance(macs, int):
        assert totals.mac == macs
    elif macs:
        assert (Decimal(totals.mac) / 10**9).quantize(Decimal("0.001")) == Decimal(macs)


def test_the_branch_of_the_lecture() -> None:
    for variant, macs in (("naive", 120_422_400), ("bottleneck", 12_443_648)):
        rows = count(build(f"inception-block@{variant}").graph).rows
        assert sum(r.figures.mac for r in rows if r.path.startswith("5x5")) == macs


def test_each_example_is_here() -> None:
    named = {case.split(" ")[0].split("@")[0] for case in TOTALS}
    assert named == {path.stem for path in SPECS.glob("*.yaml")}


@pytest.mark.parametrize("case", TOTALS)
def test_what_they_expect_of_themselves(case: str) -> None:
    target, _, override = case.partition(" ")
    name, _, variant = target.partition("@")
    path = SPECS / f"{name}.yaml"
    spec = load(Source(path.name, path.read_text("utf-8")), None)
    expected = {} if override else spec.expect(variant or None)
    totals = count(build(case).graph).totals
    assert {"params": totals.params, "macs": totals.mac}.items() >= expected.items()


# The parts that the examples do not show: layers → parameters and multiply-accumulates.
PARTS = {
    "dense layer": (
        "settings: {growth: 32}\ninput: {channels: 64, height: 8, width: 8}\n"
        "defaults: {conv: {bias: false, padding: half}}\nlayers:\n"
        "  - concat: [input, [batch_norm, relu, {conv: [4*growth, 1]}, batch_norm, relu,"
        " {conv: [growth, 3]}]]\n",
        64 * 2 + 64 * 128 + 128 * 2 + 128 * 32 * 9,
        64 * (64 * 128 + 128 * 32 * 9),
    ),
    "squeeze and excitation": (
        "input: {channels: 64, height: 8, width: 8}\nlayers:\n"
        "  - mul: [input, [{global_avg_pool: {keepdims: true}},"
        ' {conv: ["make_divisible(input.channels / 4, 8)", 1]}, relu,'
        " {conv: [input.channels, 1]}, hard_sigmoid]]\n",
        64 * 16 + 16 + 16 * 64 + 64,
        64 * 16 * 2,
    ),
    "two inputs": (
        "settings: {vocab: 100, dim: 8}\n"
        "inputs: {tokens: {length: 512, dtype: int64}, segments: {length: 512, dtype: int64}}\n"
        "layers: [{add: [[{from: tokens}, {embedding: [vocab, dim]}, {position_embedding: 512}],"
        " [{from: segments}, {embedding: [2, dim]}]]}, layer_norm]\n",
        100 * 8 + 512 * 8 + 2 * 8 + 2 * 8,
        0,
    ),
    "keyword spotting": (
        "input: {length: 49, features: 10}\n"
        "layers: [{lstm: {hidden_size: 118, num_layers: 2}}, {select_token: -1}, {linear: 12}]\n",
        4 * 118 * (10 + 118 + 2) + 4 * 118 * (118 + 118 + 2) + 118 * 12 + 12,
        49 * (4 * 118 * (10 + 118) + 4 * 118 * (118 + 118)) + 118 * 12,
    ),
    "three dimensions": (
        "input: {channels: 3, depth: 16, height: 112, width: 112}\n"
        "layers: [{conv: {out_channels: 64, kernel_size: [3, 7, 7], stride: [1, 2, 2],"
        " padding: half}}]\n",
        64 * 3 * 3 * 7 * 7 + 64,
        64 * 3 * 3 * 7 * 7 * 16 * 56 * 56,
    ),
}


@pytest.mark.parametrize("name", PARTS)
def test_parts(name: str) -> None:
    text, params, macs = PARTS[name]
    built = load(Source("net.yaml", f"archcalc: 1\nname: net\n{text}"), None).build()
    assert not built.problems
    totals = count(built.graph).totals
    assert (totals.params, totals.mac) == (params, macs)
