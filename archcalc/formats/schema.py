"""The JSON Schema (2020-12) of the results: one definition for each document of ``--format json``.

The figures are the metrics' own table. What stands here is a promise: a key that is described
keeps its meaning while the version stays; others may be added.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from archcalc.analysis.claims import AT_LEAST, AT_MOST, EQUAL, ROUNDS_TO
from archcalc.analysis.compare import CHANGED, ONLY_FIRST, ONLY_SECOND, SAME
from archcalc.analysis.counting import CHOICES
from archcalc.analysis.metrics import METRICS
from archcalc.formats.json import SCHEMA_VERSION
from archcalc.problems import FILE, SPEC, USAGE
from archcalc.shapes import DIMENSIONS
from archcalc.terms import OPERATION_KINDS

Schema = dict[str, Any]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

TEXT: Final[Schema] = {"type": "string"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
WHOLE: Final[Schema] = {"type": "integer"}
TRUTH: Final[Schema] = {"type": "boolean"}


def results() -> Schema:
    """The schema of everything that ``--format json`` prints."""
    documents = _documents()
    return {
        "$schema": DIALECT,
        "title": "What archcalc prints as JSON",
        "description": "Integers are exact, of any size. Operations and activations are of the "
        "whole batch.",
        "type": "object",
        "properties": {
            "schema_version": {
                "description": "Raised when a key changes its meaning or goes.",
                "const": SCHEMA_VERSION,
            },
            "tool": _object({"name": {"const": "archcalc"}, "version": TEXT}),
        },
        "required": ["schema_version", "tool"],
        "oneOf": [_ref(name) for name in documents],
        "$defs": {**documents, **_shared()},
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _said(text: str, schema: Schema) -> Schema:
    return {"description": text, **schema}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _map(values: Schema) -> Schema:
    return {"type": "object", "additionalProperties": values}


def _object(properties: Schema, *, optional: Iterable[str] = ()) -> Schema:
    """An object that has all ``properties`` but the ``optional`` ones; others may be added."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


