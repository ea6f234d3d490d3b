"""Files → modules: a spec with what it extends and uses, every part compiled and checked."""

from __future__ import annotations

import os
from typing import Final

from archcalc.language.arguments import POSITIONAL, spelled
from archcalc.language.compiler import Compiler
from archcalc.language.declarations import DTYPES
from archcalc.language.expressions import WORD, Expressions
from archcalc.language.figures import budget, expected, published
from archcalc.language.files import Files
from archcalc.language.frame import no_tensor
from archcalc.language.program import Block, Module, Variant
from archcalc.language.scope import Reports, Scope, Tensors
from archcalc.language.slots import Slot
from archcalc.language.source import Item, Mapping, Scalar, Sequence, decode, empty, parse
from archcalc.language.steps import MODIFIERS
from archcalc.language.words import KEYS
from archcalc.layers import KINDS
from archcalc.limits import Limits, raised
from archcalc.problems import Complaint, Place, Problem, Source, listed, meant, quoted, shorten

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
    "budget",
)


def load_module(source: Source, files: Files, limits: Limits) -> Module:
    """The module of a spec. Raises `Complaint` with every fault that can be found."""
    report = Reports()
    files.bytes += len(source.text)
    module = _Loader(files, limits, report).load(source, ())
    if report.problems or module is None:
        raise report.complaint()
    return module


