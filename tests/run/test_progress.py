"""What a running job reports: every phase to its end, in the caller's thread, and not too often."""

from __future__ import annotations

import _thread
import itertools
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

import deminimis as dm
from deminimis.progress import Progress, Reporter

ROWS = 400_000
ROLES: dict[str, Any] = {"person": "person", "day": "day", "value": "value", "limit": 800}


@pytest.fixture(scope="module")
def table() -> pa.Table:
    days = pa.array((19_700 + np.arange(ROWS) * 30 // ROWS).astype(np.int32), pa.date32())
    return pa.table({"person": np.arange(ROWS) % 9_973, "day": days, "value": np.arange(ROWS) % 101})


@pytest.fixture
def every_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second passes between two looks at the clock, so that no report is held back."""
    monkeypatch.setattr(time, "perf_counter", itertools.count().__next__)


def reports(source: Any, target: Path | None, **options: Any) -> list[Progress]:
    """What the callable hears, all of it in this thread."""
    heard: list[tuple[int, Progress]] = []
    dm.score_files(source, target, **ROLES, progress=lambda one: heard.append((threading.get_ident(), one)), **options)
    assert {thread for thread, _ in heard} == {threading.get_ident()}
    return [one for _, one in heard]


def phases(heard: list[Progress]) -> list[str]:
    return [phase for phase, _ in itertools.groupby(one.phase for one in heard)]


@pytest.mark.usual_memory
@pytest.mark.usefixtures("every_tick")
@pytest.mark.parametrize("form", ["memory", "parquet", "csv", "csv.gz", "stream"])
@pytest.mark.parametrize("append", [False, True])
def test_each_phase_to_its_end(table: pa.Table, tmp_path: Path, form: str, append: bool) -> None:
    """Reading, totalling and writing are told in turn; rows never fall, and the last row read and written is told."""
    source: Any = table
    if form == "parquet":
        source = tmp_path / "in.parquet"
        pq.write_table(table, source, row_group_size=50_000)
    elif form.startswith("csv"):
        source = tmp_path / f"in.{form}"
        with pa.CompressedOutputStream(source, "gzip") if form == "csv.gz" else source.open("wb") as file:
            pa.csv.write_csv(table, file)
    elif form == "stream":
        source = table.to_reader()
        append = False
    heard = reports(source, tmp_path / "out.parquet", append=append)
    assert phases(heard) == ["read", "total", "write"]
    for _, some in itertools.groupby(heard, lambda one: one.phase):
        rows = [one.rows for one in some]
        assert rows == sorted(rows) and rows[-1] == ROWS
    assert heard[-1].rows_expected == ROWS and heard[-1].bytes > 0
    assert [one.seconds for one in heard] == sorted(one.seconds for one in heard)


@pytest.mark.usefixtures("every_tick")
def test_phases_take_turns(table: pa.Table, tmp_path: Path) -> None:
    """Where days are answered as they end, phases take turns, and each goes on where it stopped."""
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=70_000)
    heard = reports(tmp_path / "in.parquet", tmp_path / "out.parquet", memory_limit="4MiB")
    assert phases(heard)[:2] == ["read", "total"] and phases(heard).count("write") > 2
    for phase in ("read", "write"):
        rows = [one.rows for one in heard if one.phase == phase]
        assert rows == sorted(rows) and rows[-1] == ROWS


@pytest.mark.usefixtures("every_tick")
def test_totals_of_what_is_on_disk(table: pa.Table) -> None:
    """Totalling what was spilled is told partition by partition."""
    heard = reports(table, None, memory_limit="16KiB", threads=1)
    rows = [one.rows for one in heard if one.phase == "total"]
    assert len(rows) == 18 and rows == sorted(rows) and rows[0] == 0 and rows[-1] == ROWS


@pytest.mark.usual_memory
@pytest.mark.usefixtures("every_tick")
def test_reading_by_another_thread_is_told(table: pa.Table, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the calling thread gets nothing to read, the end of reading is told all the same."""
    start: Any = _thread.start_new_thread

    def start_and_wait(function: Any, arguments: Any, *more: Any) -> Any:
        done = threading.Event()

        def run(*given: Any) -> None:
            function(*given)
            done.set()

        identity = start(run, arguments, *more)
        done.wait()
        return identity

    monkeypatch.setattr(_thread, "start_new_thread", start_and_wait)
    heard = reports(table.to_reader(), None, threads=2)
    assert [one.rows for one in heard if one.phase == "read"] == [ROWS]


def test_an_error_of_the_callable_ends_the_run(table: pa.Table, tmp_path: Path) -> None:
    """What the callable raises reaches the caller, and no output is left."""

    def refuse(report: Progress) -> None:
        if report.phase == "write":
            raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        dm.score_files(table, tmp_path / "out.parquet", **ROLES, progress=refuse)
    assert list(tmp_path.iterdir()) == []


def test_not_too_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many ticks at once, the first and the last of each phase are told; later ones when time has passed."""
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    heard: list[tuple[str, int]] = []
    reporter = Reporter(lambda one: heard.append((one.phase, one.rows)), 0.0, None, None)
    for rows in (1, 2, 3):
        reporter.tick("read", rows, 0)
    reporter.tick("total", 0, 0)
    now[0] = 1.0
    reporter.tick("total", 1, 0)
    reporter.tick("total", 2, 0)
    reporter.end()
    assert heard == [("read", 1), ("read", 3), ("total", 0), ("total", 1), ("total", 2)]
