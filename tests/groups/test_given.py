"""Rows answered by totals that were given have the answers of one run, or are refused."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from asked import ROLES, SECRET, SETTINGS, SOME, answers, lines, totals
from hypothesis import given
from hypothesis import strategies as st
from kinds import PLACEHOLDERS
from oracle import Row
from strategies import SIMPLE_ROLES, Manifest, manifests, simple_rows, simple_table

import deminimis as dm
from deminimis.errors import InputError
from deminimis.groups.given import given_table
from deminimis.sources.open import open_source


@given(manifests(max_rows=60), SETTINGS, st.integers(1, 4))
def test_answers_by_totals_are_those_of_the_run(manifest: Manifest, settings: dict[str, Any], threads: int) -> None:
    """Rows answered by all groups, or by the refused ones alone, have the mask and the reasons of one run; totals are
    there as far as the table has them."""
    options = manifest.roles | settings | {"limit": 8, "placeholders": PLACEHOLDERS, "secret": SECRET}
    table = manifest.table()
    expected = dm.score(table, **options)
    complete = dm.score(manifest.stream(), **options, totals=dm.totals(table, **options), threads=threads)
    assert answers(complete) == answers(expected)
    refused = totals(table, **options, refused_only=True)
    found = dm.score(manifest.stream(), **options, totals=refused, threads=threads)
    assert answers(found)[:2] == answers(expected)[:2]
    known = set(refused["total"].to_pylist())
    pairs = zip(found.total.to_pylist(), expected.total.to_pylist(), expected.reason.to_pylist(), strict=True)
    for got, total, reason in pairs:
        assert got == total if reason in ("over-limit", "unproven-total") else got in (None, total)
        assert got is None or got in known
    assert dm.eligible(table, **options, totals=refused).equals(expected.mask)
    same = ("rows", "eligible", "reasons", "value_eligible", "value_not_eligible", "notes")
    assert [getattr(complete.summary, name) for name in same] == [getattr(expected.summary, name) for name in same]
    assert complete.summary.groups is None


@given(simple_rows(min_size=1), st.sampled_from(["month", "quarter", "year"]))
def test_windows(rows: list[Row], window: Any) -> None:
    """The key is that of the person and the window."""
    options = SIMPLE_ROLES | {"rule": dm.Rule(8, window=window), "secret": SECRET}
    table = simple_table(rows)
    assert answers(dm.score(table, **options, totals=totals(table, **options))) == answers(dm.score(table, **options))


@pytest.mark.parametrize("name", ["us-321", "us-gift"])
@given(data=st.data())
def test_limits_by_origin(name: str, data: Any) -> None:
    """Each row is held against its own limit, also where a group's differ."""
    rows = data.draw(simple_rows(100, min_size=1))
    origins = data.draw(st.lists(st.sampled_from(["CN", "DE", "GU", None]), min_size=len(rows), max_size=len(rows)))
    table = simple_table(rows).append_column("origin", pa.array(origins, pa.string()))
    country = "sent_from" if name == "us-gift" else "origin"
    options = SIMPLE_ROLES | {country: "origin", "rule": name, "secret": SECRET}
    for refused_only in (False, True):
        given = totals(table, **options, refused_only=refused_only)
        found = dm.score(table, **options, totals=given)
        assert answers(found)[:2] == answers(dm.score(table, **options))[:2]


def test_refused_groups_are_of_one_manifest() -> None:
    """They answer the manifest that they were made of, in whatever order, and no other; nor do they merge."""
    table = totals(SOME, **ROLES, refused_only=True)
    other_order = SOME.take(pa.array([3, 1, 2, 0]))
    assert dm.eligible(other_order, **ROLES, totals=table).to_pylist() == [False, False, True, False]
    with pytest.raises(dm.errors.TotalsError, match="are of another manifest of 4 rows, not 5"):
        dm.eligible(pa.concat_tables([SOME, SOME.slice(2, 1)]), **ROLES, totals=table)
    for column, cells in {"who": ["A", "A", "B", "D"], "usd": ["400", "401", "799.9999", None]}.items():
        changed = SOME.set_column(SOME.schema.get_field_index(column), column, pa.array(cells))
        with pytest.raises(dm.errors.TotalsError, match="are of another manifest: make them of this one"):
            dm.eligible(changed, **ROLES, totals=table)
    with pytest.raises(dm.errors.TotalsError, match="table 1 has only some groups"):
        dm.merge([table, table])


