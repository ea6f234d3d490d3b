"""A spec as its user holds it: what it says, and `build`, which makes the graph."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Overrides
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple

from archcalc import zoo
from archcalc.graph import Graph
from archcalc.language.arithmetic import Arithmetic, ExpressionFault
from archcalc.language.compiler import Compiler
from archcalc.language.declarations import positive
from archcalc.language.expressions import Expressions
from archcalc.language.files import Files
from archcalc.language.frame import Build, Frame
from archcalc.language.modules import (
    SET,
    input_size,
    load_module,
    override_item,
    override_place,
    setting_names,
)
from archcalc.language.program import Declaration, Module, Variant
from archcalc.language.scope import Reports, Scope, Tensors
from archcalc.language.slots import Slot
from archcalc.language.source import Item, decode
from archcalc.limits import LIMITS, Limits
from archcalc.problems import USAGE, Complaint, Place, Problem, Source, listed, nearest, shorten
from archcalc.shapes import Shape


class Built(NamedTuple):
    """What a build gives: the graph, as far as it came, and what stopped it."""

    graph: Graph
    settings: dict[str, Any]
    """Every setting's value, the sizes of the inputs included."""
    variant: str | None
    problems: tuple[Problem, ...]
    """Empty, or why the graph ends where it does."""
    steps: int = 0
    """How many steps were run."""


class Spec:
    """A spec that has been read and checked."""

    def __init__(self, module: Module, limits: Limits) -> None:
        self._module = module
        self._limits = limits

    @property
    def limits(self) -> Limits:
        """What it was read with, and is built with."""
        return self._limits

    @property
    def name(self) -> str:
        return self._module.name

    @property
    def source(self) -> Source:
        return self._module.source

    @property
    def meta(self) -> dict[str, str]:
        """Title, paper, year and whatever else the spec tells of itself."""
        return self._module.meta

    @property
    def settings(self) -> dict[str, Declaration]:
        return self._module.settings

    @property
    def setting_names(self) -> list[str]:
        """All that ``--set`` takes: settings and the sizes of the inputs."""
        return setting_names(self._module)

    @property
    def variants(self) -> dict[str, Variant]:
        return self._module.variants

    @property
    def default_variant(self) -> str | None:
        return self._module.default_variant

    def variant(self, name: str | None) -> Variant | None:
        """The variant of that name, or the default one. Raises `Complaint` if there is none."""
        if name is None:
            name = self.default_variant
            if name is None:
                return None
        found = self.variants.get(name)
        if found is None:
            close = nearest(name, self.variants)
            if close:
                help = f"did you mean '{close}'?"
            elif self.variants:
                help = f"there are {listed(self.variants)}"
            else:
                help = "it has no variants"
            raise Complaint(
                Problem(
                    f"{self.name} has no variant '{shorten(name)}'",
                    None,
                    help,
                    kind=USAGE,
                    code="unknown",
                )
            )
        return found

    def expect(self, variant: str | None = None) -> dict[str, int]:
        """The exact figures that the variant must come to."""
        found = self.variant(variant)
        slots = found.expect if found is not None else self._module.expect
        return {name: slot.constant for name, slot in slots.items() if slot.constant is not None}

    def published(self, variant: str | None = None) -> list[dict[str, str]]:
        """What others have published of the variant, as they printed it."""
        found = self.variant(variant)
        return found.published if found is not None else self._module.published

    def budget(self, variant: str | None = None) -> dict[str, str]:
        """The most that the network may cost, as written; a variant's own goes first."""
        found = self.variant(variant)
        return {**self._module.budget, **(found.budget if found is not None else {})}

    def build(
        self,
        variant: str | None = None,
        overrides: Overrides[str, str] | None = None,
        *,
        graph: Graph | None = None,
        arithmetic: Arithmetic | None = None,
        values: Overrides[str, Any] | None = None,
    ) -> Built:
        """Runs the spec.

        ``overrides`` are texts as of ``--set``; ``values`` are ready values, such as arrays of a
        sweep. Raises `Complaint` if a setting is at fault; a fault in the layers ends the graph
        and is told in `Built.problems`.
        """
        arithmetic = arithmetic or Arithmetic(self._limits)
        chosen = self.variant(variant)
        run = _Run(self._module, chosen, arithmetic, self._limits)
        with _told_as_usage():
            run.settle_values(overrides or {}, values or {})
        graph = Graph() if graph is None else graph
        build = Build(graph, arithmetic, self._limits)
        problems: tuple[Problem, ...] = ()
        try:
            run.layers(build)
        except Complaint as complaint:
            problems = complaint.problems
        except RecursionError:
            message = "the blocks and lists that this runs are nested too deeply"
            problems = (Problem(message, build.called, code="limit"),)
        if problems and not graph.outputs and graph.nodes:
            graph.outputs = [graph.nodes[-1]]
        name = chosen.name if chosen else None
        return Built(graph, run.told(), name, problems, build.steps)


