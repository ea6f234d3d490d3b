"""What there is, as documents: the bundled specs, the layer kinds, the limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc import zoo
from archcalc.formats.cells import value_text
from archcalc.formats.document import Column, Line, Part, Table, Words

if TYPE_CHECKING:
    from archcalc.layers.base import Layer
    from archcalc.layers.fields import Field
    from archcalc.limits import Limits


class Entry(NamedTuple):
    """One variant of a bundled spec, as the index has it."""

    spec: str
    target: str
    """How it is best written."""
    family: str
    task: str
    year: str
    title: str
    params: int
    macs: int
    top1: str | None
    """The accuracy that its spec cites first, as it was printed."""


def entries(families: Mapping[str, Any]) -> list[Entry]:
    """Every variant of the index, family by family."""
    found = [
        Entry(
            spec,
            zoo.target(spec, name),
            entry["family"],
            entry["task"],
            str(entry["year"]),
            entry["title"],
            variant["params"],
            variant["macs"],
            variant.get("top1"),
        )
        for spec, entry in families.items()
        for name, variant in entry["variants"].items()
    ]
    return sorted(found, key=lambda e: (e.family, e.year, e.spec))  # stable: variants keep order


class Zoo:
    """What ``list`` shows, from the index of the bundled specs."""

    def __init__(self, found: Sequence[Entry]) -> None:
        self.found = found

    def parts(self, rows: int | None) -> Sequence[Part]:
        lines = []
        family = spec = None
        for e in self.found:
            new = e.spec != spec
            lines.append(
                Line(
                    (
                        e.family if e.family != family else None,
                        e.target,
                        e.year if new else None,
                        e.params,
                        e.macs,
                        e.top1,
                        e.task if new else None,
                        e.title if new else None,
                    )
                )
            )
            family, spec = e.family, e.spec
        columns = (
            Column("family", "Family", spare=1, runs=True),
            Column("target", "Target"),
            Column("year", "Year", spare=2, runs=True),
            Column("params", "Params", right=True),
            Column("macs", "MACs", right=True),
            Column("top1", "Top-1 %", right=True, spare=3),
            Column("task", "Task", spare=4, runs=True),
            Column("title", "Title", spare=5, folds=True, runs=True),
        )
        if not lines:
            return [Words("No bundled network is like that.")]
        return [
            Table(columns, lines),
            Words("archcalc summary TARGET shows the layers of one.", "below"),
        ]

    def data(self) -> dict[str, Any]:
        return {"networks": [e._asdict() for e in self.found]}


class Kinds:
    """What ``layers`` shows: every layer kind by its family, with the first line of its manual."""

    def __init__(self, kinds: dict[str, type[Layer]]) -> None:
        self.kinds = kinds

    def _families(self) -> dict[str, list[type[Layer]]]:
        families: dict[str, list[type[Layer]]] = {}
        for kind in self.kinds.values():
            families.setdefault(kind.__module__.rpartition(".")[2], []).append(kind)
        return families

    def parts(self, rows: int | None) -> Sequence[Part]:
        lines = [
            Line((family if position == 0 else None, kind.kind, _first_line(kind)))
            for family, kinds in self._families().items()
            for position, kind in enumerate(kinds)
        ]
        columns = (
            Column("family", "Family", spare=1, runs=True),
            Column("kind", "Layer"),
            Column("help", "", folds=True),
        )
        return [
            Table(columns, lines),
            Words("archcalc layers LAYER shows the manual page of one.", "below"),
        ]

    def data(self) -> dict[str, Any]:
        return {
            "kinds": [
                {"kind": kind.kind, "family": family, "help": _first_line(kind)}
                for family, kinds in self._families().items()
                for kind in kinds
            ]
        }


class Manual:
    """The manual page of one layer kind, made from its own declaration."""

    def __init__(self, kind: type[Layer]) -> None:
        self.kind = kind

    def parts(self, rows: int | None) -> Sequence[Part]:
        kind = self.kind
        parts: list[Part] = [Words(kind.kind, "heading"), Words(_prose(kind.manual()))]
        lines = [
            Line((name, words_of(field), default_of(field), field.help))
            for name, field in shown_fields(kind).items()
        ]
        columns = (
            Column("argument", "Argument"),
            Column("type", "Type", folds=True),
            Column("default", "Default"),
            Column("help", "", folds=True),
        )
        if lines:
            parts.append(Table(columns, lines))
        parts.append(Words(f"In a spec:  - {usage(kind)}", "aside"))
        return parts

    def data(self) -> dict[str, Any]:
        return {
            "kind": self.kind.kind,
            "family": self.kind.__module__.rpartition(".")[2],
            "manual": self.kind.manual(),
            "arguments": [
                {
                    "name": name,
                    "type": words_of(field),
                    "required": field.required,
                    "default": None if field.required else value_text(field.default),
                    "help": field.help,
                }
                for name, field in shown_fields(self.kind).items()
            ],
        }


def shown_fields(kind: type[Layer]) -> dict[str, Field[Any]]:
    """The arguments under the names that a spec writes."""
    return {name.rstrip("_"): field for name, field in kind.fields.items()}


def words_of(field: Field[Any]) -> str:
    """What an argument takes, in words."""
    words = {
        "int": "whole number",
        "float": "number",
        "bool": "true or false",
        "auto": "true, false or auto",
        "sizes": "whole number, or one for each axis",
        "padding": "whole number, one for each axis, or a word",
        "tensor": "name of a tensor",
        "dimension": "name of a dimension",
        "dims": "named sizes",
        "text": "text",
    }
    known = words.get(field.slot, field.slot)
    choices = getattr(field, "words", None)
    if field.slot == "word" and choices:
        known = ", ".join(choices)
    elif field.slot == "padding" and choices:
        known = f"whole number, one for each axis, {', '.join(choices[:-1])} or {choices[-1]}"
    elif field.slot == "kind":
        known = f"{getattr(field, 'family', 'layer')} by its name, or none"
    bounds = []
    for name, sign in (("min", ">="), ("max", "<=")):
        bound = getattr(field, name, None)
        if bound is not None:
            bounds.append(f"{sign} {bound}")
    return known + (f" {' and '.join(bounds)}" if bounds else "")


def default_of(field: Field[Any]) -> str:
    """The default, as a spec writes it."""
    return "required" if field.required else value_text(field.default)


def usage(kind: type[Layer]) -> str:
    """How a step with this layer begins: ``conv: [out_channels, kernel_size]``."""
    required = [n for n, f in shown_fields(kind).items() if f.required]
    if kind.merges:
        return f"{kind.kind}: [branch, branch]"
    if not required:
        return kind.kind
    if len(required) == 1:
        return f"{kind.kind}: {required[0]}"
    return f"{kind.kind}: [{', '.join(required)}]"


def _first_line(kind: type[Layer]) -> str:
    return kind.manual().partition("\n")[0].replace("``", "")


def _prose(text: str) -> str:
    """Paragraphs, each in one line, without the marks of the source."""
    paragraphs = text.replace("``", "").split("\n\n")
    return "\n\n".join(" ".join(p.split()) if "    " not in p else p for p in paragraphs)


class Bounds:
    """What ``limits`` shows."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits

    def parts(self, rows: int | None) -> Sequence[Part]:
        helps = attribute_docs(type(self.limits))
        lines = [
            Line((name, value, helps.get(name))) for name, value in self.limits._asdict().items()
        ]
        columns = (
            Column("limit", "Limit"),
            Column("value", "At most", right=True),
            Column("help", "Of what", folds=True),
        )
        return [Table(columns, lines), Words("--limit NAME=N raises one for a run.", "below")]

    def data(self) -> dict[str, Any]:
        helps = attribute_docs(type(self.limits))
        return {
            "limits": [
                {"name": name, "value": value, "help": helps.get(name)}
                for name, value in self.limits._asdict().items()
            ]
        }


def attribute_docs(owner: type) -> dict[str, str]:
    """The docstrings that stand below the attributes of a class, read from its source."""
    import ast
    from inspect import getsource
    from textwrap import dedent

    body = ast.parse(dedent(getsource(owner))).body[0]
    assert isinstance(body, ast.ClassDef)
    docs = {}
    for statement, after in zip(body.body, body.body[1:], strict=False):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            doc = after.value if isinstance(after, ast.Expr) else None
            if isinstance(doc, ast.Constant) and isinstance(doc.value, str):
                docs[statement.target.id] = " ".join(doc.value.split())
    return docs
