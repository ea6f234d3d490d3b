"""What other tools count: their own figures, to the digit, and every difference accounted for.

``tests/data/conventions/README.md`` says how the figures were measured. A figure that is not
reproduced stands in `FAULTS` below, with what is at fault and by how much.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from test_cli import call
from zoo import NAMES, built, spec

from archcalc.analysis.accounts import Census, given
from archcalc.analysis.conventions import (
    CONVENTIONS,
    QUANTITIES,
    WRITTEN,
    Convention,
    Facts,
    written_as,
)
from archcalc.analysis.count import count
from archcalc.analysis.counting import Counting
from archcalc.analysis.metrics import figures_by_name
from archcalc.graph import Graph
from archcalc.language import load_bytes
from archcalc.layers import KINDS
from archcalc.terms import OPERATION_KINDS

DATA = Path(__file__).parent / "data" / "conventions"


def records(name: str) -> list[dict[str, Any]]:
    with open(DATA / f"{name}.jsonl", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


TARGETS = {
    "alexnet": "alexnet@torchvision",
    "vgg16": "vgg@vgg16",
    "vgg19": "vgg@vgg19",
    "resnet18": "resnet@resnet18",
    "resnet34": "resnet@resnet34",
    "resnet50": "resnet@resnet50",
    "googlenet": "googlenet@torchvision",
    "mobilenet_v2": "mobilenet_v2@w1.0",
    "densenet121": "densenet@densenet121",
    "squeezenet1_0": "squeezenet@squeezenet1_0",
    "efficientnet_b0": "efficientnet@efficientnet_b0",
    "vit_b_16": "vit@vit_b_16",
    "convnext_tiny": "convnext@convnext_tiny",
    "shufflenet_v2_x1_0": "shufflenet_v2@shufflenet_v2_x1_0",
    "inception_v3": "inception_v3@inception_v3",
    "mobilenet_v3_small": "mobilenet_v3@mobilenet_v3_small",
    "mobilenet_v3_large": "mobilenet_v3@mobilenet_v3_large",
    "mnasnet1_0": "mnasnet@mnasnet1_0",
    "regnet_x_400mf": "regnet_x@regnet_x_400mf",
    "regnet_y_400mf": "regnet_y@regnet_y_400mf",
    "resnext50_32x4d": "resnext@resnext50_32x4d",
    "wide_resnet50_2": "wide_resnet@wide_resnet50_2",
    "vgg16_bn": "vgg@vgg16_bn",
    "swin_t": "swin@swin_t",
}

KEYS = {
    "torch_flops": "torch",
    "fvcore_flops": "fvcore",
    "ptflops_pytorch_macs": "ptflops",
    "ptflops_aten_macs": "ptflops-aten",
    "thop_macs": "thop",
    "torchinfo_mult_adds": "torchinfo",
    "torchprofile_macs": "torchprofile",
}
"""The conventions of the figures in networks.jsonl."""


def measured(record: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """Each convention and the figure that its tool gave."""
    for key, convention in KEYS.items():
        yield convention, record[key]
    flops, macs, _ = record["calflops_flops_macs_params"]
    yield "calflops", flops
    yield "calflops-macs", macs


NETWORKS = [*records("networks"), *records("more")]
FIGURES = [
    pytest.param(record["model"], convention, int(figure), id=f"{record['model']}-{convention}")
    for record in NETWORKS
    for convention, figure in measured(record)
]


# What the tools miss of the networks, and by how much. The figures above are met with these
# taken off: a network is counted as torchvision's code is seen by the tool (`WRITTEN`).
FAULTS = {
    ("vit_b_16", "torch"): {
        # The module runs its products as one fused operation: projections and scores are lost.
        "attention as torch.nn.MultiheadAttention, which it does not see": -12_585_406_464,
    },
    ("vit_b_16", "fvcore"): {
        # scaled_dot_product_attention has no rule: the scores and the weighted values are lost.
        "attention as torch.nn.MultiheadAttention, 1 per MAC of the projections instead of 1 per "
        "MAC": -715_327_488,
    },
    ("vit_b_16", "ptflops"): {
        "attention as torch.nn.MultiheadAttention, 1 per bias added to an output": 7_262_208,
        "attention as torch.nn.MultiheadAttention, 1 per score of the softmax": 5_588_496,
        # It takes the queries to be scaled, where archcalc's attention scales the scores.
        "attention as torch.nn.MultiheadAttention, 1 per element": 1_815_552,
    },
    ("vit_b_16", "ptflops-aten"): {
        "attention as torch.nn.MultiheadAttention, 1 per MAC of the projections instead of 1 per "
        "MAC": -715_327_488,
        "attention as torch.nn.MultiheadAttention, 1 per bias added to an output": 7_262_208,
    },
    ("vit_b_16", "thop"): {
        "attention as torch.nn.MultiheadAttention, which it does not see": -5_577_375_744,
    },
    ("vit_b_16", "torchinfo"): {
        "attention as torch.nn.MultiheadAttention, which it does not see": -28_348_416,
    },
    ("vit_b_16", "calflops"): {
        "attention as torch.nn.MultiheadAttention, 2 per MAC of the projections instead of 1 per "
        "MAC": 4_862_048_256,
    },
    ("vit_b_16", "calflops-macs"): {
        "attention as torch.nn.MultiheadAttention, 1 per MAC of the projections instead of 1 per "
        "MAC": -715_327_488,
    },
    ("vit_b_16", "torchprofile"): {
        # Sizes that are multiplied while a tensor is reshaped: four in each attention, one before.
        "attention as torch.nn.MultiheadAttention, 4 per layer": 48,
        "to_sequence with a product of sizes, 1 per layer": 1,
    },
    # torch.nn.functional.relu counts once, torch.nn.ReLU twice; so for pooling.
    ("googlenet", "ptflops"): {"relu as a function, 1 per element": 3_226_160},
    ("inception_v3", "ptflops"): {
        "relu as a function, 1 per element": 8_967_488,
        "avg_pool as a function, 1 per element that comes in": 2_002_400,
        "max_pool as a function, 1 per element that comes in": 574_752,
    },
    ("densenet121", "ptflops"): {
        "relu as a function, 1 per element": 50_176,
        "global_avg_pool as a function, 1 per element that comes in": 50_176,
    },
    ("mobilenet_v2", "ptflops"): {
        "global_avg_pool as a function, 1 per element that comes in": 62_720,
    },
    # A function is no module, so thop's hooks never hear of it.
    ("inception_v3", "thop"): {"avg_pool as a function, which it does not see": -2_002_400},
    ("densenet121", "thop"): {"global_avg_pool as a function, which it does not see": -51_200},
    ("mobilenet_v2", "thop"): {"global_avg_pool as a function, which it does not see": -64_000},
    # x.mean([2, 3]) is pooling to no tool but torchprofile.
    ("shufflenet_v2_x1_0", "fvcore"): {
        "global_avg_pool as a mean, which it does not see": -50_176,
    },
    ("shufflenet_v2_x1_0", "ptflops"): {
        "global_avg_pool as a mean, which it does not see": -100_352,
    },
    ("shufflenet_v2_x1_0", "thop"): {"global_avg_pool as a mean, which it does not see": -51_200},
    ("shufflenet_v2_x1_0", "calflops"): {
        "global_avg_pool as a mean, which it does not see": -50_176,
    },
    ("mnasnet1_0", "fvcore"): {"global_avg_pool as a mean, which it does not see": -62_720},
    ("mnasnet1_0", "ptflops"): {"global_avg_pool as a mean, which it does not see": -125_440},
    ("mnasnet1_0", "thop"): {"global_avg_pool as a mean, which it does not see": -64_000},
    ("mnasnet1_0", "calflops"): {"global_avg_pool as a mean, which it does not see": -62_720},
    # Swin calls the function `linear` on the weights of its projections, so no module is called.
    ("swin_t", "ptflops"): {
        "window_attention as functions on its weights, 1 per MAC of the scores instead of 1 per "
        "MAC": -1_387_266_048,
        "window_attention as functions on its weights, 1 per score of the softmax": 2_189_712,
    },
    ("swin_t", "thop"): {
        "window_attention as functions on its weights, which it does not see": -1_387_266_048,
    },
    ("swin_t", "torchinfo"): {
        "window_attention as functions on its weights, which it does not see": -8_667_162,
    },
    ("swin_t", "torchprofile"): {
        # The queries are scaled, and two sizes multiplied in each block.
        "window_attention as functions on its weights, 1 per element": 1_430_016,
        "window_attention as functions on its weights, 2 per layer": 24,
    },
    # LayerNorm2d is a class of torchvision's own, which no table of modules knows.
    ("convnext_tiny", "ptflops"): {
        "layer_norm as a subclass of its own, which it does not see": -828_672,
    },
    ("convnext_tiny", "thop"): {
        "layer_norm as a subclass of its own, which it does not see": -3_314_688,
    },
    # Its 1x1 convolutions are linear layers over each position.
    ("convnext_tiny", "torchinfo"): {
        "conv as a linear layer, 1 per weight instead of 1 per MAC": -4_135_886_496,
    },
    ("convnext_tiny", "calflops"): {},
}
"""What the code of a network, and not the convention, adds or takes; all else is the rule's."""


