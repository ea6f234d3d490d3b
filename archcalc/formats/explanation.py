"""How figures come about, as a document: formulas in symbols and numbers, and what they mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from archcalc.analysis.counting import NAME, statement
from archcalc.analysis.explain import (
    Explained,
    Group,
    NoSuchLayer,
    Selection,
    alike,
    counted,
    explained,
    groups,
    select,
)
from archcalc.analysis.trace import NUMBER, Formula, of_sum
from archcalc.formats.cells import arguments_text, shape_text
from archcalc.formats.document import (
    Cell,
    Column,
    Equation,
    Equations,
    Line,
    Pairs,
    Part,
    Table,
    Words,
)
from archcalc.formats.formulas import PLAIN, written
from archcalc.formats.glossary import meaning
from archcalc.formats.rows import plain_value
from archcalc.problems import USAGE, Complaint, Problem, nearest

if TYPE_CHECKING:
    from archcalc.analysis.count import Result, Row
    from archcalc.formats.rows import Subject

NAMES: Final = {
    "mac": "MACs",
    "mul": "multiplications",
    "add": "additions",
    "cmp": "comparisons",
    "div": "divisions",
    "exp": "exponentials",
    "special": "functions",
}
"""What operations of each kind are called."""

TERMS: Final = 8
"""A sum of more terms than these stands in the table alone."""
PARTS: Final = 30
"""A block is shown in at most so many parts."""
ONE_BY_ONE: Final = 3
"""So many different layers that a pattern matches are explained; of more, their sum."""


class Derived(NamedTuple):
    """A row with its layers explained, and the rows that are the same but for their names."""

    row: Row
    layers: Sequence[Explained]
    alike: Sequence[Row]


class Explanation:
    """What ``explain`` shows."""

    def __init__(
        self,
        subject: Subject,
        result: Result,
        selection: Selection,
        layers: Sequence[Derived],
    ) -> None:
        self.subject = subject
        self.result = result
        self.selection = selection
        self.layers = layers
        """The rows that are explained one by one."""
        self._products: dict[Any, str | None] = {}

    def parts(self, rows: int | None) -> Sequence[Part]:
        parts: list[Part] = []
        if not self.selection.single:
            parts.extend(self._block(rows))
        for derived in self.layers:
            parts.extend(_row(derived))
        parts.extend(self._symbols())
        if self.subject.problems:
            parts.append(Words("Partial: the layers up to the fault.", "below"))
        parts.append(Words(statement(self.result.counting, self.result.batch), "aside"))
        return parts

    # A block: the sum of its parts.

    def _block(self, rows: int | None) -> Iterator[Part]:
        selection = self.selection
        label = self.subject.label
        name = f"{label}, {selection.name}" if selection.name else label
        count = len(selection.rows)
        yield Words(name, "heading", f"{count:,} layers" if count != 1 else "1 layer")
        found = groups(selection, min(PARTS, rows) if rows else max(count, 1))
        columns = (
            Column("path", "Layer", folds=True),
            Column("kind", "Kind", spare=2, faint=True),
            Column("params", "Params", right=True, spare=1),
            Column("macs", "MACs", right=True),
            Column("formula", "MACs as a product", folds=True, spare=3),
        )
        shown = found if rows is None else found[:rows]
        lines = [self._line(group) for group in shown]
        if len(found) > len(shown):
            lines.append(_rest(found[len(shown) :]))
        figures = [row.figures for row in selection.rows]
        params, macs = sum(f.params for f in figures), sum(f.mac for f in figures)
        total = Line(("Total", None, params, macs, None), "total")
        yield Table(columns, lines, [total])
        sums = [*_sum("MACs", found, "mac"), *_sum("params", found, "params")]
        if sums:
            yield Equations(sums)
        if not self.layers and found:
            yield Words(f"archcalc explain {label} {found[0].path} explains a part.", "aside")

    def _line(self, group: Group) -> Line:
        path = group.path
        if self.selection.below:
            path = path[len(self.selection.below) + 1 :]
        if len(group.rows) > 1:
            formula: Cell = f"the sum of {len(group.rows):,} layers"
            kind = f"{len(group.rows):,} layers"
        else:
            (row,) = group.rows
            formula, kind = self._product(row), row.kind
        return Line((path, kind, _total(group, "params"), _total(group, "mac"), formula))

    def _product(self, row: Row) -> str | None:
        """The MACs of a row as numbers; worked out once for all rows that are alike."""
        key = tuple(
            (n.layer, n.cached, tuple(source.output for source in n.inputs)) for n in row.nodes
        )
        if key not in self._products:
            products = [
                written(one.formula, PLAIN, numbers=True)
                for node in row.nodes
                for one in counted(node, self.result.counting)
                if one.operation.kind == "mac"
            ]
            self._products[key] = " + ".join(products) or None
        return self._products[key]

    # What the symbols mean.

    def _meanings(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for derived in self.layers:
            for layer in derived.layers:
                for symbol in layer.symbols():
                    found.setdefault(symbol, meaning(symbol, layer.node.layer))
        return found

    def _symbols(self) -> Iterator[Part]:
        meanings = self._meanings()
        if meanings:
            yield Pairs(list(meanings.items()), title="Symbols")

    # As data.

    def data(self) -> dict[str, Any]:
        from archcalc.formats.complaint import as_data

        counting = self.result.counting
        rows = self.selection.rows
        return {
            "spec": self.subject.as_data(),
            "convention": NAME,
            "counting": {**counting.choices, "batch": self.result.batch},
            "name": self.selection.name or None,
            "partial": bool(self.subject.problems),
            "problems": as_data(self.subject.problems),
            "totals": {
                "params": sum(row.figures.params for row in rows),
                "macs": sum(row.figures.mac for row in rows),
            },
            "parts": [
                {
                    "path": row.path,
                    "kind": row.kind or None,
                    "params": row.figures.params,
                    "macs": row.figures.mac,
                    "product": self._product(row),
                }
                for row in rows
            ],
            "layers": [
                _layer_data(derived, layer) for derived in self.layers for layer in derived.layers
            ],
            "symbols": self._meanings(),
        }


def explanation(subject: Subject, result: Result, layer: str | None) -> Explanation:
    """What there is to say of the rows that ``layer`` means: of all of them without it.

    Raises `Complaint` if there is no such layer.
    """
    try:
        selection = select(result, layer)
    except NoSuchLayer as missing:
        if subject.problems and not missing.several:  # it may be at the fault, or behind it
            raise Complaint(*subject.problems) from None
        raise _unknown(missing, subject.label) from None
    named = selection.rows if (layer and not selection.below) or selection.single else ()
    kinds = alike(named)
    layers = [
        Derived(rows[0], tuple(explained(node, result.counting) for node in rows[0].nodes), rows)
        for rows in (kinds if len(kinds) <= ONE_BY_ONE else ())
    ]
    return Explanation(subject, result, selection, layers)


def _unknown(missing: NoSuchLayer, label: str) -> Complaint:
    name = missing.name[:80]
    if missing.several:
        some = ", ".join(missing.several[:5])
        more = f" and {len(missing.several) - 5} more" if len(missing.several) > 5 else ""
        message = f"{label} has '{name}' in {len(missing.several)} places"
        help = f"write {some}{more}, or '*.{name}' for all"
    else:
        ends = {path.rpartition(".")[2]: path for path in reversed(missing.known)}
        close = nearest(name, missing.known) or ends.get(nearest(name, ends) or "")
        help = f"did you mean '{close}'?" if close else '"archcalc macs" lists its layers'
        message = f"{label} has no layer '{name}'"
    return Complaint(Problem(message, help=help, kind=USAGE, code="unknown"))


def _sum(name: str, found: Sequence[Group], figure: str) -> Iterator[Equation]:
    """A figure of a block as the sum of its parts, where they are few."""
    terms = [term for term in (_total(group, figure) for group in found) if term]
    if 2 <= len(terms) <= TERMS:
        yield Equation(name, of_sum(terms))


def _rest(left_out: Sequence[Group]) -> Line:
    """One line for the parts that are too many to be shown."""
    params, macs = (sum(_total(group, name) for group in left_out) for name in ("params", "mac"))
    return Line((f"... {len(left_out):,} more rows", None, params, macs, None), "rest")


def _total(group: Group, name: str) -> int:
    return sum(getattr(row.figures, name) for row in group.rows)


# One layer.


def _row(derived: Derived) -> Iterator[Part]:
    """The layer of a row, then what follows it."""
    row = derived.row
    for layer in derived.layers:
        node = layer.node
        arguments = arguments_text(node.layer)
        what = f"{node.layer.kind} {arguments}" if arguments else node.layer.kind
        name = f"{row.path}, {node.part}" if node.part else row.path
        yield Words(name, "heading", what)
        inputs = " and ".join(shape_text(source.output) for source in node.inputs)
        yield Words(f"{inputs} -> {shape_text(node.output)}", "below")
        yield from _shape(layer)
        yield from _weights(layer)
        yield from _operations(layer)
    others = [other.path for other in derived.alike if other is not row]
    if others:
        more = f" and {len(others) - 4:,} more" if len(others) > 5 else ""
        names = ", ".join(others[: 4 if more else 5])
        yield Words(f"The same in {names}{more}.")


def _shape(layer: Explained) -> Iterator[Part]:
    equations: list[Equation] = []
    said: dict[str, str] = {}
    alike: list[str] = []
    for dimension in layer.shape:
        formula, symbol = dimension.formula, dimension.symbol
        if dimension.stays or formula.op == NUMBER or formula.name == symbol:
            continue
        # Height and width mostly differ in nothing but their names.
        form = _form(formula, symbol)
        if form in said:
            alike.append(f"{symbol} = {formula.value:,} in the same way as {said[form]}.")
            continue
        said[form] = symbol
        equations += [Equation(name, f) for name, f in formula.definitions().items()]
        equations.append(Equation(symbol, formula))
    if equations:
        yield Equations(equations, "Shape")
    for words in alike:
        yield Words(words, "below")


def _form(formula: Formula, symbol: str) -> str:
    """A formula without what tells its dimension from the others."""
    end = symbol.removeprefix("out")
    symbols = written(formula, PLAIN, numbers=False).replace(f"{end} ", " ").replace(end, "")
    return symbols + written(formula, PLAIN, numbers=True)


def _weights(layer: Explained) -> Iterator[Part]:
    if layer.owner:
        yield Words(f"Weights: those of {layer.owner}, counted there.")
        return
    if not layer.weights:
        return
    equations = [Equation(_weight_name(w), f) for w, f in layer.weights]
    params = [w.product.value for w, _ in layer.weights if not w.buffer]
    if len(params) > 1:
        equations.append(Equation("params", of_sum(params)))
    yield Equations(equations, "Weights")


def _weight_name(weight: Any) -> str:
    if weight.buffer:
        return f"{weight.name} (buffer)"
    return f"{weight.name} (not trained)" if weight.frozen else str(weight.name)


def _operations(layer: Explained) -> Iterator[Part]:
    if layer.cached:
        yield Words("No operations: its output is there from an earlier step.")
        return
    if layer.folded:
        yield Words(
            "No operations: it is folded into the layer before it; --bn unfolded counts it."
        )
        return
    macs = [c for c in layer.operations if c.operation.kind == "mac"]
    if macs:
        equations = [Equation(_operation_name(c.operation), c.formula) for c in macs]
        if len(macs) > 1:
            equations.append(Equation("MACs", of_sum([c.formula.value for c in macs])))
        for weights, times in layer.uses:
            which = f"each weight of {', '.join(weights)}" if weights else "each weight"
            equations.append(Equation(f"uses of {which}", times))
        yield Equations(equations, "MACs")
    others = [c for c in layer.operations if c.operation.kind != "mac"]
    if others:
        equations = [Equation(_operation_name(c.operation), c.formula) for c in others]
        yield Equations(equations, "Other operations" if macs else "Operations")
    if not layer.operations:
        yield Words("No operations.")


def _operation_name(operation: Any) -> str:
    name = NAMES[operation.kind]
    return f"{name} ({operation.part})" if operation.part else name


def _formula_data(name: str, formula: Formula) -> dict[str, Any]:
    return {
        "name": name,
        "formula": written(formula, PLAIN, numbers=False),
        "numbers": written(formula, PLAIN, numbers=True),
        "value": formula.value,
    }


def _layer_data(derived: Derived, layer: Explained) -> dict[str, Any]:
    node = layer.node
    return {
        "path": derived.row.path,
        "alike": [row.path for row in derived.alike],
        "part": node.part or None,
        "kind": node.layer.kind,
        "arguments": {n: plain_value(v) for n, v in node.layer.arguments().items()},
        "inputs": [dict(source.output.items()) for source in node.inputs],
        "output": dict(node.output.items()),
        "shape": [{**_formula_data(d.symbol, d.formula), "dimension": d.name} for d in layer.shape],
        "definitions": _definitions(layer),
        "weights": [
            {**_formula_data(w.name, f), "buffer": w.buffer, "frozen": w.frozen}
            for w, f in layer.weights
        ],
        "weights_of": layer.owner or None,
        "folded": layer.folded,
        "cached": layer.cached,
        "operations": [
            {
                **_formula_data(NAMES[c.operation.kind], c.formula),
                "kind": c.operation.kind,
                "part": c.operation.part or None,
            }
            for c in layer.operations
        ],
        "uses": [
            {**_formula_data("uses", times), "weights": list(weights) or None}
            for weights, times in layer.uses
        ],
    }


def _definitions(layer: Explained) -> list[dict[str, Any]]:
    found: dict[str, Formula] = {}
    for dimension in layer.shape:
        found.update(dimension.formula.definitions())
    return [_formula_data(name, formula) for name, formula in found.items()]
