"""Which columns and rows of a table are shown, in which order; what is left out is summed up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from archcalc.formats.document import Cell, Change, Column, Exact, Line, Part, Ratio, Share, Table
from archcalc.problems import USAGE, Complaint, Problem, nearest


class Pick(NamedTuple):
    """What ``--columns``, ``--sort`` and ``--top`` ask for."""

    columns: tuple[str, ...] = ()
    """Keys of columns, in order; empty: those that the document shows."""
    sort: str = ""
    """The key of a column: the largest number first, or text by the alphabet; ``-`` turns it."""
    top: int | None = None
    """So many rows; the others become one."""

    @property
    def wanted(self) -> tuple[str, ...]:
        """Every column that is named."""
        return (*self.columns, *([self.sort.lstrip("-")] if self.sort else []))


def picked(parts: Sequence[Part], pick: Pick) -> list[Part]:
    """``parts`` with what was asked for done to their main tables: those that have totals."""
    if pick == Pick():
        return list(parts)
    return [_table(p, pick) if isinstance(p, Table) and p.totals else p for p in parts]


def _table(table: Table, pick: Pick) -> Table:
    keys = [column.key for column in table.columns]
    lines, rest = list(table.lines), []
    if pick.sort:
        at = _index(pick.sort.lstrip("-"), keys)
        lines = _sorted(lines, at, turned=pick.sort.startswith("-"))
    if pick.top is not None and len(lines) > pick.top:
        rest = [_summed(lines[pick.top :])]
        lines = lines[: pick.top]
    lines += rest
    if not pick.columns:
        return table._replace(lines=lines)
    order = [_index(key, keys) for key in pick.columns]
    # What was asked for is never dropped for want of room.
    columns = tuple(table.columns[at]._replace(spare=0) for at in order)
    return table._replace(
        columns=columns,
        lines=[_ordered(line, order) for line in lines],
        totals=[_labelled(line, order, columns) for line in table.totals],
    )


def _index(key: str, keys: Sequence[str]) -> int:
    if key in keys:
        return keys.index(key)
    raise unknown(key, keys)


def unknown(key: str, keys: Iterable[str]) -> Complaint:
    """The complaint about a column that is not there."""
    known = list(dict.fromkeys(keys))
    close = nearest(key, known)
    help = f"did you mean '{close}'?" if close else f"there are {', '.join(known)}"
    message = f"there is no column '{key[:80]}'"
    return Complaint(Problem(message, None, help, kind=USAGE, code="unknown"))


def _sorted(lines: list[Line], at: int, *, turned: bool) -> list[Line]:
    """The lines by one cell: numbers from the largest, text by the alphabet, nothing last."""
    with_value = [line for line in lines if line.cells[at] is not None]
    without = [line for line in lines if line.cells[at] is None]
    numbers = all(not isinstance(line.cells[at], str) for line in with_value)
    key = _number if numbers else str
    with_value.sort(key=lambda line: key(line.cells[at]), reverse=numbers is not turned)
    return with_value + without


def _number(cell: Cell) -> float:
    if isinstance(cell, Change):
        return abs(cell.number)
    if isinstance(cell, Exact):
        return cell.number
    if isinstance(cell, Share | Ratio):
        return cell[0] / cell[1] if cell[1] else 0.0
    return cell if isinstance(cell, int) else 0


def _summed(lines: list[Line]) -> Line:
    """One line for many: numbers added up, words gone."""
    cells: list[Cell] = [f"... {len(lines):,} more rows"]
    for column in list(zip(*(line.cells for line in lines), strict=True))[1:]:
        cells.append(_sum([cell for cell in column if cell is not None]))
    return Line(tuple(cells), "rest")


def _sum(cells: Sequence[Cell]) -> Cell:
    numbers = [c for c in cells if isinstance(c, int)]
    shares = [c for c in cells if isinstance(c, Share)]
    changes = [c for c in cells if isinstance(c, Change)]
    if numbers and len(numbers) == len(cells):
        return sum(numbers)
    if shares and len(shares) == len(cells):
        return Share(sum(c.part for c in shares), shares[0].whole)
    if changes and len(changes) == len(cells):
        return Change(sum(c.number for c in changes))
    return None


def _ordered(line: Line, order: list[int]) -> Line:
    return line._replace(cells=tuple(line.cells[at] for at in order))


def _labelled(line: Line, order: list[int], columns: Sequence[Column]) -> Line:
    """A total in the new order; its label stays, in the first column if that is text."""
    cells = [line.cells[at] for at in order]
    if 0 not in order and cells and cells[0] is None and not columns[0].right:
        cells[0] = line.cells[0]
    return line._replace(cells=tuple(cells))


def picked_data(data: dict[str, Any], pick: Pick) -> dict[str, Any]:
    """The same for plain data: its ``layers`` in the order, number and with the keys asked for."""
    if pick == Pick() or "layers" not in data:
        return data
    items = list(data["layers"])
    known = dict.fromkeys(key for item in items for place in _places(item) for key in place)
    for key in pick.wanted:
        if items and key not in known:
            raise unknown(key, known)
    if pick.sort:
        key = pick.sort.lstrip("-")
        turned = pick.sort.startswith("-")
        numbers = all(isinstance(_value(i, key), int | None) for i in items)
        some = [i for i in items if _value(i, key) is not None]
        none = [i for i in items if _value(i, key) is None]
        some.sort(
            key=lambda i: abs(_value(i, key)) if numbers else str(_value(i, key)),
            reverse=numbers is not turned,
        )
        items = some + none
    if pick.top is not None:
        items = items[: pick.top]
    if pick.columns:
        items = [{key: _value(item, key) for key in pick.columns} for item in items]
    return {**data, "layers": items}


def _value(item: dict[str, Any], key: str) -> Any:
    """A key of a row; of aligned rows, of their difference or of the one that is there."""
    return next((place[key] for place in _places(item) if key in place), None)


def _places(item: dict[str, Any]) -> list[dict[str, Any]]:
    """Where a key of a row may stand: in itself, in its operations, in what is aligned."""
    inner = (item.get(key) for key in ("effect", "second", "first", "operations"))
    return [item, *(place for place in inner if isinstance(place, dict))]
