"""The flow of one manifest: parts to workers, totals of all partitions, answers back in row order.

The only orchestrator: a `Run` chooses its `Way` once, then reads, totals and answers stretch by stretch. It is used
once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa

from .._kernel import Settings, Totals
from .._kernel import release_memory as release_memory
from ..errors import InputError, OutOfMemoryError
from ..progress import Tick
from ..roles.bindings import Bindings
from ..roles.request import Roles
from ..rules.days import LAST_DAY
from ..sizes import USUAL, Sizes
from ..sources.base import Piece, Source
from .answers import Answer, answer_at_once, mask_answers, outcome_answer
from .budget import Budget
from .crew import Crew
from .intake import BYTES_A_ROW, HeldBack, Intake, rows_of, together
from .parts import Part, RowsRead
from .samples import find_order
from .stretches import Days, Seen, Stretches, stretches_of
from .totals import settle_in_order, total_partitions
from .way import Facts, Terms, Way, choose
from .worker import Counts, Worker, count


class Run:
    """One manifest on its way through the kernel.

    Parameters
    ----------
    way : Way, optional
        The way to go; by default it is chosen from what is known of the manifest.
    """

    def __init__(
        self,
        request: Roles,
        *,
        outcomes: bool,
        tally: bool,
        threads: int,
        memory_limit: int,
        spill_dir: Path | None = None,
        sizes: Sizes = USUAL,
        way: Way | None = None,
    ) -> None:
        self.request = request
        self.tally = tally or outcomes
        self.threads = threads
        self.memory_limit = memory_limit
        self.spill_dir = spill_dir
        self.sizes = sizes
        self.way = way
        self.tick: Tick | None = None
        self.answer_rows: int | None = None
        self.phases: dict[str, float] = {}
        self.bytes = 0
        self.epochs = 1
        self.hot_partitions = 0
        self.bindings = Bindings(request, outcomes=outcomes, tally=self.tally)
        self.intake = Intake(request, self.bindings)
        self._seen = Seen()
        self._held = HeldBack()
        self._stretches: Stretches | None = None
        self._rows_read = RowsRead()
        self._workers: list[Worker] = []
        self._totals: list[Totals] = []
        self._days: Days | None = None
        self._epoch = 0
        self._orders = 0
        self._answered = self._totalled = 0
        self._lock = threading.Lock()

    @property
    def rows(self) -> int:
        """Rows that were read."""
        return self._seen.rows

    @property
    def settings(self) -> Settings:
        """What the rows mean, once something is bound."""
        return self.bindings.settings

    @property
    def has_outcomes(self) -> bool:
        """Whether reasons and totals are there, and groups are counted exactly."""
        return self.bindings.has_outcomes

    @property
    def budget(self) -> Budget:
        """What the memory limit allows."""
        return Budget.of(self.memory_limit, wide=self.bindings.is_wide)

    @property
    def bytes_spilled(self) -> int:
        """Bytes written to disk so far."""
        return sum(worker.spill.bytes_written for worker in self._workers if worker.spill)

    @property
    def counts(self) -> Counts:
        """Counts and sums, once all rows are answered; only of a run that tallies."""
        return count(self._workers, self._totals)

    def choose(self, facts: Facts) -> Way:
        """The way for a manifest of these facts, or the one that was handed in; the roles are bound by then."""
        if self.way is None:
            self.way = choose(facts, self._terms)
        return self.way

    def look(self, source: Source) -> Facts | None:
        """Bind the roles to a source, and say what is known of it before its rows are read; None: it comes once."""
        names = self.intake.columns(source)
        if source.table is not None:
            return self._facts_of_table(self.intake.of_table(source.table))
        rows = source.guess_rows()
        if rows is None and source.bytes is not None and self.request.sorted_by is None:
            rows = source.bytes // BYTES_A_ROW
        if rows is None:
            return None
        may_tell = source.files and source.rows is not None and rows > self.budget.rows_held
        pieces = list(self.intake.pieces(source, names)) if may_tell else None
        return Facts(rows, names, pieces, source.schema)

    def answers(self, source: Source) -> Iterator[Answer]:
        """Read a source to its end, each piece decoded by one worker while it is hot; answer in row order."""
        if source.table is not None:
            yield from self.answer_table(source.table)
            return
        facts = self.look(source)
        if facts is None:
            pieces = source.pieces(self.intake.columns(source))
            yield from self.add(part for piece in pieces for part in self.intake.sliced(piece, self._slice_rows))
            yield from self.finish()
            return
        way = self.choose(facts)
        found = self.intake.pieces(source, facts.names) if facts.pieces is None else iter(facts.pieces)
        if way.kind == "in epochs" and way.epochs is None:
            yield from self._pass((part for piece in found for part in self._parts_of_group(piece)), None)
        else:
            yield from self._pass((self.intake.whole(piece) for piece in found), facts.rows)
        yield from self._finish()

    def answer_table(self, table: pa.Table | pa.RecordBatch) -> Iterator[Answer]:
        """Answer the rows of a table in memory."""
        table = self.intake.of_table(table)
        parts = self.intake.of_object(table, self._slice_rows)
        if self.choose(self._facts_of_table(table)).kind == "at once":
            yield answer_at_once(together(parts), self.settings, self.request)
            return
        yield from self._pass(parts, table.num_rows)
        yield from self._finish()

    def add_object(self, manifest: object) -> Iterator[Answer]:
        """Take the rows of one object with an Arrow capsule; more may follow."""
        return self.add(self.intake.of_object(manifest, self._slice_rows))

    def add(self, parts: Iterator[Part]) -> Iterator[Answer]:
        """Take parts of a manifest of unknown size as they come; the first rows wait until it is known whether many
        follow. Answers come early only where days are released by a promise."""
        if self._stretches is None:
            if not self._held.take(parts, self._most_held):
                return
            self.choose(Facts(None))
            yield from self._pass(self._held.then(parts), None)
            return
        if self.way is not None and self.way.kind != "in epochs":  # a few rows more are for one worker
            held = HeldBack()
            rows = None if held.take(parts, self._most_held) else held.rows
            yield from self._pass(held.then(parts), rows)
        else:
            yield from self._pass(parts, None)

    def finish(self) -> Iterator[Answer]:
        """No more parts come: the answers of all rows that have none yet."""
        if self._stretches is None:
            self.choose(Facts(self._held.rows))
            yield from self._pass(self._held.then(iter(())), self._held.rows)
        yield from self._finish()

    def close(self) -> None:
        """Let what is on disk go, also after an error."""
        for worker in self._workers:
            worker.close()

    @property
    def _terms(self) -> Terms:
        return Terms(self.request, self.budget, self.threads, self.tally, self.has_outcomes, self.sizes)

    @property
    def _most_held(self) -> int:
        """Rows of a manifest of unknown size that wait: up to these it is small, whatever it is."""
        most = self.sizes.rows_for_one_worker
        return most if self.request.sorted_by is None else min(self.budget.rows_held, most)

    @property
    def _slice_rows(self) -> int:
        if self.request.sorted_by is None:
            return self.sizes.slice_rows
        group = self.budget.group_rows(self.threads, self.sizes.group_rows_least)  # a group is for all workers too
        return min(self.sizes.slice_rows, max(group // (2 * self.threads) // 64 * 64, 64))

    def _facts_of_table(self, table: pa.Table | pa.RecordBatch) -> Facts:
        return Facts(table.num_rows, find_order=lambda: find_order(self.bindings, table, self.budget))

    def _parts_of_group(self, piece: Piece) -> Iterator[Part]:
        """A piece that a group of rows has room for as one part, any other in slices, which the drawing thread
        decodes."""
        if rows_of(piece) <= self.budget.group_rows(self.threads, self.sizes.group_rows_least):
            return iter((self.intake.whole(piece),))
        return self.intake.sliced(piece, self._slice_rows)

    def _pass(self, parts: Iterator[Part], rows: int | None) -> Iterator[Answer]:
        """Read parts, stretch by stretch, and answer the epochs that end between them."""
        assert self.way is not None
        if self._stretches is None:
            self._stretches = stretches_of(self.way, self._terms, self._seen)
        for stretch in self._stretches.of(parts, rows):
            self._read(stretch.parts, stretch.rows, stretch.days)
            if stretch.ends:
                yield from self._end_epoch(last=False)

    def _finish(self) -> Iterator[Answer]:
        for _ in self._stretches.rest() if self._stretches is not None else ():
            yield from self._end_epoch(last=False)
        yield from self._end_epoch(last=True)

    def _read(self, parts: Iterable[Part], rows: int | None, days: Days | None) -> None:
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
            crew.run(work, lambda: self._tell("read", self.rows))
        except InputError as error:
            self._rows_read.place(error)
            raise
        self._tell("read", self.rows)
        if days is not None:
            self._seen.latest_day = max(worker.partitioner.latest_day for worker in self._workers)
        self._clock("read", started)

    def _staff(self, rows: int | None) -> int:
        """Have as many workers as the rows are worth."""
        assert self.way is not None
        way = self.way
        wanted = 1 if rows is not None and rows <= self.sizes.rows_for_one_worker else way.workers
        try:
            while len(self._workers) < wanted:
                self._workers.append(
                    Worker(
                        self.settings,
                        self.request,
                        partition_bits=way.partition_bits,
                        block_bytes=way.block_bytes,
                        slots=way.slots,
                        order=way.order,
                    )
                )
        except MemoryError as error:
            raise OutOfMemoryError(f"{error}; use fewer threads or a smaller memory_limit=") from None
        return wanted

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
        for place, (batch, start, stop) in enumerate(part.batches):
            if crew.stops(order - base):
                return
            worker.add(part, place, batch, start, stop, row=row, order=order, epoch=self._epoch, promise=promise)
            row += stop - start
            worker.relieve(self.budget.blocks // len(self._workers), self.spill_dir, self._waiting(), self.sizes)
            with self._lock:
                self._seen.rows += stop - start
            if worker is self._workers[0]:  # it works in the calling thread
                self._tell("read", self.rows)
        self._rows_read.note(order, part, row)
        with self._lock:
            self.bytes += part.bytes

    def _waiting(self) -> range:
        """The partitions whose outcomes stand in place of their records until the next epoch ends."""
        if self._epoch == 0 or not self.has_outcomes:
            return range(0)
        return self._partitions(self._slot(self._epoch - 1))

    def _slot(self, epoch: int) -> int:
        assert self.way is not None
        return epoch % self.way.slots

    def _partitions(self, slot: int) -> range:
        assert self.way is not None
        return range(slot << self.way.partition_bits, (slot + 1) << self.way.partition_bits)

    def _end_epoch(self, *, last: bool) -> Iterator[Answer]:
        """Total the epoch that ended, and give the answers that are complete, in row order.

        All but the last leave the rows that were read since the one before for the next call: some of them may belong
        to the next epoch.
        """
        if self._workers:
            self._total(self._slot(self._epoch))
            yield from self._answer(self._epoch if last else self._epoch - 1)
        if self._workers and self.has_outcomes and self._epoch > 0:
            self._drop(self._slot(self._epoch - 1))
        self._epoch += 1
        self.epochs = self._epoch

    def _drop(self, slot: int) -> None:
        for worker in self._workers:
            worker.drop(slot)

    def _total(self, slot: int) -> None:
        started = time.perf_counter()
        self._tell("total", self._totalled)
        settings, partitioners = self.settings, [worker.partitioner for worker in self._workers]

        def tell(share: float) -> None:
            self._tell("total", self._totalled + int((self.rows - self._totalled) * share))

        try:
            if self.way is not None and self.way.order is not None:
                settle_in_order(self._workers, settings, self.sizes)
                self._clock("total", started)
                return
            for partitioner in partitioners:
                partitioner.settle(slot)
            if len(self._totals) != len(self._workers):
                self._totals = [Totals(settings, partitioners) for _ in self._workers]
            spills = [worker.spill for worker in self._workers]
            self.hot_partitions += total_partitions(
                spills, self._totals, self._partitions(slot), settings, self.sizes, tell=tell
            )
            self._totalled = self.rows
        except MemoryError as error:
            raise OutOfMemoryError(str(error) or "no memory for the totals") from None
        if not settings.outcomes:
            self._drop(slot)
        self._clock("total", started)

    def _answer(self, epoch: int) -> Iterator[Answer]:
        """The answers of all rows up to this epoch that were not given yet, in row order."""
        started = time.perf_counter()
        ready = [worker.ready(epoch) for worker in self._workers]
        first = self._answered
        for span in sorted((s for spans in ready for s in spans), key=lambda s: (s.order, s.place)):
            span.first = first
            first += span.rows
        begin, self._answered = self._answered, first
        step = self.answer_rows if self.has_outcomes and self.answer_rows else max(first - begin, 1)
        for at in range(begin, first, step):
            work = [
                (worker, [span for span in spans if at <= span.first < at + step])
                for worker, spans in zip(self._workers, ready, strict=True)
            ]
            given = [outcome_answer(work)] if self.has_outcomes else mask_answers(work)
            self._clock("answer", started)
            yield from given
            started = time.perf_counter()

    def _tell(self, phase: str, rows: int) -> None:
        if self.tick is not None:
            self.tick(phase, rows, self.bytes)

    def _clock(self, phase: str, started: float) -> None:
        self.phases[phase] = self.phases.get(phase, 0.0) + time.perf_counter() - started
