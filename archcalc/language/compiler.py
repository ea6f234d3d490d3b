"""Located tree → program: every key, word and name checked, and all faults told at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from archcalc.language.arithmetic import ExpressionFault
from archcalc.language.expressions import WORD, Expression
from archcalc.language.frame import Frame
from archcalc.language.program import Block, Declaration, Module
from archcalc.language.slots import Reader, Slot, broken
from archcalc.language.source import Item, Mapping, Scalar, Sequence
from archcalc.language.steps import (
    BlockStep,
    Chain,
    ChainStep,
    ChosenStep,
    LayerStep,
    MergeStep,
    PassStep,
    SideStep,
    Step,
    TensorStep,
    follower_kinds,
)
from archcalc.language.words import ARGUMENTS, OPERATIONS
from archcalc.layers import KINDS
from archcalc.layers.base import Layer
from archcalc.layers.fields import AutoFlag, Choice, Field, Kind, Padding
from archcalc.limits import Limits
from archcalc.problems import Complaint, Place, Problem, nearest
from archcalc.shapes import DIMENSIONS

TYPES: Final = ("int", "float", "bool", "str", "list", "any")
MODIFIERS: Final = ("name", "from", "repeat", "if", "else", "for", "in", "share", "note")
SPECIAL: Final = ("do", "side", "residual", "add", "concat", "mul", "custom")
TOP: Final = (
    "archcalc",
    "name",
    "extends",
    "use",
    "meta",
    "dtype",
    "settings",
    "input",
    "inputs",
    "defaults",
    "blocks",
    "layers",
    "outputs",
    "variants",
    "default_variant",
    "expect",
    "published",
)
DTYPES: Final = [
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
]
EXPECTED: Final = ("params", "trainable", "buffers", "macs", "multiplications", "activations")
PUBLISHED_NUMBERS: Final = (
    *EXPECTED,
    "flops",
    "top1",
    "top5",
    "accuracy",
    "error",
    "miou",
    "perplexity",
)
PUBLISHED_TEXTS: Final = ("source", "note", "url", "input")
POSITIONAL: Final = 3
"""How many arguments of a layer kind can be written by position."""


class Reports:
    """The faults found so far. Did-you-mean is only asked for as long as somebody reads it."""

    MOST = 2000

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def __call__(self, problem: Problem) -> None:
        self.problems.append(problem)
        if len(self.problems) >= self.MOST:
            raise Complaint(*self.problems)

    def near(self, word: str, known: Iterable[str]) -> str | None:
        return nearest(word, known) if len(self.problems) < 25 else None


class Scope:
    """What names mean at one place of the text: values by name, and the tensors of the block."""

    def __init__(self, values: Iterable[str], tensors: Iterable[str] = ()) -> None:
        self.values = set(values)
        self.tensors = {"prev", "input", *tensors}
        self.templates = False
        """Whether some tensor gets a name that is made while running."""
        self.wanted: list[tuple[str, Place]] = []
        """Tensors that are asked for; all names are known only at the block's end."""


