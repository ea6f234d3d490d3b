"""Activations: functions of each element by itself, and those over a row (softmax, GLU).

None has a MAC. A comparison is ``cmp``, an exponential ``exp``; any other function of one number
(tanh, sigmoid, the normal distribution) is one ``special``, and is given no invented cost.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from archcalc.layers.base import (
    KINDS,
    Layer,
    content,
    elementwise,
    exists,
    halves,
    has_content,
    rest,
)
from archcalc.layers.fields import Dimension, Flag, Kind, Real
from archcalc.shapes import Shape, Size
from archcalc.terms import Operation, Requirement, Weight, times


class Activation(Layer):
    """A function of each element."""

    family = "activation"
    costs: ClassVar[dict[str, int]] = {}
    """Operations for each element, by kind."""

    def operations(self, y: Shape, *xs: Shape) -> Iterator[Operation]:
        return elementwise(y, **self.costs)


def activation_named(word: str) -> Layer | None:
    """The activation that an argument names, with its defaults; nothing for ``none``."""
    return None if word == "none" else KINDS[word]()


class ReLU(Activation):
    """y = max(x, 0): one comparison for each element."""

    kind = "relu"
    costs: ClassVar[dict[str, int]] = {"cmp": 1}


class ReLU6(Activation):
    """y = min(max(x, 0), 6): two comparisons for each element (MobileNet, arXiv:1704.04861)."""

    kind = "relu6"
    costs: ClassVar[dict[str, int]] = {"cmp": 2}


class LeakyReLU(Activation):
    """y = x, or negative_slope·x below 0: a comparison and a multiplication for each element."""

    kind = "leaky_relu"
    costs: ClassVar[dict[str, int]] = {"cmp": 1, "mul": 1}
    negative_slope = Real(0.01, "the slope below 0", min=-1e6, max=1e6)


class PReLU(Activation):
    """y = x, or slope·x below 0, where the slope is learned: one for all channels or one for each.

    A comparison and a multiplication for each element.
    (He et al., Delving Deep into Rectifiers, arXiv:1502.01852, §2.1.)
    """

    kind = "prelu"
    costs: ClassVar[dict[str, int]] = {"cmp": 1, "mul": 1}
    per_channel = Flag(False, "a slope for each channel (or feature) instead of one for all")

    def requires(self, x: Shape) -> Iterator[Requirement]:
        if self.per_channel:
            yield has_content(self.kind, x)

    def weights(self, x: Shape) -> Iterator[Weight]:
        axis = content(x)
        yield Weight("slope", times(**{axis: x[axis]}) if self.per_channel else times(slopes=1))


class ELU(Activation):
    """y = x, or alpha·(exp(x) - 1) below 0 (Clevert et al., arXiv:1511.07289)."""

    kind = "elu"
    costs: ClassVar[dict[str, int]] = {"cmp": 1, "exp": 1, "add": 1, "mul": 1}
    alpha = Real(1.0, "minus the limit for very negative x", min=-1e6, max=1e6)


class SELU(Activation):
    """y = scale·ELU(x) with two fixed constants (Klambauer et al., arXiv:1706.02515)."""

    kind = "selu"
    costs: ClassVar[dict[str, int]] = {"cmp": 1, "exp": 1, "add": 1, "mul": 2}


class CELU(Activation):
    """y = x, or alpha·(exp(x/alpha) - 1) below 0 (Barron, arXiv:1704.07483)."""

    kind = "celu"
    costs: ClassVar[dict[str, int]] = {"cmp": 1, "div": 1, "exp": 1, "add": 1, "mul": 1}
    alpha = Real(1.0, "minus the limit for very negative x", min=-1e6, max=1e6)


class GELU(Activation):
    """y = x·Phi(x), Phi the normal distribution (Hendrycks and Gimpel, arXiv:1606.08415)."""

    kind = "gelu"
    costs: ClassVar[dict[str, int]] = {"special": 1, "mul": 1}


class GELUTanh(Activation):
    """GELU with Phi approximated by a tanh, as in GPT-2 (arXiv:1606.08415, §2)."""

    kind = "gelu_tanh"
    costs: ClassVar[dict[str, int]] = {"special": 1, "mul": 1}


class QuickGELU(Activation):
    """y = x·sigmoid(1.702·x), the GELU of CLIP (arXiv:1606.08415, §2)."""

    kind = "quick_gelu"
    costs: ClassVar[dict[str, int]] = {"special": 1, "mul": 2}


class SiLU(Activation):
    """y = x·sigmoid(x), also called swish (arXiv:1702.03118, arXiv:1710.05941)."""

    kind = "silu"
    costs: ClassVar[dict[str, int]] = {"special": 1, "mul": 1}


class Mish(Activation):
    """y = x·tanh(softplus(x)) (Misra, arXiv:1908.08681)."""

    kind = "mish"
    costs: ClassVar[dict[str, int]] = {"special": 2, "mul": 1}


class Sigmoid(Activation):
    """y = 1 / (1 + exp(-x))."""

    kind = "sigmoid"
    costs: ClassVar[dict[str, int]] = {"special": 1}


class LogSigmoid(Activation):
    """y = log(1 / (1 + exp(-x)))."""

    kind = "log_sigmoid"
    costs: ClassVar[dict[str, int]] = {"special": 1}


class HardSigmoid(Activation):
    """y = min(max(x + 3, 0), 6) / 6 (MobileNetV3, arXiv:1905.02244, §5.2)."""

    kind = "hard_sigmoid"
    costs: ClassVar[dict[str, int]] = {"add": 1, "cmp": 2, "mul": 1}


class HardSwish(Activation):
    """y = x·min(max(x + 3, 0), 6) / 6 (MobileNetV3, arXiv:1905.02244, §5.2)."""

    kind = "hard_swish"
    costs: ClassVar[dict[str, int]] = {"add": 1, "cmp": 2, "mul": 2}


class Tanh(Activation):
    """y = (exp(x) - exp(-x)) / (exp(x) + exp(-x))."""

    kind = "tanh"
    costs: ClassVar[dict[str, int]] = {"special": 1}


class Softcap(Activation):
    """y = cap·tanh(x / cap): the logits of Gemma 2 stay between -cap and cap (arXiv:2408.00118)."""

    kind = "softcap"
    costs: ClassVar[dict[str, int]] = {"special": 1, "mul": 2}
    cap = Real(30.0, "the largest value that can come out", min=1e-6, max=1e6)


class HardTanh(Activation):
    """y = min(max(x, -1), 1): two comparisons for each element."""

    kind = "hard_tanh"
    costs: ClassVar[dict[str, int]] = {"cmp": 2}


class Softplus(Activation):
    """y = log(1 + exp(x))."""

    kind = "softplus"
    costs: ClassVar[dict[str, int]] = {"special": 1}


class Softsign(Activation):
    """y = x / (1 + |x|): a comparison, an addition and a division for each element."""

    kind = "softsign"
    costs: ClassVar[dict[str, int]] = {"cmp": 1, "add": 1, "div": 1}


class Softmax(Activation):
    """y_i = exp(x_i) / sum over j of exp(x_j), over one dimension.

    A row of n numbers costs n exponentials, n - 1 additions and n divisions.
    """

    kind = "softmax"
    axis = Dimension("auto", "the dimension that adds up to 1; auto: channels, or features")

    def _axis(self, x: Shape) -> str:
        return content(x) if self.axis == "auto" else self.axis

    def requires(self, x: Shape) -> Iterator[Requirement]:
        yield exists(self.kind, "axis", self._axis(x), x)

    def operations(self, y: Shape, *xs: Shape) -> Iterator[Operation]:
        axis = self._axis(y)
        yield from softmax(rest(y, "out", axis), axis, y[axis])


def softmax(rows: dict[str, Size], name: str, n: Size, part: str = "") -> Iterator[Operation]:
    """n exponentials, n - 1 additions and n divisions for each of ``rows`` rows."""
    yield Operation("exp", times(**rows, **{name: n}), part)
    yield Operation("add", times(**rows, additions=n - 1), part)
    yield Operation("div", times(**rows, **{name: n}), part)


class LogSoftmax(Softmax):
    """y_i = x_i - log(sum over j of exp(x_j)), over one dimension.

    A row of n numbers costs n exponentials, 2n - 1 additions and a logarithm.
    """

    kind = "log_softmax"

    def operations(self, y: Shape, *xs: Shape) -> Iterator[Operation]:
        axis = self._axis(y)
        rows = rest(y, "out", axis)
        yield Operation("exp", times(**y.factors("out")))
        yield Operation("add", times(**rows, additions=2 * y[axis] - 1))
        yield Operation("special", times(**rows), "logarithm")


class GLU(Activation):
    """Gated linear unit: y = a·sigmoid(b), a and b the two halves of the channels (or features).

    With another ``activation`` it is ReGLU, GEGLU or SwiGLU.
    (Dauphin et al., arXiv:1612.08083, §2; Shazeer, arXiv:2002.05202.)
    """

    kind = "glu"
    activation = Kind("activation", "sigmoid", "the activation of the gate")

    def requires(self, x: Shape) -> Iterator[Requirement]:
        yield has_content(self.kind, x)
        axis = content(x)
        yield halves(None, "glu must halve", axis, x[axis])
        yield keeps_shape(self.activation)

    def output(self, x: Shape) -> Shape:
        axis = content(x)
        return x.with_sizes(**{axis: x[axis] // 2})

    def weights(self, x: Shape) -> Iterator[Weight]:
        return inner_weights(self.activation, self.output(x))

    def operations(self, y: Shape, *xs: Shape) -> Iterator[Operation]:
        yield from inner_operations(self.activation, y)
        yield from elementwise(y, "gate", mul=1)


def keeps_shape(word: str) -> Requirement:
    """The requirement that the activation inside another layer does not change the shape."""
    return Requirement(
        "activation",
        word != "glu",
        "activation must keep the shape, got glu",
        "mlp has gated: true",
        {},
    )


def inner_weights(word: str, x: Shape) -> Iterator[Weight]:
    """The weights of the activation that an argument names, on a tensor inside a layer."""
    layer = activation_named(word)
    if layer is not None:
        for weight in layer.weights(x):
            yield weight._replace(name=f"{word}.{weight.name}")


def inner_operations(word: str, x: Shape) -> Iterator[Operation]:
    """The operations of the activation that an argument names, on a tensor inside a layer."""
    layer = activation_named(word)
    if layer is not None:
        for operation in layer.operations(x, x):
            yield operation._replace(part=word)
