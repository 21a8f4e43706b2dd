"""What `plan` says before a run: that it is what the run then does."""

from __future__ import annotations

import gzip
import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import handed
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

import deminimis as dm
from deminimis.cli.main import main
from deminimis.questions.plan import plan
from deminimis.sizes import USUAL, Sizes

ROWS, GROUPS = 60_000, 12
SIZES = Sizes(piece_rows_least=ROWS // GROUPS)
ROLES: dict[str, Any] = {"person": "person", "day": "day", "value": "value", "limit": 800}
FREE = {"spill_free_bytes": 0}  # which others change
WORDS = ["--person", "person", "--day", "day", "--value", "value", "--limit", "800"]


def table(kind: str, rows: int = ROWS) -> pa.Table:
    rng = np.random.default_rng(1)
    day = np.arange(rows) * 24 // rows
    if kind == "nearly in order":
        day = day + rng.integers(0, 4, rows)
    elif kind == "shuffled":
        day = rng.permutation(day)
    return pa.table(
        {
            "person": rng.integers(0, 500, rows),
            "day": pa.array((19_700 + day).astype(np.int32), pa.date32()),
            "value": rng.integers(0, 900, rows),
            "note": ["nothing that plays a role"] * rows,
        }
    )


@pytest.fixture(params=["in order", "nearly in order", "shuffled"])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    """A file with each row group as a piece, where it is read by `SIZES`."""
    pq.write_table(table(request.param), tmp_path / "in.parquet", row_group_size=ROWS // GROUPS)
    return request.param, tmp_path / "in.parquet"


@pytest.mark.parametrize("memory_limit", ["16KiB", "1MiB", "1GiB"])
@pytest.mark.parametrize("columns", [("eligible",), ("eligible", "reason")])
def test_the_run_does_what_was_planned(case: tuple[str, Path], memory_limit: str, columns: tuple[str, ...]) -> None:
    """Runs of days are as planned, and nothing goes to disk where nothing was to: of several workers, one may be so far
    behind that days stay open for longer than was planned."""
    kind, path = case
    settings: dict[str, Any] = {"sizes": SIZES, "memory_limit": memory_limit, "columns": columns}
    planned = handed.plan(path, **ROLES, **settings)
    summary = handed.score_files(path, None, **ROLES, **settings)
    assert (planned.order, planned.rows, planned.epochs) == (kind, summary.rows, summary.epochs)
    planned = handed.plan(path, **ROLES, **settings, threads=1)
    summary = handed.score_files(path, None, **ROLES, **settings, threads=1)
    assert planned.spill_bytes is not None and summary.bytes_spilled <= planned.spill_bytes
    if kind == "shuffled" and memory_limit == "16KiB" and columns == ("eligible",):
        assert planned.spill_bytes == 18 * ROWS and summary.bytes_spilled > 0


def test_what_metadata_tells(case: tuple[str, Path]) -> None:
    """Rows, row groups, days and sizes are those of the file, and only role columns count as read."""
    _, path = case
    planned = plan(path, **ROLES)
    days = pq.read_table(path)["day"]
    assert (planned.rows, planned.row_groups, planned.files) == (ROWS, GROUPS, 1)
    assert (planned.first_day, planned.last_day) == (pc.min(days).as_py(), pc.max(days).as_py())
    assert planned.file_bytes == path.stat().st_size
    assert planned.role_bytes is not None and planned.role_bytes < path.stat().st_size
    assert planned.fits


def test_no_row_is_read(case: tuple[str, Path]) -> None:
    """A plan decodes nothing: it is the same where all pages are damaged."""
    path = case[1]
    planned = plan(path, **ROLES, memory_limit="16KiB").to_dict()
    content = path.read_bytes()
    footer = int.from_bytes(content[-8:-4], "little") + 8
    path.write_bytes(content[:64] + b"\xff" * (len(content) - 64 - footer) + content[-footer:])
    with pytest.raises(dm.errors.InputError, match=path.name):
        dm.eligible(path, **ROLES)
    assert plan(path, **ROLES, memory_limit="16KiB").to_dict() | FREE == planned | FREE


def test_one_piece_does_not_tell_the_order(tmp_path: Path) -> None:
    """The order of days within a single row group is not known; a single day is in order."""
    for days, order in ((["2024-06-01", "2024-06-03"], "not known"), (["2024-06-01"] * 2, "in order")):
        manifest = {"person": [1, 2], "day": pa.array(days).cast(pa.date32()), "value": [1, 2]}
        pq.write_table(pa.table(manifest), tmp_path / "in.parquet")
        planned = plan(tmp_path / "in.parquet", **ROLES)
        assert (planned.order, planned.first_day, planned.threads) == (order, date(2024, 6, 1), 1)


def test_csv(tmp_path: Path) -> None:
    """Of CSV the rows are estimated by the first of them; compressed, they are not known; the days never are."""
    rows = table("in order").select(["person", "day", "value"])
    pa.csv.write_csv(rows, tmp_path / "in.csv")
    planned = plan(tmp_path / "in.csv", **ROLES, memory_limit="16KiB")
    assert planned.rows == pytest.approx(ROWS, rel=0.02) and planned.rows_are_estimated
    assert (planned.order, planned.first_day, planned.spill_bytes) == ("not known", None, 18 * planned.rows)
    (tmp_path / "in.csv.gz").write_bytes(gzip.compress((tmp_path / "in.csv").read_bytes()))
    planned = plan(tmp_path / "in.csv.gz", **ROLES)
    assert (planned.rows, planned.memory_bytes, planned.spill_bytes, planned.fits) == (None, None, None, True)


@pytest.mark.parametrize("packed", [False, True])
def test_promised_order(tmp_path: Path, packed: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """Where only `sorted_by` tells the order, days are released and nothing goes to disk, as in the run."""
    path = tmp_path / ("in.csv.gz" if packed else "in.csv")
    with pa.CompressedOutputStream(path, "gzip") if packed else path.open("wb") as file:
        pa.csv.write_csv(table("in order").select(["person", "day", "value"]), file)
    options: dict[str, Any] = {"memory_limit": "1MiB", "sorted_by": "day"}
    planned = plan(path, **ROLES, **options)
    assert (planned.order, planned.epochs, planned.spill_bytes) == ("promised", None, 0)
    assert planned.rows_open is not None and planned.rows_open < ROWS
    summary = dm.score_files(path, None, **ROLES, **options, threads=1)
    assert summary.epochs > 1 and summary.bytes_spilled == 0
    assert main(["plan", str(path), *WORDS, "--memory-limit", "1MiB", "--sorted-by", "day"]) == 0
    assert "as --sorted-by promises" in capsys.readouterr().out
    assert plan(path, **ROLES, sorted_by="day", memory_limit="4GiB").epochs == (None if packed else 1)


def test_faults_are_found_before_the_run(case: tuple[str, Path]) -> None:
    """A role that cannot be is refused by the plan as by the run; a stream, which comes once, cannot be planned."""
    with pytest.raises(dm.errors.InputError, match="Did you mean 'person'"):
        plan(case[1], **(ROLES | {"person": "persn"}))
    with pytest.raises(dm.errors.InputError, match="comes once"):
        plan(table("in order").to_reader(), **ROLES)


def test_command(case: tuple[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    """The words of score give a plan in plain words, or as JSON with the same figures."""
    kind, path = case
    rows = GROUPS * USUAL.piece_rows_least
    pq.write_table(table(kind, rows), path, row_group_size=USUAL.piece_rows_least)
    assert main(["plan", str(path), *WORDS, "--memory-limit", "16KiB", "-o", "out.parquet", "--check"]) == 0
    text = capsys.readouterr().out
    assert f"{rows:,}" in text and "12 row groups" in text and "16.0 KiB" in text
    assert ("mixed" if kind == "shuffled" else kind) in text and not Path("out.parquet").exists()
    assert main(["plan", str(path), *WORDS, "--memory-limit", "16KiB", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told | FREE == plan(path, **ROLES, memory_limit="16KiB").to_dict() | FREE


def test_too_little_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the disk would not do, the plan says how much is missing and ends as the run would."""
    pq.write_table(table("shuffled"), tmp_path / "in.parquet")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: _NoRoom)
    assert main(["plan", str(tmp_path / "in.parquet"), *WORDS, "--memory-limit", "16KiB"]) == 3
    assert "NOT ENOUGH DISK: free 1.0 MiB more" in capsys.readouterr().out


class _NoRoom:
    free = 0
