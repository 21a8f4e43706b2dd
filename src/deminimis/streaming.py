"""The rows of a manifest with their answers beside them, as an Arrow stream that any engine reads."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any, Unpack

import pyarrow as pa

from .api import start_run
from .results.scored import summarise
from .results.summary import Summary
from .results.written import ANSWER_ROWS, beside, check_fields
from .roles.options import AnyOptions, takes_options
from .roles.persons import Column, Person
from .run.run import Run
from .sources.base import Source
from .sources.open import open_source


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
        self.schema = schema
        self.summary: Summary | None = None

    def to_reader(self) -> pa.RecordBatchReader:
        """The rows in batches, in their order; what goes wrong is raised by the reader as it is, here as elsewhere."""
        return pa.RecordBatchReader.from_batches(self.schema, self._batches())

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.to_reader().__arrow_c_stream__(requested_schema)

    def __arrow_c_schema__(self) -> object:
        return self.schema.__arrow_c_schema__()

    def __repr__(self) -> str:
        return f"<deminimis.Streamed of {len(self.schema)} columns, the last of them {self.schema.names[-1]}>"

    def _batches(self) -> Iterator[pa.RecordBatch]:
        started = time.perf_counter()
        with closing(self._run.again()) as run:
            run.answer_rows = ANSWER_ROWS
            yield from beside(run.answers(self._source), self._source, self.schema)
            self.summary = summarise(run, started, self._source)


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
        own columns. What comes once is refused; a LazyFrame and a DuckDB relation are held in memory, as they could
        come in another order.
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
