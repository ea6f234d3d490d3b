"""``archcalc sweep``: many configurations of one network, a row for each."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple

import click

from archcalc.analysis.counting import CHOICES
from archcalc.cli.options import (
    Number,
    Request,
    batch_option,
    choice_options,
    convention_option,
    counting_of,
    exact_option,
    file_of,
    limit_option,
    rows_option,
    set_option,
)
from archcalc.cli.state import State
from archcalc.formats import FORMATS, SUFFIXES, Options
from archcalc.problems import FILE, USAGE, Complaint, Problem, reason

if TYPE_CHECKING:
    from archcalc.cli.targets import Target
    from archcalc.formats.stream import Stream
    from archcalc.sweep.request import Sweep
    from archcalc.sweep.select import Counts, Points, Selection

STREAMS: Final = ("csv", "json", "parquet")
"""Formats that are written while the rows are found."""
ENDINGS: Final = {**SUFFIXES, ".parquet": "parquet"}
PICTURES: Final = (".svg", ".png", ".pdf")
TABLE: Final = 64 << 20
"""Bytes of a table of configurations."""
POINTS: Final = 100_000
"""Configurations that a plot shows at most."""
GO_ON: Final = "the same command with --resume goes on"


class Asked(NamedTuple):
    """The options of a sweep."""

    over: dict[str, str]
    overrides: dict[str, str]
    together: bool
    drawn: int | None
    seed: int
    table: str | None
    where: str | None
    pareto: str | None
    sort: str | None
    top: int | None
    columns: str | None
    batch: int
    rows: int
    exact: bool
    format: str | None
    output: str | None
    resume: bool
    plot: str | None
    verbose: bool


def _over(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in values:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise click.BadParameter(f"{text[:80]!r} is not NAME=VALUES", ctx, param)
        if name.strip() in found:
            raise click.BadParameter(f"{name.strip()} is given twice", ctx, param)
        found[name.strip()] = value.strip()
    return found


def _format(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    ctx.ensure_object(State).format = value or "table"
    return value


over_option = click.option(
    "--over",
    "over",
    metavar="NAME=VALUES",
    multiple=True,
    callback=_over,
    help="Values of a setting or an input size (repeatable): a range with both ends, "
    "width=0.25:2:0.05 or dim=64:1024:*2; a list, input.height=128,160,192 or "
    "depths=[2,2,2,2],[3,4,6,3]; variant=* for all variants.",
)

OPTIONS: Final[list[Callable[[Any], Any]]] = [
    over_option,
    set_option,
    click.option(
        "--zip",
        "together",
        is_flag=True,
        help="The first values of all settings together, then the second ones, and so on, "
        "instead of all combinations.",
    ),
    click.option(
        "--random",
        "drawn",
        type=Number(1),
        metavar="N",
        help="N configurations drawn by chance, instead of all combinations.",
    ),
    click.option(
        "--seed",
        type=Number(0),
        metavar="N",
        default=0,
        show_default=True,
        help="Where --random begins; the same seed draws the same.",
    ),
    click.option(
        "--from",
        "table",
        metavar="FILE.csv",
        help="Configurations from a table with a column for each setting; what else is in it, "
        "such as an accuracy, goes along.",
    ),
    click.option(
        "--where",
        metavar="CONDITION",
        help="Only those for which it holds: 'macs < 600e6 and params < 5e6'.",
    ),
    click.option(
        "--pareto",
        metavar="NAMES",
        help="Only those that no other beats in all of these: macs,params or macs,accuracy:max.",
    ),
    click.option(
        "--sort", metavar="NAMES", help="Order by these, the largest first; -NAME: the smallest."
    ),
    click.option("--top", type=Number(1), metavar="N", help="Only the first N."),
    click.option(
        "--columns",
        metavar="NAME,...",
        help="The columns to show: settings, params, macs, buffers, reason, ...",
    ),
    batch_option,
    convention_option,
    *choice_options,
    exact_option,
    rows_option,
    click.option(
        "--format",
        "format",
        type=click.Choice([*FORMATS, *(name for name in STREAMS if name not in FORMATS)]),
        is_eager=True,
        callback=_format,
        help="How the answer is written; without it, as --output ends, or as a table.",
    ),
    click.option(
        "--output",
        metavar="FILE",
        callback=file_of,
        help="Write to FILE.csv, FILE.json or FILE.parquet, row by row.",
    ),
    click.option("--resume", is_flag=True, help="Go on with a FILE.csv that was interrupted."),
    click.option(
        "--plot",
        metavar="FILE",
        help="Draw them as FILE.svg, FILE.png or FILE.pdf: the names of --pareto, or params, "
        "against MACs, and which of them no other beats.",
    ),
    click.option("--verbose", is_flag=True, help="Say how many walks it took."),
    limit_option,
]


def _with_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(OPTIONS):
        command = option(command)
    return command


@click.command("sweep")
@click.argument("target")
@_with_options
@click.pass_obj
def command(
    state: State, /, target: str, limits: dict[str, str], convention: str, **options: Any
) -> None:
    """Many configurations of a network: what each costs, or why there is no such network.

    Without --over, --from gives the configurations. Ranges have both ends and are decimal:
    width=0.25:1:0.25 is 0.25, 0.50, 0.75 and 1.00. Settings that hang on others are said by
    --set: --set input.width=input.height.
    """
    from archcalc.cli.targets import read

    counting = counting_of({name: options.pop(name) for name in CHOICES}, convention)
    asked = Asked(**options)
    request = Request.of(state, asked.overrides, limits)._replace(counting=counting)
    found = read(target, request)
    sweep = _sweep(found, request, asked)
    selection = _selection(sweep, asked)
    counts = _answer(found, sweep, selection, asked, request)
    if counts.refused == sweep.space.size:
        raise click.exceptions.Exit(1)


def _sweep(found: Target, request: Request, asked: Asked) -> Sweep:
    """What is to be swept. Raises `Complaint`."""
    from archcalc.sweep import request as asking

    spec = found.spec
    drawn = asked.drawn is not None
    if not asked.over and asked.table is None:
        raise asking.usage(
            "nothing to sweep over", "such as --over input.height=128,160,192 or --from FILE.csv"
        )
    if drawn + asked.together + (asked.table is not None) > 1:
        raise asking.usage("--zip, --random and --from exclude one another")
    both = [name for name in asked.over if name in asked.overrides]
    if both:
        raise asking.usage(f"{both[0]} is given by --set and by --over")
    columns = {
        name: asking.column(spec, name, text, fine=drawn) for name, text in asked.over.items()
    }
    given: dict[str, Any] = {}
    if asked.drawn is not None:
        axes = asking.drawn(columns, asked.drawn, asked.seed)
    elif asked.together:
        axes = asking.zipped(columns)
    else:
        axes = asking.grid(columns)
    if asked.table is not None:
        first, given = _table(spec, asked.table)
        twice = [name for name in (*asked.over, *asked.overrides) if name in first.columns]
        if twice:
            raise asking.usage(f"{twice[0]} is given by {asked.table}, too")
        axes = (first, *axes)
    elif len(axes) == 1 and any(asking.is_variant(spec, n) for n in columns) and not drawn:
        given = asking.published(spec, axes[0])
    return asking.Sweep(
        spec,
        asking.space(axes),
        variant=found.variant,
        overrides=asked.overrides,
        given=given,
        counting=request.counting,
        batch=asked.batch,
        bundled=found.bundled,
    )


def _table(spec: Any, path: str) -> Any:
    from io import StringIO

    from archcalc.sweep.request import tabled
    from archcalc.targets import STDIN, standard_input

    try:
        if path == STDIN:
            path, data = "<stdin>", standard_input(TABLE + 1)
        else:
            with open(path, "rb") as file:
                data = file.read(TABLE + 1)
        if len(data) > TABLE:
            raise _file_fault(path, f"it is larger than {TABLE:,} bytes")
        return tabled(spec, path, StringIO(data.decode("utf-8-sig"), newline=""))
    except UnicodeDecodeError:
        raise _file_fault(path, "it is not UTF-8") from None
    except OSError as error:
        raise _file_fault(path, reason(error)) from None


def _file_fault(path: str, why: str) -> Complaint:
    return Complaint(Problem(f"cannot read {path}: {why}", kind=FILE, code="file"))


def _selection(sweep: Sweep, asked: Asked) -> Selection:
    """What is wanted of it. Raises `Complaint`."""
    from archcalc.analysis.metrics import all_under
    from archcalc.sweep.request import SHOWN
    from archcalc.sweep.select import Condition, Selection, chosen, columns_of, goals, orders

    pareto = goals(sweep, asked.pareto, "--pareto") if asked.pareto is not None else []
    sort = orders(sweep, asked.sort) if asked.sort is not None else []
    if asked.columns is not None:
        columns = chosen(sweep, asked.columns)
    else:
        shown = [m.name for m in all_under(SHOWN, sweep.counting.convention)]
        named = [goal.name for goal in (*pareto, *sort) if goal.figure]
        columns = columns_of(sweep, list(dict.fromkeys([*shown, *named])))
    where = Condition(sweep, asked.where) if asked.where is not None else None
    figures = [name for name in columns if name in sweep.metrics]
    return Selection(columns, figures, where, pareto, sort, asked.top)


def _answer(
    found: Target, sweep: Sweep, selection: Selection, asked: Asked, request: Request
) -> Counts:
    """Walks, and writes what is wanted where it is wanted."""
    from archcalc.sweep.select import Counts

    format = asked.format
    if format is None and asked.output is not None:
        format = ENDINGS.get(os.path.splitext(asked.output)[1].lower())
    format = request.state.format = format or "table"
    if format not in STREAMS:
        request.state.file = asked.output
    if asked.resume and (asked.output is None or format != "csv" or not selection.streams):
        raise Complaint(
            Problem(
                "--resume goes on with a CSV file that was interrupted",
                help="it needs --output FILE.csv, and rows that are neither sorted nor chosen "
                "by --pareto",
                kind=USAGE,
                code="usage",
            )
        )
    drawing = _Drawing(asked.plot, sweep, selection) if asked.plot is not None else None
    points = drawing.points if drawing is not None else None
    counts = Counts()
    with _watched(sweep, counts):
        if format in STREAMS:
            request.state.answered = True
            _write(found, sweep, selection, asked, format, counts, points)
        else:
            _show(found, sweep, selection, asked, request, counts, points)
    if drawing is not None:
        drawing.draw(_label(found, sweep))
    if format in STREAMS and (asked.verbose or asked.output is not None):
        target = sys.stdout if asked.output is not None else sys.stderr
        where = f"{asked.output}: " if asked.output is not None else ""
        target.write(where + "; ".join(_notes(sweep, selection, asked, counts)) + "\n")
    return counts


@contextmanager
def _watched(sweep: Sweep, counts: Counts) -> Iterator[None]:
    from archcalc.cli.progress import Progress

    with Progress() as progress:
        progress.now("sweeping", lambda: counts.done, sweep.space.size, "configurations")
        yield


def _label(found: Target, sweep: Sweep) -> str:
    """The network's name; without the variant where the sweep changes what makes it one."""
    variant = found.spec.variant(found.variant)
    names = sweep.space.names
    if variant is None or "variant" in names or any(name in variant.set for name in names):
        return found.spec.name
    return found.label


