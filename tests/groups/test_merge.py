"""Totals of parts merge to those of the whole, in any order and by any engine; and answer rows as one machine does."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from asked import ROLES, SECRET, SETTINGS, SOME, answers, lines, totals
from hypothesis import given
from hypothesis import strategies as st
from kinds import PLACEHOLDERS
from strategies import Manifest, manifests

import deminimis as dm
from deminimis.groups.mark import MARK


@given(manifests(max_rows=60), SETTINGS, st.data())
def test_any_parts_in_any_order_are_the_whole(manifest: Manifest, settings: dict[str, Any], data: Any) -> None:
    """1 to 50 parts, merged in any order, in memory or by way of the disk: the groups of the whole, and its answers."""
    options = manifest.roles | settings | {"limit": 8, "placeholders": PLACEHOLDERS, "secret": SECRET}
    table = manifest.table()
    ends = data.draw(st.lists(st.integers(0, len(table)), max_size=49))
    bounds = [0, *sorted(ends), len(table)]
    parts = [table.slice(a, b - a) for a, b in pairwise(bounds)]
    tables = [totals(part, **options) for part in data.draw(st.permutations(parts))]
    while len(tables) > 2 and data.draw(st.booleans()):  # some before others
        tables = [dm.merge(tables[:2]).read_all(), *tables[2:]]
    merged = dm.merge(tables, memory_limit=data.draw(st.sampled_from(["1B", "1GiB"]))).read_all()
    whole = totals(table, **options)
    assert lines(merged) == lines(whole)
    assert merged.schema.equals(whole.schema, check_metadata=True)
    expected = dm.score(table, **options)
    assert [row for part in parts for row in zip(*answers(dm.score(part, **options, totals=merged)), strict=True)] == [
        *zip(*answers(expected), strict=True)
    ]


GROUP_BY = """
select key, day, sum(total) as total, sum(rows) as rows, sum(bad_rows) as bad_rows,
       sum(excluded_rows) as excluded_rows, min(least_limit) as least_limit, max(largest_limit) as largest_limit
