"""Spark and Sail: `python -m bench.spark` scores Parquet to Parquet by `deminimis.spark` and by the engine's window.

Whichever of the two is installed is measured: classic Spark with two threads, or Sail (docs/spark.md says how to get
them). Inside the clock is everything from the folder that is read to the folder that is written, row numbers and masks;
the start of the engine is told apart, and all masks are held against that of one machine. The rounds alternate. Bytes
shuffled are those that Spark's stages wrote; Sail tells none.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import deminimis as dm
from bench import manifests
from bench.manifests import count
from deminimis import spark

ROLES: dict[str, Any] = {"person": "person", "day": "day", "value": "value", "limit": manifests.LIMIT}
WINDOW = f"sum(value) over (partition by person, day) <= {manifests.LIMIT}"
BATCH_ROWS = 100_000


def write_manifest(kind: str, rows: int, days: int | None, files: int, folder: Path) -> None:
    """The manifest in files of like sizes, its rows numbered."""
    table = manifests.table(kind, rows, value="decimal", days=days)
    person = table["person"].cast(pa.string()) if kind == "dictionary" else table["person"]  # Sail reads no other
    table = table.set_column(0, "person", person).append_column("row", pa.array(np.arange(rows)))
    each = -(-rows // files)
    for number in range(files):
        pq.write_table(table.slice(number * each, each), folder / f"{number:03}.parquet", compression="zstd")


def masks(folder: Path) -> np.ndarray[Any, Any]:
    """The masks of a folder in the order of row numbers."""
    table = pq.read_table(folder, columns=["row", "eligible"])
    found = np.empty(table.num_rows, bool)
    found[table["row"].to_numpy()] = table["eligible"].to_numpy(zero_copy_only=False)
    return found


@contextlib.contextmanager
def classic(folder: Path, threads: int) -> Iterator[tuple[Any, Callable[[], int | None]]]:
    """A session of classic Spark, and how many bytes its stages have shuffled so far."""
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    conf = {
        "spark.driver.memory": "4g",
        "spark.driver.host": "127.0.0.1",
        "spark.local.dir": str(folder),
        "spark.sql.shuffle.partitions": str(4 * threads),
        "spark.ui.port": "0",
        "spark.ui.showConsoleProgress": "false",
    }
    builder = SparkSession.builder.master(f"local[{threads}]")
    for name, value in conf.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    context = session.sparkContext

    def shuffled() -> int:
        address = f"{context.uiWebUrl}/api/v1/applications/{context.applicationId}/stages"
        with urllib.request.urlopen(address) as answer:
            return sum(stage["shuffleWriteBytes"] for stage in json.load(answer))

    try:
        yield session, shuffled
    finally:
        session.stop()


@contextlib.contextmanager
def sail(folder: Path, threads: int) -> Iterator[tuple[Any, Callable[[], int | None]]]:
    """A session of Sail in this process."""
    from pysail.spark import SparkConnectServer
    from pyspark.sql import SparkSession

    server = SparkConnectServer("127.0.0.1", 0)
    server.start()
    session = SparkSession.builder.remote(f"sc://127.0.0.1:{server.listening_address[1]}").create()
    try:
        yield session, lambda: None
    finally:
        session.stop()
        server.stop()


def by_window(session: Any, source: Path, target: Path) -> None:
    """The engine's own way."""
    session.read.parquet(str(source)).selectExpr("row", f"{WINDOW} as eligible").write.parquet(str(target))


def by_deminimis(session: Any, source: Path, target: Path) -> None:
    """Both passes, and the check of what they read."""
    df = session.read.parquet(str(source))
    scored = spark.score(df, **ROLES)
    scored.select("row", "eligible").write.parquet(str(target))
    spark.check(scored)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.spark", description=__doc__)
    parser.add_argument("--rows", type=count, default=5_000_000)
    parser.add_argument("--workload", choices=[*manifests.KINDS], default="text")
    parser.add_argument("--days", type=int, help="that the manifest covers; fewer give more rows a group")
    parser.add_argument("--files", type=int, default=8)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the manifest and the answers go; default: a temporary one")
    return parser.parse_args()


def main() -> None:
    """Measure and print."""
    asked = arguments()
    is_sail = find_spec("pysail") is not None
    if not is_sail and find_spec("pyspark") is None:
        sys.exit("neither PySpark nor Sail is installed: docs/spark.md says how to get them")
    with tempfile.TemporaryDirectory(dir=asked.folder) as own:
        folder = Path(own)
        source = folder / "manifest"
        source.mkdir()
        write_manifest(asked.workload, asked.rows, asked.days, asked.files, source)
        expected = dm.eligible(source, **ROLES).to_numpy(zero_copy_only=False)
        groups = sum(batch.num_rows for batch in dm.totals(source, **ROLES))
        refused = len(expected) - int(expected.sum())
        print(f"{asked.rows:,} rows ({asked.workload}), {groups:,} groups, {refused:,} rows not eligible")
        started = time.perf_counter()
        with (sail if is_sail else classic)(folder, asked.threads) as (session, shuffled):
            session.range(1).count()
            print(f"{'Sail' if is_sail else 'Spark'} {session.version}: start {time.perf_counter() - started:.1f} s")
            session.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", str(BATCH_ROWS))
            ways = {"window": by_window, "deminimis": by_deminimis}
            seconds: dict[str, list[float]] = {name: [] for name in ways}
            moved: dict[str, int | None] = {}
            for number in range(asked.repeats):
                for name in list(ways)[:: -1 if number % 2 else 1]:
                    target = folder / f"{name}-{number}"
                    before = shuffled()
                    started = time.perf_counter()
                    ways[name](session, source, target)
                    seconds[name].append(time.perf_counter() - started)
                    after = shuffled()
                    moved[name] = None if before is None or after is None else after - before
                    if not np.array_equal(masks(target), expected):
                        sys.exit(f"{name}: the mask is not that of one machine")
                    told = "not told" if moved[name] is None else f"{moved[name]:,} bytes shuffled"
                    print(f"  {name}: {seconds[name][-1]:.1f} s, {told}", flush=True)
        for name, all_of_it in seconds.items():
            print(f"{name}: {asked.rows / statistics.median(all_of_it):,.0f} rows a second")
        ratio = statistics.median(seconds["window"]) / statistics.median(seconds["deminimis"])
        print(f"deminimis is {ratio:.2f} times as fast as the window")


if __name__ == "__main__":
    main()
