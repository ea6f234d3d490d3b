"""What cannot be read, in words for those who do not know the terms of parsers."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Sequence as Items
from typing import Any, Final, NamedTuple

from archcalc.problems import Place, Problem, Source, shorten

OTHERS: Final = (
    (re.compile(r"\[(net|convolutional)\]"), "a darknet cfg"),
    (
        re.compile(r"(name|input)\s*:\s*\"[^\n]*\n+(\s*input_\w+\s*:.*\n)*\s*layers?\s*\{"),
        "a prototxt",
    ),
    (re.compile(r"layers?\s*\{"), "a prototxt"),
    (
        re.compile(r"(from [\w.]+ )?import \w|class \w+[(:]|def \w+\(|model\s*=|nn\.|#!.*python"),
        "Python",
    ),
    (re.compile(r"<"), "a web page"),
)
"""How files start that are meant for other programs."""

NO_SPACE: Final = re.compile(r"([A-Za-z_][\w.]*):(?=[^\s/])")
NO_SPACE_AFTER_DASH: Final = re.compile(r"-(?=[A-Za-z_{\[])")
OTHER_DASH: Final = re.compile(r"[\u2010-\u2015\u2212*\u2022](?=\s)")


def other_format(source: Source) -> Problem | None:
    """What to say of a file that is no spec but something else that is well known."""
    head = source.text[:2000].lstrip()
    while head.startswith("#") and not head.startswith("#!"):
        head = head.partition("\n")[2].lstrip()
    for start, what in OTHERS:
        if start.match(head):
            help = "a spec is YAML of its own: archcalc show lenet5 prints one"
            if what == "a web page":
                help = "was a login or error page saved instead of the file?"
            message = f"this looks like {what}, not like a spec"
            return Problem(message, Place(source, 1, 1), help, code="type")
    return None


class Fault(NamedTuple):
    """A message, its place (line and column from 0) and its help."""

    message: str
    line: int
    column: int
    help: str = ""
    width: int = 1


def told(error: Any, source: Source, lines: Items[str], bracket: Place | None) -> Problem:
    """The problem of a parser's ``error``; ``bracket`` is the innermost that is still open."""
    fault = _fault(error, lines, bracket)
    if fault is None:
        assert bracket is not None
        return Problem("this bracket is never closed", bracket, code="syntax")
    place = Place(source, fault.line + 1, fault.column + 1, max(1, fault.width))
    return Problem(fault.message, place, fault.help, code="syntax")


def _fault(error: Any, lines: Items[str], bracket: Place | None) -> Fault | None:
    """What is wrong; ``None`` if it is the bracket."""
    mark, start = error.problem_mark or error.context_mark, error.context_mark
    what, context = error.problem or error.context or "not YAML", error.context or ""
    number, column = (mark.line, mark.column) if mark else (0, 0)
    line = lines[number] if number < len(lines) else ""
    here, before = line[column : column + 1], line[:column]
    since = f" that starts in line {start.line + 1}" if start else ""

    def at(message: str, help: str = "", width: int = 1) -> Fault:
        return Fault(message, number, column, help, width)

    if "\t" in line[: column + 1]:
        return at("a tab cannot indent a line", "indent with spaces")
    if "cannot start any token" in what and here:
        if line[column:].startswith("```"):
            return at("``` is Markdown", "leave the lines with ``` out", 3)
        return at(f"text cannot start with {here}", "put the text in quotes")
    if "unexpected end of stream" in what and start:
        return Fault("this quote is never closed", start.line, start.column)
    over = not line[column:].strip() and not any(map(str.strip, lines[number + 1 :]))
    if mark and over and bracket:
        return None
    if "expected ',' or" in what:
        return _in_brackets(context, lines, start, at, since, here, before)
    if "unexpected ':'" in what:
        word = re.search(r"[\w.]*$", before[-60:])
        name = word.group() if word else ""
        help = f"{name}: .." if name else ""
        return Fault(
            "a space is missing after the colon", number, column - len(name), help, len(name) + 1
        )
    if "could not find expected ':'" in what and start:
        return _no_key(lines, start)
    if here and here in "]}" and ("expected key" in what or "block" in context):
        return at(f"there is no {'[' if here == ']' else '{'} that this closes", "leave it out")
    if here == "," and ("expected key" in what or "block" in context):
        return at(
            "a comma cannot stand here", "leave it out: outside of brackets a line needs none"
        )
    if "did not find expected key" in what or "block mapping" in context:
        help = "the keys of one mapping stand in the same column"
        if line[column:].startswith("- "):
            help = "the dashes of one list stand in the same column"
            if start and start.column == column:
                help = "a list stands under a key of its own, such as do: or layers:"
        return at(f"this line does not fit into the mapping{since}", help)
    if "expected '-'" in what or "block collection" in context:
        help = "the dashes of one list stand in the same column"
        if odd := OTHER_DASH.match(line, column):
            help = f"'{odd.group()}' (U+{ord(odd.group()):04X}) is no dash: - .."
        elif NO_SPACE_AFTER_DASH.match(line, column):
            help = "a space is missing after the dash: - .."
        return at(f"this line does not fit into the list{since}", help)
    if "mapping values are not allowed" in what:
        help = "is a bracket, a quote or a line break missing? text with ': ' needs quotes"
        return at("': ' cannot stand here", help)
    if "sequence entries are not allowed" in what:
        return at("a list cannot start here", "start it in the next line, indented")
    if "scanning a tag" in context and start:
        written = re.match(r"![^\s,\]}]*", lines[start.line][start.column :])
        tag = written.group() if written else "!"
        help = "text that starts with ! needs quotes"
        if re.match(r"![A-Za-z_(]", tag):
            help = f"a condition is turned around with not: not {shorten(tag[1:])}"
        return Fault(
            f"YAML tags are not read ({shorten(tag)})", start.line, start.column, help, len(tag)
        )
    if "<document start>" in what:
        return at("the spec ended above this line", "a spec is one mapping of keys to values")
    if "unknown escape" in what:
        return at("there is no such escape", "a backslash in double quotes is \\\\")
    if "node content" in what:
        return at("a value is missing here")
    return at(what)


