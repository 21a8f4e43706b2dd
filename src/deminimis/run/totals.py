"""All partitions of an epoch to their totals: a few at a time to each worker's tables, spilled ones piece by piece."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from .._kernel import Settings, Totals
from .crew import Crew
from .parts import Worker
from .spill import Piece, Spill

RECORD_BYTES, WIDE_RECORD_BYTES, OUTCOME_BYTES = 16, 32, 16

WHOLE_BYTES = 64 << 20
"""A partition of at most this many spilled bytes is read back once; a larger one is read anew for each step."""

HOT_ROWS = 1 << 18
"""A partition of fewer records is never worth all threads."""

Bytes = npt.NDArray[np.uint8]


def total_partitions(
    workers: Sequence[Worker],
    totals: Sequence[Totals],
    partitions: range,
    settings: Settings,
    *,
    tell: Callable[[float], None],
) -> None:
    """Answer all records of these partitions.

    Parameters
    ----------
    totals : sequence of Totals
        As many as there are workers.
    tell : callable
        Takes the share that is done, in the calling thread.

    Raises
    ------
    MemoryError
    """
    spills = [worker.spill for worker in workers]
    one_by_one = any(spills)
    hot = [] if one_by_one or settings.wide or len(totals) == 1 else _hot(totals[0], partitions, len(totals))
    for p in hot:
        _total_together(totals, p)
    rest = [p for p in partitions if p not in hot] if hot else partitions
    step = 1 if hot else max(1, len(rest) // (8 * len(workers)))
    ranges = iter([rest[at : at + step] for at in range(0, len(rest), step)])
    crew = Crew(len(workers))

    def work(number: int) -> None:
        mine = totals[number]
        for some in ranges:  # a list iterator: drawing from it is atomic
            for p in some if one_by_one else some[:1]:
                if crew.is_stopped:
                    return
                if number == 0:
                    tell((p - partitions.start) / len(partitions))
                if one_by_one and any(mine.spilled(p)):
                    _total_spilled(mine, _OnDisk(spills, p, settings))
                else:
                    mine.run(p, p + 1 if one_by_one else some[-1] + 1)

    crew.run(work)


def _hot(totals: Totals, partitions: range, threads: int) -> list[int]:
    """Partitions that hold so many of all rows, by one person-day as a rule, that a single thread would hold up the
    others."""
    rows = [totals.rows(p) for p in partitions]
    least = max(HOT_ROWS, sum(rows) // (4 * threads))
    return [p for p, some in zip(partitions, rows, strict=True) if some >= least]


def _total_together(totals: Sequence[Totals], p: int) -> None:
    """Answer one partition of narrow records in memory by all threads: each has its own worker's records, and adds
    them to tables of its own; what is read are the first thread's, to which those of the others were added."""
    one, *others = totals
    crew = Crew(len(totals))

    def add(w: int) -> None:
        totals[w].start(p)
        totals[w].step(0, w, p, 0, None)

    def prove(w: int) -> None:
        one.step(1, w, p, 0, None)
        totals[w].step(2, w, p, 0, None)

    crew.run(add)
    for other in others:
        one.add_cells(other)
    one.count_groups()
    crew.run(prove)
    for other in others:
        one.add_slots(other)
    crew.run(lambda w: totals[w].step(3, w, p, 0, None, one))


class _OnDisk:
    """The pieces of one partition, worker by worker, each with its records in the order they were read."""

    def __init__(self, spills: Sequence[Spill | None], p: int, settings: Settings) -> None:
        self.p = p
        self.record_bytes = WIDE_RECORD_BYTES if settings.wide else RECORD_BYTES
        self.in_row_order = settings.excess
        self._has_outcomes = settings.outcomes
        self.spills = spills
        self.pieces = [spill.records(p) if spill is not None else [] for spill in spills]
        self._kept: dict[tuple[int, Piece], Bytes] | None = None
        if sum(piece.size for some in self.pieces for piece in some) <= WHOLE_BYTES:
            self._kept = {}

    def read(self, w: int, piece: Piece) -> Bytes:
        """The records of a piece of worker w."""
        spill = self.spills[w]
        assert spill is not None
        if self._kept is None:
            return spill.read(piece)
        key = w, piece
        if key not in self._kept:
            self._kept[key] = spill.read(piece)
        return self._kept[key]

    def write_outcomes(self, w: int, settled: Bytes) -> None:
        """Put the outcomes of records that were on disk there, where records become outcomes."""
        if self._has_outcomes:
            spill = self.spills[w]
            assert spill is not None
            spill.write_outcomes(self.p, settled.reshape(-1, WIDE_RECORD_BYTES)[:, :OUTCOME_BYTES].reshape(-1))


def _total_spilled(totals: Totals, on_disk: _OnDisk) -> None:
    """Answer a partition that is partly on disk. Memory holds a piece of it at a time, or all if they are few."""
    totals.start(on_disk.p)
    for step in range(totals.steps):
        is_last = step == totals.steps - 1 and not on_disk.in_row_order
        for w in range(len(on_disk.pieces)):
            _take_step(totals, on_disk, step, w, is_last=is_last)
        if step == 0:
            totals.count_groups()
    if on_disk.in_row_order:
        _settle_in_row_order(totals, on_disk)


def _take_step(totals: Totals, on_disk: _OnDisk, step: int, w: int, *, is_last: bool) -> None:
    first = 0
    for piece in on_disk.pieces[w]:
        records = on_disk.read(w, piece)
        totals.step(step, w, on_disk.p, first, records)
        first += len(records) // on_disk.record_bytes
        if is_last:
            on_disk.write_outcomes(w, records)
    totals.step(step, w, on_disk.p, first, None)


def _settle_in_row_order(totals: Totals, on_disk: _OnDisk) -> None:
    """Merge the workers' records by the numbers of their rows, with one piece of each worker in memory."""
    left = [deque(pieces) for pieces in on_disk.pieces]
    loaded: dict[int, Bytes] = {}

    def load(w: int) -> None:
        loaded[w] = on_disk.read(w, left[w].popleft())
        totals.load(w, loaded[w], bool(left[w]))

    for w, pieces in enumerate(left):
        if pieces:
            load(w)
    while (w := totals.merge(on_disk.p)) >= 0:
        on_disk.write_outcomes(w, loaded[w])
        load(w)
    for w, settled in loaded.items():
        on_disk.write_outcomes(w, settled)
