"""Hypothesis strategies for manifests in the types of kinds.py, laid out in every way that Arrow allows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
import oracle
import pyarrow as pa
from hypothesis import strategies as st
from kinds import DAY_KINDS, DAYS, PERSONS, QUANTITIES, Kind, amounts, value_kinds
from oracle import Row

EXCLUDED = Kind(pa.bool_(), (False, True))
Draw = Callable[[st.SearchStrategy[Any]], Any]


@dataclass(frozen=True)
class Manifest:
    """Batches with one schema, the plain rows that they hold, and the roles of their columns."""

    schema: pa.Schema
    batches: list[pa.RecordBatch]
    rows: list[Row]
    roles: dict[str, Any]

    def table(self) -> pa.Table:
        return pa.Table.from_batches(self.batches, self.schema)

    def stream(self) -> pa.RecordBatchReader:
        return pa.RecordBatchReader.from_batches(self.schema, self.batches)


def bitmap(known: Sequence[bool]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(np.array(known, dtype=bool), bitorder="little").tobytes())


def encoded(draw: Draw, plain: Sequence[Any], kind: Kind) -> pa.Array:
    """One chunk: at an offset, with other values under its nulls and around it, its null count unknown or known."""
    spare = kind.pool[0]
    before, after = draw(st.integers(0, 9)), draw(st.integers(0, 2))
    padded = [None] * before + list(plain) + [spare] * after
    filled = [kind.stored(spare if x is None else x) for x in padded]
    known = [x is not None for x in padded]
    if pa.types.is_dictionary(kind.type):
        array = dictionary_encoded(draw, filled, known, kind)
    else:
        array = stored(filled, kind.type)
        if not all(known) or draw(st.booleans()):
            nulls = draw(st.sampled_from([-1, known.count(False)]))
            array = pa.Array.from_buffers(kind.type, len(array), [bitmap(known), *array.buffers()[1:]], nulls)
    return array.slice(before, len(plain))


def stored(filled: Sequence[Any], type_: pa.DataType) -> pa.Array:
    """An array without nulls; decimals are given unscaled, as pyarrow refuses some of a negative scale."""
    if not pa.types.is_decimal(type_):
        return pa.array(filled, type_)
    width = type_.bit_width // 8
    words = b"".join(n.to_bytes(width, "little", signed=True) for n in filled)
    return pa.Array.from_buffers(type_, len(filled), [None, pa.py_buffer(words)], 0)


def dictionary_encoded(draw: Draw, filled: Sequence[Any], known: Sequence[bool], kind: Kind) -> pa.Array:
    """A dictionary of its own, with a null and a repeated entry, in another order; wild indices under nulls."""
    entries = draw(st.permutations(sorted(set(filled))))
    entries = [None, *entries, *entries[:1]]
    places = {x: [i for i, entry in enumerate(entries) if entry == x] for x in set(filled)}
    wild = [0, 127]
    indices = [draw(st.sampled_from(places[x] if there else wild)) for x, there in zip(filled, known, strict=True)]
    null_entry = draw(st.booleans())
    hidden = [there or (null_entry and index == 0) for there, index in zip(known, indices, strict=True)]
    codes = pa.array(indices, kind.type.index_type)
    codes = pa.Array.from_buffers(codes.type, len(codes), [bitmap(hidden), codes.buffers()[1]], -1)
    return pa.DictionaryArray.from_arrays(codes, pa.array(entries, kind.type.value_type))


def column(draw: Draw, plain: Sequence[Any], kind: Kind, cuts: Sequence[int]) -> list[pa.Array]:
    """The column cut into chunks, each encoded in its own way."""
    return [encoded(draw, plain[a:b], kind) for a, b in pairwise(cuts)]


def cuts(length: int) -> st.SearchStrategy[list[int]]:
    """Where batches end; the same place twice is a batch of no rows."""
    inner = st.lists(st.integers(0, length), max_size=4)
    return inner.map(lambda places: [0, *sorted(places), length])


@st.composite
def cells(draw: Draw, kind: Kind, length: int) -> list[Any]:
    """The plain values of one column, few of them distinct; in some columns odd ones, in some nulls."""
    pool = draw(st.lists(st.sampled_from(kind.pool), min_size=1, max_size=4))
    if kind.odd and draw(st.integers(0, 3)) == 3:
        pool += draw(st.lists(st.sampled_from(kind.odd), min_size=1, max_size=3))
    if draw(st.integers(0, 3)) == 3:
        pool.append(None)
    return draw(st.lists(st.sampled_from(pool), min_size=length, max_size=length))


ANY_PERSON = st.lists(st.sampled_from(PERSONS), min_size=1, max_size=3)
SEVERAL_COLUMNS = st.lists(st.sampled_from(PERSONS), min_size=2, max_size=3)
PAIR_AND_ANOTHER = st.builds(lambda pair, one: [pair, pair, one], st.sampled_from(PERSONS), st.sampled_from(PERSONS))
COLUMNS_OF_ONE_TYPE = st.builds(lambda kind, count: [kind] * count, st.sampled_from(PERSONS), st.integers(2, 3))


@st.composite
def manifests(draw: Draw, persons: st.SearchStrategy[list[Kind]] = ANY_PERSON, max_rows: int = 40) -> Manifest:
    """A manifest of few persons and days in drawn types, with nulls, so that groups are shared and totals tie at 8."""
    kinds = {f"person{i}": kind for i, kind in enumerate(draw(persons))}
    names = list(kinds)
    kinds["day"] = draw(st.sampled_from(DAY_KINDS))
    kinds["value"] = draw(st.sampled_from(value_kinds(Decimal(8))))
    roles: dict[str, Any] = {"person": names if len(names) > 1 else names[0], "day": "day", "value": "value"}
    if draw(st.booleans()):
        kinds["quantity"] = draw(st.sampled_from(QUANTITIES))
        roles["quantity"] = "quantity"
    if draw(st.booleans()):
        kinds["excluded"] = EXCLUDED
        roles["excluded"] = "excluded"

    length = draw(st.integers(0, max_rows))
    plain = {name: draw(cells(kind, length)) for name, kind in kinds.items()}
    rows = [plain_row(plain, names, i) for i in range(length)]

    places = draw(cuts(length))
    chunks = {name: column(draw, plain[name], kind, places) for name, kind in kinds.items()}
    schema = pa.schema([(name, kind.type) for name, kind in kinds.items()])
    batches = [
        pa.RecordBatch.from_arrays([chunks[name][i] for name in kinds], schema=schema) for i in range(len(places) - 1)
    ]
    return Manifest(schema, batches, rows, roles)


def plain_row(plain: dict[str, list[Any]], persons: Sequence[str], i: int) -> Row:
    parts = tuple(plain[name][i] for name in persons)
    return Row(
        person=parts if len(parts) > 1 else parts[0],
        day=plain["day"][i],
        value=plain["value"][i],
        quantity=plain["quantity"][i] if "quantity" in plain else 1,
        excluded=plain["excluded"][i] if "excluded" in plain else False,
    )


@st.composite
def simple_rows(draw: Draw, limit: int = 8, min_size: int = 0, max_size: int = 40) -> list[Row]:
    """Rows of text persons, date days and whole units of money, for relations that transform rows."""
    persons = st.sampled_from(["A", "B", "C", None])
    days = st.sampled_from(DAYS)
    values = st.one_of(st.none(), st.sampled_from([int(amount * oracle.UNITS) for amount in amounts(Decimal(limit))]))
    cells = st.tuples(persons, days, values, st.booleans())
    drawn = draw(st.lists(cells, min_size=min_size, max_size=max_size))
    return [Row(p, d, None if v is None else Decimal(v).scaleb(-4), excluded=x) for p, d, v, x in drawn]


def simple_table(rows: Sequence[Row]) -> pa.Table:
    """The table of simple rows; their roles are `SIMPLE_ROLES`."""
    return pa.table(
        {
            "person": pa.array([row.person for row in rows], pa.string()),
            "day": pa.array([row.day for row in rows], pa.date32()),
            "value": pa.array([row.value for row in rows], pa.decimal128(18, 4)),
            "excluded": pa.array([row.excluded for row in rows], pa.bool_()),
        }
    )


SIMPLE_ROLES = {"person": "person", "day": "day", "value": "value", "excluded": "excluded"}