@contextmanager
def _told_as_usage() -> Iterator[None]:
    """A fault in what ``--set`` gives is one of the command line, and not of the spec."""
    try:
        yield
    except Complaint as complaint:
        raise Complaint(
            *(
                replace(p, kind=USAGE) if p.place and p.place.source.name == SET else p
                for p in complaint.problems
            )
        ) from None


class _Run:
    """The values of one run: settings by precedence, inputs, then the layers."""

    def __init__(
        self, module: Module, variant: Variant | None, arithmetic: Arithmetic, limits: Limits
    ) -> None:
        self.module = module
        self.variant = variant
        self.arithmetic = arithmetic
        self.limits = limits
        self.expressions = Expressions(limits)
        self.values: dict[str, Any] = {}
        self.sizes: dict[str, dict[str, Any]] = {}

    def slot(self, declaration: Declaration | None, item: Item) -> Slot:
        """A given value's slot, which may use the settings so far; faults are raised."""
        report = Reports()
        compiler = Compiler(self.module, self.limits, report, self.expressions)
        compiler.reader.scope = Scope(self.values, tensors=Tensors(self.module.inputs))
        slot = (
            compiler.by_type(declaration.type, item)
            if declaration
            else compiler.reader.integer(item)
        )
        if report.problems:
            kind = declaration.type if declaration else "int"
            raise Complaint(
                *(
                    replace(p, help=f"a value of type {kind} is needed")
                    if p.code == "reference" and "did you mean" not in p.message and kind != "any"
                    else p
                    for p in report.complaint().problems
                )
            )
        return slot

    def settle_values(self, overrides: Overrides[str, str], ready: Overrides[str, Any]) -> None:
        """Works out settings and input sizes: ``--set`` over the variant over the spec."""
        module = self.module
        given: dict[str, tuple[Place, Item]] = dict(self.variant.set) if self.variant else {}
        known = setting_names(module)
        for name, text in overrides.items():
            if name not in module.settings and input_size(module, name) is None:
                self.unknown(name, known)
            item = override_item(name, text, self.limits)
            given[name] = (item.place, item)
        for name in ready:
            if name not in module.settings and input_size(module, name) is None:
                self.unknown(name, known)
        settle_defaults(module, self.arithmetic, {id(module)})
        frame = Frame(self.arithmetic, self.values, None)
        for name, declaration in module.settings.items():
            if name in ready:
                value = self.ready(name, ready[name], declaration.type)
                self.values[name] = declaration.checked(value, override_place(name), frame)
            elif name in given:
                _, item = given[name]
                value = self.slot(declaration, item).value(frame)
                self.values[name] = declaration.checked(value, item.place, frame)
            elif declaration.default is not None:
                value = declaration.default.value(frame)
                self.values[name] = declaration.checked(value, declaration.place, frame)
            else:
                raise Complaint(
                    Problem(
                        f"setting '{name}' has no default",
                        declaration.place,
                        f"give it on the command line: --set {name}=..",
                        code="value",
                    )
                )
        module.values = self.values
        self.settle_sizes(given, ready, frame)

    def settle_sizes(
        self, given: dict[str, tuple[Place, Item]], ready: Overrides[str, Any], frame: Frame
    ) -> None:
        """The inputs' sizes. One may be given by another: ``--set input.width=input.height``."""
        module = self.module
        sizes = _Sizes(self.arithmetic, self.values, module)
        for name, value in ready.items():
            found = input_size(module, name)
            if found is not None:
                size = self.ready(name, value, "int")
                sizes.waiting[found] = Slot(size, None, override_place(name))
        for name, (_, item) in given.items():
            found = input_size(module, name)
            if found is not None and found not in sizes.waiting:
                sizes.waiting[found] = self.slot(None, item)
        for tensor, dims in module.inputs.items():
            self.sizes[tensor] = {dim: sizes.dimension(tensor, dim) for dim in dims}

    def ready(self, name: str, value: Any, type: str) -> Any:
        """A value that was given ready, as the slot of its type would read it."""
        try:
            if type == "int":
                return self.arithmetic.integer(value)
            return self.arithmetic.real(value) if type == "float" else value
        except ExpressionFault as fault:
            place = override_place(name)
            raise Complaint(Problem(fault.message, place, fault.help, code=fault.code)) from None

    def unknown(self, name: str, known: list[str]) -> None:
        close = nearest(name, known)
        sizes = [size for size in known if size.startswith(f"{name}.")]
        if sizes:
            help = f"its sizes are {listed(sizes)}"
        elif close:
            help = f"did you mean '{close}'?"
        else:
            help = f"there are {listed(known)}" if known else "the spec has no settings"
        raise Complaint(
            Problem(
                f"{self.module.name} has no setting '{shorten(name)}'",
                None,
                help,
                kind=USAGE,
                code="unknown",
            )
        )

    def told(self) -> dict[str, Any]:
        """All values, as a result tells them."""
        sizes = {f"{t}.{d}": v for t, dims in self.sizes.items() for d, v in dims.items()}
        return {**self.values, **sizes}

    def layers(self, build: Build) -> None:
        """Runs the chain."""
        module, graph = self.module, build.graph
        frame = Frame(self.arithmetic, self.values, None)
        for name, sizes in self.sizes.items():
            node = graph.add_input(
                name, Shape(tuple(sizes), tuple(sizes.values())), module.input_place
            )
            if module.single_input:
                frame.input = frame.prev = node
            else:
                frame.tensors[name] = node
                if len(self.sizes) == 1:
                    frame.input = frame.prev = node
        assert module.chain is not None
        last = module.chain.run(build, frame, frame.input, "")
        if last is not None:
            frame.prev = last
        if module.outputs:
            for slot in module.outputs:
                try:
                    graph.outputs.append(frame.tensor(slot.value(frame)))
                except ExpressionFault as fault:
                    raise Complaint(
                        Problem(fault.message, slot.place, fault.help, code=fault.code)
                    ) from None
        elif last is not None:
            graph.outputs.append(last)


