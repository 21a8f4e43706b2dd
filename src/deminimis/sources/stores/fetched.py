"""The bytes of an object of a store: fetched by range, ahead of their reader where ranges are expected, and asked for
again where the store stumbles.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import pyarrow as pa

from ...errors import InputError
from ...formats import MAGIC_BYTES
from ..base import reading
from ..found import FoundFile
from ..opened import Opened
from .address import Address, asking, is_denied

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

T = TypeVar("T")

BLOCK_BYTES = 4 << 20
"""The most that is fetched in one go ahead of its reader."""
HOLE_BYTES = 256 << 10
"""What lies between two expected ranges and is fetched with them: it takes less than another request."""
AHEAD_BLOCKS = 8
"""How many blocks of one reader are held or under way."""
AHEAD_THREADS = 4
HELD_BYTES = 256 << 10
"""Objects of at most so many bytes are fetched whole."""
TRIES = 2
PAUSE_SECONDS = 0.1
"""Before the second try; twice as long before each further one."""


class Tag(NamedTuple):
    """Which state of an object was read: its size, and its entity tag or else when it was written."""

    bytes: int
    version: str


@dataclass
class Account:
    """What became of the requests for an object. Threads only add to it."""

    tags: list[Tag] = field(default_factory=list)  # that of the first opening
    stumbles: list[str] = field(default_factory=list)  # what was tried again, and why


@dataclass(frozen=True)
class StoreFile(FoundFile):
    """An object of a store; `path` is its name without credentials."""

    address: Address
    account: Account = field(default_factory=Account, compare=False)

    def open_raw(self) -> Opened:
        return Fetched(self, is_whole=self.bytes <= HELD_BYTES)

    @contextmanager
    def open_arrow(self) -> Iterator[pa.NativeFile]:
        with self.open() as file, file.own_errors(), pa.PythonFile(file, "r") as opened:
            yield opened

    def first_bytes(self) -> Any:
        return self._first

    @cached_property
    def _first(self) -> Any:
        with reading(self.path), Fetched(self) as file:
            return file.read(0, min(MAGIC_BYTES, self.bytes))

    @contextmanager
    def reading(self, what: str = "cannot be read", mend: str = "") -> Iterator[None]:
        """`base.reading`; each opening, and the end, compare the object with what it was when it was first opened."""
        with reading(self.path, what, mend):
            try:
                yield
            except InputError:
                raise
            except Exception:
                self.connect().close()
                raise
            self.connect().close()

    def connect(self) -> pa.NativeFile:
        """The object, opened by pyarrow; another one by that name is an error."""
        address = self.address
        file = self.tried(lambda: address.filesystem.open_input_file(address.path))
        tag = self._tag(file)
        if not self.account.tags:
            self.account.tags.append(tag)
        first = self.account.tags[0]
        if tag.bytes != self.bytes or tag != first:
            sizes = f" (from {self.bytes:,} to {tag.bytes:,} bytes)" if tag.bytes != self.bytes else ""
            wrong = f"was replaced by another object while it was read{sizes}"
            raise InputError(f"{wrong}: read it when nothing writes to it.", file=self.path)
        return file

    def tried(self, call: Callable[[], T]) -> T:
        """What a request gives, made again a few times where its store stumbles; pyarrow's own tries come before."""
        for times in range(1, TRIES + 1):
            try:
                return call()
            except OSError as error:
                if isinstance(error, FileNotFoundError):
                    raise
                if times == TRIES or is_denied(error):
                    with asking(self.path):
                        raise
                self.account.stumbles.append(str(error))
                time.sleep(PAUSE_SECONDS * 2 ** (times - 1))
        raise AssertionError

    def _tag(self, file: pa.NativeFile) -> Tag:
        """The store's headers, or where it gives none what its listing says."""
        told = {_text(name).lower(): _text(value) for name, value in (file.metadata() or {}).items()}
        version = told.get("etag") or told.get("last-modified")
        size = self.tried(file.size)
        if version is None:
            info = self.tried(lambda: self.address.info())
            version = str(info.mtime_ns)
        return Tag(size, version)


def _text(one: bytes | str) -> str:
    return one.decode("utf-8", "replace") if isinstance(one, bytes) else one


