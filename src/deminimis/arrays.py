"""Arrow arrays made without `pyarrow.array`, which imports pandas wherever it is installed: a quarter of a second that
a first call need not wait for."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.types as pt


def places_of(name: str, schema: pa.Schema) -> list[int]:
    """Where the columns of this name stand; one that is not UTF-8, such as a shell may give, is nowhere."""
    try:
        return list(schema.get_all_field_indices(name))
    except UnicodeEncodeError:
        return []


def nothing(kind: pa.DataType) -> pa.Array:
    """An array of this type without rows."""
    return pa.nulls(0, kind)


def texts(values: Iterable[str]) -> pa.StringArray:
    """A string array of these."""
    encoded = [value.encode() for value in values]
    offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(encoded), buffers)


def same_text(value: str | None, rows: int) -> pa.DictionaryArray:
    """So many rows of one text, or of nulls, as int32 indices into a dictionary of one entry."""
    if value is None:
        indices = pa.nulls(rows, pa.int32())
    else:
        indices = pa.Array.from_buffers(pa.int32(), rows, [None, pa.py_buffer(np.zeros(rows, np.int32))])
    return pa.DictionaryArray.from_arrays(indices, texts([value or ""]))


def type_without_views(kind: pa.DataType) -> pa.DataType:
    """The type that `without_views` gives."""
    if pt.is_dictionary(kind):
        return pa.dictionary(kind.index_type, type_without_views(kind.value_type), kind.ordered)
    return pa.large_string() if pt.is_string_view(kind) else pa.large_binary() if pt.is_binary_view(kind) else kind


def without_views(array: pa.Array) -> pa.Array:
    """The array with texts one behind the other: of views, pyarrow can neither take rows nor look for one."""
    kind = type_without_views(array.type)
    if kind == array.type:
        return array
    if not pt.is_dictionary(kind):
        return array.cast(kind)
    entries = array.dictionary.cast(kind.value_type)
    return pa.DictionaryArray.from_arrays(array.indices, entries, ordered=kind.ordered, safe=False)


def in_hex(array: pa.FixedSizeBinaryArray) -> pa.StringArray:
    """The bytes of each cell as hex digits; nulls stay."""
    width, digits = array.type.byte_width, np.frombuffer(b"0123456789abcdef", np.uint8)
    content = np.zeros(0, np.uint8) if array.buffers()[1] is None else np.frombuffer(array.buffers()[1], np.uint8)
    content = content[width * array.offset : width * (array.offset + len(array))]
    text = digits[np.stack([content >> 4, content & 15], axis=1).reshape(-1)]
    offsets = np.arange(len(array) + 1, dtype=np.int32) * (2 * width)
    found = pa.Array.from_buffers(pa.string(), len(array), [None, pa.py_buffer(offsets), pa.py_buffer(text)])
    return (
        found
        if array.null_count == 0
        else pa.array([None if cell is None else cell.hex() for cell in array.to_pylist()], pa.string())
    )