@cache
def census(target: str) -> Census:
    return Census(built(target).graph, target)


@pytest.mark.parametrize(("model", "convention", "figure"), FIGURES)
def test_a_tools_figure_comes_out_to_the_digit(model: str, convention: str, figure: int) -> None:
    graph = built(TARGETS[model]).graph
    counting = Counting(convention=convention)
    totals = count(graph, counting, target=TARGETS[model]).totals
    assert totals.counted == figure
    assert census(TARGETS[model]).figure(CONVENTIONS[convention]) == figure


@pytest.mark.parametrize(("model", "convention", "figure"), FIGURES)
def test_what_the_code_changes_is_listed(model: str, convention: str, figure: int) -> None:
    account = census(TARGETS[model]).account(convention)
    faults = {e.what: e.amount for e in account.entries if not e.seen}
    assert faults == FAULTS.get((model, convention), {})


@pytest.mark.parametrize("record", NETWORKS, ids=lambda r: r["model"])
def test_the_parameters_are_the_tools(record: dict[str, Any]) -> None:
    params = count(built(TARGETS[record["model"]]).graph).totals.params
    assert params == record["params"] == record["calflops_flops_macs_params"][2]


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("target", TARGETS.values())
def test_the_lines_of_an_account_add_up(target: str, convention: str) -> None:
    graph = built(target).graph
    account = census(target).account(convention)
    assert account.macs == count(graph).totals.mac
    assert account.macs + sum(e.amount for e in account.entries) == account.figure
    assert account.figure == census(target).figure(CONVENTIONS[convention])
    assert all(entry.amount for entry in account.entries)
    names = [entry.what for entry in account.entries]
    assert len({*names}) == len(names)


