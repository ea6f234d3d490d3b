"""Normalisations: ``batch_norm``, ``layer_norm``, ``group_norm`` and their kin; none has a MAC."""

from __future__ import annotations

from collections.abc import Iterator

from archcalc.layers.base import (
    Layer,
    content,
    divides,
    elementwise,
    exists,
    has_content,
    has_dimensions,
    rest,
)
from archcalc.layers.fields import Choice, Count, Flag, Real
from archcalc.shapes import Shape, Size
from archcalc.terms import Operation, Requirement, Weight, need, times


def centre_and_scale(groups: dict[str, Size], n: Size) -> Iterator[Operation]:
    """(x - mean) / sqrt(variance + eps) over each of ``groups`` groups of ``n`` numbers.

    The mean takes n - 1 additions and a multiplication by 1/n, the differences n additions, the
    variance n squares, n - 1 additions and a multiplication, then come eps, a root and a
    division, and n multiplications by 1/deviation.
    """
    yield Operation("add", times(**groups, additions=3 * n - 1), "normalise")
    yield Operation("mul", times(**groups, products=2 * n + 2), "normalise")
    yield Operation("special", times(**groups), "root")
    yield Operation("div", times(**groups), "normalise")


def root_mean_square(rows: dict[str, Size], n: Size, part: str) -> Iterator[Operation]:
    """x / sqrt(mean of x² + eps) for each of ``rows`` rows of ``n`` numbers.

    The mean takes n squares, n - 1 additions and a multiplication by 1/n, then come eps, a root
    and a division, and n multiplications by 1/root.
    """
    yield Operation("mul", times(**rows, products=2 * n + 1), part)
    yield Operation("add", times(**rows, additions=n), part)
    yield Operation("special", times(**rows), "root")
    yield Operation("div", times(**rows), part)


class Normalisation(Layer):
    """What all have in common: they keep the shape and may end in a scale and a shift."""

    family = "norm"

    def requires(self, x: Shape) -> Iterator[Requirement]:
        yield has_content(self.kind, x)


class BatchNorm(Normalisation):
    """Batch normalisation: y = gamma·(x - mean) / sqrt(variance + eps) + beta, for each channel.

    On channels, or on the features of a tensor without them. Holds gamma and beta (trained) and
    the running mean and variance (buffers): 2·C weights and 2·C buffers. At inference it is one
    multiplication and one addition for each element, and usually folded into the convolution
    before it, where it costs nothing: operations count only with ``--bn unfolded``.
    (Ioffe and Szegedy, Batch Normalization, arXiv:1502.03167, algorithm 1 and §3.1.)
    """

    kind = "batch_norm"
    short = "batch"
    affine = Flag(True, "gamma and beta, one of each for a channel")
    track_running_stats = Flag(True, "the running mean and variance, one of each for a channel")

    @property
    def folds(self) -> bool:
        """Whether it can be folded: only with statistics that are known beforehand."""
        return bool(self.track_running_stats)

    def weights(self, x: Shape) -> Iterator[Weight]:
        channels = {content(x): x[content(x)]}
        if self.affine:
            yield Weight("gamma", times(**channels))
            yield Weight("beta", times(**channels))
        if self.track_running_stats:
            yield Weight("running_mean", times(**channels), buffer=True)
            yield Weight("running_var", times(**channels), buffer=True)

    def operations(self, y: Shape, x: Shape) -> Iterator[Operation]:
        yield from elementwise(y, mul=1, add=1)


class InstanceNorm(Normalisation):
    """Instance normalisation: each channel of each sample by its own mean and deviation.

    y = gamma·(x - mean) / sqrt(variance + eps) + beta, over the positions of one channel. As in
    PyTorch it has neither gamma and beta nor running statistics unless told so.
    (Ulyanov, Vedaldi, Lempitsky, Instance Normalization, arXiv:1607.08022.)
    """

    kind = "instance_norm"
    short = "instance"
    affine = Flag(False, "gamma and beta, one of each for a channel")
    track_running_stats = Flag(False, "running means and variances to use at inference")

    def requires(self, x: Shape) -> Iterator[Requirement]:
        yield from super().requires(x)
        yield need(
            None,
            bool(x.positions),
            "{kind} needs a tensor with positions to normalise over, got {shape}",
            kind=self.kind,
            shape=x,
        )

    def weights(self, x: Shape) -> Iterator[Weight]:
        channels = {content(x): x[content(x)]}
        if self.affine:
            yield Weight("gamma", times(**channels))
            yield Weight("beta", times(**channels))
        if self.track_running_stats:
            yield Weight("running_mean", times(**channels), buffer=True)
            yield Weight("running_var", times(**channels), buffer=True)

    def operations(self, y: Shape, x: Shape) -> Iterator[Operation]:
        if self.track_running_stats:
            yield from elementwise(y, mul=1, add=1)
            return
        channels = {content(x): x[content(x)]}
        yield from centre_and_scale(channels, times(**x.position_factors("in")).value)
        if self.affine:
            yield from elementwise(y, "affine", mul=1, add=1)


