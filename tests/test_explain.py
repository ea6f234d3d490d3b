"""Every figure explained: the formula comes from the rule itself and gives what is counted."""

from __future__ import annotations

import re
from math import ceil, floor
from typing import Any

import pytest
from layers.facts import FACTS, Fact
from terminal import archcalc, shown
from test_cli import call
from zoo import NAMES, built, spec

from archcalc.analysis.count import count, rule_of
from archcalc.analysis.counting import CHOICES, Counting
from archcalc.analysis.explain import (
    Explained,
    NoSuchLayer,
    alike,
    explained,
    groups,
    select,
)
from archcalc.analysis.trace import Formula, Traced, formula_of, named, of_product
from archcalc.formats.document import Equation
from archcalc.formats.formulas import ASCII, LATEX, PLAIN, latex, lines, steps, written
from archcalc.formats.glossary import meaning
from archcalc.graph import Graph, Node
from archcalc.terms import times


def node_of(fact: Fact) -> Node:
    graph = Graph()
    inputs = tuple(graph.add_input(f"in{i}", x) for i, x in enumerate(fact.shapes))
    return graph.append(fact.layer, inputs, fact.kind)


def formulas(layer: Explained) -> list[Formula]:
    return [
        *(d.formula for d in layer.shape),
        *(f for d in layer.shape for f in d.formula.definitions().values()),
        *(f for _, f in layer.weights),
        *(f for _, f in layer.operations),
        *(f for _, f in layer.uses),
    ]


def evaluated(text: str) -> Any:
    """What a formula comes to as it is printed."""
    python = text.replace(",", "").replace("^", "**")
    return eval(python, {"floor": floor, "ceil": ceil, "__builtins__": {}})


# The formulas.


@pytest.mark.parametrize("fact", FACTS, ids=str)
def test_a_formula_gives_what_the_rule_gives(fact: Fact) -> None:
    node = node_of(fact)
    layer = explained(node, Counting(bn="unfolded"))
    assert [(d.name, d.formula.value) for d in layer.shape] == [*node.output.items()]
    stated = [w.product.value for w in node.layer.weights(*fact.shapes)]
    assert [f.value for _, f in layer.weights] == [n for n in stated if n]
    counted = [o.product.value for o in node.layer.operations(node.output, *fact.shapes)]
    assert [f.value for _, f in layer.operations] == [n for n in counted if n]


@pytest.mark.parametrize("fact", FACTS, ids=str)
def test_what_is_printed_comes_to_what_is_said(fact: Fact) -> None:
    for formula in formulas(explained(node_of(fact), Counting(bn="unfolded"))):
        assert evaluated(written(formula, ASCII, numbers=True)) == formula.value
        symbols = written(formula, ASCII, numbers=False)
        values = {**formula.names(), **{n: f.value for n, f in formula.definitions().items()}}
        for name, value in sorted(values.items(), key=lambda item: -len(item[0])):
            symbols = re.sub(rf"\b{name}\b", str(value), symbols)
        assert evaluated(symbols) == formula.value


@pytest.mark.parametrize("fact", FACTS, ids=str)
@pytest.mark.parametrize("choice", [{}, {"padding": "exact"}, {"causal": "half"}], ids=str)
def test_every_symbol_is_explained(fact: Fact, choice: dict[str, str]) -> None:
    layer = explained(node_of(fact), Counting(bn="unfolded", **choice))
    for symbol in layer.symbols():
        assert meaning(symbol, fact.layer), symbol


@pytest.mark.parametrize("name", NAMES)
def test_every_layer_of_the_zoo_is_explained(name: str) -> None:
    default = spec(name).default_variant
    known = set()
    for node in built(f"{name}@{default}" if default else name).graph.nodes:
        key = (node.layer, node.output, tuple(source.output for source in node.inputs))
        if key in known:
            continue
        known.add(key)
        layer = explained(node, Counting())
        assert tuple(d.formula.value for d in layer.shape) == node.output.sizes
        xs = tuple(source.output for source in node.inputs)
        counted = {o.product.value for o in rule_of(node.layer, Counting())(node.output, *xs)}
        assert {f.value for _, f in layer.operations} == counted - {0}
        for symbol in layer.symbols():
            assert meaning(symbol, node.layer), (node, symbol)


