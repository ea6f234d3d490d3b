"""Slots: the places of a spec where a value goes, and how each kind reads its text.

Number, truth and list slots read text as an expression; text slots are literal, with ``$name``
and ``$(expression)`` put in. A slot is read once; what is constant is worked out right there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from archcalc.language.arithmetic import Arithmetic, ExpressionFault, List, describe, too_long
from archcalc.language.expressions import (
    WORD,
    Code,
    Environment,
    Expression,
    Expressions,
    literal,
)
from archcalc.language.source import Item, Mapping, Scalar, Sequence
from archcalc.language.words import VALUES
from archcalc.limits import Limits, raised
from archcalc.problems import Complaint, Place, Problem, listed, meant, nearest, shorten
from archcalc.shapes import DIMENSIONS

Convert = Callable[[Any, Environment], Any]


class Slot:
    """A value to be: ``constant`` if known already, else ``code`` gives it."""

    __slots__ = ("code", "constant", "place")

    def __init__(self, constant: Any, code: Code | None, place: Place) -> None:
        self.constant = constant
        self.code = code
        self.place = place

    def value(self, env: Environment) -> Any:
        """The value. Raises `Complaint` with its place."""
        return self.constant if self.code is None else self.code(env)


class Reader:
    """Reads slots of one file; collects what is wrong with constants and syntax at once."""

    def __init__(
        self, limits: Limits, report: Callable[[Problem], None], expressions: Expressions
    ) -> None:
        self.limits = limits
        self.report = report
        self.expressions = expressions
        self.arithmetic = Arithmetic(limits)

    # The pieces that all kinds are made of.

    def _problem(self, item: Item, fault: ExpressionFault) -> Problem:
        place = item.place
        if isinstance(item, Scalar) and fault.width:
            place = item.part(fault.offset, fault.width)
        return Problem(fault.message, place, fault.help, code=fault.code)

    def _parse(self, item: Scalar, help: str = "") -> Expression | None:
        try:
            return self.expressions.parse(item.text)
        except ExpressionFault as fault:
            fault.help = fault.help or help
            self.report(self._problem(item, fault))
            return None

    def _finish(self, item: Item, code: Code, convert: Convert, constant: bool) -> Slot:
        """A slot of ``code``'s value, converted; worked out now if it is constant."""

        def run(env: Environment) -> Any:
            try:
                return convert(code(env), env)
            except ExpressionFault as fault:
                raise Complaint(self._problem(item, fault)) from None

        if not constant:
            return Slot(None, run, item.place)
        try:
            return Slot(run(NOTHING_KNOWN(self.arithmetic)), None, item.place)
        except Complaint as complaint:
            for problem in complaint.problems:
                self.report(problem)
            return broken(item)

    def _expression(self, item: Item, convert: Convert, what: str, help: str = "") -> Slot:
        """A scalar read as an expression."""
        if not isinstance(item, Scalar):
            found = "a list" if isinstance(item, Sequence) else "a mapping"
            self.report(Problem(f"{what} is needed here, got {found}", item.place, code="type"))
            return broken(item)
        value = literal(item.text)
        if value is not None:
            return self._finish(item, lambda env: value, convert, True)
        expression = self._parse(item, help)
        if expression is None:
            return broken(item)
        return self._finish(item, expression.code, convert, expression.constant)

    # Numbers and truth.

    def integer(self, item: Item) -> Slot:
        """A whole number."""
        return self._expression(item, lambda v, env: env.arithmetic.integer(v), "a whole number")

    def real(self, item: Item) -> Slot:
        """A number."""
        return self._expression(item, lambda v, env: env.arithmetic.real(v), "a number")

    def truth(self, item: Item) -> Slot:
        """``true`` or ``false``, not decided yet."""
        return self._expression(item, _truth, "true or false")

    def truth_or_auto(self, item: Item) -> Slot:
        """``true``, ``false`` or ``auto``."""
        if isinstance(item, Scalar) and item.text == "auto":
            return Slot("auto", None, item.place)
        return self.truth(item)

    # Lists.

    def value(self, item: Item) -> Slot:
        """Anything: an expression, or a list. A word in a list that names nothing is text."""
        if isinstance(item, Scalar):
            return self._expression(item, lambda v, env: v, "a value")
        if isinstance(item, Mapping):
            self.report(
                Problem(
                    "a number, text or list is needed here, got a mapping", item.place, code="type"
                )
            )
            return broken(item)
        return self._list(item)

    def _cell(self, item: Item) -> Slot:
        if isinstance(item, Sequence):
            return self._list(item)
        if isinstance(item, Scalar):
            value = literal(item.text)
            if value is not None:
                try:
                    return Slot(self.arithmetic.checked(value), None, item.place)
                except ExpressionFault as fault:
                    self.report(self._problem(item, fault))
                    return broken(item)
            if WORD.match(item.text):
                return self._word(item)
            if not item.plain and not _looks_computed(item.text):
                return Slot(item.text, None, item.place)
        if isinstance(item, Scalar) and not item.plain:
            return self._expression(item, lambda v, env: v, "a value", TEXT_IN_QUOTES)
        return self.value(item)

    def _word(self, item: Scalar) -> Slot:
        word = item.text
        return self._finish(item, lambda env: env.lookup(word), lambda v, env: v, False)

    def _list(self, item: Sequence) -> Slot:
        limits = self.limits
        # Said before the items are read: there may be very many.
        if len(item.items) > limits.list_items:
            self.report(self._problem(item, too_long(len(item.items), limits)))
            return broken(item)
        cells = [self._cell(i) for i in item.items]

        def run(env: Environment) -> List:
            env.arithmetic.spend(len(cells))
            return List([c.value(env) for c in cells], limits)

        return self._finish(item, run, lambda v, env: v, all(c.code is None for c in cells))

    def listed(self, item: Item) -> Slot:
        """A list, written as one or as an expression that gives one."""
        if isinstance(item, Sequence):
            return self._list(item)
        return self._expression(item, _is_list, "a list")

    def sizes(self, item: Item) -> Slot:
        """A whole number, or a list of such: one for each position."""
        if isinstance(item, Sequence):
            if not item.items:
                self.report(Problem("a list of sizes cannot be empty", item.place, code="empty"))
            if len(item.items) > self.limits.list_items:
                self.report(self._problem(item, too_long(len(item.items), self.limits)))
                return broken(item)
            cells = [self.integer(i) for i in item.items]

            def run(env: Environment) -> Any:
                env.arithmetic.spend(len(cells))
                return tuple([c.value(env) for c in cells])

            return self._finish(item, run, lambda v, env: v, all(c.code is None for c in cells))
        return self._expression(item, _sizes, "a whole number or a list of such")

    def padding(self, item: Item, words: tuple[str, ...]) -> Slot:
        """A whole number, a list of such, or one of ``words``."""
        if isinstance(item, Scalar):
            if item.text in words:
                return Slot(item.text, None, item.place)
            if "$" in item.text:
                return self.word(item, words, "padding")
            if WORD.match(item.text):
                known = item.text

                def run(value: Any, env: Environment) -> Any:
                    return (
                        value if isinstance(value, str) and value in words else _sizes(value, env)
                    )

                def look(env: Environment) -> Any:
                    try:
                        return env.lookup(known)
                    except ExpressionFault as fault:
                        fault.help = f"a number, a list, or one of {', '.join(words)}"
                        raise

                return self._finish(item, look, run, False)
        return self.sizes(item)

    # Text.

    def text(self, item: Item, *, name: bool = False) -> Slot:
        """Literal text, with ``$name`` and ``$(expression)`` put in."""
        if not isinstance(item, Scalar):
            found = "a list" if isinstance(item, Sequence) else "a mapping"
            self.report(Problem(f"text is needed here, got {found}", item.place, code="type"))
            return broken(item)
        if name:
            check: Convert = self._name
        else:
            check = lambda v, env: v  # noqa: E731
        if "$" not in item.text:
            text = item.text
            return self._finish(item, lambda env: text, check, True)
        try:
            parts = self._template(item.text)
        except ExpressionFault as fault:
            self.report(self._problem(item, fault))
            return broken(item)
        constant = all(isinstance(p, str) for p in parts)
        return self._finish(item, self._filled(parts), check, constant)

    def _filled(self, parts: list[str | Expression]) -> Code:
        """The text of a template."""
        limits = self.limits

        def run(env: Environment) -> str:
            found = [p if isinstance(p, str) else _text_of(p, env) for p in parts]
            if sum(map(len, found)) > limits.text:
                raise ExpressionFault(
                    f"a text made from others has at most {limits.text:,} characters",
                    code="limit",
                    help=raised("text"),
                )
            return "".join(found)

        return run

    def name(self, item: Item) -> Slot:
        """The name of a tensor or a part of a path."""
        return self.text(item, name=True)

    def _name(self, value: Any, env: Environment) -> Any:
        if not value.strip():
            raise ExpressionFault("a name cannot be empty", code="empty")
        if len(value) > self.limits.name:
            raise ExpressionFault(
                f"a name has at most {self.limits.name} characters, this one {len(value):,}",
                code="limit",
                help=raised("name"),
            )
        if value in ("prev", "input"):
            raise ExpressionFault(
                f"'{value}' is reserved: it is the tensor "
                + ("before a step" if value == "prev" else "that enters a network or a block"),
                code="value",
            )
        return value

    def word(self, item: Item, words: Iterable[str], what: str, help: str = "") -> Slot:
        """One of ``words``, literally or by ``$name``."""
        known = tuple(words)

        def check(value: Any, env: Environment) -> Any:
            if value in known:
                return value
            raise self._unknown_word(value, known, what, help)

        if not isinstance(item, Scalar):
            return self.text(item)
        if item.text in known:
            return Slot(item.text, None, item.place)
        if item.text in ("no", "off", "false") and "none" in known:
            self.report(
                Problem(f"{what} is a word: write none, not {item.text}", item.place, code="type")
            )
            return broken(item)
        try:
            parts = self._template(item.text)
        except ExpressionFault as fault:
            self.report(self._problem(item, fault))
            return broken(item)
        constant = all(isinstance(p, str) for p in parts)
        return self._finish(item, self._filled(parts), check, constant)

    def _unknown_word(
        self, value: object, known: tuple[str, ...], what: str, help: str
    ) -> ExpressionFault:
        """The fault of a word that is none of ``known``."""
        close: str | None = VALUES.get(str(value))
        close = close if close in known else nearest(str(value), known)
        if not close:
            help = help or f"there are {listed(known)}"
        message = f"there is no {what} '{shorten(str(value))}'{meant(close)}"
        return ExpressionFault(message, help="" if close else help, code="unknown")

    def dimension(self, item: Item) -> Slot:
        """The name of a dimension."""
        return self.word(item, (*DIMENSIONS, "auto"), "dimension")

    def _template(self, text: str) -> list[str | Expression]:
        parts: list[str | Expression] = []
        start = 0
        if "$" in text and len(text) > self.limits.expression:
            raise ExpressionFault(
                f"a text with $ in it has at most {self.limits.expression} characters, "
                f"this one {len(text):,}",
                code="limit",
                help=raised("expression"),
            )
        while True:
            at = text.find("$", start)
            if at < 0:
                break
            after = text[at + 1 : at + 2]
            if after == "(":
                end = _closing(text, at + 1)
                if end < 0:
                    raise ExpressionFault(
                        "the bracket of $( is never closed", code="syntax", offset=at, width=2
                    )
                inner, stop = text[at + 2 : end], end + 1
            else:
                match = _NAME.match(text, at + 1)
                if match is None:  # a lone $ is text
                    parts.append(text[start : at + 1])
                    start = at + 1
                    continue
                inner, stop = match.group(), match.end()
            parts.append(text[start:at])
            try:
                parts.append(self.expressions.parse(inner))
            except ExpressionFault as fault:
                fault.offset += at + (2 if after == "(" else 1)
                raise
            start = stop
        parts.append(text[start:])
        return parts


