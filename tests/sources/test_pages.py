"""Parquet pages that are decoded here give the arrays that pyarrow gives, and damaged ones its errors."""

from __future__ import annotations

import datetime
import decimal
import io
import itertools
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from both import OURS, PYARROWS, VIEWS, check, read
from hypothesis import given
from hypothesis import strategies as st

import deminimis as dm
from deminimis.sources.parquet.group_rows import group_rows
from deminimis.sources.parquet.pages import Unusual

CODECS = ["none", "snappy", "gzip", "zstd", "lz4", "brotli"]
TEXTS = ["", "a", "twelve bytes", "thirteen byte", "Ærø", "Mary Garcia 18230044 Oak St", "x" * 300]
ZONES = [None, "UTC", "America/New_York"]
KINDS: dict[str, tuple[pa.DataType, Any]] = {
    **{f"int{n}": (getattr(pa, f"int{n}")(), st.integers(-(2 ** (n - 1)), 2 ** (n - 1) - 1)) for n in (8, 16, 32, 64)},
    **{f"uint{n}": (getattr(pa, f"uint{n}")(), st.integers(0, 2**n - 1)) for n in (8, 16, 32, 64)},
    "float": (pa.float32(), st.floats(width=32, allow_nan=False)),
    "double": (pa.float64(), st.floats(allow_nan=False)),
    "bool": (pa.bool_(), st.booleans()),
    "date32": (pa.date32(), st.dates()),
    **{
        f"timestamp {unit} {zone}": (pa.timestamp(unit, zone), st.integers(-(2**62), 2**62))
        for unit in ("ms", "us", "ns")
        for zone in ZONES
    },
    **{
        f"decimal {digits}": (
            pa.decimal128(digits, 2),
            st.integers(-(10**digits) + 1, 10**digits - 1).map(lambda n: decimal.Decimal(n).scaleb(-2)),
        )
        for digits in (5, 9, 18, 27)
    },
    "string": (pa.string(), st.sampled_from(TEXTS) | st.text(max_size=20)),
    "large string": (pa.large_string(), st.sampled_from(TEXTS)),
    "binary": (pa.binary(), st.binary(max_size=20)),
    "fixed": (pa.binary(7), st.binary(min_size=7, max_size=7)),
}
WIDE_CONTEXT = decimal.Context(prec=60)


@st.composite
def layouts(draw: Any) -> dict[str, Any]:
    """How pyarrow's writer lays rows out."""
    return {
        "compression": draw(st.sampled_from(CODECS)),
        "data_page_version": draw(st.sampled_from(["1.0", "2.0"])),
        "data_page_size": draw(st.sampled_from([1, 64, 1000, 1 << 20])),
        "use_dictionary": draw(st.booleans()),
        "dictionary_pagesize_limit": draw(st.sampled_from([1, 100, 1 << 20])),
        "row_group_size": draw(st.sampled_from([1, 7, 100, 10_000])),
        "write_batch_size": draw(st.sampled_from([1, 9, 1024])),
        "write_page_checksum": draw(st.booleans()),
        "store_decimal_as_integer": draw(st.booleans()),
        "store_schema": draw(st.booleans()),
    }


