"""``archcalc layers``: the layer kinds, and the manual page of one."""

from __future__ import annotations

import click

from archcalc.cli.options import format_option, output_option
from archcalc.cli.state import State
from archcalc.formats import Options


@click.command("layers")
@click.argument("kind", required=False)
@format_option
@output_option
@click.pass_obj
def command(state: State, kind: str | None, format: str) -> None:
    """The layer kinds, or the manual page of one."""
    from archcalc.cli.output import show
    from archcalc.formats.catalogue import Kinds, Manual
    from archcalc.layers import KINDS
    from archcalc.problems import USAGE, Complaint, Problem, nearest

    if kind is None:
        show(Kinds(KINDS), state, Options())
        return
    if kind not in KINDS:
        close = nearest(kind, KINDS)
        help = f"did you mean '{close}'?" if close else '"archcalc layers" lists them'
        message = f"there is no layer kind '{kind}'"
        raise Complaint(Problem(message, help=help, kind=USAGE, code="unknown"))
    show(Manual(KINDS[kind]), state, Options())
