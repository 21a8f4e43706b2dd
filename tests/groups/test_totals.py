"""The table of person-days is the oracle's group by, whatever the types, settings, ways and memory."""

from __future__ import annotations

import dataclasses
from collections import Counter
from decimal import Decimal
from typing import Any

import oracle
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import schedules
from hypothesis import given
from hypothesis import strategies as st
from kinds import PLACEHOLDERS
from oracle import Row
from strategies import COLUMNS_OF_ONE_TYPE, SIMPLE_ROLES, Manifest, manifests, simple_rows, simple_table

import deminimis as dm

SECRET = b"a secret that nobody knows"
COLUMNS = ("key", "day", "total", "rows", "bad_rows", "excluded_rows", "least_limit", "largest_limit", "over")
AMOUNT = pa.decimal128(38, 4)
TYPES = (pa.binary(16), pa.date32(), AMOUNT, pa.int64(), pa.int64(), pa.int64(), AMOUNT, AMOUNT, pa.bool_())
SETTINGS = st.fixed_dictionaries(
    {"bad_values": st.sampled_from(["unproven", "ignore"]), "count_excluded": st.booleans()}
)


def lines(table: pa.Table) -> list[tuple[Any, ...]]:
    """The rows of a table of totals but for their keys, days as numbers."""
    table.validate(full=True)
    assert table.schema.names[:9] == list(COLUMNS) and tuple(table.schema.types[:9]) == TYPES
    keys = table["key"].to_pylist()
    assert len(set(keys)) == len(keys)
    days = table["day"].cast(pa.int32())
    return list(zip(days.to_pylist(), *(table[name].to_pylist() for name in COLUMNS[2:]), strict=True))


def expected(rows: list[Row], limit: Any = 8, **settings: Any) -> list[tuple[Any, ...]]:
    limit_on = limit if callable(limit) else oracle.constant(limit)
    return [group[:-1] for group in oracle.groups(rows, limit_on, **settings)]


def plain(column: pa.ChunkedArray) -> list[Any]:
    """The cells; dates that Python has none for as numbers."""
    numbers = {pa.date32(): pa.int32(), pa.date64(): pa.int64()}
    return column.cast(numbers.get(column.type, column.type)).to_pylist()  # type: ignore[no-any-return]


def totals(manifest: Any, **options: Any) -> pa.Table:
    return dm.totals(manifest, **options).read_all()


@given(manifests(), SETTINGS, st.integers(1, 4), st.sampled_from(["1B", "1GiB"]))
def test_totals_are_the_oracles(manifest: Manifest, settings: dict[str, Any], threads: int, memory: str) -> None:
    """Every type, layout, chunking, setting, thread count and memory limit gives the groups of exact integers."""
    options = {"placeholders": PLACEHOLDERS, **settings}
    table = totals(manifest.stream(), **manifest.roles, limit=8, threads=threads, memory_limit=memory, **options)
    assert Counter(lines(table)) == Counter(expected(manifest.rows, **options))


@given(manifests(), SETTINGS)
def test_named_groups_come_in_the_order_of_their_first_rows(manifest: Manifest, settings: dict[str, Any]) -> None:
    """With names, groups are in the order of their first rows, and have these rows' person as it is written."""
    options = {"placeholders": PLACEHOLDERS, **settings}
    table = totals(manifest.table(), **manifest.roles, limit=8, names=True, **options)
    assert lines(table) == expected(manifest.rows, **options)
    first = [group.members[0] for group in oracle.groups(manifest.rows, oracle.constant(8), **options)]
    person = manifest.roles["person"]
    for name in [person] if isinstance(person, str) else person:
        cells = plain(manifest.table()[name])
        assert plain(table[name]) == [cells[row] for row in first]


@given(manifests(), SETTINGS)
def test_names_change_no_key(manifest: Manifest, settings: dict[str, Any]) -> None:
    """A group has the same key by each way."""
    options = manifest.roles | settings | {"limit": 8, "placeholders": PLACEHOLDERS, "secret": SECRET}
    named, plain = (totals(manifest.table(), names=names, **options) for names in (True, False))
    assert named.select(COLUMNS).sort_by("key").equals(plain.sort_by("key"))
    spilled = totals(manifest.stream(), memory_limit="1B", threads=3, **options)
    assert spilled.sort_by("key").equals(plain.sort_by("key"))


