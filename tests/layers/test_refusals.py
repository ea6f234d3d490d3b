"""What a layer refuses, in its exact words: what must be, then what was found."""

from __future__ import annotations

from typing import Any

import pytest

from archcalc.graph import Broken, Graph
from archcalc.layers import KINDS
from archcalc.layers.base import has_dimensions
from archcalc.terms import Product

from .facts import shape

IMAGE = "c64 h28 w28"
TOKENS = "l16 f10"

# kind, arguments, inputs, the argument at fault, message, help
REFUSALS: list[tuple[str, dict[str, Any], str, str | None, str, str]] = [
    (
        "conv",
        {"out_channels": 0, "kernel_size": 3},
        IMAGE,
        "out_channels",
        "out_channels must be at least 1, got 0",
        "",
    ),
    (
        "conv",
        {"out_channels": 8, "kernel_size": (3, 0)},
        IMAGE,
        "kernel_size",
        "kernel_size must be at least 1, got 0",
        "",
    ),
    (
        "conv",
        {"out_channels": 8, "kernel_size": 3},
        "f400",
        None,
        "conv needs a tensor with 'channels', got 400 (features)",
        "conv comes before flatten and to_sequence, not after",
    ),
    (
        "conv",
        {"out_channels": 8, "kernel_size": 3},
        "c8",
        None,
        "conv needs a height, a width, a depth or a length to slide over, got 8 (channels)",
        "conv comes before flatten and to_sequence, not after",
    ),
    (
        "conv",
        {"out_channels": 8, "kernel_size": (3, 3, 3)},
        IMAGE,
        "kernel_size",
        "kernel_size needs one number, or one for each of height, width; got 3",
        "",
    ),
    (
        "conv",
        {"out_channels": 8, "kernel_size": 3, "padding": -1},
        IMAGE,
        "padding",
        "padding must not be negative, got -1",
        "to cut the edges off, use center_crop",
    ),
    (
        "conv",
        {"out_channels": 8, "kernel_size": 5},
        "c64 h4 w9",
        "kernel_size",
        "the image is 4 x 9 here, too small for a 5x5 window",
        "a smaller window, more padding or a larger input",
    ),
    (  # a convolution's window may not stick out, whatever the stride
        "conv",
        {"out_channels": 8, "kernel_size": 5, "stride": 2},
        "c64 h9 w4",
        "kernel_size",
        "the image is 9 x 4 here, too small for a 5x5 window",
        "a smaller window, more padding or a larger input",
    ),
    (
        "conv",
        {"out_channels": 8, "kernel_size": 1, "groups": 3},
        IMAGE,
        "groups",
        "groups must divide in_channels: 64 is not a multiple of 3",
        "",
    ),
    (
        "conv",
        {"out_channels": 6, "kernel_size": 1, "groups": 4},
        IMAGE,
        "groups",
        "groups must divide out_channels: 6 is not a multiple of 4",
        "",
    ),
    (
        "conv_transpose",
        {"out_channels": 2, "kernel_size": 1, "padding": 14},
        IMAGE,
        "padding",
        "the height that comes out must be at least 1, got 0",
        "less padding",
    ),
    (
        "conv_transpose",
        {"out_channels": 2, "kernel_size": 3, "stride": 2, "output_padding": 2},
        IMAGE,
        "output_padding",
        "output_padding must be smaller than stride 2 or dilation 1, got 2",
        "",
    ),
    (
        "linear",
        {"out_features": 10},
        "c64 h222 w222",
        None,
        "linear needs a tensor with 'features', got 64 x 222 x 222 (channels, height, width)",
        "insert flatten, global_avg_pool or to_sequence",
    ),
    (
        "max_pool",
        {"kernel_size": 3, "padding": 2},
        IMAGE,
        "padding",
        "padding must be at most half of the window, got 2 for a window of 3",
        "or a window would see nothing but padding",
    ),
    (
        "avg_pool",
        {"kernel_size": 2},
        "c64 h1 w1",
        "kernel_size",
        "the image is 1 x 1 here, too small for a 2x2 window",
        "a smaller window, more padding or a larger input",
    ),
    (
        "global_avg_pool",
        {},
        "f10",
        None,
        "global_avg_pool needs a tensor with positions to pool over, got 10 (features)",
        "",
    ),
    (
        "adaptive_avg_pool",
        {"output_size": (7, 7)},
        "c8 l9",
        "output_size",
        "output_size needs one number, or one for each of length; got 2",
        "",
    ),
    (
        "batch_norm",
        {},
        "l128",
        None,
        "batch_norm needs a tensor with 'channels' or 'features', got 128 (length)",
        "whole numbers (tokens) need an embedding first",
    ),
    (
        "layer_norm",
        {"over": "channels"},
        TOKENS,
        "over",
        "layer_norm needs a tensor with 'channels', got 16 x 10 (length, features)",
        "",
    ),
    (
        "group_norm",
        {"num_groups": 5},
        IMAGE,
        "num_groups",
        "num_groups must divide channels: 64 is not a multiple of 5",
        "",
    ),
    (
        "instance_norm",
        {},
        "f10",
        None,
        "instance_norm needs a tensor with positions to normalise over, got 10 (features)",
        "",
    ),
    (
        "lrn",
        {},
        TOKENS,
        None,
        "lrn needs a tensor with 'channels', got 16 x 10 (length, features)",
        "lrn comes before flatten and to_sequence, not after",
    ),
    (
        "softmax",
        {"axis": "height"},
        TOKENS,
        "axis",
        "softmax needs a tensor with 'height', got 16 x 10 (length, features)",
        "",
    ),
    (
        "glu",
        {},
        "c3 l4",
        None,
        "glu must halve channels: 3 is not a multiple of 2",
        "",
    ),
    (
        "glu",
        {"activation": "glu"},
        "c4 l4",
        "activation",
        "activation must keep the shape, got glu",
        "mlp has gated: true",
    ),
    (
        "conv",
        {"out_channels": 8, "kernel_size": (3, 7), "padding": 1, "dilation": (1, 2)},
        "c3 h9 w4",
        "kernel_size",
        "the image is 9 x 4 here, too small for a 3x7 window with dilation 2 and padding 1",
        "a smaller window, more padding or a larger input",
    ),
    (
        "conv",
        {"out_channels": 8, "kernel_size": 9, "padding": 2},
        "c3 l4",
        "kernel_size",
        "the length is 4 here, too small for a window of 9 with padding 2",
        "a smaller window, more padding or a larger input",
    ),
    (
        "max_pool",
        {"kernel_size": 3},
        "c3 d2 h4 w5",
        "kernel_size",
        "the volume is 2 x 4 x 5 here, too small for a 3x3x3 window",
        "a smaller window, more padding or a larger input",
    ),
    (
        "add",
        {},
        "c256 h56 w56 | c64 h56 w56",
        None,
        "add: 256 x 56 x 56 and 64 x 56 x 56 differ in channels",
        "the shortcut needs a 1x1 convolution to 256 channels",
    ),
    (
        "add",
        {},
        "c64 h28 w28 | c64 h56 w28",
        None,
        "add: 64 x 28 x 28 and 64 x 56 x 28 differ in height",
        "the shortcut needs a 1x1 convolution to 64 channels with stride 2",
    ),
    (
        "add",
        {},
        "l4 f5 | f5",
        None,
        "add: 4 x 5 (length, features) and 5 (features) have different dimensions",
        "select_token or mean takes one of a sequence",
    ),
    (
        "add",
        {},
        "c128 h28 w28 | c64 h56 w56",
        None,
        "add: 128 x 28 x 28 and 64 x 56 x 56 differ in channels, height and width",
        "the shortcut needs a 1x1 convolution to 128 channels with stride 2",
    ),
    (
        "add",
        {},
        "c128 h19 w13 | c64 h56 w37",
        None,
        "add: 128 x 19 x 13 and 64 x 56 x 37 differ in channels, height and width",
        "the shortcut needs a 1x1 convolution to 128 channels with stride 3",
    ),
    (
        "add",
        {},
        "c128 h28 w14 | c64 h56 w56",
        None,
        "add: 128 x 28 x 14 and 64 x 56 x 56 differ in channels, height and width",
        "the same stride and padding in every branch; "
        "the shortcut needs a 1x1 convolution to 128 channels",
    ),
    (
        "add",
        {},
        "c128 h26 w26 | c64 h28 w28",
        None,
        "add: 128 x 26 x 26 and 64 x 28 x 28 differ in channels, height and width",
        "'padding: half' keeps the height and width in a convolution; "
        "the shortcut needs a 1x1 convolution to 128 channels",
    ),
    (
        "add",
        {},
        "c64 h28 w28 | c64 h30 w30",
        None,
        "add: 64 x 28 x 28 and 64 x 30 x 30 differ in height and width",
        "'padding: half' keeps the height and width in a convolution",
    ),
    (
        "add",
        {},
        "c64 h28 w28 | c64 h28 w14",
        None,
        "add: 64 x 28 x 28 and 64 x 28 x 14 differ in width",
        "the same stride and padding in every branch",
    ),
    (
        "add",
        {},
        "c64 h28 w28 | c32 h14 w14",
        None,
        "add: 64 x 28 x 28 and 32 x 14 x 14 differ in channels, height and width",
        "the same stride and padding in every branch; "
        "the shortcut needs a 1x1 convolution to 64 channels",
    ),
    (
        "add",
        {},
        "l8 f4 | l16 f4",
        None,
        "add: 8 x 4 and 16 x 4 differ in length",
        "the same stride and padding in every branch",
    ),
    (
        "add",
        {},
        "l8 f4 | l8 f5",
        None,
        "add: 8 x 4 and 8 x 5 differ in features",
        "the shortcut needs a linear layer to 4 features",
    ),
    (
        "add",
        {},
        "c8 h4 w4 | f8",
        None,
        "add: 8 x 4 x 4 (channels, height, width) and 8 (features) have different dimensions",
        "flatten or global_avg_pool makes features of an image",
    ),
    (
        "add",
        {},
        "c8 h4 w4 | l16 f8",
        None,
        "add: 8 x 4 x 4 (channels, height, width) and 16 x 8 (length, features) "
        "have different dimensions",
        "to_sequence makes a sequence of an image, to_image an image of a sequence",
    ),
    (
        "add",
        {},
        "l16 f8 | f8 l16",
        None,
        "add: 16 x 8 (length, features) and 8 x 16 (features, length) have different dimensions",
        "reshape gives both the same order",
    ),
    (
        "concat",
        {},
        "c64 h28 w28 | c64 h56 w56",
        None,
        "concat: 64 x 28 x 28 and 64 x 56 x 56 differ in height and width, not only in channels",
        "'upsample: 2' in the one, or a stride of 2 in the other",
    ),
    (
        "concat",
        {},
        "c64 h28 w28 | c64 h14 w56",
        None,
        "concat: 64 x 28 x 28 and 64 x 14 x 56 differ in height and width, not only in channels",
        "the same stride and padding in every branch; center_crop cuts the larger one",
    ),
    (
        "concat",
        {"axis": "length"},
        "l8 f4 | l16 f5",
        None,
        "concat: 8 x 4 and 16 x 5 differ in features, not only in length",
        "",
    ),
    (
        "mul",
        {},
        "c64 h28 w28 | c64 h14 w28",
        None,
        "mul: 64 x 28 x 28 and 64 x 14 x 28 differ in height",
        "only positions of size 1 are spread",
    ),
    (
        "concat",
        {},
        "c64 h28 w28 | c8 h28 w27",
        None,
        "concat: 64 x 28 x 28 and 8 x 28 x 27 differ in width, not only in channels",
        "the same stride and padding in every branch; center_crop cuts the larger one",
    ),
    (
        "concat",
        {"axis": "length"},
        "c64 h28 w28 | c8 h28 w28",
        "axis",
        "concat: there is no length in 64 x 28 x 28 (channels, height, width)",
        "",
    ),
    ("dropout", {"p": 1.5}, "f10", "p", "p must be between 0 and 1, got 1.5", ""),
    ("dropout", {"p": float("nan")}, "f10", "p", "p must be between 0 and 1, got nan", ""),
    (
        "reshape",
        {"to": shape("c8 h4 w4")},
        "f100",
        "to",
        "reshape must keep the 100 elements of 100 (features), "
        "got 8 x 4 x 4 (channels, height, width) with 128",
        "",
    ),
    (
        "to_sequence",
        {},
        TOKENS,
        None,
        "to_sequence needs a tensor with 'channels', got 16 x 10 (length, features)",
        "it is a sequence already",
    ),
    (
        "to_image",
        {"height": 3, "width": 5},
        TOKENS,
        "height",
        "to_image needs a length of height·width = 15, got 16",
        "",
    ),
    (
        "to_image",
        {"height": 4},
        TOKENS,
        "width",
        "to_image needs both height and width, or neither",
        "",
    ),
    (
        "upsample",
        {},
        IMAGE,
        None,
        "upsample needs one of scale_factor, size, like; got none",
        "",
    ),
    (
        "upsample",
        {"scale_factor": 2, "size": 9},
        IMAGE,
        "size",
        "upsample needs one of scale_factor, size, like; got scale_factor and size",
        "",
    ),
    (
        "upsample",
        {"scale_factor": 2, "mode": "bilinear"},
        "c8 l4",
        "mode",
        "mode bilinear is for 2 positions, got 8 x 4 (channels, length)",
        "",
    ),
    (
        "upsample",
        {"like": "other"},
        "c64 h28 w28 | c8 l4",
        "like",
        "upsample needs tensors with the same positions, got 64 x 28 x 28 "
        "(channels, height, width) and 8 x 4 (channels, length)",
        "",
    ),
    (
        "center_crop",
        {"size": (28, 30)},
        IMAGE,
        "size",
        "center_crop can't make width 30 out of 28",
        "to make it larger, use pad or upsample",
    ),
    (
        "center_crop",
        {"like": "grown"},
        "c64 h28 w28 | c8 h30 w28",
        "like",
        "center_crop can't make height 30 out of 28",
        "to make it larger, use pad or upsample",
    ),
    (
        "pad",
        {"padding": 28, "mode": "reflect"},
        IMAGE,
        "padding",
        "reflect can add at most 27 to height 28, got 28",
        "",
    ),
    (
        "pad",
        {"padding": 1},
        "f10",
        None,
        "pad needs a tensor with positions to add to, got 10 (features)",
        "",
    ),
    (
        "pad",
        {"padding": 1, "axis": "channels"},
        "f10",
        "axis",
        "pad needs a tensor with 'channels', got 10 (features)",
        "",
    ),
    (
        "pad",
        {"padding": (1, 1), "axis": "channels"},
        IMAGE,
        "padding",
        "padding needs one number along channels",
        "",
    ),
    (
        "channel_shuffle",
        {"groups": 3},
        IMAGE,
        "groups",
        "groups must divide channels: 64 is not a multiple of 3",
        "",
    ),
    (
        "pixel_shuffle",
        {"upscale_factor": 3},
        IMAGE,
        "upscale_factor",
        "upscale_factor 3 needs a multiple of 9 channels, got 64",
        "",
    ),
    (
        "pixel_unshuffle",
        {"downscale_factor": 3},
        "c8 h9 w10",
        "downscale_factor",
        "downscale_factor must divide width: 10 is not a multiple of 3",
        "",
    ),
    (
        "select_token",
        {"index": -17},
        TOKENS,
        "index",
        "index must be from -16 to 15, got -17",
        "",
    ),
    (
        "select_token",
        {"index": 16},
        TOKENS,
        "index",
        "index must be from -16 to 15, got 16",
        "",
    ),
    (
        "take",
        {"axis": "channels", "start": 60, "size": 5},
        IMAGE,
        "start",
        "take needs a part of channels 0 to 63, got 60 to 64",
        "",
    ),
    (
        "take",
        {"axis": "channels", "index": (1, 64)},
        IMAGE,
        "index",
        "take needs a part of channels 0 to 63, got 64",
        "",
    ),
    (
        "take",
        {"axis": "channels", "index": (1, -1)},
        IMAGE,
        "index",
        "index counts from 0, got -1",
        "",
    ),
    (
        "take",
        {"axis": "length"},
        IMAGE,
        "axis",
        "take needs a tensor with 'length', got 64 x 28 x 28 (channels, height, width)",
        "",
    ),
    (
        "mean",
        {"axis": "features"},
        "f10",
        "axis",
        "mean must leave a dimension, got 10 (features)",
        "keepdims: true",
    ),
    (
        "embedding",
        {"num_embeddings": 100, "embedding_dim": 8},
        TOKENS,
        None,
        "embedding needs whole numbers (a tensor without channels and features), "
        "got 16 x 10 (length, features)",
        "linear takes vectors",
    ),
    (
        "position_embedding",
        {"max_length": 8},
        TOKENS,
        "max_length",
        "max_length must be at least the length 16, got 8",
        "",
    ),
    (
        "class_token",
        {},
        IMAGE,
        None,
        "class_token needs a tensor with 'length' and 'features', "
        "got 64 x 28 x 28 (channels, height, width)",
        "insert to_sequence or embedding",
    ),
    (
        "rope",
        {},
        "l4 f5",
        None,
        "rope must pair features: 5 is not a multiple of 2",
        "",
    ),
    (
        "attention",
        {"num_heads": 4},
        TOKENS,
        "num_heads",
        "num_heads must divide features: 10 is not a multiple of 4",
        "or give head_dim",
    ),
    (
        "attention",
        {"num_heads": 6, "head_dim": 8, "num_kv_heads": 4},
        TOKENS,
        "num_kv_heads",
        "num_kv_heads must divide num_heads: 6 is not a multiple of 4",
        "",
    ),
    (
        "attention",
        {"num_heads": 2, "head_dim": 5, "rope": True},
        TOKENS,
        "rope",
        "rope must pair head_dim: 5 is not a multiple of 2",
        "",
    ),
    (
        "attention",
        {"num_heads": 2},
        IMAGE,
        None,
        "attention needs a tensor with 'length' and 'features', "
        "got 64 x 28 x 28 (channels, height, width)",
        "insert to_sequence or embedding",
    ),
    (
        "attention",
        {"num_heads": 2, "context": "image"},
        "l16 f10 | c64 h28 w28",
        "context",
        "attention's context needs a tensor with 'length' and 'features', "
        "got 64 x 28 x 28 (channels, height, width)",
        "insert to_sequence or embedding",
    ),
    (
        "attention",
        {"num_heads": 2, "context": "encoder", "causal": True},
        "l16 f10 | l9 f10",
        "causal",
        "causal attention must be to the tensor itself, got a context",
        "",
    ),
    (
        "attention",
        {"num_heads": 2, "sliding_window": 4},
        TOKENS,
        "sliding_window",
        "a sliding window needs causal attention",
        "causal: true; window_attention is for images",
    ),
    (
        "attention",
        {"num_heads": 2, "context_cached": True},
        TOKENS,
        "context_cached",
        "context_cached needs a context",
        "past: N is for the tensor's own cache",
    ),
    (
        "latent_attention",
        {"num_heads": 2, "kv_lora_rank": 4, "qk_rope_head_dim": 3},
        TOKENS,
        "qk_rope_head_dim",
        "rope must pair qk_rope_head_dim: 3 is not a multiple of 2",
        "",
    ),
    (
        "window_attention",
        {"num_heads": 2, "window_size": 7},
        TOKENS,
        None,
        "window_attention needs a tensor with 'channels', got 16 x 10 (length, features)",
        "attention takes a sequence, window_attention an image",
    ),
    (
        "window_attention",
        {"num_heads": 2, "window_size": 7, "shift": (3, 7)},
        IMAGE,
        "shift",
        "shift must be smaller than the window 7, got 7",
        "",
    ),
    (
        "window_attention",
        {"num_heads": 2, "window_size": (7, 8), "fit": "exact"},
        IMAGE,
        "window_size",
        "window_size must divide width: 28 is not a multiple of 8",
        "fit: pad fills the last windows up",
    ),
    (
        "window_attention",
        {"num_heads": 3, "window_size": 7},
        IMAGE,
        "num_heads",
        "num_heads must divide channels: 64 is not a multiple of 3",
        "or give head_dim",
    ),
    (
        "pooled_attention",
        {"num_heads": 2, "grid": (4, 4)},
        TOKENS,
        "grid",
        "grid must make the length 16, with 1 tokens; 4 x 4 make 17",
        "",
    ),
    (
        "pooled_attention",
        {"num_heads": 3, "grid": (4, 4), "tokens": 0},
        TOKENS,
        "num_heads",
        "num_heads must divide out_features: 10 is not a multiple of 3",
        "",
    ),
    (
        "pooled_attention",
        {"num_heads": 2, "grid": (2, 2, 2, 2), "tokens": 0},
        TOKENS,
        "grid",
        "grid has one to three sides, got 4",
        "",
    ),
    (
        "position_embedding",
        {"factors": (4, 4), "tokens": 1},
        TOKENS,
        "factors",
        "factors must make the length 16, with 1 tokens; 4 x 4 make 17",
        "",
    ),
    (
        "to_image",
        {"depth": 2},
        TOKENS,
        "depth",
        "to_image needs height and width beside depth",
        "",
    ),
    (
        "matmul",
        {},
        "l16 f10 | f8",
        None,
        "matmul: 16 x 10 and 8 differ in features",
        "a linear layer to as many features in both branches",
    ),
    (
        "matmul",
        {},
        "l16 f10",
        None,
        "matmul needs two branches, got 1",
        "",
    ),
    (
        "matmul",
        {},
        "c64 h28 w28 | f64",
        None,
        "matmul needs a tensor with 'features', and at most a 'length', "
        "got 64 x 28 x 28 (channels, height, width)",
        "insert flatten, global_avg_pool or to_sequence",
    ),
    (
        "mlp",
        {"hidden_features": 8, "axis": "channels"},
        TOKENS,
        None,
        "mlp needs a tensor with 'channels', got 16 x 10 (length, features)",
        "insert flatten, global_avg_pool or to_sequence",
    ),
    (
        "mlp",
        {"hidden_features": 8, "activation": "glu"},
        TOKENS,
        "activation",
        "activation must keep the shape, got glu",
        "mlp has gated: true",
    ),
    (
        "moe",
        {"num_experts": 8, "top_k": 9, "hidden_features": 8},
        TOKENS,
        "top_k",
        "top_k must be at most num_experts 8, got 9",
        "",
    ),
    (
        "lstm",
        {"hidden_size": 8},
        "f10",
        None,
        "lstm needs a tensor with 'length' and 'features', got 10 (features)",
        "insert to_sequence or embedding",
    ),
    (
        "gru",
        {"hidden_size": 8, "bias_vectors": 3},
        TOKENS,
        "bias_vectors",
        "bias_vectors must be 1 or 2, got 3",
        "",
    ),
    (
        "conv_transpose",
        {"out_channels": 2, "kernel_size": 3, "groups": 3},
        IMAGE,
        "groups",
        "groups must divide in_channels: 64 is not a multiple of 3",
        "",
    ),
    (
        "conv_transpose",
        {"out_channels": 3, "kernel_size": 3, "groups": 2},
        IMAGE,
        "groups",
        "groups must divide out_channels: 3 is not a multiple of 2",
        "",
    ),
    (  # every axis is looked at
        "conv_transpose",
        {"out_channels": 2, "kernel_size": 3, "stride": (2, 1), "output_padding": (1, 1)},
        IMAGE,
        "output_padding",
        "output_padding must be smaller than stride 1 or dilation 1, got 1",
        "",
    ),
    (
        "max_pool",
        {"kernel_size": 5, "stride": 2, "ceil_mode": True},
        "c4 h9 w3",
        "kernel_size",
        "the image is 9 x 3 here, too small for a 5x5 window",
        "a smaller window, more padding or a larger input",
    ),
    (
        "conv",
        {"out_channels": 8, "kernel_size": 3, "dilation": 4, "padding": (4, 0)},
        "c64 h1 w8",
        "kernel_size",
        "the image is 1 x 8 here, too small for a 3x3 window with dilation 4",
        "a smaller window, more padding or a larger input",
    ),
    (
        "avg_pool",
        {"kernel_size": (4, 3), "padding": (2, 2)},
        IMAGE,
        "padding",
        "padding must be at most half of the window, got 2 for a window of 3",
        "or a window would see nothing but padding",
    ),
    (
        "pixel_shuffle",
        {"upscale_factor": 3},
        "c12 h2 w2",
        "upscale_factor",
        "upscale_factor 3 needs a multiple of 9 channels, got 12",
        "",
    ),
    (
        "pad",
        {"padding": 14, "after": 15, "mode": "circular"},
        IMAGE,
        "padding",
        "circular can add at most 28 to height 28, got 29",
        "",
    ),
    (
        "pad",
        {"before": (1, 1), "axis": "channels"},
        IMAGE,
        "before",
        "before needs one number along channels",
        "",
    ),
    (
        "pad",
        {"after": (1, 1), "axis": "channels"},
        IMAGE,
        "after",
        "after needs one number along channels",
        "",
    ),
    (
        "center_crop",
        {},
        IMAGE,
        None,
        "center_crop needs one of size, like; got none",
        "",
    ),
    (
        "center_crop",
        {"size": 9, "like": "other"},
        "c64 h28 w28 | c8 h8 w8",
        "like",
        "center_crop needs one of size, like; got size and like",
        "",
    ),
    (
        "center_crop",
        {"like": "other"},
        "c64 h28 w28 | c8 l4",
        "like",
        "center_crop needs tensors with the same positions, got 64 x 28 x 28 "
        "(channels, height, width) and 8 x 4 (channels, length)",
        "",
    ),
    (
        "upsample",
        {"like": "other", "size": 3, "scale_factor": 2},
        "c64 h28 w28 | c8 h4 w4",
        "like",
        "upsample needs one of scale_factor, size, like; got scale_factor and size and like",
        "",
    ),
    (
        "upsample",
        {"scale_factor": 2, "mode": "linear"},
        IMAGE,
        "mode",
        "mode linear is for 1 positions, got 64 x 28 x 28 (channels, height, width)",
        "",
    ),
    (
        "upsample",
        {"scale_factor": 2, "mode": "trilinear"},
        IMAGE,
        "mode",
        "mode trilinear is for 3 positions, got 64 x 28 x 28 (channels, height, width)",
        "",
    ),
    (
        "upsample",
        {"scale_factor": 2, "mode": "bicubic"},
        "c8 d2 h4 w4",
        "mode",
        "mode bicubic is for 2 positions, got 8 x 2 x 4 x 4 (channels, depth, height, width)",
        "",
    ),
    (
        "to_image",
        {"width": 4},
        TOKENS,
        "width",
        "to_image needs both height and width, or neither",
        "",
    ),
    (
        "to_image",
        {"height": 2, "width": 4, "depth": 3},
        TOKENS,
        "height",
        "to_image needs a length of depth·height·width = 24, got 16",
        "",
    ),
    (
        "take",
        {"axis": "channels", "start": 64},
        IMAGE,
        "start",
        "take needs a part of channels 0 to 63, got 64 to 63",
        "",
    ),
    (
        "take",
        {"axis": "length", "index": 16},
        TOKENS,
        "index",
        "take needs a part of length 0 to 15, got 16",
        "",
    ),
    (
        "mean",
        {"axis": "height"},
        TOKENS,
        "axis",
        "mean needs a tensor with 'height', got 16 x 10 (length, features)",
        "",
    ),
    (
        "log_softmax",
        {},
        "l128",
        "axis",
        "log_softmax needs a tensor with 'features', got 128 (length)",
        "",
    ),
    (
        "group_norm",
        {"num_groups": 3},
        TOKENS,
        "num_groups",
        "num_groups must divide features: 10 is not a multiple of 3",
        "",
    ),
    (
        "glu",
        {},
        "l4 f5",
        None,
        "glu must halve features: 5 is not a multiple of 2",
        "",
    ),
    (
        "add",
        {},
        "l4 f5 | l4 f5 | l4 f6",
        None,
        "add: 4 x 5 and 4 x 6 differ in features",
        "the shortcut needs a linear layer to 5 features",
    ),
    (
        "mul",
        {},
        "c64 h28 w28 | c1 h28 w28",
        None,
        "mul: 64 x 28 x 28 and 1 x 28 x 28 differ in channels",
        "only positions of size 1 are spread",
    ),
    (
        "mul",
        {},
        "l4 f5 | f5",
        None,
        "mul: 4 x 5 (length, features) and 5 (features) have different dimensions",
        "select_token or mean takes one of a sequence",
    ),
    (
        "concat",
        {},
        "l4 f5 | f5",
        None,
        "concat: 4 x 5 (length, features) and 5 (features) have different dimensions",
        "select_token or mean takes one of a sequence",
    ),
    (
        "embedding",
        {"num_embeddings": 100, "embedding_dim": 8},
        "c8 l4",
        None,
        "embedding needs whole numbers (a tensor without channels and features), "
        "got 8 x 4 (channels, length)",
        "linear takes vectors",
    ),
    (
        "position_embedding",
        {"max_length": 16, "past": 1},
        TOKENS,
        "max_length",
        "max_length must be at least the length 17, got 16",
        "",
    ),
    (
        "attention",
        {"num_heads": 1, "num_kv_heads": 2},
        TOKENS,
        "num_kv_heads",
        "num_kv_heads must divide num_heads: 1 is not a multiple of 2",
        "",
    ),
    (
        "window_attention",
        {"num_heads": 2, "window_size": (8, 7), "fit": "exact"},
        IMAGE,
        "window_size",
        "window_size must divide height: 28 is not a multiple of 8",
        "fit: pad fills the last windows up",
    ),
    (
        "matmul",
        {},
        "l16 f10 | l4 f10 | f10",
        None,
        "matmul needs two branches, got 3",
        "",
    ),
    (
        "moe",
        {"num_experts": 8, "top_k": 2, "hidden_features": 8, "activation": "glu"},
        TOKENS,
        "activation",
        "activation must keep the shape, got glu",
        "mlp has gated: true",
    ),
]

