"""Where branches meet: ``add``, ``concat``, ``mul``, ``matmul``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import prod

from archcalc.layers import mends
from archcalc.layers.base import Layer, content
from archcalc.layers.fields import Dimension
from archcalc.shapes import Shape
from archcalc.terms import Operation, Requirement, need, times


def _same_names(kind: str, first: Shape, other: Shape) -> Requirement:
    return need(
        None,
        first.names == other.names,
        f"{kind}: {{first}} and {{other}} have different dimensions",
        mend=mends.dimensions,
        first=first,
        other=other,
    )


def _equal(first: Shape, other: Shape, but: str = "") -> bool:
    """Whether all sizes are equal, that along ``but`` aside; for arrays, where they are."""
    holds: bool = True
    for name, size in first.items():
        if name != but:
            holds = (size == other[name]) & holds
    return holds


def _each(others: tuple[Shape, ...]) -> Iterable[Shape]:
    """Each shape once: a thousand branches of one tensor are compared like one."""
    return {id(other): other for other in others}.values()


def _sums_differ(first: Shape, other: Shape) -> str:
    axes = mends.spoken(mends.unlike(first, other))
    return f"add: {first:sizes} and {other:sizes} differ in {axes}"


def _not_only(first: Shape, other: Shape, along: str) -> str:
    axes = mends.spoken([axis for axis in mends.unlike(first, other) if axis != along])
    return f"concat: {first:sizes} and {other:sizes} differ in {axes}, not only in {along}"


class Add(Layer):
    """The sum of its branches, element by element; their shapes must be equal.

    n branches cost n - 1 additions for each element, and nothing else.
    """

    kind = "add"
    merges = True

    def requires(self, first: Shape, *others: Shape) -> Iterator[Requirement]:
        for other in _each(others):
            yield _same_names(self.kind, first, other)
            yield need(
                None,
                _equal(first, other),
                _sums_differ,
                mend=mends.shortcut,
                first=first,
                other=other,
            )

    def operations(self, y: Shape, *xs: Shape) -> Iterator[Operation]:
        if len(xs) > 1:
            more = {} if len(xs) == 2 else {"additions": len(xs) - 1}
            yield Operation("add", times(**y.factors("out"), **more))


class Mul(Layer):
    """The product of its branches, element by element.

    Branches with a size of 1 along a position are spread over it (a squeeze-and-excitation
    gate of 64 x 1 x 1 scales 64 x 56 x 56); channels and features must be equal.
    """

    kind = "mul"
    merges = True

    def requires(self, first: Shape, *others: Shape) -> Iterator[Requirement]:
        for other in _each(others):
            yield _same_names(self.kind, first, other)
            for axis, size in first.items():
                spread = (size == 1) | (other[axis] == 1) if axis in first.positions else False
                yield need(
                    None,
                    (size == other[axis]) | spread,
                    "mul: {first:sizes} and {other:sizes} differ in {axis}",
                    mend="only positions of size 1 are spread",
                    first=first,
                    other=other,
                    axis=axis,
                )

    def output(self, first: Shape, *others: Shape) -> Shape:
        y = first
        for other in _each(others):
            # A size of 1 takes the other's; said by arithmetic, so that it holds for arrays too.
            y = y.with_sizes(**{a: y[a] + (other[a] - y[a]) * (y[a] == 1) for a in y.positions})
        return y

    def operations(self, y: Shape, *xs: Shape) -> Iterator[Operation]:
        if len(xs) > 1:
            more = {} if len(xs) == 2 else {"products": len(xs) - 1}
            yield Operation("mul", times(**y.factors("out"), **more))


class Concat(Layer):
    """Its branches side by side along ``axis``; all other sizes must be equal. Costs nothing."""

    kind = "concat"
    merges = True
    axis = Dimension("auto", "the dimension that grows; auto: channels, or features without them")

    def _axis(self, x: Shape) -> str:
        if self.axis != "auto":
            return self.axis
        return content(x)

    def requires(self, first: Shape, *others: Shape) -> Iterator[Requirement]:
        along = self._axis(first)
        yield need(
            "axis",
            along in first,
            "concat: there is no {axis} in {first}",
            axis=along,
            first=first,
        )
        for other in _each(others):
            yield _same_names(self.kind, first, other)
            yield need(
                None,
                _equal(first, other, along),
                _not_only,
                mend=mends.side_by_side,
                first=first,
                other=other,
                along=along,
            )

    def output(self, first: Shape, *others: Shape) -> Shape:
        along = self._axis(first)
        return first.with_sizes(**{along: sum((o[along] for o in others), first[along])})


class MatMul(Layer):
    """The product of two matrices, the second one transposed: y = a·b^T.

    Each vector of the first branch meets each of the second: n x f and m x f make n x m, two
    single vectors a number. MACs: n·m·f. The similarity of an image and a text is one (CLIP,
    arXiv:2103.00020, §2.3), the scores of an attention with one head another.
    """

    kind = "matmul"
    merges = True

    def requires(self, *xs: Shape) -> Iterator[Requirement]:
        yield need(None, len(xs) == 2, "matmul needs two branches, got {count}", count=len(xs))
        for x in xs:
            yield need(
                None,
                sorted(x.names) in (["features"], ["features", "length"]),
                "matmul needs a tensor with 'features', and at most a 'length', got {shape}",
                mend="insert flatten, global_avg_pool or to_sequence",
                shape=x,
            )
        for other in xs[1:]:
            yield need(
                None,
                xs[0]["features"] == other["features"],
                "matmul: {first:sizes} and {other:sizes} differ in features",
                mend="a linear layer to as many features in both branches",
                first=xs[0],
                other=other,
            )

    def output(self, first: Shape, second: Shape) -> Shape:
        return first.with_sizes(features=prod(second[axis] for axis in second.positions))

    def operations(self, y: Shape, first: Shape, second: Shape) -> Iterator[Operation]:
        yield Operation("mac", times(**y.factors("out"), in_features=first["features"]))
