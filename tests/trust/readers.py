"""Draw valid files, and read each by the kernel and by pyarrow: `python -m tests.trust.readers --files 13000 --jobs 2`.

Both must come to the same masks, reasons, totals and counts, or to the same error. A file that they differ in is kept.
"""

from __future__ import annotations

import argparse
import collections
import datetime
import gzip
import os
import random
import secrets
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import deminimis as dm
from deminimis.api import start_run
from deminimis.results.scored import scored
from deminimis.sizes import Sizes
from deminimis.sources.open import open_source

ROWS = (0, 1, 2, 9, 64, 500, 3_000)
CODECS = ("none", "snappy", "gzip", "zstd", "lz4", "brotli")
NAMES = ["", " ", "N/A", "Ann", 'Bo, "the" 2nd', "Mary Garcia 18230044 Oak St", "Ærø", "x" * 70, "line\nbreak", "tab\t"]
BAD_DAYS = ["", "2026-02-30", "soon", "26-01-05"]
BAD_VALUES = ["", "-1.00", "abc", "1e400", "12,5", "NaN", "1.00001"]
MEASURED = ("seconds", "phases", "rows_per_second", "peak_rss_bytes", "bytes_spilled")
FIRST = datetime.date(2026, 1, 1)


def some(rng: random.Random, values: list[Any], rows: int) -> list[Any]:
    """Rows of these values, with nulls or without."""
    share = rng.choice([0, 0, 0.02, 0.5])
    return [None if rng.random() < share else rng.choice(values) for _ in range(rows)]


def persons(rng: random.Random, rows: int) -> pa.Array:
    """A column that can name persons."""
    kind = rng.choice(["text", "text", "text", "number", "number", "binary", "fixed"])
    if kind == "number":
        of = rng.choice([pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint32(), pa.uint64()])
        return pa.array(some(rng, list(range(rng.choice([2, 100]))), rows), of)
    if kind == "fixed":
        return pa.array(some(rng, [bytes([i, 7, 255 - i]) for i in range(99)], rows), pa.binary(3))
    many = rng.choice([0, 3, 200, 4_000])
    names = rng.sample(NAMES, rng.randint(1, len(NAMES))) + [f"person {i}" for i in range(many)]
    if kind == "binary":
        return pa.array(
            some(rng, [name.encode() for name in names], rows), rng.choice([pa.binary(), pa.large_binary()])
        )
    texts = pa.array(some(rng, names, rows), rng.choice([pa.string(), pa.string(), pa.large_string()]))
    return texts.dictionary_encode() if rng.random() < 0.2 else texts


def days(rng: random.Random, rows: int) -> pa.Array:
    """A column of days, in order or not."""
    dates = [FIRST + datetime.timedelta(days=rng.choice([0, 1, 2, 400])) for _ in range(4)]
    if rng.random() < 0.4:
        texts = [f"{d}{rng.choice(['', 'T10:30:00', ' 23:59:59'])}" for d in dates]
        texts += rng.choice([[], BAD_DAYS])
        found = pa.array(some(rng, texts, rows), rng.choice([pa.string(), pa.large_string()]))
        return found.dictionary_encode() if rng.random() < 0.2 else found
    found = pa.array(some(rng, dates, rows), pa.date32())
    if rng.random() < 0.5:
        found = found.take(pa.array(sorted(range(rows), key=lambda i: (found[i].as_py() or FIRST, i)), pa.int64()))
    kinds = [pa.date32(), pa.date32(), pa.date64(), *(pa.timestamp(unit) for unit in ("s", "ms", "us", "ns"))]
    return found.cast(rng.choice(kinds))


def values(rng: random.Random, rows: int) -> pa.Array:
    """A column of amounts, some of them none."""
    kind = rng.choice(["float", "float32", "integer", "decimal", "text"])
    amounts = [Decimal(rng.randrange(90_000)).scaleb(-2) for _ in range(rng.choice([2, 30, 2_000]))]
    if kind == "text":
        texts = [str(one) for one in amounts] + rng.choice([[], [], BAD_VALUES])
        return pa.array(some(rng, texts, rows), rng.choice([pa.string(), pa.large_string()]))
    if kind.startswith("float"):
        numbers = [float(one) for one in amounts] + rng.choice([[], [], [float("nan"), -1.0, 1e300, 0.1 + 0.2]])
        return pa.array(some(rng, numbers, rows), pa.float64()).cast(
            pa.float32() if kind == "float32" else pa.float64()
        )
    if kind == "integer":
        of = rng.choice(
            [pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()]
        )
        return pa.array(some(rng, [int(one) % 128 for one in amounts], rows), of)
    return pa.array(some(rng, amounts, rows), pa.decimal128(rng.choice([7, 9, 15, 18, 19, 38]), 2))


