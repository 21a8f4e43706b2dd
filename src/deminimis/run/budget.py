"""How much memory a run may use: sizes as people write them, what the process may have, and the size of blocks."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from .._kernel import LEAD_BYTES, OUTCOME_BYTES, RECORD_BYTES, WIDE_RECORD_BYTES
from ..errors import InputError, option
from ..machine import available_bytes, default_threads

ENVIRONMENT = "DEMINIMIS_MEMORY_LIMIT"
"""The variable that sets the limit of runs that state none."""

DEFAULT_SHARE = 0.5
"""The share of the memory that the process may use, where no limit is given."""

BLOCKS_SHARE = 0.5
"""The share of the limit that records may take; the rest is for batches that are decoded, tables and answers."""

HELD_SHARE = 0.25
"""The share of the limit that batches of a stream may take which wait until it is known whether more follow."""

NARROW_BYTES, WIDE_BYTES = RECORD_BYTES + LEAD_BYTES, WIDE_RECORD_BYTES + LEAD_BYTES
"""What a row takes while its person-day is open: a record, and the word that leads back to the row."""

ROWS_A_PARTITION = 32_768
OUTCOMES_A_PARTITION = 4_096
"""Rows whose exact totals are all looked up: so few that their slots stay in the processor's second cache."""
UNKNOWN_ROWS_BITS = 10
MAX_BITS = 12
DEFAULT_BLOCK_BYTES = 1 << 14
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
        raise InputError(f"{option(name)} is a size such as '2GiB' or a number of bytes above 0, not {size!r}")
    return int(float(match[1]) * _UNITS[match[2] or ""])


def check_memory_limit(limit: int | str | None) -> int:
    """The limit in bytes; by default what the environment says, else a share of what the process may use."""
    if limit is not None:
        return parse_size(limit)
    said = os.environ.get(ENVIRONMENT)
    return parse_size(said, ENVIRONMENT) if said else int(available_bytes() * DEFAULT_SHARE)


def check_threads(threads: int | None) -> int:
    """The number of workers to use."""
    if threads is None:
        return default_threads()
    if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
        raise InputError(f"{option('threads')} is a number of at least 1, not {threads!r}")
    return threads


MOST_ROWS_HELD = 1 << 26
GROUP_ROWS_A_THREAD = 1 << 20


@dataclass(frozen=True)
class Budget:
    """Bytes that records and words may take in memory, all workers together, and what a row of them takes."""

    blocks: int
    a_row: int

    @classmethod
    def of(cls, memory_limit: int, *, wide: bool) -> Budget:
        """The budget of a run with this limit, for narrow or wide records."""
        return cls(int(memory_limit * BLOCKS_SHARE), WIDE_BYTES if wide else NARROW_BYTES)

    def spilled_a_row(self, *, has_outcomes: bool) -> int:
        """Bytes that a row which does not fit leaves on disk; where there are outcomes, once more what it came to."""
        return self.a_row + (OUTCOME_BYTES if has_outcomes else 0)

    @property
    def rows_that_fit(self) -> int:
        """Rows whose records fit the memory at a time."""
        return self.blocks // self.a_row

    @property
    def rows_held(self) -> int:
        """Rows up to which a manifest is held whole, though its days may end by a promise: beyond, fresh memory costs
        more than the wait at the end of each epoch."""
        return min(self.rows_that_fit, MOST_ROWS_HELD)

    @property
    def epoch_rows(self) -> int:
        """Rows that an epoch should have: those of two may be open at a time, and a third part is room."""
        return min(self.rows_that_fit // 3, MOST_ROWS_HELD // 2)

    def group_rows(self, threads: int, least: int) -> int:
        """Rows that are read between two looks at the days that were seen, where their order is a promise."""
        return max(min(self.epoch_rows // 4, threads * GROUP_ROWS_A_THREAD), least)


def partition_bits(rows: int | None, epochs: bool, most: int, *, outcomes: bool = False) -> int:
    """The partitions of an epoch, as a power of two, for rows that are open together; None: many, or not known.

    `most` is what fits. It holds where days are released from rows of unknown number, since few are open then.
    """
    bits = min(UNKNOWN_ROWS_BITS, most) if epochs else UNKNOWN_ROWS_BITS
    if rows is not None:
        bits = min(
            MAX_BITS, (max(rows - 1, 0) // (OUTCOMES_A_PARTITION if outcomes else ROWS_A_PARTITION)).bit_length()
        )
    return min(bits, MAX_BITS - (1 if epochs else 0))


def bits_that_fit(budget: int, share: int) -> int:
    """The most partitions, as a power of two, that each of `share` workers and epochs may have, so that their unfilled
    blocks take little of the budget even where it is small."""
    return max(budget // (8 * LEAST_BLOCK_BYTES * share), 1).bit_length() - 1


def block_bytes(budget: int, partitions: int) -> int:
    """The size of a block of records, so that one unfilled block in each partition takes little of the budget."""
    size = DEFAULT_BLOCK_BYTES
    while size > max(budget // (8 * partitions), LEAST_BLOCK_BYTES):
        size //= 2
    return size
