"""archcalc: what does this neural network cost, and why?

In Python: `load`, `compare` and `explain` (docs/api.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archcalc.api import Comparison, Explanation, Network, compare, explain, load
    from archcalc.problems import Complaint

__version__ = "0.1.0"

__all__ = [
    "Comparison",
    "Complaint",
    "Explanation",
    "Network",
    "__version__",
    "compare",
    "explain",
    "load",
]

_HOMES = {"Complaint": "archcalc.problems"}


def __getattr__(name: str) -> Any:
    """What is exported is imported when it is first asked for: a command needs none of it."""
    if name not in __all__:
        raise AttributeError(f"module 'archcalc' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_HOMES.get(name, "archcalc.api")), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