class ScopedReader(Reader):
    """A reader that also knows which names there are, and says so before anything runs."""

    def __init__(self, limits: Limits, report: Reports) -> None:
        super().__init__(limits, report)
        self.reports = report
        self.scope = Scope(())

    def _parse(self, item: Scalar) -> Expression | None:
        expression = super()._parse(item)
        return expression if expression is None or self._known(item, expression) else None

    def _template(self, text: str) -> list[str | Expression]:
        parts = super()._template(text)
        for part in parts:
            if isinstance(part, Expression):
                for name in part.names:
                    if name not in self.scope.values:
                        raise ExpressionFault(
                            f"there is no name '{name}' here",
                            help=self._hint(name),
                            code="reference",
                        )
        return parts

    def _hint(self, name: str) -> str:
        close = self.reports.near(name, self.scope.values)
        if close:
            return f"did you mean '{close}'?"
        if name == "i":
            return "i is the index of the innermost for or repeat; here is none"
        if name in self.scope.tensors:
            return f"'{name}' is a tensor; its sizes are {name}.channels and so on"
        return ""

    def _known(self, item: Scalar, expression: Expression) -> bool:
        good = True
        for name in expression.names:
            if name not in self.scope.values:
                offset = item.text.find(name)
                self.report(
                    Problem(
                        f"there is no name '{name}' here",
                        item.part(max(0, offset), len(name)),
                        self._hint(name),
                        code="reference",
                    )
                )
                good = False
        for tensor in expression.tensors:
            self.scope.wanted.append((tensor, item.place))
        return good

    def padding(self, item: Item, words: tuple[str, ...]) -> Slot:
        if (
            isinstance(item, Scalar)
            and WORD.match(item.text)
            and item.text not in words
            and item.text not in self.scope.values
        ):
            close = self.reports.near(item.text, words)
            help = (
                f"did you mean '{close}'?"
                if close
                else f"a number, a list, or one of {', '.join(words)}"
            )
            self.report(
                Problem(
                    f"there is no padding '{shorten(item.text)}'", item.place, help, code="unknown"
                )
            )
            return broken(item)
        return super().padding(item, words)

    def tensor(self, item: Item) -> Slot:
        """The name of a tensor."""
        slot = self.text(item)
        if slot.code is None and isinstance(slot.constant, str):
            self.scope.wanted.append((slot.constant, slot.place))
        return slot


def shorten(text: str, width: int = 60) -> str:
    """``text``, cut where it is longer than a message should be."""
    return text if len(text) <= width else text[:width] + "…"


