"""A graph becomes figures: what each row costs, in total and side by side.

`count` makes a `Result` of a graph; a metric (`archcalc.analysis.metrics`) is one function of a
row's figures. Nothing here reads a spec, prints, or decides how a number is written.
"""