# What several kinds ask for in the same words.

NEED_AN_IMAGE = {
    "conv": {"out_channels": 8, "kernel_size": 3},
    "depthwise_conv": {"kernel_size": 3},
    "conv_transpose": {"out_channels": 8, "kernel_size": 3},
    "max_pool": {"kernel_size": 2},
    "avg_pool": {"kernel_size": 2},
    "adaptive_avg_pool": {"output_size": 1},
    "adaptive_max_pool": {"output_size": 1},
    "upsample": {"scale_factor": 2},
    "center_crop": {"size": 1},
    "channel_shuffle": {"groups": 2},
    "pixel_shuffle": {"upscale_factor": 2},
    "pixel_unshuffle": {"downscale_factor": 2},
}
for kind, arguments in NEED_AN_IMAGE.items():
    mend = f"{kind} comes before flatten and to_sequence, not after"
    channels = f"{kind} needs a tensor with 'channels', got 10 (features)"
    positions = f"{kind} needs a height, a width, a depth or a length to slide over, got"
    REFUSALS += [
        (kind, arguments, "f10", None, channels, mend),
        (kind, arguments, "c8", None, f"{positions} 8 (channels)", mend),
        (kind, arguments, "c8 l4 f5", None, f"{positions} {shape('c8 l4 f5')}", mend),
    ]

