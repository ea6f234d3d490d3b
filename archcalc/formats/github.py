"""For a step of GitHub Actions: tables as everywhere; problems are written as annotations."""

from archcalc.formats.table import render

__all__ = ["render"]
