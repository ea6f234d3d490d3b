"""``archcalc solve``: the largest network of a family that fits into a budget."""

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
    name_values,
    output_option,
    set_option,
)
from archcalc.cli.state import State
from archcalc.formats import Options

if TYPE_CHECKING:
    from archcalc.analysis.metrics import Metric
    from archcalc.cli.targets import Target
    from archcalc.formats.solution import Answer, Outcome
    from archcalc.sweep.request import Sweep
    from archcalc.sweep.solve import Family, Point, Solution
    from archcalc.sweep.space import Space
    from archcalc.sweep.values import Values

OPTIONS: Final[list[Callable[[Any], Any]]] = [
    click.option(
        "--vary",
        metavar="NAME=FROM:TO",
        multiple=True,
        required=True,
        callback=name_values,
        help="The setting to vary, and from where to where (:STEP if not any value will do). "
        "Several move together, from their first values to their last ones.",
    ),
    click.option(
        "--for",
        "budget",
        metavar="FIGURE=N",
        multiple=True,
        required=True,
        callback=name_values,
        help="The budget: macs=300M, params=5M, activations=2.5M. With several, none is passed.",
    ),
    click.option(
        "--rule",
        metavar="RULES",
        help="What hangs on the value: --vary phi=0:7 --rule 'depth=1.2**phi, width=1.1**phi'.",
    ),
    set_option,
    batch_option,
    convention_option,
    *choice_options,
    exact_option,
    format_option,
    output_option,
    click.option("--verbose", is_flag=True, help="Say how many values and walks it took."),
    limit_option,
]


def _with_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(OPTIONS):
        command = option(command)
    return command


@click.command("solve")
@click.argument("target")
@_with_options
@click.pass_obj
def command(
    state: State,
    /,
    target: str,
    vary: dict[str, str],
    budget: dict[str, str],
    rule: str | None,
    overrides: dict[str, str],
    limits: dict[str, str],
    convention: str,
    batch: int,
    exact: bool,
    verbose: bool,
    format: str,
    **choices: str,
) -> None:
    """The value of a setting that comes closest to a budget from below.

    Figures are staircases: the value is searched for on the rules as they are, and the step that
    follows it is shown with what it would cost.
    """
    from archcalc.analysis.metrics import METRICS, all_under
    from archcalc.cli.output import show
    from archcalc.cli.progress import Progress
    from archcalc.cli.targets import read
    from archcalc.formats.solution import Solved
    from archcalc.sweep.solve import solve

    counting = counting_of({name: choices[name] for name in CHOICES}, convention)
    request = Request.of(state, overrides, limits)._replace(counting=counting, batch=batch)
    found = read(target, request)
    own = all_under([n for n, m in METRICS.items() if m.command], convention)
    metrics = {**METRICS, **{metric.name: metric for metric in own}}
    wanted = {name: _figure(name, text, metrics) for name, text in budget.items()}
    shown = list(dict.fromkeys([*(m.name for m in own), *wanted]))
    family = _family(found, request, vary, rule, shown)
    with Progress() as progress:
        progress.now("searching", lambda: len(family.known), None, "values")
        solution = solve(family, wanted)
    answer = _answer(found, solution, wanted, metrics, verbose=verbose)
    document = Solved(
        answer, metrics, counting=counting, batch=batch, changed=overrides, spec=found.origin()
    )
    show(document, state, Options(exact))
    if solution.found is None:
        raise click.exceptions.Exit(1)


def _figure(name: str, text: str, metrics: dict[str, Metric]) -> int:
    """A figure of the budget: ``300M`` is 300,000,000."""
    from archcalc.analysis.published import figure
    from archcalc.sweep.request import usage
    from archcalc.sweep.select import unknown

    if name not in metrics:
        raise unknown(name, metrics, "--for")
    found = figure(text)
    if found is None:
        raise usage(f"--for: '{text[:40]}' is no figure", "such as 300M, 5.3M or 61_706")
    return int(found.value)


