"""What one run remembers, from the first option to the last word."""

from __future__ import annotations


class State:
    """The format that was asked for, and whether the answer has been written in it."""

    def __init__(self) -> None:
        self.format = "table"
        self.file: str | None = None
        """Where the answer goes, if not to standard output."""
        self.answered = False
