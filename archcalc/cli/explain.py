"""``archcalc explain``: how the figures of a layer, a block or a network come about."""

from __future__ import annotations

import click

from archcalc.cli.options import (
    Request,
    choice_options,
    counting_of,
    format_option,
    limit_option,
    output_option,
    rows_option,
    set_option,
)
from archcalc.cli.state import State
from archcalc.formats import Options


@click.command("explain")
@click.argument("target")
@click.argument("layer", required=False)
@set_option
@format_option
@output_option
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
    from archcalc.cli.output import show
    from archcalc.cli.targets import counted
    from archcalc.formats.explanation import explanation
    from archcalc.problems import Complaint

    request = Request.of(state, overrides, limits)
    request = request._replace(counting=counting_of(choices, "archcalc"))
    subject, result = counted(target, request)
    document = explanation(subject, result, layer)
    show(document, state, Options(exact=True, rows=rows or None))
    if subject.problems:
        raise Complaint(*subject.problems)


for _option in reversed(choice_options):
    command = _option(command)