class _Loader:
    def __init__(self, files: Files, limits: Limits, report: Reports) -> None:
        self.files = files
        self.limits = limits
        self.report = report
        self.expressions = Expressions(limits)
        self.events = 0
        """YAML events of all files so far."""
        self.used_files: dict[str, Module] = {}
        self.misspelt: set[str] = set()
        """The keys that others were likely meant to be."""
        self.whole = True
        """Whether all files were found; without one, what is missing is no news."""

    def load(self, source: Source, way: tuple[str, ...]) -> Module | None:
        """One file with all that it needs; ``way`` are the files that led here."""
        root = self.tree(source)
        if root is None:
            return None
        sections = self.extended(root, way)
        return self.compiled(source, root, sections, way)

    def tree(self, source: Source) -> Mapping | None:
        """What one file says, or ``None`` if it cannot be read; its faults are reported."""
        try:
            root, problems, self.events = parse(source, self.limits, self.events)
        except Complaint as complaint:
            for problem in complaint.problems:
                self.report(problem)
            self.whole = False
            return None
        for problem in problems:
            self.report(problem)
        self.keys(root)
        version = root.get("archcalc")
        if version is None:
            start = Place(source, 1, 1)
            if "archcalc" in self.misspelt:
                return root
            self.report(
                Problem(
                    "'archcalc: 1' is missing",
                    start,
                    "it says which version of the language the spec is in",
                    code="type",
                )
            )
        elif not isinstance(version, Scalar) or version.text != "1":
            found = version.text if isinstance(version, Scalar) else "…"
            self.report(
                Problem(
                    f"archcalc reads version 1 of the language, this is '{shorten(found)}'",
                    version.place,
                    "write archcalc: 1, or update archcalc",
                    code="value",
                )
            )
        return root

    def keys(self, root: Mapping) -> None:
        """Reports the keys that a spec does not have."""
        listing = f"there are {listed(TOP)}"
        above: Scalar | None = None
        indented: set[str] = set()
        for key, value in root:
            if key.text in TOP:
                above = key if empty(value) else None
                continue
            head, colon, _ = key.text.partition(":")
            inner = [name for name, _ in value] if isinstance(value, Mapping) else []
            close, help = None, ""
            if colon and head in TOP:
                help = f"a space is missing after the colon: {head}: .."
                self.misspelt.add(head)
            elif above is not None and not KEYS.get(key.text):
                if above.text in indented:  # for all that stand below it, once is enough
                    continue
                help = f"does it belong to {above.text}? indent it deeper"
                indented.add(above.text)
            elif any(name.text in ("layers", "input", "inputs") for name in inner):
                help = f"the keys of a spec stand at the left, not below {shorten(key.text)}"
                self.misspelt.update(("archcalc", *(name.text for name in inner)))
            else:
                close = KEYS.get(key.text) or self.report.near(key.text, TOP)
                if not close:  # once is enough
                    help, listing = listing, ""
                self.misspelt.add(close or "")
            message = f"a spec has no key {quoted(key.text)}{meant(close)}"
            self.report(Problem(message, key.place, help, code="unknown"))

    # Other files.

    def follow(self, item: Item, what: str, way: tuple[str, ...]) -> tuple[str, Source] | None:
        """The file behind ``extends`` or ``use``, if it may be followed."""
        if not isinstance(item, Scalar):
            self.report(
                Problem(
                    f"{what} needs the name of a file",
                    item.place,
                    "such as resnet.yaml",
                    code="type",
                )
            )
            return None
        try:
            path, source = self.files.read(item, what, way[-1] if way else None)
        except Complaint as complaint:
            for problem in complaint.problems:
                self.report(problem)
            return None
        if path in way:
            names = " -> ".join(os.path.basename(p) for p in (*way[way.index(path) :], path))
            self.report(
                Problem(f"{what}: the files go in a circle: {names}", item.place, code="reference")
            )
            return None
        if len(way) >= self.limits.files:
            self.report(
                Problem(
                    f"{what}: files build on files deeper than {self.limits.files}",
                    item.place,
                    raised("files"),
                    code="limit",
                )
            )
            return None
        return path, source

    def extended(self, root: Mapping, way: tuple[str, ...]) -> dict[str, tuple[Scalar, Item]]:
        """The sections of a file over those of the file that it extends."""
        own = dict(root.entries)
        item = root.get("extends")
        if item is None:
            return own
        found = self.follow(item, "extends", way)
        if found is None:
            self.whole = False
            return own
        base_root = self.tree(found[1])
        if base_root is None:
            return own
        base = self.extended(base_root, (*way, found[0]))
        merged = dict(base)
        for key, (key_item, value) in own.items():
            under = base.get(key)
            if (
                key in ("settings", "meta", "blocks", "defaults", "use")
                and under is not None
                and isinstance(value, Mapping)
                and isinstance(under[1], Mapping)
            ):
                both = Mapping(value.source, value.line, value.column)
                both.entries = {**under[1].entries, **value.entries}
                merged[key] = (key_item, both)
            else:
                merged[key] = (key_item, value)
        # One form of input replaces the other; a default variant belongs to its variants.
        if "input" in own:
            merged.pop("inputs", None)
        if "inputs" in own:
            merged.pop("input", None)
        if "variants" in own and "default_variant" not in own:
            merged.pop("default_variant", None)
        for key in ("expect", "published", "budget"):
            if key not in own:
                merged.pop(key, None)
        return merged

    # The sections of one file.

    def compiled(
        self,
        source: Source,
        root: Mapping,
        sections: dict[str, tuple[Scalar, Item]],
        way: tuple[str, ...],
    ) -> Module:
        module = Module(source)
        compiler = Compiler(module, self.limits, self.report, self.expressions)

        def section(key: str) -> Item | None:
            entry = sections.get(key)
            return entry[1] if entry else None

        name = section("name")
        if isinstance(name, Scalar) and name.text.strip():
            module.name = name.text
            if len(name.text) > 100 * self.limits.name:
                message = f"the spec's name has at most {100 * self.limits.name:,} characters"
                self.report(Problem(message, name.place, raised("name"), code="limit"))
        elif "name" not in self.misspelt:
            place = name.place if name is not None else Place(source, 1, 1)
            self.report(
                Problem(
                    "'name' is missing: the network's name, as text",
                    place,
                    "such as name: my_net",
                    code="type",
                )
            )
        module.meta = compiler.texts(section("meta"), "meta")
        dtype = section("dtype")
        if dtype is not None:
            module.dtype = compiler.reader.word(dtype, DTYPES, "dtype").constant or "float32"
        self.used(module, compiler, section("use"), way)
        module.settings = compiler.declarations(section("settings"), "settings")
        settings = Scope(module.settings)
        compiler.reader.scope = settings
        self.inputs(module, compiler, sections)
        self.defaults(module, compiler, section("defaults"))
        self.blocks(module, compiler, section("blocks"))
        layers = section("layers")
        scope = Scope(module.settings, tensors=Tensors(module.inputs))
        if layers is not None:
            module.chain = compiler.block_chain(layers, scope)
        elif self.whole and (not way or module.inputs) and "layers" not in self.misspelt:
            self.report(
                Problem(
                    "'layers' is missing: a list of steps",
                    Place(source, 1, 1),
                    "such as layers: [{linear: 10}]",
                    code="type",
                )
            )
        outputs = section("outputs")
        if outputs is not None:
            if isinstance(outputs, Sequence):
                compiler.reader.scope = scope
                module.outputs = [compiler.reader.tensor(i) for i in outputs.items]
                for slot in module.outputs:
                    if (
                        slot.code is None
                        and not scope.tensors.templates
                        and slot.constant not in scope.tensors.names
                    ):
                        self.report(
                            Problem(
                                f"there is no tensor '{shorten(str(slot.constant))}' for an output",
                                slot.place,
                                no_tensor(sorted(scope.tensors.names - {"prev", "input"})),
                                code="reference",
                            )
                        )
                compiler.reader.scope = settings
            else:
                help = f"outputs: [{shorten(outputs.text)}]" if isinstance(outputs, Scalar) else ""
                self.report(
                    Problem("outputs must be a list of names", outputs.place, help, code="type")
                )
        module.expect = expected(compiler, section("expect"))
        module.published = published(compiler, section("published"))
        module.budget = budget(compiler, section("budget"))
        self.variants(module, compiler, sections)
        return module

    def used(
        self, module: Module, compiler: Compiler, item: Item | None, way: tuple[str, ...]
    ) -> None:
        if isinstance(item, Scalar) and not empty(item):
            name = os.path.basename(item.text).partition(".")[0]
            module.lost.add(name)
            help = f"such as {{{shorten(name)}: {shorten(item.text)}}}"
            message = "use must be a mapping of names to values, got text"
            self.report(Problem(message, item.place, help, code="type"))
            return
        for key, value in compiler.mapping(item, "use", "{blocks: common.yaml}") or ():
            found = self.follow(value, "use", way)
            if found is None:
                module.lost.add(key.text)
                continue
            path, source = found
            used = self.used_files.get(path)
            if used is None:
                used = self.load(source, (*way, path))
                if used is None:
                    module.lost.add(key.text)
                    continue
                self.used_files[path] = used
            module.uses[key.text] = used

    def inputs(
        self, module: Module, compiler: Compiler, sections: dict[str, tuple[Scalar, Item]]
    ) -> None:
        if "input" in sections and "inputs" in sections:
            key = sections["inputs"][0]
            self.report(
                Problem(
                    "a spec has 'input' or 'inputs', not both",
                    key.place,
                    "inputs: {NAME: {..}} is for several",
                    code="duplicate",
                )
            )
        if "input" in sections:
            module.input_place = sections["input"][0].place
            module.inputs["input"] = compiler.sizes(sections["input"][1], "input")
        elif "inputs" in sections:
            module.single_input = False
            key, item = sections["inputs"]
            module.input_place = key.place
            mapping = compiler.mapping(item, "inputs", "{tokens: {length: 128}}")
            for name, dims in mapping or ():
                if name.text in ("prev", "input") or not WORD.match(name.text):
                    why = "is reserved" if name.text in ("prev", "input") else "is no name"
                    self.report(Problem(f"'{shorten(name.text)}' {why}", name.place, code="value"))
                    continue
                module.inputs[name.text] = compiler.sizes(dims, f"inputs.{name.text}")
            if mapping is not None and not mapping.entries:
                self.report(
                    Problem(
                        "inputs has no tensors",
                        item.place,
                        "inputs: {tokens: {length: 128}}",
                        code="empty",
                    )
                )
        elif "layers" in sections and self.whole and "input" not in self.misspelt:
            self.report(
                Problem(
                    "'input' is missing: the sizes of what goes in",
                    Place(module.source, 1, 1),
                    "such as input: {channels: 3, height: 224, width: 224}",
                    code="type",
                )
            )

    def defaults(self, module: Module, compiler: Compiler, item: Item | None) -> None:
        for key, value in compiler.mapping(item, "defaults", "{conv: {padding: half}}") or ():
            kind = KINDS.get(key.text)
            if kind is None:
                compiler.no_layer_for_defaults(key)
                continue
            fields = spelled(kind)
            names = list(fields)
            found: dict[str, tuple[Slot, Place]] = {}
            if kind.merges and not isinstance(value, Mapping):  # a list would be its branches
                compiler.mapping(value, f"defaults.{key.text}", "{axis: features}")
                continue
            for name, place, argument in compiler.positions(value, names, POSITIONAL, key.text):
                if name not in fields:
                    compiler.unknown_argument(key.text, name, names, place)
                    continue
                slot = compiler.argument(fields[name][1], key.text, argument)
                found[name] = (slot, argument.place)
            module.defaults[key.text] = found

    def blocks(self, module: Module, compiler: Compiler, item: Item | None) -> None:
        mapping = compiler.mapping(item, "blocks", "{basic: {layers: [..]}}")
        bodies: list[tuple[Block, Mapping, Item]] = []
        settings = module.settings
        # All blocks are declared before any body is read, so that their order is free.
        for key, value in mapping or ():
            if key.text in KINDS or key.text in ("do", "side", "residual", "custom"):
                self.report(
                    Problem(
                        f"'{key.text}' is a layer already",
                        key.place,
                        "give the block another name",
                        code="duplicate",
                    )
                )
                continue
            if not key.text.strip() or key.text.startswith("$") or key.text in MODIFIERS:
                self.report(
                    Problem(
                        f"'{shorten(key.text)}' cannot name a block",
                        key.place,
                        "it is a word of the language" if key.text in MODIFIERS else "",
                        code="value",
                    )
                )
                continue
            if isinstance(value, Sequence):
                help = f"{shorten(key.text)}: {{layers: [..]}}"
                message = f"the steps of block {quoted(key.text)} stand under layers"
                self.report(Problem(message, value.place, help, code="type"))
                module.lost.add(key.text)
                continue
            body = compiler.mapping(
                value, f"block {key.text}", "{arguments: {width: int}, layers: [..]}"
            )
            if body is None:
                module.lost.add(key.text)
                continue
            block = Block(key.text, key.place, module)
            misspelt = False
            for field, _ in body:
                if field.text not in ("arguments", "help", "layers"):
                    known = ("arguments", "help", "layers")
                    close = KEYS.get(field.text) or compiler.report.near(field.text, known)
                    close = close if close in known else None
                    misspelt = misspelt or close == "layers"
                    self.report(
                        Problem(
                            f"block {key.text} has no field {quoted(field.text)}{meant(close)}",
                            field.place,
                            "" if close else "there are arguments, help and layers",
                            code="unknown",
                        )
                    )
            help_item = body.get("help")
            if isinstance(help_item, Scalar):
                block.help = help_item.text
            compiler.reader.scope = Scope(settings)
            block.arguments = compiler.declarations(
                body.get("arguments"), f"arguments of {key.text}"
            )
            if isinstance(body.get("arguments"), Sequence):
                module.lost.add(key.text)
            layers = body.get("layers")
            if layers is None:
                module.lost.add(key.text)
                if not misspelt:
                    message = f"block {key.text} needs layers"
                    self.report(Problem(message, key.place, "layers: [..]", code="type"))
                continue
            module.blocks[key.text] = block
            bodies.append((block, body, layers))
        for block, _, layers in bodies:
            scope = Scope(settings, block.arguments)
            block.chain = compiler.block_chain(layers, scope)
        compiler.reader.scope = Scope(settings)

    def variants(
        self, module: Module, compiler: Compiler, sections: dict[str, tuple[Scalar, Item]]
    ) -> None:
        item = sections["variants"][1] if "variants" in sections else None
        for key, value in compiler.mapping(item, "variants", "{small: {set: {width: 0.5}}}") or ():
            variant = Variant(key.text, key.place)
            body = None
            if not empty(value):  # with nothing behind its name it is the settings' defaults
                body = compiler.mapping(value, f"variant {key.text}", "{set: {width: 0.5}}")
            for field, content in body or ():
                if field.text == "set":
                    for name, given in (
                        compiler.mapping(content, f"{key.text}: set", "{width: 0.5}") or ()
                    ):
                        variant.set[name.text] = (name.place, given)
                elif field.text == "expect":
                    variant.expect = expected(compiler, content)
                elif field.text == "published":
                    variant.published = published(compiler, content)
                elif field.text == "budget":
                    variant.budget = budget(compiler, content)
                elif field.text == "meta":
                    variant.meta = compiler.texts(content, f"{key.text}: meta")
                else:
                    known = ("set", "expect", "published", "budget", "meta")
                    help = f"there are {listed(known)}"
                    if field.text in module.settings or self.input_size(module, field.text):
                        help = f"a variant sets it: {{set: {{{field.text}: ..}}}}"
                    compiler.unknown("a variant has no field", field.text, known, field.place, help)
            module.variants[key.text] = variant
            self.checked_settings(module, compiler, variant)
        if "default_variant" in sections:
            chosen = sections["default_variant"][1]
            if isinstance(chosen, Scalar) and chosen.text in module.variants:
                module.default_variant = chosen.text
            else:
                word = chosen.text if isinstance(chosen, Scalar) else "…"
                compiler.unknown(
                    "there is no variant",
                    word,
                    module.variants,
                    chosen.place,
                    f"there are {listed(module.variants)}",
                )

    def checked_settings(self, module: Module, compiler: Compiler, variant: Variant) -> None:
        """What a variant sets must be there, and of the right type."""
        for name, (place, item) in variant.set.items():
            declaration = module.settings.get(name)
            if declaration is None:
                if self.input_size(module, name):
                    compiler.reader.scope = Scope(module.settings)
                    compiler.reader.integer(item)
                    continue
                compiler.unknown(
                    "there is no setting",
                    name,
                    module.settings,
                    place,
                    f"there are {listed(module.settings)}"
                    if module.settings
                    else "the spec has no settings",
                )
                continue
            compiler.reader.scope = Scope(module.settings)
            slot = compiler.by_type(declaration.type, item)
            if slot.code is None and slot.constant is not None:
                compiler.conforms(declaration, slot)

    @staticmethod
    def input_size(module: Module, name: str) -> bool:
        return input_size(module, name) is not None


