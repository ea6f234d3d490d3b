"""The parts of a transformer: ``attention``, ``mlp`` and the mixture of experts, ``moe``."""

from __future__ import annotations

from collections.abc import Iterator

from archcalc.layers.activation import inner_operations, inner_weights, keeps_shape, softmax
from archcalc.layers.base import Layer, divides, halves, has_dimensions, is_sequence, rest
from archcalc.layers.fields import AutoFlag, Count, Flag, Kind, Tensor
from archcalc.shapes import Shape, Size
from archcalc.terms import Operation, Product, Requirement, Weight, need, times


class Attention(Layer):
    """Multi-head attention: softmax(Q·K^T / sqrt(head_dim))·V, between four projections.

    Queries come from the tensor, keys and values too, or from ``context`` (cross-attention). With
    fewer ``num_kv_heads`` than heads several heads share their keys and values (grouped-query;
    1 is multi-query). ``past`` is the length of a key-value cache: its keys and values are there
    already, and the queries see them, too.

    MACs: the projections, and twice num_heads·queries·keys·head_dim, in full even where
    ``causal`` throws half away; ``--causal half`` counts what is left, queries·(queries + 1)/2
    pairs and those with the past. The scores are scaled (``mul``) and go through a softmax.
    (Vaswani et al., Attention Is All You Need, arXiv:1706.03762, §3.2; Ainslie et al., GQA,
    arXiv:2305.13245.)
    """

    kind = "attention"
    num_heads = Count(help="heads")
    num_kv_heads = Count(None, "heads of keys and values; without it, num_heads")
    head_dim = Count(None, "features of a head; without it, features / num_heads")
    bias = Flag(True, "a number added to each output of the projections")
    qkv_bias = AutoFlag("whether queries, keys and values have a bias; auto: as bias says")
    causal = Flag(False, "whether a position sees only those before it")
    context = Tensor("the tensor that keys and values come from; without it, the same")
    out_features = Count(None, "the features that come out; without it, as many as come in")
    past = Count(0, "positions whose keys and values are cached", min=0)
    rope = Flag(False, "whether queries and keys get a rotary position embedding")

    @property
    def _has_qkv_bias(self) -> bool:
        return bool(self.bias if self.qkv_bias == "auto" else self.qkv_bias)

    @property
    def _kv_heads(self) -> Size:
        return self.num_heads if self.num_kv_heads is None else self.num_kv_heads

    def _head_dim(self, x: Shape) -> Size:
        return x["features"] // self.num_heads if self.head_dim is None else self.head_dim

    def _out_features(self, x: Shape) -> Size:
        return x["features"] if self.out_features is None else self.out_features

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
                "num_heads", self.num_heads, "features", x["features"], mend="or give head_dim"
            )
        if self.num_kv_heads is not None:
            yield divides("num_kv_heads", self.num_kv_heads, "num_heads", self.num_heads)
        if self.rope:
            yield halves("rope", "rope must pair", "head_dim", self._head_dim(x))

    def output(self, x: Shape, *context: Shape) -> Shape:
        return x.with_sizes(features=self._out_features(x))

    def weights(self, x: Shape, *context: Shape) -> Iterator[Weight]:
        source = context[0] if context else x
        queries = {"num_heads": self.num_heads, "head_dim": self._head_dim(x)}
        keys = {"num_kv_heads": self._kv_heads, "head_dim": self._head_dim(x)}
        for name, outs, inputs in (("q", queries, x), ("k", keys, source), ("v", keys, source)):
            yield Weight(f"{name}_weight", times(**outs, in_features=inputs["features"]))
            if self._has_qkv_bias:
                yield Weight(f"{name}_bias", Product(outs))
        out = {"out_features": self._out_features(x)}
        yield Weight("out_weight", times(**out, **queries))
        if self.bias:
            yield Weight("out_bias", Product(out))

    def operations(self, y: Shape, x: Shape, *context: Shape) -> Iterator[Operation]:
        source = context[0] if context else x
        yield from self._before(x, source)
        yield from self._core(x, {"keys": source["length"] + self.past})
        yield from self._after(y, x)

    def causal_operations(self, y: Shape, x: Shape, *context: Shape) -> Iterator[Operation]:
        if not self.causal:
            yield from self.operations(y, x, *context)
            return
        yield from self._before(x, x)
        # The i-th query sees past + i keys: queries·(2·past + queries + 1)/2 pairs in all.
        keys = 2 * self.past + x["length"] + 1
        yield from self._core(x, {"keys": keys}, halves=2)
        yield from self._after(y, x)

    def _before(self, x: Shape, source: Shape) -> Iterator[Operation]:
        """The projections to queries, keys and values."""
        head_dim = self._head_dim(x)
        queries = {"length": x["length"], "num_heads": self.num_heads, "head_dim": head_dim}
        keys = {"length": source["length"], "num_kv_heads": self._kv_heads, "head_dim": head_dim}
        for name, outs, inputs in (
            ("queries", queries, x),
            ("keys", keys, source),
            ("values", keys, source),
        ):
            yield Operation("mac", times(**outs, in_features=inputs["features"]), name)
            if self._has_qkv_bias:
                yield Operation("add", Product(outs), name)
            if self.rope and name != "values":
                yield Operation("mul", times(**outs, each=2), f"rotated {name}")
                yield Operation("add", Product(outs), f"rotated {name}")

    def _core(self, x: Shape, keys: dict[str, Size], halves: int = 1) -> Iterator[Operation]:
        """Scores, softmax and the weighted sum of values, for so many keys (over ``halves``)."""
        rows = {"num_heads": self.num_heads, "queries": x["length"]}
        head_dim = self._head_dim(x)

        def product(**factors: Size) -> Product:
            whole = times(**rows, **factors)
            return whole.over(halves=halves) if halves > 1 else whole

        yield Operation("mac", product(**keys, head_dim=head_dim), "scores")
        yield Operation("mul", product(**keys), "scale")
        for kind, whole, part in softmax(rows, "keys", keys["keys"], "softmax"):
            if kind == "add":  # one less than there are keys, in every row
                yield Operation(kind, product(additions=keys["keys"] - halves), part)
            else:
                yield Operation(kind, whole.over(halves=halves) if halves > 1 else whole, part)
        yield Operation("mac", product(**keys, head_dim=head_dim), "weighted values")

    def _after(self, y: Shape, x: Shape) -> Iterator[Operation]:
        """The projection of the heads together."""
        outs = {"length": y["length"], "out_features": y["features"]}
        heads = {"num_heads": self.num_heads, "head_dim": self._head_dim(x)}
        yield Operation("mac", times(**outs, **heads), "output")
        if self.bias:
            yield Operation("add", Product(outs), "output")

    def activations(self, y: Shape, x: Shape, *context: Shape) -> Iterator[Product]:
        for operation in self.operations(y, x, *context):
            if operation.kind == "mac":
                summed = {"scores": "head_dim", "weighted values": "keys"}
                gone = summed.get(operation.part, "in_features")
                factors = operation.product.factors
                if operation.part == "output":
                    yield times(**y.factors("out"))
                else:
                    yield Product({n: s for n, s in factors.items() if n != gone})