class _Block:
    """A stretch of an object that is fetched in one go, once it has begun."""

    def __init__(self, start: int, end: int) -> None:
        self.start = start
        self.end = end
        self.left = end - start  # bytes that were not read
        self.is_begun = False
        self.under_way: Future[bytes] | None = None
        self.content: bytes | None = None

    @property
    def is_over(self) -> bool:
        """Whether it was read to its end, and let go of."""
        return self.is_begun and self.content is None and self.under_way is None


class Fetched(Opened):
    """An opened object. Blocks that are expected are fetched by other threads, some of them ahead of their reader."""

    def __init__(
        self,
        found: StoreFile,
        *,
        is_whole: bool = False,
        block_bytes: int = BLOCK_BYTES,
        ahead_blocks: int = AHEAD_BLOCKS,
        hole_bytes: int = HOLE_BYTES,
    ) -> None:
        self._found = found
        self._block_bytes = block_bytes
        self._ahead_blocks = ahead_blocks
        self._hole_bytes = hole_bytes
        self._file = found.connect()
        self._blocks: list[_Block] = []
        self._starts: list[int] = []
        self._next = 0  # the first block that has not begun
        self._held = 0  # blocks that have begun and are not read to their end
        self._threads: ThreadPoolExecutor | None = None
        self._is_whole = is_whole
        if self._is_whole:
            self._set_blocks([_Block(0, found.bytes)])

    def expect(self, ranges: Iterable[tuple[int, int]]) -> None:
        if self._is_whole or not self._found.address.is_native:
            return
        self._let_go()
        joined: list[list[int]] = []
        for start, end in sorted((max(0, start), min(end, self._found.bytes)) for start, end in ranges):
            if joined and start - joined[-1][1] <= self._hole_bytes:
                joined[-1][1] = max(joined[-1][1], end)
            elif start < end:
                joined.append([start, end])
        self._set_blocks(
            [_Block(at, min(at + BLOCK_BYTES, end)) for start, end in joined for at in range(start, end, BLOCK_BYTES)]
        )
        if len(self._blocks) > 1:
            from concurrent.futures import ThreadPoolExecutor  # slow to import

            self._threads = ThreadPoolExecutor(AHEAD_THREADS, thread_name_prefix="deminimis-store")
        self._fetch_ahead()

    def read_at(self, at: int, room: memoryview) -> int:
        number = bisect_right(self._starts, at) - 1
        block = self._blocks[number] if number >= 0 else None
        if block is None or at >= block.end or block.is_over:
            text = self._fetch(at, min(at + len(room), self._found.bytes))
            room[: len(text)] = text
            return len(text)
        content = self._content(block)
        some = memoryview(content)[at - block.start :][: len(room)]
        room[: len(some)] = some
        block.left -= len(some)
        if block.left <= 0 and not self._is_whole:
            block.content = block.under_way = None
            self._held -= 1
            self._fetch_ahead()
        return len(some)

    def close(self) -> None:
        self._let_go()
        self._file.close()

    def _set_blocks(self, blocks: list[_Block]) -> None:
        self._blocks = blocks
        self._starts = [block.start for block in blocks]
        self._next = self._held = 0

    def _let_go(self) -> None:
        if self._threads is not None:
            self._threads.shutdown(cancel_futures=True)
        self._threads = None
        self._set_blocks([])

    def _content(self, block: _Block) -> bytes:
        if block.content is None and block.under_way is not None:
            block.content = block.under_way.result()
        elif block.content is None:  # it is asked for before those in front of it
            block.content = self._fetch(block.start, block.end)
            block.is_begun = True
            self._held += 1
        return block.content

    def _fetch_ahead(self) -> None:
        while self._threads is not None and self._held < self._ahead_blocks and self._next < len(self._blocks):
            block = self._blocks[self._next]
            self._next += 1
            if not block.is_begun:
                try:
                    block.under_way = self._threads.submit(self._fetch, block.start, block.end)
                except RuntimeError:  # no thread can be started: what is left is fetched when it is asked for
                    return
                block.is_begun = True
                self._held += 1

    def _fetch(self, start: int, end: int) -> bytes:
        """These bytes, all of them unless the object ends before."""
        parts = []
        while start < end:
            text: bytes = self._found.tried(partial(self._file.read_at, end - start, start))
            if not text:
                break
            parts.append(text)
            start += len(text)
        return parts[0] if len(parts) == 1 else b"".join(parts)
