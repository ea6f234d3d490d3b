"""The command: starts the fuzzer's processes, says how far they are, and tells what they found."""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

ROOT: Final = Path(__file__).parents[2]
RESTARTS: Final = 50
"""So often a process that was killed (by a native fault, or a limit) is started anew."""
_STATUS: Final = re.compile(rb"#(\d+)\s.*\bcov: (\d+) ft: (\d+) corp: (\d+)")
_EXECUTED: Final = re.compile(rb"stat::number_of_executed_units:\s*(\d+)")


def main(argv: Sequence[str] | None = None) -> int:
    """0: nothing found; 1: something found; 2: atheris is missing."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--runs", type=int, default=200_000, help="inputs to try, in all")
    parser.add_argument("--seconds", type=int, default=0, help="stop then; 0: do all runs")
    parser.add_argument("--seed", type=int, default=1, help="of the random choices")
    parser.add_argument("--jobs", type=int, default=1, help="processes that share the runs")
    parser.add_argument("--corpus", type=Path, help="a folder that keeps what was learnt")
    parser.add_argument("--found", type=Path, help="a folder for inputs that broke something")
    parser.add_argument("--longest", type=int, default=400, help="bytes of an input")
    parser.add_argument("--log", type=Path, help="a file to which the figures are added")
    parser.add_argument("again", nargs="*", type=Path, help="inputs to run once each, plainly")
    asked = parser.parse_args(argv)
    if asked.again:
        return again(asked.again)
    if find_spec("atheris") is None:
        print("the fuzzer needs atheris: pip install -e '.[fuzz]'", file=sys.stderr)
        return 2
    with TemporaryDirectory() as room:
        campaign = Campaign(asked, Path(room))
        campaign.run()
        # Without --found, finds lie in the room: they are told in full, and go with it.
        return campaign.tell(in_full=asked.found is None)


def again(paths: Sequence[Path]) -> int:
    """Inputs one by one, without atheris: a bug shows its traceback."""
    from .target import one

    for path in paths:
        print(f"{path}: {one(path.read_bytes())}")
    return 0


class Campaign:
    """The processes, and the folders that they share."""

    def __init__(self, asked: argparse.Namespace, room: Path) -> None:
        from .mutate import words
        from .seeds import seeds

        self.asked = asked
        self.seeds = room / "seeds"
        self.corpus: Path = (asked.corpus or room / "corpus").resolve()
        self.found: Path = (asked.found or room / "found").resolve()
        self.words = room / "words"
        for folder in (self.seeds, self.corpus, self.found):
            folder.mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(seeds()):
            (self.seeds / f"{number:04}").write_bytes(seed)
        escaped = ("".join(map(r"\x{:02x}".format, word)) for word in words())
        self.words.write_text("".join(f'"{word}"\n' for word in escaped), encoding="ascii")
        self.before = set(self.found.iterdir())
        self.processes = [Process(self, number) for number in range(asked.jobs)]
        self.began = time.monotonic()

    def run(self) -> None:
        """Until all is tried, or the time is over, or somebody stops it."""
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        for process in self.processes:
            process.thread.start()
        try:
            while any(process.thread.is_alive() for process in self.processes):
                until = time.monotonic() + 30
                for process in self.processes:
                    process.thread.join(max(0.0, until - time.monotonic()))
                self.say()
        except KeyboardInterrupt:
            for process in self.processes:
                process.stop()
            for process in self.processes:
                process.thread.join()
            self.say()

    def say(self) -> None:
        """One line of figures."""
        seconds = max(time.monotonic() - self.began, 1e-9)
        all = self.processes
        tried = sum(process.tried for process in all)
        line = (
            f"{tried:,} inputs in {seconds:,.0f} s ({tried / seconds:,.0f}/s), "
            f"cov {max(p.coverage for p in all):,} ft {max(p.features for p in all):,}, "
            f"corpus {max(p.corpus for p in all):,}, {len(self.finds())} finds"
        )
        print(line, flush=True)
        if self.asked.log:
            with self.asked.log.open("a", encoding="utf-8") as log:
                log.write(f"{time.strftime('%H:%M:%S')} seed {self.asked.seed}: {line}\n")

    def finds(self) -> list[Path]:
        """The inputs that broke something."""
        return sorted(p for p in {*self.found.iterdir()} - self.before if p.suffix != ".txt")

    def tell(self, *, in_full: bool) -> int:
        """What was found, with its bytes; the exit code."""
        for path in self.finds():
            data = path.read_bytes()
            print(f"\n{path.name}, {len(data)} bytes:")
            print(data if in_full else path)
            words = path.with_suffix(".txt")
            if words.exists():
                print(words.read_text(encoding="utf-8").rstrip())
        failed = [process for process in self.processes if process.failed]
        for process in failed:
            sys.stderr.buffer.write(b"".join(process.last))
        return 1 if failed or self.finds() else 0


class Process:
    """One process of libFuzzer, started anew where it is killed, and what it says of itself."""

    def __init__(self, campaign: Campaign, number: int) -> None:
        self.campaign = campaign
        self.seed = campaign.asked.seed + 1_000 * number
        self.runs = campaign.asked.runs // campaign.asked.jobs
        self.before = self.now = self.coverage = self.features = self.corpus = 0
        self.last: list[bytes] = []
        """Its last lines, without the figures."""
        self.failed = self.stopped = False
        self.process: subprocess.Popen[bytes] | None = None
        self.thread = threading.Thread(target=self.run)

    @property
    def tried(self) -> int:
        return self.before + self.now

    def run(self) -> None:
        for start in range(RESTARTS):
            code = self.once(start)
            tried, self.now = self.now, 0
            self.before += tried
            if code and not self.stopped:
                self.failed = True
                self.last.append(f"a process ended with {code}\n".encode())
            if self.stopped or not code or not tried:
                break

    def stop(self) -> None:
        self.stopped = True
        if self.process is not None and self.process.poll() is None:
            self.process.kill()

    def once(self, start: int) -> int:
        campaign = self.campaign
        asked = campaign.asked
        command = [
            *(sys.executable, "-m", "tests.fuzz.child", str(campaign.found)),
            *(str(campaign.corpus), str(campaign.seeds)),
            f"-seed={self.seed + start}",
            f"-runs={self.runs - self.before}",
            f"-max_total_time={asked.seconds}",
            f"-max_len={asked.longest}",
            f"-dict={campaign.words}",
            f"-artifact_prefix={campaign.found}{os.sep}",
            *("-timeout=20", "-rss_limit_mb=2000", "-print_final_stats=1", "-reload=0"),
        ]
        # Without it the order of a set, and so what is tried, is another one each time.
        environment = {**os.environ, "PYTHONHASHSEED": "0"}
        pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stderr=pipe, stdout=nowhere, start_new_session=True
        )
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if status := _STATUS.match(line):
                self.now, self.coverage, self.features, self.corpus = map(int, status.groups())
            elif executed := _EXECUTED.match(line):
                self.now = int(executed[1])
            elif not line.startswith((b"INFO:", b"WARNING:")):
                self.last = [*self.last[-30:], line]
        return self.process.wait()
