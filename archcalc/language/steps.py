"""The steps of a chain, and how each runs: modifiers first, then what it does.

The order of a step is ``for``, ``repeat``, ``if``, ``from``, the operation, then ``cached``,
``share`` and ``name``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from archcalc.graph import Node
from archcalc.language.arithmetic import ExpressionFault, List, describe
from archcalc.language.frame import Build, Frame
from archcalc.language.slots import Slot
from archcalc.layers.base import KINDS, Layer
from archcalc.limits import raised
from archcalc.problems import Complaint, Place, Problem, listed, some

if TYPE_CHECKING:
    from archcalc.language.program import Block

GONE = None
"""What a step gives whose ``if`` is false: the tensor passes by, or the branch is gone."""

MODIFIERS: Final = (
    "name",
    "from",
    "repeat",
    "if",
    "else",
    "for",
    "in",
    "share",
    "cached",
    "note",
)
"""What may stand beside the operation of a step."""


class Chain:
    """Steps one after the other."""

    __slots__ = ("steps",)

    def __init__(self, steps: list[Step]) -> None:
        self.steps = steps

    def run(self, build: Build, frame: Frame, current: Node | None, prefix: str) -> Node | None:
        """Runs the steps on ``current`` and returns what comes out."""
        if len(prefix) > build.limits.path and self.steps:
            build.fits(prefix, self.steps[0].place)
        for step in self.steps:
            after = step.run(build, frame, current, prefix)
            if after is not GONE:
                current = after
        return current


def joined(prefix: str, part: str) -> str:
    """A path with one part more; an empty part adds nothing."""
    if not part:
        return prefix
    return f"{prefix}.{part}" if prefix else part


class Step:
    """One item of a chain. Subclasses say in `once` what it does when its turn comes."""

    __slots__ = (
        "cached",
        "condition",
        "label",
        "loop_names",
        "loop_values",
        "name",
        "origin",
        "otherwise",
        "place",
        "plain",
        "repeat",
        "rows",
        "share",
        "unpacks",
    )

    def __init__(self, place: Place) -> None:
        self.place = place
        self.label = ""
        """Its part of the path, unless it has a name; empty if it adds none."""
        self.name: Slot | None = None
        self.origin: Slot | None = None
        self.repeat: Slot | None = None
        self.condition: Slot | None = None
        self.otherwise: Chain | None = None
        self.loop_names: tuple[str, ...] = ()
        self.loop_values: Slot | None = None
        self.unpacks = False
        """Whether the names are a list, so that each takes a part of the row."""
        self.rows: list[Place] = []
        """Where the rows of the loop stand, if they are written one by one."""
        self.share: Slot | bool | None = None
        self.cached: Slot | None = None
        self.plain = True
        """Without any modifier."""

    def settle(self) -> None:
        """Notes whether there are modifiers at all, once the step has been read."""
        self.plain = not (
            self.name
            or self.origin
            or self.repeat
            or self.condition
            or self.loop_values
            or self.share
            or self.cached
        )

    def once(self, build: Build, frame: Frame, current: Node | None, path: str) -> Node | None:
        """Does it, one time, as ``path``."""
        raise NotImplementedError

    # What all steps have in common.

    def run(self, build: Build, frame: Frame, current: Node | None, prefix: str) -> Node | None:
        """The step with its modifiers; `GONE` if nothing came of it."""
        build.steps += 1
        if build.steps > build.limits.steps:
            build.step(self.place)
        frame.prev = current
        if self.plain:
            return self.once(build, frame, current, joined(prefix, self.label))
        if self.loop_values is None and self.repeat is None:
            return self.turn(build, frame, current, prefix, "")
        names = (*self.loop_names, "i")
        saved = {name: frame.locals[name] for name in names if name in frame.locals}
        build.spend(len(names), self.place)
        frame.looping += 1
        result: Node | None = GONE
        first: tuple[int, int] | None = None
        try:
            for index in self.turns(build, frame, current):
                before = len(build.graph.nodes)
                after = self.turn(build, frame, current, prefix, index)
                build.step(self.place)
                if after is not GONE:
                    result = current = after
                    frame.prev = current
                if self.share is True:
                    made = (before, len(build.graph.nodes))
                    if first is None:
                        first = made
                    else:
                        self.reuse(build, frame, first, made)
        finally:
            frame.looping -= 1
            for name in names:
                frame.locals.pop(name, None)
            frame.locals.update(saved)
        return result

    def turns(self, build: Build, frame: Frame, current: Node | None) -> Any:
        """The turns of ``for`` and ``repeat``, as path parts; sets the loop's names."""
        if self.loop_values is None:
            yield from self.repeats(frame, "")
            return
        values = self.loop_values.value(frame)
        for number, value in enumerate(values):
            frame.locals["i"] = number
            if not self.unpacks:
                frame.locals[self.loop_names[0]] = value
            else:
                build.spend(len(self.loop_names), self.place)
                self.unpack(frame, number, value)
            if self.repeat is None:
                yield str(number)
            else:
                yield from self.repeats(frame, f"{number}.")

    def unpack(self, frame: Frame, number: int, value: Any) -> None:
        names = self.loop_names
        if not isinstance(value, List) or len(value) != len(names):
            found = some(len(value), "value") if isinstance(value, List) else describe(value)
            assert self.loop_values is not None
            raise self.complaint(
                f"row {number + 1} has {found} for the "
                + (
                    f"name {names[0]}" if len(names) == 1 else f"{len(names)} names {listed(names)}"
                ),
                frame,
                self.rows[number] if number < len(self.rows) else self.loop_values.place,
                f"one name alone takes it whole: for: {names[0]}" if len(names) == 1 else "",
                code="value",
            )
        frame.locals.update(zip(names, value, strict=True))

    def repeats(self, frame: Frame, before: str) -> Any:
        assert self.repeat is not None
        count = self.repeat.value(frame)
        try:
            count = frame.arithmetic.concrete(count)
        except ExpressionFault as fault:
            raise self.complaint(fault.message, frame, self.repeat.place, code=fault.code) from None
        if count < 0:
            raise self.complaint(
                f"repeat must not be negative, got {count}", frame, self.repeat.place, code="value"
            )
        for number in range(count):
            frame.locals["i"] = number
            yield f"{before}{number}"

    def turn(
        self, build: Build, frame: Frame, current: Node | None, prefix: str, index: str
    ) -> Node | None:
        """One turn: the condition, the origin, the operation, the name."""
        if self.condition is not None and not self.condition.value(frame):
            if self.name is not None and isinstance(self.name.constant, str):
                frame.skipped.add(self.name.constant)
            if self.otherwise is None:
                return GONE
            frame.prev = current
            return (
                self.otherwise.run(build, frame, current, prefix) if self.otherwise.steps else GONE
            )
        if self.origin is not None:
            current = frame.prev = self.tensor(frame, self.origin)
        name = self.name.value(frame) if self.name is not None else ""
        path = joined(prefix, self.part(name, index))
        start = len(build.graph.nodes)
        after = self.once(build, frame, current, path)
        made = (start, len(build.graph.nodes))
        if self.cached is not None and self.cached.value(frame):
            for node in build.graph.nodes[start:]:
                node.cached = True
        if self.share is not None and self.share is not True:
            assert isinstance(self.share, Slot)
            owner = self.share.value(frame)
            if owner not in frame.bound:
                try:
                    frame.tensor(owner)
                    why = ExpressionFault(
                        f"'{owner}' is an input and has no weights", code="reference"
                    )
                except ExpressionFault as fault:
                    why = fault
                raise self.complaint(why.message, frame, self.share.place, why.help, code=why.code)
            self.reuse(build, frame, frame.bound[owner], made)
        if name and after is not GONE:
            assert self.name is not None
            frame.bind(name, after, made, self.name.place)
        return after

    def part(self, name: str, index: str) -> str:
        """This turn's part of the path."""
        if name:
            # A name made from the loop's names already tells the turns apart.
            constant = self.name is not None and self.name.code is None
            return f"{name}.{index}" if index and constant else name
        return joined(self.label, index)

    def tensor(self, frame: Frame, slot: Slot) -> Node:
        """The tensor that a slot names."""
        try:
            return frame.tensor(slot.value(frame))
        except ExpressionFault as fault:
            raise self.complaint(
                fault.message, frame, slot.place, fault.help, code=fault.code
            ) from None

    def entry(self, current: Node | None, frame: Frame) -> Node:
        """The tensor before this step, which must be there."""
        if current is None:
            raise self.complaint(
                "there is no tensor yet",
                frame,
                self.place,
                "start with from: NAME of an input",
                code="reference",
            )
        return current

    def complaint(
        self, message: str, frame: Frame, place: Place, help: str = "", *, code: str
    ) -> Complaint:
        return Complaint(Problem(message, place, help, frame.stack, code=code))

    def reuse(
        self, build: Build, frame: Frame, owner: tuple[int, int], mine: tuple[int, int]
    ) -> None:
        """Lets the nodes of ``mine`` use the weights of ``owner``'s, one for one."""
        theirs, ours = build.weighted(owner), build.weighted(mine)
        place = self.share.place if isinstance(self.share, Slot) else self.place
        if len(theirs) != len(ours):
            raise self.complaint(
                f"share: {some(len(ours), 'layer')} with weights here, {len(theirs)} there",
                frame,
                place,
                code="shape",
            )
        for there, here in zip(theirs, ours, strict=True):
            there_sizes, here_sizes = build.weights(there), build.weights(here)
            common = [name for name in here_sizes if name in there_sizes]
            for name in common:
                a, b = there_sizes[name], here_sizes[name]
                if a != b:
                    was, now = " x ".join(map(str, a)), " x ".join(map(str, b))
                    raise self.complaint(
                        f"share: '{name}' is {was} there and {now} here",
                        frame,
                        place,
                        "shared weights need one shape (a transpose is one)",
                        code="shape",
                    )
            if not common:
                raise self.complaint(
                    f"share: {there.layer.kind} and {here.layer.kind} have no weight in common",
                    frame,
                    place,
                    code="shape",
                )
            here.shared = there.shared or there


