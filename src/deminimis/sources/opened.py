"""The one door to the bytes of a file: `Opened.read_at`, whatever the file lies in.

Footers, pages, stretches of CSV and Arrow messages are all asked for through it.
"""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Iterable
from types import TracebackType
from typing import Self


class Opened(ABC):
    """A file that one thread asks for its bytes, by their place."""

    @abstractmethod
    def read_at(self, at: int, room: memoryview) -> int:
        """Fill a room with the bytes from a place on; how many came: less than was asked for now and then, none at the
        end."""

    @abstractmethod
    def close(self) -> None:
        """Let go of it; twice is no fault."""

    def expect(self, ranges: Iterable[tuple[int, int]]) -> None:  # noqa: B027 - most files are as fast without
        """These ranges, each from a place to another, will be asked for, about in this order: what takes long to fetch
        may be fetched ahead."""

    def read(self, at: int, size: int) -> bytes:
        """The bytes from a place on, less only at the end."""
        room = memoryview(bytearray(size))
        done = 0
        while done < size and (count := self.read_at(at + done, room[done:])):
            done += count
        return bytes(room[:done])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class OpenedFile(Opened):
    """A file of the disk, or bytes in memory."""

    def __init__(self, file: io.FileIO | io.BytesIO) -> None:
        self._file = file

    def read_at(self, at: int, room: memoryview) -> int:
        self._file.seek(at)
        return self._file.readinto(room) or 0

    def read(self, at: int, size: int) -> bytes:
        self._file.seek(at)
        text = self._file.read(size)
        return text if len(text) in (0, size) else text + super().read(at + len(text), size - len(text))

    def close(self) -> None:
        self._file.close()
