"""The flow of one manifest: batches to workers, totals of all partitions, answers back in row order.

The only orchestrator. A `Run` reads, totals and answers in waves: one for a manifest whose days are mixed, many for one
whose days end (waves.py). It is used once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from .._kernel import Batch, Partitioner, Settings, Totals, memory_in_use
from .._kernel import release_memory as release_memory
from ..errors import InputError, OutOfMemoryError
from ..progress import Tick
from ..roles.binding import Binding
from ..roles.request import Roles
from .answers import Answer, Span, mask_answers, wide_answer
from .budget import ROWS_FOR_ONE_WORKER, Budget, bits_that_fit, block_bytes, partition_bits
from .crew import Crew
from .epochs import LAST_DAY, NO_DAY, SLOTS, Promise
from .parts import Bindings, Counts, Part, RowsRead, Worker, add_rows, count
from .samples import DayOrder, settle_in_order
from .spill import Spill, check_folder
from .totals import total_partitions


class Run:
    """One manifest on its way through the kernel."""

    def __init__(
        self, roles: Roles, *, wide: bool, tally: bool, threads: int, memory_limit: int, spill_dir: Path | None = None
    ) -> None:
        self.roles = roles
        self.tally = tally or wide
        self.threads = threads
        self.memory_limit = memory_limit
        self.spill_dir = spill_dir
        self.tick: Tick | None = None
        self.phases: dict[str, float] = {}
        self.rows = 0
        self.bytes = 0
        self.epochs = 1
        self._bindings = Bindings(roles, wide=wide, tally=self.tally)
        self._rows_read = RowsRead()
        self._workers: list[Worker] = []
        self._totals: list[Totals] = []
        self._order: DayOrder | None = None
        self.answer_rows: int | None = None
        self._slots = 1
        self._promise: Promise | None = None
        self._wave = 0
        self._orders = 0
        self._answered = self._totalled = 0
        self._lock = threading.Lock()

    def binding(self, schema: pa.Schema, *, file: str | None = None) -> Binding:
        """The roles bound to this schema; the same for equal schemas."""
        return self._bindings.of(schema, file)

    def batch(self, batch: Any, *, file: str | None = None) -> Batch:
        """A record batch as the kernel reads it."""
        return self._bindings.batch(batch, file)

    @property
    def settings(self) -> Settings:
        """What the rows mean, once something is bound."""
        return self._bindings.settings

    @property
    def has_outcomes(self) -> bool:
        """Whether reasons and totals are there, and groups are counted exactly."""
        return self._bindings.has_outcomes

    @property
    def budget(self) -> Budget:
        """What the memory limit allows."""
        return Budget.of(self.memory_limit, wide=self._bindings.is_wide)

    @property
    def bytes_spilled(self) -> int:
        """Bytes written to disk so far."""
        return sum(w.spill.bytes_written for w in self._workers if w.spill)

    def expect(self, rows: int | None, *, waves: bool = False, order: DayOrder | None = None) -> None:
        """Choose the number of partitions before the first read.

        Parameters
        ----------
        rows : int or None
            Rows that are open together; None: many, or not known.
        waves : bool
            Days will be released as they end.
        order : DayOrder, optional
            Rows come in this order of their days, and all fit the memory.
        """
        self._order = order
        self._slots = SLOTS if waves else 1
        self._bits = (
            0 if order else partition_bits(rows, waves, bits_that_fit(self.budget.blocks, self.threads * self._slots))
        )
        self._block_bytes = block_bytes(self.budget.blocks, self.threads * (self._slots << self._bits))

    def route(self, day_low: int, day_mid: int, day_high: int = LAST_DAY, promise: Promise | None = None) -> None:
        """From now on, rows of days from `day_mid` on belong to the next epoch; with LAST_DAY, none do.

        A day outside [day_low, day_high] breaks the promise; where there is none, it belies the file's statistics.
        """
        self._staff(None)
        self._promise = promise
        now = self._wave % SLOTS
        later = now if day_mid == LAST_DAY else (self._wave + 1) % SLOTS
        for worker in self._workers:
            worker.partitioner.route(day_low, day_mid, day_high, now, later)

    @property
    def latest_day(self) -> int:
        """The latest day of the rows that were read since days are routed."""
        return max((worker.partitioner.latest_day for worker in self._workers), default=NO_DAY)

    def read(self, parts: Iterable[Part], rows: int | None) -> None:
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
            while not crew.is_stopped:
                order = self._orders  # of the part that is drawn, should drawing it fail
                try:
                    drawn = draw()
                    if drawn is None:
                        return
                    order, part = drawn
                    self._add(worker, order, part, crew, base)
                except Exception as error:
                    crew.fail(error, order - base)
                    return

        try:
            crew.run(work, lambda: self._tell("read", self.rows))
        except InputError as error:
            self._rows_read.place(error)
            raise
        self._clock("read", started)

    def _staff(self, rows: int | None) -> int:
        """Have as many workers as the rows are worth."""
        wanted = 1 if rows is not None and rows <= ROWS_FOR_ONE_WORKER else self.threads
        try:
            while len(self._workers) < wanted:
                sketch = self._order.sketch(self.settings) if self._order else None
                one = Partitioner(self.settings, self._bits, self._block_bytes, self._slots, sketch)
                self._workers.append(Worker(one))
        except MemoryError as error:
            raise OutOfMemoryError(f"{error}; use fewer threads or a smaller memory_limit=") from None
        return wanted

    def _add(self, worker: Worker, order: int, part: Part, crew: Crew, base: int) -> None:
        row = 0
        for place, (batch, start, stop) in enumerate(part.batches):
            if crew.stops(order - base):
                return
            add_rows(worker, part, batch, start, stop, row=row, order=order, roles=self.roles, promise=self._promise)
            worker.spans.append(Span(order, place, stop - start, self._wave))
            if self._order is not None:
                worker.kept.append((batch, start, stop))
            row += stop - start
            self._relieve(worker)
            with self._lock:
                self.rows += stop - start
            if worker is self._workers[0]:  # it works in the calling thread
                self._tell("read", self.rows)
        self._rows_read.note(order, part, row)
        with self._lock:
            self.bytes += part.bytes

    def _relieve(self, worker: Worker) -> None:
        """Past this worker's share of the memory, its filled blocks go to disk."""
        if self._order is None and memory_in_use(worker.partitioner) > self.budget.blocks // max(1, len(self._workers)):
            if worker.spill is None:
                folder = self.spill_dir or check_folder(None)
                worker.spill = Spill(folder, worker.partitioner, self._slots << self._bits, self._block_bytes)
            worker.spill.write(self._waiting())

    def _waiting(self) -> range:
        """The partitions whose outcomes stand in place of their records until the next wave ends."""
        if self._slots == 1 or self._wave == 0 or not self.has_outcomes:
            return range(0)
        slot = (self._wave - 1) % self._slots
        return range(slot << self._bits, (slot + 1) << self._bits)

    def end_wave(self, *, last: bool = True) -> Iterator[Answer]:
        """Total the epoch that ended, and give the answers that are complete, in row order.

        All but the last wave leave their own rows for the next call: some of them may belong to the next epoch.
        """
        if self._workers:
            self._total(self._wave % self._slots)
            yield from self._answer(self._wave if last else self._wave - 1)
        if self._workers and self.has_outcomes and self._wave > 0:
            self._drop((self._wave - 1) % self._slots)
        self._wave += 1
        self.epochs = self._wave

    def _drop(self, slot: int) -> None:
        for worker in self._workers:
            worker.partitioner.drop_records(slot)
            if worker.spill is not None:
                worker.spill.forget(slot << self._bits, (slot + 1) << self._bits)

    def _total(self, slot: int) -> None:
        started = time.perf_counter()
        self._tell("total", self._totalled)
        settings, partitioners = self.settings, [w.partitioner for w in self._workers]

        def tell(share: float) -> None:
            self._tell("total", self._totalled + int((self.rows - self._totalled) * share))

        try:
            if self._order is not None:
                settle_in_order(self._workers, settings)
                self._clock("total", started)
                return
            for partitioner in partitioners:
                partitioner.settle(slot)
            if len(self._totals) != len(self._workers):
                self._totals = [Totals(settings, partitioners) for _ in self._workers]
            partitions = range(slot << self._bits, (slot + 1) << self._bits)
            total_partitions(self._workers, self._totals, partitions, settings, tell=tell)
            self._totalled = self.rows
        except MemoryError as error:
            raise OutOfMemoryError(str(error) or "no memory for the totals") from None
        if not settings.outcomes:
            self._drop(slot)
        self._clock("total", started)

    def _answer(self, wave: int) -> Iterator[Answer]:
        """The answers of all rows up to this wave that were not given yet, in row order."""
        started = time.perf_counter()
        ready = [[s for s in w.spans if s.wave <= wave] for w in self._workers]
        for worker, spans in zip(self._workers, ready, strict=True):
            worker.spans = worker.spans[len(spans) :]
        first = self._answered
        for span in sorted((s for spans in ready for s in spans), key=lambda s: (s.order, s.place)):
            span.first = first
            first += span.rows
        begin, self._answered = self._answered, first
        step = self.answer_rows if self.has_outcomes and self.answer_rows else max(first - begin, 1)
        for at in range(begin, first, step):
            work = [
                (w.partitioner, [s for s in spans if at <= s.first < at + step], w.spill)
                for w, spans in zip(self._workers, ready, strict=True)
            ]
            given = [wide_answer(work)] if self.has_outcomes else mask_answers(work)
            self._clock("answer", started)
            yield from given
            started = time.perf_counter()

    def _tell(self, phase: str, rows: int) -> None:
        if self.tick is not None:
            self.tick(phase, rows, self.bytes)

    def _clock(self, phase: str, started: float) -> None:
        self.phases[phase] = self.phases.get(phase, 0.0) + time.perf_counter() - started

    def close(self) -> None:
        """Let what is on disk go, also after an error."""
        for spill in filter(None, [worker.spill for worker in self._workers]):
            spill.close()

    @property
    def counts(self) -> Counts:
        """Counts and sums, once all rows are answered; only of a run that tallies."""
        return count(self._workers, self._totals)
