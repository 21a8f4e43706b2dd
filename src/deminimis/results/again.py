"""A source read a second time, ahead of where its rows are written, by as many threads as the run has."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import pyarrow as pa

from ..errors import InputError
from ..roles.bindings import Bindings
from ..roles.facts import facts, with_day_as_person
from ..run.run import Run
from ..sources.base import Piece, Source
from .counts import Counting, Labelled
from .made import Making

if TYPE_CHECKING:
    from concurrent.futures import Future

Made: TypeAlias = tuple[dict[str, pa.Array], Labelled | None]
Row: TypeAlias = tuple[Piece, pa.RecordBatch, Made]

_TIMES = 16
"""What a piece may take in memory, in times its bytes in the file."""


class Again(NamedTuple):
    """What is made of a source's rows when they are read again.

    Parameters
    ----------
    run : Run, optional
        Whose roles say what rows are; None: nothing is made.
    making : Making, optional
        Columns beside the answers.
    counting : Counting, optional
        Counts.
    bindings : Bindings, optional
        By which rows are read for these; None: those of the run.
    """

    run: Run | None = None
    making: Making | None = None
    counting: Counting | None = None
    bindings: Bindings | None = None

    def make(self, batch: pa.RecordBatch, file: str | None) -> Made:
        """What is made of one batch; threads may ask at once."""
        if self.run is None or (self.making is None and self.counting is None):
            return {}, None
        read = facts(self.bindings or self.run.bindings, batch, file)
        made = {} if self.making is None else self.making.of(batch, file, read)
        return made, None if self.counting is None else self.counting.label(batch, read)


def bindings_without_person(run: Run, source: Source) -> Bindings | None:
    """What reads the rows of a source but for who they are of, which costs the least; None where that cannot be."""
    request = with_day_as_person(run.request)
    found = Bindings(request, outcomes=run.has_outcomes, tally=False)
    try:
        found.of(source.schema if request.has_expressions() else source.schema_of(request.names()))
    except InputError:  # a timestamp names nobody
        return None
    return found


def read_again(source: Source, columns: Sequence[str] | None, again: Again) -> Iterator[Row]:
    """The batches of a source in row order, each with what is made of it, where possible by other threads.

    A piece that could take more than a share of the memory limit is read in this thread, batch by batch.
    """

    def read(piece: Piece) -> list[Row]:
        return [(piece, batch, again.make(batch, piece.file)) for batch in piece.batches()]

    def one_by_one(piece: Piece) -> Iterator[Row]:
        return ((piece, batch, again.make(batch, piece.file)) for batch in piece.batches())

    threads = 1 if again.run is None or not source.files else again.run.threads
    if threads == 1 or again.run is None:
        for piece in source.pieces(columns):
            yield from one_by_one(piece)
        return
    from concurrent.futures import ThreadPoolExecutor  # slow to import

    most = again.run.memory_limit // 4 // (threads + 1)
    waiting: deque[Future[list[Row]]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for piece in source.pieces(columns):
                if piece.bytes is None or piece.bytes * _TIMES > most:
                    while waiting:
                        yield from waiting.popleft().result()
                    yield from one_by_one(piece)
                    continue
                waiting.append(pool.submit(read, piece))
                if len(waiting) > threads:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
