"""What steps do: the rows that come of them, with their paths and shapes.

Most are of a 3 x 32 x 32 image; ``c`` is a 3x3 convolution to 8 channels that keeps the size.
"""

from __future__ import annotations

import pytest
from nets import VECTOR, built, fault, rows, totals

C = "conv: {out_channels: 8, kernel_size: 3, padding: 1}"
TOP = "settings: {n: 2, yes_: true, no_: false, w: [4, 6]}"


def expand(text: str) -> str:
    return text.replace("{c}", "{" + C + "}").replace("{c,", "{" + C + ",")


ROWS = {
    # chains
    "relu": "relu 3x32x32",
    "relu, relu": "relu1 3x32x32, relu2 3x32x32",
    "relu, {c}, relu": "relu1 3x32x32, conv 8x32x32, relu2 8x32x32",
    "relu, [tanh, relu]": "relu 3x32x32, tanh 3x32x32, relu_2 3x32x32",
    "[]": "",
    "{do: [relu, tanh]}": "relu 3x32x32, tanh 3x32x32",
    "{do: [relu, tanh], name: a}": "a.relu 3x32x32, a.tanh 3x32x32",
    "{do: [relu], name: a}, {do: [relu], name: b}": "a.relu 3x32x32, b.relu 3x32x32",
    "{relu: }": "relu 3x32x32",
    "{relu: {}, note: why}": "relu 3x32x32",
    # names and where from
    "{c, name: a}, relu, {relu: {}, from: a}": "a 8x32x32, relu1 8x32x32, relu2 8x32x32",
    "{c, name: a}, {max_pool: 2}, {from: a}, relu": ("a 8x32x32, max_pool 8x16x16, relu 8x32x32"),
    "{max_pool: 2}, {relu: {}, from: input}": "max_pool 3x16x16, relu 3x32x32",
    "{max_pool: 2}, {relu: {}, from: prev}": "max_pool 3x16x16, relu 3x16x16",
    "{c, name: a}, {name: b}, {max_pool: 2}, {relu: {}, from: b}": (
        "a 8x32x32, max_pool 8x16x16, relu 8x32x32"
    ),
    "{relu: {}, name: r$(1+1)}, {tanh: {}, from: r2}": "r2 3x32x32, tanh 3x32x32",
    # loops
    "{c, repeat: 2}": "conv.0 8x32x32, conv.1 8x32x32",
    "{c, repeat: 1}": "conv.0 8x32x32",
    "{c, repeat: 0}, relu": "relu 3x32x32",
    "{c, repeat: n}, {relu: {}, repeat: n}": (
        "conv.0 8x32x32, conv.1 8x32x32, relu.0 8x32x32, relu.1 8x32x32"
    ),
    "{c, repeat: 2}, {c, repeat: 2}": (
        "conv1.0 8x32x32, conv1.1 8x32x32, conv2.0 8x32x32, conv2.1 8x32x32"
    ),
    "{c, repeat: 2, name: a}": "a.0 8x32x32, a.1 8x32x32",
    "{c, repeat: 2, name: a$i}": "a0 8x32x32, a1 8x32x32",
    "{c, repeat: 2, name: a$(i+1)}, {relu: {}, from: a1}": "a1 8x32x32, a2 8x32x32, relu 8x32x32",
    "{do: [relu, tanh], repeat: 2}": (
        "0.relu 3x32x32, 0.tanh 3x32x32, 1.relu 3x32x32, 1.tanh 3x32x32"
    ),
    "{do: [relu], repeat: 2, name: a}": "a.0.relu 3x32x32, a.1.relu 3x32x32",
    "{do: [relu], repeat: 2, name: a$i}": "a0.relu 3x32x32, a1.relu 3x32x32",
    "{do: [relu], repeat: 1}, {do: [relu], repeat: 1}": "do1.0.relu 3x32x32, do2.0.relu 3x32x32",
    "{do: [{relu: {}, repeat: 2}], repeat: 2}": (
        "0.relu.0 3x32x32, 0.relu.1 3x32x32, 1.relu.0 3x32x32, 1.relu.1 3x32x32"
    ),
    "{conv: [4*i+4, 1], repeat: 2}": "conv.0 4x32x32, conv.1 8x32x32",
    "{for: k, in: w, conv: [k, 1]}": "conv.0 4x32x32, conv.1 6x32x32",
    "{for: k, in: [4, 6], do: [{conv: [k, 1]}], name: s$k}": "s4.conv 4x32x32, s6.conv 6x32x32",
    "{for: [k, s], in: [[4, 1], [6, 2]], conv: [k, 1, s]}": "conv.0 4x32x32, conv.1 6x16x16",
    "{for: [k, s], in: 'zip(w, [1, 2])', conv: [k, 1, s]}": "conv.0 4x32x32, conv.1 6x16x16",
    "{for: [j, k], in: enumerate(w), conv: [j+k, 1]}": "conv.0 4x32x32, conv.1 7x32x32",
    "{for: k, in: w, repeat: 2, conv: [k+i, 1]}": (
        "conv.0.0 4x32x32, conv.0.1 5x32x32, conv.1.0 6x32x32, conv.1.1 7x32x32"
    ),
    "{for: k, in: [2, 1], repeat: k, conv: [k, 1]}": (
        "conv.0.0 2x32x32, conv.0.1 2x32x32, conv.1.0 1x32x32"
    ),
    "{for: k, in: [], conv: [k, 1]}, relu": "relu 3x32x32",
    "{for: k, in: w, do: [{conv: [k, 1], if: i == 1}]}": "1.conv 6x32x32",
    "{repeat: 2, do: [{repeat: 2, do: [{conv: [i+1, 1]}]}, {conv: [i+5, 1]}]}": (
        "0.0.conv 1x32x32, 0.1.conv 2x32x32, 0.conv 5x32x32, "
        "1.0.conv 1x32x32, 1.1.conv 2x32x32, 1.conv 6x32x32"
    ),
    "{repeat: 2, do: [{conv: [8, 1], name: a}, {relu: {}, from: a}]}, {tanh: {}, from: a}": (
        "0.a 8x32x32, 0.relu 8x32x32, 1.a 8x32x32, 1.relu 8x32x32, tanh 8x32x32"
    ),
    # conditions
    "{c, if: true}": "conv 8x32x32",
    "{c, if: false}, relu": "relu 3x32x32",
    "{c, if: n > 2}, {relu: {}, if: n == 2}": "relu 3x32x32",
    "{c, if: prev.channels == 3}, {c, if: prev.channels == 3}": "conv1 8x32x32",
    "{c, if: no_, else: [relu]}": "relu 3x32x32",
    "{c, if: no_, else: [relu, tanh]}, relu": "relu 3x32x32, tanh 3x32x32, relu_2 3x32x32",
    "{c, if: yes_, else: [relu]}": "conv 8x32x32",
    "{c, if: no_, else: []}, relu": "relu 3x32x32",
    "{do: [relu], if: no_}": "",
    "{conv: [i+1, 1], repeat: 3, if: i != 1}": "conv.0 1x32x32, conv.2 3x32x32",
    "{from: input, if: no_}, {relu: {}, from: input, if: yes_}": "relu 3x32x32",
    "{c, name: a}, {relu: {}, if: no_, name: b}, {tanh: {}, from: a}": "a 8x32x32, tanh 8x32x32",
    # merges
    "{add: [prev, input]}": "add 3x32x32",
    "{add: [prev, input], name: sum_}": "sum_ 3x32x32",
    "{add: [[relu], [tanh]]}": "branch1.relu 3x32x32, branch2.tanh 3x32x32, add 3x32x32",
    "{add: [relu, tanh]}": "branch1.relu 3x32x32, branch2.tanh 3x32x32, add 3x32x32",
    "{add: [[], [tanh]]}": "branch2.tanh 3x32x32, add 3x32x32",
    "{add: [[relu]]}": "branch1.relu 3x32x32",
    "{add: [prev, {c, if: no_}]}, relu": "relu 3x32x32",
    "{add: [prev, [{c, if: no_}]]}": "add 3x32x32",
    "{add: [prev, {from: input, if: no_}]}": "",
    "{add: [prev, [{from: input, if: no_}]]}": "add 3x32x32",
    "{add: [{c}, {c}], name: m}": "m.branch1.conv 8x32x32, m.branch2.conv 8x32x32, m.add 8x32x32",
    "{add: [relu, tanh]}, {add: [relu, tanh]}": (
        "add1.branch1.relu 3x32x32, add1.branch2.tanh 3x32x32, add1.add 3x32x32, "
        "add2.branch1.relu 3x32x32, add2.branch2.tanh 3x32x32, add2.add 3x32x32"
    ),
    "{concat: [prev, input]}": "concat 6x32x32",
    "{concat: [[{c}, relu], [{c}]]}": (
        "branch1.conv 8x32x32, branch1.relu 8x32x32, branch2.conv 8x32x32, concat 16x32x32"
    ),
    "{concat: {branches: {1x1: [{c}], id: []}}}": "1x1.conv 8x32x32, concat 11x32x32",
    "{concat: {branches: {a: [{c}], id: []}}, name: 3a}": "3a.a.conv 8x32x32, 3a.concat 11x32x32",
    "{concat: {branches: [prev, input], axis: height}}": "concat 3x64x32",
    "{concat: [prev, prev], repeat: 2}": "concat.0 6x32x32, concat.1 12x32x32",
    "{concat: [[relu], input], repeat: 2}": (
        "0.branch1.relu 3x32x32, 0.concat 6x32x32, 1.branch1.relu 6x32x32, 1.concat 9x32x32"
    ),
    "{mul: [prev, [{global_avg_pool: {keepdims: true}}]]}": (
        "branch2.global_avg_pool 3x1x1, mul 3x32x32"
    ),
    "{residual: [relu, tanh]}": "main.relu 3x32x32, main.tanh 3x32x32, add 3x32x32",
    "{residual: [relu], name: r}": "r.main.relu 3x32x32, r.add 3x32x32",
    "{residual: {main: [{c}], shortcut: [{c}]}}": (
        "main.conv 8x32x32, shortcut.conv 8x32x32, add 8x32x32"
    ),
    "{residual: {main: [relu]}}": "main.relu 3x32x32, add 3x32x32",
    "{residual: {main: [relu], shortcut: []}}": "main.relu 3x32x32, add 3x32x32",
    "{residual: {main: [relu], shortcut: [{c, if: no_}]}}": "main.relu 3x32x32, add 3x32x32",
    "{residual: [relu]}, {residual: [tanh]}": (
        "residual1.main.relu 3x32x32, residual1.add 3x32x32, "
        "residual2.main.tanh 3x32x32, residual2.add 3x32x32"
    ),
    "{residual: [relu], repeat: 2}": (
        "0.main.relu 3x32x32, 0.add 3x32x32, 1.main.relu 3x32x32, 1.add 3x32x32"
    ),
    "{c, name: a}, {add: [[{from: a}, relu], a]}": "a 8x32x32, branch1.relu 8x32x32, add 8x32x32",
    "{add: [{add: [relu, tanh]}, sigmoid]}": (
        "branch1.branch1.relu 3x32x32, branch1.branch2.tanh 3x32x32, branch1.add 3x32x32, "
        "branch2.sigmoid 3x32x32, add 3x32x32"
    ),
    # side
    "{side: [{c}, flatten]}, relu": "side.conv 8x32x32, side.flatten 8192, relu 3x32x32",
    "{side: [{c}], name: aux}, relu": "aux.conv 8x32x32, relu 3x32x32",
    "{side: [{c}], if: no_}, relu": "relu 3x32x32",
    "{side: [{c, name: a}]}, {relu: {}, from: a}": "side.a 8x32x32, relu 8x32x32",
    "{side: [{c}], name: aux}, {relu: {}, from: aux}": "aux.conv 8x32x32, relu 8x32x32",
    # custom
    "{custom: {params: 5}}": "custom 3x32x32",
    "{custom: {output: {features: 4*prev.channels}}, name: own}": "own 12",
    # layers with another tensor
    "{max_pool: 2}, {upsample: {like: input}}": "max_pool 3x16x16, upsample 3x32x32",
    # words that are both
    "{relu: {}, name: tanh}, {add: [tanh, input]}": "tanh 3x32x32, add 3x32x32",
}


