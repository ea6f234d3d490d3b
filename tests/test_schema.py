"""The schemas: of specs, for editors; of results, for programs that read JSON."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from archcalc.cli.app import COMMANDS
from archcalc.formats import schema as formats
from archcalc.language import load_bytes, schema
from archcalc.language.modules import TOP
from archcalc.language.source import Item, Mapping, Scalar, decode, parse
from archcalc.language.steps import MODIFIERS
from archcalc.layers import KINDS
from archcalc.limits import LIMITS

jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")

ROOT = Path(__file__).parent.parent
SPECS = sorted((ROOT / "specs").glob("*.yaml"))
NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
"""A number of YAML 1.2, which is what editors read; ``1_000`` is text to them."""


def seen(item: Item) -> Any:
    """A spec's tree as an editor's YAML 1.2 reader hands it to a schema."""
    if isinstance(item, Mapping):
        return {key.text: seen(value) for key, value in item}
    if not isinstance(item, Scalar):
        return [seen(value) for value in item.items]
    if not item.plain:
        return item.text
    if item.text in ("", "null", "~"):
        return None
    if item.text in ("true", "false"):
        return item.text == "true"
    if NUMBER.match(item.text):
        number = float(item.text)
        return int(number) if number.is_integer() else number
    return item.text


def tree(text: str, name: str = "net.yaml") -> Any:
    root, *_ = parse(decode(text.encode(), name, LIMITS), LIMITS)
    return seen(root)


@cache
def validator() -> Any:
    made = schema.language()
    jsonschema.Draft202012Validator.check_schema(made)
    return jsonschema.Draft202012Validator(made)


def reasons(error: Any) -> Iterator[str]:
    """What a refusal comes from: where there are several forms, why it is none of them."""
    if error.context:
        for inner in error.context:
            yield from reasons(inner)
    else:
        yield error.message


def refusals(text: str) -> list[str]:
    """What the schema says against a spec."""
    return [why for error in validator().iter_errors(tree(text)) for why in reasons(error)]


def documented() -> Iterator[Any]:
    from test_docs import BLOCKS

    for block in BLOCKS:
        if block.info == "yaml":
            yield pytest.param(block.body, id=repr(block))
        elif block.info.startswith("yaml steps "):
            sizes = block.info.split()[2].replace("=", ": ").replace(",", ", ")
            text = f"archcalc: 1\nname: steps\ninput: {{{sizes}}}\nlayers:\n{block.body}"
            yield pytest.param(text, id=repr(block))


@pytest.mark.parametrize("path", SPECS, ids=lambda p: p.stem)
def test_every_bundled_spec_is_of_the_language(path: Path) -> None:
    assert not refusals(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("text", list(documented()))
def test_every_documented_spec_is_of_the_language(text: str) -> None:
    assert not refusals(text)


@pytest.mark.parametrize("path", SPECS[::6], ids=lambda p: p.stem)
def test_the_schema_of_one_file_knows_its_blocks(path: Path) -> None:
    spec = load_bytes(path.read_bytes(), path.name, str(path.parent))
    made = schema.of_spec(spec)
    jsonschema.Draft202012Validator.check_schema(made)
    own = jsonschema.Draft202012Validator(made)
    assert not [error.message for error in own.iter_errors(tree(path.read_text()))]


def test_every_key_and_modifier_is_described() -> None:
    assert set(schema.KEYS) == set(TOP)
    assert set(schema.BESIDE) == set(MODIFIERS)
    made = schema.language()
    for kind in KINDS.values():
        if not kind.merges:
            assert made["$defs"][f"layer.{kind.kind}"]["description"] == kind.manual()


HEAD = "archcalc: 1\nname: net\ninput: {channels: 3, height: 32, width: 32}\n"


@pytest.mark.parametrize(
    "text",
    [
        "layers: [{conv: [16, 3]}, relu, {max_pool: 2}]",
        "layers: [{conv: {out_channels: 16, kernel_size: [3, 5], padding: half, bias: false}}]",
        "settings: {w: 8}\nlayers: [{conv: [w * 2, 3, 'w if w > 2 else 1']}]",
        "settings: {w: 8}\nlayers: [{conv: ['max(w, 2)', '[3, w // 4]']}, {linear: 1e3}]",
        "layers: [{conv: {out_channels: 1_024, padding: prev.height // 2}}]",
        "settings: {on: true}\nlayers: [{relu: , if: on and prev.height == 32}]",
        "settings: {act: relu}\nlayers: [{conv: {out_channels: 8, activation: $act}}]",
        "settings: {op: relu}\nlayers: [$op, {$op: }]",
        "blocks: {mine: {layers: [relu]}}\nlayers: [mine, {mine: , repeat: 2}]",
        "use: {a: b.yaml}\nlayers: [{a.mine: 3}]",
        "layers: [{add: [prev, [{conv: [3, 1]}], relu]}]",
        "layers: [{concat: {branches: {a: [], b: [relu]}, axis: channels}}]",
        "settings: {d: {type: int, default: 3, min: 1}, words: [a, b]}\nlayers: [relu]",
        "layers: [relu]\nexpect: {params: 138_357_544}\npublished: {params: 138M, top1: 71.592}",
        "layers: [{name: 3, from: input}, [relu], {do: [relu], for: [a, b], in: 'zip(x, y)'}]",
        "settings: {kind: basic}\nlayers:\n- relu:\n  if: kind == 'a, {b}?'",
    ],
)
def test_what_the_language_has_is_allowed(text: str) -> None:
    assert not refusals(HEAD + text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("layer: [relu]", "'layer' was unexpected"),
        ("layers: [{convv: 3}]", "'convv' does not match"),
        ("layers: [relus]", "'relus' is not one of"),
        ("layers: [{conv: {filters: 16}}]", "'filters' was unexpected"),
        ("layers: [{conv: [16, 3, 1, 1]}]", "Expected at most 3 items but found 1"),
        ("layers: [{conv: {out_channels: 0}}]", "0 is less than the minimum of 1"),
        ("layers: [{conv: {out_channels: 16.5}}]", "16.5"),
        ("layers: [{conv: {out_channels: true}}]", "True"),
        ("layers: [{conv: {out_channels: $w}}]", "'$w'"),
        ("layers: [{conv: {out_channels: 8, bias: 1}}]", "1 is not"),
        ("layers: [{conv: {out_channels: 8, activation: rleu}}]", "'rleu'"),
        ("layers: [{conv: {out_channels: 8, kernel_size: []}}]", "[]"),
        ("layers: [{conv: [16, 3], stride: 2}]", "'stride' does not match"),
        ("layers: [{conv: [16, 3], relu: }]", "required"),
        ("layers: [{relu: 3}]", "3 is not"),
        ("layers: [{relu: , else: [tanh]}]", "'if' is a dependency of 'else'"),
        ("layers: [{relu: , for: a}]", "'in' is a dependency of 'for'"),
        ("layers: relu", "'relu' is not of type 'array'"),
        ("layers: [{dropout: 2}]", "2"),
        ("layers: [{residual: {mian: [relu]}}]", "mian"),
        ("layers: [{concat: {axis: channels}}]", "'branches' is a required"),
        ("layers: [relu]\nexpect: {parameters: 3}", "'parameters' was unexpected"),
        ("layers: [relu]\nbudget: {params: lots}", "'lots' does not match"),
        ("layers: [relu]\nvariants: {a: {sets: {}}}", "'sets' was unexpected"),
        ("layers: [relu]\nsettings: {a: {typ: int}}", "'typ'"),
        ("layers: [relu]\nsettings: {input: 3}", "'input' should not be valid"),
        ("layers: [relu]\ndefaults: {con: {padding: 1}}", "'con' was unexpected"),
        ("layers: [relu]\ndefaults: {conv: {pading: 1}}", "'pading' was unexpected"),
        ("layers: [relu]\ninputs: {a: {length: 3}}", "should not be valid"),
        ("blocks: {a: {layer: [relu]}}\nlayers: [a]", "'layer' was unexpected"),
        ("blocks: {a: {layers: [relu]}}\nlayers: [{conv: 8, stride: 2}]", "'stride' is not one of"),
        ("layers: [relu]\ndtype: float23", "'float23' is not one of"),
    ],
)
def test_what_the_language_has_not_is_refused(text: str, words: str) -> None:
    found = refusals(HEAD + text)
    assert any(words in message for message in found), found


def test_sizes_have_known_dimensions() -> None:
    text = "archcalc: 1\nname: net\ninput: {channel: 3, height: 0}\nlayers: [relu]"
    found = refusals(text)
    assert "0 is less than the minimum of 1" in found
    assert "Additional properties are not allowed ('channel' was unexpected)" in found


def test_a_version_and_a_name_are_needed() -> None:
    assert len(refusals("layers: [relu]\ninput: {features: 1}")) == 2
    assert refusals("archcalc: 2\nname: x\nlayers: [relu]\ninput: {features: 1}")


def test_the_schema_of_one_file_refuses_other_blocks() -> None:
    text = HEAD + "blocks: {mine: {arguments: {w: int}, layers: [relu]}}\nlayers: [{mine: 2}]"
    own = jsonschema.Draft202012Validator(schema.of_spec(load_bytes(text.encode(), "n", None)))
    assert not list(own.iter_errors(tree(text)))
    for wrong in ("{nine: 2}", "nine", "{mine: {width: 2}}", "{mine: [1, 2]}"):
        assert list(own.iter_errors(tree(text.replace("{mine: 2}", wrong)))), wrong


def test_a_schema_is_plain_data() -> None:
    made = schema.language()
    assert json.loads(json.dumps(made)) == made


# Results


def strict(made: Any) -> Any:
    """The schema without room for more keys, so that a key that is not described is found."""
    if isinstance(made, list):
        return [strict(item) for item in made]
    if not isinstance(made, dict):
        return made
    inner = {key: strict(value) for key, value in made.items()}
    if "properties" in inner and "required" in inner:
        inner.setdefault("additionalProperties", False)
    return inner


@cache
def of_results() -> tuple[Any, Any]:
    made = formats.results()
    jsonschema.Draft202012Validator.check_schema(made)
    closed = strict(made)
    for definition in closed["$defs"].values():
        if "properties" in definition and definition.get("required"):
            # The version and the tool stand in every document.
            definition["properties"].update(schema_version={}, tool={})
    closed.pop("additionalProperties", None)
    return jsonschema.Draft202012Validator(made), jsonschema.Draft202012Validator(closed)


def printed(*arguments: str) -> Any:
    run = subprocess.run(
        [sys.executable, "-m", "archcalc", *arguments, "--format", "json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    return json.loads(run.stdout)


RESULTS = [
    ("macs inception-block", "rows"),
    ("shapes lenet5 --batch 2", "rows"),
    ("summary resnet18 --depth 1", "rows"),
    ("summary gpt2 --convention fvcore", "rows"),
    ("macs resnet18 --convention keras --expand", "rows"),
    ("params lenet5 --columns path,params --top 3", "rows"),
    ("compare inception-block@naive inception-block@bottleneck lenet5", "compare"),
    ("compare lenet5 alexnet --depth 1 --only-changed", "compare"),
    ("compare lenet5 lenet5 --columns path,macs", "compare"),
    ("check lenet5 vgg16 --max params=1M", "check"),
    ("verify lenet5", "check"),
    ("show resnet50", "show"),
    ("list", "list"),
    ("layers", "layer_kinds"),
    ("layers conv", "layer_kind"),
    ("limits", "limits"),
    ("conventions", "conventions"),
    ("conventions thop", "conventions"),
    ("conventions resnet18", "accounts"),
    ("identify lenet5 61706", "identify"),
    ("identify lenet5 3.14G", "identify"),
    ("explain lenet5", "explanation"),
    ("explain resnet18 stage1.0.main.conv1", "explanation"),
    ("explain vit block*.attention", "explanation"),
    ("explain lenet5 c9", "problems"),
    ("sweep lenet5 --over input.height=32,40", "configurations"),
    ("explain resnet50 stage1", "explanation"),
    ("explain vgg16 *.conv.1", "explanation"),
    ("solve resnet18 --vary num_classes=10:1000 --for params=11.5M", "solution"),
    ("solve resnet18 --vary num_classes=10:1000 --for params=1M", "solution"),
    ("scaling lenet5 --over input.height=32,40,48", "growth"),
    ("macs lenet", "problems"),
]


@pytest.mark.parametrize(("arguments", "document"), RESULTS)
def test_every_result_is_as_the_schema_says(arguments: str, document: str) -> None:
    data = printed(*arguments.split())
    for validator in reversed(of_results()):
        schema = {**validator.schema, "oneOf": [{"$ref": f"#/$defs/{document}"}]}
        errors = validator.evolve(schema=schema).iter_errors(data)
        assert not [why for error in errors for why in reasons(error)]
        assert validator.is_valid(data)


def test_every_command_has_its_document() -> None:
    described = {document for _, document in RESULTS}
    known = {d["$ref"].rpartition("/")[2] for d in formats.results()["oneOf"]}
    assert known == described
    silent = {"schema", "completion"}  # a schema is JSON already, and a script is none
    assert {arguments.split()[0] for arguments, _ in RESULTS} >= set(COMMANDS) - silent


def test_a_missing_or_wrong_key_is_found() -> None:
    data = printed("macs", "lenet5")
    valid = of_results()[0].is_valid
    assert valid(data)
    for key in ("schema_version", "tool", "spec", "totals", "layers", "convention"):
        assert not valid({k: v for k, v in data.items() if k != key})
    assert not valid({**data, "schema_version": 2})
    assert not valid({**data, "totals": {**data["totals"], "macs": 1.5}})
    data["layers"][1]["params"] = "6"
    assert not valid(data)


def test_the_hash_is_that_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_bytes(b"\xef\xbb\xbfarchcalc: 1\r\nname: n\r\nextends: lenet5.yaml\r\n")
    data = printed("macs", str(path))
    assert data["spec"]["sha256"] == sha256(path.read_bytes()).hexdigest()
    bundled = sha256((ROOT / "specs/lenet5.yaml").read_bytes()).hexdigest()
    assert printed("macs", "lenet5")["spec"]["sha256"] == bundled
    assert printed("show", "lenet5")["spec"]["sha256"] == bundled
    assert printed("compare", "lenet5", str(path))["specs"][0]["sha256"] == bundled


# The command


def test_the_command_prints_them(tmp_path: Path) -> None:
    def say(*arguments: str) -> str:
        command = [sys.executable, "-m", "archcalc", "schema", *arguments]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        return run.stdout

    assert json.loads(say()) == schema.language()
    assert json.loads(say("--result")) == formats.results()
    own = json.loads(say("inception-block"))
    assert own["title"] == "The archcalc spec inception-block"
    file = tmp_path / "schema.json"
    assert say("--output", str(file)) == ""
    assert json.loads(file.read_text()) == schema.language()
