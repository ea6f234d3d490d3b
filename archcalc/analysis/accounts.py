"""How a convention's figure differs from the MACs, line by line, and who gives a known figure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from archcalc.analysis.conventions import (
    CONVENTIONS,
    MACS,
    OWN,
    Convention,
    Each,
    Facts,
    written_as,
)
from archcalc.analysis.count import Figures
from archcalc.analysis.metrics import METRICS
from archcalc.graph import Graph
from archcalc.layers.base import Layer
from archcalc.shapes import Shape


class Entry(NamedTuple):
    """One line of an account."""

    amount: int
    what: str
    """``batch_norm, 2 per element``."""
    seen: bool = True
    """False for what the tool counts otherwise because of how the network's code is written."""


class Account(NamedTuple):
    """A convention's figure for one network and sample, and its way there from the MACs."""

    convention: str
    figure: int
    macs: int
    entries: tuple[Entry, ...]
    """They add up to the difference of figure and MACs."""


class Uses(NamedTuple):
    """A layer on its shapes, written in one way."""

    layer: Layer
    y: Shape
    xs: tuple[Shape, ...]
    called: str


class Census:
    """The layers of a network, each different one once with its number."""

    def __init__(self, graph: Graph, target: str) -> None:
        """``target`` as of `archcalc.analysis.count.count`."""
        called = written_as(target)
        self.uses = Counter(
            Uses(
                node.layer,
                node.output,
                tuple(source.output for source in node.inputs),
                called(node.layer.kind, node.path),
            )
            for node in graph.nodes
            if not node.cached
        )

    def figure(self, convention: Convention) -> int:
        """What the convention counts for the network."""
        return sum(times * convention.figure(*use) for use, times in self.uses.items())

    def account(self, name: str) -> Account:
        """The convention's figure with its difference to the MACs accounted for."""
        convention = CONVENTIONS[name]
        tallies: dict[tuple[str, str], _Tally] = {}
        for use, times in self.uses.items():
            # What a tool counts otherwise has lines of its own; what it does not see, one.
            own = use.called if convention.called.get(use.called) else ""
            for part, y, xs in use.layer.made_of(use.y, *use.xs):
                tally = tallies.setdefault((part.kind, own), _Tally())
                tally.count(convention, use._replace(layer=part, y=y, xs=xs), own, times)
        entries = tuple(_entries(convention, tallies))
        macs = sum(tally.macs for tally in tallies.values())
        return Account(name, macs + sum(e.amount for e in entries), macs, entries)


class _Tally:
    """What a convention counts in the layers of one kind, written in one way."""

    def __init__(self) -> None:
        self.macs = 0
        self.lines: Counter[Each] = Counter()
        """By line of the convention, padded zeros included."""
        self.padded: Counter[Each] = Counter()
        """Of that, what is left out because it is a product with padded zeros; negative."""
        self.unseen: Counter[str] = Counter()
        """Of that, what the tool does not see because of how it is written; negative."""

    def count(self, convention: Convention, use: Uses, own: str, times: int) -> None:
        layer, y, xs, called = use
        dense = Facts(layer, y, xs, "dense")
        facts = Facts(layer, y, xs, convention.padding)
        self.macs += times * dense.of_kind("mac")
        for line in convention.lines(layer, own):
            amount, counted = line.count(dense), line.count(facts)
            self.lines[line] += times * amount
            if counted != amount:
                self.padded[line] += times * (counted - amount)
            if called in convention.called and not own:
                self.unseen[called] -= times * counted


def _entries(convention: Convention, tallies: dict[tuple[str, str], _Tally]) -> Iterator[Entry]:
    """The lines of an account: products first, then the others by size, then what is not seen."""
    usual = next(line.weight for line in convention.counts if line.of in MACS)
    whole = 0
    products: list[Entry] = []
    others: list[Entry] = []
    unseen: list[Entry] = []
    for (kind, own), tally in tallies.items():
        name = f"{kind} {own}" if own else kind
        seen = not own
        lines = dict(tally.lines)
        of_macs = {line: n for line, n in lines.items() if line.of in MACS}
        if sum(of_macs.values()) == usual * tally.macs:
            whole += (usual - 1) * tally.macs
        elif of_macs:
            (line, amount), *more = of_macs.items()
            amount += sum(n for _, n in more) - tally.macs
            products.append(Entry(amount, f"{name}, {line.words} instead of 1 per MAC", seen))
        elif lines:
            line, amount = next(iter(lines.items()))
            del lines[line]
            amount -= tally.macs
            products.append(Entry(amount, f"{name}, {line.words} instead of 1 per MAC", seen))
        else:
            products.append(Entry(-tally.macs, f"{name}, its MACs are not counted", seen))
        for line, amount in tally.padded.items():
            words = f"{name}, products with padded zeros left out, {line.weight} each"
            products.append(Entry(amount, words, seen))
        for line, amount in lines.items():
            if line not in of_macs:
                others.append(Entry(amount, f"{name}{line.condition}, {line.words}", seen))
        for called, amount in tally.unseen.items():
            unseen.append(Entry(amount, f"{name} {called}, which it does not see", seen=False))
    products.insert(0, Entry(whole, f"every MAC counted as {usual}"))
    others.sort(key=lambda entry: -abs(entry.amount))
    return (entry for entry in (*products, *others, *unseen) if entry.amount)


class Given(NamedTuple):
    """A figure of a network, and who gives it."""

    value: int
    by: str
    """A convention."""
    what: str
    """The unit, or ``params``."""


def given(graph: Graph, target: str, totals: Figures) -> list[Given]:
    """Every figure of a network that somebody may have printed."""
    census = Census(graph, target)
    found = [
        Given(metric.of(totals), OWN, metric.title if name == "macs" else name)
        for name, metric in METRICS.items()
        if metric.command
    ]
    for name, convention in CONVENTIONS.items():
        if name != OWN:
            unit = convention.unit.partition(", as ")[0]
            found.append(Given(census.figure(convention), name, unit))
            if convention.buffers:
                found.append(Given(totals.params + totals.buffers, name, "params"))
    return found
