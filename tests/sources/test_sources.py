"""Every kind of manifest gives the rows it holds, in order, or an InputError that names the file."""

from __future__ import annotations

import datetime
import gzip
import io
import os
import sys
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from deminimis.errors import InputError
from deminimis.sizes import Sizes
from deminimis.sources.open import Source, open_source

TABLE = pa.table(
    {
        "person": ["00123", "Zoë", None, "x", "y"],
        "day": pa.array([0, 1, 1, 2, None], pa.date32()),
        "units": pa.array([5, 4, 3, 2, 1], pa.int64()),
    }
)


def rows(source: Source, columns: list[str] | None = None, **options: Any) -> list[dict[str, Any]]:
    """The rows of a source, piece by piece."""
    return [
        row for piece in source.pieces(columns, **options) for batch in piece.batches() for row in batch.to_pylist()
    ]


IN_MEMORY = {
    "table": lambda: TABLE,
    "chunked table": lambda: pa.concat_tables([TABLE.slice(0, 2), TABLE.slice(2)]),
    "batch": lambda: TABLE.to_batches()[0],
    "reader": lambda: TABLE.to_reader(max_chunksize=2),
    "dataset": lambda: ds.dataset(TABLE),
    "polars": lambda: pl.from_arrow(TABLE),
    "pandas": lambda: TABLE.to_pandas(),
    "duckdb": lambda: duckdb.from_arrow(TABLE),
    "mapping": lambda: {name: TABLE.column(name) for name in TABLE.column_names},
    "series": lambda: {name: pl.from_arrow(TABLE.column(name)) for name in TABLE.column_names},
    "lists": lambda: {name: TABLE.column(name).to_pylist() for name in TABLE.column_names},
}


@pytest.mark.parametrize("kind", IN_MEMORY)
@pytest.mark.parametrize("columns", [["units", "person"], ["day"], None])
def test_memory_gives_its_rows(kind: str, columns: list[str] | None) -> None:
    """Each container gives the columns asked for, in that order, and all rows."""
    got = rows(open_source(IN_MEMORY[kind]()), columns)
    assert got == TABLE.select(columns or TABLE.column_names).to_pylist()


def test_table_is_not_copied() -> None:
    """A table's batches have the table's own buffers."""
    (piece,) = open_source(TABLE).pieces(["units"])
    (batch,) = piece.batches()
    assert batch.column(0).buffers()[1].address == TABLE.column("units").chunk(0).buffers()[1].address


def test_large_table_is_several_pieces() -> None:
    """The pieces of a table know their first rows, so that several workers can share one chunk."""
    pieces = list(open_source(TABLE, sizes=Sizes(piece_rows_most=2)).pieces(None))
    assert [(piece.first_row, piece.rows) for piece in pieces] == [(0, 2), (2, 2), (4, 1)]


def test_stream_is_read_once() -> None:
    """The second read of a stream is an error, not an empty manifest."""
    source = open_source(TABLE.to_reader())
    assert len(rows(source)) == 5
    with pytest.raises(InputError, match="only once"):
        rows(source)


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ({"a": [1], "b": [1, 2]}, "column 'b': it has 2 rows and the column 'a' has 1"),
        ({"a": np.zeros((2, 2))}, "column 'a': it is not an array of one dimension"),
        ({"a": "abc"}, "column 'a': it is not an array of one dimension"),
        ({1: [2]}, "the column name 1 is not text"),
        ({}, "no columns"),
        ([], "list of files is empty"),
        (7, "builtins.int is no manifest"),
        (b"PAR1", r"give what a file holds as io.BytesIO"),
        (io.StringIO("a"), 'mode "rb"'),
    ],
)
def test_what_is_no_manifest(manifest: Any, message: str) -> None:
    """What cannot be read says what it is and what would work."""
    with pytest.raises(InputError, match=message):
        open_source(manifest)


def test_columns_are_checked() -> None:
    """A column that is missing or that is there twice is refused by name."""
    with pytest.raises(InputError, match="'cost': the column is not one of person, day, units"):
        rows(open_source(TABLE), ["cost"])
    with pytest.raises(InputError, match="'person': the column is there more than once"):
        rows(open_source(TABLE.rename_columns(["person", "person", "units"])), ["person"])


def write_all(folder: Path) -> dict[str, Path]:
    """The table in each file format, with small row groups and batches."""
    pq.write_table(TABLE, folder / "t.parquet", row_group_size=2)
    with pa.OSFile(str(folder / "t.arrow"), "wb") as file, pa.ipc.new_file(file, TABLE.schema) as writer:
        writer.write_table(TABLE, max_chunksize=2)
    with pa.OSFile(str(folder / "t.arrows"), "wb") as file, pa.ipc.new_stream(file, TABLE.schema) as writer:
        writer.write_table(TABLE, max_chunksize=2)
    (folder / "nameless").write_bytes((folder / "t.parquet").read_bytes())
    return {path.name: path for path in folder.iterdir()}


