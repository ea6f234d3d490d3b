"""The answers in Python: `archcalc.load`, `archcalc.compare`, and what they raise."""

from __future__ import annotations

import doctest
import json
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from test_docs import PAGES, blocks_of

import archcalc
from archcalc.api import text_of

ROOT = Path(__file__).parent.parent


def test_a_network_and_its_figures() -> None:
    net = archcalc.load("vgg16")
    assert net.params == 138_357_544
    assert net.macs == 15_470_264_320
    assert net.totals["params"] == net.params
    assert sum(row["params"] for row in net.rows) == net.params
    assert net.inputs == {"input": {"channels": 3, "height": 224, "width": 224}}
    assert net.outputs == [{"features": 1000}]
    assert list(net.shapes.values())[-1] == {"features": 1000}
    assert repr(net) == "<archcalc.Network vgg16: 138,357,544 params, 15,470,264,320 MACs>"


@pytest.mark.parametrize(
    ("target", "settings", "params"),
    [
        ("resnet50", {}, 25_557_032),
        ("resnet@resnet18", {}, 11_689_512),
        ("resnet50", {"num_classes": 10}, 23_528_522),
        ("resnet50", {"num_classes": "2 * 5"}, 23_528_522),
        ("resnet", {"block": "basic", "depths": [2, 2, 2, 2]}, 11_689_512),
        ("resnet", {"block": "basic", "depths": (2, 2, 2, 2)}, 11_689_512),
        ("googlenet", {"aux": True}, 13_378_280),
        (ROOT / "specs/vgg.yaml", {}, 138_357_544),
        (str(ROOT / "specs/vgg.yaml@vgg11"), {}, 132_863_336),
    ],
)
def test_targets_and_settings(target: str, settings: dict[str, object], params: int) -> None:
    assert archcalc.load(target, **settings).params == params  # type: ignore[call-overload]


def test_sizes_of_the_input_have_names_with_a_dot() -> None:
    net = archcalc.load("resnet50", {"input.height": 256}, num_classes=10)
    assert net.settings["input.height"] == 256
    assert net.settings["num_classes"] == 10


def test_a_path_is_a_file_whatever_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "vgg16").write_bytes((ROOT / "specs/lenet5.yaml").read_bytes())
    assert archcalc.load(Path("vgg16")).name == "lenet5"
    assert archcalc.load("vgg16").name == "vgg"


def test_other_ways_to_count() -> None:
    net = archcalc.load("resnet50")
    assert net.counted(convention="fvcore").totals["counted"] == 4_111_512_576
    assert net.counted(batch=8).macs == 8 * net.macs
    assert len(net.counted(depth=1).rows) < len(net.rows) < len(net.counted(expand=True).rows)
    exact = archcalc.load("lenet5").counted(padding="exact")
    assert exact.macs <= archcalc.load("lenet5").macs


@pytest.mark.parametrize(
    ("attempt", "words"),
    [
        (lambda: archcalc.load("resnt50"), "there is no spec 'resnt50'\n  help: did you mean"),
        (lambda: archcalc.load("resnet50", num_clases=1), "did you mean 'num_classes'?"),
        (lambda: archcalc.load("resnet50", num_classes=0), "must be at least 1"),
        (lambda: archcalc.load("resnet50", num_classes=None), "not NoneType"),
        (lambda: archcalc.load("./none.yaml"), "none.yaml"),
        (lambda: archcalc.load("vgg16", {"input.height": 8}), "vgg.yaml:"),
        (lambda: archcalc.load("vgg16").counted(convention="fvcor"), "did you mean 'fvcore'?"),
        (lambda: archcalc.load("vgg16").counted(bn="off"), "there is no answer to bn 'off'"),
        (lambda: archcalc.load("vgg16").counted(pading="exact"), "did you mean 'padding'?"),
        (lambda: archcalc.load("vgg16").counted(batch=0), "batch must be at least 1"),
        (lambda: archcalc.load("vgg16").text("tabel"), "did you mean 'table'?"),
    ],
)
def test_what_is_wrong_is_said(attempt: object, words: str) -> None:
    assert callable(attempt)
    with pytest.raises(archcalc.Complaint) as caught:
        attempt()
    assert words in str(caught.value)
    assert caught.value.problems


