"""How a field's text is read: numbers, truth, lists, words, templates, defaults of settings."""

from __future__ import annotations

from typing import Any

import pytest
from nets import VECTOR, built, fault, rows, spec

# An argument of a layer as written → as the layer has it.
ARGUMENTS: dict[tuple[str, str], Any] = {
    ("linear: 4", "out_features"): 4,
    ("linear: '4'", "out_features"): 4,
    ("linear: 4.0", "out_features"): 4,
    ("linear: 4e0", "out_features"): 4,
    ("linear: 1_0", "out_features"): 10,
    ("linear: +4", "out_features"): 4,
    ("linear: 2+2", "out_features"): 4,
    ("linear: 8/2", "out_features"): 4,
    ("linear: n", "out_features"): 3,
    ("linear: prev.features", "out_features"): 8,
    ("linear: input.features*2", "out_features"): 16,
    ("linear: 'min(n, 2)'", "out_features"): 2,
    ("linear: {out_features: 4, bias: false}", "bias"): False,
    ("linear: {out_features: 4, bias: n > 2}", "bias"): True,
    ("linear: {out_features: 4, bias: auto}", "bias"): "auto",
    ("linear: {out_features: 4, activation: relu}", "activation"): "relu",
    ("linear: {out_features: 4, activation: $act}", "activation"): "gelu",
    ("linear: {out_features: 4, activation: $(act)}", "activation"): "gelu",
    ("linear: {out_features: 4, activation: $(act)_tanh}", "activation"): "gelu_tanh",
    ("linear: {out_features: 4, activation: none}", "activation"): "none",
    ("dropout: 0.5", "p"): 0.5,
    ("dropout: 1/4", "p"): 0.25,
    ("dropout: 1", "p"): 1,
    ("dropout: x", "p"): 0.1,
}
TOP = "settings: {n: 3, x: 0.1, act: gelu, w: [4, 8]}"


@pytest.mark.parametrize(("case", "expected"), ARGUMENTS.items())
def test_an_argument_is_read_as(case: tuple[str, str], expected: Any) -> None:
    step, name = case
    layer = built(f"{{{step}}}", TOP, VECTOR).graph.nodes[0].layer
    found = vars(layer)[name]
    assert found == expected and type(found) is type(expected)


PADDINGS: dict[str, Any] = {
    "1": 1,
    "same": "same",
    "half": "half",
    "valid": "valid",
    "'same'": "same",
    "[1, 2]": (1, 2),
    "n": 3,
    "n - 1": 2,
    "word": "half",
    "$word": "half",
    "w": (1, 2),
    "'[n, 1]'": (3, 1),
}


@pytest.mark.parametrize(("text", "expected"), PADDINGS.items())
def test_padding_is_a_number_a_list_or_a_word(text: str, expected: Any) -> None:
    top = "settings: {n: 3, word: half, w: [1, 2]}"
    layers = f"{{conv: {{out_channels: 4, kernel_size: 5, padding: {text}}}}}"
    assert vars(built(layers, top).graph.nodes[0].layer)["padding"] == expected


# A setting's default → the type and the value that it gives.
SETTINGS: dict[str, tuple[str, Any]] = {
    "3": ("int", 3),
    "0.5": ("float", 0.5),
    "1e3": ("float", 1000.0),
    "true": ("bool", True),
    "relu": ("any", "relu"),
    "'two.words'": ("str", "two.words"),
    "b+1": ("any", 8),
    "b": ("any", 7),
    "[1, 2]": ("list", (1, 2)),
    "[relu, 'x.y', b, 3]": ("list", ("relu", "x.y", 7, 3)),
    "[[1, a2], []]": ("list", ((1, "a2"), ())),
    "range(3)": ("list", (0, 1, 2)),
    "{type: int, default: 3}": ("int", 3),
    "{type: float, default: 3}": ("float", 3),
    "{type: int, default: 6/2}": ("int", 3),
    "{type: bool, default: b > 3}": ("bool", True),
    "{type: str, default: relu}": ("str", "relu"),
    "{type: str, default: 3}": ("str", "3"),
    "{type: str, default: $b.x}": ("str", "7.x"),
    "{type: list, default: [1]}": ("list", (1,)),
    "{type: any, default: [1]}": ("any", (1,)),
    "{default: 3, min: 1, max: 4, help: how many}": ("int", 3),
    "{default: 3, choices: [1, 3]}": ("int", 3),
    "{type: str, default: a, choices: [a, b]}": ("str", "a"),
}


