"""All partitions of an epoch to their totals: a few at a time to each worker's tables, spilled ones by extents."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from .._kernel import (
    OUTCOME_BYTES,
    RECORD_BYTES,
    STEP_ADD,
    STEP_ADD_OPEN,
    STEP_PROVE,
    STEP_SETTLE,
    WIDE_RECORD_BYTES,
    Partitioner,
    Proof,
    Settings,
    Totals,
)
from ..sizes import Sizes
from .budget import MAX_BITS, partition_bits
from .crew import Crew
from .spill import Extent, Spill
from .worker import Worker

Bytes = npt.NDArray[np.uint8]


def total_partitions(
    spills: Sequence[Spill | None],
    totals: Sequence[Totals],
    partitions: range,
    settings: Settings,
    sizes: Sizes,
    *,
    tell: Callable[[float], None],
) -> int:
    """Answer all records of these partitions; how many were hot, so that all threads took them together.

    Parameters
    ----------
    spills : sequence of Spill or None
        What each worker has on disk.
    totals : sequence of Totals
        As many as there are workers.
    tell : callable
        Takes the share that is done, in the calling thread.

    Raises
    ------
    MemoryError
    """
    exact = sum(map(totals[0].rows, partitions)) <= sizes.counted_rows
    for one in totals:
        one.count_exactly(exact)
    one_by_one = any(spills)
    hot = [] if one_by_one or settings.wide or len(totals) == 1 else _hot(totals[0], partitions, len(totals), sizes)
    for p in hot:
        _total_together(totals, p)
    rest = [p for p in partitions if p not in hot] if hot else partitions
    step = 1 if hot else max(1, len(rest) // (8 * len(totals)))
    ranges = iter([rest[at : at + step] for at in range(0, len(rest), step)])
    crew = Crew(len(totals))

    def work(number: int) -> None:
        mine = totals[number]
        for some in ranges:  # a list iterator: drawing from it is atomic
            for p in some if one_by_one else some[:1]:
                if crew.is_stopped:
                    return
                if number == 0:
                    tell((p - partitions.start) / len(partitions))
                if one_by_one and any(mine.spilled(p)):
                    _total_spilled(mine, _OnDisk(spills, p, settings, sizes))
                else:
                    mine.run(p, p + 1 if one_by_one else some[-1] + 1)

    crew.run(work)
    return len(hot)


def _hot(totals: Totals, partitions: range, threads: int, sizes: Sizes) -> list[int]:
    """Partitions that hold so many of all rows, by one person-day as a rule, that a single thread would hold up the
    others."""
    rows = [totals.rows(p) for p in partitions]
    least = max(sizes.hot_rows, sum(rows) // (4 * threads))
    return [p for p, some in zip(partitions, rows, strict=True) if some >= least]


def _total_together(totals: Sequence[Totals], p: int) -> None:
    """Answer one partition of narrow records in memory by all threads: each has its own worker's records, and adds
    them to tables of its own; what is read are the first thread's, to which those of the others were added."""
    one, *others = totals
    crew = Crew(len(totals))

    def add(w: int) -> None:
        totals[w].start(p)
        totals[w].step(STEP_ADD, w, p, 0, None)

    def prove(w: int) -> None:
        one.step(STEP_PROVE, w, p, 0, None)
        totals[w].step(STEP_ADD_OPEN, w, p, 0, None)

    crew.run(add)
    for other in others:
        one.add_cells(other)
    crew.run(prove)
    for other in others:
        one.add_slots(other)
    one.count_groups()
    crew.run(lambda w: totals[w].step(STEP_SETTLE, w, p, 0, None, one))


