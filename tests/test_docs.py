"""The documentation says what is so: its commands give what stands below them, its specs run.

Every fenced block of README.md and docs/ is of one of these kinds:

``console``       commands behind ``$``, each with what it prints in a terminal of 80 columns
``yaml``          a whole spec; its ``expect`` is checked, and commands below find it as NAME.yaml
``yaml faulty``   a whole spec with a fault; commands below find it as NAME.yaml
``yaml steps D``  steps, run on an input with the dimensions D (``channels=3,height=8,width=8``)
``sh``            set-up, run by ``.ci/run``
``python``, ``text``   shown, not run

``python tests/test_docs.py`` writes what the commands print into the pages anew; read the diff.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import NamedTuple

import pytest
from terminal import ROOT, archcalc, shown

from archcalc.analysis.count import count
from archcalc.analysis.metrics import METRICS, figures_by_name
from archcalc.cli.app import COMMANDS
from archcalc.language import Spec, load_bytes
from archcalc.problems import Complaint

PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
COLUMNS = 80
FENCE = re.compile(r"^(?P<fence>`{3,})(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=fence)$", re.M | re.S)
NAME = re.compile(r"^name: *([\w-]+)", re.M)
HIDDEN = "..."
"""A line of an expected output that stands for any number of lines."""


class Block(NamedTuple):
    """One fenced block of a page, and the spec files that the page has made before it."""

    page: Path
    line: int
    info: str
    body: str
    files: dict[str, str]

    def __repr__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks_of(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    files: dict[str, str] = {}
    for match in FENCE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        info, body = match["info"].strip(), match["body"]
        if info in ("yaml", "yaml faulty"):
            name = NAME.search(body)
            if name:
                files[f"{name[1]}.yaml"] = body
        yield Block(page, line, info, body, dict(files))


BLOCKS = [block for page in PAGES for block in blocks_of(page)]


def of_kind(*infos: str) -> list[Block]:
    return [block for block in BLOCKS if block.info in infos]


class Command(NamedTuple):
    """A command of a console block, and the lines that stand below it."""

    words: str
    output: list[str]


def commands_of(body: str) -> list[Command]:
    commands: list[Command] = []
    for line in body.splitlines():
        if line.startswith("$ "):
            commands.append(Command(line[2:], []))
        elif commands and commands[-1].words.endswith("\\") and not commands[-1].output:
            commands[-1] = Command(f"{commands[-1].words}\n{line}", [])
        else:
            assert commands, "a console block starts with a command"
            commands[-1].output.append(line)
    return commands


def printed(words: str, files: dict[str, str], folder: Path) -> list[str]:
    """What a shell prints for ``words`` in a terminal: output, then errors."""
    programs, work = folder / "bin", folder / "work"
    if not programs.exists():
        programs.mkdir()
        script = programs / "archcalc"
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m archcalc "$@"\n')
        script.chmod(0o755)
    work.mkdir(exist_ok=True)
    for name, text in files.items():
        (work / name).write_text(text, encoding="utf-8")
    seen = shown(["sh", "-c", words], columns=COLUMNS, folder=work, path=programs)
    lines = plain(seen.text + seen.errors).splitlines()
    # Where the specs are depends on the machine.
    return [line.rstrip().replace(str(ROOT), "~/archcalc") for line in lines]


def plain(text: str) -> str:
    """Without the escapes that make words bold or faint."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def agrees(wanted: list[str], found: list[str]) -> bool:
    """Whether ``found`` is ``wanted``, where ``...`` stands for any lines."""
    if HIDDEN not in wanted:
        return wanted == found
    at = wanted.index(HIDDEN)
    head, tail = wanted[:at], wanted[at + 1 :]
    if found[:at] != head:
        return False
    return any(agrees(tail, found[k:]) for k in range(at, len(found) + 1))


def without_end(lines: list[str]) -> list[str]:
    """Without empty lines at the end, which only set commands apart."""
    while lines and not lines[-1]:
        lines = lines[:-1]
    return lines


needs_terminal = pytest.mark.skipif(
    not hasattr(os, "openpty"), reason="this system has no pseudo-terminals"
)


@needs_terminal
@pytest.mark.parametrize("block", of_kind("console"), ids=repr)
def test_commands_print_what_stands_below_them(block: Block, tmp_path: Path) -> None:
    for command in commands_of(block.body):
        found = without_end(printed(command.words, block.files, tmp_path))
        wanted = without_end(command.output)
        if not agrees(wanted, found):
            assert "\n".join(found) == "\n".join(wanted), f"$ {command.words}"


def built(
    text: str, block: Block, folder: Path
) -> Iterator[tuple[str | None, Spec, dict[str, int]]]:
    """Every variant of a spec with its figures; the page's other specs lie beside it."""
    for file, other in block.files.items():
        (folder / file).write_text(other, encoding="utf-8")
    spec = load_bytes(text.encode(), repr(block), str(folder))
    for variant in list(spec.variants) or [None]:
        made = spec.build(variant)
        assert not made.problems, made.problems
        yield variant, spec, figures_by_name(count(made.graph).totals)


