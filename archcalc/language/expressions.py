"""Expressions: an allow-list over Python's own grammar, turned into closures once.

Nothing is executed but what stands here: numbers, names, arithmetic, comparisons, choices, lists,
a few functions and ``TENSOR.DIM``. Length is checked before parsing, size while evaluating.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any, Final, Protocol

from archcalc.language.arithmetic import FUNCTIONS, Arithmetic, ExpressionFault, List, describe
from archcalc.language.words import SIZES
from archcalc.limits import Limits, raised
from archcalc.problems import meant, nearest, shorten, some
from archcalc.shapes import DIMENSIONS


class Environment(Protocol):
    """What names mean while an expression is evaluated."""

    arithmetic: Arithmetic

    def lookup(self, name: str) -> Any:
        """The value of a setting, an argument or a loop name. Raises `ExpressionFault`."""

    def dimension(self, tensor: str, name: str) -> Any:
        """The size of a tensor's dimension. Raises `ExpressionFault`."""


Code = Callable[[Environment], Any]

_NUMBER: Final = re.compile(r"[+-]?(0|[1-9][0-9]*(_[0-9]+)*)\Z")
_FLOAT: Final = re.compile(
    r"[+-]?(?:(?:0|[1-9][0-9]*(?:_[0-9]+)*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?\Z"
)
_LEADING_ZERO: Final = re.compile(r"[+-]?0[0-9_]+\Z")
_OTHER_BASE: Final = re.compile(r"[+-]?0[xXbBoO][0-9a-fA-F_]+\Z")
_ODD: Final = re.compile(r"[^ -~]|[\\`]")
# A number and a letter behind it. Of some of these Python warns, on the terminal.
_GLUABLE: Final = re.compile(r"[0-9]\.?[A-Za-z_]")
_GLUED: Final = re.compile(r"(?<![\w.])([0-9][\w.]*?)(and|else|for|if|in|is|not|or)\b")
WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")

NO_VALUES: Final = ("null", "Null", "NULL", "None", "~", "nil")
"""What says in other languages that there is no value."""

# What each arithmetic operator of Python's grammar is called in `Arithmetic`.
_BINARY: Final[dict[type, str]] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
    ast.FloorDiv: "floordiv",
    ast.Mod: "mod",
    ast.Pow: "pow",
}
_ORDER: Final[dict[type, str]] = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}

SUMMARY: Final = (
    "an expression has numbers, names, + - * / // % **, comparisons, and/or/not, "
    "a if c else b, [..], x[i] and a few functions"
)
_NOT_HERE: Final[dict[str, str]] = {
    "Lambda": "lambda",
    "ListComp": "a comprehension",
    "SetComp": "a comprehension",
    "DictComp": "a comprehension",
    "GeneratorExp": "a comprehension",
    "NamedExpr": ":=",
    "JoinedStr": "a formatted text",
    "Dict": "a mapping",
    "Set": "a set",
    "Await": "await",
    "Yield": "yield",
    "Starred": "*",
    "Slice": "a slice",
}


class Expression:
    """A parsed expression, with the names and tensors that it uses."""

    __slots__ = ("_compiled", "_text", "names", "tensors", "weight")

    def __init__(self, text: str, compiled: Code, compiler: _Compiler) -> None:
        self._text = text
        self._compiled = compiled
        self.names = tuple(compiler.names)
        self.tensors = tuple(compiler.tensors)
        self.weight = compiler.terms
        """How many terms it has: what it costs to work out."""

    @property
    def constant(self) -> bool:
        """Whether it is the same everywhere."""
        return not self.names and not self.tensors

    def code(self, env: Environment) -> Any:
        """Its value. Raises `ExpressionFault`, placed at the term at fault."""
        env.arithmetic.spend(self.weight)
        try:
            return self._compiled(env)
        except ExpressionFault as fault:
            if not fault.width:
                self._place(fault, env)
            raise

    def _place(self, fault: ExpressionFault, env: Environment) -> None:
        """Finds the term at fault: once more, slowly, noting where each stands."""
        stripped, indent = _stripped(self._text)
        slowly = _Placing(stripped, env.arithmetic.limits, indent)
        try:
            slowly.compile(_syntax(stripped, indent))(env)
        except ExpressionFault as again:
            # A long sum is deep when read this way, and fails for that.
            if again.message == fault.message:
                fault.offset, fault.width = again.offset, again.width


