"""Rows and answers as one stream: the manifest's own columns and what `score` says, in row order, for any engine."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import duckdb
import oracle
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kinds import PLACEHOLDERS
from strategies import Manifest, manifests

import deminimis as dm
from deminimis.errors import InputError

ROWS = 40_000
TABLE = pa.table(
    {
        "who": [f"person {i % 9_000}" for i in range(ROWS)],
        "day": [f"2024-06-{1 + i * 28 // ROWS:02}" for i in range(ROWS)],
        "usd": pa.array([i % 900 for i in range(ROWS)], pa.int64()),
        "note": pa.array([None if i % 3 else f"n{i}" for i in range(ROWS)], pa.string()),
    }
)
ROLES: dict[str, Any] = {"person": "who", "day": "day", "value": "usd", "limit": 800}
SCORED = dm.score(TABLE, **ROLES)
EXPECTED = TABLE.append_column("eligible", SCORED.mask).append_column("reason", SCORED.reason).to_pylist()


def descriptors() -> list[str]:
    """The files that this process has open."""
    return sorted(path.name for path in Path("/proc/self/fd").iterdir())


def files(folder: Path, count: int = 2) -> list[Path]:
    """The table in files of small row groups."""
    paths = [folder / f"{number}.parquet" for number in range(count)]
    size = ROWS // count
    for number, path in enumerate(paths):
        pq.write_table(TABLE.slice(number * size, size), path, row_group_size=1000)
    return paths


def bits(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column with floats as their bits: a NaN is no other's equal."""
    if not pa.types.is_floating(column.type):
        return column
    whole = {16: pa.uint16(), 32: pa.uint32(), 64: pa.uint64()}[column.type.bit_width]
    return pa.chunked_array([chunk.view(whole) for chunk in column.chunks], whole)


@settings(max_examples=20)
@given(manifests(), st.integers(1, 4))
def test_answers_are_the_oracles(manifest: Manifest, threads: int) -> None:
    """Rows of every type come as they are, each with the oracle's reason and total beside it."""
    table = manifest.table()
    options = {"limit": 8, "threads": threads, "placeholders": PLACEHOLDERS}
    found = pa.table(dm.stream(table, **manifest.roles, **options, columns=("eligible", "reason", "total")))
    found.validate(full=True)
    expected = oracle.judge(manifest.rows, oracle.constant(8), placeholders=PLACEHOLDERS)
    assert found.schema.names[: table.num_columns] == table.schema.names
    assert all(found[name].type == column.type for name, column in zip(table.schema.names, table.columns, strict=True))
    assert all(bits(found[name]).equals(bits(table[name])) for name in table.schema.names)
    assert found["eligible"].to_pylist() == [verdict.eligible for verdict in expected]
    assert found["reason"].to_pylist() == [verdict.reason for verdict in expected]
    assert found["total"].to_pylist() == [verdict.total for verdict in expected]


@pytest.mark.parametrize("memory_limit", ["1B", "1GiB"])
@pytest.mark.parametrize("name", ["t.parquet", "t.csv", "t.arrow", "several"])
def test_files(tmp_path: Path, name: str, memory_limit: str) -> None:
    """Files of every format, held or spilled, give the rows and the answers of the table; text stays text in CSV."""
    path: Any = tmp_path / name
    if name == "several":
        path = files(tmp_path)
    elif name == "t.parquet":
        pq.write_table(TABLE, path, row_group_size=3000)
    elif name == "t.csv":
        pc.write_csv(TABLE, path)
    else:
        with pa.ipc.new_file(path, TABLE.schema) as writer:
            writer.write_table(TABLE, max_chunksize=700)
    rows = dm.stream(path, **ROLES, memory_limit=memory_limit)
    found = pa.table(rows)
    assert found.schema.equals(rows.schema)
    if name == "t.csv":
        found = found.set_column(2, "usd", found["usd"].cast(pa.int64()))
        note = pa.array([text or None for text in found["note"].to_pylist()], pa.string())
        found = found.set_column(3, "note", note)
    assert found.to_pylist() == EXPECTED
    assert rows.summary is not None and rows.summary.rows == ROWS


