"""The made-up manifest of the demo, and what `deminimis demo` shows and leaves."""

from __future__ import annotations

import shlex
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import deminimis as dm
from deminimis.cli.main import main
from deminimis.demo.manifest import ROLES, manifest


def test_deterministic() -> None:
    """The same rows and seed give the same manifest, another seed another."""
    assert manifest(2_000).equals(manifest(2_000))
    assert not manifest(2_000).equals(manifest(2_000, seed=1))


@pytest.mark.parametrize("rows", [1, 2, 999])
def test_rows(rows: int) -> None:
    """A manifest has as many rows as asked, all valid, with the columns that its roles name."""
    made = manifest(rows)
    made.validate(full=True)
    assert len(made) == rows
    assert {"consignee", "postcode", "arrival", "value_usd", "origin", "addcvd"} <= set(made.column_names)
    assert (made["value_usd"].type, made["arrival"].type) == (pa.decimal128(10, 2), pa.date32())


def test_every_outcome_is_there() -> None:
    """A manifest of the demo's kind shows each reason that its rule can give, most rows being eligible.

    No step of that rule limits a row by itself, and one party alone tells of its shipments.
    """
    reasons = dm.score(manifest(100_000), **ROLES).summary.reasons
    assert reasons.pop("over-row-limit") == reasons.pop("copy") == 0
    assert min(reasons.values()) > 0
    assert reasons["eligible"] > 50_000


def test_shipments_are_numbered() -> None:
    """Every shipment has its own number, in row order."""
    assert manifest(12)["shipment"].to_pylist() == [f"DM{row:09}" for row in range(12)]


def test_values_are_plausible() -> None:
    """Values lie within -2,500.00 and 2,500.00, and a few are missing or negative."""
    values = manifest(50_000)["value_usd"]
    low, high = pc.min_max(values).as_py().values()
    assert -2_500 <= low < 0 < high <= 2_500
    assert 0 < values.null_count < 500


@pytest.mark.parametrize("rows", [0, -1, 10**9])
def test_rows_refused(rows: int) -> None:
    """What is no size for a demo is said to be none."""
    with pytest.raises(dm.DeminimisError, match="from 1 to"):
        manifest(rows)


def test_shown(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo shows the summary, rows with their reasons and a command, and leaves nothing."""
    monkeypatch.chdir(tmp_path)
    assert main(["demo", "--rows", "20000"]) == 0
    out = capsys.readouterr().out
    for told in (
        "20,000 rows",
        "Eligible",
        "The first row of each outcome",
        "over-limit",
        "deminimis score YOUR.parquet",
    ):
        assert told in out
    assert list(tmp_path.iterdir()) == []


def test_kept(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """With --keep the manifest and its outcome are left, and the commands that are shown work on them as they are."""
    folder = tmp_path / "with blanks" / "demo"
    assert main(["demo", "--rows", "5000", "--keep", str(folder)]) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.parquet", "scored.parquet"]
    kept = pq.read_table(folder / "scored.parquet")
    shown = capsys.readouterr().out.replace("\\\n", " ")
    score, explain = (shlex.split(text)[1:] for text in shown.splitlines() if text.startswith("  deminimis"))
    assert main(score) == 0
    again = pq.read_table(folder / "scored.parquet")
    assert again.column_names == kept.column_names == [*manifest(1).column_names, "eligible", "reason", "total"]
    assert again.to_pylist() == kept.to_pylist()
    capsys.readouterr()
    assert main(explain) == 0
    assert "over-limit" in capsys.readouterr().out


def test_a_folder_that_cannot_be_made(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A file in the folder's place is an error of usage."""
    (tmp_path / "file").write_text("")
    assert main(["demo", "--rows", "10", "--keep", str(tmp_path / "file" / "demo")]) == 2
    assert "the folder cannot be made" in capsys.readouterr().err