def neighbour(rng: random.Random, rows: int) -> pa.Array:
    """A column that plays no role, nested or not."""
    numbers = range(rows)
    kind = rng.choice(["struct", "list", "map", "plain"])
    if kind == "struct":
        of = pa.struct([("a", pa.int64()), ("b", pa.list_(pa.int64()))])
        return pa.array([{"a": i, "b": [i] * (i % 3)} for i in numbers], of)
    if kind == "list":
        return pa.array([None if i % 5 == 0 else [str(i)] * (i % 4) for i in numbers], pa.list_(pa.string()))
    if kind == "map":
        return pa.array([[("k", i)] for i in numbers], pa.map_(pa.string(), pa.int64()))
    return pa.array([i % 2 == 0 for i in numbers], pa.bool_())


def table_of(rng: random.Random, rows: int) -> pa.Table:
    """A manifest with its roles among other columns."""
    columns = {"who": persons(rng, rows), "zip": persons(rng, rows), "day": days(rng, rows), "usd": values(rng, rows)}
    columns |= {f"n{i}": neighbour(rng, rows) for i in range(rng.randrange(3))}
    names = list(columns)
    rng.shuffle(names)
    fields = [
        pa.field(name, columns[name].type, nullable=columns[name].null_count > 0 or rng.random() < 0.7)
        for name in names
    ]
    return pa.table([columns[name] for name in names], schema=pa.schema(fields))


def write_parquet(rng: random.Random, rows: int, path: Path) -> None:
    """A file as some writer's options lay it out."""
    table = table_of(rng, rows)
    layout: dict[str, Any] = {
        "compression": rng.choice(CODECS),
        "version": rng.choice(["1.0", "2.4", "2.6"]),
        "data_page_version": rng.choice(["1.0", "2.0"]),
        "data_page_size": rng.choice([1, 64, 1_000, 1 << 20]),
        "dictionary_pagesize_limit": rng.choice([1, 100, 5_000, 1 << 20]),
        "row_group_size": rng.choice([7, 100, 1_000, 10_000]) if rows > 50 else rng.choice([1, 7, 100]),
        "write_batch_size": rng.choice([1, 9, 1024]),
        "write_page_checksum": rng.random() < 0.3,
        "write_statistics": rng.random() < 0.7,
        "store_schema": rng.random() < 0.7,
        "use_deprecated_int96_timestamps": rng.random() < 0.1,
        "write_page_index": rng.random() < 0.2,
    }
    if rng.random() < 0.3:  # encodings that pyarrow alone reads
        layout["use_dictionary"] = False
        layout["column_encoding"] = {
            field.name: rng.choice(["DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY", "PLAIN"])
            if pa.types.is_string(field.type)
            else "PLAIN"
            for field in table.schema
            if not pa.types.is_nested(field.type)
        }
    else:
        layout["use_dictionary"] = rng.choice([True, False, ["who"], ["day", "usd"]])
        layout["store_decimal_as_integer"] = rng.random() < 0.5
    pq.write_table(table, path, **layout)


def write_csv(rng: random.Random, rows: int, path: Path) -> None:
    """Text as it is written by hand and by programs, a few of its rows wrong."""
    table = table_of(rng, rows).select(["who", "zip", "day", "usd"])
    delimiter, end = rng.choice(",;\t|"), rng.choice(["\n", "\n", "\r\n"])
    always, wrong = rng.choice([0.0, 0.1, 1.0]), rng.choice([0.0, 0.0, 0.002])

    def cell(one: object) -> str:
        text = "" if one is None else one.hex() if isinstance(one, bytes) else str(one)
        if rng.random() < always or any(mark in text for mark in (delimiter, '"', "\n", "\r")):
            text = '"' + text.replace('"', '""') + '"'
        return text[:-1] if text and rng.random() < wrong else text

    lines = [delimiter.join(table.column_names)]
    for row in zip(*(column.to_pylist() for column in table.itercolumns()), strict=True):
        lines.append(delimiter.join(cell(one) for one in row) + (delimiter if rng.random() < wrong else ""))
    text = (end.join(lines) + rng.choice(["", end, end + end])).encode(rng.choice(["utf-8", "utf-8", "utf-8-sig"]))
    path.write_bytes(gzip.compress(text, 1) if path.suffix == ".gz" else text)


