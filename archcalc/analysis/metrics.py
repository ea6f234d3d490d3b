"""The figures that have a name. To add one, write one function here.

A metric is a function of a row's figures. Its command, its column in a summary and its entry in
the totals are made from it: the function's name is the command, its docstring is the help.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from archcalc.analysis.count import Figures
from archcalc.analysis.counting import NAME

Rule = Callable[[Figures], int]


class Metric(NamedTuple):
    """One figure of a row; additive, so that the rows add up to the total."""

    name: str
    title: str
    unit: str
    help: str
    of: Rule
    command: bool
    """Whether there is a command of this name."""
    beside: tuple[str, ...]
    """Metrics that its command shows beside it, where they say something new."""


METRICS: Final[dict[str, Metric]] = {}
"""Every metric by its name, in the order of declaration."""


def metric(
    title: str, unit: str, *, command: bool = True, beside: tuple[str, ...] = ()
) -> Callable[[Rule], Rule]:
    """Enters the function under its own name."""

    def enter(rule: Rule) -> Rule:
        help = " ".join((rule.__doc__ or "").split())
        METRICS[rule.__name__] = Metric(rule.__name__, title, unit, help, rule, command, beside)
        return rule

    return enter


@metric("Params", "params", beside=("active", "trainable", "buffers"))
def params(row: Figures) -> int:
    """Parameters of each layer: trainable and frozen weights, shared ones once, buffers apart."""
    return row.params


@metric("Trainable", "params", command=False)
def trainable(row: Figures) -> int:
    """Parameters that training changes."""
    return row.trainable


@metric("Active", "params", command=False)
def active(row: Figures) -> int:
    """Parameters that one sample uses: all but those of the experts not chosen for it."""
    return row.active


@metric("Buffers", "numbers", command=False)
def buffers(row: Figures) -> int:
    """Stored numbers that are not trained, such as BatchNorm's running statistics."""
    return row.buffers


@metric("MACs", "MACs")
def macs(row: Figures) -> int:
    """Multiply-accumulates of each layer: convolutions, linear layers and matrix products."""
    return row.mac


@metric("Mults", "multiplications")
def multiplications(row: Figures) -> int:
    """Multiplications of each layer: its MACs and all others (scales, gates, averages)."""
    return row.mac + row.mul


@metric("Activations", "elements")
def activations(row: Figures) -> int:
    """Activations of each layer: the elements that multiply-accumulates write, as in fvcore."""
    return row.activations


def under(metric: Metric, convention: str) -> Metric:
    """The figure that ``convention`` gives in place of ``metric``, if it gives one."""
    if convention == NAME or metric.name not in ("macs", "params"):
        return metric
    from archcalc.analysis.conventions import CONVENTIONS

    its = CONVENTIONS[convention]
    if metric.name == "macs":
        title = f"{convention} {its.unit.partition(',')[0]}"
        return metric._replace(
            name="counted", title=title, unit=its.unit, of=lambda row: row.counted, beside=()
        )
    if its.buffers:
        return metric._replace(name="counted_params", of=lambda row: row.params + row.buffers)
    return metric


def all_under(names: Iterable[str], convention: str) -> list[Metric]:
    """The metrics as ``convention`` has them, and its own figure if it would not be there."""
    metrics = [under(METRICS[name], convention) for name in names]
    if convention != NAME and not {"counted", "counted_params", "params"} & {
        m.name for m in metrics
    }:
        metrics.append(under(METRICS["macs"], convention))
    return metrics


def telling(*totals: Figures) -> list[Metric]:
    """The metrics that say something of these totals: not all zero, no part that is the whole."""
    found = []
    for m in METRICS.values():
        values = [m.of(t) for t in totals]
        whole = [t.params for t in totals]
        if any(values) and (m.command or values != whole):
            found.append(m)
    return found


def shown_by(name: str, totals: Figures) -> list[str]:
    """The metric ``name`` and those beside it that are neither zero nor the same again."""
    main = METRICS[name]
    same = (0, main.of(totals))
    return [name, *(b for b in main.beside if METRICS[b].of(totals) not in same)]


def figures_by_name(row: Figures, convention: str = NAME) -> dict[str, int]:
    """Every metric of a row, and what ``convention`` makes of it."""
    figures = {name: m.of(row) for name, m in METRICS.items()}
    for name in ("macs", "params"):
        its = under(METRICS[name], convention)
        figures[its.name] = its.of(row)
    return figures
