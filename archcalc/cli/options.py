"""The options that every command with rows has, declared once."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from archcalc.analysis.counting import CHOICES, NAME, Counting
from archcalc.cli.state import State
from archcalc.formats import FORMATS, SUFFIXES, Options
from archcalc.formats.pick import Pick

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

MOST = 2**53
"""The largest number that an option takes: as large as an integer in a spec may be."""


class Number(click.ParamType[int]):
    """A whole number of at least ``low``."""

    name = "number"

    def __init__(self, low: int, high: int = MOST) -> None:
        self.low = low
        self.high = high

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        text = str(value).replace("_", "")
        if text.isascii() and text.isdigit() and len(text) < 20:
            number = int(text)
            if self.low <= number <= self.high:
                return number
        wrong = f"{str(value)[:40]!r} is no whole number from {self.low} to {self.high:,}"
        raise click.BadParameter(wrong, ctx, param)


class Request(NamedTuple):
    """What was asked for, whatever the command."""

    overrides: dict[str, str]
    limits: dict[str, str]
    batch: int
    depth: int | None
    expand: bool
    counting: Counting
    output: Options
    state: State

    @classmethod
    def of(cls, state: State, overrides: dict[str, str], limits: dict[str, str]) -> Request:
        """A request that leaves everything else as it is."""
        return cls(overrides, limits, 1, None, False, Counting(), Options(), state)


def name_values(
    ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
) -> dict[str, str]:
    """``NAME=VALUE`` options as a dict; the last of several for one name holds."""
    pairs = {}
    for text in values:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            example = ", such as width=64" if "--set" in param.opts else ""
            raise click.BadParameter(f"{text[:80]!r} is not NAME=VALUE{example}", ctx, param)
        pairs[name.strip()] = value.strip()
    return pairs


def _format(ctx: click.Context, param: click.Parameter, value: str | None) -> str:
    state = ctx.ensure_object(State)
    if value is not None:
        state.format = value
    return state.format


def file_of(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """The file that is named; ``-`` is standard output, as for other programs."""
    return None if value == "-" else value


def _output(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """The file for the answer; without --format, its suffix says which one."""
    value = file_of(ctx, param, value)
    if value is not None:
        state = ctx.ensure_object(State)
        state.file = value
        if ctx.get_parameter_source("format") in (None, click.core.ParameterSource.DEFAULT):
            state.format = SUFFIXES.get(os.path.splitext(value)[1].lower(), state.format)
    return value


format_option = click.option(
    "--format",
    "format",
    type=click.Choice(list(FORMATS)),
    is_eager=True,
    callback=_format,
    help="How the answer is written.  [default: table]",
)
output_option = click.option(
    "--output",
    metavar="FILE",
    callback=_output,
    expose_value=False,
    help="Write the answer into FILE, whole or not at all; its suffix says the format.",
)
columns_option = click.option(
    "--columns",
    metavar="NAME,...",
    help="The columns to show: path, kind, arguments, input, output, line, params, macs, ...",
)
sort_option = click.option(
    "--sort",
    metavar="NAME",
    help="Order by a column, the largest first; -NAME: the smallest first.",
)
top_option = click.option(
    "--top", type=Number(1), metavar="N", help="Show N rows and the sum of the others."
)
set_option = click.option(
    "--set",
    "overrides",
    metavar="NAME=VALUE",
    multiple=True,
    callback=name_values,
    help="Give a setting of the spec, or an input size, another value (repeatable): "
    "--set input.height=160.",
)
limit_option = click.option(
    "--limit",
    "limits",
    metavar="NAME=N",
    multiple=True,
    callback=name_values,
    help='Raise a limit (repeatable); "archcalc limits" lists them.',
)
exact_option = click.option("--exact", is_flag=True, help="Full integers instead of K, M, G.")
rows_option = click.option(
    "--rows",
    type=Number(0),
    metavar="N",
    default=400,
    show_default=True,
    help="Rows that a table shows before it folds the others into sums; 0: all.",
)


class _Convention(click.ParamType[str]):
    """The name of a convention; their table is read when one is given."""

    name = "NAME"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value == NAME:
            return value
        from archcalc.analysis.conventions import CONVENTIONS
        from archcalc.problems import USAGE, Complaint, Problem, nearest

        if value in CONVENTIONS:
            return value
        close = nearest(value, CONVENTIONS)
        help = f"did you mean '{close}'?" if close else '"archcalc conventions" lists them'
        message = f"there is no convention '{value[:80]}'"
        raise Complaint(Problem(message, help=help, kind=USAGE, code="unknown"))

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        from archcalc.analysis.conventions import CONVENTIONS

        return [CompletionItem(name) for name in CONVENTIONS if name.startswith(incomplete)]


convention_option = click.option(
    "--convention",
    type=_Convention(),
    default=NAME,
    show_default=True,
    help='Count as another tool does, to the digit; "archcalc conventions" lists them.',
)


batch_option = click.option(
    "--batch",
    type=Number(1),
    metavar="N",
    default=1,
    help="Samples: multiplies operations and activations, never weights.",
)
choice_options = [
    click.option(
        f"--{name}",
        name,
        type=click.Choice(choice.answers),
        default=choice.answers[0],
        show_default=True,
        help=choice.help + ".",
    )
    for name, choice in CHOICES.items()
]
"""What is counted and what is not, an option for each question."""


def counting_of(choices: dict[str, str], convention: str) -> Counting:
    """How to count, from the options.

    The choices are archcalc's own questions; another convention has answered them.
    """
    if convention != NAME:
        for name, choice in CHOICES.items():
            if choices[name] != choice.answers[0]:
                raise click.UsageError(
                    f"--{name} is a choice of the {NAME} convention, not of {convention}",
                    click.get_current_context(),
                )
    return Counting(**choices, convention=convention)


def row_options(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the common options; it is called with a `Request` instead of each."""

    @wraps(command)
    def asked(
        *args: Any,
        overrides: dict[str, str],
        limits: dict[str, str],
        batch: int,
        depth: int | None,
        expand: bool,
        exact: bool,
        rows: int,
        format: str,
        convention: str,
        columns: str | None,
        sort: str | None,
        top: int | None,
        **kwargs: Any,
    ) -> None:
        counting = counting_of({name: kwargs.pop(name) for name in CHOICES}, convention)
        state = click.get_current_context().ensure_object(State)
        keys = tuple(key.strip() for key in (columns or "").split(",") if key.strip())
        output = Options(exact, rows or None, Pick(keys, sort or "", top))
        request = Request(overrides, limits, batch, depth, expand, counting, output, state)
        command(*args, request=request, **kwargs)

    options = [
        set_option,
        batch_option,
        click.option(
            "--depth",
            type=Number(1, 1000),
            metavar="N",
            help="Sum up the rows that share the first N parts of their path.",
        ),
        click.option(
            "--expand", is_flag=True, help="Normalisations and activations as rows of their own."
        ),
        exact_option,
        convention_option,
        format_option,
        output_option,
        columns_option,
        sort_option,
        top_option,
        rows_option,
        *choice_options,
        limit_option,
    ]
    for option in reversed(options):
        asked = option(asked)
    return asked