@pytest.mark.parametrize(("layers", "expected"), ROWS.items())
def test_rows(layers: str, expected: str) -> None:
    assert rows(expand(layers), TOP) == expected


BLOCKS = """
settings: {n: 2, w: 5}
defaults: {conv: {padding: half}}
blocks:
  plain: {layers: [relu]}
  wide: {arguments: {k: int}, layers: [{conv: [k, 1]}]}
  two: {arguments: {k: int, s: 1}, layers: [{conv: [k, 3, s]}, relu]}
  derived: {arguments: {k: int, h: k // 2}, layers: [{conv: [h, 1]}, {conv: [k, 1]}]}
  entry: {arguments: {k: input.channels * 2}, layers: [{max_pool: 2}, {conv: [k, 1]}]}
  back: {layers: [{max_pool: 2}, {concat: [[{from: input}, {max_pool: 2}], prev]}]}
  named: {layers: [{relu: {}, name: a}, {tanh: {}, from: a}]}
  outer: {arguments: {k: int}, layers: [{wide: k}, {two: {k: k+1, s: 2}, name: second}]}
  setting: {layers: [{conv: [w, 1]}]}
  empty: {layers: []}
  list: {arguments: {ks: list}, layers: [{for: k, in: ks, conv: [k, 1]}]}
  late: {layers: [later]}
  later: {layers: [relu]}
"""
CALLS = {
    "plain": "plain.relu 3x32x32",
    "plain, plain": "plain1.relu 3x32x32, plain2.relu 3x32x32",
    "{plain: {}, name: p}": "p.relu 3x32x32",
    "{plain: {}, repeat: 2}": "0.relu 3x32x32, 1.relu 3x32x32",
    "{plain: {}, repeat: 2, name: p}": "p.0.relu 3x32x32, p.1.relu 3x32x32",
    "{wide: 4}": "wide.conv 4x32x32",
    "{wide: [4]}": "wide.conv 4x32x32",
    "{wide: {k: 4}}": "wide.conv 4x32x32",
    "{wide: 2*n}": "wide.conv 4x32x32",
    "{wide: prev.channels + 1}": "wide.conv 4x32x32",
    "{two: [4]}": "two.conv 4x32x32, two.relu 4x32x32",
    "{two: [4, 2]}": "two.conv 4x16x16, two.relu 4x16x16",
    "{two: {s: 2, k: 4}}": "two.conv 4x16x16, two.relu 4x16x16",
    "{derived: 8}": "derived.conv1 4x32x32, derived.conv2 8x32x32",
    "{derived: [8, 3]}": "derived.conv1 3x32x32, derived.conv2 8x32x32",
    "{conv: [4, 1]}, entry": "conv 4x32x32, entry.max_pool 4x16x16, entry.conv 8x16x16",
    "back": "back.max_pool 3x16x16, back.branch1.max_pool 3x16x16, back.concat 6x16x16",
    "named, named": (
        "named1.a 3x32x32, named1.tanh 3x32x32, named2.a 3x32x32, named2.tanh 3x32x32"
    ),
    "{outer: 4}": ("outer.wide.conv 4x32x32, outer.second.conv 5x16x16, outer.second.relu 5x16x16"),
    "setting": "setting.conv 5x32x32",
    "empty, relu": "relu 3x32x32",
    "{list: [[2, 4]]}": "list.conv.0 2x32x32, list.conv.1 4x32x32",
    "late": "late.later.relu 3x32x32",
    "{for: k, in: [2, 4], wide: k}": "0.conv 2x32x32, 1.conv 4x32x32",
    "{for: b, in: [plain, empty, later], $b: }": "0.relu 3x32x32, 2.relu 3x32x32",
    "{for: b, in: [wide, conv], do: [{$b: {k: 4}, if: i == 0}]}": "0.b.conv 4x32x32",
}


