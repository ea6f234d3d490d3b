"""Rows that are written as they are found, so that they never are all in memory.

A table comes in pieces: columns of texts, numbers and `None`, all of one length.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO, Final, Protocol

from archcalc import __version__
from archcalc.formats.safe import safe
from archcalc.problems import FILE, Complaint, Problem

Columns = Mapping[str, Sequence[Any]]

SCHEMA_VERSION: Final = 1
"""As that of the other JSON documents: raised when a key changes its meaning or goes."""


class Stream(Protocol):
    """Writes rows to a file, piece by piece."""

    def begin(self) -> None:
        """Writes what stands before the rows."""

    def write(self, columns: Columns) -> None:
        """Writes some rows, whole."""

    def end(self, about: Mapping[str, Any]) -> None:
        """Writes what stands behind the rows."""


class Csv:
    """Comma-separated values as of RFC 4180, with a header and plain line ends."""

    def __init__(self, out: BinaryIO, names: Sequence[str]) -> None:
        self.out = out
        self.names = names

    @property
    def header(self) -> bytes:
        return (",".join(map(quoted, self.names)) + "\n").encode()

    def begin(self) -> None:
        self.out.write(self.header)

    def write(self, columns: Columns) -> None:
        cells = [list(_cells(columns[name])) for name in self.names]
        lines = "\n".join(map(",".join, zip(*cells, strict=True)))
        if lines:
            self.out.write(lines.encode() + b"\n")

    def end(self, about: Mapping[str, Any]) -> None:
        self.out.flush()


def _cells(values: Sequence[Any]) -> Sequence[str]:
    """The values as cells; most columns need no look at each."""
    if values and isinstance(values[0], str):
        known = {value: quoted(value) for value in set(values)}
        return [known[value] for value in values]
    return ["" if value is None else str(value) for value in values]


def quoted(text: str) -> str:
    """The text as a cell. What a spreadsheet would run as a formula is set in an apostrophe.

    What would act on a terminal is written as an escape, as everywhere.
    """
    text = safe(text)
    if text[:1] in ("=", "+", "@") or (text[:1] == "-" and not _is_number(text)):
        text = "'" + text
    if any(c in text for c in ',"'):
        return '"' + text.replace('"', '""') + '"'
    return text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


class Json:
    """One object, a configuration a line."""

    def __init__(
        self,
        out: BinaryIO,
        names: Sequence[str],
        texts: Sequence[str] = (),
        head: Mapping[str, Any] | None = None,
    ) -> None:
        self.out = out
        self.names = names
        self.texts = texts
        """Columns that are words, whatever they look like; others are what they look like."""
        self.head = head or {}
        self._first = True
        self._known: dict[str, str] = {}

    def begin(self) -> None:
        tool = {"name": "archcalc", "version": __version__}
        whole = {"schema_version": SCHEMA_VERSION, "tool": tool, **self.head}
        lines = [f"  {json.dumps(key)}: {json.dumps(value)},\n" for key, value in whole.items()]
        self._put("{\n" + "".join(lines) + '  "configurations": [')

    def write(self, columns: Columns) -> None:
        keys = [json.dumps(name) for name in self.names]
        rows = zip(
            *(
                map(json.dumps if name in self.texts else self._value, columns[name])
                for name in self.names
            ),
            strict=True,
        )
        for row in rows:
            cells = ", ".join(f"{key}: {value}" for key, value in zip(keys, row, strict=True))
            self._put(f"{'' if self._first else ','}\n    {{{cells}}}")
            self._first = False

    def end(self, about: Mapping[str, Any]) -> None:
        self._put("\n  ]" if not self._first else "]")
        self._put("".join(f",\n  {json.dumps(k)}: {json.dumps(v)}" for k, v in about.items()))
        self._put("\n}\n")
        self.out.flush()

    def _value(self, value: Any) -> str:
        """A text that is a number, a list or a truth value, as such."""
        if not isinstance(value, str):
            return json.dumps(value)
        found = self._known.get(value)
        if found is None:
            try:
                found = json.dumps(json.loads(value), allow_nan=False)
            except ValueError:
                found = json.dumps(value)
            self._known[value] = found
        return found

    def _put(self, text: str) -> None:
        self.out.write(text.encode())


class Parquet:
    """Apache Parquet, by pyarrow: columns of ``int`` (64 bits), ``float`` or ``str``.

    Raises `Complaint` where a figure does not fit into 64 bits: nothing is ever cut.
    """

    def __init__(self, out: BinaryIO, kinds: Mapping[str, type]) -> None:
        import pyarrow
        import pyarrow.parquet

        self._arrow = pyarrow
        self._kinds = kinds
        types = {int: pyarrow.int64(), float: pyarrow.float64(), str: pyarrow.string()}
        self._schema = pyarrow.schema([(name, types[kind]) for name, kind in kinds.items()])
        self._writer = pyarrow.parquet.ParquetWriter(out, self._schema)

    def begin(self) -> None:
        """The header is written by pyarrow."""

    def write(self, columns: Columns) -> None:
        try:
            arrays = [
                self._arrow.array(
                    _converted(columns[field.name], self._kinds[field.name]), field.type
                )
                for field in self._schema
            ]
        except (self._arrow.ArrowInvalid, OverflowError) as error:
            message = f"Parquet cannot hold a number beyond 64 bits: {error}"
            help = "CSV and JSON can"
            raise Complaint(Problem(message, help=help, kind=FILE, code="limit")) from None
        self._writer.write_table(self._arrow.Table.from_arrays(arrays, schema=self._schema))

    def end(self, about: Mapping[str, Any]) -> None:
        self._writer.close()


def _converted(values: Sequence[Any], kind: type) -> Sequence[Any]:
    """Texts as the numbers that they are; an empty one is missing."""
    if kind is str or not any(isinstance(value, str) for value in values):
        return values
    known = {v: kind(v.replace("_", "")) if v else None for v in set(values)}
    return [known[value] for value in values]
