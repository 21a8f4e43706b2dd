"""The mask, the reasons and the totals are the oracle's, whatever the types and settings; relations between inputs."""

from __future__ import annotations

import dataclasses
from datetime import date
from decimal import Decimal
from typing import Any

import oracle
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kinds import DAYS, PLACEHOLDERS
from oracle import Row
from strategies import (
    COLUMNS_OF_ONE_TYPE,
    PAIR_AND_ANOTHER,
    SEVERAL_COLUMNS,
    SIMPLE_ROLES,
    Manifest,
    manifests,
    simple_rows,
    simple_table,
)

import deminimis as dm
from deminimis.rules.steps import Step

THREADS = st.integers(1, 4)
SETTINGS = st.fixed_dictionaries(
    {
        "overflow": st.sampled_from(["all", "excess"]),
        "bad_values": st.sampled_from(["unproven", "ignore"]),
        "count_excluded": st.booleans(),
    }
)
OUTPUT_TYPES = (pa.bool_(), pa.dictionary(pa.int8(), pa.string()), pa.decimal128(38, 4))


def verdicts(scored: Any) -> list[oracle.Verdict]:
    """What `score` said, as the oracle says it; the mask agrees with the reasons and every array with its type."""
    arrays = (scored.mask, scored.reason, scored.total)
    assert tuple(array.type for array in arrays) == OUTPUT_TYPES
    for array in arrays:
        array.validate(full=True)
    mask, reasons, totals = (array.to_pylist() for array in arrays)
    assert mask == [reason == "eligible" for reason in reasons]
    return [oracle.Verdict(*pair) for pair in zip(reasons, totals, strict=True)]


def mask(rows: list[Row], limit: Any = 8, **settings: Any) -> list[bool]:
    """The mask of simple rows."""
    return dm.eligible(simple_table(rows), **SIMPLE_ROLES, limit=limit, **settings).to_pylist()


@given(manifests(), SETTINGS, THREADS)
def test_score_is_the_oracles(manifest: Manifest, settings: dict[str, Any], threads: int) -> None:
    """Every type, layout, chunking, setting and thread count gives the reasons and totals of exact integers."""
    placeholders = {"placeholders": PLACEHOLDERS}
    scored = dm.score(manifest.stream(), **manifest.roles, limit=8, threads=threads, **settings, **placeholders)
    assert verdicts(scored) == oracle.judge(manifest.rows, oracle.constant(8), **settings, **placeholders)


@given(manifests(), SETTINGS, THREADS)
def test_eligible_is_the_oracles(manifest: Manifest, settings: dict[str, Any], threads: int) -> None:
    """The mask alone, which is computed without reasons, is the same mask."""
    placeholders = {"placeholders": PLACEHOLDERS}
    got = dm.eligible(manifest.table(), **manifest.roles, limit="8.0000", threads=threads, **settings, **placeholders)
    assert got.type == pa.bool_()
    assert got.null_count == 0
    expected = oracle.judge(manifest.rows, oracle.constant(8), **settings, **placeholders)
    assert got.to_pylist() == [verdict.eligible for verdict in expected]


@given(manifests(), st.sampled_from(["UTC", "America/Los_Angeles", "Asia/Kolkata"]))
def test_time_zone(manifest: Manifest, zone: str) -> None:
    """`timezone` decides the date of instants and leaves naive days alone."""
    scored = dm.score(manifest.table(), **manifest.roles, limit=8, timezone=zone, placeholders=PLACEHOLDERS)
    expected = oracle.judge(manifest.rows, oracle.constant(8), timezone=zone, placeholders=PLACEHOLDERS)
    assert verdicts(scored) == expected


@given(manifests())
def test_first_bad_value_is_named(manifest: Manifest) -> None:
    """`bad_values="error"` stops exactly where some row's reason would be bad-value, and names the first."""
    expected = oracle.judge(manifest.rows, oracle.constant(8), placeholders=PLACEHOLDERS)
    bad = [i for i, verdict in enumerate(expected) if verdict.reason == "bad-value"]
    options = manifest.roles | {"limit": 8, "bad_values": "error", "placeholders": PLACEHOLDERS}
    if not bad:
        assert verdicts(dm.score(manifest.stream(), **options)) == expected
        return
    with pytest.raises(dm.errors.BadValueError) as caught:
        dm.score(manifest.stream(), **options)
    assert caught.value.row == bad[0]


@pytest.mark.parametrize("limit", [107_374, 107_375, 10**13])
@given(data=st.data(), settings=SETTINGS, threads=THREADS)
def test_mask_of_large_limits(limit: int, data: Any, settings: dict[str, Any], threads: int) -> None:
    """Beyond the limits that fit a narrow record too, the mask alone is the oracle's."""
    rows = data.draw(simple_rows(limit))
    expected = oracle.judge(rows, oracle.constant(limit), **settings)
    assert mask(rows, limit=limit, threads=threads, **settings) == [verdict.eligible for verdict in expected]


