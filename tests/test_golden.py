"""What commands print, to the byte, in every format: a change of it is a change of the product.

The files of ``golden/`` are what is printed. ``ARCHCALC_OVERWRITE_GOLDEN=1 pytest
tests/test_golden.py`` writes them anew; the difference is what a reviewer looks at. Each is also
held to what must be so whatever it says: rows add up to the total.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
GOLDEN = Path(__file__).parent / "golden"
OVERWRITE = "ARCHCALC_OVERWRITE_GOLDEN"
SUFFIXES = {
    "table": "txt",
    "json": "json",
    "csv": "csv",
    "markdown": "md",
    "latex": "tex",
    "html": "html",
}
COMMANDS = {
    "macs-inception-block": "macs inception-block@bottleneck",
    "summary-lenet5": "summary lenet5@taught --exact",
    "compare-inception-block": "compare inception-block@naive inception-block@bottleneck",
    "check-vgg16": "check vgg16 --max macs=16G --max params=100M",
    "shapes-vgg16": "shapes vgg16 --depth 1",
    "params-resnet18": "params resnet18 --sort params --top 5 --columns path,params,share_params",
    "explain-inception-block": "explain inception-block@naive 5x5.conv2",
}
FAILS = {"check-vgg16"}
"""Those that end with 1: the answer is no."""
JSON_COLUMNS = {"path,params,share_params": "path,params"}
"""JSON has counts; a share is for people."""


def printed(name: str, format: str) -> str:
    words = COMMANDS[name]
    if format == "json":
        for columns, fewer in JSON_COLUMNS.items():
            words = words.replace(columns, fewer)
    run = subprocess.run(
        [sys.executable, "-m", "archcalc", *words.split(), "--format", format],
        cwd=ROOT,
        env={**os.environ, "PYTHONUTF8": "1"},
        capture_output=True,
    )
    assert not run.stderr
    assert run.returncode == (1 if name in FAILS else 0)
    return run.stdout.decode()


def stable(text: str) -> str:
    """Without what changes with every release and with every comment in a spec."""
    text = re.sub(r'("version": )"[^"]*"', r'\1"0"', text)
    text = re.sub(r'("sha256": )"[0-9a-f]{64}"', r'\1"0"', text)
    return re.sub(r'("line": )[0-9]+', r"\g<1>0", text)


def golden(name: str, format: str) -> Path:
    return GOLDEN / f"{name}.{SUFFIXES[format]}"


CASES = [(name, format) for name in COMMANDS for format in SUFFIXES]


@pytest.mark.parametrize(("name", "format"), CASES)
def test_what_is_printed_stays_as_it_is(name: str, format: str) -> None:
    found = stable(printed(name, format))
    path = golden(name, format)
    if os.environ.get(OVERWRITE):
        path.write_text(found, encoding="utf-8", newline="")
    assert path.exists(), f"{OVERWRITE}=1 writes it"
    assert found == path.read_text(encoding="utf-8")


def test_every_golden_file_is_of_a_command() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {golden(*case).name for case in CASES}


def data_of(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(golden(name, "json").read_text(encoding="utf-8"))
    return data


@pytest.mark.parametrize("name", ["macs-inception-block", "summary-lenet5", "shapes-vgg16"])
def test_rows_add_up_to_the_totals(name: str) -> None:
    data = data_of(name)
    for figure, whole in data["totals"].items():
        assert sum(layer[figure] for layer in data["layers"]) == whole


def rows_of(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(golden(name, "csv").read_text(encoding="utf-8"))))


@pytest.mark.parametrize("name", ["macs-inception-block", "summary-lenet5"])
def test_every_format_has_the_same_rows(name: str) -> None:
    data, rows = data_of(name), rows_of(name)
    assert [row["path"] for row in rows] == [layer["path"] for layer in data["layers"]]
    assert [int(row["macs"]) for row in rows] == [layer["macs"] for layer in data["layers"]]
    for format in ("table", "markdown", "latex", "html"):
        text = golden(name, format).read_text(encoding="utf-8").replace(r"\_", "_")
        assert all(layer["path"] in text for layer in data["layers"]), format
        assert "archcalc convention" in text, format


def test_what_is_left_out_is_summed_up() -> None:
    rows = rows_of("params-resnet18")
    assert len(rows) == 6
    assert rows[-1]["path"].startswith("... ")
    assert sum(int(row["params"]) for row in rows) == 11_689_512
    assert abs(sum(float(row["share_params"]) for row in rows) - 1) < 1e-5


def test_changes_add_up_to_the_difference() -> None:
    data = data_of("compare-inception-block")
    first, second = (spec["totals"] for spec in data["specs"])
    for figure in ("params", "macs"):
        effect = sum(layer["effect"][figure] for layer in data["layers"])
        assert effect == second[figure] - first[figure]
    rows = rows_of("compare-inception-block")
    assert sum(int(row["macs"] or 0) for row in rows) == second["macs"] - first["macs"]


def test_a_verdict_is_what_is_left() -> None:
    data = data_of("check-vgg16")
    assert data["holds"] is False and data["failed"] == 1
    (target,) = data["targets"]
    most = {"macs": 16 * 10**9, "params": 100 * 10**6}
    for claim in target["claims"]:
        if claim["relation"] == "<=":
            assert claim["left"] == most[claim["name"]] - claim["computed"]
            assert claim["holds"] is (claim["left"] >= 0)
