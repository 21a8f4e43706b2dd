"""Rows answered by totals that were given, batch after batch: nothing is held, and nothing goes to disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from .._kernel import Batch, Judge, KeyTwiceError, Settings, TotalRefusedError
from .._kernel import Given as Given
from ..errors import OutOfMemoryError, TotalsError
from ..roles.request import Request
from ..sources.base import Piece, Source
from ..sources.memory import TableSource
from .answers import Answer, mask_bits, mask_of_bits
from .parts import Part
from .run import Run
from .stretches import group_of_parts
from .way import Way
from .worker import Counts, Worker, count
from .workers import Workers

_ROWS_A_THREAD = 1 << 20


def load(groups: Iterable[pa.Table], *, complete: bool, is_unproven: bool, name: str) -> Given:
    """Totals by their keys, of tables with `key`, `total` and `bad_rows`.

    Parameters
    ----------
    complete : bool
        Whether a row of no group is an error.
    is_unproven : bool
        Whether a bad row makes its group's total unproven.
    """
    given = Given(complete)
    try:
        for table in groups:
            for batch in table.to_batches():
                key, total, bad = (batch.column(column) for column in ("key", "total", "bad_rows"))
                unproven = (bad.to_numpy() > 0) & is_unproven
                given.add(_sixteen(key), _sixteen(total), unproven.view(np.uint8))
    except MemoryError as error:
        raise OutOfMemoryError(str(error) or "no memory for the totals that were given") from None
    except KeyTwiceError:
        raise TotalsError("has a key twice: merge the tables that it was put together of", file=name) from None
    except TotalRefusedError:
        raise TotalsError("a total lies beyond what a manifest comes to", file=name, column="total") from None
    return given


def _sixteen(column: pa.Array) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    """The cells of a column of 16 bytes each."""
    buffer = column.buffers()[1]
    content = np.frombuffer(buffer, np.uint8) if buffer is not None else np.empty(0, np.uint8)
    return content[16 * column.offset : 16 * (column.offset + len(column))]


class JudgeWorker(Worker):
    """A worker that answers rows as it reads them."""

    def __init__(self, settings: Settings, request: Request, given: Given) -> None:
        super().__init__(settings, request)
        self.judge = Judge(settings, 0)
        self.judge.given = given
        self.partitioner = self.judge
        self.answers: list[Answer] = []

    def take(self, batch: Batch, start: int, stop: int, number: int) -> None:
        rows = stop - start
        mask, known = mask_bits(rows), mask_bits(rows)
        reasons, totals = np.empty(rows, np.uint8), np.empty(16 * rows, np.uint8)
        self.judge.judge(batch, start, stop, number, mask, reasons, totals, known)
        total = pa.Array.from_buffers(pa.decimal128(38, 4), rows, [pa.py_buffer(known), pa.py_buffer(totals)])
        codes = pa.Array.from_buffers(pa.uint8(), rows, [None, pa.py_buffer(reasons)])
        self.answers.append(Answer(mask_of_bits(mask, rows), codes, total))

    @property
    def counts(self) -> tuple[int, int, int, int, int]:
        """As `Totals` has them."""
        return self.judge.outcome_counts

    @property
    def uncounted(self) -> bool:
        """Groups are not counted at all, nor estimated."""
        return False


class Judges(Workers):
    """Workers that answer rows by totals that were given."""

    given: Given

    @property
    def counts(self) -> Counts:
        """Counts and sums of the rows that were answered; groups are not counted."""
        judges = [worker for worker in self._workers if isinstance(worker, JudgeWorker)]
        return replace(count(judges, judges, self._rows_read), groups=None)

    def _new_worker(self) -> Worker:
        return JudgeWorker(self._bindings.settings, self._bindings.request, self.given)

    def taken(self) -> Iterator[Answer]:
        """The answers of all rows that were read since the last time, in row order."""
        found = []
        for worker in self._workers:
            assert isinstance(worker, JudgeWorker)
            found += [(s.order, s.place, a) for s, a in zip(worker.spans, worker.answers, strict=True)]
            worker.spans.clear()
            worker.answers.clear()
        yield from (answer for _, _, answer in sorted(found, key=lambda one: one[:2]))


class Expected(NamedTuple):
    """What a table of refused groups says of the manifest that it is good for."""

    rows: int
    digest: int


class GivenRun(Run):
    """A run whose rows are answered by totals that were given.

    Attributes
    ----------
    prepare : callable
        Takes the source before it is read, and sets `given`; and `expected`, where the totals are good for one
        manifest only.
    """

    prepare: Callable[[Source], None]
    given: Given
    expected: Expected | None = None

    @property
    def workers(self) -> Judges:
        """Those who read the manifest and answer."""
        if self._workers is None:
            self.way = Way("scattered", workers=self.threads)
            terms = {"blocks": self.budget.blocks, "spill_dir": self.spill_dir, "sizes": self.sizes}
            made = Judges(self.way, self.bindings, self.account, **terms)  # type: ignore[arg-type]
            made.given = self.given
            self._workers = made
        assert isinstance(self._workers, Judges)
        return self._workers

    def _answers(self, source: Source) -> Iterator[Answer]:
        """Read a source to its end, and answer in row order as it goes.

        Raises
        ------
        TotalsError
            Where the totals are of another manifest, after all answers: none of them holds then.
        """
        self.prepare(source)
        names = self.intake.columns(source)
        table = source.table(names)
        parts: Iterator[Part]
        if table is None:
            parts = (part for piece in self.intake.pieces(source, names) for part in self._parts(piece))
        else:
            parts = self.intake.of_object(self.intake.of_table(table), self.sizes.slice_rows)
        while (head := next(parts, None)) is not None:
            group = group_of_parts(head, parts, self.threads * _ROWS_A_THREAD)
            self.workers.read(group, None, None)
            yield from self.workers.taken()
        found = Expected(self.account.rows, self.workers.digest)
        if self.expected is not None and found != self.expected:
            rows = "" if found.rows == self.expected.rows else f" of {self.expected.rows:,} rows, not {found.rows:,}"
            raise TotalsError(f"the totals that were given are of another manifest{rows}: make them of this one")

    def answer_table(self, table: pa.Table | pa.RecordBatch) -> Iterator[Answer]:
        """Answer the rows of a table in memory."""
        return self.answers(TableSource(pa.table(table)))

    def _parts(self, piece: Piece) -> Iterator[Part]:
        """A piece as one part, decoded by a worker; what nothing tells the size of in slices."""
        if piece.rows is None and piece.bytes is None:
            return self.intake.sliced(piece, self.sizes.slice_rows)
        return iter((self.intake.whole(piece),))
