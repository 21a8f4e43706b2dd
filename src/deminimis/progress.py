"""What long work reports while it runs; no drawing here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """One report of a running job.

    Parameters
    ----------
    phase : str
        "read", "total" or "write".
    rows : int
        Rows that the phase is done with.
    rows_expected : int, optional
        Rows in all, where the manifest's metadata tells.
    bytes : int
        File bytes read so far.
    bytes_expected : int, optional
        File bytes in all; None in memory.
    seconds : float
        Seconds since the job began.
    """

    phase: str
    rows: int
    rows_expected: int | None
    bytes: int
    bytes_expected: int | None
    seconds: float


Report = Callable[[Progress], None]
