"""What is counted besides the plain operations: padding, masks, active weights, activations."""

from __future__ import annotations

import pytest

from archcalc.layers import KINDS, Layer
from archcalc.shapes import Shape

from .facts import FACTS, Fact, shape


def macs(layer: Layer, rule: str, *xs: Shape) -> int:
    operations = getattr(layer, rule)(layer.output(*xs), *xs)
    return sum(o.product.value for o in operations if o.kind == "mac")


def test_exact_padding_leaves_out_products_with_zeros() -> None:
    # 28 + 27 + 27 + 26 + 26 rows of a 5-window meet the image of 28.
    conv = KINDS["conv"](out_channels=32, kernel_size=5, padding="same")
    x = shape("c192 h28 w28")
    assert macs(conv, "exact_operations", x) == 134 * 134 * 32 * 192
    without = KINDS["conv"](out_channels=32, kernel_size=5)
    assert macs(without, "exact_operations", x) == macs(without, "operations", x)
    depthwise = KINDS["depthwise_conv"](kernel_size=5, padding=2)
    assert macs(depthwise, "exact_operations", x) == 134 * 134 * 192


@pytest.mark.parametrize("past", [0, 1, 7])
@pytest.mark.parametrize("length", [1, 2, 5, 16])
def test_causal_half_counts_the_pairs_that_the_mask_leaves(length: int, past: int) -> None:
    attention = KINDS["attention"](num_heads=2, causal=True, bias=False, past=past)
    x = Shape.of(length=length, features=12)
    pairs = sum(past + i + 1 for i in range(length))
    found: dict[str, int] = {}
    for kind, product, part in attention.causal_operations(x, x):
        found[f"{kind} {part}"] = product.value
    assert found["mac scores"] == found["mac weighted values"] == 2 * pairs * 6
    assert found["exp softmax"] == found["div softmax"] == found["mul scale"] == 2 * pairs
    assert found["add softmax"] == 2 * (pairs - length)
    assert found["mac queries"] == length * 144
    full = KINDS["attention"](num_heads=2, bias=False, past=past)
    assert list(full.causal_operations(x, x)) == list(full.operations(x, x)) or [
        (o.kind, o.product.value) for o in full.causal_operations(x, x)
    ] == [(o.kind, o.product.value) for o in full.operations(x, x)]


@pytest.mark.parametrize("window", [1, 3, 8, 40])
@pytest.mark.parametrize("past", [0, 1, 7, 50])
@pytest.mark.parametrize("length", [1, 2, 5, 16])
def test_a_sliding_window_leaves_its_last_positions(length: int, past: int, window: int) -> None:
    attention = KINDS["attention"](
        num_heads=2, causal=True, bias=False, past=past, sliding_window=window
    )
    x = Shape.of(length=length, features=12)
    pairs = sum(min(past + i + 1, window) for i in range(length))
    found = {f"{o.kind} {o.part}": o.product.value for o in attention.causal_operations(x, x)}
    assert found["mac scores"] == found["mac weighted values"] == 2 * pairs * 6
    assert found["add softmax"] == 2 * (pairs - length)
    # In full, the queries meet one another and what the cache keeps: all but a window's own.
    keys = length + min(past, window - 1)
    full = {f"{o.kind} {o.part}": o.product.value for o in attention.operations(x, x)}
    assert full["mac scores"] == 2 * length * keys * 6


@pytest.mark.parametrize("cache", ["latents", "keys", "absorbed"])
def test_latent_attention_skips_what_the_mask_hides(cache: str) -> None:
    layer = KINDS["latent_attention"](
        num_heads=2, kv_lora_rank=16, causal=True, past=3, cache=cache
    )
    x = shape("l5 f32")
    lost = 2 * (5 * 8 - (4 + 5 + 6 + 7 + 8))
    each = 16 + 64 + 16 if cache == "absorbed" else 128 + 64 + 128
    assert macs(layer, "operations", x) - macs(layer, "causal_operations", x) == lost * each


def test_latents_cost_less_to_compare_in_a_step_and_more_for_a_prompt() -> None:
    def cost(cache: str, length: int, past: int) -> int:
        layer = KINDS["latent_attention"](num_heads=16, kv_lora_rank=512, past=past, cache=cache)
        return macs(layer, "operations", Shape.of(length=length, features=2048))

    assert cost("latents", 1024, 0) == cost("keys", 1024, 0) < cost("absorbed", 1024, 0)
    assert cost("keys", 1, 1023) < cost("absorbed", 1, 1023) < cost("latents", 1, 1023)


def test_padding_exact_leaves_out_projections_of_positions_that_fill_windows_up() -> None:
    layer = KINDS["window_attention"](num_heads=4, window_size=7)
    x = shape("c32 h10 w9")
    lost = 3 * (14 * 14 - 10 * 9) * 32 * 32
    assert macs(layer, "operations", x) - macs(layer, "exact_operations", x) == lost


def test_window_attention_over_the_whole_image_is_attention() -> None:
    x, tokens = shape("c32 h6 w7"), shape("l42 f32")
    window = KINDS["window_attention"](num_heads=4, window_size=(6, 7), relative_bias="none")
    whole = KINDS["attention"](num_heads=4)
    assert macs(window, "operations", x) == macs(whole, "operations", tokens)
    assert window.output(x) == x


