"""Rules that ask for kinds, senders, entries and the limit of a row: any schedule, by every way, is the oracle's."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import oracle
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import schedules
from handed import eligible, score, score_files
from hypothesis import given
from hypothesis import strategies as st
from oracle import Row
from schedules import CHINA, EVER, EVERY, OTHER, Line

import deminimis as dm
from deminimis.rules.rule import Rule
from deminimis.rules.steps import Step
from deminimis.sizes import Sizes

FIRST = date(2024, 3, 1)
MIDDLE = "2024-03-11"
START = "2024-01-01"
SMALL = Sizes(rows_for_one_worker=500, slice_rows=640, group_rows_least=64, counted_rows=100, extent_bytes=4096)
LINES: dict[str, tuple[Line, ...]] = {
    "kinds": (
        Line(START, MIDDLE, EVERY, "900"),
        Line(MIDDLE, EVER, EVERY, None),
        Line(MIDDLE, EVER, EVERY, "700", kind="free"),
        Line(START, MIDDLE, CHINA, "200", kind="express"),
    ),
    "senders": (
        Line(START, EVER, CHINA, "300", senders=("SG",)),
        Line(START, MIDDLE, CHINA, "500", senders=OTHER),
        Line(MIDDLE, EVER, CHINA, None, senders=OTHER),
        Line(START, EVER, OTHER, "800"),
    ),
    "rows": (
        Line(START, MIDDLE, EVERY, "900", row_limit="400"),
        Line(MIDDLE, EVER, EVERY, "700", row_limit="350", counts_above=False),
    ),
    "all": (
        Line(START, MIDDLE, CHINA, "900", senders=("SG",), row_limit="400", counts_above=False),
        Line(START, MIDDLE, CHINA, "600", senders=OTHER, row_limit="400", counts_above=False),
        Line(START, MIDDLE, OTHER, "800", row_limit="400", counts_above=False),
        Line(MIDDLE, EVER, EVERY, None),
        Line(MIDDLE, EVER, OTHER, "500", kind="free", row_limit="450"),
    ),
}
GATE = "Asia/Tokyo"


def rule_of(name: str, window: Any, gate: str | None) -> Rule:
    def scope(codes: tuple[str, ...] | None) -> Any:
        return "every" if codes is EVERY else "other" if codes is OTHER else codes

    steps = [
        Step(
            date.fromisoformat(line.first),
            None if line.end == EVER else date.fromisoformat(line.end),
            scope(line.origins),
            None if line.limit is None else Decimal(line.limit),
            "a test",
            scope(line.senders),
            () if line.kind is None else (line.kind,),
            None if line.row_limit is None else Decimal(line.row_limit),
            line.counts_above,
        )
        for line in LINES[name]
    ]
    return Rule(steps=steps, name=name, window=window, gate=gate)


def rows_of(seed: int, n: int) -> list[Row]:
    """Rows in the order of their days around a gate, few persons, some cells missing or of no meaning."""
    rng = np.random.default_rng(seed)
    days = np.sort(rng.integers(0, 20, n)).tolist()

    def some(choices: list[Any]) -> list[Any]:
        return [choices[i] for i in rng.integers(0, len(choices), n)]

    entries = [None, None, "", -1, 0, 0, 0, 1, 2, "night", "soon"]
    entered = []
    for day, shift in zip(days, some(entries), strict=True):
        on = FIRST + timedelta(days=day)
        if shift == "night":
            entered.append(f"{on}T15:30Z")  # the next day in Tokyo
        elif isinstance(shift, int):
            entered.append(str(on + timedelta(days=shift)))
        else:
            entered.append(shift)
    cells = zip(
        some([f"P{i}" for i in range(n // 4)] + [None]),
        days,
        some(
            [Decimal(v) for v in ("0", "50", "120.5", "250", "340", "350.01", "399", "401", "450", "900.01")] + [None]
        ),
        some(["CN", "hk", "DE", "US", "XX", "", None]),
        some(["SG", "CN", "DE", None, "China"]),
        some(["free", " Express", "mail", None]),
        entered,
        some([True, False, False, False, False, None]),
        strict=True,
    )
    return [
        Row(
            who,
            oracle.day_number(FIRST + timedelta(days=day)),
            value,
            origin=origin if origin != "XX" else "XX",
            sent_from=sent_from,
            kind=kind,
            entered=entry,
            excluded=excluded,
        )
        for who, day, value, origin, sent_from, kind, entry, excluded in cells
    ]


TYPES: dict[str, pa.DataType] = {
    "person": pa.string(), "day": pa.date32(), "value": pa.decimal128(12, 4), "origin": pa.string(),
    "sent_from": pa.string(), "kind": pa.string(), "entered": pa.string(), "excluded": pa.bool_(),
}  # fmt: skip
WAYS: dict[str, dict[str, Any]] = {
    "usual": {"sizes": Sizes()},
    "threads": {"threads": 3, "sizes": SMALL},
    "spilled": {"threads": 2, "memory_limit": "1B", "sizes": SMALL},
    "released": {"threads": 2, "memory_limit": "200kB", "sorted_by": "day", "sizes": SMALL},
}


def known(rows: list[Row]) -> list[Row]:
    """The rows as the oracle knows countries: what is no code is missing."""
    codes = {"CN", "HK", "DE", "US", "SG"}

    def code(text: str | None) -> str | None:
        return text if text is not None and text.upper() in codes else None

    return [
        Row(**{**vars(row), "origin": code(row.origin), "sent_from": code(row.sent_from)})  # a plain copy
        for row in rows
    ]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"overflow": "excess"},
        {"window": "month"},
        {"bad_values": "ignore", "count_excluded": False},
        {"without": ("kind", "entered", "excluded")},
        {"without": ("excluded",), "gate": None},
    ],
    ids=str,
)
def test_any_way_is_the_oracles(name: str, way: str, settings: dict[str, Any], tmp_path: Path) -> None:
    """Mask, reasons and totals are the oracle's in memory, from files, spilled, and released day by day."""
    rows = rows_of(len(name), 3_000)
    without, gate = settings.get("without", ()), settings.get("gate", GATE)
    window = settings.get("window", "day")
    chosen = {key: value for key, value in settings.items() if key not in ("without", "gate", "window")}
    blank = {"kind": None, "entered": None, "excluded": False}
    plain = [Row(**{**vars(row), **{role: blank[role] for role in without}}) for row in known(rows)]
    expected = oracle.judge(plain, schedules.by_row(LINES[name], gate), window=window, **chosen)
    table = pa.table({role: pa.array([getattr(row, role) for row in rows], kind) for role, kind in TYPES.items()})
    roles = {role: role for role in TYPES if role not in without}
    options = roles | chosen | WAYS[way] | {"rule": rule_of(name, window, gate)}
    mask = [one.eligible for one in expected]
    assert eligible(table, **options).to_pylist() == mask
    found = score(table, **options)
    assert found.reason.to_pylist() == [one.reason for one in expected]
    assert found.total.to_pylist() == [one.total for one in expected]
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=700)
    summary = score_files(tmp_path / "in.parquet", tmp_path / "out.parquet", **options)
    assert pq.read_table(tmp_path / "out.parquet")["eligible"].to_pylist() == mask
    assert list(summary.reasons.values()) == [
        sum(one.reason == reason for one in expected) for reason in oracle.REASONS
    ]
    assert 0 < sum(mask) < len(mask)


