"""What leaves the program for other programs: harmless whatever it holds, whole or not at all."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent

NASTY = {
    "formula": "=cmd|' /C calc'!A0",
    "plus": "+1+1",
    "minus": "-2+3",
    "at": "@SUM(A1)",
    "html": "<script>alert(1)</script>",
    "attribute": '" onmouseover="alert(1)',
    "entity": "&lt;&amp;",
    "markdown": "a|b `c` *d* _e_ [f](http://g.example) <h> ![i](j)",
    "latex": r"\input{x} $ 1^2_a$ {y} & 100% #~",
    "terminal": "\x1b[31mred\x07",
    "direction": "a\u202eb",
    "unicode": "größe → 尺寸",
}
"""Texts that each mean something to some reader."""


def archcalc(*arguments: str, folder: Path = ROOT, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "archcalc", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", **more},
        capture_output=True,
        encoding="utf-8",
    )


def quoted(text: str) -> str:
    return (
        '"'
        + "".join(c if c.isprintable() and c not in '"\\' else f"\\u{ord(c):04x}" for c in text)
        + '"'
    )


@pytest.fixture
def nasty(tmp_path: Path) -> str:
    steps = [f"  - {{relu: , name: {quoted(text)}}}" for text in NASTY.values()]
    title = quoted("".join(NASTY.values()))
    lines = [
        "archcalc: 1",
        f"name: {quoted(NASTY['html'] + NASTY['latex'])}",
        f"meta: {{title: {title}}}",
        f"settings: {{word: {{type: str, default: {quoted(NASTY['markdown'])}}}}}",
        "input: {features: 4}",
        "layers:",
        *steps,
    ]
    (tmp_path / "nasty.yaml").write_text("\n".join(lines), encoding="utf-8")
    return str(tmp_path / "nasty.yaml")


COMMANDS = ("summary", "shapes", "show", "explain")


def of(command: str, nasty: str, format: str) -> str:
    run = archcalc(command, nasty, "--format", format)
    assert run.returncode == 0, run.stderr
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", run.stdout)
    return run.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_no_cell_of_csv_is_a_formula(command: str, nasty: str) -> None:
    text = of(command, nasty, "csv")
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    for cell in cells:
        if cell[:1] in ("=", "+", "-", "@", "\t", "\r"):
            float(cell)  # a negative number is no formula
    if command == "summary":
        assert "'=cmd|' /C calc'!A0" in cells


class Page(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.mark.parametrize("command", COMMANDS)
def test_html_shows_and_runs_nothing(command: str, nasty: str) -> None:
    text = of(command, nasty, "html")
    page = Page()
    page.feed(text)
    assert not page.open
    assert not page.tags & {"script", "link", "img", "iframe", "object", "a", "base", "form"}
    assert page.attributes <= {"lang", "charset", "name", "content", "class", "style"}
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style
    assert "@import" not in style[1] and "url(" not in style[1] and "http" not in style[1]
    if command == "summary":
        assert NASTY["html"] in page.words and NASTY["entity"] in page.words


@pytest.mark.parametrize("command", ["summary", "shapes"])
def test_markdown_keeps_its_columns(command: str, nasty: str) -> None:
    text = of(command, nasty, "markdown")
    lines = [line for line in text.splitlines() if line.startswith("|")]
    columns = {len(re.findall(r"(?<!\\)\|", line)) for line in lines}
    assert len(columns) == 1
    for mark in ("<script", "](http", "![i", "[i]", "`c", "*d", "_e", "&lt;"):
        assert not re.search(rf"(?<!\\){re.escape(mark)}", text), mark


LATEX = next((name for name in ("pdflatex", "tectonic") if shutil.which(name)), None)


def test_latex_has_no_command_of_its_own(nasty: str) -> None:
    text = of("summary", nasty, "latex")
    assert r"\input{" not in text
    assert r"\textbackslash{}input\{x\} \$ 1\textasciicircum{}2\_a\$ \{y\} \& 100\% \#" in text


@pytest.mark.skipif(LATEX is None, reason="no LaTeX is installed (pdflatex, tectonic)")
@pytest.mark.parametrize(
    "arguments",
    [
        ("summary", "NASTY"),
        ("show", "NASTY"),
        ("summary", "resnet50", "--depth", "2"),
        ("compare", "inception-block@naive", "inception-block@bottleneck"),
        ("check", "vgg16", "--max", "macs=1G"),
        ("explain", "inception-block", "5x5.conv2"),
        ("conventions", "lenet5"),
        ("layers", "conv"),
    ],
)
def test_latex_compiles(arguments: tuple[str, ...], nasty: str, tmp_path: Path) -> None:
    words = [nasty if word == "NASTY" else word for word in arguments]
    run = archcalc(*words, "--format", "latex")
    packages = "\\usepackage{booktabs}\n\\usepackage{amsmath}\n"
    (tmp_path / "page.tex").write_text(
        f"\\documentclass{{article}}\n{packages}\\begin{{document}}\n"
        f"{run.stdout}\\end{{document}}\n",
        encoding="utf-8",
    )
    assert LATEX
    options = ["-interaction=nonstopmode", "-halt-on-error"] if LATEX == "pdflatex" else []
    made = subprocess.run([LATEX, *options, "page.tex"], cwd=tmp_path, capture_output=True)
    assert made.returncode == 0, made.stdout.decode(errors="replace")[-2000:]
    assert (tmp_path / "page.pdf").stat().st_size > 1000


# --output


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("a.json", "{\n"),
        ("a.csv", "path,"),
        ("a.md", "**lenet5"),
        ("a.tex", "% needs"),
        ("a.html", "<!doctype html>"),
        ("a.txt", "lenet5@taught  "),
        ("A.JSON", "{\n"),
    ],
)
def test_the_suffix_says_the_format(name: str, start: str, tmp_path: Path) -> None:
    run = archcalc("macs", "lenet5", "--output", name, folder=tmp_path)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(start)
    assert os.listdir(tmp_path) == [name]


def test_a_format_that_is_named_goes_before_the_suffix(tmp_path: Path) -> None:
    archcalc("macs", "lenet5", "--output", "a.json", "--format", "csv", folder=tmp_path)
    assert (tmp_path / "a.json").read_text().startswith("path,")


@pytest.mark.parametrize("command", ["macs lenet5", "sweep mobilenet_v2 --over width=0.5,1"])
def test_a_dash_is_standard_output(command: str, tmp_path: Path) -> None:
    run = archcalc(*command.split(), "--format", "csv", "--output", "-", folder=tmp_path)
    assert run.returncode == 0 and "," in run.stdout
    assert not os.listdir(tmp_path)


def test_a_fault_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text("old")
    run = archcalc("macs", "lenet5", "--columns", "nothing", "--output", "old.csv", folder=tmp_path)
    assert run.returncode == 2
    assert (tmp_path / "old.csv").read_text() == "old"
    assert os.listdir(tmp_path) == ["old.csv"]


@pytest.mark.parametrize("old", ["old", None])
def test_an_interrupt_at_any_moment_leaves_one_whole_file(tmp_path: Path, old: str | None) -> None:
    """At each line of the code that writes, in turn."""
    from archcalc.formats import file

    path = tmp_path / "file.txt"

    def write(moment: int) -> bool:
        """Whether there was such a moment."""
        left = moment

        def trace(frame: FrameType, event: str, argument: object) -> Any:
            nonlocal left
            if frame.f_code.co_filename != file.__file__:
                return None
            left -= event == "line"
            if left == 0 and event == "line":
                raise KeyboardInterrupt
            return trace

        sys.settrace(trace)
        try:
            with file.replacing(str(path)) as out:
                out.write("new")
        except KeyboardInterrupt:
            return True
        finally:
            sys.settrace(None)
        return left <= 0

    moment, seen = 1, set()
    while True:
        path.unlink(missing_ok=True)
        if old is not None:
            path.write_text(old)
        interrupted = write(moment)
        there = path.read_text() if path.exists() else None
        assert there in (old, "new"), moment
        assert os.listdir(tmp_path) == ([] if there is None else ["file.txt"]), moment
        seen.add(there)
        if not interrupted:
            break
        moment += 1
    assert moment > 15 and seen == {old, "new"}


posix = pytest.mark.skipif(os.name != "posix", reason="of POSIX systems")


@posix
def test_permissions_are_kept_and_new_ones_usual(tmp_path: Path) -> None:
    old = tmp_path / "old.json"
    old.write_text("")
    old.chmod(0o640)
    archcalc("macs", "lenet5", "--output", str(old))
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    new, usual = tmp_path / "new.json", tmp_path / "usual"
    usual.write_text("")
    archcalc("macs", "lenet5", "--output", str(new))
    assert stat.S_IMODE(new.stat().st_mode) == stat.S_IMODE(usual.stat().st_mode)


@posix
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text("old")
    (tmp_path / "link.json").symlink_to("real.json")
    archcalc("macs", "lenet5", "--output", "link.json", folder=tmp_path)
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "real.json").read_text().startswith("{\n")


@posix
def test_a_device_is_written_to() -> None:
    run = archcalc("macs", "lenet5", "--output", "/dev/stdout", "--format", "csv")
    assert run.returncode == 0
    assert run.stdout.startswith("path,")
    assert Path("/dev/stdout").exists()


@pytest.mark.parametrize("name", ["none/a.json", "."])
def test_what_cannot_be_written_is_said(name: str, tmp_path: Path) -> None:
    run = archcalc("macs", "lenet5", "--output", name, folder=tmp_path)
    assert run.returncode == 4
    assert "cannot write" in run.stderr


@pytest.mark.parametrize(
    "command",
    [
        "macs lenet5",
        "compare lenet5 alexnet",
        "check lenet5",
        "show lenet5",
        "list",
        "layers",
        "limits",
        "conventions",
        "identify lenet5 61706",
        "explain lenet5 c3",
        "schema",
    ],
)
def test_every_command_writes_files(command: str, tmp_path: Path) -> None:
    run = archcalc(*command.split(), "--output", "a.json", folder=tmp_path)
    assert (run.returncode, run.stdout) == (0, "")
    assert (tmp_path / "a.json").read_text().startswith("{\n")


# --columns, --sort, --top


def table(*arguments: str) -> list[dict[str, str]]:
    run = archcalc(*arguments, "--format", "csv")
    assert run.returncode == 0, run.stderr
    return list(csv.DictReader(io.StringIO(run.stdout)))


@pytest.mark.parametrize("target", ["resnet50", "googlenet", "gpt2"])
@pytest.mark.parametrize("top", [1, 3, 10_000])
def test_the_rest_is_summed_up(target: str, top: int) -> None:
    whole = table("summary", target)
    some = table("summary", target, "--sort", "macs", "--top", str(top))
    assert len(some) == min(top + 1, len(whole))
    for figure in ("params", "macs"):
        assert sum(int(r[figure]) for r in some) == sum(int(r[figure]) for r in whole)
    named = [int(row["macs"]) for row in some if not row["path"].startswith("...")]
    assert named == sorted((int(row["macs"]) for row in whole), reverse=True)[:top]


def test_columns_stand_in_the_order_that_was_asked_for() -> None:
    rows = table("macs", "lenet5", "--columns", "macs,path,mul,line,share_params")
    assert list(rows[0]) == ["macs", "path", "mul", "line", "share_params"]


def test_compare_has_columns_and_order_too() -> None:
    pair = ("compare", "inception-block@naive", "inception-block@bottleneck")
    rows = table(*pair, "--columns", "path,macs", "--sort", "macs", "--top", "2")
    assert [row["path"] for row in rows] == ["5x5.conv2", "3x3.conv2", "... 6 more rows"]
    assert sum(int(row["macs"]) for row in rows) == 128_049_152 - 303_464_448


@pytest.mark.parametrize("format", ["table", "json", "csv", "latex"])
@pytest.mark.parametrize("option", ["--columns", "--sort"])
@pytest.mark.parametrize("target", ["macs lenet5", "compare lenet5 alexnet"])
def test_an_unknown_column_is_refused_in_one_way(target: str, option: str, format: str) -> None:
    words = {
        archcalc(*target.split(), option, "mcas", "--format", format, PYTHONHASHSEED=seed).stderr
        for seed in ("0", "1", "7")
    }
    assert words == {"error: there is no column 'mcas'\nhelp: did you mean 'macs'?\n"}


@posix
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_who_ends_the_program_leaves_the_old_file(name: str, tmp_path: Path) -> None:
    (tmp_path / "old.txt").write_text("old")
    code = (
        "import os, signal\n"
        "from archcalc.formats.file import replacing\n"
        "with replacing('old.txt') as out:\n"
        "    out.write('half of it')\n"
        f"    os.kill(os.getpid(), signal.{name})\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        # What a shell's job in the background ignores, its children would, too.
        preexec_fn=lambda: signal.signal(getattr(signal, name), signal.SIG_DFL),
    )
    assert run.returncode == 128 + getattr(signal, name)
    assert (tmp_path / "old.txt").read_text() == "old"
    assert os.listdir(tmp_path) == ["old.txt"]
