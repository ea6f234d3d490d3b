"""What other tools count, as one table: weights over quantities of the facts that layers state.

A convention is data. To add one, write an entry in `CONVENTIONS`: how much each quantity of which
layer kinds counts. The quantities (`QUANTITIES`) are the same for all of them.

A tool does not see layers, it sees code, and some code it does not see: a pooling that is called
as a function and not as a module, an attention that runs as one fused operation. `WRITTEN` says
for the bundled networks how torchvision writes such a layer, and `Convention.called` what a tool
makes of it. So the figure of a bundled network is the tool's own, to the digit, and what it
misses by its own rule is told apart from what it counts.

The figures that this must reproduce were measured with the tools: ``tests/data/conventions``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from math import prod
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from archcalc.layers.base import Layer
from archcalc.shapes import Shape
from archcalc.terms import Operation, Weight

CONVOLUTIONS: Final = ("conv", "depthwise_conv")
ATTENTION: Final = ("attention", "latent_attention", "window_attention", "pooled_attention")
RECURRENT: Final = ("lstm", "gru", "rnn")
MATRICES: Final = ("linear", "matmul", "moe", "custom", *ATTENTION)
PRODUCTS: Final = (*CONVOLUTIONS, "conv_transpose", *MATRICES)
"""What has multiply-accumulates that every tool knows; an ``mlp`` counts as its linear layers."""
AVERAGES: Final = ("avg_pool", "global_avg_pool", "adaptive_avg_pool")
MAXIMA: Final = ("max_pool", "global_max_pool", "adaptive_max_pool")

FUNCTION: Final = "as a function"
MEAN: Final = "as a mean"
SUBCLASS: Final = "as a subclass of its own"
LINEAR: Final = "as a linear layer"
FUSED: Final = "as torch.nn.MultiheadAttention"
UNWRAPPED: Final = "as functions on its weights"
SIZES: Final = "with a product of sizes"


class Facts:
    """One layer on its shapes: what the quantities are read from."""

    def __init__(self, layer: Layer, y: Shape, xs: tuple[Shape, ...], padding: str) -> None:
        self.layer = layer
        self.y = y
        self.xs = xs
        self._exact = padding == "exact"

    @cached_property
    def operations(self) -> list[Operation]:
        rule = self.layer.exact_operations if self._exact else self.layer.operations
        return list(rule(self.y, *self.xs))

    @cached_property
    def weights(self) -> list[Weight]:
        return [weight for weight in self.layer.weights(*self.xs) if not weight.buffer]

    def of_kind(self, kind: str, *parts: str) -> int:
        """The operations of one kind, or only those for ``parts``."""
        return sum(
            operation.product.value
            for operation in self.operations
            if operation.kind == kind and (not parts or operation.part in parts)
        )

    @property
    def positions(self) -> int:
        """The positions of the output."""
        return prod(self.y[axis] for axis in self.y.positions)


_SCORES: Final = ("scores", "weighted values")
"""The products of an attention in which no weights are."""


def _biases(facts: Facts) -> int:
    """The additions that go with products: ``bias``, or named as the product itself."""
    named = {o.part for o in facts.operations if o.kind == "mac" and o.part} - {"router"}
    return facts.of_kind("add", "bias", *named)


def _states(facts: Facts) -> int:
    """The elements of a recurrent layer's states, over all steps."""
    for operation in facts.operations:
        if operation.part == "gates":
            factors = operation.product.factors
            return prod(size for name, size in factors.items() if name != "each")
    return 0


class Quantity(NamedTuple):
    """Something that a tool counts, in the words of one of it: ``2 per element``."""

    one: str
    of: Callable[[Facts], int]