class FeedForward(Layer):
    """What ``mlp`` and the experts of ``moe`` have in common: two linear layers, or three."""

    hidden_features = Count(help="the features between the two linear layers")
    activation = Kind("activation", "gelu", "the activation between them")
    gated = Flag(False, "a third linear layer gates the first: activation(x·G)·(x·U)")
    bias = Flag(True, "a number added to each output of the linear layers")

    def _matrices(self, x: Shape, out: Size) -> Iterator[tuple[str, dict[str, Size], Size]]:
        """Name, outputs and inputs of each linear layer."""
        hidden = {"hidden_features": self.hidden_features}
        yield "up", hidden, x["features"]
        if self.gated:
            yield "gate", hidden, x["features"]
        yield "down", {"out_features": out}, self.hidden_features

    def _operations(
        self, tokens: dict[str, Size], x: Shape, out: Size, copies: dict[str, Size]
    ) -> Iterator[Operation]:
        """The operations of ``copies`` of the layers on each token."""
        for name, outs, inputs in self._matrices(x, out):
            yield Operation("mac", times(**tokens, **copies, **outs, in_features=inputs), name)
            if self.bias:
                yield Operation("add", times(**tokens, **copies, **outs), name)
        hidden = {**tokens, **copies, "hidden_features": self.hidden_features}
        # The activation sees a tensor inside of the layer: as many rows as tokens and copies.
        inner = Shape.of(length=times(**tokens, **copies).value, features=self.hidden_features)
        yield from inner_operations(self.activation, inner)
        if self.gated:
            yield Operation("mul", Product(hidden), "gate")


