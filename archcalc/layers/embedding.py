"""From tokens to vectors: embeddings, positions, and tokens of the model's own."""

from __future__ import annotations

from collections.abc import Iterator

from archcalc.layers.base import Layer, elementwise, halves, is_sequence
from archcalc.layers.fields import Count, Flag
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
    adds a fixed pattern (sines) that is no weight. Behind a key-value cache of ``past`` positions
    the tokens are those that follow.
    """

    kind = "position_embedding"
    max_length = Count(None, "vectors that there are; without it, the tensor's length")
    learned = Flag(True, "whether the vectors are weights")
    past = Count(0, "positions that came before (a key-value cache)", min=0)

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

    def weights(self, x: Shape) -> Iterator[Weight]:
        if self.learned:
            yield Weight("weight", times(max_length=self._vectors(x), features=x["features"]))

    def operations(self, y: Shape, x: Shape) -> Iterator[Operation]:
        yield from elementwise(y, add=1)


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
