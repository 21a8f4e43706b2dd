"""Rows in the order of their days, which are not scattered: the same masks as on the usual way, in any order."""

from __future__ import annotations

import random
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import oracle
import pyarrow as pa
import pytest
from handed import eligible, run_of
from hypothesis import given
from hypothesis import strategies as st
from strategies import Manifest, manifests

import deminimis as dm
from deminimis._kernel import DaySketch, Partitioner, Proof, Settings
from deminimis.results.scored import mask_of
from deminimis.roles.binding import bind
from deminimis.roles.request import check
from deminimis.run.order import DaySketchShape
from deminimis.run.run import Run
from deminimis.run.samples import order_of_table
from deminimis.run.way import Way

ROWS = 200_000
ROLES: dict[str, Any] = {"person": "who", "day": "day", "value": "value"}


def _without(options: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in options.items() if key != name}


def in_order(order: DaySketchShape) -> Way:
    """The way by the sketches of these days."""
    return Way("in day order", 2, order=order)


def table(days: np.ndarray, seed: int = 1, text: bool = False) -> pa.Table:
    """Rows of these days, many of which are of few persons, so that some totals are over the limit of 800."""
    chance = np.random.default_rng(seed)
    n = len(days)
    who = chance.integers(0, n, n)
    who[::20] = chance.integers(0, 40, len(who[::20]))
    value = np.round(np.minimum(np.exp(chance.normal(3.4, 1.2, n)), 2_500), 2)
    persons = pa.array(np.char.add("Person ", who.astype(str))) if text else pa.array(who)
    return pa.table({"who": persons, "day": pa.array(days.astype(np.int32), pa.date32()), "value": value})


def expected(rows: pa.Table) -> pa.BooleanArray:
    """The mask by sums of whole units."""
    who = rows["who"].combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)
    _, groups = np.unique(who << 32 ^ rows["day"].cast(pa.int32()).to_numpy(), return_inverse=True)
    units = np.round(rows["value"].to_numpy() * 10_000)
    return pa.array(np.bincount(groups, units)[groups] <= 8_000_000)


ORDERS = {
    "sorted": lambda chance: np.sort(chance.integers(19_000, 19_060, ROWS)),
    "nearly": lambda chance: 19_000 + np.arange(ROWS) * 60 // ROWS + chance.integers(-1, 2, ROWS),
    "backwards": lambda chance: np.sort(chance.integers(19_000, 19_060, ROWS))[::-1],
    "odd days": lambda chance: np.where(
        chance.random(ROWS) < 0.001, chance.integers(-700_000, 700_000, ROWS), 19_000 + np.arange(ROWS) * 60 // ROWS
    ),
    "shuffled": lambda chance: chance.integers(19_000, 19_365, ROWS),
}


@cache
def ordered(name: str, text: bool) -> tuple[pa.Table, pa.BooleanArray]:
    """Rows in one of the orders, and their mask."""
    rows = table(ORDERS[name](np.random.default_rng(5)), text=text)
    return rows, expected(rows)


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("text", [False, True])
@pytest.mark.parametrize("name", ORDERS)
def test_mask_of_a_table(name: str, text: bool, threads: int) -> None:
    """The order is found where there is one, and the mask is right with it, without, and with one that is not there."""
    rows, right = ordered(name, text)
    assert 0 < right.false_count < ROWS / 2
    settings = {"limit": 800, "threads": threads}
    run = run_of(False, False, **ROLES, memory_limit="4GiB", **settings)
    assert mask_of(run.answer_table(rows)).equals(right)
    assert run.way is not None and (run.way.kind == "in day order") == (name != "shuffled")
    chunked = pa.concat_tables([rows.slice(0, 70_001), rows.slice(70_001)])
    for order in (DaySketchShape(18_990, 8, 1_000), DaySketchShape(0, 6, 3), DaySketchShape(19_030, 12, 1)):
        way = Way("in day order", threads, order=order)
        assert eligible(chunked, **ROLES, **settings, way=way).equals(right)
    assert eligible(chunked, **ROLES, **settings, way=Way("scattered", threads, 3)).equals(right)