def test_an_account_says_what_each_line_is() -> None:
    fvcore = census("resnet@resnet50").account("fvcore")
    assert [(e.amount, e.what) for e in fvcore.entries] == [
        (22_227_968, "batch_norm, 2 per element"),
        (100_352, "global_avg_pool, 1 per element that comes in"),
    ]
    torch = census("vgg@vgg16").account("torch")
    assert [(e.amount, e.what) for e in torch.entries] == [
        (15_470_264_320, "every MAC counted as 2"),
    ]


# Single layers.


def of_step(step: str, dims: str) -> Graph:
    text = f"archcalc: 1\nname: one\ninput: {dims}\nlayers:\n  - {step}\n"
    result = load_bytes(text.encode(), "one.yaml", None).build()
    assert not result.problems, result.problems
    return result.graph


def figure_of(graph: Graph, convention: Convention, called: str = "") -> int:
    return sum(
        convention.figure(n.layer, n.output, tuple(i.output for i in n.inputs), called)
        for n in graph.nodes
    )


class Fault(NamedTuple):
    """What a tool gives more (or less) than its convention for a layer, and why."""

    more: int
    why: str


TRANSPOSED = "torch.nn.ConvTranspose2d(12, 8, 3, stride=2"
LAYER_FAULTS = {
    (f"{TRANSPOSED})", "calflops"): Fault(
        -3_064, "works out the output of a plain convolution, 4 x 4, and counts biases for that"
    ),
    (f"{TRANSPOSED}, groups=4)", "calflops"): Fault(
        -42_040, "divides the channels by the groups once more, and has no products left"
    ),
    (f"{TRANSPOSED}, groups=4)", "calflops-macs"): Fault(-19_440, "as above"),
    (f"{TRANSPOSED}, groups=4)", "torchprofile"): Fault(
        258_552, "does not divide the input's channels by the groups"
    ),
    ("torch.nn.LocalResponseNorm(5)", "ptflops"): Fault(
        360, "the square is padded by 4 channels, which are averaged, too"
    ),
    ("torch.nn.LocalResponseNorm(5)", "calflops"): Fault(360, "as above"),
}
"""Where a tool does not follow its own rule for a single layer."""


