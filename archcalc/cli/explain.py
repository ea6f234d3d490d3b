"""``archcalc explain``: how the figures of a layer, a block or a network come about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from archcalc.cli.options import (
    Request,
    choice_options,
    counting_of,
    format_option,
    limit_option,
    rows_option,
    set_option,
)
from archcalc.cli.state import State
from archcalc.formats import Options

if TYPE_CHECKING:
    from archcalc.analysis.explain import NoSuchLayer
    from archcalc.problems import Complaint

ONE_BY_ONE = 3
"""So many different layers that a pattern matches are explained; of more, their sum."""


@click.command("explain")
@click.argument("target")
@click.argument("layer", required=False)
@set_option
@format_option
@rows_option
@limit_option
@click.pass_obj
def command(
    state: State,
    /,
    target: str,
    layer: str | None,
    overrides: dict[str, str],
    limits: dict[str, str],
    format: str,
    rows: int,
    **choices: str,
) -> None:
    """How each figure comes about: its formula, the numbers put in, and what each factor is.

    LAYER is the path of a row, of a block (the sum of its parts), the end of one, or a pattern
    ('stage1.*.conv2'). Without it, the whole network as the sum of its parts.
    """
    from archcalc.analysis.explain import NoSuchLayer, alike, explained, select
    from archcalc.cli.output import show
    from archcalc.cli.targets import counted
    from archcalc.formats.explanation import Derived, Explanation
    from archcalc.problems import Complaint

    request = Request.of(state, overrides, limits)
    request = request._replace(counting=counting_of(choices, "archcalc"))
    subject, result = counted(target, request)
    try:
        selection = select(result, layer)
    except NoSuchLayer as missing:
        raise _unknown(missing, subject.label) from None
    named = selection.rows if (layer and not selection.below) or selection.single else ()
    kinds = alike(named)
    layers = [
        Derived(rows[0], tuple(explained(node, request.counting) for node in rows[0].nodes), rows)
        for rows in (kinds if len(kinds) <= ONE_BY_ONE else ())
    ]
    document = Explanation(subject, result, selection, layers)
    show(document, state, Options(exact=True, rows=rows or None))
    if subject.problems:
        raise Complaint(*subject.problems)


for _option in reversed(choice_options):
    command = _option(command)


def _unknown(missing: NoSuchLayer, label: str) -> Complaint:
    from archcalc.problems import USAGE, Complaint, Problem, nearest

    name = missing.name[:80]
    if missing.several:
        some = ", ".join(missing.several[:5])
        more = f" and {len(missing.several) - 5} more" if len(missing.several) > 5 else ""
        message = f"{label} has '{name}' in {len(missing.several)} places"
        help = f"write {some}{more}, or '*.{name}' for all"
    else:
        ends = {path.rpartition(".")[2]: path for path in reversed(missing.known)}
        close = nearest(name, missing.known) or ends.get(nearest(name, ends) or "")
        help = f"did you mean '{close}'?" if close else f"archcalc macs {label} lists the layers"
        message = f"{label} has no layer '{name}'"
    return Complaint(Problem(message, help=help, kind=USAGE, code="unknown"))