@given(
    manifests(),
    st.fixed_dictionaries(
        {
            "bad_values": st.sampled_from(["unproven", "ignore"]),
            "count_excluded": st.booleans(),
            "overflow": st.sampled_from(["all", "excess"]),
        }
    ),
    st.sampled_from([1, 2]),
    st.integers(-20, 40_000),
)
def test_eligible_is_the_oracles(manifest: Manifest, settings: dict[str, Any], threads: int, base: int) -> None:
    """Any types, nulls, bad values and settings; what such a run cannot hold takes the usual way."""
    placeholders = {"placeholders": ("n/a", "not given")}
    options: dict[str, Any] = {**manifest.roles, "limit": 8, "threads": threads, **settings, **placeholders}
    table = manifest.table()
    meaning = bind(check(**_without(options, "threads")), table.schema, outcomes=False, tally=False).settings
    way = in_order(DaySketchShape(base, 6, 2)) if meaning.can_take_day_sketch else Way("scattered", threads)
    got = eligible(table, **options, way=way)
    right = oracle.judge(manifest.rows, oracle.constant(8), **settings, **placeholders)
    assert got.to_pylist() == [verdict.eligible for verdict in right]


@pytest.mark.parametrize("base", [0, 20_150])
def test_limits_of_a_rule(base: int) -> None:
    """Limits by day and origin, days without one, rows without a day, and days that share their cells."""
    pick = random.Random(11)
    days: list[date | None] = [date(2016, 3, 1), date(2016, 3, 10), date(2025, 5, 1), date(2025, 5, 2), None]
    days += [date(2025, 8, 28), date(2025, 8, 29), date(2025, 6, 1), date(1990, 1, 1)]
    rows = 20_000
    manifest = pa.table(
        {
            "who": [pick.randrange(3_000) for _ in range(rows)],
            "day": pa.array([pick.choice(days) for _ in range(rows)], pa.date32()),
            "value": [pick.choice([0.0, 20.0, 199.99, 200.0, 90.5, 800.0, 799.99]) for _ in range(rows)],
            "origin": [pick.choice(["CN", "DE", None, "Atlantis"]) for _ in range(rows)],
        }
    )
    settings: dict[str, Any] = {**ROLES, "rule": "us-321", "origin": "origin"}
    right = eligible(manifest, **settings, way=Way("scattered", 2, 3))
    assert eligible(manifest, **settings, way=in_order(DaySketchShape(base, 9, 6))).equals(right)
    assert 0 < right.true_count < rows
    assert dm.score(manifest, **settings).mask.equals(right)


