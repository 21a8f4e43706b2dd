"""What this machine lets the process use: memory and cores, by its cgroup too; and the memory that it took."""

from __future__ import annotations

import os
import sys
from functools import cache

if sys.platform == "win32":
    resource = None
else:
    import resource  # at the start: an import at the end of a run can fail for lack of memory


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
            with open(path, encoding="utf-8") as file:  # noqa: PTH123
                text = file.read().strip()
        except OSError:
            continue
        if text.isdigit() and int(text) < 1 << 60:
            return int(text)
    return None


def default_threads() -> int:
    """The cores that this process may use: its affinity, and the CPU quota of its cgroup."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _cgroup_cores()
    return max(1, cores if quota is None else min(cores, quota))


@cache
def _cgroup_cores() -> int | None:
    """The CPU quota of a version 2 cgroup, rounded up; None where there is none."""
    try:
        with open("/sys/fs/cgroup/cpu.max", encoding="utf-8") as file:  # noqa: PTH123
            quota, period = file.read().split()
        return None if quota == "max" else -(-int(quota) // int(period))
    except (OSError, ValueError):
        return None


def peak_rss_bytes() -> int | None:
    """The largest resident memory of this process so far; None where the system does not tell."""
    if resource is None:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak
