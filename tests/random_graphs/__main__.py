"""``python -m tests.random_graphs``: see `campaign`."""

import sys

from .campaign import main

if __name__ == "__main__":
    sys.exit(main())
