"""Settings, variants and ``--set``: what holds, what is refused, what a spec tells of itself."""

from __future__ import annotations

from typing import Any

import pytest
from nets import VECTOR, faults, spec

from archcalc.problems import USAGE, Complaint

TEXT = """
input: {channels: 3, height: 32, width: 2*n}
settings:
  n: 16
  half: n // 2
  p: {type: float, default: 0.5, min: 0, max: 1}
  act: {type: str, default: relu, choices: [relu, gelu]}
  depths: [1, 2]
  on_: false
  word: auto
  free: {type: any, default: 3}
layers: [relu]
default_variant: small
variants:
  small:
  big: {set: {n: 64, depths: [3, 4]}}
  linked: {set: {half: n, p: 1/4}}
  sized: {set: {input.height: 64, input.width: n}}
"""

# Variant and --set → one setting's value.
VALUES: dict[tuple[str | None, str, str], Any] = {
    (None, "", "n"): 16,
    (None, "", "half"): 8,
    (None, "", "input.width"): 32,
    ("big", "", "n"): 64,
    ("big", "", "half"): 32,
    ("big", "", "depths"): (3, 4),
    ("big", "n=128", "n"): 128,
    ("big", "n=128", "half"): 64,
    ("linked", "", "half"): 16,
    ("linked", "n=4", "half"): 4,
    ("linked", "", "p"): 0.25,
    ("sized", "", "input.height"): 64,
    ("sized", "", "input.width"): 16,
    ("sized", "input.width=5", "input.width"): 5,
    (None, "n=2*8", "n"): 16,
    (None, "n=32.0", "n"): 32,
    (None, "half=n*3", "half"): 48,
    (None, "p=1", "p"): 1,
    (None, "act=gelu", "act"): "gelu",
    (None, "depths=[2,2,2]", "depths"): (2, 2, 2),
    (None, "depths=range(3)", "depths"): (0, 1, 2),
    (None, "on_=true", "on_"): True,
    (None, "on_=n > 3", "on_"): True,
    (None, "word=3", "word"): 3,
    (None, "word=same", "word"): "same",
    (None, "free=[a, 1]", "free"): ("a", 1),
    (None, "input.height=n", "input.height"): 16,
    (None, "input.height=input.width", "input.height"): 32,
}


@pytest.mark.parametrize(("case", "expected"), VALUES.items())
def test_what_holds(case: tuple[str | None, str, str], expected: Any) -> None:
    variant, override, name = case
    overrides = dict([override.split("=", 1)]) if override else {}
    assert spec(TEXT).build(variant, overrides).settings[name] == expected


REFUSED = {
    ("", "m=3"): ("net has no setting 'm'", USAGE),
    ("", "hlaf=3"): ("net has no setting 'hlaf'", USAGE),
    ("", "input.depth=3"): ("net has no setting 'input.depth'", USAGE),
    ("bgi", ""): ("net has no variant 'bgi'", USAGE),
    ("", "n=many"): ("there is no name 'many' here", USAGE),
    ("", "n=half"): ("there is no name 'half' here", USAGE),
    ("", "n=2.5"): ("a whole number is needed, got 2.5", USAGE),
    ("", "n=true"): ("a whole number is needed, got true", USAGE),
    ("", "n="): ("a value is missing here", USAGE),
    ("", "n=[1"): ("this bracket is never closed", USAGE),
    ("", "n=1\nm: 2"): ("--set n: this is not one value", USAGE),
    ("", "n={a: 1}"): ("a whole number is needed here, got a mapping", USAGE),
    ("", "n=&a 3"): ("anchors and aliases are not read (&a)", USAGE),
    ("", "n=!!int 3"): ("YAML tags are not read (tag:yaml.org,2002:int)", USAGE),
    ("", "p=1.5"): ("p: at most 1 is allowed, got 1.5", USAGE),
    ("", "p=-1"): ("p: at least 0 is needed, got -1", USAGE),
    ("", "act=tanh"): ("act: the text 'tanh' is none of relu, gelu", USAGE),
    ("", "depths=3"): ("a list is needed, got the number 3", USAGE),
    ("", "on_=1"): ("true or false is needed, got the number 1", USAGE),
    ("", "on_=yes"): ("write true, not yes", USAGE),
    ("", "input.height=0"): ("height must be at least 1, got 0", USAGE),
    ("", "input.height=input.height"): (
        "the sizes go in a circle: input.height -> input.height",
        USAGE,
    ),
    ("", "n=\x1b[31m"): ("character U+001B cannot stand in a spec", USAGE),
}


@pytest.mark.parametrize(("case", "said"), REFUSED.items())
def test_what_is_refused(case: tuple[str, str], said: tuple[str, str]) -> None:
    variant, override = case
    overrides = dict([override.split("=", 1)]) if override else {}
    with pytest.raises(Complaint) as caught:
        spec(TEXT).build(variant or None, overrides)
    problem = caught.value.problems[0]
    assert (problem.message, problem.kind) == said


