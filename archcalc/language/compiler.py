"""Chains and steps: every key, word and name checked, and all faults told at once."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from archcalc.language.arguments import Layers, is_opened, spelled
from archcalc.language.declarations import is_reserved
from archcalc.language.expressions import WORD, Expressions
from archcalc.language.frame import Build, Frame, no_tensor
from archcalc.language.labels import label_steps
from archcalc.language.program import Block, Module
from archcalc.language.scope import Reports, Scope
from archcalc.language.slots import Slot
from archcalc.language.source import Item, Mapping, Scalar, Sequence, empty, sort_of
from archcalc.language.steps import (
    MODIFIERS,
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
)
from archcalc.language.words import (
    KINDS_KEYS,
    STEPS,
)
from archcalc.layers import KINDS
from archcalc.limits import Limits
from archcalc.problems import Complaint, Place, Problem, listed, meant, quoted, shorten

SPECIAL: Final = ("do", "side", "residual", "add", "concat", "mul", "custom")


class Compiler(Layers):
    """Reads the chains of one file; ``report`` gets every fault."""

    def __init__(
        self, module: Module, limits: Limits, report: Reports, expressions: Expressions
    ) -> None:
        super().__init__(module, limits, report, expressions)
        self._words: set[str] = set()
        self.bare: dict[str, LayerStep] = {}
        """Layers by the word that stands for them without arguments; read once."""

    # Chains and steps.

    def chain(self, item: Item) -> Chain:
        """A list of steps, with their parts of the path."""
        if not isinstance(item, Sequence):
            from archcalc.language.mistaken import as_list

            message = f"a list of steps is needed here, got {sort_of(item)}"
            self.problem(message, item.place, as_list(item, self.words()), code="type")
            return Chain([])
        if any(isinstance(i, Scalar) and i.text[-1:].isdigit() for i in item.items):
            from archcalc.language.mistaken import number_as_step

            problem = number_as_step(item)
            if problem is not None:
                self.report(problem)
                return Chain([])
        steps = [s for s in (self.step(i) for i in item.items) if s is not None]
        label_steps(steps)
        return Chain(steps)

    def block_chain(self, item: Item, scope: Scope) -> Chain:
        """A chain with names of its own: of the network, or of a block."""
        outer, self.reader.scope = self.reader.scope, scope
        try:
            chain = self.chain(item)
            tensors = scope.tensors
            if not tensors.templates:
                known = sorted(tensors.names - {"prev", "input"})
                for name, place in tensors.wanted:
                    if name not in tensors.names:
                        close = self.report.near(name, (*known, "prev", "input"))
                        self.problem(
                            f"there is no tensor {quoted(name)} here{meant(close)}",
                            place,
                            "" if close else no_tensor(known),
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
                step.settle()
                return step
            bare = self.bare.get(item.text)
            if bare is not None:
                return bare.at(item.place)
            faults = len(self.report.problems)
            made = self.operation(item, None, branch=branch)
            if made is not None:
                made.settle()
                if isinstance(made, LayerStep) and len(self.report.problems) == faults:
                    self.bare[item.text] = made
            return made
        return self.mapped_step(item)

    def is_tensor(self, word: str) -> bool:
        """Whether a branch's text is a tensor rather than a layer kind."""
        if word in self.reader.scope.tensors.names:
            return True
        return not (
            word in KINDS or word in self.module.blocks or "." in word or word.startswith("$")
        )

    def mapped_step(self, item: Mapping) -> Step | None:
        """A mapping with one operation and modifiers."""
        given = item.entries
        operations: list[Scalar] = []
        split = False
        for key, value in item:
            if key.text not in MODIFIERS and not (split and empty(value)):
                operations.append(key)
            split = split or is_opened(value)
        if not given:
            self.problem("an empty step", item.place, "leave it out, or name a layer", code="empty")
            return None
        if len(operations) > 1 or (operations and operations[0].text in KINDS_KEYS):
            from archcalc.language.mistaken import kind_as_value

            problem = kind_as_value(operations, item, self.words())
            if problem is None and len(operations) > 1:
                problem = self.two_operations(operations)
            if problem is not None:
                self.report(problem)
                return None
        # Loop names are there for everything in the step, and for nothing else.
        loops: list[str] = []
        values: Slot | None = None
        if "for" in given or "in" in given:
            loops, values = self.loop(given, item.place)
        outer = self.reader.scope
        if values is not None or loops:
            self.reader.scope = outer.within((*loops, "i"))
        repeat = self.reader.integer(given["repeat"][1]) if "repeat" in given else None
        if repeat is not None and repeat.code is None and (repeat.constant or 0) < 0:
            self.problem(
                f"repeat must not be negative, got {repeat.constant}", repeat.place, code="value"
            )
        if repeat is not None and values is None:
            self.reader.scope = outer.within("i")
        try:
            step: Step | None
            if operations:
                key = operations[0]
                step = self.operation(key, given[key.text][1])
            elif "from" in given or "name" in given:
                step = PassStep(item.place)
            else:
                names = listed(given)
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
            step.unpacks = "for" in given and isinstance(given["for"][1], Sequence)
            rows = given["in"][1] if "in" in given else None
            if isinstance(rows, Sequence):
                step.rows = [row.place for row in rows.items]
        finally:
            self.reader.scope = outer
        step.settle()
        return step

    def words(self) -> Collection[str]:
        """All that a step can do. There may be very many blocks, and faults."""
        known = self._words
        if len(known) < len(KINDS) + len(self.module.blocks):
            known = self._words = {*KINDS, *SPECIAL, *self.module.blocks}
        return known

    def two_operations(self, operations: list[Scalar]) -> Problem:
        """The problem of a step with several operations."""
        from archcalc.language.mistaken import misplaced

        known = self.words()
        first = next((o for o in operations if o.text in known), operations[0])
        second = next(o for o in operations if o is not first)
        kind = KINDS.get(first.text)
        if kind is not None and second.text in spelled(kind):
            word = first.text
            help = f"'{second.text}' is an argument of {word}: {word}: {{.., {second.text}: ..}}"
        elif (problem := misplaced(operations, known, MODIFIERS, self.report.near)) is not None:
            return problem
        else:
            help = "write each operation as a step of its own"
        names = [f"'{shorten(o.text)}'" for o in operations[:3]]
        shown = f"{', '.join(names[:-1])} and {names[-1]}"
        message = f"a step has one operation, this one has {shown}"
        return Problem(message, second.place, help, code="syntax")

    def loop(
        self, given: dict[str, tuple[Scalar, Item]], place: Place
    ) -> tuple[list[str], Slot | None]:
        """``for`` and ``in``."""
        if "for" not in given or "in" not in given:
            there, missing = ("for", "in") if "for" in given else ("in", "for")
            item, help = given[there][1], "for: [a, b] and in: LIST go together"
            names: list[str] = []
            if isinstance(item, Scalar) and there == "for":
                head, word, rest = item.text.partition(" in ")
                if word:
                    names = [n.strip() for n in head.split(",")]
                    shown = names[0] if len(names) == 1 else f"[{', '.join(names)}]"
                    rest = ".." if is_opened(item) else shorten(rest.strip())
                    help = f"write for: {shown}, in: {rest}"
            self.problem(
                f"'{there}' without '{missing}'", given[there][0].place, help, code="syntax"
            )
            return names, None
        item = given["for"][1]
        if isinstance(item, Sequence) and not item.items:
            help = "such as for: [depth, width]"
            self.problem("for needs a name, or a list of names", item.place, help, code="empty")
        found: list[str] = []
        for name in item.items if isinstance(item, Sequence) else [item]:
            if not isinstance(name, Scalar) or not WORD.match(name.text) or is_reserved(name.text):
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
        reader, tensors = self.reader, self.reader.scope.tensors
        if "name" in given:
            step.name = reader.name(given["name"][1])
            if step.name.code is not None:
                tensors.templates = True
            elif isinstance(step.name.constant, str):
                tensors.names.add(step.name.constant)
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
            else:
                step.condition = reader.truth(item)
        if "else" in given:
            if "if" not in given:
                self.problem("'else' without 'if'", given["else"][0].place, code="syntax")
            step.otherwise = self.chain(given["else"][1])
        if "cached" in given:
            step.cached = reader.truth(given["cached"][1])
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
        if word in self.module.lost:  # what is wrong with it was said where it is declared
            return None
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
                f"'{alias}' has no block", rest, blocks, key.place, f"there are {listed(blocks)}"
            )
            return None
        if not (rest and alias in self.module.lost):
            self.unknown_operation(key, item, branch)
        return None

    def unknown_operation(self, key: Scalar, item: Item | None, branch: bool) -> None:
        from archcalc.language.mistaken import known_as, named_group, written_as_call

        word, known = key.text, self.words()
        what = "there is no layer, block or tensor" if branch else "there is no layer or block"
        head, colon, _ = word.partition(":")
        alias, dot, inner = word.partition(".")
        close, help = known_as(word, known) or STEPS.get(word), ""
        if close:
            pass
        elif colon and (head in KINDS or head in self.module.blocks):
            help = f"a space is missing after the colon: {head}: .."
        elif (call := written_as_call(word, known)) is not None:
            close, help = call
        elif dot and self.module.uses:
            near = self.report.near(alias, self.module.uses)
            close = f"{near}.{inner}" if near else None
            help = "" if near else f"use: has {listed(self.module.uses)}"
        elif any(c in word for c in "([{,)]}"):
            help = "inside {..} or [..] an expression with a comma needs quotes"
        else:
            close = self.report.near(word, known)
            if close not in SPECIAL and (help := named_group(word, item, known)):
                close = None
            elif not close:
                help = "archcalc layers lists them; custom: is for what is not built in"
        self.problem(f"{what} {quoted(word)}{meant(close)}", key.place, help, code="unknown")
        if close in KINDS and isinstance(item, Mapping) and self.report.few:
            self.layer(key.place, close, item)  # what is wrong with its arguments

    # Merges.

    def residual(self, key: Scalar, item: Item | None) -> Step | None:
        """``residual``: an addition; its second branch is the shortcut, else the identity."""
        step = MergeStep(key.place, KINDS["add"])
        step.label = "residual"
        if isinstance(item, Sequence):
            step.branches = [("main", self.chain(item)), ("shortcut", Chain([]))]
            return step
        if not isinstance(item, Mapping):
            got = f", got {sort_of(item)}" if item is not None else ""
            self.problem(
                f"residual needs a list of steps, or main and shortcut{got}",
                key.place if item is None or empty(item) else item.place,
                "such as residual: [{conv: [64, 3]}]",
                code="type",
            )
            return None
        others = [name for name, _ in item if name.text not in ("main", "shortcut")]
        operations = [name for name in others if name.text in self.words()]
        if operations:
            word = operations[0].text
            self.problem(
                f"residual needs a list of steps, or main and shortcut, got {quoted(word)}",
                operations[0].place,
                f"steps stand in a list: residual: [{{{word}: ..}}]",
                code="type",
            )
            return None
        for name in others:
            self.unknown(
                "residual has no branch",
                name.text,
                ("main", "shortcut"),
                name.place,
                "there are main and shortcut",
            )
        main, shortcut = item.get("main"), item.get("shortcut")
        if main is None:
            if not others:
                self.problem(
                    "residual needs main:",
                    key.place,
                    "such as residual: {main: [..], shortcut: [..]}",
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
                self.no_branches(key, item)
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
            got = f", got {sort_of(branches)}" if branches is not None else ""
            self.problem(
                f"{word} needs a list of branches{got}",
                key.place if branches is None or empty(branches) else branches.place,
                f"such as {word}: [a, b]",
                code="type",
            )
            return None
        if not step.branches:
            if not (branches.items if isinstance(branches, Sequence) else branches.entries):
                self.problem(f"{word} has no branches", key.place, code="empty")
            return None
        step.bare = all(isinstance(b, TensorStep) for _, b in step.branches)
        return step

    def no_branches(self, key: Scalar, item: Mapping) -> None:
        """Reports a merge whose arguments do not say its branches."""
        word, fields = key.text, (*spelled(KINDS[key.text]), "branches")
        others = [name for name, _ in item if name.text not in fields]
        if not others:
            help = f"such as {word}: {{branches: [a, b]}}"
            self.problem(f"{word} needs branches", key.place, help, code="type")
        elif len(others) == 1:
            self.unknown_argument(word, others[0].text, list(fields), others[0].place)
        else:
            shown = ", ".join(f"{shorten(o.text)}: .." for o in others[:3])
            help = f"branches with names stand under it: {word}: {{branches: {{{shown}}}}}"
            self.problem(f"{word} needs branches", others[0].place, help, code="type")

    def branch(self, item: Item) -> Step | Chain | None:
        """A tensor, a step, or a chain from the tensor that entered the merge."""
        if isinstance(item, Sequence):
            return self.chain(item)
        if isinstance(item, Mapping) and "side" in item.entries:
            self.problem(
                "a side chain gives no tensor, so it is no branch",
                item.entries["side"][0].place,
                "put it beside the merge, or in the chain of a branch: [{side: [..]}]",
                code="type",
            )
            return None
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
        misspelt: set[str | None] = set()
        for name, where, value in self.positions(item, names, len(names), word):
            declaration = block.arguments.get(name)
            if declaration is None and name in self.reader.refused:
                continue
            if declaration is None:
                misspelt.add(self.unknown_argument(word, name, names, where))
                continue
            slot = self.by_type(declaration.type, value)
            step.arguments[name] = slot
            if slot.code is None and slot.constant is not None:
                self.conforms(declaration, slot)
        missing = [
            n
            for n, d in block.arguments.items()
            if d.default is None and n not in step.arguments and n not in misspelt
        ]
        if missing:
            wanted = listed([f"{n} ({block.arguments[n].type})" for n in missing])
            help = f"such as {word}: {{{', '.join(f'{n}: ..' for n in missing[:4])}}}"
            self.problem(f"{word} needs {wanted}", place, help, code="type")
        return step

    def chosen(self, key: Scalar, item: Item | None) -> Step:
        """``$param``: the operation is known when the argument is."""
        word = self.reader.text(key)
        scope = self.reader.scope
        cost = 8 + 4 * size_of(item)

        def compile(name: str, build: Build, frame: Frame) -> Step:
            build.spend(cost, key.place)
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

        step = ChosenStep(key.place, word, compile)
        step.label = key.text.lstrip("$").strip("()")
        return step


def size_of(item: Item | None) -> int:
    """How many pieces of text an item has."""
    if isinstance(item, Mapping):
        return sum(1 + size_of(value) for _, value in item)
    return sum(map(size_of, item.items)) if isinstance(item, Sequence) else 1
