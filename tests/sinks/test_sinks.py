"""An output holds exactly what was written, whole or not at all, and a full disk is one clear error."""

from __future__ import annotations

import errno
import gzip
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deminimis.errors import InputError, OutOfSpaceError
from deminimis.sinks.formats import GROUP_ROWS_MAX, GROUP_ROWS_MIN
from deminimis.sinks.mask import MaskWriter, bits_of
from deminimis.sinks.open import open_sink

MASK = pa.schema([pa.field("eligible", pa.bool_(), nullable=False)])
WIDE = pa.schema(
    [
        pa.field("eligible", pa.bool_(), nullable=False),
        pa.field("reason", pa.dictionary(pa.int8(), pa.string())),
        pa.field("total", pa.decimal128(38, 4)),
    ]
)
BATCHES = [
    pa.record_batch(
        [
            pa.array(mask),
            pa.array(reasons).dictionary_encode().cast(pa.dictionary(pa.int8(), pa.string())),
            pa.array(totals).cast(pa.decimal128(38, 4)),
        ],
        schema=WIDE,
    )
    for mask, reasons, totals in (
        ([True, False], ["eligible", "no-day"], [12, None]),
        ([True], ["eligible"], [1]),
        ([False, False], ["over-limit", "eligible"], [3, 4]),
    )
]
ROWS = pa.Table.from_batches(BATCHES).to_pylist()


def read(path: Path) -> pa.Table:
    """A written file, by pyarrow."""
    if path.suffix == ".parquet":
        return pq.read_table(path)
    if path.suffix == ".arrow":
        return pa.ipc.open_file(path).read_all()
    if path.suffix == ".arrows":
        return pa.ipc.open_stream(path).read_all()
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    types = pc.ConvertOptions(column_types={"total": pa.decimal128(38, 4)})
    return pc.read_csv(io.BytesIO(text), convert_options=types)


@pytest.mark.parametrize("name", ["m.parquet", "m.arrow", "m.arrows", "m.csv", "m.csv.gz"])
@pytest.mark.parametrize("unnamed", [True, False])
def test_formats_hold_what_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, unnamed: bool
) -> None:
    """Each format gives back the rows, also where dictionaries change, and nothing lies beside the file."""
    if not unnamed:
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    path = tmp_path / name
    path.write_text("what was there before")
    with open_sink(path, WIDE) as sink:
        for batch in BATCHES:
            sink.write(batch)
    assert sink.rows == 5 and sink.bytes == path.stat().st_size
    assert read(path).to_pylist() == ROWS
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["m.parquet", "m.arrow", "m.csv"])
@pytest.mark.parametrize("unnamed", [True, False])
@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_nothing_is_left_after_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, unnamed: bool, error: type[BaseException]
) -> None:
    """An error or Ctrl-C inside of the sink leaves what was there before, and nothing else."""
    if not unnamed:
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    path = tmp_path / name
    path.write_text("before")
    with pytest.raises(error), open_sink(path, WIDE) as sink:
        sink.write(BATCHES[0])
        raise error
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text() == "before"


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file of this process gets larger: like a disk with so much room."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process")
@pytest.mark.parametrize("name", ["m.parquet", "m.arrow", "m.csv", "m.csv.gz"])
@pytest.mark.parametrize("room", [0, 3, 40])
@pytest.mark.parametrize("schema", [MASK, WIDE])
def test_full_disk(tmp_path: Path, name: str, room: int, schema: pa.Schema) -> None:
    """Wherever the disk fills up, the error says after how many bytes, and nothing is left."""
    with (
        room_for(room),
        pytest.raises(OutOfSpaceError, match=rf"{name}: the disk is full after {room} bytes") as caught,
        open_sink(tmp_path / name, schema) as sink,
    ):
        for _ in range(200):
            for batch in BATCHES:
                sink.write(batch.select(schema.names).cast(schema))
    assert caught.value.exit_code == 3
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("no/such/m.parquet", "m.parquet: its folder cannot be written to"),
        ("m.dat", "m.dat: its ending does not tell the format: end it in .parquet, .arrow"),
        ("m.parquet.gz", "does not tell the format"),
        (".", "is a folder"),
    ],
)
def test_targets_are_checked_first(tmp_path: Path, target: str, message: str) -> None:
    """A target that cannot be is refused before any work."""
    with pytest.raises(InputError, match=message):
        open_sink(tmp_path / target, MASK)


