"""What every kind of manifest shows to its reader: a `Source` of `Piece`s, and how a failed read becomes an InputError.

No file is opened here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from typing import NamedTuple

import pyarrow as pa

from .. import compute as pc
from ..errors import DeminimisError, InputError, OutOfMemoryError, lack
from ..sizes import USUAL, Sizes
from .identity import Place
from .schemas import Columns
from .spread import spread


class Statistics(NamedTuple):
    """Bounds of one column of one piece, from the file's metadata: a promise of its writer, not a proof.

    `min` and `max` are None where every row is null. Whole numbers, dates and timestamps are int in the column's own
    unit (days for date32); text is str, and its bounds may be cut short, `max` upwards. `null_count` may be unknown.
    """

    min: int | str | None
    max: int | str | None
    null_count: int | None


class Piece(ABC):
    """An independent part of a manifest that one thread reads by itself.

    Parameters
    ----------
    label : str
        What to call it in a message, such as "in.parquet, row group 3".
    file : str, optional
        The file that it is a part of.
    rows, bytes : int, optional
        Its size, where the metadata tells. `bytes` are file bytes, of the columns that are read where that is known.
    first_row : int, optional
        The number of its first row within its file, counted from 0, where the metadata tells.
    """

    def __init__(
        self,
        label: str,
        *,
        file: str | None = None,
        rows: int | None = None,
        bytes: int | None = None,
        first_row: int | None = None,
    ) -> None:
        self.label = label
        self.file = file
        self.rows = rows
        self.bytes = bytes
        self.first_row = first_row

    @abstractmethod
    def batches(self) -> Iterator[pa.RecordBatch]:
        """Decode in the calling thread, in row order; the columns are those asked for, in the order asked for."""

    def statistics(self, column: str) -> Statistics | None:
        """Bounds of `column` over all rows of this piece, or None where the metadata does not tell."""
        return None


class Source(ABC):
    """A manifest that has been looked at and not yet read.

    Attributes
    ----------
    schema : pyarrow.Schema
        Every column as the user sees it. Folders named `key=value` are columns, after those of the files; where files
        differ, the columns of all of them, in types that hold the values of each.
    rows : int or None
        The number of rows, where metadata tells.
    bytes : int or None
        The size of all files; None in memory.
    files : tuple of str
        The files in row order; empty in memory.
    places : set of (device, inode), or of (store, key)
        Where the files lie, whatever their names: what no output may replace. An iterator's are known as it is drawn.
    left_out : tuple of str
        Files of folders and patterns that were passed over.
    notes : tuple of str
        What the reader must not miss: of files that were passed over, of a delimiter that was guessed.
    row_groups : int or None
        The row groups of Parquet files.
    is_read_once : bool
        Whether a second reading is refused.
    sizes : Sizes
        Where it is cut into pieces.
    stumbles : tuple of lists of str
        Of each object of a store, why requests for it were made again; they grow while it is read.
    """

    schema: pa.Schema
    places: AbstractSet[Place] = frozenset()
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    row_groups: int | None = None
    is_read_once = False
    sizes: Sizes = USUAL
    stumbles: tuple[list[str], ...] = ()

    def __init__(
        self,
        schema: pa.Schema | Columns,
        *,
        rows: int | None = None,
        bytes: int | None = None,
        files: tuple[str, ...] = (),
        places: Iterable[Place] = (),
    ) -> None:
        self._columns = schema if isinstance(schema, Columns) else Columns([(files[0] if files else None, schema)])
        self.schema = self._columns.schema
        self.rows = rows
        self.bytes = bytes
        self.files = files
        self.places = frozenset(places)

    def all_notes(self) -> tuple[str, ...]:
        """Its notes, and what was noticed while it was read."""
        again = [why for one in self.stumbles for why in one]
        if not again:
            return self.notes
        requests = "1 request to the store was" if len(again) == 1 else f"{len(again):,} requests to the store were"
        return (*self.notes, f"{requests} made again, the first as it failed ({reason_in(again[0])}).")

    @property
    def names(self) -> list[str]:
        """The names of all columns."""
        return self.schema.names  # type: ignore[no-any-return]

    def schema_of(self, columns: Sequence[str]) -> pa.Schema:
        """The fields of some columns that are there, once or more often, without a look at the others."""
        return pa.schema([self.schema.field(i) for name in columns for i in self.schema.get_all_field_indices(name)])

    def readable_twice(self, reader: str) -> Source:
        """This manifest as one that can be read again, held in memory where nothing else would do.

        Parameters
        ----------
        reader : str
            What reads it twice, for a message.

        Raises
        ------
        InputError
            It comes once.
        """
        if not self.is_read_once:
            return self
        mend = "collect it first (as with pyarrow.RecordBatchReader.read_all), or give a path"
        raise InputError(f"{reader} reads the manifest twice, and this one comes once: {mend}.")

    def anew(self) -> Source:
        """This manifest for two readings that belong together, where a source remembers the first of them."""
        return self

    def table(self, columns: Sequence[str] | None = None) -> pa.Table | None:
        """These columns as a table, all at once, where the manifest is in memory as one; else None."""
        return None

    @abstractmethod
    def pieces(
        self, columns: Sequence[str] | None, *, as_dictionary: Collection[str] = (), as_views: Collection[str] = ()
    ) -> Iterator[Piece]:
        """Yield the pieces in row order, each opened only when it is read.

        Draw them as they are needed rather than all at once: the next piece of a large CSV file is found by reading a
        little of it.

        Parameters
        ----------
        columns : sequence of str or None
            The columns to read; None reads all, where files differ those of each file as they lie there.
        as_dictionary : collection of str
            Text columns that may come dictionary encoded, where the file holds them so and it is faster.
        as_views : collection of str
            Columns of text or bytes that may come as views, where that is faster.
        """

    def sample(self, places: int, rows: int) -> Iterator[pa.RecordBatch]:
        """Rows of so many places spread over the manifest, its first rows among them, some `rows` of each; to look at,
        not to answer for. Columns are those of `schema`. What has no places that are found without reading what lies
        before gives its first rows alone.
        """
        table = self.table()
        if table is not None:
            starts = list(dict.fromkeys(min(at, max(len(table) - rows, 0)) for at in spread([len(table)], places)[0]))
            for start, end in zip(starts, [*starts[1:], len(table)], strict=True):
                yield from table.slice(start, min(rows, end - start)).to_batches()
            return
        left = rows * places
        for piece in self.pieces(None):
            for batch in piece.batches():
                yield batch.slice(0, left)
                left -= batch.num_rows
                if left <= 0:
                    return

    def guess_rows(self) -> int | None:
        """About how many rows it has, without decoding any; None where nothing tells."""
        return self.rows

    def check_columns(self, columns: Sequence[str] | None) -> None:
        """Refuse a column that is not there, or that is there twice; where files differ, in any of them."""
        self._columns.check(columns)

    def check_all_columns(self, mend: str) -> None:
        """Refuse columns that cannot be written beside the answers, with what else would do."""
        self._columns.check_all(mend)


def check_batch(batch: pa.RecordBatch, required: Sequence[str] = ()) -> None:
    """Refuse what a decoder lets through and later code would trust: nulls in a required column, wild indices."""
    batch.validate()
    for name in required:
        if batch.column(name).null_count:
            raise pa.ArrowInvalid(f"the column {name!r} is required and has nulls")
    for column in batch.columns:
        if pa.types.is_dictionary(column.type):
            low, high = pc.min_max(column.indices).values()
            if low.is_valid and not 0 <= low.as_py() <= high.as_py() < len(column.dictionary):
                raise pa.ArrowInvalid("an index is outside of its dictionary")


def reason_of(error: BaseException) -> str:
    """The first line of a library's message, without a full stop."""
    return reason_in(str(error)) or type(error).__name__


def reason_in(message: str) -> str:
    """The first line of a message, without a full stop."""
    lines = message.strip().splitlines()
    return lines[0].strip().rstrip(".") if lines else ""


@contextmanager
def reading(file: str | None, what: str = "cannot be read", mend: str = "") -> Iterator[None]:
    """Turn the errors of pyarrow and of the operating system into an InputError that names the file.

    A generator may yield inside: what its consumer raises does not pass through here.
    """
    try:
        yield
    except DeminimisError:
        raise
    except FileNotFoundError as error:
        raise InputError("there is no such file.", file=file or error.filename) from error
    except IsADirectoryError as error:
        raise InputError("is a folder, not a file.", file=file or error.filename) from error
    except PermissionError as error:
        raise InputError("may not be read: its permissions forbid it.", file=file or error.filename) from error
    except MemoryError as error:
        raise OutOfMemoryError(f"{file}: {reason_of(error)}." if file else f"{reason_of(error)}.") from error
    except (pa.ArrowException, OSError, ValueError, TypeError, EOFError) as error:
        lacking = lack(error, file or "")
        if lacking is not None:
            raise lacking from error
        raise InputError(f"{what} ({reason_of(error)}){': ' + mend if mend else '.'}", file=file) from error