class Compiler:
    """Reads one file into a `Module`; ``report`` gets every fault."""

    def __init__(self, module: Module, limits: Limits, report: Reports) -> None:
        self.module = module
        self.limits = limits
        self.report = report
        self.reader = ScopedReader(limits, report)
        self.default_items: dict[str, list[tuple[Scalar, Item]]] = {}
        self.follower_steps: dict[str, LayerStep] = {}

    # What every part needs.

    def problem(self, message: str, place: Place, help: str = "", *, code: str) -> None:
        self.report(Problem(message, place, help, code=code))

    def unknown(
        self, what: str, word: str, known: Iterable[str], place: Place, help: str = ""
    ) -> None:
        """Reports a word that is none of ``known``."""
        close = self.report.near(word, known)
        hint = f"; did you mean '{close}'?" if close else ""
        self.problem(
            f"{what} '{shorten(word)}'{hint}", place, "" if close else help, code="unknown"
        )

    def mapping(self, item: Item | None, what: str, example: str) -> Mapping | None:
        if item is None:
            return None
        if isinstance(item, Mapping):
            return item
        self.problem(f"{what} must be a mapping", item.place, f"such as {example}", code="type")
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
        for key, value in self.mapping(item, what, "{width: 64}") or ():
            name = key.text
            if not WORD.match(name) or name in ("true", "false", "i", "prev", "input"):
                reserved = name in ("true", "false", "i", "prev", "input")
                why = "is reserved" if reserved else "is no name"
                self.problem(
                    f"'{shorten(name)}' {why}",
                    key.place,
                    "letters, digits and _, not starting with a digit",
                    code="value",
                )
                continue
            found[name] = self.declaration(name, value, key.place)
            scope.values.add(name)
        return found

    def declaration(self, name: str, item: Item, place: Place) -> Declaration:
        """One setting or argument: a type, a default, or a mapping of both and bounds."""
        if isinstance(item, Scalar) and item.plain and item.text in TYPES:
            return Declaration(name, item.text, None, place)
        if not isinstance(item, Mapping):
            default = self.reader._cell(item)
            return Declaration(name, type_of(default), default, item.place)
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
                slots = [self.by_type(kind, i) for i in choices_item.items]
                choices = tuple(s.constant for s in slots)
            else:
                self.problem("choices must be a list", choices_item.place, code="type")
        bounds: dict[str, Any] = {}
        for bound in ("min", "max"):
            bound_item = item.get(bound)
            if bound_item is not None:
                bounds[bound] = self.reader.real(bound_item).constant
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
        mapping = self.mapping(item, what, "{channels: 3, height: 224, width: 224}")
        if mapping is None:
            return found
        for key, value in mapping:
            if key.text == "dtype" and what.startswith("input"):
                self.reader.word(value, DTYPES, "dtype")
            elif key.text not in DIMENSIONS:
                self.unknown(
                    "there is no dimension",
                    key.text,
                    DIMENSIONS,
                    key.place,
                    f"there are {', '.join(DIMENSIONS)}",
                )
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

    # Chains and steps.

    def chain(self, item: Item) -> Chain:
        """A list of steps, with their parts of the path."""
        if not isinstance(item, Sequence):
            found = "text" if isinstance(item, Scalar) else "a mapping"
            help = "start each step with '- '"
            self.problem(f"a chain is a list of steps, got {found}", item.place, help, code="type")
            return Chain([])
        steps = [s for s in (self.step(i) for i in item.items) if s is not None]
        label_steps(steps)
        return Chain(steps)

    def block_chain(self, item: Item, scope: Scope) -> Chain:
        """A chain with names of its own: of the network, or of a block."""
        outer, self.reader.scope = self.reader.scope, scope
        try:
            chain = self.chain(item)
            if not scope.templates:
                for name, place in scope.wanted:
                    if name not in scope.tensors:
                        close = self.report.near(name, scope.tensors)
                        help = (
                            f"did you mean '{close}'?"
                            if close
                            else "name: on a step before gives a tensor its name"
                        )
                        if not name.isascii():
                            odd = ", ".join(f"U+{ord(c):04X}" for c in name if not c.isascii())
                            help += f" (this one has {shorten(odd)})"
                        self.problem(
                            f"there is no tensor '{shorten(name)}' here",
                            place,
                            help,
                            code="reference",
                        )
            return chain
        finally:
            self.reader.scope = outer

    def step(self, item: Item, *, branch: bool = False) -> Step | None:
        """One step of any form."""
        if isinstance(item, Sequence):
            step: Step = ChainStep(item.place, self.chain(item))
            step.settle()
            return step
        if isinstance(item, Scalar):
            if not item.text and item.plain:
                self.problem(
                    "an empty step", item.place, "leave the line out, or name a layer", code="empty"
                )
                return None
            if branch and self.is_tensor(item.text):
                step = TensorStep(item.place, self.reader.tensor(item))
            else:
                made = self.operation(item, None, branch=branch)
                if made is None:
                    return None
                step = made
            step.settle()
            return step
        return self.mapped_step(item)

    def is_tensor(self, word: str) -> bool:
        """Whether a branch's text is a tensor rather than a layer kind."""
        if word in self.reader.scope.tensors:
            return True
        return not (
            word in KINDS or word in self.module.blocks or "." in word or word.startswith("$")
        )

    def mapped_step(self, item: Mapping) -> Step | None:
        """A mapping with one operation and modifiers."""
        given = {key.text: (key, value) for key, value in item}
        operations = [key for key, _ in item if key.text not in MODIFIERS]
        scope = self.reader.scope
        if not given:
            self.problem("an empty step", item.place, "leave it out, or name a layer", code="empty")
            return None
        if len(operations) > 1:
            self.two_operations(operations)
            return None
        # Loop names are there for everything in the step, and for nothing else.
        loops: list[str] = []
        values: Slot | None = None
        if "for" in given or "in" in given:
            loops, values = self.loop(given, item.place)
        repeat = self.reader.integer(given["repeat"][1]) if "repeat" in given else None
        if repeat is not None and repeat.code is None and (repeat.constant or 0) < 0:
            self.problem(
                f"repeat must not be negative, got {repeat.constant}", repeat.place, code="value"
            )
        added = {n for n in (*loops, *(["i"] if repeat or values else [])) if n not in scope.values}
        scope.values |= added
        try:
            step: Step | None
            if operations:
                key = operations[0]
                step = self.operation(key, item.entries[key.text][1])
            elif "from" in given or "name" in given:
                step = PassStep(item.place)
            else:
                names = ", ".join(given)
                self.problem(
                    f"the step has no operation, only {names}",
                    item.place,
                    "such as {conv: [64, 3], repeat: 2}",
                    code="syntax",
                )
                return None
            if step is None:
                return None
            self.modifiers(step, given)
            step.loop_names, step.loop_values, step.repeat = tuple(loops), values, repeat
        finally:
            scope.values -= added
        step.settle()
        return step

    def two_operations(self, operations: list[Scalar]) -> None:
        first, second = operations[0], operations[1]
        kind = KINDS.get(first.text)
        if kind is not None and second.text in spelled(kind):
            help = f"'{second.text}' is an argument of {first.text}: {first.text}: {{.., {second.text}: ..}}"
        else:
            help = "write each operation as a step of its own"
        names = " and ".join(f"'{shorten(o.text)}'" for o in operations[:3])
        self.problem(
            f"a step has one operation, this one has {names}", second.place, help, code="syntax"
        )

    def loop(
        self, given: dict[str, tuple[Scalar, Item]], place: Place
    ) -> tuple[list[str], Slot | None]:
        """``for`` and ``in``."""
        if "for" not in given or "in" not in given:
            there, missing = ("for", "in") if "for" in given else ("in", "for")
            self.problem(
                f"'{there}' without '{missing}'",
                given[there][0].place,
                "for: [a, b] and in: LIST go together",
                code="syntax",
            )
            return [], None
        item = given["for"][1]
        names = item.items if isinstance(item, Sequence) else [item]
        found: list[str] = []
        for name in names:
            if (
                not isinstance(name, Scalar)
                or not WORD.match(name.text)
                or name.text in ("true", "false", "i")
            ):
                self.problem(
                    "for needs a name, or a list of names",
                    name.place,
                    "such as for: [depth, width]",
                    code="value",
                )
            else:
                found.append(name.text)
        values = self.reader.listed(given["in"][1])
        return found, values

    def modifiers(self, step: Step, given: dict[str, tuple[Scalar, Item]]) -> None:
        """All that a step can have beside its operation."""
        reader, scope = self.reader, self.reader.scope
        if "name" in given:
            step.name = reader.name(given["name"][1])
            if step.name.code is not None:
                scope.templates = True
            elif isinstance(step.name.constant, str):
                scope.tensors.add(step.name.constant)
        if "from" in given:
            step.origin = reader.tensor(given["from"][1])
        if "if" in given:
            item = given["if"][1]
            if isinstance(item, Scalar) and not item.text and not item.plain:
                self.problem(
                    "the condition is empty (YAML reads > as the start of folded text)",
                    item.place,
                    "put it in quotes",
                    code="empty",
                )
            step.condition = reader.truth(item)
        if "else" in given:
            if "if" not in given:
                self.problem("'else' without 'if'", given["else"][0].place, code="syntax")
            step.otherwise = self.chain(given["else"][1])
        if "share" in given:
            item = given["share"][1]
            if isinstance(item, Scalar) and item.text == "true":
                step.share = True
                if "repeat" not in given:
                    self.problem(
                        "'share: true' shares the turns of a repeat; here is none",
                        item.place,
                        "name a step: share: NAME",
                        code="syntax",
                    )
            elif not (isinstance(item, Scalar) and item.text == "false"):
                step.share = reader.tensor(item)

    def operation(self, key: Scalar, item: Item | None, *, branch: bool = False) -> Step | None:
        """What a step does. ``item`` holds its arguments, if it has any."""
        word = key.text
        if word == "do" or word == "side":
            if item is None:
                self.problem(f"{word} needs a list of steps", key.place, code="type")
                return None
            made = ChainStep if word == "do" else SideStep
            step: Step = made(key.place, self.chain(item))
            step.label = "side" if word == "side" else ""
            return step
        if word == "residual":
            return self.residual(key, item)
        if word in self.module.blocks:
            return self.call(key.place, self.module.blocks[word], word, item)
        if word in KINDS:
            if KINDS[word].merges:
                return self.merge(key, item)
            return self.layer(key.place, word, item)
        if word.startswith("$"):
            return self.chosen(key, item)
        alias, _, rest = word.partition(".")
        if rest and alias in self.module.uses:
            blocks = self.module.uses[alias].blocks
            if rest in blocks:
                return self.call(key.place, blocks[rest], rest, item)
            self.unknown(
                f"'{alias}' has no block", rest, blocks, key.place, f"there are {', '.join(blocks)}"
            )
            return None
        self.unknown_operation(key, branch)
        return None

    def unknown_operation(self, key: Scalar, branch: bool) -> None:
        word = key.text
        foreign = OPERATIONS.get(word)
        what = "there is no layer, block or tensor" if branch else "there is no layer or block"
        if foreign:
            self.problem(f"{what} '{word}'; did you mean '{foreign}'?", key.place, code="unknown")
            return
        known = (*KINDS, *SPECIAL, *self.module.blocks)
        odd = [c for c in word if not c.isascii()]
        help = "archcalc layers lists them; custom: is for what is not built in"
        if ":" in word:
            head = word.partition(":")[0]
            if head in known:
                help = f"a space is missing after the colon: {head}: .."
        elif any(c in word for c in "([{,)]}") or word.count("(") != word.count(")"):
            help = "inside {..} or [..] an expression with a comma needs quotes"
        elif odd:
            help = f"it has {', '.join(f'U+{ord(c):04X}' for c in odd[:4])}; {help}"
        self.unknown(what, word, known, key.place, help)

    def positions(
        self, item: Item | None, names: list[str], most: int, what: str
    ) -> Iterable[tuple[str, Place, Item]]:
        """Arguments by name: from a value, a list in order, or a mapping."""
        if item is None or (isinstance(item, Scalar) and item.plain and not item.text):
            return
        if isinstance(item, Mapping):
            for key, value in item:
                yield key.text, key.place, value
        elif isinstance(item, Sequence):
            takes = min(most, len(names))
            for number, value in enumerate(item.items):
                if number >= takes:
                    by_name = (
                        f"; write the others by name: {what}: {{{names[0]}: .., ..}}"
                        if len(names) > takes
                        else ""
                    )
                    self.problem(
                        f"{what} takes {takes} arguments by position, got {len(item.items)}",
                        value.place,
                        f"they are {', '.join(names[:takes])}{by_name}"
                        if takes
                        else "it has no arguments",
                        code="type",
                    )
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
        fields = spelled(kind)
        names = list(fields)
        given: dict[str, Slot] = {
            name: slot for name, (slot, _) in self.module.defaults.get(word, {}).items()
        }
        step.places.update({name: p for name, (_, p) in self.module.defaults.get(word, {}).items()})
        for name, where, value in self.positions(item, names, POSITIONAL, word):
            if name not in fields:
                self.unknown_argument(word, name, names, where)
                continue
            given[name] = self.argument(fields[name][1], word, value)
            step.places[name] = value.place
        missing = [n for n, (_, field) in fields.items() if field.required and n not in given]
        if missing:
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

    def unknown_argument(self, word: str, name: str, names: list[str], place: Place) -> None:
        known = ARGUMENTS.get(name)
        head = f"{word} has no argument '{shorten(name)}'"
        if known in names:
            self.problem(f"{head}; did you mean '{known}'?", place, code="unknown")
        elif known == "":
            self.problem(
                head,
                place,
                "leave it out: it is inferred, or changes nothing that is counted",
                code="unknown",
            )
        elif name.partition(":")[0] in names:
            self.problem(
                f"{head}; did you mean '{name.partition(':')[0]}'?",
                place,
                "a space is missing after the colon",
                code="unknown",
            )
        elif name in MODIFIERS:
            self.problem(
                head,
                place,
                f"'{name}' stands beside {word}: {{{word}: .., {name}: ..}}",
                code="unknown",
            )
        else:
            help = f"there are {', '.join(names)}" if names else "it has none"
            if any(c in name for c in "()[]"):
                help = "inside {..} or [..] an expression with a comma needs quotes"
            self.unknown(f"{word} has no argument", name, names, place, help)

    def argument(self, field: Field[Any], word: str, item: Item) -> Slot:
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

    # Merges.

    def residual(self, key: Scalar, item: Item | None) -> Step | None:
        """``residual``: an addition whose second branch is the shortcut, by default the identity."""
        step = MergeStep(key.place, KINDS["add"])
        step.label = "residual"
        if isinstance(item, Sequence):
            step.branches = [("main", self.chain(item)), ("shortcut", Chain([]))]
            return step
        if not isinstance(item, Mapping):
            self.problem(
                "residual needs a list of steps, or main: and shortcut:", key.place, code="type"
            )
            return None
        for name, _ in item:
            if name.text not in ("main", "shortcut"):
                self.unknown(
                    "residual has no branch",
                    name.text,
                    ("main", "shortcut"),
                    name.place,
                    "there are main and shortcut",
                )
        main, shortcut = item.get("main"), item.get("shortcut")
        if main is None:
            self.problem(
                "residual needs main:",
                key.place,
                "residual: {main: [..], shortcut: [..]}",
                code="type",
            )
            return None
        step.branches = [
            ("main", self.chain(main)),
            ("shortcut", self.chain(shortcut) if shortcut is not None else Chain([])),
        ]
        return step

    def merge(self, key: Scalar, item: Item | None) -> Step | None:
        """``add``, ``concat`` or ``mul`` with their branches."""
        word = key.text
        step = MergeStep(key.place, KINDS[word])
        step.label = word
        branches: Item | None = item
        if isinstance(item, Mapping):
            branches = item.get("branches")
            if branches is None:
                self.problem(
                    f"{word} needs branches",
                    key.place,
                    f"{word}: {{branches: [a, b]}}",
                    code="type",
                )
                return None
            rest = Mapping(item.source, item.line, item.column)
            rest.entries = {n: e for n, e in item.entries.items() if n != "branches"}
            self.arguments(step, KINDS[word], word, rest, key.place)
        if isinstance(branches, Mapping):
            for name, value in branches:
                found = self.branch(value)
                if found is not None:
                    step.branches.append((name.text, found))
        elif isinstance(branches, Sequence):
            for number, value in enumerate(branches.items, 1):
                found = self.branch(value)
                if found is not None:
                    part = "" if isinstance(found, TensorStep) else f"branch{number}"
                    step.branches.append((part, found))
        else:
            self.problem(
                f"{word} needs a list of branches", key.place, f"{word}: [a, b]", code="type"
            )
            return None
        if not step.branches:
            self.problem(f"{word} has no branches", key.place, code="empty")
            return None
        step.bare = all(isinstance(b, TensorStep) for _, b in step.branches)
        return step

    def branch(self, item: Item) -> Step | Chain | None:
        """A tensor, a step, or a chain from the tensor that entered the merge."""
        if isinstance(item, Sequence):
            return self.chain(item)
        step = self.step(item, branch=True)
        if step is not None and not isinstance(step, TensorStep):
            label_steps([step])
        return step

    # Blocks.

    def call(self, place: Place, block: Block, word: str, item: Item | None) -> Step:
        """A call of a block."""
        step = BlockStep(place, block)
        step.label = word
        names = list(block.arguments)
        for name, where, value in self.positions(item, names, len(names), word):
            declaration = block.arguments.get(name)
            if declaration is None:
                if name in MODIFIERS:
                    self.problem(
                        f"{word} has no argument '{name}'",
                        where,
                        f"'{name}' stands beside {word}: {{{word}: .., {name}: ..}}",
                        code="unknown",
                    )
                else:
                    self.unknown(
                        f"{word} has no argument",
                        name,
                        names,
                        where,
                        f"there are {', '.join(names)}" if names else "it has none",
                    )
                continue
            slot = self.by_type(declaration.type, value)
            step.arguments[name] = slot
            if slot.code is None and slot.constant is not None:
                self.conforms(declaration, slot)
        missing = [
            n for n, d in block.arguments.items() if d.default is None and n not in step.arguments
        ]
        if missing:
            wanted = " and ".join(f"{n} ({block.arguments[n].type})" for n in missing)
            self.problem(f"{word} needs {wanted}", place, code="type")
        return step

    def chosen(self, key: Scalar, item: Item | None) -> Step:
        """``$param``: the operation is known when the argument is."""
        word = self.reader.text(key)
        scope = self.reader.scope

        def compile(name: str, frame: Frame) -> Step:
            outer, self.reader.scope = self.reader.scope, scope
            before = len(self.report.problems)
            try:
                named = Scalar(key.source, key.line, key.column, key.width, name, key.plain)
                step = self.operation(named, item)
            finally:
                self.reader.scope = outer
            late = self.report.problems[before:]
            if late or step is None:
                del self.report.problems[before:]
                raise Complaint(*late)
            step.settle()
            return step

        # Loop names that are there now must still be there when the choice is made.
        kept = Scope(scope.values, scope.tensors)
        kept.templates = True
        scope = kept
        step = ChosenStep(key.place, word, compile)
        step.label = key.text.lstrip("$").strip("()")
        return step


