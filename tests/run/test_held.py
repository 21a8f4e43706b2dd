"""Streams of unknown length: held while they may turn out to be a table, and answered like one in any case."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from handed import run_of

import deminimis as dm
from deminimis.results.scored import mask_of
from deminimis.run.way import Way
from deminimis.sizes import Sizes
from deminimis.sources.open import open_source

ROLES: dict[str, Any] = {"person": "who", "day": "day", "value": "value", "limit": 800}
ROWS = 40_000
SIZES = Sizes(rows_for_one_worker=2_000, slice_rows=3_200)


def manifest(rows: int = ROWS, order: str = "in order") -> pa.Table:
    """Few persons, so that some days are over the limit; days in order, in none, or in order at first."""
    chance = np.random.default_rng(7)
    day = 19_000 + np.arange(rows) * 20 // max(rows, 1)
    if order != "in order":
        start = 0 if order == "shuffled" else rows // 2
        day[start:] = chance.permutation(day[start:])
    who = chance.integers(0, 3_000, rows)
    value = np.where(chance.random(rows) < 0.02, 790, chance.integers(0, 60, rows))
    return pa.table({"who": who, "day": pa.array(day.astype(np.int32), pa.date32()), "value": value})


def expected(table: pa.Table) -> pa.BooleanArray:
    """The mask by plain sums."""
    key = table["who"].to_numpy() << 20 | table["day"].cast(pa.int32()).to_numpy()
    _, group = np.unique(key, return_inverse=True)
    return pa.array(np.bincount(group, table["value"].to_numpy(), minlength=1)[group] <= 800)


def answered(manifest: Any, **options: Any) -> tuple[pa.BooleanArray, Way | None]:
    """The mask, and the way that was gone for it."""
    with closing(run_of(False, False, sizes=SIZES, **ROLES, **{"threads": 2} | options)) as run:
        return mask_of(run.answers(open_source(manifest))), run.way


STREAMS: dict[str, Callable[[pa.Table], Any]] = {
    "batches": lambda table: table.to_reader(max_chunksize=700),
    "one batch": lambda table: table.combine_chunks().to_reader(),
    "capsule": lambda table: duckdb.from_arrow(table),
    "iterator": lambda table: iter([table.slice(0, 5_000), table.slice(5_000)]),
    "generator": lambda table: (table.slice(at, 999) for at in range(0, len(table) + 1, 999)),
    "list with a reader": lambda table: [table.slice(0, 5_000), table.slice(5_000).to_reader(max_chunksize=1_000)],
}


@pytest.mark.parametrize("rows", [0, 1, 1_999, 2_000, 2_001, 9_000, ROWS])
@pytest.mark.parametrize("memory_limit", ["16KiB", "1MiB", "1GiB"])
@pytest.mark.parametrize("kind", STREAMS)
def test_the_mask_is_that_of_the_table(kind: str, memory_limit: str, rows: int) -> None:
    """However much of a stream is held, and whatever its batches, its mask is the mask of plain sums."""
    table = manifest(rows)
    assert answered(STREAMS[kind](table), memory_limit=memory_limit)[0].equals(expected(table))


@pytest.mark.parametrize(
    ("order", "memory_limit", "rows", "way"),
    [
        ("in order", "1GiB", ROWS, "in day order"),
        ("in order", "1GiB", 2_001, "in day order"),
        ("in order", "1GiB", 2_000, "at once"),
        ("in order", "1GiB", 0, "at once"),
        ("in order", "1MiB", ROWS, "scattered"),
        ("shuffled", "1GiB", ROWS, "scattered"),
        ("at first", "1GiB", ROWS, "scattered"),
    ],
)
def test_the_way(order: str, memory_limit: str, rows: int, way: str) -> None:
    """A stream that ends within its share of the memory goes as a table does, any other as a stream."""
    table = manifest(rows, order)
    mask, gone = answered(table.to_reader(max_chunksize=700), memory_limit=memory_limit)
    assert mask.equals(expected(table))
    assert gone is not None and gone.kind == way


@pytest.mark.parametrize(("order", "least", "most"), [("in order", 0.9, 1.1), ("shuffled", 0.0, 0.1)])
def test_what_is_held(order: str, least: float, most: float) -> None:
    """A stream in order is held up to a quarter of the memory limit; then batches are let go as they are read."""
    table = manifest(ROWS, order)
    alive: list[tuple[weakref.ref[Any], int]] = []
    held: list[int] = []

    def column(array: pa.Array) -> pa.Array:
        """The same in memory of its own, which is looked after."""
        plain = array.view(pa.int32() if array.type == pa.date32() else array.type).to_numpy().copy()
        alive.append((weakref.ref(plain), plain.nbytes))
        return pa.array(plain).view(array.type)

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in table.to_batches(max_chunksize=250):
            held.append(sum(size for plain, size in alive if plain() is not None))
            yield pa.RecordBatch.from_arrays([*map(column, batch.columns)], schema=batch.schema)

    reader = pa.RecordBatchReader.from_batches(table.schema, batches())
    assert answered(reader, memory_limit="2MiB", threads=1)[0].equals(expected(table))
    assert least <= max(held) / (512 << 10) <= most
    assert max(held[-20:]) < 64 << 10


@pytest.mark.parametrize("at", [0, 1, 5, 50])
@pytest.mark.parametrize("rows", [25, 700])
@pytest.mark.parametrize("memory_limit", ["16KiB", "1MiB", "1GiB"])
def test_a_reader_that_fails(memory_limit: str, rows: int, at: int) -> None:
    """Its failure is told wherever it comes, unless a row before it is wrong already: that one is."""
    table = manifest()

    def batches(first: int) -> Iterator[pa.RecordBatch]:
        for number, batch in enumerate(table.to_batches(max_chunksize=rows)):
            if number == at:
                raise ValueError("the other end hung up")
            value = pa.array([-1 if number == 0 and i == first else 1 for i in range(len(batch))])
            yield batch.set_column(2, "value", value)

    def answer(first: int) -> None:
        reader = pa.RecordBatchReader.from_batches(table.schema, batches(first))
        answered(reader, memory_limit=memory_limit, bad_values="error")

    with pytest.raises(dm.errors.InputError, match="the other end hung up"):
        answer(-1)
    with pytest.raises(dm.errors.InputError, match="row 21: " if at else "the other end hung up"):
        answer(21)


def test_an_iterator_whose_items_fail() -> None:
    """An item that is no table is told, also behind items that were held."""
    with pytest.raises(dm.errors.UnsupportedTypeError, match=r"item 1 of the list is a builtins\.int"):
        dm.eligible(iter([manifest(), 5]), **ROLES)


def test_an_interrupt_is_none_of_them() -> None:
    """Ctrl-C while a stream is held is not kept for later."""

    def batches() -> Iterator[pa.RecordBatch]:
        yield from manifest(5_000).to_batches()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dm.eligible(pa.RecordBatchReader.from_batches(manifest(0).schema, batches()), **ROLES)
