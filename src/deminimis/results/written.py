"""A finished run written to a file: the answers alone, or the manifest's own columns with the answers beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from ..arrays import nothing
from ..errors import InputError, option
from ..progress import Tick
from ..run.answers import Answer
from ..sinks.open import Sink
from ..sources.base import Piece, Source, reading
from ..sources.schemas import laid_out
from .again import Again, read_again
from .made import MADE
from .scored import REASON_TYPE, TOTAL_TYPE, reasons_of

FIELDS = {
    "eligible": pa.field("eligible", pa.bool_(), nullable=False),
    "reason": pa.field("reason", REASON_TYPE, nullable=False),
    "total": pa.field("total", TOTAL_TYPE),
}
NO_COLUMNS = pa.schema([])
BATCH_ROWS = 1 << 20
ANSWER_ROWS = 1 << 22
"""Rows whose reasons and totals are made at a time."""


def fields_beside(columns: Sequence[str], names: Sequence[str]) -> list[str]:
    """The answers that go beside a frame's columns of these names, none of which they may bear."""
    own = pa.schema([(name, pa.null()) for name in names])
    return [field.name for field in list(check_fields(columns, own))[len(own) :]]


def check_fields(columns: Sequence[str], beside: pa.Schema | None, *, takes_made: bool = False) -> pa.Schema:
    """The schema of the output, before any row is read, which may have what is made of rows."""
    there = FIELDS | (MADE if takes_made else {})
    wanted = [name for name in there if name in columns]
    if isinstance(columns, str) or set(columns) - set(wanted) or not wanted:
        raise InputError(f"{option('columns')} takes some of {', '.join(there)}, not {columns!r}")
    if not set(wanted) & set(FIELDS):
        raise InputError(f"{option('columns')} takes {wanted[0]!r} beside an answer: add 'eligible'")
    fields = [there[name] for name in wanted]
    if beside is None:
        return pa.schema(fields)
    for name in wanted:
        if name in beside.names:
            raise InputError("the manifest has a column of this name already; rename it there", column=name)
    return pa.schema([*beside, *fields], metadata=beside.metadata)


def write_answers(
    given: Iterator[Answer],
    sink: Sink | None,
    schema: pa.Schema,
    source: Source | None,
    tick: Tick | None = None,
    own: Sequence[str] | None = None,
    again: Again | None = None,
    kept: int | None = None,
) -> None:
    """Write every row's answers in row order as they come; with a source, read it again and put its columns first.

    Parameters
    ----------
    sink : Sink, optional
        None: rows are read and counted, and nothing is written.
    own : sequence of str, optional
        The columns of the source that are read; None: all.
    again : Again, optional
        What is made of the source's rows.
    kept : int, optional
        So many columns of the source are written, the first of `schema`; None: all.
    """
    if source is None:
        batches = alone(given, schema)
    else:
        wanted = schema.names[len(source.schema) if kept is None else kept :]
        batches = beside(given, source, schema, wanted, own, again) if sink else counted(given, source, own, again)
    for batch in batches:
        if sink is not None:
            sink.write(batch)
            if tick is not None:
                tick("write", sink.rows, sink.bytes)


def alone(given: Iterator[Answer], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Every row's answers, and nothing else."""
    for table in _tables(given, schema.names):
        for batch in table.to_batches(max_chunksize=BATCH_ROWS):
            yield pa.RecordBatch.from_arrays(batch.columns, schema=schema)


def counted(
    given: Iterator[Answer], source: Source, own: Sequence[str] | None, again: Again | None
) -> Iterator[pa.RecordBatch]:
    """Read a source again to count its rows; there are no batches."""
    for _ in _rows(given, source, [], own, again or Again()):
        pass
    yield from ()


def beside(
    given: Iterator[Answer],
    source: Source,
    schema: pa.Schema,
    wanted: Sequence[str],
    own: Sequence[str] | None = None,
    again: Again | None = None,
) -> Iterator[pa.RecordBatch]:
    """Read a source again and put every row's answers, the last columns of `schema`, beside its own columns.

    Parameters
    ----------
    wanted : sequence of str
        The answers, one at least, and what is made of the rows.
    own : sequence of str, optional
        The columns of the source to read; None: all.
    """
    drawn = [name for name in wanted if name in FIELDS]
    laid = pa.schema([*schema][: len(schema) - len(wanted)])
    for piece, batch, told, made in _rows(given, source, drawn, own, again or Again()):
        with reading(piece.file or piece.label, "does not fit the columns of the other files", "write it alike."):
            rows = laid_out(batch, laid)
        columns = [*rows, *(told.column(name).combine_chunks() for name in drawn)]
        columns += [made[name] for name in wanted if name not in drawn]
        yield pa.RecordBatch.from_arrays([_flat(c) for c in columns], schema=schema)


def _rows(
    given: Iterator[Answer], source: Source, drawn: list[str], own: Sequence[str] | None, again: Again
) -> Iterator[tuple[Piece, pa.RecordBatch, pa.Table, dict[str, pa.Array]]]:
    """The batches of a source, the answers of their rows, and what is made of these; they are counted on the way."""
    needed = [*drawn, "reason"] if again.counting is not None and "reason" not in drawn else drawn
    answers = _Answers(_tables(given, needed), needed)
    for piece, batch, (made, labelled) in read_again(source, own, again):
        told = answers.take(batch.num_rows, piece.label)
        if again.counting is not None and labelled is not None and batch.num_rows:
            reasons = _flat(told.column("reason").combine_chunks()).indices.to_numpy().astype(np.uint8)
            again.counting.add(labelled, reasons, batch, piece.file)
        yield piece, batch, told, made
    answers.check_end()


def _flat(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _tables(given: Iterator[Answer], wanted: Sequence[str]) -> Iterator[pa.Table]:
    for answer in given:
        made: dict[str, pa.Array] = {"eligible": answer.mask}
        if answer.codes is not None and answer.totals is not None:
            made |= {"reason": reasons_of(answer.codes), "total": answer.totals}
        yield pa.table({name: made[name] for name in wanted})


class _Answers:
    """The answers of a run, drawn in row order."""

    def __init__(self, tables: Iterator[pa.Table], wanted: Sequence[str]) -> None:
        self._tables = tables
        none = pa.table({name: nothing(FIELDS[name].type) for name in wanted})
        self._table = next(tables, none)  # before the second reading begins
        self._at = 0

    def take(self, rows: int, label: str) -> pa.Table:
        """The next rows; the manifest must not have grown since it was scored."""
        parts = []
        while rows:
            if self._at == self._table.num_rows:
                table = next(self._tables, None)
                if table is None:
                    raise InputError("the manifest changed while it was scored; score it again", file=label)
                self._table, self._at = table, 0
            part = self._table.slice(self._at, rows)
            self._at += part.num_rows
            rows -= part.num_rows
            parts.append(part)
        return pa.concat_tables(parts) if parts else self._table.slice(0, 0)

    def check_end(self) -> None:
        """All answers were taken, or the manifest shrank."""
        if self._at < self._table.num_rows or next(self._tables, None) is not None:
            raise InputError("the manifest changed while it was scored; score it again")
