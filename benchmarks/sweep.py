"""How fast a sweep is beside running the calculator for each configuration, and what it takes.

    python benchmarks/sweep.py [CONFIGURATIONS]

Prints how many times faster 100,000 configurations of ResNet-50 over width and resolution are
than a loop of single runs (extrapolated from 1,000 of them; the spec has been read before, in both
cases); how many configurations of VGG-16 and MobileNet-V2 are done in a second, totals alone; and
the peak memory of a sweep of ten million that is written as CSV. Goals: 500 times, a million a
second, 1 GiB. Times are CPU times of this process, the best of three.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from time import process_time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from archcalc.analysis.count import count
from archcalc.analysis.metrics import METRICS
from archcalc.language import Spec, load_bytes
from archcalc.sweep.request import SHOWN, Sweep, column, grid, space

ROOT = sys.path[0]
SINGLE = 1000
TIMES, RATE, MEMORY = 500, 1_000_000, 1024

WIDE = b"""archcalc: 1
name: wide
extends: resnet.yaml
settings: {width: {type: float, default: 1.0}}
layers:
  - conv: ["make_divisible(64*width, 8)", 7, 2]
  - max_pool: {kernel_size: 3, stride: 2, padding: 1}
  - for: [depth, channels, first]
    in: zip(depths, [64, 128, 256, 512], [1, 2, 2, 2])
    name: stage$(i+1)
    do:
      - $block: {width: "make_divisible(channels*width, 8)", stride: first if i == 0 else 1}
        repeat: depth
  - global_avg_pool
  - linear: num_classes
"""
"""ResNet-50 with a width multiplier, rounded as MobileNet's."""

PEAK = """
import resource, sys
from archcalc.cli.run import run
code = run(["sweep", "mobilenet_v2", "--over", "width=0.1:2.0999:0.0001",
            "--over", "input.height=32:531", "--output", "OUT"])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print("peak", code, peak // 1024 if sys.platform == "darwin" else peak)
"""


def bundled(name: str) -> Spec:
    folder = os.path.join(ROOT, "specs")
    with open(os.path.join(folder, name), "rb") as file:
        return load_bytes(file.read(), name, folder)


def best(work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(3):
        start = process_time()
        work()
        seconds.append(process_time() - start)
    return min(seconds)


def asked(spec: Spec, variant: str | None = None, **over: str) -> Sweep:
    columns = {
        name: column(spec, name, text)
        for name, text in ((n.replace("__", "."), t) for n, t in over.items())
    }
    return Sweep(spec, space(grid(columns)), variant=variant)


def swept(spec: Spec, variant: str | None = None, **over: str) -> tuple[float, int, int]:
    """The seconds of a sweep, its configurations, and its walks."""
    sweep = asked(spec, variant, **over)

    def work() -> None:
        nonlocal sweep
        sweep = asked(spec, variant, **over)
        for chunk in sweep.chunks(SHOWN):
            assert not chunk.codes.any()

    return best(work), sweep.space.size, sweep.walks


def alone(spec: Spec, sweep: Sweep) -> float:
    """The seconds of a thousand single runs, spread over the same configurations."""
    every = sweep.space.size // SINGLE
    texts: list[dict[str, str]] = []
    for chunk in sweep.chunks(SHOWN):
        import numpy as np

        rows = np.arange(0, chunk.size, every)[: SINGLE - len(texts)]
        columns = {name: chunk.texts(name, rows) for name in sweep.space.names}
        texts += [
            dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)
        ]

    def work() -> None:
        for overrides in texts:
            totals = count(spec.build(None, overrides).graph).totals
            for name in SHOWN:
                METRICS[name].of(totals)

    return best(work) * SINGLE / len(texts)


def main() -> int:
    missed = False
    wide = load_bytes(WIDE, "wide.yaml", os.path.join(ROOT, "specs"))
    over = {"width": "0.25:2.7475:0.0025", "input__height": "128:227"}
    seconds, size, walks = swept(wide, **over)
    single = alone(wide, asked(wide, **over)) / SINGLE
    ratio = single * size / seconds
    missed |= ratio < TIMES
    print(f"ResNet-50, width x resolution: {size:,} in {seconds:.3f} s, {walks} walks")
    print(f"  alone {1000 * single:.2f} ms each, {single * size:,.0f} s: {ratio:,.0f} times faster")
    for name, spec, variant, line in (
        (
            "VGG-16, resolution x classes",
            bundled("vgg.yaml"),
            "vgg16",
            {"input__height": "32:1031", "num_classes": "1:1000"},
        ),
        (
            "MobileNet-V2, width x resolution",
            bundled("mobilenet_v2.yaml"),
            None,
            {"width": "0.1:2.098:0.002", "input__height": "32:1031"},
        ),
    ):
        seconds, size, walks = swept(spec, variant, **line)
        missed |= size / seconds < RATE
        print(f"{name}: {size:,} in {seconds:.3f} s, {walks} walks: {size / seconds:,.0f} a second")
    done = subprocess.run(
        [sys.executable, "-c", PEAK.replace("OUT", os.devnull)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    peak = int(done.stdout.split()[-1]) / 1024
    missed |= peak > MEMORY
    print(f"ten million configurations as CSV: {peak:,.0f} MiB at most")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
