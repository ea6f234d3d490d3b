"""How results and problems are shown: numbers, harmless text, tables, JSON, carets."""

from __future__ import annotations

import io
import json
import re
import sys
import time
from collections.abc import Sequence
from time import process_time
from typing import Any

import pytest

from archcalc.formats import FORMATS, Options, format_of
from archcalc.formats.cells import text_of, value_text
from archcalc.formats.complaint import as_annotations, as_data, plain
from archcalc.formats.document import (
    Cell,
    Change,
    Column,
    Line,
    Pairs,
    Part,
    Ratio,
    Share,
    Table,
    Verbatim,
    Words,
)
from archcalc.formats.numbers import exact, percent, ratio, short
from archcalc.formats.paint import STYLES, Sheet, Spans
from archcalc.formats.safe import cells, safe
from archcalc.formats.table import drawn
from archcalc.problems import Call, Complaint, Place, Problem, Source

# Numbers


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (7, "7"),
        (999, "999"),
        (1000, "1.00K"),
        (1792, "1.79K"),
        (61_706, "61.71K"),
        (999_994, "999.99K"),
        (999_995, "1.00M"),
        (138_357_544, "138.36M"),
        (4_089_184_256, "4.09G"),
        (145_824_153_600, "145.82G"),
        (1_016_716_764_160, "1.02T"),
        (1_005, "1.01K"),  # a half goes up
        (-223_600, "-223.60K"),
        (10**15, "1.00P"),
        (10**18, "1.00E"),
        (10**24, "1.00Y"),
        (10**27, "1.00e27"),
        (999_995 * 10**21, "1.00e27"),
        pytest.param(10**5000, "1.00e5000", id="huge"),
    ],
)
def test_short(number: int, text: str) -> None:
    assert short(number) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (138_357_544, "138,357,544"), (-1234, "-1,234"), (10**60, "1.00e60")],
)
def test_exact(number: int, text: str) -> None:
    assert exact(number) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 0, ""),
        (0, 5, ""),
        (5, 5, "100.0%"),
        (1, 3, "33.3%"),
        (2, 3, "66.7%"),
        (1, 2000, "0.1%"),
        (1, 2001, "<0.1%"),
        (1, 10**30, "<0.1%"),
    ],
)
def test_percent(part: int, whole: int, text: str) -> None:
    assert percent(part, whole) == text


@pytest.mark.parametrize(
    ("number", "other", "text"),
    [
        (1, 0, ""),
        (5, 5, "1.00x"),
        (1, 3, "0.33x"),
        (3, 100, "0.0300x"),
        (50, 3, "16.7x"),
        (500, 3, "167x"),
        (50_000, 3, "16.67Kx"),
        pytest.param(10**400, 1, "1.00e400x", id="huge"),
        pytest.param(1, 10**400, "0.0000x", id="tiny"),
    ],
)
def test_ratio(number: int, other: int, text: str) -> None:
    assert ratio(number, other) == text


@pytest.mark.parametrize(
    ("cell", "text", "in_full"),
    [
        (None, "", ""),
        (1792, "1.79K", "1,792"),
        ("conv", "conv", "conv"),
        (Share(1, 4), "25.0%", "25.0%"),
        (Ratio(1, 4), "0.25x", "0.25x"),
        (Change(1792), "+1.79K", "+1,792"),
        (Change(-1792), "-1.79K", "-1,792"),
        (Change(0), "0", "0"),
        ("\x1b[31m", "\\x1b[31m", "\\x1b[31m"),
    ],
)
def test_cells(cell: Cell, text: str, in_full: str) -> None:
    assert text_of(cell, in_full=False) == text
    assert text_of(cell, in_full=True) == in_full


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "none"),
        (True, "true"),
        (12_345, "12345"),
        (0.5, "0.5"),
        ((3, 7), "[3, 7]"),
        ({"channels": 3}, "{channels: 3}"),
        ("half", "half"),
    ],
)
def test_values_are_written_as_a_spec_writes_them(value: Any, text: str) -> None:
    assert value_text(value) == text


# Harmless text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("conv1", "conv1"),
        ("größe 畳み込み", "größe 畳み込み"),
        ("e\u0301", "e\u0301"),
        ("[red]bold[/red]", "[red]bold[/red]"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
        ("\x00\x07\x7f\x9b", "\\x00\\x07\\x7f\\x9b"),
        ("\u202eabc\u2066", "\\u202eabc\\u2066"),
        ("a\u200bb\ufeff\u200d", "a\\u200bb\\ufeff\\u200d"),
        ("\u2028\u2029\x85", "\\u2028\\u2029\\x85"),
        ("\ud800\udfff", "\\ud800\\udfff"),
        ("\u00a0\u3000\u00ad", "\\xa0\\u3000\\xad"),
        ("\ufe0f\u3164\u034f", "\\ufe0f\\u3164\\u034f"),
        ("\U000e0041\U0010ffff", "\\U000e0041\\U0010ffff"),
        ("a" + "\u0301" * 6, "a" + "\u0301" * 4 + "\\u0301" * 2),
    ],
)
def test_what_acts_or_hides_is_escaped(text: str, shown: str) -> None:
    assert safe(text) == shown


