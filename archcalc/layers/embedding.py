"""From tokens to vectors: embeddings, positions, and tokens of the model's own."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from archcalc.layers.base import Layer, elementwise, halves, is_sequence
from archcalc.layers.fields import Count, Flag, PerAxis
from archcalc.shapes import CONTENT, Shape, Size
from archcalc.terms import Operation, Requirement, Weight, need, times


class Embedding(Layer):
    """A learned vector for each word of a vocabulary: tokens (length) become length, features.

    Looking a vector up is no arithmetic: num_embeddings·embedding_dim weights, no operations.
    """

    kind = "embedding"
    num_embeddings = Count(help="the size of the vocabulary")
    embedding_dim = Count(help="the features of a vector")

    def requires(self, x: Shape) -> Iterator[Requirement]:
        yield need(
            None,
            not CONTENT & {*x.names},
            "embedding needs whole numbers (a tensor without channels and features), got {shape}",
            mend="linear takes vectors",
            shape=x,
        )

    def output(self, x: Shape) -> Shape:
        return Shape.of(**dict(x.items()), features=self.embedding_dim)

    def weights(self, x: Shape) -> Iterator[Weight]:
        yield Weight(
            "weight", times(num_embeddings=self.num_embeddings, embedding_dim=self.embedding_dim)
        )


class PositionEmbedding(Layer):
    """A learned vector for each position, added to the tokens: one addition for each element.

    There are ``max_length`` vectors, by default as many as the tensor is long. ``learned: false``
    adds a fixed pattern (sines) that is no weight; ``frozen`` one that is kept with the weights
    and not trained. Behind a key-value cache of ``past`` positions the tokens are those that
    follow.

    ``factors`` are the sides of a grid of positions: there is a vector for each index along each
    side, and a position's is their sum (MViT, arXiv:2104.11227, §3.2.1). ``tokens`` before the
    grid, a class token, have vectors of their own.
    """

    kind = "position_embedding"
    max_length = Count(None, "vectors that there are; without it, the tensor's length")
    learned = Flag(True, "whether the vectors are weights")
    past = Count(0, "positions that came before (a key-value cache)", min=0)
    frozen = Flag(False, "whether the vectors are weights that are not trained (Whisper's sines)")
    factors = PerAxis(None, "the sides of a grid: a vector for each index along each of them")
    tokens = Count(0, "with factors: tokens before the grid, with vectors of their own", min=0)

    @property
    def _sides(self) -> tuple[Size, ...]:
        return self.factors if isinstance(self.factors, tuple) else (self.factors,)

    def _vectors(self, x: Shape) -> Size:
        return self.past + x["length"] if self.max_length is None else self.max_length

    def requires(self, x: Shape) -> Iterator[Requirement]:
        yield is_sequence(self.kind, x)
        yield need(
            "max_length",
            self.past + x["length"] <= self._vectors(x),
            "max_length must be at least the length {length}, got {max_length}",
            length=self.past + x["length"],
            max_length=self._vectors(x),
        )
        if self.factors is not None:
            yield need(
                "factors",
                self.tokens + prod(self._sides) == x["length"],
                "factors must make the length {length}, with {tokens} tokens; {sides} make {made}",
                length=x["length"],
                tokens=self.tokens,
                sides=" x ".join(map(str, self._sides)),
                made=self.tokens + prod(self._sides),
            )

    def weights(self, x: Shape) -> Iterator[Weight]:
        if not self.learned:
            return
        features = {"features": x["features"]}
        if self.factors is None:
            table = times(max_length=self._vectors(x), **features)
            yield Weight("weight", table, frozen=self.frozen)
            return
        for number, side in enumerate(self._sides, 1):
            yield Weight(f"side{number}", times(side=side, **features), frozen=self.frozen)
        yield Weight("tokens", times(tokens=self.tokens, **features), frozen=self.frozen)

    def operations(self, y: Shape, x: Shape) -> Iterator[Operation]:
        if self.factors is None:
            yield from elementwise(y, add=1)
            return
        sides = {f"side{number}": side for number, side in enumerate(self._sides, 1)}
        features = {"features": x["features"]}
        yield Operation("add", times(**sides, **features, vectors=len(sides)), "grid")
        yield Operation("add", times(tokens=self.tokens, **features), "tokens")


class ClassToken(Layer):
    """Learned tokens put before the others: length 196 becomes 197. Costs no operation.

    (Devlin et al., BERT, arXiv:1810.04805; Dosovitskiy et al., ViT, arXiv:2010.11929, §3.1.)
    """

    kind = "class_token"
    tokens = Count(1, "how many (2 with a distillation token, more with registers)")

    def requires(self, x: Shape) -> Iterator[Requirement]:
        yield is_sequence(self.kind, x)

    def output(self, x: Shape) -> Shape:
        return x.with_sizes(length=x["length"] + self.tokens)

    def weights(self, x: Shape) -> Iterator[Weight]:
        yield Weight("token", times(tokens=self.tokens, features=x["features"]))


class RoPE(Layer):
    """Rotary position embedding: turns each pair of features by an angle that grows with position.

    No weights. Each element costs 2 multiplications and one addition. For queries and keys inside
    of an attention, say ``rope: true`` there.
    (Su et al., RoFormer, arXiv:2104.09864, equation 34.)
    """

    kind = "rope"

    def requires(self, x: Shape) -> Iterator[Requirement]:
        yield is_sequence(self.kind, x)
        yield halves(None, "rope must pair", "features", x["features"])

    def operations(self, y: Shape, x: Shape) -> Iterator[Operation]:
        yield from elementwise(y, mul=2, add=1)