QUANTITIES: Final = {
    "mac": Quantity("MAC", lambda f: f.of_kind("mac")),
    "projection": Quantity(
        "MAC of the projections", lambda f: f.of_kind("mac") - f.of_kind("mac", *_SCORES)
    ),
    "score": Quantity("MAC of the scores", lambda f: f.of_kind("mac", *_SCORES)),
    "bias": Quantity("bias added to an output", _biases),
    "element": Quantity("element", lambda f: f.xs[0].elements),
    "input": Quantity("element that comes in", lambda f: f.xs[0].elements),
    "output": Quantity("element that comes out", lambda f: f.y.elements),
    "weight": Quantity("weight", lambda f: sum(w.product.value for w in f.weights)),
    "weight, everywhere": Quantity(
        "weight at each position of the output",
        lambda f: f.positions * sum(w.product.value for w in f.weights),
    ),
    "kernel, everywhere": Quantity(
        "weight of the kernel at each position of the output",
        lambda f: f.positions * sum(w.product.value for w in f.weights if w.name != "bias"),
    ),
    "softmax": Quantity("score of the softmax", lambda f: f.of_kind("exp", "softmax")),
    "scale": Quantity("score that is scaled", lambda f: f.of_kind("mul", "scale")),
    "mul": Quantity("multiplication", lambda f: f.of_kind("mul")),
    "add": Quantity("addition", lambda f: f.of_kind("add")),
    "cmp": Quantity("comparison", lambda f: f.of_kind("cmp")),
    "div": Quantity("division", lambda f: f.of_kind("div")),
    "operation": Quantity("operation", lambda f: sum(o.product.value for o in f.operations)),
    "state": Quantity("element of a state", _states),
    "layer": Quantity("layer", lambda f: 1),
}
"""Every quantity that a convention can weigh, the same for all conventions."""

MACS: Final = frozenset(("mac", "projection", "score"))
"""The quantities that are multiply-accumulates."""


class Each(NamedTuple):
    """One line of a convention: ``weight`` for each of a quantity, in layers of some kinds."""

    weight: int
    of: str
    kinds: tuple[str, ...]
    """The layer kinds; empty: all."""
    where: tuple[tuple[str, Any], ...]
    """Values that the layer's arguments must have."""

    def meets(self, layer: Layer) -> bool:
        """Whether it is for this layer."""
        return (not self.kinds or layer.kind in self.kinds) and all(
            getattr(layer, name) == value for name, value in self.where
        )

    def count(self, facts: Facts) -> int:
        return self.weight * QUANTITIES[self.of].of(facts)

    @property
    def words(self) -> str:
        """``2 per element``."""
        return f"{self.weight} per {QUANTITIES[self.of].one}"

    @property
    def condition(self) -> str:
        """What it asks of the arguments: `` without affine``; nothing for what is usual."""
        return "".join(
            f" without {name}" if value is False else f" with {name} {value}"
            for name, value in self.where
            if value is not True
        )


def each(weight: int, of: str, /, *kinds: str, **where: Any) -> Each:
    """``each(2, "element", "batch_norm", affine=True)``."""
    return Each(weight, of, kinds, tuple(where.items()))


class Convention(NamedTuple):
    """What one tool counts."""

    tool: str
    unit: str
    counts: tuple[Each, ...]
    """The lines add up; what no line is for counts nothing."""
    padding: str = "dense"
    """``exact``: products with padded zeros are left out."""
    buffers: bool = False
    """Whether parameters include BatchNorm's moving statistics."""
    called: Mapping[str, tuple[Each, ...]] = MappingProxyType({})
    """What stands in place of ``counts`` for a layer that is written otherwise; see `WRITTEN`."""
    note: str = ""

    def lines(self, layer: Layer, called: str = "") -> list[Each]:
        """The lines that are for this layer, written as ``called`` says."""
        lines = self.called.get(called, self.counts) if called else self.counts
        return [line for line in lines if line.meets(layer)]

    def figure(self, layer: Layer, y: Shape, xs: tuple[Shape, ...], called: str = "") -> int:
        """What it counts for one layer on one sample."""
        figure = 0
        for part, out, ins in layer.made_of(y, *xs):
            facts = Facts(part, out, ins, self.padding)
            figure += sum(line.count(facts) for line in self.lines(part, called))
        return figure