def test_a_fault_has_its_place(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text("archcalc: 1\nname: n\ninput: {features: 4}\nlayers: [{linear: {units: 3}}]\n")
    with pytest.raises(archcalc.Complaint) as caught:
        archcalc.load(path)
    assert f"{path}:4:20: linear has no argument 'units'" in str(caught.value)


def test_networks_side_by_side() -> None:
    naive = archcalc.load("inception-block@naive")
    both = archcalc.compare(naive, "inception-block@bottleneck")
    assert [t["macs"] for t in both.totals] == [303_464_448, 128_049_152]
    assert {row["status"] for row in both.rows} == {"same", "changed", "only in the second"}
    effect = sum(row["effect"]["macs"] for row in both.rows)
    assert effect == 128_049_152 - 303_464_448
    fewer = archcalc.compare(naive, "inception-block@bottleneck", only_changed=True)
    assert len(fewer.rows) < len(both.rows)
    with pytest.raises(TypeError):
        archcalc.compare(naive)


def test_text_and_data_are_those_of_the_commands() -> None:
    def printed(*arguments: str) -> str:
        command = [sys.executable, "-m", "archcalc", *arguments]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
        return run.stdout

    net = archcalc.load("lenet5")
    for format in ("table", "json", "csv", "markdown", "latex", "html"):
        assert net.text(format) == printed("summary", "lenet5", "--format", format)
    assert str(net) == printed("summary", "lenet5").rstrip("\n")
    top = net.text("csv", columns=["path", "macs"], sort="macs", top=2)
    assert top == printed(
        "summary", "lenet5", "--format=csv", "--columns=path,macs", "--sort=macs", "--top=2"
    )
    data = json.loads(printed("summary", "lenet5", "--format", "json"))
    assert net.data == {k: v for k, v in data.items() if k not in ("schema_version", "tool")}
    both = archcalc.compare("lenet5", "alexnet")
    assert both.text("json") == printed("compare", "lenet5", "alexnet", "--format", "json")


class Tags(HTMLParser):
    """Whether every element of a piece of HTML is closed, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize(
    "answer",
    [archcalc.load("lenet5"), archcalc.compare("lenet5", "lenet5@1998")],
    ids=["network", "comparison"],
)
def test_a_notebook_shows_a_table(answer: archcalc.Network | archcalc.Comparison) -> None:
    html = answer._repr_html_()
    tags = Tags()
    tags.feed(html)
    assert not tags.open
    assert {"table", "style"} <= tags.seen
    assert not {"script", "link", "html", "body"} & tags.seen
    assert "61.71K" in html


def test_values_as_the_command_line_takes_them() -> None:
    numpy = pytest.importorskip("numpy")
    assert text_of(True) == "true"
    assert text_of([1, 2.5, "a"]) == '[1, 2.5, "a"]'
    assert text_of(numpy.int64(7)) == "7"
    assert archcalc.load("resnet50", num_classes=numpy.int32(10)).params == 23_528_522


def test_arrays_are_many_networks() -> None:
    numpy = pytest.importorskip("numpy")
    many = archcalc.load("resnet50", {"input.height": numpy.array([224, 256])})
    assert many.macs.tolist() == [
        archcalc.load("resnet50", {"input.height": height}).macs for height in (224, 256)
    ]


def test_importing_the_package_imports_next_to_nothing() -> None:
    code = "import sys, archcalc; print(*[m for m in sys.modules if m.startswith('archcalc')])"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.stdout.split() == ["archcalc"]
    code = "import sys, archcalc; archcalc.load('lenet5'); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert not {"numpy", "rich", "click", "torch"} & set(run.stdout.split())


def test_what_is_exported_is_there() -> None:
    assert set(archcalc.__all__) <= set(dir(archcalc))
    for name in archcalc.__all__:
        assert getattr(archcalc, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        archcalc.lode  # noqa: B018


EXAMPLES = [
    block
    for page in PAGES
    for block in blocks_of(page)
    if block.info == "python" and block.body.startswith(">>> ")
]


@pytest.mark.parametrize("block", EXAMPLES, ids=repr)
def test_documented_examples(
    block: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from test_docs import Block

    assert isinstance(block, Block)
    monkeypatch.chdir(tmp_path)
    for name, text in block.files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    test = doctest.DocTestParser().get_doctest(
        block.body, {"archcalc": archcalc}, repr(block), str(block.page), block.line
    )
    failed, _ = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test)
    assert not failed
