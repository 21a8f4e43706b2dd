"""What each kind of manifest in memory costs, the same rows in each: `python -m bench.containers --rows 5M`.

CPU of `eligible`, all threads together, and of the conversion to Arrow that it begins with, taken in turns; each kind
in fresh processes, which alternate. Every mask is compared with the table's.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from typing import Any

import pyarrow as pa

import deminimis as dm
from bench import manifests
from deminimis.sources.open import open_source

ROLES = ("person", "day", "value")
CONTAINERS = ("table", "mapping", "polars", "pandas", "duckdb")


def contained(table: pa.Table, container: str) -> Any:
    """The rows of a table in another kind of object."""
    if container == "mapping":
        return {name: table[name] for name in ROLES}
    if container == "polars":
        import polars

        return polars.from_arrow(table)
    if container == "pandas":
        return table.to_pandas(date_as_object=False)
    if container == "duckdb":
        import duckdb

        held = duckdb.connect()
        held.register("rows", table)
        held.execute("create table manifest as select * from rows")
        return held.table("manifest")
    return table


def convert(manifest: Any) -> object:
    """The role columns as Arrow, all of them held."""
    source = open_source(manifest)
    table = source.table(ROLES)
    return [batch for piece in source.pieces(ROLES) for batch in piece.batches()] if table is None else table


def measure(kind: str, container: str, rows: int, repeats: int) -> tuple[float, float]:
    """Seconds of CPU of a conversion and of a call, the medians of warm ones."""
    table = manifests.table(kind, rows)
    manifest = contained(table, container)
    roles: dict[str, Any] = {name: name for name in ROLES} | {"limit": manifests.LIMIT}
    assert dm.eligible(manifest, **roles).equals(dm.eligible(table, **roles))
    seconds: dict[str, list[float]] = {"convert": [], "call": []}
    for _ in range(repeats):
        for name, work in (("convert", lambda: convert(manifest)), ("call", lambda: dm.eligible(manifest, **roles))):
            started = time.process_time()
            work()
            seconds[name].append(time.process_time() - started)
    return statistics.median(seconds["convert"]), statistics.median(seconds["call"])


def main() -> None:
    """Measure every kind of object, and print a line for each."""
    parser = argparse.ArgumentParser(prog="python -m bench.containers", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=manifests.count, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=5, help="processes for each; default: 5")
    parser.add_argument("--child", nargs=2, metavar=("KIND", "CONTAINER"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        print(json.dumps(measure(*args.child, args.rows, repeats=15)))
        return
    print("| persons | manifest | conversion, ms | call, ms | beyond it, by the table's |")
    for kind in ("int", "text"):
        found: dict[str, list[list[float]]] = {container: [] for container in CONTAINERS}
        for _ in range(args.rounds):
            for container in CONTAINERS:
                words = [sys.executable, "-m", "bench.containers", "--rows", str(args.rows), "--child", kind, container]
                found[container].append(json.loads(subprocess.run(words, capture_output=True, check=True).stdout))
        figures = {name: [statistics.median(one) for one in zip(*some, strict=True)] for name, some in found.items()}
        base = figures["table"][1] - figures["table"][0]
        for name, (before, call) in figures.items():
            print(f"| {kind} | {name} | {1e3 * before:.1f} | {1e3 * call:.1f} | {(call - before) / base:.2f} |")


if __name__ == "__main__":
    main()
