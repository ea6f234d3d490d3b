"""How a formula is written: as text, and as LaTeX; in symbols, or with the numbers put in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from archcalc.analysis.trace import (
    CEIL,
    FLOOR,
    LET,
    MINUS,
    NAME,
    NUMBER,
    OVER,
    PLUS,
    POWER,
    TIMES,
    Formula,
)
from archcalc.formats.numbers import exact

if TYPE_CHECKING:
    from archcalc.formats.document import Equation


class Notation(NamedTuple):
    """The signs of a language."""

    name: Callable[[str], str]
    number: Callable[[int], str]
    minus: str
    times: str
    """Between the factors of a product that stands alone."""
    tight: str
    """Between the factors of a product in a sum."""
    over: Callable[[str, str], str]
    rounded: dict[str, Callable[[str, str], str]]
    inline: bool
    """Whether a fraction is written in a line, so that a sum above it needs brackets."""
    power: Callable[[str, str], str]
    brackets: tuple[str, str] = ("(", ")")


def _fraction(top: str, bottom: str) -> str:
    return rf"\frac{{{top}}}{{{bottom}}}"


def _latex_name(name: str) -> str:
    """``out_h`` as a word with an index; any other name as one word."""
    head, _, tail = name.rpartition("_")
    if head and len(tail) == 1:
        return rf"\mathit{{{_literal(head)}}}_{{{tail}}}"
    return rf"\mathit{{{_literal(name)}}}"


def _latex_text(words: str) -> str:
    return rf"\text{{{_literal(words)}}}"


def _literal(name: str) -> str:
    return name.replace("_", r"\_")


PLAIN: Final = Notation(
    name=str,
    number=exact,
    minus="\N{MINUS SIGN}",
    times=" · ",
    tight="·",
    over=lambda top, bottom: f"{top} / {bottom}",
    rounded={
        FLOOR: lambda top, bottom: f"floor({top}/{bottom})",
        CEIL: lambda top, bottom: f"ceil({top}/{bottom})",
    },
    inline=True,
    power=lambda base, power: f"{base}^{power}",
)
ASCII: Final = PLAIN._replace(minus="-", times=" * ", tight="*")
"""For a terminal that has no other signs."""
LATEX: Final = Notation(
    name=_latex_name,
    number=lambda value: exact(value).replace(",", "{,}"),
    minus="-",
    times=r" \cdot ",
    tight=r" \cdot ",
    over=_fraction,
    rounded={
        FLOOR: lambda top, bottom: rf"\left\lfloor {_fraction(top, bottom)} \right\rfloor",
        CEIL: lambda top, bottom: rf"\left\lceil {_fraction(top, bottom)} \right\rceil",
    },
    inline=False,
    power=lambda base, power: f"{{{base}}}^{{{power}}}",
    brackets=(r"\left(", r"\right)"),
)


def written(formula: Formula, notation: Notation, *, numbers: bool) -> str:
    """The formula in symbols, or with its ``numbers`` put in."""
    return _Writer(notation, numbers).whole(formula)


class _Writer:
    def __init__(self, notation: Notation, numbers: bool) -> None:
        self.signs = notation
        self.numbers = numbers

    def whole(self, formula: Formula) -> str:
        """A formula that stands alone."""
        if formula.op == TIMES:
            return self.signs.times.join(map(self.factor, formula.args))
        if formula.op == OVER:
            top, bottom = formula.args
            return self.signs.over(self.whole(top), self.factor(bottom))
        if formula.op in (PLUS, MINUS):
            return self.sum(formula)
        return self.factor(formula)

    def sum(self, formula: Formula) -> str:
        first, *others = formula.args
        sign = self.signs.minus if formula.op == MINUS else "+"
        text = self.term(first)
        for other in others:
            # a - (b - c) needs its brackets, a + (b - c) does not
            bracketed = formula.op == MINUS and other.op in (PLUS, MINUS)
            text += f" {sign} {self.bracketed(other) if bracketed else self.term(other)}"
        return text

    def term(self, formula: Formula) -> str:
        """A part of a sum."""
        if formula.op in (PLUS, MINUS):
            return self.sum(formula)
        if formula.op == TIMES:
            return self.signs.tight.join(map(self.factor, formula.args))
        return self.factor(formula)

    def factor(self, formula: Formula) -> str:
        """A part of a product."""
        signs = self.signs
        op, value, args, name = formula
        if op == NUMBER:
            return signs.number(value)
        if op in (NAME, LET):
            return signs.number(value) if self.numbers else signs.name(name)
        if op in signs.rounded:
            top, bottom = args
            sum_above = signs.inline and top.op in (PLUS, MINUS)
            above = self.bracketed(top) if sum_above else self.term(top)
            return signs.rounded[op](above, self.factor(bottom))
        if op == POWER:
            return signs.power(self.factor(args[0]), self.factor(args[1]))
        return self.bracketed(formula)

    def bracketed(self, formula: Formula) -> str:
        left, right = self.signs.brackets
        return f"{left}{self.whole(formula)}{right}"


def steps(formula: Formula, notation: Notation) -> list[str]:
    """What stands behind each ``=``: symbols, numbers, the result; each only if it is new."""
    found = [
        written(formula, notation, numbers=False),
        written(formula, notation, numbers=True),
        notation.number(formula.value),
    ]
    return list(dict.fromkeys(found))


def lines(equation: Equation, notation: Notation, width: int | None) -> Iterator[str]:
    """An equation as text: symbols in one line, below them the numbers and the result.

    Sums of numbers and single symbols are one line. A line that is too long goes on below.
    """
    first, *others = steps(equation.formula, notation)
    name = f"{equation.name} = "
    indent = " " * len(name)
    if len(others) < 2:
        yield from _broken(name + " = ".join([first, *others]), len(name), width)
        return
    yield from _broken(name + first, len(name), width)
    yield from _broken(f"{indent[:-2]}= {' = '.join(others)}", len(name), width)


_SIGNS: Final = "·*+-=\N{MINUS SIGN}"


def _broken(text: str, indent: int, width: int | None) -> Iterator[str]:
    """``text`` in lines of at most ``width``, broken before an operator."""
    while width is not None and len(text) > width:
        cut = max(text.rfind(f" {sign} ", indent + 1, width) for sign in _SIGNS)
        if cut <= indent:
            break
        yield text[:cut]
        text = " " * indent + text[cut + 1 :]
    yield text


def latex(equations: Sequence[Equation]) -> Iterator[str]:
    """Equations as the lines inside of an ``align*``."""
    rows: list[str] = []
    for name, formula in equations:
        first, *others = steps(formula, LATEX)
        left = _latex_name(name) if name.isidentifier() and "_" in name else _latex_text(name)
        if len(others) < 2:
            rows.append(f"{left} &= {' = '.join([first, *others])}")
        else:
            rows += [f"{left} &= {first}", f"&= {' = '.join(others)}"]
    yield from (rf"{row} \\" for row in rows[:-1])
    yield from rows[-1:]
