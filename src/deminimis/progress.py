"""What long work reports while it runs; and how often. No drawing here."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """One report of a running job.

    Parameters
    ----------
    phase : str
        "read", "total" or "write"; they take turns where days are answered as they end.
    rows : int
        Rows that the phase is done with; of "total" an estimate.
    rows_expected : int, optional
        Rows in all, where the manifest's metadata or an earlier phase tells.
    bytes : int
        File bytes read so far; of "write", bytes written.
    bytes_expected : int, optional
        File bytes in all; only of "read", and None in memory.
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
Tick = Callable[[str, int, int], None]
"""Takes the phase, its rows and its bytes."""

SECONDS_BETWEEN = 0.05


class Reporter:
    """Tells the ticks of a job, which may come often, as reports: at most 20 a second, and each phase's first and last.

    Parameters
    ----------
    told : callable
        Takes the reports, in the thread that ticks.
    started : float
        When the job began, by `time.perf_counter`.
    rows, bytes : int, optional
        The manifest's size, where metadata tells.
    """

    def __init__(self, told: Report, started: float, rows: int | None, bytes: int | None) -> None:
        self._told = told
        self._started = started
        self._rows = rows
        self._bytes = bytes
        self._rows_read = 0
        self._last = Progress("", 0, None, 0, None, 0.0)
        self._held: Progress | None = None

    def tick(self, phase: str, rows: int, bytes: int) -> None:
        """The phase is done with so many rows and bytes."""
        is_read = phase == "read"
        self._rows_read = rows if is_read else self._rows_read
        rows_expected = self._rows if is_read or self._rows is not None else self._rows_read
        seconds = time.perf_counter() - self._started
        report = Progress(phase, rows, rows_expected, bytes, self._bytes if is_read else None, seconds)
        if phase != self._last.phase:
            self.end()
        elif seconds - self._last.seconds < SECONDS_BETWEEN:
            self._held = report
            return
        self._held, self._last = None, report
        self._told(report)

    def end(self) -> None:
        """Tell what was held back last."""
        if self._held is not None:
            held, self._held = self._held, None
            self._told(held)
