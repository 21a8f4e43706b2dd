"""Damaged Parquet pages give pyarrow's rows, or pyarrow's error."""

from __future__ import annotations

import io
import random
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from both import OURS, PYARROWS, read, same

from deminimis.errors import InputError
from deminimis.sizes import Sizes

CODECS = ["none", "snappy", "gzip", "zstd", "lz4", "brotli"]


def outcome(path: Path, columns: list[str], sizes: Sizes) -> pa.Table | str:
    """The rows, or the error's text."""
    try:
        return read(path, sizes, columns)
    except InputError as error:
        return str(error)


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("codec", [*CODECS, "and an encoding that pyarrow reads"])
@pytest.mark.parametrize("has_checksums", [False, True])
def test_damaged_pages(tmp_path: Path, codec: str, version: str, has_checksums: bool) -> None:
    """A file with changed bytes gives pyarrow's rows or pyarrow's error."""
    numbers = np.random.default_rng(3).integers(0, 500, 4_000)
    table = pa.table(
        {
            "text": pa.array([f"person number {n}" if n % 9 else None for n in numbers]),
            "n": pa.array(numbers),
            "noise": pa.array([random.Random(i).randbytes(40).hex() for i in range(len(numbers))]),
            "usd": pa.array(numbers / 100, mask=numbers % 7 == 0),
            "flag": pa.array(numbers % 3 == 0),
        }
    )
    sink = io.BytesIO()
    layout: dict[str, Any] = {"compression": codec, "data_page_version": version, "write_page_checksum": has_checksums}
    if codec not in CODECS:
        layout |= {"compression": "snappy", "use_dictionary": ["n"], "column_encoding": {"noise": "DELTA_BYTE_ARRAY"}}
    pq.write_table(table, sink, data_page_size=2_000, dictionary_pagesize_limit=4_000, row_group_size=1_500, **layout)
    whole, path = sink.getvalue(), tmp_path / "t.parquet"
    pages = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    assert len(whole) > 128 << 10  # below, pyarrow decodes the whole file first
    rng = random.Random(f"{codec} {version}")
    ends = set()
    for _ in range(40):
        changed = bytearray(whole)
        for _ in range(rng.choice([1, 1, 3, 30])):
            changed[rng.randrange(4, pages)] = rng.choice([0, 1, 2, 127, 128, 255, rng.randrange(256)])
        path.write_bytes(changed)
        ours, theirs = (outcome(path, table.column_names, sizes) for sizes in (OURS, PYARROWS))
        ends.add(type(theirs))
        if isinstance(theirs, str):
            assert ours == theirs
        else:
            assert isinstance(ours, pa.Table), ours
            for name in table.column_names:
                assert same(ours[name], theirs[name]), name
    assert str in ends
