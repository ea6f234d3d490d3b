"""A coverage-guided fuzzer over the whole path: bytes → tree → program → graph → figures → text.

It needs ``pip install -e .[fuzz]`` (atheris) and runs with::

    python -m tests.fuzz --runs 200000 --seed 1            # as CI does
    python -m tests.fuzz --seconds 1800 --corpus ~/corpus  # keeps what it learns in a folder
    python -m tests.fuzz crash-0a1b2c                      # one input again, with its traceback

The corpus grows from the bundled specs, the bad inputs and the faulty specs of the other tests.
What each input must fulfil stands in `target`. An input that broke something belongs into
``tests/fuzz/found/``, where `test_found` runs it for ever; that test needs no atheris.
"""