def test_numbers_remember_how_they_came_about() -> None:
    x, k, s, p = (Traced(named(*pair)) for pair in zip("xksp", (224, 7, 2, 3), strict=True))
    out = (x + 2 * p - k) // s + 1
    assert out == 112
    assert isinstance(out, int)
    formula = formula_of(out)
    assert written(formula, PLAIN, numbers=False) == "floor((x + 2·p − k)/s) + 1"  # noqa: RUF001
    assert written(formula, PLAIN, numbers=True) == "floor((224 + 2·3 − 7)/2) + 1"  # noqa: RUF001


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (lambda a, b: a + 0, "a"),
        (lambda a, b: 0 + a, "a"),
        (lambda a, b: a - 0, "a"),
        (lambda a, b: 1 * a, "a"),
        (lambda a, b: a * 0 + b, "b"),
        (lambda a, b: a - 1 + 1, "a"),
        (lambda a, b: a + 2 - 1, "a + 1"),
        (lambda a, b: a - 1 - 2, "a - 3"),
        (lambda a, b: a + (b - a), "b"),
        (lambda a, b: a - (b - 1), "a - (b - 1)"),
        (lambda a, b: a + (b + 1), "a + b + 1"),
        (lambda a, b: a + (b - 1) + 1, "a + b"),
        (lambda a, b: a - (a + b), "a - (a + b)"),
        (lambda a, b: a * (b + 1), "a * (b + 1)"),
        (lambda a, b: a * b * 2 * a, "a * b * 2 * a"),
        (lambda a, b: a * b - 1, "a*b - 1"),
        (lambda a, b: a // 1, "a"),
        (lambda a, b: a // b, "floor(a/b)"),
        (lambda a, b: (a * b) // 2, "floor(a*b/2)"),
        (lambda a, b: a // (b * 2), "floor(a/(b * 2))"),
        (lambda a, b: -(-a // b), "ceil(a/b)"),
        (lambda a, b: -(-a // b) + 1, "ceil(a/b) + 1"),
        (lambda a, b: a - (a > b), "a - 1"),
        (lambda a, b: a - (a < b), "a"),
        (lambda a, b: a + 1 - (a > b), "a + 1 - 1"),
        (lambda a, b: a + (b - a) * (a == b), "a"),
        (lambda a, b: a**2, "a^2"),
        (lambda a, b: a // b**2, "floor(a/b^2)"),
        (lambda a, b: (a + b) ** 2, "(a + b)^2"),
        (lambda a, b: 7 - b, "7 - b"),
        (lambda a, b: 7 // b, "floor(7/b)"),
        (lambda a, b: 2 + a, "2 + a"),
    ],
)
def test_a_formula_is_written_as_one_would(rule: Any, text: str) -> None:
    a, b = Traced(named("a", 9)), Traced(named("b", 4))
    result = rule(a, b)
    formula = formula_of(result)
    assert written(formula, ASCII, numbers=False) == text
    assert int(result) == formula.value == rule(9, 4)
    assert evaluated(written(formula, ASCII, numbers=True)) == rule(9, 4)


def test_a_divisor_of_one_is_left_out() -> None:
    one = of_product(times(out_channels=8, in_channels=6).over(groups=1))
    two = of_product(times(out_channels=8, in_channels=6).over(groups=2))
    assert written(one, ASCII, numbers=False) == "out_channels * in_channels"
    assert written(two, ASCII, numbers=False) == "out_channels * in_channels / groups"
    assert written(two, ASCII, numbers=True) == "8 * 6 / 2"
    assert two.value == 24


def test_latex() -> None:
    x, k, s = Traced(named("in_h", 224)), Traced(named("kernel_h", 7)), Traced(named("stride_h", 2))
    formula = formula_of((x - k) // s + 1)
    assert written(formula, LATEX, numbers=False) == (
        r"\left\lfloor \frac{\mathit{in}_{h} - \mathit{kernel}_{h}}{\mathit{stride}_{h}} "
        r"\right\rfloor + 1"
    )
    assert [*latex([Equation("out_h", formula), Equation("MACs", named("in_channels", 3))])] == [
        rf"\mathit{{out}}_{{h}} &= {written(formula, LATEX, numbers=False)} \\",
        r"&= \left\lfloor \frac{224 - 7}{2} \right\rfloor + 1 = 109 \\",
        r"\text{MACs} &= \mathit{in\_channels} = 3",
    ]
    assert steps(of_product(times(a=1000, b=3)), LATEX)[2] == "3{,}000"


def test_a_long_equation_goes_on_below() -> None:
    formula = of_product(times(**{f"factor{i}": 10 + i for i in range(9)}))
    text = [*lines(Equation("MACs", formula), PLAIN, 60)]
    assert all(len(line) <= 60 for line in text)
    assert " ".join(line.strip() for line in text) == " ".join(
        line.strip() for line in lines(Equation("MACs", formula), PLAIN, None)
    )


# What is explained.


def explain(target: str, name: str) -> Explained:
    result = count(built(target).graph)
    (row,) = select(result, name).rows
    return explained(row.nodes[0], Counting())


@pytest.mark.parametrize(
    ("target", "name", "uses"),
    [
        ("resnet@resnet50", "conv", [((), "112 * 112")]),
        ("resnet@resnet50", "linear", [((), "1")]),
        ("mobilenet_v2@w1.0", "stage1.0.main.depthwise_conv", [((), "112 * 112")]),
        ("unet@valid", "up0.grown", [((), "28 * 28")]),
        ("vit@vit_b_16", "block0.residual1.main.attention", [((), "197")]),
    ],
)
def test_how_often_a_weight_is_used(target: str, name: str, uses: list[Any]) -> None:
    layer = explain(target, name)
    assert [(u.weights, written(u.formula, ASCII, numbers=True)) for u in layer.uses] == uses
    matrices = sum(
        w.product.value for w, _ in layer.weights if not w.buffer and "bias" not in w.name
    )
    weighted = sum(
        f.value
        for o, f in layer.operations
        if o.kind == "mac" and o.part not in ("scores", "weighted values")
    )
    assert layer.uses[0].formula.value * matrices == weighted


def test_weights_that_are_anothers() -> None:
    out = call("explain", "gpt2", "lm_head").out
    assert "Weights: those of wte, counted there." in out
    assert "= 1,024 * 50,257 * 768 = 39,523,713,024" in out


def test_a_folded_normalisation_costs_nothing() -> None:
    out = call("explain", "resnet18", "conv").out
    assert "No operations: it is folded into the layer before it" in out
    out = call("explain", "resnet18", "conv", "--bn", "unfolded").out
    assert "folded into" not in out
    assert re.search(r"^multiplications = out_c", out, re.MULTILINE)


@pytest.mark.parametrize("name", CHOICES)
def test_what_is_counted_is_chosen(name: str) -> None:
    out = call("explain", "resnet18", "conv", f"--{name}", CHOICES[name].answers[1]).out
    assert out.rstrip().endswith("one sample")


def test_padded_zeros_left_out() -> None:
    out = call("explain", "resnet18", "conv", "--padding", "exact").out
    assert "MACs = out_channels * taps_h * taps_w * in_channels" in out
    assert "taps_h" in out.partition("Symbols")[2]


# The layer that is meant.


RESNET = count(built("resnet@resnet50").graph)


@pytest.mark.parametrize(
    ("name", "rows", "below", "single"),
    [
        (None, 88, "", False),
        ("conv", 1, "", True),
        ("stage1.0.main.conv2", 1, "", True),
        ("stage1", 16, "stage1", False),
        ("stage1.0.main", 3, "stage1.0.main", False),
        ("stage1.*.conv2", 3, "", False),
        ("stage?.0.shortcut.conv", 4, "", False),
        ("stage*.3", 10, "", False),
        ("stage4.2.*", 5, "", False),
        ("0.shortcut", 0, "", False),
    ],
)
def test_a_name_means_rows(name: str | None, rows: int, below: str, single: bool) -> None:
    if not rows:
        with pytest.raises(NoSuchLayer):
            select(RESNET, name)
        return
    selection = select(RESNET, name)
    assert (len(selection.rows), selection.below, selection.single) == (rows, below, single)


def test_the_end_of_a_path_is_enough_where_there_is_one() -> None:
    googlenet = count(built("googlenet@torchvision").graph)
    with pytest.raises(NoSuchLayer) as error:
        select(googlenet, "5x5")
    blocks = ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b")
    assert error.value.several == [f"{block}.5x5" for block in blocks]
    assert select(googlenet, "3a.5x5").below == "3a.5x5"
    vit = count(built("vit@vit_b_16").graph)
    assert select(vit, "block3.residual2.add").single


def test_an_unknown_layer_has_a_suggestion() -> None:
    answer = call("explain", "resnet50", "stage1.0.main.conv9")
    assert answer.code == 2
    assert "resnet50 has no layer 'stage1.0.main.conv9'" in answer.err
    assert re.search(r"did you mean 'stage1.0.main.conv\d'\?", answer.err)
    answer = call("explain", "vit", "attentio")
    assert re.search(r"did you mean 'block\d+\.residual1\.main\.attention'\?", answer.err)
    answer = call("explain", "googlenet", "5x5")
    assert answer.code == 2
    assert "has '5x5' in 9 places" in answer.err
    assert "write 3a.5x5, 3b.5x5, 4a.5x5, 4b.5x5, 4c.5x5 and 4 more, or '*.5x5'" in answer.err
    assert call("explain", "resnet50", "stage9.*").code == 2


@pytest.mark.parametrize("name", NAMES)
def test_the_parts_of_a_block_add_up(name: str) -> None:
    default = spec(name).default_variant
    result = count(built(f"{name}@{default}" if default else name).graph)
    for most in (5, 30, 10**6):
        found = groups(select(result, None), most)
        rows = [row for group in found for row in group.rows]
        assert rows == result.rows
        assert len({group.path for group in found}) == len(found)


def test_layers_that_differ_in_their_names_alone() -> None:
    rows = select(RESNET, "stage1.*.conv2").rows
    assert [[row.path for row in kind] for kind in alike(rows)] == [
        ["stage1.0.main.conv2", "stage1.1.main.conv2", "stage1.2.main.conv2"]
    ]
    assert len(alike(select(RESNET, "stage?.1.main.conv2").rows)) == 4


# As the reader sees it.


FORM = """\
MACs = out_h · out_w · out_channels · kernel_h · kernel_w · in_channels
     = 28 · 28 · 32 · 5 · 5 · 192 = 120,422,400
"""


def test_the_lectures_convolution() -> None:
    for name in ("5x5", "5x5.conv2"):
        out = shown(archcalc("explain", "inception-block@naive", name), columns=100).text
        assert FORM in out
        assert "weight = out_channels · kernel_h · kernel_w · in_channels\n" in out
        assert "       = 32 · 5 · 5 · 192 = 153,600\n" in out
        assert "uses of each weight = out_h · out_w\n" in out
        assert "filters: the channels that come out" in out.partition("Symbols")[2]


def test_the_shape_of_a_convolution() -> None:
    out = shown(archcalc("explain", "resnet50", "conv"), columns=100).text
    assert "out_h = floor((in_h + 2·padding_h − kernel_h)/stride_h) + 1\n" in out  # noqa: RUF001
    assert "      = floor((224 + 2·3 − 7)/2) + 1 = 112\n" in out  # noqa: RUF001


def test_the_bottleneck_is_the_sum_of_its_parts() -> None:
    out = call("explain", "inception-block@bottleneck", "5x5").out
    assert "MACs = 2,408,448 + 10,035,200 = 12,443,648\n" in out
    assert "28 * 28 * 16 * 1 * 1 * 192" in out


def test_a_network_is_the_sum_of_its_parts() -> None:
    out = call("explain", "resnet50").out
    assert re.search(r"^Total +25,557,032 +4,089,184,256$", out, re.MULTILINE)
    assert re.search(r"^stage1.0 +6 layers +75,008 +231,211,008 +the sum of 6", out, re.MULTILINE)


def test_as_data() -> None:
    data = call("explain", "resnet50", "conv", "--format", "json").data
    assert data["totals"] == {"params": 9_536, "macs": 118_013_952}
    conv, norm, relu = data["layers"]
    assert [layer["kind"] for layer in data["layers"]] == ["conv", "batch_norm", "relu"]
    assert conv["shape"][1] == {
        "name": "out_h",
        "formula": "floor((in_h + 2·padding_h − kernel_h)/stride_h) + 1",  # noqa: RUF001
        "numbers": "floor((224 + 2·3 − 7)/2) + 1",  # noqa: RUF001
        "value": 112,
        "dimension": "height",
    }
    assert conv["operations"][0]["value"] == 118_013_952
    assert norm["folded"] and not norm["operations"]
    assert relu["operations"][0]["kind"] == "cmp"
    assert data["symbols"]["stride_h"] == "the step along the height"


@pytest.mark.parametrize("layer", ["5x5.conv2", "3x3", "*"])
def test_as_latex(layer: str) -> None:
    out = call("explain", "inception-block@naive", layer, "--format", "latex").out
    assert out.startswith("% needs \\usepackage{booktabs}\n% needs \\usepackage{amsmath}\n")
    assert out.count("\\begin{align*}") == out.count("\\end{align*}") > 0
    bare = re.sub(r"\\[{}]", "", out)
    assert bare.count("{") == bare.count("}")
    assert out.count("\\left") == out.count("\\right")
    for block in re.findall(r"\\begin\{align\*\}\n(.*?)\\end", out, re.S):
        for line in block.splitlines():
            assert line.count("&") == 1
            assert not re.search(r"\\text\{[^}]*[^\\]_", line)


def test_as_markdown() -> None:
    out = call("explain", "lenet5", "c1", "--format", "markdown").out
    assert "```math\n\\begin{aligned}\n" in out
    assert r"&= 28 \cdot 28 \cdot 6 \cdot 5 \cdot 5 \cdot 1 = 117{,}600" in out


def test_as_csv_and_html() -> None:
    out = call("explain", "lenet5", "c1", "--format", "csv").out
    head, *rows = out.splitlines()
    assert head == "of,name,formula,numbers,value"
    assert "c1,out_h,in_h - kernel_h + 1,32 - 5 + 1,28" in rows
    out = call("explain", "lenet5", "c1", "--format", "html").out
    assert "28 · 28 · 6 · 5 · 5 · 1 = 117,600" in out


def test_it_fits_the_terminal() -> None:
    for words in (["resnet50", "conv"], ["vit", "block0"], ["googlenet", "3a"], ["resnet50"]):
        seen = shown(archcalc("explain", *words), columns=80)
        assert seen.code == 0
        plain = re.sub(r"\x1b\[[0-9;]*m", "", seen.text)
        assert max(map(len, plain.splitlines())) <= 80


def test_a_partial_network_is_explained_up_to_its_fault() -> None:
    answer = call("explain", "alexnet", "--set", "input.height=20", "--set", "input.width=20")
    assert answer.code == 3
    assert "Partial: the layers up to the fault." in answer.out