class _Sizes:
    """The environment of input sizes: settings, and the sizes that are known or asked for."""

    def __init__(self, arithmetic: Arithmetic, values: dict[str, Any], module: Module) -> None:
        self.arithmetic = arithmetic
        self.values = values
        self.module = module
        self.known: dict[tuple[str, str], Any] = {}
        self.waiting: dict[tuple[str, str], Slot] = {}
        self.asked: list[tuple[str, str]] = []

    def lookup(self, name: str) -> Any:
        if name in self.values:
            return self.values[name]
        raise ExpressionFault(f"there is no name '{name}' here", code="reference")

    def dimension(self, tensor: str, name: str) -> Any:
        key = (tensor, name)
        if key in self.known:
            return self.known[key]
        dims = self.module.inputs.get(tensor)
        if dims is None or name not in dims:
            raise ExpressionFault(
                f"there is no {tensor}.{name} before the layers", code="reference"
            )
        if key in self.asked:
            way = " -> ".join(f"{t}.{d}" for t, d in (*self.asked, key))
            raise ExpressionFault(f"the sizes go in a circle: {way}", code="reference")
        self.asked.append(key)
        slot = self.waiting.get(key) or dims[name]
        self.known[key] = positive(name, slot, self)
        self.asked.pop()
        return self.known[key]


def settle_defaults(module: Module, arithmetic: Arithmetic, settled: set[int]) -> None:
    """The settings of the files that ``module`` uses: their defaults, as nobody can change them."""
    for used in module.uses.values():
        if id(used) not in settled:
            settled.add(id(used))
            settle_defaults(used, arithmetic, settled)
            used.values = default_values(used, arithmetic)


def default_values(module: Module, arithmetic: Arithmetic) -> dict[str, Any]:
    """The settings of a module by their defaults. Raises `Complaint`."""
    values: dict[str, Any] = {}
    frame = Frame(arithmetic, values, None)
    for name, declaration in module.settings.items():
        if declaration.default is None:
            raise Complaint(
                Problem(
                    f"setting '{name}' of a used file has no default",
                    declaration.place,
                    code="value",
                )
            )
        values[name] = declaration.checked(
            declaration.default.value(frame), declaration.place, frame
        )
    return values


def load(
    source: Source, folder: str | None, limits: Limits = LIMITS, bundled: str | None = None
) -> Spec:
    """Reads a spec.

    ``folder`` is where it may find other files (``None``: among the bundled ones only). Raises
    `Complaint` with all faults that can be found without running it.
    """
    return Spec(load_module(source, Files(folder, bundled or zoo.folder(), limits), limits), limits)


def load_bytes(data: bytes, name: str, folder: str | None, limits: Limits = LIMITS) -> Spec:
    """As `load`, from the bytes of a file."""
    return load(decode(data, name, limits), folder, limits)
