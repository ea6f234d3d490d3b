"""Values and their ranges; sets of configurations, cut and split without losing any."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from archcalc.problems import Complaint
from archcalc.sweep.arrays import Split
from archcalc.sweep.space import Axis, Column, Space
from archcalc.sweep.values import Listed, items, read


def texts(text: str, **how: bool) -> list[str]:
    values = read(text, **how)
    return values.texts(np.arange(len(values)))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("0.25:1:0.25", ["0.25", "0.50", "0.75", "1.00"]),
        ("0.1:0.3:0.1", ["0.1", "0.2", "0.3"]),
        ("1:4", ["1", "2", "3", "4"]),
        ("4:1", ["4", "3", "2", "1"]),
        ("32:224:64", ["32", "96", "160", "224"]),
        ("10:0:-4", ["10", "6", "2"]),
        ("64:1024:*2", ["64", "128", "256", "512", "1024"]),
        ("1:10:*2.5", ["1", "2.5", "6.25"]),
        ("-1:1:0.5", ["-1.0", "-0.5", "0.0", "0.5", "1.0"]),
        ("128,160, 192", ["128", "160", "192"]),
        ("[2,2,2,2],[3,4,6,3]", ["[2,2,2,2]", "[3,4,6,3]"]),
        ("relu,gelu", ["relu", "gelu"]),
        ("1,4:6,9", ["1", "4", "5", "6", "9"]),
        ("7", ["7"]),
        ("max(a, b),3", ["max(a, b)", "3"]),
        ("1e-3:3e-3:1e-3", ["0.001", "0.002", "0.003"]),
    ],
)
def test_values(text: str, wanted: list[str]) -> None:
    assert texts(text) == wanted


@pytest.mark.parametrize(
    ("text", "why"),
    [
        *((text, "a range is FROM:TO") for text in ("1:x", "0:x", "1,x:2", "1:2:x", "1:2:3:4")),
        ("", "there is no value"),
        ("1,,2", "missing"),
        ("0.1:0.9", "needs a step"),
        ("1:4:0", "must not be 0"),
        ("1:4:-1", "goes nowhere"),
        ("1:1000000000000", "more than"),
        ("1:4:*1", "factor"),
        ("0:4:*2", "factor"),
        ("1:2:1e-17", "digits"),
    ],
)
def test_values_that_are_none(text: str, why: str) -> None:
    with pytest.raises(Complaint, match=why):
        read(text)


def test_numbers_are_those_that_the_texts_say() -> None:
    for text in ("0.05:2:0.05", "-3.7:9:0.001", "1:300", "0.1,7,x,1e2,true,3.0"):
        values = read(text)
        index = np.arange(len(values))
        sorts = values.sorts(index)
        for which in set(sorts.tolist()):
            mine = index[sorts == which]
            if which < 0:
                wanted = [float(t) for t in values.texts(mine)]
                assert values.numbers(mine).tolist() == wanted


def test_a_fine_range_has_what_lies_between() -> None:
    found = texts("0.1:0.2", fine=True)
    assert len(found) == 10_001
    assert found[1] == "0.10001"
    assert len(texts("1:2", fine=True)) == 2
    assert len(texts("1:2", fine=True, real=True)) == 10_001


def test_items_stand_between_commas_outside_of_brackets() -> None:
    assert items("a, [b, c], 'd, e', f(g, h)") == ["a", "[b, c]", "'d, e'", "f(g, h)"]


def space(*sizes: int) -> Space:
    return Space(
        tuple(
            Axis(n, {f"a{k}": Column(Listed([str(i) for i in range(n)]))})
            for k, n in enumerate(sizes)
        )
    )


@pytest.mark.parametrize("sizes", [(7,), (3, 4), (5, 1, 6), (2, 3, 4, 5), (1, 1), (30, 2)])
def test_boxes_are_the_space_in_order(sizes: tuple[int, ...]) -> None:
    whole = space(*sizes)
    for most in (1, 2, 3, 7, 10, 1000):
        for start in range(0, whole.size, 3):
            at = start
            for box in whole.boxes(most, start):
                assert box.size <= most
                numbers = np.arange(whole.size).reshape(sizes)
                cut = numbers[tuple(slice(low, high) for low, high in box.ranges)]
                assert cut.ravel().tolist() == list(range(at, at + box.size))
                assert whole.number(box) == at
                at += box.size
            assert at == whole.size


def test_parts_hold_every_configuration_once() -> None:
    random = Random(5)
    whole = space(4, 5, 6)
    parts = [whole.part(box) for box in whole.boxes(1000)]
    for _ in range(30):
        part = parts.pop(random.randrange(len(parts)))
        along = random.randrange(1, 1 << len(part.origins))
        shape = [n if along >> k & 1 else 1 for k, n in enumerate(part.lengths)]
        if random.random() < 0.3 and int(np.prod(shape)) > 1:
            parts += part.cut(along, max(1, int(np.prod(shape)) // 2))
            continue
        labels = np.array([random.randrange(3) for _ in range(int(np.prod(shape)))])
        parts += part.split(Split(labels.reshape(shape), along))
    found: list[tuple[int, ...]] = []
    for part in parts:
        for position in np.ndindex(*part.lengths):
            where = {}
            for k, origins in enumerate(part.origins):
                for row, origin in enumerate(origins):
                    where[origin] = int(part.positions[k][row, position[k]])
            found.append(tuple(where[axis] for axis in range(3)))
    assert sorted(found) == [tuple(map(int, p)) for p in np.ndindex(4, 5, 6)]
