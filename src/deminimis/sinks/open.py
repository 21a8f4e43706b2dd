"""One door to every output: `open_sink` gives a `Sink` that takes record batches in row order.

Formats are in sink_formats; how a file appears whole or not at all is in sink_files.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import pyarrow as pa

from ..addresses import masked, path_of, scheme_of
from ..errors import DeminimisError, InputError, lack
from ..formats import ending_of
from ..sources.base import reason_of
from ..sources.files import home_of
from ..sources.identity import Place, descriptor_of
from ..sources.stores.address import parse
from .csv_file import CsvFile
from .files import NewFile, Output, refuse_input
from .formats import ArrowFileWriter, ArrowStreamWriter, CsvWriter, ParquetWriter, Writer
from .objects import NewObject
from .workbook import WorkbookWriter

FORMATS = {"parquet": "parquet", "arrow file": "arrow", "arrow stream": "arrows", "csv": "csv", "workbook": "xlsx"}
"""What the formats of files are called as outputs."""
WRITERS: dict[str, Callable[..., Writer]] = {
    "parquet": ParquetWriter,
    "arrow": ArrowFileWriter,
    "arrows": ArrowStreamWriter,
    "csv": CsvWriter,
    "xlsx": WorkbookWriter,
}


class Sink:
    """An output that takes batches of one schema. As a context manager it commits, or aborts on any error.

    Attributes
    ----------
    name : str
        What to call it in a message.
    rows : int
        The rows taken so far.
    """

    def __init__(self, output: Output, writer: Writer) -> None:
        self._output = output
        self._writer = writer
        self._is_open = True
        self.name = output.name
        self.rows = 0

    @property
    def bytes(self) -> int:
        """The bytes written so far."""
        return self._output.bytes

    def write(self, batch: pa.RecordBatch) -> None:
        """Write a batch.

        Raises
        ------
        OutOfSpaceError
            The disk is full.
        BrokenPipeError
            The reader of standard output has gone.
        InputError
            The format has no form for a column's type.
        """
        with _writing(self.name):
            self._writer.write(batch)
        self.rows += batch.num_rows

    def commit(self) -> None:
        """Finish the output. A file is on the disk and under its name when this returns."""
        try:
            with _writing(self.name):
                self._writer.close()
                self._output.commit()
        except BaseException:
            self.abort()
            raise
        self._is_open = False

    def abort(self) -> None:
        """Leave nothing behind. What a stream was sent stays sent."""
        if self._is_open:
            self._is_open = False
            self._output.abort()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self._is_open:
            self.commit()
        else:
            self.abort()


def open_sink(
    target: str | Path | BinaryIO,
    schema: pa.Schema,
    *,
    format: str | None = None,
    inputs: Collection[Place] = (),
    replace: bool = True,
) -> Sink:
    """Open an output for record batches.

    Parameters
    ----------
    target : str, Path or binary file object
        A file or an address, which appears whole at `commit` or not at all; or "-" (standard output) or a file
        object, which are written as the batches come.
    schema : pyarrow.Schema
        The columns. A single boolean column that is not nullable is written to Parquet straight from its bits.
    format : {"parquet", "arrow", "arrows", "csv", "xlsx"}, optional
        By default the file's ending tells; a stream gets an Arrow stream.
    inputs : collection of (device, inode) or (store, key)
        The files that are read, which the output must not replace.
    replace : bool, default True
        False refuses a target that is there, also one that appeared before `commit`.

    Raises
    ------
    InputError
        The ending or the format is not known, the folder is missing or read-only, or the target is an input or
        read-only.
    """
    if format is not None and format not in FORMATS.values():
        raise InputError(f"there is no output format {format!r}: give parquet, arrow, arrows, csv or xlsx.")
    if target == "-":
        if sys.stdout is None:
            raise InputError("standard output is closed: give it a file, or name one.")
        return _open_stream(sys.stdout.buffer, "standard output", schema, format, inputs)
    if not isinstance(target, (str, os.PathLike)):
        return _open_stream(target, str(getattr(target, "name", "file object")), schema, format, inputs)
    address = parse(target)
    if address is not None:
        kind, options = _kind_of(address.name, format, target)
        if not replace and address.info(address.path).type.name != "NotFound":  # a store has no step that looks too
            raise InputError("is there already, and is to be kept: give another name.", file=address.name)
        return _sink(NewObject(address, inputs), schema, kind, options)
    path = home_of(path_of(target))
    scheme = scheme_of(path)
    if scheme is not None and not path.parent.is_dir():
        wrong = f"is an address ({scheme}://), which is not written: give a path, or one of s3://, gs://, abfss://."
        raise InputError(wrong, file=masked(str(target)))
    if path.is_dir():
        raise InputError("is a folder: give the name of a file in it.", file=str(path))
    if path.exists() and not path.is_file():
        if not replace:
            raise InputError("is there already, and is no file: give another name.", file=str(path))
        with _writing(str(path)):
            file = path.open("wb", buffering=0)
        known = format or FORMATS.get(ending_of(str(path)).format or "")
        return _open_stream(file, str(path), schema, known, is_owned=True)
    kind, options = _kind_of(str(path), format, target)
    return _sink(NewFile(path, inputs, replace=replace), schema, kind, options)


def _kind_of(name: str, format: str | None, target: object) -> tuple[str, dict[str, Any]]:
    """The format of an output by its name, where none is asked for, and what its writer takes."""
    ending = ending_of(name)
    kind = format or FORMATS.get(ending.format or "")
    if kind == "xlsx" and not name.lower().endswith(".xlsx"):
        raise InputError("a workbook is written as .xlsx: end it so.", file=name)
    asked = target if isinstance(target, CsvFile) else None
    if asked is not None and kind != "csv":
        raise InputError("a byte order mark, places and formulas are those of a .csv: end it so.", file=name)
    if kind is None or (ending.compression and kind != "csv"):
        mend = "end it in .parquet, .arrow, .csv, .csv.gz or .xlsx."
        raise InputError(f"its ending does not tell the format: {mend}", file=name)
    csv = {"delimiter": ending.delimiter or ",", "compression": ending.compression, "asked": asked}
    return kind, csv if kind == "csv" else {}


def _sink(output: Output, schema: pa.Schema, kind: str, options: dict[str, Any]) -> Sink:
    return Sink(output, _open_writer(output, schema, kind, **options))


def _open_stream(
    file: BinaryIO,
    name: str,
    schema: pa.Schema,
    format: str | None,
    inputs: Collection[Place] = (),
    *,
    is_owned: bool = False,
) -> Sink:
    descriptor = descriptor_of(file)
    if descriptor is not None:
        refuse_input(descriptor, inputs, name)
    output = Output(file, name, is_owned=is_owned)
    return Sink(output, _open_writer(output, schema, "arrows" if format in (None, "arrow") else format))


def _open_writer(output: Output, schema: pa.Schema, kind: str | None, **options: Any) -> Writer:
    try:
        with _writing(output.name):
            return WRITERS[kind or "arrows"](output, schema, **options)
    except BaseException:
        output.abort()
        raise


@contextlib.contextmanager
def _writing(name: str) -> Iterator[None]:
    try:
        yield
    except (DeminimisError, BrokenPipeError):
        raise
    except MemoryError as error:  # pyarrow's too, which is an ArrowException
        raise lack(error, name) or error from error
    except pa.ArrowException as error:
        raise InputError(f"cannot be written ({reason_of(error)}): write .parquet instead.", file=name) from error
    except OSError as error:
        raise lack(error, name) or InputError(
            f"cannot be written ({error.strerror or reason_of(error)}).", file=name
        ) from error
