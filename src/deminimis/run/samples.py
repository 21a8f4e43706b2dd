"""Tables whose rows come in the order of their days, or nearly: no row is scattered, as each day's sketch is small.

`order_of_table` tells such a table by samples before it is read. The order is not trusted: any other gives the same
answers, later.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from .._kernel import Batch, Partitioner, Proof, Settings, Sketch, Totals, days_of
from ..errors import InputError
from ..roles.request import Roles
from .at_once import answer_at_once
from .budget import MAX_BITS, NARROW_BYTES, partition_bits
from .crew import Crew
from .parts import Part, Worker
from .totals import total_partitions

DAYS = 8_190
"""Days that have cells of their own."""
DAYS_BEFORE = 64
"""Of these, the days before the first that a sample has."""
MOST_CELL_BITS = 19
"""Cells of a day that caches hold: half a million, of one byte each."""
BYTES_A_ROW = 6 + NARROW_BYTES
"""A cell's number, some cells of each worker and, should the sketch prove nothing, a record and its word."""
SAMPLES, SAMPLE_ROWS = 32, 64
REFUSED_ROWS = 4_096
OPEN_DAYS = 8
"""Days that one sample of rows that are nearly in order may span."""


@dataclass(frozen=True)
class DayOrder:
    """What the sketches are made for: the first day that has cells of its own, and 2**cell_bits cells each."""

    day_base: int
    cell_bits: int
    most_days: int

    def sketch(self, settings: Settings) -> Sketch:
        """Cells for one worker."""
        return Sketch(settings, self.day_base, self.cell_bits, self.most_days)


def is_fit(settings: Settings, rows: int, memory: int) -> bool:
    """Whether so many rows in memory could be read in order, with so much more memory."""
    return settings.can_be_in_order and rows <= memory // BYTES_A_ROW


def order_of_table(
    settings: Settings, table: pa.Table | pa.RecordBatch, batch: Callable[[pa.RecordBatch], Batch]
) -> DayOrder | None:
    """The order of a table's days by samples of it; None where they are not nearly in order, too many, or too full."""
    starts = np.linspace(0, table.num_rows - SAMPLE_ROWS, SAMPLES).astype(int).tolist()
    lows, highs = [], []
    for start in starts:
        some = table.slice(start, SAMPLE_ROWS)
        parts = some.to_batches() if isinstance(some, pa.Table) else [some]
        days = np.concatenate([np.frombuffer(days_of(settings, batch(part)), np.int32) for part in parts])
        days = np.sort(days[days > np.iinfo(np.int32).min]).astype(np.int64)
        if not len(days) or days[-len(days) // 8] - days[len(days) // 8] > OPEN_DAYS:
            return None  # but for a few odd ones
        lows.append(int(days[len(days) // 2]))
        highs.append(int(days[len(days) // 2]) + 1)
    return _order(lows, highs, table.num_rows)


def is_often_refused(
    settings: Settings, roles: Roles, table: pa.Table | pa.RecordBatch, batch: Callable[[pa.RecordBatch], Batch]
) -> bool:
    """Whether a quarter of a sample is not eligible, so that so many rows would have to be read twice.

    The totals of the sample are parts of the table's: what is not eligible in it is not in the table.
    """
    some = table.slice(table.num_rows // 2, REFUSED_ROWS)
    sample = Part(
        [(batch(one), 0, one.num_rows) for one in (some.to_batches() if isinstance(some, pa.Table) else [some])]
    )
    try:
        mask = answer_at_once(sample, settings, roles).mask
    except InputError:
        return False  # the run will tell what is wrong, and where
    return bool(4 * mask.true_count < 3 * some.num_rows)


def _order(lows: list[int], highs: list[int], rows: int) -> DayOrder | None:
    days = max(highs) - min(lows)
    cell_bits = max((rows // days).bit_length(), 6)
    if days > DAYS - DAYS_BEFORE or cell_bits > MOST_CELL_BITS:
        return None
    return DayOrder(min(lows) - DAYS_BEFORE, cell_bits, max(4 * (rows >> cell_bits), 64))


def settle_in_order(workers: Sequence[Worker], settings: Settings) -> None:
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
    scattered = [Worker(one) for one in suspects]
    totals = [Totals(settings, suspects) for _ in workers]
    total_partitions(scattered, totals, range(1 << bits), settings, tell=lambda share: None)
    Crew(len(workers)).run(lambda number: proof.fill(read[number], suspects[number]))
    for worker in workers:
        worker.kept.clear()
