"""A target that is to be kept stays, whenever it came."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import deminimis as dm
from deminimis.errors import InputError
from deminimis.person_days import write_totals
from deminimis.sinks.open import open_sink

MASK = pa.schema([pa.field("eligible", pa.bool_(), nullable=False)])
BATCH = pa.record_batch([pa.array([True, False])], schema=MASK)
TABLE = pa.table({"who": ["A"], "day": ["2024-06-01"], "usd": ["1"]})
ROLES: dict[str, Any] = {"person": "who", "day": "day", "value": "usd", "limit": 800}


@pytest.mark.parametrize("unnamed", [True, False])
@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("appears", ["before", "meanwhile", "at last", "never"])
def test_target_that_is_to_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, appears: str, links: bool, unnamed: bool
) -> None:
    """With `replace=False` a file of that name stays, whenever it came: also behind the last look at the name."""
    target = tmp_path / "m.csv"
    if not unnamed:
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    elif not links:
        pytest.skip("where there are no links, a file has a name from the start")
    if not links and sys.platform != "linux":
        pytest.skip("a rename that replaces nothing is asked of Linux alone")

    def link(*given: Any, **named: Any) -> None:
        if appears == "at last":
            target.write_text("before")
        if not links:
            raise PermissionError(errno.EPERM, "no links here")
        monkeypatch.undo()
        os.link(*given, **named)

    monkeypatch.setattr(os, "link", link)
    if appears == "before":
        target.write_text("before")
    with (
        contextlib.nullcontext() if appears == "never" else pytest.raises(InputError, match=r"m\.csv: is there alr"),
        open_sink(target, MASK, replace=False) as sink,
    ):
        sink.write(BATCH)
        if appears == "meanwhile":
            target.write_text("before")
    assert list(tmp_path.iterdir()) == [target]
    assert target.read_text() == ('"eligible"\ntrue\nfalse\n' if appears == "never" else "before")


@pytest.mark.parametrize("links", [True, False])
def test_one_of_several_at_once_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    """Of threads that write one target at once and are to keep it, one does, and what it wrote is what is there."""
    if not links:
        if sys.platform != "linux":
            pytest.skip("a rename that replaces nothing is asked of Linux alone")

        def link(*given: Any, **named: Any) -> None:
            raise PermissionError(errno.EPERM, "no links here")

        monkeypatch.setattr(os, "link", link)
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    writers, rounds = 3, 40
    together = threading.Barrier(writers)
    won: list[list[int]] = [[] for _ in range(rounds)]

    def write(number: int) -> None:
        for turn in range(rounds):
            batch = pa.record_batch([pa.array([True] * number)], schema=MASK)
            together.wait()
            with contextlib.suppress(InputError), open_sink(tmp_path / f"{turn}.csv", MASK, replace=False) as sink:
                sink.write(batch)
                together.wait()  # all of them saw that nothing is there
                sink.commit()
                won[turn].append(number)

    all_at_once = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    for thread in all_at_once:
        thread.start()
    for thread in all_at_once:
        thread.join()
    rows = [[len((tmp_path / f"{turn}.csv").read_text().splitlines()) - 1] for turn in range(rounds)]
    assert won == rows
    assert len(list(tmp_path.iterdir())) == rounds


def test_file_that_appears_while_rows_are_read(tmp_path: Path) -> None:
    """`score_files` with `replace=False` keeps what another wrote in the meantime."""
    target = tmp_path / "m.parquet"

    def batches() -> Iterator[pa.RecordBatch]:
        yield from TABLE.to_batches()
        target.write_text("another's")

    stream = pa.RecordBatchReader.from_batches(TABLE.schema, batches())
    with pytest.raises(InputError, match=r"m\.parquet: is there already, and is to be kept"):
        dm.score_files(stream, target, **ROLES, replace=False)
    assert list(tmp_path.iterdir()) == [target] and target.read_text() == "another's"
    with pytest.raises(InputError, match=r"m\.parquet: is there already"):
        write_totals(TABLE, target, **ROLES, replace=False)
    dm.score_files(TABLE, target, **ROLES)
    assert pq.read_table(target).num_rows == 1
