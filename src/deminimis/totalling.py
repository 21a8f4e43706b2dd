"""All partitions of an epoch to their totals: a few at a time to each worker's tables, spilled ones by their blocks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ._kernel import Totals
from .parts import Worker
from .spill import settle_partition, total_partition
from .workers import Crew


def total_partitions(
    workers: Sequence[Worker], totals: Sequence[Totals], partitions: range, *, wide: bool, tell: Callable[[float], None]
) -> None:
    """Answer all records of these partitions.

    Parameters
    ----------
    totals : sequence of Totals
        As many as there are workers.
    wide : bool
        Records are wide.
    tell : callable
        Takes the share that is done, in the calling thread.

    Raises
    ------
    MemoryError
    """
    count = len(partitions)
    step = max(1, count // (8 * len(workers)))
    ranges = iter([partitions[at : at + step] for at in range(0, count, step)])
    crew = Crew(len(workers))
    spills = [worker.spill for worker in workers]
    one_by_one = any(spills)

    def work(number: int) -> None:
        mine = totals[number]
        for some in ranges:  # a list iterator: drawing from it is atomic
            for p in some if one_by_one else some[:1]:
                if crew.is_stopped:
                    return
                if number == 0:
                    tell((p - partitions.start) / count)
                if one_by_one and any(mine.spilled(p)):
                    (settle_partition if wide else total_partition)(mine, spills, p)
                else:
                    mine.run(p, p + 1 if one_by_one else some.stop)

    crew.run(work)
