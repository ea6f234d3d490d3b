"""The command line: reads options, makes one call, prints once.

The one room that knows of exit codes and of the terminal. A command is imported when it is
called, and imports what it needs and no more: the time of a run is the time of its imports.
"""

from archcalc.cli.run import main

__all__ = ["main"]