@pytest.mark.parametrize(("text", "expected"), SETTINGS.items())
def test_a_default_gives_type_and_value(text: str, expected: tuple[str, Any]) -> None:
    made = spec(f"{VECTOR}\nsettings: {{b: 7, a: {text}}}\nlayers: [relu]")
    assert made.build().settings["a"] == expected[1]
    assert made.settings["a"].type == expected[0]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("stem", "stem"),
        ("'a b'", "a b"),
        ("r$i", "r0"),
        ("r$(i+1)", "r1"),
        ("$(n)x$(n*2)", "3x6"),
        ("$w", "[4, 8]"),
        ("a$", "a$"),
        ("a$ b", "a$ b"),
        ("$1", "$1"),
        ("$$n", "$3"),
        ("x$(n > 2)", "xtrue"),
        ("x$(1/4)", "x0.25"),
        ("x$(4/2)", "x2"),
        ("$('(a)')", "(a)"),
        ("3", "3"),
        ("true", "true"),
        ("1.10", "1.10"),
    ],
)
def test_a_name_is_a_template(text: str, path: str) -> None:
    layers = f"{{relu: {{}}, name: {text!r}, repeat: 1}}" if "$" in text else ""
    layers = layers or f"{{relu: {{}}, name: {text}}}"
    layers = layers.replace('"', "'") if "'" not in text else f'{{relu: {{}}, name: "{text}"}}'
    if text == "$w":
        assert fault(layers, TOP).startswith("a list of 2 cannot stand in text")
    elif text.startswith("'"):
        assert rows(f"{{relu: {{}}, name: {text}}}") == f"{path} 3x32x32"
    else:
        assert rows(layers, TOP).split(" 3x32x32")[0].removesuffix(".0") == path


REFUSED = {
    "{linear: true}": "a whole number is needed, got true",
    "{linear: 4.5}": "a whole number is needed, got 4.5",
    "{linear: [[4]]}": "a whole number is needed here, got a list",
    "{linear: {out_features: {a: 1}}}": "a whole number is needed here, got a mapping",
    "{linear: ''}": "a value is missing here",
    "{linear: w}": "a whole number is needed, got a list of 2",
    "{linear: act}": "a whole number is needed, got the text 'gelu'",
    "{linear: {out_features: 4, bias: 1}}": "true or false is needed, got the number 1",
    "{linear: {out_features: 4, bias: no}}": "write false, not no",
    "{linear: {out_features: 4, activation: off}}": "activation is a word: write none, not off",
    "{linear: {out_features: 4, activation: act}}": (
        "there is no activation 'act' / to use the value of act, write $act"
    ),
    "{linear: {out_features: 4, activation: $n}}": "there is no activation '3'",
    "{dropout: ac}": "there is no name 'ac' here; did you mean 'act'?",
    "{linear: {out_features: 4, activation: $ac}}": "there is no name 'ac' here; did you mean",
    "{linear: {out_features: 4, activation: [relu]}}": "text is needed here, got a list",
    "{dropout: half}": "there is no name 'half' here",
    "{relu: {}, name: [a]}": "text is needed here, got a list",
    "{relu: {}, if: n}": "true or false is needed, got the number 3",
    "{relu: {}, if: ''}": "the condition is empty (YAML reads > as the start of folded text)",
    "{relu: {}, repeat: true}": "a whole number is needed, got true",
    "{relu: {}, repeat: n - 4}": "repeat must not be negative, got -1",
    "{for: x, in: n, do: [relu]}": "a list is needed, got the number 3",
    "{for: [x, y], in: w, do: [relu]}": "row 1 has the number 4 for the 2 names x, y",
}


@pytest.mark.parametrize(("layers", "said"), REFUSED.items())
def test_it_is_refused(layers: str, said: str) -> None:
    assert fault(layers, TOP, VECTOR).startswith(said)


def test_text_with_spaces_needs_its_type() -> None:
    assert fault("relu", "settings: {a: 'two words'}") == (
        "cannot read 'two words' as an expression"
        " / for text: {type: str, default: ..}, in a list one word each"
    )


def test_texts_cannot_grow() -> None:
    lines = "".join(f", a{n + 1}: {{type: str, default: $a{n}$a{n}}}" for n in range(40))
    top = f"settings: {{a0: {{type: str, default: xxxxxxxx}}{lines}}}"
    assert fault("relu", top) == (
        "a text made from others has at most 4,096 characters / --limit text=N raises the limit"
    )


def test_a_long_template_is_refused() -> None:
    assert fault("{relu: {}, name: " + "$n" * 200 + "}", TOP).startswith(
        "a text with $ in it has at most 300 characters, this one 400"
    )


def test_lists_in_lists_cannot_grow() -> None:
    lines = "".join(f", a{n + 1}: [a{n}, a{n}]" for n in range(20))
    assert fault("relu", f"settings: {{a0: [1, 2, 3, 4]{lines}}}").startswith(
        "lists in lists hold at most 65,536 items, this one 131,072"
    )
