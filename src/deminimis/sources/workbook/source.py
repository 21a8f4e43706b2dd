"""Workbooks as a manifest: which sheet of each, its header, and its rows, which are held as they are few."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

import pyarrow as pa

from ...bounds import UNPACKED_BYTES_MAX, UNPACKED_TIMES_MAX
from ...errors import DeminimisError, InputError, listed, option
from ..base import Piece, Source
from ..files import with_folders, with_partition
from ..found import FoundFile
from ..schemas import Columns
from .cells import columns_of, text_of

_NEEDS = "is a workbook, which python-calamine reads: pip install 'deminimis[excel]', or save the sheet as CSV."
_MEND = "open it in a spreadsheet program and save it anew, or save the sheet as CSV."
Header = bool | Sequence[str]


class WorkbookSource(Source):
    """One sheet of each file, all with the same columns, as one manifest.

    Parameters
    ----------
    sheet : str, optional
        Its name; by default the only one that is not hidden and has cells.
    header : bool or sequence of str
        As of CSV.
    """

    def __init__(self, found: Sequence[FoundFile], sheet: str | None, header: Header) -> None:
        self._found = found
        self._tables: list[pa.RecordBatch] = []
        notes: list[str] = []
        for one in found:
            with one.reading("is not a readable workbook", _MEND), _calamine(one.path):
                read = _Book(one).sheet(sheet)
                self._tables.append(read.table(header))
                notes += read.notes()
        schemas = (
            (one.path, with_folders(table.schema, one.partition))
            for one, table in zip(found, self._tables, strict=True)
        )
        super().__init__(
            Columns(schemas),
            rows=sum(table.num_rows for table in self._tables),
            bytes=sum(one.bytes for one in found),
            files=tuple(one.path for one in found),
            places=(one.identity.place for one in found),
        )
        self.notes = tuple(notes)

    def pieces(
        self, columns: Sequence[str] | None, *, as_dictionary: Collection[str] = (), as_views: Collection[str] = ()
    ) -> Iterator[Piece]:
        self.check_columns(columns)
        wanted = None if columns is None else list(dict.fromkeys(columns))
        for one, table in zip(self._found, self._tables, strict=True):
            yield WorkbookPiece(one, table, wanted)


class WorkbookPiece(Piece):
    """The sheet of one file."""

    def __init__(self, found: FoundFile, table: pa.RecordBatch, columns: list[str] | None) -> None:
        super().__init__(found.path, file=found.path, rows=table.num_rows, bytes=found.bytes, first_row=0)
        self._found = found
        self._table = table
        self._columns = columns

    def batches(self) -> Iterator[pa.RecordBatch]:
        own = self._table.schema.names
        inside = self._table if self._columns is None else self._table.select([n for n in self._columns if n in own])
        layout = self._columns or with_folders(self._table.schema, self._found.partition).names
        yield with_partition(inside, self._found.partition, layout)


class _Book:
    """A workbook that is open."""

    def __init__(self, found: FoundFile) -> None:
        from python_calamine import CalamineWorkbook

        self.path = found.path
        with found.open() as file:
            content = bytes(file.read())
        _check_claims(content, found.path)
        self._book = CalamineWorkbook.from_filelike(io.BytesIO(content))

    def sheet(self, name: str | None) -> _Sheet:
        """The sheet of this name, or the only one there is."""
        from python_calamine import SheetVisibleEnum

        names = self._book.sheet_names
        if name is not None:
            if name not in names:
                raise InputError(f"has no sheet {name!r}; its sheets are {listed(names)}.", file=self.path)
            return _Sheet(self._book.get_sheet_by_name(name), self.path)
        shown = [one.name for one in self._book.sheets_metadata if one.visible == SheetVisibleEnum.Visible]
        sheets = [_Sheet(self._book.get_sheet_by_name(one), self.path) for one in shown]
        full = [one for one in sheets if one.has_cells]
        if len(full) != 1:
            what = (
                f"has {len(full)} sheets with cells: {listed([one.name for one in full])}" if full else "has no cells"
            )
            hidden = [one for one in names if one not in shown]
            also = f" (and {listed(hidden)}, hidden)" if hidden else ""
            raise InputError(f"{what}{also}: name one with {option('sheet')}.", file=self.path)
        return full[0]


class _Sheet:
    """A sheet that was parsed."""

    def __init__(self, sheet: Any, path: str) -> None:
        self._sheet = sheet
        self._path = path
        self.name: str = sheet.name

    @property
    def has_cells(self) -> bool:
        return bool(self._sheet.start is not None and self._sheet.height)

    def table(self, header: Header) -> pa.RecordBatch:
        """Its rows below the header, which is the first row with a cell."""
        width = int(self._sheet.width)
        rows = iter(self._sheet.to_python(skip_empty_area=True)) if self.has_cells else iter(())
        if header is True:
            names = [text_of(cell) for row in islice(rows, 1) for cell in row]
        elif header is False:
            names = [f"f{i}" for i in range(width)]
        else:
            names = list(header)
            if self.has_cells and len(names) != width:
                wrong = f"{option('header')} names {len(names)} columns and the sheet has {width}"
                raise InputError(f"{wrong}: name each.", file=self._path)
        if not names:
            raise InputError(f"the sheet {self.name!r} has no cells.", file=self._path)
        columns = columns_of(rows, len(names))
        return pa.RecordBatch.from_arrays(columns, names)

    def notes(self) -> list[str]:
        """What the reader must not miss of it."""
        merged = len(self._sheet.merged_cell_ranges or ())
        if not merged:
            return []
        cells = "1 range of merged cells" if merged == 1 else f"{merged:,} ranges of merged cells"
        return [
            f"{self._path}, sheet {self.name!r} has {cells}: what they hold is that of their first row and column, and "
            "nothing in the others; where it stands for all of them, fill it down."
        ]


def _check_claims(content: bytes, path: str) -> None:
    """Refuse a packed workbook that says it unpacks to more than honest ones do."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        unpacked = sum(one.file_size for one in archive.infolist())
    if unpacked > max(UNPACKED_BYTES_MAX, UNPACKED_TIMES_MAX * len(content)):
        bound = f"{UNPACKED_BYTES_MAX >> 30} GiB and to more than {UNPACKED_TIMES_MAX} times its bytes"
        raise InputError(f"unpacks to more than {bound}: save the sheet as CSV.", file=path)


@contextmanager
def _calamine(path: str) -> Iterator[None]:
    """What the library raises as an error of this package, its panics too, which are no `Exception`."""
    try:
        yield
    except ImportError as error:
        raise InputError(_NEEDS, file=path) from error
    except DeminimisError:
        raise
    except BaseException as error:
        is_panic = type(error).__name__ == "PanicException"
        is_its = is_panic or type(error).__module__.startswith("python_calamine")
        if is_its or isinstance(error, zipfile.BadZipFile):
            said = str(error).strip().splitlines()[:1]
            raise InputError(f"is not a readable workbook ({''.join(said)}): {_MEND}", file=path) from None
        raise
