"""Arrays over axes: exact whatever comes out, factors kept apart, one value asked for by splits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from archcalc.sweep.arrays import Array, Grid, Many, Split, Stop, Sum, TooWide
from archcalc.sweep.evaluate import fewest, spread

WHOLE = st.one_of(st.integers(-9, 9), st.integers(-(2**31), 2**31), st.integers(-(2**61), 2**61))
OPERATIONS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}


def whole(values: list[int]) -> Any:
    return np.array(values, dtype=np.int64)


def plain(value: Any, position: tuple[int, ...]) -> Any:
    return value.at(position) if isinstance(value, Many) else value


@settings(max_examples=300, deadline=None)
@given(
    st.lists(WHOLE, min_size=1, max_size=4),
    st.lists(WHOLE, min_size=1, max_size=4),
    st.lists(st.sampled_from(sorted(OPERATIONS)), min_size=1, max_size=5),
    st.lists(st.tuples(st.integers(0, 3), WHOLE), min_size=5, max_size=5),
)
def test_chains_of_operations_are_exact(
    first: list[int], second: list[int], words: list[str], others: list[tuple[int, int]]
) -> None:
    """Whatever is done to arrays gives what it gives to each of their numbers."""
    grid = Grid((len(first), len(second)))
    a, b = grid.leaf(whole(first), 0), grid.leaf(whole(second), 1)
    value: Any = a
    singles = {(i, j): first[i] for i in range(len(first)) for j in range(len(second))}
    for word, (which, number) in zip(words, others, strict=False):
        if not isinstance(value, Many) or any(isinstance(s, bool) for s in singles.values()):
            break
        operand: Any = (a, b, value, number)[which]
        numbers = {p: (first[p[0]], second[p[1]], singles[p], number)[which] for p in singles}
        if word in ("//", "%") and 0 in numbers.values():
            continue  # a rule that divides has required that it can
        value = OPERATIONS[word](value, operand)
        singles = {p: OPERATIONS[word](s, numbers[p]) for p, s in singles.items()}
        assert {p: plain(value, p) for p in singles} == singles
        dense = spread(value, grid) if not _truth(value) else None
        if dense is not None:
            assert {p: int(dense[p]) for p in singles} == singles


def _truth(value: Any) -> bool:
    return isinstance(value, bool) or (isinstance(value, Array) and value.data.dtype.kind == "b")


@settings(max_examples=200, deadline=None)
@example([(918000, [2, 0, 2])], [[0, 0, 0], [0, 0, 0], [0, 0, 3169740]])
@example([(917999, [2, 1, 2])], [[0, 0, 0], [0, 0, 0], [0, 0, 2241346]])
@given(
    st.lists(
        st.tuples(
            st.integers(-(2**40), 2**40),
            st.lists(st.integers(0, 2), max_size=4),
        ),
        min_size=1,
        max_size=12,
    ),
    st.lists(st.lists(st.integers(0, 2**22), min_size=3, max_size=3), min_size=3, max_size=3),
)
def test_sums_of_products_are_spread_exactly(
    terms: list[tuple[int, list[int]]], values: list[list[int]]
) -> None:
    """Also where 64 bits are not enough for some of the configurations."""
    grid = Grid((3, 3, 3))
    leaves = [grid.leaf(whole(v), axis) for axis, v in enumerate(values)]
    total: Any = 0
    for coefficient, axes in terms:
        product: Any = coefficient
        for axis in axes:
            product = product * leaves[axis]
        total = total + product
    found = spread(total, grid)
    for position in np.ndindex(3, 3, 3):
        wanted = 0
        for coefficient, axes in terms:
            product = coefficient
            for axis in axes:
                product *= values[axis][position[axis]]
            wanted += product
        assert int(found[position]) == wanted


def test_factors_of_different_axes_are_never_multiplied_out() -> None:
    grid = Grid((1000, 1000))
    a, b = grid.leaf(np.arange(1000), 0), grid.leaf(np.arange(1000), 1)
    product = (a + 1) * b * (a + 2) * 9 // 3
    assert isinstance(product, Sum)
    ((_, factors),) = product.terms.values()
    assert [f.data.size for f in factors] == [1000, 1000]
    assert product.at((3, 5)) == 4 * 5 * 5 * 3


def test_a_network_adds_up_in_as_few_products_as_it_can() -> None:
    grid = Grid((50, 60))
    widths = [grid.leaf(np.arange(50) * k, 0) for k in range(1, 40)]
    sizes = [grid.leaf(np.arange(60) // k, 1) for k in (1, 2, 4)]
    total: Any = 0
    for k, width in enumerate(widths):
        total = total + width * sizes[k % 3]
    assert len(fewest(total)) == 3


def test_what_would_be_too_large_is_asked_to_be_cut() -> None:
    grid = Grid((1000, 1000))
    a, b = grid.leaf(np.arange(1000), 0), grid.leaf(np.arange(1000), 1)
    with pytest.raises(TooWide):
        _ = (a + b) % 7
    with pytest.raises(TooWide):
        _ = a < b


def test_equal_numbers_are_one_object() -> None:
    grid = Grid((4,))
    a = grid.leaf(whole([1, 2, 3, 4]), 0)
    assert a * 2 is a + a
    assert (a + 1) * 3 is (a + 1) * 3
    assert hash(a * 2) == hash(a + a)


def test_one_value_is_given_and_several_are_a_split() -> None:
    grid = Grid((4,))
    a = grid.leaf(whole([8, 9, 8, 9]), 0)
    assert int(a // 8) == 1
    assert str(a * 0 + 5) == "5"
    assert range(5)[a // 8] == 1
    for ask in (bool, int, str, lambda a: f"{a}", lambda a: bool(a == 8)):
        with pytest.raises(Split) as caught:
            ask(a)
        assert caught.value.labels.ravel().tolist() in ([0, 1, 0, 1], [1, 0, 1, 0])
        assert caught.value.along == 1


def test_what_has_been_refused_takes_no_part_in_decisions() -> None:
    grid = Grid((4,))
    a = grid.leaf(whole([8, 9, 8, 9]), 0)
    fails = a == 9
    assert isinstance(fails, Array)
    assert grid.refuse(fails) is not None
    assert grid.refuse(fails) is None
    assert int(a) == 8
    assert not grid.finished()
    rest = a == 8
    assert isinstance(rest, Array)
    grid.refuse(rest)
    with pytest.raises(Stop):
        int(a)


def test_division_by_zero_happens_only_where_it_is_refused() -> None:
    grid = Grid((3,))
    a = grid.leaf(whole([0, 1, 2]), 0)
    assert isinstance(7 // a, Array)
    assert (7 // a).data.ravel().tolist()[1:] == [7, 3]
    huge = (a * 2**60) * 2**60
    assert huge.data.dtype == object
    assert (2**121 // huge).data.ravel().tolist()[1:] == [2, 1]
