"""The readers of Parquet pages take any bytes: they say what these hold, or that they break off."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deminimis._kernel import PAGE_FORMS, ColumnPages, TornPageError, page_head, unpacked_size, zstd_frame

FORMS = {
    "copied": (8, 8),
    "narrowed": (4, 2),
    "widened": (8, 16),
    "turned": (5, 16),
    "int96": (12, 8),
    "bits": (0, 1),
    "viewed": (0, 16),
    "indexed": (0, 4),
}
"""Bytes of a plain value, and of what comes of it."""


@given(
    st.sampled_from(sorted(FORMS)),
    st.binary(max_size=80),
    st.binary(max_size=80),
    st.tuples(st.integers(-1, 30), st.integers(-1, 3_000), st.sampled_from([0, 2, 3, 8, 9])),
    st.booleans(),
    st.none() | st.binary(max_size=9),
)
def test_pages_of_any_bytes(
    name: str, content: bytes, entries: bytes, told: tuple[int, int, int], has_levels: bool, levels: bytes | None
) -> None:
    """Any bytes are a page's rows, or no page: nothing is read beside them, and no row is written beside its room."""
    source, width = FORMS[name]
    n_entries, rows, encoding = told
    pages = ColumnPages(kind=PAGE_FORMS[name], source=source, width=width, has_levels=has_levels)
    with suppress(TornPageError):
        pages.set_dictionary(memoryview(bytearray(entries)), n_entries)
        offsets, texts = bytearray(4 * pages.entries + 4), bytearray(len(entries))
        if name in ("viewed", "indexed"):
            pages.entry_texts(memoryview(offsets), memoryview(texts))
            ends = np.frombuffer(offsets, np.int32)
            assert ends[0] == 0 and (np.diff(ends) >= 0).all() and ends[-1] <= len(texts)
    out, bits, done = bytearray(width * 1_100), bytearray(138), 0
    with suppress(TornPageError):
        pages.set_page(memoryview(bytearray(content)), rows, encoding, levels)
        while pages.left:
            some, nulls = pages.read(memoryview(out), memoryview(bits), 7, 1_093, 5)
            assert 0 < some <= 1_093 and 0 <= nulls <= (some if has_levels else 0)
            done += some
            if name == "viewed":
                check_views(
                    np.frombuffer(out, np.uint32)[28 : 28 + 4 * some].reshape(-1, 4), max(len(content), len(entries))
                )
            bits = bytearray(138)
        assert done == rows
    assert not any(out[: 7 * width])


def check_views(views: np.ndarray, most: int) -> None:
    """Views that are no text of their own point into buffer 5."""
    long = views[:, 0] > 12
    assert (views[long, 2] == 5).all() and (views[long, 3].astype(int) + views[long, 0] <= most).all()


@given(st.binary(max_size=60))
def test_headers_of_any_bytes(content: bytes) -> None:
    """Any bytes are a header, or none."""
    head = page_head(content)
    assert head is None or 0 < head[0] <= len(content)
    frame, _ = zstd_frame(content)
    assert 0 <= frame <= len(content)
    assert all(unpacked_size(codec, content) >= -1 for codec in ("snappy", "lz4_raw"))


@pytest.mark.parametrize("codec", ["snappy", "lz4_raw", "zstd"])
@given(text=st.binary(max_size=2_000) | st.integers(0, 200_000).map(bytes), cut=st.integers(1, 20))
def test_what_a_page_unpacks_to(codec: str, text: bytes, cut: int) -> None:
    """The size is told by what is packed, not by who asks for it, and by nothing that was cut."""
    packed = pa.Codec(codec).compress(text, asbytes=True)
    if codec == "zstd":
        assert zstd_frame(packed)[1] == len(text)
        assert zstd_frame(packed[:-cut])[0] == 0 == zstd_frame(packed + b"more")[0]
    else:
        assert unpacked_size(codec, packed) == len(text)