class MLP(FeedForward):
    """The feed-forward part of a transformer: y = activation(x·U)·D, at each position.

    ``gated`` has a third matrix: y = (activation(x·G) * (x·U))·D, SwiGLU with ``activation: silu``
    (Shazeer, GLU Variants Improve Transformer, arXiv:2002.05202, §2).
    (Vaswani et al., Attention Is All You Need, arXiv:1706.03762, §3.3.)
    """

    kind = "mlp"
    order = ("hidden_features", "activation", "gated", "bias")
    out_features = Count(None, "the features that come out; without it, as many as come in")

    def _out(self, x: Shape) -> Size:
        return x["features"] if self.out_features is None else self.out_features

    def requires(self, x: Shape) -> Iterator[Requirement]:
        yield has_dimensions(self.kind, x, "features")
        yield keeps_shape(self.activation)

    def output(self, x: Shape) -> Shape:
        return x.with_sizes(features=self._out(x))

    def weights(self, x: Shape) -> Iterator[Weight]:
        for name, outs, inputs in self._matrices(x, self._out(x)):
            yield Weight(f"{name}_weight", times(**outs, in_features=inputs))
            if self.bias:
                yield Weight(f"{name}_bias", Product(outs))
        yield from inner_weights(self.activation, x.with_sizes(features=self.hidden_features))

    def operations(self, y: Shape, x: Shape) -> Iterator[Operation]:
        yield from self._operations(rest(x, "out", "features"), x, y["features"], {})

    def activations(self, y: Shape, x: Shape) -> Iterator[Product]:
        hidden = {"hidden_features": self.hidden_features, "matrices": 2 if self.gated else 1}
        yield times(**rest(x, "out", "features"), **hidden)
        yield times(**y.factors("out"))


class MoE(FeedForward):
    """Mixture of experts: a router sends each token to ``top_k`` of ``num_experts`` MLPs.

    The output is the sum of the chosen experts', weighted by the router's softmax, and of
    ``shared_experts`` that every token goes to. Weights are those of all experts; *active* are
    those that one token uses: the router, ``top_k`` experts and the shared ones, and the MACs are
    theirs. Choosing the k best takes k scans of the scores.
    (Shazeer et al., arXiv:1701.06538, §2; Jiang et al., Mixtral, arXiv:2401.04088, §2.1; Dai et
    al., DeepSeekMoE, arXiv:2401.06066, §3.)
    """

    kind = "moe"
    order = ("num_experts", "top_k", "hidden_features", "activation", "gated", "bias")
    num_experts = Count(help="experts that the router chooses from")
    top_k = Count(help="experts that each token goes to")
    shared_experts = Count(0, "experts that every token goes to", min=0)
    router_bias = Flag(False, "a number added to each score of the router")

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
        for name, outs, inputs in self._matrices(x, x["features"]):
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
        yield from softmax(tokens, "num_experts", self.num_experts, "router")
        # k scans of n, n - 1, .. scores: k·(2n - k - 1)/2 comparisons.
        scans = {"top_k": self.top_k, "comparisons": 2 * self.num_experts - self.top_k - 1}
        yield Operation("cmp", times(**tokens, **scans).over(halves=2), "router")
        experts = {"experts": self.top_k + self.shared_experts}
        yield from self._operations(tokens, x, y["features"], experts)
        yield Operation("mul", times(**tokens, top_k=self.top_k, features=y["features"]), "sum")
        sums = {"additions": self.top_k + self.shared_experts - 1, "features": y["features"]}
        yield Operation("add", times(**tokens, **sums), "sum")

    def activations(self, y: Shape, x: Shape) -> Iterator[Product]:
        tokens = rest(x, "out", "features")
        experts = {"experts": self.top_k + self.shared_experts}
        hidden = {"hidden_features": self.hidden_features, "matrices": 2 if self.gated else 1}
        yield times(**tokens, num_experts=self.num_experts)
        yield times(**tokens, **experts, **hidden)
        yield times(**tokens, **experts, out_features=y["features"])