def _in_brackets(
    context: str, lines: Items[str], start: Any, at: Any, since: str, here: str, before: str
) -> Fault:
    """What is wrong inside of ``[..]`` or ``{..}``."""
    for number in range(start.line, min(start.line + 40, len(lines))):
        text = lines[number].lstrip()
        if text.startswith("//"):
            column = len(lines[number]) - len(text)
            return Fault("// starts no comment", number, column, "a comment starts with #", 2)
    if here == "{" and before.endswith("$"):
        found: Fault = at("${ starts nothing", "a value is put in with $name or $(expression)")
        return found._replace(column=found.column - 1, width=2)
    closing, kind = ("]", "list") if "sequence" in context else ("}", "mapping")
    help = ""
    if here in ("[", "{") and before.rstrip()[-1:] not in ("", ",", ":", "[", "{"):
        help = "inside {..} or [..] an expression with a bracket needs quotes"
    made: Fault = at(f"a comma or the {closing} of the {kind}{since} is missing here", help)
    return made


def _no_key(lines: Items[str], start: Any) -> Fault:
    """What is wrong with a line that should be a key and has no colon."""
    text = lines[start.line][start.column :].rstrip() if start.line < len(lines) else ""
    width = len(text)

    def at(message: str, help: str) -> Fault:
        return Fault(message, start.line, start.column, help, width)

    if found := NO_SPACE.match(text):
        return at(
            "a space is missing after the colon", f"{found[1]}: {shorten(text[found.end() :])}"
        )
    if NO_SPACE_AFTER_DASH.match(text):
        return at("a space is missing after the dash", f"- {shorten(text[1:])}")
    if odd := OTHER_DASH.match(text):
        return at(
            f"'{odd.group()}' (U+{ord(odd.group()):04X}) starts no step",
            f"a dash and a space do: - {shorten(text[1:].strip())}",
        )
    return at("a key without a value", "behind a key stand ': ' and its value")


# Expressions.

_SIGNS: Final = (
    ("&&", "write and, not &&"),
    ("||", "write or, not ||"),
    ("===", "== compares"),
    ("++", "there is no ++; write + 1"),
    ("$", "$ is for text; a number takes the name alone"),
    ("?", "a choice is written a if c else b"),
)
_PATTERNS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...]] = (
    (
        re.compile(r"([0-9]+)((?:[xX][0-9]+)+)"),
        lambda m: f"write [{m[0].replace('X', 'x').replace('x', ', ')}]",
    ),
    (re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?) ?%"), lambda m: f"write {float(m[1]) / 100:g}"),
    (
        re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,9}))? ?([kKMGB])"),
        lambda m: f"write it in full: {_in_full(m)}",
    ),
    (re.compile(r"([0-9]+)\.\.\.?([0-9]+)"), lambda m: f"write range({m[1]}, {m[2]})"),
    (re.compile(r"([0-9]{1,3})((?: [0-9]{3})+)"), lambda m: f"write {m[0].replace(' ', '_')}"),
    (
        re.compile(r"[0-9._]+(?: [0-9._]+)+"),
        lambda m: f"is a comma missing? {', '.join(m[0].split())}",
    ),
    (re.compile(r"([0-9]+)([A-Za-z_]\w*)"), lambda m: f"a product is written {m[1]}*{m[2]}"),
)
"""What looks like something else that is known, and what it is here."""


def misread(text: str, offset: int) -> tuple[str, str, int, int]:
    """The message, help, offset and width for an expression that Python's grammar refuses."""
    from keyword import iskeyword

    if text.count("(") != text.count(")") or text.count("[") != text.count("]"):
        help = "inside {..} or [..] an expression with a comma needs quotes"
        if re.fullmatch(r"\([0-9]+", text):
            help = f"a list is written in square brackets: [{text[1:]}, ..]"
        return f"unbalanced brackets in '{shorten(text)}'", help, 0, 0
    message = f"cannot read '{shorten(text)}' as an expression"
    if iskeyword(text):
        return f"there is no name '{text}' here", "", 0, 0
    for sign, help in _SIGNS:
        if (at := text.find(sign)) >= 0:
            return message, help, at, len(sign)
    if "!" in text.replace("!=", "  "):
        return message, "write not, not !", text.replace("!=", "  ").index("!"), 1
    if (found := re.search(r"(?<![=<>!])=(?!=)", text)) is not None:
        return message, "== compares", found.start(), 1
    if (found := re.search(r"&(lt|gt|amp);", text)) is not None:
        sign = {"lt": "<", "gt": ">", "amp": "and"}[found[1]]
        return message, f"{found[0]} is HTML: write {sign}", found.start(), len(found[0])
    if " if " in text and " else " not in text:
        return message, "a choice is written a if c else b", 0, len(text)
    for pattern, hint in _PATTERNS:
        if len(text) <= 40 and (whole := pattern.fullmatch(text)):
            return message, hint(whole), 0, len(text)
    return message, "", min(offset, len(text) - 1), 1


def _in_full(found: re.Match[str]) -> str:
    """The number that ``25.5M`` stands for, in digits."""
    zeros = {"k": 3, "K": 3, "M": 6, "G": 9, "B": 9}[found[3]]
    digits, point = found[1] + (found[2] or ""), len(found[2] or "")
    if point > zeros:
        return found[1]
    return f"{int(digits) * 10 ** (zeros - point):_}"