def test_nothing_that_acts_on_a_terminal_passes() -> None:
    everything = "".join(map(chr, range(0x110000)))
    shown = safe(everything)
    assert shown.isprintable()
    assert not re.search("[\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]", shown)
    assert safe(shown) == shown


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [("abcdefgh", 8, "abcdefgh"), ("abcdefghi", 8, "abcde..."), ("\x1b" * 9, 10, "\\x1b\\x1...")],
)
def test_long_text_is_cut(text: str, width: int, shown: str) -> None:
    assert safe(text, width) == shown


@pytest.mark.parametrize(
    ("text", "columns"), [("abc", 3), ("größe", 5), ("畳み", 4), ("e\u0301", 1), ("", 0)]
)
def test_columns_of_a_terminal(text: str, columns: int) -> None:
    assert cells(text) == columns


# Tables

COLUMNS = (
    Column("path", "Layer", folds=True),
    Column("kind", "Kind", spare=1),
    Column("note", "Arguments", spare=2),
    Column("macs", "MACs", right=True),
    Column("share", "Share", right=True),
)
LINES = [
    Line(("stage1.conv1", "conv", "64, 3", 1_500, Share(3, 4))),
    Line(("stage1.畳み込み", "conv", None, 500, Share(1, 4))),
]
TOTAL = [Line(("Total", "2 layers", None, 2_000, Share(4, 4)), "total")]


def lines_of(parts: Sequence[Part], width: int | None, *, unicode: bool = False) -> list[str]:
    on = Sheet(width, unicode, styled=False)
    return ["".join(t for _, t in line) for line in drawn(parts, on, exact=False)]


def test_a_table_as_wide_as_it_is() -> None:
    assert lines_of([Table(COLUMNS, LINES, TOTAL)], None) == [
        "Layer            Kind      Arguments   MACs   Share",
        "---------------------------------------------------",
        "stage1.conv1     conv      64, 3      1.50K   75.0%",
        "stage1.畳み込み  conv                   500   25.0%",
        "---------------------------------------------------",
        "Total            2 layers             2.00K  100.0%",
    ]


def test_where_room_is_short_columns_are_spared_and_words_go_on() -> None:
    assert lines_of([Table(COLUMNS, LINES, TOTAL)], 28) == [
        "Layer           MACs   Share",
        "----------------------------",
        "stage1.conv1   1.50K   75.0%",
        "stage1.          500   25.0%",
        "  畳み込み",
        "----------------------------",
        "Total          2.00K  100.0%",
    ]


def test_a_bar_is_drawn_where_there_is_room() -> None:
    wide = lines_of([Table(COLUMNS, LINES, TOTAL)], 80, unicode=True)
    assert wide[2].endswith("75.0% █████████")
    assert wide[3].endswith("25.0% ███")
    assert wide[-1].endswith("100.0%")
    assert wide[1] == "─" * (51 + 13)