@pytest.mark.parametrize("block", of_kind("yaml"), ids=repr)
def test_specs_come_to_what_they_expect(block: Block, tmp_path: Path) -> None:
    assert block.body.startswith("archcalc: 1\n"), "a whole spec; or write yaml steps"
    for variant, spec, figures in built(block.body, block, tmp_path):
        expect = spec.expect(variant)
        assert expect, "a spec of the documentation says what it expects"
        assert {name: figures[name] for name in expect} == expect


@pytest.mark.parametrize("block", of_kind("yaml faulty"), ids=repr)
def test_faulty_specs_are_refused(block: Block, tmp_path: Path) -> None:
    with pytest.raises((Complaint, AssertionError)):
        list(built(block.body, block, tmp_path))


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.info.startswith("yaml steps ")], ids=repr)
def test_steps_run(block: Block, tmp_path: Path) -> None:
    sizes = block.info.split()[2].replace("=", ": ").replace(",", ", ")
    text = f"archcalc: 1\nname: steps\ninput: {{{sizes}}}\nlayers:\n{block.body}"
    assert len(list(built(text, block, tmp_path))) == 1


@pytest.mark.parametrize("block", BLOCKS, ids=repr)
def test_every_block_is_of_a_kind(block: Block) -> None:
    known = ("console", "yaml", "yaml faulty", "sh", "python", "text")
    assert block.info in known or block.info.startswith("yaml steps ")


def test_the_readme_sets_up_and_tests() -> None:
    """``.ci/run`` runs the first two ``sh`` blocks of the README as they stand."""
    setup, tests = [b.body for b in of_kind("sh") if b.page.name == "README.md"][:2]
    assert "archcalc macs inception-block" in setup
    assert "pytest" in tests
    assert len(setup.splitlines()) == len(tests.splitlines()) == 1


@needs_terminal
def test_the_picture_shows_what_the_command_prints() -> None:
    """``python docs/make_picture.py`` draws it anew."""
    picture = (ROOT / "docs/images/inception-block.svg").read_text(encoding="utf-8")
    described = re.search(r"<desc>(.*?)</desc>", picture, re.S)
    assert described
    command, _, wanted = unescape(described[1]).partition("\n")
    seen = shown(archcalc(*command.split()[2:]), columns=82)
    assert plain(seen.text).rstrip() == wanted


def test_the_page_of_the_zoo_is_current() -> None:
    """``python docs/make_zoo.py`` writes it anew."""
    made = subprocess.run(
        [sys.executable, ROOT / "docs/make_zoo.py", "--check"], capture_output=True, text=True
    )
    assert not made.returncode, made.stderr


LINK = re.compile(r"\]\((?P<target>[^)#\s]+)(?:#(?P<part>[^)\s]+))?\)|src=\"(?P<source>[^\"]+)\"")


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    for match in LINK.finditer(page.read_text(encoding="utf-8")):
        target = match["target"] or match["source"]
        if "://" in target:
            continue
        there = page.parent / target
        assert there.exists(), f"{page.name} links to {target}"
        if match["part"]:
            titles = re.findall(r"^#+ (.*)$", there.read_text(encoding="utf-8"), re.M)
            assert match["part"] in [anchor(title) for title in titles], target


def anchor(title: str) -> str:
    """A heading's anchor, as GitHub makes it."""
    kept = re.sub(r"[^\w\- ]", "", title.lower())
    return kept.replace(" ", "-")


def test_the_definition_of_every_figure_is_written_down() -> None:
    counting = (ROOT / "docs/counting.md").read_text(encoding="utf-8")
    assert not [name for name in METRICS if f"| `{name}` |" not in counting]


def test_the_readme_has_every_command() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    names = [*COMMANDS, *(name for name, metric in METRICS.items() if metric.command)]
    assert not [name for name in names if not re.search(rf"^\| `{name}[` ]", readme, re.M)]


def rewritten(page: Path, folder: Path) -> str:
    """The page with what its commands print now."""
    text = page.read_text(encoding="utf-8")
    blocks = {b.line: b for b in blocks_of(page)}

    def fresh(match: re.Match[str]) -> str:
        block = blocks[text.count("\n", 0, match.start()) + 1]
        if block.info != "console":
            return match[0]
        lines: list[str] = []
        commands = commands_of(block.body)
        for command in commands:
            found = without_end(printed(command.words, block.files, folder))
            wanted = without_end(command.output)
            lines += [f"$ {command.words}", *(wanted if agrees(wanted, found) else found)]
            if command is not commands[-1] and command.output[-1:] == [""]:
                lines.append("")
        return f"{match['fence']}console\n" + "\n".join(lines) + f"\n{match['fence']}"

    return FENCE.sub(fresh, text)


if __name__ == "__main__":
    from tempfile import TemporaryDirectory

    for page in PAGES:
        with TemporaryDirectory() as folder:
            page.write_text(rewritten(page, Path(folder)), encoding="utf-8")