def _notes(sweep: Sweep, selection: Selection, asked: Asked, counts: Counts) -> list[str]:
    """How many there were, and what became of them."""
    size = sweep.space.size
    words = f"{size:,} configuration{'s' if size != 1 else ''}"
    if selection.chooses:
        words = f"{counts.taken:,} of {words}"
    if counts.refused:
        words += f", {counts.refused:,} refused"
    found = [words]
    if asked.verbose:
        found.append(f"{sweep.walks:,} walk{'s' if sweep.walks != 1 else ''}")
    return found


def _show(
    found: Target,
    sweep: Sweep,
    selection: Selection,
    asked: Asked,
    request: Request,
    counts: Counts,
    points: Points | None,
) -> None:
    """The rows as a table: the first ones, if there are too many."""
    from archcalc.cli.output import show
    from archcalc.formats.configurations import Configurations
    from archcalc.sweep.select import tables

    names = list(selection.columns)
    columns: dict[str, list[Any]] = {name: [] for name in names}
    size = shown = 0
    for table in tables(sweep, selection, counts, points=points):
        size += table.size
        room = table.size if not asked.rows else min(table.size, asked.rows - shown)
        for name in names:
            columns[name] += table.columns[name][:room]
        shown += room
    document = Configurations(
        _label(found, sweep),
        found.spec.meta.get("title", ""),
        columns,
        {name: sweep.metrics[name] for name in selection.figures},
        counting=sweep.counting,
        batch=sweep.batch,
        changed=asked.overrides,
        notes=["; ".join(_notes(sweep, selection, asked, counts)) + "."],
        left_out=size - shown,
    )
    show(document, request.state, Options(asked.exact, asked.rows or None))


