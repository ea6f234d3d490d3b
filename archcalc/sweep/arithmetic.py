"""The arithmetic of expressions on arrays, giving what it gives on plain numbers.

Each operation has a quick way that is taken where it is certain to give the same to the last bit;
everything else is done value by value with the plain arithmetic. Where some configurations then
fail, or give another type, they are split off: each part meets one outcome, as a single run does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from archcalc.language.arithmetic import Arithmetic, ExpressionFault, List
from archcalc.limits import Limits
from archcalc.sweep.arrays import BOUND, FLOATS, Array, Grid, Many, Split

WORDS = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge"}


def _numeric(value: Any) -> bool:
    """A plain number, or an array of numbers."""
    if isinstance(value, Many):
        return not (isinstance(value, Array) and value.data.dtype.kind == "b")
    return type(value) is int or type(value) is float


def _whole(value: Any) -> bool:
    return value.whole if isinstance(value, Many) else type(value) is int


def _exact(value: Any) -> bool:
    """Whether a float can hold it: floats, and whole numbers that are not too large."""
    if isinstance(value, Many):
        if not value.whole:
            return True
        low, high = value.bounds()
        return max(-low, high) <= FLOATS
    return type(value) is float or abs(value) <= FLOATS


def _is_float(value: Any) -> bool:
    return not value.whole if isinstance(value, Many) else type(value) is float


class ArrayArithmetic(Arithmetic):
    """As `Arithmetic`, for values that may be arrays over the axes of ``grid``."""

    def __init__(self, limits: Limits, grid: Grid) -> None:
        super().__init__(limits)
        self.grid = grid
        # It works many configurations out, of which each has all the work that a spec may take.
        self.plain = Arithmetic(limits._replace(work=2**62))

    def each(self, function: Callable[..., Any], *values: Any) -> Any:
        """``function`` of every configuration's values, by the plain arithmetic.

        One outcome for all is returned, or raised; several are a `Split`.
        """
        along, rows, alive = self.grid.rows(*values)
        left = None if alive is None else alive.ravel().tolist()
        kinds: dict[Any, int] = {}
        labels: list[int] = []
        results: list[Any] = []
        fault: ExpressionFault | None = None
        seen: dict[Any, tuple[int, Any]] = {}
        for number, row in enumerate(rows):
            if left is not None and not left[number]:
                labels.append(-1)
                results.append(None)
                continue
            found = seen.get(row)
            if found is None:
                result: Any = None
                try:
                    result = function(*row)
                    kind: Any = type(result)
                except ExpressionFault as raised:
                    fault = raised
                    kind = (raised.message, raised.help, raised.code)
                found = seen[row] = (kinds.setdefault(kind, len(kinds)), result)
            labels.append(found[0])
            results.append(found[1])
        shape = self.grid.shape(along)
        if len(kinds) > 1:
            codes = np.array(labels).reshape(shape)
            raise Split(np.where(codes < 0, 0, codes), along)
        if fault is not None:
            raise fault
        kind = next(iter(kinds))
        if -1 in labels:
            first = next(r for r in results if r is not None)
            results = [first if label < 0 else r for label, r in zip(labels, results, strict=True)]
        if kind is bool:
            return self.grid.folded(np.array(results, dtype=bool).reshape(shape), along)
        if kind is float:
            return self.grid.made(np.array(results, dtype=np.float64).reshape(shape), along)
        wide = max(max(results), -min(results)) > BOUND
        data = np.array(results, dtype=object if wide else np.int64).reshape(shape)
        return self.grid.made(data, along)

    # Kinds of values.

    def is_number(self, value: Any) -> bool:
        return _numeric(value)

    def number(self, value: Any, what: str) -> Any:
        if isinstance(value, Many) and not _numeric(value):
            value = value.item()
        return super().number(value, what)

    def checked(self, value: Any) -> Any:
        if not isinstance(value, Many):
            return super().checked(value)
        if value.whole:
            low, high = value.bounds()
            most = self.limits.integer
            if -most <= low and high <= most:
                return value
            value = value.dense()
            low, high = value.tightened()
            if -most <= low and high <= most:
                return value
        elif np.isfinite(value.dense().data).all():
            return value
        return self.each(self.plain.checked, value)

    # What a decision hangs on.

    def decide(self, value: Any, what: str = "a condition") -> bool:
        return super().decide(value.item() if isinstance(value, Many) else value, what)

    def concrete(self, value: Any) -> Any:
        return value.item() if isinstance(value, Many) else value

    def same(self, left: Any, right: Any) -> Any:
        if not isinstance(left, Many) and not isinstance(right, Many):
            return super().same(left, right)
        if _numeric(left) and _numeric(right):
            return _compared(left, "eq", right)
        kinds = [isinstance(v, (bool, Many)) for v in (left, right)]
        if not all(kinds) or _numeric(left) or _numeric(right):
            return False  # of different kinds
        return self.each(self.plain.same, left, right)

    def integer(self, value: Any) -> Any:
        if not isinstance(value, Many):
            return super().integer(value)
        if not _numeric(value):
            return super().integer(value.item())
        if value.whole:
            return self.checked(value)
        data = value.dense().data
        if (np.abs(data) <= FLOATS).all() and (data == np.floor(data)).all():
            return self.checked(self.grid.made(data.astype(np.int64), value.along))
        return self.each(self.plain.integer, value)

    def real(self, value: Any) -> Any:
        if isinstance(value, Many) and not _numeric(value):
            value = value.item()
        return super().real(value)

    # Operators.

    def _two(self, sign: str, word: str, a: Any, b: Any) -> Any:
        """An operation of two numbers that is the same in NumPy and Python."""
        a, b = self.number(a, sign), self.number(b, sign)
        if _whole(a) and _whole(b):
            if word == "add":
                return self.checked(a + b)
            return self.checked(a - b if word == "sub" else a * b)
        return self.checked(self.grid.floats(word, _dense(a), _dense(b)))

    def add(self, a: Any, b: Any) -> Any:
        if not _several(a, b):
            return super().add(a, b)
        return self._two("+", "add", a, b)

    def sub(self, a: Any, b: Any) -> Any:
        if not _several(a, b):
            return super().sub(a, b)
        return self._two("-", "sub", a, b)

    def mul(self, a: Any, b: Any) -> Any:
        if isinstance(a, List) and isinstance(b, Many):
            b = b.item()
        if isinstance(b, List) and isinstance(a, Many):
            a = a.item()
        if not _several(a, b):
            return super().mul(a, b)
        return self._two("*", "mul", a, b)

    def div(self, a: Any, b: Any) -> Any:
        if not _several(a, b):
            return super().div(a, b)
        a, b = self.number(a, "/"), self.number(b, "/")
        if _exact(a) and _exact(b) and _never_zero(b):
            return self.checked(self.grid.floats("div", _dense(a), _dense(b)))
        return self.each(self.plain.div, a, b)

    def floordiv(self, a: Any, b: Any) -> Any:
        if not _several(a, b):
            return super().floordiv(a, b)
        a, b = self.number(a, "//"), self.number(b, "//")
        if _whole(a) and _whole(b) and _never_zero(b):
            return self.checked(self.grid.divide(a, b))
        return self.each(self.plain.floordiv, a, b)

    def mod(self, a: Any, b: Any) -> Any:
        if not _several(a, b):
            return super().mod(a, b)
        a, b = self.number(a, "%"), self.number(b, "%")
        if _whole(a) and _whole(b) and _never_zero(b):
            return self.checked(self.grid.combine("mod", a, b))
        return self.each(self.plain.mod, a, b)

    def pow(self, a: Any, b: Any) -> Any:
        if not _several(a, b):
            return super().pow(a, b)
        return self.each(self.plain.pow, self.number(a, "**"), self.number(b, "**"))

    def neg(self, a: Any) -> Any:
        if not isinstance(a, Many):
            return super().neg(a)
        a = self.number(a, "-")
        return -a if _whole(a) else self.grid.floats("mul", a, -1.0)

    def order(self, operator: str, a: Any, b: Any) -> Any:
        if not _several(a, b):
            return super().order(operator, a, b)
        a, b = self.number(a, operator), self.number(b, operator)
        return _compared(a, WORDS[operator], b)

    # Functions.

    def _extreme(self, name: str, values: tuple[Any, ...]) -> Any:
        found = self._numbers(name, values)
        plain = self.plain.fn_min if name == "min" else self.plain.fn_max
        if not _several(*found):
            return plain(*found)
        result: Any = found[0]
        if all(map(_whole, found)):
            for value in found[1:]:
                result = self.grid.combine(name, result, value)
        elif all(map(_is_float, found)):
            for value in found[1:]:
                result = self.grid.floats(name, result, value)
        else:  # which of them it is decides whether it is a whole number
            return self.each(plain, *found)
        return result

    def fn_min(self, *values: Any) -> Any:
        return self._extreme("min", values)

    def fn_max(self, *values: Any) -> Any:
        return self._extreme("max", values)

    def fn_abs(self, x: Any) -> Any:
        x = self.number(x, "abs")
        return self.each(self.plain.fn_abs, x) if isinstance(x, Many) else super().fn_abs(x)

    def _rounded(self, name: str, x: Any, rounded: Callable[[Any], Any]) -> Any:
        x = self.number(x, name)
        plain = self.plain.functions[name]
        if not isinstance(x, Many):
            return plain(x)
        if x.whole:
            return x
        data = x.dense().data
        if (np.abs(data) < FLOATS // 2).all():
            whole = rounded(data).astype(np.int64)
            return self.checked(self.grid.made(whole, x.along))
        return self.each(plain, x)

    def fn_round(self, x: Any) -> Any:
        return self._rounded("round", x, lambda data: np.floor(data) + (data % 1 >= 0.5))

    def fn_floor(self, x: Any) -> Any:
        return self._rounded("floor", x, np.floor)

    def fn_ceil(self, x: Any) -> Any:
        return self._rounded("ceil", x, np.ceil)

    def fn_int(self, x: Any) -> Any:
        return self._rounded("int", x, np.trunc)

    def fn_float(self, x: Any) -> Any:
        x = self.number(x, "float")
        if not isinstance(x, Many):
            return super().fn_float(x)
        return self.each(self.plain.fn_float, x) if x.whole else x

    def fn_sqrt(self, x: Any) -> Any:
        x = self.number(x, "sqrt")
        return self.each(self.plain.fn_sqrt, x) if isinstance(x, Many) else super().fn_sqrt(x)

    def fn_log2(self, x: Any) -> Any:
        x = self.number(x, "log2")
        return self.each(self.plain.fn_log2, x) if isinstance(x, Many) else super().fn_log2(x)

    def fn_linspace(self, start: Any, stop: Any, count: Any) -> Any:
        if not _several(start, stop):
            return super().fn_linspace(start, stop, count)
        start, stop = self.real(start), self.real(stop)
        count = self.concrete(self.integer(count))
        one = super().fn_linspace(0.0, 1.0, count)  # refuses a count that is none
        items = (
            self.each(lambda a, b, k=k: self.plain.fn_linspace(a, b, count)[k], start, stop)
            for k in range(len(one))
        )
        return List(items, self.limits)

    def fn_make_divisible(self, value: Any, divisor: Any = 8, least: Any = None) -> Any:
        if not _several(value, divisor, least):
            return super().fn_make_divisible(value, divisor, least)
        value = self.number(value, "make_divisible")
        divisor = self.integer(divisor)
        least = None if least is None else self.integer(least)
        if isinstance(value, Many) and type(divisor) is int and divisor >= 1:
            data = value.dense().data.astype(np.float64)
            floor = divisor if least is None else least
            small = _exact(value) and (np.abs(data) < FLOATS // 4).all() and divisor < FLOATS // 4
            if small and type(floor) is int and abs(floor) < FLOATS // 4:
                found = np.trunc(data + divisor / 2).astype(np.int64) // divisor * divisor
                found = np.maximum(found, floor)
                found = found + divisor * (found < 0.9 * data)
                return self.checked(self.grid.made(found, value.along))
        if least is None:
            return self.each(self.plain.fn_make_divisible, value, divisor)
        return self.each(self.plain.fn_make_divisible, value, divisor, least)


def _several(*values: Any) -> bool:
    """Whether any of them is an array."""
    return any(isinstance(value, Many) for value in values)


def _dense(value: Any) -> Any:
    return value.dense() if isinstance(value, Many) else value


def _compared(a: Any, word: str, b: Any) -> Any:
    """A comparison with the array first."""
    if isinstance(a, Many):
        return a.grid.compare(word, a, b)
    mirrored = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}.get(word, word)
    return b.grid.compare(mirrored, b, a)


def _never_zero(value: Any) -> bool:
    if not isinstance(value, Many):
        return bool(value != 0)
    return bool((value.dense().data != 0).all())
