"""Properties: what holds for whatever is put in, tried on what hypothesis thinks of."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from archcalc.analysis.collapse import collapse, fold
from archcalc.analysis.count import Figures, Result, count, total
from archcalc.analysis.counting import Counting
from archcalc.graph import Graph
from archcalc.language import load
from archcalc.language.arithmetic import Arithmetic, ExpressionFault
from archcalc.language.expressions import literal, parse
from archcalc.language.source import Scalar, decode
from archcalc.language.source import parse as read
from archcalc.language.spec import Built, load_bytes
from archcalc.limits import LIMITS
from archcalc.problems import Complaint, Source, nearest

settings.register_profile(
    "archcalc",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
settings.load_profile("archcalc")


# Expressions against Python itself.

NAMES = {"a": 3, "b": -2, "c": 0, "x": 0.5, "t": True, "f": False}


class Names:
    """The names of the expressions below."""

    arithmetic = Arithmetic(LIMITS._replace(work=10**9))

    def knows(self, name: str) -> bool:
        return name in NAMES

    def lookup(self, name: str) -> Any:
        return NAMES[name]

    def dimension(self, tensor: str, name: str) -> Any:
        raise AssertionError(tensor, name)


def joined(operators: list[str], parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(lambda a, o, b: f"({a} {o} {b})", parts, st.sampled_from(operators), parts)


def numbers(depth: int) -> st.SearchStrategy[str]:
    """Texts of expressions that are numbers."""
    simple = st.one_of(
        st.integers(0, 100).map(str),
        st.integers(0, 2**53).map(str),
        st.sampled_from(["0.5", "2.25", "1e3", "1_000", "a", "b", "c", "x"]),
    )
    if not depth:
        return simple
    deeper = numbers(depth - 1)
    return st.one_of(
        simple,
        joined(["+", "-", "*", "/", "//", "%"], deeper),
        st.builds(lambda n, e: f"({n} ** {e})", deeper, st.integers(-3, 4)),
        st.builds("-{}".format, deeper),
        st.builds("({} if {} else {})".format, deeper, truths(depth - 1), deeper),
        st.builds("min({}, {})".format, deeper, deeper),
        st.builds("max([{}, {}])".format, deeper, deeper),
        st.builds("abs({})".format, deeper),
        st.builds("sum([{}, {}, {}])".format, deeper, deeper, deeper),
        st.builds("[{}, {}][{}]".format, deeper, deeper, st.sampled_from(["0", "1", "-1", "c"])),
        st.builds("len({})".format, lists(depth - 1)),
        st.builds("floor({})".format, deeper),
        st.builds("ceil({})".format, deeper),
        st.builds("int({})".format, deeper),
    )


def truths(depth: int) -> st.SearchStrategy[str]:
    """Texts of expressions that are true or false."""
    simple = st.sampled_from(["true", "false", "t", "f", "a < 4", "x == 0.5"])
    if not depth:
        return simple
    deeper = truths(depth - 1)
    return st.one_of(
        simple,
        joined(["<", "<=", ">", ">=", "==", "!="], numbers(depth - 1)),
        joined(["and", "or"], deeper),
        st.builds("(not {})".format, deeper),
    )


def lists(depth: int) -> st.SearchStrategy[str]:
    """Texts of expressions that are lists of numbers."""
    items = st.lists(numbers(max(0, depth - 1)), max_size=3)
    simple = items.map(lambda texts: f"[{', '.join(texts)}]")
    if not depth:
        return simple
    deeper = lists(depth - 1)
    return st.one_of(
        simple,
        st.builds("({} + {})".format, deeper, deeper),
        st.builds("({} * {})".format, deeper, st.integers(0, 3)),
        st.builds("reversed({})".format, deeper),
        st.builds("range({}, {})".format, st.integers(-5, 5), st.integers(-5, 9)),
    )


REFERENCE = {
    **NAMES,
    "true": True,
    "false": False,
    "floor": math.floor,
    "ceil": math.ceil,
    "reversed": lambda values: list(values)[::-1],
    "range": lambda *bounds: list(range(*bounds)),
    "__builtins__": {"min": min, "max": max, "abs": abs, "sum": sum, "len": len, "int": int},
}


@given(st.one_of(numbers(3), truths(3), lists(3)))
@settings(max_examples=1500)
def test_an_expression_is_what_python_says(text: str) -> None:
    try:
        expected: Any = eval(text, dict(REFERENCE))
    except (ArithmeticError, ValueError):
        expected = None
    try:
        found = parse(text, LIMITS._replace(expression=10_000)).code(Names())
    except ExpressionFault as fault:
        # Refused for what is no number, or for what is larger than a spec may hold on the way.
        assert expected is None or fault.code == "limit" or "finite" in fault.message, text
        if fault.code == "limit":
            assert "whole numbers go up to" in fault.message or "nested deeper" in fault.message
        return
    assert expected is not None and not isinstance(expected, complex)
    if isinstance(expected, list):
        assert found == tuple(expected) and list(map(type, found)) == list(map(type, expected))
    else:
        assert found == expected and type(found) is type(expected), text


@given(st.text(alphabet="0123456789abxi+-*/%()[],.<>=! '_eE$\n\t", max_size=60))
@settings(max_examples=1000)
@example("1__0")
@example("1if 1 else 2")
@example("'" * 3)
def test_no_text_breaks_an_expression(text: str) -> None:
    try:
        parse(text, LIMITS).code(Names())
    except (ExpressionFault, KeyError, AssertionError) as error:
        # The names of this test's environment are few.
        assert not isinstance(error, AssertionError) or error.args
    literal(text)


@given(st.integers(-(2**53), 2**53))
def test_a_whole_number_is_read_as_it_is(number: int) -> None:
    assert literal(str(number)) == number == parse(f"({number})", LIMITS).code(Names())
    assert literal(f"{number:_}") == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_is_read_as_it_is(number: float) -> None:
    found = literal(repr(number))
    assert found == number


@given(st.floats(-1e6, 1e6), st.integers(1, 64))
def test_make_divisible_is_mobilenets(value: float, divisor: int) -> None:
    # https://github.com/tensorflow/models/blob/master/research/slim/nets/mobilenet/mobilenet.py
    expected = max(divisor, int(value + divisor / 2) // divisor * divisor)
    if expected < 0.9 * value:
        expected += divisor
    assert Names.arithmetic.fn_make_divisible(value, divisor) == expected


# The loader.


def outcome(data: bytes) -> str:
    """What came of bytes; anything but a graph or a complaint leaves as it is."""
    small = LIMITS._replace(nodes=200, steps=1000, work=5000, different=100)
    try:
        spec = load_bytes(data, "x.yaml", None, small)
        for variant in [None, *spec.variants]:
            count(spec.build(variant).graph)
    except Complaint as complaint:
        assert complaint.problems
        return "refused"
    return "read"


@given(st.binary(max_size=300))
@settings(max_examples=500)
def test_bytes_are_read_or_refused(data: bytes) -> None:
    outcome(data)


@given(st.text(max_size=200))
@settings(max_examples=500)
def test_text_is_read_or_refused(text: str) -> None:
    outcome(text.encode("utf-8", "surrogatepass"))
    outcome(text.encode("utf-16", "surrogatepass"))


WORDS = (
    *("conv", "relu", "linear", "add", "concat", "residual", "branches", "main", "custom", "b"),
    *("do", "side", "name", "from", "repeat", "if", "else", "for", "in", "share", "cached"),
)
TREE = st.recursive(
    st.one_of(
        st.integers(-3, 70),
        st.booleans(),
        st.sampled_from(
            ["relu", "conv", "prev", "i", "$i", "a", "b+1", "half", "", "batch", "[1]"]
        ),
        st.text(max_size=5),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(WORDS),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=12,
)


@given(
    TREE, TREE, st.dictionaries(st.sampled_from(["a", "b", "i", "block"]), TREE, max_size=3), TREE
)
@settings(max_examples=1500)
def test_trees_of_words_are_read_or_refused(
    layers: Any, block: Any, values: Any, more: Any
) -> None:
    spec = {
        "archcalc": 1,
        "name": "x",
        "input": {"channels": 3, "height": 8, "width": 8},
        "settings": values,
        "blocks": {"b": {"arguments": {"n": 3}, "layers": block}},
        "layers": layers if isinstance(layers, list) else [layers],
        "defaults": more,
        "variants": {"v": {"set": values}},
    }
    outcome(json.dumps(spec).encode())


# YAML's escapes, unlike JSON's, have no pairs of surrogates for what is beyond U+FFFF.
@given(st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs", "Cc"]), max_size=40))
def test_a_text_in_quotes_is_read_as_it_is(text: str) -> None:
    tree = read(decode(b"a: " + json.dumps(text).encode(), "x.yaml", LIMITS), LIMITS)
    item = tree.root.get("a")
    assert isinstance(item, Scalar) and item.text == text


@given(st.text(max_size=90), st.lists(st.text(max_size=30), max_size=50))
def test_the_nearest_name_is_one_of_them(word: str, known: list[str]) -> None:
    found = nearest(word, known)
    assert found is None or found in known
    if 0 < len(word) <= 80 and word in known:
        assert nearest(word, known) is not None


# Networks of a few layers, as Python data that is a spec when written as JSON.

Step = Any


def layer() -> st.SearchStrategy[Step]:
    return st.one_of(
        st.sampled_from(["relu", "batch_norm", "sigmoid", "identity"]),
        st.builds(
            lambda out, kernel, stride, norm, activation: {
                "conv": {
                    "out_channels": out,
                    "kernel_size": kernel,
                    "stride": stride,
                    "padding": "same",
                    "norm": norm,
                    "activation": activation,
                }
            },
            st.integers(1, 6),
            st.sampled_from([1, 3]),
            st.sampled_from([1, 1, 2]),
            st.sampled_from(["none", "batch", "layer"]),
            st.sampled_from(["none", "relu", "gelu"]),
        ),
        st.builds(
            lambda kernel: {"depthwise_conv": {"kernel_size": kernel, "padding": "half"}},
            st.sampled_from([1, 3]),
        ),
        st.just({"max_pool": {"kernel_size": 3, "stride": 1, "padding": 1}}),
    )


def merge(steps: st.SearchStrategy[Step]) -> st.SearchStrategy[Step]:
    same = st.lists(st.sampled_from(["relu", "sigmoid", "batch_norm"]), max_size=2)
    return st.one_of(
        same.map(lambda chain: {"residual": chain}),
        st.tuples(same, same).map(lambda pair: {"concat": list(pair)}),
        same.map(lambda chain: {"mul": ["prev", chain]}),
        st.lists(steps, max_size=2).map(lambda chain: {"do": chain}),
        st.lists(steps, max_size=2).map(lambda chain: {"side": chain}),
    )


STEPS = st.recursive(layer(), merge, max_leaves=4)
CHAIN = st.lists(STEPS, min_size=1, max_size=5)


def spec(layers: Any, **more: Any) -> str:
    head = {"archcalc": 1, "name": "x", "input": {"channels": 3, "height": 9, "width": 8}}
    return json.dumps({**head, **more, "layers": layers})


def network(layers: Any, **more: Any) -> Built:
    built = load(Source("x.yaml", spec(layers, **more)), None).build()
    assert not built.problems, built.problems
    return built


def counted(layers: Any, **more: Any) -> Result:
    return count(network(layers, **more).graph)


def shapes(graph: Graph) -> list[Any]:
    return [(n.layer.kind, n.output, [i.index for i in n.inputs]) for n in graph.nodes]


@given(CHAIN, st.integers(1, 1000))
def test_a_batch_costs_so_many_times(chain: Any, batch: int) -> None:
    graph = network(chain).graph
    once, often = count(graph).totals, count(graph, batch=batch).totals
    weights = ("trainable", "frozen", "active", "buffers")
    for name in Figures._fields:
        times = 1 if name in weights else batch
        assert getattr(often, name) == times * getattr(once, name), name


@given(CHAIN)
def test_parts_add_up_to_the_total(chain: Any) -> None:
    result = counted(chain)
    assert total(row.figures for row in result.rows) == result.totals
    for depth in (1, 2, 3):
        smaller = collapse(result, depth)
        assert total(row.figures for row in smaller.rows) == smaller.totals == result.totals
    for limit in (2, 4, 8):
        folded = fold(result, limit)
        rest = [folded.rest.figures] if folded.rest else []
        assert total([*(r.figures for r in folded.result.rows), *rest]) == result.totals


@given(CHAIN)
def test_expanded_rows_agree(chain: Any) -> None:
    graph = network(chain).graph
    whole, apart = count(graph), count(graph, expand=True)
    assert whole.totals == apart.totals
    for row in whole.rows:
        mine = [r for r in apart.rows if r.path.split(".")[: row.path.count(".") + 1]
                == row.path.split(".") and r.nodes[0].path == row.path]  # fmt: skip
        assert total(r.figures for r in mine) == row.figures


@given(STEPS, st.integers(0, 4))
def test_repeat_is_writing_it_so_often(step: Any, times: int) -> None:
    step = step if isinstance(step, dict) else {step: {}}
    looped = network([{**step, "repeat": times}]).graph
    written = network([step] * times).graph
    assert shapes(looped) == shapes(written)
    assert count(looped).totals == count(written).totals


@given(CHAIN)
def test_a_block_is_its_steps(chain: Any) -> None:
    called = network(["b", "b"], blocks={"b": {"layers": chain}}).graph
    written = network([*chain, *chain]).graph
    assert shapes(called) == shapes(written)


@given(CHAIN, CHAIN)
def test_a_condition_takes_one_of_two(yes: Any, no: Any) -> None:
    both: Callable[[bool], Any] = lambda on: [{"do": yes, "if": "on_", "else": no}]  # noqa: E731
    for on in (True, False):
        found = network(both(on), settings={"on_": on}).graph
        assert shapes(found) == shapes(network(yes if on else no).graph)


@given(CHAIN, st.integers(1, 9))
def test_a_setting_is_its_value(chain: Any, out: int) -> None:
    by_name = [*chain, {"conv": ["n", 1]}, {"conv": ["n*2 - n", 1]}]
    by_value = [*chain, {"conv": [out, 1]}, {"conv": [out, 1]}]
    assert counted(by_name, settings={"n": out}).totals == counted(by_value).totals


@given(CHAIN, st.text("abcdefg", min_size=1, max_size=8))
def test_renaming_changes_nothing(chain: Any, name: str) -> None:
    def named(prefix: str) -> Any:
        steps = [s if isinstance(s, dict) else {s: {}} for s in chain]
        ends = [{"name": f"{prefix}{n}", **s} for n, s in enumerate(steps)]
        return [*ends, {"relu": {}, "from": f"{prefix}0"}]

    first, second = network(named("zz")).graph, network(named(f"q{name}")).graph
    assert shapes(first) == shapes(second)
    assert count(first).totals == count(second).totals
    renamed = [row.path.replace("zz", f"q{name}") for row in count(first).rows]
    assert renamed == [row.path for row in count(second).rows]


@given(CHAIN)
def test_the_style_of_yaml_changes_nothing(chain: Any) -> None:
    text = spec(chain)
    lines = ["# a comment", "", *block_style(json.loads(text)), "# another"]
    other = load(Source("y.yaml", "\n".join(lines)), None).build()
    assert shapes(other.graph) == shapes(network(chain).graph)


def block_style(value: Any, indent: int = 0) -> list[str]:
    """The lines of a mapping or list, one thing a line."""
    space = " " * indent
    if isinstance(value, dict):
        found = []
        for key, item in value.items():
            found += nested(f"{space}{key}:", item, indent)
        return found or [f"{space}{{}}"]
    found = []
    for item in value:
        found += nested(f"{space}-", item, indent)
    return found or [f"{space}[]"]


def nested(head: str, item: Any, indent: int) -> list[str]:
    if isinstance(item, dict | list) and item:
        return [head, *block_style(item, indent + 2)]
    return [f"{head} {json.dumps(item)}  # so"]


# Relations between layers.


def figures(step: Any, **sizes: int) -> Figures:
    text = json.dumps({"archcalc": 1, "name": "x", "input": sizes, "layers": [step]})
    built = load(Source("x.yaml", text), None).build()
    assert not built.problems, built.problems
    return count(built.graph).totals


SIZE = st.integers(1, 40)


@given(SIZE, SIZE, SIZE, SIZE, st.booleans())
def test_a_1x1_convolution_is_a_linear_layer_at_each_position(
    channels: int, out: int, height: int, width: int, bias: bool
) -> None:
    conv = {"conv": {"out_channels": out, "kernel_size": 1, "bias": bias}}
    linear = {"linear": {"out_features": out, "bias": bias}}
    one = figures(conv, channels=channels, height=height, width=width)
    other = figures(linear, features=channels)
    assert one.params == other.params
    assert (one.mac, one.add) == (height * width * other.mac, height * width * other.add)
    sequence = figures(linear, length=height * width, features=channels)
    assert (one.mac, one.params) == (sequence.mac, sequence.params)


@given(st.integers(1, 6), st.integers(1, 5), st.integers(1, 5), st.integers(1, 5), SIZE)
def test_groups_divide_the_work(groups: int, ins: int, outs: int, kernel: int, size: int) -> None:
    def conv(number: int) -> Figures:
        arguments = {"out_channels": groups * outs, "kernel_size": kernel, "groups": number}
        step = {"conv": {**arguments, "bias": False, "padding": "same"}}
        return figures(step, channels=groups * ins, height=size, width=size)

    whole, parts = conv(1), conv(groups)
    assert (whole.mac, whole.params) == (groups * parts.mac, groups * parts.params)


@given(SIZE, st.integers(1, 5), SIZE, SIZE)
def test_a_depthwise_convolution_has_a_group_for_each_channel(
    channels: int, kernel: int, height: int, width: int
) -> None:
    sizes = {"channels": channels, "height": height, "width": width}
    own = {"kernel_size": kernel, "padding": "same"}
    by_groups = {"out_channels": channels, "groups": channels, **own}
    assert figures({"depthwise_conv": own}, **sizes) == figures({"conv": by_groups}, **sizes)


@given(st.integers(1, 7), st.integers(1, 4), st.integers(0, 3), st.integers(7, 40), SIZE)
def test_height_and_width_are_alike(
    kernel: int, stride: int, padding: int, height: int, width: int
) -> None:
    width += 7
    arguments = {"out_channels": 4, "kernel_size": [kernel, 1], "padding": [padding, 0]}
    lying = {"conv": {**arguments, "stride": [stride, 1]}}
    arguments = {"out_channels": 4, "kernel_size": [1, kernel], "padding": [0, padding]}
    standing = {"conv": {**arguments, "stride": [1, stride]}}
    one = figures(lying, channels=3, height=height, width=width)
    other = figures(standing, channels=3, height=width, width=height)
    assert one == other


@given(SIZE, SIZE, SIZE)
def test_branches_side_by_side_cost_what_each_costs(first: int, second: int, size: int) -> None:
    def conv(out: int) -> Any:
        return {"conv": {"out_channels": out, "kernel_size": 3, "padding": 1, "bias": False}}

    sizes = {"channels": 3, "height": size, "width": size}
    both = figures({"concat": [[conv(first)], [conv(second)]]}, **sizes)
    assert both == figures(conv(first + second), **sizes)


@given(CHAIN)
def test_exact_padding_never_costs_more(chain: Any) -> None:
    graph = network(chain).graph
    exact = count(graph, Counting(padding="exact")).totals
    assert exact.mac <= count(graph).totals.mac
    assert exact.params == count(graph).totals.params


@pytest.mark.parametrize("causal", [True, False])
@given(length=st.integers(1, 64), heads=st.sampled_from([1, 2, 4]))
def test_causal_attention_costs_half_and_the_diagonal(
    length: int, heads: int, causal: bool
) -> None:
    step = {"attention": {"num_heads": heads, "causal": causal}}
    text = json.dumps(
        {"archcalc": 1, "name": "x", "input": {"length": length, "features": 8}, "layers": [step]}
    )
    graph = load(Source("x.yaml", text), None).build().graph
    full = count(graph).totals.mac
    half = count(graph, Counting(causal="half")).totals.mac
    scores = 2 * length * length * 8
    assert full - half == (scores - length * (length + 1) * 8 if causal else 0)
