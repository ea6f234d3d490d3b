"""``check`` and ``verify``: budgets, what specs state, baselines, how a team guards its nets."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent

NET = """archcalc: 1
name: net
budget: {params: 300}
input: {channels: 3, height: 8, width: 8}
layers:
  - conv: [%d, 3]
"""


def archcalc(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "archcalc", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        # 3·3·3·8 weights and 8 biases; 6·6 positions of 3·3·3·8 products
        (["--max", "params=224"], 0, "2 figures of 1 network: all hold"),
        (["--max", "params=223"], 1, "1 of 2 figures of 1 network fails"),
        (["--max", "macs=7776", "--min", "macs=7776"], 0, "3 figures of 1 network: all hold"),
        (["--min", "macs=7.777K"], 1, "at least 7.777K"),
        (["--max", "params=1M", "--set", "input.height=9"], 0, "all hold"),
    ],
)
def test_bounds(tmp_path: Path, arguments: list[str], code: int, words: str) -> None:
    (tmp_path / "net.yaml").write_text(NET % 8)
    done = archcalc("check", "net.yaml", *arguments, folder=tmp_path)
    assert (done.returncode, done.stderr) == (code, "")
    assert words in done.stdout


def test_the_budget_of_a_spec(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(NET % 16)
    done = archcalc("check", "net.yaml", "--format", "json", folder=tmp_path)
    assert done.returncode == 1
    (target,) = json.loads(done.stdout)["targets"]
    (claim,) = target["claims"]
    assert claim["computed"] == 3 * 3 * 3 * 16 + 16
    assert claim["left"] == 300 - claim["computed"]
    assert claim["holds"] is False


def test_wrong_expectations_fail(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(NET % 8 + "expect: {params: 225}\n")
    done = archcalc("check", "net.yaml", folder=tmp_path)
    assert done.returncode == 1
    assert "225" in done.stdout and "FAILS" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--max", "params"], "'params' is not NAME=FIGURE"),
        (["--max", "params=much"], "'params=much' is not NAME=FIGURE"),
        (["--max", "parms=5M"], "did you mean 'params'?"),
        (["nothing*.yaml"], "nothing matches 'nothing*.yaml'"),
        (["--baseline", "no-such-branch"], "git knows no revision 'no-such-branch' here"),
    ],
)
def test_wrong_usage(tmp_path: Path, arguments: list[str], words: str) -> None:
    (tmp_path / "net.yaml").write_text(NET % 8)
    git(tmp_path, "init", "-q")
    done = archcalc("check", "net.yaml", *arguments, folder=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr


def test_patterns_and_a_fault_among_them(tmp_path: Path) -> None:
    """The others are checked and shown all the same."""
    (tmp_path / "a.yaml").write_text(NET % 8)
    (tmp_path / "b.yaml").write_text(NET.replace("conv", "convv") % 8)
    done = archcalc("check", "*.yaml", folder=tmp_path)
    assert done.returncode == 3
    assert "1 figure of 1 network: all hold" in done.stdout
    assert "did you mean 'conv'?" in done.stderr


def test_bundled_patterns() -> None:
    done = archcalc("check", "vgg1?", "--format", "json", folder=ROOT)
    assert done.returncode == 0
    labels = [one["target"] for one in json.loads(done.stdout)["targets"]]
    assert labels == ["vgg11", "vgg13", "vgg16", "vgg19"]


def test_a_git_revision_as_baseline(tmp_path: Path) -> None:
    folder = tmp_path / "nets"
    folder.mkdir()
    net = folder / "net.yaml"
    (folder / "base.yaml").write_text(NET % 8)
    net.write_text("archcalc: 1\nname: net\nextends: base.yaml\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    # What the spec builds on counts as it was then, too.
    (folder / "base.yaml").write_text(NET % 9)
    (folder / "new.yaml").write_text(NET % 8)
    done = archcalc(
        "check", "net.yaml", "new.yaml", "--baseline", "HEAD", "--format", "json", folder=folder
    )
    assert done.returncode == 0, done.stderr
    changed, new = json.loads(done.stdout)["targets"]
    assert changed["before"]["params"] == 224
    assert changed["totals"]["params"] == 252
    assert new["before"] is None


def test_a_kept_result_as_baseline(tmp_path: Path) -> None:
    net = tmp_path / "net.yaml"
    net.write_text(NET % 8)
    for command in ("check", "summary"):
        kept = archcalc(command, "net.yaml", "--format", "json", folder=tmp_path).stdout
        (tmp_path / "kept.json").write_text(kept)
        net.write_text(NET % 9)
        done = archcalc("check", "net.yaml", "--baseline", "kept.json", folder=tmp_path)
        assert done.returncode == 0
        assert "+28" in done.stdout
        net.write_text(NET % 8)
        done = archcalc("check", "net.yaml", "--baseline", "kept.json", folder=tmp_path)
        assert "unchanged" in done.stdout


@pytest.mark.parametrize("text", ["", "[]", "{}", "nonsense", '{"targets": 3}'])
def test_what_is_no_kept_result(tmp_path: Path, text: str) -> None:
    (tmp_path / "net.yaml").write_text(NET % 8)
    (tmp_path / "kept.json").write_text(text)
    done = archcalc("check", "net.yaml", "--baseline", "kept.json", folder=tmp_path)
    assert done.returncode == 4
    assert "cannot read the baseline kept.json" in done.stderr


def test_verify_holds_every_variant_of_a_family() -> None:
    done = archcalc("verify", "resnet", "lenet5@1998", "--format", "json", folder=ROOT)
    assert done.returncode == 0
    data = json.loads(done.stdout)
    labels = {one["target"] for one in data["targets"]}
    assert {"resnet18", "resnet50-v1", "lenet5@1998"} <= labels
    assert data["checked"] > 30 and not data["failed"]


# The ways into a team's own checks.


def test_the_hook_runs_a_command_that_is_there(tmp_path: Path) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    name, *arguments = hook["entry"].split()
    assert name == "archcalc"
    (tmp_path / "net.yaml").write_text(NET % 16)
    assert archcalc(*arguments, "net.yaml", folder=tmp_path).returncode == 1


def test_the_action_checks(tmp_path: Path) -> None:
    """Its own script, run by a bash, with the inputs as GitHub would give them."""
    if shutil.which("bash") is None:
        pytest.skip("there is no bash")
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    step = action["runs"]["steps"][-1]
    assert {v.split(".")[1].split()[0] for v in step["env"].values()} <= set(action["inputs"])
    (tmp_path / "archcalc").write_text(
        f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m archcalc "$@"\n'
    )
    (tmp_path / "archcalc").chmod(0o755)
    (tmp_path / "a.yaml").write_text(NET % 8)
    (tmp_path / "b.yaml").write_text(NET.replace("conv", "convv") % 8)

    def run(targets: str, most: str) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "TARGETS": targets,
            "MOST": most,
            "LEAST": "params=1",
            "BASELINE": "",
        }
        command = ["bash", "-e", "-c", step["run"]]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True
        )

    assert run("a.yaml", "params=300 macs=8K").returncode == 0
    assert run("a.yaml", "params=200").returncode == 1
    faulty = run("*.yaml", "")
    assert faulty.returncode == 3
    assert "::error file=b.yaml,line=6,col=5" in faulty.stdout


def test_what_fails_is_an_annotation_of_github(tmp_path: Path) -> None:
    run = archcalc("check", "lenet5", "--max", "params=1K", "--format", "github", folder=tmp_path)
    assert run.returncode == 1
    assert run.stdout.splitlines()[-1] == (
        "::error::lenet5@taught: Params must be at most 1K (asked for), and is 61,706"
    )
