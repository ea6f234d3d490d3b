"""The commands: what they print, what they write, how they stop and go on."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from terminal import ROOT, archcalc, shown

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
GRID = ("--over", "width=0.25:1:0.25", "--over", "input.height=96,128,1")


class Ran:
    def __init__(self, *arguments: str, folder: Path | None = None, given: str = "") -> None:
        done = subprocess.run(
            archcalc(*arguments),
            capture_output=True,
            env=ENVIRONMENT,
            cwd=folder,
            input=given.encode(),
            check=False,
        )
        self.code = done.returncode
        self.out = done.stdout.decode()
        self.err = done.stderr.decode()


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_table() -> None:
    ran = Ran("sweep", "mobilenet_v2", *GRID, "--verbose")
    assert ran.code == 0
    assert "12 configurations; " in ran.out
    assert re.search(r"\n 1\.00 +96 +3\.50M +[0-9.]+M +[0-9.]+M +[0-9.]+M +[0-9.]+%\n", ran.out)


def test_refused_ones_say_why() -> None:
    ran = Ran("sweep", "alexnet", "--over", "input.height=10,224", "--exact")
    assert ran.code == 0
    assert "the image is 10 x 227 here, too small for an 11x11 window" in ran.out
    assert "2 configurations, 1 refused." in ran.out
    assert Ran("sweep", "alexnet", "--over", "input.height=9,10").code == 1


def test_csv_is_what_single_runs_say() -> None:
    ran = Ran("sweep", "mobilenet_v2", *GRID, "--format", "csv", "--bn", "unfolded", "--batch", "2")
    found = rows(ran.out)
    assert list(found[0]) == [
        *("width", "input.height", "params", "macs", "multiplications", "activations"),
        *("reason", "at"),
    ]
    one = found[4]
    alone = Ran(
        *("params", "mobilenet_v2", "--set", f"width={one['width']}", "--bn", "unfolded"),
        *("--set", f"input.height={one['input.height']}", "--batch", "2", "--format", "json"),
    )
    totals = json.loads(alone.out)["totals"]
    names = ("params", "macs", "multiplications", "activations")
    assert {n: int(one[n]) for n in names} == {n: totals[n] for n in names}


def test_json_is_one_object() -> None:
    data = json.loads(Ran("sweep", "mobilenet_v2", *GRID, "--format", "json").out)
    assert data["spec"]["name"] == "mobilenet_v2"
    assert len(data["configurations"]) == 12
    assert data["configurations"][0]["width"] == 0.25
    assert (data["looked_at"], data["refused"]) == (12, 0)
    nothing = Ran("sweep", "mobilenet_v2", *GRID, "--format", "json", "--where", "macs < 0")
    assert json.loads(nothing.out)["configurations"] == []
    assert nothing.code == 0


def test_other_formats_show_the_table(tmp_path: Path) -> None:
    assert "| width |" in Ran("sweep", "mobilenet_v2", *GRID, "--format", "markdown").out
    Ran("sweep", "mobilenet_v2", *GRID, "--output", "out.md", folder=tmp_path)
    assert "| width |" in (tmp_path / "out.md").read_text()


def test_columns_conditions_and_orders() -> None:
    ran = Ran(
        *("sweep", "mobilenet_v2", *GRID, "--where", "macs < 100e6 and width > 0.25"),
        *("--sort", "-macs", "--top", "3", "--columns", "macs,width,buffers", "--format", "csv"),
    )
    found = rows(ran.out)
    assert [list(row) for row in found] == [["macs", "width", "buffers"]] * 3
    macs = [int(row["macs"]) for row in found]
    assert macs == sorted(macs)


def test_drawn_configurations_are_the_same_for_a_seed() -> None:
    asked = ("sweep", "mobilenet_v2", "--over", "width=0.25:2", "--over", "input.height=32:300")
    first = Ran(*asked, "--random", "20", "--seed", "7", "--format", "csv")
    again = Ran(*asked, "--random", "20", "--seed", "7", "--format", "csv")
    other = Ran(*asked, "--random", "20", "--seed", "8", "--format", "csv")
    assert len(rows(first.out)) == 20
    assert first.out == again.out != other.out


def test_zipped_and_linked() -> None:
    ran = Ran(
        *("sweep", "vgg16", "--zip", "--over", "input.height=64,96", "--over", "num_classes=10,20"),
        *("--set", "input.width=input.height", "--format", "csv"),
    )
    found = rows(ran.out)
    assert [row["num_classes"] for row in found] == ["10", "20"]
    alone = Ran(
        *("params", "vgg16", "--set", "input.height=96", "--set", "input.width=96"),
        *("--set", "num_classes=20", "--format", "json"),
    )
    assert int(found[1]["macs"]) == json.loads(alone.out)["totals"]["macs"]


def test_a_table_of_configurations() -> None:
    table = "width,accuracy,input.height,name,macs\n0.5,61.5,96,a,1\n1.0,72,,b,2\n0.25,,x,c,3\n"
    ran = Ran("sweep", "mobilenet_v2", "--from", "-", "--format", "csv", given=table)
    found = rows(ran.out)
    assert [row["name"] for row in found] == ["a", "b", "c"]
    assert found[1]["macs"] == "300774272"
    assert "there is no name 'x' here" in found[2]["reason"]
    ran = Ran(
        *("sweep", "mobilenet_v2", "--from", "-", "--pareto", "macs,accuracy"),
        given=table.replace("x", "96"),
    )
    assert "3 of 3 configurations" in ran.out


def test_variants_bring_what_has_been_published() -> None:
    found = rows(Ran("sweep", "resnet", "--over", "variant=*", "--format", "csv").out)
    by_name = {row["variant"]: row for row in found}
    assert by_name["resnet18"]["params"] == "11689512"
    assert float(by_name["resnet18"]["top1"]) > 69


def test_what_is_streamed_does_nothing_to_a_terminal(tmp_path: Path) -> None:
    net = tmp_path / "net\x1b[31m\udcff\n.yaml"
    lines = ["archcalc: 1", "name: n", "settings: {w: 1}", "input: {features: 3}"]
    net.write_text("\n".join([*lines, "layers: [{linear: 2-w}]", "variants: {'=\u202e': }"]) + "\n")
    table = 'w,"a\x1b\u202e"\n1,=1+1\n2,"\x07,\n"\n'
    for options, given in (
        (["--from", "-"], table),
        (["--over", "variant=*"], ""),
        (["--over", "w=1:3"], ""),
    ):
        ran = Ran("sweep", str(net), *options, "--format", "csv", given=given)
        assert (ran.code, ran.err) == (0, "")
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", ran.out)
    assert "net\\x1b[31m\\udcff\\n.yaml:5" in ran.out


FAULTS = {
    ("sweep", "vgg16"): "nothing to sweep over",
    ("sweep", "vgg16", "--over", "input.heigth=3"): "did you mean 'input.height'?",
    ("sweep", "vgg16", "--over", "input.height"): "is not NAME=VALUES",
    ("sweep", "vgg16", "--over", "input.height=0.5:2"): "needs a step",
    ("sweep", "vgg16", "--over", "input.height=9", "--over", "input.height=8"): "is given twice",
    (
        "sweep",
        "vgg16",
        "--over",
        "input.height=9",
        "--set",
        "input.height=8",
    ): "--set and by --over",
    ("sweep", "vgg16", "--over", "input.height=9", "--where", "macz"): "there is no 'macz'",
    ("sweep", "vgg16", "--over", "input.height=9", "--columns", "macz"): "there is no 'macz'",
    ("sweep", "vgg16", "--over", "input.height=9", "--resume"): "--resume goes on with",
    ("sweep", "vgg16", "--zip", "--random", "3", "--over", "input.height=9"): "exclude one another",
    ("sweep", "vgg16", "--zip", "--over", "input.height=9", "--over", "input.width=8,9"): (
        "as many values"
    ),
    ("sweep", "vgg16", "--over", "variant=vgg99"): "vgg has no variant 'vgg99'",
    ("solve", "vgg16", "--vary", "input.height=32:64", "--for", "macz=3"): "there is no 'macz'",
    ("solve", "vgg16", "--vary", "input.height=32:64", "--for", "macs=lots"): "is no figure",
    ("solve", "vgg16", "--vary", "input.heigth=32:64", "--for", "macs=1G"): "did you mean",
    ("scaling", "vgg16", "--over", "norm=none,batch"): "must be a number",
    ("scaling", "vgg16", "--over", "input.height=224"): "fewer than two values",
    ("scaling", "vgg16", "--over", "depths"): "needs values",
    ("scaling", "vgg16", "--over", "input.height=1:99999"): "more than 10,000",
}


@pytest.mark.parametrize("arguments", FAULTS, ids=" ".join)
def test_faults(arguments: tuple[str, ...]) -> None:
    ran = Ran(*arguments)
    assert ran.code in (2, 3)
    assert FAULTS[arguments] in ran.err
    assert "archcalc itself" not in ran.err


def test_a_file_that_is_not_there() -> None:
    ran = Ran("sweep", "vgg16", "--from", "nowhere.csv")
    assert (ran.code, "cannot read nowhere.csv" in ran.err) == (4, True)
    for table, why in (
        ("", "a line with the name of every column"),
        ("width,width\n1,2\n", "each once"),
        ("width\n", "no configuration in it"),
        ("width,a\n1\n", "1 cells for 2 columns"),
        ("a,b\n1,2\n", "no column is a setting"),
    ):
        ran = Ran("sweep", "mobilenet_v2", "--from", "-", given=table)
        assert (ran.code, why in ran.err) == (4, True), ran.err


# Files that are gone on with.

LONG = ("sweep", "mobilenet_v2", "--over", "width=0.1:2:0.002", "--over", "input.height=32:1231")


def interrupted(folder: Path, *more: str) -> subprocess.Popen[bytes]:
    """A sweep that has been interrupted after its first rows."""
    process = subprocess.Popen(
        archcalc(*LONG, "--output", "out.csv", *more),
        env=ENVIRONMENT,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A background job of a shell ignores interrupts, and its children would, too.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    state = folder / "out.csv.resume"
    for _ in range(600):
        if state.exists() and json.loads(state.read_text())["counts"][0]:
            break
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    return process


@pytest.mark.skipif(sys.platform == "win32", reason="interrupts are signals")
def test_an_interrupted_sweep_goes_on(tmp_path: Path) -> None:
    process = interrupted(tmp_path)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"the same command with --resume goes on" in errors
    part = (tmp_path / "out.csv").read_bytes()
    state = json.loads((tmp_path / "out.csv.resume").read_text())
    assert part.endswith(b"\n")
    assert part.count(b"\n") == state["counts"][0] + 1
    with (tmp_path / "out.csv").open("ab") as file:
        file.write(b"0.5,3")  # as if the machine had gone down while a row was written
    other = Ran(
        *LONG[:-1], "input.height=32:1232", "--output", "out.csv", "--resume", folder=tmp_path
    )
    assert (other.code, "another sweep" in other.err) == (2, True)
    ran = Ran(*LONG, "--output", "out.csv", "--resume", folder=tmp_path)
    assert ran.code == 0, ran.err
    assert not (tmp_path / "out.csv.resume").exists()
    whole = Ran(*LONG, "--output", "whole.csv", folder=tmp_path)
    assert whole.code == 0
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    again = Ran(*LONG, "--output", "out.csv", "--resume", folder=tmp_path)
    assert (again.code, "it is whole" in again.err) == (2, True)


@pytest.mark.skipif(sys.platform == "win32", reason="interrupts are signals")
def test_chosen_rows_go_on_where_they_were(tmp_path: Path) -> None:
    condition = ("--where", "macs % 7 == 0", "--top", "50000")
    interrupted(tmp_path, *condition).communicate(timeout=60)
    ran = Ran(*LONG, *condition, "--output", "out.csv", "--resume", folder=tmp_path)
    assert ran.code == 0, ran.err
    Ran(*LONG, *condition, "--output", "whole.csv", folder=tmp_path)
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="interrupts are signals")
def test_an_interrupted_sweep_leaves_an_older_file(tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "real.csv").chmod(0o640)
    (tmp_path / "out.csv").symlink_to("real.csv")
    _, errors = interrupted(tmp_path).communicate(timeout=60)
    assert b"configurations are in out.csv.part; the same command with --resume" in errors
    assert (tmp_path / "out.csv").read_text() == "old"
    ran = Ran(*LONG, "--output", "out.csv", "--resume", folder=tmp_path)
    assert ran.code == 0, ran.err
    assert {p.name for p in tmp_path.iterdir()} == {"real.csv", "out.csv"}
    assert (tmp_path / "real.csv").stat().st_mode & 0o777 == 0o640
    Ran(*LONG, "--output", "whole.csv", folder=tmp_path)
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="limits are of POSIX")
@pytest.mark.parametrize("old", ["old", None])
@pytest.mark.parametrize("format", ["csv", "json"])
def test_a_full_disk_leaves_what_can_be_gone_on_with(
    format: str, old: str | None, tmp_path: Path
) -> None:
    path = tmp_path / f"out.{format}"
    if old is not None:
        path.write_text(old)

    def small() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))

    done = subprocess.run(
        archcalc(*LONG, "--output", path.name),
        env=ENVIRONMENT,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        preexec_fn=small,
    )
    assert done.returncode == 4
    assert f"error: cannot write {path.name}" in done.stderr and "file too large" in done.stderr
    if old is not None:
        assert path.read_text() == old
    names = {p.name for p in tmp_path.iterdir()} - ({path.name} if old else set())
    if format == "json":
        assert names == set()
        return
    assert names == ({"out.csv.part", "out.csv.resume"} if old else {"out.csv", "out.csv.resume"})
    assert Ran(*LONG, "--output", path.name, "--resume", folder=tmp_path).code == 0
    Ran(*LONG, "--output", "whole.csv", folder=tmp_path)
    assert path.read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_there_must_be_something_to_go_on_with(tmp_path: Path) -> None:
    ran = Ran(*LONG, "--output", "out.csv", "--resume", folder=tmp_path)
    assert (ran.code, "there is no such file" in ran.err) == (2, True)
    assert not list(tmp_path.iterdir())


# Extras.


def test_parquet(tmp_path: Path) -> None:
    if not find_spec("pyarrow"):
        ran = Ran("sweep", "mobilenet_v2", *GRID, "--output", "out.parquet", folder=tmp_path)
        assert (ran.code, "archcalc[parquet]" in ran.err) == (2, True)
        pytest.skip("pyarrow is not installed")
    import pyarrow.parquet

    asked = ("--over", "width=0.25:1:0.25", "--over", "input.height=96,128,0")
    ran = Ran("sweep", "mobilenet_v2", *asked, "--output", "out.parquet", folder=tmp_path)
    assert ran.code == 0, ran.err
    table: Any = pyarrow.parquet.read_table(tmp_path / "out.parquet")
    assert table.column("width").to_pylist()[:4] == [0.25, 0.25, 0.25, 0.5]
    assert table.column("macs").to_pylist()[0] == 16_674_848
    assert table.column("macs").to_pylist()[2] is None
    wide = ("sweep", "vgg16", "--over", f"input.height={2**40}", "--set", f"input.width={2**40}")
    ran = Ran(*wide, "--output", "wide.parquet", folder=tmp_path)
    assert (ran.code, "beyond 64 bits" in ran.err) == (4, True)


def test_pictures(tmp_path: Path) -> None:
    asked = ("sweep", "mobilenet_v2", *GRID, "--plot", "out.svg")
    if not find_spec("matplotlib"):
        ran = Ran(*asked, folder=tmp_path)
        assert (ran.code, "archcalc[plot]" in ran.err) == (2, True)
        pytest.skip("matplotlib is not installed")
    assert Ran(*asked, folder=tmp_path).code == 0
    first = (tmp_path / "out.svg").read_bytes()
    assert b"<svg" in first
    Ran(*asked, folder=tmp_path)
    assert (tmp_path / "out.svg").read_bytes() == first
    ran = Ran("scaling", "vgg16", "--over", "num_classes", "--plot", "out.png", folder=tmp_path)
    assert ran.code == 0
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")
    ran = Ran("macs", "resnet50", "--plot", "bars.svg", "--depth", "2", folder=tmp_path)
    assert ran.code == 0
    assert b"stage1.0" in (tmp_path / "bars.svg").read_bytes()
    ran = Ran("sweep", "mobilenet_v2", *GRID, "--plot", "out.doc")
    assert (ran.code, "--plot draws" in ran.err) == (2, True)


# Budgets and growth.


def test_what_fits_into_a_budget() -> None:
    ran = Ran("solve", "mobilenet_v2", "--vary", "width=0.1:4", "--for", "macs=300M")
    assert ran.code == 0
    assert re.search(r"found +0\.98 +3\.49M +299\.90M", ran.out)
    assert re.search(r"next +0\.9875 +3\.50M +300\.77M", ran.out)
    data = json.loads(
        Ran(
            *("solve", "mobilenet_v2", "--vary", "width=0.1:4", "--for", "macs=1M"),
            *("--format", "json"),
        ).out
    )
    assert data["found"] is None
    assert data["least"]["width"] == 0.1


def test_settings_that_move_together() -> None:
    ran = Ran(
        *(
            "solve",
            "mobilenet_v2",
            "--vary",
            "width=0.5:1.5:0.1",
            "--vary",
            "input.height=96:296:20",
        ),
        *("--set", "input.width=input.height", "--for", "macs=300M", "--format", "json"),
    )
    data = json.loads(ran.out)
    found = data["found"]
    assert found["input.height"] == round(96 + (found["width"] - 0.5) * 200)
    assert found["macs"] <= 300_000_000 < data["next"]["macs"]


def test_how_figures_grow() -> None:
    ran = Ran(
        *("scaling", "resnet50", "--over", "input.height", "--set", "input.width=input.height"),
    )
    assert ran.code == 0
    assert "MACs grow with the square of input.height; doubling it costs 4.0x." in ran.out
    assert "Params do not depend on input.height." in ran.out
    assert "81,456·input.height² + 2,048,000" in ran.out


def test_a_length_that_is_as_large_as_it_can_be() -> None:
    ran = Ran("scaling", "gpt2", "--over", "input.length", "--format", "json")
    data = json.loads(ran.out)
    assert data["values"][-1] == "1024"
    assert "its square" in data["figures"]["macs"]["words"]


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="this system has no pseudo-terminals")
def test_a_narrow_terminal() -> None:
    seen = shown(archcalc("sweep", "mobilenet_v2", *GRID), columns=60)
    assert seen.code == 0
    plain = re.sub(r"\x1b\[[0-9;]*m", "", seen.text)
    assert max(map(len, plain.splitlines())) <= 60
