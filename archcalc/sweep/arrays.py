"""Whole numbers in many configurations at once: what the rules see as a size in a sweep.

The configurations of a walk are a grid: every combination of the positions along its axes. A
number that hangs on one axis is an `Array` over that axis alone, and stays one: the product of a
width's number and a resolution's is kept as the pair of its factors, in a `Sum` of such products.
So an axis that a layer does not depend on is never multiplied out; only totals are, once.

Exact: beside each array stand bounds of what it can hold (Python integers, by interval
arithmetic). Where they leave the range of 64 bits the same operation is done on Python integers.
Nothing can wrap.

What is equal is one object: results are remembered by operation and operands, and by content, so
that a network which repeats itself is worked out once here, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from math import gcd
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Data = NDArray[Any]
Scalar = int | float | bool

BOUND: Final = 2**62
"""Magnitudes up to which 64-bit integers are used."""
FLOATS: Final = 2**53
"""Magnitudes up to which a float holds every whole number."""
JOINT: Final = 2**15
"""Elements of an array over several axes; a walk that needs more is done in parts."""
TERMS: Final = 64
"""Products that a sum may have and still be multiplied by a sum, product by product."""


class Split(Exception):
    """One value is needed where the configurations have several; ``labels`` tells them apart."""

    def __init__(self, labels: Data, along: int) -> None:
        super().__init__("several values where one is needed")
        self.labels = labels
        """A small whole number for each position along the axes ``along`` (a bit for each)."""
        self.along = along


class TooWide(Exception):
    """An array over several axes would become too large."""

    def __init__(self, along: int) -> None:
        super().__init__("too many configurations at once")
        self.along = along


class Stop(Exception):
    """Every configuration has been refused; there is nothing left to walk for."""


class Many:
    """A number, or a truth value, for each configuration."""

    __slots__ = ("along", "grid")

    grid: Grid
    along: int
    """The axes that it depends on, a bit for each."""

    def dense(self) -> Array:
        """All its values in one array."""
        raise NotImplementedError

    def at(self, position: Sequence[int]) -> Any:
        """Its value at a position of the grid, as a plain number."""
        raise NotImplementedError

    def bounds(self) -> tuple[int, int]:
        """What it can't be less than, and more than (of whole numbers)."""
        raise NotImplementedError

    @property
    def whole(self) -> bool:
        """Whether these are whole numbers."""
        return True

    # Where a plain value is needed: the one that all have, or a `Split`.

    def item(self) -> Any:
        """The value that it has in every configuration. Raises `Split` if there are several."""
        return self.dense().item()

    def __bool__(self) -> bool:
        return bool(self.item())

    def __index__(self) -> int:
        return int(self.item())

    __int__ = __index__

    def __str__(self) -> str:
        return str(self.item())

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec)

    __hash__ = object.__hash__

    def any(self) -> bool:
        """Whether it holds in any configuration."""
        return bool(self.dense().data.any())

    def all(self) -> bool:
        """Whether it holds, where either it does in all configurations or in none."""
        return bool(self.item())

    # Arithmetic of whole numbers, as the rules of the layers use it.

    def __add__(self, other: Any) -> Any:
        return self.grid.add(self, other)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return self.grid.add(self, self.grid.times(other, -1))

    def __rsub__(self, other: Any) -> Any:
        return self.grid.add(self.grid.times(self, -1), other)

    def __mul__(self, other: Any) -> Any:
        return self.grid.times(self, other)

    __rmul__ = __mul__

    def __neg__(self) -> Any:
        return self.grid.times(self, -1)

    def __floordiv__(self, other: Any) -> Any:
        return self.grid.divide(self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return self.grid.divide(other, self)

    def __mod__(self, other: Any) -> Any:
        return self.grid.combine("mod", self, other)

    def __rmod__(self, other: Any) -> Any:
        return self.grid.combine("mod", other, self)

    def __pow__(self, power: Any) -> Any:
        if type(power) is not int or power < 0:
            return NotImplemented
        result: Any = 1
        for _ in range(power):
            result = self.grid.times(self, result)
        return result

    # Comparisons, and what joins them.

    def __eq__(self, other: object) -> Any:
        return self.grid.compare("eq", self, other)

    def __ne__(self, other: object) -> Any:
        return self.grid.compare("ne", self, other)

    def __lt__(self, other: Any) -> Any:
        return self.grid.compare("lt", self, other)

    def __le__(self, other: Any) -> Any:
        return self.grid.compare("le", self, other)

    def __gt__(self, other: Any) -> Any:
        return self.grid.compare("gt", self, other)

    def __ge__(self, other: Any) -> Any:
        return self.grid.compare("ge", self, other)

    def __or__(self, other: Any) -> Any:
        return self.grid.join("or", self, other)

    __ror__ = __or__

    def __and__(self, other: Any) -> Any:
        return self.grid.join("and", self, other)

    __rand__ = __and__


class Array(Many):
    """Values over the axes ``along``, each once: the other axes have length 1 in ``data``."""

    __slots__ = ("data", "high", "low")

    def __init__(self, grid: Grid, data: Data, along: int, low: int, high: int) -> None:
        self.grid = grid
        self.data = data
        self.along = along
        self.low = low
        self.high = high

    def __repr__(self) -> str:
        return f"<{self.data.dtype} array of {self.data.size}>"

    def dense(self) -> Array:
        return self

    def at(self, position: Sequence[int]) -> Any:
        shape = self.data.shape
        value = self.data[tuple(p if n > 1 else 0 for p, n in zip(position, shape, strict=True))]
        return value.item() if isinstance(value, np.generic) else value

    def bounds(self) -> tuple[int, int]:
        return self.low, self.high

    @property
    def whole(self) -> bool:
        return self.data.dtype.kind in "iO"

    def item(self) -> Any:
        data = self.grid.living(self)
        first = data[0]
        if (data == first).all():
            return first.item() if isinstance(first, np.generic) else first
        raise Split(self.grid.labels(self), self.along)

    def tightened(self) -> tuple[int, int]:
        """The bounds as they really are."""
        self.low, self.high = int(self.data.min()), int(self.data.max())
        return self.low, self.high


Term = tuple[int, tuple[Array, ...]]
"""A coefficient times arrays over different axes."""


class Sum(Many):
    """A sum of products of arrays over different axes. What is added is put together when read."""

    __slots__ = ("_pending", "_terms")

    def __init__(
        self,
        grid: Grid,
        along: int,
        terms: dict[tuple[int, ...], Term] | None,
        pending: tuple[tuple[int, Any], ...] = (),
    ) -> None:
        self.grid = grid
        self.along = along
        self._terms = terms
        self._pending = pending
        """Pairs of a factor and what it multiplies: a plain number or a `Many`."""

    def __repr__(self) -> str:
        return f"<sum of {len(self.terms)} products>"

    @property
    def terms(self) -> dict[tuple[int, ...], Term]:
        """The products by their arrays' identities."""
        if self._terms is None:
            found: dict[tuple[int, ...], Term] = {}
            waiting = list(reversed(self._pending))
            scales = [1] * len(waiting)
            while waiting:  # not by recursion: a network's total is a sum of as many sums
                factor, value = waiting.pop()
                factor *= scales.pop()
                if isinstance(value, Sum):
                    if value._terms is None:
                        waiting.extend(reversed(value._pending))
                        scales.extend([factor] * len(value._pending))
                        continue
                    for key, (coefficient, arrays) in value._terms.items():
                        _enter(found, key, coefficient * factor, arrays)
                elif isinstance(value, Array):
                    value = self.grid.as_whole(value)
                    _enter(found, (id(value),), factor, (value,))
                else:
                    _enter(found, (), factor * value, ())
            self._terms = {key: term for key, term in found.items() if term[0]}
            self._pending = ()
        return self._terms

    def dense(self) -> Array:
        return self.grid.dense(self)

    def at(self, position: Sequence[int]) -> int:
        total = 0
        for coefficient, arrays in self.terms.values():
            for array in arrays:
                coefficient *= array.at(position)
            total += coefficient
        return total

    def bounds(self) -> tuple[int, int]:
        low = high = 0
        for coefficient, arrays in self.terms.values():
            a, b = sorted((coefficient, coefficient))
            for array in arrays:
                a, b = _product_bounds(a, b, array.low, array.high)
            low, high = low + a, high + b
        return low, high


def _enter(
    found: dict[tuple[int, ...], Term],
    key: tuple[int, ...],
    coefficient: int,
    arrays: tuple[Array, ...],
) -> None:
    known = found.get(key)
    found[key] = (coefficient + known[0] if known else coefficient, arrays)


def _product_bounds(a: int, b: int, c: int, d: int) -> tuple[int, int]:
    if a >= 0 and c >= 0:
        return a * c, b * d
    corners = (a * c, a * d, b * c, b * d)
    return min(corners), max(corners)


def _quotient_bounds(a: int, b: int, c: int, d: int) -> tuple[int, int]:
    if a >= 0 and c > 0:
        return a // d, b // c
    most = max(abs(a), abs(b)) + 1
    return -most, most


def _rest_bounds(a: int, b: int, c: int, d: int) -> tuple[int, int]:
    if c > 0:
        return 0, d - 1
    most = max(abs(c), abs(d))
    return -most, most


Bounds = Callable[[int, int, int, int], tuple[int, int]]

OPERATIONS: Final[dict[str, tuple[Any, Bounds]]] = {
    "add": (np.add, lambda a, b, c, d: (a + c, b + d)),
    "sub": (np.subtract, lambda a, b, c, d: (a - d, b - c)),
    "mul": (np.multiply, _product_bounds),
    "floordiv": (np.floor_divide, _quotient_bounds),
    "mod": (np.remainder, _rest_bounds),
    "min": (np.minimum, lambda a, b, c, d: (min(a, c), min(b, d))),
    "max": (np.maximum, lambda a, b, c, d: (max(a, c), max(b, d))),
}
"""Operations on whole numbers: on arrays, and on the bounds of both operands."""

FLOAT_OPERATIONS: Final[dict[str, Any]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.true_divide,
    "min": np.minimum,
    "max": np.maximum,
}

COMPARISONS: Final[dict[str, Any]] = {
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
}


def _known_beforehand(word: str, a: int, b: int, c: int, d: int) -> bool | None:
    """Whether a comparison of a..b with c..d holds, where the bounds alone can tell."""
    if word == "ge":
        return True if a >= d else False if b < c else None
    if word == "gt":
        return True if a > d else False if b <= c else None
    if word == "le":
        return True if b <= c else False if a > d else None
    if word == "lt":
        return True if b < c else False if a >= d else None
    if b < c or a > d:
        return word == "ne"
    return None


class Grid:
    """The axes of one walk, everything worked out along them, and what has been refused."""

    def __init__(self, lengths: Sequence[int]) -> None:
        self.lengths = tuple(lengths)
        self._known: dict[tuple[Any, ...], Any] = {}
        self._same: dict[tuple[Any, ...], list[Array]] = {}
        self._refused: dict[int, Data] = {}
        self._living: dict[int, Data | None] = {}

    def shape(self, along: int) -> tuple[int, ...]:
        """The shape of an array over these axes."""
        return tuple(n if along >> k & 1 else 1 for k, n in enumerate(self.lengths))

    def leaf(self, values: Data, axis: int) -> Array:
        """The values of a setting along one axis."""
        shape = [1] * len(self.lengths)
        shape[axis] = len(values)
        return self.made(np.ascontiguousarray(values).reshape(shape), 1 << axis)

    def made(
        self, data: Data, along: int, low: int | None = None, high: int | None = None
    ) -> Array:
        """The array with this content: the one that is there already, if there is one."""
        kind = data.dtype.kind
        key: tuple[Any, ...]
        if kind == "O":
            key = (along, kind, tuple(data.ravel().tolist()))
        elif data.nbytes <= 4096:
            key = (along, kind, data.tobytes())
        else:
            key = (along, kind, data.sum().item(), data.flat[0].item(), data.flat[-1].item())
        alike = self._same.setdefault(key, [])
        for array in alike:
            if np.array_equal(array.data, data):
                return array
        if low is None or high is None:
            if kind == "f":
                low = high = 0
            elif kind == "b":
                low, high = 0, 1
            else:
                low, high = int(data.min()), int(data.max())
        array = Array(self, data, along, low, high)
        alike.append(array)
        return array

    # Arithmetic.

    def as_whole(self, array: Array) -> Array:
        """The array itself, or truth values as 0 and 1."""
        if array.data.dtype.kind != "b":
            return array
        key = ("whole", id(array))
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self.made(array.data.astype(np.int64), array.along, 0, 1)
        whole: Array = found
        return whole

    def add(self, a: Any, b: Any) -> Any:
        """``a + b``, at once along one axis, else put off as a `Sum`."""
        if not isinstance(a, Many):
            a, b = b, a
        if not isinstance(a, Many):
            return a + b
        if not isinstance(b, Many):
            if type(b) is not int and type(b) is not bool:
                return NotImplemented
            if not b:
                return a
            if isinstance(a, Array):
                return self.combine("add", a, int(b))
            return Sum(self, a.along, None, ((1, a), (int(b), 1)))
        if isinstance(a, Array) and isinstance(b, Array) and a.along == b.along:
            return self.combine("add", a, b)
        return Sum(self, a.along | b.along, None, ((1, a), (1, b)))

    def times(self, a: Any, b: Any) -> Any:
        """``a · b``, at once along the same axes, else kept as factors."""
        if not isinstance(a, Many):
            a, b = b, a
        if not isinstance(a, Many):
            return a * b
        if not isinstance(b, Many):
            if type(b) is not int and type(b) is not bool:
                return NotImplemented
            if b == 1:
                return self.as_whole(a) if isinstance(a, Array) else a
            if not b:
                return 0
            if isinstance(a, Array):
                return self.combine("mul", a, int(b))
            return Sum(self, a.along, None, ((int(b), a),))
        if isinstance(a, Array) and isinstance(b, Array) and a.along == b.along:
            return self.combine("mul", a, b)
        mine, theirs = _terms(a), _terms(b)
        if len(mine) * len(theirs) > TERMS:
            return self.combine("mul", a.dense(), b.dense())
        found: dict[tuple[int, ...], Term] = {}
        for coefficient, arrays in mine:
            for other, more in theirs:
                merged = self._merged(arrays, more)
                _enter(found, tuple(map(id, merged)), coefficient * other, merged)
        return Sum(self, a.along | b.along, found)

    def _merged(self, arrays: tuple[Array, ...], more: tuple[Array, ...]) -> tuple[Array, ...]:
        """The factors of both, those that share an axis multiplied."""
        found = list(arrays)
        for array in more:
            apart = [f for f in found if not f.along & array.along]
            for factor in found:
                if factor.along & array.along:
                    array = self.combine("mul", factor, array)
            found = [*apart, array]
        return tuple(sorted(found, key=lambda f: f.along))

    def divide(self, a: Any, b: Any) -> Any:
        """``a // b``; where one factor of a product is a multiple of ``b``, it alone is divided."""
        if type(b) is int and b == 1 and isinstance(a, Many):
            return self.as_whole(a) if isinstance(a, Array) else a
        if isinstance(a, Sum):
            terms = list(a.terms.values())
            if len(terms) == 1 and (done := self._reduced(*terms[0], b)) is not None:
                return done
        return self.combine("floordiv", a, b)

    def _reduced(self, coefficient: int, arrays: tuple[Array, ...], b: Any) -> Any:
        """A product over ``b``, by the factors that are multiples of it; `None` if none is."""
        if type(b) is int:
            if b <= 0:
                return None
            common = gcd(coefficient, b)
            coefficient, b = coefficient // common, b // common
            factors = list(arrays)
            for k, factor in enumerate(factors):
                if b > 1 and factor.data.dtype.kind == "i":
                    common = gcd(int(np.gcd.reduce(factor.data, axis=None)), b)
                    if common > 1:
                        factors[k] = self.combine("floordiv", factor, common)
                        b //= common
            if b > 1:
                return None
        elif isinstance(b, Array):
            factors = list(arrays)
            for k, factor in enumerate(factors):
                if b.along & ~factor.along:
                    continue
                rest = self.combine("mod", factor, b)
                if not self.living(rest).any():
                    factors[k] = self.combine("floordiv", factor, b)
                    break
            else:
                return None
        else:
            return None
        result: Any = coefficient
        for factor in factors:
            result = self.times(result, factor)
        return result

    def combine(self, word: str, a: Any, b: Any) -> Any:
        """An operation on whole numbers, exact whatever comes out."""
        a, b = self._operand(a), self._operand(b)
        if a is None or b is None:
            return NotImplemented
        key = (word, _key(a), _key(b))
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._combined(word, a, b)
        return found

    def _operand(self, value: Any) -> Any:
        """A plain whole number or an array of such."""
        if isinstance(value, Many):
            value = value.dense()
            return self.as_whole(value) if value.data.dtype.kind == "b" else value
        return int(value) if type(value) is int or type(value) is bool else None

    def _combined(self, word: str, a: int | Array, b: int | Array) -> Array:
        operation, bounds = OPERATIONS[word]
        along = self._room(a, b)
        low, high = bounds(*_bounds(a), *_bounds(b))
        if max(-low, high) > BOUND or _wide(a) or _wide(b):
            low, high = bounds(*_tight(a), *_tight(b))
        first, second = _data(a), _data(b)
        if word in ("floordiv", "mod") and min(_bounds(b)) <= 0:
            # Only what has been refused already is divided by 0.
            second = np.where(second == 0, 1, second) if isinstance(b, Array) else second or 1
        if max(-low, high) <= BOUND and not _wide(a) and not _wide(b):
            return self.made(operation(first, second), along, low, high)
        data = operation(_objects(first), _objects(second))
        low, high = int(data.min()), int(data.max())
        if max(-low, high) <= BOUND:
            data = data.astype(np.int64)
        return self.made(data, along, low, high)

    def _room(self, *values: Any) -> int:
        """The axes of all of them. Raises `TooWide` if an array over these is too large."""
        along = 0
        for value in values:
            if isinstance(value, Many):
                along |= value.along
        if along & (along - 1):
            size = 1
            for k, n in enumerate(self.lengths):
                if along >> k & 1:
                    size *= n
            if size > JOINT:
                raise TooWide(along)
        return along

    def dense(self, value: Sum) -> Array:
        """A sum as one array."""
        along = self._room(value)
        constant = 0
        total: Array | None = None
        for coefficient, arrays in value.terms.values():
            if not arrays:
                constant = coefficient
                continue
            product: Any = coefficient
            for array in arrays:
                product = self.combine("mul", array, product)
            total = product if total is None else self.combine("add", product, total)
        if total is None:
            kind = np.int64 if -BOUND <= constant <= BOUND else object
            return self.made(np.full(self.shape(along), constant, dtype=kind), along)
        if constant:
            total = self.combine("add", total, constant)
        if total.along == along:
            return total
        return self.made(np.broadcast_to(total.data, self.shape(along)).copy(), along)

    def floats(self, word: str, a: Any, b: Any) -> Array:
        """An operation of IEEE arithmetic, which is Python's to the last bit."""
        key = (word, "float", _key(a), _key(b))
        found = self._known.get(key)
        if found is None:
            along = self._room(a, b)
            with np.errstate(all="ignore"):  # what is not finite is found by whoever asks
                data = FLOAT_OPERATIONS[word](_as_float(a), _as_float(b))
            found = self._known[key] = self.made(data, along, 0, 0)
        result: Array = found
        return result

    # Comparisons.

    def compare(self, word: str, a: Many, b: Any) -> Any:
        """A truth value if it is the same everywhere, else an array of such."""
        if a is b:
            return word in ("eq", "le", "ge")
        if isinstance(b, Many):
            if isinstance(a, Sum) and isinstance(b, Sum) and _alike(a, b):
                return word in ("eq", "le", "ge")
        elif type(b) not in (int, float, bool):
            return NotImplemented
        if (isinstance(a, Sum) or isinstance(b, Sum)) and type(b) is not float:
            known = self._from_bounds(word, a, b)
            if known is not None:
                return known
        a = a.dense()
        b = b.dense() if isinstance(b, Many) else b
        key = (word, id(a), _key(b))
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._compared(word, a, b)
        return found

    def _from_bounds(self, word: str, a: Many, b: Any) -> bool | None:
        """Whether a comparison holds everywhere or nowhere, without multiplying axes out."""
        if not a.whole or (isinstance(b, Many) and not b.whole):
            return None
        theirs = b.bounds() if isinstance(b, Many) else (int(b), int(b))
        return _known_beforehand(word, *a.bounds(), *theirs)

    def _compared(self, word: str, a: Array, b: Any) -> Any:
        whole = a.data.dtype.kind in "iOb" and (
            b.data.dtype.kind in "iOb" if isinstance(b, Array) else type(b) is not float
        )
        if whole:
            known = _known_beforehand(word, *_bounds(a), *_bounds(b))
            if known is not None:
                return known
        along = self._room(a, b)
        first, second = _data(a), _data(b)
        if not whole and (_beyond(a, FLOATS) or _beyond(b, FLOATS)):
            first, second = _objects(first), _objects(second)  # Python compares these exactly
        elif not isinstance(b, Array) and whole and _beyond(b, BOUND):
            second = np.array(b, dtype=object)
        return self.folded(COMPARISONS[word](first, second).astype(bool), along)

    def join(self, word: str, a: Many, b: Any) -> Any:
        """``a | b`` and ``a & b`` of truth values."""
        if isinstance(b, bool):
            return (b or a) if word == "or" else (a if b else False)
        if not isinstance(b, Many):
            return NotImplemented
        first, second = a.dense().data, b.dense().data
        along = self._room(a, b)
        operation = np.logical_or if word == "or" else np.logical_and
        return self.folded(operation(first, second), along)

    def folded(self, data: Data, along: int) -> Array | bool:
        """Truth values; one plain one if all are alike."""
        if data.all():
            return True
        if not data.any():
            return False
        return self.made(np.broadcast_to(data, self.shape(along)), along, 0, 1)

    # What has been refused, and what a decision therefore need not look at.

    def refuse(self, fails: Array) -> Data | None:
        """Marks configurations as refused. Returns those that were not before, `None` if none.

        Raises `Stop` when nothing is left.
        """
        living = self._alive(fails.along)
        fresh = fails.data if living is None else fails.data & living
        if not fresh.any():
            return None
        known = self._refused.get(fails.along)
        self._refused[fails.along] = fresh if known is None else known | fresh
        self._living.clear()
        return fresh

    def finished(self) -> bool:
        """Whether everything has been refused."""
        return any(refused.all() for refused in self._refused.values())

    def _alive(self, along: int) -> Data | None:
        """Where along these axes there is something left; `None`: everywhere."""
        if along not in self._living:
            gone: Any = None
            for axes, refused in self._refused.items():
                if not axes & ~along:
                    gone = refused if gone is None else gone | refused
            shape = self.shape(along)
            self._living[along] = None if gone is None else np.broadcast_to(~gone, shape)
        return self._living[along]

    def living(self, array: Array) -> Data:
        """The values of the configurations that are left, in one row. Raises `Stop` if none is."""
        alive = self._alive(array.along)
        if alive is None:
            return array.data.ravel()
        data: Data = array.data[alive]
        if not data.size:
            raise Stop
        return data

    def labels(self, array: Array) -> Data:
        """A number for each value, the same for equal ones; the refused go with the first."""
        alive = self._alive(array.along)
        data = array.data
        if alive is not None:
            data = np.where(alive, data, data[alive][0])
        _, labels = np.unique(data.ravel(), return_inverse=True)
        return np.asarray(labels).reshape(data.shape)

    def rows(self, *values: Any) -> tuple[int, Iterator[tuple[Any, ...]], Data | None]:
        """Plain values side by side over the axes of all: the axes, the rows, which are left."""
        along = self._room(*values)
        shape = self.shape(along)
        columns: list[Iterable[Any]] = []
        size = int(np.prod(shape))
        for value in values:
            if isinstance(value, Many):
                columns.append(np.broadcast_to(value.dense().data, shape).ravel().tolist())
            else:
                columns.append([value] * size)
        return along, zip(*columns, strict=True), self._alive(along)


def _terms(value: Many) -> list[Term]:
    """A sum's products; an array is one."""
    if isinstance(value, Sum):
        return list(value.terms.values())
    array = value.grid.as_whole(value.dense())
    return [(1, (array,))]


def _alike(a: Sum, b: Sum) -> bool:
    mine, theirs = a.terms, b.terms
    return len(mine) == len(theirs) and all(
        key in theirs and theirs[key][0] == term[0] for key, term in mine.items()
    )


def _key(value: Any) -> Any:
    """What tells operands apart: an array's identity, a plain number with its type."""
    return id(value) if isinstance(value, Array) else (type(value), value)


def _data(value: Any) -> Any:
    return value.data if isinstance(value, Array) else value


def _bounds(value: Any) -> tuple[int, int]:
    return (value.low, value.high) if isinstance(value, Array) else (int(value), int(value))


def _tight(value: Any) -> tuple[int, int]:
    return value.tightened() if isinstance(value, Array) else (int(value), int(value))


def _wide(value: Any) -> bool:
    """Whether it needs more than 64 bits."""
    if isinstance(value, Array):
        return value.data.dtype.kind == "O"
    return not -BOUND <= value <= BOUND


def _beyond(value: Any, most: int) -> bool:
    """Whether a whole number in it may be larger than ``most``."""
    if isinstance(value, Array):
        return value.data.dtype.kind in "iO" and max(-value.low, value.high) > most
    return type(value) is int and abs(value) > most


def _as_float(value: Any) -> Any:
    return value.data.astype(np.float64) if isinstance(value, Array) else float(value)


def _objects(data: Any) -> Any:
    """As Python's own numbers."""
    return data.astype(object) if isinstance(data, np.ndarray) else np.array(data, dtype=object)
