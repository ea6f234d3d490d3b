"""What every layer kind is: declared arguments and four rules of plain arithmetic.

A rule branches on words (``padding == "same"``), never on sizes, and yields what it requires
instead of raising: so one rule answers for one network with ``int`` and for thousands with arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from archcalc.layers import mends
from archcalc.layers.fields import AutoFlag, Field, Kind
from archcalc.shapes import LETTERS, Shape, Size
from archcalc.terms import Operation, Product, Requirement, Weight, Words, need, times

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
    order: ClassVar[tuple[str, ...]] = ()
    """Arguments that come first, in this order, where inheritance would order them otherwise."""
    fields: ClassVar[dict[str, Field[Any]]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = {name: value for name, value in vars(cls).items() if isinstance(value, Field)}
        # What a class declares itself comes first: it is what a spec writes by position.
        found = {**own, **{n: f for n, f in cls.fields.items() if n not in own}}
        cls.fields = {**{n: found[n] for n in cls.order}, **found} if cls.order else found
        if cls.__dict__.get("kind"):
            KINDS[cls.kind] = cls

    def __init__(self, **values: Any) -> None:
        state = self.__dict__
        for name, field in self.fields.items():
            state[name] = values.get(name, field.default)

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

    def made_of(self, y: Shape, *xs: Shape) -> Iterable[tuple[Layer, Shape, tuple[Shape, ...]]]:
        """The layers that other tools see in its place, each with its output and inputs."""
        yield self, y, xs

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
        if any(operation.kind == "mac" for operation in self.operations(*args, **kwargs)):
            yield times(**args[0].factors("out"))


class Followed(Layer):
    """A layer that may bring a normalisation and an activation along, shown as one row with it."""

    bias = AutoFlag("a number added to each output; auto: none when norm is set")
    norm = Kind("norm", help="the normalisation that follows: batch, layer, group, rms, lrn")
    activation = Kind("activation", help="the activation that follows: relu, gelu, ...")

    @property
    def has_bias(self) -> bool:
        """``bias``, with ``auto`` decided: a norm's shift makes it useless (mmcv's rule)."""
        return self.norm == "none" if self.bias == "auto" else bool(self.bias)

    def followers(self) -> tuple[tuple[str, str], ...]:
        return (("norm", self.norm), ("activation", self.activation))


def elementwise(y: Shape, part: str = "", /, **per_element: int) -> Iterator[Operation]:
    """So many operations of each kind for every element of ``y``."""
    for kind, count in per_element.items():
        each = {} if count == 1 else {"each": count}
        yield Operation(kind, times(**y.factors("out"), **each), part)


def content(x: Shape) -> str:
    """The dimension that holds a position's values: channels, or features without them."""
    return "channels" if "channels" in x.names else "features"


def rest(x: Shape, prefix: str, *without: str) -> dict[str, Size]:
    """The sizes of all dimensions but ``without`` as factors: ``out_h``, ``out_w``."""
    return {f"{prefix}_{LETTERS[n]}": s for n, s in x.items() if n not in without}


def has_dimensions(
    kind: str,
    x: Shape,
    *names: str,
    mend: Words = "insert flatten, global_avg_pool or to_sequence",
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


def has_content(kind: str, x: Shape) -> Requirement:
    """The requirement that ``x`` has channels or features."""
    return need(
        None,
        content(x) in x.names,
        "{kind} needs a tensor with 'channels' or 'features', got {shape}",
        mend="whole numbers (tokens) need an embedding first",
        kind=kind,
        shape=x,
    )


def is_sequence(kind: str, x: Shape, field: str | None = None) -> Requirement:
    """The requirement that ``x`` has a length and features, and nothing else."""
    return need(
        field,
        sorted(x.names) == ["features", "length"],
        "{kind} needs a tensor with 'length' and 'features', got {shape}",
        mend="insert to_sequence or embedding",
        kind=kind,
        shape=x,
    )


def exists(kind: str, field: str, axis: str, x: Shape) -> Requirement:
    """The requirement that ``x`` has the dimension ``axis`` that the argument ``field`` names."""
    return need(
        field,
        axis in x.names,
        "{kind} needs a tensor with '{axis}', got {shape}",
        kind=kind,
        axis=axis,
        shape=x,
    )


def halves(field: str | None, verb: str, what: str, size: Size) -> Requirement:
    """The requirement that ``what`` is even: ``verb`` says what it is for."""
    return need(
        field,
        size % 2 == 0,
        "{verb} {what}: {size} is not a multiple of 2",
        verb=verb,
        what=what,
        size=size,
    )


def divides(
    field: str, number: Size, what: str, size: Size, *also: Size, mend: str = "", near: bool = True
) -> Requirement:
    """The requirement that the argument ``field`` divides ``what`` without a rest.

    Unless ``near`` says no, the help names numbers around it that do, and divide ``also``, too.
    """
    return need(
        field,
        size % number == 0,
        "{field} must divide {what}: {size} is not a multiple of {number}",
        mend=mends.divisors if near else mend,
        field=field,
        what=what,
        size=size,
        number=number,
        also=also,
        other=mend,
    )
