"""What the benchmark says in the end, and how it stands beside what another machine or version said."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import geometric_mean
from typing import Any

from ...errors import InputError
from .machine import Machine
from .work import SET

BYTES_MOST = 1 << 24
"""So much is read of a file of results."""


@dataclass(frozen=True)
class Part:
    """One work from one source on one number of threads: wall time of a call, and rows by the median of it."""

    work: str
    source: str
    threads: int
    repeats: int
    seconds_median: float
    seconds_best: float
    rows_per_second: float


@dataclass(frozen=True)
class Result:
    """A benchmark's account.

    Parameters
    ----------
    set, rows : int
        The version of the works, and the rows of each.
    mask_crc32 : dict of str to int
        Of each work's mask; every call from every source gave the same.
    files_in_memory : bool
        Whether the files lay in memory; else they lay where temporary files do.
    parts : tuple of Part
        By work, source and number of threads.
    """

    set: int
    rows: int
    mask_crc32: Mapping[str, int]
    files_in_memory: bool
    parts: tuple[Part, ...]
    machine: Machine

    @property
    def score(self) -> float:
        """The figure to quote: million rows a second, each work and source on its fastest number of threads, and of
        them the geometric mean."""
        return geometric_mean(self.best().values()) / 1e6

    def best(self) -> dict[tuple[str, str], float]:
        """Rows a second of each work from each source, on the number of threads that is fastest."""
        found: dict[tuple[str, str], float] = {}
        for part in self.parts:
            place = (part.work, part.source)
            found[place] = max(found.get(place, 0.0), part.rows_per_second)
        return found

    def to_dict(self) -> dict[str, Any]:
        """The score and every field, made of what JSON has."""
        told: dict[str, Any] = asdict(self)
        return {"score": round(self.score, 3)} | dict(told.pop("machine")) | told


def read_result(path: Path, rows: int) -> Result:
    """The last result of a file that holds a line of JSON for each, to be compared with one of as many rows.

    Raises
    ------
    InputError
        The file cannot be read, holds no result, or one of other works or rows.
    """
    try:
        with path.open("rb") as file:
            text = file.read(BYTES_MOST + 1)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}.", file=str(path)) from error
    if len(text) > BYTES_MOST:
        raise InputError(f"is larger than {BYTES_MOST >> 20} MiB: give lines that `bench --json` wrote", file=str(path))
    lines = [line for line in text.splitlines() if line.strip()]
    try:
        found = _result(json.loads(lines[-1]))
    except (IndexError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise InputError("its last line is no result of `deminimis bench`.", file=str(path)) from error
    if (found.set, found.rows) != (SET, rows):
        mend = f"give --rows {found.rows}" if found.set == SET else "run it anew there"
        there, here = (f"set {of} with {some:,} rows" for of, some in ((found.set, found.rows), (SET, rows)))
        raise InputError(f"has {there}, and this is {here}: {mend}", file=str(path))
    return found


def _result(told: Mapping[str, Any]) -> Result:
    parts = tuple(Part(**part) for part in told["parts"])
    if not parts or any(not part.rows_per_second > 0 for part in parts):
        raise ValueError("parts")
    machine = Machine(**{name: told[name] for name in Machine.__annotations__})
    return Result(told["set"], told["rows"], told["mask_crc32"], told["files_in_memory"], parts, machine)


def ratios(new: Result, old: Result) -> dict[tuple[str, str], float]:
    """How many times as fast the new one is, for each work and source that both have."""
    before = old.best()
    return {place: speed / before[place] for place, speed in new.best().items() if place in before}


def threads_of(parts: Sequence[Part]) -> list[int]:
    """The numbers of threads, from the lowest up."""
    return sorted({part.threads for part in parts})
