"""Every faulty spec gets the words that stand beside its faults."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .annotate import annotated, files


@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_it_says_what_stands_beside_the_fault(path: Path) -> None:
    assert annotated(path) == path.read_bytes().decode("utf-8", "surrogateescape")


def test_there_are_many_and_most_are_different() -> None:
    said = [re.findall(r"error\[\w+\]: .*", path.read_text("utf-8")) for path in files()]
    assert all(said), "a spec without a fault"
    assert len({words[0] for words in said}) >= 150
