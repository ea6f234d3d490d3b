"""The command line: reads options, makes one call, prints once.

The one room that knows of exit codes and of the terminal. A command is imported when it is
called, and imports what it needs and no more: the time of a run is the time of its imports.
"""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the program and leaves it with its exit code."""
    import gc

    # The run for one network makes next to no garbage in circles, and looking for some is a tenth
    # of its time. Those of many networks look for it (`progress.Progress`), and not too often.
    gc.set_threshold(200_000, 20, 20)
    gc.disable()

    try:
        from archcalc.cli.run import run_and_leave
    except KeyboardInterrupt:  # it has hardly begun
        raise SystemExit(130) from None
    run_and_leave(arguments)