@pytest.mark.parametrize("name", ["t.parquet", "t.arrow", "t.arrows", "nameless"])
@pytest.mark.parametrize("columns", [["units", "person"], None])
def test_files_give_their_rows(tmp_path: Path, name: str, columns: list[str] | None) -> None:
    """Each format gives the columns asked for, in that order; a file without an ending is known by its bytes."""
    source = open_source(write_all(tmp_path)[name])
    assert source.schema.names == TABLE.column_names
    assert rows(source, columns) == TABLE.select(columns or TABLE.column_names).to_pylist()


@pytest.mark.parametrize("name", ["t.parquet", "t.arrow", "t.arrows"])
def test_truncated_files_are_errors(tmp_path: Path, name: str) -> None:
    """A file that lost its end is an InputError that names it."""
    path = write_all(tmp_path)[name]
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(InputError, match=name):
        rows(open_source(path))


def test_folder_is_sorted_and_has_partitions(tmp_path: Path) -> None:
    """Folders named key=value become text columns, unquoted; hidden files and other kinds of files are passed over."""
    for day, region in (("2024-06-02", "__HIVE_DEFAULT_PARTITION__"), ("2024-06-01", "00%2F7")):
        folder = tmp_path / f"day={day}" / f"region={region}"
        folder.mkdir(parents=True)
        pq.write_table(TABLE.select(["units"]).slice(0, 1), folder / "part.parquet")
        (folder / "_SUCCESS").touch()
        (folder / ".part.parquet.crc").write_bytes(b"x")
    (tmp_path / "README.md").write_text("about")
    source = open_source(tmp_path)
    assert source.rows == 2
    assert rows(source, ["region", "units", "day"]) == [
        {"region": "00/7", "units": 5, "day": "2024-06-01"},
        {"region": None, "units": 5, "day": "2024-06-02"},
    ]
    assert rows(source, ["day"]) == [{"day": "2024-06-01"}, {"day": "2024-06-02"}]
    assert rows(open_source(str(tmp_path / "*" / "*" / "*.parquet")), ["day"]) == rows(source, ["day"])


def test_files_of_one_manifest_agree(tmp_path: Path) -> None:
    """A column that is read is in every file and says the same in each; other formats are errors. Both are named."""
    first, second, third = tmp_path / "1.parquet", tmp_path / "2.parquet", tmp_path / "3.csv"
    pq.write_table(TABLE, first)
    third.write_text("a\n1\n")
    as_text = TABLE.set_column(2, "units", TABLE.column("units").cast(pa.string()))
    for other, message in ((TABLE.select(["person", "day"]), "has this column"), (as_text, "its type is string")):
        pq.write_table(other, second)
        source = open_source([first, second])
        with pytest.raises(InputError, match=rf"column 'units': .*{message}") as caught:
            rows(source, ["person", "units"])
        assert "1.parquet" in str(caught.value) and "2.parquet" in str(caught.value)
        assert rows(source, ["day"]) == TABLE.select(["day"]).to_pylist() * 2
    with pytest.raises(InputError, match=r"3\.csv: is csv and .*1\.parquet is parquet"):
        open_source([first, third])


@pytest.mark.parametrize("path", ["nothing.parquet", "no*.csv", ""])
def test_missing_files_are_named(tmp_path: Path, path: str) -> None:
    """No file, no match and an empty folder each say so."""
    with pytest.raises(InputError, match=r"no such file|no file matches|holds no"):
        open_source(tmp_path / path)


def test_parquet_pieces_know_their_rows(tmp_path: Path) -> None:
    """A piece is a run of row groups with the statistics of all of them, as whole numbers."""
    path = tmp_path / "t.parquet"
    pq.write_table(TABLE, path, row_group_size=1)
    source = open_source(path, sizes=Sizes(piece_rows_least=3))
    pieces = list(source.pieces(["day", "units", "person"]))
    assert source.rows == 5
    assert [(piece.label, piece.first_row, piece.rows) for piece in pieces] == [
        (f"{path}, row groups 0 to 2", 0, 3),
        (f"{path}, row groups 3 to 4", 3, 2),
    ]
    assert [piece.statistics("day") for piece in pieces] == [(0, 1, 0), (2, 2, 1)]
    assert [piece.statistics("units") for piece in pieces] == [(3, 5, 0), (1, 2, 0)]
    assert [piece.statistics("person") for piece in pieces] == [("00123", "Zoë", 1), ("x", "y", 0)]
    assert pieces[0].statistics("nothing") is None