def positive(name: str, slot: Slot, env: Any) -> Any:
    """A size, which must be at least 1."""
    value = slot.value(env)
    arithmetic = env.arithmetic
    if not arithmetic.decide(arithmetic.order(">=", value, 1)):
        raise Complaint(
            Problem(f"{name} must be at least 1, got {value}", slot.place, code="value")
        )
    return value


_spelled: dict[type[Layer], dict[str, tuple[str, Field[Any]]]] = {}


def spelled(kind: type[Layer]) -> dict[str, tuple[str, Field[Any]]]:
    """The arguments of a layer kind by their word in a spec: attribute and field."""
    found = _spelled.get(kind)
    if found is None:
        found = _spelled[kind] = {
            field.name: (attribute, field) for attribute, field in kind.fields.items()
        }
    return found


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


def label_steps(steps: list[Step]) -> None:
    """Gives each unnamed step of a chain its part of the path.

    A part is the layer kind, numbered when the chain has several of it. A chain with one unnamed
    loop, or one unnamed merge, does without a part for it.
    """
    counts: dict[str, int] = {}
    loops = merges = 0
    for step in steps:
        if step.name is not None:
            continue
        word = word_of(step)
        counts[word] = counts.get(word, 0) + 1
        looped = step.repeat is not None or step.loop_values is not None
        if looped and not isinstance(step, LayerStep):
            loops += 1
        if isinstance(step, MergeStep) and not step.bare:
            merges += 1
    seen: dict[str, int] = {}
    for step in steps:
        if step.name is not None:
            continue
        word = word_of(step)
        seen[word] = seen.get(word, 0) + 1
        number = str(seen[word]) if counts[word] > 1 else ""
        looped = step.repeat is not None or step.loop_values is not None
        silent = not looped and type(step) is ChainStep
        if looped and not isinstance(step, LayerStep):
            silent = loops == 1
        elif isinstance(step, MergeStep) and not step.bare:
            silent = merges == 1
        step.label = "" if silent or not word else word + number


def word_of(step: Step) -> str:
    """What an unnamed step is called."""
    if isinstance(step, LayerStep):
        return step.kind.kind
    if isinstance(step, (PassStep, TensorStep)):
        return ""
    if type(step) is ChainStep:
        return "for" if step.loop_values is not None else "do"
    return step.label
