"""The spec language as a JSON Schema (2020-12), for editors: completion, help and red lines.

Made from the declarations of the layers and the language's own tables, so that a new layer kind
or key is in it without another word. It says what can be said without running a spec: which keys,
layers and arguments there are and what each takes. Names and sizes are for archcalc to check.

A schema cannot look up a name in another part of a file. So a file with blocks may call whatever
it likes, and one without may not; the schema of one file (`of_spec`) knows its blocks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from archcalc.language.arguments import POSITIONAL, spelled
from archcalc.language.declarations import DTYPES, TYPES
from archcalc.language.figures import EXPECTED, PUBLISHED_NUMBERS, PUBLISHED_TEXTS
from archcalc.language.modules import TOP
from archcalc.language.steps import MODIFIERS, follower_kinds
from archcalc.layers import KINDS
from archcalc.layers.base import Layer
from archcalc.layers.fields import REQUIRED, Choice, Field, Kind, Padding
from archcalc.limits import LIMITS
from archcalc.shapes import DIMENSIONS

if TYPE_CHECKING:
    from archcalc.language.program import Declaration
    from archcalc.language.spec import Spec

Schema = dict[str, Any]
Blocks = Mapping[str, Mapping[str, "Declaration"]]
"""The blocks that a file can call, each with its arguments."""

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

KEYS: Final = {
    "archcalc": "The version of the language: 1.",
    "name": "The network's name.",
    "extends": "Another spec to start from: settings, meta, blocks, defaults and use are merged "
    "key by key, everything else is replaced.",
    "use": "Files whose blocks are called as NAME.block.",
    "meta": "About the network, for people: title, paper, year.",
    "dtype": "The type of the weights.",
    "settings": "What can be changed from outside with --set: a default, a type, or a mapping.",
    "input": "The sizes of the tensor that goes in, without the batch.",
    "inputs": "Several tensors that go in, each with its sizes.",
    "defaults": "Other defaults for the arguments of layers, in this file.",
    "blocks": "Parts of a network with arguments, called like layers.",
    "layers": "What is done with the input: a list of steps.",
    "outputs": "The tensors that come out; the last one if nothing is said.",
    "variants": "Several networks in one file: what each sets and what it comes to.",
    "default_variant": "The variant that the spec's name alone stands for.",
    "expect": "Figures that the network must come to, exactly.",
    "published": "Figures as others printed them, each with its source.",
    "budget": "The most that figures may come to: archcalc check holds the network to it.",
}
"""Each key of a spec, for the reader; the keys themselves are the language's."""

BESIDE: Final = {
    "name": "Names the step's output, and its rows.",
    "from": "Works on that tensor instead of the one before.",
    "repeat": "Does the step so many times, one after the other.",
    "if": "Does the step only if this holds.",
    "else": "What is done instead if the condition does not hold.",
    "for": "A name, or several, for the items of the list in 'in'.",
    "in": "The list whose items the step is done for.",
    "share": "Uses the weights of the step of that name; true: of the first turn of a repeat.",
    "cached": "If this holds, the output is there already: weights count, operations do not.",
    "note": "For the reader.",
}
"""Each modifier of a step."""

_PLAIN: Final = ("string", "number", "boolean")


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _any(*schemas: Schema) -> Schema:
    return {"anyOf": list(schemas)}


_EXPRESSION: Final = _ref("expression")
_TEXT: Final = _ref("text")
_VALUE: Final = _ref("value")
_TEMPLATE: Final = {"type": "string", "pattern": r"\$"}


def language() -> Schema:
    """The schema of any spec."""
    free = _layers("free_", None)
    closed = _layers("", {})
    root = _root("free_")
    # One or the other, so that nothing is said twice.
    either = root["properties"]["layers"].pop("$ref")
    root["if"] = {"not": _any(*({"required": [key]} for key in ("blocks", "use", "extends")))}
    root["then"] = {"properties": {"layers": _ref("chain")}}
    root["else"] = {"properties": {"layers": {"$ref": either}}}
    return _whole("The archcalc spec language", root, {**closed, **free})


def of_spec(spec: Spec) -> Schema:
    """The schema of one file: it knows the blocks that the file can call."""
    blocks = {name: block.arguments for name, block in spec._module.blocks.items()}
    return _whole(f"The archcalc spec {spec.name}", _root(""), _layers("", blocks))


def _whole(title: str, root: Schema, steps: Schema) -> Schema:
    layers = {_layer_name(kind): _layer(kind) for kind in KINDS.values() if not kind.merges}
    return {
        "$schema": DIALECT,
        "title": title,
        **root,
        "$defs": {**_values(), **_parts(), **steps, **layers},
    }


