"""The program as its user meets it: commands, targets, options, exit codes, terminals."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from zoo import NAMES, spec

from archcalc import __version__, zoo
from archcalc.analysis.metrics import METRICS
from archcalc.cli import index
from archcalc.cli.app import COMMANDS
from archcalc.cli.run import run
from archcalc.cli.targets import split
from archcalc.layers import KINDS
from archcalc.limits import LIMITS

ROOT = Path(__file__).parent.parent
ROWS = ["shapes", "params", "macs", "multiplications", "activations", "summary"]

NET = """archcalc: 1
name: net
settings:
  width: 8
input: {channels: 3, height: 16, width: 16}
layers:
  - conv: {out_channels: width, kernel_size: 3, padding: 1, norm: batch, activation: relu}
  - max_pool: 2
  - flatten
  - linear: 10
variants:
  small: {set: {width: 4}}
  large: {set: {width: 16}}
"""
FAULTY = NET.replace("  - flatten\n", "")


class Answer(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


def call(*arguments: str) -> Answer:
    """Runs the program in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(arguments)
    return Answer(code, out.getvalue(), err.getvalue())


def process(
    *arguments: str, stdin: str | None = None, cwd: Path | None = None, **environment: str
) -> Answer:
    """Runs the program in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "archcalc", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        timeout=60,
    )
    return Answer(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def net(tmp_path: Path) -> str:
    path = tmp_path / "net.yaml"
    path.write_text(NET, encoding="utf-8")
    return str(path)


@pytest.fixture
def faulty(tmp_path: Path) -> str:
    path = tmp_path / "faulty.yaml"
    path.write_text(FAULTY, encoding="utf-8")
    return str(path)


# Targets


@pytest.mark.parametrize(
    ("target", "name", "variant"),
    [
        ("vgg16", "vgg16", None),
        ("resnet@resnet50", "resnet", "resnet50"),
        ("net.yaml", "net.yaml", None),
        ("net.yml", "net.yml", None),
        ("net.yaml@small", "net.yaml", "small"),
        ("a@b.yaml", "a@b.yaml", None),
        ("a@b/net.yaml@small", "a@b/net.yaml", "small"),
        ("dir/net", "dir/net", None),
        ("-", "-", None),
        ("-@small", "-", "small"),
        ("/dev/stdin@small", "-", "small"),
    ],
)
def test_targets_are_read(target: str, name: str, variant: str | None) -> None:
    assert split(target) == (name, variant)


@pytest.mark.parametrize(
    ("target", "params"),
    [
        ("vgg16", 138_357_544),
        ("vgg", 138_357_544),
        ("vgg@vgg19", 143_667_240),
        ("resnet50", 25_557_032),
        ("inception-block@naive", 387_296),
    ],
)
def test_bundled_specs_are_found_by_name_and_variant(target: str, params: int) -> None:
    assert call("params", target, "--format", "json").data["totals"]["params"] == params


def test_a_file_and_its_variants(net: str) -> None:
    assert call("params", net, "--format", "json").data["spec"]["settings"]["width"] == 8
    small = call("params", f"{net}@small", "--format", "json").data["spec"]
    assert (small["variant"], small["settings"]["width"]) == ("small", 4)


def test_standard_input() -> None:
    answer = process("params", "-@small", "--format", "json", stdin=NET)
    assert answer.code == 0
    assert answer.data["spec"]["source"] == "<stdin>"
    assert answer.data["spec"]["variant"] == "small"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["params", "vgg61"], 2, ["no spec 'vgg61'", "did you mean 'vgg"]),
        (["params", "qqqqqqqq"], 2, ["no spec", "archcalc list"]),
        (["params", "vgg@vgg61"], 2, ["no variant 'vgg61'", "did you mean 'vgg"]),
        (["params", "bottleneck"], 2, ["several specs", "conv5x5@bottleneck or inception-block@"]),
        (["params", "vgg16", "--set", "num_clases=1"], 2, ["did you mean 'num_classes'"]),
        (["params", "vgg16", "--set", "input.hieght=1"], 2, ["did you mean 'input.height'"]),
        (["params", "vgg16", "--set", "num_classes"], 2, ["is not NAME=VALUE, such as"]),
        (["params", "vgg16", "--set", "input=3x64x64"], 2, ["its sizes are input.channels, inp"]),
        (["params", "vgg16", "--set", "num_classes=ten"], 2, ["a value of type int is needed"]),
        (["params", "vgg16", "--set", "num_classes=1.5"], 2, ["1.5"]),
        (["params", "vgg16", "--limit", "node=1"], 2, ["no limit 'node'", "did you mean 'nodes'"]),
        (["params", "vgg16", "--limit", "nodes=many"], 2, ["whole number"]),
        (["params", "vgg16", "--limit", "nodes=9"], 3, ["more than 9 layers", "--limit nodes=N"]),
        (["params", "vgg16", "--batch", "0"], 2, ["--batch"]),
        (["params", "vgg16", "--batch", "9" * 5000], 2, ["--batch"]),
        (["params", "vgg16", "--format", "xml"], 2, ["xml"]),
        (["params", "vgg16", "--bacth", "2"], 2, ["--batch"]),
        (["params"], 2, ["TARGET"]),
        (["params", "vgg16", "resnet50"], 2, ["resnet50"]),
        (["parms", "vgg16"], 2, ["no command 'parms'", "did you mean 'params'"]),
        (["vgg16"], 2, ["a command comes first: archcalc summary vgg16"]),
        (["net.yaml"], 2, ["a command comes first"]),
        (["layers", "convv"], 2, ["did you mean 'conv'"]),
        (["params", "nowhere.yaml"], 4, ["cannot read nowhere.yaml", "no such file"]),
        (["params", "."], 2, ["no spec '.'", "./."]),
        (["params", "./"], 4, ["a directory"]),
        (["params", "\x1b[31mred\u202e"], 2, ["\\x1b[31mred\\u202e"]),
        (["\x1b[31mred"], 2, ["\\x1b[31mred"]),
        (["params", "vgg16", "--\x1b[31m"], 2, ["\\x1b"]),
        (["params", "a\udcffb"], 2, ["\\udcff"]),
        (["params", "x" * 100_000], 2, ["no spec"]),
    ],
)
def test_what_is_wrong_is_said_with_its_exit_code(
    arguments: list[str], code: int, words: list[str]
) -> None:
    answer = call(*arguments)
    assert answer.code == code
    for word in words:
        assert word in answer.err
    assert answer.err.startswith("error: ")
    assert "Traceback" not in answer.err and len(answer.err.encode()) < 20_000
    assert all(line.isprintable() for line in answer.err.split("\n"))


def test_a_file_beside_is_hinted_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").write_text(NET, encoding="utf-8")
    assert "write ./mine" in call("params", "mine").err
    (tmp_path / "own.yaml").write_text(NET, encoding="utf-8")
    assert "write own.yaml" in call("params", "own").err
    assert call("params", "./mine").code == 0


def test_no_command_is_help() -> None:
    answer = call()
    assert answer.code == 0 and answer.out.startswith("Usage: archcalc")


@pytest.mark.parametrize("command", [*COMMANDS, *(n for n, m in METRICS.items() if m.command)])
def test_every_command_has_help(command: str) -> None:
    answer = call(command, "--help")
    assert answer.code == 0 and f"archcalc {command}" in answer.out
    assert command in call("--help").out


def test_the_version() -> None:
    assert call("--version") == (0, f"archcalc {__version__}\n", "")


# Rows


@pytest.mark.parametrize("command", ROWS)
@pytest.mark.parametrize("target", ["vgg16", "inception-block", "gpt2", "unet"])
def test_a_table_ends_in_its_totals_and_names_the_convention(command: str, target: str) -> None:
    answer = call(command, target)
    assert answer.code == 0 and answer.err == ""
    lines = answer.out.splitlines()
    assert lines[-1].startswith("archcalc convention: ")
    assert lines[-2].startswith("Total ")
    assert not any(line != line.rstrip() for line in lines)
    assert "…" not in answer.out and "\x1b" not in answer.out


def test_every_layer_is_a_row() -> None:
    out = call("shapes", "inception-block@naive").out
    assert "N x 192 x 28 x 28" in out and "N x 416 x 28 x 28" in out
    for path in ("1x1.conv", "3x3.conv2", "5x5.conv2", "pool.max_pool", "concat"):
        assert re.search(rf"^{re.escape(path)} ", out, re.MULTILINE)


def numbers(line: str) -> list[str]:
    return re.findall(r"[\d,]+(?:\.\d+)?[KMGT%]?", line)


def test_exact_is_to_the_last_digit() -> None:
    assert " 138,357,544 " in call("params", "vgg16", "--exact").out
    assert " 138.36M " in call("params", "vgg16").out
    assert " 120,422,400 " in call("macs", "conv5x5@direct", "--exact").out


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--expand"],
        ["--depth", "1"],
        ["--depth", "2", "--expand"],
        ["--batch", "16"],
        ["--bn", "unfolded"],
        ["--padding", "exact"],
        ["--causal", "half"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("target", ["resnet18", "gpt2", "googlenet@paper-aux"])
def test_rows_add_up_to_the_totals(target: str, options: list[str]) -> None:
    data = call("summary", target, "--format", "json", *options).data
    for name, value in data["totals"].items():
        assert sum(layer[name] for layer in data["layers"]) == value, name
    assert len({layer["path"] for layer in data["layers"]}) == len(data["layers"])


def test_rows_of_a_table_add_up_too() -> None:
    out = call("params", "resnet152", "--exact", "--rows", "20").out.splitlines()
    top, bottom = [i for i, line in enumerate(out) if set(line) == {"─"} or set(line) == {"-"}]
    column = out[top - 1].index("Params") + len("Params")
    figures = [int(line[:column].split()[-1].replace(",", "")) for line in out[top + 1 : bottom]]
    assert len(figures) <= 21
    assert sum(figures) == 60_192_808


def test_options_change_what_they_say() -> None:
    def totals(*options: str) -> dict[str, int]:
        found: dict[str, int] = call("macs", "resnet18", "--format", "json", *options).data[
            "totals"
        ]
        return found

    plain = totals()
    assert totals("--batch", "3")["macs"] == 3 * plain["macs"]
    assert totals("--batch", "3")["params"] == plain["params"]
    assert totals("--expand") == plain == totals("--depth", "1")
    assert totals("--bn", "unfolded")["multiplications"] > plain["multiplications"]
    assert totals("--padding", "exact")["macs"] < plain["macs"]
    smaller = totals("--set", "input.height=160", "--set", "input.width=160")
    assert smaller["macs"] < plain["macs"] and smaller["params"] == plain["params"]
    assert totals("--set", "num_classes=10")["params"] == plain["params"] - 990 * 513


def test_a_batch_stands_in_the_shapes_and_below() -> None:
    answer = call("shapes", "vgg16", "--batch", "8")
    assert "8 x 64 x 224 x 224" in answer.out
    assert answer.out.endswith("a batch of 8 samples\n")


def test_too_many_rows_are_folded_and_shown_on_demand(tmp_path: Path) -> None:
    path = tmp_path / "deep.yaml"
    path.write_text(
        "archcalc: 1\nname: deep\ninput: {features: 4}\nlayers:\n"
        "  - {linear: 4, repeat: 900, name: fc$i}\n",
        encoding="utf-8",
    )
    folded = call("params", str(path), "--exact")
    assert len(folded.out.splitlines()) < 420
    assert "... 500 more rows" in folded.out and "900 rows are folded" in folded.out
    assert "18,000" in folded.out
    everything = call("params", str(path), "--rows", "0").out
    assert "folded" not in everything and len(everything.splitlines()) > 900
    assert len(call("params", str(path), "--format", "json").data["layers"]) == 900


# JSON


def test_the_object_of_a_network(net: str) -> None:
    data = call("summary", net, "--format", "json").data
    assert list(data) == [
        "schema_version",
        "tool",
        "spec",
        "convention",
        "counting",
        "inputs",
        "totals",
        "partial",
        "problems",
        "layers",
    ]
    assert data["schema_version"] == 1
    assert data["tool"] == {"name": "archcalc", "version": __version__}
    assert data["spec"] == {
        "name": "net",
        "variant": None,
        "source": net,
        "sha256": sha256(Path(net).read_bytes()).hexdigest(),
        "settings": {"width": 8, "input.channels": 3, "input.height": 16, "input.width": 16},
    }
    assert data["convention"] == "archcalc"
    assert data["totals"]["params"] == 8 * 27 + 16 + 512 * 10 + 10
    assert data["totals"]["buffers"] == 16
    first = data["layers"][0]
    assert first["path"] == "conv" and first["kind"] == "conv"
    assert first["inputs"] == ["input"]
    assert first["output"] == {"channels": 8, "height": 16, "width": 16}
    assert first["macs"] == 16 * 16 * 8 * 27
    assert first["line"] == 7
    assert first["arguments"]["norm"] == "batch"


@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["layers"],
        ["layers", "conv"],
        ["limits"],
        ["show", "resnet50"],
        ["compare", "vgg16", "resnet50"],
        *([command, "resnet18"] for command in ROWS),
    ],
    ids=" ".join,
)
def test_everything_has_a_json_form(arguments: list[str]) -> None:
    answer = call(*arguments, "--format", "json")
    assert answer.code == 0 and answer.data["schema_version"] == 1
    assert re.fullmatch("[\n -~]*", answer.out)


def test_problems_are_data_too(faulty: str) -> None:
    answer = call("params", faulty, "--format", "json")
    assert answer.code == 3
    assert answer.data["partial"] is True
    assert [layer["kind"] for layer in answer.data["layers"]] == ["conv", "max_pool"]
    [problem] = answer.data["problems"]
    assert (problem["line"], problem["kind"], problem["severity"]) == (9, "spec", "error")
    assert problem["message"] in answer.err

    refused = call("params", "vgg61", "--format", "json")
    assert refused.code == 2
    assert refused.data["problems"][0]["code"] == "unknown"


def test_annotations_for_github(faulty: str) -> None:
    answer = call("params", faulty, "--format", "github")
    assert answer.code == 3
    [line] = [line for line in answer.out.splitlines() if line.startswith("::")]
    assert re.match(r"::error file=.*faulty.yaml,line=9,col=5,endColumn=\d+::linear needs", line)


# Faults


def test_a_partial_table_up_to_the_fault(faulty: str) -> None:
    answer = call("params", faulty)
    assert answer.code == 3
    assert "Total so far" in answer.out and "Partial" in answer.out
    assert "\nmax_pool " in answer.out and "\nlinear " not in answer.out
    assert "faulty.yaml:9:5" in answer.err and "  - linear: 10" in answer.err
    assert "^^^^^^" in answer.err


def test_a_fault_before_the_first_layer_has_no_table(tmp_path: Path) -> None:
    path = tmp_path / "first.yaml"
    path.write_text(NET.replace("kernel_size: 3", "kernel_size: 99"), encoding="utf-8")
    answer = call("params", str(path))
    assert (answer.code, answer.out) == (3, "")
    assert "first.yaml:7" in answer.err


@pytest.mark.parametrize("command", [*ROWS, "show"])
def test_every_command_on_a_fault(command: str, faulty: str) -> None:
    answer = call(command, faulty)
    assert answer.code == 3 and "faulty.yaml:9" in answer.err and answer.out


@pytest.mark.parametrize(
    "arguments",
    [
        *("explain {} linear", "conventions {}", "compare {} vgg16", "compare vgg16 {}"),
        *("identify {} 4G", "check {} --max params=1M", "verify {}"),
        "scaling {} --over input.height",
    ],
)
def test_the_other_commands_on_a_fault(arguments: str, faulty: str) -> None:
    answer = call(*arguments.format(faulty).split())
    assert answer.code == 3 and "linear needs" in answer.err
    if "scaling" not in arguments:  # there it is one of the sizes that is refused
        assert "faulty.yaml:9" in answer.err


def test_a_layer_behind_the_fault_is_not_unknown(faulty: str) -> None:
    answer = call("explain", faulty, "linear")
    assert answer.code == 3 and "linear needs a tensor" in answer.err
    assert call("explain", faulty, "conv").code == 3


def test_names_from_a_file_are_harmless(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(
        'archcalc: 1\nname: "[bold]x[/]\\x1b[31m"\nmeta: {title: "a\\u202eb\\x07"}\n'
        "input: {features: 4}\nlayers:\n"
        '  - {linear: 4, name: "[red]a[/red]"}\n'
        '  - {linear: 4, name: "\\x1b]0;title\\x07"}\n',
        encoding="utf-8",
    )
    for arguments in (["summary"], ["show"], ["summary", "--format", "json"]):
        answer = call(arguments[0], str(path), *arguments[1:])
        shown = answer.out + answer.err
        assert all(line.isprintable() for line in shown.split("\n")), shown
        if answer.code == 0 and "json" not in arguments:
            assert "[red]a[/red]" in shown or "[bold]x[/]" in shown


# Other commands


def test_list_shows_every_variant_from_the_index() -> None:
    out = call("list").out
    for family, entry in zoo.index().items():
        for variant in entry["variants"]:
            assert re.search(rf" {re.escape(zoo.target(family, variant))} ", out), variant
    assert re.search(r"resnet152 +60\.19M +11\.51G +78\.312", out)


@pytest.mark.parametrize(
    ("arguments", "there", "gone"),
    [
        (["--family", "resnet"], ["resnet50", "wide_resnet50_2"], ["vgg16", "vit_b_16"]),
        (["--family", "ResNet"], ["resnet50"], ["vgg16"]),
        (["--task", "segmentation"], ["deeplabv3_resnet50", "fcn_resnet50"], ["resnet50"]),
        (["--max", "params=3.6M"], ["mobilenet_v1-0.5"], ["resnet18", "vgg16"]),
        (
            ["--max", "macs=1.8G", "--min", "params=11M"],
            ["alexnet@torchvision"],
            ["resnet18", "lenet5@taught"],
        ),
        (["--family", "vgg", "--max", "params=1"], ["No bundled network"], ["vgg16"]),
    ],
)
def test_list_selects(arguments: list[str], there: list[str], gone: list[str]) -> None:
    out = call("list", *arguments).out
    for name in there:
        assert re.search(rf"(^|\s){re.escape(name)}(\s|$)", out, re.MULTILINE), name
    for name in gone:
        assert not re.search(rf"(^|\s){re.escape(name)}(\s|$)", out, re.MULTILINE), name


def test_list_refuses_what_it_does_not_know() -> None:
    done = call("list", "--task", "segmenation")
    assert done.code == 2 and "did you mean 'segmentation'?" in done.err
    done = call("list", "--max", "activations=1M")
    assert done.code == 2 and "the list knows params and macs" in done.err


def test_whatever_is_listed_is_found() -> None:
    for family, entry in zoo.index().items():
        assert zoo.find(family)
        for variant in entry["variants"]:
            name, chosen = split(zoo.target(family, variant))
            found = zoo.find(name)
            assert found and Path(found.file).name == entry["file"]
            assert (found.variant if chosen is None else chosen) in (variant, None)


def test_the_index_is_current() -> None:
    """If it is not: python -m archcalc.cli.index"""
    assert index.main(["--check"]) == 0


def test_the_index_has_what_the_specs_have() -> None:
    families = zoo.index()
    assert sorted(families) == sorted(NAMES)
    for name, entry in families.items():
        assert list(entry["variants"]) == list(spec(name).variants or {name: None})


def test_show_puts_published_figures_beside_the_computed() -> None:
    out = call("show", "resnet50").out
    assert str(ROOT / "specs" / "resnet.yaml") in out
    line = next(x for x in out.splitlines() if "lecture" in x and "25.6M" in x)
    assert line.split()[:4] == ["Params", "25,557,032", "25.6M", "yes"]
    assert "77.15" in out and "default_variant: resnet50" in out
    assert "input.height" in out and "NO" not in out.split("Source")[0]


def test_show_says_when_a_figure_does_not_hold(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    published = "    published: [{source: nobody, params: 99M, top1: 12.3}]\n"
    text = NET.replace(
        "  small: {set: {width: 4}}\n", "  small:\n    set: {width: 4}\n" + published
    )
    path.write_text(text, encoding="utf-8")
    data = call("show", f"{path}@small", "--format", "json").data
    claim, accuracy = data["figures"]
    assert (claim["name"], claim["stated"], claim["holds"]) == ("params", "99M", False)
    assert accuracy["computed"] is None and accuracy["holds"] is None
    assert re.search(r"99M +NO +nobody", call("show", f"{path}@small").out)


def test_compare_shows_totals_and_layers_side_by_side() -> None:
    out = call("compare", "inception-block@naive", "inception-block@bottleneck", "--exact").out
    line = next(x for x in out.splitlines() if x.startswith("MACs"))
    assert line.split() == ["MACs", "303,464,448", "128,049,152", "-175,415,296", "0.42x"]
    line = next(x for x in out.splitlines() if x.startswith("5x5.conv2"))
    assert "120,422,400" in line and "10,035,200" in line
    assert out.splitlines()[-1].startswith("archcalc convention")


def test_compare_with_itself() -> None:
    data = call("compare", "vgg16", "vgg16", "--format", "json").data
    assert all(pair["first"] == pair["second"] for pair in data["layers"])
    assert "vgg16 (1)" in call("compare", "vgg16", "vgg16").out


def test_compare_shows_what_others_published() -> None:
    out = call("compare", "vgg16", "resnet50").out
    assert re.search(r"^top-1 % +74\.4 +77\.15 ", out, re.MULTILINE)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_layer_kind_has_a_manual_page(kind: str) -> None:
    assert re.search(rf"\b{kind}\b", call("layers").out)
    answer = call("layers", kind)
    assert answer.code == 0
    assert answer.out.startswith(f"{kind}\n")
    for name in KINDS[kind].fields:
        assert re.search(rf"^{name.rstrip('_')} ", answer.out, re.MULTILINE)


def test_limits_are_listed_with_their_meaning() -> None:
    listed = call("limits", "--format", "json").data["limits"]
    assert {entry["name"]: entry["value"] for entry in listed} == LIMITS._asdict()
    assert all(entry["help"] for entry in listed)


# The process


def test_exit_codes_of_a_process(faulty: str) -> None:
    assert process("params", "vgg16").code == 0
    assert process("params", "vgg61").code == 2
    assert process("params", faulty).code == 3
    assert process("params", "nowhere.yaml").code == 4


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of a POSIX shell")
def test_a_closed_pipe_ends_quietly() -> None:
    program = [sys.executable, "-m", "archcalc", "summary", "resnet152", "--format", "json"]
    with subprocess.Popen(
        program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    ) as running:
        assert running.stdout and running.stderr
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait(60) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_said() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "archcalc", "params", "vgg16"],
            stdout=full,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            text=True,
            timeout=60,
        )
    assert done.returncode == 4
    assert done.stderr == "error: cannot write the output: no space left on device\n"


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_an_interrupt_ends_with_130() -> None:
    program = [sys.executable, "-m", "archcalc", "params", "-"]
    with subprocess.Popen(
        program,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        # A background job of a shell ignores interrupts, and its children would, too.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as running:
        assert running.stderr
        time.sleep(1.0)  # it waits for its input by then
        running.send_signal(signal.SIGINT)
        assert running.wait(60) == 130
        assert running.stderr.read() == b"interrupted\n"


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (RecursionError(), 3, "nested too deeply"),
        (MemoryError(), 3, "not enough memory"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (BrokenPipeError(), 0, ""),
        (OSError(28, "No space left on device"), 4, "no space left"),
        (ZeroDivisionError("\x1b"), 3, "a fault in archcalc itself: ZeroDivisionError: \\x1b"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_nothing_leaves_but_an_exit_code(
    error: BaseException, code: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("archcalc.cli.run._drop_output", lambda: None)
    monkeypatch.setattr("archcalc.cli.targets.read", fail)
    answer = call("params", "vgg16")
    assert answer.code == code
    assert words in answer.err and "Traceback" not in answer.err


@pytest.mark.parametrize(
    "arguments",
    [
        *("summary resnet18", "summary resnet18 --format json", "macs gpt2 --format csv --expand"),
        *("list --family resnet", "show vit_b_16", "explain lenet5 conv1", "layers attention"),
        *("conventions resnet50", "identify resnet18 1.8G", "compare resnet18 resnet34"),
        *("check resnet18 --max params=1M", "verify resnet18", "limits", "schema --result"),
        *(
            "scaling vgg16 --over input.height",
            "solve mobilenet_v2 --vary width=0.1:1 --for macs=9M",
        ),
        *("sweep mobilenet_v2 --over width=0.5:1:0.1 --pareto params,macs", "macs resnet19"),
        *("params FAULTY", "params FAULTY --format json", "params FAULTY --format github"),
    ],
)
def test_the_same_bytes_whatever_the_machine(arguments: str, faulty: str, tmp_path: Path) -> None:
    answers = {
        process(*arguments.replace("FAULTY", faulty).split(), cwd=cwd, **environment)
        for cwd, environment in (
            (ROOT, {"PYTHONHASHSEED": "1"}),
            (tmp_path, {"PYTHONHASHSEED": "2", "TZ": "Asia/Tokyo", "COLUMNS": "40"}),
            (tmp_path, {"PYTHONHASHSEED": "3", "LANG": "C", "LC_ALL": "C", "TERM": "dumb"}),
        )
    }
    assert len(answers) == 1


def test_an_encoding_without_lines_gets_none() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "archcalc", "params", "vgg16"],
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        timeout=60,
    )
    assert done.returncode == 0 and done.stdout.isascii() and b"-----" in done.stdout


def on_a_terminal(width: int, *arguments: str, errors: bool = False, **environment: str) -> str:
    """What a terminal of that width gets to see.

    Without ``errors`` not even a bar that tells, on a busy machine, how far the run is.
    """
    import fcntl
    import pty
    import struct
    import termios

    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    kept = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES", "NO_COLOR")}
    with subprocess.Popen(
        [sys.executable, "-m", "archcalc", *arguments],
        stdin=follower,
        stdout=follower,
        stderr=follower if errors else subprocess.DEVNULL,
        cwd=ROOT,
        env={**kept, "TERM": "xterm-256color", **environment},
    ) as running:
        os.close(follower)
        seen = b""
        with contextlib.suppress(OSError):  # the terminal is gone when the program is
            while chunk := os.read(leader, 65536):
                seen += chunk
        running.wait(60)
    os.close(leader)
    return seen.decode().replace("\r\n", "\n")


ESCAPES = re.compile("\x1b\\[[0-9;]*m")


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of POSIX")
@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("command", ["summary", "shapes"])
def test_tables_fit_the_terminal(width: int, command: str) -> None:
    seen = on_a_terminal(width, command, "resnet18")
    lines = ESCAPES.sub("", seen).splitlines()
    assert "\x1b[" in seen
    assert all(len(line) <= width for line in lines)
    assert any(line.startswith("Total") for line in lines)
    assert "…" not in seen
    assert ("Arguments" in seen) == (width == 200)


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of POSIX")
def test_no_color_on_a_terminal() -> None:
    seen = on_a_terminal(80, "summary", "resnet18", NO_COLOR="1")
    assert not re.search("\x1b\\[[0-9;]*3[0-7]", seen)


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of POSIX")
def test_a_dumb_terminal_gets_plain_text() -> None:
    assert "\x1b" not in on_a_terminal(80, "summary", "resnet18", TERM="dumb")
    assert "\x1b" not in on_a_terminal(80, "params", "vgg61", errors=True, TERM="dumb")
