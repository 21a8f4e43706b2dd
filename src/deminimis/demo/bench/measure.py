"""Score the fixed works from memory and from files on 1, 2, 4 ... threads, and check every mask."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow as pa

from ... import eligible
from ...errors import DeminimisError, InputError
from ...machine import available_bytes
from ...run.budget import check_threads
from .account import Part, Result
from .files import folder, is_in_memory, write_csv, write_parquet
from .machine import this_machine
from .work import LIMIT, ROWS, SET, WORKS, Work, manifest

ROWS_MOST = 1 << 31
REPEATS = 3
SECONDS_MOST = 24.0
"""No work is repeated after so many seconds; each is done once."""

_BYTES_A_ROW = 256  # the manifest, its files and the records of its rows
_FILE_BYTES_A_ROW = 128

Told = Callable[[str, int, int], None]
"""Takes a work's name, its place and how many there are."""


def bench(
    rows: int = ROWS,
    repeats: int = REPEATS,
    threads: int | None = None,
    told: Told | None = None,
    clock: Callable[[], float] = time.perf_counter,
    known: Mapping[str, Mapping[int, int]] | None = None,
) -> Result:
    """Score the fixed works again and again, sources and numbers of threads in turns.

    Parameters
    ----------
    rows : int
        Of each work, up to 2**31; memory of about 256 bytes a row is needed.
    repeats : int
        Calls for each work, source and number of threads, after one that counts for nothing; fewer where they would
        take too long.
    threads : int, optional
        The most threads; default: the cores that the process may use.
    told : callable, optional
        Is called as each work begins.
    known : mapping of str to mapping of int to int, optional
        What a work's mask comes to, by rows; default: what stands in the works. Where it is not known, each call must
        give what the first one gave.

    Returns
    -------
    Result
        Rows a second of each work from each source on each number of threads, and one score.
    """
    check_work(rows, repeats, available_bytes())
    counts = thread_counts(check_threads(threads))
    began = clock()
    parts: list[Part] = []
    crcs: dict[str, int] = {}
    in_memory = True
    for at, work in enumerate(WORKS):
        if told is not None:
            told(work.name, at, len(WORKS))
        with ExitStack() as stack:
            expected = (work.mask_crc32 if known is None else known.get(work.name, {})).get(rows)
            place = stack.enter_context(folder(rows * _FILE_BYTES_A_ROW))
            in_memory = in_memory and is_in_memory(place)
            until = began + SECONDS_MOST * (at + 1) / len(WORKS)
            found, crcs[work.name] = _measured(work, rows, repeats, counts, place, until, clock, expected)
            parts += found
    return Result(SET, rows, crcs, in_memory, tuple(parts), this_machine())


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


def sources_of(work: Work, rows: int, place: Path) -> Iterator[tuple[str, pa.Table | Path]]:
    """The manifest of a work in memory, as Parquet and as CSV."""
    made = manifest(work.name, rows)
    yield "memory", made
    write_parquet(made, parquet := place / f"{work.name}.parquet")
    yield "parquet", parquet
    write_csv(made, csv := place / f"{work.name}.csv")
    yield "csv", csv


def _measured(
    work: Work,
    rows: int,
    repeats: int,
    counts: list[int],
    place: Path,
    until: float,
    clock: Callable[[], float],
    expected: int | None,
) -> tuple[list[Part], int]:
    """The parts of a work, and what its mask comes to."""
    sources = list(sources_of(work, rows, place))
    seconds: dict[tuple[str, int], list[float]] = {}
    for _name, source in sources:
        _, crc = _once(source, rows, counts[-1], clock)
        expected = _checked(crc, expected)
    for repeat in range(repeats):
        if repeat and clock() > until:
            break
        for name, source in sources:
            for count in counts:
                took, crc = _once(source, rows, count, clock)
                expected = _checked(crc, expected)
                seconds.setdefault((name, count), []).append(took)
    assert expected is not None
    return [_part(work.name, *of, some, rows) for of, some in seconds.items()], expected


def _checked(crc: int, expected: int | None) -> int:
    if expected is not None and crc != expected:
        raise DeminimisError("the answer is wrong: the processor, the memory or the build is at fault")
    return crc


def _once(source: pa.Table | Path, rows: int, threads: int, clock: Callable[[], float]) -> tuple[float, int]:
    started = clock()
    mask = eligible(
        source,
        person="person",
        day="day",
        value="value",
        limit=LIMIT,
        threads=threads,
        memory_limit=max(64 << 20, rows * _BYTES_A_ROW),  # all of it in memory
    )
    return clock() - started, zlib.crc32(np.packbits(mask.to_numpy(zero_copy_only=False), bitorder="little").tobytes())


def _part(work: str, source: str, threads: int, seconds: list[float], rows: int) -> Part:
    middle = median(seconds)
    return Part(work, source, threads, len(seconds), round(middle, 6), round(min(seconds), 6), round(rows / middle))