class LayerStep(Step):
    """A layer kind with its arguments."""

    __slots__ = ("fixed", "followers", "kind", "places", "slots", "tensors")

    def __init__(self, place: Place, kind: type[Layer]) -> None:
        super().__init__(place)
        self.kind = kind
        self.slots: list[tuple[str, Slot]] = []
        self.places: dict[str, Place] = {}
        self.tensors: list[tuple[str, Slot]] = []
        self.fixed: dict[str, Any] | None = None
        """The arguments, if all are constant."""
        self.followers: Callable[[str], LayerStep] | None = None
        """The step of a normalisation or activation that comes with this one."""

    def at(self, place: Place) -> LayerStep:
        """The same step at another place."""
        step = LayerStep(place, self.kind)
        step.slots, step.places, step.tensors = self.slots, self.places, self.tensors
        step.fixed, step.followers = self.fixed, self.followers
        return step

    def settle(self) -> None:
        super().settle()
        if all(slot.code is None for _, slot in self.slots):
            self.fixed = {name: slot.constant for name, slot in self.slots}

    def layer(self, build: Build, frame: Frame) -> Layer:
        values = self.fixed
        if values is None:
            values = {name: slot.value(frame) for name, slot in self.slots}
        return build.layer(self.kind, values)

    def once(
        self, build: Build, frame: Frame, current: Node | None, path: str, part: str = ""
    ) -> Node:
        layer = self.layer(build, frame)
        inputs: tuple[Node, ...] = (self.entry(current, frame),)
        if self.tensors:
            inputs += tuple(self.tensor(frame, slot) for _, slot in self.tensors)
        if not part:
            path = build.path(path, self.place)
        node = build.append(layer, inputs, path, part, self.place, self.places, frame)
        for slot_name, kind in layer.followers():
            if kind != "none":
                assert self.followers is not None
                node = self.followers(kind).once(build, frame, node, path, slot_name)
        return node


