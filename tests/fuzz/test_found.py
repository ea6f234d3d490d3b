"""What the fuzzer found once stays found; and the seeds hold what every input must."""

from __future__ import annotations

from pathlib import Path

import pytest

from .seeds import seeds
from .target import one

FOUND = sorted((Path(__file__).parent / "found").glob("*"))


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.name)
def test_what_was_found_is_mended(path: Path) -> None:
    assert one(path.read_bytes()) in ("refused", "no values", "faulty", "built")


def test_the_seeds_hold() -> None:
    assert {one(seed) for seed in seeds()} >= {"refused", "faulty", "built"}
