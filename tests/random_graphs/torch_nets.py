"""The machine that builds torch modules and runs them on the meta device.

Each layer is torch's own module (or, for attention, torch's linear layers and matrix products by
hand), made with the sizes that the walk says and fed with the tensor that is there. The figures of
a row come from what torch made: the output's shape, the elements of the weights, and a product of
the two for the MACs. Where torch's layer would quietly do another thing than the language means
(broadcast unlike shapes, take a picture's width for features), the machine refuses first.
"""

from __future__ import annotations

import warnings
from math import prod
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from .torch_parts import ACTIVATIONS, Attention, Experts, Mlp, must
from .tree import Refused, Tree, Walker

BATCH = 2
"""Not 1, so that a batch which slips into a figure shows."""

FEW_STEPS = 2
"""Steps of a recurrent layer that are run."""

POSITIONS = ("depth", "height", "width", "length")


class Flow(NamedTuple):
    """A tensor of torch with the names of its axes, the batch apart."""

    names: tuple[str, ...]
    data: Tensor

    @property
    def dims(self) -> dict[str, int]:
        return dict(zip(self.names, self.data.shape[1:], strict=True))

    def positions(self) -> list[str]:
        return [name for name in self.names if name in POSITIONS]

    def content(self) -> str:
        return "channels" if "channels" in self.names else "features"


class Row(NamedTuple):
    """One layer's figures: the sizes by name, weights, buffers, and MACs of one sample."""

    kind: str
    dims: dict[str, int]
    params: int
    buffers: int
    macs: int


class Answer(NamedTuple):
    """What torch says of a network: its rows, or why it is none."""

    rows: list[Row]
    refused: str = ""


def numbers(value: Any, count: int) -> list[int]:
    """One number for each axis, from a number or a list."""
    found = list(value) if isinstance(value, list) else [value] * count
    must(len(found) == count, f"{len(found)} numbers for {count} axes")
    return [int(n) for n in found]