class BlockStep(Step):
    """A call of a block."""

    __slots__ = ("arguments", "block")

    def __init__(self, place: Place, block: Block) -> None:
        super().__init__(place)
        self.block = block
        self.arguments: dict[str, Slot] = {}

    def once(self, build: Build, frame: Frame, current: Node | None, path: str) -> Node | None:
        block = self.block
        if id(block) in build.running:
            way = " -> ".join([*(b.name for b, _ in frame.calls), block.name])
            raise self.complaint(
                f"block {block.name} calls itself: {way}", frame, self.place, code="reference"
            )
        if len(frame.calls) >= build.limits.calls:
            raise self.complaint(
                f"blocks call blocks deeper than {build.limits.calls}",
                frame,
                self.place,
                raised("calls"),
                code="limit",
            )
        inner = Frame(
            frame.arithmetic,
            block.module.values,
            self.entry(current, frame),
            (*frame.calls, (block, self.place)),
        )
        if block.arguments:
            build.spend(len(block.arguments), self.place)
        build.called = self.place
        for name, declaration in block.arguments.items():
            given = self.arguments.get(name)
            slot = given or declaration.default
            assert slot is not None  # the compiler has seen that all are given
            value = slot.value(frame if given else inner)
            inner.locals[name] = declaration.checked(value, slot.place, inner)
        build.running.add(id(block))
        try:
            return block.chain.run(build, inner, current, path)
        finally:
            build.running.discard(id(block))