def _documents() -> Schema:
    """Each document by its name."""
    counting = {
        "convention": _said("Whose figures they are.", TEXT),
        "counting": _ref("counting"),
    }
    problems = _list(_ref("problem"))
    return {
        "rows": _said(
            "shapes, summary, params, macs and the other metrics.",
            _object(
                {
                    "spec": _ref("spec"),
                    **counting,
                    "inputs": _map(_ref("shape")),
                    "totals": _ref("figures"),
                    "partial": _said("Whether the rows end at a fault.", TRUTH),
                    "problems": problems,
                    "layers": _said(
                        "As --columns, --sort and --top have them; whole rows otherwise.",
                        _list({"anyOf": [_ref("layer"), _ref("picked")]}),
                    ),
                }
            ),
        ),
        "compare": _object({**counting, "specs": _list(_ref("side")), "layers": _list(_aligned())}),
        "check": _said(
            "check and verify.",
            _object(
                {
                    "holds": TRUTH,
                    "checked": COUNT,
                    "failed": COUNT,
                    "baseline": _or_null(TEXT),
                    "targets": _list(
                        _object(
                            {
                                "target": TEXT,
                                "spec": _ref("origin"),
                                "totals": _ref("figures"),
                                "before": _or_null(_map(COUNT)),
                                "claims": _list(_ref("claim")),
                            }
                        )
                    ),
                }
            ),
        ),
        "show": _object(
            {
                "spec": _ref("spec"),
                "file": TEXT,
                "meta": _map(TEXT),
                "totals": _ref("figures"),
                "settings": _list(
                    _object({"name": TEXT, "value": {}, "takes": TEXT, "help": TEXT})
                ),
                "variants": _list(_object({"name": TEXT, "sets": TEXT})),
                "figures": _list(_ref("claim")),
                "text": _said("The spec itself.", TEXT),
            }
        ),
        "list": _object({"networks": _list(_listed())}),
        "layer_kinds": _object(
            {"kinds": _list(_object({"kind": TEXT, "family": TEXT, "help": TEXT}))}
        ),
        "layer_kind": _object(
            {
                "kind": TEXT,
                "family": TEXT,
                "manual": TEXT,
                "arguments": _list(
                    _object(
                        {
                            "name": TEXT,
                            "type": TEXT,
                            "required": TRUTH,
                            "default": _or_null(TEXT),
                            "help": TEXT,
                        }
                    )
                ),
            }
        ),
        "limits": _object(
            {"limits": _list(_object({"name": TEXT, "value": COUNT, "help": _or_null(TEXT)}))}
        ),
        "conventions": _said(
            "conventions, of all or of one.",
            _object({"conventions": _list(_ref("convention"))}) | _without("spec"),
        ),
        "accounts": _said(
            "conventions of a network.",
            _object(
                {
                    "spec": _ref("spec"),
                    "inputs": _map(_ref("shape")),
                    "partial": TRUTH,
                    "conventions": _list(
                        _object(
                            {
                                "name": TEXT,
                                "unit": TEXT,
                                "figure": COUNT,
                                "macs": COUNT,
                                "params": COUNT,
                                "differences": _list({"type": "object"}),
                            }
                        )
                    ),
                }
            ),
        ),
        "identify": _object(
            {
                "figure": _said("As it was given.", TEXT),
                "from": _said("The smallest number that is printed so.", COUNT),
                "to": COUNT,
                "matches": _list(_ref("match")),
                "nearest": _said(
                    "What comes closest, where nothing matches.", _list(_ref("match"))
                ),
            }
        ),
        "explanation": _said(
            "explain.",
            _object(
                {
                    "spec": _ref("spec"),
                    **counting,
                    "name": _said(
                        "The layer, block or pattern that was asked for.", _or_null(TEXT)
                    ),
                    "partial": TRUTH,
                    "problems": problems,
                    "totals": _object({"params": COUNT, "macs": COUNT}),
                    "parts": _said(
                        "The rows that are meant; the totals are their sum.",
                        _list(
                            _object(
                                {
                                    "path": TEXT,
                                    "kind": _or_null(TEXT),
                                    "params": COUNT,
                                    "macs": COUNT,
                                    "product": _said("The MACs as numbers.", _or_null(TEXT)),
                                }
                            )
                        ),
                    ),
                    "layers": _said("Those that are derived.", _list(_ref("derivation"))),
                    "symbols": _said("What each symbol means.", _map(TEXT)),
                }
            ),
        ),
        "configurations": _said(
            "sweep.",
            _object(
                {
                    "spec": _ref("origin"),
                    **counting,
                    "settings": _said("Those that were set for all.", _map({})),
                    "over": _said("What was swept, as it was given.", _map({})),
                    "configurations": _said(
                        "Settings, figures, and why there are none.", _list({"type": "object"})
                    ),
                    "looked_at": COUNT,
                    "refused": COUNT,
                    "taken": COUNT,
                }
            ),
        ),
        "solution": _said(
            "solve.",
            _object(
                {
                    "spec": _ref("origin"),
                    "budget": _map({}),
                    "settings": _map({}),
                    **counting,
                    "found": _said("Its settings and figures.", _or_null(_map({}))),
                    "same_from": _said(
                        "The first and the last with its figures.", _or_null(_map({}))
                    ),
                    "same_to": _or_null(_map({})),
                    "next": _said("The step behind it, over the budget.", _or_null(_map({}))),
                    "least": _said("The smallest there is, if none is found.", _or_null(_map({}))),
                    "notes": _list(TEXT),
                }
            ),
        ),
        "growth": _said(
            "scaling.",
            _object(
                {
                    "spec": _ref("origin"),
                    "over": TEXT,
                    "values": _list({}),
                    "settings": _map({}),
                    **counting,
                    "figures": _map(
                        _object(
                            {
                                "values": _list({}),
                                "polynomial": _or_null(TEXT),
                                "exponent": {},
                                "doubling": {},
                                "words": TEXT,
                            }
                        )
                    ),
                    "notes": _list(TEXT),
                }
            ),
        ),
        "problems": _said(
            "Printed in place of a result.",
            _object({"problems": problems}) | _without("layers", "spec"),
        ),
    }


def _without(*keys: str) -> Schema:
    """What keeps one document apart from another that has more keys."""
    return {"not": {"anyOf": [{"required": [key]} for key in keys]}}


def _aligned() -> Schema:
    """One line of a comparison."""
    difference = _object({"name": TEXT, "first": {}, "second": {}})
    effect = _object({"params": WHOLE, "macs": WHOLE})
    line = _object(
        {
            "other": _said("Which spec is beside the first, counted from 2.", COUNT),
            "status": {"enum": [SAME, CHANGED, ONLY_FIRST, ONLY_SECOND]},
            "differences": _list(difference),
            "effect": _said("By how much the second has more.", effect),
            "cause": _or_null(TEXT),
            "first": _or_null(_ref("layer")),
            "second": _or_null(_ref("layer")),
        }
    )
    return {"anyOf": [line, _ref("picked")]}


def _listed() -> Schema:
    texts = {name: _or_null(TEXT) for name in ("family", "task", "year", "title", "top1")}
    return _object({"spec": TEXT, "target": TEXT, **texts, "params": COUNT, "macs": COUNT})