def _write(
    found: Target,
    sweep: Sweep,
    selection: Selection,
    asked: Asked,
    format: str,
    counts: Counts,
    points: Points | None,
) -> None:
    """The rows as they are found, to a file or to standard output."""
    from archcalc.sweep.select import tables

    names, stream_on = _stream(found, sweep, selection, asked, format)
    if asked.output is None:
        sys.stdout.flush()
        out: BinaryIO = sys.stdout.buffer
        stream = stream_on(out)
        stream.begin()
        for table in tables(sweep, selection, counts, points=points):
            stream.write(table.columns)
        stream.end(_about(counts))
        out.flush()
        return
    from archcalc.cli.resume import Interrupted
    from archcalc.formats.file import unwritable

    resumable = format == "csv" and selection.streams
    with Interrupted(asked.output, resumable, asked.resume, _mark(sweep, asked, names)) as file:
        stream = stream_on(file.out)
        counts.refused, counts.taken = file.refused, file.taken
        if not asked.resume:
            stream.begin()
            file.keep(0, 0, 0)
        try:
            for table in tables(sweep, selection, counts, file.done, points):
                stream.write(table.columns)
                file.keep(counts.done, counts.refused, counts.taken)
        except KeyboardInterrupt:
            if not file.resumable:
                stream.end({**_about(counts), "partial": True})
            sys.stderr.write(_farewell(file.at, counts, sweep, file.resumable))
            raise
        except OSError as error:
            raise unwritable(file.at, error, GO_ON if file.resumable else "") from None
        stream.end(_about(counts))
        file.finish()


