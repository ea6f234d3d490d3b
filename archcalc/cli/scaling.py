"""``archcalc scaling``: how the figures of a network grow with one of its settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import click

from archcalc.analysis.counting import CHOICES
from archcalc.cli.options import (
    Request,
    batch_option,
    choice_options,
    convention_option,
    counting_of,
    exact_option,
    format_option,
    limit_option,
    output_option,
    set_option,
)
from archcalc.cli.state import State
from archcalc.formats import Options
from archcalc.problems import Complaint

if TYPE_CHECKING:
    from archcalc.analysis.metrics import Metric
    from archcalc.cli.targets import Target
    from archcalc.formats.growth import Grown
    from archcalc.sweep.request import Sweep
    from archcalc.sweep.scaling import Line
    from archcalc.sweep.space import Axis, Column

VALUES: Final = 10_000
"""Values that are looked at; each is kept, and shown."""
MULTIPLES: Final = 8
"""Without values: so many multiples of the setting as it is."""

OPTIONS: Final[list[Callable[[Any], Any]]] = [
    click.option(
        "--over",
        metavar="NAME[=VALUES]",
        required=True,
        help="The setting or input size; without values, multiples of what it is.",
    ),
    set_option,
    batch_option,
    convention_option,
    *choice_options,
    exact_option,
    format_option,
    output_option,
    click.option("--plot", metavar="FILE", help="Draw it as FILE.svg, FILE.png or FILE.pdf."),
    limit_option,
]


def _with_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(OPTIONS):
        command = option(command)
    return command


@click.command("scaling")
@click.argument("target")
@_with_options
@click.pass_obj
def command(
    state: State,
    /,
    target: str,
    over: str,
    overrides: dict[str, str],
    limits: dict[str, str],
    convention: str,
    batch: int,
    exact: bool,
    plot: str | None,
    format: str,
    **choices: str,
) -> None:
    """How parameters, MACs and activations grow with a setting.

    Where a figure is a polynomial of the setting, at all values, it is found exactly; else the
    power that fits best is told.
    """
    from archcalc.analysis.metrics import METRICS, all_under
    from archcalc.cli.output import show
    from archcalc.cli.progress import Progress
    from archcalc.cli.sweep import picture
    from archcalc.cli.targets import read
    from archcalc.formats.growth import Scaling
    from archcalc.sweep.scaling import measured

    if plot is not None:
        picture(plot)
    counting = counting_of({name: choices[name] for name in CHOICES}, convention)
    request = Request.of(state, overrides, limits)._replace(counting=counting, batch=batch)
    found = read(target, request)
    name, equals, text = over.partition("=")
    name = name.strip()
    metrics = all_under([n for n, m in METRICS.items() if m.command], convention)
    line: Line | None = None
    columns = _columns(found, request, name, text if equals else None)
    with Progress() as progress:
        progress.now("sweeping")
        for number, column in enumerate(columns, 1):
            try:
                line = measured(lambda axis: _sweep(found, request, axis), name, column, metrics)
                break
            except Complaint:
                if number == len(columns):
                    raise
    assert line is not None
    grown = [_grown(metric, name, line) for metric in metrics]
    reasons = line.reasons
    variant = found.spec.variant(found.variant)
    label = found.spec.name if variant is not None and name in variant.set else found.label
    document = Scaling(
        label,
        found.spec.meta.get("title", ""),
        name,
        line.texts,
        grown,
        counting=counting,
        batch=batch,
        changed=overrides,
        spec=found.origin(),
        notes=[f"{len(reasons)} values are refused, the first: {reasons[0]}."] if reasons else [],
    )
    if plot is not None:
        from archcalc.formats.plot import curve

        xs = [float(x) for x in line.xs]
        lines = {g.title: list(zip(xs, map(float, g.values), strict=True)) for g in grown}
        curve(plot, label, (name, f"times that at {line.texts[0]}"), lines)
    show(document, state, Options(exact))


def _sweep(found: Target, request: Request, axis: Axis) -> Sweep:
    from archcalc.sweep.request import Sweep, space

    return Sweep(
        found.spec,
        space([axis]),
        variant=found.variant,
        overrides=request.overrides,
        counting=request.counting,
        batch=request.batch,
        bundled=found.bundled,
    )


def _grown(metric: Metric, name: str, line: Line) -> Grown:
    from archcalc.formats.growth import Grown
    from archcalc.sweep.scaling import formula, growth, sparkline, words

    values = line.figures[metric.name]
    its = growth(line.xs, values, line.doubled.get(metric.name))
    return Grown(
        metric.name,
        metric.title,
        values,
        words(metric.title, name, line.xs, its),
        formula(name, its.polynomial) if its.polynomial is not None else "",
        its.exponent,
        float(its.doubled) if its.doubled is not None else None,
        sparkline(values),
    )


def _columns(found: Target, request: Request, name: str, text: str | None) -> list[Column]:
    """The values of the setting, in numbers; without a text, several to try. Raises `Complaint`."""
    from archcalc.sweep import request as asking
    from archcalc.sweep.values import FLOAT, INT

    asking.check_name(found.spec, name)
    if name in request.overrides:
        raise asking.usage(f"{name} is given by --set and by --over")
    texts = [text] if text is not None else []
    if text is None:
        value = found.spec.build(found.variant, request.overrides).settings.get(name)
        if type(value) not in (int, float) or not value:
            raise asking.usage(f"{name} needs values", f"--over {name}=1:8")
        texts.append(",".join(repr(value * k) for k in range(1, MULTIPLES + 1)))
        if value % MULTIPLES == 0:  # it may be as large as it can be already
            part = value // MULTIPLES
            texts.append(",".join(repr(part * k) for k in range(1, MULTIPLES + 1)))
    columns = [asking.column(found.spec, name, values) for values in texts]
    if not columns[0].values.kinds <= {INT, FLOAT}:
        raise asking.usage(f"{name} must be a number to scale with")
    if len(columns[0].values) > VALUES:
        many = f"{len(columns[0].values):,} values of {name} are more than {VALUES:,}"
        raise asking.usage(many, "a range takes a step: 1:1_000_000:1000")
    return columns
