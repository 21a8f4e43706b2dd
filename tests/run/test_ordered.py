"""Days released by a promise of their order: the oracle's answers in little memory, whatever the manifest comes as."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import handed
import oracle
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ordered import KINDS, LIMIT, ROLES, ROWS, SPAN, WORDS, answers, as_csv, batch_by_batch, hold, manifest, whole_batch

import deminimis as dm
from deminimis.cli.main import main
from deminimis.sizes import Sizes

MEMORY = {("eligible",): "1MiB", ("eligible", "reason", "total"): "2MiB"}


@pytest.fixture(scope="module", params=[0, 1], ids=["sorted", "nearly sorted"])
def case(request: pytest.FixtureRequest) -> tuple[int, pa.Table, pa.Table]:
    """How late days may come, a manifest in which they do, and its answers."""
    table, rows = manifest(request.param)
    return request.param, table, answers(oracle.judge(rows, oracle.constant(LIMIT), placeholders=["N/A"]))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("columns", MEMORY, ids=["mask", "reasons"])
def test_days_are_released(
    case: tuple[int, pa.Table, pa.Table], kind: Any, threads: int, columns: Any, tmp_path: Path
) -> None:
    """Every kind of manifest is answered as its days end, with the oracle's answers and nothing on disk."""
    late_days, table, expected = case
    source, target = kind(table, tmp_path), tmp_path / "out.parquet"
    append = kind not in (batch_by_batch, whole_batch)
    options: dict[str, Any] = {"sorted_by": "day", "late_days": late_days, "threads": threads}
    options |= {"excluded": "excluded", "columns": columns, "append": append, "memory_limit": MEMORY[columns]}
    summary = dm.score_files(source, target, **ROLES, limit=LIMIT, **options)
    out = pq.read_table(target)
    hold(out, expected)
    assert summary.rows == ROWS
    assert threads > 1 or summary.bytes_spilled == 0  # one of two workers may take more rows than its share of memory
    assert 4 < summary.epochs <= SPAN + 1
    if append:
        assert out["value"].cast(pa.int64()).equals(table["value"])


@pytest.mark.parametrize("overflow", ["all", "excess"])
@pytest.mark.parametrize("threads", [1, 2])
def test_scorer(case: tuple[int, pa.Table, pa.Table], overflow: Any, threads: int) -> None:
    """Batches and streams in many steps; days are let go between them."""
    late_days, table, _ = case
    rows = [oracle.Row(*cells) for cells in zip(*(table[name].to_pylist() for name in ROLES), strict=True)]
    options: dict[str, Any] = {"limit": LIMIT, "overflow": overflow, "threads": threads, "memory_limit": "2MiB"}
    scorer = dm.Scorer(**ROLES, **options, sorted_by="day", late_days=late_days)
    steps = iter(table.to_batches(max_chunksize=900))
    for batch in steps:
        scorer.add(batch)
        scorer.add(pa.Table.from_batches([*([after] if (after := next(steps, None)) else [])], table.schema))
    scored = scorer.finish()
    expected = answers(oracle.judge(rows, oracle.constant(LIMIT), overflow=overflow, placeholders=["N/A"]))
    hold(pa.table({"eligible": scored.mask, "reason": scored.reason, "total": scored.total}), expected)
    assert scored.summary.epochs > 4
    assert threads > 1 or scored.summary.bytes_spilled == 0


@pytest.mark.parametrize("form", ["csv", "arrow"])
def test_standard_input(
    case: tuple[int, pa.Table, pa.Table],
    form: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What comes through a pipe is released too, and the summary tells the promise."""
    late_days, table, expected = case
    content = as_csv(table)
    if form == "arrow":
        sink = io.BytesIO()
        with pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table, max_chunksize=1_000)
        content = sink.getvalue()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    words = [*WORDS, "--excluded", "excluded", "--sorted-by", "day", "--late-days", str(late_days), "--threads", "1"]
    assert main(["score", "-", "-o", str(tmp_path / "mask.parquet"), *words, "--json"]) == 0
    hold(pq.read_table(tmp_path / "mask.parquet"), expected)
    told = json.loads(capsys.readouterr().out)
    assert told["epochs"] > 4 and told["bytes_spilled"] == 0
    assert (told["settings"]["sorted_by"], told["settings"]["late_days"]) == ("day", late_days)


@pytest.mark.parametrize("window", ["month", "quarter", "year"])
@pytest.mark.parametrize("late_days", [0, 1])
def test_windows(window: Any, late_days: int) -> None:
    """Where totals are kept by longer windows, days are released when the window of the latest day has ended."""
    table, rows = manifest(late_days, days=450)
    rule = dm.Rule(limit=20_000, window=window)
    options: dict[str, Any] = {"rule": rule, "excluded": "excluded", "memory_limit": "1MiB", "late_days": late_days}
    scored = dm.score(table, **ROLES, **options, sorted_by="day")
    expected = answers(oracle.judge(rows, oracle.constant(20_000), window=window, placeholders=["N/A"]))
    hold(pa.table({"eligible": scored.mask, "reason": scored.reason, "total": scored.total}), expected)
    assert 1 < scored.summary.epochs <= {"month": 17, "quarter": 7, "year": 4}[window]


def test_statistics_go_first(tmp_path: Path) -> None:
    """Where the statistics of Parquet allow to release days, nothing depends on the promise."""
    table, rows = manifest(1)
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=ROWS // 20)
    options: dict[str, Any] = {"excluded": "excluded", "memory_limit": "256KiB", "sorted_by": "day"}
    options |= {"limit": LIMIT, "sizes": Sizes(piece_rows_least=ROWS // 20)}
    summary = handed.score_files(tmp_path / "in.parquet", tmp_path / "mask.parquet", **ROLES, **options)
    expected = answers(oracle.judge(rows, oracle.constant(LIMIT), placeholders=["N/A"]))
    hold(pq.read_table(tmp_path / "mask.parquet"), expected)
    assert summary.epochs > 1