def _stream(
    found: Target, sweep: Sweep, selection: Selection, asked: Asked, format: str
) -> tuple[list[str], Callable[[BinaryIO], Stream]]:
    """The columns, and what writes them in a format."""
    from archcalc.formats import stream
    from archcalc.sweep.select import type_of

    names = list(selection.columns)
    if format == "csv":
        return names, lambda out: stream.Csv(out, names)
    if format == "json":
        head = {
            "spec": found.origin(),
            "convention": sweep.counting.convention,
            "counting": {**sweep.counting.choices, "batch": sweep.batch},
            "settings": asked.overrides,
            "over": asked.over,
        }
        return names, lambda out: stream.Json(out, names, ("reason", "at"), head)
    if sys.modules.get("pyarrow") is None:
        from importlib.util import find_spec

        if find_spec("pyarrow") is None:
            raise Complaint(
                Problem(
                    "Parquet needs pyarrow",
                    help="pip install 'archcalc[parquet]'",
                    kind=USAGE,
                    code="usage",
                )
            )
    kinds = {name: type_of(sweep, name) for name in names}
    return names, lambda out: stream.Parquet(out, kinds)


def _about(counts: Counts) -> dict[str, Any]:
    return {"looked_at": counts.done, "refused": counts.refused, "taken": counts.taken}


def _farewell(path: str, counts: Counts, sweep: Sweep, resumable: bool) -> str:
    words = f"\n{counts.done:,} of {sweep.space.size:,} configurations are in {path}; "
    if not resumable:
        return words[:-2] + "\n"
    return f"{words}{GO_ON}\n"


def _mark(sweep: Sweep, asked: Asked, names: list[str]) -> str:
    """What must be the same for a sweep to go on: the question, not how its answer is written."""
    from hashlib import sha256

    from archcalc import __version__

    table = ""
    if asked.table is not None:
        axis = sweep.space.axes[0]
        table = repr([column.values.digest() for column in axis.columns.values()])
        table += repr([given.texts for given in sweep.given.values()])
    parts = (
        __version__,
        sweep.spec.source.text,
        sweep.variant,
        sorted(asked.overrides.items()),
        list(asked.over.items()),
        (asked.together, asked.drawn, asked.seed, asked.where, asked.top),
        (sweep.counting, sweep.batch, names, table),
    )
    return sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()


def picture(path: str) -> None:
    """Raises `Complaint` if no picture can be drawn there."""
    from importlib.util import find_spec

    if not path.endswith(PICTURES):
        raise _picture_fault(f"--plot draws {', '.join(PICTURES)}, not '{path[-20:]}'")
    if find_spec("matplotlib") is None:
        raise _picture_fault("--plot needs matplotlib", "pip install 'archcalc[plot]'")


class _Drawing:
    """What ``--plot`` draws, and where."""

    def __init__(self, path: str, sweep: Sweep, selection: Selection) -> None:
        from archcalc.sweep.select import Points, goals
        from archcalc.sweep.select import kind as kind_of

        picture(path)
        figure = "macs" if "macs" in selection.figures else next(iter(selection.figures), "macs")
        wanted = list(selection.pareto)
        if len(wanted) < 2:
            numeric = [name for name in sweep.given if kind_of(sweep, name) == "number"]
            beside = next(iter(numeric), "params" if figure != "params" else "activations")
            wanted = goals(sweep, f"{figure},{beside}", "--plot")
        self.path = path
        self.labels = [
            sweep.metrics[goal.name].title if goal.figure else goal.name for goal in wanted[:2]
        ]
        self.points = Points(sweep, wanted[0], wanted[1], POINTS)

    def draw(self, title: str) -> None:
        from archcalc.formats.plot import scatter

        scatter(self.path, title, self.labels, self.points.drawn, self.points.best)


def _picture_fault(message: str, help: str = "") -> Complaint:
    return Complaint(Problem(message, help=help, kind=USAGE, code="usage"))
