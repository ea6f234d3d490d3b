"""The commands that print a row a layer: shapes, summary, and one for each metric."""

from __future__ import annotations

import click

from archcalc.analysis.metrics import Metric, shown_by
from archcalc.cli.options import Request, row_options

SUMMARY = ("params", "macs")
"""The metrics that a summary shows side by side."""
BARS = 200
"""Bars of a picture, before rows are folded."""


def _print(
    target: str,
    request: Request,
    metrics: tuple[str, ...],
    shares: tuple[str, ...],
    shapes: bool = False,
    plot: str | None = None,
) -> None:
    from archcalc.cli.output import show
    from archcalc.cli.targets import counted
    from archcalc.formats.rows import Rows
    from archcalc.problems import Complaint

    subject, result = counted(target, request)
    if len(metrics) == 1:
        metrics = tuple(shown_by(metrics[0], result.totals))
    wanted = request.output.pick.wanted
    document = Rows(subject, result, metrics, shares=shares, shapes=shapes, wanted=wanted)
    show(document, request.state, request.output)
    if plot is not None:
        from archcalc.analysis.collapse import fold
        from archcalc.analysis.metrics import METRICS, under
        from archcalc.formats.plot import bars

        metric = under(METRICS[metrics[0]], request.counting.convention)
        folded = fold(result, BARS)
        rows = [(row.path, metric.of(row.figures)) for row in folded.result.rows]
        if folded.rest is not None:
            rest = folded.rest
            rows.insert(folded.before, (f"{rest.layers:,} more rows", metric.of(rest.figures)))
        bars(plot, subject.label, metric.title, [row for row in rows if row[1]])
    if subject.problems:
        raise Complaint(*subject.problems)


@click.command()
@click.argument("target")
@row_options
def shapes(target: str, *, request: Request) -> None:
    """The shape that comes out of each layer."""
    _print(target, request, (), (), shapes=True)


@click.command()
@click.argument("target")
@row_options
def summary(target: str, *, request: Request) -> None:
    """Shapes, parameters, MACs and shares side by side."""
    _print(target, request, SUMMARY, SUMMARY)


def command_of(metric: Metric) -> click.Command:
    """The command that shows ``metric``; all that it says comes from the metric itself."""

    @click.argument("target")
    @row_options
    @click.option(
        "--plot", metavar="FILE", help="Draw a bar for each row, as FILE.svg, FILE.png or FILE.pdf."
    )
    def command(target: str, *, request: Request, plot: str | None) -> None:
        if plot is not None:
            from archcalc.cli.sweep import picture

            picture(plot)
        _print(target, request, (metric.name,), (metric.name,), plot=plot)

    short = metric.help.partition(":")[0] + "."
    return click.command(name=metric.name, help=metric.help, short_help=short)(command)
