"""A spec as a program: declarations, blocks and steps, read and checked, not yet run."""

from __future__ import annotations

from typing import Any, Final

from archcalc.language.arithmetic import ExpressionFault, List, describe
from archcalc.language.expressions import Environment
from archcalc.language.slots import Slot
from archcalc.language.steps import Chain
from archcalc.problems import Complaint, Place, Problem, Source, listed

PLAIN: Final = (int, float, str)
"""The types of one value, truth included; lists and the arrays of a sweep are others."""


class Declaration:
    """A setting of a model or an argument of a block: its type, default and bounds."""

    __slots__ = ("_plain", "choices", "default", "help", "max", "min", "name", "place", "type")

    def __init__(
        self,
        name: str,
        type: str,
        default: Slot | None,
        place: Place,
        *,
        choices: tuple[Any, ...] = (),
        min: Any = None,
        max: Any = None,
        help: str = "",
    ) -> None:
        self.name = name
        self.type = type
        """``int float bool str list``, or ``any`` if there is nothing to check."""
        self.default = default
        self.place = place
        self.choices = choices
        self._plain = {_key(c) for c in choices if isinstance(c, PLAIN)}
        self.min = min
        self.max = max
        self.help = help

    def checked(self, value: Any, place: Place, env: Environment) -> Any:
        """``value`` as this declaration wants it. Raises `Complaint` at ``place``."""
        try:
            return self._checked(value, env)
        except ExpressionFault as fault:
            raise Complaint(
                Problem(f"{self.name}: {fault.message}", place, fault.help, code=fault.code)
            ) from None

    def _checked(self, value: Any, env: Environment) -> Any:
        arithmetic = env.arithmetic
        if self.type == "int":
            value = arithmetic.integer(value)
        elif self.type == "float":
            value = arithmetic.real(value)
        elif self.type == "bool":
            value = arithmetic.decide(value, "it")
        elif self.type == "str" and not isinstance(value, str):
            raise ExpressionFault(f"text is needed, got {describe(value)}", code="type")
        elif self.type == "list" and not isinstance(value, List):
            raise ExpressionFault(f"a list is needed, got {describe(value)}", code="type")
        if self.choices and not self._chosen(value, env):
            known = listed(self.choices)
            raise ExpressionFault(f"{describe(value)} is none of {known}", code="value")
        if self.min is not None and not arithmetic.decide(arithmetic.order(">=", value, self.min)):
            raise ExpressionFault(f"at least {self.min} is needed, got {value}", code="value")
        if self.max is not None and not arithmetic.decide(arithmetic.order("<=", value, self.max)):
            raise ExpressionFault(f"at most {self.max} is allowed, got {value}", code="value")
        return value

    def _chosen(self, value: Any, env: Environment) -> bool:
        if isinstance(value, PLAIN):  # there may be thousands of choices, and of values
            return _key(value) in self._plain
        arithmetic = env.arithmetic
        return any(arithmetic.decide(arithmetic.same(value, c)) for c in self.choices)


def _key(value: Any) -> tuple[bool, Any]:
    """By this values are alike: 1 and 1.0 are, 1 and true are not."""
    return type(value) is bool, value


class Block:
    """A part of a network with arguments, to be called by name."""

    __slots__ = ("arguments", "chain", "help", "module", "name", "place")

    def __init__(self, name: str, place: Place, module: Module) -> None:
        self.name = name
        self.place = place
        self.module = module
        self.help = ""
        self.arguments: dict[str, Declaration] = {}
        self.chain: Chain


class Variant:
    """One network of a family: settings of its own, and what it must come to."""

    __slots__ = ("budget", "expect", "meta", "name", "place", "published", "set")

    def __init__(self, name: str, place: Place) -> None:
        self.name = name
        self.place = place
        self.set: dict[str, tuple[Place, Any]] = {}
        """For each setting, where it is set and the text's item."""
        self.expect: dict[str, Slot] = {}
        self.published: list[dict[str, str]] = []
        self.budget: dict[str, str] = {}
        self.meta: dict[str, str] = {}


class Module:
    """Everything that one spec file says, with what it extends."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.name = ""
        self.meta: dict[str, str] = {}
        self.dtype = "float32"
        self.settings: dict[str, Declaration] = {}
        self.inputs: dict[str, dict[str, Slot]] = {}
        self.input_place: Place | None = None
        self.single_input = True
        self.defaults: dict[str, dict[str, tuple[Slot, Place]]] = {}
        self.blocks: dict[str, Block] = {}
        self.uses: dict[str, Module] = {}
        self.lost: set[str] = set()
        """The aliases of files that could not be read."""
        self.chain: Chain | None = None
        self.outputs: list[Slot] = []
        self.variants: dict[str, Variant] = {}
        self.default_variant: str | None = None
        self.expect: dict[str, Slot] = {}
        self.published: list[dict[str, str]] = []
        self.budget: dict[str, str] = {}
        self.values: dict[str, Any] = {}
        """The settings' values: of the run for the spec itself, the defaults for a used file."""
