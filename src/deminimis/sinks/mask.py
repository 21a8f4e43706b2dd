"""A mask as a Parquet file of one required boolean column, written straight from its bits.

A PLAIN page of booleans has the layout of an Arrow bitmap, so there is nothing to encode. pyarrow's writer unpacks
every bit and packs it again, which takes ten times as long as compressing the bitmap. Layouts are those of
parquet.thrift in the thrift compact protocol: https://github.com/apache/parquet-format.
"""

from __future__ import annotations

import zlib
from typing import Any, BinaryIO

import pyarrow as pa

from ..arrays import nothing

BOOLEAN, REQUIRED, PLAIN, RLE, ZSTD, DATA_PAGE = 0, 0, 0, 3, 6, 0
_I16, _I32, _I64, _BINARY, _LIST, _STRUCT = 4, 5, 6, 8, 9, 12

Field = tuple[int, int, Any]  # field number, thrift type, value; a list is (type of its members, members)


class MaskWriter:
    """Write masks as row groups; `close` writes the footer and leaves the file open."""

    def __init__(self, file: BinaryIO, column: str) -> None:
        self._file = file
        self._column = column
        self._codec = pa.Codec("zstd", 1)
        self._position = 0
        self._rows = 0
        self._groups: list[list[Field]] = []
        self._put(b"PAR1")

    def write(self, mask: pa.BooleanArray) -> None:
        """Write a mask without nulls as one row group of one page."""
        bits = bits_of(mask)
        packed = self._codec.compress(bits, asbytes=True)
        checksum = zlib.crc32(packed)
        header = _struct(
            [
                (1, _I32, DATA_PAGE),
                (2, _I32, len(bits)),
                (3, _I32, len(packed)),
                (4, _I32, checksum - (1 << 32) if checksum >> 31 else checksum),
                (5, _STRUCT, [(1, _I32, len(mask)), (2, _I32, PLAIN), (3, _I32, RLE), (4, _I32, RLE)]),
            ]
        )
        start, size = self._position, len(header) + len(packed)
        self._put(header)
        self._put(packed)
        self._groups.append(self._group(mask, start, len(header) + len(bits), size))
        self._rows += len(mask)

    def close(self) -> None:
        """Write the footer."""
        name = self._column.encode()
        footer = _struct(
            [
                (1, _I32, 2),
                (2, _LIST, (_STRUCT, [[(4, _BINARY, b"schema"), (5, _I32, 1)], _leaf(name)])),
                (3, _I64, self._rows),
                (4, _LIST, (_STRUCT, self._groups)),
                (6, _BINARY, b"deminimis"),
                (7, _LIST, (_STRUCT, [[(1, _STRUCT, [])]])),
            ]
        )
        self._put(footer + len(footer).to_bytes(4, "little") + b"PAR1")

    def _group(self, mask: pa.BooleanArray, start: int, plain_bytes: int, packed_bytes: int) -> list[Field]:
        trues = mask.true_count
        bounds = [(3, _I64, 0), (5, _BINARY, bytes([trues > 0])), (6, _BINARY, bytes([trues == len(mask)]))]
        column = [
            (1, _I32, BOOLEAN),
            (2, _LIST, (_I32, [PLAIN, RLE])),
            (3, _LIST, (_BINARY, [self._column.encode()])),
            (4, _I32, ZSTD),
            (5, _I64, len(mask)),
            (6, _I64, plain_bytes),
            (7, _I64, packed_bytes),
            (9, _I64, start),
            (12, _STRUCT, bounds),
        ]
        return [
            (1, _LIST, (_STRUCT, [[(2, _I64, 0), (3, _STRUCT, column)]])),
            (2, _I64, plain_bytes),
            (3, _I64, len(mask)),
            (5, _I64, start),
            (6, _I64, packed_bytes),
            *([(7, _I16, len(self._groups))] if len(self._groups) < 1 << 15 else []),
        ]

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self._position += len(data)


def bits_of(mask: pa.BooleanArray) -> bytes:
    """The bits of a mask from its first row on; those past its last row are zero: equal masks are equal bytes."""
    if mask.null_count:
        raise ValueError("a mask has no nulls")
    if mask.offset % 8:
        mask = pa.concat_arrays([mask, nothing(pa.bool_())])
    if mask.offset % 8:
        mask = pa.array(mask.to_numpy(zero_copy_only=False))
    start, size = mask.offset // 8, (len(mask) + 7) // 8
    bits = bytearray(memoryview(mask.buffers()[1])[start : start + size]) if size else bytearray()
    if len(mask) % 8:
        bits[-1] &= (1 << len(mask) % 8) - 1
    return bytes(bits)


def _leaf(name: bytes) -> list[Field]:
    return [(1, _I32, BOOLEAN), (3, _I32, REQUIRED), (4, _BINARY, name)]


def _struct(fields: list[Field]) -> bytes:
    parts, last = [], 0
    for number, kind, value in fields:
        parts.append(bytes([(number - last) << 4 | kind]) + _value(kind, value))
        last = number
    return b"".join(parts) + b"\0"


def _value(kind: int, value: Any) -> bytes:
    if kind in (_I16, _I32, _I64):
        return _varint(value << 1 ^ value >> 63)
    if kind == _BINARY:
        return _varint(len(value)) + value  # type: ignore[no-any-return]
    if kind == _STRUCT:
        return _struct(value)
    member, members = value
    size = bytes([len(members) << 4 | member]) if len(members) < 15 else bytes([0xF0 | member]) + _varint(len(members))
    return size + b"".join(_value(member, one) for one in members)


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value >= 128:
        parts.append(value & 127 | 128)
        value >>= 7
    parts.append(value)
    return bytes(parts)
