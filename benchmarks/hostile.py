"""What specs cost that try to cost much: CPU seconds and memory, beyond ``archcalc --version``.

    python benchmarks/hostile.py [WORD..]

Runs ``archcalc params`` on each bad input of ``tests/data/badinputs`` and on each adversary of
``tests/adversaries.py`` (those whose name has one of the words, if there are any), in a process of
its own, and prints the costliest of both. The goal: at most one second and 200 MB more than
``archcalc --version`` takes. An answer that is over it is run three times, and its least counts: a
busy machine makes a run slower, and never quicker.
"""

import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests"
SECONDS, MEMORY = 1.0, 200.0
SHOWN = 8
WALL = 60
"""Seconds of CPU after which a run is killed."""

# This process stays small on purpose: what a child's peak memory starts from is its parent's. What
# is large is made by children.


class Cost(NamedTuple):
    """What one run took: its exit code, CPU seconds, and MB at its peak."""

    code: int
    seconds: float
    memory: float

    @property
    def over(self) -> bool:
        return self.seconds > SECONDS or self.memory > MEMORY


def in_child(work: str, *values: object) -> None:
    """Calls the function of that name below, in a process that ends with it."""
    child = os.fork()
    if not child:
        globals()[work](*values)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        sys.exit(f"{work} failed")


def write_adversaries(folder: str) -> None:
    """A folder for each adversary, with its ``main.yaml``."""
    sys.path.insert(0, str(TESTS))
    from adversaries import ADVERSARIES, write  # type: ignore[import-not-found]

    for name in ADVERSARIES:
        own = Path(folder, name)
        own.mkdir(parents=True)
        write(name, own)


def write_bad_inputs(folder: str) -> None:
    """A copy of the bad inputs, with those that are too large to be stored."""
    shutil.copytree(TESTS / "data" / "badinputs", folder, symlinks=True)
    os.execv(sys.executable, [sys.executable, os.path.join(folder, "make_big.py"), folder])


def cost(*arguments: str) -> Cost:
    """One run, as a process of its own."""
    import resource

    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    null = os.open(os.devnull, os.O_RDWR)
    child = os.posix_spawn(
        sys.executable,
        [sys.executable, "-m", "archcalc", *arguments],
        {**environment, "PYTHONPATH": str(ROOT)},
        file_actions=[(os.POSIX_SPAWN_DUP2, null, number) for number in (0, 1, 2)],
    )
    os.close(null)
    resource.prlimit(child, resource.RLIMIT_CPU, (WALL, WALL + 1))
    _, status, usage = os.wait4(child, 0)
    scale = 1_000_000 if sys.platform == "darwin" else 1_000_000 / 1024
    return Cost(
        os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss / scale
    )


def least(runs: list[Cost]) -> Cost:
    return Cost(runs[0].code, min(r.seconds for r in runs), min(r.memory for r in runs))


def report(title: str, files: dict[str, Path], base: Cost) -> bool:
    """Runs all, prints the costliest; whether all keep to the goal."""

    def once(path: Path) -> Cost:
        found = cost("params", str(path))
        return Cost(found.code, found.seconds - base.seconds, found.memory - base.memory)

    found: dict[str, Cost] = {}
    for name, path in files.items():
        found[name] = once(path)
        if found[name].over:
            found[name] = least([found[name], once(path), once(path)])
    codes = sorted({c.code for c in found.values()})
    print(f"\n{title}: {len(found)} files, exit codes {', '.join(map(str, codes))}")
    for code in codes:
        if code < 0:
            names = ", ".join(name for name, c in found.items() if c.code == code)
            print(f"  killed by {signal.Signals(-code).name}: {names}")
    for what, unit in (("seconds", "s"), ("memory", "MB")):
        values = sorted(getattr(c, what) for c in found.values())
        print(
            f"  {what}: median {values[len(values) // 2]:.2f} {unit}, most {values[-1]:.2f} {unit}"
        )
    for name in sorted(found, key=lambda n: -max(found[n].seconds, found[n].memory / 200))[:SHOWN]:
        c = found[name]
        mark = "  <- over the goal" if c.over else ""
        print(f"  {c.seconds:7.2f} s {c.memory:7.0f} MB  {name}{mark}")
    return not any(c.over or c.code < 0 for c in found.values())


def main(words: list[str]) -> int:
    base = least([cost("--version") for _ in range(5)])
    print(f"archcalc --version takes {base.seconds:.2f} s and {base.memory:.0f} MB;")
    print(f"what follows is beyond that. The goal: {SECONDS:g} s and {MEMORY:g} MB")
    with tempfile.TemporaryDirectory() as room:
        bad, made = Path(room, "bad"), Path(room, "made")
        in_child("write_bad_inputs", str(bad))
        in_child("write_adversaries", str(made))
        kinds = {
            "bad inputs": {p.name: p for p in sorted((bad / "spec").iterdir()) if not p.is_dir()},
            "adversaries": {p.name: p / "main.yaml" for p in sorted(made.iterdir())},
        }
        good = True
        for title, files in kinds.items():
            chosen = {n: p for n, p in files.items() if not words or any(w in n for w in words)}
            if chosen:
                good &= report(title, chosen, base)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