@pytest.mark.parametrize(("layers", "expected"), CALLS.items())
def test_blocks(layers: str, expected: str) -> None:
    assert rows(layers, BLOCKS) == expected


REFUSED = {
    "{wide: 4, s: 2}": "a step has one operation, this one has 'wide' and 's'",
    "{wide: {k: 4, s: 2}}": "wide has no argument 's'",
    "{wide: [4, 2]}": "wide takes 1 argument by position, got 2",
    "wide": "wide needs k (int)",
    "{wide: a}": "there is no name 'a' here",
    "{wide: 4.5}": "a whole number is needed, got 4.5",
    "{list: 3}": "a list is needed, got the number 3",
    "{plain: 3}": "plain has no arguments",
    "{relu: {}, from: a}, named": "there is no tensor 'a' here",
    "named, {relu: {}, from: a}": "there is no tensor 'a' here",
    "{for: k, in: [1], do: [{wide: j}]}": "there is no name 'j' here",
    "{$n: 3}": "there is no layer or block '2'",
    "{$q: 3}": "there is no name 'q' here",
}


@pytest.mark.parametrize(("layers", "said"), REFUSED.items())
def test_calls_that_are_refused(layers: str, said: str) -> None:
    assert fault(layers, BLOCKS).startswith(said)


DEFAULTS = {
    "{conv: [4, 3]}": "conv 4x32x32",
    "{conv: {out_channels: 4, kernel_size: 3, padding: 0}}": "conv 4x30x30",
    "{conv: 4}": "conv 4x32x32",
    "max_pool": "max_pool 3x16x16",
    "{max_pool: 4}": "max_pool 3x8x8",
    "{add: [[max_pool], [max_pool]]}": (
        "branch1.max_pool 3x16x16, branch2.max_pool 3x16x16, add 3x16x16"
    ),
}


