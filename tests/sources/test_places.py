"""The row that an error names is counted from the start of its file, however the file was cut for its readers."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import handed
import pytest

import deminimis as dm
from deminimis.sizes import Sizes
from deminimis.sources.csv.source import WINDOWS
from deminimis.sources.open import open_source

ROLES: dict[str, Any] = {"person": "p", "day": "d", "value": "v", "limit": 800}
ROWS = 6_000
SIZES = Sizes(range_bytes=8 << 10, block_bytes=16 << 10, window_bytes=2 << 10)


def text(bad: tuple[int, ...] = (), late: int | None = None) -> str:
    """A CSV file whose cells hold line breaks too, so that lines are no rows."""
    lines = ["p,d,v\n"]
    for i in range(ROWS):
        day = "2026-01-02" if i == late else f"2026-01-{10 + i * 15 // ROWS:02}"
        lines.append(f'"person\n{i}",{day},{"?" if i in bad else i % 9}\n')
    return "".join(lines)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("rows", [(0,), (ROWS - 1,), (3_456, 5_000), (5_999, 4_321, 4_320)])
def test_bad_value_of_a_file_in_ranges(rows: tuple[int, ...], threads: int, tmp_path: Path) -> None:
    """The first bad row of the second file, by its number there."""
    (tmp_path / "1.csv").write_text(text())
    (tmp_path / "2.csv").write_text(text(rows))
    assert len(list(open_source(tmp_path / "2.csv", sizes=SIZES).pieces(None))) > 9
    with pytest.raises(dm.errors.BadValueError, match=rf"2\.csv, column 'v', row {min(rows)}: ") as caught:
        handed.score_files(tmp_path, None, **ROLES, sizes=SIZES, bad_values="error", threads=threads)
    assert (caught.value.file, caught.value.row) == (str(tmp_path / "2.csv"), min(rows))


def test_bad_value_after_the_last_cut(tmp_path: Path) -> None:
    """Where no further place to cut is found, the rest is one piece in many batches; its rows are counted on."""
    path = tmp_path / "in.csv"
    long = "x" * (SIZES.range_bytes + (WINDOWS + 1) * SIZES.window_bytes)  # whose windows show no row's start
    path.write_text(text((5_555,)).replace("\n3333", f"\n{long}"))
    pieces = list(open_source(path, sizes=SIZES).pieces(None))
    assert len(pieces) > 5 and len(list(pieces[-1].batches())) > 5
    with pytest.raises(dm.errors.BadValueError) as caught:
        handed.score_files(path, None, **ROLES, sizes=SIZES, bad_values="error", threads=2)
    assert (caught.value.file, caught.value.row) == (str(path), 5_555)


def test_late_row_of_a_file_in_ranges(tmp_path: Path) -> None:
    """A row that breaks the promised order is named like any other."""
    path = tmp_path / "in.csv"
    path.write_text(text(late=5_432))
    with pytest.raises(dm.errors.OrderError, match=r"in\.csv, column 'd', row 5432: the day 2026-01-02 comes when"):
        handed.score_files(path, None, **ROLES, sizes=SIZES, sorted_by="day", memory_limit="16KiB")


def test_stream() -> None:
    """What is no file is named too."""
    file = io.BytesIO(text((17,)).encode())
    file.name = "standard input"
    with pytest.raises(dm.errors.BadValueError, match="standard input, column 'v', row 17: "):
        handed.score_files(file, None, **ROLES, sizes=SIZES, bad_values="error")
