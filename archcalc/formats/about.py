"""What a spec says of itself, as a document: settings, variants, figures, its text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.analysis.claims import Claim
from archcalc.analysis.metrics import METRICS, figures_by_name, telling
from archcalc.formats.cells import value_text
from archcalc.formats.document import Column, Exact, Line, Pairs, Part, Table, Verbatim, Words
from archcalc.formats.rows import Subject, plain_value

if TYPE_CHECKING:
    from archcalc.analysis.count import Figures


class Setting(NamedTuple):
    """One thing that ``--set`` changes."""

    name: str
    value: Any
    takes: str
    """What it takes, in words."""
    help: str


class VariantLine(NamedTuple):
    """A variant and what it sets, as the spec writes it."""

    name: str
    sets: str


class About:
    """What ``show`` shows."""

    def __init__(
        self,
        subject: Subject,
        file: str,
        meta: dict[str, str],
        settings: Sequence[Setting],
        variants: Sequence[VariantLine],
        figures: Sequence[Claim],
        totals: Figures,
        text: str,
    ) -> None:
        self.subject = subject
        self.file = file
        self.meta = meta
        self.settings = settings
        self.variants = variants
        self.figures = figures
        self.totals = totals
        self.text = text

    def parts(self, rows: int | None) -> Sequence[Part]:
        return [
            Words(self.subject.label, "heading", self.subject.title),
            Pairs([("spec", self.file), *((k, v) for k, v in self.meta.items() if k != "title")]),
            *self._settings(),
            *self._variants(),
            *self._figures(),
            Verbatim(self.text, "Source"),
        ]

    def _settings(self) -> list[Part]:
        columns = (
            Column("setting", "Setting"),
            Column("value", "Value", folds=True),
            Column("takes", "Takes", spare=1, folds=True),
            Column("help", "", spare=2, folds=True),
        )
        lines = [Line((s.name, value_text(s.value), s.takes, s.help)) for s in self.settings]
        return [Table(columns, lines)] if lines else []

    def _variants(self) -> list[Part]:
        columns = (
            Column("variant", "Variant"),
            Column("sets", "Sets", folds=True),
        )
        lines = [
            Line((v.name, v.sets), "total" if v.name == self.subject.variant else "")
            for v in self.variants
        ]
        return [Table(columns, lines)] if lines else []

    def _figures(self) -> list[Part]:
        columns = (
            Column("figure", "Figure"),
            Column("computed", "Computed", right=True),
            Column("printed", "Stated", right=True),
            Column("agrees", "Agrees"),
            Column("source", "By", folds=True),
        )
        stated = {claim.name for claim in self.figures}
        lines = [
            Line((metric.title, Exact(metric.of(self.totals)), None, None, None))
            for metric in telling(self.totals)
            if metric.name not in stated
        ]
        for claim in self.figures:
            computed = None if claim.computed is None else Exact(claim.computed)
            verdict = {True: "yes", False: "NO", None: None}[claim.holds]
            lines.append(
                Line((title_of(claim.name), computed, claim.stated, verdict, claim.source))
            )
        return [Table(columns, lines)] if lines else []

    def data(self) -> dict[str, Any]:
        return {
            "spec": self.subject.as_data(),
            "file": self.file,
            "meta": self.meta,
            "totals": figures_by_name(self.totals),
            "settings": [
                {"name": s.name, "value": plain_value(s.value), "takes": s.takes, "help": s.help}
                for s in self.settings
            ],
            "variants": [v._asdict() for v in self.variants],
            "figures": [claim._asdict() for claim in self.figures],
            "text": self.text,
        }


def title_of(name: str) -> str:
    """A figure's title: a metric's own, or ``top-1`` for ``top1``."""
    if name in METRICS:
        return METRICS[name].title
    return {"top1": "top-1 %", "top5": "top-5 %"}.get(name, name)
