"""The one table of limits: what archcalc reads and builds before it says no.

Each is far above what a network needs and far below what could hurt the machine. Options of the
command line raise them; nothing in a spec or in the environment can.
"""

from __future__ import annotations

from typing import NamedTuple


class Limits(NamedTuple):
    """How much of each thing is accepted. The field's name is the option's name."""

    file_bytes: int = 1 << 20
    """Bytes of one spec file."""
    events: int = 200_000
    """YAML events (scalars, starts and ends of lists and mappings) of one spec."""
    nesting: int = 40
    """How deep lists and mappings may be nested."""
    expression: int = 300
    """Characters of one expression."""
    integer: int = 2**53
    """The largest whole number in a spec or an expression."""
    list_items: int = 4_096
    """Items of one list in an expression."""
    name: int = 256
    """Characters of one name."""
    nodes: int = 100_000
    """Layers of a network, normalisations and activations included."""
    steps: int = 300_000
    """Steps that are run while a network is built, those that add no layer included."""
    calls: int = 40
    """How deep blocks may call blocks."""
    files: int = 8
    """How deep a spec may extend or use other files."""


LIMITS = Limits()