from parts group by key, day
"""


@given(manifests(max_rows=60))
def test_other_engines_merge(manifest: Manifest) -> None:
    """DuckDB's and Polars' GROUP BY are a merge, once the table says what it is."""
    options = manifest.roles | {"limit": 8, "placeholders": PLACEHOLDERS, "secret": SECRET}
    table = manifest.table()
    half = len(table) // 2
    parts = pa.concat_tables([totals(table.slice(0, half), **options), totals(table.slice(half), **options)])
    expected = answers(dm.score(table, **options))
    by_duckdb = duckdb.sql(GROUP_BY).to_arrow_table()
    by_polars = pl.SQLContext(parts=pl.DataFrame(parts)).execute(GROUP_BY, eager=True).to_arrow()
    for merged in (by_duckdb, by_polars):
        with pytest.raises(dm.errors.TotalsError, match="the table of totals does not say what it is: give what"):
            dm.score(table, **options, totals=merged)
        told = merged.replace_schema_metadata(parts.schema.metadata)
        assert answers(dm.score(table, **options, totals=told)) == expected
        assert lines(dm.merge([told]).read_all()) == lines(totals(table, **options))


@pytest.mark.parametrize("ending", ["parquet", "arrow", "arrows"])
def test_files(tmp_path: Path, ending: str) -> None:
    """Tables lie in files, which still say what they are."""
    table, path = totals(SOME, **ROLES, names=True), str(tmp_path / f"totals.{ending}")
    if ending == "parquet":
        pq.write_table(table, path)
    else:
        new = pa.ipc.new_file if ending == "arrow" else pa.ipc.new_stream
        with pa.OSFile(path, "wb") as sink, new(sink, table.schema) as writer:
            writer.write_table(table)
    merged = dm.merge([path]).read_all()
    assert lines(merged) == lines(table) and merged.schema.names == table.schema.names
    assert dm.eligible(SOME, **ROLES, totals=path).to_pylist() == [False, False, True, False]
    doubled = dm.merge([path, table]).read_all()
    assert Counter(doubled["total"].to_pylist()) == Counter(2 * total for total in table["total"].to_pylist())
    assert dm.score(SOME, **ROLES, totals=doubled).mask.to_pylist() == [False] * 4


@pytest.mark.parametrize("ending", ["parquet", "arrow", "arrows"])
def test_torn_files(tmp_path: Path, ending: str) -> None:
    """A file of which the end is missing, or bytes of which changed, is an error that names it or a sound table."""
    table, path = totals(SOME, **ROLES, names=True), tmp_path / f"totals.{ending}"
    if ending == "parquet":
        pq.write_table(table, path)
    else:
        new = pa.ipc.new_file if ending == "arrow" else pa.ipc.new_stream
        with pa.OSFile(str(path), "wb") as sink, new(sink, table.schema) as writer:
            writer.write_table(table)
    content = path.read_bytes()
    for end in range(0, len(content) - 8, 97):
        path.write_bytes(content[:end])
        with pytest.raises(dm.errors.InputError, match=path.name):
            dm.merge([path]).read_all()
    for at in range(0, len(content), 41):
        path.write_bytes(content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :])
        with contextlib.suppress(dm.errors.DeminimisError):
            dm.merge([path]).read_all()


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({"limit": 801}, r"differ in limit \('800.0000' and '801.0000'\)"),
        ({"limit": None, "rule": "us-gift", "sent_from": "who"}, "differ in limit"),
        ({"bad_values": "ignore"}, "differ in bad_values"),
        ({"normalize": "fold"}, "differ in normalize"),
        ({"count_excluded": False}, "differ in count_excluded"),
        ({"in_care_of": True}, "differ in in_care_of"),
        ({"placeholders": ["X"]}, "differ in placeholders"),
        ({"timezone": "UTC"}, "differ in timezone"),
        ({"currency_code": "USD"}, "differ in currency_code"),
        ({"person": ["who", "usd"]}, "differ in person"),
        ({"per": "usd"}, "differ in person"),
        ({"rule": dm.Rule(800, window="month"), "limit": None}, "differ in window"),
        ({"secret": SECRET + b"!"}, r"were made with another secret="),
        ({"secret": None}, r"was made without secret="),
    ],
)
def test_what_differs_is_told(options: dict[str, Any], wrong: str) -> None:
    """Tables of other settings or secrets do not merge, nor answer; the error says in what they differ."""
    one, other = totals(SOME, **ROLES), totals(SOME, **ROLES | options)
    with pytest.raises(dm.errors.TotalsError, match=f"table 1 and table 2 .*{wrong}|table 2 {wrong}"):
        dm.merge([one, other])
    with pytest.raises(dm.errors.TotalsError, match=f"{wrong}|this run {wrong}"):
        dm.score(SOME, **ROLES | options, totals=one)


def test_kinds_of_persons_differ() -> None:
    integers = SOME.set_column(0, "who", pa.array([1, 1, 2, 3]))
    with pytest.raises(dm.errors.TotalsError, match=r"differ in person \(\['text'\] and \['integer'\]\)"):
        dm.merge([totals(SOME, **ROLES), totals(integers, **ROLES)])


def test_columns_and_reading_do_not_matter() -> None:
    """What columns are called and how text is read is no part of what rows mean."""
    other = SOME.rename_columns(["buyer", "arrived", "price"])
    roles = {
        "person": "buyer",
        "day": "arrived",
        "value": "price",
        "limit": "800.00",
        "secret": SECRET,
        "thousands": ",",
    }
    merged = dm.merge([totals(SOME, **ROLES), totals(other, **roles)]).read_all()
    assert sorted(merged["rows"].to_pylist()) == [2, 2, 4]


def test_without_a_secret() -> None:
    """Keys are good for one run only: no two tables merge, not even one with itself."""
    alone = ROLES | {"secret": None}
    table = totals(SOME, **alone)
    assert lines(dm.merge([table]).read_all()) == lines(table)
    for other in (table, totals(SOME, **alone)):
        with pytest.raises(
            dm.errors.TotalsError, match=r"made without secret=, so that the(ir)? keys are good for one run"
        ):
            dm.merge([table, other])


@pytest.mark.parametrize("options", [{"over_only": True}, {"near": "0.5"}])
def test_some_groups_answer_nothing(options: dict[str, Any]) -> None:
    table = totals(SOME, **ROLES, **options)
    with pytest.raises(dm.errors.TotalsError, match="has only some groups, and says nothing of the others"):
        dm.eligible(SOME, **ROLES, totals=table)
    with pytest.raises(dm.errors.TotalsError, match="table 1 has only some groups: groups that are within"):
        dm.merge([table, totals(SOME, **ROLES)])


def changed(table: pa.Table, **told: Any) -> pa.Table:
    mark = json.loads(table.schema.metadata[MARK]) | told
    return table.replace_schema_metadata({MARK: json.dumps(mark).encode()})


@pytest.mark.parametrize(
    ("make", "wrong"),
    [
        (lambda t: t.replace_schema_metadata(None), "does not say what it is"),
        (lambda t: t.replace_schema_metadata({MARK: b"x"}), "cannot be read: make it anew"),
        (lambda t: t.replace_schema_metadata({MARK: b"[]"}), "cannot be read: make it anew"),
        (lambda t: changed(t, version=2), "is of version 2, and this package reads version 1"),
        (lambda t: changed(t, secret="0"), "was changed: make it anew"),
        (lambda t: changed(t, settings={}), "was changed: make it anew"),
        (lambda t: changed(t, settings=1), "was changed: make it anew"),
        (lambda t: changed(t, more=1), "was changed: make it anew"),
        (lambda t: changed(t, holds="all"), "was changed: make it anew"),
        (lambda t: t.drop_columns(["key"]), "column 'key': has no column of this name"),
        (lambda t: pa.concat_tables([t, t]), "has a key twice: merge the tables"),
        (lambda t: t.set_column(2, "total", t["total"].cast(pa.float64())), "the type double is none for it"),
        (lambda t: t.set_column(2, "total", pa.nulls(3, t["total"].type)), "column 'total': a cell is missing"),
        (lambda t: t.set_column(2, "total", pa.array([-1] * 3)), "column 'total': a number lies beyond"),
        (lambda t: t.set_column(2, "total", pa.array(["x"] * 3)), "column 'total': the type string is none for it"),
        (lambda t: t.set_column(0, "key", pa.array([b"x"] * 3)), "column 'key': cannot be read as fixed_size_binary"),
        (lambda t: 1, "is a table of totals or a path of one, not int"),
    ],
)
def test_tables_that_are_none(make: Any, wrong: str) -> None:
    """What is no table of totals, or does not say what it is, answers nothing and merges with nothing."""
    table = make(totals(SOME, **ROLES))
    with pytest.raises(dm.errors.TotalsError, match=wrong):
        dm.eligible(SOME, **ROLES, totals=table)
    if "twice" not in wrong:
        with pytest.raises(dm.errors.TotalsError, match=wrong):
            dm.merge([table])


@pytest.mark.parametrize("tables", ["totals.parquet", Path("totals.parquet"), 1])
def test_not_a_list(tables: Any) -> None:
    with pytest.raises(dm.errors.InputError, match="merge takes a list of tables"):
        dm.merge(tables)


def test_nothing_to_merge() -> None:
    with pytest.raises(dm.errors.InputError, match="at least one table"):
        dm.merge([])
    nothing = SOME.slice(0, 0)
    assert len(dm.merge([totals(nothing, **ROLES)]).read_all()) == 0
    assert dm.score(nothing, **ROLES, totals=totals(nothing, **ROLES)).mask.to_pylist() == []


def test_names_merge_with_names() -> None:
    """The first table that has a group names it; other columns of persons are told."""
    one, other = (totals(SOME.slice(at, 2), **ROLES, names=True) for at in (0, 2))
    merged = dm.merge([one, other, one]).read_all()
    assert Counter(zip(merged["who"].to_pylist(), merged["rows"].to_pylist(), strict=True)) == Counter(
        [("A", 4), ("B", 1), ("C", 1)]
    )
    with pytest.raises(dm.errors.TotalsError, match=r"have other columns of persons \(who, compared and none\)"):
        dm.merge([one, totals(SOME, **ROLES)])
