"""The workers of one run together: they read parts, total the epochs that end, and answer in row order."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .._kernel import Totals
from ..errors import InputError, OutOfMemoryError, option
from ..roles.bindings import Bindings
from ..rules.days import LAST_DAY
from ..sizes import Sizes
from .account import Account
from .answers import Answer, mask_answers, outcome_answer
from .crew import Crew
from .parts import Part, RowsRead, placing
from .refused import ORDER_SHIFT
from .stretches import Days
from .totals import settle_day_sketch, total_partitions
from .way import Way
from .worker import Counts, Worker, count


class Workers:
    """As many workers as the way and the rows are worth.

    Parameters
    ----------
    blocks : int
        Bytes that the records of all may take in memory.
    """

    def __init__(
        self, way: Way, bindings: Bindings, account: Account, *, blocks: int, spill_dir: Path | None, sizes: Sizes
    ) -> None:
        self._way = way
        self._bindings = bindings
        self._account = account
        self._blocks = blocks
        self._spill_dir = spill_dir
        self._sizes = sizes
        self.hot_partitions = 0
        self._rows_read = RowsRead()
        self._workers: list[Worker] = []
        self._totals: list[Totals] = []
        self._days: Days | None = None
        self._epoch = 0
        self._orders = 0
        self._answered = self._totalled = 0

    @property
    def epochs(self) -> int:
        """Epochs that have ended."""
        return self._epoch

    @property
    def bytes_spilled(self) -> int:
        """Bytes written to disk so far."""
        return sum(worker.spill.bytes_written for worker in self._workers if worker.spill)

    @property
    def counts(self) -> Counts:
        """Counts and sums, once all rows are answered; only of a run that tallies."""
        return count(self._workers, self._totals, self._rows_read)

    @property
    def digest(self) -> int:
        """Of all rows read so far, in whatever order; only of a run that takes it."""
        return sum(worker.partitioner.digest for worker in self._workers) & 0xFFFF_FFFF_FFFF_FFFF

    def number_of(self, numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The places in the manifest of rows that workers numbered, once all rows are read."""
        return self._rows_read.places(numbers >> ORDER_SHIFT) + (numbers & ((1 << ORDER_SHIFT) - 1))

    def close(self) -> None:
        """Let what is on disk go, also after an error."""
        for worker in self._workers:
            worker.close()

    def read(self, parts: Iterable[Part], rows: int | None, days: Days | None) -> None:
        """Read all parts; each worker draws the next part when it is done with one.

        The first part is drawn before the workers start, so that the roles are bound by then.
        """
        started = time.perf_counter()
        source = iter(parts)
        draw_lock = threading.Lock()
        head: Part | None = next(source, None)
        if head is None:
            return
        crew = Crew(self._staff(rows))
        self._route(days)
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
            crew.run(work, lambda: self._account.tell("read", self._account.rows))
        except InputError as error:
            self._rows_read.place(error)
            raise
        self._account.tell("read", self._account.rows)
        if days is not None:
            self._account.latest_day = max(worker.partitioner.latest_day for worker in self._workers)
        self._account.clock("read", started)

    def _staff(self, rows: int | None) -> int:
        """Have as many workers as the rows are worth; once an epoch has ended, those that there are, as its totals
        keep the counts of its rows."""
        way = self._way
        wanted = 1 if rows is not None and rows <= self._sizes.rows_for_one_worker else way.workers
        if self._totals:
            wanted = len(self._workers)
        try:
            while len(self._workers) < wanted:
                self._workers.append(self._new_worker())
        except MemoryError as error:
            raise OutOfMemoryError(f"{error}; use fewer threads or a smaller {option('memory_limit')}") from None
        return wanted

    def _new_worker(self) -> Worker:
        way = self._way
        return Worker(
            self._bindings.settings,
            self._bindings.request,
            partition_bits=way.partition_bits,
            block_bytes=way.block_bytes,
            slots=way.slots,
            order=way.order,
        )

    def _route(self, days: Days | None) -> None:
        """From now on, rows go to the open epoch or to the next by their days."""
        self._days = days
        if days is None:
            return
        now = self._slot(self._epoch)
        later = now if days.mid == LAST_DAY else self._slot(self._epoch + 1)
        for worker in self._workers:
            worker.partitioner.route(days.low, days.mid, days.high, now, later)

    def _add(self, worker: Worker, order: int, part: Part, crew: Crew, base: int) -> None:
        row = 0
        promise = self._days.promise if self._days is not None else None
        for place, (batch, start, stop) in enumerate(placing(part, order)):
            if crew.stops(order - base):
                return
            worker.add(part, place, batch, start, stop, row=row, order=order, epoch=self._epoch, promise=promise)
            row += stop - start
            worker.relieve(self._blocks // len(self._workers), self._spill_dir, self._waiting(), self._sizes)
            self._account.add(rows=stop - start)
            if worker is self._workers[0]:  # it works in the calling thread
                self._account.tell("read", self._account.rows)
        self._rows_read.note(order, part, row)
        self._account.add(bytes=part.bytes)

    def _waiting(self) -> range:
        """The partitions whose outcomes stand in place of their records until the next epoch ends."""
        if self._epoch == 0 or not self._bindings.has_outcomes:
            return range(0)
        return self._partitions(self._slot(self._epoch - 1))

    def _slot(self, epoch: int) -> int:
        return epoch % self._way.slots

    def _partitions(self, slot: int) -> range:
        return range(slot << self._way.partition_bits, (slot + 1) << self._way.partition_bits)

    def end_epoch(self, answer_rows: int | None, *, last: bool) -> Iterator[Answer]:
        """Total the epoch that ended, and give the answers that are complete, in row order.

        All but the last leave the rows that were read since the one before for the next call: some of them may belong
        to the next epoch.
        """
        if self._workers:
            self._total(self._slot(self._epoch))
            yield from self._answer(self._epoch if last else self._epoch - 1, answer_rows)
        if self._workers and self._bindings.has_outcomes and self._epoch > 0:
            self._drop(self._slot(self._epoch - 1))
        self._epoch += 1

    def _drop(self, slot: int) -> None:
        for worker in self._workers:
            worker.drop(slot)

    def _total(self, slot: int) -> None:
        started = time.perf_counter()
        self._account.tell("total", self._totalled)
        settings, partitioners = self._bindings.settings, [worker.partitioner for worker in self._workers]

        def tell(share: float) -> None:
            self._account.tell("total", self._totalled + int((self._account.rows - self._totalled) * share))

        try:
            if self._way.order is not None:
                settle_day_sketch(self._workers, settings, self._sizes)
                self._totalled = self._account.rows
                self._account.tell("total", self._totalled)
                self._account.clock("total", started)
                return
            for partitioner in partitioners:
                partitioner.settle(slot)
            if not self._totals:
                self._totals = [Totals(settings, partitioners) for _ in self._workers]
            spills = [worker.spill for worker in self._workers]
            self.hot_partitions += total_partitions(
                spills, self._totals, self._partitions(slot), settings, self._sizes, tell=tell
            )
            self._totalled = self._account.rows
            self._account.tell("total", self._totalled)
        except MemoryError as error:
            raise OutOfMemoryError(str(error) or "no memory for the totals") from None
        if not settings.outcomes:
            self._drop(slot)
        self._account.clock("total", started)

    def _answer(self, epoch: int, answer_rows: int | None) -> Iterator[Answer]:
        """The answers of all rows up to this epoch that were not given yet, in row order."""
        started = time.perf_counter()
        ready = [worker.ready(epoch) for worker in self._workers]
        first = self._answered
        for span in sorted((s for spans in ready for s in spans), key=lambda s: (s.order, s.place)):
            span.first = first
            first += span.rows
        begin, self._answered = self._answered, first
        step = answer_rows if self._bindings.has_outcomes and answer_rows else max(first - begin, 1)
        for at in range(begin, first, step):
            work = [
                (worker, [span for span in spans if at <= span.first < at + step])
                for worker, spans in zip(self._workers, ready, strict=True)
            ]
            given = [outcome_answer(work)] if self._bindings.has_outcomes else mask_answers(work)
            self._account.clock("answer", started)
            yield from given
            started = time.perf_counter()
