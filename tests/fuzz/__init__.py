"""A coverage-guided fuzzer over the whole path: bytes → tree → program → graph → figures → text.

It needs ``pip install -e '.[fuzz]'`` (atheris) and runs with::

    python -m tests.fuzz --runs 200000 --seed 1          # as CI does
    python -m tests.fuzz --runs 10000000 --jobs 2 --corpus ~/corpus --found ~/found
    python -m tests.fuzz ~/found/KeyError-0a1b2c         # one input again, with its traceback

The corpus grows from the bundled specs, the documentation's, the bad inputs and the faulty specs
of the other tests. What each input must fulfil stands in `target`. An input that broke something
belongs into ``tests/fuzz/found/``, where `test_found` runs it for ever; that needs no atheris.
"""
