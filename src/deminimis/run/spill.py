"""Blocks on disk: one unlinked file for each worker, written in sequence, read back partition by partition.

The file has no name once it is open, so nothing can outlive the process. Every extent is read back with its digest
checked: a short or changed read is an error, never a wrong mask. Records are as the kernel made them: keyed identities
and units, no names.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .. import _kernel
from .._kernel import Partitioner
from ..errors import CorruptSpillError, DeminimisError, InputError, OutOfSpaceError, lack, option

OUTCOMES_BYTES = 16 << 10
"""Outcomes that are brought back at a time, of each partition."""


class Extent(NamedTuple):
    """A run of whole blocks in the file."""

    offset: int
    size: int
    digest: int


def check_folder(folder: str | os.PathLike[str] | None) -> Path:
    """The folder to spill to: the one given, else the system's temporary one."""
    path = Path(folder if folder is not None else tempfile.gettempdir())
    if not path.is_dir() or not os.access(path, os.W_OK):
        raise InputError(f"{option('spill_dir')} is a folder that can be written to, not {str(path)!r}")
    return path


class Spill:
    """What one worker has on disk."""

    def __init__(
        self, folder: Path, partitioner: Partitioner, partitions: int, block_bytes: int, extent_bytes: int
    ) -> None:
        self.folder = folder
        self.bytes_written = 0
        self._partitioner = partitioner
        self._block_bytes = block_bytes
        self._extent_bytes = extent_bytes
        self._records: list[list[Extent]] = [[] for _ in range(partitions)]
        self._trail: deque[Extent] = deque()
        self._outcomes: dict[int, deque[Extent]] = {}
        self._lock = threading.Lock()
        try:
            self._file = tempfile.TemporaryFile(prefix="deminimis-", dir=folder, buffering=0)  # noqa: SIM115
        except OSError as error:
            raise self._failed(error, 0) from error

    def close(self) -> None:
        """Let the file go."""
        self._file.close()

    def write(self, waiting: range) -> None:
        """Move every filled block of the worker to disk, but for the partitions that wait for their rows to be read."""
        wanted = _kernel.memory_in_use(self._partitioner)
        free = shutil.disk_usage(self.folder).free
        if free < wanted:
            raise self._failed(OSError(errno.ENOSPC, "no space left"), wanted)
        for p, extents in enumerate(self._records):
            views = [] if p in waiting else _kernel.full_blocks(self._partitioner, p)
            if views:
                self._put(views, extents)
                _kernel.drop_full_blocks(self._partitioner, p)
        views = _kernel.full_trail(self._partitioner)
        if views:
            self._put(views, self._trail)
            _kernel.drop_full_trail(self._partitioner)

    def write_outcomes(self, p: int, outcomes: npt.NDArray[np.uint8]) -> None:
        """Put the outcomes of some records of partition p on disk, behind those of the records before them."""
        blocks = [outcomes[at : at + self._block_bytes].data for at in range(0, len(outcomes), self._block_bytes)]
        with self._lock:
            written = self._outcomes.setdefault(p, deque())
            self._put(blocks, written, step=max(1, OUTCOMES_BYTES // self._block_bytes))

    def bring_outcomes(self, p: int) -> None:
        """Bring the next outcomes of partition p back."""
        self._partitioner.bring_outcomes(p, self.read(self._outcomes[p].popleft()))

    def _put(self, views: Sequence[memoryview], extents: list[Extent] | deque[Extent], step: int | None = None) -> None:
        step = step or max(1, self._extent_bytes // self._block_bytes)
        for at in range(0, len(views), step):
            some = views[at : at + step]
            content = b"".join(some)
            try:
                self._file.seek(self.bytes_written)  # reads of earlier epochs have moved the place
                written = self._file.write(content)
                while written < len(content):  # a full disk takes a part, and refuses the next
                    written += self._file.write(memoryview(content)[written:])
            except OSError as error:
                raise self._failed(error, len(content)) from error
            extents.append(Extent(self.bytes_written, len(content), _kernel.digest(some)))
            self.bytes_written += len(content)

    def _failed(self, error: OSError, wanted: int) -> DeminimisError:
        lacking = lack(error, f"cannot spill to {self.folder}")
        if lacking is not None and not isinstance(lacking, OutOfSpaceError):
            return lacking
        needs = f", where {wanted / 2**20:,.0f} MiB more are needed" if wanted else ""
        return OutOfSpaceError(
            f"cannot spill to {self.folder}{needs}: {error.strerror or error}. Free some room, choose another folder "
            f"with {option('spill_dir')}, or allow more memory with {option('memory_limit')}"
        )

    def read(self, extent: Extent) -> npt.NDArray[np.uint8]:
        """The bytes of an extent, checked."""
        content = np.empty(extent.size, np.uint8)
        with self._lock:  # a seek and a read, as not every system reads at an offset
            try:
                got = self._read_at(extent.offset, memoryview(content.data))
            except OSError as error:
                raise CorruptSpillError(
                    f"a block in {self.folder} cannot be read back ({error.strerror or error}); check the disk"
                ) from error
        blocks = [content[at : at + self._block_bytes] for at in range(0, extent.size, self._block_bytes)]
        if got != extent.size or _kernel.digest(blocks) != extent.digest:
            raise CorruptSpillError(f"a block in {self.folder} came back other than it was written; check the disk")
        return content

    def _read_at(self, offset: int, into: memoryview) -> int:
        self._file.seek(offset)
        got = 0
        while got < len(into) and (some := self._file.readinto(into[got:])):
            got += some
        return got

    def records(self, p: int) -> list[Extent]:
        """The extents of partition p, oldest first."""
        return self._records[p]

    def forget(self, begin: int, end: int) -> None:
        """The records of these partitions are done with."""
        for p in range(begin, end):
            self._records[p] = []

    def make_trail_ready(self, rows: int) -> None:
        """Bring back as many words as the next `rows` rows need."""
        while self._trail and _kernel.trail_before_gap(self._partitioner) < rows:
            _kernel.load_trail(self._partitioner, self.read(self._trail.popleft()))
