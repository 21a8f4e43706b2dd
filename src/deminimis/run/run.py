"""The flow of one manifest: parts to workers, totals of all partitions, answers back in row order.

The only orchestrator: a `Run` chooses its `Way` once, then reads, totals and answers stretch by stretch. It is used
once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from .._kernel import Settings
from .._kernel import release_memory as release_memory
from ..errors import option
from ..roles.beside import NOTHING, Beside
from ..roles.bindings import Bindings
from ..roles.request import Request
from ..sizes import USUAL, Sizes
from ..sources.base import Piece, Source
from .account import Account
from .answers import Answer, answer_at_once
from .budget import HELD_SHARE, Budget
from .groups import GroupWorkers, Selection
from .held import HeldStream
from .intake import BYTES_A_ROW, HeldBack, Intake, rows_of, together
from .order import DaySketchShape
from .parts import Part
from .samples import find_order
from .stretches import Stretches, stretches_of
from .tellings import Copies, decide
from .way import Facts, Terms, Way, choose
from .workers import Workers


class Run:
    """One manifest on its way through the kernel.

    Parameters
    ----------
    way : Way, optional
        The way to go; by default it is chosen from what is known of the manifest.
    beside : Beside, optional
        What is made beside answers, or in place of them.

    Attributes
    ----------
    selection : Selection, optional
        The groups that are asked for; set before the run begins, where groups are made.
    watch : callable, optional
        Sees each run of answers before the caller does, and gives it on; set before the run begins.
    copies : Copies, optional
        Which rows are copies, once that is decided.
    """

    def __init__(
        self,
        request: Request,
        *,
        outcomes: bool,
        tally: bool,
        threads: int,
        memory_limit: int,
        spill_dir: Path | None = None,
        sizes: Sizes = USUAL,
        way: Way | None = None,
        beside: Beside = NOTHING,
    ) -> None:
        self.request = request
        self.tally = tally or outcomes
        self.threads = threads
        self.memory_limit = memory_limit
        self.spill_dir = spill_dir
        self.sizes = sizes
        self.way = way
        self.beside = beside
        self.selection: Selection | None = None
        self.watch: Callable[[Answer], Answer] | None = None
        self.account = Account()
        self.answer_rows: int | None = None
        self._outcomes = outcomes
        scored = request.once_decided()
        beside = beside if request.shipments is None else beside._replace(copies=True)
        self.bindings = Bindings(scored, outcomes=outcomes, tally=self.tally, beside=beside)
        self.intake = Intake(scored, self.bindings)
        self.copies: Copies | None = None
        self._held = HeldBack()
        self._workers: Workers | None = None
        self._stretches: Stretches | None = None

    def again(self) -> Run:
        """The same run before its first row, for another reading of the manifest."""
        return Run(self.request, outcomes=self._outcomes, tally=self.tally, **self._resources)

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
    def workers(self) -> Workers:
        """Those who read the manifest, once its way is chosen."""
        assert self.way is not None
        if self._workers is None:
            self._workers = (Workers if self.selection is None else GroupWorkers)(
                self.way,
                self.bindings,
                self.account,
                blocks=self.budget.blocks,
                spill_dir=self.spill_dir,
                sizes=self.sizes,
            )
            if isinstance(self._workers, GroupWorkers) and self.selection is not None:
                self._workers.selection = self.selection
        return self._workers

    def choose(self, facts: Facts) -> Way:
        """The way for a manifest of these facts, or the one that was handed in; the roles are bound by then."""
        if self.way is None:
            self.way = choose(facts, self._terms)
        return self.way

    def look(self, source: Source) -> Facts | None:
        """Bind the roles to a source, and say what is known of it before its rows are read; None: it comes once."""
        names = self.intake.columns(source)
        table = source.table(names)
        if table is not None:
            return self._facts_of_table(table)
        rows = source.guess_rows()
        if rows is None and source.bytes is not None and self.request.sorted_by is None:
            rows = source.bytes // BYTES_A_ROW
        if rows is None:
            return None
        may_tell = source.files and source.rows is not None and self._terms.may_have_epochs(rows)
        pieces = list(self.intake.pieces(source, names)) if may_tell else None
        return Facts(rows, names, pieces, source.schema)

    def answers(self, source: Source) -> Iterator[Answer]:
        """Read a source to its end, each piece decoded by one worker while it is hot; answer in row order."""
        found = self._answers(source)
        return found if self.watch is None else map(self.watch, found)

    def _answers(self, source: Source) -> Iterator[Answer]:
        if self.request.shipments is not None:
            source = source.readable_twice(option("shipment"))
            self._decide(source)
        table = source.table(self.intake.columns(source))
        if table is not None:
            yield from self.answer_table(table)
            return
        facts = self.look(source)
        if facts is None:
            yield from self._answer_stream(HeldStream(source.pieces(self.intake.columns(source))))
            return
        way = self.choose(facts)
        found = self.intake.pieces(source, facts.names) if facts.pieces is None else iter(facts.pieces)
        if way.kind == "in epochs" and way.epochs is None:
            yield from self._pass(self._parts_of_pieces(found, self._parts_of_group), None)
        else:
            yield from self._pass(self._parts_of_pieces(found, lambda one: [self.intake.whole(one)]), facts.rows)
        yield from self._finish()

    def answer_table(self, table: pa.Table | pa.RecordBatch) -> Iterator[Answer]:
        """Answer the rows of a table in memory."""
        if self.request.shipments is not None and self.copies is None:
            self._decide(table)
        table = self.intake.of_table(table)
        parts = self._told(self.intake.of_object(table, self._slice_rows), 0)
        if self.choose(self._facts_of_table(table)).kind == "at once":
            yield answer_at_once(together(parts), self.settings, self.request)
            return
        yield from self._pass(parts, table.num_rows)
        yield from self._finish()

    def _answer_stream(self, held: HeldStream) -> Iterator[Answer]:
        """Answer a stream, as a table where it ends before it is large."""

        def find() -> DaySketchShape | None:
            table = held.table()
            return None if table is None else find_order(self.bindings, table, self.budget)

        is_whole = held.take(self._most_held)
        is_large = held.rows > self._most_held
        if is_large and self.request.sorted_by is None and find() is not None:
            is_whole = held.take(0, int(self.memory_limit * HELD_SHARE))
        way = self.choose(Facts(held.rows, find_order=find) if is_whole else Facts(None))
        parts = self._parts_of_pieces(held.pieces(), lambda piece: self.intake.sliced(piece, self._slice_rows))
        if way.kind == "at once":
            yield answer_at_once(together(parts), self.settings, self.request)
            return
        yield from self._pass(parts, held.rows if is_whole else None)
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

    def groups(self, source: Source) -> Iterator[pa.RecordBatch]:
        """The groups of a source that are asked for."""
        return self.answers(source)  # whose epochs end in groups here

    def close(self) -> None:
        """Let what is on disk go, also after an error."""
        if self._workers is not None:
            self._workers.close()

    @property
    def _resources(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("threads", "memory_limit", "spill_dir", "sizes")}

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

    def _parts_of_pieces(self, pieces: Iterable[Piece], cut: Callable[[Piece], Iterable[Part]]) -> Iterator[Part]:
        for number, piece in enumerate(pieces):
            yield from self._told(cut(piece), number)

    def _told(self, parts: Iterable[Part], piece: int) -> Iterator[Part]:
        return iter(parts) if self.copies is None else (self.copies.told(part, piece) for part in parts)

    def _decide(self, manifest: Source | pa.Table | pa.RecordBatch) -> None:
        """Read the manifest once to find its copies."""
        started = time.perf_counter()
        self.copies = decide(manifest, self.request, **self._resources)
        self.account.clock("shipments", started)

    def _parts_of_group(self, piece: Piece) -> Iterator[Part]:
        """A piece that a group of rows has room for as one part, any other in slices, which the drawing thread
        decodes."""
        if rows_of(piece) <= self.budget.group_rows(self.threads, self.sizes.group_rows_least):
            return iter((self.intake.whole(piece),))
        return self.intake.sliced(piece, self._slice_rows)

    def _pass(self, parts: Iterator[Part], rows: int | None) -> Iterator[Answer]:
        """Read parts, stretch by stretch, and answer the epochs that end between them."""
        workers = self.workers
        if self._stretches is None and self.way is not None:
            self._stretches = stretches_of(self.way, self._terms, self.account)
        for stretch in self._stretches.of(parts, rows) if self._stretches is not None else ():
            workers.read(stretch.parts, stretch.rows, stretch.days)
            if stretch.ends:
                yield from workers.end_epoch(self.answer_rows, last=False)

    def _finish(self) -> Iterator[Answer]:
        for _ in self._stretches.rest() if self._stretches is not None else ():
            yield from self.workers.end_epoch(self.answer_rows, last=False)
        yield from self.workers.end_epoch(self.answer_rows, last=True)
