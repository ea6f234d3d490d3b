"""Everything that the language does to a number, on arrays as alone: faults in the same words."""

from __future__ import annotations

import pytest

from archcalc.sweep.request import Sweep
from archcalc.sweep.space import Space
from sweep.single import axis, differences, spec_of

EXPRESSIONS = [
    "n + 3",
    "3 - n",
    "n * 2.5",
    "n / 2",
    "2 / n",
    "n // 3",
    "7 // n",
    "n % 4",
    "7.5 // x",
    "7.5 % x",
    "n ** 2",
    "2 ** n",
    "x ** 0.5",
    "n ** x",
    "-n",
    "-x",
    "abs(n - 5)",
    "abs(x - 1)",
    "min(n, 5)",
    "max(n, 5.5)",
    "min(x, 0.5)",
    "max([n, 3, 7])",
    "min(n, x)",
    "round(x)",
    "round(n)",
    "floor(x*10)",
    "ceil(x*10)",
    "int(x*10)",
    "float(n)",
    "sqrt(n)",
    "log2(n)",
    "log2(x)",
    "make_divisible(n*x*10, 8)",
    "make_divisible(n)",
    "make_divisible(x*100, n)",
    "make_divisible(x*100, 8, n)",
    "sum([n, 1, 2])",
    "sum([n, x])",
    "len(range(n))",
    "[4, 5, 6][n]",
    "sum(linspace(x, 3, 5)) * 8",
    "sum(linspace(1, 2, n))",
    "16 if n > 3 else 8",
    "16 if n == x else 8",
    "16 if 2 < n < 5 else 8",
    "16 if n > 3 and x > 1 else 8",
    "16 if n > 3 or x > 1 else 8",
    "16 if not n > 3 else 8",
    "16 if n != 4 else 8",
    "n > 3",
    "(n > 3) == true",
    "n if flag else x",
    "n + flag",
    "n * 10 ** 15",
    "n * 1e308 * 10",
    "10 // (n - 3)",
    "len(n)",
    "n + 'a'",
    "range(n)",
    "[n, 2] * 2",
    "n * input.height",
    "n + input.height - x",
    "make_divisible(n * input.height / 7, 8)",
    "16 if n * 2 > input.height else 8",
]


def spec(layers: str, settings: str = "") -> str:
    return (
        f"settings: {{n: 4, x: 1.5, flag: true, word: relu{settings}}}\n"
        "input: {channels: 3, height: 8, width: 8}\n"
        f"layers:\n{layers}"
    )


N = ["-1", "0", "1", "2", "3", "4", "5", "8", "64"]
X = ["-1.5", "0.0", "0.25", "1.5", "2.0", "3", "7.999999"]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_expressions(expression: str) -> None:
    made = spec_of(spec(f'  - conv: {{out_channels: "{expression}", kernel_size: 1}}\n'))
    grid = Space(
        (
            axis(made, n=N),
            axis(made, x=X),
            axis(made, flag=["true", "false"]),
            axis(made, input__height=["1", "7", "8"]),
        )
    )
    assert differences(Sweep(made, grid))[2] == []


STEPS = {
    "repeat": "  - {conv: [8, 1], repeat: n}\n",
    "repeat by a float": "  - {conv: [8, 1], repeat: x}\n",
    "names": '  - {conv: [8, 1], name: "c$(n)"}\n',
    "names by a float": '  - {conv: [8, 1], name: "c$(x)"}\n',
    "a condition": "  - {conv: [8, 1], if: n > 3}\n  - conv: [n, 1]\n",
    "an argument": "  - conv: {out_channels: 8, kernel_size: n, padding: 1}\n",
    "a list": "  - conv: {out_channels: 8, kernel_size: [n, 1], stride: [1, n]}\n",
    "words": "  - conv: {out_channels: 8, kernel_size: 1, activation: $word}\n",
    "branches": "  - add: [[{conv: [n, 1]}], [{conv: [8, 1]}]]\n",
    "groups": "  - conv: {out_channels: n, kernel_size: 1}\n  - conv: {out_channels: 64, "
    "kernel_size: 1, groups: 4}\n",
    "shares": "  - {conv: [n, 1], name: a}\n  - {conv: [3, 1]}\n  - {conv: [n, 1], share: a}\n",
    "shares that differ": "  - {conv: [n, 1], name: a}\n  - {conv: [3, 1]}\n"
    "  - {conv: [4, 1], share: a}\n",
    "loops": "  - {for: [a, b], in: '[[n, 1], [8, 3]]', do: [{conv: [a, b]}]}\n",
    "rows": "  - {for: [a, b], in: '[n, 8]', do: [{conv: [a, b]}]}\n",
    "reshaping": "  - flatten\n  - linear: n\n"
    "  - reshape: {to: {channels: 2, height: 2, width: n}}\n",
    "padding": "  - conv: {out_channels: 8, kernel_size: 3, padding: n - 2, stride: n}\n",
    "same": "  - conv: {out_channels: 8, kernel_size: n, padding: same, stride: 2}\n",
    "pools": "  - max_pool: {kernel_size: n, stride: 2, padding: 1, ceil_mode: true}\n",
    "bins": "  - adaptive_avg_pool: n\n",
    "sequences": "  - to_sequence\n  - {linear: n*8}\n  - attention: n\n",
    "outputs": "  - custom: {params: n*prev.height, macs: n, "
    "output: {channels: n, height: 1, width: prev.width}}\n",
}


