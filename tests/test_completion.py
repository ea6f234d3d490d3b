"""A shell completes commands, networks, variants, settings, layer kinds: asked as it asks."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

NET = """\
archcalc: 1
name: net
settings:
  width: {type: int, default: 8, help: channels}
  activation: {type: str, default: relu, choices: [relu, gelu]}
  deep: false
input: {channels: 3, height: 32, width: 32}
layers:
  - {conv: {out_channels: width, kernel_size: 3, activation: $activation}, name: stem}
  - {relu: , if: deep}
variants:
  small: {set: {width: 4}}
  large: {set: {width: 16}}
"""


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


def answers(line: str, folder: Path, shell: str = "bash") -> list[str]:
    """What archcalc answers a shell that completes ``line``."""
    words = {"COMP_WORDS": line}
    if shell == "zsh":
        words["COMP_CWORD"] = str(len(line.split(" ")) - 1)
    if shell == "fish":
        words["COMP_CWORD"] = line.rpartition(" ")[2]
    run = subprocess.run(
        [sys.executable, "-m", "archcalc"],
        env=environment(_ARCHCALC_COMPLETE=f"{shell}_complete", **words),
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert not run.stderr
    lines = run.stdout.splitlines()
    if shell == "zsh":
        return lines[1::3]
    return [line.partition(",")[2].partition("\t")[0] for line in lines if line]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "net.yaml").write_text(NET)
    (tmp_path / "faulty.yaml").write_text("archcalc: 1\nlayers: [")
    return tmp_path


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("archcalc par", ["params"]),
        ("archcalc compl", ["completion"]),
        ("archcalc params inception-b", ["inception-block", "inception-block@"]),
        (
            "archcalc params inception-block@",
            ["inception-block@naive", "inception-block@bottleneck"],
        ),
        ("archcalc compare lenet5 inception-block@n", ["inception-block@naive"]),
        ("archcalc params net", ["net.yaml"]),
        ("archcalc params net.yaml@", ["net.yaml@small", "net.yaml@large"]),
        (
            "archcalc params net.yaml --set ",
            ["width=", "activation=", "deep=", "input.channels=", "input.height=", "input.width="],
        ),
        ("archcalc params net.yaml --set activation=", ["activation=relu", "activation=gelu"]),
        ("archcalc params net.yaml --set width=3 --set de", ["deep="]),
        ("archcalc params net.yaml --set deep=t", ["deep=true"]),
        ("archcalc sweep net.yaml --over wi", ["width="]),
        ("archcalc params faulty.yaml --set ", []),
        ("archcalc params --set ", []),
        ("archcalc layers conv_", ["conv_transpose"]),
        ("archcalc params vgg16 --format js", ["json"]),
        ("archcalc params vgg16 --convention fv", ["fvcore"]),
        ("archcalc params vgg16 --columns path,ma", ["path,macs"]),
        ("archcalc params vgg16 --sort ma", ["macs"]),
        ("archcalc check vgg16 --max pa", ["params="]),
        ("archcalc params vgg16 --limit nod", ["nodes="]),
        ("archcalc params vgg16 --out", ["--output"]),
        ("archcalc completion ", ["bash", "zsh", "fish"]),
    ],
)
def test_what_could_be_meant(line: str, words: list[str], folder: Path) -> None:
    assert answers(line, folder) == words


def test_files_are_left_to_the_shell(folder: Path) -> None:
    assert answers("archcalc params ./n", folder) == ["./n"]
    assert answers("archcalc params vgg16 --output x", folder) == ["x"]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_ask_otherwise(shell: str, folder: Path) -> None:
    assert answers("archcalc params inception-block@n", folder, shell) == ["inception-block@naive"]
    assert answers("archcalc params net.yaml --set de", folder, shell) == ["deep="]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_printed(shell: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "archcalc", "completion", shell],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"_ARCHCALC_COMPLETE={shell}_complete" in run.stdout
    same = subprocess.run(
        [sys.executable, "-m", "archcalc"],
        env=environment(_ARCHCALC_COMPLETE=f"{shell}_source"),
        capture_output=True,
        text=True,
        check=True,
    )
    assert same.stdout == run.stdout
    interpreter = shutil.which(shell)
    if interpreter:
        subprocess.run([interpreter, "-n"], input=run.stdout, text=True, check=True)


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@pytest.mark.parametrize(
    ("line", "replies"),
    [
        ("archcalc params inception-block@n", "naive"),  # bash has kept inception-block@
        ("archcalc params net.yaml --set activation=g", "gelu"),
        ("archcalc params net.yaml --set wid", "width="),
        ("archcalc params --convention=fv", "fvcore"),
        ("archcalc lay", "layers"),
    ],
)
def test_bash_gets_what_it_puts_in(line: str, replies: str, folder: Path) -> None:
    (folder / "archcalc").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m archcalc "$@"\n')
    (folder / "archcalc").chmod(0o755)
    script = (
        'eval "$(archcalc completion bash)"\ncompopt() { :; }\n'
        f"COMP_LINE='{line}' COMP_POINT={len(line)}\n"
        '_archcalc_completion archcalc\necho "${COMPREPLY[*]}"'
    )
    run = subprocess.run(
        ["bash", "--norc", "-c", script],
        env=environment(PATH=f"{folder}{os.pathsep}{os.environ['PATH']}"),
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == replies


def test_a_key_is_answered_without_what_is_slow(folder: Path) -> None:
    code = (
        "import sys; sys.argv = ['archcalc']; import atexit; "
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr)); "
        "from archcalc.cli import main; main()"
    )
    for line in ("archcalc ", "archcalc params vg", "archcalc params net.yaml --set "):
        run = subprocess.run(
            [sys.executable, "-c", code],
            env=environment(_ARCHCALC_COMPLETE="bash_complete", COMP_WORDS=line),
            cwd=folder,
            capture_output=True,
            text=True,
        )
        assert run.stdout
        assert not {"numpy", "rich", "torch"} & set(run.stderr.split())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize("line", ["", 'archcalc "', "archcalc \x1b", "archcalc nosuch ", None])
def test_a_line_that_makes_no_sense_is_answered_in_silence(
    shell: str, line: str | None, folder: Path
) -> None:
    words = {} if line is None else {"COMP_WORDS": line, "COMP_CWORD": "x"}
    run = subprocess.run(
        [sys.executable, "-m", "archcalc"],
        env=environment(_ARCHCALC_COMPLETE=f"{shell}_complete", **words),
        cwd=folder,
        capture_output=True,
    )
    assert not run.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(
    "line", ["archcalc params ", "archcalc params nasty.yaml@", "archcalc params nasty.yaml --set "]
)
def test_what_acts_on_a_terminal_is_never_meant(shell: str, line: str, folder: Path) -> None:
    (folder / "a\x1b[31m\nfile,x.yaml").write_text(NET)
    (folder / "nasty.yaml").write_text(
        "archcalc: 1\nname: n\ninput: {features: 1}\nlayers: [relu]\n"
        'variants: {"v\\e[31m": , b: }\n'
        'settings: {s: {type: str, default: a, choices: [a, "\\u202e"], help: "h\\e\\nplain,x"}}\n'
    )
    given = answers(line, folder, shell)
    assert not any(re.search("[\x00-\x1f\x7f\u202e]", word) for word in given)
    assert "a" not in given and "file" not in given and "x.yaml" not in given
