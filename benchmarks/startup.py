"""How much a run costs beside the imports that it cannot do without.

    python benchmarks/startup.py [RUNS]

Runs the main commands as processes of their own and prints the CPU time (user and system) and
the peak memory of each, as medians and as ratios to a process that only imports click, yaml and
the parts of rich that draw a table. Ratios, because they hold on any machine: the goals are at
most 1.5 in time and 1.3 in memory. It also looks whether NumPy was imported, which no command
but a sweep may do.

The runs take turns, so that a busy machine slows all of them alike. Bytecode is written and warm.
"""

import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
RUNS = 21
TIME, MEMORY = 1.5, 1.3

BASE = "import click, yaml, rich.console, rich.table"
COMMANDS = ("params vgg16", "macs inception-block", "summary resnet152")
ALSO = ("--version", "list", "shapes gpt2", "show resnet50", "compare vgg16 resnet50")
"""Measured too; there is no goal for them."""
TERMINAL = ", on a terminal"

# This process stays small on purpose: what a child's peak memory starts from is its parent's.


def started(arguments: list[str], environment: dict[str, str], out: int) -> int:
    """Starts Python with its output going to ``out``."""
    actions = [(os.POSIX_SPAWN_DUP2, out, 1)]
    command = [sys.executable, *arguments]
    return os.posix_spawn(sys.executable, command, environment, file_actions=actions)


def measured(
    arguments: list[str], environment: dict[str, str], terminal: bool = False
) -> tuple[float, int]:
    """CPU milliseconds and peak kilobytes of one run that writes to a file or a terminal."""
    if terminal:
        ours, theirs = os.openpty()
        child = started(arguments, environment, theirs)
        os.close(theirs)
        try:
            while os.read(ours, 1 << 16):
                pass
        except OSError:  # nobody writes any more
            pass
        os.close(ours)
    else:
        with tempfile.TemporaryFile() as out:
            child = started(arguments, environment, out.fileno())
    _, status, usage = os.wait4(child, 0)
    if status:
        sys.exit(f"{' '.join(arguments)} failed")
    peak = usage.ru_maxrss // 1024 if sys.platform == "darwin" else usage.ru_maxrss
    return 1000 * (usage.ru_utime + usage.ru_stime), peak


def median(numbers: list[float]) -> float:
    return sorted(numbers)[len(numbers) // 2]


def imports_numpy(command: str, environment: dict[str, str]) -> bool:
    """Whether NumPy is among the modules at the end of a run."""
    look = (
        "import sys; from archcalc.cli.run import run; "
        f"code = run({command.split()!r}); sys.exit(code or 7 * ('numpy' in sys.modules))"
    )
    null = os.open(os.devnull, os.O_WRONLY)
    child = started(["-c", look], environment, null)
    os.close(null)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def main() -> int:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = ROOT
    cases = {"": ["-c", BASE]}
    for command in (*COMMANDS, *ALSO):
        cases[command] = ["-m", "archcalc", *command.split()]
    for command in COMMANDS:
        cases[command + TERMINAL] = cases[command]
    for arguments in cases.values():  # writes the bytecode, and warms the disk
        measured(arguments, environment)
    times: dict[str, list[float]] = {name: [] for name in cases}
    peaks: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(runs):
        for name, arguments in cases.items():
            time, peak = measured(arguments, environment, name.endswith(TERMINAL))
            times[name].append(time)
            peaks[name].append(peak)
    time, peak = median(times[""]), median(peaks[""])
    print(f"Python {sys.version.split()[0]}, median of {runs} runs; goals {TIME} and {MEMORY}\n")
    print(f"{'':36}{'CPU':>9}{'ratio':>7}{'memory':>11}{'ratio':>7}  NumPy")
    print(f"{'imports alone':36}{time:6.1f} ms{'':7}{peak / 1024:8.1f} MB")
    missed = False
    for name in list(cases)[1:]:
        command = name.removesuffix(TERMINAL)
        t, p = median(times[name]), median(peaks[name])
        numpy = imports_numpy(command, environment)
        late = command in COMMANDS and (t > TIME * time or p > MEMORY * peak or numpy)
        missed |= late
        print(
            f"{name:36}{t:6.1f} ms{t / time:7.2f}{p / 1024:8.1f} MB{p / peak:7.2f}"
            f"  {'yes' if numpy else 'no'}{'  <- misses its goal' if late else ''}"
        )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
