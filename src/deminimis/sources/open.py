"""One door to every kind of manifest: `open_source` looks at what it is given and says what can be read from it.

The kinds live beside this file: source_memory, source_parquet, source_csv, source_ipc; source_files finds the files,
and source_base holds what they share.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from ..errors import InputError, UnsupportedTypeError
from .base import Piece, Source, Statistics, reading, reading_names
from .csv.source import CsvSource, CsvStreamSource
from .csv.text import CsvOptions, read_fully
from .files import find_files, format_of, format_of_bytes
from .identity import check_unchanged, descriptor_of, regular
from .ipc import IpcSource, IpcStreamSource
from .memory import open_memory
from .parquet import ParquetSource

__all__ = ["Piece", "Source", "Statistics", "open_source"]

SNIFFED_BYTES = 8


def open_source(
    manifest: Any,
    *,
    delimiter: str | None = None,
    encoding: str = "utf-8",
    header: bool | Sequence[str] = True,
) -> Source:
    """Look at a manifest without reading its rows.

    Parameters
    ----------
    manifest : object
        A pyarrow Table, RecordBatch, RecordBatchReader or dataset; anything with `__arrow_c_stream__` or
        `__arrow_c_array__` (Polars, pandas, DuckDB); a mapping of column names to arrays; a path, a glob, a folder or
        a list of these; "-" or a binary file object for an Arrow stream or CSV that comes once.
    delimiter : str, optional
        What separates the cells of CSV. None: a tab for .tsv; else a comma, or what the first line shows.
    encoding : str
        The encoding of CSV.
    header : bool or sequence of str
        Whether the first row of CSV gives the column names; False names them f0, f1, ...; a sequence names them.

    Returns
    -------
    Source
        Its columns, and its size where metadata tells. Columns of CSV and of folders named `key=value` are text; an
        empty cell is the empty text.

    Raises
    ------
    InputError
        It cannot be read, or its files do not have the same columns. The message names the file and the mend.
    """
    options = CsvOptions(delimiter, encoding, header)
    if isinstance(manifest, str) and manifest == "-":
        if sys.stdin is None:
            raise InputError("standard input is closed: give it a file, or name one.")
        return _open_stream(sys.stdin.buffer, "standard input", options)
    if isinstance(manifest, (str, os.PathLike)):
        return _open_files([Path(manifest)], options)
    source = open_memory(manifest)
    if source is not None:
        with reading_names(None):
            _ = source.schema.names
        return source
    if isinstance(manifest, io.TextIOBase):
        raise InputError('the file object gives text, not bytes: open it with mode "rb".')
    if hasattr(manifest, "read"):
        return _open_stream(manifest, str(getattr(manifest, "name", "file object")), options)
    if isinstance(manifest, Iterable) and not isinstance(manifest, (bytes, bytearray)):
        paths = list(manifest)
        if all(isinstance(path, (str, os.PathLike)) for path in paths):
            return _open_files([Path(path) for path in paths], options)
    kind = f"{type(manifest).__module__}.{type(manifest).__qualname__}"
    mend = "call its collect() first" if hasattr(manifest, "collect") else "give a table, a mapping of arrays or a path"
    raise UnsupportedTypeError(f"a {kind} is no manifest: {mend}.")


def _open_files(paths: Sequence[Path], options: CsvOptions) -> Source:
    found = find_files(paths)
    formats = [format_of(file.path)[0] for file in found]
    families = [name.partition(" ")[0] for name in formats]
    for file, family in zip(found, families, strict=True):
        if family == "feather":
            raise InputError("Feather version 1 cannot be read: write it as Parquet or Arrow.", file=file.path)
        if family != families[0]:
            wrong = f"is {family} and {found[0].path} is {families[0]}"
            raise InputError(f"{wrong}: the files of one manifest have one format.", file=file.path)
    if families[0] == "parquet":
        return ParquetSource(found)
    if families[0] == "arrow":
        return IpcSource(found, formats)
    return CsvSource(found, options)


def _open_stream(file: BinaryIO, name: str, options: CsvOptions) -> Source:
    with reading(name):
        file, head = _unbuffered(file)
        head += read_fully(file.read, SNIFFED_BYTES - len(head)) if len(head) < SNIFFED_BYTES else b""
    whole = _Rejoined(head, file, name)
    source = _stream_source(whole, *format_of_bytes(head[:SNIFFED_BYTES]), name, options)
    source.places = whole.places
    return source


def _stream_source(whole: _Rejoined, kind: str, compression: str | None, name: str, options: CsvOptions) -> Source:
    if kind == "arrow stream":
        return IpcStreamSource(whole.read, name)
    if kind != "csv":
        raise InputError(f"{kind} cannot be read as it comes: give the path of a file.", file=name)
    if compression:
        with reading(name):
            return CsvStreamSource(pa.CompressedInputStream(pa.PythonFile(whole, "r"), compression).read, name, options)
    return CsvStreamSource(whole.read, name, options)


def _unbuffered(file: Any) -> tuple[Any, bytes]:
    """The file below a buffered one, and what lies in the buffer.

    A thread that waits for a pipe inside of a buffered file holds its lock, and so the end of the process.
    """
    return (file.raw, file.read1(len(file.peek()))) if isinstance(file, io.BufferedReader) else (file, b"")


class _Rejoined(io.RawIOBase):
    """A stream with the bytes in front of it that were read to see what it is. At its end a file is to be unchanged."""

    def __init__(self, head: bytes, file: BinaryIO, name: str) -> None:
        self._head = head
        self._file = file
        self._name = name
        self._descriptor = descriptor_of(file)
        self._before = None if self._descriptor is None else regular(self._descriptor)
        self.places = frozenset([] if self._before is None else [self._before.place])

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        head = self._head if size < 0 else self._head[:size]
        self._head = self._head[len(head) :]
        if size == len(head):
            return head
        text = head + (self._file.read() if size < 0 else read_fully(self._file.read, size - len(head)))
        if len(text) < size and self._descriptor is not None and self._before is not None:
            check_unchanged(self._descriptor, self._before, self._name)
        return text
