"""Sweeps against single runs: the same figures, the same refusals, in the same words."""
