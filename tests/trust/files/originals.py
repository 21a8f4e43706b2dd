"""The whole files that are changed: small ones of each format, in each way that it can be laid out."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

ROWS = 120


class Original(NamedTuple):
    """A file's name, its bytes, and how it is scored."""

    name: str
    content: bytes
    options: dict[str, Any]


def table(rng: np.random.Generator) -> pa.Table:
    """Persons of text and of integers, days in order, values of text, float and decimal."""
    numbers = rng.integers(0, 30, ROWS)
    amounts = rng.integers(-3, 90_000, ROWS)
    return pa.table(
        {
            "name": pa.array([None if n == 7 else f"person {n}" for n in numbers]),
            "id": pa.array(numbers),
            "day": pa.array((19_700 + np.arange(ROWS) // 30).astype(np.int32), pa.date32()),
            "usd": pa.array(amounts / 100),
            "exact": pa.array(amounts.astype(np.int64)).cast(pa.decimal128(21, 2)),
            "written": pa.array([f"{a / 100:.2f}" for a in amounts]),
        }
    )


def parquet(rng: np.random.Generator) -> list[Original]:
    """Pages of both versions, codecs, encodings, with and without checksums and statistics."""
    rows, found = table(rng), []
    layouts: list[dict[str, Any]] = [
        {},
        {"compression": "none", "use_dictionary": False},
        {"compression": "zstd", "data_page_version": "2.0", "row_group_size": 50},
        {"compression": "none", "data_page_version": "2.0", "data_page_size": 200, "write_statistics": False},
        {"use_dictionary": False, "write_page_checksum": True, "row_group_size": 70},
        {
            "use_dictionary": False,
            "compression": "none",
            "column_encoding": {
                "name": "DELTA_BYTE_ARRAY",
                "id": "DELTA_BINARY_PACKED",
                "written": "DELTA_LENGTH_BYTE_ARRAY",
            },
        },
        {"write_page_index": True, "row_group_size": 40, "store_decimal_as_integer": True},
    ]
    for i, layout in enumerate(layouts):
        sink = io.BytesIO()
        pq.write_table(rows, sink, **layout)
        found += [Original(f"{i}.parquet", sink.getvalue(), options) for options in roles()]
    return found


def ipc(rng: np.random.Generator) -> list[Original]:
    """Files and streams, plain and compressed, with dictionaries and with views."""
    rows, found = table(rng), []
    kinds = [rows, rows.set_column(0, "name", rows["name"].dictionary_encode())]
    kinds.append(rows.set_column(0, "name", rows["name"].cast(pa.string_view())))
    for i, some in enumerate(kinds):
        for compression in (None, "lz4", "zstd"):
            options = pa.ipc.IpcWriteOptions(compression=compression)
            makers: list[tuple[str, Callable[..., Any]]] = [("arrow", pa.ipc.new_file), ("arrows", pa.ipc.new_stream)]
            for ending, make in makers:
                sink = io.BytesIO()
                with make(sink, some.schema, options=options) as writer:
                    writer.write_table(some, max_chunksize=50)
                name = f"{i}{compression or ''}.{ending}"
                found += [Original(name, sink.getvalue(), roles()[0]), Original(name, sink.getvalue(), roles()[1])]
    return found


def csv(rng: np.random.Generator) -> list[Original]:
    """Text, as it is and compressed."""
    sink = io.BytesIO()
    pyarrow.csv.write_csv(table(rng), sink)
    quoted = sink.getvalue()
    found = []
    for name, content in (
        ("quoted", quoted),
        ("bare", quoted.replace(b'"', b"")),
        ("lines", quoted.replace(b"\n", b"\r\n")),
    ):
        found.append(Original(f"{name}.csv", content, roles()[0] | {"delimiter": ","}))
        for ending, codec in (("gz", "gzip"), ("zst", "zstd")):
            packed = pa.BufferOutputStream()
            with pa.CompressedOutputStream(packed, codec) as stream:
                stream.write(content)
            found.append(
                Original(f"{name}.csv.{ending}", packed.getvalue().to_pybytes(), roles()[0] | {"delimiter": ","})
            )
    return found


def roles() -> list[dict[str, Any]]:
    """The roles that a file is scored by: text and float, integer and decimal, several columns and written amounts."""
    return [
        {"person": "name", "day": "day", "value": "usd", "limit": 800},
        {"person": "id", "day": "day", "value": "exact", "limit": 800},
        {"person": ["name", "id"], "day": "day", "value": "written", "limit": 800},
    ]


def all_of(seed: int = 0) -> list[Original]:
    """Every original, always the same ones."""
    rng = np.random.default_rng(seed)
    return [*parquet(rng), *ipc(rng), *csv(rng)]
