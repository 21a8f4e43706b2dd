"""Shipments that several parties tell: any rows, in any order and by every way, are what the oracle says."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import oracle
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from handed import eligible, score, score_files
from hypothesis import given
from hypothesis import strategies as st
from oracle import Row, Verdict

import deminimis as dm
from deminimis.errors import InputError
from deminimis.sizes import Sizes

SMALL = Sizes(
    rows_for_one_worker=500,
    slice_rows=640,
    group_rows_least=64,
    counted_rows=100,
    extent_bytes=4096,
    range_bytes=4096,
    piece_rows_least=64,
)
TYPES: dict[str, pa.DataType] = {
    "person": pa.string(), "day": pa.date32(), "value": pa.decimal128(12, 4), "excluded": pa.bool_(),
    "shipment": pa.string(), "party": pa.string(), "version": pa.int32(), "line": pa.string(), "cancelled": pa.bool_(),
}  # fmt: skip
ROLES = {role: role for role in TYPES}
SOME: dict[str, list[Any]] = {
    "person": ["A", "B", "C", "D", None, "N/A"],
    "day": [19_700, 19_701, 19_702, None],
    "value": [Decimal(v) for v in ("0", "100", "250.5", "300", "300", "420", "799.9999")] + [None, Decimal(-1)],
    "excluded": [False, False, False, False, True, None],
    "party": ["carrier", " carrier", "broker", "market", "", None],
    "version": [1, 1, 2, 3, None],
    "line": ["1", "1", "2", "3", None, "N/A"],
    "cancelled": [False, False, False, False, False, None, True],
}
WAYS: dict[str, dict[str, Any]] = {
    "usual": {"sizes": Sizes()},
    "threads": {"threads": 3, "sizes": SMALL},
    "spilled": {"threads": 2, "memory_limit": "1B", "sizes": SMALL},
}


@st.composite
def rows(draw: st.DrawFn) -> list[Row]:
    """A few shipments, told and told again."""
    n = draw(st.integers(0, 30))
    ids = ["S1", "S2", "S3", None, "N/A"]
    cells = [{role: draw(st.sampled_from(choices)) for role, choices in SOME.items()} for _ in range(n)]
    return [Row(**cell, shipment=draw(st.sampled_from(ids))) for cell in cells]


def many(seed: int, n: int) -> list[Row]:
    """As many shipments as a third of the rows."""
    rng = np.random.default_rng(seed)
    drawn = {role: [choices[i] for i in rng.integers(0, len(choices), n)] for role, choices in SOME.items()}
    drawn["person"] = [f"P{i}" for i in rng.integers(0, n // 8 + 1, n)]
    drawn["shipment"] = [f"S{i}" for i in rng.integers(0, n // 3 + 1, n)]
    return [Row(**dict(zip(drawn, cells, strict=True))) for cells in zip(*drawn.values(), strict=True)]


def table_of(told: list[Row], without: tuple[str, ...] = ()) -> pa.Table:
    kinds = {role: kind for role, kind in TYPES.items() if role not in without}
    return pa.table({role: pa.array([getattr(row, role) for row in told], kind) for role, kind in kinds.items()})


def told_of(verdicts: list[Verdict]) -> list[tuple[bool, str, Decimal | None]]:
    return [(one.eligible, one.reason, one.total) for one in verdicts]


def found_of(scored: dm.Scored) -> list[tuple[bool, str, Decimal | None]]:
    return list(zip(scored.mask.to_pylist(), scored.reason.to_pylist(), scored.total.to_pylist(), strict=True))


@given(
    rows(),
    st.sampled_from([{}, {"overflow": "excess"}, {"bad_values": "ignore"}, {"count_excluded": False}]),
    st.sampled_from([(), ("broker",), ("market", "carrier")]),
    st.sampled_from([(), ("party",), ("version",), ("line", "cancelled")]),
    st.sampled_from([*WAYS]),
    st.randoms(use_true_random=False),
)
def test_any_rows(
    told: list[Row],
    settings: dict[str, Any],
    party_order: tuple[str, ...],
    without: tuple[str, ...],
    way: str,
    random: Any,
) -> None:
    """Masks, reasons and totals are the oracle's, with some roles or without them, in this order and in another."""
    blank = {role: False if role == "cancelled" else None for role in without}
    if party_order and "party" not in without:
        settings = settings | {"party_order": party_order}
    for _ in range(2):
        plain = [Row(**{**vars(row), **blank}) for row in told]
        expected = told_of(oracle.judge(plain, oracle.constant(800), placeholders=("N/A",), **settings))
        roles = {role: role for role in ROLES if role not in without}
        options = roles | settings | WAYS[way] | {"limit": 800}
        if "party_order" in options:
            options["party_order"] = list(options["party_order"])
        assert found_of(score(table_of(told), **options)) == expected
        assert eligible(table_of(told), **options).to_pylist() == [eligible for eligible, _, _ in expected]
        random.shuffle(told)


