"""Draw cases, send each several ways, count the rows compared: `python -m tests.trust.answers --comparisons 1e7`.

A failure prints the seed of its case and the smallest table that was found to fail. Before the first case, one whose
answers are spoiled has to be found wrong.
"""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import deminimis as dm

from . import ways
from .cases import Case, draw_case, draw_truth
from .truth import judge

TABLES, WAYS, FILES = 3, 9, 4
"""For each truth so many tables, each sent so many ways in memory and from so many readings of a file."""


@dataclass
class Count:
    """What was tried so far."""

    cases: int = 0
    comparisons: int = 0
    bad: int = 0


def attempt(case: Case, number: int, seed: int, folder: Path) -> tuple[str | None, dict[str, object]]:
    """Send a case the way of this number: what is wrong, if anything, and the options."""
    rng = np.random.default_rng([seed, number])
    options = case.options | ways.settings(rng, case)
    said: Callable[[], ways.Said]
    try:
        if number < WAYS:
            said = ways.in_memory(rng, case, options)
        else:
            written = ways.write(np.random.default_rng([seed, WAYS]), case, folder)
            said = ways.from_files(rng, written, options, folder)
    except Exception as error:  # whatever it is, no drawn manifest may be refused
        return f"{type(error).__name__}: {error}", options
    return ways.difference(said, judge(case.truth, case.terms)), options


def shrink(case: Case, number: int, seed: int, folder: Path) -> Case:
    """Leave out stretches of rows as long as something stays wrong."""
    stretch = len(case.truth)
    until = time.monotonic() + 60
    while stretch and time.monotonic() < until:
        start, stretch = 0, stretch // 2 if stretch > 1 else 0
        while stretch and start < len(case.truth) and time.monotonic() < until:
            rows = np.arange(len(case.truth))
            some = case.take(rows[(rows < start) | (rows >= start + stretch)])
            if attempt(some, number, seed, folder)[0]:
                case = some
            else:
                start += stretch
    return case


def run_case(seed: int, most: int, count: Count, folder: Path, number_of: int | None = None) -> None:
    """Draw the truth of a seed, its tables, and send them."""
    truth, numbers = draw_truth(np.random.default_rng(seed), most)
    for part in range(TABLES):
        rng = np.random.default_rng([seed, 100 + part])
        case = draw_case(rng, truth, numbers, folder)
        answers = judge(case.truth, case.terms)
        written = None
        for number in range(WAYS + (FILES if rng.random() < 0.5 else 0)):
            way_seed = seed * TABLES + part
            way = np.random.default_rng([way_seed, number])
            options = case.options | ways.settings(way, case)
            try:
                if number < WAYS:
                    said = ways.in_memory(way, case, options)
                else:
                    written = written or ways.write(np.random.default_rng([way_seed, WAYS]), case, folder)
                    said = ways.from_files(way, written, options, folder)
                wrong = ways.difference(said, answers)
            except Exception as error:  # whatever it is, no drawn manifest may be refused
                wrong = f"{type(error).__name__}: {error}"
            count.comparisons += len(truth)
            if wrong:
                count.bad += 1
                print(f"WRONG: case {seed}, table {part}, way {number}: {case.said}; {options}: {wrong}", flush=True)
                if count.bad <= 5:
                    small = shrink(case, number, way_seed, folder)
                    what, _ = attempt(small, number, way_seed, folder)
                    print(f"the smallest of {small.table.num_rows} rows: {what}", flush=True)
                    print(small.table.slice(0, 30).to_pydict(), [a.tolist() for a in (small.truth.price[:30],)])
    count.cases += 1


def control(seed: int, folder: Path) -> list[str]:
    """What could be spoiled in answers without being found: one bit, reason, total or count of one row."""
    rng = np.random.default_rng(seed)
    truth, numbers = draw_truth(rng, 2_000)
    while not len(truth):
        truth, numbers = draw_truth(rng, 2_000)
    case = draw_case(rng, truth, numbers, folder)
    said, answers = ways.all_of(dm.score(case.table, **case.options)), judge(case.truth, case.terms)
    if wrong := ways.difference(said, answers):
        return [f"nothing, and yet {wrong}"]
    row = int(rng.integers(0, len(truth)))
    return [what for what, spoiled in ways.spoiled(said, row).items() if ways.difference(spoiled, answers) is None]


def main() -> int:
    """Run until the number of comparisons is reached."""
    parser = argparse.ArgumentParser(prog="python -m tests.trust.answers", description=__doc__)
    parser.add_argument("--comparisons", type=float, default=1e7, help="rows to compare in all")
    parser.add_argument("--seed", type=int, default=None, help="of the first case; random by default, and printed")
    parser.add_argument("--cases", type=int, default=None, help="stop after so many, as 1 for a case that failed")
    parser.add_argument("--most", type=int, default=3_000_000, help="rows of a table at most")
    parser.add_argument("--jobs", type=int, default=1, help="at once")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so many")
    given = parser.parse_args()
    seed = secrets.randbelow(10**9) * 1000 if given.seed is None else given.seed
    if given.jobs > 1:
        return in_jobs(given, seed)
    began, told, count = time.monotonic(), time.monotonic(), Count()
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        if missed := control(seed, Path(folder)):
            print(f"WRONG: it was not found that this was spoiled: {missed}")
            return 1
        while count.comparisons < given.comparisons and time.monotonic() - began < given.seconds:
            run_case(seed + count.cases, given.most, count, Path(folder))
            if time.monotonic() - told > 30:
                told = time.monotonic()
                print(f"{told - began:.0f} s: seed {seed}, {count}", flush=True)
            if given.cases is not None and count.cases >= given.cases:
                break
    print(f"{time.monotonic() - began:.0f} s: seed {seed}, {count}", flush=True)
    return min(count.bad, 1)


def in_jobs(given: argparse.Namespace, seed: int) -> int:
    """The same, in processes with seeds of their own."""
    share = ["--comparisons", str(given.comparisons / given.jobs), "--most", str(given.most)]
    share += ["--seconds", str(given.seconds)]
    program = [sys.executable, "-m", "tests.trust.answers", *share]
    jobs = [subprocess.Popen([*program, "--seed", str(seed + 10**8 * i)], env=os.environ) for i in range(given.jobs)]
    return max(job.wait() for job in jobs)


if __name__ == "__main__":
    sys.exit(main())
