"""``archcalc list``: the bundled specs, from their index alone."""

from __future__ import annotations

from collections.abc import Iterable

import click

from archcalc.cli.bounds import Bounds, max_option, min_option
from archcalc.cli.options import exact_option, format_option, output_option
from archcalc.cli.state import State
from archcalc.formats import Options


@click.command("list")
@click.option("--family", metavar="NAME", help="Only networks of one family: resnet, transformer.")
@click.option("--task", metavar="NAME", help="Only networks for one task: segmentation, tagging.")
@max_option
@min_option
@exact_option
@format_option
@output_option
@click.pass_obj
def command(
    state: State,
    family: str | None,
    task: str | None,
    maxima: Bounds,
    minima: Bounds,
    exact: bool,
    format: str,
) -> None:
    """The bundled networks by family, with their parameters, MACs and accuracy.

    --max and --min select by params and macs: --max params=10M. The accuracy is the first that
    the network's spec cites; "archcalc show" says by whom.
    """
    from archcalc import zoo
    from archcalc.cli.output import show
    from archcalc.formats.catalogue import Zoo, entries

    found = entries(zoo.index())
    if family is not None:
        chosen = _known("family", family, (e.family for e in found))
        found = [e for e in found if e.family == chosen]
    if task is not None:
        chosen = _known("task", task, (e.task for e in found))
        found = [e for e in found if e.task == chosen]
    for bounds, sign in ((maxima, 1), (minima, -1)):
        for name, limit in _limits(bounds).items():
            found = [e for e in found if sign * getattr(e, name) <= sign * limit]
    show(Zoo(found), state, Options(exact))


def _known(what: str, word: str, known: Iterable[str]) -> str:
    """``word``, if some network has it; case and spaces are forgiven."""
    from archcalc.problems import USAGE, Complaint, Problem, nearest

    names = sorted({name for name in known if name})
    for name in names:
        if name.lower() == word.strip().lower():
            return name
    close = nearest(word, names)
    help = f"did you mean '{close}'?" if close else f"there are {', '.join(names)}"
    message = f"no bundled network has the {what} '{word[:80]}'"
    raise Complaint(Problem(message, help=help, kind=USAGE, code="unknown"))


def _limits(bounds: Bounds) -> dict[str, float]:
    """The bounds as numbers, on what the index knows."""
    from archcalc.analysis.claims import bound_of

    for name in bounds:
        if name not in ("params", "macs"):
            raise click.UsageError(f"the list knows params and macs, not {name}")
    return {name: float(bound_of(text) or 0) for name, text in bounds.items()}
