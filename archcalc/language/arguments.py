"""The arguments of a layer: each read as its field says, and what is wrong with one told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Final

from archcalc.language.declarations import Declarer, positive
from archcalc.language.expressions import Expressions
from archcalc.language.program import Module
from archcalc.language.scope import Reports, Scope
from archcalc.language.slots import Slot
from archcalc.language.source import Item, Mapping, Scalar, Sequence, empty
from archcalc.language.steps import MODIFIERS, LayerStep, MergeStep, follower_kinds
from archcalc.language.words import ARGUMENTS, INFERRED, OPERATIONS, UNCOUNTED
from archcalc.layers import KINDS
from archcalc.layers.base import Layer
from archcalc.layers.fields import AutoFlag, Choice, Field, Kind, Padding
from archcalc.limits import Limits
from archcalc.problems import Complaint, Place, Problem, listed, meant, quoted, some

POSITIONAL: Final = 3
"""How many arguments of a layer kind can be written by position."""


class Layers(Declarer):
    """Reads layers with their arguments, and the arguments of blocks as far as they are alike."""

    def __init__(
        self, module: Module, limits: Limits, report: Reports, expressions: Expressions
    ) -> None:
        super().__init__(module, limits, report, expressions)
        self.follower_steps: dict[str, LayerStep] = {}
        self._bounded: set[tuple[Field[Any], Any]] = set()
        """Constants that are within the bounds of their fields."""

    def no_layer_for_defaults(self, key: Scalar) -> None:
        close = OPERATIONS.get(key.text) or self.report.near(key.text, KINDS)
        message = f"defaults: there is no layer {quoted(key.text)}{meant(close)}"
        help = "" if close else "archcalc layers lists them"
        takes = [name for name, kind in KINDS.items() if key.text in spelled(kind)]
        if takes and key.text not in OPERATIONS:
            word = "conv" if "conv" in takes else takes[0]
            message = f"defaults: there is no layer {quoted(key.text)}"
            help = f"'{key.text}' is an argument: {word}: {{{key.text}: ..}}"
        self.problem(message, key.place, help, code="unknown")

    def positions(
        self, item: Item | None, names: list[str], most: int, what: str
    ) -> Iterable[tuple[str, Place, Item]]:
        """Arguments by name: from a value, a list in order, or a mapping."""
        if item is None or empty(item):
            return
        split = False  # YAML splits min(a, b) at its comma; that was said, the rest is no news
        if isinstance(item, Mapping):
            for key, value in item:
                if not (split and empty(value)):
                    yield key.text, key.place, value
                    split = split or is_opened(value)
        elif isinstance(item, Sequence):
            takes = min(most, len(names))
            for number, value in enumerate(item.items):
                if split:
                    return
                split = is_opened(value)
                if number >= takes:
                    message = f"{what} has no arguments"
                    help = ""
                    if takes:
                        found = len(item.items)
                        message = f"{what} takes {some(takes, 'argument')} by position, got {found}"
                        help = f"first {listed(names[:takes])}"
                        if len(names) > takes:
                            help += f"; the others by name: {what}: {{{names[takes]}: .., ..}}"
                    self.problem(message, value.place, help, code="type")
                    return
                yield names[number], value.place, value
        elif names:
            yield names[0], item.place, item
        else:
            self.problem(f"{what} has no arguments", item.place, code="type")

    # Layers.

    def layer(self, place: Place, word: str, item: Item | None) -> LayerStep:
        """A layer kind with its arguments, over the defaults for it."""
        kind = KINDS[word]
        step = LayerStep(place, kind)
        step.followers = self.follower
        self.arguments(step, kind, word, item, place)
        return step

    def arguments(
        self,
        step: LayerStep | MergeStep,
        kind: type[Layer],
        word: str,
        item: Item | None,
        place: Place,
    ) -> None:
        """The arguments of a layer kind into ``step``'s slots."""
        defaults = self.module.defaults.get(word)
        if item is None and not defaults and not needed(kind):
            return
        fields = spelled(kind)
        names = list(fields)
        given: dict[str, Slot] = {}
        if defaults:
            for name, (slot, default_place) in defaults.items():
                given[name] = slot
                step.places[name] = default_place
        misspelt: set[str | None] = set()
        by_position = not isinstance(item, Mapping)
        problems = self.report.problems
        faults = len(problems)
        for name, where, value in self.positions(item, names, POSITIONAL, word):
            if name not in fields:
                misspelt.add(self.unknown_argument(word, name, names, where))
                continue
            before = len(problems)
            given[name] = self.argument(fields[name][1], word, value)
            step.places[name] = value.place
            named = by_position and len(problems) > before and problems[-1].code == "type"
            if named and problems[-1].place == value.place:
                problems[-1] = replace(
                    problems[-1], help=problems[-1].help or f"by position it is {name}"
                )
        missing = [n for n in needed(kind) if n not in given and n not in misspelt]
        # Of positions that could not be read, nobody knows how many there should have been.
        if missing and not (by_position and len(problems) > faults):
            self.problem(
                f"{word} needs {' and '.join(missing)}",
                place,
                f"such as {word}: {{{', '.join(f'{m}: ..' for m in missing)}}}",
                code="type",
            )
        for name, slot in given.items():
            attribute, field = fields[name]
            if field.slot == "tensor" and isinstance(step, LayerStep):
                step.tensors.append((attribute, slot))
            step.slots.append((attribute, slot))

    def unknown_argument(self, word: str, name: str, names: list[str], place: Place) -> str | None:
        """Reports an argument that there is not, and returns the one that was likely meant."""
        known = next((n for n in ARGUMENTS.get(name, "").split() if n in names), None)
        head, colon, _ = name.partition(":")
        close: str | None = None
        help = f"there are {listed(names)}" if names else f"{word} has no arguments"
        if known:
            close = known
        elif name in INFERRED and word in KINDS and not KINDS[word].merges:
            help = "leave it out: it follows from the input"
        elif name in UNCOUNTED and word in KINDS:
            help = "leave it out: it changes nothing that is counted"
        elif colon and head in names:
            close, help = head, f"a space is missing after the colon: {head}: .."
        elif name in MODIFIERS:
            help = f"'{name}' stands beside {word}: {{{word}: .., {name}: ..}}"
        elif any(c in name for c in "()[]"):
            help = "inside {..} or [..] an expression with a comma needs quotes"
        else:
            close = self.report.near(name, names)
        if close and not colon:
            help = ""
        message = f"{word} has no argument {quoted(name)}{meant(close)}"
        self.problem(message, place, help, code="unknown")
        return close

    def argument(self, field: Field[Any], word: str, item: Item) -> Slot:
        """One argument's slot, as its field reads text; a constant beyond its bounds is noted."""
        before = len(self.report.problems)
        slot = self.slot(field, word, item)
        known = (field, slot.constant)
        read = slot.code is None and slot.constant is not None
        if read and len(self.report.problems) == before and known not in self._bounded:
            for requirement in field.bounds(slot.constant):
                if not requirement.holds and self.report.few:
                    message, help = requirement.message(), requirement.help()
                    self.report.later.append(Problem(message, slot.place, help, code="value"))
                    return slot
            self._bounded.add(known)
        return slot

    def slot(self, field: Field[Any], word: str, item: Item) -> Slot:
        """One argument's slot, as its field reads text."""
        reader, slot = self.reader, field.slot
        if isinstance(field, Choice):
            return reader.word(item, field.words, field.name)
        if isinstance(field, Kind):
            words = ("none", *follower_kinds(field.family))
            return reader.word(item, words, field.name)
        if isinstance(field, Padding):
            return reader.padding(item, field.words)
        if isinstance(field, AutoFlag):
            return reader.truth_or_auto(item)
        if slot == "dims":
            return self.dims(item, word)
        read: dict[str, Callable[[Item], Slot]] = {
            "int": reader.integer,
            "float": reader.real,
            "bool": reader.truth,
            "sizes": reader.sizes,
            "text": reader.text,
            "dimension": reader.dimension,
            "tensor": reader.tensor,
            "list": reader.listed,
        }
        return read[slot](item)

    def dims(self, item: Item, word: str) -> Slot:
        """Named sizes as one slot that gives a shape."""
        from archcalc.shapes import Shape

        sizes = self.sizes(item, f"{word}: output")
        names = tuple(sizes)

        def run(env: Any) -> Shape:
            return Shape(names, tuple(positive(n, s, env) for n, s in sizes.items()))

        return Slot(None, run, item.place)

    def follower(self, word: str) -> LayerStep:
        """The step of a norm or activation that a layer brings along."""
        step = self.follower_steps.get(word)
        if step is None:
            kind = (follower_kinds("norm").get(word) or follower_kinds("activation")[word]).kind
            place = Place(self.module.source, 1, 1)
            outer, self.reader.scope = self.reader.scope, Scope(self.module.settings)
            before = len(self.report.problems)
            step = self.layer(place, kind, None)
            step.settle()
            self.reader.scope = outer
            late = self.report.problems[before:]
            if late:
                del self.report.problems[before:]
                raise Complaint(*late)
            self.follower_steps[word] = step
        return step


def is_opened(item: Item) -> bool:
    """Whether text was split within a bracket: ``min(a`` of ``[min(a, b)]``."""
    if not (isinstance(item, Scalar) and item.plain):
        return False
    text = item.text
    return text.count("(") > text.count(")") or text.count("[") > text.count("]")


_spelled: dict[type[Layer], dict[str, tuple[str, Field[Any]]]] = {}


def spelled(kind: type[Layer]) -> dict[str, tuple[str, Field[Any]]]:
    """The arguments of a layer kind by their word in a spec: attribute and field."""
    found = _spelled.get(kind)
    if found is None:
        found = _spelled[kind] = {
            field.name: (attribute, field) for attribute, field in kind.fields.items()
        }
    return found


_needed: dict[type[Layer], tuple[str, ...]] = {}


def needed(kind: type[Layer]) -> tuple[str, ...]:
    """The arguments of a layer kind that have no default."""
    found = _needed.get(kind)
    if found is None:
        found = _needed[kind] = tuple(n for n, (_, f) in spelled(kind).items() if f.required)
    return found
