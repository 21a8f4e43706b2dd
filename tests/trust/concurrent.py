"""Calls from many threads at once, each answered as it is alone: `python -m tests.trust.concurrent --seconds 60`.

threads.py runs this under ThreadSanitizer; by itself it is a stress of what calls share.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import deminimis as dm

CALLERS = 4
DOORS = ("eligible", "eligible", "eligible", "score", "score", "scorer", "stream", "totals", "file")
PERSONS = ("name", "id", "code", ["name", "id"])
SETTINGS: tuple[dict[str, Any], ...] = (
    {"limit": 800},
    {"limit": 500},
    {"limit": 200_000},
    {"limit": 800, "normalize": "fold"},
    {"limit": 800, "memory_limit": "300KiB"},
    {"limit": 800, "overflow": "excess"},
    {"limit": 800, "memory_limit": "2MiB", "sorted_by": "day", "late_days": 60},
    {"rule": "us-321", "origin": "origin"},
)


def table(rows: int, in_order: bool) -> pa.Table:
    """Rows of every kind of person, of days from 60."""
    rng = np.random.default_rng(rows)
    day = rng.integers(19_800, 19_860, rows).astype(np.int32)
    persons = rng.integers(0, rows // 3 + 1, rows)
    return pa.table(
        {
            "name": pa.array([f"P\u00e9rson {i}" if i % 9 == 0 else f"Person  {i}" for i in persons]),
            "id": persons,
            "code": pa.array([f"c{i}" for i in rng.integers(0, 500, rows)]).dictionary_encode(),
            "day": pa.array(np.sort(day) if in_order else day, pa.int32()).cast(pa.date32()),
            "value": pa.array(rng.integers(0, 60_000, rows) / 100),
            "origin": pa.array(["CN", "DE", None]).take(pa.array(rng.integers(0, 3, rows))),
        }
    )


def main() -> int:
    """Call until the time is up."""
    parser = argparse.ArgumentParser(prog="python -m tests.trust.concurrent", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rows", type=int, default=150_000, help="rows of the largest table")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    tables = [table(given.rows, True), table(given.rows * 3 // 4, False), table(1_000, True), table(3, True)]
    calls = list(itertools.product(tables, PERSONS, SETTINGS))
    expected = [ask(call, 1, "eligible") for call in calls]
    until = time.monotonic() + given.seconds
    count, wrong = [0] * CALLERS, [0] * CALLERS

    def be_caller(caller: int) -> None:
        rng = random.Random(given.seed * CALLERS + caller)
        while time.monotonic() < until:
            number = rng.randrange(len(calls))
            got = ask(calls[number], rng.choice([1, 2, 4]), rng.choice(DOORS))
            count[caller] += 1
            wrong[caller] += not got.equals(expected[number])

    callers = [threading.Thread(target=be_caller, args=(i,)) for i in range(CALLERS)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    print(f"{sum(count)} calls by {CALLERS} threads, {sum(wrong)} wrong", flush=True)
    return min(sum(wrong), 1)


def ask(call: tuple[pa.Table, Any, dict[str, Any]], threads: int, door: str) -> pa.BooleanArray:
    """One call's mask, by the door of this name."""
    manifest, person, settings = call
    words = {"person": person, "day": "day", "value": "value", "threads": threads, **settings}
    if door == "scorer":
        scorer = dm.Scorer(**words)
        for batch in manifest.to_batches(max_chunksize=1 + manifest.num_rows // 3):
            scorer.add(batch)
        return scorer.finish().mask
    if door == "stream":
        found = dm.stream(manifest, **words).to_reader(["eligible"]).read_all()["eligible"].combine_chunks()
        return found if isinstance(found, pa.BooleanArray) else pa.concat_arrays(found.chunks)
    if door == "totals" and settings.get("overflow") != "excess":
        words["secret"] = b"the secret of tests/trust, known to all"
        return dm.eligible(manifest, **words, totals=dm.totals(manifest, **words).read_all())
    if door == "file":
        return mask_of_file(manifest, words)
    return dm.score(manifest, **words).mask if door == "score" else dm.eligible(manifest, **words)


def mask_of_file(manifest: pa.Table, words: dict[str, Any]) -> pa.BooleanArray:
    """The mask of the table as Parquet, written to a file of its own."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in.parquet"), Path(folder, "out.arrow")
        pq.write_table(manifest, source, row_group_size=1 + manifest.num_rows // 2)
        dm.score_files(source, target, **words)
        return pa.ipc.open_file(pa.py_buffer(target.read_bytes())).read_all()["eligible"].combine_chunks()


if __name__ == "__main__":
    sys.exit(main())