@pytest.mark.parametrize("steps", STEPS)
def test_steps(steps: str) -> None:
    made = spec_of(spec(STEPS[steps]))
    grid = Space(
        (
            axis(made, n=N),
            axis(made, x=X[:4]),
            axis(made, word=["relu", "gelu", "none", "nothing"]),
            axis(made, input__height=["1", "7", "8"]),
        )
    )
    for most in (1 << 18, 10):
        assert differences(Sweep(made, grid), most=most)[2] == []


DECLARED = {
    "a type": "{type: int, default: 4}",
    "bounds": "{type: int, default: 4, min: 2, max: 6}",
    "choices": "{type: int, default: 4, choices: [2, 4, 8]}",
    "a float": "{type: float, default: 4, min: 0.5}",
    "a truth value": "{type: bool, default: true}",
    "a text": "{type: str, default: a}",
    "a list": "{type: list, default: [1]}",
}


@pytest.mark.parametrize("declared", DECLARED)
def test_settings_are_checked_as_in_a_single_run(declared: str) -> None:
    made = spec_of(
        f"settings: {{n: {DECLARED[declared]}, twice: 2}}\n"
        "input: {features: 8}\nlayers: [{linear: twice}]\n"
    )
    values = [*N, *X, "true", "a", "[1, 2]", "n", "twice", "2*3", "1e3", "", "1_000", "007", "2:3"]
    assert differences(Sweep(made, Space((axis(made, n=values),))))[2] == []


def test_blocks_check_their_arguments() -> None:
    made = spec_of(
        "settings: {n: 4}\ninput: {channels: 4, height: 8, width: 8}\n"
        "blocks: {b: {arguments: {w: {type: int, min: 2, max: 9}, s: 1}, "
        "layers: [{conv: [w, 1, s]}]}}\n"
        "layers: [{b: [n, 'n // 2']}, {b: 'n / 2'}]\n"
    )
    assert differences(Sweep(made, Space((axis(made, n=N),))))[2] == []


def test_sizes_that_hang_on_one_another() -> None:
    made = spec_of(spec("  - conv: [8, 3]\n"))
    heights = axis(made, input__height=["-1", "0", "1", "2", "3", "64", "2.5", "n", "n - 4"])
    for text in ("input.height", "input.height * 2", "input.height - n", "input.height / n"):
        sweep = Sweep(made, Space((heights, axis(made, n=N))), overrides={"input.width": text})
        assert differences(sweep)[2] == []


def test_a_transposed_weight_is_shared_in_every_configuration() -> None:
    made = spec_of(
        "settings: {a: 4, b: 8}\ninput: {length: 5}\n"
        "layers:\n  - {embedding: [a, b], name: e}\n  - {linear: {out_features: a, bias: false}, "
        "share: e}\n"
    )
    grid = Space((axis(made, a=["1", "4", "8", "9"]), axis(made, b=["1", "4", "8", "9"])))
    assert differences(Sweep(made, grid))[2] == []


def test_walks_are_split_only_where_the_structure_changes() -> None:
    made = spec_of(spec("  - {conv: [8, 1], repeat: n}\n  - conv: ['round(x*8)', 1]\n"))
    grid = Space((axis(made, n=["1", "2", "3"]), axis(made, x=["1.0", "2.0", "3.0"])))
    sweep = Sweep(made, grid)
    list(sweep.chunks())
    assert sweep.walks == 4  # one that finds out, and one for each depth
