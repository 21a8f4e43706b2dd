"""A Parquet footer as this package reads it: row groups, column chunks, their statistics, and what is encrypted.

pyarrow is not asked for any of these: where a footer is damaged or a column encrypted, that ends the process.
"""

from __future__ import annotations

import io
from typing import Any, NamedTuple

import pyarrow as pa

from ..._kernel import Footer
from ...bounds import COLUMN_CHUNKS_MAX, FOOTER_BYTES_MAX, PAGE_BYTES_MAX, UNPACKED_TIMES_MAX
from ...errors import InputError
from ..base import Statistics
from ..found import FoundFile
from ..opened import OpenedFile

MAGIC, ENCRYPTED_MAGIC = b"PAR1", b"PARE"
INT32, INT64, BYTE_ARRAY = 1, 2, 6
TAIL_BYTES = 64 << 10
"""What of a file's end has most footers."""
DICTIONARY_ENCODINGS = {2, 8}  # PLAIN_DICTIONARY, RLE_DICTIONARY
MEND = "the file is damaged; write it again or leave it out."

# Fields of parquet.thrift, by their numbers.
TYPE, ENCODINGS, CODEC, VALUES, UNPACKED, PACKED, DATA, DICTIONARY, STATISTICS = 1, 2, 4, 5, 6, 7, 9, 11, 12
OLD_MAX, OLD_MIN, NULLS, MAX, MIN = 1, 2, 3, 5, 6


class Chunk(NamedTuple):
    """What the footer says of one column in one row group."""

    packed_bytes: int
    unpacked_bytes: int
    encodings: frozenset[int]
    codec: int
    start: int  # of its first page in the file
    values: int  # nulls included
    physical_type: int
    told: dict[int, Any]  # its statistics, by the numbers of their fields

    @property
    def is_dictionary(self) -> bool:
        """Whether some of its pages are indices into a dictionary."""
        return bool(DICTIONARY_ENCODINGS & self.encodings)

    def statistics(self, kind: pa.DataType) -> Statistics | None:
        """Bounds of a column of this type, where they are told in a way that can be trusted to be meant so."""
        nulls = _whole(self.told.get(NULLS))
        low, high = self.told.get(MIN), self.told.get(MAX)
        numeric = self.physical_type in (INT32, INT64) and not pa.types.is_decimal(kind)
        if numeric and (low is None or high is None):
            low, high = self.told.get(OLD_MIN), self.told.get(OLD_MAX)
        if low is None or high is None:
            return Statistics(None, None, nulls) if self.told and nulls == self.values else None
        if not isinstance(low, bytes) or not isinstance(high, bytes):
            return None
        if numeric:
            size = 4 if self.physical_type == INT32 else 8
            return _bounds(low, high, nulls, size, is_unsigned=pa.types.is_unsigned_integer(kind))
        if self.physical_type == BYTE_ARRAY and _is_text(kind):
            try:
                return Statistics(low.decode(), high.decode(), nulls)
            except UnicodeDecodeError:
                return None
        return None


def read_footer(found: FoundFile) -> Footer:
    """Read what a file says of itself.

    Raises
    ------
    InputError
        It is no Parquet file, is encrypted as a whole, is damaged, or passes a bound.
    """
    path, size = found.path, found.bytes
    with found.open() as file:
        file.expect([(size - TAIL_BYTES, size)])
        file.seek(max(0, size - 8))
        tail = bytes(file.read())
        if tail[4:] == ENCRYPTED_MAGIC:
            raise encrypted(path)
        length = int.from_bytes(tail[:4], "little")
        if tail[4:] != MAGIC or length > size - 12:
            raise InputError(f"is not a readable Parquet file: no footer is at its end: {MEND}", file=path)
        if length > FOOTER_BYTES_MAX:
            wrong = f"its footer is larger than {FOOTER_BYTES_MAX >> 20} MiB"
            raise InputError(f"{wrong}: write larger row groups.", file=path)
        file.seek(size - 8 - length)
        text = bytes(file.read(length))
    try:
        return Footer(text, COLUMN_CHUNKS_MAX)
    except OverflowError as error:
        wrong = f"it has more than {COLUMN_CHUNKS_MAX:,} column chunks (row groups times columns)"
        raise InputError(f"{wrong}: write larger row groups.", file=path) from error
    except ValueError as error:
        raise InputError(f"is not a readable Parquet file ({error}): {MEND}", file=path) from error


def chunk_of(footer: Footer, group: int, column: int) -> Chunk:
    """One column chunk; a field of another type than it should have is left out."""
    told = footer.chunk(group, column)
    encodings, statistics = told.get(ENCODINGS), told.get(STATISTICS)
    data, dictionary = _whole(told.get(DATA)) or 0, _whole(told.get(DICTIONARY)) or 0
    codec = _whole(told.get(CODEC))
    return Chunk(
        max(0, _whole(told.get(PACKED)) or 0),
        max(0, _whole(told.get(UNPACKED)) or 0),
        frozenset(encodings) if isinstance(encodings, list) else frozenset(),
        -1 if codec is None else codec,
        dictionary if 0 < dictionary < data else data,
        _whole(told.get(VALUES)) or 0,
        _whole(told.get(TYPE)) or 0,
        statistics if isinstance(statistics, dict) else {},
    )


def check_pages(found: FoundFile, footer: Footer, groups: list[int], columns: list[int], *, at_once: bool) -> None:
    """Refuse a page that unpacks to more than the bound, before room is made for it; a small file is read at once."""
    with found.open_raw() as raw:
        chunks = (chunk_of(footer, group, column) for group in groups for column in columns)
        raw.expect((chunk.start, chunk.start + chunk.packed_bytes) for chunk in chunks)
        file = OpenedFile(io.BytesIO(raw.read(0, found.bytes))) if at_once else raw
        if footer.has_page_above(file.read, groups, columns, PAGE_BYTES_MAX, UNPACKED_TIMES_MAX):
            raise page_above(found.path)


def check_page(path: str, unpacked: int, packed: int) -> None:
    """Refuse one page of these sizes that passes the bound."""
    if unpacked > PAGE_BYTES_MAX and unpacked // UNPACKED_TIMES_MAX > packed:
        raise page_above(path)


def page_above(path: str) -> InputError:
    """The error for a page that unpacks to more than the bound."""
    bound = f"{PAGE_BYTES_MAX >> 20} MiB and to more than {UNPACKED_TIMES_MAX} times its bytes"
    return InputError(f"a page unpacks to more than {bound}: write smaller pages.", file=path)


def encrypted(path: str, column: str | None = None) -> InputError:
    """The error for a file, or a column, that only the holder of its key can read."""
    return InputError("is encrypted: decrypt it first.", file=path, column=column)


def _whole(told: Any) -> int | None:
    return told if isinstance(told, int) else None


def _bounds(low: bytes, high: bytes, nulls: int | None, size: int, *, is_unsigned: bool) -> Statistics | None:
    if len(low) != size or len(high) != size:
        return None
    least, most = (int.from_bytes(one, "little", signed=True) for one in (low, high))
    return Statistics(least, most, nulls) if not is_unsigned or 0 <= least <= most else None


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))
