"""``archcalc conventions``: what other tools count, and a network under all of them."""

from __future__ import annotations

import click

from archcalc.cli.options import Request, format_option, limit_option, output_option, set_option
from archcalc.cli.state import State
from archcalc.formats import Options


@click.command("conventions")
@click.argument("target", required=False, metavar="[TARGET]")
@set_option
@format_option
@output_option
@limit_option
@click.pass_obj
def command(
    state: State,
    target: str | None,
    overrides: dict[str, str],
    limits: dict[str, str],
    format: str,
) -> None:
    """What other tools count, and a network under all of them.

    Without TARGET the conventions in a line each, with the name of a convention everything that it
    counts. With a network its figure under each, and the difference to its MACs line by line.
    """
    from archcalc.analysis.conventions import CONVENTIONS
    from archcalc.cli.output import show
    from archcalc.formats.conventions import Explained, Listed

    options = Options(exact=True)
    if target is None:
        show(Listed(CONVENTIONS), state, options)
    elif target in CONVENTIONS:
        show(Explained(target, CONVENTIONS[target]), state, options)
    else:
        _network(target, Request.of(state, overrides, limits), options)


def _network(target: str, request: Request, options: Options) -> None:
    from archcalc.analysis.accounts import Census
    from archcalc.analysis.conventions import CONVENTIONS
    from archcalc.analysis.count import count
    from archcalc.cli.output import show
    from archcalc.cli.targets import read, subject_of
    from archcalc.formats.conventions import Accounts
    from archcalc.problems import Complaint

    found = read(target, request)
    built = found.spec.build(found.variant, request.overrides)
    if built.problems and not built.graph.nodes:
        raise Complaint(*built.problems)
    census = Census(built.graph, found.written)
    totals = count(built.graph).totals
    subject = subject_of(found, built, request.overrides)
    accounts = [census.account(name) for name in CONVENTIONS]
    show(
        Accounts(subject, accounts, CONVENTIONS, totals.params, totals.buffers),
        request.state,
        options,
    )
    if built.problems:
        raise Complaint(*built.problems)
