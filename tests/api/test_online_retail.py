"""The golden counts of a real manifest: 541,909 rows in 305 CSV files, with returns and without customers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import deminimis as dm

ROLES = {"person": "CustomerID", "day": "InvoiceDate", "value": "UnitPrice", "quantity": "Quantity", "limit": "800"}
BOTH = {"no-person": 135_080, "bad-value": 8_905, "over-limit": 90_374}
GOLDEN = {
    "unproven": BOTH | {"eligible": 284_280, "unproven-total": 23_270},
    "ignore": BOTH | {"eligible": 307_550},
}


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "online-retail"


@pytest.mark.parametrize("bad_values", GOLDEN)
def test_golden_counts(folder: Path, tmp_path: Path, bad_values: Any) -> None:
    """`score_files` counts every reason as it was counted with exact decimals, in its summary and in its file."""
    target = tmp_path / "mask.parquet"
    summary = dm.score_files(folder, target, **ROLES, bad_values=bad_values, columns=("eligible", "reason"))
    assert {reason: count for reason, count in summary.reasons.items() if count} == GOLDEN[bad_values]
    written = pq.read_table(target)
    assert written["eligible"].to_pylist().count(True) == GOLDEN[bad_values]["eligible"]
    counts = written["reason"].value_counts().to_pylist()
    assert {entry["values"]: entry["counts"] for entry in counts} == GOLDEN[bad_values]


@pytest.mark.parametrize("bad_values", GOLDEN)
def test_mask_from_a_glob(folder: Path, bad_values: Any) -> None:
    """`eligible` marks as many rows, one bit a row."""
    mask = dm.eligible(str(folder / "*.csv"), **ROLES, bad_values=bad_values)
    assert (len(mask), mask.true_count) == (541_909, GOLDEN[bad_values]["eligible"])
