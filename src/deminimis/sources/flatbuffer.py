"""The few flatbuffers of Arrow that have to be looked at before pyarrow: messages and the footers of files.

Layouts: https://github.com/apache/arrow/tree/main/format (Message.fbs, File.fbs). A place outside of the bytes is a
ValueError.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

DICTIONARY, RECORD_BATCH = 2, 3
CONTINUATION = b"\xff\xff\xff\xff"


class Block(NamedTuple):
    """Where a message of a file lies: its prefix and metadata, and behind them its body."""

    start: int
    metadata_bytes: int
    body_bytes: int

    @property
    def end(self) -> int:
        return self.start + self.metadata_bytes + self.body_bytes


class Message(NamedTuple):
    """A message of a stream; `packed` are the buffers of its body (start, bytes) that begin with their true size."""

    body_bytes: int
    packed: list[tuple[int, int]]


class _Table:
    """A table of a flatbuffer: its fields by their numbers."""

    def __init__(self, text: bytes, at: int) -> None:
        self._text = text
        self._at = at
        self._fields = at - _number(text, at, "<i")

    def place(self, field: int) -> int:
        """Where a field lies, or 0 where it is left out."""
        if 4 + 2 * field >= _number(self._text, self._fields, "<H"):
            return 0
        offset = _number(self._text, self._fields + 4 + 2 * field, "<H")
        return self._at + offset if offset else 0

    def number(self, field: int, form: str) -> int:
        place = self.place(field)
        return _number(self._text, place, form) if place else 0

    def table(self, field: int) -> _Table | None:
        place = self.place(field)
        return _Table(self._text, place + _number(self._text, place, "<I")) if place else None

    def structs(self, field: int, form: str) -> list[tuple[int, ...]]:
        """The members of a vector of structs."""
        place = self.place(field)
        if not place:
            return []
        start = place + _number(self._text, place, "<I")
        size, count = struct.calcsize(form), _number(self._text, start, "<I")
        if count * size > len(self._text) - start - 4:
            raise ValueError("a vector passes the end of its metadata")
        return list(struct.iter_unpack(form, self._text[start + 4 : start + 4 + count * size]))


def read_message(text: bytes) -> Message:
    """What the metadata of a message says of its body."""
    message = _root(text)
    kind, body, packed = message.number(1, "<B"), message.number(3, "<q"), []
    batch = message.table(2)
    if batch is not None and kind == DICTIONARY:
        batch = batch.table(1)
    if batch is not None and kind in (DICTIONARY, RECORD_BATCH) and batch.place(3):
        packed = [(start, size) for start, size in batch.structs(2, "<qq") if size]
    if body < 0 or any(not 0 <= start <= start + size <= body for start, size in packed):
        raise ValueError("a buffer lies outside of its message")
    return Message(body, packed)


def read_footer(text: bytes) -> tuple[list[Block], list[Block]]:
    """Where the dictionaries and the batches of a file lie."""
    footer = _root(text)
    dictionaries, batches = (
        [Block(start, metadata, body) for start, metadata, body in footer.structs(field, "<qi4xq")] for field in (2, 3)
    )
    return dictionaries, batches


def without_prefix(text: bytes) -> bytes:
    """The metadata behind its length; files of before Arrow 0.15 have no mark in front of that."""
    start = 8 if text.startswith(CONTINUATION) else 4
    return text[start : start + max(0, _number(text, start - 4, "<i"))]


def _root(text: bytes) -> _Table:
    return _Table(text, _number(text, 0, "<I"))


def _number(text: bytes, at: int, form: str) -> int:
    if not 0 <= at <= len(text) - struct.calcsize(form):
        raise ValueError("its metadata points outside of itself")
    number: int = struct.unpack_from(form, text, at)[0]
    return number