NEED_A_SEQUENCE: dict[str, dict[str, Any]] = {
    "to_image": {},
    "select_token": {},
    "position_embedding": {},
    "class_token": {},
    "rope": {},
    "attention": {"num_heads": 2},
    "latent_attention": {"num_heads": 2, "kv_lora_rank": 4},
    "pooled_attention": {"num_heads": 2, "grid": 10},
    "lstm": {"hidden_size": 8},
    "gru": {"hidden_size": 8},
    "rnn": {"hidden_size": 8},
}
for kind, arguments in NEED_A_SEQUENCE.items():
    message = f"{kind} needs a tensor with 'length' and 'features', got 64 x 10 (channels, length)"
    mend = "insert to_sequence or embedding"
    REFUSALS.append((kind, arguments, "c64 l10", None, message, mend))

NEED_FEATURES = {
    "linear": {"out_features": 8},
    "rbf": {"out_features": 8},
    "mlp": {"hidden_features": 8},
    "moe": {"num_experts": 8, "top_k": 2, "hidden_features": 8},
}
for kind, arguments in NEED_FEATURES.items():
    message = f"{kind} needs a tensor with 'features', got 64 x 10 (channels, length)"
    mend = "insert flatten, global_avg_pool or to_sequence"
    REFUSALS.append((kind, arguments, "c64 l10", None, message, mend))

