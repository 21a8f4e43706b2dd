"""What a run has done so far: rows and bytes read, the latest day, the time of each phase; and telling it."""

from __future__ import annotations

import threading
import time
from collections.abc import Set as AbstractSet

from ..progress import Tick
from ..rules.days import NO_DAY
from ..sources.identity import Place


class Account:
    """The account of one run, which its workers add to.

    Attributes
    ----------
    rows, bytes : int
        That were read.
    latest_day : int
        Since days are told apart.
    phases : dict
        Seconds of wall time by phase: "read", "total", "answer", "write".
    tick : callable, optional
        Hears of the progress, in the calling thread.
    places : set of (device, inode)
        Of files beside the manifest that are read: what no output may replace either.
    """

    def __init__(self) -> None:
        self.rows = 0
        self.bytes = 0
        self.latest_day = NO_DAY
        self.phases: dict[str, float] = {}
        self.tick: Tick | None = None
        self.places: AbstractSet[Place] = frozenset()
        self._lock = threading.Lock()

    def add(self, rows: int = 0, bytes: int = 0) -> None:
        """So many more were read."""
        with self._lock:
            self.rows += rows
            self.bytes += bytes

    def tell(self, phase: str, rows: int) -> None:
        """A phase is done with so many rows."""
        if self.tick is not None:
            self.tick(phase, rows, self.bytes)

    def clock(self, phase: str, started: float) -> None:
        """A phase went on since then."""
        self.phases[phase] = self.phases.get(phase, 0.0) + time.perf_counter() - started