TEXT_IN_QUOTES: Final = "for text: {type: str, default: ..}, in a list one word each"

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def broken(item: Item) -> Slot:
    """The slot of something that was reported already: nothing is run, so it is never asked."""
    return Slot(None, None, item.place)


def _closing(text: str, opening: int) -> int:
    depth = 0
    for at in range(opening, len(text)):
        if text[at] == "(":
            depth += 1
        elif text[at] == ")":
            depth -= 1
            if not depth:
                return at
    return -1


def _looks_computed(text: str) -> bool:
    return any(c in text for c in "+-*/%()[]<>=!") or " " in text


def _truth(value: Any, env: Environment) -> Any:
    return env.arithmetic.decide(value, "")


def _is_list(value: Any, env: Environment) -> Any:
    if not isinstance(value, List):
        raise ExpressionFault(f"a list is needed, got {describe(value)}", code="type")
    return value


def _sizes(value: Any, env: Environment) -> Any:
    integer = env.arithmetic.integer
    if isinstance(value, List):
        if not value:
            raise ExpressionFault("a list of sizes cannot be empty", code="empty")
        return tuple([integer(v) for v in value])
    return integer(value)


def _text_of(part: Expression, env: Environment) -> str:
    return _as_text(env.arithmetic.concrete(part.code(env)))


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if type(value) is int or type(value) is float:
        return f"{value:g}" if isinstance(value, float) else str(value)
    raise ExpressionFault(f"{describe(value)} cannot stand in text", code="type")


class NOTHING_KNOWN:
    """The environment of constants."""

    def __init__(self, arithmetic: Arithmetic) -> None:
        self.arithmetic = arithmetic

    def lookup(self, name: str) -> Any:
        raise ExpressionFault(f"there is no name '{name}' here", code="reference")

    def dimension(self, tensor: str, name: str) -> Any:
        raise ExpressionFault(f"there is no tensor '{tensor}' here", code="reference")