def said(path: Path, options: dict[str, Any], sizes: Sizes) -> dict[str, object]:
    """All that a scoring of the file says, or its error."""
    roles = {name: options[name] for name in ("person", "day", "value")}
    others: Any = {name: one for name, one in options.items() if name not in roles}
    try:
        run, reading = start_run(others, outcomes=True, tally=True, sizes=sizes, **roles)
        with closing(run):
            found = scored(run, run.answers(open_source(path, sizes=sizes, **reading)), 0.0)
    except dm.DeminimisError as error:
        return {"error": (type(error).__name__, str(error))}
    summary = {name: one for name, one in found.summary.to_dict().items() if name not in MEASURED}
    rows = {"mask": found.mask.to_pylist(), "reason": found.reason.to_pylist(), "total": found.total.to_pylist()}
    return rows | summary


def verdict(number: int, folder: Path) -> str:
    """What became of the file of this number; "WRONG" where the readers differ."""
    rng = random.Random(number)
    name = f"{number}{rng.choice(['.parquet', '.parquet', '.csv', '.csv.gz'])}"
    path, rows = folder / name, rng.choice(ROWS)
    (write_parquet if path.suffix == ".parquet" else write_csv)(rng, rows, path)
    person: Any = rng.choice(["who", "who", ["who", "zip"]])
    options: dict[str, Any] = {
        "person": person,
        "day": "day",
        "value": "usd",
        "limit": rng.choice([1, 800, "1000000000"]),
    }
    options |= {"threads": rng.choice([1, 2]), "memory_limit": rng.choice([None, "64KiB"])}
    options |= {"bad_values": rng.choice(["unproven", "unproven", "ignore", "error"]), "secret": bytes(32)}
    small: dict[str, Any] = {
        "whole_file_bytes": rng.choice([0, 128 << 10]),
        "piece_rows_least": rng.choice([1, 65_536]),
    }
    small |= {"range_bytes": rng.choice([200, 4 << 20]), "window_bytes": rng.choice([64, 64 << 10])}
    small |= {"block_bytes": rng.choice([300, 8 << 20]), "epoch_rows_a_thread": rng.choice([1, 750_000])}
    ours = said(path, options, Sizes(**small, joined_rows_most=0))
    theirs = said(path, options, Sizes(**small, decodes_pages=False, kernel_bytes_most=0))
    if ours != theirs:
        apart = [one for one in {**ours, **theirs} if ours.get(one) != theirs.get(one)]
        told = "; ".join(f"{one}: {str(ours.get(one))[:300]} is not {str(theirs.get(one))[:300]}" for one in apart)
        return f"WRONG: {name}, {options}, {small}: {told}"
    path.unlink()
    return f"{'refused' if 'error' in ours else 'scored'} {path.suffixes[0]}"


def main() -> int:
    """Try all files, in processes."""
    parser = argparse.ArgumentParser(prog="python -m tests.trust.readers", description=__doc__)
    parser.add_argument("--files", type=int, default=1_000, help="how many files")
    parser.add_argument("--seed", type=int, default=None, help="number of the first; random by default, and printed")
    parser.add_argument("--jobs", type=int, default=1, help="at once")
    given = parser.parse_args()
    seed = secrets.randbelow(10**9) * 1000 if given.seed is None else given.seed
    if given.jobs > 1:
        share = -(-given.files // given.jobs)
        words = [sys.executable, "-m", "tests.trust.readers", "--files", str(share), "--seed"]
        jobs = [subprocess.Popen([*words, str(seed + share * i)], env=os.environ) for i in range(given.jobs)]
        return max(job.wait() for job in jobs)
    began, seen = time.monotonic(), collections.Counter[str]()
    folder = Path(tempfile.mkdtemp())
    for number in range(seed, seed + given.files):
        found = verdict(number, folder)
        seen[found.split(":")[0]] += 1
        if found.startswith("WRONG"):
            print(f"{found}; the file is kept in {folder}", flush=True)
    if not seen["WRONG"]:
        folder.rmdir()
    print(f"{time.monotonic() - began:.0f} s: seed {seed}, {given.files} files, {dict(seen)}", flush=True)
    return min(seen["WRONG"], 1)


if __name__ == "__main__":
    sys.exit(main())
