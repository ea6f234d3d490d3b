"""``archcalc compare``: networks side by side."""

from __future__ import annotations

import click

from archcalc.cli.options import Request, row_options


@click.command("compare")
@click.argument("first", metavar="A")
@click.argument("others", metavar="B [C ...]", nargs=-1, required=True)
@click.option("--only-changed", is_flag=True, help="Leave out the layers that are the same.")
@row_options
def command(first: str, others: tuple[str, ...], only_changed: bool, *, request: Request) -> None:
    """Totals of networks side by side, and their layers aligned.

    Each layer is the same, changed (which argument, and what that costs), or only in one of them.
    Options such as --set hold for all.
    """
    from archcalc.cli.output import show
    from archcalc.cli.targets import counted
    from archcalc.formats.comparison import Comparison
    from archcalc.problems import Complaint

    sides = [counted(target, request) for target in (first, *others)]
    show(Comparison(sides, only_changed=only_changed), request.state, request.output)
    problems = [problem for subject, _ in sides for problem in subject.problems]
    if problems:
        raise Complaint(*problems)
