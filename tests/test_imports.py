"""Arrows point down: a room imports only from the rooms below it, and there is no circle."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "archcalc"

MAY_IMPORT: dict[str, set[str]] = {
    "shapes": set(),
    "terms": {"shapes"},
    "limits": set(),
    "problems": set(),
    "zoo": set(),
    "layers": {"shapes", "terms"},
    "graph": {"layers", "problems", "shapes", "terms"},
    "language": {"graph", "layers", "limits", "problems", "shapes", "terms", "zoo"},
    "analysis": {"graph", "layers", "shapes", "terms"},
    "formats": {
        "analysis",
        "graph",
        "language",
        "layers",
        "limits",
        "problems",
        "shapes",
        "terms",
        "zoo",
    },
    "sweep": {"analysis", "graph", "language", "layers", "limits", "problems", "shapes", "terms"},
    "targets": {"formats", "language", "limits", "problems", "zoo"},
    "api": {"analysis", "formats", "language", "limits", "problems", "sweep", "targets"},
}
"""The house, from the ground up: what each room may import beside itself; the cli may all."""

ROOMS = {*MAY_IMPORT, "cli"}
OUTSIDE = {"__init__", "__main__"}
"""The package itself: its version, what it exports, and the way into the command line."""


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    """Every room that a module imports, wherever the statement stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import"
            base = node.module or ""
            # `from archcalc import zoo` imports a room, `from archcalc import __version__` none
            names = (
                [f"archcalc.{alias.name}" for alias in node.names] if base == "archcalc" else [base]
            )
        else:
            continue
        for name in names:
            first, *rest = name.split(".")
            if first == "archcalc" and rest and rest[0] in ROOMS:
                yield rest[0]


MODULES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_arrows_point_down(path: Path) -> None:
    room = room_of(path)
    if room in OUTSIDE or room == "cli":
        return
    assert room in MAY_IMPORT, f"{room} has no place in the house"
    assert set(imports(path)) <= MAY_IMPORT[room] | {room}


def test_there_is_no_circle() -> None:
    settled: set[str] = set()
    while len(settled) < len(MAY_IMPORT):
        free = {room for room, below in MAY_IMPORT.items() if below <= settled} - settled
        assert free, f"these go in a circle: {sorted(set(MAY_IMPORT) - settled)}"
        settled |= free


def modules_after(code: str) -> set[str]:
    program = f"import sys; {code}; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=PACKAGE.parent,
    )
    return set(run.stdout.split("\n")[-2].split())


MAIN_JOB = (
    "import io, contextlib; from archcalc.cli.run import run; o = io.StringIO(); "
    "c = contextlib.redirect_stdout(o); c.__enter__(); run({arguments!r}.split()); "
    "c.__exit__(None, None, None)"
)


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        ("--version", {"rich", "yaml", "numpy", "archcalc.language", "archcalc.layers", "json"}),
        ("list", {"rich", "yaml", "numpy", "archcalc.language"}),
        ("params vgg16", {"rich", "numpy", "torch"}),
        ("macs inception-block", {"rich", "numpy", "torch"}),
        ("summary resnet152 --format json", {"rich", "numpy", "torch"}),
        ("layers conv", {"rich", "yaml", "numpy"}),
    ],
)
def test_a_command_imports_no_more_than_it_needs(arguments: str, absent: set[str]) -> None:
    loaded = modules_after(MAIN_JOB.format(arguments=arguments))
    assert not loaded & absent


def test_only_sweeps_may_import_numpy() -> None:
    for path in MODULES:
        if room_of(path) != "sweep":
            names = {
                name.split(".")[0]
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
                if isinstance(node, ast.Import | ast.ImportFrom)
                for name in (
                    [alias.name for alias in node.names]
                    if isinstance(node, ast.Import)
                    else [node.module or ""]
                )
            }
            assert not names & {"numpy", "torch"}, path


def test_layers_know_no_yaml_no_terminal_and_no_error_class() -> None:
    for path in sorted((PACKAGE / "layers").glob("*.py")):
        text = path.read_text(encoding="utf-8")
        assert "archcalc.problems" not in text, path
        assert "import yaml" not in text and "import rich" not in text, path
