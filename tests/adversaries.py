"""Specs of at most 1 MiB that try to cost a second, or 200 MB, in every way we could think of.

`test_hostile` runs the worst of them; ``benchmarks/hostile.py`` measures them all.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

MIB = 1 << 20
HEAD = "archcalc: 1\nname: x\n"
INPUT = "input: {channels: 3, height: 32, width: 32}\n"
LAYERS = HEAD + INPUT + "layers:\n"
RELU = INPUT + "layers: [relu]\n"

Files = dict[str, str]
ADVERSARIES: dict[str, Callable[[], str | Files]] = {}
"""By name, what makes the text of a spec, or of several files of which ``main.yaml`` is the one."""


def adversary(make: Callable[[], str | Files]) -> Callable[[], str | Files]:
    ADVERSARIES[make.__name__] = make
    return make


def fill(head: str, item: Callable[[int], str], tail: str = "", size: int = MIB - 64) -> str:
    """As many items as fit into ``size`` characters."""
    parts, room, number = [head], size - len(head) - len(tail), 0
    while True:
        text = item(number)
        room -= len(text)
        if room < 0:
            return "".join((*parts, tail))
        parts.append(text)
        number += 1


def some(count: int, item: Callable[[int], str], between: str = "") -> str:
    return between.join(map(item, range(count)))


# YAML.


@adversary
def yaml_long_plain_scalar() -> str:
    return HEAD + RELU + "meta: {a: " + "x" * (MIB - 200) + "}\n"


@adversary
def yaml_long_plain_scalar_of_words() -> str:
    return HEAD + RELU + "meta:\n  a: " + "x " * (MIB // 2 - 100) + "\n"


@adversary
def yaml_long_folded_lines() -> str:
    return HEAD + RELU + "meta:\n  a: >\n" + "    x\n" * (MIB // 6 - 100)


@adversary
def yaml_plain_over_many_lines() -> str:
    return HEAD + RELU + "meta:\n  a: x\n" + "    x\n" * (MIB // 6 - 100)


@adversary
def yaml_quoted_over_many_lines() -> str:
    return HEAD + RELU + 'meta:\n  a: "' + "x\n   " * (MIB // 5 - 100) + '"\n'


@adversary
def yaml_comments() -> str:
    return HEAD + "#\n" * (MIB // 2 - 100) + RELU


@adversary
def yaml_blank_lines() -> str:
    return HEAD + "\n" * (MIB - 200) + RELU


@adversary
def yaml_spaces() -> str:
    return HEAD + RELU + "meta:" + " " * (MIB - 200) + "{a: 1}\n"


@adversary
def yaml_many_keys() -> str:
    return fill(HEAD + RELU + "meta:\n", lambda n: f"  k{n}: v\n")


@adversary
def yaml_one_flow_map() -> str:
    return fill(HEAD + RELU + "meta: {", lambda n: f"k{n}: v, ", "}\n")


@adversary
def yaml_flow_map_without_values() -> str:
    return fill(HEAD + RELU + "meta: {", lambda n: f"k{n}, ", "}\n")


@adversary
def yaml_question_marks() -> str:
    return fill(HEAD + RELU + "meta:\n", lambda n: f"  ? k{n}\n  : v\n")


@adversary
def yaml_duplicate_keys() -> str:
    return HEAD + RELU + "meta:\n" + "  a: 1\n" * 90_000


@adversary
def yaml_duplicates_of_long_keys() -> str:
    return HEAD + RELU + "meta:\n" + ("  " + "a" * 1000 + ": 1\n") * 1000


@adversary
def yaml_one_line() -> str:
    return fill(HEAD + INPUT + "layers: [", lambda n: "relu, ", "relu]\n", 90_000 * 6)


@adversary
def yaml_deep_blocks() -> str:
    deep = "".join("  " * d + "- \n" for d in range(39))
    return HEAD + "meta:\n" + deep * 600


@adversary
def yaml_many_deep_lists() -> str:
    return fill(HEAD + RELU + "meta: {a: [", lambda n: "[" * 37 + "]" * 37 + ", ", "1]}\n")


@adversary
def yaml_unclosed_after_much() -> str:
    return fill(HEAD + RELU + "meta: {", lambda n: f"k{n}: v, ", "\n", 900_000)


@adversary
def yaml_unclosed_in_many_lines() -> str:
    return HEAD + RELU + "meta: {a: " + "[" * 36 + "\n" * 900_000 + "1\n"


@adversary
def yaml_quote_never_closed() -> str:
    return HEAD + RELU + 'meta: {a: "' + "x\n " * 300_000


@adversary
def yaml_error_on_last_of_many_lines() -> str:
    return HEAD + RELU + "meta:\n" + "  a:\n" * 0 + "\n" * 1_000_000 + " : @\n"


@adversary
def yaml_percent_lines() -> str:
    return HEAD + RELU + "%\n" * 500_000


@adversary
def yaml_document_ends() -> str:
    return HEAD + RELU + "...\n" * 250_000


@adversary
def yaml_dashes() -> str:
    return HEAD + "layers:\n" + "-\n" * 190_000


@adversary
def yaml_colons() -> str:
    return HEAD + RELU + "meta: " + "a:" * 500_000 + "\n"


@adversary
def yaml_wide_characters() -> str:
    return HEAD + RELU + "meta: {a: " + "\U0001f600" * (MIB // 4 - 100) + "}\n"


@adversary
def yaml_escapes() -> str:
    return HEAD + RELU + 'meta: {a: "' + "\\n" * (MIB // 2 - 100) + '"}\n'


@adversary
def yaml_long_key() -> str:
    return HEAD + RELU + "x" * (MIB - 200) + ": 1\n"


@adversary
def yaml_long_quoted_key() -> str:
    return HEAD + RELU + 'meta: {"' + "x" * 1000 + '": 1}\n"' + "x" * (MIB - 2000) + '": 1\n'


@adversary
def yaml_tabs() -> str:
    return HEAD + RELU + "meta: {a:" + "\t" * (MIB - 200) + "1}\n"


@adversary
def yaml_anchors_after_much() -> str:
    return HEAD + RELU + "meta:\n  a: &" + "x" * (MIB - 200) + " 1\n"


@adversary
def yaml_number_of_digits() -> str:
    return HEAD + "input: {features: " + "9" * (MIB - 200) + "}\nlayers: [relu]\n"


@adversary
def yaml_number_with_underscores() -> str:
    return HEAD + "input: {features: 1" + "_0" * (MIB // 2 - 200) + "}\nlayers: [relu]\n"


@adversary
def yaml_float_of_digits() -> str:
    digits = "9" * 1000
    return fill(HEAD + RELU + "settings: {", lambda n: f"a{n}: 0.{digits}, ", "}\n")


# Many of one thing.


@adversary
def plain_steps() -> str:
    return LAYERS + "  - relu\n" * 99_990


@adversary
def mapped_steps() -> str:
    return LAYERS + "  - {conv: 1}\n" * 40_000


@adversary
def positional_steps() -> str:
    return LAYERS + "  - conv: [8, 1]\n" * 28_000


@adversary
def steps_with_expressions() -> str:
    return fill(LAYERS, lambda n: f"  - conv: [8+{n}, 1]\n", "", 600_000)


@adversary
def steps_with_long_expressions() -> str:
    sum_of_ones = "1" + "+1" * 140
    return fill(LAYERS, lambda n: f"  - conv: [{n}+{sum_of_ones}, 1]\n")


@adversary
def one_long_expression_often() -> str:
    sum_of_ones = "1" + "+i" * 140
    return LAYERS + f"  - {{conv: [{sum_of_ones}, 1], repeat: 90000}}\n"


@adversary
def short_expressions() -> str:
    return fill(HEAD + RELU + "settings: {", lambda n: f"a{n}: 1+{n}, ", "}\n", 900_000)


@adversary
def short_expressions_in_lists() -> str:
    return fill(
        HEAD + RELU + "settings:\n",
        lambda n: f"  a{n}: [" + some(4000, lambda k: f"{k}+{n}", ", ") + "]\n",
    )


@adversary
def settings_in_a_chain() -> str:
    return fill(
        HEAD + RELU + "settings:\n  a0: 1\n", lambda n: f"  a{n + 1}: a{n}+1\n", "", 900_000
    )


@adversary
def settings() -> str:
    return fill(HEAD + RELU + "settings: {", lambda n: f"a{n}: 1, ", "}\n")


@adversary
def settings_of_words() -> str:
    return fill(HEAD + RELU + "settings: {", lambda n: f"a{n}: b{n}, ", "}\n")


@adversary
def settings_in_lists() -> str:
    body = some(30_000, lambda n: f"a{n}: 1, ")
    return HEAD + RELU + "settings: {" + body + "z: [" + "b, " * 60_000 + "]}\n"


@adversary
def declared_settings() -> str:
    return fill(HEAD + RELU + "settings:\n", lambda n: f"  a{n}: {{type: int, default: 1}}\n")


@adversary
def blocks() -> str:
    return fill(HEAD + RELU + "blocks:\n", lambda n: f"  b{n}: {{layers: [relu]}}\n")


@adversary
def blocks_and_settings() -> str:
    names = some(45_000, lambda n: f"a{n}: 1, ")
    return fill(
        HEAD + RELU + "settings: {" + names + "}\nblocks:\n", lambda n: f"  b{n}: {{layers: []}}\n"
    )


@adversary
def blocks_that_are_called() -> str:
    body = some(9_000, lambda n: f"  b{n}: {{layers: [relu]}}\n")
    return HEAD + INPUT + "blocks:\n" + body + "layers:\n" + some(9_000, lambda n: f"  - b{n}\n")


@adversary
def block_of_many_arguments() -> str:
    names = some(20_000, lambda n: f"a{n}: 1, ")
    return (
        HEAD
        + INPUT
        + "blocks: {b: {arguments: {"
        + names
        + "}, layers: [relu]}}\n"
        + "layers: [{b: {}, repeat: 90000}]\n"
    )


@adversary
def block_called_with_many_arguments() -> str:
    names = some(20_000, lambda n: f"a{n}: 1, ")
    given = some(20_000, lambda n: f"a{n}: 1+i, ")
    return (
        HEAD
        + INPUT
        + "blocks: {b: {arguments: {"
        + names
        + "}, layers: [relu]}}\n"
        + "layers: [{b: {"
        + given
        + "}, repeat: 90000}]\n"
    )


@adversary
def variants() -> str:
    return fill(
        HEAD + RELU + "settings: {a: 1}\nvariants:\n", lambda n: f"  v{n}: {{set: {{a: 2}}}}\n"
    )


@adversary
def variants_and_settings() -> str:
    names = some(40_000, lambda n: f"a{n}: 1, ")
    return fill(
        HEAD + RELU + "settings: {" + names + "}\nvariants:\n",
        lambda n: f"  v{n}: {{set: {{a{n}: a}}}}\n",
    )


@adversary
def variants_with_figures() -> str:
    return fill(
        HEAD + RELU + "variants:\n",
        lambda n: f"  v{n}: {{expect: {{params: 1}}, published: {{params: 1M}}}}\n",
    )


@adversary
def choices_and_variants() -> str:
    many = some(40_000, lambda n: str(n), ", ")
    return fill(
        HEAD
        + RELU
        + "settings: {a: {type: int, default: 39999, choices: ["
        + many
        + "]}}\nvariants:\n",
        lambda n: f"  v{n}: {{set: {{a: 39998}}}}\n",
    )


@adversary
def choices_and_calls() -> str:
    many = some(40_000, lambda n: str(n), ", ")
    return (
        HEAD
        + INPUT
        + "blocks: {b: {arguments: {a: {type: int, choices: ["
        + many
        + "]}}, layers: [relu]}}\nlayers: [{b: 39999, repeat: 90000}]\n"
    )


@adversary
def wrong_choices() -> str:
    many = some(40_000, lambda n: str(n), ", ")
    return fill(
        HEAD
        + RELU
        + "settings: {a: {type: int, default: 39999, choices: ["
        + many
        + "]}}\nvariants:\n",
        lambda n: f"  v{n}: {{set: {{a: -1}}}}\n",
    )


@adversary
def defaults_for_all() -> str:
    words = "{bias: false, norm: batch, activation: relu, padding: half, kernel_size: 3}"
    return HEAD + INPUT + f"defaults: {{conv: {words}}}\nlayers:\n" + "  - conv: 1\n" * 40_000


@adversary
def outputs() -> str:
    return (
        LAYERS + "  - {relu: {}, name: a}\n" + fill("outputs: [", lambda n: "a, ", "a]\n", 250_000)
    )


@adversary
def inputs() -> str:
    return fill(HEAD + "layers: []\ninputs:\n", lambda n: f"  a{n}: {{features: 1}}\n")


@adversary
def names() -> str:
    return fill(LAYERS, lambda n: f"  - {{relu: {{}}, name: a{n}}}\n", "", 900_000)


@adversary
def names_and_origins() -> str:
    return fill(
        LAYERS + "  - {relu: {}, name: a0}\n",
        lambda n: f"  - {{relu: {{}}, from: a{n}, name: a{n + 1}}}\n",
    )


@adversary
def templates() -> str:
    return fill(LAYERS, lambda n: f"  - {{relu: {{}}, name: a$({n})}}\n", "", 900_000)


@adversary
def template_of_many_parts() -> str:
    return LAYERS + "  - {relu: {}, name: " + "$(1)" * 250_000 + "}\n"


@adversary
def template_of_many_brackets() -> str:
    return LAYERS + "  - {relu: {}, name: " + "$(" * 500_000 + "}\n"


@adversary
def template_of_empty_brackets() -> str:
    return LAYERS + '  - {relu: {}, name: "' + "$()" * 300_000 + '"}\n'


@adversary
def notes() -> str:
    return fill(LAYERS, lambda n: f"  - {{relu: {{}}, note: a{n}}}\n", "", 900_000)


# Names that grow.


@adversary
def texts_that_double() -> str:
    lines = some(60, lambda n: f"  a{n + 1}: {{type: str, default: $a{n}$a{n}}}\n")
    return HEAD + RELU + "settings:\n  a0: {type: str, default: xxxxxxxx}\n" + lines


@adversary
def texts_of_megabytes() -> str:
    long = "x" * 900_000
    return (
        HEAD
        + RELU
        + f"settings:\n  a: {{type: str, default: {long}}}\n"
        + some(200, lambda n: f"  b{n}: {{type: str, default: $a}}\n")
        + "  c: {type: str, default: "
        + "$a" * 100
        + "}\n"
    )


@adversary
def lists_that_double() -> str:
    lines = some(60, lambda n: f"  a{n + 1}: [a{n}, a{n}]\n")
    return HEAD + RELU + "settings:\n  a0: [1, 2, 3]\n" + lines


@adversary
def sums_that_double() -> str:
    lines = some(600, lambda n: f"  a{n + 1}: a{n}+a{n}\n")
    return HEAD + RELU + "settings:\n  a0: 1\n" + lines


@adversary
def channels_that_double() -> str:
    return LAYERS + "  - {concat: [prev, prev], repeat: 90000}\n"


@adversary
def lengths_that_double() -> str:
    return LAYERS + "  - {upsample: 1000, repeat: 90000}\n"


@adversary
def flatten_that_doubles() -> str:
    return LAYERS + "  - flatten\n  - {concat: [prev, prev, prev, prev], repeat: 20000}\n"


@adversary
def paths_of_long_names() -> str:
    deep = "".join(
        f"{' ' * (4 * d + 2)}- name: {chr(97 + d) * 250}\n{' ' * (4 * d + 4)}do:\n"
        for d in range(16)
    )
    return LAYERS + deep + " " * 70 + "- {relu: {}, repeat: 90000}\n"


@adversary
def names_of_256_in_a_loop() -> str:
    return LAYERS + f"  - {{relu: {{}}, name: {'a' * 250}$i, repeat: 90000}}\n"


@adversary
def the_same_path_by_chains() -> str:
    return HEAD + INPUT + "layers: [" + "[relu], " * 49_000 + "]\n"


@adversary
def the_same_path_by_template() -> str:
    return LAYERS + "  - {relu: {}, name: a$(1), repeat: 90000}\n"


@adversary
def the_same_path_by_blocks() -> str:
    return HEAD + INPUT + "layers:\n" + "  - {relu: {}, name: a, repeat: 1}\n" * 10


@adversary
def the_same_path_and_its_numbers() -> str:
    return (
        LAYERS
        + "  - {relu: {}, name: a$(1), repeat: 20000}\n"
        + "  - {relu: {}, name: 'a$(1)_$(i+2)', repeat: 20000}\n" * 2
    )


# Loops and lists.


@adversary
def repeat_of_three() -> str:
    return (
        LAYERS
        + "  - {conv: {out_channels: 8, kernel_size: 1, norm: batch, activation: relu}, "
        + "repeat: 33000}\n"
    )


@adversary
def repeat_that_differs() -> str:
    return LAYERS + "  - {conv: {out_channels: i+1, kernel_size: 1}, repeat: 90000}\n"


@adversary
def repeat_that_differs_with_norm() -> str:
    return (
        LAYERS
        + "  - {conv: {out_channels: i+1, kernel_size: 1, norm: batch, activation: relu}, "
        + "repeat: 33000}\n"
    )


@adversary
def attention_that_differs() -> str:
    return (
        HEAD
        + "input: {length: 10, features: 64}\nlayers:\n"
        + "  - {mlp: {hidden_features: i+1, activation: gelu}, repeat: 50000}\n"
    )


@adversary
def repeat_of_nothing() -> str:
    return LAYERS + "  - {relu: {}, if: false, repeat: 299000}\n"


@adversary
def repeat_of_comparison() -> str:
    return LAYERS + "  - {relu: {}, if: i == -1, repeat: 299000}\n"


@adversary
def repeat_in_repeat() -> str:
    return LAYERS + "  - {do: [{relu: {}, if: i < 0, repeat: 2}], repeat: 100000}\n"


@adversary
def repeat_of_empty_chain() -> str:
    return LAYERS + "  - {do: [], repeat: 299000}\n"


@adversary
def repeat_of_side() -> str:
    return LAYERS + "  - {side: [relu], repeat: 90000}\n"


@adversary
def loop_over_rows_of_many_names() -> str:
    names = some(4000, lambda n: f"a{n}", ", ")
    values = some(4000, lambda n: "1", ", ")
    return LAYERS + f"  - do: [{{for: [{names}], in: [[{values}]], do: []}}]\n    repeat: 200000\n"


@adversary
def loops_in_loops_of_many_names() -> str:
    names = some(4000, lambda n: f"a{n}", ", ")
    values = some(4000, lambda n: "1", ", ")
    return (
        LAYERS
        + f"  - for: [{names}]\n    in: [[{values}]]\n"
        + "    do: [{do: [{do: [], repeat: 1}], repeat: 149000}]\n"
    )


@adversary
def sum_of_range_often() -> str:
    return LAYERS + '  - {conv: ["sum(range(4096))", 1], repeat: 90000}\n'


@adversary
def sum_of_setting_often() -> str:
    many = "settings: {a: range(4096)}\n"
    return HEAD + INPUT + many + "layers:\n  - {conv: [sum(a), 1], repeat: 90000}\n"


@adversary
def list_of_cells_often() -> str:
    many = some(4000, lambda n: "i", ", ")
    return LAYERS + f"  - do: [{{for: x, in: [{many}], do: []}}]\n    repeat: 200000\n"


@adversary
def list_of_words_often() -> str:
    names = some(1900, lambda n: f"{'abcdefgh' * 8}{n}: 1, ")
    many = some(4000, lambda n: f"{'hgfedcba' * 8}{n}", ", ")
    return (
        HEAD
        + INPUT
        + f"settings: {{{names}}}\nlayers:\n"
        + f"  - do: [{{for: x, in: [{many}], do: []}}]\n    repeat: 200\n"
    )


@adversary
def words_that_name_nothing() -> str:
    return (
        LAYERS
        + "  - {for: x, in: [a, b, c], do: [{for: y, in: [d, e, f], do: []}], repeat: 20000}\n"
    )


@adversary
def lists_compared() -> str:
    many = "settings: {a: range(4096), b: range(4096)}\n"
    return HEAD + INPUT + many + "layers:\n  - {relu: {}, if: a != b, repeat: 299000}\n"


@adversary
def lists_compared_long() -> str:
    test = " or ".join(["a != b"] * 28)
    many = "settings: {a: range(4096), b: range(4096)}\n"
    return HEAD + INPUT + many + f"layers:\n  - {{relu: {{}}, if: {test}, repeat: 299000}}\n"


@adversary
def lists_joined() -> str:
    many = "settings: {a: range(2000)}\n"
    return HEAD + INPUT + many + "layers:\n  - {relu: {}, if: len(a+a) < 0, repeat: 299000}\n"


@adversary
def list_indexed() -> str:
    many = "settings: {a: range(4096)}\n"
    return (
        HEAD + INPUT + many + "layers:\n  - {relu: {}, if: 'reversed(a)[0] < 0', repeat: 299000}\n"
    )


@adversary
def zip_of_lists() -> str:
    return (
        LAYERS
        + "  - {for: x, in: 'zip(range(4096), range(4096))', "
        + "do: [{for: y, in: 'enumerate(range(4096))', do: []}]}\n"
    )


@adversary
def min_of_many() -> str:
    many = "settings: {a: range(4096)}\n"
    return HEAD + INPUT + many + "layers:\n  - {relu: {}, if: max(a) < 0, repeat: 299000}\n"


@adversary
def power_often() -> str:
    power = "1.0000001**9007199254740991"
    return (
        LAYERS
        + f"  - {{relu: {{}}, if: '{power} < 0 or 3**33 < 0 and i**8 < 0', repeat: 299000}}\n"
    )


@adversary
def huge_powers() -> str:
    return LAYERS + "  - {relu: {}, if: '(-1)**9007199254740991 < -2', repeat: 299000}\n"


@adversary
def kernel_of_many_axes() -> str:
    many = some(90_000, lambda n: "1", ", ")
    return LAYERS + f"  - {{conv: {{out_channels: 1, kernel_size: [{many}]}}, repeat: 1000}}\n"


@adversary
def kernel_of_many_computed_axes() -> str:
    many = some(50_000, lambda n: "i", ", ")
    return LAYERS + f"  - {{conv: {{out_channels: 1, kernel_size: [{many}]}}, repeat: 1000}}\n"


# Merges.


@adversary
def concat_of_thousands() -> str:
    return HEAD + INPUT + "layers: [{concat: [" + "input, " * 90_000 + "]}]\n"


@adversary
def concat_of_layers() -> str:
    return HEAD + INPUT + "layers: [{concat: [" + "[relu], " * 45_000 + "]}]\n"


@adversary
def add_of_thousands_often() -> str:
    return HEAD + INPUT + "layers: [{add: [" + "input, " * 2000 + "], repeat: 140}]\n"


@adversary
def mul_of_thousands() -> str:
    return HEAD + INPUT + "layers: [{mul: [" + "input, " * 90_000 + "]}]\n"


@adversary
def concat_nested() -> str:
    deep = "[relu]"
    for _ in range(18):
        deep = f"[{{concat: [{deep}, relu]}}]"
    return HEAD + INPUT + f"layers: [{deep}, {deep}, {deep}]\n"


@adversary
def residuals() -> str:
    return HEAD + INPUT + "layers: [" + "{residual: [relu]}, " * 28_000 + "]\n"


@adversary
def branches_by_name() -> str:
    return fill(
        HEAD + INPUT + "layers: [{concat: {branches: {", lambda n: f"b{n}: [relu], ", "}}}]\n"
    )


@adversary
def diamonds() -> str:
    return fill(LAYERS, lambda n: "  - {add: [prev, [relu]]}\n", "", 500_000)


@adversary
def shrinkage_of_many() -> str:
    return (
        HEAD
        + "input: {channels: 1, height: 99000, width: 99000}\nlayers:\n"
        + "  - {conv: [1, 2], repeat: 90000}\n  - conv: [1, 50000]\n"
    )


# Blocks in blocks.


@adversary
def blocks_double() -> str:
    lines = some(38, lambda n: f"  b{n}: {{layers: [b{n + 1}, b{n + 1}]}}\n")
    return HEAD + INPUT + "blocks:\n" + lines + "  b38: {layers: [relu]}\nlayers: [b0]\n"


@adversary
def blocks_double_empty() -> str:
    lines = some(38, lambda n: f"  b{n}: {{layers: [b{n + 1}, b{n + 1}]}}\n")
    return HEAD + INPUT + "blocks:\n" + lines + "  b38: {layers: []}\nlayers: [b0]\n"


@adversary
def blocks_as_deep_as_allowed() -> str:
    lines = some(39, lambda n: f"  b{n}: {{layers: [b{n + 1}]}}\n")
    return (
        HEAD
        + INPUT
        + "blocks:\n"
        + lines
        + "  b39: {layers: [relu]}\nlayers: [{b0: {}, repeat: 7000}]\n"
    )


@adversary
def chains_in_blocks_as_deep_as_allowed() -> str:
    deep = "[" * 30 + "b{}" + "]" * 30
    lines = some(39, lambda n: f"  b{n}: {{layers: {deep.format(n + 1)}}}\n")
    return HEAD + INPUT + "blocks:\n" + lines + "  b39: {layers: [relu]}\nlayers: [b0]\n"


@adversary
def blocks_chosen_by_name() -> str:
    lines = some(4000, lambda n: f"  b{n}: {{layers: []}}\n")
    every = some(4000, lambda n: f"b{n}", ", ")
    steps = "        - $x\n" * 70
    return (
        HEAD
        + INPUT
        + "blocks:\n"
        + lines
        + f"layers:\n  - for: x\n    in: [{every}]\n    do:\n{steps}"
    )


@adversary
def blocks_chosen_with_many_arguments() -> str:
    names = some(1000, lambda n: f"a{n}: 1, ")
    given = some(1000, lambda n: f"a{n}: 1, ")
    lines = (
        "  b0: &x"
        if False
        else some(40, lambda n: f"  b{n}: {{arguments: {{{names}}}, layers: []}}\n")
    )
    every = some(40, lambda n: f"b{n}", ", ")
    steps = f"        - $x: {{{given}}}\n" * 40
    return (
        HEAD
        + INPUT
        + "blocks:\n"
        + lines
        + f"layers:\n  - for: x\n    in: [{every}]\n    do:\n{steps}"
    )


# Shared weights.


@adversary
def share_of_many() -> str:
    return (
        LAYERS
        + "  - {name: big, do: [{relu: {}, repeat: 50000}]}\n"
        + "  - {do: [], share: big, repeat: 200000}\n"
    )


@adversary
def share_true_of_many() -> str:
    return (
        LAYERS
        + "  - {do: [{relu: {}, repeat: 50000, if: j == 0}], share: true, "
        + "for: j, in: range(4096), repeat: 20}\n"
    )


@adversary
def share_of_weights() -> str:
    return (
        LAYERS
        + "  - {name: big, do: [{conv: [3, 1], repeat: 40000}]}\n"
        + "  - {share: big, do: [{conv: [3, 1], repeat: 40000}]}\n"
    )


@adversary
def share_in_a_chain() -> str:
    return fill(
        LAYERS + "  - {conv: [3, 1], name: a0}\n",
        lambda n: f"  - {{conv: [3, 1], name: a{n + 1}, share: a{n}}}\n",
    )


@adversary
def share_of_bytes() -> str:
    return LAYERS + "  - {conv: [3, 1], repeat: 90000, share: true}\n"


# Faults.


@adversary
def unknown_layers() -> str:
    return fill(LAYERS, lambda n: f"  - conx{n}\n", "", 900_000)


@adversary
def unknown_arguments() -> str:
    return fill(LAYERS + "  - conv: {", lambda n: f"kernel_sizes{n}: 1, ", "}\n")


@adversary
def unknown_settings_in_variants() -> str:
    names = some(20_000, lambda n: f"{'abcdefgh' * 1}{n}: 1, ")
    return fill(
        HEAD + RELU + "settings: {" + names + "}\nvariants:\n",
        lambda n: f"  v{n}: {{set: {{hgfedcba{n}: a}}}}\n",
    )


@adversary
def unknown_names_of_80() -> str:
    import random

    random.seed(1)
    letters = [*"abcdefghij" * 8]

    def name() -> str:
        random.shuffle(letters)
        return "".join(letters)

    names = some(4000, lambda n: f"{name()}: 1, ")
    return (
        HEAD
        + INPUT
        + "settings: {"
        + names
        + "}\nlayers:\n"
        + some(100, lambda n: f"  - {{relu: {{}}, if: {name()} == 1}}\n")
    )


@adversary
def unknown_tensors_of_80() -> str:
    import random

    random.seed(1)
    letters = [*"abcdefghij" * 8]

    def name() -> str:
        random.shuffle(letters)
        return "".join(letters)

    names = some(2000, lambda n: f"  - {{relu: {{}}, name: {name()}}}\n")
    return (
        HEAD
        + INPUT
        + "layers:\n"
        + names
        + some(100, lambda n: f"  - {{relu: {{}}, from: {name()}}}\n")
    )


@adversary
def unknown_template_tensors() -> str:
    return (
        LAYERS
        + "  - {relu: {}, name: abcdefgh$i, repeat: 50000}\n  - {relu: {}, from: abcdefgi$(1)}\n"
    )


@adversary
def faults_everywhere() -> str:
    return fill(HEAD + RELU + "settings: {", lambda n: f"{n}: 1+, ", "}\n")


@adversary
def brackets_in_expressions() -> str:
    return fill(LAYERS, lambda n: "  - conv: '" + "(" * 299 + "'\n")


@adversary
def balanced_brackets() -> str:
    return fill(LAYERS, lambda n: "  - conv: '" + "(" * 140 + str(n) + ")" * 140 + "'\n")


@adversary
def square_brackets() -> str:
    return fill(LAYERS, lambda n: "  - conv: '" + "[" * 140 + str(n) + "]" * 140 + "'\n")


@adversary
def calls_in_calls() -> str:
    return fill(LAYERS, lambda n: "  - conv: '" + "abs(" * 58 + str(n) + ")" * 58 + "'\n")


@adversary
def calls_in_calls_of_nothing() -> str:
    return fill(LAYERS, lambda n: "  - conv: '" + "f(" * 90 + str(n) + ")" * 90 + " x'\n")


@adversary
def broken_brackets() -> str:
    return fill(LAYERS, lambda n: "  - conv: '" + "{[(" * 90 + str(n) + "'\n")


@adversary
def broken_mappings() -> str:
    return fill(LAYERS, lambda n: "  - conv: '" + "{a:" * 90 + str(n) + "}" * 20 + "'\n")


@adversary
def lambdas() -> str:
    return fill(LAYERS, lambda n: "  - conv: '" + "lambda:" * 40 + str(n) + " x'\n")


@adversary
def choices_in_expressions() -> str:
    return fill(LAYERS, lambda n: "  - conv: '" + "1 if true else " * 19 + str(n) + "'\n")


@adversary
def choices_broken() -> str:
    return fill(LAYERS, lambda n: "  - conv: '" + "(1 if " * 40 + str(n) + "'\n")


@adversary
def stars() -> str:
    return fill(LAYERS, lambda n: "  - conv: '2" + "**1" * 90 + f"+{n}'\n")


@adversary
def minuses() -> str:
    return fill(LAYERS, lambda n: "  - conv: '" + "-" * 280 + f"{n}'\n")


@adversary
def nots() -> str:
    return fill(LAYERS, lambda n: "  - {relu: {}, if: '" + "not " * 70 + f"{n}'}}\n")


@adversary
def comparisons() -> str:
    return fill(LAYERS, lambda n: "  - {relu: {}, if: '1" + "<2" * 140 + f"<{n}'}}\n")


# Several files.


def chain_of(text: Callable[[int], str], count: int = 8) -> Files:
    return {("main" if n == 0 else f"f{n}") + ".yaml": text(n) for n in range(count)}


@adversary
def extends_of_settings() -> Files:
    def text(n: int) -> str:
        more = f"extends: f{n + 1}.yaml\n" if n < 7 else ""
        return fill(HEAD + more + RELU + "settings: {", lambda k: f"a{n}x{k}: 1, ", "}\n")

    return chain_of(text)


@adversary
def extends_of_meta() -> Files:
    def text(n: int) -> str:
        more = f"extends: f{n + 1}.yaml\n" if n < 7 else ""
        return HEAD + more + RELU + "meta: {a: " + "x" * (MIB - 300) + "}\n"

    return chain_of(text)


@adversary
def extends_of_layers() -> Files:
    def text(n: int) -> str:
        more = f"extends: f{n + 1}.yaml\n" if n < 7 else ""
        return HEAD + more + INPUT + "layers:\n" + "  - relu\n" * 90_000

    return chain_of(text)


@adversary
def uses_as_tree() -> Files:
    def text(n: int) -> str:
        more = "use: {" + some(10, lambda k: f"u{k}: f{n + 1}.yaml, ") + "}\n" if n < 7 else ""
        return HEAD + more + RELU

    return chain_of(text)


@adversary
def uses_as_wide_tree() -> Files:
    def text(n: int) -> str:
        more = "use: {" + some(1000, lambda k: f"u{k}: f{n + 1}.yaml, ") + "}\n" if n < 7 else ""
        return HEAD + more + RELU

    return chain_of(text)


@adversary
def uses_of_settings() -> Files:
    def text(n: int) -> str:
        more = "use: {a: f" + str(n + 1) + ".yaml}\n" if n < 7 else ""
        return fill(HEAD + more + RELU + "settings: {", lambda k: f"a{k}: 1+1, ", "}\n")

    return chain_of(text)


@adversary
def uses_of_many_files() -> Files:
    files = {f"f{n}.yaml": HEAD + RELU for n in range(3000)}
    return {
        **files,
        "main.yaml": HEAD + "use: {" + some(3000, lambda n: f"u{n}: f{n}.yaml, ") + "}\n" + RELU,
    }


@adversary
def uses_of_no_files() -> str:
    return fill(HEAD + RELU + "use: {", lambda n: f"u{n}: f{n}.yaml, ", "}\n")


def write(name: str, folder: Path) -> Path:
    """The adversary's files in ``folder``; the path of the one to run."""
    made = ADVERSARIES[name]()
    files = {"main.yaml": made} if isinstance(made, str) else made
    for file, text in files.items():
        data = text.encode()
        assert len(data) <= MIB, f"{name}: {len(data):,} bytes"
        (folder / file).write_bytes(data)
    return folder / "main.yaml"
