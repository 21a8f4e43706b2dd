"""A made-up look-back of six years with patterns planted in it: `python -m bench.lookback OUT.parquet [ROWS] [SEED]`.

The demo's people and prices, with days from 2020 to 2025, a street and an order, and behind them rows of persons who do
not occur among the others, one kind for each finding. `PLANTED` says how many of each; the names of planted persons,
streets and orders begin with the kind's own mark, so that what was found can be told from what was not planted.
"""

from __future__ import annotations

import sys
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from deminimis.demo.manifest import manifest

FIRST, DAYS = 18_262, 2_192  # 2020-01-01, and the days until 2025-12-31
ROLES: dict[str, Any] = {"person": "consignee", "day": "arrival", "value": "value_usd", "limit": "800"}
PLANTED = {"often-near": 30, "one-address": 20, "spellings": 50, "repeated": 40, "split-orders": 40}
"""Persons near the limit on six days each; addresses with five names on a day; persons in two spellings on a day;
person-days of four equal values; orders in three lots on three days."""


def lookback(rows: int = 5_000_000, seed: int = 1) -> pa.Table:
    """The manifest: shipment, consignee, postcode, street, arrival, value_usd, origin, addcvd and order_id."""
    rng = np.random.default_rng([seed, 1321])
    base = manifest(rows, seed)
    days = np.sort(rng.integers(FIRST, FIRST + DAYS, rows).astype(np.int32))
    numbers = pa.array(np.arange(rows)).cast(pa.string())
    streets = pa.array(rng.integers(1, 400_000, rows)).cast(pa.string())
    own = {
        "shipment": base["shipment"].combine_chunks(),
        "consignee": base["consignee"].combine_chunks(),
        "postcode": base["postcode"].combine_chunks(),
        "street": streets,
        "arrival": pa.array(days, pa.date32()),
        "value_usd": base["value_usd"].combine_chunks(),
        "origin": base["origin"].combine_chunks(),
        "addcvd": base["addcvd"].combine_chunks(),
        "order_id": numbers,
    }
    table = pa.table(own)
    more = pa.Table.from_pylist(_planted(rng), table.schema)
    return pa.concat_tables([table, more]).sort_by([("arrival", "ascending"), ("shipment", "ascending")])


def _planted(rng: np.random.Generator) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []

    def add(mark: str, name: str, day: int, hundredths: int, street: str = "", order: str = "") -> None:
        number = len(rows)
        rows.append({
            "shipment": f"PL{number:09}", "consignee": name, "postcode": "99999", "origin": "CN", "addcvd": False,
            "street": street or f"{mark} {number}", "order_id": order or f"{mark} {number}",
            "arrival": int(day), "value_usd": Decimal(hundredths).scaleb(-2),
        })  # fmt: skip

    def day() -> int:
        return int(rng.integers(FIRST, FIRST + DAYS - 10))

    for one in range(PLANTED["often-near"]):
        for near in rng.choice(DAYS, 6, replace=False):
            add("NEAR", f"NEAR {one}", FIRST + int(near), int(rng.integers(79_000, 80_001)))
    for one in range(PLANTED["one-address"]):
        when = day()
        for name in range(5):
            add("ADDR", f"ADDR {one} {name}", when, int(rng.integers(20_000, 60_000)), street=f"ADDR {one}")
    for one in range(PLANTED["spellings"]):
        when = day()
        add("SPELL", f"Spell{one} Person", when, int(rng.integers(45_000, 70_000)))
        add("SPELL", f"PERSON, SPELL{one}", when, int(rng.integers(45_000, 70_000)))
    for one in range(PLANTED["repeated"]):
        when, hundredths = day(), int(rng.integers(5_000, 19_000))
        for _ in range(4):
            add("SAME", f"SAME {one}", when, hundredths)
    for one in range(PLANTED["split-orders"]):
        when = day()
        for lot in range(3):
            add("LOT", f"LOT {one}", when + lot, int(rng.integers(30_000, 70_000)), order=f"LOT {one}")
    return rows


if __name__ == "__main__":
    words = sys.argv[1:]
    made = lookback(*(int(word) for word in words[1:]))
    pq.write_table(made, words[0], row_group_size=1 << 19)
    print(f"{made.num_rows:,} rows in {words[0]}; planted: {PLANTED}")
