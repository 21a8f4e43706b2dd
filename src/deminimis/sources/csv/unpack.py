"""Packed text as it was: gzip, zstd and bz2, block by block."""

from __future__ import annotations

import io
import zlib
from typing import Any

import pyarrow as pa

from ..whole import ReadBytes

GZIP = 16 + zlib.MAX_WBITS


def unpacking(file: io.RawIOBase, compression: str | None) -> ReadBytes:
    """Read a file from where it stands, unpacked: at most so many bytes, and none only at the end."""

    def read(size: int) -> bytes:
        return bytes(file.read(size) or b"")

    if compression is None:
        return read
    if compression == "gzip":
        return Gunzip(read).read
    return pa.CompressedInputStream(pa.PythonFile(file, "r"), compression).read  # type: ignore[no-any-return]


class Gunzip:
    """Gzip as the program reads it: members one after another, and zeros behind them, as tapes and copies pad.

    Raises
    ------
    OSError
        From `read`: the text is damaged, something else follows it, or it ends too early.
    """

    def __init__(self, read: ReadBytes, block_bytes: int = 256 << 10) -> None:
        self._read = read
        self._block_bytes = block_bytes
        self._packed = b""
        self._member: Any = zlib.decompressobj(GZIP)
        self._is_begun = False  # the member that is being read
        self._is_first = True

    def read(self, size: int) -> bytes:
        """Read at most so many bytes."""
        while True:
            packed = self._packed or self._read(self._block_bytes)
            self._packed = b""
            if not self._is_begun and not self._is_first:
                while packed and not (packed := packed.lstrip(b"\0")):
                    packed = self._read(self._block_bytes)
            if not packed:
                if self._is_begun:
                    raise OSError("the gzip text ends too early")
                return b""
            self._is_begun = True
            try:
                text = self._member.decompress(packed, size)
            except zlib.error as error:
                raise OSError(f"the gzip text is damaged ({error})") from error
            self._packed = self._member.unconsumed_tail
            if self._member.eof:
                self._packed = self._member.unused_data
                self._member, self._is_begun, self._is_first = zlib.decompressobj(GZIP), False, False
            if text:
                return text  # type: ignore[no-any-return]