@pytest.mark.parametrize("width", [20, 30, 40, 60, 80, 120, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    parts = [
        Words("network", "heading", "a title that says a good deal of it"),
        Table(COLUMNS, [Line((f"stage{'.block' * n}.conv", "c", "a", n, None)) for n in range(9)]),
        Pairs([("note", "many words " * 20), ("n", 5)]),
        Words("one line that names the convention", "below"),
    ]
    for line in lines_of(parts, width):
        assert cells(line) <= max(width, 26)
        assert "..." not in line and "…" not in line


@pytest.mark.parametrize("text", ["\u00e9" * 300_000, "a b." * 75_000, "\u6f22" * 300_000])
def test_a_text_of_a_megabyte_goes_on_in_time(text: str) -> None:
    start = process_time()
    lines = lines_of([Words("network", "heading", text)], 40)
    assert "".join(lines[1:]).replace(" ", "") == text.replace(" ", "")
    assert process_time() - start < 10  # a tenth of a second; once it was minutes


def test_every_word_of_a_row_is_there_however_narrow() -> None:
    path = "stage1.block2.main.branch3.convolution"
    lines = lines_of([Table(COLUMNS[:1], [Line((path,))])], 20)
    assert "".join(line.strip() for line in lines[2:]) == path


def test_a_text_is_shown_as_it_stands_but_harmless() -> None:
    parts = [Verbatim("a: [b]\n\tc: \x1b[0m", "Source")]
    assert lines_of(parts, None) == ["Source", "a: [b]", "    c: \\x1b[0m"]


def test_markup_in_names_is_no_markup() -> None:
    out = Terminal()
    format_of("table").render(Fixed([Words("[bold red]name[/] :smile:")]), Options(), out)
    assert "[bold red]name[/] :smile:" in out.getvalue()


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class Fixed:
    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts

    def parts(self, rows: int | None) -> Sequence[Part]:
        return self._parts

    def data(self) -> dict[str, Any]:
        return {"name": "\x1b\u202e\x7f", "layers": iter([{"a": 1}, {"a": 2**70}]), "none": []}


def test_a_terminal_is_styled_and_a_pipe_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    table = Fixed([Table(COLUMNS, LINES, TOTAL)])
    terminal, pipe = Terminal(), io.StringIO()
    format_of("table").render(table, Options(), terminal)
    format_of("table").render(table, Options(), pipe)
    assert "\x1b[" in terminal.getvalue()
    assert "\x1b" not in pipe.getvalue()
    assert re.sub("\x1b\\[[0-9;]*m", "", terminal.getvalue()).split() != []


def test_a_name_in_the_progress_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from archcalc.cli import progress

    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(progress, "PATIENCE", 0)
    monkeypatch.setattr(progress, "REFRESH", 0.01)
    monkeypatch.setattr(sys, "stderr", Terminal())
    with progress.Progress() as shown:
        shown.now("counting [/]\u202e[red]x")
        for _ in range(500):
            if "[red]x" in sys.stderr.getvalue():  # type: ignore[attr-defined]
                break
            time.sleep(0.01)
    text = sys.stderr.getvalue()  # type: ignore[attr-defined]
    assert "counting [/]\\u202e[red]x" in text and "\u202e" not in text


@pytest.mark.parametrize("name", ["COLUMNS", "LINES"])
@pytest.mark.parametrize("value", ["\u00b2", "\u0661\u0662", "9" * 5000, "-1", "x", ""])
def test_a_size_of_the_terminal_that_is_none(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv(name, value)
    terminal = Terminal()
    format_of("table").render(Fixed([Table(COLUMNS, LINES, TOTAL)]), Options(), terminal)
    assert "stage1" in terminal.getvalue()


def test_no_color_means_no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    terminal = Terminal()
    format_of("table").render(Fixed([Table(COLUMNS, LINES, TOTAL)]), Options(), terminal)
    assert not re.search("\x1b\\[[0-9;]*3[0-7]", terminal.getvalue())


def test_every_format_is_there() -> None:
    for name in FORMATS:
        assert callable(format_of(name).render)


# JSON


def test_json_is_exact_ascii_and_a_line_an_item() -> None:
    out = io.StringIO()
    format_of("json").render(Fixed([]), Options(), out)
    text = out.getvalue()
    data = json.loads(text)
    assert data["schema_version"] == 1
    assert data["tool"]["name"] == "archcalc"
    assert data["layers"] == [{"a": 1}, {"a": 2**70}]
    assert data["name"] == "\x1b\u202e\x7f"
    assert data["none"] == []
    assert re.fullmatch("[\n -~]*", text)
    assert '\n    {"a": 1},\n' in text


# Problems

TEXT = "archcalc: 1\nlayers:\n  - conv: {filters: 64, kernel_size: 3}\n\t- größe: [畳み, x]\n"
SOURCE = Source("net.yaml", TEXT)


def draw(*problems: Problem) -> str:
    return plain(problems)


def test_a_problem_with_its_place() -> None:
    problem = Problem(
        "conv has no argument 'filters'",
        Place(SOURCE, 3, 12, 7),
        "did you mean 'out_channels'?",
        (Call("bottleneck", Place(Source("resnet.yaml", ""), 44, 9)),),
    )
    assert draw(problem) == (
        "error: conv has no argument 'filters'\n"
        "  --> net.yaml:3:12\n"
        "   |\n"
        " 3 |   - conv: {filters: 64, kernel_size: 3}\n"
        "   |            ^^^^^^^\n"
        "   = help: did you mean 'out_channels'?\n"
        "   = in bottleneck, called at resnet.yaml:44:9\n"
    )


def carets(place: Place) -> tuple[str, str]:
    """The line that is shown and the one with the carets, without the gutter."""
    lines = draw(Problem("wrong", place)).split("\n")
    return lines[3].split(" | ", 1)[1], lines[4].split(" | ", 1)[1]


@pytest.mark.parametrize(
    ("text", "column", "width", "shown", "marks"),
    [
        ("a: bc", 4, 2, "a: bc", "   ^^"),
        ("a: bc", 4, 99, "a: bc", "   ^^"),
        ("a: bc", 99, 1, "a: bc", "     ^"),
        ("a: bc", 1, 0, "a: bc", "^"),
        ("\ta: bc", 5, 2, "    a: bc", "       ^^"),
        ("畳み: bc", 1, 2, "畳み: bc", "^^^^"),
        ("畳み: bc", 5, 2, "畳み: bc", "      ^^"),
        ("e\u0301: bc", 5, 2, "e\u0301: bc", "   ^^"),
        ("\x1b: bc", 4, 2, "\\x1b: bc", "      ^^"),
        ("", 1, 1, None, None),
    ],
)
def test_carets_stand_under_what_is_meant(
    text: str, column: int, width: int, shown: str | None, marks: str | None
) -> None:
    place = Place(Source("n.yaml", text), 1, column, width)
    if shown is None:
        assert "|" not in draw(Problem("wrong", place))
    else:
        assert carets(place) == (shown, marks)


@pytest.mark.parametrize("column", [1, 60, 500, 999_990, 2_000_000])
def test_a_long_line_is_shown_around_the_caret(column: int) -> None:
    text = "x" * 1_000_000
    shown, marks = carets(Place(Source("n.yaml", text), 1, column, 3))
    assert len(shown) <= 110 and len(marks) <= 110
    assert marks.strip("^ ") == ""
    if column < len(text):
        assert set(shown[len(marks) - marks.count("^") : len(marks)]) == {"x"}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_yaml_says(end: str) -> None:
    source = Source("n.yaml", end.join(["a", "b\x0b\u2028c", "d"]))
    assert carets(Place(source, 3, 1))[0] == "d"


def test_a_problem_without_a_place() -> None:
    assert draw(Problem("no spec 'vgg61'", help="did you mean 'vgg16'?")) == (
        "error: no spec 'vgg61'\nhelp: did you mean 'vgg16'?\n"
    )


def test_twenty_are_shown_and_the_others_counted() -> None:
    drawing = draw(*[Problem(f"problem {n}") for n in range(1234)])
    assert drawing.count("error: ") == 20
    assert drawing.endswith("\nand 1,214 more\n")


def test_a_deep_stack_is_shown_at_both_ends() -> None:
    stack = tuple(Call(f"b{n}", Place(SOURCE, n + 1, 1)) for n in range(30))
    drawing = draw(Problem("wrong", Place(SOURCE, 1, 1), stack=stack))
    assert "in b0, " in drawing and "in b29, " in drawing
    assert "... 24 more calls" in drawing and "in b10, " not in drawing


def test_whatever_a_problem_holds_it_is_said_in_twenty_kilobytes() -> None:
    nasty = "\u202e\x1b]0;畳" * 100_000
    place = Place(Source(nasty, nasty), 1, 50_000, 70_000)
    stack = tuple(Call(nasty, place) for _ in range(100))
    drawing = draw(*[Problem(nasty, place, nasty, stack)] * 500)
    assert len(drawing.encode()) < 20_000
    assert all(line.isprintable() for line in drawing.split("\n"))
    assert "more" in drawing.splitlines()[-1]


def test_problems_as_data_keep_the_user_s_own_words() -> None:
    problem = Problem("a\x1b", Place(SOURCE, 3, 12, 7), "", (Call("b", Place(SOURCE, 4, 1)),))
    assert as_data([problem]) == [
        {
            "severity": "error",
            "code": "spec",
            "kind": "spec",
            "message": "a\x1b",
            "help": None,
            "file": "net.yaml",
            "line": 3,
            "column": 12,
            "width": 7,
            "stack": [{"block": "b", "file": "net.yaml", "line": 4, "column": 1, "width": 1}],
        }
    ]
    assert as_data([Problem("x")])[0]["line"] is None


def test_annotations_of_github() -> None:
    place = Place(Source("a,b:c%.yaml", "x"), 3, 12, 7)
    assert list(as_annotations([Problem("100%\nwrong", place, "mend it"), Problem("no")])) == [
        "::error file=a%2Cb%3Ac%25.yaml,line=3,col=12,endColumn=18::100%25\\nwrong%0Ahelp: mend it",
        "::error::no",
    ]


def test_a_name_cannot_start_a_command_of_its_own() -> None:
    lines = list(as_annotations([Problem("x\n::set-output name=a::b")]))
    assert len(lines) == 1 and "\n" not in lines[0]


def test_every_style_is_known() -> None:
    problem = Problem("m", Place(SOURCE, 3, 12, 7), "h", (Call("b", Place(SOURCE, 4, 1)),))
    from archcalc.formats.complaint import draw as spans_of

    lines: list[Spans] = list(spans_of([problem]))
    assert {style for line in lines for style, _ in line} <= set(STYLES)
    assert str(Complaint(problem)) == "net.yaml:3:12: m\n  help: h"
