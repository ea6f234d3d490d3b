"""How much time a layer takes, from a spec that has been read to a counted network.

    python benchmarks/nodes.py [RUNS]

Builds and counts chains of 1,000, 10,000 and 100,000 layers and prints the microseconds for each
node, as the best of several runs: the time must grow with the number of layers and no faster.
The goal is at most 40 µs a node on a quiet 2 GHz core, for the chain of equal layers. The other
chains show what repetition is worth: in one every layer is different, and nothing that was worked
out once serves a second time.
"""

import gc
import os
import sys
from time import process_time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from archcalc.analysis.count import count
from archcalc.language import load
from archcalc.limits import LIMITS
from archcalc.problems import Source

RUNS = 5
GOAL = 40.0
SIZES = (1_000, 10_000, 100_000)

HEAD = """archcalc: 1
name: chain
input: {channels: 64, height: 56, width: 56}
defaults: {conv: {padding: half}}
layers:
"""
CHAINS = {
    "equal layers": "- {conv: [64, 3], repeat: N}",
    "conv, norm, relu": "- {conv: {out_channels: 64, kernel_size: 3, norm: batch, "
    "activation: relu}, repeat: N // 3}",
    "residual blocks": "- {residual: [{conv: [64, 3]}], repeat: N // 2}",
    "no two layers alike": "- {conv: [i + 1, 1], repeat: N}",
}


def best(text: str, runs: int) -> tuple[float, float, int]:
    """The least seconds of building and of counting, and how many nodes there are."""
    build, counting, nodes = [], [], 0
    for _ in range(runs):
        spec = load(Source("chain.yaml", text), None, LIMITS._replace(different=max(SIZES)))
        start = process_time()
        built = spec.build()
        middle = process_time()
        result = count(built.graph)
        counting.append(process_time() - middle)
        build.append(middle - start)
        assert not built.problems and result.totals.mac
        nodes = len(built.graph.nodes)
    return min(build), min(counting), nodes


def main() -> int:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    gc.set_threshold(200_000, 20, 20)  # as the command line does
    print(f"Python {sys.version.split()[0]}, best of {runs} runs; goal {GOAL:g} µs a node\n")
    print(f"{'':22}{'nodes':>9}{'build':>9}{'count':>9}{'both':>9}")
    missed = False
    for name, layers in CHAINS.items():
        for size in SIZES:
            build, counting, nodes = best(HEAD + layers.replace("N", str(size)), runs)
            each = 1e6 * (build + counting) / nodes
            late = name == next(iter(CHAINS)) and each > GOAL
            missed |= late
            print(
                f"{name:22}{nodes:9,}{1e6 * build / nodes:6.1f} µs{1e6 * counting / nodes:6.1f} µs"
                f"{each:6.1f} µs{'  <- misses its goal' if late else ''}"
            )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
