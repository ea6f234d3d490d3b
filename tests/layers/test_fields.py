"""What a layer kind can declare of its arguments, and what a class makes of it."""

from __future__ import annotations

from typing import Any

import pytest

from archcalc.layers import KINDS, Layer
from archcalc.layers.base import Followed
from archcalc.layers.fields import (
    REQUIRED,
    AutoFlag,
    Choice,
    Count,
    Dimension,
    Dims,
    Field,
    Flag,
    Indices,
    Kind,
    Padding,
    PerAxis,
    Real,
    Tensor,
)

from .facts import shape

# class, arguments, keyword arguments, what the field then holds
DECLARATIONS: list[tuple[type[Field[Any]], tuple[Any, ...], dict[str, Any], dict[str, Any]]] = [
    (Field, (), {}, {"default": REQUIRED, "help": "", "required": True, "slot": "any"}),
    (Field, (7, "so many"), {}, {"default": 7, "help": "so many", "required": False}),
    (Count, (), {}, {"default": REQUIRED, "help": "", "min": 1, "slot": "int"}),
    (Count, (0, "copies"), {"min": 0}, {"default": 0, "help": "copies", "min": 0}),
    (Real, (), {"min": 0, "max": 1}, {"default": REQUIRED, "help": "", "min": 0, "max": 1}),
    (Real, (0.5, "p"), {"min": -1, "max": 2}, {"default": 0.5, "help": "p", "min": -1, "max": 2}),
    (AutoFlag, (), {}, {"default": "auto", "help": "", "slot": "auto"}),
    (AutoFlag, ("a bias",), {}, {"default": "auto", "help": "a bias"}),
    (Choice, (("a", "b"),), {}, {"words": ("a", "b"), "default": REQUIRED, "help": ""}),
    (Choice, (("a",), "a", "it"), {}, {"words": ("a",), "default": "a", "help": "it"}),
    (Kind, ("norm",), {}, {"family": "norm", "default": "none", "help": ""}),
    (Kind, ("norm", "batch", "it"), {}, {"family": "norm", "default": "batch", "help": "it"}),
    (PerAxis, (), {}, {"default": REQUIRED, "help": "", "min": 1, "slot": "sizes"}),
    (PerAxis, (0, "zeros"), {"min": 0}, {"default": 0, "help": "zeros", "min": 0}),
    (Tensor, (), {}, {"default": None, "help": "", "required": False, "slot": "tensor"}),
    (Tensor, ("keys",), {"required": True}, {"default": REQUIRED, "help": "keys"}),
]


@pytest.mark.parametrize("cls, arguments, more, holds", DECLARATIONS)
def test_a_field_holds_what_was_declared(
    cls: type[Field[Any]],
    arguments: tuple[Any, ...],
    more: dict[str, Any],
    holds: dict[str, Any],
) -> None:
    field = cls(*arguments, **more)
    assert {name: getattr(field, name) for name in holds} == holds


def test_no_default_is_shown_as_required() -> None:
    assert repr(Count().default) == "required"


# field, values within its bounds, values beyond them
BOUNDS: list[tuple[Field[Any], list[Any], list[Any]]] = [
    (Field(), [None, -1, "word"], []),
    (Count(), [None, 1, 2], [0, -1]),
    (Count(min=0), [0, 1], [-1]),
    (Real(min=-1, max=2), [-1, 0.5, 2], [-1.01, 2.01, float("nan")]),
    (PerAxis(), [None, 1, (1, 2)], [0, (0, 1), (1, 0)]),
    (PerAxis(min=0), [0, (0, 0)], [-1, (0, -1)]),
    (Indices(), [None, 0, (0, 3)], [-1, (0, -1)]),
    (Padding(), [0, (0, 2), "same"], [-1, (0, -1)]),
]


@pytest.mark.parametrize("field, within, beyond", BOUNDS, ids=lambda v: type(v).__name__)
def test_bounds_hold_at_their_ends_and_not_beyond(
    field: Field[Any], within: list[Any], beyond: list[Any]
) -> None:
    field.__set_name__(Layer, "number_")
    for value in within:
        assert all(requirement.holds for requirement in field.bounds(value)), value
    for value in beyond:
        broken = [requirement for requirement in field.bounds(value) if not requirement.holds]
        assert [requirement.field for requirement in broken] == ["number"], value


def test_a_list_is_checked_number_by_number() -> None:
    for field in (PerAxis(), Indices(), Padding()):
        field.__set_name__(Layer, "sizes")
        assert len([*field.bounds((3, 4, 5))]) == 3
        assert len([*field.bounds(3)]) == 1


def test_a_class_is_a_layer_kind_with_the_fields_that_it_declares(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for kind in ("above", "below", "sorted"):
        monkeypatch.setitem(KINDS, kind, Layer)  # taken away again after the test
    before = {*KINDS}

    class Above(Layer):
        """What it does.

        And how.
        """

        kind = "above"
        bias = Flag(True, "from above")
        size = Count(2, "from above")

    class Below(Above):
        kind = "below"
        axis = Dimension("auto", "its own")
        size = Count(3, "its own")
        output_ = Dims(None, "its own")

    class Sorted(Below):
        kind = "sorted"
        order = ("bias", "size")

    class Same(Below):
        pass

    assert (KINDS["above"], KINDS["below"], KINDS["sorted"]) == (Above, Below, Sorted)
    assert {*KINDS} == before
    assert [*Above.fields] == ["bias", "size"]
    assert [*Below.fields] == ["axis", "size", "output_", "bias"]
    assert [*Sorted.fields] == ["bias", "size", "axis", "output_"]
    assert Same.fields == Below.fields
    assert [field.name for field in Below.fields.values()] == ["axis", "size", "output", "bias"]
    assert (Above(size=5).size, Above().size, Below().size) == (5, 2, 3)
    assert Below.fields["bias"] is Above.fields["bias"] is Above.bias
    assert Above.manual() == "What it does.\n\nAnd how."
    assert Below.manual() == ""
    assert repr(Below(size=4, output_=shape("f7"))) == "below(size=4, output_=7 (features))"


def test_a_layer_without_rules_passes_its_tensor_on_and_costs_nothing() -> None:
    layer, x, other = Layer(), shape("c4 h2 w3"), shape("f5")
    assert layer.output(x, other) is x
    for rule in (layer.operations, layer.exact_operations, layer.causal_operations):
        assert [*rule(x, x)] == []
    assert [*layer.requires(x)] == [*layer.bounds()] == [*layer.weights(x)] == []
    assert [*layer.activations(x, x)] == []
    assert layer.followers() == ()
    assert [*layer.made_of(x, x, other)] == [(layer, x, (x, other))]


@pytest.mark.parametrize(
    "bias, norm, has_bias",
    [
        ("auto", "none", True),
        ("auto", "batch", False),
        (True, "batch", True),
        (False, "none", False),
    ],
)
def test_a_norm_takes_the_bias_away_unless_it_is_asked_for(
    bias: bool | str, norm: str, has_bias: bool
) -> None:
    layer = Followed(bias=bias, norm=norm, activation="relu")
    assert layer.has_bias is has_bias
    assert layer.followers() == (("norm", norm), ("activation", "relu"))
