"""A CPU benchmark that needs nothing else: a fixed manifest made in memory, scored on 1, 2, 4 ... threads.

The manifest is made of whole numbers by whole-number arithmetic, so that it and its answer are the same on every
machine. Integer persons, days nearly in order, a mask out: the kernel alone, without files and text.
"""

from __future__ import annotations

import os
import platform
import subprocess
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .. import __version__, eligible
from ..errors import DeminimisError, InputError
from ..machine import available_bytes, default_threads
from ..run.budget import check_threads

WORK = "int-1"
"""The name of the manifest: figures of the same work and rows can be compared."""
ROWS = 20_000_000
ROWS_MOST = 1 << 31
REPEATS = 5
LIMIT = 800
MASK_CRC32 = {100_000: 1661178189, ROWS: 681935200}
"""What the mask of so many rows comes to, by its bits."""

_BATCH_ROWS = 1 << 20
_BYTES_A_ROW = 48  # the manifest and the records of its rows
_DAY_FIRST, _DAYS = 19_723, 365
_WAREHOUSES = 1_000

Words: TypeAlias = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Figure:
    """What one number of threads came to: wall time of a call, and rows by the median of it."""

    threads: int
    seconds_median: float
    seconds_best: float
    rows_per_second: float


@dataclass(frozen=True)
class Result:
    """A benchmark's account.

    Parameters
    ----------
    work, rows : str and int
        What was scored.
    mask_crc32 : int
        Of the mask's bits; every call gave the same.
    seconds_first : float
        The first call, whose memory is touched for the first time; in no figure.
    figures : tuple of Figure
        By number of threads; the last uses all cores.
    """

    work: str
    rows: int
    repeats: int
    mask_crc32: int
    seconds_first: float
    figures: tuple[Figure, ...]
    cpu: str
    cores: int
    system: str
    version: str
    python: str
    pyarrow: str

    @property
    def rows_per_second(self) -> float:
        """The figure to quote: by the median, on the number of threads that is fastest."""
        return max(figure.rows_per_second for figure in self.figures)

    def to_dict(self) -> dict[str, object]:
        """Every field and `rows_per_second`, made of what JSON has."""
        return {"rows_per_second": self.rows_per_second} | asdict(self)


def bench(
    rows: int = ROWS,
    repeats: int = REPEATS,
    threads: int | None = None,
    clock: Callable[[], float] = time.perf_counter,
    known: Mapping[int, int] = MASK_CRC32,
) -> Result:
    """Score the fixed manifest again and again, the numbers of threads in turns.

    Parameters
    ----------
    rows : int
        Up to 2**31; memory of about 48 bytes a row is needed.
    repeats : int
        Calls for each number of threads, after one that counts for nothing.
    threads : int, optional
        The most threads; default: the cores that the process may use.
    known : mapping of int to int
        What the mask comes to, by rows. Where it is not known, each call must give what the first one gave.
    """
    check_work(rows, repeats, available_bytes())
    counts = thread_counts(check_threads(threads))
    made = manifest(rows)
    seconds_first, crc = _once(made, counts[-1], clock)
    expected = known.get(rows, crc)
    seconds: dict[int, list[float]] = {count: [] for count in counts}
    for _ in range(repeats):
        for count in counts:
            took, crc = _once(made, count, clock)
            if crc != expected:
                raise DeminimisError("the answer is wrong: the processor, the memory or the build is at fault")
            seconds[count].append(took)
    return Result(
        work=WORK,
        rows=rows,
        repeats=repeats,
        mask_crc32=crc,
        seconds_first=seconds_first,
        figures=tuple(_figure(count, some, rows) for count, some in seconds.items()),
        cpu=cpu_name(),
        cores=default_threads(),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        version=__version__,
        python=platform.python_version(),
        pyarrow=pa.__version__,
    )