@pytest.mark.parametrize(("layers", "expected"), DEFAULTS.items())
def test_defaults(layers: str, expected: str) -> None:
    top = "defaults: {conv: {kernel_size: 3, padding: half}, max_pool: {kernel_size: 2}}"
    assert rows(layers, top) == expected


def test_defaults_may_use_settings_and_reach_followers() -> None:
    top = "settings: {k: 3}\ndefaults: {conv: {kernel_size: k, norm: group}, group_norm: 2}"
    assert totals("{conv: 8}", top).params == 3 * 3 * 3 * 8 + 2 * 8
    assert totals("{conv: 8}", top, k="5").params == 5 * 5 * 3 * 8 + 2 * 8


def test_a_norm_takes_the_bias_away_unless_asked() -> None:
    plain = totals("{conv: [8, 3]}").params
    norm = totals("{conv: {out_channels: 8, kernel_size: 3, norm: batch}}").params
    both = totals("{conv: {out_channels: 8, kernel_size: 3, norm: batch, bias: true}}").params
    assert (norm - plain, both - plain) == (2 * 8 - 8, 2 * 8)


# Shared weights: layers → parameters and multiply-accumulates of 8 features.
SHARED = {
    "{linear: 8}, {linear: 8}": (144, 128),
    "{linear: 8, name: a}, {linear: 8, share: a}": (72, 128),
    "{linear: 8, name: a}, {linear: 8, share: a}, {linear: 8, share: a}": (72, 192),
    "{linear: 8, name: a}, {linear: 8, share: a, name: b}, {linear: 8, share: b}": (72, 192),
    "{linear: 4, name: a}, {linear: {out_features: 8, bias: false}, share: a}": (36, 64),
    "{linear: 4, name: a}, {linear: 8, share: a}": None,
    "{linear: 8, repeat: 3}": (216, 192),
    "{linear: 8, repeat: 3, share: true}": (72, 192),
    "{linear: 8, repeat: 3, share: false}": (216, 192),
    "{do: [{linear: 8}, {linear: 8}], repeat: 3, share: true}": (144, 384),
    "{do: [{linear: 8}, relu], name: a}, {do: [relu, {linear: 8}], share: a}": (72, 128),
    "{residual: [layer_norm, {linear: 8}], repeat: 2, share: true}": (88, 128),
    "{linear: {out_features: 8, norm: batch}, name: a}, "
    "{linear: {out_features: 8, norm: batch}, share: a}": (80, 128),
}


