"""The rows of one Parquet column chunk as Arrow arrays, decoded here; of which columns, `form_of` says."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.types as pt

from ..._kernel import PAGE_ENCODINGS, PAGE_FORMS, ColumnPages, TornPageError
from .footer import Chunk
from .pages import Damaged, Page, Pages, ReadAt, Unusual

PHYSICAL_TYPES = ("BOOLEAN", "INT32", "INT64", "INT96", "FLOAT", "DOUBLE", "BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY")
"""By their numbers in parquet.thrift."""
BOOLEAN, INT32, INT64, INT96, FLOAT, DOUBLE, BYTE_ARRAY, FIXED_LEN_BYTE_ARRAY = range(8)

READ_ENCODINGS = frozenset(PAGE_ENCODINGS.values()) | {4}
"""Of the chunks that are read here; the last, old bit-packed levels, is often told of and never there."""
RUNS_LEVELS = PAGE_ENCODINGS["runs"]
INDICES = pa.int32()
FIXED_BYTES_MOST = 256
"""Longer binary values may take far more memory than their pages; pyarrow reads them."""

_COPIED = {
    INT32: (pa.int32(), pa.uint32(), pa.date32()),
    INT64: (pa.int64(), pa.uint64()),
    FLOAT: (pa.float32(),),
    DOUBLE: (pa.float64(),),
}
_NARROWED = {pa.int8(): 1, pa.uint8(): 1, pa.int16(): 2, pa.uint16(): 2}


class Form(NamedTuple):
    """How the values of a column become those of an array of type `kind`: see `_kernel.ColumnPages`."""

    kind: pa.DataType
    what: str
    source: int
    width: int


def form_of(kind: pa.DataType, physical_type: int, length: int, *, as_views: bool, as_dictionary: bool) -> Form | None:
    """How a column is decoded that pyarrow gives as `kind`; None for what is left to it.

    Parameters
    ----------
    length : int
        Bytes of a value of fixed length.
    as_views, as_dictionary : bool
        What text may come as; text that may be neither is left to pyarrow.
    """
    if physical_type == BYTE_ARRAY:
        return _form_of_text(kind, as_views=as_views, as_dictionary=as_dictionary)
    if kind in _COPIED.get(physical_type, ()) or (
        physical_type == INT64 and pt.is_timestamp(kind) and kind.unit != "s"
    ):
        width = kind.bit_width // 8
        return Form(kind, "copied", width, width)
    if physical_type == INT32 and kind in _NARROWED:
        return Form(kind, "narrowed", 4, _NARROWED[kind])
    if physical_type in (INT32, INT64) and pt.is_decimal128(kind):
        return Form(kind, "widened", 4 if physical_type == INT32 else 8, 16)
    if physical_type == INT96 and kind == pa.timestamp("us"):
        return Form(kind, "int96", 12, 8)
    if physical_type == BOOLEAN and pt.is_boolean(kind):
        return Form(kind, "bits", 0, 1)
    if physical_type == FIXED_LEN_BYTE_ARRAY and length > 0:
        if pt.is_decimal128(kind) and length <= 16:
            return Form(kind, "turned", length, 16)
        if pt.is_fixed_size_binary(kind) and kind.byte_width == length <= FIXED_BYTES_MOST:
            return Form(kind, "copied", length, length)
    return None


def _form_of_text(kind: pa.DataType, *, as_views: bool, as_dictionary: bool) -> Form | None:
    if as_dictionary and kind == pa.string():
        return Form(pa.dictionary(INDICES, pa.string()), "indexed", 0, 4)
    as_views = as_views and _makes_views()
    if as_views and (pt.is_string(kind) or pt.is_large_string(kind) or pt.is_string_view(kind)):
        return Form(pa.string_view(), "viewed", 0, 16)
    if as_views and (pt.is_binary(kind) or pt.is_large_binary(kind) or pt.is_binary_view(kind)):
        return Form(pa.binary_view(), "viewed", 0, 16)
    return None


@cache
def _makes_views() -> bool:
    """Whether this pyarrow, as not all that are taken, makes views of buffers; without, text is left to it."""
    try:
        pa.Array.from_buffers(pa.string_view(), 0, [None, pa.py_buffer(b""), pa.py_buffer(b"")])
    except ValueError:
        return False
    return True


class ChunkRows:
    """The rows of a column chunk, taken in order.

    Parameters
    ----------
    has_levels : bool
        Whether rows may be null.
    rows : int
        How many there must be.
    path : str
        What the file is called in an error.
    """

    def __init__(self, read_at: ReadAt, chunk: Chunk, form: Form, *, has_levels: bool, rows: int, path: str) -> None:
        if chunk.values != rows:
            raise Damaged("a column chunk of other rows than its row group")
        self._form = form
        self._has_levels = has_levels
        self._left = rows  # of the pages that are to come
        self._pages = Pages(read_at, chunk, path)
        self._values = ColumnPages(
            kind=PAGE_FORMS[form.what], source=form.source, width=form.width, has_levels=has_levels
        )
        self._is_indexed = False
        self._content: Any = None  # of the open page
        self._entries: Any = None  # what views of a dictionary's entries point into
        self._dictionary: pa.Array | None = None

    def take(self, rows: int) -> pa.Array:
        """So many of the next rows, which there must be.

        Raises
        ------
        Unusual, Damaged
            Something that is not read here is among them. Rows that were taken before were right.
        """
        form, values = self._form, self._values
        out = pa.allocate_buffer(rows * form.width)
        room = memoryview(out).cast("B")
        bits = np.zeros((rows + 63) // 64 * 8 if self._has_levels else 0, np.uint8)
        parts: list[Any] = []
        numbers: dict[int, int] = {}
        row = nulls = 0
        while row < rows:
            if not values.left:
                self._open_page()
                continue
            owner = self._content if not self._is_indexed else self._entries
            number = 0
            if form.what == "viewed":
                number = numbers.setdefault(id(owner), len(parts))
                if number == len(parts):
                    parts.append(owner)
            try:
                some, without = values.read(room, bits, row, rows - row, number)
            except TornPageError as error:
                raise Damaged(str(error)) from error
            row += some
            nulls += without
        present = pa.py_buffer(bits) if nulls else None
        if form.what == "indexed":
            indices = pa.Array.from_buffers(INDICES, rows, [present, out], nulls)
            return pa.DictionaryArray.from_arrays(indices, self._dictionary, safe=False)
        if form.what == "bits":
            out = pa.py_buffer(np.packbits(np.frombuffer(out, np.uint8), bitorder="little"))
        return pa.Array.from_buffers(form.kind, rows, [present, out, *map(pa.py_buffer, parts)], nulls)

    def _open_page(self) -> None:
        if not self._left:
            raise Damaged("a column chunk of fewer rows than it says")
        page = self._pages.next()
        try:
            if page.is_dictionary:
                self._open_dictionary(page)
                return
            head = page.head
            if head.level_encoding not in (RUNS_LEVELS, -1) and self._has_levels:
                raise Unusual("levels of an old encoding")
            if head.values > self._left:
                raise Damaged("more rows than the column chunk says")
            if head.encoding not in READ_ENCODINGS:
                raise Unusual("an encoding that is not read here")
            is_indexed = head.encoding in (PAGE_ENCODINGS["dictionary"], PAGE_ENCODINGS["plain dictionary"])
            if self._form.what == "indexed" and not is_indexed:
                raise Unusual("a dictionary that does not have all entries")
            self._values.set_page(page.content, head.values, head.encoding, page.levels)
        except TornPageError as error:
            raise Damaged(str(error)) from error
        self._content = page.content
        self._is_indexed = is_indexed
        self._left -= head.values

    def _open_dictionary(self, page: Page) -> None:
        if self._entries is not None:
            raise Damaged("a second dictionary")
        if page.head.encoding not in (PAGE_ENCODINGS["plain"], PAGE_ENCODINGS["plain dictionary"]):
            raise Unusual("a dictionary of another encoding")
        self._values.set_dictionary(page.content, page.head.values)
        self._entries = page.content
        if self._form.what == "indexed":
            n = self._values.entries
            offsets, texts = pa.allocate_buffer(4 * (n + 1)), pa.allocate_buffer(max(1, len(page.content)))
            self._values.entry_texts(memoryview(offsets).cast("B"), memoryview(texts).cast("B"))
            self._dictionary = pa.Array.from_buffers(pa.string(), n, [None, offsets, texts], 0)