@pytest.mark.parametrize("record", records("layers"), ids=lambda r: f"{r['module']}-{r['written']}")
def test_a_layer_counts_as_the_tools_count_it(record: dict[str, Any]) -> None:
    graph = of_step(record["step"], record["input"])
    for name, figure in record["figures"].items():
        fault = LAYER_FAULTS.get((record["module"], name), Fault(0, ""))
        assert figure_of(graph, CONVENTIONS[name], record["written"]) + fault.more == figure, name


# Keras and XLA.


KERAS_FAULTS = {
    "ResNet50": Fault(26_560, "its convolutions have a bias in front of each BatchNorm"),
    "InceptionV3": Fault(-17_216, "its BatchNorm has no gamma"),
    "EfficientNetB0": Fault(7, "normalises its input: a mean and a variance a channel, a counter"),
}
"""Where a network of keras.applications is not the one of the spec."""


@pytest.mark.parametrize("record", records("keras"), ids=lambda r: r["application"])
def test_keras_counts_moving_statistics_as_parameters(record: dict[str, Any]) -> None:
    counting = Counting(convention="keras")
    totals = count(built(record["target"]).graph, counting).totals
    params = figures_by_name(totals, "keras")["counted_params"]
    fault = KERAS_FAULTS.get(record["application"], Fault(0, ""))
    assert params + fault.more == record["count_params"]


XLA_FAULTS = {
    "vgg@vgg16": Fault(-25_088, "the pooling of 7 x 7 to 7 x 7 is not written in JAX"),
}


@pytest.mark.parametrize("record", records("xla"), ids=lambda r: r["function"])
def test_xla_leaves_products_with_padded_zeros_out(record: dict[str, Any]) -> None:
    xla = CONVENTIONS["xla"]
    if "target" in record:
        fault = XLA_FAULTS.get(record["target"], Fault(0, ""))
        figure = census(record["target"]).figure(xla) + fault.more
        assert abs(figure - record["flops"]) <= 4e-7 * figure  # XLA's sum is a float32
    else:
        assert figure_of(of_step(record["step"], record["input"]), xla) == record["flops"]


# The table.


@pytest.mark.parametrize("name", CONVENTIONS)
def test_the_table_names_what_there_is(name: str) -> None:
    convention = CONVENTIONS[name]
    assert name == name.lower()
    for line in (*convention.counts, *(e for lines in convention.called.values() for e in lines)):
        assert line.of in QUANTITIES
        assert {*line.kinds} <= {*KINDS}
        for argument, value in line.where:
            for kind in line.kinds:
                field = KINDS[kind].fields[argument]
                assert value in getattr(field, "words", (True, False))


def test_every_way_of_writing_a_layer_is_known_to_a_convention() -> None:
    known = {called for convention in CONVENTIONS.values() for called in convention.called}
    for entry in WRITTEN:
        assert entry.called in known
        assert entry.kind in KINDS
        family = entry.targets.partition("@")[0]
        assert family in NAMES
        variants = [f"{family}@{variant}" for variant in spec(family).variants]
        rows = [
            node.path
            for target in variants
            for node in built(target).graph.nodes
            if node.layer.kind == entry.kind
            and written_as(target)(node.layer.kind, node.path) == entry.called
        ]
        assert rows, entry


