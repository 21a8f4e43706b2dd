"""How much memory a run may use: sizes as people write them, and what the process may have."""

from __future__ import annotations

import os
import re
import sys
from functools import cache

from .errors import InputError

DEFAULT_SHARE = 0.5
"""The share of the memory that the process may use, where no limit is given."""

BLOCKS_SHARE = 0.5
"""The share of the limit that records may take; the rest is for batches that are decoded, tables and answers."""

LEAST = 64 << 20
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
