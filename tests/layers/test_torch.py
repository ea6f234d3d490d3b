"""The same layers as torch.nn modules on the meta device: shapes, weights, buffers, MACs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from archcalc.shapes import Shape

from .facts import FACTS, Fact

torch = pytest.importorskip("torch", reason="torch is not installed (it is only checked against)")
nn = torch.nn

Maker = Callable[[Any, Shape], Any]


def ranked(name: str, x: Shape) -> Any:
    """``Conv`` for an image of two positions is ``nn.Conv2d``."""
    return getattr(nn, f"{name}{len(x.positions)}d")


def as_numbers(layer: Any) -> Any:
    """The padding without archcalc's own words."""
    kernel = layer.kernel_size
    if layer.padding == "half":
        return tuple(k // 2 for k in kernel) if isinstance(kernel, tuple) else kernel // 2
    return 0 if layer.padding == "valid" else layer.padding


def conv(layer: Any, x: Shape) -> Any:
    groups = x["channels"] if layer.kind == "depthwise_conv" else layer.groups
    outs = groups * layer.multiplier if layer.kind == "depthwise_conv" else layer.out_channels
    kernel, padding = layer.kernel_size, as_numbers(layer)
    if padding == "same" and layer.stride != 1:
        return None  # torch has no `same` with a stride
    return ranked("Conv", x)(
        x["channels"],
        outs,
        kernel,
        layer.stride,
        padding,
        layer.dilation,
        groups,
        layer.has_bias,
    )


def conv_transpose(layer: Any, x: Shape) -> Any:
    return ranked("ConvTranspose", x)(
        x["channels"],
        layer.out_channels,
        layer.kernel_size,
        layer.stride,
        layer.padding,
        layer.output_padding,
        layer.groups,
        layer.has_bias,
        layer.dilation,
    )


def linear(layer: Any, x: Shape) -> Any:
    if layer.axis != "features":
        return None  # torch's works on the last dimension
    return nn.Linear(x["features"], layer.out_features, layer.has_bias)


def max_pool(layer: Any, x: Shape) -> Any:
    if layer.padding == "same":
        return None
    return ranked("MaxPool", x)(
        layer.kernel_size,
        layer.stride,
        as_numbers(layer),
        layer.dilation,
        ceil_mode=layer.ceil_mode,
    )


def avg_pool(layer: Any, x: Shape) -> Any:
    return ranked("AvgPool", x)(
        layer.kernel_size,
        layer.stride,
        as_numbers(layer),
        layer.ceil_mode,
        layer.count_include_pad,
    )


def global_pool(name: str) -> Maker:
    def make(layer: Any, x: Shape) -> Any:
        if "channels" not in x:
            return None
        pool = ranked(name, x)(1)
        return pool if layer.keepdims else nn.Sequential(pool, nn.Flatten())

    return make


def norm(name: str) -> Maker:
    def make(layer: Any, x: Shape) -> Any:
        if "channels" not in x:
            return None  # torch normalises dimension 1, which is the length here
        return ranked(name, x)(
            x["channels"], affine=layer.affine, track_running_stats=layer.track_running_stats
        )

    return make


def layer_norm(layer: Any, x: Shape) -> Any:
    if layer.over == "all":
        return nn.LayerNorm(x.sizes, elementwise_affine=layer.affine, bias=layer.bias)
    if "channels" in x:
        return None  # torch has no layer norm over the channels of an image
    return nn.LayerNorm(x["features"], elementwise_affine=layer.affine, bias=layer.bias)


def upsample(layer: Any, x: Shape, *like: Shape) -> Any:
    if like:
        return None
    align = None if layer.mode == "nearest" else layer.align_corners
    return nn.Upsample(layer.size, layer.scale_factor, layer.mode, align)


class CrossAttention(nn.Module):  # type: ignore[misc,name-defined]
    """torch's attention with one input or two; the weights are asked for, so no fast path."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__()
        self.inner = nn.MultiheadAttention(*arguments, batch_first=True, **keywords)

    def forward(self, x: Any, context: Any = None) -> Any:
        source = x if context is None else context
        return self.inner(x, source, source, need_weights=True)[0]


def attention(layer: Any, x: Shape, *context: Shape) -> Any:
    plain = {"num_heads", "bias", "causal", "context"}
    if not layer.arguments().keys() <= plain:
        return None
    sizes = {"kdim": context[0]["features"], "vdim": context[0]["features"]} if context else {}
    return CrossAttention(x["features"], layer.num_heads, bias=layer.bias, **sizes)


class Recurrent(nn.Module):  # type: ignore[misc,name-defined]
    """A recurrent module without its final state."""

    def __init__(self, inner: Any) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Any) -> Any:
        return self.inner(x)[0]


def recurrent(name: str) -> Maker:
    def make(layer: Any, x: Shape) -> Any:
        if layer.bias and layer.bias_vectors != 2:
            return None
        more = {"nonlinearity": layer.nonlinearity} if name == "RNN" else {}
        return Recurrent(
            getattr(nn, name)(
                x["features"],
                layer.hidden_size,
                layer.num_layers,
                bias=layer.bias,
                batch_first=True,
                bidirectional=layer.bidirectional,
                **more,
            )
        )

    return make


def plain(name: str, *arguments: Any) -> Maker:
    return lambda layer, x: getattr(nn, name)(*arguments)


MAKERS: dict[str, Maker] = {
    "conv": conv,
    "depthwise_conv": conv,
    "conv_transpose": conv_transpose,
    "linear": linear,
    "max_pool": max_pool,
    "avg_pool": avg_pool,
    "global_avg_pool": global_pool("AdaptiveAvgPool"),
    "global_max_pool": global_pool("AdaptiveMaxPool"),
    "adaptive_avg_pool": lambda layer, x: ranked("AdaptiveAvgPool", x)(layer.output_size),
    "adaptive_max_pool": lambda layer, x: ranked("AdaptiveMaxPool", x)(layer.output_size),
    "batch_norm": norm("BatchNorm"),
    "instance_norm": norm("InstanceNorm"),
    "layer_norm": layer_norm,
    "group_norm": lambda layer, x: nn.GroupNorm(
        layer.num_groups, x["channels"], 1e-5, layer.affine
    ),
    "rms_norm": lambda layer, x: nn.RMSNorm(x["features"], elementwise_affine=layer.affine),
    "lrn": lambda layer, x: nn.LocalResponseNorm(layer.size),
    "prelu": lambda layer, x: None if layer.per_channel else nn.PReLU(),
    "glu": lambda layer, x: nn.GLU(1) if layer.activation == "sigmoid" else None,
    "softmax": lambda layer, x: nn.Softmax(-1),
    "log_softmax": lambda layer, x: nn.LogSoftmax(-1),
    "relu": plain("ReLU"),
    "relu6": plain("ReLU6"),
    "leaky_relu": plain("LeakyReLU"),
    "elu": plain("ELU"),
    "selu": plain("SELU"),
    "celu": plain("CELU"),
    "gelu": plain("GELU"),
    "gelu_tanh": plain("GELU", "tanh"),
    "silu": plain("SiLU"),
    "mish": plain("Mish"),
    "sigmoid": plain("Sigmoid"),
    "log_sigmoid": plain("LogSigmoid"),
    "hard_sigmoid": plain("Hardsigmoid"),
    "hard_swish": plain("Hardswish"),
    "tanh": plain("Tanh"),
    "hard_tanh": plain("Hardtanh"),
    "softplus": plain("Softplus"),
    "softsign": plain("Softsign"),
    "identity": plain("Identity"),
    "dropout": lambda layer, x: nn.Dropout(layer.p),
    "flatten": plain("Flatten"),
    "upsample": upsample,
    "channel_shuffle": lambda layer, x: nn.ChannelShuffle(layer.groups),
    "pixel_shuffle": lambda layer, x: nn.PixelShuffle(layer.upscale_factor),
    "pixel_unshuffle": lambda layer, x: (
        nn.PixelUnshuffle(layer.downscale_factor) if len(x.positions) == 2 else None
    ),
    "embedding": lambda layer, x: nn.Embedding(layer.num_embeddings, layer.embedding_dim),
    "attention": attention,
    "lstm": recurrent("LSTM"),
    "gru": recurrent("GRU"),
    "rnn": recurrent("RNN"),
}

MULTIPLIES = ("conv", "depthwise_conv", "conv_transpose", "linear", "attention")
"""The kinds whose products torch's own counter sees on the meta device."""


def module_of(fact: Fact) -> Any:
    with torch.device("meta"):
        return MAKERS[fact.kind](fact.layer, *fact.shapes)


@pytest.mark.parametrize("fact", [f for f in FACTS if f.kind in MAKERS], ids=str)
def test_torch_gives_the_same(fact: Fact) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    module = module_of(fact)
    if module is None:
        pytest.skip("torch has no such module")
    # Training keeps attention off its fast path and dropout at its place; one sample is a batch.
    module.train()
    words = fact.kind == "embedding"
    inputs = [
        torch.empty(2, *x.sizes, device="meta", dtype=torch.int64 if words else torch.float32)
        for x in fact.shapes
    ]
    counter = FlopCounterMode(display=False)
    with counter:
        y = module(*inputs)
    layer, xs = fact.layer, fact.shapes
    output = layer.output(*xs)
    assert tuple(y.shape[1:]) == output.sizes
    weights = list(layer.weights(*xs))
    params = sum(w.product.value for w in weights if not w.buffer)
    buffers = sum(w.product.value for w in weights if w.buffer)
    assert params == sum(p.numel() for p in module.parameters())
    assert buffers == sum(b.numel() for n, b in module.named_buffers() if "num_batches" not in n)
    if fact.kind in MULTIPLIES:
        macs = sum(o.product.value for o in layer.operations(output, *xs) if o.kind == "mac")
        assert 2 * 2 * macs == counter.get_total_flops()


def test_most_rows_are_checked() -> None:
    rows = [f for f in FACTS if f.kind in MAKERS]
    assert sum(module_of(fact) is not None for fact in rows) > 0.7 * len(rows) > 50


@pytest.mark.parametrize("name, size", [("max_pool", 9), ("avg_pool", 9)])
def test_sizes_are_those_of_torch_for_every_small_window(name: str, size: int) -> None:
    from archcalc.layers import KINDS

    maker = MAKERS[name]
    x = Shape.of(channels=1, length=size)
    image = torch.empty(1, 1, size, device="meta")
    for kernel in range(1, size + 1):
        for stride in range(1, 5):
            for padding in range(kernel // 2 + 1):
                for ceil_mode in (False, True):
                    layer = KINDS[name](
                        kernel_size=kernel, stride=stride, padding=padding, ceil_mode=ceil_mode
                    )
                    module = maker(layer, x)
                    found = layer.output(x)["length"]
                    assert found == module(image).shape[-1], (kernel, stride, padding, ceil_mode)
