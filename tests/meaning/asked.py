"""What tests of totals ask for, and how they compare what comes; no test here."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

import deminimis as dm

SECRET = b"a secret that nobody knows"
SETTINGS = st.fixed_dictionaries(
    {"bad_values": st.sampled_from(["unproven", "ignore"]), "count_excluded": st.booleans()}
)
SOME = pa.table({"who": ["A", "A", "B", "C"], "day": ["2024-06-01"] * 4, "usd": ["400", "401", "800", None]})
ROLES: dict[str, Any] = {"person": "who", "day": "day", "value": "usd", "limit": 800, "secret": SECRET}


def totals(manifest: Any, **options: Any) -> pa.Table:
    return dm.totals(manifest, **options).read_all()


def lines(table: pa.Table) -> Counter[tuple[Any, ...]]:
    columns = [column.cast(pa.int32()) if column.type == pa.date32() else column for column in table.columns]
    return Counter(zip(*(column.to_pylist() for column in columns), strict=True))


def answers(scored: dm.Scored) -> tuple[list[Any], list[Any], list[Any]]:
    return scored.mask.to_pylist(), scored.reason.to_pylist(), scored.total.to_pylist()
