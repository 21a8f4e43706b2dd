"""What a comparison comes to: one engine's figures, and a table of them."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field

from bench.workloads import Workload


@dataclass
class Result:
    """One engine on one piece of work: its best form and what that took, or why there is nothing."""

    workload: str
    source: str
    rows: int
    cores: int
    engine: str
    form: str = ""
    threads: int = 0
    cold_seconds: list[float] = field(default_factory=list)
    warm_seconds: list[float] = field(default_factory=list)
    peak_bytes: list[int] = field(default_factory=list)
    input_bytes: int = 0  # what the process held before the first call
    tried: dict[str, float] = field(default_factory=dict)
    differs: int | None = None  # rows whose mask is not the exact one
    looser: int = 0  # of those, rows called eligible that are not
    note: str = ""

    def ns(self, temper: str) -> float | None:
        """Nanoseconds a row, the median of the "cold" or the "warm" calls."""
        seconds = self.cold_seconds if temper == "cold" else self.warm_seconds
        return statistics.median(seconds) / self.rows * 1e9 if seconds else None


@dataclass
class Section:
    """One table: a workload from a source on so many cores."""

    workload: Workload
    source: str
    cores: int
    groups: int
    eligible: int
    results: list[Result]