def _shared() -> Schema:
    """What several documents have."""
    figures: Schema = {name: _said(m.help, COUNT) for name, m in METRICS.items()}
    own: Schema = {
        "counted": _said("The figure of another convention than archcalc's.", COUNT),
        "counted_params": _said("Its parameters, where it counts buffers among them.", COUNT),
    }
    origin = {
        "name": TEXT,
        "variant": _or_null(TEXT),
        "source": _said("The name of its file.", TEXT),
        "sha256": _said(
            "SHA-256 of the file's bytes, without the files that it extends or uses.",
            _or_null({"type": "string", "pattern": "^[0-9a-f]{64}$"}),
        ),
    }
    settings = _said("Every setting's value, the sizes of the inputs included.", _map({}))
    spec = {**origin, "settings": settings}
    layer = {
        "path": TEXT,
        "kind": _said("null for a sum of rows (--depth).", _or_null(TEXT)),
        "arguments": _said("Those that are not the default.", _map({})),
        "inputs": {},
        "output": _ref("shape"),
        **figures,
        **own,
        "operations": _said(
            "Operations by kind, those that there are.",
            {
                "type": "object",
                "properties": dict.fromkeys(OPERATION_KINDS, COUNT),
                "additionalProperties": False,
            },
        ),
        "layers": _said("How many layers the row sums up.", COUNT),
        "line": _said("Where it stands in the spec.", _or_null(COUNT)),
    }
    answers: Schema = {name: {"enum": list(c.answers)} for name, c in CHOICES.items()}
    place: Schema = {
        "file": _or_null(TEXT),
        "line": _or_null(COUNT),
        "column": _or_null(COUNT),
        "width": _or_null(COUNT),
    }
    formula: Schema = {
        "name": TEXT,
        "formula": _said("In symbols.", TEXT),
        "numbers": _said("With the numbers put in.", TEXT),
        "value": COUNT,
    }
    rule = _object({"weight": WHOLE, "of": TEXT, "kinds": _or_null(_list(TEXT)), "where": _map({})})
    return {
        "spec": _object(spec),
        "origin": _object(origin),
        "side": _object(
            {
                **spec,
                "totals": _ref("figures"),
                "published": _list(_map(TEXT)),
                "partial": TRUTH,
            }
        ),
        "counting": _object({**answers, "batch": {"type": "integer", "minimum": 1}}),
        "shape": {
            "description": "Named sizes, in order, without the batch.",
            "type": "object",
            "properties": dict.fromkeys(DIMENSIONS, COUNT),
            "additionalProperties": False,
        },
        "figures": _object({**figures, **own}, optional=own),
        "layer": _object(layer, optional=own),
        "picked": {
            "description": "The columns that --columns names.",
            "type": "object",
            "not": {"anyOf": [{"required": ["path", "operations"]}, {"required": ["status"]}]},
        },
        "claim": _object(
            {
                "name": TEXT,
                "relation": {"enum": [EQUAL, ROUNDS_TO, AT_MOST, AT_LEAST]},
                "stated": _said("As it was written.", TEXT),
                "source": TEXT,
                "computed": _said("null for what cannot be computed.", _or_null(COUNT)),
                "left": _said("How far it is on the good side of a bound.", _or_null(WHOLE)),
                "holds": _or_null(TRUTH),
            }
        ),
        "formula": _object(formula),
        "derivation": _object(
            {
                "path": TEXT,
                "alike": _said("The rows that differ in their names alone.", _list(TEXT)),
                "part": _said("norm or activation of a row.", _or_null(TEXT)),
                "kind": TEXT,
                "arguments": _map({}),
                "inputs": _list(_ref("shape")),
                "output": _ref("shape"),
                "shape": _list(_object({**formula, "dimension": TEXT})),
                "definitions": _list(_ref("formula")),
                "weights": _list(_object({**formula, "buffer": TRUTH, "frozen": TRUTH})),
                "weights_of": _said("The row that owns the weights.", _or_null(TEXT)),
                "folded": TRUTH,
                "cached": TRUTH,
                "operations": _list(
                    _object(
                        {
                            **formula,
                            "kind": {"enum": list(OPERATION_KINDS)},
                            "part": _or_null(TEXT),
                        }
                    )
                ),
                "uses": _list(_object({**formula, "weights": _or_null(_list(TEXT))})),
            }
        ),
        "convention": _object(
            {
                "name": TEXT,
                "tool": TEXT,
                "unit": TEXT,
                "padding": TEXT,
                "parameters_with_buffers": TRUTH,
                "counts": _list(rule),
                "written": _map(_list(rule)),
                "note": TEXT,
            }
        ),
        "match": _object(
            {
                "target": TEXT,
                "inputs": _map(_ref("shape")),
                "value": COUNT,
                "what": TEXT,
                "conventions": _list(TEXT),
                "own_input": TRUTH,
            }
        ),
        "problem": _object(
            {
                "severity": TEXT,
                "code": _said("A stable word for the sort of problem.", TEXT),
                "kind": {"enum": [USAGE, SPEC, FILE]},
                "message": TEXT,
                "help": _or_null(TEXT),
                **place,
                "stack": _list(_object({"block": TEXT, **place})),
            }
        ),
    }
