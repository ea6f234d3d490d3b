"""Layers that join every input with every output: ``linear``, ``rbf``."""

from __future__ import annotations

from collections.abc import Iterator

from archcalc.layers.base import Followed, Layer, has_dimensions, rest
from archcalc.layers.fields import Count, Dimension, Flag
from archcalc.shapes import Shape
from archcalc.terms import Operation, Requirement, Weight, times


class Linear(Followed):
    """Each output is a weighted sum of all features: y = x·W + b (fully connected, dense).

    Works on the features; every other dimension (a length) is a set of positions at which the
    same weights are used again. The number of input features is never written: it is the
    tensor's. An image has channels and no features: put flatten, global_avg_pool or to_sequence
    before, or say ``axis: channels`` for the same weights at each position.
    """

    kind = "linear"
    out_features = Count(help="units: the features that come out")
    axis = Dimension("features", "the dimension that goes in and comes out")

    def requires(self, x: Shape) -> Iterator[Requirement]:
        yield has_dimensions(self.kind, x, self.axis)

    def output(self, x: Shape) -> Shape:
        return x.with_sizes(**{self.axis: self.out_features})

    def weights(self, x: Shape) -> Iterator[Weight]:
        yield Weight("weight", times(out_features=self.out_features, in_features=x[self.axis]))
        if self.has_bias:
            yield Weight("bias", times(out_features=self.out_features))

    def operations(self, y: Shape, x: Shape) -> Iterator[Operation]:
        units = {**rest(y, "out", self.axis), "out_features": self.out_features}
        yield Operation("mac", times(**units, in_features=x[self.axis]))
        if self.has_bias:
            yield Operation("add", times(**units), "bias")


class RBF(Layer):
    """Euclidean radial basis functions: y_i = sum over j of (x_j - w_ij)².

    The output layer of LeNet-5, whose centres w are drawn by hand and not trained (LeCun et al.,
    Gradient-based learning applied to document recognition, 1998, section II.B, equation 7).
    Each pair of input and output costs a subtraction and a square that is added to the sum.
    """

    kind = "rbf"
    out_features = Count(help="units: the features that come out")
    trainable = Flag(False, "whether the centres are trained")

    def requires(self, x: Shape) -> Iterator[Requirement]:
        yield has_dimensions(self.kind, x, "features")

    def output(self, x: Shape) -> Shape:
        return x.with_sizes(features=self.out_features)

    def weights(self, x: Shape) -> Iterator[Weight]:
        pairs = times(out_features=self.out_features, in_features=x["features"])
        yield Weight("centres", pairs, frozen=not self.trainable)

    def operations(self, y: Shape, x: Shape) -> Iterator[Operation]:
        pairs = times(**y.factors("out"), in_features=x["features"])
        yield Operation("mac", pairs, "squares")
        yield Operation("add", pairs, "differences")