def test_parquet_text_comes_as_dictionary_only_where_it_is_one(tmp_path: Path) -> None:
    """Text that repeats may come encoded; text that outgrew its dictionary comes as text."""
    many = 50_000
    table = pa.table({"few": ["CN", "US"] * (many // 2), "all": [f"person number {i}" for i in range(many)]})
    pq.write_table(table, tmp_path / "t.parquet", dictionary_pagesize_limit=10_000)
    (piece,) = open_source(tmp_path / "t.parquet").pieces(["few", "all"], as_dictionary=("few", "all"))
    got = pa.Table.from_batches(piece.batches())
    assert [pa.types.is_dictionary(kind) for kind in got.schema.types] == [True, False]
    assert got.to_pylist() == table.to_pylist()


def test_parquet_int96_does_not_wrap(tmp_path: Path) -> None:
    """The year 9999 of an INT96 timestamp stays what it is, though nanoseconds cannot hold it."""
    table = pa.table({"at": pa.array([datetime.datetime(9999, 12, 31)], pa.timestamp("us"))})
    pq.write_table(table, tmp_path / "t.parquet", use_deprecated_int96_timestamps=True)
    assert rows(open_source(tmp_path / "t.parquet")) == table.to_pylist()


@pytest.mark.parametrize(
    "name",
    [
        "PARQUET-1481",
        "ARROW-RS-GH-6229-DICTHEADER",
        "ARROW-RS-GH-6229-LEVELS",
        "ARROW-GH-41321",
        "ARROW-GH-41317",
        "ARROW-GH-45185",
        "ARROW-GH-47662",
    ],
)
def test_malformed_parquet(shared_data: Path, name: str) -> None:
    """A damaged file is an InputError that names it, whichever of its columns is asked for."""
    path = shared_data / "bad" / "parquet" / f"{name}.parquet"
    try:
        columns = open_source(path).schema.names
    except InputError as error:
        assert name in str(error)
        return
    for wanted in [None, *([column] for column in columns)]:
        with pytest.raises(InputError, match=name):
            rows(open_source(path), wanted)


def test_parquet_of_bit_width_zero_is_sound(shared_data: Path) -> None:
    """A one-entry dictionary with indices of no bits is what Spark writes for a constant; it reads as that constant."""
    source = open_source(shared_data / "bad" / "parquet" / "ARROW-GH-43605.parquet")
    assert rows(source) == [{"min_fl": 0}] * 21_186


@pytest.mark.parametrize("form", ["arrow stream", "csv", "csv.gz"])
def test_standard_input_is_sniffed(monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    """An Arrow stream or CSV, also packed, is known by its first bytes and may come in dribbles."""
    if form == "arrow stream":
        sent = io.BytesIO()
        with pa.ipc.new_stream(sent, TABLE.schema) as writer:
            writer.write_table(TABLE)
        text = sent.getvalue()
    else:
        text = b"person,units\nx,1\ny,2\n"
        text = gzip.compress(text) if form == "csv.gz" else text

    class Dribble(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(3, size) if size is not None and size > 0 else size)

    monkeypatch.setattr(sys, "stdin", type("Stdin", (), {"buffer": Dribble(text)}))
    want = TABLE.select(["units"]).to_pylist() if form == "arrow stream" else [{"units": "1"}, {"units": "2"}]
    assert rows(open_source("-"), ["units"]) == want


@pytest.mark.parametrize("name", ["t.parquet", "t.arrow", "t.arrows"])
@pytest.mark.parametrize("columns", [["units", "person"], None])
def test_file_objects(tmp_path: Path, name: str, columns: list[str] | None) -> None:
    """What a file holds is read from memory and from an open file as it is by its path."""
    path = write_all(tmp_path)[name]
    want = TABLE.select(columns or TABLE.column_names).to_pylist()
    assert rows(open_source(io.BytesIO(path.read_bytes())), columns) == want
    with path.open("rb") as file:
        assert rows(open_source(file), columns) == want
    with path.open("rb", buffering=0) as file:
        assert rows(open_source(file), columns) == want


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes")
def test_pipe_by_its_path(tmp_path: Path) -> None:
    """A pipe would be waited for twice, for its format and for its rows; it is refused at once instead."""
    for name in ("pipe.csv", "pipe"):
        os.mkfifo(tmp_path / name)
        for manifest in (tmp_path / name, tmp_path):
            with pytest.raises(InputError, match=rf"{name}: is a pipe or a device.* standard input, as \"-\""):
                open_source(manifest)
        (tmp_path / name).unlink()
