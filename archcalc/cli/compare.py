"""``archcalc compare``: two networks side by side."""

from __future__ import annotations

import click

from archcalc.cli.options import Request, row_options


@click.command("compare")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@row_options
def command(first: str, second: str, *, request: Request) -> None:
    """Totals and layers of two networks side by side.

    Options such as --set hold for both.
    """
    from archcalc.cli.output import show
    from archcalc.cli.targets import counted
    from archcalc.formats.comparison import Comparison
    from archcalc.problems import Complaint

    a, b = counted(first, request), counted(second, request)
    show(Comparison(a, b), request.state, request.output)
    problems = (*a[0].problems, *b[0].problems)
    if problems:
        raise Complaint(*problems)
