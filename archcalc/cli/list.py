"""``archcalc list``: the bundled specs, from their index alone."""

from __future__ import annotations

import click

from archcalc.cli.options import exact_option, format_option, output_option
from archcalc.cli.state import State
from archcalc.formats import Options


@click.command("list")
@exact_option
@format_option
@output_option
@click.pass_obj
def command(state: State, exact: bool, format: str) -> None:
    """The bundled networks, with their parameters and MACs."""
    from archcalc import zoo
    from archcalc.cli.output import show
    from archcalc.formats.catalogue import Zoo

    show(Zoo(zoo.index()), state, Options(exact))
