"""The row that an error names is counted from the start of its file, however the file was cut for its readers."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

import deminimis as dm
from deminimis.sources.csv import pieces as source_csv_pieces
from deminimis.sources.csv import source as source_csv
from deminimis.sources.open import open_source

ROLES: dict[str, Any] = {"person": "p", "day": "d", "value": "v", "limit": 800}
ROWS = 6_000


def text(bad: tuple[int, ...] = (), late: int | None = None) -> str:
    """A CSV file whose cells hold line breaks too, so that lines are no rows."""
    lines = ["p,d,v\n"]
    for i in range(ROWS):
        day = "2026-01-02" if i == late else f"2026-01-{10 + i * 15 // ROWS:02}"
        lines.append(f'"person\n{i}",{day},{"?" if i in bad else i % 9}\n')
    return "".join(lines)


@pytest.fixture(autouse=True)
def small_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_csv, "RANGE_BYTES", 8 << 10)
    monkeypatch.setattr(source_csv_pieces, "BLOCK_BYTES", 16 << 10)
    monkeypatch.setattr(source_csv_pieces, "WINDOW_BYTES", 2 << 10)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("rows", [(0,), (ROWS - 1,), (3_456, 5_000), (5_999, 4_321, 4_320)])
def test_bad_value_of_a_file_in_ranges(rows: tuple[int, ...], threads: int, tmp_path: Path) -> None:
    """The first bad row of the second file, by its number there."""
    (tmp_path / "1.csv").write_text(text())
    (tmp_path / "2.csv").write_text(text(rows))
    assert len(list(open_source(tmp_path / "2.csv").pieces(None))) > 9
    with pytest.raises(dm.errors.BadValueError, match=rf"2\.csv, column 'v', row {min(rows)}: ") as caught:
        dm.score_files(tmp_path, None, **ROLES, bad_values="error", threads=threads)
    assert (caught.value.file, caught.value.row) == (str(tmp_path / "2.csv"), min(rows))


def test_bad_value_after_the_last_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no further place to cut is found, the rest is one piece in many batches; its rows are counted on."""
    monkeypatch.setattr(source_csv, "WINDOWS", 1)
    path = tmp_path / "in.csv"
    path.write_text(text((5_555,)))
    size = path.stat().st_size
    guess, begin = source_csv.guess_row_start, size // 2

    def none_later(window: bytes, delimiter: str, columns: int) -> int | None:
        return None if calls.append(1) or len(calls) > begin // (8 << 10) else guess(window, delimiter, columns)

    calls: list[int] = []
    monkeypatch.setattr(source_csv, "guess_row_start", none_later)
    with pytest.raises(dm.errors.BadValueError) as caught:
        dm.score_files(path, None, **ROLES, bad_values="error", threads=2)
    assert (caught.value.file, caught.value.row) == (str(path), 5_555)


def test_late_row_of_a_file_in_ranges(tmp_path: Path) -> None:
    """A row that breaks the promised order is named like any other."""
    path = tmp_path / "in.csv"
    path.write_text(text(late=5_432))
    with pytest.raises(dm.errors.OrderError, match=r"in\.csv, column 'd', row 5432: the day 2026-01-02 comes when"):
        dm.score_files(path, None, **ROLES, sorted_by="day", memory_limit="16KiB")


def test_stream() -> None:
    """What is no file is named too."""
    file = io.BytesIO(text((17,)).encode())
    file.name = "standard input"
    with pytest.raises(dm.errors.BadValueError, match="standard input, column 'v', row 17: "):
        dm.score_files(file, None, **ROLES, bad_values="error")
