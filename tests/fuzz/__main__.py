"""``python -m tests.fuzz``: see the package, and `campaign`."""

import sys

from .campaign import main

if __name__ == "__main__":
    sys.exit(main())