@pytest.mark.parametrize("last", ["922337203685477.5806", "922337203685477.5807"])
@pytest.mark.parametrize("overflow", ["all", "excess"])
def test_mask_of_the_largest_limits(last: str, overflow: str) -> None:
    """Sums that are capped pass no limit, not even the largest that there is."""
    values = [Decimal(last), Decimal("0.0001"), Decimal(last) / 2, Decimal(last) / 2, Decimal(last)]
    rows = [
        Row(person, DAYS[0], value.quantize(Decimal("0.0001"))) for person, value in zip("AABBC", values, strict=True)
    ]
    table = simple_table([]).schema.set(2, pa.field("value", pa.decimal128(19, 4)))
    cells = [{"person": row.person, "day": row.day, "value": row.value, "excluded": False} for row in rows]
    options = {"limit": last, "overflow": overflow}
    expected = [verdict.eligible for verdict in oracle.judge(rows, oracle.constant(last), overflow=overflow)]
    assert expected[0] == (overflow == "excess") and expected[4]
    assert dm.eligible(pa.Table.from_pylist(cells, table), **SIMPLE_ROLES, **options).to_pylist() == expected


@given(manifests(COLUMNS_OF_ONE_TYPE))
def test_first_of(manifest: Manifest) -> None:
    """The person is the first part that is present; the same name from another column is the same person."""
    roles = manifest.roles | {"person": dm.first_of(*manifest.roles["person"])}
    scored = dm.score(manifest.stream(), **roles, limit=8, placeholders=PLACEHOLDERS)
    expected = oracle.judge(manifest.rows, oracle.constant(8), placeholders=PLACEHOLDERS, first_of=True)
    assert verdicts(scored) == expected


@given(manifests(SEVERAL_COLUMNS))
def test_per(manifest: Manifest) -> None:
    """Further key columns split groups; where one is missing, the identity is not complete."""
    person, *per = manifest.roles["person"]
    rows = [dataclasses.replace(row, person=row.person[0], per=row.person[1:]) for row in manifest.rows]
    scored = dm.score(
        manifest.table(), **manifest.roles | {"person": person, "per": per}, limit=8, placeholders=PLACEHOLDERS
    )
    assert verdicts(scored) == oracle.judge(rows, oracle.constant(8), placeholders=PLACEHOLDERS)


@given(manifests(PAIR_AND_ANOTHER))
def test_first_of_inside_a_composite(manifest: Manifest) -> None:
    """A part of a composite may be the first of some columns; the person is missing where its first part is."""
    one, other, third = manifest.roles["person"]
    orders = {
        (dm.first_of(one, other), third): lambda parts: ([parts[0], parts[1]], parts[2]),
        (third, dm.first_of(one, other)): lambda parts: (parts[2], [parts[0], parts[1]]),
    }
    for person, order in orders.items():
        rows = [dataclasses.replace(row, person=order(row.person)) for row in manifest.rows]
        options = {"limit": 8, "placeholders": PLACEHOLDERS}
        scored = dm.score(manifest.stream(), **manifest.roles | {"person": [*person]}, **options)
        assert verdicts(scored) == oracle.judge(rows, oracle.constant(8), placeholders=PLACEHOLDERS)


SPELLINGS = st.text("aAbB \t\u00e9\u00c9e\u0301\u00df\ufb01\u00a0\u3000\uff21\u212b\u03a3\u03c2-", max_size=4)
SPELLED = (pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string()))


@given(
    st.lists(st.one_of(SPELLINGS, st.sampled_from(["A b", " a  B ", "N/A", "not  Given"])), max_size=30),
    st.sampled_from(SPELLED),
)
def test_fold(spellings: list[str], text: pa.DataType) -> None:
    """Folded, persons are one where their trimmed, collapsed, NFKC and case-folded texts are."""
    rows = [Row(spelling, DAYS[0], 4) for spelling in spellings]
    days, values = pa.array([row.day for row in rows], pa.date32()), pa.array([4] * len(rows), pa.int8())
    table = pa.table({"person": pa.array(spellings, text), "day": days, "value": values})
    settings = {"normalize": "fold", "placeholders": PLACEHOLDERS}
    scored = dm.score(table, person="person", day="day", value="value", limit=8, **settings)
    assert verdicts(scored) == oracle.judge(rows, oracle.constant(8), **settings)


LIMITS = st.lists(st.integers(1, 12), min_size=3, max_size=3)
ORIGINS_AT = st.sampled_from([("AA", 0), ("BB", 0), ("CC", 0), ("AA", 40), ("BB", 40), ("CC", 40)])


