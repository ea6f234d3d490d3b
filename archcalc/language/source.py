"""Spec text → located tree: YAML 1.2's plain subset, read from events, each value with its place.

``yaml.safe_load`` is not used: it follows aliases and merge keys, drops duplicate keys, reads
``no`` as false, and its C loader can be killed by nesting. Events are flat, so limits hold before
memory grows, and scalars stay text until the field that they fill decides what they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any, Final, NamedTuple

from archcalc.limits import Limits, raised
from archcalc.problems import FILE, Complaint, Place, Problem, Source, reason, shorten


class Scalar:
    """A piece of text; ``plain`` if it was written without quotes."""

    __slots__ = ("column", "line", "plain", "source", "text", "width")

    def __init__(
        self, source: Source, line: int, column: int, width: int, text: str, plain: bool
    ) -> None:
        self.source = source
        self.line = line
        self.column = column
        self.width = width
        self.text = text
        self.plain = plain

    @property
    def place(self) -> Place:
        return Place(self.source, self.line, self.column, self.width)

    def part(self, offset: int, width: int) -> Place:
        """The place of ``width`` characters from ``offset`` of the text, if it is on one line."""
        if "\n" in self.text or self.width < len(self.text):
            return self.place
        column = self.column + offset + (0 if self.plain else 1)
        return Place(self.source, self.line, column, max(1, width))


class Sequence:
    """A list."""

    __slots__ = ("column", "items", "line", "source")

    def __init__(self, source: Source, line: int, column: int) -> None:
        self.source = source
        self.line = line
        self.column = column
        self.items: list[Item] = []

    @property
    def place(self) -> Place:
        return Place(self.source, self.line, self.column)


class Mapping:
    """Keys and values, in order, without duplicates."""

    __slots__ = ("column", "entries", "line", "source")

    def __init__(self, source: Source, line: int, column: int) -> None:
        self.source = source
        self.line = line
        self.column = column
        self.entries: dict[str, tuple[Scalar, Item]] = {}

    @property
    def place(self) -> Place:
        return Place(self.source, self.line, self.column)

    def get(self, key: str) -> Item | None:
        """The value of ``key``, if it is there."""
        entry = self.entries.get(key)
        return entry[1] if entry else None

    def __iter__(self) -> Iterator[tuple[Scalar, Item]]:
        return iter(self.entries.values())


Item = Scalar | Sequence | Mapping


def empty(item: Item) -> bool:
    """Whether nothing stands behind a key: ``small:``."""
    return isinstance(item, Scalar) and item.plain and not item.text


def sort_of(item: Item) -> str:
    """What an item is, for a message."""
    if isinstance(item, Scalar):
        return "nothing" if empty(item) else "text"
    return "a list" if isinstance(item, Sequence) else "a mapping"


NOT_TEXT: Final = (
    (b"\x80\x02", "a Python pickle"),
    (b"\x80\x03", "a Python pickle"),
    (b"\x80\x04", "a Python pickle"),
    (b"\x80\x05", "a Python pickle"),
    (b"PK\x03\x04", "a zip archive (a PyTorch checkpoint is one)"),
    (b"\x1f\x8b", "a gzip file"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x89PNG", "a PNG image"),
    (b"%PDF", "a PDF"),
    (b"\x7fELF", "a program"),
)

# Characters that YAML forbids, or that end a line for some readers and not for others.
_FORBIDDEN: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]"
)
_DIRECTIVE: Final = re.compile(r"^%(?!YAML[ \t]+1\.2[ \t]*(#.*)?$).*", re.MULTILINE)


def decode(data: bytes, name: str, limits: Limits) -> Source:
    """The text of a spec file: UTF-8 (or UTF-16 with its mark), without control characters.

    Raises `Complaint` with the place of the first fault.
    """
    if len(data) > limits.file_bytes:
        raise _complaint(
            f"the file is larger than {limits.file_bytes:,} bytes",
            None,
            code="limit",
            help=raised("file_bytes"),
            name=name,
        )
    for head, what in NOT_TEXT:
        if data.startswith(head):
            raise _complaint(
                f"this looks like {what}, not like a spec", None, code="encoding", name=name
            )
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding, "replace")
        source = Source(name, data.decode(encoding, "replace"))
        told = "; this one starts as UTF-16" if encoding == "utf-16" else ""
        raise _complaint(
            f"a spec is UTF-8 text{told}; byte 0x{data[error.start]:02x} is not",
            _place_at(source, len(before)),
            code="encoding",
            help="save the file as UTF-8",
        ) from None
    source = Source(name, text)
    bad = _FORBIDDEN.search(text)
    if bad:
        raise _complaint(
            f"character U+{ord(bad.group()):04X} cannot stand in a spec",
            _place_at(source, bad.start()),
            code="encoding",
            help='in text, write it as an escape in double quotes: "\\x1b"',
        )
    directive = _DIRECTIVE.search(text)
    if directive:
        raise _complaint(
            "a line that starts with % is a YAML directive; only %YAML 1.2 is read",
            _place_at(source, directive.start()),
            code="syntax",
            help="leave the line out",
        )
    return source


def _complaint(
    message: str, place: Place | None, *, code: str, help: str = "", name: str = ""
) -> Complaint:
    where = place or Place(Source(name, ""), 1, 1)
    return Complaint(Problem(message, where, help, code=code))


def _place_at(source: Source, offset: int) -> Place:
    before = source.text[:offset]
    # libyaml counts CR, LF and CRLF as one line end each; so does this.
    lines = before.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return Place(source, len(lines), len(lines[-1]) + 1)


class Tree(NamedTuple):
    """What a file says."""

    root: Mapping
    problems: list[Problem]
    """The faults that did not keep it from being read (duplicate keys)."""
    events: int
    """YAML events so far, those of the files before included."""


def parse(source: Source, limits: Limits, events: int = 0) -> Tree:
    """The tree of a spec; ``events`` are those of the files that were read before for it.

    Raises `Complaint` where reading has to stop.
    """
    return _Reader(source, limits, events).read()


class _Reader:
    def __init__(self, source: Source, limits: Limits, events: int) -> None:
        self.source = source
        self.limits = limits
        self.before = events
        self.problems: list[Problem] = []
        self.duplicates = 0
        self.stack: list[Sequence | Mapping] = []
        """The lists and mappings around what is being read, the innermost last."""

    def stop(
        self, message: str, mark: Any, *, code: str = "syntax", help: str = "", width: int = 1
    ) -> Complaint:
        place = Place(self.source, mark.line + 1, mark.column + 1, width) if mark else None
        return Complaint(*self.problems, Problem(message, place, help, code=code))

    def events(self) -> Iterator[Any]:
        import yaml

        made: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            loader = made(self.source.text)
            following = loader.get_event
            event = following()
            while type(event) is not yaml.StreamEndEvent:
                yield event
                event = following()
        except yaml.MarkedYAMLError as error:
            raise self._syntax(error) from None
        except (yaml.YAMLError, ValueError, OverflowError, UnicodeError) as error:
            raise self.stop(f"not YAML: {error}", None) from None

    def _syntax(self, error: Any) -> Complaint:
        """The parser's fault, in words for those who do not know its terms."""
        from archcalc.language.syntax import other_format, told

        other = other_format(self.source)
        if other is not None:
            return Complaint(other)
        return Complaint(*self.problems, told(error, self.source, self.lines, self.open_bracket()))

    def open_bracket(self) -> Place | None:
        """The innermost bracket that waits for its end."""
        for item in reversed(self.stack):
            if self.line(item.line - 1)[item.column - 1 : item.column] in ("[", "{"):
                return item.place
        return None

    def line(self, number: int) -> str:
        return self.lines[number] if number < len(self.lines) else ""

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the text, for those messages that need them."""
        return self.source.text.splitlines()

    def read(self) -> Tree:
        import yaml

        source, limits = self.source, self.limits
        root: Item | None = None
        documents = 0
        stack = self.stack
        keys: list[Scalar | None] = []  # for each mapping on the stack, the key that waits
        scalar, end_of = yaml.ScalarEvent, (yaml.MappingEndEvent, yaml.SequenceEndEvent)
        lenient = not hasattr(yaml, "CSafeLoader")
        count = self.before
        for count, event in enumerate(self.events(), self.before):
            if count > limits.events:
                raise self.stop(
                    f"the spec has more than {limits.events:,} YAML events",
                    event.start_mark,
                    code="limit",
                    help="use repeat or for; --limit events=N raises the limit",
                )
            kind = type(event)
            if kind is scalar:
                mark, end = event.start_mark, event.end_mark
                if event.anchor is not None or event.tag is not None:
                    raise self._left_out(event)
                text, line, column = event.value, mark.line, mark.column
                width = end.column - column if text and end.line == line else 1
                plain = not event.style
                item: Item = Scalar(source, line + 1, column + 1, width, text, plain)
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                mark = event.start_mark
                if event.anchor is not None or event.tag is not None:
                    raise self._left_out(event)
                if len(stack) >= limits.nesting:
                    raise self.stop(
                        f"nested deeper than {limits.nesting}",
                        mark,
                        code="limit",
                        help="move the inner part into blocks:; --limit nesting=N raises the limit",
                    )
                made = Mapping if kind is yaml.MappingStartEvent else Sequence
                item = made(source, mark.line + 1, mark.column + 1)
            elif kind in end_of:
                stack.pop()
                keys.pop()
                continue
            elif kind is yaml.AliasEvent:
                raise self._left_out(event)
            elif kind is yaml.DocumentStartEvent:
                documents += 1
                if documents > 1:
                    raise self.stop(
                        "a spec is one document, here a second one starts",
                        event.start_mark,
                        help="put each spec into its own file",
                    )
                continue
            else:
                continue
            # The item goes where its parent waits for it.
            if not stack:
                root = item
            else:
                parent = stack[-1]
                if isinstance(parent, Sequence):
                    parent.items.append(item)
                else:
                    key = keys[-1]
                    if key is None:
                        if not isinstance(item, Scalar):
                            raise self.stop(
                                "a key must be text",
                                event.start_mark,
                                code="type",
                                help="a key is a word; text that starts with [ or { needs quotes",
                            )
                        if lenient and item.plain:
                            self.separate(event.end_mark)
                        keys[-1] = item
                        if item.plain and item.text == "<<":
                            raise self.stop(
                                "merge keys (<<) are not read",
                                event.start_mark,
                                help="use defaults, blocks or extends",
                                width=2,
                            )
                    else:
                        keys[-1] = None
                        self.enter(parent, key, item)
            if not isinstance(item, Scalar):
                stack.append(item)
                keys.append(None)
        return Tree(self.checked(root), self.problems, count)

    def separate(self, end: Any) -> None:
        """Refuses ``{conv:[8, 3]}`` where only libyaml would: a spec reads the same everywhere."""
        if self.line(end.line)[end.column : end.column + 2] in (":[", ":]", ":{", ":}", ":,", ":?"):
            import yaml

            raise self._syntax(yaml.MarkedYAMLError(None, None, "found unexpected ':'", end))

    def enter(self, parent: Mapping, key: Scalar, value: Item) -> None:
        first = parent.entries.get(key.text)
        if first is None:
            parent.entries[key.text] = (key, value)
            return
        self.duplicates += 1
        if self.duplicates <= 100:
            self.problems.append(
                Problem(
                    f"duplicate key '{key.text}' (first at line {first[0].line})",
                    key.place,
                    "keep one of them",
                    code="duplicate",
                )
            )

    def _left_out(self, event: Any) -> Complaint:
        mark = event.start_mark
        if event.anchor is not None:
            sign = "*" if type(event).__name__ == "AliasEvent" else "&"
            name = event.anchor if len(event.anchor) <= 40 else event.anchor[:40] + "…"
            return self.stop(
                f"anchors and aliases are not read ({sign}{name})",
                mark,
                help="use blocks, defaults or settings; text that starts with & or * needs quotes",
            )
        tag = event.tag if len(event.tag) <= 60 else event.tag[:60] + "…"
        return self.stop(
            f"YAML tags are not read ({tag})",
            mark,
            code="tag",
            help="leave the tag out; text that starts with ! needs quotes",
        )

    def checked(self, root: Item | None) -> Mapping:
        source = self.source
        start = Place(source, 1, 1)
        if root is None or (isinstance(root, Scalar) and root.plain and not root.text):
            raise Complaint(
                Problem(
                    "the spec is empty",
                    start,
                    "start with 'archcalc: 1', 'name:', 'input:' and 'layers:'",
                    code="empty",
                )
            )
        if source.text.startswith("version https://git-lfs"):
            raise Complaint(
                Problem(
                    "this is a Git LFS pointer, not a spec", start, "run: git lfs pull", code="type"
                )
            )
        if not isinstance(root, Mapping):
            from archcalc.language.syntax import other_format

            other = other_format(source)
            if other is not None:
                raise Complaint(other)
            found = "a list" if isinstance(root, Sequence) else "text"
            message = f"a spec is a mapping of keys to values, this is {found}"
            help = "start with 'archcalc: 1', 'name:', 'input:' and 'layers:'"
            raise Complaint(Problem(message, root.place, help, code="type"))
        return root


def read_bytes(path: str, limits: Limits) -> bytes:
    """The bytes of a spec's file, one more than the limit at most. Raises `Complaint`."""
    try:
        return bytes_of(path, limits.file_bytes + 1)
    except OSError as error:
        help = "give the path of a .yaml file" if isinstance(error, NotRegular) else ""
        message = f"cannot read {shorten(path, 200)}: {reason(error)}"
        raise Complaint(Problem(message, None, help, kind=FILE, code="file")) from None


class NotRegular(OSError):
    """What is there is no regular file."""


def bytes_of(path: str, most: int) -> bytes:
    """The first ``most`` bytes of a regular file: nothing that never ends, or never begins.

    Raises `OSError`.
    """
    import os
    import stat

    try:
        # Opened without waiting, so that a FIFO without a writer does not hang.
        handle = os.open(
            path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
        )
    except ValueError as error:  # a NUL in the name
        raise OSError(str(error)) from None
    try:
        mode = os.fstat(handle).st_mode
        if not stat.S_ISREG(mode):
            what = "a directory" if stat.S_ISDIR(mode) else "not a regular file"
            raise NotRegular(0, f"it is {what}")
        chunks: list[bytes] = []
        left = most
        while left > 0:
            chunk = os.read(handle, left)
            if not chunk:
                break
            chunks.append(chunk)
            left -= len(chunk)
    finally:
        os.close(handle)
    return b"".join(chunks)
