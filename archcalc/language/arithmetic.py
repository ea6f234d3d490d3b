"""The arithmetic of expressions on plain numbers, with its bounds.

Expressions and slots reach every operation through an `Arithmetic`: a sweep brings one that
works on arrays. Truth that a decision hangs on is asked for through `decide` alone, so that a
sweep can answer by splitting its configurations there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, Final

from archcalc.limits import Limits, raised


class ExpressionFault(Exception):
    """What is wrong with an expression; ``offset`` and ``width`` are characters of its text."""

    def __init__(
        self,
        message: str,
        *,
        help: str = "",
        code: str = "value",
        offset: int = 0,
        width: int = 0,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.help = help
        self.code = code
        self.offset = offset
        self.width = width


class List(tuple[Any, ...]):
    """A list in an expression. ``weight`` counts what is in it, lists in lists included."""

    weight: int

    def __new__(cls, items: Iterable[Any], limits: Limits) -> List:
        self = super().__new__(cls, items)
        if len(self) > limits.list_items:
            raise too_long(len(self), limits)
        self.weight = sum(i.weight if isinstance(i, List) else 1 for i in self)
        if self.weight > 16 * limits.list_items:
            raise ExpressionFault(
                f"lists in lists hold at most {16 * limits.list_items:,} items, "
                f"this one {self.weight:,}",
                code="limit",
                help=raised("list_items"),
            )
        return self


def too_long(items: int, limits: Limits) -> ExpressionFault:
    """The fault of a list that holds too much."""
    return ExpressionFault(
        f"a list holds at most {limits.list_items:,} items, this one {items:,}",
        code="limit",
        help=raised("list_items"),
    )


def describe(value: Any) -> str:
    """A value as a message shows it: ``the number 3``, ``the text 'relu'``, ``a list of 4``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return f"the number {value}"
    if isinstance(value, str):
        shown = value if len(value) <= 40 else value[:40] + "…"
        return f"the text '{shown}'"
    if isinstance(value, tuple):
        return f"a list of {len(value)}"
    # An array; a message shows the one value that it has.
    return describe(value.item()) if hasattr(value, "item") else "nothing"


