"""Single runs, and random configurations of the bundled specs to hold a sweep against."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from archcalc.analysis.count import count
from archcalc.analysis.counting import Counting
from archcalc.analysis.metrics import METRICS
from archcalc.language import Spec, load_bytes
from archcalc.problems import Complaint
from archcalc.sweep.request import Sweep, takes_numbers
from archcalc.sweep.space import Axis, Column, Space
from archcalc.sweep.values import Listed

SPECS = Path(__file__).parent.parent.parent / "specs"
NAMES = sorted(path.stem for path in SPECS.glob("*.yaml"))


@cache
def bundled(name: str) -> Spec:
    path = SPECS / f"{name}.yaml"
    return load_bytes(path.read_bytes(), path.name, str(SPECS))


def spec_of(text: str, folder: Path | None = None) -> Spec:
    """A spec from its text; ``archcalc: 1`` and a name are put before it."""
    whole = f"archcalc: 1\nname: net\n{text}"
    return load_bytes(whole.encode(), "net.yaml", str(folder) if folder else None)


class Single:
    """What a single run says of a configuration."""

    def __init__(
        self,
        spec: Spec,
        variant: str | None,
        overrides: Mapping[str, str],
        counting: Counting | None = None,
        batch: int = 1,
    ) -> None:
        self.reason, self.line = "", 0
        self.figures: dict[str, int] = {}
        try:
            built = spec.build(variant, {n: text for n, text in overrides.items() if text})
            problems = built.problems
        except Complaint as complaint:
            problems = complaint.problems
        if problems:
            self.reason = problems[0].message
            return
        totals = count(built.graph, counting, batch=batch).totals
        self.figures = {name: metric.of(totals) for name, metric in METRICS.items()}


def axis(spec: Spec, **texts: list[str]) -> Axis:
    """Settings that change together; ``input__height`` is ``input.height``."""
    named = {name.replace("__", "."): values for name, values in texts.items()}
    columns = {
        name: Column(Listed(values, numeric=takes_numbers(spec, name)))
        for name, values in named.items()
    }
    return Axis(len(next(iter(named.values()))), columns)


def differences(sweep: Sweep, *, most: int = 1 << 18) -> tuple[int, int, list[str]]:
    """Configurations, refused ones among them, and where sweep and single run disagree."""
    looked_at = refused = 0
    wrong: list[str] = []
    for chunk in sweep.chunks(METRICS, most=most):
        rows = np.arange(chunk.size)
        texts = {name: chunk.texts(name, rows) for name in sweep.space.names}
        for row in rows.tolist():
            given = {name: values[row] for name, values in texts.items()}
            single = Single(
                sweep.spec,
                given.pop("variant", sweep.variant),
                {**sweep.overrides, **given},
                sweep.counting,
                sweep.batch,
            )
            reason = chunk.reasons[chunk.codes[row]][0]
            figures = {name: int(values[row]) for name, values in chunk.figures.items()}
            looked_at += 1
            refused += bool(single.reason)
            if reason != single.reason:
                wrong.append(f"{given}: {reason!r}, alone {single.reason!r}")
            elif not reason and figures != single.figures:
                wrong.append(f"{given}: {figures}, alone {single.figures}")
    return looked_at, refused, wrong


# Random configurations.


def texts_for(random: Random, type: str, default: Any, choices: tuple[Any, ...]) -> list[str]:
    """Values that a setting might be given, wrong ones among them; none if nobody can know."""
    if type == "bool":
        return ["true", "false"]
    if choices:
        return [str(choice) for choice in choices]
    if isinstance(default, tuple) and default and all(isinstance(n, int) for n in default):
        lists = [default, tuple(max(1, n - 1) for n in default), tuple(n + 1 for n in default)]
        return [f"[{', '.join(map(str, values))}]" for values in (*lists, default[:-1])]
    if isinstance(default, bool) or not isinstance(default, int | float):
        return []
    if isinstance(default, float):
        found = [f"{default * factor:.3f}" for factor in (1, 0.5, 0.3, 1.25, 2, 0.77)] + ["1", "2"]
        return found + (["0", "-1", "0.0001"] if random.random() < 0.3 else [])
    near = (default, 2 * default, max(1, default // 2), default + 1, max(1, default - 1))
    found = [*map(str, near), f"{default}.0"]
    found += [str(random.randint(1, 2 * default + 2)) for _ in range(4)]
    return found + (["0", "-3", "1.5"] if random.random() < 0.3 else [])


def random_sweep(name: str, seed: int, size: int) -> Sweep | None:
    """Configurations of a bundled spec: a grid, or drawn values; `None` if it has no settings."""
    random = Random(f"{name} {seed}")
    spec = bundled(name)
    variant = random.choice([*spec.variants, None])
    settings = spec.build(variant).settings
    names = list(settings)
    random.shuffle(names)
    columns: dict[str, list[str]] = {}
    for setting in names[: random.randint(1, 4)]:
        declared = spec.settings.get(setting)
        texts = texts_for(
            random,
            declared.type if declared else "int",
            settings[setting],
            declared.choices if declared else (),
        )
        if texts:
            columns[setting] = texts
    if not columns:
        return None
    axes: list[Axis] = []
    if random.random() < 0.5:
        left = size
        for setting, texts in columns.items():
            chosen = random.sample(sorted(set(texts)), min(len(set(texts)), max(1, left), 5))
            left //= len(chosen)
            axes.append(axis(spec, **{setting: chosen}))
    else:
        drawn = {n: [random.choice(texts) for _ in range(size)] for n, texts in columns.items()}
        axes.append(axis(spec, **drawn))
    counting = Counting(
        bn=random.choice(["folded", "unfolded"]),
        padding=random.choice(["dense", "dense", "exact"]),
        causal=random.choice(["full", "half"]),
    )
    return Sweep(
        spec,
        Space(tuple(axes)),
        variant=variant,
        counting=counting,
        batch=random.choice([1, 1, 3]),
    )
