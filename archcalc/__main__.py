"""``python -m archcalc``."""

from archcalc.cli import main

if __name__ == "__main__":
    main()