NEED_CHANNELS_OR_FEATURES: dict[str, dict[str, Any]] = {
    "global_avg_pool": {},
    "global_max_pool": {},
    "batch_norm": {},
    "instance_norm": {},
    "layer_norm": {},
    "group_norm": {"num_groups": 2},
    "rms_norm": {},
    "l2_norm": {},
    "layer_scale": {},
    "prelu": {"per_channel": True},
    "glu": {},
}
for kind, arguments in NEED_CHANNELS_OR_FEATURES.items():
    message = f"{kind} needs a tensor with 'channels' or 'features', got 128 (length)"
    mend = "whole numbers (tokens) need an embedding first"
    REFUSALS.append((kind, arguments, "l128", None, message, mend))

LISTS: dict[str, tuple[dict[str, Any], str]] = {
    "conv": ({"out_channels": 8, "kernel_size": 3}, "kernel_size stride padding dilation"),
    "depthwise_conv": ({"kernel_size": 3}, "kernel_size stride padding dilation"),
    "conv_transpose": (
        {"out_channels": 8, "kernel_size": 3},
        "kernel_size stride padding output_padding dilation",
    ),
    "max_pool": ({"kernel_size": 3}, "kernel_size stride padding dilation"),
    "avg_pool": ({"kernel_size": 3}, "kernel_size stride padding"),
    "adaptive_avg_pool": ({}, "output_size"),
    "adaptive_max_pool": ({}, "output_size"),
    "upsample": ({}, "scale_factor size"),
    "center_crop": ({}, "size"),
    "pad": ({}, "padding before after"),
    "pixel_unshuffle": ({}, "downscale_factor"),
    "window_attention": (
        {"num_heads": 2, "window_size": 7, "fit": "shrink"},
        "window_size shift",
    ),
    "pooled_attention": ({"num_heads": 2, "grid": (3, 5)}, "stride_q stride_kv kernel_size"),
}
for kind, (arguments, fields) in LISTS.items():
    inputs = TOKENS if kind == "pooled_attention" else IMAGE
    message = "{} needs one number, or one for each of height, width; got {}"
    for field in fields.split():
        for wrong in ((1,), (1, 1, 1)):
            given = {**arguments, field: wrong}
            REFUSALS.append((kind, given, inputs, field, message.format(field, len(wrong)), ""))

