"""``archcalc limits``: what is read and built before archcalc says no."""

from __future__ import annotations

import click

from archcalc.cli.options import format_option, output_option
from archcalc.cli.state import State
from archcalc.formats import Options


@click.command("limits")
@format_option
@output_option
@click.pass_obj
def command(state: State, format: str) -> None:
    """What is read and built before archcalc says no.

    The limits keep a spec from hurting the machine; --limit NAME=N raises one for a run.
    """
    from archcalc.cli.output import show
    from archcalc.formats.catalogue import Bounds
    from archcalc.limits import LIMITS

    show(Bounds(LIMITS), state, Options(exact=True))
