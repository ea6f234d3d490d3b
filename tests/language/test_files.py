"""``extends`` and ``use``: what is merged, what is found where, and what is out of reach."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from archcalc.analysis.count import count
from archcalc.language import Spec
from archcalc.language.source import decode, read_bytes
from archcalc.language.spec import load
from archcalc.limits import LIMITS
from archcalc.problems import Complaint

BASE = """archcalc: 1
name: base
meta: {title: Base, year: 2014}
settings: {n: 4, k: 3}
input: {channels: 3, height: 32, width: 32}
defaults: {conv: {kernel_size: k, padding: half}, max_pool: {kernel_size: 2}}
blocks:
  a: {layers: [{conv: n}]}
  b: {layers: [relu]}
layers: [a, b, max_pool]
variants: {big: {set: {n: 8}}}
default_variant: big
expect: {params: 1}
published: {source: x, params: 1K}
budget: {params: 5M}
"""


def put(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder / "main.yaml"


def read(path: Path, bundled: Path | None = None) -> Spec:
    source = decode(read_bytes(str(path), LIMITS), path.name, LIMITS)
    return load(source, str(path.parent), bundled=str(bundled or path.parent / "none"))


def rows(path: Path, variant: str | None = None) -> str:
    built = read(path).build(variant)
    assert not built.problems, built.problems
    return ", ".join(f"{r.path} {r.output:sizes}" for r in count(built.graph).rows)


def said(path: Path) -> list[str]:
    with pytest.raises(Complaint) as caught:
        read(path)
    return [f"{p.place}: {p.message}" for p in caught.value.problems]


HEAD = "archcalc: 1\nname: main\n"
INPUT = "input: {features: 4}\n"

# What a file says beside `extends: base.yaml` → its rows.
EXTENDED = {
    "": "a.conv 8 x 32 x 32, b.relu 8 x 32 x 32, max_pool 8 x 16 x 16",
    "settings: {n: 5}\nvariants: {}": (
        "a.conv 5 x 32 x 32, b.relu 5 x 32 x 32, max_pool 5 x 16 x 16"
    ),
    "defaults: {conv: {kernel_size: 5}}": (  # one level deep: padding is gone
        "a.conv 8 x 28 x 28, b.relu 8 x 28 x 28, max_pool 8 x 14 x 14"
    ),
    "blocks: {b: {layers: [tanh]}}": (
        "a.conv 8 x 32 x 32, b.tanh 8 x 32 x 32, max_pool 8 x 16 x 16"
    ),
    "layers: [b, a]": "b.relu 3 x 32 x 32, a.conv 8 x 32 x 32",
    "input: {channels: 1, height: 8, width: 8}": (
        "a.conv 8 x 8 x 8, b.relu 8 x 8 x 8, max_pool 8 x 4 x 4"
    ),
    "inputs: {x: {channels: 1, height: 8, width: 8}}\nlayers: [{from: x}, a]": "a.conv 8 x 8 x 8",
    "variants: {tiny: {set: {n: 1}}}": (
        "a.conv 4 x 32 x 32, b.relu 4 x 32 x 32, max_pool 4 x 16 x 16"
    ),
    "variants: {tiny: {set: {n: 1}}}\ndefault_variant: tiny": (
        "a.conv 1 x 32 x 32, b.relu 1 x 32 x 32, max_pool 1 x 16 x 16"
    ),
}


@pytest.mark.parametrize(("text", "expected"), EXTENDED.items())
def test_a_file_over_the_one_it_extends(tmp_path: Path, text: str, expected: str) -> None:
    main = put(tmp_path, base=BASE, main=f"{HEAD}extends: base.yaml\n{text}\n")
    assert rows(main) == expected


def test_what_is_merged_and_what_is_not(tmp_path: Path) -> None:
    text = f"{HEAD}extends: base.yaml\nmeta: {{year: 2020}}\nsettings: {{m: n}}\n"
    made = read(put(tmp_path, base=BASE, main=text))
    assert made.meta == {"title": "Base", "year": "2020"}
    assert list(made.settings) == ["n", "k", "m"]
    assert (made.name, list(made.variants), made.default_variant) == ("main", ["big"], "big")
    # Figures are of the network that they stand with.
    assert made._module.expect == {} and made._module.published == [] == list(made._module.budget)


def test_files_extend_files(tmp_path: Path) -> None:
    texts = {f"f{n}": f"archcalc: 1\nname: f{n}\nextends: f{n + 1}.yaml\n" for n in range(7)}
    main = put(tmp_path, **texts, f7=BASE, main=f"{HEAD}extends: f0.yaml\n")
    assert rows(main).startswith("a.conv 8")
    texts = {f"f{n}": f"archcalc: 1\nname: f{n}\nextends: f{n + 1}.yaml\n" for n in range(8)}
    assert said(put(tmp_path, **texts, f8=BASE)) == [
        "f7.yaml:3:10: extends: files build on files deeper than 8"
    ]


LIBRARY = """archcalc: 1
name: library
settings: {width: 6}
defaults: {conv: {padding: half}}
blocks:
  wide: {arguments: {k: 3}, layers: [{conv: [width, k]}, inner]}
  inner: {layers: [relu]}
