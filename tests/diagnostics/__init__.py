"""Faulty specs, with what archcalc says of each written beside the fault.

Below the line at fault stand a caret line with the problem, then its help and its stack::

      - conv: {filters: 64, kernel_size: 3}
    #          ^^^^^^^ error[unknown]: conv has no argument 'filters'; did you mean 'out_channels'?

A fault that begins in the first column has ``#`` for its first caret. Where no comment can stand
(in text that is not YAML, in another file), ``#@ 7:12+3 error..`` at the end says the place.
``# run: @variant --set a=b`` says how to build it; ``# rows:`` lists the layers that were
understood before the fault.

``python -m tests.diagnostics`` writes what is said today beside the faults of all files; ``git
diff`` then shows what has changed, to be read as a beginner would.
"""