def parquet(table: pa.Table, folder: Path) -> Path:
    pq.write_table(table, folder / "in.parquet", row_group_size=300)
    return folder / "in.parquet"


def csv(table: pa.Table, folder: Path) -> Path:
    pyarrow.csv.write_csv(table, folder / "in.csv")
    return folder / "in.csv"


def ipc(table: pa.Table, folder: Path) -> Path:
    with pa.ipc.new_file(folder / "in.arrow", table.schema) as sink:
        sink.write_table(table, max_chunksize=170)
    return folder / "in.arrow"


def several(table: pa.Table, folder: Path) -> Path:
    (folder / "in").mkdir()
    for at in range(0, table.num_rows, 1_000):
        pq.write_table(table.slice(at, 1_000), folder / "in" / f"{at:05}.parquet")
    return folder / "in"


def batches(table: pa.Table, folder: Path) -> list[pa.RecordBatch]:
    return table.to_batches(max_chunksize=333)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("write", [parquet, csv, ipc, several, batches], ids=lambda one: one.__name__)
def test_any_manifest(write: Callable[[pa.Table, Path], Any], way: str, tmp_path: Path) -> None:
    """Files and batches in memory give what the oracle says, in all of their answers and counts."""
    told = many(3, 4_000)
    expected = oracle.judge(told, oracle.constant(800), placeholders=("N/A",))
    source = write(table_of(told), tmp_path)
    options = ROLES | WAYS[way] | {"limit": 800}
    target = tmp_path / "out.parquet"
    summary = score_files(source, target, columns=("eligible", "reason", "total"), append=True, **options)
    found = pq.read_table(target)
    assert found["eligible"].to_pylist() == [one.eligible for one in expected]
    assert found["reason"].to_pylist() == [one.reason for one in expected]
    assert found["total"].to_pylist() == [one.total for one in expected]
    assert summary.reasons == {reason: sum(one.reason == reason for one in expected) for reason in oracle.REASONS}
    assert summary.reasons["copy"] > 500
    assert way != "spilled" or summary.bytes_spilled > 64 * 3_000
    score_files(source, tmp_path / "mask.parquet", **options)
    assert pq.read_table(tmp_path / "mask.parquet")["eligible"].equals(found["eligible"])


