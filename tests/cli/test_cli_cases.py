"""Every named case of the meaning through the command line, from CSV and from Parquet; the rows are in cases.py."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from cases import CASES, Case

from deminimis.cli.main import main

Write = Callable[[Case, Path], Path]


def words(options: dict[str, Any]) -> list[str]:
    """Request and settings as the words of the command line."""
    found = []
    for name, value in options.items():
        if name == "count_excluded":
            found += [] if value else ["--no-count-excluded"]
        elif value is True:
            found.append(f"--{name.replace('_', '-')}")
        elif isinstance(value, list):
            found += [word for one in value for word in (f"--{name.replace('_', '-')}", one)]
        else:
            found += [f"--{name.replace('_', '-')}", str(value)]
    return found


def as_csv(case: Case, folder: Path) -> Path:
    pyarrow.csv.write_csv(case.text_table(), folder / "in.csv")
    return folder / "in.csv"


def as_parquet(case: Case, folder: Path) -> Path:
    pq.write_table(case.typed_table(), folder / "in.parquet")
    return folder / "in.parquet"


@pytest.mark.parametrize(
    ("case", "write"),
    [
        pytest.param(case, write, id=f"{case.name}, {write.__name__}")
        for case in CASES
        for write in (as_csv, as_parquet)
        if write is as_parquet or not case.types
    ],
)
def test_score(case: Case, write: Write, tmp_path: Path) -> None:
    """The mask and the reasons that `deminimis score` writes are the case's."""
    source, target = write(case, tmp_path), tmp_path / "mask.parquet"
    roles = words(case.options)
    assert main(["score", str(source), "-o", str(target), "--with", "reason", "--quiet", *roles]) == 0
    written = pq.read_table(target)
    assert written["eligible"].to_pylist() == case.expected
    if case.reasons is not None:
        assert written["reason"].to_pylist() == list(case.reasons) * case.times


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES if 0 < len(case.expected) < 1_000])
def test_check(case: Case, tmp_path: Path) -> None:
    """With --check the exit code says whether every row is eligible; without -o nothing is written."""
    source = as_parquet(case, tmp_path)
    assert main(["score", str(source), "--check", "-q", *words(case.options)]) == (0 if all(case.expected) else 1)
    assert list(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES if 0 < len(case.rows) < 20])
def test_explain(case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`explain` gives each row the reason that `score` gives it, and only rows of its own key beside it."""
    source = as_parquet(case, tmp_path)
    table = pa.table({name: case.typed_table()[name] for name in case.columns})
    for row, expected in enumerate(case.expected[: len(case.rows)]):
        assert main(["explain", str(source), "--row", str(row), *words(case.options)]) == 0
        out = capsys.readouterr().out
        reason = case.reasons[row % len(case.rows)] if case.reasons else None
        assert ("Outcome   eligible" in out) == expected
        assert reason is None or reason in out.splitlines()[1]
        assert f"Row       {row} " in out and str(table["day"][row].as_py() or "none") in out