class _OnDisk:
    """The extents of one partition, worker by worker, each with its records in the order they were read."""

    def __init__(self, spills: Sequence[Spill | None], p: int, settings: Settings, sizes: Sizes) -> None:
        self.p = p
        self.record_bytes = WIDE_RECORD_BYTES if settings.wide else RECORD_BYTES
        self.in_row_order = settings.excess
        self._has_outcomes = settings.outcomes
        self.spills = spills
        self.extents = [spill.records(p) if spill is not None else [] for spill in spills]
        self._kept: dict[tuple[int, Extent], Bytes] | None = None
        if sum(extent.size for some in self.extents for extent in some) <= sizes.whole_bytes:
            self._kept = {}

    def read(self, w: int, extent: Extent) -> Bytes:
        """The records of an extent of worker w."""
        spill = self.spills[w]
        assert spill is not None
        if self._kept is None:
            return spill.read(extent)
        key = w, extent
        if key not in self._kept:
            self._kept[key] = spill.read(extent)
        return self._kept[key]

    def write_outcomes(self, w: int, settled: Bytes) -> None:
        """Put the outcomes of records that were on disk there, where records become outcomes."""
        if self._has_outcomes:
            spill = self.spills[w]
            assert spill is not None
            spill.write_outcomes(self.p, settled[: len(settled) // WIDE_RECORD_BYTES * OUTCOME_BYTES])


def _total_spilled(totals: Totals, on_disk: _OnDisk) -> None:
    """Answer a partition that is partly on disk. Memory holds an extent of it at a time, or all if they are few."""
    totals.start(on_disk.p)
    for step in totals.steps:
        for w in range(len(on_disk.extents)):
            _take_step(totals, on_disk, step, w)
    totals.count_groups()
    if on_disk.in_row_order:
        _settle_in_row_order(totals, on_disk)


def _take_step(totals: Totals, on_disk: _OnDisk, step: int, w: int) -> None:
    first = 0
    for extent in on_disk.extents[w]:
        records = on_disk.read(w, extent)
        totals.step(step, w, on_disk.p, first, records)
        first += len(records) // on_disk.record_bytes
        if step == STEP_SETTLE:
            on_disk.write_outcomes(w, records)
    totals.step(step, w, on_disk.p, first, None)


def _settle_in_row_order(totals: Totals, on_disk: _OnDisk) -> None:
    """Merge the workers' records by the numbers of their rows, with one extent of each worker in memory."""
    left = [deque(extents) for extents in on_disk.extents]
    loaded: dict[int, Bytes] = {}

    def load(w: int) -> None:
        loaded[w] = on_disk.read(w, left[w].popleft())
        totals.load(w, loaded[w], bool(left[w]))

    for w, extents in enumerate(left):
        if extents:
            load(w)
    while (w := totals.merge(on_disk.p)) >= 0:
        on_disk.write_outcomes(w, loaded[w])
        load(w)
    for w, settled in loaded.items():
        on_disk.write_outcomes(w, settled)


def settle_day_sketch(workers: Sequence[Worker], settings: Settings, sizes: Sizes) -> None:
    """Answer all rows of workers whose partitioners have sketches, and let their batches go.

    Raises
    ------
    MemoryError
    """
    read = [worker.partitioner for worker in workers]
    proof = Proof(settings, [one.sketch for one in read if one.sketch is not None])
    share = proof.places // len(workers) + 1

    def add_up(number: int) -> None:
        proof.add_up(min(number * share, proof.places), min((number + 1) * share, proof.places))

    def prove(number: int) -> None:
        for batch, start, stop in workers[number].kept:
            proof.prove(read[number], suspects[number], batch, start, stop)
        suspects[number].settle(0)

    Crew(len(workers)).run(add_up)
    bits = partition_bits(sum(proof.count_open(one) for one in read), False, MAX_BITS)
    suspects = [Partitioner(settings, bits) for _ in workers]
    Crew(len(workers)).run(prove)
    totals = [Totals(settings, suspects) for _ in workers]
    total_partitions([None] * len(workers), totals, range(1 << bits), settings, sizes, tell=lambda share: None)
    Crew(len(workers)).run(lambda number: proof.fill(read[number], suspects[number]))
    for worker in workers:
        worker.kept.clear()
