"""``archcalc schema``: the JSON Schema of specs, for editors, and of results, for programs."""

from __future__ import annotations

import click

from archcalc.cli.options import Request, limit_option, output_option
from archcalc.cli.state import State


@click.command("schema")
@click.argument("target", required=False, metavar="[TARGET]")
@click.option("--result", is_flag=True, help="The schema of what --format json prints.")
@output_option
@limit_option
@click.pass_obj
def command(state: State, target: str | None, result: bool, limits: dict[str, str]) -> None:
    """The JSON Schema of the spec language, so that editors complete and check specs.

    With TARGET the schema of that one file: it knows the blocks that the file can call.
    """
    from json import dumps
    from sys import stdout

    from archcalc.formats.file import replacing

    if result and target is not None:
        raise click.UsageError("--result is the same for every spec", click.get_current_context())
    if result:
        from archcalc.formats.schema import results

        made = results()
    else:
        from archcalc.language.schema import language, of_spec

        if target is None:
            made = language()
        else:
            from archcalc.cli.targets import read

            made = of_spec(read(target, Request.of(state, {}, limits)).spec)
    text = dumps(made, indent=1) + "\n"
    if state.file is None:
        stdout.write(text)
    else:
        with replacing(state.file) as out:
            out.write(text)
    state.answered = True
