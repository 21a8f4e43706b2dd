"""The flow of one manifest: batches to workers, totals of all partitions, answers back in row order.

The only orchestrator. A `Run` is used once: `read` (any number of times), `total`, then `masks` or `outcomes`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from . import columns
from ._kernel import Batch, Partitioner, Totals
from .errors import BadValueError, InputError, OutOfMemoryError
from .roles import Roles
from .workers import Crew

ROWS_A_PARTITION = 32_768
ROWS_FOR_ONE_WORKER = 131_072
UNKNOWN_ROWS_BITS = 10
MAX_BITS = 12
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
class Span:
    """Rows that a worker added together, and answers together."""

    order: int
    place: int
    rows: int
    first: int = 0


@dataclass
class Worker:
    partitioner: Partitioner
    spans: list[Span] = field(default_factory=list)


@dataclass(frozen=True)
class Counts:
    """What the rows came to: rows by reason, groups, sums of known units."""

    reasons: tuple[int, ...]
    groups: int
    units_eligible: int
    units_known: int
    days: tuple[int, int] | None


class Run:
    """One manifest on its way through the kernel."""

    def __init__(self, roles: Roles, *, wide: bool, tally: bool, threads: int) -> None:
        self.roles = roles
        self.wide_wanted = wide
        self.tally = tally or wide
        self.threads = threads
        self.phases: dict[str, float] = {}
        self.rows = 0
        self.bytes = 0
        self._bindings: list[tuple[pa.Schema, bool, columns.Binding]] = []
        self._workers: list[Worker] = []
        self._orders = 0
        self._lock = threading.Lock()

    def binding(self, schema: pa.Schema, *, projected: bool = False, file: str | None = None) -> columns.Binding:
        """The roles bound to this schema; the same for equal schemas."""
        for seen, seen_projected, binding in self._bindings:
            if seen_projected == projected and seen.equals(schema):
                return binding
        made = columns.bind(
            self.roles, schema, wide=self.wide_wanted, tally=self.tally, projected=projected, file=file
        )
        if self._bindings and made.identity != self._bindings[0][2].identity:
            kinds = f"{', '.join(made.identity)} here, {', '.join(self._bindings[0][2].identity)} before"
            raise InputError(f"the person's type changes within the manifest ({kinds}): cast it to one of them", file=file)
        with self._lock:
            self._bindings.append((schema, projected, made))
        return made

    def batch(self, batch: Any, *, projected: bool = False, file: str | None = None) -> Batch:
        """A record batch as the kernel reads it."""
        binding = self.binding(batch.schema, projected=projected, file=file)
        ready = binding.prepare(batch) if binding.prepare else batch
        return Batch(ready.__arrow_c_array__()[1], binding.settings, binding.places)

    def expect(self, rows: int | None) -> None:
        """Choose the number of partitions, before the first `read`; None: rows are many or unknown."""
        self._bits = UNKNOWN_ROWS_BITS
        if rows is not None:
            self._bits = min(MAX_BITS, (max(rows - 1, 0) // ROWS_A_PARTITION).bit_length())

    def read(self, parts: Iterable[Part], rows: int | None, tick: Callable[[], None] | None = None) -> None:
        """Partition all parts; each worker draws the next part when it is done with one.

        `rows` is how many they are, None where that is not known. The first part is drawn before the workers start,
        so that the roles are bound by then.
        """
        started = time.perf_counter()
        source = iter(parts)
        draw_lock = threading.Lock()
        head: Part | None = next(source, None)
        if head is None:
            return
        crew = Crew(self._staff(rows))
        base = self._orders

        def draw() -> tuple[int, Part] | None:
            nonlocal head
            with draw_lock:
                part = head if head is not None else next(source, None)
                head = None
                if part is None:
                    return None
                self._orders += 1
                return self._orders - 1, part

        def work(number: int) -> None:
            worker = self._workers[number]
            while not crew.stopped.is_set():
                drawn = draw()
                if drawn is None:
                    return
                order, part = drawn
                try:
                    self._add(worker, order, part, crew)
                except BaseException as error:
                    crew.fail(error, order - base)
                    return
                if tick is not None and number == 0:
                    tick()

        crew.run(work)
        self.phases["read"] = self.phases.get("read", 0.0) + time.perf_counter() - started

    def _staff(self, rows: int | None) -> int:
        """Have as many workers as the rows are worth."""
        wanted = 1 if rows is not None and rows <= ROWS_FOR_ONE_WORKER else self.threads
        settings = self._bindings[0][2].settings
        try:
            while len(self._workers) < wanted:
                self._workers.append(Worker(Partitioner(settings, self._bits)))
        except MemoryError as error:
            raise OutOfMemoryError(f"{error}; use fewer threads or a smaller memory limit") from None
        return wanted

    def _add(self, worker: Worker, order: int, part: Part, crew: Crew) -> None:
        row = 0
        for place, (batch, start, stop) in enumerate(part.batches):
            if crew.stopped.is_set():
                return
            try:
                bad = worker.partitioner.add(batch, start, stop, (order << ORDER_SHIFT) + row)
            except MemoryError as error:
                raise OutOfMemoryError(str(error) or "out of memory") from None
            except ValueError as error:
                raise InputError(f"{error}", file=part.label or part.file) from None
            if bad >= 0:
                self._stop_at(part, row + bad - start)
            worker.spans.append(Span(order, place, stop - start))
            row += stop - start
        with self._lock:
            self.rows += row
            self.bytes += part.bytes

    def _stop_at(self, part: Part, row: int) -> None:
        where = part.file if part.first_row is not None else part.label
        raise BadValueError(
            "the value is missing, negative, not finite, too large or not a number; mend it, or choose another bad_values=",
            file=where,
            column=str(self.roles.value),
            row=row + (part.first_row or 0),
        )

    def total(self) -> None:
        """End of the rows: total every partition, and number all spans."""
        started = time.perf_counter()
        spans = sorted((s for w in self._workers for s in w.spans), key=lambda s: (s.order, s.place))
        first = 0
        for span in spans:
            span.first = first
            first += span.rows
        self._totals: list[Totals] = []
        if not self._workers:
            return
        partitioners = [w.partitioner for w in self._workers]
        for partitioner in partitioners:
            partitioner.settle()
        settings = self._bindings[0][2].settings
        count = 1 << self._bits
        step = max(1, count // (8 * len(self._workers)))
        ranges = iter([(at, min(at + step, count)) for at in range(0, count, step)])
        crew = Crew(len(self._workers))
        self._totals = [Totals(settings, partitioners) for _ in self._workers]

        def work(number: int) -> None:
            for begin, end in ranges:  # a list iterator: drawing from it is atomic
                if crew.stopped.is_set():
                    return
                self._totals[number].run(begin, end)

        try:
            crew.run(work)
        except MemoryError as error:
            raise OutOfMemoryError(str(error)) from None
        self.phases["total"] = time.perf_counter() - started

    @property
    def counts(self) -> Counts:
        """Counts and sums, once `total` is done; only of a run that tallies."""
        own = [0] * 6
        days = [worker.partitioner.days for worker in self._workers]
        first = min((pair[0] for pair in days if pair), default=None)
        last = max((pair[1] for pair in days if pair), default=None)
        known = eligible = over = unproven = groups = units = 0
        for worker in self._workers:
            rows, sum_units = worker.partitioner.counts
            own = [a + b for a, b in zip(own, rows, strict=True)]
            known += sum_units
        for one in self._totals:
            some = one.counts
            eligible, over, unproven = eligible + some[0], over + some[1], unproven + some[2]
            groups, units = groups + some[3], units + some[4]
        span = None if first is None or last is None else (first, last)
        return Counts((*own[1:], over, unproven, eligible), groups, units, known, span)

    @property
    def is_wide(self) -> bool:
        """Whether records are wide, so that `outcomes` is there and groups are exact."""
        return bool(self._bindings) and self._bindings[0][2].settings.wide

    def masks(self) -> list[pa.BooleanArray]:
        """The mask in row order, span by span."""
        if self.is_wide:
            return [self.outcomes()[0]] if self.rows else []
        found: dict[int, pa.BooleanArray] = {}

        def answer(worker: Worker) -> None:
            for span in worker.spans:
                bits = np.empty((span.rows + 63) // 64 * 8, np.uint8)
                worker.partitioner.answer(span.rows, bits)
                found[span.first] = _bits(bits, span.rows)

        self._answer(answer)
        return [found[first] for first in sorted(found) if len(found[first])]

    def outcomes(self) -> tuple[pa.BooleanArray, pa.UInt8Array, pa.Decimal128Array]:
        """Mask, reason codes and totals of all rows, in row order."""
        n = self.rows
        reasons, totals = np.empty(n, np.uint8), np.empty(16 * n, np.uint8)
        found: dict[int, tuple[pa.BooleanArray, pa.BooleanArray]] = {}

        def answer(worker: Worker) -> None:
            for span in worker.spans:
                end = span.first + span.rows
                mask, known = (np.empty((span.rows + 63) // 64 * 8, np.uint8) for _ in range(2))
                worker.partitioner.answer_all(
                    span.rows, mask, reasons[span.first : end], totals[16 * span.first : 16 * end], known
                )
                found[span.first] = _bits(mask, span.rows), _bits(known, span.rows)

        self._answer(answer)
        pairs = [found[first] for first in sorted(found)]
        mask, known = (join([pair[i] for pair in pairs]) for i in range(2))
        total = pa.Array.from_buffers(pa.decimal128(38, 4), n, [known.buffers()[1], pa.py_buffer(totals)])
        return mask, pa.array(reasons), total

    def _answer(self, answer: Callable[[Worker], None]) -> None:
        started = time.perf_counter()
        if self._workers:
            Crew(len(self._workers)).run(lambda number: answer(self._workers[number]))
        self.phases["answer"] = time.perf_counter() - started


def _bits(bits: Any, rows: int) -> pa.BooleanArray:
    return pa.Array.from_buffers(pa.bool_(), rows, [None, pa.py_buffer(bits)])


def join(masks: list[pa.BooleanArray]) -> pa.BooleanArray:
    """One array, without an offset, of many."""
    if len(masks) == 1:
        return masks[0]
    return pa.concat_arrays(masks) if masks else pa.array([], pa.bool_())
