"""Numbers that remember how they came about: the third kind of number that a rule runs on.

With ``int`` a layer's rule counts one network, with arrays thousands, and with `Traced` it tells
its own formula: ``floor((in_h + 2·padding_h - kernel_h)/stride_h) + 1`` is what the arithmetic of
the rule has left behind, so no formula is written twice.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from archcalc.terms import Product

NUMBER: Final = "number"
NAME: Final = "name"
LET: Final = "let"
"""A name for a part of a formula; its definition is its only argument."""
PLUS: Final = "+"
MINUS: Final = "-"
TIMES: Final = "·"
OVER: Final = "/"
"""A division without a rest."""
FLOOR: Final = "floor"
CEIL: Final = "ceil"
POWER: Final = "^"


class Formula(NamedTuple):
    """An expression with its value: a name, a number, or an operation on others."""

    op: str
    value: int
    args: tuple[Formula, ...] = ()
    name: str = ""

    def names(self) -> dict[str, int]:
        """The names in it and their values, in order; behind a ``let`` those of its definition."""
        if self.op == NAME:
            return {self.name: self.value}
        found: dict[str, int] = {}
        for arg in self.args:
            found.update(arg.names())
        return found

    def definitions(self) -> dict[str, Formula]:
        """The parts that have a name of their own."""
        found = {self.name: self.args[0]} if self.op == LET else {}
        for arg in self.args:
            found.update(arg.definitions())
        return found


def number(value: int) -> Formula:
    """A number that stands for itself."""
    return Formula(NUMBER, int(value))


def named(name: str, value: int) -> Formula:
    """A symbol."""
    return Formula(NAME, int(value), name=name)


def of_product(product: Product) -> Formula:
    """A count as its formula; divisors of 1 are left out."""
    factors = tuple(named(name, size) for name, size in product.factors.items())
    whole = number(1)
    if factors:
        whole = factors[0] if len(factors) == 1 else _joined(TIMES, factors)
    for name, size in (product.divisors or {}).items():
        if size != 1:
            whole = Formula(OVER, whole.value // size, (whole, named(name, size)))
    return whole


def of_sum(values: list[int]) -> Formula:
    """Numbers that are added up."""
    terms = tuple(number(value) for value in values)
    return terms[0] if len(terms) == 1 else Formula(PLUS, sum(values), terms)


def _joined(op: str, args: tuple[Formula, ...]) -> Formula:
    value = 1
    for arg in args:
        value *= arg.value
    return Formula(op, value, args)


class Traced(int):
    """A whole number with its formula. Comparisons give plain truths, as with ``int``."""

    formula: Formula

    def __new__(cls, formula: Formula) -> Traced:
        self = super().__new__(cls, formula.value)
        self.formula = formula
        return self

    def named(self, name: str) -> Traced:
        """The same number, called ``name`` from here on; what has a name keeps it."""
        if self.formula.op in (NAME, NUMBER, LET):
            return self
        return Traced(Formula(LET, int(self), (self.formula,), name))

    def __add__(self, other: Any) -> Any:
        return Traced(_plus(self.formula, formula_of(other)))

    def __radd__(self, other: Any) -> Any:
        return Traced(_plus(formula_of(other), self.formula))

    def __sub__(self, other: Any) -> Any:
        if other is True:  # a correction by one, that a condition decided
            return Traced(Formula(MINUS, self.formula.value - 1, (self.formula, number(1))))
        return Traced(_minus(self.formula, formula_of(other)))

    def __rsub__(self, other: Any) -> Any:
        return Traced(_minus(formula_of(other), self.formula))

    def __mul__(self, other: Any) -> Any:
        return Traced(_times(self.formula, formula_of(other)))

    def __rmul__(self, other: Any) -> Any:
        return Traced(_times(formula_of(other), self.formula))

    def __floordiv__(self, other: Any) -> Any:
        return Traced(_divided(self.formula, formula_of(other)))

    def __rfloordiv__(self, other: Any) -> Any:
        return Traced(_divided(formula_of(other), self.formula))

    def __neg__(self) -> Any:
        return Traced(_minus(number(0), self.formula))

    def __pow__(self, other: Any, modulo: Any = None) -> Any:
        power = formula_of(other)
        if power == number(1):
            return self
        return Traced(Formula(POWER, self.formula.value**power.value, (self.formula, power)))


def formula_of(value: int) -> Formula:
    """The formula of a traced number; any other stands for itself."""
    return value.formula if isinstance(value, Traced) else number(value)


# Sums, products and quotients as one would write them: without what changes nothing.


def _is(formula: Formula, value: int) -> bool:
    return formula.op == NUMBER and formula.value == value


def _plus(a: Formula, b: Formula) -> Formula:
    if _is(a, 0):
        return b
    if _is(b, 0):
        return a
    if b.op == MINUS and b.args[1] == a:  # a + (b - a)
        return b.args[0]
    if b.op == NUMBER:
        return _shifted(a, b.value)
    if b.op in (PLUS, MINUS) and b.args[1].op == NUMBER:  # a + (b - 1): the number to the end
        return _shifted(_plus(a, b.args[0]), b.value - b.args[0].value)
    return Formula(PLUS, a.value + b.value, (a, b))


def _minus(a: Formula, b: Formula) -> Formula:
    if _is(b, 0):
        return a
    if _is(a, 0) and b.op == MINUS and _is(b.args[0], 0):  # -(-x)
        return b.args[1]
    if _is(a, 0) and b.op == FLOOR and b.args[0].op == MINUS and _is(b.args[0].args[0], 0):
        return _ceiling(b.args[0].args[1], b.args[1])  # -(-x // y)
    if b.op == NUMBER:
        return _shifted(a, -b.value)
    return Formula(MINUS, a.value - b.value, (a, b))


def _shifted(a: Formula, by: int) -> Formula:
    """``a`` plus a number, joined with one that is at its end."""
    if a.op == NUMBER:
        return number(a.value + by)
    if a.op in (PLUS, MINUS) and a.args[1].op == NUMBER:
        end = a.args[1].value
        return _shifted(a.args[0], by + (end if a.op == PLUS else -end))
    if not by:
        return a
    return Formula(PLUS if by > 0 else MINUS, a.value + by, (a, number(abs(by))))


def _times(a: Formula, b: Formula) -> Formula:
    if _is(a, 1):
        return b
    if _is(b, 1):
        return a
    if _is(a, 0) or _is(b, 0):
        return number(0)
    if a.op == b.op == NUMBER:
        return number(a.value * b.value)
    left = a.args if a.op == TIMES else (a,)
    right = b.args if b.op == TIMES else (b,)
    return _joined(TIMES, (*left, *right))


def _divided(a: Formula, b: Formula) -> Formula:
    if b.value == 1:
        return a
    if a.op == b.op == NUMBER:
        return number(a.value // b.value)
    return Formula(FLOOR, a.value // b.value, (a, b))


def _ceiling(a: Formula, b: Formula) -> Formula:
    if b.value == 1:
        return a
    return Formula(CEIL, -(-a.value // b.value), (a, b))
