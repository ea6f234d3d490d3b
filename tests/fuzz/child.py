"""One process of the fuzzer: ``python -m tests.fuzz.child FOUND LIBFUZZER-ARGUMENTS..``.

A bug is written to the folder FOUND and fuzzing goes on, so that one bug does not hide others.
"""

from __future__ import annotations

import gc
import sys
import traceback
from hashlib import sha1
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["archcalc"], enable_loader_override=False):
    from importlib import import_module
    from pkgutil import walk_packages

    import archcalc

    # All of it now: what is imported later would not be instrumented.
    for module in walk_packages(archcalc.__path__, "archcalc."):
        if module.name.split(".")[1] in ("layers", "language", "analysis", "formats", "targets"):
            import_module(module.name)

    from .examine import Bug, examine

found = Path(sys.argv[1])


def signature(error: BaseException) -> str:
    """A name for the bug: what is raised, and where. The same bug has one name on all inputs."""
    frames = traceback.extract_tb(error.__traceback__)
    inside = [f for f in frames if "archcalc" in f.filename and "fuzz" not in f.filename] or frames
    where = f"{Path(inside[-1].filename).name}:{inside[-1].name}"
    words = str(error)[:16] if isinstance(error, Bug) else ""
    kind = type(error).__name__
    return f"{kind}-{sha1(f'{kind} {where} {words}'.encode()).hexdigest()[:10]}"


def one_input(data: bytes) -> None:
    try:
        examine(data, thorough=False)
    except Exception as error:
        path = found / signature(error)
        if not path.exists() or len(data) < path.stat().st_size:  # the shortest is kept
            path.write_bytes(data)
            path.with_suffix(".txt").write_text(
                "".join(traceback.format_exception(error)), encoding="utf-8", errors="replace"
            )


gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 50)
atheris.Setup([sys.argv[0], *sys.argv[2:]], one_input)
atheris.Fuzz()
