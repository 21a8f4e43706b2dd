"""What workers work on: parts of a manifest going in, one worker's rows, and what all rows came to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ._kernel import Batch, Partitioner, Totals
from .answers import Span
from .errors import BadValueError, InputError, OrderError, OutOfMemoryError
from .roles import Roles
from .spill import Spill

ORDER_SHIFT = 36
"""Rows are ordered by (place of their part in the manifest) << 36 | place in the part."""


@dataclass
class Part:
    """A run of batches that one worker reads in order: a piece of a file, or a slice of a batch."""

    batches: Iterable[tuple[Batch, int, int]]
    rows: int = 0
    file: str | None = None
    label: str | None = None
    first_row: int | None = 0
    bytes: int = 0


@dataclass
class Worker:
    """One thread's records, and the rows that it added and has not answered yet."""

    partitioner: Partitioner
    spans: list[Span] = field(default_factory=list)
    spill: Spill | None = None


@dataclass(frozen=True)
class Counts:
    """What the rows came to: rows by reason, groups, sums of known units, first and last day."""

    reasons: tuple[int, ...]
    groups: int
    units_eligible: int
    units_known: int
    days: tuple[int, int] | None


def add_rows(
    worker: Worker, part: Part, batch: Batch, start: int, stop: int, *, row: int, order: int, roles: Roles
) -> None:
    """Partition rows [start, stop) of a batch, the first of which is row number `row` of its part."""
    where = part.label or part.file
    try:
        bad = worker.partitioner.add(batch, start, stop, (order << ORDER_SHIFT) + row)
    except MemoryError as error:
        raise OutOfMemoryError(str(error) or "out of memory") from None
    except LookupError as error:
        mend = "the statistics of its row groups are wrong; write the file anew"
        raise OrderError(f"{error}: {mend}", file=where, column=str(roles.day)) from None
    except ValueError as error:
        raise InputError(f"{error}", file=where) from None
    if bad >= 0:
        raise BadValueError(
            "the value is missing, negative, not finite, too large or not a number; mend it, or set bad_values=",
            file=part.file if part.first_row is not None else part.label,
            column=str(roles.value),
            row=row + bad - start + (part.first_row or 0),
        )


def count(workers: Sequence[Worker], totals: Sequence[Totals]) -> Counts:
    """The counts of all workers and tables together."""
    own = [0] * 6
    known = eligible = over = unproven = groups = units = 0
    days = [pair for worker in workers if (pair := worker.partitioner.days)]
    for worker in workers:
        rows, sum_units = worker.partitioner.counts
        own = [a + b for a, b in zip(own, rows, strict=True)]
        known += sum_units
    for one in totals:
        some = one.counts
        eligible, over, unproven = eligible + some[0], over + some[1], unproven + some[2]
        groups, units = groups + some[3], units + some[4]
    span = (min(pair[0] for pair in days), max(pair[1] for pair in days)) if days else None
    return Counts((*own[1:], over, unproven, eligible), groups, units, known, span)