def test_a_token_uses_the_weights_of_the_chosen_experts() -> None:
    layer = KINDS["moe"](
        num_experts=8, top_k=2, hidden_features=14336, gated=True, activation="silu", bias=False
    )
    x = Shape.of(length=1, features=4096)
    weights = list(layer.weights(x))
    assert sum(w.product.value for w in weights) == 4096 * 8 + 8 * 3 * 4096 * 14336
    active = sum((w.active or w.product).value for w in weights)
    assert active == 4096 * 8 + 2 * 3 * 4096 * 14336
    assert macs(layer, "operations", x) == active


@pytest.mark.parametrize("fact", [f for f in FACTS if f.counts.get("mac")], ids=str)
def test_what_multiplies_writes_activations(fact: Fact) -> None:
    xs = fact.shapes
    y = fact.layer.output(*xs)
    written = sum(product.value for product in fact.layer.activations(y, *xs))
    if fact.kind == "custom":
        return
    assert written >= y.elements
    simple = ("conv", "depthwise_conv", "conv_transpose", "linear", "rbf", "matmul")
    assert (written == y.elements) == (fact.kind in simple) or fact.kind == "rnn"


def test_activations_inside_of_attention_and_mlp() -> None:
    x = shape("l5 f32")
    attention = KINDS["attention"](num_heads=4)
    # queries, keys and values, scores, weighted values, the output
    assert sum(p.value for p in attention.activations(x, x)) == 3 * 160 + 4 * 25 + 160 + 160
    mlp = KINDS["mlp"](hidden_features=128, gated=True)
    assert sum(p.value for p in mlp.activations(x, x)) == 2 * 5 * 128 + 160


def test_a_layer_brings_its_norm_and_activation_and_then_no_bias() -> None:
    conv = KINDS["conv"](out_channels=8, kernel_size=1, norm="batch", activation="relu")
    assert conv.followers() == (("norm", "batch"), ("activation", "relu"))
    assert [w.name for w in conv.weights(shape("c4 h2 w2"))] == ["weight"]


def test_batch_norm_folds_only_with_running_statistics() -> None:
    assert KINDS["batch_norm"]().folds
    assert not KINDS["batch_norm"](track_running_stats=False).folds


@pytest.mark.parametrize("kind", ["lstm", "gru", "rnn"])
def test_a_billion_layers_take_no_loop(kind: str) -> None:
    layer = KINDS[kind](hidden_size=1, num_layers=10**9)
    x = shape("l3 f1")
    assert macs(layer, "operations", x) == 3 * 2 * layer.gates * 10**9


# Relations that hold whatever the numbers.


@pytest.mark.parametrize("positions", ["l30", "h5 w6", "d2 h3 w5"])
def test_a_1x1_convolution_costs_what_linear_costs_at_each_position(positions: str) -> None:
    conv = KINDS["conv"](out_channels=7, kernel_size=1)
    linear = KINDS["linear"](out_features=7)
    image, tokens = shape(f"c11 {positions}"), shape("l30 f11")
    assert macs(conv, "operations", image) == macs(linear, "operations", tokens)


@pytest.mark.parametrize("groups", [2, 3, 6])
def test_groups_divide_macs_and_weights(groups: int) -> None:
    one = KINDS["conv"](out_channels=12, kernel_size=3, bias=False)
    many = KINDS["conv"](out_channels=12, kernel_size=3, bias=False, groups=groups)
    x = shape("c6 h9 w9")
    assert macs(one, "operations", x) == groups * macs(many, "operations", x)


def test_as_many_groups_as_channels_is_depthwise() -> None:
    x = shape("c6 h9 w9")
    grouped = KINDS["conv"](out_channels=6, kernel_size=3, groups=6)
    depthwise = KINDS["depthwise_conv"](kernel_size=3)
    assert macs(grouped, "operations", x) == macs(depthwise, "operations", x)
    assert grouped.output(x) == depthwise.output(x)


def test_a_padded_convolution_is_a_pad_and_a_convolution() -> None:
    x = shape("c6 h9 w8")
    padded = KINDS["pad"](padding=(1, 2)).output(x)
    inside = KINDS["conv"](out_channels=6, kernel_size=3, padding=(1, 2))
    outside = KINDS["conv"](out_channels=6, kernel_size=3)
    assert inside.output(x) == outside.output(padded)
    assert macs(inside, "operations", x) == macs(outside, "operations", padded)


def test_an_adaptive_pool_to_size_1_is_the_global_pool() -> None:
    x = shape("c6 h9 w8")
    for adaptive, whole in (
        ("adaptive_avg_pool", "global_avg_pool"),
        ("adaptive_max_pool", "global_max_pool"),
    ):
        one, all_ = KINDS[adaptive](output_size=1), KINDS[whole](keepdims=True)
        y = one.output(x)
        assert y == all_.output(x)
        assert [(o.kind, o.product.value) for o in one.operations(y, x)] == [
            (o.kind, o.product.value) for o in all_.operations(y, x)
        ]
