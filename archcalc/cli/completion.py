"""``archcalc completion``: the script that lets a shell complete a line, and what it asks for.

The shell runs archcalc whenever the key is pressed, so nothing here builds a network: names come
from the index of the bundled specs, and the settings of a spec from its text alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

import click
from click.shell_completion import BashComplete, CompletionItem, add_completion_class

if TYPE_CHECKING:
    from archcalc.language import Spec

SHELLS: Final = ("bash", "zsh", "fish")

_BASH: Final = """\
# bash splits words at = : and @, which stand in targets and settings: the line is sent as it is,
# and what bash has put aside of the last word is taken off the answers.
%(complete_func)s() {
    local IFS=$'\\n' type value line=${COMP_LINE:0:COMP_POINT} head
    COMPREPLY=()
    head=${line##*[[:space:]]}
    case $head in
        *[@=:]*) head=${head%%"${head##*[@=:]}"} ;;
        *) head= ;;
    esac
    for value in $(env COMP_WORDS="$line" %(complete_var)s=bash_complete "$1" 2>/dev/null); do
        type=${value%%%%,*} value=${value#*,}
        if [[ $type == file ]]; then
            compopt -o default
        else
            COMPREPLY+=("${value#"$head"}")
        fi
    done
    [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[@=/] ]] && compopt -o nospace
    return 0
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""


class Bash(BashComplete):
    """bash, asked with the whole line instead of with its own idea of words."""

    source_template = _BASH

    @staticmethod
    def _check_version() -> None:
        """Nothing is run to find out: the script says so itself if bash is too old."""

    def get_completion_args(self) -> tuple[list[str], str]:
        from click.shell_completion import split_arg_string

        line = os.environ["COMP_WORDS"]
        words = split_arg_string(line)
        if not words or line[-1:].isspace():
            return words[1:], ""
        return words[1:-1], words[-1]


add_completion_class(Bash, "bash")


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
def command(shell: str) -> None:
    """The script that lets a shell complete commands, networks and settings.

    \b
    bash   eval "$(archcalc completion bash)"    in ~/.bashrc
    zsh    eval "$(archcalc completion zsh)"     in ~/.zshrc, below compinit
    fish   archcalc completion fish | source     in ~/.config/fish/config.fish
    """
    from click.shell_completion import get_completion_class

    from archcalc.cli.app import app

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(app, {}, "archcalc", "_ARCHCALC_COMPLETE").source(), nl=False)


def answer() -> None:
    """Answers the shell that completes a line and ends the process, in silence whatever is wrong.

    Whoever presses the key is in the middle of a line; a folder and a spec come from anyone.
    """
    from archcalc.cli.app import app

    try:
        app.main(prog_name="archcalc", standalone_mode=False)
        sys.stdout.flush()
    except (Exception, KeyboardInterrupt):  # no words, no such command, a folder that is gone
        os._exit(1)


Words = Callable[[click.Context, str], Iterable[CompletionItem[str]]]


class Completed(click.ParamType[Any]):
    """The type of a parameter while a line is completed: anything, with what could be meant."""

    def __init__(self, before: click.ParamType[Any], words: Words) -> None:
        self.name = before.name
        self.words = words

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[str]]:
        from archcalc.formats.safe import safe
        from archcalc.problems import Complaint

        try:
            found = list(self.words(ctx, incomplete))
        except (Complaint, OSError):  # a faulty spec has no names yet
            return []
        # What would act on the terminal, or looks like another answer, is left to be typed.
        return [item for item in found if safe(item.value) == item.value]


def prepare(command: click.Command) -> click.Command:
    """Lets the parameters of ``command`` say what could be meant, by their names."""
    for parameter in command.params:
        words = WORDS.get(parameter.name or "")
        if words is not None and not isinstance(parameter.type, click.Choice | Completed):
            parameter.type = Completed(parameter.type, words)
    return command


def _starting(incomplete: str, words: Iterable[str]) -> Iterator[CompletionItem[str]]:
    return (CompletionItem(word) for word in words if word.startswith(incomplete))