def _family(
    found: Target, request: Request, vary: dict[str, str], rule: str | None, shown: list[str]
) -> Family:
    """The networks along the values of ``--vary``. Raises `Complaint`."""
    from archcalc.sweep import request as asking
    from archcalc.sweep.solve import Family, Rule
    from archcalc.sweep.space import Column
    from archcalc.sweep.values import read

    spec = found.spec
    for name in vary:
        if name in request.overrides:
            raise asking.usage(f"{name} is given by --set and by --vary")

    def make(space: Space) -> Sweep:
        return asking.Sweep(
            spec,
            space,
            variant=found.variant,
            overrides=request.overrides,
            counting=request.counting,
            batch=request.batch,
            bundled=found.bundled,
        )

    if rule is None:
        values = {
            name: asking.column(spec, name, text, fine=True).values for name, text in vary.items()
        }
        if len(values) == 1:
            ((name, only),) = values.items()
            return Family(len(only), lambda index: {name: Column(only, index)}, make, shown)
        most = max(map(len, values.values()))
        return Family(most, lambda index: _together(values, most, index), make, shown)
    if len(vary) > 1:
        raise asking.usage("--rule hangs on one value: give one --vary")
    ((name, text),) = vary.items()
    line = read(text, fine=True, real=True)
    settings = spec.build(found.variant, request.overrides).settings
    rules = Rule(rule, name, spec.limits, settings)
    for setting in rules.rules:
        asking.check_name(spec, setting)
        if setting in request.overrides:
            raise asking.usage(f"{setting} is given by --set and by --rule")
    beside = () if name in spec.setting_names else (name,)
    return Family(len(line), lambda index: rules.columns(line, index), make, shown, beside)


def _together(values: dict[str, Values], most: int, index: Any) -> dict[str, Any]:
    """Every setting as far along its range as the longest is along its own."""
    from archcalc.sweep.space import Column

    return {
        name: Column(line, index * (len(line) - 1) // max(1, most - 1))
        for name, line in values.items()
    }


def _answer(
    found: Target,
    solution: Solution,
    budget: dict[str, int],
    metrics: dict[str, Metric],
    *,
    verbose: bool,
) -> Answer:
    from archcalc.formats.numbers import short
    from archcalc.formats.solution import Answer

    titles = " and ".join(f"{short(most)} {metrics[n].title}" for n, most in budget.items())
    notes: list[str] = []
    first, last = solution.first, solution.last
    if solution.found is None:
        notes.append(f"Nothing fits into {titles}.")
        if solution.least is None:
            notes = [f"Every value is refused: {solution.reason}."]
    elif first is not None and last is not None and first.number < last.number:
        notes.append(f"The same from {_settings(first)} to {_settings(last)}.")
    if solution.found is not None and solution.next is None:
        notes.append("The range ends there; no value of it passes the budget.")
    if not solution.rises:
        every = "all values" if solution.step == 1 else f"each {solution.step:,}-th value"
        notes.append(f"The figure does not rise all the way: {every} were looked at.")
    if solution.refused and solution.found is not None:
        notes.append(f"{solution.refused:,} values are refused, the first: {solution.reason}.")
    if verbose:
        notes.append(f"{solution.looked_at:,} values, {solution.walks:,} walks.")
    spec = found.spec
    return Answer(
        spec.name,
        spec.meta.get("title", ""),
        budget,
        _outcome(solution.found),
        None if first is None or last is None else (_sure(_outcome(first)), _sure(_outcome(last))),
        _outcome(solution.next),
        _outcome(solution.least),
        notes,
    )


def _settings(point: Point) -> str:
    """What was varied; what hangs on it by a rule is in the table."""
    from archcalc.formats.solution import shown

    name, value = next(iter(point.settings.items()))
    return f"{name}={shown(value)}"


def _outcome(point: Point | None) -> Outcome | None:
    from archcalc.formats.solution import Outcome

    return None if point is None else Outcome(point.settings, point.figures)


def _sure(outcome: Outcome | None) -> Outcome:
    assert outcome is not None
    return outcome