def test_engines(tmp_path: Path) -> None:
    """DuckDB, Polars, pandas and pyarrow's writers each take it in one line, as often as they like."""
    rows = dm.stream(TABLE, **ROLES)
    assert duckdb.sql("select * from rows").to_arrow_table().to_pylist() == EXPECTED
    least = duckdb.sql("select usd from rows where not eligible order by usd limit 1").fetchall()
    assert least == [(min(row["usd"] for row in EXPECTED if not row["eligible"]),)]
    assert pl.DataFrame(rows).to_dicts() == EXPECTED
    assert pd.DataFrame.from_arrow(rows)["eligible"].to_list() == SCORED.mask.to_pylist()
    ds.write_dataset(rows, tmp_path / "out", format="parquet")
    assert ds.dataset(tmp_path / "out").to_table().to_pylist() == EXPECTED
    with pa.ipc.new_file(tmp_path / "out.arrow", rows.schema) as writer:
        for batch in rows.to_reader():
            writer.write_batch(batch)
    assert pa.ipc.open_file(tmp_path / "out.arrow").read_all().to_pylist() == EXPECTED


@pytest.mark.parametrize("columns", [["reason"], ["eligible", "note"], ["usd", "reason", "who", "eligible"]])
@pytest.mark.parametrize("kind", ["table", "files", "files that differ"])
def test_some_columns(tmp_path: Path, kind: str, columns: list[str]) -> None:
    """A reader of some columns gives them in the order asked for; what a file lacks is null."""
    expected = [{name: row[name] for name in columns} for row in EXPECTED]
    paths = files(tmp_path)
    if kind == "files that differ":
        pq.write_table(TABLE.slice(ROWS // 2).drop_columns("note"), paths[1])
        expected[ROWS // 2 :] = [row | ({"note": None} if "note" in row else {}) for row in expected[ROWS // 2 :]]
    rows = dm.stream(TABLE if kind == "table" else paths, **ROLES)
    assert rows.to_reader(columns).read_all().to_pylist() == expected
    assert pa.table(rows).select(columns).to_pylist() == expected


def test_columns_that_a_reader_cannot_give() -> None:
    """One that is not there, one twice, and none of the answers are refused."""
    rows = dm.stream(TABLE, **ROLES)
    with pytest.raises(InputError, match=r"column 'x': the column is not one of who, day, usd, note, eligible, reason"):
        rows.to_reader(["x", "eligible"])
    with pytest.raises(InputError, match="columns= has 'who' twice"):
        rows.to_reader(["who", "eligible", "who"])
    with pytest.raises(InputError, match="names no answer: add eligible or reason, or read the manifest itself"):
        rows.to_reader(["who"])


@pytest.mark.parametrize("size", [0, 1])
def test_small_manifests(size: int, tmp_path: Path) -> None:
    """No row, and one, in memory and in files, have a schema and an end."""
    table = TABLE.slice(0, size)
    pq.write_table(table, tmp_path / "t.parquet")
    for manifest in (table, dict(zip(table.column_names, table.columns, strict=True)), tmp_path / "t.parquet"):
        found = pa.table(dm.stream(manifest, **ROLES))
        assert found.column_names == [*TABLE.column_names, "eligible", "reason"]
        assert found["reason"].to_pylist() == ["eligible"] * size


def test_several_streams_at_once() -> None:
    """Streams of one object do not touch one another, in one thread or in many."""
    rows = dm.stream(TABLE, **ROLES)
    one, other = rows.to_reader(), rows.to_reader()
    first = one.read_next_batch()
    assert pa.Table.from_batches([*other]).to_pylist() == EXPECTED
    assert pa.Table.from_batches([first, *one]).to_pylist() == EXPECTED
    found: list[bool] = []
    threads = [threading.Thread(target=lambda: found.append(pa.table(rows).to_pylist() == EXPECTED)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 3


def test_nothing_is_left_of_a_reader_that_is_let_go(tmp_path: Path) -> None:
    """No open file, spill or thread outlives a stream that nobody reads to its end, or that is never begun."""
    paths = files(tmp_path)
    spilled = tmp_path / "spilled"
    spilled.mkdir()
    rows = dm.stream(paths, **ROLES, memory_limit="1B", spill_dir=spilled)
    pa.table(rows)  # what is made once for the whole process is there now
    before = descriptors(), threading.active_count()
    reader = rows.to_reader()
    assert reader.read_next_batch().num_rows > 0
    assert len(descriptors()) > len(before[0])
    del reader
    rows.to_reader()
    rows.__arrow_c_stream__()
    assert duckdb.sql("select who from rows limit 1").fetchall() == [("person 0",)]
    assert (descriptors(), threading.active_count()) == before
    assert list(spilled.iterdir()) == []
    assert rows.summary is not None and rows.summary.rows == ROWS


@pytest.mark.parametrize("name", ["eligible", "reason"])
def test_a_column_of_an_answers_name_is_refused(name: str, tmp_path: Path) -> None:
    """The error names the column; where that answer is not asked for, the column is one as any other."""
    table = TABLE.rename_columns(["who", "day", "usd", name])
    with pytest.raises(InputError, match=f"column '{name}': the manifest has a column of this name already; rename it"):
        dm.stream(table, **ROLES)
    other = "reason" if name == "eligible" else "eligible"
    assert pa.table(dm.stream(table, **ROLES, columns=[other])).column_names == ["who", "day", "usd", name, other]


def test_what_cannot_be_streamed_is_refused_at_once(tmp_path: Path) -> None:
    """What comes once, a column or an option that is not there, and columns of two types, before any row is read."""
    with pytest.raises(InputError, match=r"a stream of rows and answers reads the manifest twice, and this one comes"):
        dm.stream(TABLE.to_reader(), **ROLES)
    with pytest.raises(dm.errors.ColumnNotFoundError, match=r"no column 'whom' for the person.* Did you mean 'who'"):
        dm.stream(TABLE, **ROLES | {"person": "whom"})
    with pytest.raises(InputError, match="columns= takes some of"):
        dm.stream(TABLE, **ROLES, columns=["mask"])
    with pytest.raises(TypeError, match="did you mean 'limit'"):
        dm.stream(TABLE, person="who", day="day", value="usd", max=800)
    first, second = files(tmp_path)
    pq.write_table(TABLE.slice(0, 1).set_column(3, "note", pa.array([1])), second)
    with pytest.raises(InputError, match="write both with one type, or take the answers alone"):
        dm.stream([first, second], **ROLES)


@pytest.mark.parametrize("change", ["written again", "replaced", "removed", "other rows"])
def test_a_file_that_changes_between_the_two_readings(tmp_path: Path, change: str) -> None:
    """Once the answers are there, a file that is no longer what was scored is an error before a row of it comes."""
    first, second = files(tmp_path)
    reader = dm.stream([first, second], **ROLES).to_reader()
    rows = reader.read_next_batch().num_rows  # all answers are there, and the first file is read again
    if change == "written again":
        status = second.stat()
        os.utime(second, ns=(status.st_atime_ns, status.st_mtime_ns + 10**10))
    elif change == "removed":
        second.unlink()
    else:
        other = tmp_path / "other"
        other.write_bytes(second.read_bytes())
        if change == "other rows":
            pq.write_table(TABLE.slice(0, 5), other)
        other.replace(second)
    with pytest.raises(InputError, match=r"1\.parquet: was (written to|replaced|removed)"):
        while True:
            rows += reader.read_next_batch().num_rows
    assert rows == ROWS // 2


def test_a_dataset_that_changes_between_the_two_readings(tmp_path: Path) -> None:
    """Where pyarrow reads the files, another number of rows than were scored is an error too."""
    paths = [str(tmp_path / name) for name in ("0.csv", "1.csv")]
    for size, before, what in ((10, 20, "was cut short"), (20, 10, "grew")):
        pc.write_csv(TABLE.slice(0, ROWS // 2), paths[0])
        pc.write_csv(TABLE.slice(0, before), paths[1])
        reader = dm.stream(ds.dataset(paths, format="csv"), **ROLES).to_reader()
        reader.read_next_batch()
        pc.write_csv(TABLE.slice(0, size), paths[1])
        with pytest.raises(InputError, match=rf"1\.csv: {what} while it was read"):
            reader.read_all()


READERS = {
    "duckdb": lambda rows: duckdb.sql("from rows").fetchall(),
    "polars": pl.DataFrame,
    "pandas": pd.DataFrame.from_arrow,
    "pyarrow": pa.table,
    "reader": lambda rows: rows.to_reader().read_all(),
}


@pytest.mark.parametrize("engine", READERS)
def test_errors_reach_the_consumer(engine: str) -> None:
    """What is wrong with a row is told in its words, and by a reader of Python's as the error that it is."""
    table = TABLE.set_column(2, "usd", pa.array(["1"] * 7 + ["x"] + ["1"] * (ROWS - 8)))
    rows = dm.stream(table, **ROLES, bad_values="error")
    with pytest.raises(Exception, match="'usd', row 7") as caught:
        READERS[engine](rows)
    if engine == "reader":
        assert isinstance(caught.value, dm.errors.BadValueError) and caught.value.row == 7
