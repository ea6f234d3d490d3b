"""``custom``: the way out for a layer that archcalc has no word for."""

from __future__ import annotations

from collections.abc import Iterator

from archcalc.layers.base import Layer
from archcalc.layers.fields import Count, Dims
from archcalc.shapes import Shape
from archcalc.terms import Operation, Weight, times


class Custom(Layer):
    """A layer of your own: say what comes out and what it costs.

    Numbers may be expressions over the tensor that comes in (``9*prev.channels*prev.height``).
    Without ``output`` the shape stays as it is. All operations are for one sample.
    """

    kind = "custom"
    output_ = Dims(None, "the shape that comes out; without it, the shape that comes in")
    params = Count(0, "trainable weights", min=0)
    frozen = Count(0, "weights that are not trained", min=0)
    buffers = Count(0, "numbers kept with the weights that are no parameters", min=0)
    macs = Count(0, "multiply-accumulates", min=0)
    muls = Count(0, "other multiplications", min=0)
    adds = Count(0, "other additions", min=0)
    cmps = Count(0, "comparisons", min=0)
    divs = Count(0, "divisions", min=0)
    exps = Count(0, "exponentials", min=0)
    specials = Count(0, "other functions (tanh, sigmoid, square root)", min=0)

    def output(self, x: Shape) -> Shape:
        return x if self.output_ is None else self.output_

    def weights(self, x: Shape) -> Iterator[Weight]:
        yield Weight("params", times(params=self.params))
        yield Weight("frozen", times(frozen=self.frozen), frozen=True)
        yield Weight("buffers", times(buffers=self.buffers), buffer=True)

    def operations(self, y: Shape, x: Shape) -> Iterator[Operation]:
        yield Operation("mac", times(macs=self.macs))
        yield Operation("mul", times(muls=self.muls))
        yield Operation("add", times(adds=self.adds))
        yield Operation("cmp", times(cmps=self.cmps))
        yield Operation("div", times(divs=self.divs))
        yield Operation("exp", times(exps=self.exps))
        yield Operation("special", times(specials=self.specials))