def input_size(module: Module, name: str) -> tuple[str, str] | None:
    """The input and dimension that ``input.height`` or ``tokens.length`` means, if any."""
    head, _, dimension = name.rpartition(".")
    if head.startswith("inputs."):
        head = head[len("inputs.") :]
    if head in module.inputs and dimension in module.inputs[head]:
        return head, dimension
    return None


SET: Final = "--set"
"""The name of the source in which the values of the command line stand."""


def setting_names(module: Module) -> list[str]:
    """All that ``--set`` takes: settings and the sizes of inputs."""
    sizes = [f"{name}.{dim}" for name, dims in module.inputs.items() for dim in dims]
    return [*module.settings, *sizes]


def override_item(name: str, text: str, limits: Limits) -> Item:
    """The value of ``--set name=text``, read as a spec reads it. Raises `Complaint`."""
    source = decode(f"{name}: {text}".encode("utf-8", "surrogatepass"), SET, limits)
    root, problems, _ = parse(source, limits)
    if problems or len(root.entries) != 1 or name not in root.entries:
        raise Complaint(
            Problem(
                f"--set {shorten(name)}: this is not one value",
                Place(source, 1, 1),
                "such as --set width=0.5 or --set depths=[2,2,2,2]",
                code="value",
            )
        )
    return root.entries[name][1]


def override_place(name: str) -> Place:
    """Where the value of a setting stands that was given ready, not as text."""
    return Place(Source(SET, f"{name}: .."), 1, len(name) + 3, 2)


__all__ = ["Files", "Module", "load_module"]
