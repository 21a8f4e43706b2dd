"""Manifests whose days come in order, or nearly so, in every kind that a manifest can be; no test here."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import oracle
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

ROWS, SPAN = 40_000, 40
FIRST = 19_700  # 2023-12-09, so that the manifest spans two years, two quarters and three months
LIMIT = 2_000
ROLES: dict[str, Any] = {"person": "person", "day": "day", "value": "value"}
WORDS = ["--person", "person", "--day", "day", "--value", "value", "--limit", str(LIMIT), "--memory-limit", "1MiB"]


def manifest(late_days: int, days: int = SPAN) -> tuple[pa.Table, list[oracle.Row]]:
    """Rows of which none lies more than `late_days` behind, with every kind of row that belongs to no total."""
    rng = np.random.default_rng(late_days)
    day = FIRST + np.arange(ROWS) * days // ROWS - rng.integers(0, late_days + 1, ROWS)
    names = [
        None if who == 0 else "N/A" if who == 1 else f"person {who}" for who in rng.integers(0, 300, ROWS).tolist()
    ]
    table = pa.table(
        {
            "person": pa.array(names, pa.string()),
            "day": pa.array(day.astype(np.int32), pa.date32(), mask=rng.integers(0, 50, ROWS) == 0),
            "value": pa.array(rng.integers(-5, 900, ROWS)),
            "excluded": pa.array(rng.integers(0, 30, ROWS) == 0),
        }
    )
    cells = zip(*(table[name].to_pylist() for name in table.column_names), strict=True)
    return table, [oracle.Row(person, day, value, excluded=excluded) for person, day, value, excluded in cells]


def as_csv(table: pa.Table) -> bytes:
    """A file in which nothing tells a missing cell from an empty one, and which says true and false."""
    sink = io.BytesIO()
    pa.csv.write_csv(table, sink)
    return sink.getvalue()


def in_memory(table: pa.Table, folder: Path) -> Any:
    return table


def batch_by_batch(table: pa.Table, folder: Path) -> Any:
    return table.to_reader(max_chunksize=700)


def whole_batch(table: pa.Table, folder: Path) -> Any:
    return table.combine_chunks().to_reader()


def csv(table: pa.Table, folder: Path) -> Any:
    (folder / "in.csv").write_bytes(as_csv(table))
    return folder / "in.csv"


def packed_csv(table: pa.Table, folder: Path) -> Any:
    (folder / "in.csv.gz").write_bytes(gzip.compress(as_csv(table)))
    return folder / "in.csv.gz"


def arrow_file(table: pa.Table, folder: Path) -> Any:
    with pa.ipc.new_file(folder / "in.arrow", table.schema) as file:
        file.write_table(table, max_chunksize=3_000)
    return folder / "in.arrow"


def arrow_stream(table: pa.Table, folder: Path) -> Any:
    with pa.ipc.new_stream(folder / "in.arrows", table.schema) as file:
        file.write_table(table, max_chunksize=3_000)
    return folder / "in.arrows"


def two_files(table: pa.Table, folder: Path) -> Any:
    for name, part in (("1", table[: ROWS // 3]), ("2", table[ROWS // 3 :])):
        (folder / f"{name}.csv").write_bytes(as_csv(part))
    return [folder / "1.csv", folder / "2.csv"]


def without_statistics(table: pa.Table, folder: Path) -> Any:
    pq.write_table(table, folder / "in.parquet", write_statistics=False, row_group_size=ROWS // 5)
    return folder / "in.parquet"


KINDS: list[Callable[[pa.Table, Path], Any]] = [
    in_memory, batch_by_batch, whole_batch, csv, packed_csv, two_files, arrow_file, arrow_stream, without_statistics,
]  # fmt: skip


def answers(verdicts: list[oracle.Verdict]) -> pa.Table:
    """What the verdicts are as columns."""
    return pa.table(
        {
            "eligible": [verdict.eligible for verdict in verdicts],
            "reason": [verdict.reason for verdict in verdicts],
            "total": pa.array([verdict.total for verdict in verdicts], pa.decimal128(38, 4)),
        }
    )


def hold(out: pa.Table, expected: pa.Table) -> None:
    """The answers are those expected, as far as columns are there."""
    for name in {"eligible", "reason", "total"} & {*out.column_names}:
        got, want = (one[name].cast(expected.schema.field(name).type).combine_chunks() for one in (out, expected))
        assert "eligible" in out.column_names and got.equals(want), name