def check_work(rows: int, repeats: int, memory_bytes: int) -> None:
    """Refuse what cannot be measured in so much memory."""
    if not 1 <= rows <= ROWS_MOST or repeats < 1:
        raise InputError(f"a benchmark has 1 to {ROWS_MOST:,} rows and at least 1 repeat, not {rows:,} and {repeats}")
    needed = rows * _BYTES_A_ROW
    if needed > memory_bytes:
        raise InputError(f"{rows:,} rows need about {needed >> 20:,} MiB of memory: give fewer --rows")


def thread_counts(most: int) -> list[int]:
    """1, 2, 4 and so on, and `most`."""
    return sorted({min(1 << power, most) for power in range(most.bit_length() + 1)})


def manifest(rows: int) -> pa.Table:
    """Make the fixed manifest.

    Returns
    -------
    pyarrow.Table
        `person` (int64: two rows in a hundred from 1,000 warehouses, the others from a skewed crowd), `day` (date32: a
        year, nearly in order) and `value` (int64 from 0 to 2,499, most of them small), in batches of 2**20 rows.
    """
    return pa.Table.from_batches(_batches(rows))


def _batches(rows: int) -> Iterator[pa.RecordBatch]:
    for begin in range(0, rows, _BATCH_ROWS):
        row = np.arange(begin, min(begin + _BATCH_ROWS, rows), dtype=np.uint64)
        first, second, third = (_mixed(row + np.uint64(salt << 40)) for salt in (1, 2, 3))
        crowd = _share(_low(first), max(rows // 4, 16)) * _high(first) >> np.uint64(32)
        warehouse = second % np.uint64(_WAREHOUSES)
        person = np.where(_high(second) % np.uint64(50) == 0, warehouse, crowd + np.uint64(_WAREHOUSES))
        late = _high(third) % np.uint64(10) == 0
        day = np.minimum(row * np.uint64(_DAYS) // np.uint64(rows) + late, np.uint64(_DAYS - 1))
        value = _share(_low(third), 2_500)
        for word in (_high(third), _low(second), _high(first)):
            value = value * word >> np.uint64(32)
        arrays = [
            pa.array(_mixed(person).view(np.int64)),
            pa.array(day.astype(np.int32) + np.int32(_DAY_FIRST)).cast(pa.date32()),
            pa.array(value.view(np.int64)),
        ]
        yield pa.RecordBatch.from_arrays(arrays, ["person", "day", "value"])


def _mixed(words: Words) -> Words:
    """The finaliser of SplitMix64 (Steele, Lea and Flood, 2014), a bijection that looks random."""
    words = words * np.uint64(0x9E3779B97F4A7C15)
    words = (words ^ words >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ words >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return words ^ words >> np.uint64(31)


def _low(words: Words) -> Words:
    return words & np.uint64(0xFFFFFFFF)


def _high(words: Words) -> Words:
    return words >> np.uint64(32)


def _share(words: Words, size: int) -> Words:
    """Words of 32 bits as numbers below `size`, each about as often."""
    return words * np.uint64(size) >> np.uint64(32)


def _once(made: pa.Table, threads: int, clock: Callable[[], float]) -> tuple[float, int]:
    started = clock()
    mask = eligible(
        made,
        person="person",
        day="day",
        value="value",
        limit=LIMIT,
        threads=threads,
        memory_limit=max(64 << 20, made.num_rows * _BYTES_A_ROW * 2),  # all of it in memory
    )
    return clock() - started, zlib.crc32(np.packbits(mask.to_numpy(zero_copy_only=False), bitorder="little").tobytes())


def _figure(threads: int, seconds: list[float], rows: int) -> Figure:
    middle = median(seconds)
    return Figure(threads, middle, min(seconds), rows / middle if middle > 0 else 0.0)


def cpu_name() -> str:
    """The processor's own name, or the machine's kind where it does not tell."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip().lower() in ("model name", "cpu model", "hardware") and value.strip():
                return value.strip()
    with suppress(OSError, subprocess.SubprocessError):
        told = subprocess.run(
            ["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True, check=True, timeout=5
        )
        if told.stdout.strip():
            return told.stdout.strip()
    return platform.processor() or os.environ.get("PROCESSOR_IDENTIFIER", "") or platform.machine()