def _targets(ctx: click.Context, incomplete: str) -> Iterator[CompletionItem[str]]:
    """Bundled networks, their variants behind the ``@``, and files."""
    from archcalc import zoo
    from archcalc.cli.targets import is_file, split

    name, variant = split(incomplete)
    if variant is not None:
        variants = _spec(name).variants if is_file(name) else _bundled_variants(name)
        yield from _starting(incomplete, (f"{name}@{v}" for v in variants))
        return
    families = zoo.index()
    found = [known for known in zoo.names() if known.startswith(incomplete)]
    found += [f"{n}@" for n in found if n in families and len(families[n]["variants"]) > 1]
    found += [file for file in _files_here() if file.startswith(incomplete)]
    if found and os.path.sep not in incomplete:
        yield from map(CompletionItem, sorted(found))
    else:  # the shell knows folders best
        yield CompletionItem(incomplete, type="file")


def _bundled_variants(name: str) -> Iterable[str]:
    from archcalc import zoo

    entry = zoo.index().get(name)
    return entry["variants"] if entry else ()


def _files_here() -> list[str]:
    from archcalc.cli.targets import SUFFIXES

    try:
        return [entry.name for entry in os.scandir() if entry.name.endswith(SUFFIXES)]
    except OSError:
        return []


def _target(ctx: click.Context) -> str | None:
    """The first target of the line so far."""
    words = ctx.meta.get("archcalc.words", ())
    if words and words[-1].startswith("-"):  # click reads nothing of a line that ends in an option
        ctx = ctx.command.make_context(
            ctx.info_name, list(words[:-1]), parent=ctx.parent, resilient_parsing=True
        )
    given = next((v for n in ("target", "first", "targets") if (v := ctx.params.get(n))), None)
    found = given[0] if isinstance(given, tuple) else given
    return found if isinstance(found, str) else None


def _spec(target: str) -> Spec:
    """The spec of a target, read but not built. Raises `Complaint`."""
    from archcalc.cli.options import Request
    from archcalc.cli.state import State
    from archcalc.cli.targets import STDIN, read

    if target == STDIN:  # the shell's own
        raise OSError
    return read(target, Request.of(State(), {}, {})).spec


def _settings(ctx: click.Context, incomplete: str) -> Iterator[CompletionItem[str]]:
    """``NAME=`` of the target that stands before, and ``NAME=VALUE`` where few are possible."""
    from archcalc.formats.safe import safe

    target = _target(ctx)
    if target is None:
        return
    spec = _spec(target)
    name, equals, _ = incomplete.partition("=")
    if not equals:
        for known in spec.setting_names:
            if known.startswith(incomplete):
                declared = spec.settings.get(known)
                help = declared.help if declared else "size of the input"
                yield CompletionItem(f"{known}=", help=safe(help, 80) or None)
        return
    declared = spec.settings.get(name)
    if declared is not None:
        values = ("true", "false") if declared.type == "bool" else map(str, declared.choices)
        yield from _starting(incomplete, (f"{name}={value}" for value in values))


def _kinds(ctx: click.Context, incomplete: str) -> Iterator[CompletionItem[str]]:
    from archcalc.layers import KINDS

    return _starting(incomplete, sorted(KINDS))


def _limits(ctx: click.Context, incomplete: str) -> Iterator[CompletionItem[str]]:
    from archcalc.limits import LIMITS

    return _starting(incomplete, (f"{name}=" for name in LIMITS._fields))


def _bounds(ctx: click.Context, incomplete: str) -> Iterator[CompletionItem[str]]:
    from archcalc.analysis.metrics import METRICS

    return _starting(incomplete, (f"{name}=" for name in METRICS))


def _columns(ctx: click.Context, incomplete: str) -> Iterator[CompletionItem[str]]:
    """The last of several columns, with those before it."""
    from archcalc.analysis.metrics import METRICS

    before, comma, _ = incomplete.rpartition(",")
    keys = ("path", "kind", "arguments", "input", "output", "line", *METRICS)
    return _starting(incomplete, (f"{before}{comma}{key}" for key in keys))


def _sort(ctx: click.Context, incomplete: str) -> Iterator[CompletionItem[str]]:
    from archcalc.analysis.metrics import METRICS

    return _starting(incomplete, ("path", "kind", "line", *METRICS))


def _files(ctx: click.Context, incomplete: str) -> Iterator[CompletionItem[str]]:
    yield CompletionItem(incomplete, type="file")


WORDS: Final[dict[str, Words]] = {
    "target": _targets,
    "targets": _targets,
    "first": _targets,
    "others": _targets,
    "overrides": _settings,
    "over": _settings,
    "kind": _kinds,
    "limits": _limits,
    "maxima": _bounds,
    "minima": _bounds,
    "columns": _columns,
    "sort": _sort,
    "output": _files,
    "plot": _files,
    "baseline": _files,
}
"""What could be meant by a parameter, under the name that it has in every command."""