def _interpolation(
    nearest: int = 0, linear: int = 0, bilinear: int = 0, bicubic: int = 0, trilinear: int = 0
) -> tuple[Each, ...]:
    """So many for each element that an ``upsample`` puts out, by its mode."""
    modes = {
        "nearest": nearest,
        "linear": linear,
        "bilinear": bilinear,
        "bicubic": bicubic,
        "trilinear": trilinear,
    }
    return tuple(each(n, "output", "upsample", mode=mode) for mode, n in modes.items() if n)


# ptflops counts a module by its type, and then what the module's code calls; torch.nn.ReLU calls
# torch.nn.functional.relu, and so it is counted twice. The functions that are so called:
_PTFLOPS_TWICE: Final = (
    each(2, "element", "relu", "prelu", "elu", "gelu", "gelu_tanh"),
    each(2, "input", *AVERAGES, *MAXIMA),
)
_PTFLOPS_ONCE: Final = (
    each(1, "element", "relu", "prelu", "elu", "gelu", "gelu_tanh"),
    each(1, "input", *AVERAGES, *MAXIMA),
)

CONVENTIONS: Final = {
    "archcalc": Convention(
        "archcalc",
        "MACs",
        (each(1, "mac"),),
        note="MACs of convolutions, linear layers and matrix products; padding counts like any "
        "position, a bias, a norm and an activation are no MACs",
    ),
    "torch": Convention(
        "PyTorch 2.13, FlopCounterMode",
        "flops, two per MAC",
        (each(2, "mac", *PRODUCTS, "gru", "rnn"),),
        called={FUSED: ()},
        note="an LSTM and torch.nn.MultiheadAttention run as one fused operation each (on a CPU, "
        "without gradients), of which it counts nothing",
    ),
    "fvcore": Convention(
        "fvcore 0.1.5, FlopCountAnalysis",
        "flops, one per MAC",
        (
            each(1, "mac", *PRODUCTS),
            each(2, "element", "batch_norm", affine=True),
            each(1, "element", "batch_norm", affine=False),
            each(5, "element", "layer_norm", "group_norm", "instance_norm", affine=True),
            each(4, "element", "layer_norm", "group_norm", "instance_norm", affine=False),
            each(1, "input", "global_avg_pool", "adaptive_avg_pool"),
            *_interpolation(nearest=1, bilinear=4),
        ),
        called={MEAN: (), FUSED: (each(1, "projection"),)},
        note="reads the traced graph, and counts nothing for what it has no rule for: average "
        "pooling with a window, a mean, activations, recurrent layers",
    ),
    "ptflops": Convention(
        "ptflops 0.7.5, back-end pytorch",
        "MACs, as ptflops counts them",
        (
            each(1, "mac", *PRODUCTS, *RECURRENT),
            each(1, "bias", *PRODUCTS, *RECURRENT),
            each(1, "softmax", *ATTENTION),
            each(2, "element", "batch_norm", "group_norm", "instance_norm", affine=True),
            each(1, "element", "batch_norm", "group_norm", "instance_norm", affine=False),
            each(1, "element", "layer_norm", "relu6", "leaky_relu", "silu", "softmax"),
            each(4, "element", "lrn"),
            *_PTFLOPS_TWICE,
            each(2, "output", "upsample"),
            each(10, "state", "lstm"),
            each(7, "state", "gru"),
            each(1, "state", "rnn"),
        ),
        called={
            FUNCTION: _PTFLOPS_ONCE,
            MEAN: (),
            SUBCLASS: (),
            UNWRAPPED: (each(1, "score"), each(1, "softmax")),
            FUSED: (
                each(1, "mac"),
                each(1, "bias"),
                each(1, "softmax"),
                each(1, "element"),  # the queries are scaled
            ),
        },
        note="looks at modules and at the functions that they call, so that torch.nn.ReLU, whose "
        "code calls the function relu, counts twice; so do pooling and upsampling",
    ),
    "ptflops-aten": Convention(
        "ptflops 0.7.5, back-end aten",
        "MACs, with biases",
        (
            each(1, "mac", *PRODUCTS, "gru", "rnn"),
            each(1, "bias", *PRODUCTS, "gru", "rnn"),
        ),
        called={FUSED: (each(1, "projection"), each(1, "bias"))},
        note="watches PyTorch's operators; an LSTM and the scores of an attention run as one "
        "fused operation, of which it counts nothing",
    ),
    "thop": Convention(
        "thop 0.1.1",
        "MACs, as thop counts them",
        (
            each(1, "mac", *CONVOLUTIONS, "linear", "moe", "custom", *RECURRENT),
            each(1, "projection", *ATTENTION),
            each(1, "kernel, everywhere", "conv_transpose"),
            each(4, "element", "batch_norm", "layer_norm", "instance_norm", affine=True),
            each(2, "element", "batch_norm", "layer_norm", "instance_norm", affine=False),
            each(1, "element", "prelu"),
            each(1, "operation", "softmax"),
            each(1, "output", *AVERAGES),
            each(1, "input", "global_avg_pool", "adaptive_avg_pool"),
            *_interpolation(nearest=1, linear=5, bilinear=11, bicubic=259),
            each(1, "bias", *RECURRENT),
            each(8, "state", "lstm"),
            each(7, "state", "gru"),
            each(1, "state", "rnn"),
        ),
        called={FUNCTION: (), MEAN: (), SUBCLASS: (), UNWRAPPED: (), FUSED: ()},
        note="looks at modules only: what is called as a function costs nothing, and of "
        "torch.nn.MultiheadAttention it sees nothing",
    ),
    "torchinfo": Convention(
        "torchinfo 1.8.0, total mult-adds",
        "mult-adds, as torchinfo counts them",
        (
            each(1, "mac", *CONVOLUTIONS),
            each(1, "bias", *CONVOLUTIONS),
            each(1, "weight, everywhere", "conv_transpose", *RECURRENT),
            each(
                1,
                "weight",
                *("linear", "moe", *ATTENTION, "batch_norm", "layer_norm", "group_norm"),
                *("instance_norm", "rms_norm", "prelu", "embedding"),
            ),
        ),
        called={LINEAR: (each(1, "weight"),), UNWRAPPED: (), FUSED: ()},
        note="counts the weights of a module, for a convolution at each position; a linear layer "
        "counts once however long the sequence, and a product without weights not at all",
    ),
    "calflops": Convention(
        "calflops 0.3.2, FLOPs",
        "FLOPs, two per MAC",
        (
            each(2, "mac", *PRODUCTS, *RECURRENT),
            each(1, "bias", *CONVOLUTIONS, "conv_transpose", *RECURRENT),
            each(1, "softmax", *ATTENTION),
            each(2, "element", "batch_norm", affine=True),
            each(1, "element", "batch_norm", affine=False),
            each(5, "element", "layer_norm", "group_norm", "instance_norm", affine=True),
            each(4, "element", "layer_norm", "group_norm", "instance_norm", affine=False),
            each(
                1,
                "element",
                *("relu", "leaky_relu", "prelu", "elu", "gelu", "gelu_tanh", "silu", "softmax"),
            ),
            each(1, "input", *AVERAGES, *MAXIMA),
            each(4, "element", "lrn"),
            each(1, "input", "upsample"),
            each(2, "state", "lstm"),
            each(1, "state", "gru"),
            each(-1, "state", "rnn"),
        ),
        called={MEAN: (), LINEAR: (each(2, "mac"),), FUSED: (each(2, "projection"),)},
        note="looks at the functions that are called; relu6 and sigmoid are not among them. The "
        "bias of a linear layer is left out, that of a convolution is not",
    ),
    "calflops-macs": Convention(
        "calflops 0.3.2, MACs",
        "MACs",
        (each(1, "mac", *PRODUCTS),),
        called={FUSED: (each(1, "projection"),)},
        note="the second figure of calflops; recurrent layers have none",
    ),
    "torchprofile": Convention(
        "torchprofile 0.1.0",
        "MACs, as torchprofile counts them",
        (
            each(1, "mac", *CONVOLUTIONS, *MATRICES, "lstm"),
            each(1, "kernel, everywhere", "conv_transpose"),
            each(1, "scale", *ATTENTION),
            each(
                1,
                "element",
                *("batch_norm", "layer_norm", "group_norm", "instance_norm"),
                affine=True,
            ),
            each(1, "element", "leaky_relu"),
            each(3, "element", "lrn"),
            each(1, "output", *AVERAGES, "mean", "layer_scale", "scale"),
            each(1, "mul", "mul"),
            each(4, "output", "upsample", mode="bilinear"),
        ),
        called={
            FUSED: (each(1, "mac"), each(4, "layer")),
            UNWRAPPED: (each(1, "mac"), each(1, "element"), each(2, "layer")),
            SIZES: (each(1, "layer"),),
        },
        note="reads the traced graph; a multiplication of two sizes while a tensor is reshaped is "
        "one MAC for it",
    ),
    "keras": Convention(
        "Keras 3; FLOPs as TensorFlow's profiler counts products and biases",
        "FLOPs, two per MAC",
        (each(2, "mac"), each(1, "bias")),
        buffers=True,
        note="parameters include BatchNorm's moving mean and variance",
    ),
    "xla": Convention(
        "XLA's HLO cost analysis, as JAX 0.10 prints it",
        "flops, two per MAC",
        (each(2, "mac"), each(1, "mul"), each(1, "add"), each(1, "cmp"), each(1, "div")),
        padding="exact",
        note="products with padded zeros are left out; each arithmetic operation counts one, a "
        "BatchNorm as a scale and a shift; exponentials and the like are counted apart",
    ),
}
"""Every convention by its name."""

