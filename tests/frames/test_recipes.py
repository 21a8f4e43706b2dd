"""The recipes of docs/engines.md run as they stand, and say what `eligible` says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

import deminimis as dm

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "engines.md").read_text(encoding="utf-8")
RECIPES = re.findall(r"^```python\n(.*?)^```$", TEXT, re.M | re.S)
BEGIN = re.findall(r"^```text\n(.*?)^```$", TEXT, re.M | re.S)[0]
ROLES: dict[str, Any] = {"person": "consignee", "day": "arrival", "value": "value_usd", "limit": 800}
ROWS = 60
TABLE = pa.table(
    {
        "shipment": range(ROWS),
        "consignee": [f"person {i % 7}" for i in range(ROWS)],
        "arrival": [f"2024-06-{1 + i // 9:02}" for i in range(ROWS)],
        "value_usd": [float(i * 37 % 900) for i in range(ROWS)],
    }
)
MASK = dm.eligible(TABLE, **ROLES).to_pylist()
HELD = [row for row, is_eligible in enumerate(MASK) if not is_eligible]


@pytest.mark.filterwarnings("default")  # what these libraries use of one another is theirs
@pytest.mark.parametrize("code", RECIPES, ids=re.findall(r"^\*\*(\w+)", TEXT, re.M))
def test_recipes(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each gives the mask of all rows, or the rows that are not eligible, to its library."""
    for name in re.findall(r"import (duckdb|polars|pandas|dask|narwhals)\b", code):
        pytest.importorskip(name, reason=f"{name} is not installed, and is no extra of this package")
    monkeypatch.chdir(tmp_path)
    pq.write_table(TABLE, "manifest.parquet")
    names: dict[str, Any] = {}
    exec(compile(BEGIN + code, "engines.md", "exec"), names)
    if "mask" in names:
        assert names["mask"].to_pylist() == MASK
    elif "held" in names:
        assert sorted(pa.table(names["held"])["shipment"].to_pylist()) == HELD
    elif Path("scored").exists():
        assert ds.dataset("scored").to_table()["eligible"].to_pylist() == MASK
    else:
        assert pq.read_table("held.parquet")["shipment"].to_pylist() == HELD


def test_every_recipe_is_read() -> None:
    """Each library of the text has its block."""
    assert len(RECIPES) == TEXT.count("\n**") == 6
