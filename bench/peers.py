"""What a peer is: a piece of work, and the forms in which an engine can do it. The forms are in `peers_*.py`.

A form is a function of a `Work` that sets up all that is not to be timed (imports, a connection, settings) and returns
the call to be timed. For a table in memory the call returns the mask as an Arrow array; for a file it writes the mask
to `work.target` and returns None. Every mask is in row order, unless the form says that it is not.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

SOURCES = ("memory", "parquet", "csv")


@dataclass(frozen=True)
class Work:
    """One manifest to be scored: where it is, what its columns are called, what is asked."""

    source: str
    path: str
    target: str
    threads: int
    person: str = "person"
    day: str = "day"
    value: str = "value"
    limit: int = 800
    table: pa.Table | None = None
    types: tuple[tuple[str, pa.DataType], ...] = ()  # Arrow types of the role columns, which CSV has to be told
    memory_limit: str | None = None  # such as "1GiB", for engines that can keep to it

    @property
    def roles(self) -> list[str]:
        return [self.person, self.day, self.value]

    def read(self) -> pa.Table:
        """The role columns as an Arrow table, read by pyarrow on all threads: for peers that do not read files."""
        if self.table is not None:
            return self.table
        if self.source == "parquet":
            return pq.read_table(self.path, columns=self.roles)
        convert = pyarrow.csv.ConvertOptions(column_types=dict(self.types), include_columns=self.roles)
        return pyarrow.csv.read_csv(self.path, convert_options=convert)

    def give(self, mask: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray | None:
        """Hand the mask back, or write it where the work says."""
        if self.source == "memory":
            return mask
        pq.write_table(pa.Table.from_arrays([mask], names=["eligible"]), self.target)
        return None

    def mask_without(self, rows: int, over: np.ndarray) -> pa.Array:
        """The mask of so many rows, all eligible but the numbered ones."""
        mask = np.ones(rows, bool)
        mask[over] = False
        return arrow_mask(mask)


def ready_conversions() -> None:
    """Let pyarrow import pandas now, as it does at the first conversion to NumPy: half a second outside the clock."""
    pa.chunked_array([[0]]).to_numpy()


def arrow_mask(mask: np.ndarray) -> pa.Array:
    """The mask as Arrow has it. `pa.array` of a NumPy array would import pandas, half a second inside the clock."""
    bits = pa.py_buffer(np.packbits(mask, bitorder="little"))
    return pa.BooleanArray.from_buffers(pa.bool_(), len(mask), [None, bits])


def with_row_number(table: pa.Table) -> pa.Table:
    """The table and a column of its row numbers."""
    numbers = np.arange(len(table))
    column = pa.Int64Array.from_buffers(pa.int64(), len(numbers), [None, pa.py_buffer(numbers)])
    return table.append_column("row_number", column)


Call = Callable[[], "pa.Array | pa.ChunkedArray | None"]


@dataclass(frozen=True)
class Form:
    """One way in which an engine does the work."""

    engine: str
    name: str
    prepare: Callable[[Work], Call]
    sources: tuple[str, ...]
    more_threads: bool  # is it to be tried with more threads than cores?

    def threads_to_try(self, threads: int) -> list[int]:
        return [threads, threads + 1, 2 * threads] if self.more_threads and threads > 1 else [threads]


FORMS: list[Form] = []

# The engines in the order of the table: the module that holds their forms, and the distribution that brings them.
ENGINES = {
    "decode": ("bench.floor", "pyarrow"),
    "deminimis": ("bench.peers_frames", "deminimis"),
    "duckdb": ("bench.peers_duckdb", "duckdb"),
    "duckdb-unordered": ("bench.peers_duckdb", "duckdb"),
    "polars": ("bench.peers_frames", "polars"),
    "datafusion": ("bench.peers_sql", "datafusion"),
    "chdb": ("bench.peers_sql", "chdb"),
    "pandas": ("bench.peers_frames", "pandas"),
    "pyarrow": ("bench.peers_frames", "pyarrow"),
    "numpy": ("bench.peers_frames", "numpy"),
}


def form(
    engine: str, name: str, *, sources: Sequence[str] = SOURCES, more_threads: bool = False
) -> Callable[[Callable[[Work], Call]], Callable[[Work], Call]]:
    """Enter a function as a form of an engine."""

    def enter(prepare: Callable[[Work], Call]) -> Callable[[Work], Call]:
        FORMS.append(Form(engine, name, prepare, tuple(sources), more_threads))
        return prepare

    return enter


def forms_of(engine: str, source: str) -> list[Form]:
    """The forms of an engine that read such a source; no engine is imported for the answer."""
    importlib.import_module(ENGINES[engine][0])
    return [each for each in FORMS if each.engine == engine and source in each.sources]


def version_of(engine: str) -> str | None:
    """The installed version of an engine, None where it is missing."""
    distribution = ENGINES[engine][1]
    if importlib.util.find_spec(distribution) is None:
        return None
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "(checkout)"


def environment(threads: int) -> dict[str, str]:
    """The environment of a process that may use so many threads: some engines read it when they are imported."""
    count = str(threads)
    names = ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ARROW_NUM_THREADS")
    return {**os.environ, **dict.fromkeys(names, count)}
