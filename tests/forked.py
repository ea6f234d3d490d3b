"""Runs of archcalc in children of their own, under limits that the operating system holds.

A process that has imported archcalc forks for each run: as apart as processes are, and ten times
as quick to start. `Runner` starts it and sends it runs; this file is also its script.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
ADDRESS_SPACE, OUTPUT = 1536 << 20, 64 << 20


class Run(NamedTuple):
    """What one run did; ``code`` is negative for a signal and ``None`` if the clock ended it."""

    code: int | None
    cpu: float
    mib: float
    wall: float
    out: bytes
    err: bytes
    made: list[str]
    """The files that it left in its folder."""


class Runner:
    """The process that forks. Its environment is that of every run."""

    def __init__(self, **environment: str) -> None:
        unwanted = ("FORCE_COLOR", "CLICOLOR_FORCE", "GITHUB_ACTIONS", "NO_COLOR", "PYTHONUTF8")
        env = {k: v for k, v in os.environ.items() if k not in unwanted}
        env |= {"LC_ALL": "C.UTF-8", "COLUMNS": "100", "TERM": "dumb", "PYTHONHASHSEED": "1"}
        env |= {"PYTHONPATH": str(ROOT)} | environment
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env
        )

    def __call__(
        self, *arguments: str, stdin: bytes = b"", wall: float = 30, folder: str = ""
    ) -> Run:
        """One run of ``archcalc ARGUMENTS``, in an empty folder unless one is given."""
        assert self._process.stdin and self._process.stdout
        asked = [list(arguments), stdin.decode("latin-1"), wall, folder]
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        self._process.stdin.flush()
        answer: list[Any] = json.loads(self._process.stdout.readline())
        code, cpu, mib, took, out, err, made = answer
        return Run(code, cpu, mib, took, out.encode("latin-1"), err.encode("latin-1"), made)

    def close(self) -> None:
        self._process.communicate()


def serve() -> None:
    """Answers a line with a line until there are no more."""
    import archcalc.cli.rows
    import archcalc.cli.run
    import archcalc.cli.targets
    import archcalc.formats.table
    import archcalc.language  # noqa: F401 (imported once, here, for all runs)

    with tempfile.TemporaryDirectory() as room:
        for line in sys.stdin:
            arguments, stdin, wall, folder = json.loads(line)
            run = forked(arguments, stdin.encode("latin-1"), wall, folder, room)
            plain = [*run[:4], run.out.decode("latin-1"), run.err.decode("latin-1"), run.made]
            sys.stdout.write(json.dumps(plain) + "\n")
            sys.stdout.flush()


def forked(arguments: list[str], stdin: bytes, wall: float, folder: str, room: str) -> Run:
    """One run in a child."""
    own = tempfile.mkdtemp(dir=room)
    names = {n: f"{room}/{n}" for n in ("in", "out", "err")}
    Path(names["in"]).write_bytes(stdin)
    start = time.monotonic()
    child = os.fork()
    if not child:
        become(arguments, names, folder or own, wall)
    ended = False
    while True:
        found, status, usage = os.wait4(child, os.WNOHANG)
        if found:
            break
        if not ended and time.monotonic() - start > wall:
            ended = True
            os.kill(child, signal.SIGKILL)
        time.sleep(0.001)
    return Run(
        None if ended else os.waitstatus_to_exitcode(status),
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss / 1024,
        time.monotonic() - start,
        Path(names["out"]).read_bytes(),
        Path(names["err"]).read_bytes(),
        sorted(os.listdir(own)),
    )


def become(arguments: list[str], names: dict[str, str], folder: str, wall: float) -> None:
    """Turns this child into a run of archcalc."""
    import resource

    os.chdir(folder)
    for number, name in enumerate(names.values()):
        flags = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        os.dup2(os.open(name, flags), number)
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (OUTPUT, OUTPUT))
    resource.setrlimit(resource.RLIMIT_CPU, (int(wall) + 1, int(wall) + 2))
    sys.stdin = open(0, encoding="utf-8")  # noqa: SIM115 (these are for good)
    sys.stdout = open(1, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115
    from archcalc.cli import main

    code = 70
    try:
        main(arguments)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(code)


if __name__ == "__main__":
    serve()
