"""The one table of limits: what archcalc reads and builds before it says no.

Each is far above what a network needs and far below what could hurt the machine. Options of the
command line raise them; nothing in a spec or in the environment can.
"""

from __future__ import annotations

from typing import NamedTuple


class Limits(NamedTuple):
    """How much of each thing is accepted. The field's name is the option's name."""

    file_bytes: int = 1 << 20
    """Bytes of one spec, with all files that it extends or uses."""
    events: int = 200_000
    """YAML events (scalars, starts and ends of lists and mappings) of one spec and its files."""
    nesting: int = 40
    """How deep lists and mappings may be nested."""
    expression: int = 300
    """Characters of one expression, or of one text with ``$name`` in it."""
    expressions: int = 100_000
    """Characters of all expressions of one spec and its files; the same text counts once."""
    integer: int = 2**53
    """The largest whole number in a spec or an expression."""
    list_items: int = 4_096
    """Items of one list in an expression."""
    name: int = 256
    """Characters of one name."""
    path: int = 512
    """Characters of a row's path: the names of all that it lies in."""
    text: int = 4_096
    """Characters of one text that is made from others by ``$name``."""
    nodes: int = 100_000
    """Layers of a network, normalisations and activations included."""
    different: int = 10_000
    """Layers that differ in their arguments or in the shapes that go in."""
    steps: int = 250_000
    """Steps that are run while a network is built, those that add no layer included."""
    work: int = 500_000
    """Terms of expressions, items of lists and arguments of blocks that are worked out for it."""
    calls: int = 40
    """How deep blocks may call blocks."""
    files: int = 8
    """How deep a spec may extend or use other files."""
    imports: int = 64
    """How often a spec and its files may extend or use a file, in all."""


LIMITS = Limits()


def raised(name: str) -> str:
    """The help of a message about a limit: how to raise it."""
    return f"--limit {name}=N raises the limit"
