"""Whatever comes in: an answer or a refusal, in little time and memory, and nothing else.

The corpus of bad inputs and the adversaries are run in children, under limits that the operating
system holds; there is room in these for slow machines, `benchmarks/` has the real figures.
"""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple

import pytest
from adversaries import write
from forked import ROOT, Run, Runner

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked")

CORPUS = Path(__file__).parent / "data" / "badinputs"
SLOW = 5
"""How many times as slow as ours a machine may be."""
ACTS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]"
)


class Case(NamedTuple):
    """A row of the index."""

    file: str
    bytes: str
    expect: str
    note: str


def cases() -> list[Case]:
    with (CORPUS / "index.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [Case(*row) for row in rows[1:]]


def judge() -> Any:
    """The corpus's own judge."""
    named = importlib.util.spec_from_file_location("badinputs_check", CORPUS / "check.py")
    assert named and named.loader
    module = importlib.util.module_from_spec(named)
    named.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy, with the files that are too large to store."""
    folder = tmp_path_factory.mktemp("bad") / "inputs"
    shutil.copytree(CORPUS, folder, symlinks=True)
    subprocess.run([sys.executable, str(folder / "make_big.py"), str(folder)], check=True)
    return folder


@pytest.fixture(scope="module")
def run() -> Iterator[Runner]:
    runner = Runner()
    yield runner
    runner.close()


@pytest.fixture(scope="module")
def answers(corpus: Path) -> dict[str, tuple[Run, Run]]:
    """Every file of the corpus, run under two hash seeds at a time."""

    def all_of(seed: str) -> dict[str, Run]:
        runner = Runner(PYTHONHASHSEED=seed)
        found = {c.file: runner("params", str(corpus / c.file)) for c in cases()}
        runner.close()
        return found

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(all_of, ("1", "2"))
    return {name: (first[name], second[name]) for name in first}


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.file)
def test_the_corpus(
    case: Case, corpus: Path, answers: dict[str, tuple[Run, Run]], run: Runner
) -> None:
    assert (corpus / case.file).stat().st_size == int(case.bytes), "not as it was made"
    first, second = answers[case.file]
    options = {"rss": 300.0, "cpu": 2.0 * SLOW}
    assert judge().complaints(first, case.expect, options, 0.0) == []
    assert (first.code, first.out, first.err) == (second.code, second.out, second.err)


TOTALS = re.compile(r"params ([\d,]+), MACs ([\d,]+)")


@pytest.mark.parametrize(
    "case", [c for c in cases() if TOTALS.search(c.note)], ids=lambda case: case.file
)
def test_the_totals_of_the_corpus(case: Case, corpus: Path, run: Runner) -> None:
    found = run("params", str(corpus / case.file), "--format", "json")
    if found.code:
        assert case.expect != "ok" and b"problems" in found.out
        return
    stated = TOTALS.search(case.note)
    assert stated
    params, macs = (int(number.replace(",", "")) for number in stated.groups())
    totals = json.loads(found.out)["totals"]
    assert (totals["params"], totals["macs"]) == (params, macs)


# Adversaries: what costs a second or 200 MB if nothing is done about it. One or two of each sort;
# ``python tests/adversaries.py`` measures all of them.

WORST = (
    "yaml_one_flow_map",
    "yaml_duplicate_keys",
    "yaml_one_line",
    "yaml_many_deep_lists",
    "yaml_unclosed_after_much",
    "yaml_number_with_underscores",
    "plain_steps",
    "one_long_expression_often",
    "short_expressions",
    "settings_in_a_chain",
    "settings_of_words",
    "blocks_and_settings",
    "block_of_many_arguments",
    "variants_and_settings",
    "choices_and_calls",
    "wrong_choices",
    "template_of_many_parts",
    "texts_that_double",
    "lists_that_double",
    "channels_that_double",
    "paths_of_long_names",
    "the_same_path_by_chains",
    "the_same_path_by_template",
    "repeat_that_differs",
    "repeat_of_nothing",
    "loop_over_rows_of_many_names",
    "sum_of_setting_often",
    "list_of_words_often",
    "lists_compared_long",
    "kernel_of_many_axes",
    "concat_of_thousands",
    "blocks_double",
    "chains_in_blocks_as_deep_as_allowed",
    "blocks_chosen_with_many_arguments",
    "share_of_many",
    "share_of_bytes",
    "unknown_names_of_80",
    "unknown_settings_in_variants",
    "broken_brackets",
    "comparisons",
    "extends_of_settings",
    "uses_as_wide_tree",
)


@pytest.fixture(scope="module")
def costs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """All of them, two at a time."""
    runners: SimpleQueue[Runner] = SimpleQueue()
    for _ in range(2):
        runners.put(Runner())

    def cost(name: str) -> Run:
        folder = tmp_path_factory.mktemp("adversary")
        runner = runners.get()
        found = runner("params", str(write(name, folder)), wall=10 * SLOW)
        runners.put(runner)
        shutil.rmtree(folder)
        return found

    with ThreadPoolExecutor(2) as pool:
        found = dict(zip(WORST, pool.map(cost, WORST), strict=True))
    for _ in range(2):
        runners.get().close()
    return found


@pytest.mark.parametrize("name", WORST)
def test_no_spec_of_a_megabyte_keeps_the_machine(name: str, costs: dict[str, Run]) -> None:
    found = costs[name]
    assert found.code in (0, 3), found.err[:300]
    assert b"fault in archcalc" not in found.err and b"Traceback" not in found.err
    assert found.cpu < 1.5 * SLOW
    assert found.mib < 300
    assert len(found.err) < 20_000


# Files that are none.


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    (tmp_path / "folder.yaml").mkdir()
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "circle.yaml").symlink_to("circle2.yaml")
    (tmp_path / "circle2.yaml").symlink_to("circle.yaml")
    (tmp_path / "zero.yaml").symlink_to("/dev/zero")
    (tmp_path / "null.yaml").symlink_to("/dev/null")
    (tmp_path / "gone.yaml").symlink_to("nowhere")
    (tmp_path / "empty.yaml").write_bytes(b"")
    (tmp_path / "closed.yaml").write_bytes(TINY)
    (tmp_path / "closed.yaml").chmod(0)
    (tmp_path / "tiny.yaml").write_bytes(TINY)
    (tmp_path / "link.yaml").symlink_to("tiny.yaml")
    (tmp_path / "weird \x1b[31m\u202e.yaml").write_bytes(b"a: [")
    return tmp_path


TINY = b"archcalc: 1\nname: tiny\ninput: {features: 4}\nlayers:\n  - linear: 2\n"
FILES = {
    "folder.yaml": (4, "it is a directory"),
    "pipe.yaml": (4, "it is not a regular file"),
    "circle.yaml": (4, "too many levels of symbolic links"),
    "zero.yaml": (4, "it is not a regular file"),
    "null.yaml": (4, "it is not a regular file"),
    "gone.yaml": (4, "no such file or directory"),
    "missing.yaml": (4, "no such file or directory"),
    "tiny.yaml/x.yaml": (4, "not a directory"),
    "x" * 300 + ".yaml": (4, "file name too long"),
    "a\0b.yaml": (4, "embedded null byte"),
    "empty.yaml": (3, "the spec is empty"),
    "weird \x1b[31m\u202e.yaml": (3, "this bracket is never closed"),
    "link.yaml": (0, ""),
    "tiny.yaml": (0, ""),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("command", ["params", "show"])
def test_files_that_are_none(command: str, name: str, odd: Path, run: Runner) -> None:
    if "\0" in name:
        pytest.skip("no command line can hold it")
    code, words = FILES[name]
    found = run(command, name, folder=str(odd))
    said = found.err.decode()
    assert (found.code, words in said) == (code, True), said
    assert not ACTS.search(said) and not ACTS.search(found.out.decode())
    assert found.wall < 5 * SLOW


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may read all")
def test_a_file_that_cannot_be_read(odd: Path, run: Runner) -> None:
    found = run("params", str(odd / "closed.yaml"))
    assert (found.code, b"permission denied" in found.err) == (4, True)


STDIN = {
    TINY: (0, ""),
    b"": (3, "the spec is empty"),
    b"a: [": (3, "this bracket is never closed"),
    b"\xff\xfe": (3, "the spec is empty"),
    b"\x00" * 100: (3, "character U+0000 cannot stand in a spec"),
    b"x" * (1 << 21): (3, "the file is larger than 1,048,576 bytes"),
}


@pytest.mark.parametrize("data", STDIN, ids=lambda data: repr(data[:12]))
def test_standard_input(data: bytes, run: Runner) -> None:
    code, words = STDIN[data]
    found = run("params", "-", stdin=data)
    assert (found.code, words in found.err.decode()) == (code, True), found.err


# Names that act on a terminal, wherever a name may stand.

NASTY = (
    "[bold]x[/]",
    "[/]",
    ":smile:",
    "\x1b[31mred",
    "\x1b]0;title\x07",
    "\x9b31m",
    "a\nb",
    "a\r\x1b[2Kb",
    "\u202egnp.exe",
    "a\u200bb\ufeff",
    "\u2066\u2069",
    "e" + "\u0301" * 50,
    "\u6f22\u5b57" * 30,
    "x" * 200,
    "=1+1|a",
    "a${HOME}`id`",
    "</script><script>alert(1)</script>",
    "\\input{x}%&#_",
    "::error::x",
    "@everyone | a | b",
)


def nasty_spec(*names: str) -> bytes:
    """A spec with ``names`` in every place that takes any text."""
    texts = [json.dumps(name).replace("\x7f", "\\x7f") for name in names]
    templates = [text.replace("$", "") for text in texts]
    first = texts[0]
    lines = ["archcalc: 1", f"name: {first}", "input: {channels: 3, height: 32, width: 32}"]
    lines += ["meta:", *(f"  {text}: {text}" for text in texts), f"  title: {first}"]
    lines += ["settings:"]
    for number, text in enumerate(templates):
        lines += [f"  a{number}: {{type: str, default: {text}, choices: [{text}], help: {text}}}"]
    lines += ["blocks:", *(f"  {text}: {{help: {text}, layers: [{{relu: }}]}}" for text in texts)]
    lines += ["layers:"]
    for text, template in zip(texts, templates, strict=True):
        lines += [
            f"  - {{conv: [4, 1], name: {template}, note: {text}}}",
            f"  - {text}",
            f"  - concat: {{branches: {{{text}: [relu], b: []}}}}",
            f"  - {{relu: {{}}, from: {template}}}",
        ]
    lines += ["variants:"]
    for text in texts:
        source = f"published: [{{source: {text}, params: 1K, note: {text}}}]"
        lines += [f"  {text}: {{expect: {{params: 1}}, {source}, meta: {{{text}: {text}}}}}"]
    return "\n".join([*lines, f"default_variant: {first}", ""]).encode()


FORMATS = ("table", "json", "csv", "markdown", "latex", "html", "github")
COMMANDS = ("params", "summary", "shapes", "show", "check", "compare", "explain")


def harmless(found: Run, format: str) -> None:
    assert b"fault in archcalc" not in found.err and b"Traceback" not in found.err, found.err
    for text in (found.out.decode().replace("\r\n", "\n"), found.err.decode()):
        acts = ACTS.search(text)
        assert not acts, f"U+{ord(acts.group()):04X} in {format}"
        assert format != "html" or "<script>alert" not in text
    assert not found.made


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("format", FORMATS)
def test_names_are_shown_and_do_nothing(
    command: str, format: str, tmp_path: Path, run: Runner
) -> None:
    path = tmp_path / "net.yaml"
    path.write_bytes(nasty_spec(*NASTY))
    targets = [str(path), str(path)] if command == "compare" else [str(path)]
    found = run(command, *targets, "--format", format)
    assert found.code in (0, 1, 2), found.err
    harmless(found, format)


@pytest.mark.parametrize("name", NASTY, ids=lambda name: ascii(name)[:20])
def test_a_name_alone(name: str, tmp_path: Path, run: Runner) -> None:
    path = tmp_path / "net.yaml"
    path.write_bytes(nasty_spec(name))
    for format in ("table", "json"):
        found = run("summary", str(path), "--format", format)
        assert found.code == 0, found.err
        harmless(found, format)


@pytest.mark.parametrize("place", ["kind", "argument", "key", "dimension", "expression", "from"])
@pytest.mark.parametrize("name", NASTY, ids=lambda name: ascii(name)[:20])
def test_messages_quote_what_does_nothing(
    place: str, name: str, tmp_path: Path, run: Runner
) -> None:
    text = json.dumps(name).replace("\x7f", "\\x7f")
    head = "archcalc: 1\nname: n\ninput: {features: 4}\n"
    spec = {
        "kind": f"{head}layers: [{text}]\n",
        "argument": f"{head}layers: [{{linear: {{{text}: 3}}}}]\n",
        "key": f"{head}{text}: 3\nlayers: [relu]\n",
        "dimension": f"archcalc: 1\nname: n\ninput: {{{text}: 3}}\nlayers: [relu]\n",
        "expression": f"{head}layers: [{{linear: {text}}}]\n",
        "from": f"{head}layers: [{{relu: {{}}, from: {text}}}]\n",
    }[place]
    path = tmp_path / "net.yaml"
    path.write_bytes(spec.encode())
    found = run("params", str(path), "--format", "github")  # says it in words, too
    assert found.code == 3
    for said in (found.out.decode(), found.err.decode()):
        assert not ACTS.search(said)
    assert 0 < len(found.err) < 20_000


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"TERM": "dumb"},
        {"NO_COLOR": "1"},
        {"FORCE_COLOR": "1"},
        {"COLUMNS": "40"},
        {"COLUMNS": "1"},
        {"COLUMNS": "x"},
        {"COLUMNS": "-5", "LINES": "0"},
    ],
    ids=str,
)
def test_terminals_of_all_sorts(environment: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_bytes(nasty_spec("na\u00efve \u6f22 \x1b[1m"))
    runner = Runner(**environment)
    for command in ("params", "summary", "show"):
        found = runner(command, str(path))
        assert found.code == 0, found.err
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f]", found.out.decode("utf-8", "replace"))
    runner.close()


# Standard input, and files beside a spec, that are not what they should be.


@pytest.mark.parametrize("words", ["params -", "sweep NET --from -"])
def test_standard_input_that_is_closed(words: str, tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_bytes(TINY)
    arguments = words.replace("NET", "net.yaml").split()
    found = subprocess.run(
        [sys.executable, "-m", "archcalc", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        preexec_fn=lambda: os.close(0),
    )
    words = "error: cannot read standard input: it is closed\n"
    assert (found.returncode, found.stderr.decode()) == (4, words)


RESUME = ["sweep", "net.yaml", "--over", "width=1:3", "--output", "out.csv", "--resume"]
BASELINE = ["check", "net.yaml", "--baseline", "beside.json"]
BESIDE = {
    "a number that is none": b'{"mark": "x", "bytes": 1e999, "counts": [0, 0, 0], "part": false}',
    "too deep": b"[" * 9_000,
    "too long": b"9" * 5_000,
    "figures of words": b'{"targets": [{"target": "tiny", "totals": {"params": "many"}}]}',
    "figures of lists": b'{"targets": [{"target": "tiny", "totals": ["abc"]}]}',
    "figures without end": b'{"targets": [{"target": "tiny", "totals": {"params": NaN}}]}',
    "half a figure": b'{"targets": [{"target": "tiny", "totals": {"params": 1.5}}]}',
}


@pytest.mark.parametrize("name", BESIDE)
@pytest.mark.parametrize(("words", "file"), [(RESUME, "out.csv.resume"), (BASELINE, "beside.json")])
def test_what_lies_beside_is_not_what_it_was(
    words: list[str], file: str, name: str, tmp_path: Path, run: Runner
) -> None:
    (tmp_path / "net.yaml").write_bytes(TINY + b"settings: {width: 1}\n")
    (tmp_path / file).write_bytes(BESIDE[name])
    found = run(*words, folder=str(tmp_path))
    assert found.code in (2, 4) and b"is no" in found.err, found.err


@pytest.mark.parametrize("target", ["/dev/zero", "pipe", "."])
@pytest.mark.parametrize(("words", "file"), [(RESUME, "out.csv.resume"), (BASELINE, "beside.json")])
def test_what_lies_beside_is_no_file(
    words: list[str], file: str, target: str, tmp_path: Path, run: Runner
) -> None:
    (tmp_path / "net.yaml").write_bytes(TINY + b"settings: {width: 1}\n")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / file).symlink_to(target)
    found = run(*words, folder=str(tmp_path), wall=10)
    assert found.code in (2, 4), found.err
    assert found.mib < 200 and found.wall < 2 * SLOW


def test_a_table_that_never_ends(tmp_path: Path, run: Runner) -> None:
    (tmp_path / "net.yaml").write_bytes(TINY + b"settings: {width: 1}\n")
    found = run("sweep", "net.yaml", "--from", "/dev/zero", folder=str(tmp_path))
    assert found.code == 4 and b"is larger than 67,108,864 bytes" in found.err


# The other commands on the largest networks.

HUGE = {
    "alike": "{conv: [8, 1], repeat: 33000}",
    "named a": "{relu: , name: a$i, repeat: 99000}",
    "named b": "{relu: , name: b$i, repeat: 99000}",
}


@pytest.fixture(scope="module")
def huge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("huge")
    head = "archcalc: 1\nname: x\nsettings: {a: 1}\ninput: {channels: 3, height: 9, width: 9}\n"
    for name, step in HUGE.items():
        (folder / f"{name}.yaml").write_text(f"{head}layers: [{step}]\n")
    many = "".join(f"  v{n}: {{set: {{a: {n}}}}}\n" for n in range(9000))
    step = "{conv: [3, 1], repeat: 30000}"
    (folder / "variants.yaml").write_text(f"{head}layers: [{step}]\nvariants:\n{many}")
    return folder


@pytest.mark.parametrize(
    ("words", "code", "most"),
    [
        (["explain", "alike.yaml", "*"], 0, 1.5),
        (["explain", "alike.yaml", "--format", "json"], 0, 1.5),
        (["compare", "named a.yaml", "named b.yaml"], 0, 3),
        (["compare", "named a.yaml", "named b.yaml", "--format", "csv"], 0, 5),
        (["identify", "variants.yaml", "7M"], 3, 4),
        (["conventions", "alike.yaml"], 0, 1.5),
        (["summary", "alike.yaml", "--format", "json"], 0, 2),
    ],
)
def test_other_commands_on_huge_networks(
    words: list[str], code: int, most: float, huge: Path, run: Runner
) -> None:
    found = run(*words, folder=str(huge), wall=60)
    assert found.code == code, found.err[:300]
    assert found.cpu < most * SLOW
    assert found.mib < 300
