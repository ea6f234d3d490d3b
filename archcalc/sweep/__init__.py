"""Many configurations in one walk: the same rules, with arrays for the sizes that change.

The one room that imports NumPy. From below: `arrays` are exact numbers over the axes of a grid,
`arithmetic` is that of expressions on them, `space` holds what is to be swept, `walk` builds a
graph for a part of it and splits it where the structure changes, `evaluate` spreads the totals.
"""
