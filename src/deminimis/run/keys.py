"""The keys of rows as they leave the process, which are those of their groups in a table of totals."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from .._kernel import keys_of
from ..roles.bindings import Bindings


def keys_and_days(
    bindings: Bindings, batch: pa.RecordBatch, file: str | None = None
) -> tuple[pa.FixedSizeBinaryArray, pa.Date32Array, pa.BooleanArray]:
    """The key of every row, the first day of its window, and whether the row belongs to a group; null where not."""
    rows = batch.num_rows
    keys, days, known = np.empty(16 * rows, np.uint8), np.empty(4 * rows, np.uint8), np.empty(rows, np.uint8)
    ready = bindings.batch(batch, file)
    keys_of(bindings.settings, ready, 0, rows, keys, days, known)
    bits = np.packbits(known, bitorder="little")
    valid = pa.py_buffer(np.concatenate([bits, np.zeros(8, np.uint8)]))
    is_known = pa.Array.from_buffers(pa.bool_(), rows, [None, valid])
    nulls = None if known.all() else valid
    return (
        pa.Array.from_buffers(pa.binary(16), rows, [nulls, pa.py_buffer(keys)]),
        pa.Array.from_buffers(pa.date32(), rows, [nulls, pa.py_buffer(days)]),
        is_known,
    )
