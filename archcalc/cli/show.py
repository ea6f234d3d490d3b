"""``archcalc show``: what a spec says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from archcalc.cli.options import Request, format_option, limit_option, output_option, set_option
from archcalc.cli.state import State

if TYPE_CHECKING:
    from archcalc.formats.about import Setting
    from archcalc.language import Spec
    from archcalc.language.source import Item


@click.command("show")
@click.argument("target")
@set_option
@format_option
@output_option
@limit_option
@click.pass_obj
def command(
    state: State, target: str, overrides: dict[str, str], limits: dict[str, str], format: str
) -> None:
    """A spec's settings, variants, figures and text.

    Also where the spec is, and what others have published beside what was computed.
    """
    from archcalc.analysis.claims import expected, published
    from archcalc.analysis.count import count
    from archcalc.analysis.metrics import figures_by_name
    from archcalc.cli.output import show
    from archcalc.cli.targets import read, subject_of
    from archcalc.formats.about import About, VariantLine
    from archcalc.problems import Complaint

    request = Request.of(state, overrides, limits)
    found = read(target, request)
    spec = found.spec
    built = spec.build(found.variant, overrides)
    totals = count(built.graph).totals
    subject = subject_of(found, built, overrides)
    # What the spec expects of a variant holds for the variant as it is.
    stands = not overrides and not built.problems
    expect = spec.expect(found.variant) if stands else {}
    computed = figures_by_name(totals)
    figures = [
        *expected(expect, computed),
        *published(subject.published if stands else (), computed),
    ]
    variants = [
        VariantLine(name, ", ".join(f"{n}={_text(item)}" for n, (_, item) in variant.set.items()))
        for name, variant in spec.variants.items()
    ]
    about = About(
        subject,
        found.file,
        spec.meta,
        list(_settings(spec, built.settings)),
        variants,
        figures,
        totals,
        spec.source.text,
    )
    show(about, state, request.output)
    if built.problems:
        raise Complaint(*built.problems)


def _settings(spec: Spec, values: dict[str, Any]) -> list[Setting]:
    from archcalc.formats.about import Setting
    from archcalc.formats.cells import value_text

    found = []
    for name, value in values.items():
        declared = spec.settings.get(name)
        if declared is None:
            found.append(Setting(name, value, "int", "size of the input"))
            continue
        takes = declared.type
        if declared.choices:
            takes = ", ".join(map(value_text, declared.choices))
        for sign, bound in ((">=", declared.min), ("<=", declared.max)):
            if bound is not None:
                takes += f" {sign} {value_text(bound)}"
        found.append(Setting(name, value, takes, declared.help))
    return found


def _text(item: Item) -> str:
    """A value as the spec writes it."""
    from archcalc.language.source import Mapping, Scalar

    if isinstance(item, Scalar):
        return item.text
    if isinstance(item, Mapping):
        return "{" + ", ".join(f"{key.text}: {_text(value)}" for key, value in item) + "}"
    return "[" + ", ".join(map(_text, item.items)) + "]"