class Expressions:
    """The expressions of one spec and its files: each text is parsed once."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._known: dict[str, Expression] = {}
        self._characters = 0

    def parse(self, text: str) -> Expression:
        """The expression that ``text`` is. Raises `ExpressionFault`."""
        known = self._known.get(text)
        if known is None:
            self._characters += len(text)
            if self._characters > self.limits.expressions:
                raise ExpressionFault(
                    f"the expressions have more than {self.limits.expressions:,} characters in all",
                    code="limit",
                    help=raised("expressions"),
                )
            known = self._known[text] = parse(text, self.limits)
        return known


def literal(text: str) -> int | float | bool | None:
    """The number or truth value that ``text`` plainly is, or ``None``."""
    if _NUMBER.match(text):
        # Python's own limit of digits must not be met with a ValueError.
        return int(text) if len(text) <= 40 else 10**40
    if text == "true":
        return True
    if text == "false":
        return False
    return float(text) if text and text[-1] in "0123456789." and _FLOAT.match(text) else None


def parse(text: str, limits: Limits) -> Expression:
    """The expression that ``text`` is. Raises `ExpressionFault`."""
    if len(text) > limits.expression:
        raise ExpressionFault(
            f"an expression has at most {limits.expression} characters, this one {len(text):,}",
            code="limit",
            help=raised("expression"),
        )
    stripped, indent = _stripped(text)
    if not stripped:
        raise ExpressionFault("a value is missing here", code="empty")
    odd = _ODD.search(stripped)
    if odd:
        raise ExpressionFault(
            f"character U+{ord(odd.group()):04X} cannot stand in an expression",
            help="quotes are written straight, or left out"
            if "\u2018" <= odd.group() <= "\u201f"
            else "",
            code="syntax",
            offset=indent + odd.start(),
            width=1,
        )
    glued = _GLUED.search(stripped)
    if glued:
        number, word = glued.groups()
        raise ExpressionFault(
            f"a space is missing between {shorten(number)} and {word}",
            code="syntax",
            offset=indent + glued.start(),
            width=len(glued.group()),
        )
    if _LEADING_ZERO.match(stripped):
        raise ExpressionFault(
            "a number cannot start with 0 (YAML 1.1 would read it as octal)",
            code="syntax",
            help=f"write {stripped.lstrip('+-').lstrip('0_') or '0'}",
        )
    if _OTHER_BASE.match(stripped):
        raise ExpressionFault("numbers are written in decimal", code="syntax")
    if stripped in ("yes", "no", "on", "off", "Yes", "No", "On", "Off", "True", "False"):
        truth = "true" if stripped.lower() in ("yes", "on", "true") else "false"
        raise ExpressionFault(f"write {truth}, not {stripped}", code="type")
    if stripped in NO_VALUES:
        raise ExpressionFault(f"{stripped} is no value", help="leave it out", code="type")
    compiler = _Compiler(stripped, limits, indent)
    return Expression(text, compiler.compile(_syntax(stripped, indent)), compiler)


def _stripped(text: str) -> tuple[str, int]:
    """``text`` in one line without spaces around it, and how many there were before it."""
    text = text.replace("\n", " ").rstrip()
    stripped = text.lstrip()
    return stripped, len(text) - len(stripped)


def _syntax(text: str, indent: int) -> ast.expr:
    try:
        if not _GLUABLE.search(text):
            return ast.parse(text, mode="eval").body
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text, mode="eval").body
    except SyntaxError as error:
        from archcalc.language.syntax import misread

        message, help, offset, width = misread(text, (error.offset or 1) - 1)
        raise ExpressionFault(
            message, help=help, code="syntax", offset=indent + offset, width=width
        ) from None
    except (ValueError, RecursionError, MemoryError):
        raise ExpressionFault("the expression is nested too deeply", code="limit") from None


class _Compiler:
    def __init__(self, text: str, limits: Limits, indent: int) -> None:
        self.text = text
        self.limits = limits
        self.indent = indent
        self.names: dict[str, None] = {}
        self.tensors: dict[str, None] = {}
        self.terms = 0
        self.depth = 0

    def fault(
        self, node: ast.AST, message: str, *, help: str = "", code: str = "syntax"
    ) -> ExpressionFault:
        start = getattr(node, "col_offset", 0)
        end = getattr(node, "end_col_offset", None) or start + 1
        return ExpressionFault(
            message, help=help, code=code, offset=self.indent + start, width=end - start
        )

    def compile(self, node: ast.expr) -> Code:
        method = getattr(self, "on_" + type(node).__name__, None)
        if method is None:
            what = _NOT_HERE.get(type(node).__name__, "this")
            raise self.fault(
                node,
                f"{what} is not part of the expressions here",
                help=SUMMARY,
            )
        self.terms += 1
        self.depth += 1
        if self.depth > self.limits.nesting:
            raise self.fault(
                node,
                f"the expression is nested deeper than {self.limits.nesting}",
                help=raised("nesting"),
                code="limit",
            )
        code: Code = method(node)
        self.depth -= 1
        return code

    def on_Constant(self, node: ast.Constant) -> Code:
        value = node.value
        source = self.text[node.col_offset : node.end_col_offset]
        if isinstance(value, bool) or value is None:
            raise self.fault(
                node,
                f"write {str(value).lower()}, not {source}"
                if value is not None
                else "None is no value",
                code="type",
            )
        if isinstance(value, str):
            return lambda env: value
        if not isinstance(value, (int, float, complex)):
            raise self.fault(node, "this is not part of the expressions here", help=SUMMARY)
        if (
            not isinstance(value, (int, float))
            or not re.match(r"[0-9.]", source)
            or source[:2].lower() in ("0x", "0b", "0o")
        ):
            raise self.fault(node, "numbers are written in decimal", code="syntax")
        if isinstance(value, int) and value > self.limits.integer:
            message = f"whole numbers go up to {self.limits.integer:,}"
            raise self.fault(node, message, help=raised("integer"), code="limit")
        if isinstance(value, float) and value == float("inf"):
            raise self.fault(node, "the number is not finite", code="value")
        return lambda env: value

    def on_Name(self, node: ast.Name) -> Code:
        name = node.id
        if name == "true":
            return lambda env: True
        if name == "false":
            return lambda env: False
        self.names[name] = None
        return lambda env: env.lookup(name)

    def on_Attribute(self, node: ast.Attribute) -> Code:
        if not isinstance(node.value, ast.Name):
            raise self.fault(
                node, "only a tensor has sizes: prev.channels, input.height", code="syntax"
            )
        tensor, name = node.value.id, node.attr
        if name not in DIMENSIONS:
            close = SIZES.get(name) or nearest(name, DIMENSIONS)
            help = "" if close else f"a tensor has {', '.join(DIMENSIONS)}"
            message = f"a tensor has no '{shorten(name)}'{meant(close)}"
            raise self.fault(node, message, help=help, code="unknown")
        self.tensors[tensor] = None
        return lambda env: env.dimension(tensor, name)

    def on_BinOp(self, node: ast.BinOp) -> Code:
        # a + b + c is one node in another on the left; a long sum is no deep one.
        chain = [node]
        while isinstance(chain[-1].left, ast.BinOp):
            chain.append(chain[-1].left)
        self.terms += len(chain) - 1
        first = self.compile(chain[-1].left)
        steps: list[tuple[str, Code]] = []
        for part in reversed(chain):
            operator = _BINARY.get(type(part.op))
            if operator is None:
                help = "a power is **" if isinstance(part.op, ast.BitXor) else "+ - * / // % ** are"
                raise self.fault(part, "there is no such operator here", help=help)
            steps.append((operator, self.compile(part.right)))
        if len(steps) == 1:
            only, right = steps[0]
            return lambda env: getattr(env.arithmetic, only)(first(env), right(env))

        def run(env: Environment) -> Any:
            value = first(env)
            for operator, code in steps:
                value = getattr(env.arithmetic, operator)(value, code(env))
            return value

        return run

    def on_UnaryOp(self, node: ast.UnaryOp) -> Code:
        operand = self.compile(node.operand)
        if isinstance(node.op, ast.USub):
            return lambda env: env.arithmetic.neg(operand(env))
        if isinstance(node.op, ast.Not):
            return lambda env: not env.arithmetic.decide(operand(env), "'not'")
        if isinstance(node.op, ast.UAdd):
            return lambda env: env.arithmetic.number(operand(env), "+")
        raise self.fault(node, "there is no such operator here", code="syntax")

    def on_BoolOp(self, node: ast.BoolOp) -> Code:
        parts = [self.compile(value) for value in node.values]
        stop = isinstance(node.op, ast.Or)
        word = "'or'" if stop else "'and'"

        def run(env: Environment) -> bool:
            for part in parts:
                if env.arithmetic.decide(part(env), word) is stop:
                    return stop
            return not stop

        return run

    def on_Compare(self, node: ast.Compare) -> Code:
        operands = [self.compile(value) for value in (node.left, *node.comparators)]
        operators: list[str] = []
        for op in node.ops:
            word = (
                "=="
                if isinstance(op, ast.Eq)
                else "!="
                if isinstance(op, ast.NotEq)
                else _ORDER.get(type(op))
            )
            if word is None:
                raise self.fault(
                    node,
                    "there is no such comparison here",
                    help="== != < <= > >= are",
                    code="syntax",
                )
            operators.append(word)

        def compare(env: Environment, word: str, a: Any, b: Any) -> Any:
            arithmetic = env.arithmetic
            if word == "==":
                return arithmetic.same(a, b)
            if word == "!=":
                return not arithmetic.decide(arithmetic.same(a, b))
            return arithmetic.order(word, a, b)

        if len(operators) == 1:
            only, left, right = operators[0], operands[0], operands[1]
            return lambda env: compare(env, only, left(env), right(env))

        def run(env: Environment) -> bool:
            value = operands[0](env)
            for word, operand in zip(operators, operands[1:], strict=True):
                following = operand(env)
                if not env.arithmetic.decide(compare(env, word, value, following)):
                    return False
                value = following
            return True

        return run

    def on_IfExp(self, node: ast.IfExp) -> Code:
        test, body, other = (
            self.compile(node.test),
            self.compile(node.body),
            self.compile(node.orelse),
        )
        return lambda env: body(env) if env.arithmetic.decide(test(env)) else other(env)

    def on_List(self, node: ast.List) -> Code:
        items = [self.compile(item) for item in node.elts]
        return lambda env: List((item(env) for item in items), env.arithmetic.limits)

    def on_Tuple(self, node: ast.Tuple) -> Code:
        inner = self.text[node.col_offset : node.end_col_offset].strip("()")
        if re.fullmatch("[0-9]{1,3}(,[0-9]{3})+", inner):
            help = f"write {inner.replace(',', '_')}"
            raise self.fault(node, "a number is written without commas", help=help)
        raise self.fault(
            node,
            "a list is written in square brackets",
            help=f"write [{shorten(inner.strip())}]",
            code="type",
        )

    def on_Subscript(self, node: ast.Subscript) -> Code:
        value, index = self.compile(node.value), self.compile(node.slice)

        def run(env: Environment) -> Any:
            found, at = value(env), index(env)
            if not isinstance(found, List):
                raise ExpressionFault(f"only a list has items, not {describe(found)}", code="type")
            at = env.arithmetic.concrete(env.arithmetic.integer(at))
            if not -len(found) <= at < len(found):
                raise ExpressionFault(
                    f"a list of {len(found)} has no item [{at}]",
                    help="items count from 0",
                    code="value",
                )
            return found[at]

        return run

    def on_Call(self, node: ast.Call) -> Code:
        if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS:
            name, close = "", None
            if isinstance(node.func, ast.Attribute):  # math.sqrt, torch.max
                name = self.text[node.func.col_offset : node.func.end_col_offset]
                close = node.func.attr if node.func.attr in FUNCTIONS else None
            elif isinstance(node.func, ast.Name):
                name = node.func.id
                close = nearest(name, FUNCTIONS)
            if not name or (isinstance(node.func, ast.Attribute) and not close):
                raise self.fault(node.func, "only a function's name can stand before a bracket")
            help = "" if close else f"there are {', '.join(FUNCTIONS)}"
            message = f"there is no function '{shorten(name)}'{meant(close)}"
            raise self.fault(node.func, message, help=help, code="unknown")
        name = node.func.id
        if node.keywords:
            raise self.fault(node, f"{name} takes its arguments by position", code="syntax")
        least, most = FUNCTIONS[name]
        arguments = [self.compile(a) for a in node.args]
        if not least <= len(arguments) <= most:
            wanted = some(most, "argument") if least == most else f"{least} to {most} arguments"
            raise self.fault(node, f"{name} takes {wanted}, got {len(arguments)}", code="type")

        def run(env: Environment) -> Any:
            return env.arithmetic.functions[name](*[a(env) for a in arguments])

        return run


class _Placing(_Compiler):
    """As its base, with the place of each term put into a fault that has none yet."""

    def on_BinOp(self, node: ast.BinOp) -> Code:
        left, right = self.compile(node.left), self.compile(node.right)
        operator = _BINARY[type(node.op)]
        return lambda env: getattr(env.arithmetic, operator)(left(env), right(env))

    def compile(self, node: ast.expr) -> Code:
        code = super().compile(node)
        start, end = node.col_offset, node.end_col_offset or node.col_offset + 1
        offset, width = self.indent + start, end - start

        def run(env: Environment) -> Any:
            try:
                return code(env)
            except ExpressionFault as fault:
                if not fault.width:
                    fault.offset, fault.width = offset, width
                raise

        return run
