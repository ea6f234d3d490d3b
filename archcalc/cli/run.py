"""One run of the program, from its arguments to its exit code.

===  ================================================
0    done
1    the answer is no (a check failed)
2    a wrong command line, or a name that does not exist
3    a fault in a spec
4    a file that cannot be read or written
130  interrupted
===  ================================================
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Final

import click

from archcalc.cli.state import State
from archcalc.problems import FILE, SPEC, USAGE, Complaint, Problem, reason

CODES: Final = {USAGE: 2, SPEC: 3, FILE: 4}
INTERRUPTED: Final = 130


def run_and_leave(arguments: Sequence[str] | None) -> None:
    """Runs the program and ends the process with its exit code."""
    if os.environ.get("_ARCHCALC_COMPLETE"):  # a shell completes a line
        from archcalc.cli.completion import answer

        _open_what_is_closed()
        answer()
    code = run(sys.argv[1:] if arguments is None else arguments)
    # Everything is written. Taking the interpreter apart would be another sixth of a short run.
    os._exit(code)


def run(arguments: Sequence[str]) -> int:
    """Runs the program; nothing leaves it but an exit code."""
    _open_what_is_closed()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # What a terminal's encoding does not have is shown as an escape.
            stream.reconfigure(errors="backslashreplace")
    state = State()
    try:
        try:
            code = _invoke(list(arguments), state)
            sys.stdout.flush()
            return code
        except Complaint as complaint:
            return _refuse(complaint.problems, state)
        except click.UsageError as error:
            return _refuse((_usage(error),), state)
        except click.ClickException as error:
            return _refuse((Problem(error.format_message(), kind=FILE, code="file"),), state)
        except RecursionError:
            return _refuse((_too_large("it is nested too deeply"),), state)
        except MemoryError:
            return _refuse((_too_large("there is not enough memory for it"),), state)
    except (KeyboardInterrupt, click.Abort):
        _quietly("interrupted")
        return INTERRUPTED
    except BrokenPipeError:  # the reader has seen enough
        _drop_output()
        return 0
    except OSError as error:
        _drop_output()
        _quietly(f"error: cannot write the output: {reason(error)}")
        return CODES[FILE]
    except Exception as error:
        if sys.flags.dev_mode:
            raise
        from archcalc.formats.safe import safe

        what = safe(f"{type(error).__name__}: {error}", 300)
        _quietly(
            f"error: a fault in archcalc itself: {what}\n"
            "please report it; python -X dev -m archcalc ... shows where it is"
        )
        return CODES[SPEC]


def _open_what_is_closed() -> None:
    """Standard streams that whoever started this has closed lead nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 (for good)


def _invoke(arguments: list[str], state: State) -> int:
    from archcalc.cli.app import app

    try:
        # Behind a "-" click expects an option, not the variant of what standard input holds.
        words = [f"/dev/stdin{word[1:]}" if word.startswith("-@") else word for word in arguments]
        with app.make_context("archcalc", words or ["--help"], obj=state) as context:
            app.invoke(context)
        return 0
    except click.exceptions.Exit as end:
        return end.exit_code


def _refuse(problems: Sequence[Problem], state: State) -> int:
    from archcalc.cli.output import complain

    sys.stdout.flush()
    complain(problems, state)
    sys.stdout.flush()
    return CODES[problems[0].kind] if problems else CODES[SPEC]


def _usage(error: click.UsageError) -> Problem:
    path = error.ctx.command_path if error.ctx else "archcalc"
    help = getattr(error, "help", "") or f"{path} --help says more"
    message = error.format_message()
    return Problem(
        message[:1].lower() + message[1:].rstrip("."), help=help, kind=USAGE, code="usage"
    )


def _too_large(why: str) -> Problem:
    return Problem(f"this spec is too much for this machine: {why}", code="limit")


def _quietly(words: str) -> None:
    try:
        sys.stderr.write(words + "\n")
        sys.stderr.flush()
    except OSError:
        pass


def _drop_output() -> None:
    """Python writes what is left when it ends; it goes nowhere."""
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
    except (OSError, ValueError):
        pass