@pytest.mark.parametrize(("layers", "expected"), SHARED.items())
def test_shared_weights(layers: str, expected: tuple[int, int] | None) -> None:
    if expected is None:
        assert fault(layers, "", VECTOR).startswith("share: 'bias' is 4 there and 8 here")
        return
    found = totals(layers, "", VECTOR)
    assert (found.params, found.mac) == expected


def test_a_tied_head_is_a_transpose() -> None:
    top = "settings: {vocab: 50, dim: 8}"
    head = "{linear: {out_features: vocab, bias: false}"
    tied = "{embedding: [vocab, dim], name: wte}, " + head + ", share: wte}"
    found = totals(tied, top, "input: {length: 4, dtype: int64}")
    assert (found.params, found.mac) == (50 * 8, 4 * 8 * 50)


UNSHARED = {
    "{linear: 8, share: a}": "there is no tensor 'a' here",
    "{linear: 8, name: a, share: a}": "there is no tensor 'a' here",
    "{linear: 8, name: a}, {linear: 9, share: a}": "share: 'weight' is 8 x 8 there and 8 x 9 here",
    "{linear: 8, name: a}, {do: [{linear: 8}, {linear: 8}], share: a}": (
        "share: 2 layers with weights here, 1 there"
    ),
    "{linear: 8, name: a}, {layer_norm: {}, share: a}": (
        "share: linear and layer_norm have no weight in common"
    ),
    "{relu: {}, name: a}, {linear: 8, share: a}": "share: 1 layer with weights here, 0 there",
    "{linear: 8, share: input}": "'input' is an input and has no weights",
    "{linear: 8, share: true}": "'share: true' shares the turns of a repeat; here is none",
}


