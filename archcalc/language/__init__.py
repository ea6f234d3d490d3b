"""Spec text → graph: read with places, compiled and checked, then run."""

from archcalc.language.spec import Built, Spec, load, load_bytes

__all__ = ["Built", "Spec", "load", "load_bytes"]
