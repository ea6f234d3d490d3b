"""Pictures of figures, drawn by matplotlib, which is an extra: ``pip install 'archcalc[plot]'``.

What is drawn is decided by whoever asks; here are the axes, their units and their looks. A file
is the same for the same figures: no date, no random names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from archcalc.formats.file import replacing_bytes
from archcalc.formats.numbers import short

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Point = tuple[float, float]


def scatter(
    path: str, title: str, labels: Sequence[str], points: Sequence[Point], best: Sequence[Point]
) -> None:
    """Configurations as points, and a line through the ``best``: those that no other beats."""
    figure, axes = _figure(title, labels)
    many = len(points) > 5000  # then the points are a picture within the picture
    xs, ys = [x for x, _ in points], [y for _, y in points]
    axes.scatter(xs, ys, s=12, alpha=0.5, linewidths=0, rasterized=many)
    axes.plot(
        [x for x, _ in best],
        [y for _, y in best],
        marker="o",
        markersize=4,
        color="C1",
        label="beaten by none",
    )
    axes.legend(frameon=False)
    _write(figure, path)


def curve(
    path: str, title: str, labels: Sequence[str], lines: Mapping[str, Sequence[Point]]
) -> None:
    """How figures grow: a line for each, relative to where it begins, on logarithmic axes."""
    figure, axes = _figure(title, labels)
    for name, points in lines.items():
        start = next((y for _, y in points if y), 0)
        if start:
            axes.plot(
                [x for x, _ in points], [y / start for _, y in points], label=name, marker="."
            )
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=2)
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:g}")
    axes.yaxis.set_major_formatter(lambda y, _: f"{y:g}x")
    axes.legend(frameon=False)
    _write(figure, path)


def bars(path: str, title: str, label: str, rows: Sequence[tuple[str, int]]) -> None:
    """A bar for each row, the first at the top."""
    figure, axes = _figure(title, (label, ""), height=1.2 + 0.18 * len(rows))
    names = [name for name, _ in rows]
    axes.barh(range(len(rows)), [value for _, value in rows])
    axes.set_yticks(range(len(rows)), names, fontsize=7)
    axes.invert_yaxis()
    axes.margins(y=0.01)
    axes.grid(axis="y", visible=False)
    axes.yaxis.set_major_formatter(lambda y, _: names[round(y)] if 0 <= y < len(names) else "")
    _write(figure, path)


def _figure(title: str, labels: Sequence[str], height: float = 4.5) -> tuple[Figure, Axes]:
    import matplotlib
    from matplotlib.figure import Figure

    matplotlib.rcParams["svg.hashsalt"] = "archcalc"
    figure = Figure(figsize=(7, height), layout="constrained")
    axes: Any = figure.add_subplot()
    axes.set_title(title, parse_math=False)
    axes.set_xlabel(labels[0], parse_math=False)
    axes.set_ylabel(labels[1], parse_math=False)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: _number(value))
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _number(value: float) -> str:
    """``300M``; numbers below a thousand as they are."""
    if abs(value) < 1000:
        return f"{value:g}"
    text = short(round(value))
    return text[:-1].rstrip("0").rstrip(".") + text[-1]


def _write(figure: Figure, path: str) -> None:
    undated = {"Date": None} if path.endswith(".svg") else {"CreationDate": None}
    metadata = {} if path.endswith(".png") else undated
    with replacing_bytes(path) as out:
        figure.savefig(out, format=path.rpartition(".")[2], metadata=metadata, dpi=150)