@pytest.mark.parametrize("limit", ["0", "0.0001", "0.0253", "0.0254", "0.0255", "2.54", "107374"])
def test_steps_never_round_down(limit: str) -> None:
    """Totals at the limit, a unit below and a unit above, however many rows they have and whatever a step is."""
    units = round(float(limit) * 10_000)
    rows, right = [], []
    for who in range(3_000):
        total = max(units + who % 3 - 1, 0)
        parts = min(1 + who % 7, max(total, 1))
        split = [total // parts] * parts
        split[0] += total - sum(split)
        rows += [(who, part) for part in split]
        right += [total <= units] * parts
    manifest = pa.table(
        {
            "who": [who for who, _ in rows],
            "day": pa.array([100] * len(rows), pa.date32()),
            "value": pa.array([part for _, part in rows], pa.int64())
            .cast(pa.decimal128(19, 0))
            .view(pa.decimal128(19, 4)),
        }
    )
    for bits in (6, 14, 19):
        got = eligible(manifest, **ROLES, limit=limit, way=in_order(DaySketchShape(100, bits, 4)))
        assert got.to_pylist() == right


def test_first_bad_value_is_named() -> None:
    """`bad_values="error"` stops at the first."""
    rows = table(np.full(5_000, 7))
    values = rows["value"].to_numpy().copy()
    values[[4_321, 4_700]] = np.nan
    rows = rows.set_column(2, "value", pa.array(values))
    with pytest.raises(dm.errors.BadValueError) as caught:
        eligible(rows, **ROLES, limit=800, bad_values="error", way=in_order(DaySketchShape(0, 8, 10)))
    assert caught.value.row == 4_321


def test_order_is_none() -> None:
    """Too many rows a day for the caches, days in no order, too many days, and no day at all."""
    run = check(**ROLES, limit=800)

    def order(days: np.ndarray) -> DaySketchShape | None:
        whole = days.astype(np.int32)
        rows = pa.table({"who": whole, "day": pa.array(whole, pa.date32()), "value": whole})
        binding = bind(run, rows.schema, outcomes=False, tally=False)
        bindings = Run(run, outcomes=False, tally=False, threads=1, memory_limit=1 << 30)
        return order_of_table(binding.settings, rows, bindings.bindings.batch)

    n = 600_000
    assert order(np.zeros(n)) is None
    assert order(np.arange(n) // 60) is None
    assert order(np.arange(n) % 365) is None
    assert order(np.full(n, -(2.0**31))) is None
    assert order(np.arange(n) // 2_000) == DaySketchShape(-64, 11, 4 * (n >> 11))


def test_kernel_refuses_a_wrong_use() -> None:
    """Settings that need more than a cell, rows that were not read so, and rows that were not proven."""
    rows = table(np.arange(100))

    def settings(**changes: Any) -> Settings:
        roles = check(**ROLES, limit=800, **changes)
        return bind(roles, rows.schema, outcomes=False, tally=False).settings

    usual = settings()
    with pytest.raises(ValueError, match="cannot be read with a sketch"):
        Partitioner(settings(bad_values="ignore"), 0, 1 << 14, 1, DaySketch(usual, 0, 8, 10))
    for cell_bits in (5, 20):
        with pytest.raises(ValueError, match="cells"):
            DaySketch(usual, 0, cell_bits, 10)
    with pytest.raises(ValueError, match="as many cells"):
        Proof(usual, [DaySketch(usual, 0, 8, 10), DaySketch(usual, 0, 9, 10)])
    proof = Proof(usual, [DaySketch(usual, 0, 8, 10)])
    with pytest.raises(ValueError, match="this day"):
        proof.add_up(0, 1)
    reader = Partitioner(usual, 0, 1 << 14, 1, DaySketch(usual, 0, 8, 10))
    run = Run(check(**ROLES, limit=800), outcomes=False, tally=False, threads=1, memory_limit=1 << 30)
    batch = run.bindings.batch(rows.to_batches()[0])
    reader.add(batch, 0, 100, 0)
    with pytest.raises(ValueError, match="proven"):
        reader.answer(100, np.empty(16, np.uint8))
    with pytest.raises(ValueError, match="proven first"):
        proof.fill(reader, Partitioner(usual, 0))


def test_suspects_are_sampled() -> None:
    """The rows to be scattered are told beforehand, near enough: few of the usual ones, all where all are over
    together, none where each is over by itself."""
    shares = []
    usual = table(ORDERS["nearly"](np.random.default_rng(4)))
    together = usual.set_column(2, "value", pa.array(np.full(ROWS, 799.0))).set_column(0, "who", pa.array([7] * ROWS))
    for rows in (usual, together, usual.set_column(2, "value", pa.array(np.full(ROWS, 900.0)))):
        settings = bind(check(**ROLES, limit=800), rows.schema, outcomes=False, tally=False).settings
        sketch = DaySketch(settings, 18_990, 12, 100)
        one = Partitioner(settings, 0, sketch=sketch)
        run = Run(check(**ROLES, limit=800), outcomes=False, tally=False, threads=1, memory_limit=1 << 30)
        for ready in map(run.bindings.batch, rows.to_batches()):
            one.add(ready, 0, ready.length, 0)
        proof = Proof(settings, [sketch])
        proof.add_up(0, proof.places)
        shares.append(proof.count_open(one) / ROWS)
    assert 0 < shares[0] < 0.2
    assert shares[1:] == [1, 0]
    assert proof.count_open(Partitioner(settings, 0, sketch=DaySketch(settings, 18_990, 12, 100))) == 0


@pytest.mark.parametrize("share", [0.5, 0.8, 1.0])
def test_dense_suspects(share: float) -> None:
    """Where most of 64 rows are suspects all of them are scattered: the mask is that of exact sums."""
    chance = np.random.default_rng(7)
    rows = table(ORDERS["nearly"](chance))
    values = np.where(chance.random(ROWS) < share, 801.0, rows["value"].to_numpy())
    rows = rows.set_column(2, "value", pa.array(values))
    mask = eligible(rows, **ROLES, limit=800, threads=2, way=in_order(DaySketchShape(18_990, 12, 100)))
    assert mask.equals(expected(rows))