@given(
    limits=st.tuples(LIMITS, LIMITS),
    cells=st.lists(st.tuples(st.sampled_from("AB"), ORIGINS_AT, st.integers(0, 8)), min_size=1, max_size=24),
    window=st.sampled_from(["day", "month"]),
    overflow=st.sampled_from(["all", "excess"]),
)
def test_limits_that_differ_within_a_group(
    limits: tuple[list[int], list[int]], cells: list[tuple[str, tuple[str, int], int]], window: Any, overflow: Any
) -> None:
    """One total, held against the limit of each row's own origin, whichever limits hold on other days."""
    codes, (january, february) = ("AA", "BB", "CC"), (date(2024, 1, 1), date(2024, 2, 1))
    steps = [
        Step(february, None, "other", Decimal(1), "a test"),
        Step(january, february, "other", None, "a test"),
    ]
    for code, before, after in zip(codes, *limits, strict=True):
        steps.append(Step(january, february, (code,), Decimal(before), "a test"))
        steps.append(Step(february, None, (code,), Decimal(after), "a test"))
    first = oracle.day_number("2024-01-01")
    rows = [Row(person, first + shift, value, origin=code) for person, (code, shift), value in cells]

    def limit_on(day: int, origin: str | None) -> Decimal:
        return Decimal(limits[day >= first + 31][codes.index(origin or "")])

    expected = oracle.judge(rows, limit_on, window=window, overflow=overflow)
    types = {"person": pa.string(), "day": pa.date32(), "value": pa.int32(), "origin": pa.string()}
    table = pa.table({role: pa.array([getattr(row, role) for row in rows], type_) for role, type_ in types.items()})
    roles: dict[str, Any] = {role: role for role in types} | {
        "rule": dm.Rule(steps=steps, window=window, overflow=overflow)
    }
    assert verdicts(dm.score(table, **roles)) == expected
    assert dm.eligible(table, **roles).to_pylist() == [one.eligible for one in expected]


@given(simple_rows(), st.randoms(use_true_random=False), st.sampled_from(["unproven", "ignore"]))
def test_permuted_rows(rows: list[Row], random: Any, bad_values: str) -> None:
    """Rows in another order get the same bits, in that order."""
    order = list(range(len(rows)))
    random.shuffle(order)
    before = mask(rows, bad_values=bad_values)
    assert mask([rows[i] for i in order], bad_values=bad_values) == [before[i] for i in order]


@given(simple_rows(), st.integers(1, 9), SETTINGS, THREADS)
def test_split_and_merged_batches(rows: list[Row], size: int, settings: dict[str, Any], threads: int) -> None:
    """One batch or many, the mask is the same."""
    table = simple_table(rows)
    options = SIMPLE_ROLES | settings | {"limit": 8}
    whole = dm.eligible(table.combine_chunks(), **options)
    assert dm.eligible(table.to_reader(max_chunksize=size), **options, threads=threads).equals(whole)


@given(simple_rows(), st.integers(1, 1_000), SETTINGS)
def test_scaled_values_and_limit(rows: list[Row], factor: int, settings: dict[str, Any]) -> None:
    """Values and limit times an integer: the same mask."""
    scaled = [row if row.value is None else dataclasses.replace(row, value=row.value * factor) for row in rows]
    assert mask(scaled, limit=8 * factor, **settings) == mask(rows, **settings)


@given(simple_rows(), SETTINGS)
def test_renamed_persons(rows: list[Row], settings: dict[str, Any]) -> None:
    """A name is only a name: any one-to-one renaming keeps the mask."""
    names = {"A": "B", "B": "a much longer name than before", "C": "A", None: None}
    assert mask([dataclasses.replace(row, person=names[row.person]) for row in rows], **settings) == mask(
        rows, **settings
    )


@given(simple_rows(min_size=1), st.data())
def test_zero_value_row(rows: list[Row], data: st.DataObject) -> None:
    """A row of value zero changes no other row's bit, and shares its group's."""
    i = data.draw(st.integers(0, len(rows) - 1))
    at = data.draw(st.integers(0, len(rows)))
    zero = dataclasses.replace(rows[i], value=Decimal(0), excluded=False)
    with_zero = mask([*rows[:at], zero, *rows[at:]])
    assert with_zero[:at] + with_zero[at + 1 :] == mask(rows)
    if rows[i].value is not None and not rows[i].excluded:
        assert with_zero[at] == mask(rows)[i]


@given(simple_rows(), st.sampled_from([1, "1MiB", "1GiB"]), SETTINGS)
def test_memory_limit(rows: list[Row], memory_limit: Any, settings: dict[str, Any]) -> None:
    """The memory limit is no part of the meaning."""
    assert mask(rows, memory_limit=memory_limit, **settings) == mask(rows, **settings)
