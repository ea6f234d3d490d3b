"""Short ways to write a network and to tell what came of it, for tables."""

from __future__ import annotations

from archcalc.analysis.count import Figures, Row, count
from archcalc.language import Built, Spec, load
from archcalc.limits import LIMITS, Limits
from archcalc.problems import Complaint, Problem, Source

IMAGE = "input: {channels: 3, height: 32, width: 32}"
VECTOR = "input: {features: 8}"


def spec(text: str, limits: Limits = LIMITS) -> Spec:
    """The spec of that text, with a head if it has none."""
    if "archcalc:" not in text:
        text = f"archcalc: 1\nname: net\n{text}"
    return load(Source("net.yaml", text), None, limits)


def network(layers: str, top: str = "", input: str = IMAGE) -> str:
    """A whole spec around some layers, written in flow style without the outer brackets."""
    return f"archcalc: 1\nname: net\n{input}\n{top}\nlayers: [{layers}]\n"


def built(
    layers: str, top: str = "", input: str = IMAGE, variant: str | None = None, **settings: str
) -> Built:
    """The network, which must have no fault."""
    made = spec(network(layers, top, input)).build(variant, settings)
    assert not made.problems, made.problems[0].message
    return made


def rows_of(made: Built) -> str:
    """``conv1 8x30x30, relu 8x30x30``: every row with what comes out of it."""
    return ", ".join(told(row) for row in count(made.graph).rows)


def told(row: Row) -> str:
    return f"{row.path} {'x'.join(map(str, row.output.sizes))}"


def rows(layers: str, top: str = "", input: str = IMAGE, **settings: str) -> str:
    return rows_of(built(layers, top, input, **settings))


def totals(layers: str, top: str = "", input: str = IMAGE, **settings: str) -> Figures:
    return count(built(layers, top, input, **settings).graph).totals


def faults(text: str, variant: str | None = None, **settings: str) -> tuple[Problem, ...]:
    """All that is wrong with a spec, read or built."""
    try:
        return spec(text).build(variant, settings).problems
    except Complaint as complaint:
        return complaint.problems


def fault(layers: str, top: str = "", input: str = IMAGE, **settings: str) -> str:
    """The words of the one fault of a network: its message and its help."""
    problems = faults(network(layers, top, input), None, **settings)
    assert len(problems) == 1, [p.message for p in problems]
    return (
        f"{problems[0].message} / {problems[0].help}" if problems[0].help else problems[0].message
    )
