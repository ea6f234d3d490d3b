"""The campaign: many random networks, archcalc and torch asked for each.

python -m tests.random_graphs --count 100000 --seed 1 [--jobs 2]
python -m tests.random_graphs --store 2000 tests/data/random_graphs.jsonl.gz
python -m tests.random_graphs --show 17
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from .compare import ask_archcalc, difference, shrink, signature, written
from .generator import network
from .spec import to_spec
from .store import record, save
from .torch_nets import Answer, ask_torch
from .tree import Tree

CHECKED_TWICE = 4
"""One network in so many is also counted by torch's own counter of operations."""


class Outcome(NamedTuple):
    """What became of one seed."""

    seed: int
    difference: str
    refused: bool
    kinds: Counter[str]
    crash: str = ""


def compare(net: Tree, answer: Answer) -> str:
    variant, overrides = written(net)
    return difference(answer.rows, answer.refused, ask_archcalc(to_spec(net), variant, overrides))


def one(seed: int) -> Outcome:
    """One network through both."""
    kinds: Counter[str] = Counter()
    try:
        net = network(seed)
        answer = ask_torch(net, count_flops=seed % CHECKED_TWICE == 0)
        kinds = Counter(row.kind for row in answer.rows)
        if answer.refused and not net.get("spoiled"):
            return Outcome(seed, f"torch refuses a valid network: {answer.refused}", True, kinds)
        return Outcome(seed, compare(net, answer), bool(answer.refused), kinds)
    except Exception as error:
        return Outcome(seed, f"breaks: {error!r}", True, kinds, traceback.format_exc(limit=-4))


def fault(net: Tree) -> str:
    """What the two differ in, without sizes and places."""
    try:
        answer = ask_torch(net)
        if answer.refused and not net.get("spoiled"):
            return signature(answer.refused)
        return signature(compare(net, answer))
    except Exception as error:
        return signature(repr(error))


def show(net: Tree, answer: Answer) -> None:
    print(to_spec(net))
    for row in answer.rows:
        sizes = " x ".join(map(str, row.dims.values()))
        print(f"{row.kind:20} {sizes:>24} {row.params:>12,} {row.buffers:>8,} {row.macs:>14,}")
    print(f"refused: {answer.refused}" if answer.refused else "")


def report(outcome: Outcome) -> None:
    """A difference, with a spec that is as short as it gets."""
    print(f"\n=== seed {outcome.seed}: {outcome.difference}\n{outcome.crash}")
    try:
        net = network(outcome.seed)
    except Exception:
        return
    wanted = fault(net)
    small = shrink(net, lambda smaller: fault(smaller) == wanted)
    try:
        answer = ask_torch(small)
    except Exception:
        print(to_spec(small))
        return
    variant, overrides = written(small)
    if variant or overrides:
        print(f"# variant {variant}, overrides {overrides}")
    show(small, answer)
    try:
        print("now:", compare(small, answer))
        theirs = ask_archcalc(to_spec(small), variant, overrides)
        print("archcalc:", *theirs.rows, theirs.refused, sep="\n  ")
    except Exception as error:
        print("now: archcalc breaks:", repr(error))


@contextmanager
def outcomes(seeds: range, jobs: int) -> Iterator[Iterator[Outcome]]:
    """The outcomes of all seeds, from as many processes."""
    if jobs == 1:
        yield map(one, seeds)
        return
    # Torch's threads do not survive a fork.
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield pool.imap_unordered(one, seeds, chunksize=20)


def campaign(first: int, count: int, jobs: int, most: int) -> int:
    started = time.monotonic()
    seeds = range(first, first + count)
    kinds: Counter[str] = Counter()
    refused = done = 0
    found: list[Outcome] = []
    with outcomes(seeds, jobs) as results:
        for outcome in results:
            done += 1
            kinds += outcome.kinds
            refused += outcome.refused
            if outcome.difference:
                found.append(outcome)
                if len(found) <= most:
                    report(outcome)
            if done % 500 == 0 or done == count:
                spent = time.monotonic() - started
                print(
                    f"\r{done:,} of {count:,}, {len(found)} differ, {refused:,} refused by both, "
                    f"{done / spent:.0f} a second",
                    end="",
                    file=sys.stderr,
                    flush=True,
                )
    print(file=sys.stderr)
    layers = sum(kinds.values())
    print(f"{count:,} networks from seed {first}: {layers:,} layers of {len(kinds)} kinds,")
    print(f"{refused:,} refused by torch, {len(found):,} with a difference")
    print(", ".join(f"{kind} {n:,}" for kind, n in kinds.most_common()))
    if found:
        print("seeds:", *[o.seed for o in found[:200]])
    return 1 if found else 0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.random_graphs", description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="how many networks")
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--most", type=int, default=10, help="differences shown in full")
    parser.add_argument("--show", type=int, metavar="SEED", help="one network and torch's figures")
    parser.add_argument("--store", nargs=2, metavar=("COUNT", "FILE"), help="write torch's answers")
    options: Any = parser.parse_args(arguments)
    if options.show is not None:
        net = network(options.show)
        show(net, ask_torch(net, count_flops=True))
        return 0
    if options.store:
        count, path = int(options.store[0]), options.store[1]
        save(path, (record(seed) for seed in range(options.seed, options.seed + count)))
        return 0
    return campaign(options.seed, options.count, options.jobs, options.most)
