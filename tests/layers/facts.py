"""The facts: for each layer kind, what comes out and what it costs, worked out by hand.

A count that a row does not name must be 0, so a row says all that a layer costs.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from archcalc.layers import KINDS, Layer
from archcalc.shapes import LETTERS, Shape

NAMES = {letter: name for name, letter in LETTERS.items()}


def shape(text: str) -> Shape:
    """``c64 h56 w56`` is channels 64, height 56, width 56."""
    return Shape.of(**{NAMES[word[0]]: int(word[1:]) for word in text.split()})


class Fact(NamedTuple):
    """One line of the table."""

    kind: str
    arguments: dict[str, Any]
    inputs: str
    """Shapes; several are separated by ``|``."""
    output: str
    counts: dict[str, int]
    """``params`` (trainable and frozen), ``buffers``, and operations by their kind."""

    @property
    def layer(self) -> Layer:
        return KINDS[self.kind](**self.arguments)

    @property
    def shapes(self) -> tuple[Shape, ...]:
        return tuple(shape(text) for text in self.inputs.split("|"))

    def __str__(self) -> str:
        words = ",".join(f"{n}={v}" for n, v in self.arguments.items()).replace(" ", "")
        return f"{self.kind}({words})-{self.inputs.replace(' ', '')}"


FACTS: list[Fact] = []


def fact(kind: str, inputs: str, output: str, /, arguments: Any = None, **counts: int) -> None:
    FACTS.append(Fact(kind, arguments or {}, inputs, output, counts))


# Convolution: params k·k·C_in/groups·C_out (+ C_out), MACs times the positions that come out.
OUT = 28 * 28 * 32
fact(
    "conv",
    "c192 h28 w28",
    "c32 h28 w28",
    {"out_channels": 32, "kernel_size": 5, "padding": "same"},
    params=32 * 5 * 5 * 192 + 32,
    mac=120_422_400,
    add=OUT,
)
fact(
    "conv",
    "c192 h28 w28",
    "c16 h28 w28",
    {"out_channels": 16, "kernel_size": 1, "bias": False},
    params=16 * 192,
    mac=28 * 28 * 16 * 192,
)
fact(
    "conv",
    "c3 h224 w224",
    "c64 h112 w112",
    {"out_channels": 64, "kernel_size": 7, "stride": 2, "padding": 3, "norm": "batch"},
    params=9_408,
    mac=118_013_952,
)
fact(
    "conv",
    "c96 h27 w27",
    "c256 h27 w27",
    {"out_channels": 256, "kernel_size": 5, "padding": 2, "groups": 2},
    params=307_456,
    mac=27 * 27 * 256 * 25 * 48,
    add=27 * 27 * 256,
)
fact(
    "conv",
    "c8 l100",
    "c4 l46",
    {"out_channels": 4, "kernel_size": 5, "stride": 2, "dilation": 2},
    params=4 * 5 * 8 + 4,
    mac=46 * 4 * 5 * 8,
    add=46 * 4,
)
fact(
    "conv",
    "c3 d16 h112 w112",
    "c64 d16 h56 w56",
    {"out_channels": 64, "kernel_size": (3, 7, 7), "stride": (1, 2, 2), "padding": "half"},
    params=64 * 3 * 49 * 3 + 64,
    mac=16 * 56 * 56 * 64 * 3 * 49 * 3,
    add=16 * 56 * 56 * 64,
)
fact(
    "conv",
    "c3 h11 w8",
    "c2 h4 w4",
    {"out_channels": 2, "kernel_size": (3, 2), "stride": (3, 2), "padding": "same"},
    params=2 * 6 * 3 + 2,
    mac=4 * 4 * 2 * 6 * 3,
    add=32,
)
fact(
    "conv",
    "c3 h9 w9",
    "c2 h7 w7",
    {"out_channels": 2, "kernel_size": 3, "padding": "valid", "activation": "relu", "bias": True},
    params=2 * 9 * 3 + 2,
    mac=49 * 2 * 9 * 3,
    add=98,
)
fact(
    "depthwise_conv",
    "c32 h112 w112",
    "c32 h56 w56",
    {"kernel_size": 3, "stride": 2, "padding": "half", "norm": "batch"},
    params=288,
    mac=56 * 56 * 32 * 9,
)
fact(
    "depthwise_conv",
    "c3 h10 w12",
    "c6 h10 w12",
    {"kernel_size": (3, 5), "padding": (1, 2), "multiplier": 2},
    params=6 * 15 + 6,
    mac=10 * 12 * 6 * 15,
    add=10 * 12 * 6,
)
fact(
    "conv_transpose",
    "c64 h7 w9",
    "c32 h14 w18",
    {"out_channels": 32, "kernel_size": 2, "stride": 2},
    params=64 * 32 * 4 + 32,
    mac=7 * 9 * 4 * 64 * 32,
    add=14 * 18 * 32,
)
fact(
    "conv_transpose",
    "c8 l10",
    "c4 l22",
    {
        "out_channels": 4,
        "kernel_size": 3,
        "stride": 2,
        "padding": 1,
        "output_padding": 1,
        "dilation": 2,
        "groups": 2,
        "bias": False,
    },
    params=8 * 4 * 3 // 2,
    mac=10 * 3 * 8 * 4 // 2,
)

# Linear: every output with every input, at every position.
fact("linear", "f400", "f120", {"out_features": 120}, params=48_120, mac=48_000, add=120)
fact(
    "linear",
    "c6 h4 w5",
    "c3 h4 w5",
    {"out_features": 3, "axis": "channels", "bias": False},
    params=18,
    mac=360,
)
fact(
    "linear",
    "l197 f768",
    "l197 f10",
    {"out_features": 10, "bias": False},
    params=7_680,
    mac=197 * 7_680,
)
fact("rbf", "f84", "f10", {"out_features": 10}, params=840, mac=840, add=840)

# Pooling: k·k - 1 comparisons or additions for each output, and one multiplication for a mean.
fact("max_pool", "c64 h112 w112", "c64 h56 w56", {"kernel_size": 2}, cmp=64 * 56 * 56 * 3)
fact(
    "max_pool",
    "c64 h112 w112",
    "c64 h56 w56",
    {"kernel_size": 3, "stride": 2, "padding": 1},
    cmp=64 * 56 * 56 * 8,
)
fact(
    "max_pool",
    "c64 h112 w112",
    "c64 h56 w56",
    {"kernel_size": 3, "stride": 2, "ceil_mode": True},
    cmp=64 * 56 * 56 * 8,
)
fact(  # the only window sticks out at the end, by less than a stride
    "max_pool",
    "c4 h2 w30",
    "c4 h1 w10",
    {"kernel_size": 3, "ceil_mode": True},
    cmp=4 * 10 * 8,
)
fact(  # ceil would say 4, but the fourth window would start in the padding at the end
    "max_pool",
    "c1 l5",
    "c1 l3",
    {"kernel_size": 2, "stride": 2, "padding": 1, "ceil_mode": True},
    cmp=3,
)
fact(
    "max_pool",
    "c2 h9 w9",
    "c2 h4 w9",
    {"kernel_size": (3, 1), "stride": (2, 1), "dilation": (1, 4)},
    cmp=2 * 4 * 9 * 2,
)
fact(
    "max_pool",
    "c32 h28 w28",
    "c32 h28 w28",
    {"kernel_size": 3, "stride": 1, "padding": "same"},
    cmp=32 * 28 * 28 * 8,
)
fact(
    "avg_pool",
    "c6 h28 w28",
    "c6 h14 w14",
    {"kernel_size": 2},
    add=6 * 196 * 3,
    mul=6 * 196,
)
fact(
    "avg_pool",
    "c512 h14 w14",
    "c512 h4 w4",
    {"kernel_size": 5, "stride": 3, "ceil_mode": True},
    add=512 * 16 * 24,
    mul=512 * 16,
)
fact(
    "avg_pool",
    "c4 d4 h6 w6",
    "c4 d2 h3 w3",
    {"kernel_size": 2, "count_include_pad": False},
    add=4 * 18 * 7,
    mul=4 * 18,
)
fact("global_avg_pool", "c512 h7 w7", "f512", add=512 * 48, mul=512)
fact("global_avg_pool", "c9 l1", "c9 l1", {"keepdims": True}, mul=9)
fact("global_avg_pool", "l197 f768", "f768", add=768 * 196, mul=768)
fact("global_max_pool", "c8 d2 h3 w4", "f8", cmp=8 * 23)
fact("global_max_pool", "c8 h3 w4", "c8 h1 w1", {"keepdims": True}, cmp=8 * 11)
fact(
    "adaptive_avg_pool",
    "c512 h7 w7",
    "c512 h7 w7",
    {"output_size": 7},
    mul=512 * 49,
)
fact(  # bins of 5 into 3: 0-1, 1-3, 3-4, seven positions; of 6 into 2: 0-2, 3-5
    "adaptive_avg_pool",
    "c2 h5 w6",
    "c2 h3 w2",
    {"output_size": (3, 2)},
    add=2 * (7 * 6 - 6),
    mul=2 * 6,
)
fact(  # more bins than positions: each takes one or two
    "adaptive_max_pool", "c2 l2", "c2 l3", {"output_size": 3}, cmp=2 * (4 - 3)
)

# Normalisation.
fact("batch_norm", "c64 h8 w8", "c64 h8 w8", params=128, buffers=128, mul=4096, add=4096)
fact(
    "batch_norm",
    "l9 f10",
    "l9 f10",
    {"affine": False, "track_running_stats": False},
    mul=90,
    add=90,
)
fact(
    "layer_norm",
    "l5 f16",
    "l5 f16",
    params=32,
    add=5 * 47 + 80,
    mul=5 * 34 + 80,
    special=5,
    div=5,
)
fact(
    "layer_norm",
    "c16 h2 w3",
    "c16 h2 w3",
    {"bias": False},
    params=16,
    add=6 * 47,
    mul=6 * 34 + 96,
    special=6,
    div=6,
)
fact(
    "layer_norm",
    "c4 h2 w2",
    "c4 h2 w2",
    {"over": "all"},
    params=32,
    add=47 + 16,
    mul=34 + 16,
    special=1,
    div=1,
)
fact(
    "layer_norm",
    "f16",
    "f16",
    {"affine": False, "over": "features"},
    add=47,
    mul=34,
    special=1,
    div=1,
)
fact(
    "group_norm",
    "c8 h2 w2",
    "c8 h2 w2",
    {"num_groups": 2},
    params=16,
    add=2 * 47 + 32,
    mul=2 * 34 + 32,
    special=2,
    div=2,
)
fact(
    "group_norm",
    "c8 h2 w2",
    "c8 h2 w2",
    {"num_groups": 4, "affine": False},
    add=4 * 23,
    mul=4 * 18,
    special=4,
    div=4,
)
fact("rms_norm", "l5 f16", "l5 f16", params=16, mul=5 * 33 + 80, add=80, special=5, div=5)
fact("rms_norm", "f16", "f16", {"affine": False}, mul=33, add=16, special=1, div=1)
fact("l2_norm", "l5 f16", "l5 f16", mul=80, add=75, special=5, div=80)
fact(
    "instance_norm",
    "c3 h4 w4",
    "c3 h4 w4",
    add=3 * 47,
    mul=3 * 34,
    special=3,
    div=3,
)
fact(
    "instance_norm",
    "c3 h4 w4",
    "c3 h4 w4",
    {"affine": True},
    params=6,
    add=3 * 47 + 48,
    mul=3 * 34 + 48,
    special=3,
    div=3,
)
fact(
    "instance_norm",
    "c3 l16",
    "c3 l16",
    {"affine": True, "track_running_stats": True},
    params=6,
    buffers=6,
    add=48,
    mul=48,
)
fact("lrn", "c8 h2 w2", "c8 h2 w2", add=32 * 5, mul=64, exp=32, div=32)
fact("lrn", "c8 h2 w2", "c8 h2 w2", {"size": 3, "k": 2.0}, add=96, mul=64, exp=32, div=32)

# Activations, for each element.
for kind, costs in {
    "relu": {"cmp": 1},
    "relu6": {"cmp": 2},
    "leaky_relu": {"cmp": 1, "mul": 1},
    "elu": {"cmp": 1, "exp": 1, "add": 1, "mul": 1},
    "selu": {"cmp": 1, "exp": 1, "add": 1, "mul": 2},
    "celu": {"cmp": 1, "div": 1, "exp": 1, "add": 1, "mul": 1},
    "gelu": {"special": 1, "mul": 1},
    "gelu_tanh": {"special": 1, "mul": 1},
    "quick_gelu": {"special": 1, "mul": 2},
    "silu": {"special": 1, "mul": 1},
    "mish": {"special": 2, "mul": 1},
    "sigmoid": {"special": 1},
    "log_sigmoid": {"special": 1},
    "hard_sigmoid": {"add": 1, "cmp": 2, "mul": 1},
    "hard_swish": {"add": 1, "cmp": 2, "mul": 2},
    "tanh": {"special": 1},
    "hard_tanh": {"cmp": 2},
    "softplus": {"special": 1},
    "softsign": {"cmp": 1, "add": 1, "div": 1},
}.items():
    fact(kind, "c6 h4 w5", "c6 h4 w5", **{name: 120 * each for name, each in costs.items()})
fact("prelu", "c6 h4 w5", "c6 h4 w5", params=1, cmp=120, mul=120)
fact("prelu", "l4 f30", "l4 f30", {"per_channel": True}, params=30, cmp=120, mul=120)
fact("softmax", "f10", "f10", exp=10, add=9, div=10)
fact("softmax", "l7 f10", "l7 f10", exp=70, add=63, div=70)
fact("softmax", "l7 f10", "l7 f10", {"axis": "length"}, exp=70, add=60, div=70)
fact("log_softmax", "l7 f10", "l7 f10", exp=70, add=7 * 19, special=7)
fact("glu", "c6 l20", "c3 l20", special=60, mul=60)
fact("glu", "f40", "f20", {"activation": "silu"}, special=20, mul=40)
fact("glu", "f40", "f20", {"activation": "prelu"}, params=1, cmp=20, mul=40)

# Where branches meet.
fact("add", "c6 h4 w5", "c6 h4 w5")
fact("add", "c6 h4 w5 | c6 h4 w5", "c6 h4 w5", add=120)
fact("add", "f9 | f9 | f9", "f9", add=18)
fact("mul", "c6 h4 w5", "c6 h4 w5")
fact("mul", "c6 h4 w5 | c6 h1 w1", "c6 h4 w5", mul=120)
fact("mul", "c6 h1 w5 | c6 h4 w1 | c6 h4 w5", "c6 h4 w5", mul=240)
fact("concat", "c6 h4 w5 | c2 h4 w5 | c1 h4 w5", "c9 h4 w5")
fact("concat", "l4 f5 | l3 f5", "l7 f5", {"axis": "length"})

# Reshaping: no cost but for interpolation, means and scales.
fact("identity", "c6 h4 w5", "c6 h4 w5")
fact("dropout", "f10", "f10", {"p": 0.7})
fact("drop_path", "l3 f10", "l3 f10", {"p": 0.1})
fact("scale", "l5 f4", "l5 f4", {"factor": 0.5}, mul=20)
fact("scale", "f4", "f4", {"learned": True}, params=1, mul=4)
fact("layer_scale", "c6 h4 w5", "c6 h4 w5", params=6, mul=120)
fact("layer_scale", "c6 h14 w14", "c6 h14 w14", {"bias": True}, params=12, mul=1176, add=1176)
fact("flatten", "c512 h7 w7", "f25088")
fact("flatten", "f10", "f10")
fact("reshape", "f128", "c8 h4 w4", {"to": shape("c8 h4 w4")})
fact("to_sequence", "c768 h14 w14", "l196 f768")
fact("to_sequence", "c80 l3000", "l3000 f80")
fact("to_image", "l196 f768", "c768 h14 w14", {"height": 14, "width": 14})
fact("to_image", "l3000 f80", "c80 l3000")
fact("to_image", "l24 f6", "c6 d2 h3 w4", {"height": 3, "width": 4, "depth": 2})
fact("upsample", "c6 h4 w5", "c6 h8 w10", {"scale_factor": 2})
fact(
    "upsample",
    "c6 h4 w5",
    "c6 h8 w15",
    {"scale_factor": (2, 3), "mode": "bilinear"},
    mul=720 * 4,
    add=720 * 3,
)
fact("upsample", "c6 l4", "c6 l9", {"size": 9, "mode": "linear"}, mul=54 * 2, add=54)
fact(
    "upsample",
    "c6 d2 h2 w2",
    "c6 d4 h4 w4",
    {"size": 4, "mode": "trilinear", "align_corners": True},
    mul=384 * 8,
    add=384 * 7,
)
fact(
    "upsample",
    "c6 h4 w5 | c9 h8 w8",
    "c6 h8 w8",
    {"like": "other", "mode": "bicubic"},
    mul=384 * 16,
    add=384 * 15,
)
fact("center_crop", "c64 h64 w64", "c64 h56 w54", {"size": (56, 54)})
fact("center_crop", "c64 h64 w64 | c8 h56 w56", "c64 h56 w56", {"like": "grown"})
fact("pad", "c3 h5 w6", "c3 h7 w8", {"padding": 1})
fact(
    "pad",
    "c3 h5 w6",
    "c3 h7 w14",
    {"padding": (0, 3), "before": (0, 2), "after": (2, 0), "mode": "reflect"},
)
fact("pad", "l5 f6", "l6 f6", {"before": 1, "mode": "circular"})
fact("pad", "c16 h4 w5", "c32 h4 w5", {"axis": "channels", "padding": 8})
fact("pad", "l5 f6", "l5 f9", {"axis": "features", "after": 3})
fact("channel_shuffle", "c6 h4 w5", "c6 h4 w5", {"groups": 3})
fact("pixel_shuffle", "c36 h4 w5", "c4 h12 w15", {"upscale_factor": 3})
fact("pixel_unshuffle", "c3 h4 w6", "c12 h2 w3", {"downscale_factor": 2})
fact("pixel_unshuffle", "c3 d5 h4 w6", "c12 d5 h2 w3", {"downscale_factor": (1, 2, 2)})
fact("select_token", "l16 f10", "f10", {"index": -16})
fact("select_token", "l16 f10", "f10", {"index": 15})
fact("take", "c64 h4 w5", "c32 h4 w5", {"axis": "channels", "start": 32})
fact("take", "l9 f10", "l3 f10", {"axis": "length", "start": 1, "size": 3})
fact("take", "c6 h4 w5", "c3 h4 w5", {"axis": "channels", "index": (0, 4, 5)})
fact("take", "c6 h4 w5", "c1 h4 w5", {"axis": "channels", "index": 2})
fact("mean", "c6 h4 w5", "c6 w5", {"axis": "height"}, add=90, mul=30)
fact("mean", "l4 f5", "l1 f5", {"axis": "length", "keepdims": True}, add=15, mul=5)

# Tokens and positions.
fact(
    "embedding",
    "l128",
    "l128 f768",
    {"num_embeddings": 50257, "embedding_dim": 768},
    params=38_597_376,
)
fact("position_embedding", "l197 f768", "l197 f768", params=151_296, add=151_296)
fact(
    "position_embedding",
    "l8 f6",
    "l8 f6",
    {"max_length": 1024, "past": 100},
    params=6144,
    add=48,
)
fact("position_embedding", "l8 f6", "l8 f6", {"learned": False}, add=48)
fact("class_token", "l196 f768", "l197 f768", params=768)
fact("class_token", "l196 f768", "l200 f768", {"tokens": 4}, params=3072)
fact("rope", "l8 f64", "l8 f64", mul=1024, add=512)

fact("position_embedding", "l8 f6", "l8 f6", {"frozen": True}, params=48, add=48)
fact(  # vectors for sides of 2, 3 and 4 and for the token before: three additions and one
    "position_embedding",
    "l25 f6",
    "l25 f6",
    {"factors": (2, 3, 4), "tokens": 1},
    params=(2 + 3 + 4 + 1) * 6,
    add=(3 * 24 + 1) * 6,
)

fact("matmul", "f512 | f512", "f1", mac=512)
fact("matmul", "l7 f6 | l9 f6", "l7 f9", mac=7 * 9 * 6)
fact("matmul", "l7 f6 | f6", "l7 f1", mac=7 * 6)
fact("softcap", "l5 f4", "l5 f4", {"cap": 50.0}, special=20, mul=40)

# Transformers. ViT-B/16: 197 tokens of 768 features, 12 heads of 64.
L, F, S = 197, 768, 12 * 197 * 197
fact(
    "attention",
    "l197 f768",
    "l197 f768",
    {"num_heads": 12},
    params=4 * F * F + 4 * F,
    mac=4 * L * F * F + 2 * S * 64,
    mul=S,
    add=4 * L * F + 12 * L * (L - 1),
    exp=S,
    div=S,
)
fact(  # grouped-query, no biases, 3 of 8 positions cached, its own head_dim
    "attention",
    "l5 f32",
    "l5 f32",
    {
        "num_heads": 4,
        "num_kv_heads": 2,
        "head_dim": 16,
        "bias": False,
        "causal": True,
        "past": 3,
        "rope": True,
    },
    params=2 * 32 * 64 + 2 * 32 * 32,
    mac=2 * 5 * 32 * 64 + 2 * 5 * 32 * 32 + 2 * 4 * 5 * 8 * 16,
    mul=4 * 5 * 8 + 2 * (5 * 64 + 5 * 32),
    add=4 * 5 * 7 + 5 * 64 + 5 * 32,
    exp=160,
    div=160,
)
fact(  # cross-attention to 9 tokens of 24 features
    "attention",
    "l5 f32 | l9 f24",
    "l5 f48",
    {"num_heads": 4, "context": "encoder", "qkv_bias": False, "out_features": 48},
    params=32 * 32 + 2 * 32 * 24 + 48 * 32 + 48,
    mac=5 * 32 * 32 + 2 * 9 * 32 * 24 + 2 * 4 * 5 * 9 * 8 + 5 * 48 * 32,
    mul=4 * 5 * 9,
    add=4 * 5 * 8 + 5 * 48,
    exp=180,
    div=180,
)
fact(
    "attention",
    "l5 f32 | l9 f24",
    "l5 f32",
    {"num_heads": 4, "context": "encoder"},
    params=32 * 32 + 2 * 32 * 24 + 32 * 32 + 4 * 32,
    mac=2 * 5 * 32 * 32 + 2 * 9 * 32 * 24 + 2 * 4 * 5 * 9 * 8,
    mul=4 * 5 * 9,
    add=4 * 5 * 8 + 2 * 5 * 32 + 2 * 9 * 32,
    exp=180,
    div=180,
)
fact(
    "mlp",
    "l5 f32",
    "l5 f32",
    {"hidden_features": 128},
    params=2 * 32 * 128 + 128 + 32,
    mac=5 * 2 * 32 * 128,
    add=5 * (128 + 32),
    special=5 * 128,
    mul=5 * 128,
)
fact(
    "mlp",
    "f32",
    "f10",
    {
        "hidden_features": 20,
        "gated": True,
        "activation": "silu",
        "bias": False,
        "out_features": 10,
    },
    params=2 * 32 * 20 + 20 * 10,
    mac=2 * 32 * 20 + 20 * 10,
    special=20,
    mul=40,
)
fact(
    "mlp",
    "f8",
    "f8",
    {"hidden_features": 4, "activation": "none"},
    params=2 * 32 + 12,
    mac=64,
    add=12,
)
fact(  # 8 experts, 2 chosen, one for all: three work for each of 5 tokens
    "moe",
    "l5 f32",
    "l5 f32",
    {
        "num_experts": 8,
        "top_k": 2,
        "hidden_features": 16,
        "activation": "silu",
        "gated": True,
        "bias": False,
        "shared_experts": 1,
    },
    params=8 * 32 + 9 * 3 * 32 * 16,
    mac=5 * (8 * 32 + 3 * 3 * 32 * 16),
    exp=40,
    div=40,
    cmp=5 * (7 + 6),
    special=5 * 3 * 16,
    mul=5 * (3 * 16 * 2 + 2 * 32),
    add=5 * (7 + 2 * 32),
)
fact(
    "moe",
    "l5 f32",
    "l5 f32",
    {
        "num_experts": 4,
        "top_k": 1,
        "hidden_features": 16,
        "activation": "relu",
        "router_bias": True,
    },
    params=4 * 33 + 4 * (2 * 32 * 16 + 16 + 32),
    mac=5 * (4 * 32 + 2 * 32 * 16),
    exp=20,
    div=20,
    cmp=5 * 3 + 5 * 16,
    mul=5 * 32,
    add=5 * 4 + 5 * 3 + 5 * (16 + 32),
)

fact(  # the channels of an image, at each of 15 positions
    "mlp",
    "c8 h3 w5",
    "c8 h3 w5",
    {"hidden_features": 16, "axis": "channels", "activation": "relu"},
    params=2 * 8 * 16 + 16 + 8,
    mac=15 * 2 * 8 * 16,
    add=15 * 24,
    cmp=15 * 16,
)
fact(  # MLP-Mixer: the positions, for each of 8 features
    "mlp",
    "l5 f8",
    "l7 f8",
    {"hidden_features": 16, "axis": "length", "out_features": 7, "bias": False},
    params=5 * 16 + 16 * 7,
    mac=8 * (5 * 16 + 16 * 7),
    special=8 * 16,
    mul=8 * 16,
)
fact(  # DeepSeek-V3's router: sigmoids, the chosen two divided by their sum
    "moe",
    "l5 f32",
    "l5 f32",
    {
        "num_experts": 4,
        "top_k": 2,
        "hidden_features": 16,
        "activation": "relu",
        "scoring": "sigmoid",
        "balance_bias": True,
        "bias": False,
    },
    params=4 * 32 + 4 * 2 * 32 * 16,
    buffers=4,
    mac=5 * (4 * 32 + 2 * 2 * 32 * 16),
    special=5 * 4,
    div=5 * 2,
    cmp=5 * (3 + 2) + 5 * 2 * 16,
    mul=5 * 2 * 32,
    add=5 * 1 + 5 * 4 + 5 * 32,
)
fact(  # Whisper: keys have no bias
    "attention",
    "l5 f32",
    "l5 f32",
    {"num_heads": 4, "key_bias": False},
    params=4 * 32 * 32 + 3 * 32,
    mac=4 * 5 * 32 * 32 + 2 * 4 * 25 * 8,
    mul=100,
    add=3 * 5 * 32 + 4 * 5 * 4,
    exp=100,
    div=100,
)
fact(  # and the other way round
    "attention",
    "l5 f32",
    "l5 f32",
    {"num_heads": 4, "bias": False, "key_bias": True},
    params=4 * 32 * 32 + 32,
    mac=4 * 5 * 32 * 32 + 2 * 4 * 25 * 8,
    mul=100,
    add=5 * 32 + 4 * 5 * 4,
    exp=100,
    div=100,
)
fact(  # T5: 32 ranges of distance, scores that are not scaled
    "attention",
    "l5 f32",
    "l5 f32",
    {"num_heads": 4, "bias": False, "relative_buckets": 32, "scaled": False},
    params=4 * 32 * 32 + 32 * 4,
    mac=4 * 5 * 32 * 32 + 2 * 4 * 25 * 8,
    add=100 + 4 * 5 * 4,
    exp=100,
    div=100,
)
fact(
    "attention",
    "l5 f32",
    "l5 f32",
    {"num_heads": 4, "bias": False, "relative_buckets": 32, "relative_shared": True},
    params=4 * 32 * 32,
    mac=4 * 5 * 32 * 32 + 2 * 4 * 25 * 8,
    mul=100,
    add=100 + 4 * 5 * 4,
    exp=100,
    div=100,
)
fact(  # Gemma 2: a window of 6 keeps 5 of the 9 positions before; the scores are capped
    "attention",
    "l3 f32",
    "l3 f32",
    {
        "num_heads": 4,
        "bias": False,
        "causal": True,
        "sliding_window": 6,
        "past": 9,
        "softcap": True,
    },
    params=4 * 32 * 32,
    mac=4 * 3 * 32 * 32 + 2 * 4 * 3 * 8 * 8,
    mul=3 * 4 * 3 * 8,
    special=4 * 3 * 8,
    add=4 * 3 * 7,
    exp=96,
    div=96,
)
L, S = 5, 4 * 5 * 8  # 3 positions cached
LATENT = 5 * 4 * (8 * 16 + 6 * 16)
fact(
    "latent_attention",
    "l5 f32",
    "l5 f32",
    {
        "num_heads": 4,
        "kv_lora_rank": 16,
        "q_lora_rank": 24,
        "qk_nope_head_dim": 8,
        "qk_rope_head_dim": 4,
        "v_head_dim": 6,
        "causal": True,
        "past": 3,
        "cache": "keys",
    },
    params=24 * 32 + 24 + 48 * 24 + 20 * 32 + 16 + 4 * (8 + 6) * 16 + 32 * 24,
    mac=L * (24 * 32 + 48 * 24 + 20 * 32 + 32 * 24) + LATENT + S * (12 + 6),
    mul=L * (3 * 24 + 1) + L * (3 * 16 + 1) + 2 * L * (16 + 4) + S,
    add=L * (24 + 16) + L * (16 + 4) + 4 * L * 7,
    special=2 * L,
    div=2 * L + S,
    exp=S,
)
fact(  # with a cache of latents: keys and values of all 8 positions are made anew
    "latent_attention",
    "l5 f32",
    "l5 f32",
    {
        "num_heads": 4,
        "kv_lora_rank": 16,
        "qk_nope_head_dim": 8,
        "qk_rope_head_dim": 4,
        "v_head_dim": 6,
        "past": 3,
    },
    params=48 * 32 + 20 * 32 + 16 + 4 * (8 + 6) * 16 + 32 * 24,
    mac=L * (48 * 32 + 20 * 32 + 32 * 24) + LATENT // 5 * 8 + S * (12 + 6),
    mul=L * (3 * 16 + 1) + 2 * L * (16 + 4) + S,
    add=L * 16 + L * (16 + 4) + 4 * L * 7,
    special=L,
    div=L + S,
    exp=S,
)
fact(  # the same without a latent of the queries, between latents of 16 and keys of 4 features
    "latent_attention",
    "l5 f32",
    "l5 f32",
    {
        "num_heads": 4,
        "kv_lora_rank": 16,
        "qk_nope_head_dim": 8,
        "qk_rope_head_dim": 4,
        "v_head_dim": 6,
        "past": 3,
        "cache": "absorbed",
    },
    params=48 * 32 + 20 * 32 + 16 + 4 * (8 + 6) * 16 + 32 * 24,
    mac=L * (48 * 32 + 20 * 32 + 32 * 24) + LATENT + S * (16 + 4 + 16),
    mul=L * (3 * 16 + 1) + 2 * L * (16 + 4) + S,
    add=L * 16 + L * (16 + 4) + 4 * L * 7,
    special=L,
    div=L + S,
    exp=S,
)

# Windows. 10 x 9 positions fill 2 x 2 windows of 7 x 7, with 4 heads of 8 channels.
T, S = 4 * 49, 4 * 4 * 49 * 49
fact(
    "window_attention",
    "c32 h10 w9",
    "c32 h10 w9",
    {"num_heads": 4, "window_size": 7, "shift": 3},
    params=4 * 32 * 32 + 4 * 32 + 13 * 13 * 4,
    mac=4 * T * 32 * 32 + 2 * S * 8,
    mul=S,
    add=4 * T * 32 + S + 4 * 4 * 49 * 48,
    exp=S,
    div=S,
)
# A video of 3 x 8 x 8: the window of 8 x 4 x 4 shrinks to 3 x 4 x 4, and 4 of them cover it.
T, S, D = 4 * 48, 4 * 3 * 48 * 48, 15 * 7 * 7
fact(
    "window_attention",
    "c24 d3 h8 w8",
    "c24 d3 h8 w8",
    {
        "num_heads": 3,
        "window_size": (8, 4, 4),
        "shift": (0, 2, 2),
        "fit": "shrink",
        "qkv_bias": False,
        "relative_bias": "mlp",
        "hidden_features": 16,
        "cosine": True,
    },
    params=4 * 24 * 24 + 24 + 3 + 16 * 3 + 16 + 3 * 16,
    mac=4 * T * 24 * 24 + 2 * S * 8 + D * (16 * 3 + 3 * 16),
    mul=2 * T * 24 + S + D * 3,
    add=2 * T * 3 * 7 + D * 16 + S + 4 * 3 * 48 * 47 + T * 24,
    cmp=D * 16,
    special=2 * T * 3 + D * 3,
    div=2 * T * 24 + S,
    exp=3 + S,
)
S = 4 * 2 * 49 * 49
fact(
    "window_attention",
    "c32 h14 w14",
    "c32 h14 w14",
    {
        "num_heads": 2,
        "window_size": 7,
        "partition": "grid",
        "fit": "exact",
        "head_dim": 12,
        "bias": False,
        "relative_bias": "none",
    },
    params=4 * 32 * 24,
    mac=4 * 196 * 32 * 24 + 2 * S * 12,
    mul=S,
    add=4 * 2 * 49 * 48,
    exp=S,
    div=S,
)
# A grid of 4 x 6 behind one token; queries become 2 x 3, keys 1 x 3; 2 heads of 6.
fact(
    "pooled_attention",
    "l25 f8",
    "l7 f12",
    {
        "num_heads": 2,
        "grid": (4, 6),
        "stride_q": 2,
        "stride_kv": (4, 2),
        "out_features": 12,
        "relative_bias": True,
        "residual": True,
    },
    params=3 * (12 * 8 + 12) + 3 * (6 * 9 + 12) + 12 * 12 + 12 + (3 + 5) * 6,
    mac=3 * 25 * 12 * 8 + 12 * (6 + 3 + 3) * 9 + 2 * 2 * 7 * 4 * 6 + 12 * 6 * (1 + 3) + 7 * 144,
    mul=2 * (7 + 4 + 4) * (2 * 6 + 2 + 6) + 2 * 7 * 4,
    add=3 * 25 * 12
    + 2 * (7 + 4 + 4) * (3 * 6 - 1 + 6)
    + 2 * 6 * 3 * 2
    + 2 * 7 * 3
    + 6 * 12
    + 7 * 12,
    special=2 * (7 + 4 + 4),
    div=2 * (7 + 4 + 4) + 2 * 7 * 4,
    exp=2 * 7 * 4,
)
fact(  # without pooling it is plain attention
    "pooled_attention",
    "l9 f6",
    "l9 f6",
    {"num_heads": 3, "grid": 9, "tokens": 0, "pool_q": False, "pool_kv": False, "bias": False},
    params=4 * 36,
    mac=4 * 9 * 36 + 2 * 3 * 81 * 2,
    mul=243,
    add=3 * 9 * 8,
    exp=243,
    div=243,
)

# Recurrent: gates·h·(i + h) for each step, layer and direction.
fact(
    "lstm",
    "l49 f10",
    "l49 f118",
    {"hidden_size": 118},
    params=4 * 118 * (10 + 118 + 2),
    mac=49 * 4 * 118 * (10 + 118),
    add=49 * (8 * 118 + 118),
    special=49 * 5 * 118,
    mul=49 * 3 * 118,
)
fact(
    "lstm",
    "l7 f10",
    "l7 f16",
    {"hidden_size": 8, "num_layers": 3, "bidirectional": True, "bias": False},
    params=2 * 32 * (10 + 8) + 2 * 2 * 32 * (16 + 8),
    mac=7 * (2 * 32 * (10 + 8) + 2 * 2 * 32 * (16 + 8)),
    add=7 * 3 * 16,
    special=7 * 3 * 5 * 16,
    mul=7 * 3 * 3 * 16,
)
fact(
    "gru",
    "l7 f10",
    "l7 f8",
    {"hidden_size": 8, "bias_vectors": 1},
    params=24 * (10 + 8 + 1),
    mac=7 * 24 * 18,
    add=7 * (24 + 24),
    special=7 * 24,
    mul=7 * 24,
)
fact(
    "gru",
    "l7 f10",
    "l7 f16",
    {"hidden_size": 8, "num_layers": 2, "bidirectional": True},
    params=2 * 24 * (10 + 8 + 2) + 2 * 24 * (16 + 8 + 2),
    mac=7 * 2 * 24 * (18 + 24),
    add=7 * 2 * 2 * (48 + 24),
    special=7 * 2 * 2 * 24,
    mul=7 * 2 * 2 * 24,
)
fact(
    "rnn",
    "l7 f10",
    "l7 f8",
    {"hidden_size": 8},
    params=8 * 20,
    mac=7 * 8 * 18,
    add=7 * 16,
    special=56,
)
fact(
    "rnn",
    "l7 f10",
    "l7 f8",
    {"hidden_size": 8, "num_layers": 2, "nonlinearity": "relu", "bias": False},
    params=8 * 18 + 8 * 16,
    mac=7 * 8 * 34,
    cmp=112,
)

# The way out.
fact(
    "custom",
    "c3 h4 w5",
    "f7",
    {
        "output_": shape("f7"),
        "params": 10,
        "frozen": 1,
        "buffers": 2,
        "macs": 3,
        "muls": 4,
        "adds": 5,
        "cmps": 6,
        "divs": 7,
        "exps": 8,
        "specials": 9,
    },
    params=11,
    buffers=2,
    mac=3,
    mul=4,
    add=5,
    cmp=6,
    div=7,
    exp=8,
    special=9,
)

# What the rows above leave at its default.
fact(
    "conv",
    "c1 l8",
    "c2 l9",
    {"out_channels": 2, "kernel_size": 4, "padding": "half", "bias": False},
    params=2 * 4,
    mac=9 * 2 * 4,
)
fact(
    "conv",
    "c3 h9 w9",
    "c2 h5 w5",
    {"out_channels": 2, "kernel_size": 5, "padding": "valid"},
    params=2 * 25 * 3 + 2,
    mac=25 * 2 * 25 * 3,
    add=25 * 2,
)
fact(  # windows of positions 0 and 2, one zero before the first position and one behind the last
    "depthwise_conv",
    "c4 l7",
    "c4 l4",
    {"kernel_size": 2, "stride": 2, "dilation": 2, "padding": "same", "bias": False},
    params=8,
    mac=4 * 4 * 2,
)
fact(
    "depthwise_conv",
    "c4 l7",
    "c4 l6",
    {"kernel_size": 2, "padding": "valid", "bias": True},
    params=4 * 2 + 4,
    mac=6 * 4 * 2,
    add=6 * 4,
)
fact(
    "conv_transpose",
    "c4 h3 w2",
    "c2 h3 w4",
    {"out_channels": 2, "kernel_size": (1, 3), "stride": (1, 1), "norm": "batch"},
    params=4 * 2 * 3,
    mac=3 * 2 * 3 * 4 * 2,
)
fact(
    "linear",
    "f4",
    "f3",
    {"out_features": 3, "norm": "layer", "activation": "relu"},
    params=12,
    mac=12,
)
fact("rbf", "l5 f4", "l5 f3", {"out_features": 3, "trainable": True}, params=12, mac=60, add=60)
fact(
    "max_pool",
    "c2 h5 w5",
    "c2 h3 w3",
    {"kernel_size": 3, "stride": 2, "padding": "half"},
    cmp=2 * 9 * 8,
)
fact(
    "max_pool",
    "c2 h5 w5",
    "c2 h3 w3",
    {"kernel_size": 2, "padding": "same", "ceil_mode": True},
    cmp=2 * 9 * 3,
)
fact(
    "max_pool",
    "c2 h9 w9",
    "c2 h3 w3",
    {"kernel_size": 3, "stride": 2, "dilation": 2},
    cmp=2 * 9 * 8,
)
fact(
    "avg_pool",
    "c2 h5 w4",
    "c2 h2 w2",
    {"kernel_size": 2, "padding": "valid"},
    add=2 * 4 * 3,
    mul=2 * 4,
)
fact(
    "layer_norm",
    "c16 h2 w3",
    "c16 h2 w3",
    {"over": "channels"},
    params=32,
    add=6 * 47 + 96,
    mul=6 * 34 + 96,
    special=6,
    div=6,
)
fact("log_softmax", "l7 f10", "l7 f10", {"axis": "length"}, exp=70, add=10 * 13, special=10)
fact("mul", "f9 | f9 | f9 | f9", "f9", mul=27)
fact("pad", "c3 h5 w6", "c3 h6 w7", {"after": 1, "mode": "replicate"})
fact("custom", "c3 h4 w5", "c3 h4 w5", {"macs": 5}, mac=5)
fact(
    "position_embedding",
    "l7 f4",
    "l7 f4",
    {"factors": (2, 3), "tokens": 1, "frozen": True},
    params=(2 + 3 + 1) * 4,
    add=(2 * 6 + 1) * 4,
)
fact(  # a slope that is learned
    "mlp",
    "l5 f8",
    "l5 f8",
    {"hidden_features": 16, "activation": "prelu", "bias": False},
    params=2 * 8 * 16 + 1,
    mac=5 * 2 * 8 * 16,
    cmp=5 * 16,
    mul=5 * 16,
)
fact(  # the context's keys and values are cached
    "attention",
    "l5 f32 | l9 f24",
    "l5 f32",
    {"num_heads": 4, "context": "encoder", "context_cached": True},
    params=32 * 32 + 2 * 32 * 24 + 32 * 32 + 4 * 32,
    mac=2 * 5 * 32 * 32 + 2 * 4 * 5 * 9 * 8,
    mul=4 * 5 * 9,
    add=4 * 5 * 8 + 2 * 5 * 32,
    exp=180,
    div=180,
)
fact(  # heads of 128 + 64 features for keys and 128 for values
    "latent_attention",
    "l2 f6",
    "l2 f6",
    {"num_heads": 3, "kv_lora_rank": 4},
    params=3 * 192 * 6 + 68 * 6 + 4 + 3 * 256 * 4 + 6 * 3 * 128,
    mac=2 * (3 * 192 * 6 + 68 * 6 + 3 * 256 * 4 + 6 * 3 * 128) + 3 * 2 * 2 * (192 + 128),
    mul=2 * 13 + 2 * 2 * (3 * 64 + 64) + 12,
    add=2 * 4 + 2 * (3 * 64 + 64) + 3 * 2,
    special=2,
    div=2 + 12,
    exp=12,
)
fact(  # queries keep their grid of 4 x 3, keys have one of 2 x 2; 2 heads of 4
    "pooled_attention",
    "l13 f8",
    "l13 f8",
    {
        "num_heads": 2,
        "grid": (4, 3),
        "stride_kv": 2,
        "pool_q": False,
        "bias": False,
        "relative_bias": True,
    },
    params=4 * 64 + 2 * (4 * 9 + 2 * 4) + (7 + 5) * 4,
    mac=4 * 13 * 64 + 2 * 8 * 4 * 9 + 2 * 2 * 13 * 5 * 4 + 2 * 12 * (2 + 2) * 4,
    mul=2 * 2 * 5 * (2 * 4 + 2 + 4) + 2 * 13 * 5,
    add=2 * 2 * 5 * (3 * 4 - 1 + 4) + 2 * 13 * 4 + 2 * 12 * 4 * 2,
    special=2 * 2 * 5,
    div=2 * 2 * 5 + 2 * 13 * 5,
    exp=2 * 13 * 5,
)
fact(  # an even window takes one more: sides of 4 + 2·1 - 2, halved, and one, are 3
    "pooled_attention",
    "l4 f2",
    "l3 f2",
    {"num_heads": 1, "grid": 4, "tokens": 0, "kernel_size": 2, "stride_q": 2, "pool_kv": False},
    params=4 * (4 + 2) + 2 * 2 + 2 * 2,
    mac=3 * 4 * 4 + 3 * 4 + 2 * 3 * 2 + 2 * 3 * 4 * 2,
    mul=3 * (2 * 2 + 2 + 2) + 3 * 4,
    add=3 * 4 * 2 + 3 * 2 + 3 * (3 * 2 - 1 + 2) + 3 * 3,
    special=3,
    div=3 + 3 * 4,
    exp=3 * 4,
)
fact(  # a video of 2 x 2 x 3: queries become 2 x 1 x 3, keys stay
    "pooled_attention",
    "l12 f4",
    "l6 f4",
    {
        "num_heads": 1,
        "grid": (2, 2, 3),
        "tokens": 0,
        "stride_q": (1, 2, 1),
        "pool_kv": False,
        "relative_bias": True,
        "residual": True,
    },
    params=4 * (16 + 4) + 4 * 27 + 8 + (3 + 3 + 5) * 4,
    mac=3 * 12 * 16 + 6 * 16 + 4 * 6 * 27 + 2 * 6 * 12 * 4 + 6 * (2 + 2 + 3) * 4,
    mul=6 * (2 * 4 + 2 + 4) + 6 * 12,
    add=3 * 12 * 4 + 6 * 4 + 6 * (3 * 4 - 1 + 4) + 6 * 11 + 6 * 12 * 3 + 6 * 4,
    special=6,
    div=6 + 6 * 12,
    exp=6 * 12,
)
fact(  # a window of 1 x 5 over keys alone: 2 heads of 3, a grid of 2 x 5 becomes 2 x 3
    "pooled_attention",
    "l10 f6",
    "l10 f6",
    {
        "num_heads": 2,
        "grid": (2, 5),
        "tokens": 0,
        "kernel_size": (1, 5),
        "stride_kv": (1, 2),
        "pool_q": False,
    },
    params=4 * 36 + 4 * 6 + 2 * (3 * 5 + 6),
    mac=4 * 10 * 36 + 2 * 6 * 6 * 5 + 2 * 2 * 10 * 6 * 3,
    mul=2 * 2 * 6 * (2 * 3 + 2 + 3) + 2 * 10 * 6,
    add=4 * 10 * 6 + 2 * 2 * 6 * (3 * 3 - 1 + 3) + 2 * 10 * 5,
    special=2 * 2 * 6,
    div=2 * 2 * 6 + 2 * 10 * 6,
    exp=2 * 10 * 6,
)
fact(
    "lstm",
    "l7 f10",
    "l7 f8",
    {"hidden_size": 8, "bias_vectors": 1},
    params=32 * (10 + 8 + 1),
    mac=7 * 32 * 18,
    add=7 * (32 + 8),
    special=7 * 40,
    mul=7 * 24,
)
fact(
    "gru",
    "l7 f10",
    "l7 f8",
    {"hidden_size": 8, "bias": False},
    params=24 * 18,
    mac=7 * 24 * 18,
    add=7 * 24,
    special=7 * 24,
    mul=7 * 24,
)
fact(
    "rnn",
    "l7 f10",
    "l7 f16",
    {"hidden_size": 8, "bidirectional": True, "bias_vectors": 1},
    params=2 * 8 * (10 + 8 + 1),
    mac=7 * 2 * 8 * 18,
    add=7 * 16,
    special=7 * 16,
)
