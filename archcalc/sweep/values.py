"""The values that a setting takes in a sweep: as texts for a single run, as arrays for a walk."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Protocol

import numpy as np

from archcalc.language.expressions import literal
from archcalc.problems import USAGE, Complaint, Problem
from archcalc.sweep.arrays import BOUND, Data

INT: Final = -1
FLOAT: Final = -2
"""Sorts of values beside texts: what is no number is its own sort, told by its index."""
MOST: Final = 100_000_000
"""Values that one range may have."""


class Values(Protocol):
    """A table of values, by their index."""

    def __len__(self) -> int: ...

    def texts(self, index: Data) -> list[str]:
        """As ``--set`` takes them."""

    def sorts(self, index: Data) -> Data:
        """`INT` and `FLOAT` for numbers; a number from 0 for each text that is none."""

    def numbers(self, index: Data) -> Data:
        """The numbers, all of one sort."""

    @property
    def kinds(self) -> set[int]:
        """`INT`, `FLOAT`, and 0 where something is no number; what is empty has no kind."""

    def digest(self) -> str:
        """What tells these values from others."""


class Listed:
    """Values that were given one by one."""

    def __init__(self, texts: Sequence[str], *, numeric: bool = True) -> None:
        self._texts = list(texts)
        known: dict[str, int] = {}
        sorts: list[int] = []
        numbers: list[Any] = []
        for text in self._texts:
            value = literal(text) if numeric else None
            if type(value) is int and abs(value) <= BOUND:
                sorts.append(INT)
            elif type(value) is float:
                sorts.append(FLOAT)
            else:
                sorts.append(known.setdefault(text, len(known)))
                value = 0
            numbers.append(value)
        self._sorts = np.array(sorts, dtype=np.int64)
        self._numbers = np.empty(len(numbers), dtype=object)
        self._numbers[:] = numbers

    def __len__(self) -> int:
        return len(self._texts)

    def digest(self) -> str:
        """What tells these values from others."""
        return repr(self._texts)

    @property
    def kinds(self) -> set[int]:
        texts = np.array([bool(text) for text in self._texts])
        return {min(sort, 0) for sort in self._sorts[texts].tolist()}

    def texts(self, index: Data) -> list[str]:
        return [self._texts[i] for i in index.tolist()]

    def sorts(self, index: Data) -> Data:
        return np.asarray(self._sorts[index])

    def numbers(self, index: Data) -> Data:
        found = self._numbers[index]
        return found.astype(np.float64 if type(found[0]) is float else np.int64)


class Progression:
    """``start``, ``start + step``, …: whole numbers over 10 to the power ``digits``.

    Decimal, so that 0.25:2:0.05 has 0.3 in it and not 0.30000000000000004.
    """

    def __init__(self, start: int, step: int, count: int, digits: int) -> None:
        self.start = start
        self.step = step
        self.count = count
        self.digits = digits

    def __len__(self) -> int:
        return self.count

    @property
    def kinds(self) -> set[int]:
        return {FLOAT if self.digits else INT}

    def digest(self) -> str:
        return repr((self.start, self.step, self.count, self.digits))

    def _whole(self, index: Data) -> Data:
        return np.asarray(self.start + self.step * index.astype(np.int64))

    def texts(self, index: Data) -> list[str]:
        digits = self.digits
        if not digits:
            return [str(n) for n in self._whole(index).tolist()]
        unit = 10**digits
        return [
            f"{'-' * (n < 0)}{abs(n) // unit}.{abs(n) % unit:0{digits}d}"
            for n in self._whole(index).tolist()
        ]

    def sorts(self, index: Data) -> Data:
        return np.full(len(index), FLOAT if self.digits else INT, dtype=np.int64)

    def numbers(self, index: Data) -> Data:
        whole = self._whole(index)
        # Both are exact as floats, so the quotient is the float nearest to the decimal.
        return np.asarray(whole / 10**self.digits) if self.digits else whole


class Plain:
    """Numbers from an array of Python's users; each text reads back as the same number."""

    def __init__(self, numbers: Data) -> None:
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    @property
    def kinds(self) -> set[int]:
        return {FLOAT if self._numbers.dtype.kind == "f" else INT}

    def digest(self) -> str:
        return repr(self._numbers.tolist())

    def texts(self, index: Data) -> list[str]:
        return [repr(n) for n in self._numbers[index].tolist()]

    def sorts(self, index: Data) -> Data:
        sort = FLOAT if self._numbers.dtype.kind == "f" else INT
        return np.full(len(index), sort, dtype=np.int64)

    def numbers(self, index: Data) -> Data:
        return np.asarray(self._numbers[index])


