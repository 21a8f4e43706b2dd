"""A Parquet file as it is read here and by pyarrow; no test here."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa

from deminimis.sizes import Sizes
from deminimis.sources.open import open_source

OURS = Sizes(joined_rows_most=0)
PYARROWS = Sizes(decodes_pages=False)


def makes_views() -> bool:
    """Whether this pyarrow makes views of buffers; 18 does not, so that text is left to it."""
    try:
        pa.Array.from_buffers(pa.string_view(), 0, [None, pa.py_buffer(b""), pa.py_buffer(b"")])
    except ValueError:
        return False
    return True


MAKES_VIEWS = makes_views()
VIEWS = {pa.string(): pa.string_view(), pa.large_string(): pa.string_view(), pa.binary(): pa.binary_view()}
VIEWS = VIEWS if MAKES_VIEWS else {}


def read(manifest: Any, sizes: Sizes, columns: list[str], as_dictionary: tuple[str, ...] = ()) -> pa.Table:
    """All rows of a manifest, text as views where it may be."""
    source = open_source(io.BytesIO(manifest) if isinstance(manifest, bytes) else manifest, sizes=sizes)
    pieces = source.pieces(columns, as_dictionary=as_dictionary, as_views=columns)
    batches = [batch for piece in pieces for batch in piece.batches()]
    return pa.concat_tables([pa.Table.from_batches([batch]) for batch in batches], promote_options="permissive")


def check(manifest: Any, columns: list[str], *, decoded: list[str] | None = None) -> pa.Table:
    """Hold our rows against pyarrow's; text comes as views in the columns that are `decoded`, and in no others."""
    ours, theirs = read(manifest, OURS, columns), read(manifest, PYARROWS, columns)
    for name in columns:
        kind = theirs[name].type
        expected = VIEWS.get(kind, kind) if decoded is None or name in decoded else kind
        assert ours[name].type == expected, name
        mine, other = ours[name].combine_chunks(), theirs[name].combine_chunks()
        mine.validate(full=True)
        assert (mine if mine.type == kind else mine.cast(kind)).equals(other), name
    return ours


def same(ours: pa.ChunkedArray, theirs: pa.ChunkedArray) -> bool:
    """Whether columns hold the same bytes, be they UTF-8 or not, and NaN or not."""
    ours, theirs = ours.combine_chunks(), theirs.combine_chunks()
    if pa.types.is_string(theirs.type):
        theirs = pa.Array.from_buffers(pa.binary(), len(theirs), theirs.buffers(), -1, theirs.offset)
        bare = pa.binary() if pa.types.is_string(ours.type) else pa.binary_view()  # by pyarrow, or here
        ours = pa.Array.from_buffers(bare, len(ours), ours.buffers(), -1, ours.offset).cast(pa.binary())
    if pa.types.is_floating(theirs.type):
        ours, theirs = ours.view(pa.int64()), theirs.view(pa.int64())
    return bool(ours.equals(theirs))