def same_pads(sizes: list[int], spans: list[int], strides: list[int]) -> list[int]:
    """TensorFlow's padding, in the order of `F.pad`: last axis first, an odd zero at the end."""
    pads: list[int] = []
    for n, span, stride in zip(sizes, spans, strides, strict=True):
        out = (n + stride - 1) // stride
        total = max((out - 1) * stride + span - n, 0)
        pads = [total // 2, total - total // 2, *pads]
    return pads


class TorchMachine:
    """Runs a tree with torch and keeps a row for each layer."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.not_run = 0
        """MACs of steps that are counted, but were left out."""

    def input(self, dims: dict[str, int], words: bool) -> Flow:
        sizes = (BATCH, *dims.values())
        return Flow(tuple(dims), torch.empty(sizes, dtype=torch.long if words else torch.float))

    def layer(
        self, kind: str, args: dict[str, Any], xs: list[Flow], shared: Any
    ) -> tuple[Flow, Any]:
        module: nn.Module | None = None
        try:
            if kind in ACTIVATIONS:
                module = ACTIVATIONS[kind]()
                y, macs = xs[0]._replace(data=module(xs[0].data)), 0
            else:
                y, macs, module = getattr(self, kind)(args, *xs, shared=shared)
        except (RuntimeError, ValueError, IndexError, ZeroDivisionError) as error:
            raise Refused(f"{kind}: {error}") from error
        must(y.data.numel() > 0, f"{kind}: nothing comes out")
        own = module if module is not None and shared is None else nn.Identity()
        # batch_norm's count of batches is no statistic, and nobody else counts it.
        buffers = sum(b.numel() for name, b in own.named_buffers() if "num_batches" not in name)
        params = sum(p.numel() for p in own.parameters())
        assert macs % BATCH == 0
        self.rows.append(Row(kind, y.dims, params, buffers, macs // BATCH))
        return y, shared if shared is not None else module

    # Convolutions: each output position (input position, transposed) uses every weight once.

    def _conv(self, args: dict[str, Any], x: Flow, channels: int, groups: int, shared: Any) -> Any:
        axes = image(x, "a convolution")
        rank = len(axes)
        kernel = numbers(args["kernel_size"], rank)
        stride = numbers(args.get("stride", 1), rank)
        dilation = numbers(args.get("dilation", 1), rank)
        padding = args.get("padding", 0)
        must(min(*kernel, *stride, *dilation, channels, groups) >= 1, "sizes start at 1")
        spans = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
        data, pads = x.data, [0] * rank
        if padding == "same":
            data = F.pad(data, same_pads(list(data.shape[2:]), spans, stride))
        elif padding == "half":
            pads = [span // 2 for span in spans]
        elif padding != "valid":
            pads = numbers(padding, rank)
        must(min(pads) >= 0, "negative padding")
        module = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[rank - 1](
            x.dims["channels"],
            channels,
            tuple(kernel),
            stride=tuple(stride),
            padding=tuple(pads),
            dilation=tuple(dilation),
            groups=groups,
            bias=args.get("bias", True),
        )
        fits(shared, module)
        y = module(data)
        macs = BATCH * prod(y.shape[2:]) * module.weight.numel()
        return x._replace(data=y), macs, module

    def conv(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        return self._conv(args, x, int(args["out_channels"]), int(args.get("groups", 1)), shared)

    def depthwise_conv(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        must("channels" in x.names, "a convolution needs an image")
        channels = x.dims["channels"]
        return self._conv(args, x, channels * int(args.get("multiplier", 1)), channels, shared)

    def conv_transpose(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        axes = image(x, "a convolution")
        rank = len(axes)
        kernel = numbers(args["kernel_size"], rank)
        stride = numbers(args.get("stride", 1), rank)
        dilation = numbers(args.get("dilation", 1), rank)
        padding = numbers(args.get("padding", 0), rank)
        must(min(*kernel, *stride, *dilation, args["out_channels"]) >= 1, "sizes start at 1")
        extra = numbers(args.get("output_padding", 0), rank)
        must(min(*padding, *extra) >= 0, "negative padding")
        # Torch says so too, but not on the meta device.
        small = all(e < max(s, d) for e, s, d in zip(extra, stride, dilation, strict=True))
        must(small, "output_padding must be smaller than stride or dilation")
        module = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)[rank - 1](
            x.dims["channels"],
            int(args["out_channels"]),
            tuple(kernel),
            stride=tuple(stride),
            padding=tuple(padding),
            output_padding=tuple(extra),
            dilation=tuple(dilation),
            groups=int(args.get("groups", 1)),
            bias=args.get("bias", True),
        )
        fits(shared, module)
        y = module(x.data)
        macs = BATCH * prod(x.data.shape[2:]) * module.weight.numel()
        return x._replace(data=y), macs, module

    # Pooling.

    def _pool(self, classes: Any, args: dict[str, Any], x: Flow, **more: Any) -> Any:
        axes = image(x, "pooling")
        rank = len(axes)
        kernel = numbers(args["kernel_size"], rank)
        stride = numbers(args.get("stride", args["kernel_size"]), rank)
        dilation = numbers(args.get("dilation", 1), rank)
        must(min(*kernel, *stride, *dilation) >= 1, "sizes start at 1")
        spans = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
        padding = args.get("padding", 0)
        data, pads = x.data, [0] * rank
        if padding == "same":
            data = F.pad(data, same_pads(list(data.shape[2:]), spans, stride))
        elif padding == "half":
            # Torch takes no more than half of the kernel, so the kernel loses its gaps.
            kernel, dilation = spans, [1] * rank
            pads = [span // 2 for span in spans]
        elif padding != "valid":
            pads = numbers(padding, rank)
        if "dilation" in args:
            more["dilation"] = tuple(dilation)
        module = classes[rank - 1](
            tuple(kernel),
            stride=tuple(stride),
            padding=tuple(pads),
            ceil_mode=args.get("ceil_mode", False) and padding != "same",
            **more,
        )
        return x._replace(data=module(data)), 0, module

    def max_pool(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        return self._pool((nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d), args, x)

    def avg_pool(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        if len(x.positions()) == 3:  # torch's own 3-D one does not count the padding as room
            return self._pool((None, None, nn.MaxPool3d), args, x)
        more = {"count_include_pad": args.get("count_include_pad", True)}
        return self._pool((nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d), args, x, **more)

    def _adaptive(self, classes: Any, args: dict[str, Any], x: Flow) -> Any:
        sizes = numbers(args["output_size"], len(image(x, "pooling")))
        must(min(sizes) >= 1, "sizes start at 1")
        return x._replace(data=classes[len(sizes) - 1](tuple(sizes))(x.data)), 0, None

    def adaptive_avg_pool(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        classes = (nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d)
        return self._adaptive(classes, args, x)

    def adaptive_max_pool(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        classes = (nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d)
        return self._adaptive(classes, args, x)

    def _global(self, reduce: Any, args: dict[str, Any], x: Flow) -> Any:
        axes = [x.names.index(axis) + 1 for axis in x.positions()]
        must(bool(axes) and x.content() in x.names, "nothing to pool over")
        y = reduce(x.data, axes, args.get("keepdims", False))
        return Flow(x.names if args.get("keepdims", False) else ("features",), y), 0, None

    def global_avg_pool(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        return self._global(torch.mean, args, x)

    def global_max_pool(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        return self._global(torch.amax, args, x)

    def mean(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        axis, keep = args["axis"], args.get("keepdims", False)
        must(axis in x.names and (keep or len(x.names) > 1), "mean of what?")
        y = x.data.mean(x.names.index(axis) + 1, keepdim=keep)
        return Flow(x.names if keep else tuple(n for n in x.names if n != axis), y), 0, None

    # Norms, in evaluation: they are 0 MACs.

    def _over_channels(self, module: nn.Module, x: Flow) -> Any:
        """A module that wants the channels first; a sequence has its features last."""
        if x.names[0] == x.content():
            return x._replace(data=module(x.data)), 0, module
        axis = x.names.index(x.content()) + 1
        y = module(x.data.movedim(axis, 1)).movedim(1, axis)
        return x._replace(data=y), 0, module

    def batch_norm(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        must(x.content() in x.names, "batch_norm needs channels")
        rank = max(len(x.positions()), 1)
        module = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)[rank - 1](
            x.dims[x.content()],
            affine=args.get("affine", True),
            track_running_stats=args.get("track_running_stats", True),
        )
        return self._over_channels(module.eval(), x)

    def instance_norm(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        must(x.content() in x.names and bool(x.positions()), "instance_norm needs positions")
        rank = len(x.positions())
        module = (nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d)[rank - 1](
            x.dims[x.content()],
            affine=args.get("affine", False),
            track_running_stats=args.get("track_running_stats", False),
        ).eval()
        if prod(x.dims[axis] for axis in x.positions()) == 1:
            return x, 0, module  # torch refuses: a mean of one number is of no use
        return self._over_channels(module, x)

    def group_norm(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        must(x.content() in x.names, "group_norm needs channels")
        groups = int(args["num_groups"])
        must(groups >= 1, "sizes start at 1")
        module = nn.GroupNorm(groups, x.dims[x.content()], affine=args.get("affine", True))
        return self._over_channels(module, x)

    def lrn(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        must(x.names[0] == "channels" and bool(x.positions()), "lrn needs an image")
        return self._over_channels(nn.LocalResponseNorm(int(args.get("size", 5))), x)

    def layer_norm(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        over = args.get("over", "auto")
        names = x.names if over == "all" else (x.content() if over == "auto" else over,)
        must(all(name in x.names for name in names), "layer_norm over what?")
        return self._over_last(
            names,
            lambda sizes: nn.LayerNorm(
                sizes, elementwise_affine=args.get("affine", True), bias=args.get("bias", True)
            ),
            x,
        )

    def rms_norm(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        must(x.content() in x.names, "rms_norm needs channels")
        affine = args.get("affine", True)
        return self._over_last(
            (x.content(),), lambda sizes: nn.RMSNorm(sizes, elementwise_affine=affine), x
        )

    def _over_last(self, names: tuple[str, ...], make: Any, x: Flow) -> Any:
        """A module that wants what it normalises last."""
        axes = [x.names.index(name) + 1 for name in names]
        last = list(range(-len(axes), 0))
        module = make([x.dims[name] for name in names])
        y = module(x.data.movedim(axes, last)).movedim(last, axes)
        return x._replace(data=y), 0, module

    def l2_norm(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        must(x.content() in x.names, "l2_norm needs channels")
        return x._replace(data=F.normalize(x.data, dim=x.names.index(x.content()) + 1)), 0, None

    def scale(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        module = nn.Module()
        if args.get("learned", False):
            module.factor = nn.Parameter(torch.empty(1))
            return x._replace(data=x.data * module.factor), 0, module
        return x._replace(data=x.data * args.get("factor", 1)), 0, module

    def softcap(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        must(args["cap"] > 0, "softcap: a cap of nothing")
        return x._replace(data=torch.tanh(x.data / args["cap"]) * args["cap"]), 0, None

    # Activations that are not just a function of each number.

    def prelu(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        if not args.get("per_channel", False):
            module = nn.PReLU()
            return x._replace(data=module(x.data)), 0, module
        return self._over_channels(nn.PReLU(x.dims[x.content()]), x)

    def glu(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        must(x.content() in x.names, "glu needs channels")
        return x._replace(data=nn.GLU(dim=x.names.index(x.content()) + 1)(x.data)), 0, None

    def layer_scale(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        must(x.content() in x.names, "layer_scale needs channels")
        size = x.dims[x.content()]
        module = nn.Module()
        module.gamma = nn.Parameter(torch.empty(size))
        axis = x.names.index(x.content()) + 1
        y = x.data.movedim(axis, -1) * module.gamma
        if args.get("bias", False):
            module.beta = nn.Parameter(torch.empty(size))
            y = y + module.beta
        return x._replace(data=y.movedim(-1, axis)), 0, module

    # Features and sequences.

    def linear(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        axis = args.get("axis", "features")
        must(axis in x.names and args["out_features"] >= 1, f"linear needs {axis}")
        module = nn.Linear(x.dims[axis], int(args["out_features"]), bias=args.get("bias", True))
        fits(shared, module)
        at = x.names.index(axis) + 1
        y = module(x.data.movedim(at, -1))
        macs = y.numel() // y.shape[-1] * module.weight.numel()
        return x._replace(data=y.movedim(-1, at)), macs, module

    def flatten(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        return Flow(("features",), nn.Flatten()(x.data)), 0, None

    def to_sequence(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        must(x.names[0] == "channels" and bool(x.positions()), "to_sequence needs an image")
        return Flow(("length", "features"), x.data.flatten(2).transpose(1, 2)), 0, None

    def _sequence(self, x: Flow) -> tuple[int, int]:
        must(x.names == ("length", "features"), "needs a sequence")
        return x.dims["length"], x.dims["features"]

    def class_token(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        _, features = self._sequence(x)
        must(args.get("tokens", 1) >= 1, "sizes start at 1")
        module = nn.Module()
        module.token = nn.Parameter(torch.empty(1, int(args.get("tokens", 1)), features))
        y = torch.cat([module.token.expand(BATCH, -1, -1), x.data], dim=1)
        return x._replace(data=y), 0, module

    def position_embedding(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        length, features = self._sequence(x)
        past = int(args.get("past", 0))
        rows = int(args.get("max_length", past + length))
        must(past + length <= rows, "a longer sequence than the table")
        table = nn.Embedding(rows, features)
        y = x.data + table(torch.arange(past, past + length))
        return x._replace(data=y), 0, table if args.get("learned", True) else None

    def rope(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        _, features = self._sequence(x)
        must(features % 2 == 0, "rope turns pairs")
        return x, 0, None

    def select_token(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        self._sequence(x)
        return Flow(("features",), x.data[:, args["index"]]), 0, None

    def attention(
        self, args: dict[str, Any], x: Flow, context: Flow | None = None, shared: Any = None
    ) -> Any:
        length, features = self._sequence(x)
        other = x if context is None else context
        must(context is None or not args.get("causal", False), "a mask over another tensor")
        heard, source = self._sequence(other)
        module = Attention(features, source, args)
        y, products = module(x.data, other.data)
        macs = products
        macs += BATCH * length * (module.query.weight.numel() + module.out.weight.numel())
        macs += BATCH * heard * (module.key.weight.numel() + module.value.weight.numel())
        special = {"num_kv_heads", "head_dim", "qkv_bias", "out_features"} & args.keys()
        if not special and context is None:  # torch's own module must hold as many weights
            bias = args.get("bias", True)
            own = nn.MultiheadAttention(features, int(args["num_heads"]), bias=bias)
            assert weights(own) == weights(module)
        return x._replace(data=y), macs, module

    def mlp(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        axis = args.get("axis", "features")
        must(axis in x.names and args["hidden_features"] >= 1, f"mlp needs {axis}")
        must(args.get("out_features", 1) >= 1, "sizes start at 1")
        module = Mlp(x.dims[axis], args)
        at = x.names.index(axis) + 1
        y = module(x.data.movedim(at, -1)).movedim(-1, at)
        return x._replace(data=y), x.data.numel() // x.dims[axis] * module.products(), module

    def moe(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        must("features" in x.names and args["hidden_features"] >= 1, "moe needs features")
        must(1 <= args["top_k"] <= args["num_experts"], "more experts than there are")
        module = Experts(x.dims["features"], args)
        y, products = module(x.data)
        return x._replace(data=y), x.data.numel() // x.dims["features"] * products, module

    def _recurrent(self, maker: Any, args: dict[str, Any], x: Flow) -> Any:
        length, features = self._sequence(x)
        must(min(args["hidden_size"], args.get("num_layers", 1)) >= 1, "sizes start at 1")
        module = maker(
            features,
            int(args["hidden_size"]),
            num_layers=int(args.get("num_layers", 1)),
            bias=args.get("bias", True),
            batch_first=True,
            bidirectional=args.get("bidirectional", False),
        )
        # On the meta device every step is spelt out, so only the first few are run.
        run = min(length, FEW_STEPS)
        states, _ = module(x.data[:, :run])
        y = states[:, :1].expand(-1, length, -1)
        products = sum(p.numel() for n, p in module.named_parameters() if n.startswith("weight"))
        self.not_run += BATCH * (length - run) * products
        return x._replace(data=y), BATCH * length * products, module

    def lstm(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        return self._recurrent(nn.LSTM, args, x)

    def gru(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        return self._recurrent(nn.GRU, args, x)

    def rnn(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        return self._recurrent(nn.RNN, args, x)

    def embedding(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        must(x.names == ("length",) and not x.data.is_floating_point(), "embedding needs words")
        must(min(args["num_embeddings"], args["embedding_dim"]) >= 1, "sizes start at 1")
        module = nn.Embedding(int(args["num_embeddings"]), int(args["embedding_dim"]))
        fits(shared, module)
        return Flow(("length", "features"), module(x.data)), 0, module

    # Shapes.

    def upsample(
        self, args: dict[str, Any], x: Flow, like: Flow | None = None, shared: Any = None
    ) -> Any:
        axes = image(x, "upsample")
        mode = args.get("mode", "nearest")
        if like is not None:
            must(like.positions() == axes, "another kind of tensor")
            module = nn.Upsample(size=tuple(like.dims[axis] for axis in axes), mode=mode)
        elif "size" in args:
            module = nn.Upsample(size=tuple(numbers(args["size"], len(axes))), mode=mode)
        else:
            factors = numbers(args["scale_factor"], len(axes))
            must(min(factors) >= 1, "sizes start at 1")
            module = nn.Upsample(scale_factor=tuple(float(n) for n in factors), mode=mode)
        return x._replace(data=module(x.data)), 0, module

    def pad(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        axes = x.positions()
        must(bool(axes), "nothing to pad")
        both, start, end = (
            numbers(args.get(name, 0), len(axes)) for name in ("padding", "before", "after")
        )
        must(min(*both, *start, *end) >= 0, "negative padding")
        pads: list[int] = []
        for b, s, e in zip(both, start, end, strict=True):
            pads = [b + s, b + e, *pads]  # torch begins with the last axis
        names = [n for n in x.names if n not in axes] + axes
        order = [x.names.index(n) + 1 for n in names]
        y = F.pad(x.data.permute(0, *order), pads, mode=args.get("mode", "constant"))
        back = [names.index(n) + 1 for n in x.names]
        return x._replace(data=y.permute(0, *back)), 0, None

    def reshape(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        to = args["to"]
        must(min(to.values()) >= 1, "sizes start at 1")
        return Flow(tuple(to), x.data.reshape(BATCH, *to.values())), 0, None

    def to_image(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        self._sequence(x)
        y = x.data.transpose(1, 2)
        if "height" not in args:
            return Flow(("channels", "length"), y), 0, None
        sizes = (args["height"], args["width"])
        must(min(sizes) >= 1, "sizes start at 1")
        return Flow(("channels", "height", "width"), y.unflatten(2, sizes)), 0, None

    def channel_shuffle(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        image(x, "channel_shuffle")
        groups = args["groups"]
        must(groups >= 1 and x.dims["channels"] % groups == 0, "groups")
        y = x.data.unflatten(1, (groups, -1)).transpose(1, 2).flatten(1, 2)
        return x._replace(data=y), 0, None

    def pixel_shuffle(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        must(len(image(x, "pixel_shuffle")) == 2, "torch shuffles pictures only")
        return x._replace(data=nn.PixelShuffle(args["upscale_factor"])(x.data)), 0, None

    def pixel_unshuffle(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        must(len(image(x, "pixel_unshuffle")) == 2, "torch shuffles pictures only")
        return x._replace(data=nn.PixelUnshuffle(args["downscale_factor"])(x.data)), 0, None

    def take(self, args: dict[str, Any], x: Flow, shared: Any) -> Any:
        axis, start = args["axis"], args.get("start", 0)
        must(axis in x.names, "take of what?")
        size = args.get("size", x.dims[axis] - start)
        must(start >= 0 and size >= 1, "take of nothing")
        return x._replace(data=x.data.narrow(x.names.index(axis) + 1, start, size)), 0, None

    def center_crop(
        self, args: dict[str, Any], x: Flow, like: Flow | None = None, shared: Any = None
    ) -> Any:
        axes = x.positions()
        image(x, "center_crop")
        if like is None:
            sizes = numbers(args["size"], len(axes))
        else:
            must(like.positions() == axes, "another kind of tensor")
            sizes = [like.dims[axis] for axis in axes]
        data = x.data
        for axis, size in enumerate(sizes, start=2):
            must(1 <= size <= data.shape[axis], "a crop of less")
            data = data.narrow(axis, (data.shape[axis] - size) // 2, size)
        return x._replace(data=data), 0, None

    # Merges; torch would spread sizes of 1 anywhere, the language only positions of `mul`.

    def add(self, args: dict[str, Any], first: Flow, *others: Flow, shared: Any) -> Any:
        data = first.data
        for other in others:
            must(other.names == first.names, "unlike tensors")
            must(other.data.shape == data.shape, "unlike shapes")
            data = data + other.data
        return first._replace(data=data), 0, None

    def mul(self, args: dict[str, Any], first: Flow, *others: Flow, shared: Any) -> Any:
        data = first.data
        for other in others:
            must(other.names == first.names, "unlike tensors")
            content = "channels" if "channels" in first.names else "features"
            must(other.dims[content] == first.dims[content], "unlike content")
            data = data * other.data
        return first._replace(data=data), 0, None

    def concat(self, args: dict[str, Any], *xs: Flow, shared: Any) -> Any:
        names = xs[0].names
        must(all(x.names == names for x in xs), "unlike tensors")
        axis = args.get("axis", "auto")
        if axis == "auto":
            axis = "channels" if "channels" in names else "features"
        must(axis in names, "no such axis")
        y = torch.cat([x.data for x in xs], dim=names.index(axis) + 1)
        return xs[0]._replace(data=y), 0, None

    def matmul(self, args: dict[str, Any], *xs: Flow, shared: Any) -> Any:
        must(len(xs) == 2, "matmul of two")
        must(all(x.names in (("features",), ("length", "features")) for x in xs), "no matrices")
        a, b = (x.data if len(x.names) == 2 else x.data.unsqueeze(1) for x in xs)
        must(a.shape[-1] == b.shape[-1], "unlike features")
        y = a @ b.transpose(1, 2)
        macs = y.numel() * a.shape[-1]
        single = len(xs[0].names) == 1
        return xs[0]._replace(data=y.squeeze(1) if single else y), macs, None


def image(x: Flow, what: str) -> list[str]:
    """The positions of an image, of which there must be one to three."""
    axes = x.positions()
    good = "channels" in x.names and "features" not in x.names and 1 <= len(axes) <= 3
    must(good, f"{what} needs an image")
    return axes


def weights(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def fits(shared: Any, module: nn.Module) -> None:
    """Weights that are shared must have the shapes that new ones would have, or be turned.

    A bias that only one of the two has is nobody's fault: a tied head has none.
    """
    if shared is None:
        return
    mine = {n: sorted(p.shape) for n, p in module.named_parameters()}
    theirs = {n: sorted(p.shape) for n, p in shared.named_parameters()}
    common = mine.keys() & theirs.keys()
    must(bool(common) and all(mine[n] == theirs[n] for n in common), "weights of other shapes")


def ask_torch(net: Tree, count_flops: bool = False) -> Answer:
    """Torch's figures for a network.

    With ``count_flops`` torch's own counter must find the same MACs in all (it counts 2 FLOPs for
    each); a difference between the two of them is an error of this file, not of archcalc.
    """
    machine = TorchMachine()
    counter = FlopCounterMode(display=False) if count_flops else None
    with torch.device("meta"), torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # spoiled networks have empty weights
        try:
            if counter is None:
                Walker(net, machine).run()
            else:
                with counter:
                    Walker(net, machine).run()
        except Refused as refusal:
            return Answer(machine.rows, str(refusal) or "refused")
    if counter is not None:
        run = BATCH * sum(row.macs for row in machine.rows) - machine.not_run
        assert counter.get_total_flops() == 2 * run, (counter.get_total_flops(), 2 * run)
    return Answer(machine.rows)
