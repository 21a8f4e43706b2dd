"""Manifests for several machines, their settings, and what one machine says of them; no test here."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

import deminimis as dm

JUNE = date(2024, 6, 1)
STEPS = (
    dm.Step(None, JUNE, "every", Decimal(50), "a test"),
    dm.Step(JUNE, None, "other", Decimal(800), "a test"),
    dm.Step(JUNE, None, ("CN",), Decimal(200), "a test"),
)
RULE = dm.Rule(steps=(*STEPS, dm.Step(JUNE, None, "every", Decimal(5000), "a test", kind="express")), name="four")
MONTHS = dm.Rule(steps=STEPS, name="months", window="month")
POOLS: dict[str, tuple[pa.DataType, tuple[Any, ...]]] = {
    "who": (pa.string(), ("A", "a ", "B", "C", "N/A", "", None)),
    "other": (pa.string(), ("A", "B", "UNKNOWN", None)),
    "code": (pa.int64(), (1, 2, -3, None)),
    "day": (pa.string(), ("2024-05-31", "2024-06-01", "2024-06-02", "2019-01-01", "x", None)),
    "usd": (pa.string(), ("400", "400.01", "0.0001", "49.99", "-1", "NaN", "a", None, *["922337203685477.5807"] * 3)),
    "pieces": (pa.int32(), (1, 2, 0, -1, None)),
    "origin": (pa.string(), ("CN", "DE", "Germany", None)),
    "kind": (pa.string(), ("express", "post", None)),
    "banned": (pa.bool_(), (True, False, False, False, None)),
}
ROWS = st.lists(st.tuples(*(st.sampled_from(pool) for _, pool in POOLS.values())), max_size=60)
PERSONS = st.sampled_from(
    ["who", "code", ["who", "code"], dm.first_of("who", "other"), ["who", dm.first_of("other", "kind")]]
)
LIMITS: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"limit": 800},
        {"limit": "1000000"},
        {"limit": Decimal("900000000000000.5")},
        {"rule": RULE, "origin": "origin", "kind": "kind"},
        {"rule": MONTHS, "origin": "origin"},
        {"rule": "us-321", "origin": "origin"},
        {"rule": "cn-cbec", "overflow": "all"},
    ]
)
OTHERS = st.fixed_dictionaries(
    {"bad_values": st.sampled_from(["unproven", "ignore"]), "count_excluded": st.booleans()},
    optional={
        "excluded": st.just("banned"),
        "quantity": st.just("pieces"),
        "normalize": st.just("fold"),
        "per": st.just("other"),
    },
)
OPTIONS = st.builds(
    lambda person, limit, others: {"person": person, "day": "day", "value": "usd"} | limit | others,
    PERSONS,
    LIMITS,
    OTHERS,
)


def table_of(rows: list[tuple[Any, ...]]) -> pa.Table:
    """Rows as a table, with their numbers as `id`."""
    columns = [pa.array([row[i] for row in rows], kind) for i, (kind, _) in enumerate(POOLS.values())]
    return pa.table([pa.array(range(len(rows)), pa.int64()), *columns], ["id", *POOLS])


ROLES: dict[str, Any] = {"person": "who", "day": "day", "value": "usd"}
CHOSEN = random.Random(13)
TABLE = table_of([tuple(CHOSEN.choice(pool) for _, pool in POOLS.values()) for _ in range(300)])


def expected(table: pa.Table, options: dict[str, Any], answers: tuple[str, ...]) -> dict[str, list[Any]]:
    """What one machine says."""
    scored = dm.score(table, **options)
    told = {"eligible": scored.mask, "reason": scored.reason, "total": scored.total}
    return {name: told[name].to_pylist() for name in answers}


def told(scored: Any, answers: tuple[str, ...]) -> dict[str, list[Any]]:
    """The answers by the rows' numbers; an action on all rows."""
    found = scored.toArrow().sort_by("id")
    assert found.column_names == [*TABLE.column_names, *answers]
    return {name: found[name].to_pylist() for name in answers}
