"""Where the fuzzer starts: the specs and faulty specs of the repository, and the words of both.

All of it is made at run time; nothing is stored but the regressions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from hashlib import sha1
from pathlib import Path
from typing import Final

from archcalc.layers import KINDS

ROOT: Final = Path(__file__).parent.parent.parent
REGRESSIONS: Final = Path(__file__).parent / "regressions"
LARGEST: Final = 2_048
"""Bytes of an input; larger specs are taken without what does not matter to a build."""

FENCE: Final = re.compile(r"^(`{3,})yaml([^\n`]*)\n(.*?)^\1$", re.M | re.S)
_COMMENT: Final = re.compile(rb"^[ \t]*#.*\n|[ \t]+#[^'\"\n]*$|^[ \t]*\n", re.M)
_TOLD: Final = re.compile(rb"^[ ]*(title|paper|doi|source|note|notes|url|figure): .*\n", re.M)

HEAD: Final = "archcalc: 1\nname: x\n"
INPUTS: Final = (
    "input: {channels: 4, height: 8, width: 8}\n",
    "input: {features: 8}\n",
    "input: {positions: 6, features: 8}\n",
    "input: {channels: 4, length: 16}\n",
    "input: {channels: 4, depth: 4, height: 8, width: 8}\n",
)

LANGUAGE: Final = r"""
archcalc: |name: |meta:|title: |extends: |use:|settings:|blocks:|defaults:|variants:|input:|layers:
output: |outputs:|expect:|published:|budget:|default: |min: |max: |choices: |type: |set:|int|float
bool|str|list|any|true|false|null|channels: |height: |width: |depth: |length: |positions: |features:
repeat: |for: |in: |do:|if: |then:|else:|index|residual:|main:|shortcut:|branches:|parallel:|merge:
add|concat|mul|inputs: |from: |shared: |cached: |as: |call: |args:|params: |doc: |flow: |with: |save
- |: |{|}|[|]|, |#|'|"|$|${|}|\n  - |\n    |\n- | and | or | not | if | else | for | in |range(
len(|min(|max(|sum(|ceil(|floor(|sqrt(|round(|divisible(|prev.|input.|x.| // | % |**| * | + | - |(
)|==|!=|<=|>=|0|1|2|7|-1|0.5|1e3|1_000|same|valid|full|auto|batch|layer|relu|gelu|\x1b[31m|\x00
\xe2\x80\xae|\xe2\x80\x8b|\xef\xbb\xbf|\xff\xfe|&a |*a|!!int |<<: |--- |...|%YAML 1.2\n
|\t|\r\n|[bold]|9007199254740993|99999999999999999999|.inf|.nan|0x10|010|1:30|~|? |>-\n
"""


def write(folder: Path, further: Iterable[Path] = ()) -> int:
    """Fills ``folder`` with the inputs to start from; how many there are."""
    inputs = {data for data in _all(further) if len(data) <= LARGEST}
    for data in inputs:
        (folder / sha1(data).hexdigest()).write_bytes(data)
    return len(inputs)


def write_words(path: Path) -> None:
    """A dictionary of libFuzzer's: the words of the language, kinds and arguments among them."""
    words = {word for line in LANGUAGE.strip().split("\n") for word in line.split("|") if word}
    for kind, layer in KINDS.items():
        words |= {kind, f"- {kind}: ", *(f"{name}: " for name in layer.fields)}
    path.write_text("".join(f'"{_escaped(word)}"\n' for word in sorted(words)), encoding="ascii")


def _escaped(word: str) -> str:
    """As libFuzzer reads it; escapes in `LANGUAGE` stand for what they mean."""
    data = word.encode("latin-1").decode("unicode_escape").encode("latin-1")
    return "".join(chr(b) if chr(b).isalnum() and b < 128 else f"\\x{b:02x}" for b in data)


def _all(further: Iterable[Path]) -> Iterator[bytes]:
    for path in sorted(REGRESSIONS.iterdir()):
        yield path.read_bytes()
    for path in sorted((ROOT / "specs").glob("*.yaml")):
        yield _shorter(path.read_bytes())
    for folder in (ROOT / "tests" / "data" / "badinputs", ROOT / "tests" / "diagnostics", *further):
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if path.is_file() and path.stat().st_size <= 2 * LARGEST:
                yield _shorter(path.read_bytes())
    for page in sorted((ROOT / "docs").glob("*.md")):
        for match in FENCE.finditer(page.read_text(encoding="utf-8")):
            head = f"{HEAD}{INPUTS[0]}layers:\n" if "steps" in match[2] else ""
            yield (head + match[3]).encode()
    for kind in KINDS:
        for given in INPUTS:
            yield f"{HEAD}{given}layers: [{kind}]\n".encode()
            yield f"{HEAD}{given}layers:\n  - {kind}: 2\n".encode()


def _shorter(data: bytes) -> bytes:
    """Without comments and without what a spec only tells of itself, if it is a large one."""
    if len(data) <= LARGEST // 2:
        return data
    return _TOLD.sub(b"", _COMMENT.sub(b"", data))