@given(st.data(), st.sampled_from(sorted(KINDS)), layouts(), st.sampled_from([0, 1, 8, 50, 300]))
def test_same_arrays(data: Any, name: str, layout: dict[str, Any], rows: int) -> None:
    """Any type, nulls, page size, version, codec, dictionary and row group: the arrays that pyarrow gives."""
    kind, values = KINDS[name]
    some = data.draw(st.lists(values, min_size=1, max_size=12))
    nulls = data.draw(st.sampled_from(["none", "some", "all", "required"]))
    rng = random.Random(data.draw(st.integers(0, 2**32)))
    share = {"none": 0, "some": rng.choice([0.02, 0.5, 0.98]), "all": 2, "required": 0}[nulls]
    with decimal.localcontext(WIDE_CONTEXT):
        column = pa.array([None if rng.random() < share else rng.choice(some) for _ in range(rows)], kind)
    schema = pa.schema([pa.field("x", kind, nullable=nulls != "required"), pa.field("i", pa.int64())])
    sink = io.BytesIO()
    pq.write_table(pa.table([column, pa.array(range(rows))], schema=schema), sink, **layout)
    if rows:
        check(sink.getvalue(), ["x", "i"])
        check(sink.getvalue(), ["i", "x"])


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("codec", CODECS)
def test_many_pages(tmp_path: Path, codec: str, version: str) -> None:
    """Dictionaries that overflow into plain pages, pages that span batches, and columns whose pages end elsewhere."""
    rng = np.random.default_rng(1)
    rows = 150_000
    numbers = rng.integers(0, 40_000, rows)
    table = pa.table(
        {
            "text": pa.array([f"person number {n}" if n % 9 else None for n in numbers]),
            "short": pa.array([f"p{n % 50}" for n in numbers]),
            "n": pa.array(numbers, mask=numbers % 7 == 0),
            "day": pa.array(numbers.astype(np.int32) % 365, pa.date32()),
            "usd": pa.array(rng.integers(0, 90_000, rows) / 100),
        }
    )
    path = tmp_path / "t.parquet"
    layout = {"compression": codec, "data_page_version": version, "dictionary_pagesize_limit": 1 << 16}
    pq.write_table(table, path, row_group_size=90_000, data_page_size=1 << 16, write_page_checksum=True, **layout)
    encodings = pq.read_metadata(path).row_group(0).column(0).encodings
    assert {"PLAIN", "RLE_DICTIONARY"} <= set(encodings)
    ours = check(path, table.column_names)
    assert ours["text"].cast(pa.string()).combine_chunks().equals(table["text"].combine_chunks())


def test_dictionaries_stay_dictionaries(tmp_path: Path) -> None:
    """Text whose chunks are all indices comes dictionary encoded where it may, with pyarrow's own type."""
    words = [f"word {i}" for i in range(50)] + [None]
    table = pa.table({"few": pa.array([words[i * i % 51] for i in range(20_000)])})
    path = tmp_path / "t.parquet"
    pq.write_table(table, path, row_group_size=9_000)
    ours, theirs = (read(path, sizes, ["few"], as_dictionary=("few",)) for sizes in (OURS, PYARROWS))
    assert ours.schema.field("few").type == theirs.schema.field("few").type == pa.dictionary(pa.int32(), pa.string())
    assert ours["few"].cast(pa.string()).equals(table["few"])