# Values.


def _values() -> Schema:
    return {
        "expression": {
            "description": "An expression: numbers, names, sizes such as prev.channels, operators "
            "and functions.",
            "type": "string",
            "minLength": 1,
            "maxLength": LIMITS.expression,
            # No sign that no expression has, but in the texts that it may compare with.
            "pattern": r"""^([^$@#&|;:?{}\\^~`'"]|'[^']*'|"[^"]*")+$""",
        },
        "text": {
            "description": "Text; $name and $(expression) put a value in.",
            "type": list(_PLAIN),
        },
        "value": {
            "description": "A number, a truth value, text, an expression, or a list of such.",
            "type": [*_PLAIN, "array"],
            "items": _VALUE,
        },
        "truth": _any({"type": "boolean"}, _EXPRESSION),
        "list": _any({"type": "array", "items": _VALUE}, _EXPRESSION),
        "figure": {
            "description": "A figure: 138M, 4.1G, 61_706 or 76.13.",
            "type": ["string", "number"],
            "minimum": 0,
            "pattern": r"^~?[0-9][0-9_]*(\.[0-9]+)?\s*([kKMGTB%]|[eE][+-]?[0-9]+)?$",
        },
        "dtype": {"enum": list(DTYPES)},
        "sizes": {
            "description": "Named sizes, in order.",
            "type": "object",
            "properties": {
                **{name: _number("integer", 1) for name in DIMENSIONS},
                "dtype": _ref("dtype"),
            },
            "additionalProperties": False,
            "minProperties": 1,
        },
    }


def _number(type: str, low: Any = None, high: Any = None) -> Schema:
    """A number, or an expression that gives one."""
    bounds = {"minimum": low, "maximum": high}
    number = {"type": type, **{name: b for name, b in bounds.items() if b is not None}}
    return _any(number, _EXPRESSION)


def _takes(field: Field[Any], *, alone: bool = False) -> Schema | None:
    """What an argument takes; ``alone``: as a layer's only value, where a list means another."""
    low, high = getattr(field, "min", None), getattr(field, "max", None)
    several: Schema = {}
    if field.slot in ("sizes", "padding"):
        several = {"type": "array", "items": _number("integer", low), "minItems": 1}
    if isinstance(field, Choice | Kind):
        return _any({"enum": list(_words(field))}, _TEMPLATE)
    if isinstance(field, Padding):
        number = _number("integer", 0)["anyOf"]
        lists = [] if alone else [several]
        return _any({"enum": list(field.words)}, *number, *lists, _TEMPLATE)
    if field.slot == "dims":
        return None if alone else _ref("sizes")
    if several:
        number = _number("integer", low)["anyOf"]
        return _any(*number) if alone else _any(*number, several)
    simple: dict[str, Schema] = {
        "int": _number("integer", low),
        "float": _number("number", low, high),
        "bool": _ref("truth"),
        "auto": _any({"enum": ["auto", True, False]}, _EXPRESSION),
        "text": _TEXT,
        "tensor": _TEXT,
        "dimension": _any({"enum": [*DIMENSIONS, "auto"]}, _TEMPLATE),
        "list": _EXPRESSION if alone else _ref("list"),
    }
    return simple[field.slot]


def _words(field: Choice | Kind) -> tuple[str, ...]:
    if isinstance(field, Kind):
        return ("none", *follower_kinds(field.family))
    return field.words


# Layers.


def _layer_name(kind: type[Layer]) -> str:
    return f"layer.{kind.kind}"


def _arguments(kind: type[Layer]) -> Schema:
    """The arguments of a layer kind as properties."""
    found = {}
    for name, (_, field) in spelled(kind).items():
        takes = _takes(field)
        assert takes is not None
        required = " Required." if field.required else ""
        found[name] = {"description": f"{field.help}{required}".strip() or name, **takes}
        default = field.default
        if default is not REQUIRED and isinstance(default, bool | int | float | str | tuple):
            found[name]["default"] = list(default) if isinstance(default, tuple) else default
    return found


def _layer(kind: type[Layer]) -> Schema:
    """What may stand behind ``conv:``, in a step.

    None is required here, since ``defaults`` may have it.
    """
    return {"description": kind.manual(), **_in_any_form(kind)}


