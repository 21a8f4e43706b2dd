"""The works as files: Parquet and CSV, in memory wherever the system has a folder there."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

_MEMORY = Path("/dev/shm")
"""Linux keeps the files of this folder in memory."""
_GROUP_ROWS = 1 << 18


@contextmanager
def folder(bytes_needed: int) -> Iterator[Path]:
    """A folder that is gone at the end: in memory where there is room for so many bytes, else the temporary one."""
    place = _MEMORY if _has_room(bytes_needed) else None
    with tempfile.TemporaryDirectory(prefix="deminimis-bench-", dir=place) as name:
        yield Path(name)


def is_in_memory(path: Path) -> bool:
    """Whether the files of this folder are kept in memory for sure."""
    return path.is_relative_to(_MEMORY)


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write row groups of 2**18 rows, in zstd."""
    import pyarrow.parquet as pq

    pq.write_table(table, path, compression="zstd", row_group_size=_GROUP_ROWS)


def write_csv(table: pa.Table, path: Path) -> None:
    """Write a header and lines without quotes."""
    import pyarrow.csv as csv

    csv.write_csv(table, path, csv.WriteOptions(quoting_style="none", batch_size=1 << 16))


def _has_room(bytes_needed: int) -> bool:
    return _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > bytes_needed
