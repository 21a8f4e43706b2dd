"""Parquet and Arrow files that come as a file object: held whole in memory, as their end tells what they hold.

They are read, and doubted, as files on the disk are.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from .base import Source, reading
from .found import FoundFile
from .identity import Identity, descriptor_of
from .ipc import IpcSource
from .opened import Opened, OpenedFile
from .parquet.source import ParquetSource


def path_of(file: Any) -> str | None:
    """The path of a file object that stands at the start of a file on the disk, which is still there by that name."""
    name, descriptor = getattr(file, "name", None), descriptor_of(file)
    if descriptor is None or not isinstance(name, (str, os.PathLike)):
        return None
    try:
        is_there = os.path.samestat(os.fstat(descriptor), Path(name).stat())
        return os.fspath(name) if is_there and file.tell() == 0 else None
    except (OSError, ValueError, AttributeError):
        return None


@dataclass(frozen=True)
class HeldFile(FoundFile):
    """A file whose bytes are in memory, where nothing changes them."""

    content: bytes

    def open_raw(self) -> Opened:
        return OpenedFile(io.BytesIO(self.content))

    def open_arrow(self) -> AbstractContextManager[pa.NativeFile]:
        return pa.BufferReader(self.content)  # type: ignore[no-any-return]

    @contextmanager
    def reading(self, what: str = "cannot be read", mend: str = "") -> Iterator[None]:
        with reading(self.path, what, mend):
            yield


def open_content(content: bytes, kind: str, name: str) -> Source:
    """A Parquet or an Arrow file of these bytes, which can be read again."""
    held = HeldFile(name, Identity(0, 0, len(content), 0), {}, content)
    source = ParquetSource([held]) if kind == "parquet" else IpcSource([held], [kind])
    source.files, source.bytes = (), None
    return source