class LayerNorm(Normalisation):
    """Layer normalisation: y = gamma·(x - mean) / sqrt(variance + eps) + beta.

    Mean and variance are those of one position: over its features, or over its channels in an
    image (ConvNeXt's LayerNorm2d). ``over: all`` takes every element of the sample together, as
    PyTorch's LayerNorm([C, H, W]) does; then gamma and beta have one number for each element.
    n numbers cost 3n - 1 additions, 2n + 2 multiplications, a root and a division, and gamma and
    beta one multiplication and one addition for each element. No MACs.
    (Ba, Kiros, Hinton, Layer Normalization, arXiv:1607.06450, equations 3 and 4.)
    """

    kind = "layer_norm"
    short = "layer"
    affine = Flag(True, "gamma, and beta unless bias is false")
    bias = Flag(True, "whether there is a beta")
    over = Choice(
        ("auto", "channels", "features", "all"),
        "auto",
        "what is normalised together; auto: channels, or features without them",
    )

    def _over(self, x: Shape) -> tuple[str, ...]:
        if self.over == "all":
            return x.names
        return (content(x) if self.over == "auto" else self.over,)

    def requires(self, x: Shape) -> Iterator[Requirement]:
        yield from super().requires(x)
        for axis in self._over(x):
            yield exists(self.kind, "over", axis, x)

    def weights(self, x: Shape) -> Iterator[Weight]:
        if self.affine:
            sizes = {name: x[name] for name in self._over(x)}
            yield Weight("gamma", times(**sizes))
            if self.bias:
                yield Weight("beta", times(**sizes))

    def operations(self, y: Shape, x: Shape) -> Iterator[Operation]:
        over = self._over(x)
        n = times(**{name: x[name] for name in over}).value
        yield from centre_and_scale(rest(x, "out", *over), n)
        if self.affine:
            yield from elementwise(y, "gamma", mul=1)
            if self.bias:
                yield from elementwise(y, "beta", add=1)


class GroupNorm(Normalisation):
    """Group normalisation: each of ``num_groups`` groups of channels by its own mean.

    y = gamma·(x - mean) / sqrt(variance + eps) + beta, over the channels of a group and all
    positions. gamma and beta have one number for each channel. One group is LayerNorm over the
    whole sample (but for its weights), as many groups as channels is instance normalisation.
    (Wu and He, Group Normalization, arXiv:1803.08494, §3.1.)
    """

    kind = "group_norm"
    short = "group"
    num_groups = Count(help="groups that the channels are split into")
    affine = Flag(True, "gamma and beta, one of each for a channel")

    def requires(self, x: Shape) -> Iterator[Requirement]:
        yield from super().requires(x)
        yield divides("num_groups", self.num_groups, content(x), x[content(x)])

    def weights(self, x: Shape) -> Iterator[Weight]:
        if self.affine:
            channels = {content(x): x[content(x)]}
            yield Weight("gamma", times(**channels))
            yield Weight("beta", times(**channels))

    def operations(self, y: Shape, x: Shape) -> Iterator[Operation]:
        yield from centre_and_scale({"num_groups": self.num_groups}, x.elements // self.num_groups)
        if self.affine:
            yield from elementwise(y, "affine", mul=1, add=1)


class RMSNorm(Normalisation):
    """Root mean square normalisation: y = gamma·x / sqrt(mean(x²) + eps), with no mean, no shift.

    Over the features of a position, or over its channels in an image. n numbers cost n squares
    and n - 1 additions, a multiplication by 1/n, eps, a root, a division and n multiplications;
    gamma one multiplication for each element. No MACs.
    (Zhang and Sennrich, Root Mean Square Layer Normalization, arXiv:1910.07467, equation 4.)
    """

    kind = "rms_norm"
    short = "rms"
    affine = Flag(True, "gamma, one for each feature")

    def weights(self, x: Shape) -> Iterator[Weight]:
        if self.affine:
            yield Weight("gamma", times(**{content(x): x[content(x)]}))

    def operations(self, y: Shape, x: Shape) -> Iterator[Operation]:
        axis = content(x)
        yield from root_mean_square(rest(x, "out", axis), x[axis], "normalise")
        if self.affine:
            yield from elementwise(y, "gamma", mul=1)


class L2Norm(Normalisation):
    """Divides each vector by its length: y = x / sqrt(sum of x²), over features or channels.

    n numbers cost n squares, n - 1 additions, a root and n divisions; no weights, no MACs.
    """

    kind = "l2_norm"
    short = "l2"

    def operations(self, y: Shape, x: Shape) -> Iterator[Operation]:
        axis = content(x)
        yield from unit_length(rest(x, "out", axis), x[axis])


def unit_length(rows: dict[str, Size], n: Size, part: str = "") -> Iterator[Operation]:
    """x / sqrt(sum of x²) for each of ``rows`` vectors of ``n`` numbers."""
    yield Operation("mul", times(**rows, products=n), part)
    yield Operation("add", times(**rows, additions=n - 1), part)
    yield Operation("special", times(**rows), part)
    yield Operation("div", times(**rows, divisions=n), part)


class LRN(Normalisation):
    """Local response normalisation: y = x / (k + alpha/size · sum of x² over size channels)^beta.

    The sum runs over the neighbouring channels at the same position; no weights. Each element
    costs 2 multiplications (its square, alpha/size), ``size`` additions (the sum and k), a power
    (counted as ``exp``) and a division. No MACs.
    (Krizhevsky, Sutskever, Hinton, ImageNet Classification with Deep Convolutional Neural
    Networks, 2012, §3.3.)
    """

    kind = "lrn"
    short = "lrn"
    size = Count(5, "channels that are summed over")
    alpha = Real(1e-4, "the weight of the sum", min=0, max=1e6)
    beta = Real(0.75, "the exponent", min=0, max=1e6)
    k = Real(1.0, "what is added to the sum", min=0, max=1e6)

    def requires(self, x: Shape) -> Iterator[Requirement]:
        yield has_dimensions(
            self.kind, x, "channels", mend="{kind} comes before flatten and to_sequence, not after"
        )

    def operations(self, y: Shape, x: Shape) -> Iterator[Operation]:
        yield Operation("add", times(**y.factors("out"), size=self.size))
        yield from elementwise(y, mul=2, exp=1, div=1)