OWN: Final = "archcalc"


class Written(NamedTuple):
    """Layers of a bundled network that the code of torchvision writes in a way of its own."""

    targets: str
    """Of which variants it is so: ``googlenet@torchvision*``, a pattern."""
    kind: str
    paths: str
    """The rows, by a pattern."""
    called: str


WRITTEN: Final = (
    Written("googlenet@torchvision*", "relu", "*", FUNCTION),
    Written("googlenet@torchvision*", "adaptive_avg_pool", "aux*", FUNCTION),
    Written("inception_v3@*", "relu", "*", FUNCTION),
    Written("inception_v3@*", "avg_pool", "*", FUNCTION),
    Written("inception_v3@*", "max_pool", "*.pool.max_pool", FUNCTION),
    Written("densenet@*", "relu", "relu", FUNCTION),
    Written("densenet@*", "global_avg_pool", "*", FUNCTION),
    Written("mobilenet_v2@*", "global_avg_pool", "*", FUNCTION),
    Written("shufflenet_v2@*", "global_avg_pool", "*", MEAN),
    Written("mnasnet@*", "global_avg_pool", "*", MEAN),
    Written("convnext@*", "layer_norm", "layer_norm*", SUBCLASS),
    Written("convnext@*", "layer_norm", "*.downsample.layer_norm", SUBCLASS),
    Written("convnext@*", "conv", "stage*.main.conv*", LINEAR),
    Written("swin@*", "window_attention", "*", UNWRAPPED),
    Written("vit@*", "attention", "*", FUSED),
    Written("vit@*", "to_sequence", "*", SIZES),
)
"""How torchvision writes layers that some tools see otherwise, or not at all."""


def written_as(target: str) -> Callable[[str, str], str]:
    """How the network ``SPEC@VARIANT`` writes a layer, from its kind and its path."""
    from fnmatch import fnmatchcase

    found = [entry for entry in WRITTEN if fnmatchcase(target, entry.targets)]

    def called(kind: str, path: str) -> str:
        for entry in found:
            if kind == entry.kind and fnmatchcase(path, entry.paths):
                return entry.called
        return ""

    return called