@pytest.mark.parametrize("entered", [None, pa.date32()])
def test_days_in_order(entered: pa.DataType | None) -> None:
    """Many rows in the order of their days, which go by the sketch of a day, with and without a day of entry."""
    n = 30_000
    rng = np.random.default_rng(3)
    days = np.sort(rng.integers(0, 20, n)) + oracle.day_number(FIRST)
    shift = rng.integers(-1, 2, n) if entered else np.zeros(n, int)
    people, values = rng.integers(0, n // 3, n), rng.integers(0, 950, n)
    kinds = np.array(["free", "express", "mail"])[rng.integers(0, 3, n)]
    origins = np.array(["CN", "DE"])[rng.integers(0, 2, n)]
    columns = {"person": people, "value": values, "kind": kinds, "origin": origins}
    table = pa.table(columns | {"day": pa.array(days.astype(np.int32)).cast(pa.date32())})
    roles = {role: role for role in ("person", "day", "value", "kind", "origin")}
    if entered is not None:
        roles["entered"] = "entered"
        table = table.append_column("entered", pa.array((days + shift).astype(np.int32)).cast(entered))
    lines = LINES["kinds"]
    cells = zip(people, days, values, kinds, origins, days + shift, strict=True)
    rows = [
        Row(int(who), int(day), int(value), kind=str(kind), origin=str(origin), entered=int(at))
        for who, day, value, kind, origin, at in cells
    ]
    mask = [one.eligible for one in oracle.judge(rows, schedules.by_row(lines, GATE))]
    for sizes in (Sizes(), Sizes(rows_for_one_worker=1_000, slice_rows=6_400)):
        got = eligible(table, **roles, rule=rule_of("kinds", "day", GATE), sizes=sizes, threads=2)
        assert got.to_pylist() == mask


def test_dictionaries_and_instants() -> None:
    """Scopes may be dictionaries, and an entry an instant, a time or a number."""
    rows = rows_of(5, 2_000)
    table = pa.table({role: pa.array([getattr(row, role) for row in rows], kind) for role, kind in TYPES.items()})
    rule = rule_of("all", "day", GATE)
    roles = {role: role for role in TYPES}
    expected = dm.eligible(table, **roles, rule=rule)
    for role in ("origin", "sent_from", "kind"):
        at = table.column_names.index(role)
        table = table.set_column(at, role, table[role].dictionary_encode())
    assert dm.eligible(table, **roles, rule=rule).equals(expected)
    instants = ["2024-03-10T14:59:59Z", "2024-03-10T15:00:00Z", None]
    one = pa.table({"who": ["A", "B", "C"], "day": ["2024-03-10"] * 3, "usd": [1] * 3, "origin": ["DE"] * 3})
    for zone in ("UTC", "America/New_York"):
        at = pa.array([None if text is None else np.datetime64(text[:-1]) for text in instants], pa.timestamp("s"))
        found = dm.eligible(
            one.append_column("entered", at.cast(pa.timestamp("s", zone))),
            person="who",
            day="day",
            value="usd",
            origin="origin",
            entered="entered",
            rule=rule_of("kinds", "day", GATE),
        )
        assert found.to_pylist() == [True, False, True]


CHANGES = [
    date for steps in schedules.SCHEDULES.values() for step in steps for date in (step.first, step.end) if date < "9999"
]
AROUND = sorted({oracle.day_number(date) + shift for date in CHANGES for shift in (-1, 0, 1)})
PRICES = st.sampled_from([0, 60, 100, 150, 200, 800, 801, 2_000, 2_001, 5_000, 5_001, 13_000, 26_000])
ORIGINS = st.sampled_from(["CN", "HK", "VN", "US", "GU", "cn", " HK ", "", None])


KINDS = st.sampled_from(["express", "EXPRESS ", "1702b", "mail", "", None])


@pytest.mark.parametrize("name", schedules.SCHEDULES)
@given(
    cells=st.lists(
        st.tuples(
            st.sampled_from("ABC"),
            st.sampled_from(AROUND),
            PRICES,
            ORIGINS,
            ORIGINS,
            KINDS,
            st.sampled_from([None, *AROUND]),
        ),
        max_size=30,
    ),
    has_kinds=st.booleans(),
    has_entries=st.booleans(),
)
def test_rules(name: str, cells: list[tuple[Any, ...]], has_kinds: bool, has_entries: bool) -> None:
    """Each row is held against the limit of its own day and scopes; rows out of force touch no total."""
    more = {"kind": has_kinds, "entered": has_entries}
    names = ("person", "day", "value", "origin", "sent_from", "kind", "entered")
    rows = [Row(**{role: x for role, x in zip(names, cell, strict=True) if more.get(role, True)}) for cell in cells]
    types = {"person": pa.string(), "day": pa.date32(), "value": pa.int32()}
    types |= dict.fromkeys(("origin", "sent_from", "kind"), pa.string()) | {"entered": pa.date32()}
    columns = {role: pa.array([getattr(row, role) for row in rows], type_) for role, type_ in types.items()}
    table = pa.table(columns | {"supplier": pa.array(["S"] * len(rows), pa.string())})
    roles = {role: role for role in types if more.get(role, True)}
    roles |= {"per": ["supplier"]} if name in ("kr", "tw-post") else {}
    expected = oracle.judge(rows, schedules.schedule(name), **schedules.MEANING[name])
    found = dm.score(table, **roles, rule=name)
    told = zip(found.reason.to_pylist(), found.total.to_pylist(), strict=True)
    assert list(told) == expected
    assert dm.eligible(table, **roles, rule=name).to_pylist() == [one.eligible for one in expected]