def test_archcalcs_own_entry_is_the_macs() -> None:
    for target in TARGETS.values():
        assert (
            census(target).figure(CONVENTIONS["archcalc"]) == count(built(target).graph).totals.mac
        )


@pytest.mark.parametrize("target", ["vit@vit_b_16", "gpt2@gpt2"])
def test_an_mlp_is_made_of_layers_that_cost_the_same(target: str) -> None:
    for node in built(target).graph.nodes:
        if node.layer.kind == "mlp":
            xs = tuple(source.output for source in node.inputs)
            whole = Facts(node.layer, node.output, xs, "dense")
            parts = [Facts(*made, "dense") for made in node.layer.made_of(node.output, *xs)]
            assert len(parts) == 3
            for kind in OPERATION_KINDS:
                assert whole.of_kind(kind) == sum(part.of_kind(kind) for part in parts)


def test_a_batch_multiplies_the_figure() -> None:
    graph = built("resnet@resnet18").graph
    one = count(graph, Counting(convention="fvcore"), target="resnet@resnet18").totals
    four = count(graph, Counting(convention="fvcore"), batch=4, target="resnet@resnet18").totals
    assert four.counted == 4 * one.counted
    assert four.params == one.params


def test_a_file_is_counted_by_the_rule_alone() -> None:
    graph = built("densenet@densenet121").graph
    bundled = count(graph, Counting(convention="thop"), target="densenet@densenet121").totals
    file = count(graph, Counting(convention="thop")).totals
    assert file.counted - bundled.counted == 51_200


def test_who_gives_a_figure() -> None:
    graph = built("resnet@resnet50").graph
    found = {(g.by, g.what): g.value for g in given(graph, "resnet@resnet50", count(graph).totals)}
    assert found["archcalc", "params"] == 25_557_032
    assert found["keras", "params"] == 25_610_152
    assert found["archcalc", "MACs"] == 4_089_184_256
    assert found["torch", CONVENTIONS["torch"].unit] == 8_178_368_512


# The commands.


def test_a_command_counts_as_another_tool_does() -> None:
    answer = call("macs", "resnet50", "--convention", "fvcore", "--exact")
    assert re.search(r"^Total .* 4,111,512,576 ", answer.out, re.MULTILINE)
    assert answer.out.splitlines()[-1] == "fvcore convention: flops, one per MAC; one sample"
    assert "fvcore flops" in answer.out


@pytest.mark.parametrize("command", ["shapes", "params", "macs", "summary", "activations"])
def test_the_figures_of_a_convention_add_up(command: str) -> None:
    data = call(command, "vgg16", "--convention", "thop", "--format", "json").data
    assert data["convention"] == "thop"
    assert data["totals"]["counted"] == 15_470_314_496
    assert data["totals"]["macs"] == 15_470_264_320
    assert sum(row["counted"] for row in data["layers"]) == 15_470_314_496


def test_parameters_with_moving_statistics() -> None:
    answer = call("params", "mobilenet_v2", "--convention", "keras", "--exact")
    assert re.search(r"^Total .* 3,538,984 ", answer.out, re.MULTILINE)
    assert "parameters include BatchNorm's moving statistics" in answer.out.splitlines()[-1]
    answer = call("params", "mobilenet_v2", "--convention", "torch", "--exact")
    assert re.search(r"^Total .* 3,504,872 ", answer.out, re.MULTILINE)


def test_a_comparison_under_a_convention() -> None:
    out = call("compare", "resnet18", "resnet34", "--convention", "fvcore", "--exact").out
    assert re.search(r"^fvcore flops +1,819,065,856 +3,671,262,720 ", out, re.MULTILINE)


def test_conventions_are_listed() -> None:
    out = call("conventions").out
    for name, convention in CONVENTIONS.items():
        assert re.search(rf"^{name} +{re.escape(convention.unit)} ", out, re.MULTILINE)
    data = call("conventions", "--format", "json").data
    assert [c["name"] for c in data["conventions"]] == [*CONVENTIONS]


