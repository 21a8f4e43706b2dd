"""How many groups a summary tells: counted for few rows and with reasons, estimated for the mask alone of many."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from handed import score_files

import deminimis as dm
from deminimis.sizes import Sizes

ROLES: dict[str, Any] = {"person": "who", "day": "day", "value": "usd", "limit": 800}
DEVIATION = 0.0082  # of an estimate, as the documents say
WAYS: dict[str, dict[str, Any]] = {
    "one worker": {"threads": 1},
    "threads": {"threads": 3, "sizes": Sizes(rows_for_one_worker=1_000, slice_rows=6_400)},
    "hot": {"threads": 3, "sizes": Sizes(rows_for_one_worker=1_000, slice_rows=6_400, hot_rows=100)},
    "spilled": {"threads": 2, "memory_limit": "1B"},
    "hardly any memory": {"memory_limit": "300kB"},
    "in day order": {"memory_limit": "300kB", "sorted_by": "day", "sizes": Sizes(group_rows_least=64)},
    "acceptance in row order": {"overflow": "excess"},
    "large limits": {"limit": 10**6},
    "bad values left out": {"bad_values": "ignore"},
}


def table(rows: int, persons: int, days: int = 3) -> pa.Table:
    """Rows in the order of their days, some without a person, a day or a value."""
    rng = np.random.default_rng(rows)
    day = np.sort(rng.integers(0, days, rows)).astype(np.int32)
    return pa.table({
        "who": pa.array(rng.integers(0, persons, rows), mask=rng.random(rows) < 0.01),
        "day": pa.array(day, mask=rng.random(rows) < 0.01).cast(pa.date32()),
        "usd": pa.array(rng.integers(0, 900, rows), mask=rng.random(rows) < 0.01),
    })  # fmt: skip


def groups_of(manifest: pa.Table) -> int:
    pairs = zip(manifest["who"].to_pylist(), manifest["day"].to_pylist(), strict=True)
    return len({(who, day) for who, day in pairs if who is not None and day is not None})


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("rows", "persons"), [(0, 1), (1, 1), (300, 300), (32_768, 7), (32_768, 20_000)])
def test_few_rows_are_counted(way: str, rows: int, persons: int) -> None:
    """Up to 32,768 rows, whatever way they take, the groups are those of a set of keys."""
    manifest = table(rows, persons)
    found = score_files(manifest, None, **ROLES | WAYS[way])
    assert (found.groups, found.groups_are_estimated) == (groups_of(manifest), False)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("rows", "persons"), [(40_000, 10), (40_000, 10**9), (200_000, 50_000)])
def test_many_rows_are_estimated(way: str, rows: int, persons: int) -> None:
    """The estimate lies within what is said of it, five times the standard deviation, and is that of any other way."""
    manifest = table(rows, persons)
    found = score_files(manifest, None, **ROLES | WAYS[way])
    expected = groups_of(manifest)
    if (way, found.groups_are_estimated) != ("in day order", False):  # few rows are open there
        assert found.groups == score_files(manifest, None, **ROLES, threads=1).groups
    assert abs(found.groups - expected) <= 5 * DEVIATION * expected + 1


def test_outcomes_are_counted() -> None:
    """With reasons or totals groups are counted, whatever the rows."""
    manifest = table(100_000, 30_000)
    assert dm.score(manifest, **ROLES).summary.groups == groups_of(manifest)
    assert not dm.score(manifest, **ROLES).summary.groups_are_estimated


def texts(prefix: str, rows: int) -> pa.Array:
    return pa.array([f"{prefix}{i % (rows // 8)}" for i in range(rows)])


@pytest.mark.parametrize("person", ["integers", "text", "dictionary", "composite", "per", "first of"])
def test_estimates_are_as_good_as_they_say(person: str) -> None:
    """Over many manifests the squares of the errors are those of the deviation that is told, whatever names a person,
    and though each comes on eight days; there are as often more as less, and never more than there are rows."""
    rows = 40_000
    days = pa.array(np.arange(rows) // (rows // 8), pa.int32()).cast(pa.date32())
    errors = []
    for seed in range(40):
        names = texts(f"{seed} ", rows)
        columns = {"who": names, "day": days, "usd": pa.array(np.ones(rows)), "no": names}
        roles: dict[str, Any] = ROLES
        if person == "integers":
            columns["who"] = pa.array(np.arange(rows) % (rows // 8) * 1000 + seed * 10**7)
        elif person == "dictionary":
            columns["who"] = names.dictionary_encode()
        elif person == "first of":
            columns["gone"] = pa.nulls(rows, pa.string())
            roles = ROLES | {"person": dm.first_of("gone", "who")}
        elif person == "composite":
            roles = ROLES | {"person": ["who", "no"]}
        elif person == "per":
            columns["who"] = pa.array(np.full(rows, seed))
            roles = ROLES | {"per": "no"}
        summary = score_files(pa.table(columns), None, **roles, threads=1)
        assert summary.groups_are_estimated
        assert summary.groups <= rows
        errors.append(summary.groups / rows - 1)
    assert sqrt(np.mean(np.square(errors))) <= 1.2 * DEVIATION
    assert 8 <= sum(error < 0 for error in errors) <= 40


def test_windows_are_groups() -> None:
    """With windows longer than a day a group is a person's window."""
    manifest = table(60_000, 40_000, days=20)
    rule = dm.Rule(limit=800, window="month", name="monthly")
    roles = {name: one for name, one in ROLES.items() if name != "limit"} | {"rule": rule}
    found = score_files(manifest, None, **roles)
    expected = dm.score(manifest, **roles).summary.groups
    assert found.groups_are_estimated
    assert abs(found.groups - expected) <= 5 * DEVIATION * expected