class Arithmetic:
    """Operations on whole numbers, floats, truth values, text and lists."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.spent = 0
        """What has been worked out so far, as `spend` counts it."""
        self.functions: dict[str, Callable[..., Any]] = {
            name: getattr(self, f"fn_{name}") for name in FUNCTIONS
        }

    def spend(self, amount: int) -> None:
        """Counts ``amount`` more terms or items, so that no spec keeps the machine for long."""
        self.spent += amount
        if self.spent > self.limits.work:
            raise ExpressionFault(
                f"there is too much to work out: more than {self.limits.work:,} terms and items",
                code="limit",
                help=raised("work"),
            )

    # Kinds of values.

    def is_number(self, value: Any) -> bool:
        return type(value) is int or type(value) is float

    def number(self, value: Any, what: str) -> Any:
        """``value``, if it is a number. Text that names nothing gets a hint in the message."""
        if not self.is_number(value):
            raise ExpressionFault(f"{what} needs numbers, got {describe(value)}", code="type")
        return value

    def checked(self, value: Any) -> Any:
        """``value``, if it is within what a spec may hold."""
        if type(value) is int:
            if -self.limits.integer <= value <= self.limits.integer:
                return value
            raise ExpressionFault(
                f"whole numbers go up to {self.limits.integer:,}",
                code="limit",
                help=raised("integer"),
            )
        if type(value) is float and not math.isfinite(value):
            raise ExpressionFault("the result is not a finite number", code="value")
        return value

    # What a decision hangs on.

    def decide(self, value: Any, what: str = "a condition") -> bool:
        """A truth value, concrete."""
        if type(value) is not bool:
            wanted = f"{what} must be true or false" if what else "true or false is needed"
            raise ExpressionFault(f"{wanted}, got {describe(value)}", code="type")
        return value

    def concrete(self, value: Any) -> Any:
        """One value, where structure hangs on it (a repeat count, an index) or words show it."""
        return value

    def same(self, left: Any, right: Any) -> Any:
        """``left == right``, of any kinds."""
        if type(left) is bool or type(right) is bool:
            return left is right
        if isinstance(left, List) and isinstance(right, List):
            self.spend(min(left.weight, right.weight))
        return left == right

    def integer(self, value: Any) -> Any:
        """``value`` as a whole number; 32.0 is one, 31.5 and true are not."""
        if type(value) is int:
            return self.checked(value)
        if type(value) is float:
            if value.is_integer():
                return self.checked(int(value))
            raise ExpressionFault(f"a whole number is needed, got {value:g}", code="type")
        raise ExpressionFault(f"a whole number is needed, got {describe(value)}", code="type")

    def real(self, value: Any) -> Any:
        """``value`` as a finite number."""
        if self.is_number(value):
            return self.checked(value)
        raise ExpressionFault(f"a number is needed, got {describe(value)}", code="type")

    # Operators.

    def add(self, a: Any, b: Any) -> Any:
        if isinstance(a, List) and isinstance(b, List):
            self.spend(len(a) + len(b))
            return List((*a, *b), self.limits)
        return self.checked(self.number(a, "+") + self.number(b, "+"))

    def sub(self, a: Any, b: Any) -> Any:
        return self.checked(self.number(a, "-") - self.number(b, "-"))

    def mul(self, a: Any, b: Any) -> Any:
        if isinstance(a, List) and type(b) is int:
            if len(a) * b > self.limits.list_items:
                raise ExpressionFault(
                    f"a list holds at most {self.limits.list_items:,} items",
                    code="limit",
                    help=raised("list_items"),
                )
            self.spend(len(a) * max(b, 0))
            return List(tuple(a) * b, self.limits)
        if isinstance(b, List) and type(a) is int:
            return self.mul(b, a)
        return self.checked(self.number(a, "*") * self.number(b, "*"))

    def nonzero(self, b: Any, what: str) -> Any:
        if b == 0:
            raise ExpressionFault(f"{what} by zero")
        return b

    def div(self, a: Any, b: Any) -> Any:
        a, b = self.number(a, "/"), self.nonzero(self.number(b, "/"), "division")
        return self.checked(a / b)

    def floordiv(self, a: Any, b: Any) -> Any:
        a, b = self.number(a, "//"), self.nonzero(self.number(b, "//"), "division")
        return self.checked(a // b)

    def mod(self, a: Any, b: Any) -> Any:
        a, b = self.number(a, "%"), self.nonzero(self.number(b, "%"), "remainder of division")
        return self.checked(a % b)

    def pow(self, a: Any, b: Any) -> Any:
        a, b = self.number(a, "**"), self.number(b, "**")
        if type(a) is int and type(b) is int and b > 0 and a.bit_length() * b > 4096:
            if abs(a) <= 1:
                return a if b % 2 else a * a
            raise ExpressionFault(
                f"whole numbers go up to {self.limits.integer:,}; {a}**{b} is more",
                code="limit",
                help=raised("integer"),
            )
        try:
            result = a**b
        except ZeroDivisionError:
            raise ExpressionFault("zero to a negative power") from None
        except OverflowError:
            raise ExpressionFault("the result is not a finite number") from None
        if isinstance(result, complex):
            raise ExpressionFault("a fractional power of a negative number")
        return self.checked(result)

    def neg(self, a: Any) -> Any:
        return -self.number(a, "-")

    def order(self, operator: str, a: Any, b: Any) -> Any:
        """``a < b`` and its like, of numbers."""
        a, b = self.number(a, operator), self.number(b, operator)
        return COMPARISONS[operator](a, b)

    # Functions. Their names are those of the language, behind `fn_`.

    def _numbers(self, name: str, values: tuple[Any, ...]) -> tuple[Any, ...]:
        found = values
        if len(values) == 1 and isinstance(values[0], List):
            found = self._list(name, values[0])
        if not found:
            raise ExpressionFault(f"{name} of nothing")
        for value in found:
            self.number(value, name)
        return tuple(found)

    def _list(self, name: str, value: Any) -> List:
        if not isinstance(value, List):
            raise ExpressionFault(f"{name} needs a list, got {describe(value)}", code="type")
        self.spend(len(value))
        return value

    def fn_min(self, *values: Any) -> Any:
        return min(self._numbers("min", values))

    def fn_max(self, *values: Any) -> Any:
        return max(self._numbers("max", values))

    def fn_abs(self, x: Any) -> Any:
        return abs(self.number(x, "abs"))

    def fn_round(self, x: Any) -> Any:
        x = self.number(x, "round")
        below = math.floor(x)  # x + 0.5 would itself be rounded
        return self.checked(below + (x - below >= 0.5))

    def fn_floor(self, x: Any) -> Any:
        return self.checked(math.floor(self.number(x, "floor")))

    def fn_ceil(self, x: Any) -> Any:
        return self.checked(math.ceil(self.number(x, "ceil")))

    def fn_int(self, x: Any) -> Any:
        return self.checked(int(self.number(x, "int")))

    def fn_float(self, x: Any) -> Any:
        return float(self.number(x, "float"))

    def fn_sum(self, values: Any) -> Any:
        total: Any = 0
        for value in self._list("sum", values):
            total = self.add(total, self.number(value, "sum"))
        return total

    def fn_len(self, values: Any) -> Any:
        if not isinstance(values, List):
            raise ExpressionFault(f"len needs a list, got {describe(values)}", code="type")
        return len(values)

    def fn_sqrt(self, x: Any) -> Any:
        if self.number(x, "sqrt") < 0:
            raise ExpressionFault("the square root of a negative number")
        return math.sqrt(x)

    def fn_log2(self, x: Any) -> Any:
        if self.number(x, "log2") <= 0:
            raise ExpressionFault("the logarithm of a number that is not positive")
        return math.log2(x)

    def fn_range(self, *bounds: Any) -> Any:
        numbers = [self.concrete(self.integer(b)) for b in bounds]
        if len(numbers) == 3 and numbers[2] == 0:
            raise ExpressionFault("a range with step 0 never ends")
        found = range(*numbers)
        if len(found) > self.limits.list_items:
            raise ExpressionFault(
                f"a list holds at most {self.limits.list_items:,} items, this range {len(found):,}",
                code="limit",
                help="repeat: N needs no list",
            )
        self.spend(len(found))
        return List(found, self.limits)

    def fn_zip(self, *lists: Any) -> Any:
        found = [self._list("zip", values) for values in lists]
        lengths = [len(values) for values in found]
        if len(set(lengths)) > 1:
            shown = ", ".join(str(n) for n in lengths)
            raise ExpressionFault(f"zip needs lists of one length, got {shown}")
        return List((List(row, self.limits) for row in zip(*found, strict=True)), self.limits)

    def fn_enumerate(self, values: Any) -> Any:
        rows = enumerate(self._list("enumerate", values))
        return List((List(row, self.limits) for row in rows), self.limits)

    def fn_reversed(self, values: Any) -> Any:
        return List(reversed(self._list("reversed", values)), self.limits)

    def fn_linspace(self, start: Any, stop: Any, count: Any) -> Any:
        start, stop = self.real(start), self.real(stop)
        count = self.concrete(self.integer(count))
        if not 1 <= count <= self.limits.list_items:
            raise ExpressionFault(
                f"linspace makes 1 to {self.limits.list_items:,} numbers, not {count}",
                code="limit",
                help=raised("list_items"),
            )
        self.spend(count)
        step = (stop - start) / (count - 1) if count > 1 else 0.0
        inner = [start + step * i for i in range(count)]
        if count > 1:
            inner[-1] = stop  # exactly, whatever the steps have lost
        return List(inner, self.limits)

    def fn_make_divisible(self, value: Any, divisor: Any = 8, least: Any = None) -> Any:
        """The nearest multiple of ``divisor`` that does not lose more than 10 % (MobileNet)."""
        value = self.number(value, "make_divisible")
        divisor = self.integer(divisor)
        if divisor < 1:
            raise ExpressionFault("make_divisible needs a divisor of at least 1")
        least = divisor if least is None else self.integer(least)
        found = max(least, int(value + divisor / 2) // divisor * divisor)
        if found < 0.9 * value:
            found += divisor
        return self.checked(found)


FUNCTIONS: Final[dict[str, tuple[int, int]]] = {
    "min": (1, 64),
    "max": (1, 64),
    "abs": (1, 1),
    "round": (1, 1),
    "floor": (1, 1),
    "ceil": (1, 1),
    "int": (1, 1),
    "float": (1, 1),
    "sum": (1, 1),
    "len": (1, 1),
    "sqrt": (1, 1),
    "log2": (1, 1),
    "range": (1, 3),
    "zip": (1, 64),
    "enumerate": (1, 1),
    "reversed": (1, 1),
    "linspace": (3, 3),
    "make_divisible": (1, 3),
}
"""The functions of the language, with how few and how many arguments each takes."""

COMPARISONS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
