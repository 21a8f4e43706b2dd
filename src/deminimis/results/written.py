"""A finished run written to a file: the answers alone, or the manifest's own columns with the answers beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from ..arrays import nothing
from ..errors import InputError, option
from ..progress import Tick
from ..run.answers import Answer
from ..sinks.open import Sink, open_sink
from ..sources.base import Source, reading
from ..sources.schemas import laid_out
from .scored import REASON_TYPE, TOTAL_TYPE, reasons_of

FIELDS = {
    "eligible": pa.field("eligible", pa.bool_(), nullable=False),
    "reason": pa.field("reason", REASON_TYPE, nullable=False),
    "total": pa.field("total", TOTAL_TYPE),
}
Keys = Callable[[pa.RecordBatch, "str | None"], pa.Array]
"""The keys of a batch of this file."""
KEY = pa.field("key", pa.binary(16))
"""Of the row's group, as a table of totals has it; made of the manifest's own columns, which are read again for it."""
BATCH_ROWS = 1 << 20
ANSWER_ROWS = 1 << 22
"""Rows whose reasons and totals are made at a time."""


def check_fields(columns: Sequence[str], beside: pa.Schema | None, *, takes_key: bool = False) -> pa.Schema:
    """The schema of the output, before any row is read."""
    there = FIELDS | ({KEY.name: KEY} if takes_key else {})
    wanted = [name for name in there if name in columns]
    if isinstance(columns, str) or set(columns) - set(wanted) or not wanted:
        raise InputError(f"{option('columns')} takes some of {', '.join(there)}, not {columns!r}")
    if wanted == [KEY.name]:
        raise InputError(f"{option('columns')} takes 'key' beside an answer: add 'eligible'")
    fields = [there[name] for name in wanted]
    if beside is None:
        return pa.schema(fields)
    for name in wanted:
        if name in beside.names:
            raise InputError("the manifest has a column of this name already; rename it there", column=name)
    return pa.schema([*beside, *fields], metadata=beside.metadata)


def open_output(target: str | Path | BinaryIO, schema: pa.Schema, file_format: str | None, source: Source) -> Sink:
    """Fail early where the target cannot be written, or is what is read."""
    return open_sink(target, schema, format=file_format, inputs=source.places)


def write_answers(
    given: Iterator[Answer],
    sink: Sink,
    schema: pa.Schema,
    source: Source | None,
    tick: Tick | None = None,
    own: Sequence[str] | None = None,
    keys: Keys | None = None,
) -> None:
    """Write every row's answers in row order as they come; with a source, read it again and put its columns first.

    Parameters
    ----------
    own : sequence of str, optional
        The columns of the source that keys are made of, where no others are written.
    keys : callable, optional
        Gives the keys of a batch.
    """

    def write(batch: pa.RecordBatch) -> None:
        sink.write(batch)
        if tick is not None:
            tick("write", sink.rows, sink.bytes)

    if source is None:
        batches = alone(given, schema)
    else:
        wanted = schema.names if own is not None else schema.names[len(source.schema) :]
        batches = beside(given, source, schema, wanted, own, keys)
    for batch in batches:
        write(batch)


def alone(given: Iterator[Answer], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Every row's answers, and nothing else."""
    for table in _tables(given, schema.names):
        for batch in table.to_batches(max_chunksize=BATCH_ROWS):
            yield pa.RecordBatch.from_arrays(batch.columns, schema=schema)


def beside(
    given: Iterator[Answer],
    source: Source,
    schema: pa.Schema,
    wanted: Sequence[str],
    own: Sequence[str] | None = None,
    keys: Keys | None = None,
) -> Iterator[pa.RecordBatch]:
    """Read a source again and put every row's answers, the last columns of `schema`, beside its own columns.

    Parameters
    ----------
    wanted : sequence of str
        The answers, one at least.
    own : sequence of str, optional
        The columns of the source to read; None: all.
    """
    drawn = [name for name in wanted if keys is None or name != KEY.name]
    answers = _Answers(_tables(given, drawn), drawn)
    laid = pa.schema([*schema][: len(schema) - len(wanted)])
    for piece in source.pieces(own):
        for batch in piece.batches():
            told = answers.take(batch.num_rows, piece.label)
            with reading(piece.file or piece.label, "does not fit the columns of the other files", "write it alike."):
                rows = laid_out(batch, laid)
            columns = [*rows, *(told.column(name).combine_chunks() for name in drawn)]
            if keys is not None:
                columns.append(keys(batch, piece.file))
            yield pa.RecordBatch.from_arrays([_flat(c) for c in columns], schema=schema)
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