def test_a_row_that_complete_totals_lack() -> None:
    """It is an error that names the row; rows of no group are none."""
    more = pa.concat_tables([SOME, pa.table({"who": [None, "D"], "day": ["2024-06-01"] * 2, "usd": ["1", "2"]})])
    with pytest.raises(dm.errors.TotalsError, match="row 5: the totals that were given have no group") as raised:
        dm.score(more, **ROLES, totals=totals(SOME, **ROLES))
    assert raised.value.row == 5
    assert dm.score(more.slice(0, 5), **ROLES, totals=totals(SOME, **ROLES)).reason.to_pylist()[4] == "no-person"


def test_a_file_is_not_written_by_totals_of_another_manifest(tmp_path: Path) -> None:
    """Nothing is left of answers that turn out to be none."""
    table = totals(SOME, **ROLES, refused_only=True)
    pq.write_table(SOME.slice(0, 3), tmp_path / "in.parquet")
    with pytest.raises(dm.errors.TotalsError, match="another manifest of 4 rows, not 3"):
        dm.score_files(tmp_path / "in.parquet", tmp_path / "out.parquet", **ROLES, totals=table)
    assert [path.name for path in tmp_path.iterdir()] == ["in.parquet"]
    pq.write_table(SOME, tmp_path / "in.parquet")
    options = ROLES | {"columns": ["eligible", "reason", "total"], "totals": table}
    assert dm.score_files(tmp_path / "in.parquet", tmp_path / "out.parquet", **options).eligible == 1
    assert pq.read_table(tmp_path / "out.parquet")["eligible"].to_pylist() == [False, False, True, False]


def test_excess() -> None:
    """What depends on the order of rows cannot be told by totals, which the error says; totals can be had."""
    table = totals(SOME, **ROLES, overflow="excess")
    assert lines(table) == lines(totals(SOME, **ROLES))
    with pytest.raises(dm.errors.TotalsError, match="accepts rows in their order while they fit, which no total tells"):
        dm.score(SOME, **ROLES, overflow="excess", totals=table)


def test_bad_values_stop() -> None:
    """`bad_values="error"` names the row here too."""
    options = ROLES | {"bad_values": "error"}
    table = totals(SOME.slice(0, 3), **options)
    with pytest.raises(dm.errors.BadValueError, match="row 3"):
        dm.score(SOME, **options, totals=table)


@pytest.mark.parametrize("name", ["totals.parquet", "totals.arrow", "totals.arrows"])
def test_file_of_totals_is_not_replaced(tmp_path: Path, name: str) -> None:
    """Answers do not go where the totals are that they are made by, by whatever name."""
    path = write(totals(SOME, **ROLES), tmp_path / name)
    before = path.read_bytes()
    other = path.with_name(f"other{path.suffix}")
    other.hardlink_to(path)
    for target in (path, other):
        with pytest.raises(InputError, match="is a file that is read, and would be overwritten"):
            dm.score_files(SOME, target, **ROLES, totals=path)
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("name", ["totals.parquet", "totals.arrow", "totals.arrows"])
@pytest.mark.parametrize("when", ["between what it says of itself and its rows", "before its rows"])
def test_file_of_totals_that_changes(tmp_path: Path, name: str, when: str) -> None:
    """What a file of totals says of itself and its rows are of one file, or an error names it."""
    path = write(totals(SOME, **ROLES), tmp_path / name)
    other = write(totals(SOME.slice(0, 1), **ROLES), tmp_path / f"other{path.suffix}")

    def trace(frame: FrameType, event: str, argument: object) -> None:
        if other.exists() and frame.f_code is open_source.__code__ and frame.f_locals["manifest"] == path:
            other.replace(path)

    before = sys.gettrace()
    if when == "before its rows":
        table = given_table(path)
        other.replace(path)
    else:
        sys.settrace(trace)
    try:
        with pytest.raises(InputError, match=f"{name}: was replaced by another file while it was read"):
            if when == "before its rows":
                list(table.batches(table.schema))
            else:
                dm.score(SOME, **ROLES, totals=path)
    finally:
        sys.settrace(before)
    assert dm.score(SOME.slice(0, 1), **ROLES, totals=path).mask.to_pylist() == [True]


def write(table: pa.Table, path: Path) -> Path:
    if path.suffix == ".parquet":
        pq.write_table(table, path)
    else:
        with (pa.ipc.new_file if path.suffix == ".arrow" else pa.ipc.new_stream)(path, table.schema) as writer:
            writer.write_table(table)
    return path