# The last that is allowed: kind, arguments, inputs.
ALLOWED: list[tuple[str, dict[str, Any], str]] = [
    ("conv", {"out_channels": 8, "kernel_size": 5}, "c64 h5 w5"),
    ("conv", {"out_channels": 8, "kernel_size": 5, "padding": 1}, "c64 h3 w3"),
    ("conv", {"out_channels": 8, "kernel_size": 5, "padding": "same"}, "c64 h3 w1"),
    ("conv_transpose", {"out_channels": 2, "kernel_size": 2, "padding": 14}, IMAGE),
    (
        "conv_transpose",
        {"out_channels": 2, "kernel_size": 2, "stride": 2, "output_padding": 1},
        IMAGE,
    ),
    (
        "conv_transpose",
        {"out_channels": 2, "kernel_size": 2, "dilation": 2, "output_padding": 1},
        IMAGE,
    ),
    ("max_pool", {"kernel_size": 4, "padding": 2}, IMAGE),
    ("max_pool", {"kernel_size": (4, 2), "padding": (2, 1)}, IMAGE),
    ("max_pool", {"kernel_size": 5, "stride": 3, "ceil_mode": True}, "c4 h3 w3"),
    ("group_norm", {"num_groups": 64}, IMAGE),
    ("pad", {"padding": 27, "mode": "reflect"}, IMAGE),
    ("pad", {"padding": 28, "mode": "circular"}, IMAGE),
    ("pad", {"padding": 29, "mode": "replicate"}, IMAGE),
    ("pad", {"padding": 29}, IMAGE),
    ("center_crop", {"size": 28}, IMAGE),
    ("take", {"axis": "channels", "start": 63}, IMAGE),
    ("take", {"axis": "channels", "start": 60, "size": 4}, IMAGE),
    ("take", {"axis": "channels", "index": 63}, IMAGE),
    ("mean", {"axis": "length"}, TOKENS),
    ("mean", {"axis": "features", "keepdims": True}, "f10"),
    ("position_embedding", {"max_length": 16}, TOKENS),
    ("position_embedding", {"max_length": 17, "past": 1}, TOKENS),
    ("prelu", {}, "l128"),
    ("mul", {}, "c64 h1 w28 | c64 h28 w1"),
    ("window_attention", {"num_heads": 2, "window_size": 7, "shift": 6}, IMAGE),
    ("window_attention", {"num_heads": 3, "window_size": 7, "head_dim": 8}, IMAGE),
    ("attention", {"num_heads": 3, "head_dim": 8}, TOKENS),
    ("attention", {"num_heads": 5, "rope": True}, TOKENS),
    ("attention", {"num_heads": 2, "causal": True, "sliding_window": 1}, TOKENS),
    ("pooled_attention", {"num_heads": 2, "grid": (2, 2, 4), "tokens": 0}, TOKENS),
    ("pooled_attention", {"num_heads": 2, "grid": 15}, TOKENS),
    ("moe", {"num_experts": 8, "top_k": 8, "hidden_features": 8}, TOKENS),
    ("gru", {"hidden_size": 8, "bias_vectors": 2}, TOKENS),
]


