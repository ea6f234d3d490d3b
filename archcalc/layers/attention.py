"""The parts of a transformer: kinds of attention, ``mlp`` and the mixture of experts, ``moe``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from archcalc.layers.activation import (
    Sigmoid,
    Softmax,
    activation_named,
    inner_operations,
    inner_weights,
    keeps_shape,
    softmax,
)
from archcalc.layers.base import (
    Layer,
    divides,
    halves,
    has_dimensions,
    is_sequence,
    rest,
)
from archcalc.layers.fields import AutoFlag, Choice, Count, Dimension, Flag, Kind, Tensor
from archcalc.layers.linear import Linear
from archcalc.layers.merge import Mul
from archcalc.layers.normalisation import root_mean_square
from archcalc.shapes import Shape, Size
from archcalc.terms import Operation, Product, Requirement, Weight, need, times


class Pairs(NamedTuple):
    """How many queries meet how many keys, as a product."""

    met: Product
    """Pairs of a query and a key that it sees."""
    additions: Product
    """One less than its keys, for each query: what a sum over them takes."""

    @classmethod
    def all(cls, queries: Size, keys: Size) -> Pairs:
        """Every query sees every key."""
        return cls(times(queries=queries, keys=keys), times(queries=queries, additions=keys - 1))


def attend(
    rows: dict[str, Size],
    pairs: Pairs,
    head_dim: Size,
    value_dim: Size,
    *,
    scale: str = "scale",
    softcap: bool = False,
    biased: bool = False,
) -> Iterator[Operation]:
    """Scores, their softmax and the weighted sum of values, in each of ``rows`` (heads, windows).

    ``scale`` names the factor that the scores are multiplied by, empty for none; ``softcap``
    sends them through cap·tanh(score/cap), ``biased`` adds a number for the position to each.
    """
    met, additions = pairs

    def each(of: Product, **more: Size) -> Product:
        return Product({**rows, **of.factors, **more}, of.divisors)

    yield Operation("mac", each(met, head_dim=head_dim), "scores")
    if scale:
        yield Operation("mul", each(met), scale)
    if softcap:
        yield Operation("special", each(met), "softcap")
        yield Operation("mul", each(met, each=2), "softcap")
    if biased:
        yield Operation("add", each(met), "position bias")
    yield Operation("exp", each(met), "softmax")
    yield Operation("add", each(additions), "softmax")
    yield Operation("div", each(met), "softmax")
    yield Operation("mac", each(met, head_dim=value_dim), "weighted values")


SUMMED: Final = {"scores": ("head_dim",), "weighted values": ("keys",)}
"""The factors over which the products of an attention are summed, by part."""


def written(
    operations: Iterable[Operation], summed: dict[str, tuple[str, ...]]
) -> Iterator[Product]:
    """What the multiply-accumulates of ``operations`` write: their factors but those of the sum.

    A part that ``summed`` does not name is a matrix product over ``in_features``.
    """
    for kind, product, part in operations:
        if kind == "mac":
            gone = summed.get(part, ("in_features",))
            yield Product({n: s for n, s in product.factors.items() if n not in gone})


def smaller(a: Size, b: Size) -> Size:
    """The smaller of two numbers, by arithmetic that arrays can follow."""
    return a + (b - a) * (b < a)


class Attention(Layer):
    """Multi-head attention: softmax(Q·K^T / sqrt(head_dim))·V, between four projections.

    Queries come from the tensor, keys and values too, or from ``context`` (cross-attention). With
    fewer ``num_kv_heads`` than heads several heads share their keys and values (grouped-query;
    1 is multi-query). ``past`` is the length of a key-value cache: its keys and values are there
    already, and the queries see them, too. With ``context_cached`` so are those of the context: a
    decoder makes them once for a whole answer.

    MACs: the projections, and twice num_heads·queries·keys·head_dim, in full even where
    ``causal`` throws half away; ``--causal half`` counts what is left, queries·(queries + 1)/2
    pairs and those with the past. The scores are scaled (``mul``) and go through a softmax.
    (Vaswani et al., Attention Is All You Need, arXiv:1706.03762, §3.2; Ainslie et al., GQA,
    arXiv:2305.13245.)

    With ``sliding_window`` w a query sees the last w positions only, its own among them, and the
    cache keeps w - 1 of the past (Jiang et al., Mistral 7B, arXiv:2310.06825, §2). With
    ``relative_buckets`` b the distances fall into b ranges, and each range has a learned number
    for each head that is added to the scores: b·num_heads weights, which the layers of a stack
    share (Raffel et al., T5, arXiv:1910.10683, §2.1).
    """

    kind = "attention"
    num_heads = Count(help="heads")
    num_kv_heads = Count(None, "heads of keys and values; without it, num_heads")
    head_dim = Count(None, "features of a head; without it, features / num_heads")
    bias = Flag(True, "a number added to each output of the projections")
    qkv_bias = AutoFlag("whether queries, keys and values have a bias; auto: as bias says")
    key_bias = AutoFlag("whether keys have a bias; auto: as queries and values (Whisper: false)")
    causal = Flag(False, "whether a position sees only those before it")
    context = Tensor("the tensor that keys and values come from; without it, the same")
    out_features = Count(None, "the features that come out; without it, as many as come in")
    past = Count(0, "positions whose keys and values are cached", min=0)
    context_cached = Flag(False, "whether the keys and values of the context are cached, too")
    rope = Flag(False, "whether queries and keys get a rotary position embedding")
    sliding_window = Count(None, "the last positions that a query sees; without it, all")
    relative_buckets = Count(None, "ranges of distance with a learned number for each head")
    relative_shared = Flag(False, "whether these numbers are the weights of a layer before")
    scaled = Flag(True, "whether the scores are divided by sqrt(head_dim) (T5: false)")
    softcap = Flag(False, "whether the scores go through cap·tanh(score/cap) (Gemma 2)")

    @property
    def _has_qkv_bias(self) -> bool:
        return bool(self.bias if self.qkv_bias == "auto" else self.qkv_bias)

    def _has_bias(self, name: str) -> bool:
        if name == "keys" and self.key_bias != "auto":
            return bool(self.key_bias)
        return self._has_qkv_bias

    @property
    def _kv_heads(self) -> Size:
        return self.num_heads if self.num_kv_heads is None else self.num_kv_heads

    def _head_dim(self, x: Shape) -> Size:
        return x["features"] // self.num_heads if self.head_dim is None else self.head_dim

    def _out_features(self, x: Shape) -> Size:
        return x["features"] if self.out_features is None else self.out_features

    @property
    def _cached(self) -> Size:
        """The positions that the cache holds."""
        if self.sliding_window is None:
            return self.past
        return smaller(self.past, self.sliding_window - 1)

    def requires(self, x: Shape, *context: Shape) -> Iterator[Requirement]:
        yield is_sequence(self.kind, x)
        for other in context:
            yield is_sequence("attention's context", other, "context")
            yield need(
                "causal",
                not self.causal,
                "causal attention must be to the tensor itself, got a context",
            )
        if self.head_dim is None:
            yield divides(
                "num_heads",
                self.num_heads,
                "features",
                x["features"],
                mend="or give head_dim",
                near=self.num_kv_heads is None,
            )
        if self.num_kv_heads is not None:
            yield divides("num_kv_heads", self.num_kv_heads, "num_heads", self.num_heads)
        yield need(
            "context_cached",
            bool(context) or not self.context_cached,
            "context_cached needs a context",
            mend="past: N is for the tensor's own cache",
        )
        if self.rope:
            yield halves("rope", "rope must pair", "head_dim", self._head_dim(x))
        if self.sliding_window is not None:
            yield need(
                "sliding_window",
                bool(self.causal),
                "a sliding window needs causal attention",
                mend="causal: true; window_attention is for images",
            )

    def output(self, x: Shape, *context: Shape) -> Shape:
        return x.with_sizes(features=self._out_features(x))

    def _projections(
        self, x: Shape, context: tuple[Shape, ...]
    ) -> Iterator[tuple[str, dict[str, Size], Shape]]:
        """Name, outputs and source of what makes queries, keys and values."""
        source = context[0] if context else x
        queries = {"num_heads": self.num_heads, "head_dim": self._head_dim(x)}
        keys = {"num_kv_heads": self._kv_heads, "head_dim": self._head_dim(x)}
        yield from (("queries", queries, x), ("keys", keys, source), ("values", keys, source))

    def weights(self, x: Shape, *context: Shape) -> Iterator[Weight]:
        for name, outs, source in self._projections(x, context):
            yield Weight(f"{name[0]}_weight", times(**outs, in_features=source["features"]))
            if self._has_bias(name):
                yield Weight(f"{name[0]}_bias", Product(outs))
        out = {"out_features": self._out_features(x)}
        heads = {"num_heads": self.num_heads, "head_dim": self._head_dim(x)}
        yield Weight("out_weight", times(**out, **heads))
        if self.bias:
            yield Weight("out_bias", Product(out))
        if self.relative_buckets is not None and not self.relative_shared:
            table = times(relative_buckets=self.relative_buckets, num_heads=self.num_heads)
            yield Weight("relative_bias", table)

    def operations(self, y: Shape, x: Shape, *context: Shape) -> Iterator[Operation]:
        source = context[0] if context else x
        yield from self._operations(
            y, x, context, Pairs.all(x["length"], source["length"] + self._cached)
        )

    def causal_operations(self, y: Shape, x: Shape, *context: Shape) -> Iterator[Operation]:
        if not self.causal:
            yield from self.operations(y, x, *context)
            return
        yield from self._operations(
            y, x, context, causal_pairs(x["length"], self._cached, self.sliding_window)
        )

    def _operations(
        self, y: Shape, x: Shape, context: tuple[Shape, ...], pairs: Pairs
    ) -> Iterator[Operation]:
        head_dim = self._head_dim(x)
        for name, heads, source in self._projections(x, context):
            if self.context_cached and name != "queries":
                continue
            outs = {"length": source["length"], **heads}
            yield Operation("mac", times(**outs, in_features=source["features"]), name)
            if self._has_bias(name):
                yield Operation("add", Product(outs), name)
            if self.rope and name != "values":
                yield Operation("mul", times(**outs, each=2), f"rotated {name}")
                yield Operation("add", Product(outs), f"rotated {name}")
        yield from attend(
            {"num_heads": self.num_heads},
            pairs,
            head_dim,
            head_dim,
            scale="scale" if self.scaled else "",
            softcap=self.softcap,
            biased=self.relative_buckets is not None,
        )
        outs = {"length": y["length"], "out_features": y["features"]}
        heads = {"num_heads": self.num_heads, "head_dim": head_dim}
        yield Operation("mac", times(**outs, **heads), "output")
        if self.bias:
            yield Operation("add", Product(outs), "output")

    def activations(self, y: Shape, x: Shape, *context: Shape) -> Iterator[Product]:
        summed = {**SUMMED, "output": ("num_heads", "head_dim")}
        yield from written(self.operations(y, x, *context), summed)


def causal_pairs(queries: Size, past: Size, window: Size | None) -> Pairs:
    """The pairs that a causal mask leaves: the i-th query sees the past and i keys.

    That is queries·(2·past + queries + 1)/2. With a window, ``reach`` of the queries see less than
    it holds and are counted so; every other one sees as many keys as it holds.
    """
    if window is None:
        return Pairs(
            times(queries=queries, keys=2 * past + queries + 1).over(halves=2),
            times(queries=queries, additions=2 * past + queries - 1).over(halves=2),
        )
    reach = smaller(window - past, queries)
    pairs = reach * (2 * past + reach + 1) // 2 + (queries - reach) * window
    return Pairs(times(pairs=pairs), times(additions=pairs - queries))


def _normalised(rows: dict[str, Size], n: Size, part: str) -> Iterator[Operation]:
    """RMS normalisation with its gamma, inside of a layer."""
    yield from root_mean_square(rows, n, part)
    yield Operation("mul", times(**rows, features=n), part)


_ABSORBED: Final = {"keys": "queries as latents", "values": "latents as values"}


class LatentAttention(Layer):
    """Multi-head latent attention: keys and values are made from one short vector, the latent.

    Each position has a latent of ``kv_lora_rank`` features, normalised (RMS), and one rotary key
    of ``qk_rope_head_dim`` that all heads share; only these are cached. From the latent come, for
    each head, a key of ``qk_nope_head_dim`` features and a value of ``v_head_dim``. Queries have
    both parts, qk_nope_head_dim + qk_rope_head_dim features, and may come from a latent of their
    own, of ``q_lora_rank``.

    MACs: the projections, and num_heads·queries·keys·(qk_nope_head_dim + qk_rope_head_dim +
    v_head_dim). ``cache`` says what becomes of the ``past`` positions. ``latents``: only these are
    kept, and keys and values of all positions are made from them anew. ``keys``: their keys and
    values are kept, and only the new ones are made. ``absorbed``: none are made at all; queries are
    turned into latents (num_heads·qk_nope_head_dim·kv_lora_rank a position), scores and sums are
    taken over latents (kv_lora_rank + qk_rope_head_dim and kv_lora_rank features), and the sums
    become values (num_heads·kv_lora_rank·v_head_dim): the same result, far cheaper for a decoding
    step and dearer for a prompt. The weights are the same.
    (DeepSeek-AI, DeepSeek-V2, arXiv:2405.04434, §2.1 and appendix C.)
    """

    kind = "latent_attention"
    num_heads = Count(help="heads")
    kv_lora_rank = Count(help="features of the latent of keys and values")
    q_lora_rank = Count(None, "features of the queries' latent; without it, they have none")
    qk_nope_head_dim = Count(128, "features of a head's key that come from the latent")
    qk_rope_head_dim = Count(64, "features of the key with the rotary position embedding")
    v_head_dim = Count(128, "features of a head's value")
    causal = Flag(False, "whether a position sees only those before it")
    past = Count(0, "positions that are cached", min=0)
    cache = Choice(
        ("latents", "keys", "absorbed"),
        "latents",
        "what is kept of past positions: latents to make keys and values from, keys and values, "
        "or latents that queries are compared with",
    )

    @property
    def _head_dim(self) -> Size:
        return self.qk_nope_head_dim + self.qk_rope_head_dim

    def requires(self, x: Shape) -> Iterator[Requirement]:
        yield is_sequence(self.kind, x)
        yield halves(
            "qk_rope_head_dim", "rope must pair", "qk_rope_head_dim", self.qk_rope_head_dim
        )

    def _projections(self, x: Shape) -> Iterator[tuple[str, str, dict[str, Size], Size]]:
        """Weight, part, outputs and inputs of each matrix but the last two."""
        queries = {"num_heads": self.num_heads, "head_dim": self._head_dim}
        features = x["features"]
        if self.q_lora_rank is None:
            yield "q_weight", "queries", queries, features
        else:
            latent = {"q_lora_rank": self.q_lora_rank}
            yield "q_down_weight", "queries' latent", latent, features
            yield "q_up_weight", "queries", queries, self.q_lora_rank
        key = {"latent_features": self.kv_lora_rank + self.qk_rope_head_dim}
        yield "kv_down_weight", "latent", key, features

    def _ups(self) -> Iterator[tuple[str, str, dict[str, Size]]]:
        """Weight, part and outputs of the matrices from the latent to keys and values."""
        heads = {"num_heads": self.num_heads}
        yield "k_up_weight", "keys", {**heads, "nope_head_dim": self.qk_nope_head_dim}
        yield "v_up_weight", "values", {**heads, "v_head_dim": self.v_head_dim}

    def weights(self, x: Shape) -> Iterator[Weight]:
        for name, _, outs, inputs in self._projections(x):
            yield Weight(name, times(**outs, in_features=inputs))
        if self.q_lora_rank is not None:
            yield Weight("q_norm", times(q_lora_rank=self.q_lora_rank))
        yield Weight("kv_norm", times(kv_lora_rank=self.kv_lora_rank))
        for name, _, outs in self._ups():
            yield Weight(name, times(**outs, in_features=self.kv_lora_rank))
        heads = {"num_heads": self.num_heads, "v_head_dim": self.v_head_dim}
        yield Weight("out_weight", times(out_features=x["features"], **heads))

    def operations(self, y: Shape, x: Shape) -> Iterator[Operation]:
        yield from self._operations(y, x, Pairs.all(x["length"], self.past + x["length"]))

    def causal_operations(self, y: Shape, x: Shape) -> Iterator[Operation]:
        if self.causal:
            yield from self._operations(y, x, causal_pairs(x["length"], self.past, None))
        else:
            yield from self.operations(y, x)

    def _operations(self, y: Shape, x: Shape, pairs: Pairs) -> Iterator[Operation]:
        length = {"length": x["length"]}
        for _, part, outs, inputs in self._projections(x):
            yield Operation("mac", times(**length, **outs, in_features=inputs), part)
        if self.q_lora_rank is not None:
            yield from _normalised(length, self.q_lora_rank, "queries' latent")
        yield from _normalised(length, self.kv_lora_rank, "latent")
        for part, rotated in (
            ("rotated queries", {"num_heads": self.num_heads}),
            ("rotated keys", {}),
        ):
            outs = {**length, **rotated, "rope_head_dim": self.qk_rope_head_dim}
            yield Operation("mul", times(**outs, each=2), part)
            yield Operation("add", Product(outs), part)
        absorbed = self.cache == "absorbed"
        made = {"positions": self.past + x["length"]} if self.cache == "latents" else length
        for _, part, outs in self._ups():
            # Absorbed, the same matrices turn queries into latents, and sums of latents into
            # values: each query uses them instead of each key.
            word = _ABSORBED[part] if absorbed else part
            yield Operation("mac", times(**made, **outs, in_features=self.kv_lora_rank), word)
        yield from attend(
            {"num_heads": self.num_heads},
            pairs,
            self.kv_lora_rank + self.qk_rope_head_dim if absorbed else self._head_dim,
            self.kv_lora_rank if absorbed else self.v_head_dim,
        )
        heads = {"num_heads": self.num_heads, "v_head_dim": self.v_head_dim}
        yield Operation("mac", times(**length, out_features=y["features"], **heads), "output")

    def activations(self, y: Shape, x: Shape) -> Iterator[Product]:
        summed = {
            **SUMMED,
            "output": ("num_heads", "v_head_dim"),
            "queries as latents": ("nope_head_dim",),
        }
        yield from written(self.operations(y, x), summed)


class FeedForward(Layer):
    """What ``mlp`` and the experts of ``moe`` have in common: two linear layers, or three."""

    hidden_features = Count(help="the features between the two linear layers")
    activation = Kind("activation", "gelu", "the activation between them")
    gated = Flag(False, "a third linear layer gates the first: activation(x·G)·(x·U)")
    bias = Flag(True, "a number added to each output of the linear layers")

    def _matrices(self, size: Size, out: Size) -> Iterator[tuple[str, dict[str, Size], Size]]:
        """Name, outputs and inputs of each linear layer, from ``size`` numbers to ``out``."""
        hidden = {"hidden_features": self.hidden_features}
        yield "up", hidden, size
        if self.gated:
            yield "gate", hidden, size
        yield "down", {"out_features": out}, self.hidden_features

    def _operations(
        self, tokens: dict[str, Size], size: Size, out: Size, copies: dict[str, Size]
    ) -> Iterator[Operation]:
        """The operations of ``copies`` of the layers on each token of ``size`` numbers."""
        for name, outs, inputs in self._matrices(size, out):
            yield Operation("mac", times(**tokens, **copies, **outs, in_features=inputs), name)
            if self.bias:
                yield Operation("add", times(**tokens, **copies, **outs), name)
        hidden = {**tokens, **copies, "hidden_features": self.hidden_features}
        # The activation sees a tensor inside of the layer: as many rows as tokens and copies.
        inner = Shape.of(length=times(**tokens, **copies).value, features=self.hidden_features)
        yield from inner_operations(self.activation, inner)
        if self.gated:
            yield Operation("mul", Product(hidden), "gate")

    def _layers(
        self, rows: Size, size: Size, out: Size
    ) -> Iterator[tuple[Layer, Shape, tuple[Shape, ...]]]:
        """The linear layers and what is between them, on ``rows`` rows of ``size`` numbers."""
        x, hidden, y = (
            Shape.of(length=rows, features=n) for n in (size, self.hidden_features, out)
        )
        widen = Linear(out_features=self.hidden_features, bias=self.bias)
        yield widen, hidden, (x,)
        activation = activation_named(self.activation)
        if activation is not None:
            yield activation, hidden, (hidden,)
        if self.gated:
            yield widen, hidden, (x,)
            yield Mul(), hidden, (hidden, hidden)
        yield Linear(out_features=out, bias=self.bias), y, (hidden,)


class MLP(FeedForward):
    """The feed-forward part of a transformer: y = activation(x·U)·D, at each position.

    ``gated`` has a third matrix: y = (activation(x·G) * (x·U))·D, SwiGLU with ``activation: silu``
    (Shazeer, GLU Variants Improve Transformer, arXiv:2002.05202, §2).
    (Vaswani et al., Attention Is All You Need, arXiv:1706.03762, §3.3.)

    It mixes the features. ``axis: channels`` mixes the channels at each position of an image
    (Swin), ``axis: length`` the positions of a sequence, for each feature (MLP-Mixer,
    arXiv:2105.01601, §2).
    """

    kind = "mlp"
    order = ("hidden_features", "activation", "gated", "bias")
    out_features = Count(None, "the features that come out; without it, as many as come in")
    axis = Dimension("features", "the dimension that is mixed")

    def _out(self, x: Shape) -> Size:
        return x[self.axis] if self.out_features is None else self.out_features

    def requires(self, x: Shape) -> Iterator[Requirement]:
        yield has_dimensions(self.kind, x, self.axis)
        yield keeps_shape(self.activation)

    def output(self, x: Shape) -> Shape:
        return x.with_sizes(**{self.axis: self._out(x)})

    def weights(self, x: Shape) -> Iterator[Weight]:
        for name, outs, inputs in self._matrices(x[self.axis], self._out(x)):
            yield Weight(f"{name}_weight", times(**outs, in_features=inputs))
            if self.bias:
                yield Weight(f"{name}_bias", Product(outs))
        yield from inner_weights(self.activation, Shape.of(features=self.hidden_features))

    def operations(self, y: Shape, x: Shape) -> Iterator[Operation]:
        positions = rest(x, "out", self.axis)
        yield from self._operations(positions, x[self.axis], y[self.axis], {})

    def made_of(self, y: Shape, *xs: Shape) -> Iterator[tuple[Layer, Shape, tuple[Shape, ...]]]:
        (x,) = xs
        rows = times(**rest(x, "out", self.axis)).value
        return self._layers(rows, x[self.axis], y[self.axis])

    def activations(self, y: Shape, x: Shape) -> Iterator[Product]:
        hidden = {"hidden_features": self.hidden_features, "matrices": 2 if self.gated else 1}
        yield times(**rest(x, "out", self.axis), **hidden)
        yield times(**y.factors("out"))


class MoE(FeedForward):
    """Mixture of experts: a router sends each token to ``top_k`` of ``num_experts`` MLPs.

    The output is the sum of the chosen experts', weighted by the router's softmax, and of
    ``shared_experts`` that every token goes to. Weights are those of all experts; *active* are
    those that one token uses: the router, ``top_k`` experts and the shared ones, and the MACs are
    theirs. Choosing the k best takes k scans of the scores.
    (Shazeer et al., arXiv:1701.06538, §2; Jiang et al., Mixtral, arXiv:2401.04088, §2.1; Dai et
    al., DeepSeekMoE, arXiv:2401.06066, §3.)

    With ``scoring: sigmoid`` each score is a sigmoid, and the chosen ones are divided by their
    sum. ``balance_bias`` adds a number to each expert's score when they are chosen; it is moved by
    a rule of its own and not trained, so it is a buffer (DeepSeek-V3, arXiv:2412.19437, §2.1.2).
    """

    kind = "moe"
    order = ("num_experts", "top_k", "hidden_features", "activation", "gated", "bias")
    num_experts = Count(help="experts that the router chooses from")
    top_k = Count(help="experts that each token goes to")
    shared_experts = Count(0, "experts that every token goes to", min=0)
    router_bias = Flag(False, "a number added to each score of the router")
    scoring = Choice(("softmax", "sigmoid"), "softmax", "how the router's scores become weights")
    balance_bias = Flag(False, "a number added to each score to choose by, kept as a buffer")

    def requires(self, x: Shape) -> Iterator[Requirement]:
        yield has_dimensions(self.kind, x, "features")
        yield need(
            "top_k",
            self.top_k <= self.num_experts,
            "top_k must be at most num_experts {experts}, got {top_k}",
            experts=self.num_experts,
            top_k=self.top_k,
        )
        yield keeps_shape(self.activation)

    def weights(self, x: Shape) -> Iterator[Weight]:
        scores = {"num_experts": self.num_experts}
        yield Weight("router_weight", times(**scores, in_features=x["features"]))
        if self.router_bias:
            yield Weight("router_bias", Product(scores))
        if self.balance_bias:
            yield Weight("balance_bias", Product(scores), buffer=True)
        for name, outs, inputs in self._matrices(x["features"], x["features"]):
            for part, factors in (("weight", {**outs, "in_features": inputs}), ("bias", outs)):
                if part == "weight" or self.bias:
                    yield Weight(
                        f"expert_{name}_{part}",
                        times(**scores, **factors),
                        active=times(top_k=self.top_k, **factors),
                    )
                    shared = times(shared_experts=self.shared_experts, **factors)
                    yield Weight(f"shared_{name}_{part}", shared)

    def operations(self, y: Shape, x: Shape) -> Iterator[Operation]:
        tokens = rest(x, "out", "features")
        scores = {**tokens, "num_experts": self.num_experts}
        yield Operation("mac", times(**scores, in_features=x["features"]), "router")
        if self.router_bias:
            yield Operation("add", Product(scores), "router")
        if self.scoring == "softmax":
            yield from softmax(tokens, "num_experts", self.num_experts, "router")
        else:
            yield Operation("special", Product(scores), "router")
            yield Operation("add", times(**tokens, additions=self.top_k - 1), "router")
            yield Operation("div", times(**tokens, top_k=self.top_k), "router")
        if self.balance_bias:
            yield Operation("add", Product(scores), "router")
        # k scans of n, n - 1, .. scores: k·(2n - k - 1)/2 comparisons.
        scans = {"top_k": self.top_k, "comparisons": 2 * self.num_experts - self.top_k - 1}
        yield Operation("cmp", times(**tokens, **scans).over(halves=2), "router")
        experts = {"experts": self.top_k + self.shared_experts}
        yield from self._operations(tokens, x["features"], y["features"], experts)
        yield Operation("mul", times(**tokens, top_k=self.top_k, features=y["features"]), "sum")
        sums = {"additions": self.top_k + self.shared_experts - 1, "features": y["features"]}
        yield Operation("add", times(**tokens, **sums), "sum")

    def made_of(self, y: Shape, *xs: Shape) -> Iterator[tuple[Layer, Shape, tuple[Shape, ...]]]:
        (x,) = xs
        rows = times(**rest(x, "out", "features")).value
        tokens = Shape.of(length=rows, features=x["features"])
        scores = tokens.with_sizes(features=self.num_experts)
        yield Linear(out_features=self.num_experts, bias=self.router_bias), scores, (tokens,)
        yield (Softmax() if self.scoring == "softmax" else Sigmoid()), scores, (scores,)
        experts = self.top_k + self.shared_experts
        yield from self._layers(rows * experts, x["features"], y["features"])

    def activations(self, y: Shape, x: Shape) -> Iterator[Product]:
        tokens = rest(x, "out", "features")
        experts = {"experts": self.top_k + self.shared_experts}
        hidden = {"hidden_features": self.hidden_features, "matrices": 2 if self.gated else 1}
        yield times(**tokens, num_experts=self.num_experts)
        yield times(**tokens, **experts, **hidden)
        yield times(**tokens, **experts, out_features=y["features"])