def progression(start: Decimal, stop: Decimal, step: Decimal, text: str) -> Progression:
    """The range with both ends, as far as the step meets the second. Raises `Complaint`."""
    digits = max(0, *(-int(n.as_tuple().exponent) for n in (start, stop, step)))
    if digits > 15 or max(abs(start), abs(stop)) * 10**digits > 2**53:
        raise wrong(text, "it has too many digits")
    whole = [int((n * 10**digits).to_integral_value()) for n in (start, stop, step)]
    if not whole[2]:
        raise wrong(text, "the step must not be 0")
    count = (whole[1] - whole[0]) // whole[2] + 1
    if count < 1:
        raise wrong(text, "it goes nowhere: the step has the wrong sign")
    if count > MOST:
        raise wrong(text, f"it has more than {MOST:,} values")
    return Progression(whole[0], whole[2], count, digits)


def geometric(start: Decimal, stop: Decimal, factor: Decimal, text: str) -> Listed:
    """``64:1024:*2``: each value the factor times the one before. Raises `Complaint`."""
    if factor <= 1 or start <= 0:
        raise wrong(text, "the factor must be above 1, the start above 0")
    found: list[str] = []
    value = start
    while value <= stop and len(found) < 10_000:
        found.append(_plain(value))
        value *= factor
    if not found:
        raise wrong(text, "it has no values")
    return Listed(found)


def number(text: str) -> Decimal | None:
    """The decimal number that ``text`` is, as a spec would read it."""
    value = literal(text.strip())
    if type(value) not in (int, float):
        return None
    try:
        found = Decimal(text.strip().replace("_", ""))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def items(text: str) -> list[str]:
    """The parts between commas that stand in no bracket and no quotes."""
    found: list[str] = []
    depth = start = 0
    quote = ""
    for position, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == "," and not depth:
            found.append(text[start:position])
            start = position + 1
    return [part.strip() for part in (*found, text[start:])]


def bounds(text: str) -> tuple[Decimal, Decimal, Decimal | None, bool] | None:
    """``A:B``, ``A:B:STEP`` or ``A:B:*FACTOR``: start, stop, step, whether it is a factor."""
    parts = text.split(":")
    if not 2 <= len(parts) <= 3:
        return None
    factor = len(parts) == 3 and parts[2].strip().startswith("*")
    if factor:
        parts[2] = parts[2].strip()[1:]
    numbers = [number(part) for part in parts]
    if any(n is None for n in numbers):
        return None
    start, stop, *step = (n for n in numbers if n is not None)
    return start, stop, step[0] if step else None, factor


def read(text: str, *, fine: bool = False, real: bool = False) -> Values:
    """What ``--over NAME=`` takes: a range, or a list of values. Raises `Complaint`.

    A range without a step has every whole number in it. Where it is to be ``fine`` (values are
    drawn, or searched for), one with decimals, or of a ``real`` setting, has every number of four
    digits more than its ends.
    """
    if not text.strip():
        raise wrong(text, "there is no value")
    parts = items(text)
    if "" in parts:
        raise wrong(text, "a value between two commas is missing")
    for part in parts:
        ends = part.split(":")
        if len(ends) > 1 and any(number(end) is not None for end in ends) and not bounds(part):
            raise wrong(part, "a range is FROM:TO, FROM:TO:STEP or FROM:TO:*FACTOR, all numbers")
    if len(parts) > 1 or (found := bounds(parts[0])) is None:
        ranges = [bounds(part) for part in parts]
        if any(ranges):
            joined: list[str] = []
            for part, one in zip(parts, ranges, strict=True):
                if one is None:
                    joined.append(part)
                else:
                    values = _range(one, part, fine=fine, real=real)
                    joined.extend(values.texts(np.arange(len(values))))
            return Listed(joined)
        return Listed(parts)
    return _range(found, text, fine=fine, real=real)


def _range(
    found: tuple[Decimal, Decimal, Decimal | None, bool], text: str, *, fine: bool, real: bool
) -> Values:
    start, stop, step, factor = found
    whole = start == start.to_integral_value() and stop == stop.to_integral_value()
    plain = all(int(n.as_tuple().exponent) >= 0 for n in (start, stop))
    if step is None:
        if whole and plain and not (fine and real):
            step = Decimal(1 if stop >= start else -1)
        elif fine:
            digits = max(0, *(-int(n.as_tuple().exponent) for n in (start, stop))) + 4
            step = Decimal(1).scaleb(-min(digits, 12))
        else:
            raise wrong(text, "a range with decimals needs a step", f"such as {text}:0.1")
    if factor:
        return geometric(start, stop, step, text)
    return progression(start, stop, step, text)


def wrong(
    text: str, why: str, help: str = "such as 0.25:2:0.05, 128,160,192 or 64:1024:*2"
) -> Complaint:
    """A complaint about the values of an axis."""
    return Complaint(Problem(f"cannot sweep over '{text[:60]}': {why}", None, help, kind=USAGE))
