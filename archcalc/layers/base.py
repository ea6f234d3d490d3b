"""What every layer kind is: declared arguments and four rules of plain arithmetic.

A rule branches on words (``padding == "same"``), never on sizes, and yields what it requires
instead of raising: so one rule answers for one network with ``int`` and for thousands with arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from archcalc.layers.fields import Field
from archcalc.shapes import Shape, Size
from archcalc.terms import Operation, Product, Requirement, Weight, need, times

KINDS: dict[str, type[Layer]] = {}
"""Every layer kind by its name in a spec; a class enters itself when it is defined."""


class Layer:
    """One layer with its arguments; immutable once made.

    A subclass with a ``kind`` is a layer kind: its docstring is its manual page, its fields are
    its schema. The methods' arguments are the input shapes, in order.
    """

    kind: ClassVar[str] = ""
    family: ClassVar[str] = ""
    """What it can stand in for: ``activation`` and ``norm`` name the follower slots."""
    short: ClassVar[str] = ""
    """Its name in such a slot, if not its kind (``batch`` for ``batch_norm``)."""
    merges: ClassVar[bool] = False
    """Whether it takes a list of branches instead of one tensor."""
    fields: ClassVar[dict[str, Field[Any]]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = {name: value for name, value in vars(cls).items() if isinstance(value, Field)}
        # What a class declares itself comes first: it is what a spec writes by position.
        cls.fields = {**own, **{n: f for n, f in cls.fields.items() if n not in own}}
        if cls.__dict__.get("kind"):
            KINDS[cls.kind] = cls

    def __init__(self, **values: Any) -> None:
        state = self.__dict__
        for name, field in self.fields.items():
            state[name] = values[name] if name in values else field.default

    def __repr__(self) -> str:
        given = ", ".join(f"{n}={v}" for n, v in self.arguments().items())
        return f"{self.kind}({given})"

    def arguments(self) -> dict[str, Any]:
        """The arguments whose value is not the default."""
        state = self.__dict__
        return {n: state[n] for n, f in self.fields.items() if state[n] != f.default}

    @classmethod
    def manual(cls) -> str:
        """The docstring, as the manual page shows it."""
        from inspect import cleandoc  # costs 8 ms to import, and few commands need it

        return cleandoc(cls.__doc__ or "")

    def bounds(self) -> Iterator[Requirement]:
        """What the arguments alone must fulfil."""
        for name, field in self.fields.items():
            yield from field.bounds(self.__dict__[name])

    def followers(self) -> tuple[tuple[str, str], ...]:
        """Layers that belong to this one and come after it: pairs of slot and layer kind."""
        return ()

    # The rules. Their arguments are the inputs' shapes; `y` is the output's.

    def requires(self, *args: Any, **kwargs: Any) -> Iterable[Requirement]:
        """What must hold for these inputs; `output` is only asked for when all of it does."""
        return ()

    def output(self, *args: Any, **kwargs: Any) -> Shape:
        """The shape that comes out. Without a rule of its own: the first input's."""
        shape: Shape = args[0]
        return shape

    def weights(self, *args: Any, **kwargs: Any) -> Iterable[Weight]:
        """The weights, for these inputs."""
        return ()

    def operations(self, *args: Any, **kwargs: Any) -> Iterable[Operation]:
        """The operations for one sample; arguments are the output, then the inputs."""
        return ()

    def exact_operations(self, *args: Any, **kwargs: Any) -> Iterable[Operation]:
        """As `operations`, without products that are zero by construction (padded zeros)."""
        return self.operations(*args, **kwargs)

    def causal_operations(self, *args: Any, **kwargs: Any) -> Iterable[Operation]:
        """As `operations`, without what a causal mask throws away."""
        return self.operations(*args, **kwargs)

    def activations(self, *args: Any, **kwargs: Any) -> Iterable[Product]:
        """The outputs that multiply-accumulates write; arguments as of `operations`."""
        if any(kind == "mac" for kind, _ in self.operations(*args, **kwargs)):
            yield times(**args[0].factors("out"))


def elementwise(y: Shape, **per_element: Size) -> Iterator[Operation]:
    """So many operations of each kind for every element of ``y``."""
    for kind, count in per_element.items():
        factors = y.factors("out")
        yield Operation(kind, times(**factors) if count == 1 else times(**factors, each=count))


def has_dimensions(
    kind: str, x: Shape, *names: str, mend: str = "insert flatten, global_avg_pool or to_sequence"
) -> Requirement:
    """The requirement that ``x`` has each of the dimensions ``names``."""
    missing = [n for n in names if n not in x.names]
    return need(
        None,
        not missing,
        "{kind} needs a tensor with {wanted}, got {shape}",
        mend=mend,
        kind=kind,
        wanted=" and ".join(f"'{n}'" for n in missing),
        shape=x,
    )
