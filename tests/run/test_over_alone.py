"""Rows that are over their limit by themselves are refused without a total, and change no other row's answer."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal
from typing import Any

import oracle
import pyarrow as pa
import pytest
import schedules
from handed import eligible, run_of, score, score_files
from oracle import Row

from deminimis.roles.binding import bind
from deminimis.roles.request import check
from deminimis.rules.rule import Rule
from deminimis.rules.steps import Step
from deminimis.run.order import DaySketchShape
from deminimis.run.way import Way
from deminimis.sizes import Sizes

ROWS = 4_000
ROLES = {"person": "who", "day": "day", "value": "value"}
SMALL, LARGE = ("0", "0.0001", "33.3333", "99.9999", "100", "150", "199.9999", "200"), ("200.0001", "201", "5000")
DAYS = [date(2016, 3, 8), date(2016, 3, 9), date(2016, 3, 10), date(2025, 8, 28), date(2025, 8, 29)]
STYLES = {
    "all over alone": lambda pick: pick.choice(LARGE),
    "all over alone or bad": lambda pick: pick.choice((*LARGE, None, "-1", "x")),
    "one of many may pass": lambda pick: pick.choice(LARGE * 8 + ("0", "100")),
    "some over alone": lambda pick: pick.choice(SMALL + LARGE),
    "none over alone": lambda pick: pick.choice(SMALL),
    "few cents": lambda pick: pick.choice(("0", "0.0001")),
}


def rows_of(seed: int, excluded: bool = False) -> list[Row]:
    """Person-days of every style, days nearly in order."""
    pick = random.Random(seed)
    styles = {(who, day): pick.choice(list(STYLES)) for who in range(400) for day in DAYS}
    rows = []
    for i in range(ROWS):
        who, day = pick.randrange(400), DAYS[i * len(DAYS) // ROWS]
        value = STYLES[styles[who, day]](pick)
        origin = pick.choice(["GU", "DE", "CN", None])
        rows.append(Row(who, day, value, origin=origin, sent_from=origin, excluded=excluded and pick.random() < 0.3))
    return rows


def table_of(rows: list[Row]) -> pa.Table:
    columns = {
        "who": pa.array([row.person for row in rows], pa.int64()),
        "day": pa.array([row.day for row in rows], pa.date32()),
        "value": pa.array([row.value for row in rows], pa.string()),
        "origin": pa.array([row.origin for row in rows], pa.string()),
        "excluded": pa.array([row.excluded for row in rows], pa.bool_()),
    }
    return pa.table(columns)


YEAR = Rule(steps=[Step(None, None, "every", Decimal(200), "a test")], window="year")
LIMITS: dict[str, tuple[dict[str, Any], oracle.LimitOn | oracle.ByRow, dict[str, Any]]] = {
    "one": ({"limit": 200}, oracle.constant(200), {}),
    "a unit": ({"limit": "0.0001"}, oracle.constant("0.0001"), {}),
    "zero": ({"limit": 0}, oracle.constant(0), {}),
    "wide": ({"limit": 107_375}, oracle.constant(107_375), {}),
    "by origin": ({"rule": "us-gift", "sent_from": "origin"}, schedules.schedule("us-gift"), {}),
    "dated": ({"rule": "us-321", "origin": "origin"}, schedules.schedule("us-321"), {}),
    "of a year": ({"rule": YEAR}, oracle.constant(200), {"window": "year"}),
}
WAYS = {
    "at once": Way("at once"),
    "one partition": Way("scattered", 1, 0),
    "scattered": Way("scattered", 3, 4),
    "by sketches": Way("in day order", 2, order=DaySketchShape(16_800, 10, 4_000)),
    "by crowded sketches": Way("in day order", 3, order=DaySketchShape(16_800, 6, 2)),
}
MORE: list[dict[str, Any]] = [
    {},
    {"bad_values": "ignore"},
    {"excluded": "excluded"},
    {"excluded": "excluded", "count_excluded": False},
    {"overflow": "excess"},
    {"overflow": "excess", "excluded": "excluded"},
]


@pytest.mark.parametrize("more", MORE, ids=str)
@pytest.mark.parametrize("limit", LIMITS)
def test_every_way_is_the_oracles(limit: str, more: dict[str, Any]) -> None:
    """By whatever way and limit, with bad values, exclusions and rows in turn, the mask is that of exact sums."""
    options, limit_on, window = LIMITS[limit]
    rows = rows_of(len(limit), "excluded" in more)
    manifest, settings = table_of(rows), {key: value for key, value in more.items() if key != "excluded"}
    verdicts = oracle.judge(rows, limit_on, **settings, **window)
    right = pa.array([verdict.eligible for verdict in verdicts])
    assert 0 < right.true_count < ROWS
    meaning = bind(check(**ROLES, **options, **more), manifest.schema, outcomes=False, tally=False).settings
    for name, way in WAYS.items():
        if way.order is None or meaning.can_take_day_sketch:
            got = eligible(manifest, **ROLES, **options, **more, threads=way.workers, way=way)
            assert got.equals(right), name
    hot = Sizes(hot_rows=1, rows_for_one_worker=1, slice_rows=640)
    assert eligible(manifest, **ROLES, **options, **more, way=WAYS["scattered"], sizes=hot, threads=3).equals(right)


@pytest.mark.parametrize("counted_rows", [0, 1 << 15])
@pytest.mark.parametrize("more", MORE, ids=str)
@pytest.mark.parametrize("limit", LIMITS)
def test_counts_are_the_oracles(limit: str, more: dict[str, Any], counted_rows: int) -> None:
    """Reasons and values of a summary too, whether groups are counted by their slots or estimated."""
    options, limit_on, window = LIMITS[limit]
    rows = rows_of(7, "excluded" in more)
    settings = {key: value for key, value in more.items() if key != "excluded"}
    verdicts = oracle.judge(rows, limit_on, **settings, **window)
    sizes = Sizes(counted_rows=counted_rows)
    summary = score_files(table_of(rows), None, **ROLES, **options, **more, sizes=sizes, way=WAYS["one partition"])
    counted = {reason: sum(verdict.reason == reason for verdict in verdicts) for reason in oracle.REASONS}
    assert {reason: summary.reasons[reason] for reason in counted} == counted
    values = [oracle.units(row.value) for row, verdict in zip(rows, verdicts, strict=True) if verdict.eligible]
    assert summary.value_eligible == Decimal(sum(value or 0 for value in values)).scaleb(-4)
    assert score(table_of(rows), **ROLES, **options, **more).reason.to_pylist() == [one.reason for one in verdicts]


@pytest.mark.parametrize(("values", "kind"), [(("900", "801"), "in day order"), (("799", "500"), "scattered")])
def test_way_of_what_is_refused(values: tuple[str, ...], kind: str) -> None:
    """Rows that refuse themselves are not read twice, so their days are sketched; those that need totals are not."""
    n = 200_000
    columns = {
        "who": pa.array([row % 40 for row in range(n)]),
        "day": pa.array([19_000 + row * 30 // n for row in range(n)], pa.int32()).cast(pa.date32()),
        "value": pa.array([Decimal(values[row % 3 == 0]) for row in range(n)]),
    }
    run = run_of(False, False, **ROLES, limit=800)
    (mask,) = {answer.mask.true_count for answer in run.answer_table(pa.table(columns))}
    assert mask == 0
    assert run.way is not None and run.way.kind == kind
