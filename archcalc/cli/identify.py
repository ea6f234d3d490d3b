"""``archcalc identify``: which variant and which convention give a published figure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import click

from archcalc.cli.options import (
    Number,
    Request,
    format_option,
    limit_option,
    output_option,
    set_option,
)
from archcalc.cli.state import State
from archcalc.formats import Options
from archcalc.limits import raised
from archcalc.problems import Complaint, Problem

if TYPE_CHECKING:
    from archcalc.analysis.published import Figure
    from archcalc.cli.targets import Target
    from archcalc.formats.conventions import Match
    from archcalc.language import Built, Spec
    from archcalc.limits import Limits

SIZES: Final = (224, 227, 299)
"""Images that networks are published for; a figure may be of another than the spec's."""
NEAREST: Final = 5


@click.command("identify")
@click.argument("target")
@click.argument("figure")
@click.option(
    "--size",
    "sizes",
    type=Number(1, 100_000),
    metavar="N",
    multiple=True,
    help="Also try images of N x N (repeatable).  [default: 224, 227, 299]",
)
@set_option
@format_option
@output_option
@limit_option
@click.pass_obj
def command(
    state: State,
    target: str,
    figure: str,
    sizes: tuple[int, ...],
    overrides: dict[str, str],
    limits: dict[str, str],
    format: str,
) -> None:
    """Which convention and which variant give a published FIGURE.

    FIGURE is a number as it was printed: 4.1G, 25.6M, 61_100_840. It is held against every variant
    of TARGET's spec, on its own input and on others, under every convention: MACs, FLOPs and
    parameters, at the precision at which it was printed. The exit code is 1 if nothing gives it.
    """
    from math import ceil, floor

    from archcalc.analysis.published import figure as read_figure
    from archcalc.cli.output import show
    from archcalc.cli.targets import read
    from archcalc.formats.conventions import Identified

    asked = read_figure(figure)
    if asked is None:
        raise click.BadParameter(
            f"{figure[:80]!r} is not a figure such as 4.1G, 25.6M or 61_100_840",
            click.get_current_context(),
            param_hint="FIGURE",
        )
    request = Request.of(state, overrides, limits)
    found = read(target, request)
    room = _Room(found.spec.limits)
    candidates = list(_distinct(_candidates(found, request, sizes, room)))
    if not candidates:  # nothing of it could be built
        problems = found.spec.build(found.variant, request.overrides).problems
        if problems:
            raise Complaint(*problems)
    # The variant that was asked for comes first, its own input before others.
    candidates.sort(key=lambda m: (m.target != found.label, not m.own))
    matches = [m for m in candidates if asked.holds(m.value)]
    nearest = [] if matches else _nearest(candidates, asked)
    half = asked.step / 2
    low, high = asked.value - half, asked.value + half
    bounds = ceil(low), floor(high)
    show(Identified(found.spec.name, figure, bounds, matches, nearest), state, Options(exact=True))
    if room.left < 0:
        raise Complaint(room.problem(found.spec))
    if not matches:
        raise click.exceptions.Exit(1)


class _Room:
    """What may be built of all variants together: as much as of one network.

    A spec may have ten thousand variants, each of which is built in a second.
    """

    def __init__(self, limits: Limits) -> None:
        self.most = self.left = limits.steps
        self.variants = 0
        """Those that have been looked at."""

    def take(self, built: Built) -> None:
        self.left -= built.steps + len(built.settings)

    def problem(self, spec: Spec) -> Problem:
        """What is said where it was not enough."""
        return Problem(
            f"only {self.variants:,} of the {len(spec.variants):,} variants of {spec.name} were "
            f"looked at: together they take more than {self.most:,} steps to build",
            help=raised("steps"),
            code="limit",
        )


def _distinct(candidates: Iterator[Match]) -> Iterator[Match]:
    """Each figure of a variant once, on the first input that has it: parameters stay the same."""
    seen = set()
    for match in candidates:
        key = (match.target, match.value, match.what)
        if key not in seen:
            seen.add(key)
            yield match


def _nearest(candidates: list[Match], asked: Figure) -> list[Match]:
    return sorted(candidates, key=lambda m: abs(m.value - asked.value))[:NEAREST]


def _candidates(
    found: Target, request: Request, sizes: tuple[int, ...], room: _Room
) -> Iterator[Match]:
    """Every figure of every variant, on its own input and on images of other sizes.

    The variant that was asked for comes first: there may not be room for all.
    """
    from archcalc.cli.progress import Progress

    spec = found.spec
    with Progress() as progress:
        asked = () if found.variant is None else (found.variant,)
        for name in list(dict.fromkeys([*asked, *spec.variants])) or [None]:
            if room.left < 0:
                return
            room.variants += 1
            progress.now(f"counting {name or spec.name}")
            variant = found._replace(variant=name)
            seen: list[object] = []
            for overrides in ({}, *_images(variant, request, sizes)):
                built = spec.build(name, {**request.overrides, **overrides})
                room.take(built)
                inputs = [node.output for node in built.graph.inputs.values()]
                if built.problems or inputs in seen:
                    continue
                seen.append(inputs)
                yield from _figures(variant, built, own=not overrides)


def _images(variant: Target, request: Request, sizes: tuple[int, ...]) -> Iterator[dict[str, str]]:
    """Other input sizes for a network that takes a square image."""
    built = variant.spec.build(variant.variant, request.overrides)
    height, width = (built.settings.get(f"input.{side}") for side in ("height", "width"))
    if height is None or height != width:
        return
    tried = sizes or (SIZES if height in SIZES else ())
    for size in tried:
        yield {"input.height": str(size), "input.width": str(size)}


def _figures(variant: Target, built: Built, *, own: bool) -> Iterator[Match]:
    """The figures of one network; conventions that agree together."""
    from archcalc.analysis.accounts import given
    from archcalc.analysis.count import count
    from archcalc.formats.conventions import Match

    inputs = {name: node.output for name, node in built.graph.inputs.items()}
    agree: dict[tuple[int, str], list[str]] = {}
    for figure in given(built.graph, variant.written, count(built.graph).totals):
        agree.setdefault((figure.value, figure.what), []).append(figure.by)
    for (value, what), by in agree.items():
        if value:
            yield Match(variant.label, inputs, value, by, what, own)