def _in_any_form(kind: type[Layer]) -> Schema:
    """Arguments: by name, the first ones in a list, the first alone, or none."""
    fields = [field for _, field in spelled(kind).values()]
    forms: list[Schema] = [
        {"type": "object", "properties": _arguments(kind), "additionalProperties": False},
        {"type": "null"},
    ]
    if fields:
        first = [_takes(field) for field in fields[:POSITIONAL]]
        forms.append({"type": "array", "prefixItems": first, "items": False})
        alone = _takes(fields[0], alone=True)
        if alone is not None:
            forms.append(alone)
    return _any(*forms)


# Steps: once for files without blocks, once for files that may call blocks of any name.


def _layers(prefix: str, blocks: Blocks | None) -> Schema:
    """The definitions of chains and steps; ``blocks`` are those that may be called, or any."""

    chain, branch, mapping = (_ref(prefix + name) for name in ("chain", "branch", "step"))
    plain = {name: kind for name, kind in KINDS.items() if not kind.merges}
    operations: Schema = {
        "do": {"description": "Several steps as one.", **chain},
        "side": {"description": "A chain whose result is dropped; it counts.", **chain},
        "residual": {
            "description": "A chain added to a shortcut, which is the identity if not given.",
            **_any(
                chain,
                {
                    "type": "object",
                    "properties": {"main": chain, "shortcut": chain},
                    "required": ["main"],
                    "additionalProperties": False,
                },
            ),
        },
        **{name: _ref(_layer_name(kind)) for name, kind in plain.items()},
        **{name: _merge(kind, branch) for name, kind in KINDS.items() if kind.merges},
    }
    known = [*operations, *MODIFIERS]
    called = {name: _call(name, arguments) for name, arguments in (blocks or {}).items()}
    words = [*plain, *called]
    # A word that is none of these may be a block; beside a layer it cannot be one.
    alone = _any(*({"required": [name]} for name in (*operations, *called)))
    one = {"oneOf": [{"required": [name]} for name in (*operations, *called)]}
    step: Schema = {
        "type": "object",
        "minProperties": 1,
        "properties": {**_modifiers(chain), **operations, **called},
        "patternProperties": {r"^\$": {"description": "The layer or block that it names."}},
        "dependentRequired": {"for": ["in"], "in": ["for"], "else": ["if"]},
        "if": alone,
        "then": one,
    }
    word: Schema = {"enum": words}
    if blocks is None:
        step["then"] = {**one, "propertyNames": {"enum": known}}
        word = _any(word, {"type": "string", "pattern": r"^[^\s:{}\[\],]+$"})
    else:
        step["additionalProperties"] = False
        word = _any(word, _TEMPLATE)
    return {
        f"{prefix}chain": {
            "description": "A list of steps, one after the other.",
            "type": "array",
            "items": _any(word, mapping, chain),
        },
        f"{prefix}step": step,
        f"{prefix}branch": _any({"enum": words}, {"type": list(_PLAIN)}, mapping, chain),
    }


def _modifiers(chain: Schema) -> Schema:
    name = {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}
    takes: dict[str, Schema] = {
        "name": _TEXT,
        "from": _TEXT,
        "repeat": _number("integer", 0),
        "if": _ref("truth"),
        "else": chain,
        "for": _any(name, {"type": "array", "items": name}),
        "in": _ref("list"),
        "share": _TEXT,
        "cached": _ref("truth"),
        "note": {"type": list(_PLAIN)},
    }
    return {name: {"description": BESIDE[name], **takes[name]} for name in MODIFIERS}


def _merge(kind: type[Layer], branch: Schema) -> Schema:
    """A layer that joins branches: a list of them, or ``branches:`` and its arguments."""
    several = {"type": "array", "items": branch, "minItems": 1}
    named = {"type": "object", "additionalProperties": branch, "minProperties": 1}
    branches = {"description": "The branches: a list, or by name.", **_any(several, named)}
    options = {
        "type": "object",
        "properties": {"branches": branches, **_arguments(kind)},
        "required": ["branches"],
        "additionalProperties": False,
    }
    return {
        "description": kind.manual(),
        **_any(several, options),
    }


def _call(name: str, arguments: Mapping[str, Declaration]) -> Schema:
    """A call of a block: by name, or in order."""
    takes = {n: {"description": d.help or n, **_declared(d)} for n, d in arguments.items()}
    named = {"type": "object", "properties": takes, "additionalProperties": False}
    forms: list[Schema] = [named, {"type": "null"}]
    if takes:
        forms.append({"type": "array", "prefixItems": list(takes.values()), "items": False})
        forms.append({"type": list(_PLAIN)})
    return {"description": f"The block {name} of this file.", **_any(*forms)}


