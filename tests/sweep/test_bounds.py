"""What a sweep takes: time by the graph, memory by the chunk."""

from __future__ import annotations

import subprocess
import sys
from time import process_time

import pytest
from terminal import ROOT

from archcalc.limits import LIMITS
from archcalc.sweep.request import Sweep
from archcalc.sweep.space import Space
from sweep.single import axis, differences, spec_of

DEEP = """
settings: {n: 4}
input: {channels: 3, height: 64, width: 64}
layers:
  - {conv: {out_channels: n, kernel_size: 3, padding: 1}, repeat: DEPTH}
  - {do: [{conv: ['n + i % 7', 1]}], repeat: DEPTH}
"""


def deep(depth: int) -> Sweep:
    spec = spec_of(DEEP.replace("DEPTH", str(depth)))
    heights = [str(n) for n in range(1, 301)]
    filters = [str(n) for n in range(1, 33)]
    return Sweep(spec, Space((axis(spec, n=filters), axis(spec, input__height=heights))))


def test_a_walk_of_ten_thousand_layers_is_linear() -> None:
    """Four times the layers take four times the time, not sixteen times."""

    def seconds(depth: int) -> float:
        best = float("inf")
        for _ in range(3):
            sweep = deep(depth)
            before = process_time()
            chunks = list(sweep.chunks())
            best = min(best, process_time() - before)
            assert sum(chunk.size for chunk in chunks) == 9600
            assert sweep.walks == 1
        return best

    assert seconds(5000) < 9 * seconds(1250)


def test_deep_figures_are_those_of_single_runs() -> None:
    spec = spec_of(DEEP.replace("DEPTH", "1000"))
    grid = Space((axis(spec, n=["1", "5"]), axis(spec, input__height=["1", "9"])))
    assert differences(Sweep(spec, grid))[2] == []


PEAK = """
import resource, sys
from pathlib import Path
from archcalc.cli.run import run
last = 0.1 + 0.0001 * (WIDTHS - 1)
over = ["--over", f"width=0.1:{last:.4f}:0.0001", "--over", "input.height=32:1031"]
code = run(["sweep", "mobilenet_v2", *over, "--output", "OUT"])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(code, peak // 1024 if sys.platform == "darwin" else peak)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="peaks are asked for in another way")
def test_memory_is_bounded_by_the_chunk(tmp_path) -> None:  # type: ignore[no-untyped-def]
    peaks = []
    for widths in (600, 2400):
        program = PEAK.replace("WIDTHS", str(widths)).replace("OUT", str(tmp_path / "out.csv"))
        done = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=True,
        )
        code, peak = done.stdout.split()[-2:]
        assert code == "0"
        peaks.append(int(peak))
    assert peaks[1] < 1.15 * peaks[0] + 10_000
    assert peaks[1] < 600_000  # kilobytes


def test_what_is_mixed_is_walked_in_parts() -> None:
    """Settings that no product keeps apart: arrays over both, of a bounded size."""
    spec = spec_of(
        "settings: {a: 4, b: 8}\ninput: {features: 4}\n"
        "layers: [{linear: '1 + a * b % 1000'}, {linear: 'max(a, b)'}]\n"
    )
    many = [str(n) for n in range(1, 401)]
    sweep = Sweep(spec, Space((axis(spec, a=many), axis(spec, b=many))))
    (chunk,) = sweep.chunks(["params"])
    assert 5 <= sweep.walks <= 20
    for row in range(0, 160_000, 7919):
        a, b = row // 400 + 1, row % 400 + 1
        first, second = 1 + a * b % 1000, max(a, b)
        assert int(chunk.figures["params"][row]) == 5 * first + (first + 1) * second
    few = Space((axis(spec, a=many[:9]), axis(spec, b=many[:9])))
    assert differences(Sweep(spec, few))[2] == []


def test_limits_hold_as_in_a_single_run() -> None:
    from archcalc.language import load_bytes

    text = "archcalc: 1\nname: net\n" + DEEP.replace("DEPTH", "n")
    spec = load_bytes(text.encode(), "net.yaml", None, LIMITS._replace(nodes=20))
    grid = Space((axis(spec, n=["4", "10", "11", "300"]), axis(spec, input__height=["8", "9"])))
    assert differences(Sweep(spec, grid))[2] == []


def test_layers_that_differ_as_arrays_alone_are_not_too_many() -> None:
    from archcalc.language import load_bytes

    text = (
        "archcalc: 1\nname: net\nsettings: {n: 1, m: 2}\ninput: {features: 4}\nlayers:\n"
        "  - {linear: 'n + i * m', repeat: 8}\n"
    )
    spec = load_bytes(text.encode(), "net.yaml", None, LIMITS._replace(different=6))
    grid = Space((axis(spec, n=["3", "4", "5"]), axis(spec, m=["0", "1", "2"])))
    assert differences(Sweep(spec, grid))[2] == []
