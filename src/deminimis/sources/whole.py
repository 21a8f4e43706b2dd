"""Bytes of Arrow and of packed files on their way to pyarrow, which does not notice everywhere that some are missing.

A read gives all that was asked for, up to the size that the file had when it was found, or is an InputError. Of what
is packed, the size that it claims is looked at before room is made for it.
"""

from __future__ import annotations

import io
import struct
from abc import abstractmethod
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from ..bounds import UNPACKED_BYTES_MAX, UNPACKED_TIMES_MAX
from ..errors import InputError
from .flatbuffer import CONTINUATION, read_message
from .opened import Opened

ReadBytes = Callable[[int], bytes]
STEP_BYTES = 16 << 20


class _Told(io.RawIOBase):
    """A file for pyarrow, which makes words of a Python error: `own_errors` raises the error itself again."""

    _error: BaseException | None = None

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> Any:
        try:
            return self._some(size)
        except BaseException as error:
            self._error = error
            raise

    @abstractmethod
    def _some(self, size: int) -> Any:
        """Up to so many bytes, as `read` gives them."""

    @contextmanager
    def own_errors(self) -> Iterator[None]:
        try:
            yield
        except (pa.ArrowException, OSError) as error:
            raise self._error or error from None


class WholeFile(_Told):
    """A file of a known size. What is read lies in Arrow's pool: that memory is warm."""

    def __init__(self, file: Opened, path: str, size: int) -> None:
        self._file = file
        self._path = path
        self._size = size
        self._at = 0
        self._packed: list[tuple[int, int]] = []
        self._claims = Claims(path)

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def expect(self, ranges: Iterable[tuple[int, int]]) -> None:
        """What will be read, as `Opened.expect` takes it."""
        self._file.expect(ranges)

    def watch(self, packed: Iterable[tuple[int, int]]) -> None:
        """From here on, the buffers of one batch that start at these places begin with the size that they unpack to."""
        self._packed = sorted(packed)
        self._claims = Claims(self._path)

    def _some(self, size: int) -> Any:
        left = max(0, self._size - self._at)
        size = left if size < 0 else min(size, left)
        room = memoryview(pa.allocate_buffer(size)).cast("B")
        start = self._at
        done = 0
        while done < size:
            count = self._file.read_at(start + done, room[done:])
            if not count:
                raise cut_short(self._path)
            done += count
        self._at += size
        for place, packed_bytes in self._packed[bisect_left(self._packed, (start, 0)) :]:
            if place + 8 > self._at:
                break
            self._claims.add(room[place - start :], packed_bytes)
        return room

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


class Claims:
    """What the packed buffers of one batch say that they unpack to."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._packed = 0
        self._unpacked = 0

    def add(self, buffer: memoryview, packed_bytes: int) -> None:
        """Take a buffer of so many packed bytes that starts here, or refuse it."""
        self._packed += packed_bytes
        self._unpacked += max(0, struct.unpack_from("<q", buffer)[0])  # -1: it is not packed after all
        if self._unpacked > max(UNPACKED_BYTES_MAX, UNPACKED_TIMES_MAX * self._packed):
            bound = f"{UNPACKED_BYTES_MAX >> 30} GiB and to more than {UNPACKED_TIMES_MAX} times its bytes"
            mend = "write it in smaller batches, or unpacked."
            raise InputError(f"a batch unpacks to more than {bound}: {mend}", file=self._name)


class Frames(_Told):
    """An Arrow stream as far as its end mark; that it has one, and nothing behind it, is seen before it ends.

    `read` gives what comes next, less than was asked for only where that is not there yet, nothing at the end.
    """

    def __init__(self, read: Callable[[int], Any], name: str, step_bytes: int = STEP_BYTES) -> None:
        self._read = read
        self._name = name
        self._step_bytes = step_bytes
        self._parts = self._messages()
        self._part = memoryview(b"")

    def _some(self, size: int = -1) -> Any:
        taken = []
        while size:
            if not self._part:
                self._part = next(self._parts, memoryview(b""))
                if not self._part:
                    break
            taken.append(self._part if size < 0 else self._part[:size])
            self._part = self._part[len(taken[-1]) :]
            size -= len(taken[-1]) if size > 0 else 0
        return taken[0] if len(taken) == 1 else b"".join(taken)

    def _messages(self) -> Iterator[memoryview]:
        while True:
            prefix = bytes(self._exactly(4))
            if prefix == CONTINUATION:
                prefix += self._exactly(4)
            (length,) = struct.unpack("<i", prefix[-4:])
            if not length:
                if self._read(1):
                    wrong = "there are bytes behind the end mark of its stream"
                    raise InputError(f"{wrong}: give each stream by itself, as a file of its own.", file=self._name)
                yield memoryview(prefix)
                return
            if length < 0:
                raise InputError("it is damaged: a message has no length. Write it again.", file=self._name)
            metadata = bytes(self._exactly(length))
            message = read_message(metadata)
            yield memoryview(prefix + metadata)
            body = memoryview(self._exactly(message.body_bytes))
            claims = Claims(self._name)
            for start, size in message.packed:
                if size >= 8:
                    claims.add(body[start:], size)
            if body:
                yield body

    def _exactly(self, size: int) -> Any:
        """Read so many bytes, in steps: a size that is only claimed costs nothing."""
        parts = []
        while size and (text := self._read(min(size, self._step_bytes))):
            parts.append(text)
            size -= len(text)
        if size:
            raise InputError(
                "it breaks off: its end mark is missing. Was it cut short, or did its writer fail? Write it again.",
                file=self._name,
            )
        return parts[0] if len(parts) == 1 else b"".join(parts)


def cut_short(file: str) -> InputError:
    """The error for a file that lost its end after it was opened."""
    return InputError("was cut short while it was read: read it when nothing writes to it.", file=file)