@pytest.mark.parametrize("kind", [pa.int64(), pa.dictionary(pa.int32(), pa.string()), pa.string_view(), pa.uint64()])
def test_kinds_of_ids(kind: pa.DataType) -> None:
    """Shipments and lines may be integers, or text in another form."""
    n = 5_000
    rng = np.random.default_rng(1)
    ids = [str(i) for i in rng.integers(0, n // 2, n)]
    told = [Row("A", 19_700, 1, shipment=one, party="P", line=one[-1]) for one in ids]
    expected = oracle.judge(told, oracle.constant(2_000))
    table = table_of(told, ("excluded", "version", "cancelled"))
    for role in ("shipment", "line"):
        cells = table[role].cast(pa.int64()) if pa.types.is_integer(kind) else table[role]
        table = table.set_column(table.column_names.index(role), role, cells.cast(kind))
    got = dm.score(table, **{role: role for role in table.column_names}, limit=2_000)
    assert found_of(got) == told_of(expected)


def test_days_that_are_released(tmp_path: Path) -> None:
    """Copies lie on other days than what they are copies of, and days are released all the same: by statistics, and by
    a promise."""
    n = 20_000
    rng = np.random.default_rng(2)
    days = (19_700 + np.arange(n) * 20 // n).tolist()
    ids, versions = rng.integers(0, n // 3, n).tolist(), rng.integers(0, 4, n).tolist()
    told = [
        Row(f"P{who}", day, 300, shipment=f"S{one}", version=version)
        for who, day, one, version in zip(rng.integers(0, 900, n).tolist(), days, ids, versions, strict=True)
    ]
    expected = oracle.judge(told, oracle.constant(800))
    table = table_of(told, ("excluded", "party", "line", "cancelled"))
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=1_000)
    roles = {role: role for role in table.column_names}
    for source, sorted_by in ((tmp_path / "in.parquet", None), (table, "day")):
        options = roles | {"limit": 800, "memory_limit": "300kB", "sorted_by": sorted_by, "sizes": SMALL, "threads": 2}
        assert found_of(score(source, **options)) == told_of(expected)


def test_stream_of_rows_and_answers() -> None:
    """`stream` decides copies anew for each reading."""
    told = many(5, 500)
    expected = oracle.judge(told, oracle.constant(800), placeholders=("N/A",))
    rows = dm.stream(table_of(told), **ROLES, limit=800)
    for _ in range(2):
        assert pa.table(rows)["reason"].to_pylist() == [one.reason for one in expected]


def test_notes() -> None:
    """The summary says why rows are copies, and notes nothing else of them."""
    told = [
        Row("A", 19_700, 900, shipment="S", party="P", version=1),
        Row("A", None, -3, shipment="S", party="P", version=1),
        Row("A", 19_700, 700, shipment="S", party="P", version=2, line="1"),
        Row("A", 19_700, 700, shipment="S", party="P", version=2, line="1"),
        Row("A", 19_700, 600, shipment="S", party="Q"),
        Row("A", 19_700, 600, shipment="T", party="Q", cancelled=True),
    ]
    summary = dm.score(table_of(told), **ROLES, limit=800).summary
    assert summary.reasons["copy"] == 5
    assert summary.notes == (
        "5 rows of shipments are copies: 1 by a cancellation, 2 by a later version of the same party, 1 by a line that "
        "is told twice, 1 by another party's telling",
    )


BESIDE = {"person": "person", "day": "day", "value": "value", "limit": 800}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"shipment": "shipment"}, "shipment= alone does not tell the lines of a shipment from copies of it"),
        ({"party": "party"}, "party= says who tells what of a shipment: give shipment= with it"),
        ({"cancelled": "cancelled"}, "give shipment= with it"),
        ({"shipment": "shipment", "line": "line", "party_order": ["P"]}, "give party= with it"),
        ({"shipment": "shipment", "party": "party", "party_order": "P"}, "party_order= is a list of names"),
        ({"shipment": "shipment", "party": "party", "party_order": ["P", "P"]}, "names each party once"),
        ({"shipment": "day", "version": "value"}, "the type decimal128(12, 4) cannot be the version"),
        ({"shipment": "shipment", "version": "party"}, "versions are all integers, all ISO instants with a zone"),
    ],
)
def test_what_is_refused(options: dict[str, Any], said: str) -> None:
    """Roles that cannot be told from one another, or make no sense, are refused with what is missing."""
    with pytest.raises(InputError) as raised:
        dm.eligible(table_of(many(1, 10)), **BESIDE, **options)
    assert said in str(raised.value)


def test_what_comes_once_is_refused() -> None:
    """A stream is read twice, so what comes once is refused, and so is what knows no whole manifest."""
    told = {"shipment": "shipment", "party": "party"}
    table = table_of(many(1, 10))
    with pytest.raises(InputError, match="shipment= reads the manifest twice, and this one comes once"):
        dm.eligible(table.to_reader(), **BESIDE, **told)
    with pytest.raises(InputError, match="a Scorer takes no shipment=: which rows are copies"):
        dm.Scorer(**BESIDE, **told)
    with pytest.raises(InputError, match="the table of totals takes no shipment="):
        dm.totals(table, **BESIDE, **told)
    with pytest.raises(InputError, match="totals= takes no shipment="):
        dm.score(table, **BESIDE, **told, totals=dm.totals(table, **BESIDE))


def test_too_many_parties() -> None:
    """More parties than any manifest has are a wrong column."""
    table = pa.table({"person": ["A"] * 1_100, "day": ["2024-06-01"] * 1_100, "value": [1] * 1_100})
    table = table.append_column("id", pa.array([str(i) for i in range(1_100)]))
    with pytest.raises(InputError, match="more than 1,023 parties tell of its shipments: which column names"):
        dm.eligible(table, **BESIDE, shipment="id", party="id")