"""


def test_used_blocks_keep_their_files_defaults_and_settings(tmp_path: Path) -> None:
    text = (
        HEAD
        + "use: {lib: lib.yaml}\nsettings: {width: 2}\ndefaults: {conv: {padding: 0}}\n"
        + "input: {channels: 3, height: 8, width: 8}\n"
        + "layers: [lib.wide, {conv: [width, 3]}, {lib.wide: 1, name: last}]\n"
    )
    assert rows(put(tmp_path, lib=LIBRARY, main=text)) == (
        "wide.conv 6 x 8 x 8, wide.inner.relu 6 x 8 x 8, conv 2 x 6 x 6, "
        "last.conv 6 x 6 x 6, last.inner.relu 6 x 6 x 6"
    )


def test_a_file_may_be_used_twice_and_by_others(tmp_path: Path) -> None:
    other = "archcalc: 1\nname: o\nuse: {l: lib.yaml}\nblocks: {b: {layers: [l.inner]}}\n"
    text = (
        HEAD
        + INPUT
        + "use: {x: lib.yaml, y: lib.yaml, o: o.yaml}\nlayers: [x.inner, y.inner, o.b]\n"
    )
    assert rows(put(tmp_path, lib=LIBRARY, o=other, main=text)) == (
        "inner1.relu 4, inner2.relu 4, b.inner.relu 4"
    )


def test_names_count_from_the_file_that_says_them(tmp_path: Path) -> None:
    inner = "archcalc: 1\nname: inner\nuse: {l: lib.yaml}\nblocks: {b: {layers: [l.inner]}}\n"
    text = f"{HEAD}{INPUT}use: {{p: parts/inner.yaml}}\nlayers: [p.b]\n"
    main = put(tmp_path, parts__inner=inner, parts__lib=LIBRARY, main=text)
    assert rows(main) == "b.inner.relu 4"


def test_bundled_specs_are_found(tmp_path: Path) -> None:
    bundled = tmp_path / "bundled"
    put(bundled, base=BASE)
    main = put(tmp_path / "own", main=f"{HEAD}extends: base.yaml\n")
    assert read(main, bundled).build().graph.nodes
    # A file beside the spec goes first.
    put(tmp_path / "own", base=BASE.replace("n: 4", "n: 7").replace("n: 8", "n: 9"))
    assert read(main, bundled).build().settings["n"] == 9


REFUSED = {
    "extends: qqq.yml": "main.yaml:3:10: extends: there is no file 'qqq.yml'",
    "extends: bsae.yaml": (
        "main.yaml:3:10: extends: there is no file 'bsae.yaml'; did you mean 'base.yaml'?"
    ),
    "extends: ../base.yaml": "main.yaml:3:10: extends: '../base.yaml' leaves the spec's folder",
    "extends: sub/../../x.yaml": (
        "main.yaml:3:10: extends: 'sub/../../x.yaml' leaves the spec's folder"
    ),
    "extends: '..\\x.yaml'": "main.yaml:3:10: extends: '..\\x.yaml' leaves the spec's folder",
    "extends: /etc/passwd": "main.yaml:3:10: extends: '/etc/passwd' leaves the spec's folder",
    "extends: ~/x.yaml": "main.yaml:3:10: extends: '~/x.yaml' leaves the spec's folder",
    "extends: https://x.org/x.yaml": (
        "main.yaml:3:10: extends: only files are read, nothing from the network"
    ),
    "extends: ''": "main.yaml:3:10: extends: this is no file name",
    'extends: "a\\0b"': "main.yaml:3:10: extends: this is no file name",
    f"extends: {'x' * 2000}": "main.yaml:3:10: extends: this is no file name",
    f"extends: {'x' * 500}": f"main.yaml:3:10: extends: there is no file '{'x' * 60}…'",
    "extends: [base.yaml]": "main.yaml:3:10: extends needs the name of a file",
    "extends: folder": "main.yaml:3:10: extends: 'folder' is not a regular file",
    "extends: link.yaml": "main.yaml:3:10: extends: 'link.yaml' leads out of the spec's folder",
    "extends: circle.yaml": "main.yaml:3:10: extends: 'circle.yaml' is not a regular file",
    "extends: pipe.yaml": "main.yaml:3:10: extends: 'pipe.yaml' is not a regular file",
    "extends: zero.yaml": "main.yaml:3:10: extends: 'zero.yaml' is not a regular file",
    "extends: broken.yaml": "broken.yaml:1:4: this quote is never closed",
    "extends: binary.yaml": "binary.yaml:1:4: a spec is UTF-8 text; byte 0xff is not",
    "extends: faulty.yaml": (
        "faulty.yaml:4:10: there is no layer or block 'relux'; did you mean 'relu'?"
    ),
    "use: {x: broken.yaml}": "broken.yaml:1:4: this quote is never closed",
    "use: {x: qqq.yml}": "main.yaml:3:10: use: there is no file 'qqq.yml'",
    "use: [base.yaml]": "main.yaml:3:6: use must be a mapping of names to values, got a list",
    "use: {x: needy.yaml}": "needy.yaml:3:12: setting 'n' of a used file has no default",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    own = tmp_path / "own"
    put(own, base=BASE, folder__x="", faulty=f"archcalc: 1\nname: f\n{INPUT}layers: [relux]\n")
    put(own, broken="a: 'b", needy="archcalc: 1\nname: n\nsettings: {n: int}\n")
    (own / "binary.yaml").write_bytes(b"a: \xff")
    (tmp_path / "secret.yaml").write_text(BASE)
    (own / "link.yaml").symlink_to("../secret.yaml")
    (own / "circle.yaml").symlink_to("circle2.yaml")
    (own / "circle2.yaml").symlink_to("circle.yaml")
    (own / "zero.yaml").symlink_to("/dev/zero")
    os.mkfifo(own / "pipe.yaml")
    return own


@pytest.mark.parametrize(("text", "expected"), REFUSED.items())
def test_what_is_out_of_reach(folder: Path, text: str, expected: str) -> None:
    layers = "" if "faulty" in text else "layers: [relu]\n"
    main = put(folder, main=f"{HEAD}{text}\n{INPUT}{layers}")
    if "needy" in text:
        with pytest.raises(Complaint) as caught:
            read(main).build()
        problem = caught.value.problems[0]
        assert f"{problem.place}: {problem.message}" == expected
    else:
        assert said(main) == [expected]


def test_circles_are_named(tmp_path: Path) -> None:
    def one(name: str, to: str) -> str:
        return f"archcalc: 1\nname: {name}\nextends: {to}.yaml\n"

    main = put(tmp_path, a=one("a", "b"), b=one("b", "a"), main=one("main", "a"))
    assert said(main) == [
        "b.yaml:3:10: extends: the files go in a circle: a.yaml -> b.yaml -> a.yaml"
    ]


def test_all_files_together_have_one_limit(tmp_path: Path) -> None:
    large = f"{HEAD}meta: {{a: {'x' * 600_000}}}\n"
    main = put(tmp_path, b=large, main=f"{large}extends: b.yaml\nlayers: [relu]\n{INPUT}")
    assert said(main) == [
        "main.yaml:4:10: extends: all files together are larger than 1,048,576 bytes"
    ]
    many = f"{HEAD}meta: {{a: [{'v, ' * 110_000}v]}}\n"
    main = put(tmp_path, b=many, c=many, main=f"{HEAD}extends: b.yaml\nuse: {{c: c.yaml}}\n")
    found = said(main)
    assert any("the spec has more than 200,000 YAML events" in words for words in found)


def test_a_tree_of_files_ends(tmp_path: Path) -> None:
    uses = "use: {" + ", ".join(f"u{n}: f{{}}.yaml" for n in range(9)) + "}\n"
    texts = {f"f{n}": HEAD + (uses.replace("{}", str(n + 1)) if n < 7 else "") for n in range(8)}
    main = put(tmp_path, **texts, main=f"{HEAD}{INPUT}{uses.replace('{}', '0')}layers: [relu]\n")
    assert any("more than 64 files are extended and used in all" in words for words in said(main))