@pytest.mark.parametrize("name", CONVENTIONS)
def test_a_convention_says_what_it_counts(name: str) -> None:
    answer = call("conventions", name)
    assert answer.code == 0
    assert CONVENTIONS[name].tool in answer.out
    (data,) = call("conventions", name, "--format", "json").data["conventions"]
    assert data["unit"] == CONVENTIONS[name].unit


def test_a_network_under_all_conventions() -> None:
    out = call("conventions", "resnet50").out
    assert re.search(r"^fvcore +4,111,512,576 +1.01x  flops, one per MAC$", out, re.MULTILINE)
    assert re.search(r"^ +\+22,227,968 +batch_norm, 2 per element$", out, re.MULTILINE)
    data = call("conventions", "resnet50", "--format", "json").data
    for account in data["conventions"]:
        differences = sum(entry["amount"] for entry in account["differences"])
        assert account["macs"] + differences == account["figure"]


def test_unknown_conventions_have_a_suggestion() -> None:
    answer = call("macs", "vgg16", "--convention", "fvcor")
    assert answer.code == 2
    assert "did you mean 'fvcore'?" in answer.err


def test_a_choice_of_archcalc_is_no_choice_of_another_tool() -> None:
    answer = call("macs", "vgg16", "--convention", "fvcore", "--bn", "unfolded")
    assert answer.code == 2
    assert "--bn is a choice of the archcalc convention, not of fvcore" in answer.err


@pytest.mark.parametrize(
    ("target", "figure", "expected"),
    [
        ("resnet50", "4.1337G", ("resnet50", [3, 224, 224], "thop")),
        ("resnet50", "4.089G", ("resnet50", [3, 224, 224], "archcalc")),
        ("resnet50", "3.858G", ("resnet50-v1", [3, 224, 224], "archcalc")),
        ("alexnet", "60.97M", ("alexnet@paper", [3, 227, 227], "archcalc")),
        ("alexnet", "716.8M", ("alexnet@torchvision", [3, 227, 227], "archcalc")),
        ("alexnet", "62_378_344", ("alexnet@ungrouped", [3, 227, 227], "archcalc")),
        ("googlenet", "13.38M", ("googlenet@paper-aux", [3, 224, 224], "archcalc")),
        ("densenet121", "8.06M", ("densenet121", [3, 224, 224], "keras")),
        ("vit_b_16", "17.6060G", ("vit_b_16", [3, 224, 224], "ptflops")),
    ],
)
def test_a_published_figure_is_identified(
    target: str, figure: str, expected: tuple[str, list[int], str]
) -> None:
    answer = call("identify", target, figure, "--format", "json")
    assert answer.code == 0
    found = [
        (m["target"], [*m["inputs"]["input"].values()], by)
        for m in answer.data["matches"]
        for by in m["conventions"]
    ]
    assert expected in found


def test_the_variant_that_was_asked_for_comes_first() -> None:
    matches = call("identify", "resnet34", "3.7G", "--format", "json").data["matches"]
    assert matches[0]["target"] == "resnet34"
    assert matches[0]["own_input"]
    assert any(m["target"] != "resnet34" for m in matches)


def test_images_of_another_size_are_tried() -> None:
    answer = call("identify", "resnet50", "2.087G", "--size", "160", "--format", "json")
    assert {m["inputs"]["input"]["height"] for m in answer.data["matches"]} == {160}


def test_a_figure_that_nothing_gives() -> None:
    answer = call("identify", "resnet50", "25.7M")
    assert answer.code == 1
    assert "No variant gives it under any convention" in answer.out
    assert re.search(
        r"^resnet50 +3 x 224 x 224 +25,610,152 +-0.35% +params +keras$", answer.out, re.M
    )


def test_a_figure_must_be_one() -> None:
    answer = call("identify", "resnet50", "many")
    assert answer.code == 2
    assert "'many' is not a figure such as 4.1G" in answer.err
