"""Draws the picture of the README anew: what a command prints on a terminal, as an SVG.

    python docs/make_picture.py

The command runs in a pseudo-terminal, rich reads its colours and exports them. The text of the
picture stands in it as a description too, for whoever cannot see it; a test compares it with what
the command prints.
"""

from __future__ import annotations

import re
import sys
from html import escape
from io import StringIO
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from terminal import archcalc, shown  # noqa: E402

PICTURE = ROOT / "docs" / "images" / "inception-block.svg"
COMMAND = ("macs", "inception-block")
WIDTH = 82


def plain(text: str) -> str:
    """Without the escapes that colour it."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def picture() -> str:
    from rich.console import Console
    from rich.text import Text

    title = f"archcalc {' '.join(COMMAND)}"
    seen = shown(archcalc(*COMMAND), columns=WIDTH, colours=True)
    if seen.code:
        sys.exit(seen.errors)
    text = f"\x1b[1m$ {title}\x1b[0m\n{seen.text.rstrip()}"
    console = Console(record=True, width=WIDTH, file=StringIO(), color_system="truecolor")
    console.print(Text.from_ansi(text), soft_wrap=True)
    svg = console.export_svg(title=title, unique_id="archcalc")
    # Whoever looks at the picture need not fetch a font for it.
    svg = re.sub(r"\s*@font-face \{.*?\}\n", "", svg, flags=re.S)
    head, rest = svg.split("\n", 1)
    return f"{head}\n    <desc>{escape(plain(text))}</desc>\n{rest}"


if __name__ == "__main__":
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(picture(), encoding="utf-8")
