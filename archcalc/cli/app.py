"""The commands by name, each imported when it is called."""

from __future__ import annotations

from typing import Any, Final

import click

from archcalc import __version__
from archcalc.problems import nearest

COMMANDS: Final = {
    "list": "archcalc.cli.list:command",
    "shapes": "archcalc.cli.rows:shapes",
    "summary": "archcalc.cli.rows:summary",
    "compare": "archcalc.cli.compare:command",
    "check": "archcalc.cli.check:check",
    "verify": "archcalc.cli.check:verify",
    "explain": "archcalc.cli.explain:command",
    "conventions": "archcalc.cli.conventions:command",
    "identify": "archcalc.cli.identify:command",
    "sweep": "archcalc.cli.sweep:command",
    "solve": "archcalc.cli.solve:command",
    "scaling": "archcalc.cli.scaling:command",
    "show": "archcalc.cli.show:command",
    "layers": "archcalc.cli.layers:command",
    "limits": "archcalc.cli.limits:command",
    "schema": "archcalc.cli.schema:command",
    "completion": "archcalc.cli.completion:command",
}
"""Commands and where they are; those of the metrics come from the metrics' own table."""


class Commands(click.Group):
    """A group that imports a command when it is asked for it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        from archcalc.analysis.metrics import METRICS

        first, *others = COMMANDS
        return [first, "shapes", *(n for n, m in METRICS.items() if m.command), *others[1:]]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        from importlib import import_module

        if name in COMMANDS:
            module, attribute = COMMANDS[name].split(":")
            command: click.Command = getattr(import_module(module), attribute)
            return _completing(ctx, command)
        from archcalc.analysis.metrics import METRICS

        metric = METRICS.get(name)
        if metric is None or not metric.command:
            return None
        from archcalc.cli.rows import command_of

        return _completing(ctx, command_of(metric))

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        name = args[0]
        if ctx.resilient_parsing:  # a shell completes the line: what is meant hangs on all of it
            ctx.meta["archcalc.words"] = tuple(args[1:])
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            error = click.UsageError(f"there is no command {name[:80]!r}", ctx)
            error.help = self._meant(ctx, name)  # type: ignore[attr-defined]
            raise error
        return super().resolve_command(ctx, args)

    def _meant(self, ctx: click.Context, name: str) -> str:
        from archcalc import zoo

        close = nearest(name, self.list_commands(ctx))
        if close:
            return f"did you mean '{close}'?"
        if zoo.find(name.partition("@")[0]) or name.endswith((".yaml", ".yml")):
            return f"a command comes first: archcalc summary {name[:80]}"
        return "archcalc --help lists the commands"


def _completing(ctx: click.Context, command: click.Command) -> click.Command:
    """The command; while a shell completes a line, one that says what could be meant."""
    if not ctx.resilient_parsing:
        return command
    from archcalc.cli.completion import prepare

    return prepare(command)


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    subcommand_metavar="COMMAND [TARGET]",
)
@click.version_option(__version__, prog_name="archcalc", message="%(prog)s %(version)s")
def app() -> None:
    """What does this neural network cost, and why?

    Reads an architecture as a short YAML spec, propagates shapes through it and counts with
    exact integers: parameters, multiply-accumulates, activations.

    TARGET is a bundled network (vgg16, resnet@resnet50), a file (net.yaml, net.yaml@small)
    or - for standard input. "archcalc list" shows what is bundled.
    """
