"""Manifests of many partitions and workers, around the sizes at which the work is divided otherwise."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import oracle
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

import deminimis as dm

ROLES = {"person": "person", "day": "day", "value": "value", "excluded": "excluded", "limit": 800}


@cache
def manifest(rows: int, person: pa.DataType) -> pa.Table:
    """Persons of whom most have few rows and one has a tenth of all; some values are missing, some rows excluded."""
    random = np.random.default_rng(rows)
    persons = np.where(random.random(rows) < 0.1, 7, random.integers(0, max(rows // 3, 1), rows))
    days = random.integers(19_700, 19_703, rows).astype(np.int32)
    return pa.table(
        {
            "person": pa.array(persons).cast(person),
            "day": pa.array(days, pa.date32()),
            "value": pa.array(random.integers(0, 700, rows), mask=random.random(rows) < 0.02),
            "excluded": pa.array(random.random(rows) < 0.02),
        }
    )


@cache
def by_sums(rows: int, person: pa.DataType) -> pa.StringArray:
    """The reasons of a manifest, by NumPy's sums of integers."""
    table = manifest(rows, person)
    persons = table["person"].combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)
    keys = persons * 100_000 + table["day"].cast(pa.int32()).to_numpy()
    _, groups = np.unique(keys, return_inverse=True)
    bad = table["value"].is_null().to_numpy()
    totals = np.bincount(groups, table["value"].fill_null(0).to_numpy())
    is_unproven = np.bincount(groups, bad) > 0
    reasons = np.where(is_unproven[groups], "unproven-total", "eligible")
    reasons = np.where(totals[groups] > 800, "over-limit", reasons)
    reasons = np.where(table["excluded"].to_numpy(), "excluded", reasons)
    return pa.array(np.where(bad, "bad-value", reasons))


@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize("person", [pa.int32(), pa.string()], ids=str)
@pytest.mark.parametrize("rows", [63, 64, 65, 1_023, 1_024, 1_025, 8_193, 65_537, 270_000])
def test_all_of_a_group(rows: int, person: pa.DataType, threads: int) -> None:
    """Mask and reasons are those of plain sums, also where the two take different ways through the kernel."""
    table = manifest(rows, person)
    reasons = by_sums(rows, person)
    scored = dm.score(table, **ROLES, threads=threads)
    assert scored.reason.cast(pa.string()).equals(reasons)
    mask = dm.eligible(table.to_reader(max_chunksize=50_000), **ROLES, threads=threads)
    assert mask.equals(scored.mask)
    assert mask.equals(pc.equal(reasons, "eligible"))


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("rows", [1_025, 40_000])
def test_excess_of_a_group(rows: int, threads: int) -> None:
    """In row order, whatever the worker that read a row: accepted while it fits."""
    table = manifest(rows, pa.int32())
    columns = (table[name].to_pylist() for name in ("person", "day", "value", "excluded"))
    plain = [oracle.Row(p, d, v, excluded=x) for p, d, v, x in zip(*columns, strict=True)]
    expected = oracle.judge(plain, oracle.constant(800), overflow="excess", bad_values="ignore")
    options = ROLES | {"overflow": "excess", "bad_values": "ignore", "threads": threads}
    mask = dm.eligible(table.to_reader(max_chunksize=997), **options)
    assert mask.to_pylist() == [verdict.eligible for verdict in expected]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("overflow", ["all", "excess"])
@pytest.mark.parametrize("memory_limit", ["64KiB", "16MiB"])
def test_memory_that_does_not_do(memory_limit: str, overflow: str, threads: int) -> None:
    """What had to leave the memory comes back to the same reasons and totals, in row order."""
    table = manifest(300_000, pa.string())
    options = ROLES | {"overflow": overflow}
    whole = dm.score(table, **options, memory_limit="4GiB")
    tight = dm.score(table.to_reader(max_chunksize=20_000), **options, memory_limit=memory_limit, threads=threads)
    assert tight.reason.equals(whole.reason)
    assert tight.total.equals(whole.total)
    assert dm.eligible(table, **options, memory_limit=memory_limit, threads=threads).equals(whole.mask)


@pytest.mark.parametrize("rows_per_batch", [1, 3_000, 200_000])
def test_chunks_of_a_large_manifest(rows_per_batch: int) -> None:
    """Many small batches and few large ones are the same rows."""
    table = manifest(200_000, pa.string()).slice(0, 200_000 if rows_per_batch > 1 else 5_000)
    whole = dm.eligible(table.combine_chunks(), **ROLES, threads=1)
    assert dm.eligible(table.to_reader(max_chunksize=rows_per_batch), **ROLES, threads=2).equals(whole)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", ["{}.parquet", "{}.csv"])
def test_first_bad_row_of_files(tmp_path: Path, name: str, threads: int) -> None:
    """The first bad row of all is named, although another worker meets a later one sooner."""
    files, rows = [tmp_path / name.format(i) for i in range(2)], 200_000
    for file, bad in zip(files, (rows - 1, 0), strict=True):
        columns = {"person": np.arange(rows), "day": np.full(rows, "2024-06-01"), "value": np.ones(rows, np.int8)}
        columns["value"][bad] = -1
        if name.endswith("csv"):
            pyarrow.csv.write_csv(pa.table(columns), file)
        else:
            pq.write_table(pa.table(columns), file, row_group_size=rows // 8)
    roles = {"person": "person", "day": "day", "value": "value", "limit": 800}
    for _ in range(5):
        with pytest.raises(dm.errors.BadValueError) as caught:
            dm.eligible(files, **roles, bad_values="error", threads=threads)
        assert (caught.value.file, caught.value.row) == (str(files[0]), rows - 1)
