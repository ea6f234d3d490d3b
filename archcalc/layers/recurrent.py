"""Recurrent layers: ``lstm``, ``gru``, ``rnn``, over the length of a sequence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from archcalc.layers.base import Layer, is_sequence
from archcalc.layers.fields import Choice, Count, Flag
from archcalc.shapes import Shape, Size
from archcalc.terms import Operation, Product, Requirement, Weight, need, times


class Recurrent(Layer):
    """What all have in common: so many gates, each a linear layer of the input and the state."""

    gates: ClassVar[int] = 1
    costs: ClassVar[dict[str, int]] = {}
    """Operations for each element of the state and step, but for products and biases."""

    hidden_size = Count(help="h: the features of the state")
    num_layers = Count(1, "layers, each on the states of the one below")
    bidirectional = Flag(False, "a second state that runs backwards")
    bias = Flag(True, "numbers added to each gate")
    bias_vectors = Count(2, "bias vectors of each gate: 2 as in PyTorch, 1 as in Keras")

    @property
    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    def _inputs(self, x: Shape) -> Size:
        """The widths that the layers read, together: the first the tensor, the others a state."""
        return x["features"] + (self.num_layers - 1) * self._directions * self.hidden_size

    def _gates(self) -> dict[str, Size]:
        both = {"directions": 2} if self.bidirectional else {}
        gates = {"gates": self.gates} if self.gates > 1 else {}
        return {**both, **gates, "hidden_size": self.hidden_size}

    def requires(self, x: Shape) -> Iterator[Requirement]:
        yield is_sequence(self.kind, x)
        yield need(
            "bias_vectors",
            self.bias_vectors <= 2,
            "bias_vectors must be 1 or 2, got {bias_vectors}",
            bias_vectors=self.bias_vectors,
        )

    def output(self, x: Shape) -> Shape:
        return x.with_sizes(features=self._directions * self.hidden_size)

    def weights(self, x: Shape) -> Iterator[Weight]:
        gates = self._gates()
        states = {"num_layers": self.num_layers, **gates}
        yield Weight("weight_ih", times(**gates, inputs=self._inputs(x)))
        yield Weight("weight_hh", times(**states, state=self.hidden_size))
        if self.bias:
            yield Weight("bias", times(**states, bias_vectors=self.bias_vectors))

    def operations(self, y: Shape, x: Shape) -> Iterator[Operation]:
        gates = self._gates()
        steps = {"length": x["length"]}
        states = {**steps, "num_layers": self.num_layers, **gates}
        yield Operation("mac", times(**steps, **gates, inputs=self._inputs(x)), "input")
        yield Operation("mac", times(**states, state=self.hidden_size), "state")
        if self.bias:
            yield Operation("add", times(**states, bias_vectors=self.bias_vectors), "bias")
        elements = {n: s for n, s in states.items() if n != "gates"}
        for kind, count in self._costs().items():
            each = {} if count == 1 else {"each": count}
            yield Operation(kind, times(**elements, **each), "gates")

    def _costs(self) -> dict[str, int]:
        return self.costs

    def activations(self, y: Shape, x: Shape) -> Iterator[Product]:
        yield times(length=x["length"], num_layers=self.num_layers, **self._gates())


class LSTM(Recurrent):
    """Long short-term memory: four gates, each a linear layer of the input and the state.

    i, f, o = sigmoid(..), g = tanh(..), c = f·c + i·g, h = o·tanh(c): 4h(i + h) MACs for each
    step and direction, and for each element of the state 5 functions, 3 multiplications and an
    addition. Gives the state at every step: length, features become length, h (2h if
    bidirectional); select_token -1 is the last. Weights: 4h(i + h) and two bias vectors of 4h as
    in PyTorch, one as in Keras.
    (Hochreiter and Schmidhuber, Long Short-Term Memory, 1997; with forget gates, Gers et al. 2000.)
    """

    kind = "lstm"
    gates = 4
    costs: ClassVar[dict[str, int]] = {"special": 5, "mul": 3, "add": 1}


class GRU(Recurrent):
    """Gated recurrent unit: three gates, each a linear layer of the input and the state.

    r, z = sigmoid(..), n = tanh(W·x + r·(U·h)), h = (1 - z)·n + z·h: 3h(i + h) MACs for each step
    and direction, and for each element of the state 3 functions, 3 multiplications and 3
    additions. Gives the state at every step: length, features become length, h (2h if
    bidirectional); select_token -1 is the last. Weights: 3h(i + h) and two bias vectors of 3h as
    in PyTorch (and Keras with reset_after), or one.
    (Cho et al., arXiv:1406.1078, §2.3.)
    """

    kind = "gru"
    gates = 3
    costs: ClassVar[dict[str, int]] = {"special": 3, "mul": 3, "add": 3}


class RNN(Recurrent):
    """A plain recurrent layer: h = tanh(W·x + U·h + b), or relu.

    h(i + h) MACs for each step and direction, and one function for each element of the state.
    Gives the state at every step: length, features become length, h (2h if bidirectional);
    select_token -1 is the last. (Elman, Finding Structure in Time, 1990.)
    """

    kind = "rnn"
    nonlinearity = Choice(("tanh", "relu"), "tanh", "the function of the state")
    order = ("hidden_size", "num_layers", "bidirectional", "bias", "bias_vectors")

    def _costs(self) -> dict[str, int]:
        return {"special": 1} if self.nonlinearity == "tanh" else {"cmp": 1}
