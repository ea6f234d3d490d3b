"""A wheel, an editable install and a checkout without any install all find the specs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PARTS = ("archcalc", "specs", "setup.cfg", "pyproject.toml", "LICENSE", "README.md")
PARAMS = ["params", "vgg16", "--exact"]

setuptools = pytest.importorskip("setuptools", minversion="70.1", reason="builds the wheel")


def run(*words: str | Path, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        [str(word) for word in words],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": "", **environment},
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source alone, so that nothing is built in the repository."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in PARTS:
        if (ROOT / name).is_dir():
            shutil.copytree(
                ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        elif (ROOT / name).exists():
            shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    options = ("--no-deps", "--no-build-isolation", "--quiet", "--wheel-dir")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    run(*pip, "wheel", *options, out, checkout, cwd=out)
    [built] = out.glob("archcalc-*.whl")
    return built


def test_a_checkout_needs_no_install(checkout: Path) -> None:
    assert "138,357,544" in run(sys.executable, "-m", "archcalc", *PARAMS, cwd=checkout)


def test_the_wheel_holds_what_it_needs_and_no_more(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {"archcalc/specs/vgg.yaml", "archcalc/specs/index.json", "archcalc/py.typed"} <= set(
        names
    )
    packaged = {name for name in names if name.startswith("archcalc/")}
    source = {f"archcalc/{path.relative_to(ROOT / 'archcalc')}" for path in modules("archcalc")}
    assert source <= packaged, "a package is missing in setup.cfg"
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"archcalc"}


def modules(folder: str) -> list[Path]:
    return list((ROOT / folder).rglob("*.py"))


def test_a_wheel_finds_the_specs(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    found = run(
        sys.executable, "-m", "archcalc", *PARAMS, cwd=tmp_path, PYTHONPATH=str(tmp_path / "site")
    )
    assert "138,357,544" in found


def test_an_editable_install_finds_the_specs(checkout: Path, tmp_path: Path) -> None:
    env = tmp_path / "env"
    venv.create(env, with_pip=False)
    python = env / ("Scripts" if os.name == "nt" else "bin") / "python"
    libraries = sysconfig.get_paths()["purelib"]
    run(
        *(python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"),
        *("--no-deps", "--no-build-isolation", "--editable", checkout),
        cwd=tmp_path,
        PYTHONPATH=libraries,
    )
    # The libraries come behind what was installed: where these tests run from an editable
    # install, theirs has the same finder.
    base = {"base": str(env), "platbase": str(env)}
    Path(sysconfig.get_path("purelib", "venv", base), "libraries.pth").write_text(libraries)
    assert "138,357,544" in run(python.with_name("archcalc"), *PARAMS, cwd=tmp_path)
    code = "import archcalc.specs; print(archcalc.specs.__file__)"
    assert str(checkout) in run(python, "-c", code, cwd=tmp_path)
