"""For a step of GitHub Actions: tables as everywhere, and what is wrong as annotations."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from archcalc.formats import table
from archcalc.formats.complaint import as_annotations
from archcalc.formats.verdicts import Verdicts

if TYPE_CHECKING:
    from archcalc.formats import Options
    from archcalc.formats.document import Document


def render(document: Document, options: Options, out: TextIO) -> None:
    """Draws ``document``; each verdict that fails is an annotation as well."""
    table.render(document, options, out)
    if isinstance(document, Verdicts):
        out.writelines(f"{line}\n" for line in as_annotations(document.failures))
