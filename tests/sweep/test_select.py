"""Which configurations are wanted: conditions, fronts and orders, against doing it by hand."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archcalc.problems import Complaint
from archcalc.sweep.request import Given, Sweep
from archcalc.sweep.select import (
    Condition,
    Counts,
    Goal,
    Selection,
    columns_of,
    front,
    goals,
    orders,
    tables,
)
from archcalc.sweep.space import Space
from sweep.single import Single, axis, bundled, spec_of

WIDTHS = ["0.25", "0.5", "0.75", "1.0", "1.25"]
HEIGHTS = ["96", "128", "160", "1"]


def swept() -> Sweep:
    spec = bundled("mobilenet_v2")
    random = Random(1)
    texts = ["" if random.random() < 0.1 else f"{random.uniform(50, 80):.2f}" for _ in WIDTHS]
    return Sweep(
        spec,
        Space((axis(spec, width=WIDTHS), axis(spec, input__height=HEIGHTS))),
        given={"accuracy": Given(0, texts), "name": Given(0, list("abcde"))},
    )


def rows_of(sweep: Sweep, **wanted: Any) -> list[dict[str, Any]]:
    columns = columns_of(sweep, ["params", "macs"])
    selection = Selection(columns, ["params", "macs"], **wanted)
    found: list[dict[str, Any]] = []
    for table in tables(sweep, selection, Counts()):
        for row in zip(*table.columns.values(), strict=True):
            found.append(dict(zip(table.columns, row, strict=True)))
    return found


def by_hand(sweep: Sweep) -> list[dict[str, Any]]:
    found = []
    for (k, width), height in product(enumerate(WIDTHS), HEIGHTS):
        single = Single(sweep.spec, None, {"width": width, "input.height": height})
        found.append(
            {
                "width": width,
                "input.height": height,
                "accuracy": sweep.given["accuracy"].texts[k],
                "name": sweep.given["name"].texts[k],
                "params": single.figures.get("params"),
                "macs": single.figures.get("macs"),
                "reason": single.reason,
            }
        )
    return found


def same(found: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> None:
    assert [{k: v for k, v in row.items() if k != "at"} for row in found] == wanted


def test_all_rows_in_order() -> None:
    sweep = swept()
    same(rows_of(sweep), by_hand(sweep))


CONDITIONS = {
    "macs < 100e6": lambda r: r["macs"] < 100e6,
    "macs < 100e6 and params > 2e6": lambda r: r["macs"] < 100e6 and r["params"] > 2e6,
    "macs < 30e6 or params < 2e6": lambda r: r["macs"] < 30e6 or r["params"] < 2e6,
    "not width < 1": lambda r: not float(r["width"]) < 1,
    "width == 0.5": lambda r: float(r["width"]) == 0.5,
    "input.height > 100 and width < 1": (
        lambda r: int(r["input.height"]) > 100 and float(r["width"]) < 1
    ),
    "macs / params > 40": lambda r: r["macs"] / r["params"] > 40,
    "name == 'c'": lambda r: r["name"] == "c",
    "params > 3e6 if width < 1.25 else true": (
        lambda r: r["params"] > 3e6 if float(r["width"]) < 1.25 else True
    ),
    "macs ** 2 > 10 ** 16": lambda r: r["macs"] ** 2 > 10**16,
    "true": lambda r: True,
    "1 < width * 2 <= 2": lambda r: 1 < float(r["width"]) * 2 <= 2,
}


@pytest.mark.parametrize("text", CONDITIONS)
def test_conditions(text: str) -> None:
    sweep = swept()
    wanted = [row for row in by_hand(sweep) if not row["reason"] and CONDITIONS[text](row)]
    same(rows_of(sweep, where=Condition(sweep, text)), wanted)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("macz > 3", "there is no 'macz'"),
        ("macs >", "cannot read"),
        ("macs", "must be true or false, got the number"),
        ("macs / (width - 0.5) > 3", "division by zero"),
        ("prev.channels > 3", "there is no 'prev'"),
        ("input.width > 3", "there is no 'input.width'"),
        ("name > 3", "needs numbers, got the text"),
    ],
)
def test_conditions_that_are_none(text: str, why: str) -> None:
    sweep = swept()
    with pytest.raises(Complaint, match=why):
        rows_of(sweep, where=Condition(sweep, text))


def beaten(row: dict[str, Any], others: list[dict[str, Any]], wanted: list[Goal]) -> bool:
    def worth(r: dict[str, Any]) -> list[float]:
        texts = [r[g.name] for g in wanted]
        return [
            float("inf") if t == "" else -float(t) if g.largest else float(t)
            for t, g in zip(texts, wanted, strict=True)
        ]

    mine = worth(row)
    return any(
        all(a <= b for a, b in zip(worth(o), mine, strict=True)) and worth(o) != mine
        for o in others
    )


@pytest.mark.parametrize(
    "text", ["macs", "macs,params", "macs,accuracy", "params:max,macs", "macs,params,accuracy"]
)
def test_fronts(text: str) -> None:
    sweep = swept()
    wanted = goals(sweep, text, "--pareto")
    whole = [row for row in by_hand(sweep) if not row["reason"]]
    best = [row for row in whole if not beaten(row, whole, wanted)]
    found = rows_of(sweep, pareto=wanted)

    def key(row: dict[str, Any]) -> tuple[str, str]:
        return row["width"], row["input.height"]

    assert sorted(map(key, found)) == sorted(map(key, best))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 6)] * 3), min_size=1, max_size=40), st.integers(1, 3))
def test_fronts_of_anything(points: list[tuple[int, int, int]], dimensions: int) -> None:
    keys = [np.array([p[k] for p in points]) for k in range(dimensions)]
    cut = [p[:dimensions] for p in points]
    wanted = [
        n
        for n, p in enumerate(cut)
        if not any(q != p and all(a <= b for a, b in zip(q, p, strict=True)) for q in cut)
    ]
    assert sorted(front(keys).tolist()) == wanted


@pytest.mark.parametrize("most", [3, 1 << 18])
def test_orders_and_tops(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chunks = Sweep.chunks
    monkeypatch.setattr(Sweep, "chunks", lambda s, m, start=0: chunks(s, m, start, most))
    sweep = swept()
    whole = [row for row in by_hand(sweep) if not row["reason"]]
    down = sorted(whole, key=lambda r: -r["macs"])
    same(rows_of(sweep, sort=orders(sweep, "macs")), down)
    same(rows_of(sweep, sort=orders(sweep, "-macs"), top=4), down[::-1][:4])
    two = sorted(whole, key=lambda r: (r["params"], -int(r["input.height"])))
    same(rows_of(sweep, sort=orders(sweep, "-params,input.height"), top=7), two[:7])
    same(rows_of(sweep, top=3), whole[:3])
    assert len(rows_of(sweep, pareto=goals(sweep, "macs,params:max", "--pareto"), top=2)) == 2


def test_goals_are_numbers_that_there_are() -> None:
    sweep = swept()
    for text, why in (
        ("macz", "there is no 'macz'"),
        ("name", "not a number everywhere"),
        ("macs:least", "neither min nor max"),
    ):
        with pytest.raises(Complaint, match=why):
            goals(sweep, text, "--pareto")


def test_a_setting_that_is_called_like_a_figure_cannot_be_swept() -> None:
    spec = spec_of("settings: {macs: 4}\ninput: {features: 3}\nlayers: [{linear: macs}]\n")
    with pytest.raises(Complaint, match="'macs' cannot be swept"):
        Sweep(spec, Space((axis(spec, macs=["1", "2"]),)))
