"""One form of one engine on one piece of work, in a process of its own: `python -m bench.child '{...}'`.

The first call is the cold one; peak memory is that of the process up to its end. Imports, connections and, for work in
memory, loading the table come before the clock. The answer is one line of JSON on stdout; the mask goes to a file.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench import peers

STATUS = Path("/proc/self/status")


def main() -> None:
    """Do what the JSON of the command line asks and print what it took."""
    asked = json.loads(sys.argv[1])
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[: asked["cores"]])
    answer = exact(asked) if asked["engine"] == "exact" else measure(asked)
    print(json.dumps(answer))


def measure(asked: dict) -> dict:
    """Time the first call and the later ones; the last mask is saved."""
    work = work_of(asked)
    form = next(each for each in peers.forms_of(asked["engine"], work.source) if each.name == asked["form"])
    call = form.prepare(work)
    before = start_peak()
    seconds, mask, peak = [], None, 0
    for number in range(1 + asked["warm"]):
        mask = None  # the caller keeps no earlier answer
        start = time.perf_counter()
        mask = call()
        seconds.append(time.perf_counter() - start)
        if number == 0:
            peak = peak_bytes()
    if asked["engine"] != "decode":
        if mask is None:
            mask = pq.read_table(work.target).column(0)
        save(np.asarray(mask.combine_chunks() if isinstance(mask, pa.ChunkedArray) else mask), asked["mask"])
    return {"cold": seconds[0], "warm": seconds[1:], "peak_bytes": peak, "before_bytes": before}


def exact(asked: dict) -> dict:
    """Save the exact mask and count the groups."""
    from bench.peers_duckdb import count_groups, exact_mask

    roles = asked["person"], asked["day"]
    mask = exact_mask(asked["parquet"], *roles, asked["value"], asked["limit"])
    save(mask, asked["mask"])
    return {"groups": count_groups(asked["parquet"], *roles), "eligible": int(mask.sum())}


def work_of(asked: dict) -> peers.Work:
    """The work that is asked for; a table in memory is read here, in chunks of a row group."""
    roles = {role: asked[role] for role in ("person", "day", "value")}
    schema = pq.read_schema(asked["parquet"])
    types = tuple((name, plain(schema.field(name).type)) for name in roles.values())
    table = pq.read_table(asked["parquet"], columns=list(roles.values())) if asked["source"] == "memory" else None
    pa.default_memory_pool().release_unused()
    path = asked["csv"] if asked["source"] == "csv" else asked["parquet"]
    return peers.Work(
        asked["source"],
        path,
        asked["target"],
        asked["threads"],
        **roles,
        limit=asked["limit"],
        table=table,
        types=types,
        memory_limit=asked.get("memory_limit"),
    )


def plain(type_: pa.DataType) -> pa.DataType:
    """The type that a column has in CSV."""
    if pa.types.is_dictionary(type_):
        return plain(type_.value_type)
    return pa.string() if pa.types.is_string_view(type_) or pa.types.is_large_string(type_) else type_


def save(mask: np.ndarray, path: str) -> None:
    np.save(path, np.packbits(mask.astype(bool)))


def start_peak() -> int:
    """Start peak memory afresh from here where the system can (Linux); return what the process holds now."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return 0
    return status_bytes("VmRSS")


def peak_bytes() -> int:
    if STATUS.exists():
        return status_bytes("VmHWM")
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def status_bytes(name: str) -> int:
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    main()
