"""Tables whose rows come in the order of their days, or nearly: no row is scattered, as each day's sketch is small.

`order_of_table` tells such a table by samples before it is read. The order is not trusted: any other gives the same
answers, later.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa

from .._kernel import Batch, Proof, Settings, days_of
from ..errors import InputError, OutOfMemoryError
from ..roles.bindings import Bindings
from .budget import LEAST_BLOCK_BYTES, NARROW_BYTES, Budget
from .order import DaySketchShape
from .parts import Part
from .worker import Worker

DAYS = 8_190
"""Days that have cells of their own."""
DAYS_BEFORE = 64
"""Of these, the days before the first that a sample has."""
MOST_CELL_BITS = 19
"""Cells of a day that caches hold: half a million, of one byte each."""
BYTES_A_ROW = 6 + NARROW_BYTES
"""A cell's number, some cells of each worker and, should the sketch prove nothing, a record and its word."""
SAMPLES, SAMPLE_ROWS = 32, 64
OPEN_ROWS, OPEN_CELL_BITS = 4_096, 14
OPEN_DAYS = 8
"""Days that one sample of rows that are nearly in order may span."""


def find_order(bindings: Bindings, table: pa.Table | pa.RecordBatch, budget: Budget) -> DaySketchShape | None:
    """The order in which a table is to be read with sketches of its days; None where that does not pay."""
    binding = bindings.of(table.schema)
    settings = binding.settings
    # batches are read twice: they are not made anew
    if binding.prepare is not None or not settings.can_take_day_sketch or table.num_rows > budget.blocks // BYTES_A_ROW:
        return None
    order = order_of_table(settings, table, bindings.batch)
    return None if order and leaves_many_open(bindings, table, order) else order


def order_of_table(
    settings: Settings, table: pa.Table | pa.RecordBatch, batch: Callable[[pa.RecordBatch], Batch]
) -> DaySketchShape | None:
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


def leaves_many_open(bindings: Bindings, table: pa.Table | pa.RecordBatch, order: DaySketchShape) -> bool:
    """Whether the sketches neither prove nor refuse a quarter of a sample, so that so many rows would be read twice.

    The totals of the sample are parts of the table's: what is not proven in it is not in the table.
    """
    some = table.slice(table.num_rows // 2, OPEN_ROWS)
    batches = some.to_batches() if isinstance(some, pa.Table) else [some]
    shape = replace(order, cell_bits=min(order.cell_bits, OPEN_CELL_BITS))
    part = Part([(bindings.batch(one), 0, one.num_rows) for one in batches])
    try:
        worker = Worker(bindings.settings, bindings.request, block_bytes=LEAST_BLOCK_BYTES, order=shape)
        for place, (batch, start, stop) in enumerate(part.batches):
            worker.add(part, place, batch, start, stop, row=0, order=0, epoch=0, promise=None)
        sketch = worker.partitioner.sketch
        assert sketch is not None
        proof = Proof(bindings.settings, [sketch])
        proof.add_up(0, proof.places)
        return bool(4 * proof.count_open(worker.partitioner) > some.num_rows)
    except InputError:
        return False  # the run will tell what is wrong, and where
    except MemoryError as error:
        raise OutOfMemoryError(str(error) or "out of memory") from None


def _order(lows: list[int], highs: list[int], rows: int) -> DaySketchShape | None:
    days = max(highs) - min(lows)
    cell_bits = max((rows // days).bit_length(), 6)
    if days > DAYS - DAYS_BEFORE or cell_bits > MOST_CELL_BITS:
        return None
    return DaySketchShape(min(lows) - DAYS_BEFORE, cell_bits, max(4 * (rows >> cell_bits), 64))
