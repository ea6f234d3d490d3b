"""``archcalc check`` and ``archcalc verify``: figures held to what is said of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from archcalc.cli.bounds import Bounds, max_option, min_option
from archcalc.cli.options import (
    Request,
    exact_option,
    format_option,
    limit_option,
    output_option,
    set_option,
)
from archcalc.cli.state import State

if TYPE_CHECKING:
    from archcalc.analysis.claims import Claim
    from archcalc.formats.verdicts import Checked
    from archcalc.language import Spec
    from archcalc.problems import Problem

NO = 1
"""The exit code when a figure is not what it must be."""


@click.command("check")
@click.argument("targets", metavar="TARGET...", nargs=-1, required=True)
@max_option
@min_option
@click.option(
    "--baseline",
    metavar="GIT_REF|FILE.json",
    help="Also say what changed since a git revision, or since a kept --format json.",
)
@set_option
@exact_option
@format_option
@output_option
@limit_option
@click.pass_obj
def check(
    state: State,
    targets: tuple[str, ...],
    maxima: Bounds,
    minima: Bounds,
    baseline: str | None,
    overrides: dict[str, str],
    limits: dict[str, str],
    exact: bool,
    format: str,
) -> None:
    """Hold networks to a budget; exit code 1 if one is over it.

    Each TARGET may be a pattern (nets/*.yaml, 'resnet*'). Checked are --max and --min, and what
    the spec says itself: budget, expect and published.
    """
    request = _request(state, overrides, limits, exact)
    names = [name for target in targets for name in _matching(target)]
    _judge(names, request, maxima, minima, baseline)


@click.command("verify")
@click.argument("targets", metavar="[TARGET...]", nargs=-1)
@exact_option
@format_option
@output_option
@limit_option
@click.pass_obj
def verify(
    state: State, targets: tuple[str, ...], exact: bool, limits: dict[str, str], format: str
) -> None:
    """Compute every stated figure anew, of all bundled networks or of some.

    Each variant's parameters and MACs are counted and held against what its spec expects, to the
    digit, and against what papers and other libraries printed, at their precision.
    """
    from archcalc import zoo

    request = _request(state, {}, limits, exact)
    asked = [name for target in targets for name in _matching(target)]
    names = [one for name in asked or list(zoo.index()) for one in _variants(name)]
    _judge(names, request, {}, {}, None)


def _request(
    state: State, overrides: dict[str, str], limits: dict[str, str], exact: bool
) -> Request:
    from archcalc.formats import Options

    return Request.of(state, overrides, limits)._replace(output=Options(exact))


def _variants(name: str) -> list[str]:
    """Each variant of a bundled family; any other target is one network."""
    from archcalc import zoo

    entry = zoo.index().get(name)
    if entry is None or (entry["default"] is None and list(entry["variants"]) == [name]):
        return [name]
    return [f"{name}@{variant}" for variant in entry["variants"]]


def _matching(target: str) -> list[str]:
    """The targets that a pattern stands for; a target without ``*?[`` stands for itself."""
    from fnmatch import fnmatchcase
    from glob import glob

    from archcalc import zoo
    from archcalc.cli.targets import is_file
    from archcalc.problems import USAGE, Complaint, Problem

    if not any(sign in target for sign in "*?["):
        return [target]
    if is_file(target):
        found = sorted(glob(target, recursive=True))
    else:
        found = [name for name in zoo.names() if fnmatchcase(name, target)]
    if not found:
        raise Complaint(Problem(f"nothing matches '{target[:80]}'", kind=USAGE, code="unknown"))
    return found


def _judge(
    names: Sequence[str], request: Request, maxima: Bounds, minima: Bounds, baseline: str | None
) -> None:
    """Checks each network, shows the verdicts, and leaves with 1 if one fails."""
    from archcalc.cli.baseline import from_file
    from archcalc.cli.output import show
    from archcalc.cli.progress import Progress
    from archcalc.formats.verdicts import Verdicts
    from archcalc.problems import Complaint

    kept = from_file(baseline) if baseline and _is_kept(baseline) else None
    checked: list[Checked] = []
    problems: list[Problem] = []
    with Progress() as progress:
        progress.now("checking", lambda: len(checked))
        for name in names:
            try:
                checked.append(_check(name, request, maxima, minima, baseline, kept))
            except Complaint as complaint:  # the others are checked all the same
                problems.extend(complaint.problems)
    if checked or not problems:
        verdicts = Verdicts(checked, baseline=baseline or "")
        show(verdicts, request.state, request.output)
        failed = verdicts.failed
    if problems:
        raise Complaint(*problems)
    if failed:
        raise click.exceptions.Exit(NO)


def _is_kept(baseline: str) -> bool:
    return baseline.endswith(".json")


def _check(
    name: str,
    request: Request,
    maxima: Bounds,
    minima: Bounds,
    baseline: str | None,
    kept: Mapping[str, Mapping[str, int]] | None,
) -> Checked:
    """One network with its claims. Raises `Complaint`."""
    from archcalc.cli.targets import read
    from archcalc.formats.verdicts import Checked

    found = read(name, request)
    totals = _totals(found.spec, found.variant, request.overrides)
    claims = list(_claims(found.spec, found.variant, request, maxima, minima, totals))
    before: Mapping[str, int] | None = None
    if kept is not None:
        before = kept.get(found.label)
    elif baseline is not None:
        before = _before(found.file, found.variant, request, baseline)
    return Checked(found.label, found.origin, claims, totals, before)


def _totals(spec: Spec, variant: str | None, overrides: dict[str, str]) -> dict[str, int]:
    from archcalc.analysis.count import count
    from archcalc.analysis.metrics import figures_by_name
    from archcalc.problems import Complaint

    built = spec.build(variant, overrides)
    if built.problems:
        raise Complaint(*built.problems)
    return figures_by_name(count(built.graph).totals)


def _claims(
    spec: Spec,
    variant: str | None,
    request: Request,
    maxima: Bounds,
    minima: Bounds,
    totals: Mapping[str, int],
) -> Iterator[Claim]:
    from archcalc.analysis.claims import (
        ASKED,
        AT_LEAST,
        AT_MOST,
        BUDGET_OF,
        bounds,
        expected,
        published,
    )

    yield from bounds(maxima, AT_MOST, ASKED, totals)
    yield from bounds(minima, AT_LEAST, ASKED, totals)
    yield from bounds(spec.budget(variant), AT_MOST, BUDGET_OF, totals)
    if not request.overrides:  # what is stated holds for the network as it stands
        yield from expected(spec.expect(variant), totals)
        yield from published(spec.published(variant), totals)


def _before(
    file: str, variant: str | None, request: Request, revision: str
) -> Mapping[str, int] | None:
    """The totals at a git revision; ``None`` if the network was not there or not whole."""
    from archcalc.cli.baseline import at_revision
    from archcalc.cli.targets import STDIN, read
    from archcalc.problems import Complaint

    if file == STDIN:
        return None
    with at_revision(file, revision) as path:
        if path is None:
            return None
        try:
            spec = read(path, request).spec
            return _totals(spec, variant if variant in spec.variants else None, request.overrides)
        except Complaint:
            return None