@given(manifests(COLUMNS_OF_ONE_TYPE))
def test_first_of(manifest: Manifest) -> None:
    """The first part that is present is the person, and `compared` says which."""
    roles = manifest.roles | {"person": dm.first_of(*manifest.roles["person"])}
    table = totals(manifest.table(), **roles, limit=8, placeholders=PLACEHOLDERS, names=True)
    assert lines(table) == expected(manifest.rows, placeholders=PLACEHOLDERS, first_of=True)


@pytest.mark.parametrize("window", ["day", "month", "quarter", "year"])
@given(rows=simple_rows())
def test_windows(window: Any, rows: list[Row]) -> None:
    """`day` is the first of the window."""
    rule = dm.Rule(8, window=window)
    assert Counter(lines(totals(simple_table(rows), **SIMPLE_ROLES, rule=rule))) == Counter(
        expected(rows, window=window)
    )


@pytest.mark.parametrize("window", ["month", "quarter", "year"])
def test_windows_begin_where_the_calendar_says(window: Any) -> None:
    """Of every day of 400 years, and of days before the year 1, the window begins where NumPy says."""
    import numpy as np

    days = np.concatenate([np.arange(-800_000, -600_000, 97), np.arange(-80_000, 80_000), [2**31 - 1, 1 - 2**31]])
    days = np.unique(days).astype(np.int32)
    table = pa.table({"who": ["A"] * len(days), "day": pa.array(days).view(pa.date32()), "usd": [1] * len(days)})
    found = totals(table, person="who", day="day", value="usd", rule=dm.Rule(8, window=window))
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    size = {"month": 1, "quarter": 3, "year": 12}[window]
    first = (months // size * size).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    starts, counts = np.unique(first[first > -(2**31)], return_counts=True)
    got = found.filter(pc.greater(found["day"].cast(pa.int32()), -(2**31) + 366)).sort_by("day")
    is_whole = starts > -(2**31) + 366
    assert got["day"].cast(pa.int32()).to_pylist() == starts[is_whole].tolist()
    assert got["rows"].to_pylist() == counts[is_whole].tolist()


@pytest.mark.parametrize("name", ["us-321", "us-gift"])
@given(data=st.data())
def test_limits_by_origin(name: str, data: Any) -> None:
    """A group has the least and the largest limit of its rows, and is over where it is above the least."""
    rows = data.draw(simple_rows(100, min_size=1))
    origins = data.draw(st.lists(st.sampled_from(["CN", "DE", "GU", None]), min_size=len(rows), max_size=len(rows)))
    rows = [dataclasses.replace(row, origin=origin) for row, origin in zip(rows, origins, strict=True)]
    table = simple_table(rows).append_column("origin", pa.array(origins, pa.string()))
    found = totals(table, **SIMPLE_ROLES, **{"sent_from" if name == "us-gift" else "origin": "origin"}, rule=name)
    limit_on = schedules.limit_by_country(name)
    assert Counter(lines(found)) == Counter(expected(rows, limit_on))


def test_totals_beyond_64_bits() -> None:
    """A total is exact also where it has more than 64 bits."""
    largest = Decimal("922337203685477.5807")
    table = pa.table(
        {"who": ["A"] * 5, "day": ["2024-06-01"] * 5, "usd": pa.array([largest] * 5, pa.decimal128(19, 4))}
    )
    (line,) = lines(totals(table, person="who", day="day", value="usd", limit=800))
    assert line[1] == 5 * largest and line[-1]
    (line,) = lines(totals(table, person="who", day="day", value="usd", limit=largest))
    assert line[1] == 5 * largest and line[-1]


SOME = pa.table(
    {
        "who": ["A", "A", "B", "C", "C", "D", "E"],
        "day": ["2024-06-01"] * 7,
        "usd": ["400", "400.01", "800", "1", None, "760", "759.9999"],
    }
)
ROLES = {"person": "who", "day": "day", "value": "usd", "limit": 800}


@pytest.mark.parametrize(
    ("options", "who"),
    [
        ({}, "ABCDE"),
        ({"over_only": True}, "A"),
        ({"refused_only": True}, "AC"),
        ({"refused_only": True, "bad_values": "ignore"}, "A"),
        ({"near": "0.95"}, "ABD"),
        ({"near": Decimal("0.95")}, "ABD"),
        ({"near": 1}, "AB"),
    ],
)
def test_some_groups(options: dict[str, Any], who: str) -> None:
    """Groups that are over; over or unproven; or near their limit, which counts as reached to the last unit."""
    assert totals(SOME, **ROLES, names=True, **options)["who"].to_pylist() == [*who]
    assert len(totals(SOME, **ROLES, **options)) == len(who)


@pytest.mark.parametrize("near", [0, "0", "-1", "1.01", "x", "nan", "1/0", 0.95, True])
def test_no_share(near: Any) -> None:
    """A share that is none is refused, a float too, which is not exact."""
    with pytest.raises(dm.errors.InputError, match="near= is a share above 0 and up to 1"):
        dm.totals(SOME, **ROLES, near=near)


def test_one_selection_at_a_time() -> None:
    with pytest.raises(dm.errors.InputError, match="give one of over_only=, refused_only=, near="):
        dm.totals(SOME, **ROLES, over_only=True, near="0.9")


def test_nothing() -> None:
    """No rows, and rows of no group, are a table without rows and with its whole schema."""
    for table in (SOME.slice(0, 0), SOME.set_column(0, "who", pa.nulls(7, pa.string()))):
        for names in (False, True):
            found = totals(table, **ROLES, names=names)
            assert (len(found), found.schema.names[:9]) == (0, list(COLUMNS))
            assert found.schema.names[9:] == (["who", "compared"] if names else [])


def test_compared() -> None:
    """`compared` is the form by which persons are told apart."""
    cells = {"name": ["John  SMITH ", "Doe, Jane", "john smith"], "zip": [1, None, 1]}
    table = pa.table(cells | {"day": ["2024-06-01"] * 3, "usd": [1, 2, 3]})
    roles = {"person": ["name", "zip"], "day": "day", "value": "usd", "limit": 800}
    found = totals(table, **roles, normalize="name", names=True)
    assert found.select(["name", "zip", "compared", "rows"]).to_pylist() == [
        {"name": "John  SMITH ", "zip": 1, "compared": "john smith | 1", "rows": 2},
        {"name": "Doe, Jane", "zip": None, "compared": "jane doe | ", "rows": 1},
    ]


def test_names_of_a_stream() -> None:
    """What comes once cannot be named, and the error says what would."""
    with pytest.raises(dm.errors.InputError, match=r"names=True reads the manifest twice.*read_all"):
        dm.totals(SOME.to_reader(), **ROLES, names=True)


def test_a_person_column_of_a_name_that_the_table_has() -> None:
    with pytest.raises(dm.errors.InputError, match="column 'key': a table of totals has a column of this name"):
        dm.totals(SOME.rename_columns(["key", "day", "usd"]), **ROLES | {"person": "key"}, names=True)


@pytest.mark.parametrize("memory", ["64KiB", "1GiB"])
@pytest.mark.parametrize("days", ["sorted", "mixed"])
def test_many_rows(memory: str, days: str) -> None:
    """Many rows of several threads, spilled or not, with days released or not: the groups of pyarrow's group by."""
    n = 300_000
    who = pa.array([(i * 7919) % 90_001 for i in range(n)])
    day = pa.array([19_000 + (i * 20 // n if days == "sorted" else i % 20) for i in range(n)], pa.int32()).view(
        pa.date32()
    )
    usd = pa.array([(i * 31) % 997 for i in range(n)])
    table = pa.table({"who": who, "day": day, "usd": usd})
    promise = {"sorted_by": "day"} if days == "sorted" else {}
    reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=10_000))
    found = totals(reader, **ROLES, **promise, threads=3, memory_limit=memory)
    expected = table.group_by(["who", "day"]).aggregate([("usd", "sum"), ("usd", "count")])
    got = Counter(zip(*(found[name].to_pylist() for name in ("day", "total", "rows")), strict=True))
    assert got == Counter(zip(*(expected[name].to_pylist() for name in ("day", "usd_sum", "usd_count")), strict=True))
    named = totals(table, **ROLES, threads=3, memory_limit=memory, names=True)
    first = table.append_column("row", pa.array(range(n))).group_by(["who", "day"]).aggregate([("row", "min")])
    assert [named[name].equals(first.sort_by("row_min")[name]) for name in ("who", "day")] == [True, True]
