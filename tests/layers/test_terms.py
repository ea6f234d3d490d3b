"""Shapes and products: what every rule is made of."""

from __future__ import annotations

from archcalc.shapes import Shape
from archcalc.terms import Operation, Product, Requirement, Weight, known_as, need, times

from .facts import shape


def test_a_shape_names_its_sizes() -> None:
    x = Shape.of(channels=64, height=7, width=9)
    assert (x.names, x.sizes) == (("channels", "height", "width"), (64, 7, 9))
    assert (x["channels"], x["height"], x["width"]) == (64, 7, 9)
    assert "height" in x and "length" not in x
    assert [*x.items()] == [("channels", 64), ("height", 7), ("width", 9)]
    assert x.positions == ("height", "width")
    assert x.elements == 64 * 7 * 9
    assert Shape.of(length=5, features=3).positions == ("length",)


def test_a_shape_is_its_names_and_sizes_in_order() -> None:
    x = shape("c4 h5 w6")
    assert x == shape("c4 h5 w6") and hash(x) == hash(shape("c4 h5 w6"))
    assert hash(x) == hash(x) == hash((x.names, x.sizes))
    for other in (shape("c4 h5 w7"), shape("c4 w5 h6"), shape("c4 h5"), "c4 h5 w6", x.sizes):
        assert x != other
    assert len({x, shape("c4 h5 w6"), shape("c4 h6 w5")}) == 2


def test_a_shape_in_words() -> None:
    x = shape("c64 h222 w221")
    assert repr(x) == "Shape(channels=64, height=222, width=221)"
    assert str(x) == f"{x}" == "64 x 222 x 221 (channels, height, width)"
    assert f"{x:sizes}" == "64 x 222 x 221"


def test_a_shape_with_other_sizes_and_as_factors() -> None:
    x = shape("c4 d2 h5 w6")
    assert x.with_sizes(height=1, channels=9) == shape("c9 d2 h1 w6")
    assert x.with_sizes() == x
    assert x.factors("out") == {"out_c": 4, "out_d": 2, "out_h": 5, "out_w": 6}
    assert x.position_factors("in") == {"in_d": 2, "in_h": 5, "in_w": 6}
    assert shape("l8 f3").factors("out") == {"out_l": 8, "out_f": 3}
    assert shape("l8 f3").position_factors("out") == {"out_l": 8}


def test_a_product_is_exact_and_says_what_it_is_made_of() -> None:
    pairs = times(heads=4, queries=5, keys=6)
    assert pairs.value == 4 * 5 * 6
    assert repr(pairs) == "heads=4 · queries=5 · keys=6"
    half = pairs.over(halves=2)
    assert half.value == 4 * 5 * 6 // 2
    assert repr(half) == "heads=4 · queries=5 · keys=6 / halves=2"
    third = half.over(groups=3)
    assert third.value == 4 * 5 * 6 // (2 * 3)
    assert repr(third) == "heads=4 · queries=5 · keys=6 / halves=2 / groups=3"
    assert (pairs.divisors, half.divisors) == (None, {"halves": 2})
    # No floating-point number comes between, however large it is.
    assert times(a=10**30 + 1, b=3).over(c=3).value == 10**30 + 1
    assert Product({}).value == 1


def test_defaults_of_terms() -> None:
    one = times(one=1)
    assert Weight("w", one) == ("w", one, False, None, False)
    assert Operation("mac", one) == ("mac", one, "")


def test_a_requirement_makes_its_words_from_its_values() -> None:
    values = {"n": 3, "x": shape("f4")}
    found = need("size", False, "{n} is too much for {x}", mend="less than {n}", **values)
    assert found == Requirement("size", False, "{n} is too much for {x}", "less than {n}", values)
    assert found.message() == "3 is too much for 4 (features)"
    assert found.help() == "less than 3"
    assert need(None, True, "all is well") == (None, True, "all is well", "", {})


def test_a_size_that_can_have_a_name_gets_it() -> None:
    class Size(int):
        def named(self, name: str) -> tuple[str, int]:
            return name, int(self)

    assert known_as("span", 3) == 3
    assert known_as("span", Size(3)) == ("span", 3)
