"""One process of the fuzzer: ``python -m tests.fuzz.child FOUND ARGUMENTS-OF-LIBFUZZER..``.

A find is written to the folder FOUND, and fuzzing goes on: one bug must not hide others.
"""

from __future__ import annotations

import difflib
import gc
import os
import sys
import time
import traceback
from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha1
from importlib import import_module
from pathlib import Path

import atheris

ROOMS = ("layers", "language", "analysis", "formats")
SECONDS = 2.0
"""CPU time after which an input is a find: a hundred times what the limits let through."""

with atheris.instrument_imports(include=["archcalc"]):
    import archcalc

    # All of it now: what is imported later would not be instrumented.
    for room in ROOMS:
        for file in sorted((Path(archcalc.__file__).parent / room).glob("*.py")):
            import_module(f"archcalc.{room}.{file.stem}")

    from .mutate import mutated
    from .target import Broken, one

found = Path(sys.argv[1])


def name_of(error: BaseException) -> str:
    """A name for what is raised, and where: the same bug has one name on all inputs."""
    frames = traceback.extract_tb(error.__traceback__)
    inside = [f for f in frames if f"{archcalc.__name__}/" in f.filename] or frames
    where = f"{Path(inside[-1].filename).name}:{inside[-1].name}"
    words = str(error)[:16] if isinstance(error, Broken) else ""
    kind = type(error).__name__
    return f"{kind}-{sha1(f'{kind} {where} {words}'.encode()).hexdigest()[:10]}"


def test(data: bytes) -> None:
    """One input; of those that find the same bug, the shortest is kept."""
    try:
        began = time.perf_counter()
        one(data)
        if time.perf_counter() - began > SECONDS:  # or the machine is busy
            began = time.process_time()
            one(data)
            if time.process_time() - began > SECONDS:
                raise Broken("too slow")
    except Exception as error:
        path = found / name_of(error)
        if not path.exists() or len(data) < path.stat().st_size:
            path.write_bytes(data)
            told = "".join(traceback.format_exception(error))
            path.with_suffix(".txt").write_text(told, encoding="utf-8", errors="backslashreplace")


def mutate(data: bytes, most: int, seed: int) -> bytes:
    """Half of the mutations know what a spec is made of; half are libFuzzer's own."""
    if seed % 2:
        return mutated(data, most, seed, atheris.Mutate)
    return atheris.Mutate(data, most)  # type: ignore[no-any-return]


def alike(word: str, known: Iterable[str], n: int = 3, cutoff: float = 0.6) -> list[str]:
    """In the place of difflib's, which takes a third of the time and is not what is tested."""
    return [name for name in known if name[:2] == word[:2]][:n]


difflib.get_close_matches = alike  # type: ignore[assignment]
os.path.realpath = lru_cache(1000)(os.path.realpath)  # type: ignore[assignment]  # nothing moves here
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 50)
atheris.Setup([sys.argv[0], *sys.argv[2:]], test, custom_mutator=mutate)
atheris.Fuzz()