@pytest.mark.parametrize("rows", [30_000, 70_000])
@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_dictionaries_of_each_row_group(tmp_path: Path, form: str, rows: int) -> None:
    """Entries that are read once for several batches are those of their own row group: others number theirs alike."""
    entries = 500
    most = 800 // (rows // entries)  # of each row of a person, for all together to be within the limit
    tables = []
    for group in range(3):
        who = [None if i == 7 else f"of group {group}, person {i}" for i in range(entries)]
        value = np.where(np.arange(rows) % entries == 11 + group, most + 1, most)
        index = pa.array(np.arange(rows) % entries, pa.int32())
        persons = pa.DictionaryArray.from_arrays(index, who).cast(pa.string()).dictionary_encode()
        day = pa.array(np.full(rows, 19_700, np.int32), pa.date32())
        tables.append(pa.table({"who": persons, "day": day, "value": value}))
    table = pa.concat_tables(tables)
    path = tmp_path / f"t.{form}"
    if form == "parquet":
        pq.write_table(table.set_column(0, "who", table["who"].cast(pa.string())), path, row_group_size=rows)
    else:
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
            writer.write_table(table, max_chunksize=20_000)
    place = np.arange(3 * rows) % entries
    expected = (place != 7) & (place != 11 + np.arange(3 * rows) // rows)
    mask = dm.eligible(path, person="who", day="day", value="value", limit=800, threads=2)
    assert mask.equals(pa.array(expected))


def test_dictionary_that_overflows_beside_nulls(tmp_path: Path) -> None:
    """A column that seems to be all indices by its size, and is not, is pyarrow's from there on, the others are not."""
    rows = 200_000
    few = [f"row {i}" if i % 30 == 0 else None for i in range(rows)]
    table = pa.table({"few": few, "text": [f"name {i}" for i in range(rows)]})
    path = tmp_path / "t.parquet"
    pq.write_table(table, path, dictionary_pagesize_limit=1 << 12, data_page_size=1 << 12)
    ours = read(path, OURS, ["few", "text"], as_dictionary=("few", "text"))
    assert ours["few"].cast(pa.string()).equals(table["few"]) and pa.types.is_dictionary(ours["few"].type)
    text = ours["text"]
    assert text.type == VIEWS.get(pa.string(), pa.string()) and text.cast(pa.string()).equals(table["text"])


def test_int96() -> None:
    """The instants of old writers come in microseconds, and before 1970 and after 2262 too."""
    instants = [datetime.datetime(y, 3, 1, 23, 59, 59, 999_999) for y in (1500, 1969, 1970, 2024, 2262, 2263, 9999)]
    table = pa.table({"at": pa.array([*instants, None] * 20, pa.timestamp("us"))})
    sink = io.BytesIO()
    pq.write_table(table, sink, use_deprecated_int96_timestamps=True)
    found = check(sink.getvalue(), ["at"])["at"]
    if int(pa.__version__.partition(".")[0]) > 18:  # which writes those beyond 64 bits of nanoseconds wrapped round
        assert found.to_pylist() == [*instants, None] * 20


def by_polars(table: pa.Table, path: Path, **layout: Any) -> None:
    import polars

    polars.from_arrow(table).write_parquet(path, **layout)


def by_duckdb(table: pa.Table, path: Path, **layout: Any) -> None:
    import duckdb

    words = ", ".join(f"{key} {value}" for key, value in layout.items())
    connection = duckdb.connect()
    connection.register("rows", table)
    connection.execute(f"copy (select * from rows) to '{path}' (format parquet, {words})")


@pytest.mark.parametrize(
    ("write", "layout"),
    [
        *((by_polars, {"compression": codec}) for codec in ("uncompressed", "snappy", "gzip", "zstd", "lz4", "brotli")),
        (by_polars, {"compression": "zstd", "data_page_size": 500, "row_group_size": 3_000}),
        *(
            (by_duckdb, {"compression": codec})
            for codec in ("uncompressed", "snappy", "gzip", "zstd", "brotli", "lz4_raw")
        ),
        (by_duckdb, {"compression": "zstd", "parquet_version": "v2", "row_group_size": 4_000}),
    ],
)
def test_other_writers(tmp_path: Path, write: Any, layout: dict[str, Any]) -> None:
    """What Polars and DuckDB write is read as pyarrow reads it, be their encodings ours or not."""
    pytest.importorskip("polars" if write is by_polars else "duckdb")
    rng = np.random.default_rng(2)
    numbers = rng.integers(0, 3_000, 10_000)
    table = pa.table(
        {
            "text": pa.array([f"person number {n}" if n % 9 else None for n in numbers]),
            "few": pa.array([f"p{n % 5}" for n in numbers]),
            "n": pa.array(numbers, mask=numbers % 7 == 0),
            "small": pa.array(numbers.astype(np.uint8)),
            "day": pa.array(numbers.astype(np.int32), pa.date32()),
            "at": pa.array(numbers * 10**9, pa.timestamp("us", "UTC")),
            "usd": pa.array(numbers / 100),
            "exact": pa.array(numbers).cast(pa.decimal128(21, 2)),
            "flag": pa.array(numbers % 3 == 0),
        }
    )
    path = tmp_path / "t.parquet"
    write(table, path, **layout)
    ours, theirs = read(path, OURS, table.column_names), read(path, PYARROWS, table.column_names)
    for name in table.column_names:
        assert ours[name].cast(theirs[name].type).equals(theirs[name]), name
    roles = {"person": "text", "day": "day", "value": "usd", "limit": 800}
    assert dm.eligible(path, **roles).equals(dm.eligible(table, **roles))


@pytest.mark.parametrize("encoding", ["DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"])
def test_other_encodings_are_left_to_pyarrow(tmp_path: Path, encoding: str) -> None:
    """A column of another encoding is pyarrow's, and those beside it are not."""
    rows = 70_000
    table = pa.table({"a": [f"row {i}" for i in range(rows)], "b": [f"other {i}" for i in range(rows)]})
    path = tmp_path / "t.parquet"
    pq.write_table(table, path, use_dictionary=False, column_encoding={"a": encoding, "b": "PLAIN"})
    assert check(path, ["b", "a"], decoded=["b"])["a"].equals(table["a"])


class Failing:
    """The rows of an array, until one that is not read here."""

    def __init__(self, array: pa.Array, readable: int) -> None:
        self.array = array
        self.readable = readable
        self.at = 0

    def take(self, rows: int) -> pa.Array:
        if self.at + rows > self.readable:
            raise Unusual("as the test says")
        self.at += rows
        return self.array[self.at - rows : self.at]


@given(
    st.lists(st.integers(0, 60), min_size=1, max_size=3),
    st.integers(1, 20),
    st.lists(st.integers(0, 20), min_size=1),
    st.integers(0, 3),
)
def test_columns_that_are_unusual_midway(readable: list[int], batch_rows: int, sizes: list[int], closed: int) -> None:
    """Rows that were decoded before a page that is not read stay, and pyarrow goes on from there, column by column."""
    names = [f"{i}" for i in range(len(readable))]
    columns = {name: pa.array([f"{name} {row}" for row in range(50)]) for name in names}

    def batches(some: Sequence[str]) -> Iterator[pa.RecordBatch]:
        table = pa.table({name: columns[name] for name in some})
        at = 0
        for size in itertools.islice(itertools.cycle([*sizes, 7]), 100):
            yield from table.slice(at, size).to_batches()
            at += size

    def open_rows(name: str) -> Any:
        if int(name) == closed:
            return None
        return Failing(columns[name], readable[int(name)])

    found = list(group_rows(names, 50, batch_rows, open_rows, batches))
    assert all(list(arrays) == names and len({*map(len, arrays.values())}) == 1 for arrays in found)
    for name in names:
        assert pa.chunked_array([arrays[name] for arrays in found]).combine_chunks().equals(columns[name])


def test_encoding_that_the_footer_does_not_tell(tmp_path: Path) -> None:
    """An encoding that is not read is found at its page too, and pyarrow reads it."""
    rows = 70_000
    table = pa.table({"a": [f"row {i}" for i in range(rows)], "b": [f"other {i}" for i in range(rows)]})
    sink = io.BytesIO()
    encodings = {"a": "DELTA_LENGTH_BYTE_ARRAY", "b": "PLAIN"}
    pq.write_table(table, sink, use_dictionary=False, column_encoding=encodings)
    whole = sink.getvalue()
    footer = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    at = [i for i in range(footer, len(whole)) if whole[i : i + 3] in (b"\x25\x06\x0c", b"\x25\x0c\x06")]
    assert len(at) == 1  # a list of two integers of 32 bits: RLE and the other encoding
    changed = whole[: at[0] + 1] + b"\x06\x06" + whole[at[0] + 3 :]
    path = tmp_path / "t.parquet"
    path.write_bytes(changed)
    assert check(path, ["b", "a"], decoded=["b"])["a"].equals(table["a"])
