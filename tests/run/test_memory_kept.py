"""Memory that a run has used is used by the next one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import deminimis as dm

resource = pytest.importorskip("resource", reason="the system does not count the pages that a process touches")
ROWS = 4_000_000
BATCH_ROWS = 122_880  # DuckDB's
ROLES: dict[str, Any] = {"person": "who", "day": "day", "value": "usd", "limit": 800, "threads": 1}


@pytest.mark.usual_memory
def test_next_run_touches_little() -> None:
    """Also where rows came in batches each of which needs less than the system is asked for at a time: of the 4,000
    pages of 4 KiB that the ways back to the rows take, hardly any is new."""
    days = pa.array(np.arange(ROWS, dtype=np.int32) // (ROWS // 100)).cast(pa.date32())
    columns = {"who": np.arange(ROWS), "day": days, "usd": np.ones(ROWS)}
    table = pa.Table.from_batches(pa.table(columns).combine_chunks().to_batches(max_chunksize=BATCH_ROWS))
    touched = []
    for _ in range(4):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        dm.eligible(table, **ROLES)
        touched.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
    assert min(touched[1:]) < 1_000, touched