@pytest.mark.parametrize(
    "kind, arguments, inputs, field, message, help",
    REFUSALS,
    ids=[f"{row[0]}-{row[4][:40]}" for row in REFUSALS],
)
def test_a_refusal_says_what_must_be_and_what_was_found(
    kind: str, arguments: dict[str, Any], inputs: str, field: str | None, message: str, help: str
) -> None:
    graph = Graph()
    nodes = tuple(graph.add_input(text, shape(text)) for text in inputs.split("|"))
    with pytest.raises(Broken) as caught:
        graph.append(KINDS[kind](**arguments), nodes, kind)
    requirement = caught.value.requirement
    assert requirement.message() == message
    assert requirement.help() == help
    assert requirement.field == field
    assert field is None or field in KINDS[kind].fields


@pytest.mark.parametrize("kind, arguments, inputs", ALLOWED, ids=str)
def test_the_last_that_is_allowed(kind: str, arguments: dict[str, Any], inputs: str) -> None:
    graph = Graph()
    nodes = tuple(graph.add_input(text, shape(text)) for text in inputs.split("|"))
    graph.append(KINDS[kind](**arguments), nodes, kind)


@pytest.mark.parametrize("kind", LISTS)
def test_a_list_of_the_wrong_length_is_refused_and_breaks_no_rule(kind: str) -> None:
    arguments, fields = LISTS[kind]
    x = shape(TOKENS if kind == "pooled_attention" else IMAGE)
    for field in fields.split():
        for wrong in ((), (2,), (2, 2, 2)):
            layer = KINDS[kind](**{**arguments, field: wrong})
            broken = [each.field for each in layer.requires(x) if not each.holds]
            assert broken[0] == field
            y = layer.output(x)
            assert y.names == x.names
            for rule in (layer.operations, layer.exact_operations, layer.activations):
                assert all(isinstance(each, tuple | Product) for each in rule(y, x))
            assert all(weight.product.value >= 0 for weight in layer.weights(x))


def test_all_dimensions_that_are_missing_are_named() -> None:
    found = has_dimensions("pair", shape("l4"), "channels", "length", "features")
    assert found.message() == "pair needs a tensor with 'channels' and 'features', got 4 (length)"