# What is wrong with declarations and variants → what is said, all at once.
DECLARED = {
    "settings: {n: int}": ["setting 'n' has no default"],
    "settings: {n: {type: int}}": ["setting 'n' has no default"],
    "settings: {n: {help: x}}": ["n needs a type or a default"],
    "settings: {n: {type: whole, default: 3}}": ["there is no type 'whole'"],
    "settings: {n: {default: 3, mni: 2}}": ["n has no field 'mni'; did you mean 'min'?"],
    "settings: {n: {type: int, default: a}}": ["there is no name 'a' here"],
    "settings: {n: {default: 3, min: 4}}": ["n: at least 4 is needed, got 3"],
    "settings: {n: {default: 3, max: 2}}": ["n: at most 2 is allowed, got 3"],
    "settings: {n: {default: 3, choices: [1, 2]}}": ["n: the number 3 is none of 1, 2"],
    "settings: {n: {default: 3, choices: 3}}": ["choices must be a list"],
    "settings: {n: {default: true, choices: [1, 0]}}": [
        "true or false is needed, got the number 1",
        "true or false is needed, got the number 0",
    ],
    "settings: {m: 1, n: {default: 3, choices: [m, 3]}}": ["a choice must be known beforehand"],
    "settings: {m: 1, n: {default: 3, min: m}}": ["min must be known beforehand"],
    "settings: {1n: 3}": ["'1n' is no name"],
    "settings: {a-b: 3}": ["'a-b' is no name"],
    "settings: {true: 3}": ["'true' means something already"],
    "settings: {i: 3}": ["'i' means something already"],
    "settings: [n]": ["settings must be a mapping of names to values, got a list"],
    "settings: {a: b, b: 2, c: b2+1}": ["there is no name 'b2' here; did you mean 'b'?"],
    "settings: {a: b+1, b: 2}": ["there is no name 'b' here"],
    f"settings: {{{'a' * 300}: 3}}": ["a name has at most 256 characters, this one 300"],
    "settings: {n: 3}\nvariants: {v: {set: {m: 3}}}": ["there is no setting 'm'"],
    "settings: {n: 3}\nvariants: {v: {set: {n: x}}}": ["there is no name 'x' here"],
    "settings: {n: {default: 3, max: 5}}\nvariants: {v: {set: {n: 6}}}": [
        "n: at most 5 is allowed, got 6"
    ],
    "variants: {v: {sets: {}}}": ["a variant has no field 'sets'; did you mean 'set'?"],
    "variants: {v: 3}": ["variant v must be a mapping of names to values, got text"],
    "variants: [v]": ["variants must be a mapping of names to values, got a list"],
    "variants: {v: {}}\ndefault_variant: w": ["there is no variant 'w'"],
    "default_variant: w": ["there is no variant 'w'"],
    "variants: {v: {expect: {prams: 3}}}": ["expect has no figure 'prams'; did you mean 'params'?"],
    "variants: {v: {expect: {params: many}}}": ["there is no name 'many' here"],
    "variants: {v: {published: {params: 3 million}}}": ["'3 million' is no figure"],
    "variants: {v: {published: [{params: [3]}]}}": ["published.params must be text or a number"],
    "expect: 3": ["expect must be a mapping of names to values, got text"],
    "meta: {title: {a: 1}}": ["meta.title must be text"],
}


@pytest.mark.parametrize(("top", "messages"), DECLARED.items())
def test_declarations_that_are_refused(top: str, messages: list[str]) -> None:
    found = faults(f"{VECTOR}\n{top}\nlayers: [relu]")
    assert [problem.message for problem in found] == messages


def test_what_a_spec_tells_of_itself() -> None:
    made = spec(
        f"{VECTOR}\nmeta: {{title: 'A: net', year: 2014, authors: [a, b]}}\n"
        "settings: {n: {default: 3, help: how many}}\nlayers: [relu]\n"
        "expect: {params: 1_000}\npublished: {source: x, params: 1K}\n"
        "variants: {v: {set: {n: 4}, expect: {params: 5, macs: 10**3}, meta: {year: 2015}}}"
    )
    assert (made.name, made.meta) == ("net", {"title": "A: net", "year": "2014", "authors": "a, b"})
    assert made.settings["n"].help == "how many"
    assert made.setting_names == ["n", "input.features"]
    assert made.expect() == {"params": 1000} and made.expect("v") == {"params": 5, "macs": 1000}
    assert made.published() == [{"source": "x", "params": "1K"}] and made.published("v") == []
    assert made.variants["v"].meta == {"year": "2015"}
    assert made.default_variant is None


def test_the_default_variant_is_built() -> None:
    made = spec(TEXT)
    assert (made.default_variant, made.build().variant) == ("small", "small")
    assert made.build("big").variant == "big"


def test_building_twice_is_building_once() -> None:
    made = spec(TEXT)
    first = made.build("big").settings
    assert made.build().settings != first
    assert made.build("big").settings == first


def test_all_faults_are_told_in_the_order_of_lines() -> None:
    found = faults(
        "outputs: [nowhere]\nlayers:\n  - conx: 3\n  - conv: {filters: 3}\n"
        "variants: {v: {set: {m: 3}}}\nblocks: {b: {layers: [relux]}}\n"
        "settings: {n: x+1}\ninput: {featurs: 3}\n"
    )
    lines = [problem.place.line for problem in found if problem.place]
    assert len(lines) == len(found) == 8 and lines == sorted(lines)


def test_very_many_faults_end() -> None:
    names = ", ".join(f"a{n}: 1+" for n in range(5000))
    found = faults(f"{VECTOR}\nsettings: {{{names}}}\nlayers: [relu]")
    assert len(found) == 2000


def test_a_message_of_a_megabyte_is_cut() -> None:
    found = faults(f"{VECTOR}\nlayers: [relu]\n{'x' * 900_000}: 1\n")
    assert len(found) == 1 and len(found[0].message) < 200
