"""From a graph to figures: what is counted, how often, and that rows add up to the total."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import pytest
from zoo import NAMES, built, spec

from archcalc.analysis.collapse import collapse, fold
from archcalc.analysis.compare import align, level
from archcalc.analysis.count import NOTHING, Figures, Result, count, prefix, total
from archcalc.analysis.counting import CHOICES, Counting, statement
from archcalc.analysis.metrics import METRICS, figures_by_name, shown_by, telling
from archcalc.analysis.published import figure
from archcalc.graph import Graph, Node
from archcalc.layers import KINDS
from archcalc.shapes import Shape
from archcalc.terms import OPERATION_KINDS

TARGETS = [f"{name}@{variant}" for name in NAMES for variant in spec(name).variants or [""]]

IMAGE = Shape.of(channels=8, height=6, width=6)


def chain(*steps: tuple[str, dict[str, object]], shape: Shape = IMAGE) -> Graph:
    """A graph of one layer after the other, each with a path of its own."""
    graph = Graph()
    node = graph.add_input("input", shape)
    for number, (kind, arguments) in enumerate(steps):
        node = graph.append(KINDS[kind](**arguments), (node,), f"block{number // 2}.{kind}{number}")
    return graph


CONV = ("conv", {"out_channels": 8, "kernel_size": 3, "padding": 1})


# Rows


def test_a_row_says_what_its_layer_is() -> None:
    row = count(chain(CONV)).rows[0]
    assert (row.path, row.kind, row.layers) == ("block0.conv0", "conv", 1)
    assert row.arguments == {"out_channels": 8, "kernel_size": 3, "padding": 1}
    assert row.output == IMAGE
    assert row.line is None
    assert row.figures.mac == 6 * 6 * 8 * 3 * 3 * 8
    assert row.figures.params == 8 * 3 * 3 * 8 + 8
    assert row.figures.activations == 6 * 6 * 8


def composite() -> Graph:
    graph = Graph()
    x = graph.add_input("input", IMAGE)
    conv = KINDS["conv"](out_channels=4, kernel_size=1, norm="batch", activation="relu")
    x = graph.append(conv, (x,), "a.conv")
    x = graph.append(KINDS["batch_norm"](), (x,), "a.conv", part="norm")
    x = graph.append(KINDS["relu"](), (x,), "a.conv", part="activation")
    graph.append(
        KINDS["linear"](out_features=2), (graph.append(KINDS["flatten"](), (x,), "f"),), "l"
    )
    return graph


def test_what_a_layer_brings_along_is_in_its_row() -> None:
    folded = count(composite())
    assert [r.path for r in folded.rows] == ["a.conv", "f", "l"]
    assert folded.rows[0].figures == Figures(
        trainable=4 * 8 + 2 * 4,
        active=4 * 8 + 2 * 4,
        buffers=2 * 4,
        activations=6 * 6 * 4,
        mac=6 * 6 * 4 * 8,
        cmp=6 * 6 * 4,
    )
    assert folded.inputs(folded.rows[0]) == ["input"]
    assert folded.inputs(folded.rows[1]) == ["a.conv"]


def test_expanded_it_has_a_row_of_its_own() -> None:
    expanded = count(composite(), expand=True)
    assert [r.path for r in expanded.rows] == [
        "a.conv",
        "a.conv.norm",
        "a.conv.activation",
        "f",
        "l",
    ]
    assert expanded.inputs(expanded.rows[1]) == ["a.conv"]
    assert expanded.inputs(expanded.rows[3]) == ["a.conv.activation"]
    assert expanded.totals == count(composite()).totals


# Invariants, on every bundled network


@pytest.mark.parametrize("target", TARGETS)
def test_rows_add_up_to_the_total_however_they_are_shown(target: str) -> None:
    graph = built(target).graph
    plain = count(graph)
    assert plain.totals != NOTHING
    views = [
        plain,
        count(graph, expand=True),
        *(collapse(plain, depth) for depth in (1, 2, 3)),
        collapse(count(graph, expand=True), 2),
    ]
    for view in views:
        assert total(row.figures for row in view.rows) == plain.totals == view.totals
        assert sum(row.layers for row in view.rows) in (len(plain.rows), len(views[1].rows))
    for limit in (1, 4, 10):
        folded = fold(plain, limit)
        rest = [folded.rest.figures] if folded.rest else []
        assert total([*(r.figures for r in folded.result.rows), *rest]) == plain.totals
        assert len(folded.result.rows) <= limit


@pytest.mark.parametrize("target", TARGETS)
def test_facts_are_those_of_the_layers_themselves(target: str) -> None:
    """What is worked out once and reused is what each layer says by itself."""
    graph = built(target).graph
    rows = count(graph, Counting(bn="unfolded"), expand=True).rows
    assert len(rows) == len(graph.nodes)
    for node, row in zip(graph.nodes, rows, strict=True):
        shapes = [source.output for source in node.inputs]
        said = dict.fromkeys(OPERATION_KINDS, 0)
        for operation in node.layer.operations(node.output, *shapes):
            said[operation.kind] += prod(operation.product.factors.values()) // prod(
                (operation.product.divisors or {}).values()
            )
        assert row.figures.operations == said
        weights = [] if node.shared else list(node.layer.weights(*shapes))
        assert row.figures.buffers == sum(w.product.value for w in weights if w.buffer)
        assert row.figures.params == sum(w.product.value for w in weights if not w.buffer)


@pytest.mark.parametrize("target", ["resnet@resnet18", "vit@vit_b_16", "googlenet@paper"])
@pytest.mark.parametrize("batch", [2, 7, 1000])
def test_a_batch_of_k_costs_k_times_and_weighs_the_same(target: str, batch: int) -> None:
    one, many = count(built(target).graph).totals, count(built(target).graph, batch=batch).totals
    for name in Figures._fields:
        times = 1 if name in ("trainable", "frozen", "active", "buffers") else batch
        assert getattr(many, name) == times * getattr(one, name), name


# Shared weights


def tied(bias: bool) -> Graph:
    graph = Graph()
    tokens = graph.add_input("tokens", Shape.of(length=5))
    table = KINDS["embedding"](num_embeddings=100, embedding_dim=12)
    x = owner = graph.append(table, (tokens,), "table")
    head = KINDS["linear"](out_features=100, bias=bias)
    graph.append(head, (x,), "head", shared=owner)
    return graph


@pytest.mark.parametrize(("bias", "own"), [(False, 0), (True, 100)])
def test_shared_weights_count_once_and_operations_every_time(bias: bool, own: int) -> None:
    rows = count(tied(bias)).rows
    assert rows[0].figures.params == 1200
    assert rows[1].figures.params == own, "what the owner has not is the layer's own"
    assert rows[1].figures.mac == 5 * 100 * 12


def test_a_layer_used_three_times_is_weighed_once() -> None:
    graph = Graph()
    x = graph.add_input("input", Shape.of(features=10))
    linear = KINDS["linear"](out_features=10)
    first = x = graph.append(linear, (x,), "a")
    for path in ("b", "c"):
        x = graph.append(linear, (x,), path, shared=first)
    totals = count(graph).totals
    assert (totals.params, totals.mac) == (110, 300)


# What is counted, by choice


def test_batch_norm_costs_nothing_unless_unfolded() -> None:
    graph = chain(("batch_norm", {}))
    assert count(graph).totals.operations == dict.fromkeys(OPERATION_KINDS, 0)
    unfolded = count(graph, Counting(bn="unfolded")).totals
    assert (unfolded.mul, unfolded.add) == (8 * 36, 8 * 36)
    assert count(graph).totals.buffers == 16


def test_exact_padding_leaves_products_with_zeros_out() -> None:
    dense, exact = count(chain(CONV)), count(chain(CONV), Counting(padding="exact"))
    assert dense.totals.mac == 6 * 6 * 3 * 3 * 64
    # along each axis 6 windows of 3, of which the first and the last lack one
    assert exact.totals.mac == (6 * 3 - 2) ** 2 * 64
    assert exact.totals.params == dense.totals.params


def test_causal_attention_halves_only_when_asked() -> None:
    shape = Shape.of(length=9, features=16)
    full, half = (
        count(
            chain(("attention", {"num_heads": 4, "causal": causal}), shape=shape), counting
        ).totals
        for causal, counting in ((True, Counting()), (True, Counting(causal="half")))
    )
    products = 2 * 9 * 9 * 16
    assert full.mac - half.mac == products - products * 10 // 18
    unmasked = chain(("attention", {"num_heads": 4}), shape=shape)
    assert count(unmasked, Counting(causal="half")).totals.mac == full.mac


def test_choices_may_be_combined() -> None:
    graph = chain(CONV, ("batch_norm", {}))
    totals = count(graph, Counting(bn="unfolded", padding="exact")).totals
    assert totals.mac == 16**2 * 64
    assert totals.mul == 8 * 36


@pytest.mark.parametrize(
    ("counting", "batch", "words"),
    [
        (Counting(), 1, "one sample"),
        (Counting(), 8, "a batch of 8 samples"),
        (Counting(bn="unfolded"), 1, "batch norm as one multiplication"),
        (Counting(padding="exact"), 1, "padded zeros left out"),
        (Counting(causal="half"), 1, "behind the causal mask left out"),
    ],
)
def test_the_statement_names_every_choice(counting: Counting, batch: int, words: str) -> None:
    said = statement(counting, batch)
    assert said.startswith("archcalc convention: ") and words in said


def test_archcalc_s_own_answer_is_the_first() -> None:
    assert Counting() == Counting(**{name: c.answers[0] for name, c in CHOICES.items()})


# Collapsing and folding


@pytest.mark.parametrize(
    ("path", "depth", "start"),
    [("a.b.c", 1, "a"), ("a.b.c", 2, "a.b"), ("a.b.c", 3, "a.b.c"), ("a.b.c", 9, "a.b.c")],
)
def test_prefix(path: str, depth: int, start: str) -> None:
    assert prefix(path, depth) == start


def test_a_group_stands_where_its_first_row_stood_and_gives_what_its_last_gives() -> None:
    graph = chain(CONV, ("max_pool", {"kernel_size": 2}), CONV, ("flatten", {}))
    result = collapse(count(graph), 1)
    assert [(r.path, r.kind, r.layers) for r in result.rows] == [
        ("block0", "", 2),
        ("block1", "", 2),
    ]
    assert result.rows[0].output == Shape.of(channels=8, height=3, width=3)
    assert result.inputs(result.rows[1]) == ["block0"]
    assert result.rows[0].arguments == {}


def test_a_row_alone_in_its_group_stays_what_it_is() -> None:
    assert collapse(count(chain(CONV)), 1).rows[0].kind == "conv"


def long(layers: int, path: Callable[[int], str]) -> Result:
    graph = Graph()
    node: Node = graph.add_input("input", IMAGE)
    conv = KINDS["conv"](**CONV[1])
    for number in range(layers):
        node = graph.append(conv, (node,), path(number))
    return count(graph)


def test_folding_first_goes_up_the_paths() -> None:
    folded = fold(long(1000, lambda n: f"s{n // 100}.b{n // 10}.conv{n}"), 200)
    assert folded.rest is None
    assert len(folded.result.rows) == 100
    assert folded.result.rows[0].path == "s0.b0"


def test_what_has_no_groups_is_summed_up_in_the_middle() -> None:
    whole = long(1000, lambda n: f"conv{n}")
    folded = fold(whole, 100)
    assert folded.rest and folded.rest.layers == 900
    assert folded.rest.figures.mac == 900 * whole.rows[0].figures.mac
    assert [r.path for r in folded.result.rows[:2]] == ["conv0", "conv1"]
    assert folded.result.rows[-1].path == "conv999"
    assert folded.before == 75


def test_what_fits_is_not_folded() -> None:
    result = long(10, str)
    assert fold(result, 10).result is result


# Metrics


def test_every_metric_is_additive_and_told_in_words() -> None:
    some = Figures(*range(1, len(Figures._fields) + 1))
    for metric in METRICS.values():
        assert metric.of(total([some, some])) == 2 * metric.of(some)
        assert metric.of(NOTHING) == 0
        assert metric.help and metric.help[0].isupper() and metric.title


def test_the_totals_of_a_result_hold_every_metric() -> None:
    assert list(figures_by_name(NOTHING)) == list(METRICS)
    assert {"params", "trainable", "buffers", "macs", "multiplications", "activations"} <= set(
        METRICS
    )


def test_frozen_weights_are_parameters_that_are_not_trained() -> None:
    graph = chain(("custom", {"params": 5, "frozen": 7, "buffers": 3, "macs": 2, "muls": 4}))
    totals = figures_by_name(count(graph).totals)
    assert totals["params"] == 12
    assert totals["trainable"] == 5
    assert totals["buffers"] == 3
    assert totals["multiplications"] == 6


def test_only_what_says_something_new_is_shown_beside() -> None:
    assert shown_by("params", Figures(trainable=5, active=5)) == ["params"]
    assert shown_by("params", Figures(trainable=5, active=5, buffers=1)) == ["params", "buffers"]
    assert shown_by("params", Figures(trainable=5, active=3)) == ["params", "active"]
    assert [m.name for m in telling(Figures(trainable=5, active=5, mac=1))] == [
        "params",
        "macs",
        "multiplications",
    ]


# Comparing


def test_two_variants_of_one_spec_align_by_path() -> None:
    naive = count(built("inception-block@naive").graph)
    bottleneck = count(built("inception-block@bottleneck").graph)
    pairs = align(naive, bottleneck)
    both = [(p.first.path, p.second.path) for p in pairs if p.first and p.second]
    assert all(a == b for a, b in both)
    assert [p.second.path for p in pairs if p.first is None and p.second] == [
        "3x3.conv1",
        "5x5.conv1",
        "pool.conv",
    ]


def test_nothing_is_lost_in_aligning() -> None:
    first, second = count(built("vgg@vgg16").graph), count(built("resnet@resnet18").graph)
    pairs = align(first, second)
    assert [p.first for p in pairs if p.first] == first.rows
    assert [p.second for p in pairs if p.second] == second.rows


def test_a_network_is_the_same_as_itself() -> None:
    result = count(built("resnet@resnet18").graph)
    assert all(pair.first is pair.second for pair in align(result, result))


def test_both_are_brought_to_one_level() -> None:
    small, large = count(built("vgg@vgg16").graph), count(built("resnet@resnet152").graph)
    a, b = level(small, large, 60)
    assert a.depth == b.depth == 2
    assert a.totals == small.totals and b.totals == large.totals


# Published figures


@pytest.mark.parametrize(
    ("printed", "holds", "fails"),
    [
        ("138M", (138_357_544, 137_500_000, 138_500_000), (137_499_999, 138_500_001)),
        ("25.6M", (25_557_032, 25_550_000), (25_549_999, 25_650_001)),
        ("60M", (60_965_224, 55_000_000, 65_000_000), (54_999_999, 65_000_001)),
        ("~60k", (61_706, 60_000), (54_999, 65_001)),
        ("61_100_840", (61_100_840,), (61_100_900,)),
        ("60,965,224", (60_965_224,), (60_965_225,)),
        ("0.714G", (714_188_480,), (713_499_999,)),
        ("12.4M", (12_443_648,), (12_450_001,)),
        ("1.0G", (1_000_000_000, 950_000_000), (949_999_999,)),
        ("7B", (6_738_415_616,), (6_499_999_999,)),
        ("0", (0,), (1,)),
    ],
)
def test_a_published_figure_holds_at_its_own_precision(
    printed: str, holds: tuple[int, ...], fails: tuple[int, ...]
) -> None:
    read = figure(printed)
    assert read is not None
    assert all(map(read.holds, holds))
    assert not any(map(read.holds, fails))


@pytest.mark.parametrize("text", ["", "many", "12%", "1e6", "-5M", "1.2.3", "5 6", "9" * 100])
def test_what_is_no_figure_is_not_read_as_one(text: str) -> None:
    assert figure(text) is None
