"""``python -m tests.fuzz``: bytes → result, guided by coverage, until so many inputs are tried.

Needs atheris (``pip install -e '.[fuzz]'``). It starts from the specs and faulty specs of the
repository; what it finds out is lost at the end unless ``--keep`` names a folder for it, from
which a later campaign goes on. Each bug is written to ``--bugs`` as the bytes of its input beside
the traceback; the exit code is then 1.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from .corpus import LARGEST, ROOT, write, write_words

_STATUS: Final = re.compile(rb"#(\d+)\s.*\bcov: (\d+) ft: (\d+) corp: (\d+)")
_EXECUTED: Final = re.compile(rb"stat::number_of_executed_units:\s*(\d+)")
RESTARTS: Final = 50
"""So often a process that was killed (by a native fault or the memory limit) is started anew."""


class Process:
    """One process of the fuzzer, and what it says of itself."""

    def __init__(self, number: int, arguments: argparse.Namespace, folders: Folders) -> None:
        self.number = number
        self.arguments = arguments
        self.folders = folders
        self.left = arguments.runs // arguments.jobs
        self.executed = self.coverage = self.features = self.corpus = 0
        self.deaths = 0
        self.thread = threading.Thread(target=self._run)
        self.process: subprocess.Popen[bytes] | None = None
        self.stopped = False

    def _run(self) -> None:
        while self.left > 0 and self.deaths < RESTARTS and not self.stopped:
            executed, code = self._once()
            self.executed += executed
            self.left -= executed
            if code and not self.stopped:
                self.deaths += 1
            if not executed:  # it did not come to start
                break

    def _once(self) -> tuple[int, int]:
        folders = self.folders
        seed = self.arguments.seed + 1_000 * self.number + self.deaths
        command = [
            *(sys.executable, "-m", "tests.fuzz.child", str(folders.bugs)),
            *(str(folders.corpus), str(folders.seeds)),
            f"-seed={seed}",
            f"-runs={self.left}",
            f"-max_len={LARGEST}",
            f"-dict={folders.words}",
            f"-artifact_prefix={folders.bugs}{os.sep}",
            *("-timeout=20", "-rss_limit_mb=1500", "-print_final_stats=1", "-use_value_profile=0"),
            *("-reload=0", "-shrink=0", "-reduce_inputs=1"),
        ]
        # The order in a set must not depend on the run.
        environment = {**os.environ, "PYTHONHASHSEED": "0"}
        self.process = process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
        )
        executed = 0
        tail: list[bytes] = []
        assert process.stderr is not None
        for line in process.stderr:
            status = _STATUS.match(line)
            if status:
                executed, self.coverage, self.features, self.corpus = map(int, status.groups())
                self.now = executed
            elif not line.startswith((b"INFO:", b"WARNING:")):
                tail = [*tail[-30:], line]
            final = _EXECUTED.match(line)
            if final:
                executed = int(final[1])
        code = process.wait()
        if code and not self.stopped:
            sys.stderr.buffer.write(b"".join(tail))
            sys.stderr.flush()
        self.now = 0
        return executed, code

    now = 0
    """Executions of the process that runs."""


class Folders:
    """Where things lie while a campaign runs."""

    def __init__(self, work: Path, arguments: argparse.Namespace) -> None:
        self.seeds = work / "seeds"
        self.words = work / "words"
        self.corpus = arguments.keep or work / "corpus"
        self.bugs = arguments.bugs
        for folder in (self.seeds, self.corpus, self.bugs):
            folder.mkdir(parents=True, exist_ok=True)
        self.inputs = write(self.seeds, arguments.corpus)
        write_words(self.words)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the fuzzer; 1 if there is a bug, 2 if atheris is missing."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--runs", type=int, default=200_000, help="inputs to try, in all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--corpus", type=Path, action="append", default=[], help="more to start")
    parser.add_argument("--keep", type=Path, help="a folder for what covers something new")
    parser.add_argument("--bugs", type=Path, default=Path("fuzz-bugs"), help="a folder for bugs")
    parser.add_argument("--log", type=Path, help="a file to which the figures are added")
    arguments = parser.parse_args(argv)
    arguments.bugs = arguments.bugs.resolve()
    if find_spec("atheris") is None:
        print("atheris is missing: pip install -e '.[fuzz]'", file=sys.stderr)
        return 2
    before = {p.name for p in arguments.bugs.iterdir()} if arguments.bugs.is_dir() else set()
    with TemporaryDirectory() as work:
        code = _campaign(Folders(Path(work), arguments), arguments)
    bugs = sorted(p for p in arguments.bugs.iterdir() if p.name not in before)
    for path in bugs:
        if path.suffix == ".txt":
            print(f"\n{path.with_suffix('')}:\n{path.read_text(encoding='utf-8').rstrip()}")
        elif not path.with_suffix(".txt").exists():
            print(f"\n{path}: the process did not live to tell")
    if not bugs and not any(arguments.bugs.iterdir()):
        arguments.bugs.rmdir()
    return 1 if bugs else code


def _campaign(folders: Folders, arguments: argparse.Namespace) -> int:
    began = time.monotonic()
    processes = [Process(number, arguments, folders) for number in range(arguments.jobs)]

    def say(*, last: bool) -> None:
        seconds = max(time.monotonic() - began, 1e-9)
        executed = sum(p.executed + p.now for p in processes)
        bugs = sum(p.suffix == ".txt" for p in folders.bugs.iterdir())
        words = (
            f"{'end' if last else '...'} {executed:,} inputs in {seconds:,.0f} s "
            f"({executed / seconds:,.0f}/s), cov {max(p.coverage for p in processes):,} "
            f"ft {max(p.features for p in processes):,}, "
            f"corpus {max(p.corpus for p in processes):,} from {folders.inputs:,}, "
            f"{bugs} bugs, {sum(p.deaths for p in processes)} deaths"
        )
        print(words, flush=True)
        if arguments.log:
            with arguments.log.open("a", encoding="utf-8") as log:
                log.write(f"{time.strftime('%H:%M:%S')} seed {arguments.seed} {words}\n")

    for process in processes:
        process.thread.start()
    try:
        while any(p.thread.is_alive() for p in processes):
            until = time.monotonic() + 30
            for process in processes:
                process.thread.join(max(0.0, until - time.monotonic()))
            if any(p.thread.is_alive() for p in processes):
                say(last=False)
    except KeyboardInterrupt:
        _stop(processes)
    say(last=True)
    return 1 if any(p.deaths for p in processes) else 0


def _stop(processes: Sequence[Any]) -> None:
    for process in processes:
        process.stopped = True
        if process.process is not None and process.process.poll() is None:
            process.process.send_signal(2)
    for process in processes:
        process.thread.join()
