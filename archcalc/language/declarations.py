"""Declarations: settings and arguments with their types, and named sizes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from keyword import iskeyword
from typing import Any, Final

from archcalc.language.expressions import NO_VALUES, WORD, Expressions
from archcalc.language.frame import Frame
from archcalc.language.program import Declaration, Module
from archcalc.language.scope import Reports, ScopedReader
from archcalc.language.slots import Slot
from archcalc.language.source import Item, Mapping, Scalar, Sequence, sort_of
from archcalc.language.words import SIZES
from archcalc.limits import Limits, raised
from archcalc.problems import Complaint, Place, Problem, meant, quoted, shorten
from archcalc.shapes import DIMENSIONS

TYPES: Final = ("int", "float", "bool", "str", "list", "any")
DTYPES: Final = (
    "float64",
    "float32",
    "float16",
    "bfloat16",
    "float8",
    "int64",
    "int32",
    "int16",
    "int8",
    "int4",
    "uint8",
    "bool",
)


class Declarer:
    """Reads declarations of one file; ``report`` gets every fault."""

    def __init__(
        self, module: Module, limits: Limits, report: Reports, expressions: Expressions
    ) -> None:
        self.module = module
        self.limits = limits
        self.report = report
        self.reader = ScopedReader(limits, report, expressions)

    # What every part needs.

    def problem(self, message: str, place: Place, help: str = "", *, code: str) -> None:
        self.report(Problem(message, place, help, code=code))

    def unknown(
        self, what: str, word: str, known: Iterable[str], place: Place, help: str = ""
    ) -> str | None:
        """Reports a word that is none of ``known``, and returns the one that was likely meant."""
        close = self.report.near(word, known)
        message = f"{what} {quoted(word)}{meant(close)}"
        self.problem(message, place, "" if close else help, code="unknown")
        return close

    def mapping(self, item: Item | None, what: str, example: str) -> Mapping | None:
        if item is None:
            return None
        if isinstance(item, Mapping):
            return item
        message = f"{what} must be a mapping of names to values, got {sort_of(item)}"
        self.problem(message, item.place, f"such as {example}", code="type")
        return None

    def texts(self, item: Item | None, what: str) -> dict[str, str]:
        """A mapping of plain texts, as they stand in the file."""
        found: dict[str, str] = {}
        mapping = self.mapping(item, what, "{year: 2014}")
        for key, value in mapping or ():
            if isinstance(value, Scalar):
                found[key.text] = value.text
            elif isinstance(value, Sequence) and all(isinstance(i, Scalar) for i in value.items):
                found[key.text] = ", ".join(i.text for i in value.items if isinstance(i, Scalar))
            else:
                self.problem(f"{what}.{key.text} must be text", value.place, code="type")
        return found

    # Declarations.

    def declarations(self, item: Item | None, what: str) -> dict[str, Declaration]:
        """Settings or arguments. Each may use those before it."""
        found: dict[str, Declaration] = {}
        scope = self.reader.scope
        names = item.items if isinstance(item, Sequence) else ()
        words = [i.text for i in names if isinstance(i, Scalar) and WORD.match(i.text)]
        shown = ", ".join(f"{shorten(word)}: int" for word in words[:4])
        self.reader.refused.update(words)
        mapping = self.mapping(item, what, f"{{{shown or 'width: 64'}}}")
        scope.later = mapping.entries if mapping is not None else ()
        for key, value in mapping or ():
            name = key.text
            if not WORD.match(name) or is_reserved(name):
                why, help = "is no name", "letters, digits and _, not starting with a digit"
                if is_reserved(name):
                    why, help = "means something already", "give it another name"
                self.problem(f"{quoted(name)} {why}", key.place, help, code="value")
                self.reader.refused.add(name)
                continue
            if not self.short(key):
                continue
            found[name] = self.declaration(name, value, key.place)
            scope.values.add(name)
        return found

    def short(self, key: Scalar) -> bool:
        """Whether a name is no longer than names may be; otherwise that is reported."""
        if len(key.text) <= self.limits.name:
            return True
        found = f"this one {len(key.text):,}"
        self.problem(
            f"a name has at most {self.limits.name} characters, {found}",
            key.place,
            raised("name"),
            code="limit",
        )
        return False

    def declaration(self, name: str, item: Item, place: Place) -> Declaration:
        """One setting or argument: a type, a default, or a mapping of both and bounds."""
        if isinstance(item, Scalar) and item.plain and item.text in TYPES:
            return Declaration(name, item.text, None, place)
        if not isinstance(item, Mapping):
            default = self.reader._cell(item)
            # A bare word (auto, half) may give way to a number; one in quotes is text for good.
            bare = isinstance(item, Scalar) and item.plain and isinstance(default.constant, str)
            kind = "list" if isinstance(item, Sequence) else type_of(default)
            return Declaration(name, "any" if bare else kind, default, item.place)
        known = ("type", "default", "choices", "min", "max", "help")
        for key, _ in item:
            if key.text not in known:
                help = f"there are {', '.join(known)}"
                if " " in key.text:
                    help = "inside {..} text with a comma needs quotes"
                self.unknown(f"{name} has no field", key.text, known, key.place, help)
        kind = "any"
        given = item.get("type")
        if given is not None:
            if isinstance(given, Scalar) and given.text in TYPES:
                kind = given.text
            else:
                word = given.text if isinstance(given, Scalar) else "…"
                self.unknown(
                    "there is no type", word, TYPES, given.place, f"there are {', '.join(TYPES)}"
                )
        default_item = item.get("default")
        declared = None
        if default_item is not None:
            declared = self.by_type(kind, default_item)
            if given is None:
                kind = type_of(declared)
        elif given is None:
            self.problem(
                f"{name} needs a type or a default", item.place, "such as {type: int}", code="type"
            )
        choices_item, choices = item.get("choices"), ()
        if choices_item is not None:
            if isinstance(choices_item, Sequence):
                before = len(self.report.problems)
                slots = [self.by_type(kind, i) for i in choices_item.items]
                choices = tuple(self.known(s, "a choice") for s in slots)
                if len(self.report.problems) > before:
                    choices = ()
            else:
                self.problem("choices must be a list", choices_item.place, code="type")
        bounds: dict[str, Any] = {}
        for bound in ("min", "max"):
            bound_item = item.get(bound)
            if bound_item is not None:
                bounds[bound] = self.known(self.reader.real(bound_item), bound)
        help_item = item.get("help")
        made = Declaration(
            name,
            kind,
            declared,
            default_item.place if default_item is not None else place,
            choices=choices,
            help=help_item.text if isinstance(help_item, Scalar) else "",
            **bounds,
        )
        if declared is not None and declared.code is None and declared.constant is not None:
            self.conforms(made, declared)
        return made

    def known(self, slot: Slot, what: str) -> Any:
        """The value of what may not depend on other settings."""
        if slot.code is not None:
            self.problem(
                f"{what} must be known beforehand",
                slot.place,
                "it cannot use settings or arguments",
                code="type",
            )
        return slot.constant

    def conforms(self, declaration: Declaration, slot: Slot) -> None:
        """Checks a constant against its declaration."""
        try:
            declaration.checked(slot.constant, slot.place, Frame(self.reader.arithmetic, {}, None))
        except Complaint as complaint:
            for problem in complaint.problems:
                self.report(problem)

    def by_type(self, type: str, item: Item) -> Slot:
        """The slot of a value for a declaration of that type."""
        reader = self.reader
        if type == "int":
            return reader.integer(item)
        if type == "float":
            return reader.real(item)
        if type == "bool":
            return reader.truth(item)
        if type == "str":
            return reader.text(item)
        if type == "list":
            return reader.listed(item)
        return reader._cell(item)

    def sizes(self, item: Item, what: str) -> dict[str, Slot]:
        """Named sizes: ``{channels: 3, height: 224, width: 224}``."""
        found: dict[str, Slot] = {}
        shape = item.get("shape") if isinstance(item, Mapping) else item
        example = shaped(shape) if shape is not None else ""
        if isinstance(item, Mapping) and example:
            message = "the sizes of a tensor have names"
            self.problem(message, item.entries["shape"][0].place, f"write {example}", code="type")
            return found
        mapping = self.mapping(item, what, example or "{channels: 3, height: 224, width: 224}")
        if mapping is None:
            return found
        for key, value in mapping:
            if key.text == "dtype" and what.startswith("input"):
                self.reader.word(value, DTYPES, "dtype")
            elif key.text not in DIMENSIONS:
                foreign = SIZES.get(key.text)
                message = f"there is no dimension {quoted(key.text)}"
                help = f"there are {', '.join(DIMENSIONS)}"
                if foreign == "":
                    help = "shapes are of one sample: --batch N multiplies the counts"
                else:
                    close = foreign or self.report.near(key.text, DIMENSIONS)
                    message, help = message + meant(close), "" if close else help
                self.problem(message, key.place, help, code="unknown")
            else:
                found[key.text] = slot = self.reader.integer(value)
                if slot.code is None and slot.constant is not None and slot.constant < 1:
                    self.problem(
                        f"{key.text} must be at least 1, got {slot.constant}",
                        value.place,
                        code="value",
                    )
        if not mapping.entries:
            self.problem(
                f"{what} has no dimensions", item.place, "such as {features: 10}", code="empty"
            )
        return found


def shaped(item: Item) -> str:
    """``[3, 224, 224]`` or ``224x224x3`` with names, as far as it can be told which is which."""
    texts = (
        [i.text for i in item.items if isinstance(i, Scalar)] if isinstance(item, Sequence) else []
    )
    if isinstance(item, Scalar) and len(item.text) <= 60:
        texts = re.split(r"\s*[x\u00d7X,*]\s*", item.text.strip("() "))
    if not 1 <= len(texts) <= 4 or not all(re.fullmatch("[0-9]{1,6}", text) for text in texts):
        return ""
    if isinstance(item, Scalar) and len(texts) < 3:  # 512x768 has no channels
        return ""
    sizes = [int(text) for text in texts]
    names = ("features",), ("length", "features"), ("channels", "height", "width")
    if len(sizes) == 4:
        sizes = sizes[1:]
    if len(sizes) == 3 and sizes[2] in (1, 3, 4) and sizes[0] not in (1, 3, 4):
        sizes = [sizes[2], *sizes[:2]]
    named = zip(names[len(sizes) - 1], sizes, strict=True)
    return f"{{{', '.join(f'{name}: {size}' for name, size in named)}}}"


def is_reserved(name: str) -> bool:
    """Whether expressions read ``name`` as something else, so that it can name no value."""
    if name in ("i", "prev", "input") or name in NO_VALUES or iskeyword(name):
        return True
    return name.lower() in ("true", "false", "yes", "no", "on", "off")


def positive(name: str, slot: Slot, env: Any) -> Any:
    """A size, which must be at least 1."""
    value = slot.value(env)
    arithmetic = env.arithmetic
    if not arithmetic.decide(arithmetic.order(">=", value, 1)):
        raise Complaint(
            Problem(f"{name} must be at least 1, got {value}", slot.place, code="value")
        )
    return value


def type_of(slot: Slot) -> str:
    """The type that a constant default gives its setting."""
    value = slot.constant
    if slot.code is not None or value is None:
        return "any"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int"
    if isinstance(value, float):
        return "float"
    return "str" if isinstance(value, str) else "list"
