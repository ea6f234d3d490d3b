"""``python -m tests.fuzz``: see the package."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--runs", type=int, default=-1, help="inputs to try; without it: no end")
    parser.add_argument("--seconds", type=int, default=0, help="how long to try")
    parser.add_argument("--seed", type=int, default=0, help="of the random choices; 0: another one")
    parser.add_argument("--corpus", type=Path, help="a folder that keeps what was learnt")
    parser.add_argument(
        "--found", type=Path, default=Path(tempfile.gettempdir()), help="where a find is written"
    )
    parser.add_argument("--longest", type=int, default=1200, help="bytes of an input")
    parser.add_argument("again", nargs="*", type=Path, help="inputs to run once each, plainly")
    asked = parser.parse_args()
    if asked.again:
        again(asked.again)
        return
    try:
        import atheris
    except ImportError:
        sys.exit('the fuzzer needs atheris: pip install -e ".[fuzz]"')
    with atheris.instrument_imports(include=["archcalc"]):
        from .mutate import mutated
        from .target import one
    from .seeds import seeds

    ends: Counter[str] = Counter()
    start = time.monotonic()

    def test(data: bytes) -> None:
        ends[one(data)] += 1
        tried = ends.total()
        if tried % 20_000 == 0:
            speed = tried / (time.monotonic() - start)
            print(f"# {tried:,} inputs, {speed:,.0f} a second: {dict(ends)}", flush=True)

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        return mutated(data, most, seed, atheris.Mutate)

    with tempfile.TemporaryDirectory() as room:
        folder = asked.corpus or Path(room) / "corpus"
        folder.mkdir(parents=True, exist_ok=True)
        start_from = Path(room) / "seeds"
        start_from.mkdir()
        for number, seed in enumerate(seeds()):
            (start_from / f"{number:04}").write_bytes(seed)
        options = [
            f"-runs={asked.runs}",
            f"-max_total_time={asked.seconds}",
            f"-seed={asked.seed}",
            f"-max_len={asked.longest}",
            f"-artifact_prefix={asked.found}/",
            "-timeout=20",
            "-rss_limit_mb=2000",
            "-print_final_stats=1",
            str(folder),
            str(start_from),
        ]
        atheris.Setup([sys.argv[0], *options], test, custom_mutator=mutate)
        atheris.Fuzz()


def again(paths: list[Path]) -> None:
    """Inputs one by one, without atheris."""
    from .target import one

    for path in paths:
        print(f"{path}: {one(path.read_bytes())}")


if __name__ == "__main__":
    main()
