"""One door to every kind of manifest: `open_source` looks at what it is given and says what can be read from it.

The kinds live beside this file: parquet, ipc, csv; frames, memory and lists for what is in memory, content for open
files. files and folders find the files, schemas says how they are one manifest, base holds what all share.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO

from ..errors import InputError, UnsupportedTypeError
from ..formats import format_of_bytes
from ..sizes import USUAL, Sizes
from .base import Piece, Source, Statistics, reading
from .content import open_content, path_of
from .csv.source import CsvSource, CsvStreamSource
from .csv.text import CsvOptions, read_fully
from .csv.unpack import unpacking
from .files import file_at, find_files, format_of
from .frames import open_memory
from .identity import check_unchanged, descriptor_of, regular
from .ipc import IpcSource, IpcStreamSource
from .lakes.open import open_table
from .lists import ManySource, stream_of_many
from .memory import MemorySource
from .parquet.source import ParquetSource
from .stores.fetched import StoreFile
from .workbook.source import WorkbookSource

__all__ = ["Piece", "Source", "Statistics", "open_source"]

SNIFFED_BYTES = 8


def open_source(
    manifest: Any,
    *,
    delimiter: str | None = None,
    encoding: str = "utf-8",
    header: bool | Sequence[str] = True,
    sheet: str | None = None,
    sizes: Sizes = USUAL,
) -> Source:
    """Look at a manifest without reading its rows.

    Parameters
    ----------
    manifest : object
        A pyarrow Table, RecordBatch, RecordBatchReader or dataset; a Polars or pandas frame, a LazyFrame, a DuckDB
        relation, anything with `__arrow_c_stream__` or `__arrow_c_array__`; a mapping of column names to arrays, a
        structured NumPy array; a cursor that gives record batches; a list or an iterator of these; a path, a glob, a
        folder or a list of these; "-" for standard input, or a binary file object: CSV, Arrow or Parquet.
    delimiter : str, optional
        What separates the cells of CSV. None: a tab for .tsv; else a comma, or what the first line shows.
    encoding : str
        The encoding of CSV.
    header : bool or sequence of str
        Whether the first row of CSV gives the column names; False names them f0, f1, ...; a sequence names them.
    sheet : str, optional
        The sheet of a workbook; by default the only one.
    sizes : Sizes
        Where it is cut into pieces.

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
    source = _open(manifest, CsvOptions(delimiter, encoding, header, sheet))
    source.sizes = sizes
    return source


def _open(manifest: Any, options: CsvOptions) -> Source:
    if isinstance(manifest, str) and manifest == "-":
        if sys.stdin is None:
            raise InputError("standard input is closed: give it a file, or name one.")
        return _open_stream(sys.stdin.buffer, "standard input", options)
    table = open_table(manifest)
    if table is not None:
        return table
    if isinstance(manifest, (str, os.PathLike)):
        return _open_files([manifest], options)
    source = open_memory(manifest)
    if source is not None:
        return source
    if isinstance(manifest, io.TextIOBase):
        raise InputError('the file object gives text, not bytes: open it with mode "rb".')
    if hasattr(manifest, "read"):
        path = path_of(manifest)
        if path is not None and format_of(file_at(path))[0] in ("parquet", "arrow file"):
            return _open_files([path], options)
        return _open_stream(manifest, str(getattr(manifest, "name", "file object")), options)
    if isinstance(manifest, Iterable) and not isinstance(manifest, (bytes, bytearray, memoryview)):
        return _open_several(manifest, options)
    kind = f"{type(manifest).__module__}.{type(manifest).__qualname__}"
    mend = "give a table, a mapping of arrays or a path"
    if hasattr(manifest, "collect"):
        mend = "call its collect() first"
    elif isinstance(manifest, (bytes, bytearray, memoryview)):
        mend = "give what a file holds as io.BytesIO(...), and a path as text"
    raise UnsupportedTypeError(f"a {kind} is no manifest: {mend}.")


def _open_several(manifest: Iterable[Any], options: CsvOptions) -> Source:
    """A list or an iterator, of paths or of what is in memory; an iterator is drawn as its items are read."""
    items = iter(manifest)
    first = next(items, None)
    if first is None:
        raise InputError("the list of files is empty: give at least one path, or one table.")
    if isinstance(first, (str, os.PathLike)):
        paths = [first, *items]
        for number, path in enumerate(paths):
            if not isinstance(path, (str, os.PathLike)):
                raise _no_item(number, path, "a path, as the items before it are")
        return _open_files(paths, options)
    if isinstance(manifest, Iterator):
        several = (_item(number, one) for number, one in enumerate(items, 1))
        return stream_of_many(_item(0, first), several)
    many = [_item(number, one) for number, one in enumerate([first, *items])]
    return many[0] if len(many) == 1 else ManySource(many)


def _item(number: int, given: Any) -> MemorySource:
    source = open_memory(given) if not isinstance(given, Mapping) or not _is_row(given) else None
    if source is None:
        raise _no_item(number, given, "a table, a batch or a frame")
    return source


def _is_row(given: Mapping[Any, Any]) -> bool:
    """Whether a mapping is one row rather than columns, as JSON has them."""
    return not any(hasattr(value, "__len__") and not isinstance(value, (str, bytes)) for value in given.values())


def _no_item(number: int, given: Any, wanted: str) -> InputError:
    kind = f"{type(given).__module__}.{type(given).__qualname__}"
    mend = ": make rows a table with pyarrow.Table.from_pylist" if isinstance(given, (Mapping, tuple)) else ""
    return UnsupportedTypeError(f"item {number} of the list is a {kind}, not {wanted}{mend}.")


def _open_files(paths: Sequence[str | os.PathLike[str]], options: CsvOptions) -> Source:
    found, left_out, notes = find_files(paths)
    formats = [format_of(file)[0] for file in found]
    families = [name.partition(" ")[0] for name in formats]
    for file, family in zip(found, families, strict=True):
        if family == "feather":
            raise InputError("Feather version 1 cannot be read: write it as Parquet or Arrow.", file=file.path)
        if family != families[0]:
            wrong = f"is {family} and {found[0].path} is {families[0]}"
            raise InputError(f"{wrong}: the files of one manifest have one format.", file=file.path)
    source: Source
    if families[0] == "parquet":
        source = ParquetSource(found)
    elif families[0] == "workbook":
        source = WorkbookSource(found, options.sheet, options.header)
    elif families[0] == "arrow":
        source = IpcSource(found, formats)
    else:
        source = CsvSource(found, options)
    source.left_out = left_out
    source.stumbles = tuple(file.account.stumbles for file in found if isinstance(file, StoreFile))
    source.notes = (*notes, *source.notes)
    return source


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
    if kind in ("parquet", "arrow file"):
        with reading(name):
            return open_content(whole.read(), kind, name)
    if kind != "csv":
        raise InputError("Feather version 1 cannot be read: write it as Parquet or Arrow.", file=name)
    with reading(name):
        return CsvStreamSource(unpacking(whole, compression), name, options)


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
        if (size < 0 or len(text) < size) and self._descriptor is not None and self._before is not None:
            check_unchanged(self._descriptor, self._before, self._name)
        return text
