"""The pages of one Parquet column chunk, one after another: found, checked against their checksums, and unpacked.

Nothing here knows what their values mean. What is out of the ordinary is left to pyarrow, by `Unusual` or `Damaged`.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

import pyarrow as pa

from ..._kernel import PAGE_KINDS, page_head, unpacked_size, zstd_frame
from .footer import Chunk, check_page

WINDOW_BYTES = 1 << 20
"""How much is asked of a file at a time, if no page is larger."""
HEAD_BYTES = 16 << 10
HEAD_BYTES_MOST = 16 << 20
CODECS = {0: "uncompressed", 1: "snappy", 2: "gzip", 4: "brotli", 6: "zstd", 7: "lz4_raw"}
"""By their numbers in parquet.thrift; not LZO, nor the framed LZ4 of Hadoop."""

ReadAt = Callable[[int, memoryview], int]
"""Fill a room with the bytes of a file from a place on; how many there were."""


class Unusual(Exception):  # noqa: N818 - it is no error: pyarrow reads on
    """Pages of a column that are not read here."""


class Damaged(Exception):  # noqa: N818 - it is no error before pyarrow says so
    """Pages that seem wrong: pyarrow is to read all columns, and to say what is wrong."""


class Head(NamedTuple):
    """A page's header; a field that is not there is -1. `kind` is -1 where a field of its kind is not there."""

    bytes: int
    kind: int
    unpacked: int
    packed: int
    values: int
    encoding: int
    level_encoding: int
    level_bytes: int
    repeat_bytes: int
    is_packed: bool
    checksum: int | None


class Page(NamedTuple):
    """An unpacked page; `levels` are in front of its content where they are None."""

    head: Head
    content: Any
    levels: bytes | None

    @property
    def is_dictionary(self) -> bool:
        """Whether its values are those that later pages count."""
        return self.head.kind == PAGE_KINDS["dictionary"]


class Window:
    """A stretch of a file that is in memory, in a room that is used again, unless pages stay in it.

    Parameters
    ----------
    start, end : int
        The bytes of the file that may be asked for.
    """

    def __init__(self, read_at: ReadAt, start: int, end: int, *, is_kept: bool) -> None:
        self.at = start
        self.end = end
        self._read_at = read_at
        self._is_kept = is_kept
        self._room = memoryview(b"")
        self._first = start  # where in the file the room starts
        self._filled = 0

    def peek(self, size: int) -> memoryview:
        """The next bytes, up to `size` or to the end."""
        size = min(size, self.end - self.at)
        begin = self.at - self._first
        if begin + size > self._filled:
            self._fill(size)
            begin = 0
        return self._room[begin : begin + size]

    def take(self, size: int) -> memoryview:
        """The next bytes, all of them; they stand until the next call."""
        if size > self.end - self.at:
            raise Damaged("a page ends behind its column chunk")
        found = self.peek(size)
        self.at += size
        return found

    def _fill(self, size: int) -> None:
        held = self._room[self.at - self._first : self._filled]
        wanted = min(max(size, WINDOW_BYTES), self.end - self.at)
        room = self._room
        if self._is_kept or len(room) < wanted:
            room = memoryview(pa.allocate_buffer(wanted)).cast("B")
        room[: len(held)] = held
        got = len(held)
        while got < wanted:
            more = self._read_at(self.at + got, room[got:wanted])
            if more <= 0:
                raise Damaged("the file ends within a column chunk")
            got += more
        self._room, self._first, self._filled = room, self.at, got


class Pages:
    """The pages of a column chunk in their order.

    Parameters
    ----------
    path : str
        What the file is called in an error.
    """

    def __init__(self, read_at: ReadAt, chunk: Chunk, path: str) -> None:
        name = CODECS.get(chunk.codec)
        if name is None or (name != "uncompressed" and not pa.Codec.is_available(name)):
            raise Unusual("a codec that is not read here")
        self._codec_name = name
        self._codec = None if name in ("uncompressed", "gzip", "brotli") else pa.Codec(name)
        self._window = Window(
            read_at, chunk.start, chunk.start + chunk.packed_bytes, is_kept=self._codec_name == "uncompressed"
        )
        self._path = path

    def next(self) -> Page:
        """The next page of data or of a dictionary."""
        while True:
            head = self._head()
            packed = self._window.take(head.packed)
            if head.kind not in PAGE_KINDS.values():
                raise Damaged("a page of another kind")
            if head.checksum is not None and zlib.crc32(packed) != head.checksum:
                raise Damaged("a checksum that is another")
            return self._unpacked(head, packed)

    def _head(self) -> Head:
        size = HEAD_BYTES
        while True:
            seen = self._window.peek(size)
            told = page_head(seen)
            if told is not None:
                break
            if len(seen) < size or size >= HEAD_BYTES_MOST:
                raise Damaged("a page's header breaks off")
            size *= 2
        head = Head(*told)
        if head.unpacked < 0 or head.packed < 0:
            raise Damaged("a page's header lacks its sizes")
        check_page(self._path, head.unpacked, head.packed)
        self._window.at += head.bytes
        return head

    def _unpacked(self, head: Head, packed: memoryview) -> Page:
        if head.kind != PAGE_KINDS["data 2"]:
            if self._codec_name == "uncompressed":
                return Page(head, packed, None)
            return Page(head, self._unpack(packed, head.unpacked), None)
        level_bytes, values = head.level_bytes, head.unpacked - head.level_bytes
        if head.repeat_bytes or level_bytes > len(packed) or values < 0:
            raise Damaged("levels of other sizes")
        levels, packed = bytes(packed[:level_bytes]), packed[level_bytes:]
        if self._codec_name == "uncompressed":
            return Page(head, packed, levels)
        # what is not packed lies in the window, whose room is used again
        return Page(head, self._unpack(packed, values) if head.is_packed else bytes(packed), levels)

    def _unpack(self, packed: memoryview, size: int) -> Any:
        """Exactly `size` bytes. A codec itself tells nobody where it wrote fewer."""
        if size == 0:
            return b""
        content: bytes | memoryview = b""
        try:
            if self._codec_name == "gzip":
                # As much as a gzip or zlib stream has; a page of another size is found out by one byte more.
                content = zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(packed, size + 1)
                told = len(content)
            elif self._codec_name == "brotli":
                content = pa.CompressedInputStream(pa.BufferReader(pa.py_buffer(packed)), "brotli").read(size + 1)
                told = len(content)
            elif self._codec_name == "zstd":
                return self._unpack_zstd(packed, size)
            else:
                told = unpacked_size(self._codec_name, packed)
                content = self._decompress(packed, size) if told == size else content
        except (pa.ArrowException, OSError, zlib.error) as error:
            raise Damaged("a page cannot be unpacked") from error
        if told != size:
            raise Damaged("a page unpacks to another size")
        return content

    def _unpack_zstd(self, packed: memoryview, size: int) -> Any:
        """One frame of this size; where its writer did not say the size, we do, and so the decoder compares it."""
        head, told = zstd_frame(packed)
        if head and told < 0:
            magic, flags, more = packed[:4], packed[4] | 0xC0, packed[5:head]
            packed = memoryview(b"".join((magic, bytes([flags]), more, size.to_bytes(8, "little"), packed[head:])))
            told = size
        if not head or told != size:
            raise Damaged("a page unpacks to another size, or is no single frame")
        return self._decompress(packed, size)

    def _decompress(self, packed: memoryview, size: int) -> memoryview:
        assert self._codec is not None
        return memoryview(self._codec.decompress(packed, size)).cast("B")