class ChosenStep(Step):
    """An operation whose name is an argument: ``$block``."""

    __slots__ = ("compile", "found", "word")

    def __init__(
        self, place: Place, word: Slot, compile: Callable[[str, Build, Frame], Step]
    ) -> None:
        super().__init__(place)
        self.word = word
        self.compile = compile
        self.found: dict[str, Step] = {}

    def once(self, build: Build, frame: Frame, current: Node | None, path: str) -> Node | None:
        name = self.word.value(frame)
        step = self.found.get(name)
        if step is None:
            step = self.found[name] = self.compile(name, build, frame)
        return step.once(build, frame, current, path)


class ChainStep(Step):
    """``do``: steps under one name or in one loop."""

    __slots__ = ("chain",)

    def __init__(self, place: Place, chain: Chain) -> None:
        super().__init__(place)
        self.chain = chain

    def once(self, build: Build, frame: Frame, current: Node | None, path: str) -> Node | None:
        return self.chain.run(build, frame, current, path)


class SideStep(ChainStep):
    """``side``: a chain whose result is dropped; it counts, and can be an output."""

    def turn(
        self, build: Build, frame: Frame, current: Node | None, prefix: str, index: str
    ) -> Node | None:
        super().turn(build, frame, current, prefix, index)
        return GONE

    def run(self, build: Build, frame: Frame, current: Node | None, prefix: str) -> Node | None:
        if self.plain:
            frame.prev = current
            build.step(self.place)
            self.once(build, frame, current, joined(prefix, self.label))
            return GONE
        super().run(build, frame, current, prefix)
        return GONE


class PassStep(Step):
    """No operation: names a tensor, or goes back to one."""

    def once(self, build: Build, frame: Frame, current: Node | None, path: str) -> Node | None:
        return self.entry(current, frame)


class TensorStep(Step):
    """A tensor's name as a branch."""

    __slots__ = ("word",)

    def __init__(self, place: Place, word: Slot) -> None:
        super().__init__(place)
        self.word = word

    def once(self, build: Build, frame: Frame, current: Node | None, path: str) -> Node | None:
        return self.tensor(frame, self.word)


class MergeStep(Step):
    """Branches from one tensor that meet again."""

    __slots__ = ("bare", "branches", "kind", "places", "slots")

    def __init__(self, place: Place, kind: type[Layer]) -> None:
        super().__init__(place)
        self.kind = kind
        self.bare = False
        """Whether all branches are tensors that are there already: then its path is its row's."""
        self.branches: list[tuple[str, Step | Chain]] = []
        """Pairs of path part and what runs; a `Step` that is gone is no branch."""
        self.slots: list[tuple[str, Slot]] = []
        self.places: dict[str, Place] = {}

    def once(self, build: Build, frame: Frame, current: Node | None, path: str) -> Node | None:
        arrived: list[Node] = []
        for part, branch in self.branches:
            frame.prev = current
            after = branch.run(build, frame, current, joined(path, part))
            if after is GONE:
                if isinstance(branch, Step):
                    continue
                after = self.entry(current, frame)
            arrived.append(after)
        if not arrived:
            raise self.complaint(
                f"{self.kind.kind}: no branch is left",
                frame,
                self.place,
                "every 'if' is false",
                code="empty",
            )
        if len(arrived) == 1:
            return arrived[0]
        layer = build.layer(self.kind, {name: slot.value(frame) for name, slot in self.slots})
        own = path if self.bare and path else joined(path, self.kind.kind)
        own = build.path(own, self.place)
        return build.append(layer, tuple(arrived), own, "", self.place, self.places, frame)


_followers: dict[str, dict[str, type[Layer]]] = {}


def follower_kinds(family: str) -> dict[str, type[Layer]]:
    """The words of a family (``norm``, ``activation``) and the layer kinds that they mean."""
    found = _followers.get(family)
    if found is None:
        found = _followers[family] = {
            kind.short or name: kind for name, kind in KINDS.items() if kind.family == family
        }
    return found
