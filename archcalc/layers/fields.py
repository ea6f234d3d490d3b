"""What a layer kind declares of its arguments.

A field is the one place that says what an argument is: from it are made the reader of the
argument, the did-you-mean, the manual page and the JSON Schema. A layer's instance holds plain
values, so reading ``self.stride`` costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Generic, TypeVar, overload

from archcalc.shapes import Shape
from archcalc.terms import Requirement, need

T = TypeVar("T")


class _Required:
    def __repr__(self) -> str:
        return "required"


REQUIRED: Final[Any] = _Required()


class Field(Generic[T]):
    """One argument. Positional order in a spec is the order of declaration."""

    slot: str = "any"
    """How a spec's text is read for it: number, flag, word, text, tensor, sizes …"""

    name: str

    def __init__(self, default: Any = REQUIRED, help: str = "") -> None:
        self.default = default
        self.help = help

    def __set_name__(self, owner: type, name: str) -> None:
        # `output_` is written `output`: the underscore keeps it clear of the rule of that name.
        self.name = name.rstrip("_")

    @overload
    def __get__(self, instance: None, owner: type) -> Field[T]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> Field[T] | T:
        return self  # an instance has the value in its own dict, which is found first

    @property
    def required(self) -> bool:
        return self.default is REQUIRED

    def bounds(self, value: Any) -> Iterator[Requirement]:
        """What must hold for the value alone, whatever the tensor."""
        return iter(())


class Count(Field[int]):
    """A whole number of at least ``min``."""

    slot = "int"

    def __init__(self, default: Any = REQUIRED, help: str = "", *, min: int = 1) -> None:
        super().__init__(default, help)
        self.min = min

    def bounds(self, value: Any) -> Iterator[Requirement]:
        if value is not None:
            yield need(
                self.name,
                value >= self.min,
                "{name} must be at least {min}, got {value}",
                name=self.name,
                min=self.min,
                value=value,
            )


class Index(Field[int]):
    """A whole number, negative ones counting from the end."""

    slot = "int"


class Real(Field[float]):
    """A number between ``min`` and ``max``."""

    slot = "float"

    def __init__(self, default: Any = REQUIRED, help: str = "", *, min: float, max: float) -> None:
        super().__init__(default, help)
        self.min = min
        self.max = max

    def bounds(self, value: Any) -> Iterator[Requirement]:
        yield need(
            self.name,
            (value >= self.min) & (value <= self.max),
            "{name} must be between {min} and {max}, got {value}",
            name=self.name,
            min=self.min,
            max=self.max,
            value=value,
        )


class Flag(Field[bool]):
    """``true`` or ``false``."""

    slot = "bool"


class AutoFlag(Field["bool | str"]):
    """``true``, ``false`` or ``auto``."""

    slot = "auto"

    def __init__(self, help: str = "") -> None:
        super().__init__("auto", help)


class Choice(Field[str]):
    """One of a few words."""

    slot = "word"

    def __init__(self, words: tuple[str, ...], default: Any = REQUIRED, help: str = "") -> None:
        super().__init__(default, help)
        self.words = words


class Kind(Field[str]):
    """The name of a layer kind of one ``family`` (an activation, a norm), or ``none``.

    The words are the family's short names; they are known once all families are.
    """

    slot = "kind"

    def __init__(self, family: str, default: Any = "none", help: str = "") -> None:
        super().__init__(default, help)
        self.family = family


class PerAxis(Field["int | tuple[int, ...]"]):
    """A whole number for all positions alike, or a list with one for each."""

    slot = "sizes"

    def __init__(self, default: Any = REQUIRED, help: str = "", *, min: int = 1) -> None:
        super().__init__(default, help)
        self.min = min

    def bounds(self, value: Any) -> Iterator[Requirement]:
        if value is None:
            return
        for number in value if isinstance(value, tuple) else (value,):
            yield need(
                self.name,
                number >= self.min,
                "{name} must be at least {min}, got {value}",
                name=self.name,
                min=self.min,
                value=number,
            )


class Indices(Field["int | tuple[int, ...] | None"]):
    """Which ones, counted from 0: a whole number or a list of such."""

    slot = "sizes"

    def bounds(self, value: Any) -> Iterator[Requirement]:
        if value is None:
            return
        for number in value if isinstance(value, tuple) else (value,):
            yield need(
                self.name,
                number >= 0,
                "{name} counts from 0, got {value}",
                name=self.name,
                value=number,
            )


class Padding(Field["int | tuple[int, ...] | str"]):
    """A number of zeros at both ends, a list with one for each axis, or a word.

    ``half`` is floor(kernel/2) at both ends (what PyTorch code, darknet's ``pad=1`` and
    Ultralytics' autopad mean); ``same`` is TensorFlow's: as many as give ceil(in/stride);
    ``valid`` is none.
    """

    slot = "padding"
    words = ("half", "same", "valid")

    def bounds(self, value: Any) -> Iterator[Requirement]:
        if isinstance(value, str):
            return
        for number in value if isinstance(value, tuple) else (value,):
            yield need(
                self.name,
                number >= 0,
                "{name} must not be negative, got {value}",
                mend="to cut the edges off, use center_crop",
                name=self.name,
                value=number,
            )


class Dimension(Field[str]):
    """The name of a dimension."""

    slot = "dimension"


class Tensor(Field["str | None"]):
    """The name of another tensor; the layer gets it as a further input."""

    slot = "tensor"

    def __init__(self, help: str = "", *, required: bool = False) -> None:
        super().__init__(REQUIRED if required else None, help)


class Dims(Field[Shape | None]):
    """Named sizes: ``{channels: 64, height: 8, width: 8}``."""

    slot = "dims"
