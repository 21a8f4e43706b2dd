"""The rows of a manifest with their answers beside them, as an Arrow stream that any engine reads."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any, Unpack

import pyarrow as pa

from .api import start_run
from .errors import InputError, option
from .results.scored import summarise
from .results.summary import Summary
from .results.written import ANSWER_ROWS, alone, beside, check_fields
from .roles.options import AnyOptions, takes_options
from .roles.persons import Column, Person
from .run.run import Run
from .sources.base import Source
from .sources.open import open_source
from .sources.schemas import no_one_column


class Streamed:
    """The rows of a manifest and their answers, for whatever takes an Arrow stream (`__arrow_c_stream__`).

    Nothing is read before a stream is asked for, and each stream reads the manifest anew. One that is let go before its
    end leaves nothing behind.

    Attributes
    ----------
    schema : pyarrow.Schema
        The manifest's own columns, then the answers.
    summary : Summary or None
        The account of the stream that came to its end last.
    """

    def __init__(self, source: Source, run: Run, schema: pa.Schema) -> None:
        self._source = source
        self._run = run
        self._answers = schema.names[len(source.schema) :]
        self.schema = schema
        self.summary: Summary | None = None

    def to_reader(self, columns: Sequence[str] | None = None) -> pa.RecordBatchReader:
        """The rows in batches, in their order.

        Parameters
        ----------
        columns : sequence of str, optional
            Those to give, in this order; of the manifest, no others are read beside those of the roles. Default: all.

        Returns
        -------
        pyarrow.RecordBatchReader
            What goes wrong is raised by it as it is.
        """
        if columns is None:
            return pa.RecordBatchReader.from_batches(self.schema, self._batches(None, self._answers))
        names = [*columns]
        for name in names:
            times = len(self.schema.get_all_field_indices(name))
            if times != 1:
                raise no_one_column(name, times, self.schema.names)
            if names.count(name) != 1:
                raise InputError(f"{option('columns')} has {name!r} twice: name it once")
        wanted = [name for name in self._answers if name in names]
        if not wanted:
            answers = " or ".join(self._answers)
            raise InputError(f"{option('columns')} names no answer: add {answers}, or read the manifest itself")
        own = [name for name in names if name not in wanted]
        batches = (batch.select(names) for batch in self._batches(own, wanted))
        return pa.RecordBatchReader.from_batches(pa.schema([self.schema.field(name) for name in names]), batches)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.to_reader().__arrow_c_stream__(requested_schema)

    def __arrow_c_schema__(self) -> object:
        return self.schema.__arrow_c_schema__()

    def __repr__(self) -> str:
        return f"<deminimis.Streamed of {len(self.schema)} columns, the last of them {self.schema.names[-1]}>"

    def _readable(self, own: list[str]) -> list[str] | None:
        """These columns of the manifest; None, which is all, where a file lacks one, for which null stands."""
        try:
            self._source.check_columns(own)
        except InputError:
            return None
        return own

    def _batches(self, own: list[str] | None, answers: list[str]) -> Iterator[pa.RecordBatch]:
        started = time.perf_counter()
        source = self._source.anew()
        schema = self.schema if own is None else pa.schema([self.schema.field(name) for name in (*own, *answers)])
        with closing(self._run.again()) as run:
            run.answer_rows = ANSWER_ROWS
            given = run.answers(source)
            read = None if own is None else self._readable(own)
            batches = alone(given, schema) if own == [] else beside(given, source, schema, answers, read)
            yield from (batch for batch in batches if batch.num_rows)  # Arrow's C interface spoils views without rows
            self.summary = summarise(run, started, source)


@takes_options
def stream(
    manifest: Any,
    *,
    person: Person,
    day: Column,
    value: Column,
    columns: Sequence[str] = ("eligible", "reason"),
    **options: Unpack[AnyOptions],
) -> Streamed:
    """Put the answers beside the manifest's own columns, as a stream for DuckDB, Polars, pyarrow and others.

    Takes the roles and settings of `eligible`, and:

    Parameters
    ----------
    manifest : object
        As `eligible` takes it. What is not in memory is read twice and never held: once for the answers, once for its
        own columns. What comes once is refused. A LazyFrame is run twice, and it is an error where its rows are not the
        same in the same order; a DuckDB relation is held in memory, as it could come in another order.
    columns : sequence of {"eligible", "reason", "total"}
        The answers; none of them may be a column of the manifest already.

    Returns
    -------
    Streamed
        All rows in their order. What a file lacks that another has is null.

    Raises
    ------
    InputError
        Here for what the schema tells; in the stream for what the rows tell, and where a file changed between its two
        readings. Other libraries raise it as an error of their own, with its words.

    Examples
    --------
    >>> import deminimis as dm, pyarrow as pa
    >>> manifest = pa.table({"who": ["A", "B"], "day": ["2024-06-01"] * 2, "usd": ["800", "800.01"]})
    >>> rows = dm.stream(manifest, person="who", day="day", value="usd", limit=800)
    >>> pa.table(rows)["eligible"].to_pylist()
    [True, False]
    """
    run, reading = start_run(options, outcomes=set(columns) != {"eligible"}, person=person, day=day, value=value)
    source = open_source(manifest, **reading).readable_twice("a stream of rows and answers")
    source.check_all_columns("take the answers alone, from deminimis.score")
    schema = check_fields(columns, source.schema)
    run.intake.columns(source)  # what is wrong with the roles is told here
    return Streamed(source, run, schema)