@pytest.mark.parametrize(("layers", "said"), UNSHARED.items())
def test_what_cannot_be_shared(layers: str, said: str) -> None:
    assert fault(layers, "", VECTOR).startswith(said)


OUTPUTS = {
    "relu, {linear: 4}": ["linear"],
    "relu, {side: [{linear: 4}], name: aux}": ["relu"],
    "{relu: {}, name: a}, {linear: 4, name: b}|[a, b]": ["a", "b"],
    "{side: [{linear: 4}], name: aux}, relu|[prev, aux]": ["relu", "aux.linear"],
    "{linear: 4, repeat: 2, name: s$i}|[s1, s0]": ["s1", "s0"],
    "relu|[input]": ["input"],
    "": ["input"],
}


@pytest.mark.parametrize(("case", "expected"), OUTPUTS.items())
def test_outputs(case: str, expected: list[str]) -> None:
    layers, _, outputs = case.partition("|")
    made = built(layers, f"outputs: {outputs}" if outputs else "", VECTOR)
    assert [node.path for node in made.graph.outputs] == expected


def test_several_inputs() -> None:
    inputs = "inputs: {a: {features: 4}, b: {features: 6}}"
    layers = "{from: a}, {concat: [prev, b]}, {linear: a.features + b.features}"
    assert rows(layers, "", inputs) == "concat 10, linear 10"
    assert fault("relu", "", inputs).startswith("there is no tensor yet")
    assert fault("{from: input}", "", inputs) == ("the network has several inputs / name one: a, b")


