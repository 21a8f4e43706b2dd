"""The one generator of manifests: every kind, any size, a block of a million rows at a time.

`python -m bench.manifests KIND ROWS OUT.parquet|OUT.csv` writes one; `table` and `batches` keep it in memory. A block
depends on the kind, the number of rows, the seed and its own number alone, so blocks are made in parallel, in bounded
memory, and come out the same on every machine. How a person is written is in `persons.py`.
"""

from __future__ import annotations

import argparse
import collections
import itertools
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from bench import persons

BLOCK_ROWS = 1_000_000
DAY_FIRST = 19_723  # 2024-01-01, in days since 1970-01-01
DAYS_MOST = 365
LIMIT = 800
BOUNDARY_ROWS = 8  # rows of each person-day of the kind "boundary"
VALUE_TYPES = {"float": pa.float64(), "decimal": pa.decimal128(10, 2), "int": pa.int64()}


@dataclass(frozen=True)
class Kind:
    """What makes one kind of manifest differ from the usual one."""

    about: str
    pick: Callable[[np.random.Generator, int, int, int], np.ndarray] = persons.pick_skewed
    spell: Callable[[np.ndarray], pa.Array] = persons.spell_account
    days: str = "nearly in order"  # or "shuffled", "one", "by eights"
    values: str = "usual"  # or "over", "boundary"


KINDS: dict[str, Kind] = {
    "int": Kind("int64 persons, skewed, days nearly in order: the usual manifest"),
    "text": Kind("the same persons as names and addresses of about 30 bytes", spell=persons.spell_text),
    "dictionary": Kind(
        "20,000 text persons, dictionary encoded", pick=persons.pick_few, spell=persons.spell_dictionary
    ),
    "shuffled": Kind("int64 persons, days in no order", days="shuffled"),
    "text-shuffled": Kind("text persons, days in no order", spell=persons.spell_text, days="shuffled"),
    "giant": Kind("one person has half of all rows", pick=persons.pick_giant),
    "equal": Kind("every row has the same person and day", pick=persons.pick_one, days="one"),
    "distinct": Kind("no person comes twice", pick=persons.pick_distinct),
    "over": Kind("every single row is over the limit", values="over"),
    "boundary": Kind(
        "every person-day totals exactly 800.00, which float sums miss",
        pick=persons.pick_eights,
        days="by eights",
        values="boundary",
    ),
    "strides": Kind("persons are multiples of 4,096", pick=persons.pick_distinct, spell=persons.spell_strides),
    "low-bits": Kind("persons share their low 32 bits", pick=persons.pick_distinct, spell=persons.spell_low_bits),
    "high-bits": Kind("persons share their high 31 bits", pick=persons.pick_distinct, spell=persons.spell_high_bits),
}