def test_read_only_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that may not be written to is refused before any work."""

    def refuse(path: object, flags: int, *more: int) -> int:
        if flags & os.O_RDWR:
            raise PermissionError(errno.EACCES, "Permission denied")
        return usual(path, flags, *more)

    usual: Any = os.open
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(InputError, match=r"m\.csv: its folder cannot be written to \(Permission denied\)"):
        open_sink(tmp_path / "m.csv", MASK)


def test_types_without_a_form(tmp_path: Path) -> None:
    """A column that CSV cannot hold is refused with what can."""
    schema = pa.schema([pa.field("lists", pa.list_(pa.int64()))])
    with pytest.raises(InputError, match=r"write \.parquet instead"), open_sink(tmp_path / "m.csv", schema) as sink:
        sink.write(pa.record_batch([pa.array([[1]])], schema=schema))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("format", [None, "arrow", "csv"])
def test_standard_output(monkeypatch: pytest.MonkeyPatch, format: str | None) -> None:
    """Standard output gets an Arrow stream, or CSV where that is asked for, and stays open."""
    sent = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", type("Stdout", (), {"buffer": sent}))
    with open_sink("-", WIDE, format=format) as sink:
        for batch in BATCHES:
            sink.write(batch)
    if format == "csv":
        assert sent.getvalue().splitlines()[:2] == [b'"eligible","reason","total"', b'true,"eligible",12.0000']
    else:
        assert pa.ipc.open_stream(sent.getvalue()).read_all().to_pylist() == ROWS


def test_closed_pipe() -> None:
    """A reader that has gone is a BrokenPipeError, which the command line ends quietly on."""

    class Gone(io.RawIOBase):
        def write(self, data: object) -> int:
            raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    with pytest.raises(BrokenPipeError), open_sink(Gone(), MASK, format="csv") as sink:  # type: ignore[arg-type]
        sink.write(pa.record_batch([pa.array([True])], schema=MASK))


@pytest.mark.parametrize(
    ("schema", "groups"),
    [
        (MASK, [GROUP_ROWS_MAX, 2 * GROUP_ROWS_MIN + 5, 7]),
        (WIDE, [GROUP_ROWS_MIN, GROUP_ROWS_MIN, GROUP_ROWS_MAX, 5, 7]),
    ],
)
def test_row_groups_follow_the_batches(tmp_path: Path, schema: pa.Schema, groups: list[int]) -> None:
    """A batch is a row group; tiny ones are joined and huge ones are split. Those of a mask alone are large."""
    sizes = [GROUP_ROWS_MIN, 10, GROUP_ROWS_MIN - 11, 1, GROUP_ROWS_MAX + 5, 7]
    with open_sink(tmp_path / "m.parquet", schema) as sink:
        for size in sizes:
            arrays = [pa.repeat(BATCHES[0].column(name)[0], size) for name in schema.names]
            sink.write(pa.record_batch(arrays, schema=schema))
    metadata = pq.read_metadata(tmp_path / "m.parquet")
    got = [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]
    assert got == groups


@given(mask=st.lists(st.booleans(), max_size=70), start=st.integers(0, 20), size=st.integers(0, 50))
def test_bits_of_a_slice(mask: list[bool], start: int, size: int) -> None:
    """The bits of any slice start at its first row and end with zeros."""
    want = mask[start : start + size]
    number = sum(bit << i for i, bit in enumerate(want))
    assert bits_of(pa.array(mask, pa.bool_()).slice(start, size)) == number.to_bytes((len(want) + 7) // 8, "little")


@pytest.mark.parametrize("sizes", [[], [1], [8, 9, 1000], [5] * 40_000])
def test_mask_file_is_parquet(tmp_path: Path, sizes: list[int]) -> None:
    """Each reader finds in a mask written from its bits the rows, checksums and statistics of any Parquet file."""
    path = tmp_path / "m.parquet"
    masks = [pa.array([(i * i + number) % 7 < 4 for i in range(size)], pa.bool_()) for number, size in enumerate(sizes)]
    with path.open("wb") as file:
        writer = MaskWriter(file, "eligible")
        for mask in masks:
            writer.write(mask)
        writer.close()
    want = [bit for mask in masks for bit in mask.to_pylist()]
    table = pq.ParquetFile(path, page_checksum_verification=True).read()
    table.validate(full=True)
    assert table.schema.equals(MASK)
    assert table.column(0).to_pylist() == want
    assert pl.read_parquet(path)["eligible"].to_list() == want
    counted = duckdb.read_parquet(str(path)).aggregate("count(*), count(*) filter (eligible)")
    assert counted.fetchall() == [(len(want), sum(want))]
    metadata = pq.read_metadata(path)
    for number, mask in enumerate(masks[:3]):
        known = metadata.row_group(number).column(0).statistics
        assert (known.min, known.max, known.null_count) == (min(mask.to_pylist()), max(mask.to_pylist()), 0)