def _declared(declaration: Declaration) -> Schema:
    """What a declared argument takes."""
    types: dict[str, Schema] = {
        "int": _number("integer", declaration.min, declaration.max),
        "float": _number("number", declaration.min, declaration.max),
        "bool": _ref("truth"),
        "str": _TEXT,
        "list": _ref("list"),
        "any": _VALUE,
    }
    return types[declaration.type]


# The parts of a file.


def _root(prefix: str) -> Schema:
    chain = _ref(f"{prefix}chain")
    takes: dict[str, Schema] = {
        "archcalc": {"enum": [1, "1"]},
        "name": {"type": list(_PLAIN), "minLength": 1},
        "extends": {"type": "string"},
        "use": {"type": "object", "additionalProperties": {"type": "string"}},
        "meta": _ref("meta"),
        "dtype": _ref("dtype"),
        "settings": _ref("declarations"),
        "input": _ref("sizes"),
        "inputs": {
            "type": "object",
            "propertyNames": {"not": {"enum": ["prev", "input"]}},
            "additionalProperties": _ref("sizes"),
            "minProperties": 1,
        },
        "defaults": {
            "type": "object",
            "properties": {name: _defaults(kind) for name, kind in KINDS.items()},
            "additionalProperties": False,
        },
        "blocks": {"type": "object", "additionalProperties": _block(chain)},
        "layers": chain,
        "outputs": {"type": "array", "items": _TEXT},
        "variants": {"type": "object", "additionalProperties": _ref("variant")},
        "default_variant": {"type": list(_PLAIN)},
        "expect": _ref("expect"),
        "published": _ref("published"),
        "budget": _ref("budget"),
    }
    return {
        "type": "object",
        "properties": {key: {"description": KEYS[key], **takes[key]} for key in TOP},
        "additionalProperties": False,
        "required": ["archcalc", "name"],
        "anyOf": [
            {"required": ["layers", "input"]},
            {"required": ["layers", "inputs"]},
            {"required": ["extends"]},
            {"required": ["blocks"]},
        ],
        "not": {"required": ["input", "inputs"]},
    }


def _defaults(kind: type[Layer]) -> Schema:
    if kind.merges:
        return {"type": "object", "properties": _arguments(kind), "additionalProperties": False}
    return _in_any_form(kind)


def _block(chain: Schema) -> Schema:
    return {
        "type": "object",
        "properties": {
            "arguments": {
                "description": "Declared like settings; a default may use those before it.",
                **_ref("declarations"),
            },
            "help": {"description": "For the reader.", "type": list(_PLAIN)},
            "layers": chain,
        },
        "required": ["layers"],
        "additionalProperties": False,
    }


def _parts() -> Schema:
    """The definitions that every file shares."""
    figures = {name: _ref("figure") for name in PUBLISHED_NUMBERS}
    record = {
        "type": "object",
        "properties": {**{name: {"type": list(_PLAIN)} for name in PUBLISHED_TEXTS}, **figures},
        "additionalProperties": False,
    }
    return {
        "meta": {
            "type": "object",
            "additionalProperties": _any(
                {"type": list(_PLAIN)}, {"type": "array", "items": {"type": list(_PLAIN)}}
            ),
        },
        "declarations": {
            "type": "object",
            "propertyNames": {
                "pattern": "^[A-Za-z_][A-Za-z0-9_]*$",
                "not": {"enum": ["true", "false", "i", "prev", "input"]},
            },
            "additionalProperties": _any(_VALUE, _ref("declaration")),
        },
        "declaration": {
            "type": "object",
            "properties": {
                "type": {"enum": list(TYPES)},
                "default": _VALUE,
                "choices": {"type": "array", "items": _VALUE},
                "min": _number("number"),
                "max": _number("number"),
                "help": {"type": list(_PLAIN)},
            },
            "additionalProperties": False,
            **_any({"required": ["type"]}, {"required": ["default"]}),
        },
        "expect": {
            "type": "object",
            "properties": {name: _number("integer", 0) for name in EXPECTED},
            "additionalProperties": False,
        },
        "budget": {
            "type": "object",
            "properties": {name: _ref("figure") for name in EXPECTED},
            "additionalProperties": False,
        },
        "published": _any(record, {"type": "array", "items": record}),
        "variant": {
            "type": ["object", "null"],
            "properties": {
                "set": {"type": "object", "additionalProperties": _VALUE},
                "expect": _ref("expect"),
                "published": _ref("published"),
                "budget": _ref("budget"),
                "meta": _ref("meta"),
            },
            "additionalProperties": False,
        },
    }
