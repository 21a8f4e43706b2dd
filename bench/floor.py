"""What no engine can beat from a file: pyarrow decoding the same columns on the same number of threads, and no more."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pyarrow.parquet as pq

from bench.peers import Call, Work, form


@form("decode", "pyarrow, a row group per thread", sources=["parquet"])
def decode_parquet(work: Work) -> Call:
    """Decode each row group once, on `work.threads` threads, and drop it."""

    def decode(groups: range) -> None:
        file = pq.ParquetFile(work.path)
        for group in groups:
            file.read_row_group(group, columns=work.roles, use_threads=False)

    def call() -> None:
        groups = pq.read_metadata(work.path).num_row_groups
        with ThreadPoolExecutor(work.threads) as pool:
            list(pool.map(decode, [range(first, groups, work.threads) for first in range(work.threads)]))

    return call


@form("decode", "pyarrow, threaded parse", sources=["csv"])
def decode_csv(work: Work) -> Call:
    """Parse the whole file into typed columns."""
    pa.set_cpu_count(work.threads)

    def call() -> None:
        work.read()

    return call
