"""How a number is written: in units of ten to the three for reading, or exactly."""

from __future__ import annotations

from typing import Final

UNITS: Final = ("", "K", "M", "G", "T", "P", "E", "Z", "Y")
"""SI: K is 10^3, M is 10^6, G is 10^9. Counts only; bytes are another matter."""

DIGITS: Final = 2
"""Digits behind the point of a number with a unit."""


def exact(number: int) -> str:
    """``138,357,544``; a number that no network has is written by its power of ten."""
    if abs(number) >= 10**60:
        return _power(number)
    return f"{number:,}"


def short(number: int) -> str:
    """``138.36M``: to two decimals, halves away from zero; below a thousand, exactly."""
    size = abs(number)
    if size < 1000:
        return str(number)
    power = 1
    while power < len(UNITS) - 1 and size >= 1000 ** (power + 1):
        power += 1
    value = _rounded(size, 1000**power)
    if value >= 1000 * 10**DIGITS:  # 999,999 rounds to 1000.00K, which is 1.00M
        if power == len(UNITS) - 1:
            return _power(number)
        power += 1
        value = _rounded(size, 1000**power)
    whole, part = divmod(value, 10**DIGITS)
    sign = "-" if number < 0 else ""
    return f"{sign}{whole}.{part:0{DIGITS}d}{UNITS[power]}"


def _rounded(size: int, unit: int) -> int:
    return (2 * size * 10**DIGITS + unit) // (2 * unit)


def _power(number: int) -> str:
    """Bounded however large; Python refuses to write integers beyond 4,300 digits."""
    size = abs(number)
    power = int(size.bit_length() * 0.30103)
    power -= size < 10**power
    lead = _rounded(size, 10**power)
    if lead >= 10 ** (DIGITS + 1):
        power += 1
        lead = _rounded(size, 10**power)
    return f"{'-' if number < 0 else ''}{lead // 100}.{lead % 100:02d}e{power}"


def percent(part: int, whole: int) -> str:
    """``13.4%``; nothing is no share worth a word."""
    if not whole or not part:
        return ""
    tenths = (2000 * part + whole) // (2 * whole)
    if not tenths:
        return "<0.1%"
    return f"{tenths // 10}.{tenths % 10}%"


def ratio(number: int, other: int) -> str:
    """How many times ``other`` is ``number``: ``0.18x``, to three significant digits."""
    if not other:
        return ""
    if number >= 1000 * other:
        return f"{short(number // other)}x"
    value = number / other
    digits = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 0.1 else 4
    return f"{value:.{digits}f}x"