def days_in(rows: int) -> int:
    """The number of days over which so many rows are spread: a year, or less for a small manifest."""
    return max(1, min(DAYS_MOST, rows // 1_000))


def batch(
    kind: str,
    rows: int,
    block: int,
    *,
    seed: int = 0,
    value: str = "float",
    days: int | None = None,
    block_rows: int = BLOCK_ROWS,
) -> pa.RecordBatch:
    """Make one block of a manifest.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    rows : int
        Rows of the whole manifest, which decide how many persons and days there are.
    block : int
        The block's number; it holds rows `block * block_rows` and on.
    value : {"float", "decimal", "int"}
        float64, decimal128(10, 2), or whole currency units as int64.
    days : int, optional
        Days that the manifest covers; by default what `days_in` says.
    """
    made = KINDS[kind]
    first = block * block_rows
    n = min(block_rows, rows - first)
    rng = np.random.Generator(np.random.SFC64([seed, block]))
    person = made.spell(made.pick(rng, first, n, rows))
    day = DAY_FIRST + _days(made.days, rng, first, n, rows, days or days_in(rows))
    columns = [person, pa.array(day.astype(np.int32)).view(pa.date32()), _values(made.values, rng, n, value)]
    return pa.RecordBatch.from_arrays(columns, names=["person", "day", "value"])


def _days(form: str, rng: np.random.Generator, first: int, n: int, rows: int, days: int) -> np.ndarray:
    if form == "one":
        return np.zeros(n, np.int64)
    if form == "shuffled":
        return rng.integers(0, days, n)
    row = np.arange(first, first + n)
    if form == "by eights":
        row -= row % BOUNDARY_ROWS
        return row * days // rows
    step = np.zeros(256, np.int8)
    step[:13], step[13:26] = -1, 1  # one row in ten is a day early or late
    due = row * days // rows
    return np.clip(due + step[rng.integers(0, 256, n, np.uint8)], 0, days - 1)


def _values(form: str, rng: np.random.Generator, n: int, value: str) -> pa.Array:
    """Values of n rows, made as whole hundredths so that each type holds the same amounts."""
    if form == "over":
        hundredths = rng.integers(LIMIT * 100 + 100, 250_000, n)
    elif form == "boundary":
        cuts = np.sort(rng.integers(0, LIMIT * 100, (-(-n // BOUNDARY_ROWS), BOUNDARY_ROWS - 1)), axis=1)
        hundredths = np.diff(cuts, axis=1, prepend=0, append=LIMIT * 100).reshape(-1)[:n]
    else:
        drawn = np.exp(rng.standard_normal(n, np.float32) * np.float32(1.1) + np.float32(np.log(3_000)))
        hundredths = np.clip(drawn, 1, 250_000).astype(np.int64)
    if value == "int":
        return pa.array(hundredths // 100)
    if value == "decimal":
        words = np.zeros((n, 2), np.int64)  # a decimal128 is two little-endian words; no amount here is negative
        words[:, 0] = hundredths
        return pa.Array.from_buffers(VALUE_TYPES[value], n, [None, pa.py_buffer(words)])
    return pa.array(hundredths / 100)


def batches(
    kind: str, rows: int, *, threads: int | None = None, block_rows: int = BLOCK_ROWS, **asked: Any
) -> Iterator[pa.RecordBatch]:
    """Yield a manifest's blocks in row order, as `batch` makes them; at most two per thread exist at a time."""
    threads = threads or len(os.sched_getaffinity(0))
    blocks = range(-(-rows // block_rows))
    ahead: collections.deque[Future[pa.RecordBatch]] = collections.deque()
    with ThreadPoolExecutor(threads) as pool:
        waiting = (pool.submit(batch, kind, rows, block, block_rows=block_rows, **asked) for block in blocks)
        ahead.extend(itertools.islice(waiting, threads + 1))
        while ahead:
            yield ahead.popleft().result()
            ahead.extend(itertools.islice(waiting, 1))


def table(kind: str, rows: int, *, seed: int = 0, value: str = "float", days: int | None = None) -> pa.Table:
    """Make a whole manifest in memory, a chunk per block."""
    return pa.Table.from_batches(list(batches(kind, rows, seed=seed, value=value, days=days)))


def write(
    kind: str, rows: int, target: str | Path, *, seed: int = 0, value: str = "float", days: int | None = None
) -> None:
    """Write a manifest: Parquet (zstd, a row group per block) or CSV (a header, nothing quoted), by the file's ending.

    The file appears under its name only when it is whole.
    """
    target = Path(target)
    if target.suffix not in (".parquet", ".csv"):
        raise ValueError(
            f"{target}: a manifest is written as .parquet or .csv, not {target.suffix or 'without ending'!r}"
        )
    unfinished = target.with_name(target.name + ".part")
    made = batches(kind, rows, seed=seed, value=value, days=days)
    try:
        first = next(made)
        with _writer(unfinished, target.suffix, first.schema) as writer:
            for block in itertools.chain([first], made):
                writer.write_batch(block)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def _writer(path: Path, suffix: str, schema: pa.Schema) -> pq.ParquetWriter | pa.csv.CSVWriter:
    if suffix == ".csv":
        plain = [field.with_type(pa.string()) if pa.types.is_dictionary(field.type) else field for field in schema]
        return pa.csv.CSVWriter(
            path, pa.schema(plain), write_options=pa.csv.WriteOptions(quoting_style="none", quoting_header="none")
        )
    return pq.ParquetWriter(path, schema, compression="zstd")


def count(text: str) -> int:
    """Read a number of rows as people write it: 5000, 5_000, 20M, 1.36G."""
    scale = {"k": 10**3, "m": 10**6, "g": 10**9, "b": 10**9}.get(text[-1:].lower(), 1)
    number = round(float(text if scale == 1 else text[:-1]) * scale)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text}: a manifest has at least one row")
    return number


def main() -> None:
    """Write the manifest that the command line asks for."""
    kinds = "\n".join(f"  {name:14} {kind.about}" for name, kind in KINDS.items())
    parser = argparse.ArgumentParser(
        prog="python -m bench.manifests",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"kinds:\n{kinds}",
    )
    parser.add_argument("kind", choices=KINDS, metavar="KIND")
    parser.add_argument("rows", type=count, metavar="ROWS", help="5000, 20M, 1.36G")
    parser.add_argument("target", metavar="OUT.parquet|OUT.csv")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--value", choices=VALUE_TYPES, default="float", help="type of the value column")
    parser.add_argument("--days", type=int, help="days that the manifest covers (default: 365, fewer when small)")
    asked = parser.parse_args()
    write(asked.kind, asked.rows, asked.target, seed=asked.seed, value=asked.value, days=asked.days)


if __name__ == "__main__":
    main()
