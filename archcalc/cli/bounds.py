"""``--max`` and ``--min``: bounds on figures, for the commands that hold networks to them."""

from __future__ import annotations

from collections.abc import Mapping

import click

Bounds = Mapping[str, str]
"""Figures by name, as they were written: ``{"params": "5M"}``."""


def _bounds(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> Bounds:
    """``NAME=FIGURE`` options as a dict."""
    from archcalc.analysis.claims import bound_of
    from archcalc.analysis.metrics import METRICS
    from archcalc.problems import nearest

    found: dict[str, str] = {}
    for text in values:
        name, equals, figure = (part.strip() for part in text.partition("="))
        if not equals or bound_of(figure) is None:
            wrong = f"{text[:80]!r} is not NAME=FIGURE, such as params=5M"
            raise click.BadParameter(wrong, ctx, param)
        if name not in METRICS:
            close = nearest(name, METRICS)
            more = f"did you mean {close!r}?" if close else f"there are {', '.join(METRICS)}"
            raise click.BadParameter(f"there is no figure {name[:80]!r}; {more}", ctx, param)
        found[name] = figure
    return found


max_option = click.option(
    "--max",
    "maxima",
    metavar="NAME=FIGURE",
    multiple=True,
    callback=_bounds,
    help="The most that a figure may be (repeatable): --max params=5M --max macs=300M.",
)
min_option = click.option(
    "--min",
    "minima",
    metavar="NAME=FIGURE",
    multiple=True,
    callback=_bounds,
    help="The least that a figure must be (repeatable).",
)
