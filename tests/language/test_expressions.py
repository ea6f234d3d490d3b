"""Expressions: a table of values, and one of refusals with their exact words."""

from __future__ import annotations

import contextlib
import warnings
from typing import Any

import pytest

from archcalc.language.arithmetic import Arithmetic, ExpressionFault
from archcalc.language.expressions import Expressions, literal, parse
from archcalc.limits import LIMITS, Limits


class Names:
    """An environment of three names and one tensor."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.arithmetic = Arithmetic(limits)
        self.values = {"n": 3, "x": 0.5, "yes_": True, "w": "relu"}

    def knows(self, name: str) -> bool:
        return name in self.values

    def lookup(self, name: str) -> Any:
        if name in self.values:
            return self.values[name]
        raise ExpressionFault(f"there is no name '{name}' here", code="reference")

    def dimension(self, tensor: str, name: str) -> Any:
        sizes = {"channels": 64, "height": 56}
        if tensor != "prev" or name not in sizes:
            raise ExpressionFault("no such size", code="reference")
        return sizes[name]


def value(text: str, **limits: int) -> Any:
    bounds = LIMITS._replace(**limits)
    return parse(text, bounds).code(Names(bounds))


VALUES = {
    # numbers
    "1": 1,
    "1_000": 1000,
    "2.5": 2.5,
    ".5": 0.5,
    "1e3": 1000.0,
    "-3": -3,
    "--3": 3,
    "+3": 3,
    "true": True,
    "false": False,
    "'a b'": "a b",
    # operators
    "1+2*3": 7,
    "(1+2)*3": 9,
    "10-4-3": 3,
    "7/2": 3.5,
    "8/2": 4.0,
    "7//2": 3,
    "-7//2": -4,
    "7%3": 1,
    "-7%3": 2,
    "2**10": 1024,
    "2**3**2": 512,
    "-2**2": -4,
    "2**-1": 0.5,
    "0.5*4": 2.0,
    "1 + 2\n+ 3": 6,
    "  4 ": 4,
    # comparisons and truth
    "1 < 2": True,
    "1 < 2 < 2": False,
    "2 == 2.0": True,
    "1 == true": False,
    "1 != true": True,
    "'a' == 'a'": True,
    "'a' == 1": False,
    "[1, 2] == [1, 2]": True,
    "[1, 2] == [1]": False,
    "not 1 > 2": True,
    "true and false": False,
    "false or true": True,
    "false and 1/0 == 1": False,
    "true or 1/0 == 1": True,
    "1 if true else 1/0": 1,
    "1 if false else 2 if false else 3": 3,
    # names and sizes
    "n": 3,
    "n*x": 1.5,
    "yes_": True,
    "w == 'relu'": True,
    "prev.channels": 64,
    "prev.channels//2": 32,
    # lists
    "[1, 2+3]": (1, 5),
    "[]": (),
    "[1, 2][0]": 1,
    "[1, 2][-1]": 2,
    "[[1, 2], [3]][0][1]": 2,
    "[1] + [2]": (1, 2),
    "[1, 2]*2": (1, 2, 1, 2),
    "2*[1]": (1, 1),
    "[1]*0": (),
    "[1]*-1": (),
    # functions
    "min(3, 1, 2)": 1,
    "max([3, 1, 2])": 3,
    "min(1.5)": 1.5,
    "abs(-3)": 3,
    "abs(-2.5)": 2.5,
    "round(2.5)": 3,
    "round(3.5)": 4,
    "round(-2.5)": -2,
    "round(0.49999999999999994)": 0,
    "round(4503599627370497.0)": 4503599627370497,
    "round(7)": 7,
    "floor(2.7)": 2,
    "floor(-2.1)": -3,
    "ceil(2.1)": 3,
    "ceil(-2.9)": -2,
    "int(2.9)": 2,
    "int(-2.9)": -2,
    "float(2)": 2.0,
    "sum([1, 2, 3])": 6,
    "sum([])": 0,
    "sum([0.5, 1])": 1.5,
    "len([1, 2])": 2,
    "sqrt(16)": 4.0,
    "log2(8)": 3.0,
    "range(3)": (0, 1, 2),
    "range(1, 4)": (1, 2, 3),
    "range(6, 0, -2)": (6, 4, 2),
    "range(0)": (),
    "zip([1, 2], [3, 4])": ((1, 3), (2, 4)),
    "enumerate([5, 6])": ((0, 5), (1, 6)),
    "reversed([1, 2])": (2, 1),
    "linspace(0, 1, 3)": (0.0, 0.5, 1.0),
    "linspace(0, 0.7, 8)[7]": 0.7,
    "linspace(2, 5, 1)": (2,),
    "make_divisible(33, 8)": 32,
    "make_divisible(36, 8)": 40,
    "make_divisible(30, 8)": 32,
    "make_divisible(3, 8)": 8,
    "make_divisible(10, 8)": 16,  # 8 would lose more than a tenth
    "make_divisible(33)": 32,
    "make_divisible(5, 4, 16)": 16,
    "make_divisible(32*0.35, 8)": 16,
}


@pytest.mark.parametrize(("text", "expected"), VALUES.items())
def test_it_is(text: str, expected: Any) -> None:
    found = value(text)
    assert found == expected
    assert type(found) is type(expected) or isinstance(expected, tuple)


REFUSED = {
    "": "a value is missing here",
    "   ": "a value is missing here",
    "1 +": "cannot read '1 +' as an expression",
    "1 2": "cannot read '1 2' as an expression",
    "(1": "unbalanced brackets in '(1'",
    "min(1": "unbalanced brackets in 'min(1'",
    "2)": "unbalanced brackets in '2)'",
    "n = 3": "cannot read 'n = 3' as an expression",
    "1 && 2": "cannot read '1 && 2' as an expression",
    "!n": "cannot read '!n' as an expression",
    "é": "character U+00E9 cannot stand in an expression",
    "1\t+ 2": "character U+0009 cannot stand in an expression",
    "'a\\n'": "character U+005C cannot stand in an expression",
    "010": "a number cannot start with 0 (YAML 1.1 would read it as octal)",
    "-07": "a number cannot start with 0 (YAML 1.1 would read it as octal)",
    "0x1F": "numbers are written in decimal",
    "0b11": "numbers are written in decimal",
    "1 + 0x1": "numbers are written in decimal",
    "3j": "numbers are written in decimal",
    "1e999": "the number is not finite",
    "yes": "write true, not yes",
    "Off": "write false, not Off",
    "True": "write true, not True",
    "1 + True": "write true, not True",
    "None": "None is no value",
    "1if true else 2": "a space is missing between 1 and if",
    "2 if 1in [1] else 3": "a space is missing between 1 and in",
    "0x1for x in y": "a space is missing between 0x1 and for",
    "...": "this is not part of the expressions here",
    "b'a'": "this is not part of the expressions here",
    "n.bit_length()": "only a function's name can stand before a bracket",
    "n.real": "a tensor has no 'real'",
    "[1].channels": "only a tensor has sizes: prev.channels, input.height",
    "prev.chanels": "a tensor has no 'chanels'; did you mean 'channels'?",
    "prev.depth": "no such size",
    "m": "there is no name 'm' here",
    "lambda: 1": "lambda is not part of the expressions here",
    "[i for i in [1]]": "a comprehension is not part of the expressions here",
    "{1: 2}": "a mapping is not part of the expressions here",
    "{1, 2}": "a set is not part of the expressions here",
    "(n := 3)": ":= is not part of the expressions here",
    "f'{n}'": "a formatted text is not part of the expressions here",
    "[1, 2][0:1]": "a slice is not part of the expressions here",
    "[*[1]]": "* is not part of the expressions here",
    "1, 2": "a list is written in square brackets",
    "(1, 2)": "a list is written in square brackets",
    "1 | 2": "there is no such operator here",
    "1 << 2": "there is no such operator here",
    "2^3": "there is no such operator here",
    "~1": "there is no such operator here",
    "1 @ 2": "there is no such operator here",
    "1 in [1]": "there is no such comparison here",
    "1 is 1": "there is no such comparison here",
    "maximum(1)": "there is no function 'maximum'; did you mean 'max'?",
    "open('x')": "there is no function 'open'",
    "__import__('os')": "there is no function '__import__'",
    "min()": "min takes 1 to 64 arguments, got 0",
    "sqrt(1, 2)": "sqrt takes 1 argument, got 2",
    "linspace(1, 2)": "linspace takes 3 arguments, got 2",
    "min(a=1)": "min takes its arguments by position",
    "1/0": "division by zero",
    "1//0": "division by zero",
    "1%0": "remainder of division by zero",
    "1.0/0.0": "division by zero",
    "0**-1": "zero to a negative power",
    "(-8)**0.5": "a fractional power of a negative number",
    "10.0**400": "the result is not a finite number",
    "1e308*10": "the result is not a finite number",
    "9**9**9": "whole numbers go up to 9,007,199,254,740,992; 9**387420489 is more",
    "2**54": "whole numbers go up to 9,007,199,254,740,992",
    "9007199254740992 + 1": "whole numbers go up to 9,007,199,254,740,992",
    "9007199254740993": "whole numbers go up to 9,007,199,254,740,992",
    "1 + 'a'": "+ needs numbers, got the text 'a'",
    "1 + true": "+ needs numbers, got true",
    "[1] + 1": "+ needs numbers, got a list of 1",
    "-'a'": "- needs numbers, got the text 'a'",
    "1 < 'a'": "< needs numbers, got the text 'a'",
    "not 1": "'not' must be true or false, got the number 1",
    "1 and true": "'and' must be true or false, got the number 1",
    "false or 2": "'or' must be true or false, got the number 2",
    "1 if 1 else 2": "a condition must be true or false, got the number 1",
    "[1, 2][2]": "a list of 2 has no item [2]",
    "[1, 2][0.5]": "a whole number is needed, got 0.5",
    "n[0]": "only a list has items, not the number 3",
    "len(3)": "len needs a list, got the number 3",
    "sum(3)": "sum needs a list, got the number 3",
    "sum([true])": "sum needs numbers, got true",
    "max([])": "max of nothing",
    "max('a')": "max needs numbers, got the text 'a'",
    "sqrt(-1)": "the square root of a negative number",
    "log2(0)": "the logarithm of a number that is not positive",
    "range(1, 2, 0)": "a range with step 0 never ends",
    "range(2.5)": "a whole number is needed, got 2.5",
    "range(true)": "a whole number is needed, got true",
    "range(10**9)": "a list holds at most 4,096 items, this range 1,000,000,000",
    "[1]*5000": "a list holds at most 4,096 items",
    "zip([1], [2, 3])": "zip needs lists of one length, got 1, 2",
    "zip(1)": "zip needs a list, got the number 1",
    "linspace(0, 1, 0)": "linspace makes 1 to 4,096 numbers, not 0",
    "linspace(0, 1, 10**9)": "linspace makes 1 to 4,096 numbers, not 1000000000",
    "make_divisible(3, 0)": "make_divisible needs a divisor of at least 1",
    "[[0]*4096]*17": "lists in lists hold at most 65,536 items, this one 69,632",
    "1" + "+1" * 150: "an expression has at most 300 characters, this one 301",
    "-" * 50 + "1": "the expression is nested deeper than 40",
    "[" * 50 + "1" + "]" * 50: "the expression is nested deeper than 40",
}


@pytest.mark.parametrize(("text", "message"), REFUSED.items())
def test_it_is_refused(text: str, message: str) -> None:
    with pytest.raises(ExpressionFault) as caught:
        value(text)
    assert caught.value.message == message


@pytest.mark.parametrize(
    "text",
    [
        *("1if 1 else 2", "1ifE", ".5if x else 2", "1.or 2", "0x1is 1", "1jin [1]", "1_0and"),
        *("1e5or 1", "'a'if", "[1]if 1 else 2", "0xfor x in y", "n is 1", "'\\d'", "1()"),
        *("'a'[0]", "(1)(2)", "[1][1.0]", "0_7", "1__0"),
    ],
)
def test_python_does_not_warn(text: str) -> None:
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        with contextlib.suppress(ExpressionFault):
            value(text)
    assert heard == []  # its words would stand on the terminal


# Where the caret stands: offset and width in the text.
MARKED = {
    "1 + m": (4, 1),
    "1 + 2/0": (4, 3),
    "2/0 + 1": (0, 3),
    "  1 + 2/0": (6, 3),
    "min(1, sqrt(-1))": (7, 8),
    "[1, 2][5] + 1": (0, 9),
    "1 + 1 + 'a' + 1": (0, 11),
    "1 if n else 2": (0, 13),
    "1 | 2": (0, 5),
    "1 + é": (4, 1),
    "8 if 1in [1] else 2": (5, 3),
    "prev.chanels + 1": (0, 12),
    "maximum(1)": (0, 7),
}


@pytest.mark.parametrize(("text", "marked"), MARKED.items())
def test_the_term_at_fault_is_marked(text: str, marked: tuple[int, int]) -> None:
    with pytest.raises(ExpressionFault) as caught:
        value(text)
    assert (caught.value.offset, caught.value.width) == marked


HELPS = {
    "m && n": "write and, not &&",
    "m || n": "write or, not ||",
    "!m": "write not, not !",
    "n = 3": "== compares",
    "2^3": "a power is **",
    "1 | 2": "+ - * / // % ** are",
    "2*(1": "inside {..} or [..] an expression with a comma needs quotes",
    "010": "write 10",
    "[1][1]": "items count from 0",
    "range(5000)": "repeat: N needs no list",
    "9007199254740992 + 1": "--limit integer=N raises the limit",
    "1" + "+1" * 150: "--limit expression=N raises the limit",
}


@pytest.mark.parametrize(("text", "help"), HELPS.items())
def test_a_fault_says_the_way_out(text: str, help: str) -> None:
    with pytest.raises(ExpressionFault) as caught:
        value(text)
    assert caught.value.help == help


LITERALS = {
    "1": 1, "-1": -1, "+1": 1, "1_000": 1000, "0": 0, "-0": 0, "1.5": 1.5, "1e3": 1000.0,
    ".5": 0.5, "5.": 5.0, "-1.5e-3": -0.0015, "1_0.5": 10.5, "true": True, "false": False,
    "": None, "a": None, "1__0": None, "1_": None, "_1": None, "1_.5": None, "010": None,
    "0x1": None, "1e": None, ".": None, "e5": None, "1e99999": None, "٣": None, "1٣": None,
    "True": None, "1 2": None, " 1": None, "1+1": None, "nan": None, "inf": None, ".inf": None,
    "9" * 5000: 10**40,
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), LITERALS.items())
def test_a_literal_is(text: str, expected: Any) -> None:
    found = literal(text)
    assert found == expected and type(found) is type(expected)


def test_names_and_tensors_are_known_before_it_runs() -> None:
    found = parse("a + prev.channels * min(b, stem.height)", LIMITS)
    assert (found.names, found.tensors) == (("a", "b"), ("prev", "stem"))
    assert not found.constant and parse("1+1", LIMITS).constant


def test_work_is_bounded() -> None:
    assert value("sum(range(100))", work=1_000) == 4950
    with pytest.raises(ExpressionFault, match="too much to work out: more than 150 terms and item"):
        value("sum(range(100))", work=150)


def test_all_expressions_together_are_bounded() -> None:
    known = Expressions(LIMITS._replace(expressions=10))
    for _ in range(100):
        known.parse("1 + 1")  # the same text counts once
    known.parse("2 + 2")
    with pytest.raises(ExpressionFault, match="the expressions have more than 10 characters"):
        known.parse("3")