def test_a_size_of_the_input_may_use_settings() -> None:
    image = "input: {channels: 3, height: n, width: 2*n}"
    assert rows("relu", "settings: {n: 8}", image) == "relu 3x8x16"
    assert rows("relu", "settings: {n: 8}", image, n="4") == "relu 3x4x8"
    assert rows("relu", "settings: {n: 8}", image, **{"input.width": "5"}) == "relu 3x8x5"


def test_custom_counts_what_it_says() -> None:
    found = totals("{custom: {params: 3*prev.channels, macs: 7, frozen: 2, buffers: 4}}")
    assert (found.params, found.trainable, found.mac, found.buffers) == (11, 9, 7, 4)


# Writing a step n times is what repeat does: the paths differ, nothing else.
REPEATED = [
    "{c}",
    "{conv: {out_channels: 3, kernel_size: 3, padding: 1, norm: batch, activation: relu}}",
    "{residual: [{conv: {out_channels: prev.channels, kernel_size: 3, padding: 1}}]}",
    "{concat: [prev, [{conv: [2, 1]}]]}",
    "{do: [{conv: [4, 1]}, {max_pool: 2}]}",
    "{side: [flatten, {linear: 3}]}",
    "{mul: [prev, [sigmoid]], if: prev.channels == 3}",
]


@pytest.mark.parametrize("step", REPEATED)
@pytest.mark.parametrize("times", [0, 1, 2, 5])
def test_repeat_equals_writing_it_so_often(step: str, times: int) -> None:
    step = expand(step)
    looped = built(step[:-1] + f", repeat: {times}}}").graph
    written = built(", ".join([step] * times)).graph
    assert [(n.layer.kind, n.output, len(n.inputs)) for n in looped.nodes] == [
        (n.layer.kind, n.output, len(n.inputs)) for n in written.nodes
    ]
    assert totals(step[:-1] + f", repeat: {times}}}") == totals(", ".join([step] * times))


def test_for_equals_writing_each_item_out() -> None:
    looped = totals("{for: [k, s], in: [[4, 1], [8, 2], [6, 1]], conv: [k, 3, s]}")
    assert looped == totals("{conv: [4, 3, 1]}, {conv: [8, 3, 2]}, {conv: [6, 3, 1]}")


def test_a_block_equals_its_steps() -> None:
    top = "blocks: {b: {arguments: {k: int}, layers: [{conv: [k, 3]}, relu]}}"
    assert totals("{b: 4}, {b: 6}", top) == totals("{conv: [4, 3]}, relu, {conv: [6, 3]}, relu")


def test_a_path_has_an_end() -> None:
    deep = "{do: [" * 3 + "relu" + "".join(f"], name: {letter * 200}}}" for letter in "abc")
    assert fault(deep).startswith("the path of a row has at most 512 characters, here it gets 60")


def test_names_of_a_loop_end_with_it() -> None:
    assert fault("{for: k, in: [1], do: [relu]}, {conv: [k, 1]}").startswith("there is no name 'k'")
    layers = "{for: k, in: [4], do: [{for: k, in: [2], do: [{conv: [k, 1]}]}, {conv: [k, 1]}]}"
    assert rows(layers) == "0.0.conv 2x32x32, 0.conv 4x32x32"
