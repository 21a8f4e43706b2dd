"""A LazyFrame is run for each reading, and a second reading gives the rows of the first or none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from polars.io.plugins import register_io_source

from deminimis.errors import InputError
from deminimis.sources.lazy import BLOCK_ROWS
from deminimis.sources.open import open_source

SIZES = [0, 1, 5, BLOCK_ROWS - 1, BLOCK_ROWS, BLOCK_ROWS + 1, 3 * BLOCK_ROWS]


def frame_of(rows: int) -> pl.DataFrame:
    return pl.DataFrame({"p": [f"P{i % 7}" for i in range(rows)], "v": range(rows), "x": [i % 5 for i in range(rows)]})


def query(*readings: tuple[pl.DataFrame, int]) -> pl.LazyFrame:
    """A query that gives these frames, one a reading, in batches of so many rows."""
    left = iter(readings)

    def batches(names: list[str] | None, *_: Any) -> Iterator[pl.DataFrame]:
        frame, size = next(left)
        for start in range(0, max(len(frame), 1), size):
            yield frame[start : start + size].select(names or frame.columns)

    return register_io_source(batches, schema=readings[0][0].schema)


def read(source: Any, columns: list[str] | None) -> pa.Table:
    schema = source.schema if columns is None else source.schema_of(columns)
    return pa.Table.from_batches([b for p in source.pieces(columns) for b in p.batches()], schema)


@pytest.mark.parametrize("rows", SIZES)
@pytest.mark.parametrize("columns", [None, ["x"], ["v", "p"]])
def test_the_same_rows_however_they_are_cut(rows: int, columns: list[str] | None) -> None:
    """The second reading has other columns and other batches, and gives its rows in their order."""
    frame = frame_of(rows)
    source = open_source(query((frame, 50_000), (frame, 7_001), (frame, 100_000))).readable_twice("it")
    assert read(source, ["p", "v"]).to_pydict() == frame.select("p", "v").to_dict(as_series=False)
    for _ in range(2):
        assert read(source, columns).to_pydict() == frame.select(columns or frame.columns).to_dict(as_series=False)


CHANGES = {
    "two rows changed places": lambda frame: pl.concat([frame[1], frame[0], frame[2:]]),
    "the last two changed places": lambda frame: pl.concat([frame[:-2], frame[-1], frame[-2]]),
    "a value": lambda frame: frame.with_columns(v=pl.when(pl.col("v") == 3).then(4).otherwise("v")),
    "a null": lambda frame: frame.with_columns(p=pl.when(pl.col("v") != 3).then("p")),
    "a row less": lambda frame: frame[:-1],
    "a row more": lambda frame: pl.concat([frame, frame[-1]]),
    "none": lambda frame: frame[:0],
    "turned round": lambda frame: frame[::-1],
    "a whole block less": lambda frame: frame[:BLOCK_ROWS],
}


@pytest.mark.parametrize("rows", [BLOCK_ROWS + 9, 2 * BLOCK_ROWS])
@pytest.mark.parametrize("change", CHANGES)
def test_other_rows_are_an_error(change: str, rows: int) -> None:
    """Whatever differs in the columns of the first reading is seen before a row of its block is handed on."""
    frame = frame_of(rows)
    other = CHANGES[change](frame)
    source = open_source(query((frame, 50_000), (other, 30_000))).readable_twice("it")
    read(source, ["p", "v"])
    given = []
    with pytest.raises(InputError, match=r"LazyFrame gave (other|fewer) rows when it was run again.*collect\(\)"):
        for piece in source.pieces(["x", "v"]):
            given += [value for batch in piece.batches() for value in batch["v"].to_pylist()]
    assert given == frame["v"][: len(given)].to_list() and len(given) % BLOCK_ROWS == 0


def test_columns_that_the_first_reading_had_not_may_change() -> None:
    """Answers do not depend on them."""
    frame = frame_of(10)
    other = frame.with_columns(x=pl.lit(7, pl.Int64))
    source = open_source(query((frame, 4), (other, 3))).readable_twice("it")
    read(source, ["p", "v"])
    assert read(source, ["x"])["x"].to_pylist() == [7] * 10


def test_each_pair_of_readings_is_by_itself() -> None:
    """A source that is begun anew compares with its own first reading."""
    frame = frame_of(10)
    source = open_source(query((frame, 4), (frame[::-1], 3), (frame[::-1], 5))).readable_twice("it")
    read(source, ["v"])
    again = source.anew()
    assert read(again, ["v"])["v"].to_pylist() == [*range(9, -1, -1)]
    assert read(again, ["v", "x"])["v"].to_pylist() == [*range(9, -1, -1)]
