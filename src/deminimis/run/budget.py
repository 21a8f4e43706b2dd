"""How much memory a run may use: sizes as people write them, what the process may have, and the size of blocks."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from functools import cache

from ..errors import InputError

DEFAULT_SHARE = 0.5
"""The share of the memory that the process may use, where no limit is given."""

BLOCKS_SHARE = 0.5
"""The share of the limit that records may take; the rest is for batches that are decoded, tables and answers."""

NARROW_BYTES, WIDE_BYTES = 18, 34
"""What a row takes while its person-day is open: a record, and the word that leads back to the row."""

ROWS_FOR_ONE_WORKER = 131_072
ROWS_A_PARTITION = 32_768
UNKNOWN_ROWS_BITS = 10
MAX_BITS = 12
BLOCK_BYTES = 1 << 14
LEAST_BLOCK_BYTES = 1 << 11
_UNITS = {
    "": 1,
    "K": 10**3,
    "M": 10**6,
    "G": 10**9,
    "T": 10**12,
    "KI": 1 << 10,
    "MI": 1 << 20,
    "GI": 1 << 30,
    "TI": 1 << 40,
}


def parse_size(size: int | str, name: str = "memory_limit") -> int:
    """Bytes of 1073741824, "1GiB", "1G", "512 MiB" or the like."""
    if isinstance(size, int) and not isinstance(size, bool) and size > 0:
        return size
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]I?)?B?\s*", size.upper()) if isinstance(size, str) else None
    if match is None or float(match[1]) <= 0:
        raise InputError(f"{name}= is a size such as '2GiB' or a number of bytes above 0, not {size!r}")
    return int(float(match[1]) * _UNITS[match[2] or ""])


def check_memory_limit(limit: int | str | None) -> int:
    """The limit in bytes; by default a share of what the process may use."""
    return int(available_bytes() * DEFAULT_SHARE) if limit is None else parse_size(limit)


MOST_ROWS_HELD = 1 << 26
GROUP_ROWS_A_THREAD = 1 << 20
GROUP_ROWS_LEAST = 1 << 10


@dataclass(frozen=True)
class Budget:
    """Bytes that records and words may take in memory, all workers together, and what a row of them takes."""

    blocks: int
    a_row: int

    @classmethod
    def of(cls, memory_limit: int, *, wide: bool) -> Budget:
        """The budget of a run with this limit, for narrow or wide records."""
        return cls(int(memory_limit * BLOCKS_SHARE), WIDE_BYTES if wide else NARROW_BYTES)

    @property
    def rows_that_fit(self) -> int:
        """Rows whose records fit the memory at a time."""
        return self.blocks // self.a_row

    @property
    def rows_held(self) -> int:
        """Rows up to which a manifest is held whole, though its days may end: beyond, fresh memory costs more than the
        wait at the end of each wave."""
        return min(self.rows_that_fit, MOST_ROWS_HELD)

    @property
    def wave_rows(self) -> int:
        """Rows that a wave should have: those of two may be open at a time, and a third part is room."""
        return min(self.rows_that_fit // 3, MOST_ROWS_HELD // 2)

    def group_rows(self, threads: int) -> int:
        """Rows that are read between two looks at the days that were seen, where their order is a promise."""
        return max(min(self.wave_rows // 4, threads * GROUP_ROWS_A_THREAD), GROUP_ROWS_LEAST)


def partition_bits(rows: int | None, waves: bool, most: int) -> int:
    """The partitions of an epoch, as a power of two, for rows that are open together; None: many, or not known.

    `most` is what fits. It holds where days are released from rows of unknown number, since few are open then.
    """
    bits = min(UNKNOWN_ROWS_BITS, most) if waves else UNKNOWN_ROWS_BITS
    if rows is not None:
        bits = min(MAX_BITS, (max(rows - 1, 0) // ROWS_A_PARTITION).bit_length())
    return min(bits, MAX_BITS - (1 if waves else 0))


def bits_that_fit(budget: int, share: int) -> int:
    """The most partitions, as a power of two, that each of `share` workers and epochs may have, so that their unfilled
    blocks take little of the budget even where it is small."""
    return max(budget // (8 * LEAST_BLOCK_BYTES * share), 1).bit_length() - 1


def block_bytes(budget: int, partitions: int) -> int:
    """The size of a block of records, so that one unfilled block in each partition takes little of the budget."""
    size = BLOCK_BYTES
    while size > max(budget // (8 * partitions), LEAST_BLOCK_BYTES):
        size //= 2
    return size


@cache
def available_bytes() -> int:
    """The memory that this process may use: the machine's, or its cgroup's limit where that is less."""
    return min(size for size in (_physical_bytes(), _cgroup_bytes()) if size is not None)


def _physical_bytes() -> int:
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return 8 << 30 if sys.maxsize > 2**32 else 1 << 30


def _cgroup_bytes() -> int | None:
    """The memory limit of a cgroup of version 2 or 1; None where there is none."""
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            with open(path, encoding="ascii") as file:  # noqa: PTH123
                text = file.read().strip()
        except OSError:
            continue
        if text.isdigit() and int(text) < 1 << 60:
            return int(text)
    return None
