"""Worker: what one thread holds of a manifest, and all that is done with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from .._kernel import (
    Batch,
    DayOutsideError,
    KeyMissingError,
    Partitioner,
    Settings,
    ValueRefusedError,
    gate_days,
    memory_in_use,
)
from ..errors import BadValueError, InputError, OrderError, OutOfMemoryError, TotalsError, option
from ..roles.mends import Fault, fault_of_amount
from ..roles.request import Request
from ..sizes import Sizes
from ..text import quoted
from .budget import DEFAULT_BLOCK_BYTES
from .estimate import estimated_groups
from .order import DaySketchShape, Promise
from .parts import Part, RowsRead, placed
from .refused import ORDER_SHIFT, Refused, refused_by
from .spill import Spill, check_folder

_NO_KEY = (
    "the totals that were given have no group of this row's person and day: make them of a manifest that has the row"
)


@dataclass
class Span:
    """Rows that a worker added together, and answers together."""

    order: int
    place: int
    rows: int
    epoch: int = 0
    first: int = 0


class Worker:
    """One thread's records, the rows that it added and has not answered yet, and the batches that are read again.

    Used by one thread at a time.

    Parameters
    ----------
    partition_bits, block_bytes, slots, order
        As its run's `Way` says.
    """

    def __init__(
        self,
        settings: Settings,
        request: Request,
        *,
        partition_bits: int = 0,
        block_bytes: int = DEFAULT_BLOCK_BYTES,
        slots: int = 1,
        order: DaySketchShape | None = None,
    ) -> None:
        self.request = request
        self.partition_bits = partition_bits
        self.block_bytes = block_bytes
        self.slots = slots
        self.has_day_sketch = order is not None
        sketch = order.sketch(settings) if order is not None else None
        self.partitioner = Partitioner(settings, partition_bits, block_bytes, slots, sketch)
        self.spans: list[Span] = []
        self.kept: list[tuple[Batch, int, int]] = []
        self.spill: Spill | None = None

    def add(
        self,
        part: Part,
        place: int,
        batch: Batch,
        start: int,
        stop: int,
        *,
        row: int,
        order: int,
        epoch: int,
        promise: Promise | None,
    ) -> None:
        """Read rows [start, stop) of a batch, the `place`th of part number `order`, in which they begin at `row`."""
        try:
            self.take(batch, start, stop, (order << ORDER_SHIFT) + row)
        except MemoryError as error:
            raise OutOfMemoryError(str(error) or "out of memory") from None
        except DayOutsideError as error:
            late, day = error.args
            wrong = OrderError(_why_late(day, promise), column=str(self.request.day))
            raise placed(wrong, part, order, row + late - start) from None
        except ValueRefusedError as error:
            raise placed(self._why_bad(), part, order, row + error.args[0] - start) from None
        except KeyMissingError as error:
            raise placed(TotalsError(_NO_KEY), part, order, row + error.args[0] - start) from None
        except ValueError as error:
            raise InputError(f"{error}", file=part.label or part.file) from None
        self.spans.append(Span(order, place, stop - start, epoch))
        if self.has_day_sketch:
            self.kept.append((batch, start, stop))

    def take(self, batch: Batch, start: int, stop: int, number: int) -> None:
        """Read rows [start, stop) of a batch, the first of which has this number."""
        self.partitioner.add(batch, start, stop, number)

    def _why_bad(self) -> BadValueError:
        """What is wrong with the one bad value that this worker noted, if it is not missing."""
        request, noted = self.request, refused_by([self.partitioner], lambda order, row: (None, row)).cells
        other = f"set another {option('bad_values')}"
        for name, column in (("value", request.value), ("quantity", request.quantity), ("currency", request.currency)):
            if name in noted:
                found = noted[name]
                fault = fault_of_amount(found.cell, found.is_cut, request.money, request.currency_code)
                if name == "currency":
                    fault = Fault(f"is another currency than {request.currency_code}", "convert it first")
                wrong = f"{quoted(found.cell, is_cut=found.is_cut)} {fault.what}: {fault.mend or 'mend it'}"
                return BadValueError(f"{wrong}, or {other}", column=str(column))
        return BadValueError(f"it is missing: fill it in, or {other}", column=str(request.value))

    def relieve(self, share: int, folder: Path | None, waiting: range, sizes: Sizes) -> None:
        """Past this share of the memory, filled blocks go to disk, but for the partitions that wait."""
        if self.has_day_sketch or memory_in_use(self.partitioner) <= share:
            return
        if self.spill is None:
            partitions = self.slots << self.partition_bits
            self.spill = Spill(
                folder or check_folder(None), self.partitioner, partitions, self.block_bytes, sizes.extent_bytes
            )
        self.spill.write(waiting)

    def ready(self, epoch: int) -> list[Span]:
        """Take the rows of epochs up to this one, to be answered; each once."""
        spans = [span for span in self.spans if span.epoch <= epoch]
        self.spans = self.spans[len(spans) :]
        return spans

    def drop(self, slot: int) -> None:
        """Let the records of a slot go."""
        self.partitioner.drop_records(slot)
        if self.spill is not None:
            self.spill.forget(slot << self.partition_bits, (slot + 1) << self.partition_bits)

    def close(self) -> None:
        """Let what is on disk go, also after an error."""
        if self.spill is not None:
            self.spill.close()


def _why_late(day: int, promise: Promise | None) -> str:
    if promise is None:
        return f"the day {_iso(day)} lies where the statistics of the row groups have none; write the file anew"
    return (
        f"the day {_iso(day)} comes when the days up to {_iso(promise.answered)} are answered, as {_iso(promise.seen)} "
        f"was seen and {option('sorted_by', 'day')} promised with {option('late_days', promise.late_days)}; "
        f"give {option('late_days', promise.seen - day)} or more, or leave {option('sorted_by')} out"
    )


def _iso(day: int) -> str:
    return str(np.datetime64(day, "D"))


class Counted(Protocol):
    """What knows what rows with a record came to; `Totals` is one."""

    @property
    def counts(self) -> tuple[int, int, int, int, int]: ...
    @property
    def uncounted(self) -> bool: ...


@dataclass(frozen=True)
class Counts:
    """What the rows came to: rows by reason, groups, sums of known units, first and last day, and those of the
    days that decided the step; rows without a person
    although another part of it is there, and those for want of a column of `per`; cells of refused rows."""

    reasons: tuple[int, ...]
    groups: int | None
    units_eligible: int
    units_known: int
    days: tuple[int, int] | None
    gate_days: tuple[int, int] | None
    nameless: int
    without_per: int
    groups_are_estimated: bool
    refused: Refused


def _span(pairs: Sequence[tuple[int, int] | None]) -> tuple[int, int] | None:
    found = [pair for pair in pairs if pair is not None]
    return (min(pair[0] for pair in found), max(pair[1] for pair in found)) if found else None


def count(workers: Sequence[Worker], totals: Sequence[Counted], rows_read: RowsRead) -> Counts:
    """The counts of all workers and tables together."""
    own = [0] * 8
    known = eligible = over = unproven = groups = units = nameless = without_per = 0
    days = _span([worker.partitioner.days for worker in workers])
    gates = _span([gate_days(worker.partitioner) for worker in workers])
    for worker in workers:
        rows, sum_units, plain_units = worker.partitioner.counts
        own = [a + b for a, b in zip(own, rows, strict=True)]
        known += sum_units
        units += plain_units
        some_nameless, some_without = worker.partitioner.incomplete
        nameless, without_per = nameless + some_nameless, without_per + some_without
    for one in totals:
        some = one.counts
        eligible, over, unproven = eligible + some[0], over + some[1], unproven + some[2]
        groups, units = groups + some[3], units + some[4]
    is_estimated = any(one.uncounted for one in totals)
    if is_estimated:  # which may be more than the rows that have a group
        groups = min(
            estimated_groups(worker.partitioner.registers for worker in workers), own[0] + own[4] + own[5] + own[6]
        )
    refused = refused_by([worker.partitioner for worker in workers], rows_read.of)
    return Counts(
        (own[7], *own[1:7], over, unproven, eligible),
        groups,
        units,
        known,
        days,
        gates,
        nameless,
        without_per,
        is_estimated,
        refused,
    )
