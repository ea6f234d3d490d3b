"""What may be written short: defaults by position, and a variant with nothing behind its name."""

from __future__ import annotations

import pytest

from archcalc.graph import Graph
from archcalc.language import Spec, load
from archcalc.problems import Complaint, Source

NET = """archcalc: 1
name: net
settings: {width: 4}
input: {channels: 3, height: 16, width: 16}
defaults: DEFAULTS
layers:
  - conv: {out_channels: width, kernel_size: 1}
  - max_pool
  - add: [prev, prev]
variants: VARIANTS
"""


def spec(defaults: str = "{max_pool: 4}", variants: str = "{small: {set: {width: 2}}}") -> Spec:
    text = NET.replace("DEFAULTS", defaults).replace("VARIANTS", variants)
    return load(Source("net.yaml", text), None)


def graph(defaults: str) -> Graph:
    built = spec(defaults).build(None)
    assert not built.problems
    return built.graph


@pytest.mark.parametrize(
    ("defaults", "height"),
    [
        ("{max_pool: {kernel_size: 4}}", 4),
        ("{max_pool: 4}", 4),
        ("{max_pool: width}", 4),
        ("{max_pool: [4]}", 4),
        ("{max_pool: [[4, 2]]}", 4),
        ("{max_pool: [4, 1]}", 13),
        ("{max_pool: 4, conv: }", 4),
    ],
)
def test_defaults_are_written_like_the_arguments_of_a_step(defaults: str, height: int) -> None:
    assert graph(defaults).outputs[0].output["height"] == height


@pytest.mark.parametrize(
    ("defaults", "message"),
    [
        ("{max_pool: [4, 1, 0, 0]}", "max_pool takes 3 arguments by position, got 4"),
        ("{relu: 4, max_pool: 4}", "relu has no arguments"),
        ("{max_pool: {size: 4}}", "max_pool has no argument 'size'"),
        ("{max_pool: four}", "there is no name 'four' here"),
        ("{max_pool: 4, add: [prev]}", "defaults.add must be a mapping"),
    ],
)
def test_what_defaults_refuse(defaults: str, message: str) -> None:
    with pytest.raises(Complaint) as told:
        graph(defaults)
    assert message in told.value.problems[0].message


@pytest.mark.parametrize("nothing", ["{plain: , small: {set: {width: 2}}}", "\n  plain:"])
def test_an_empty_variant_is_the_defaults(nothing: str) -> None:
    found = spec(variants=nothing)
    assert found.build("plain").settings == found.build(None).settings
    assert found.build("plain").settings["width"] == 4
    assert not found.variants["plain"].expect


@pytest.mark.parametrize("other", ["''", "null", "[]", "3"])
def test_a_variant_is_a_mapping_or_nothing(other: str) -> None:
    with pytest.raises(Complaint, match="variant plain must be a mapping"):
        spec(variants=f"{{plain: {other}}}")
