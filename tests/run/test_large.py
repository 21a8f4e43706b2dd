"""Manifests larger than the memory that they may use: days released as they end, records on disk, the same answers."""

from __future__ import annotations

import os
import tempfile
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import deminimis as dm
from deminimis.run import spill
from deminimis.run import totals as totalling

ROWS = 480_000
GROUP = 60_000
ROLES = {"person": "person", "day": "day", "value": "value"}


def manifest(kind: str, seed: int = 1) -> pa.Table:
    """Rows of 60 days, in an order that `kind` tells; three rows in four share their person-day with another."""
    rng = np.random.default_rng(seed)
    day = np.arange(ROWS) * 60 // ROWS
    if kind == "nearly in order":
        day = day + rng.integers(0, 2, ROWS)
    elif kind == "shuffled":
        day = rng.permutation(day)
    elif kind == "one day late":  # a single row of the first day at the very end
        day[-1] = 0
    person = rng.integers(0, 3_000, ROWS)
    if kind == "one giant person":
        person[:] = 7
        day[:] = 3
    names = np.char.add("person number ", person.astype(str))
    cents = rng.integers(0, 60_000, ROWS)
    cents[person % 50 == 0] = -1
    return pa.table(
        {
            "person": pa.array(names),
            "day": pa.array((19_700 + day).astype(np.int32), pa.date32()),
            "value": pa.array(cents, pa.int64()).cast(pa.decimal128(21, 2)).cast(pa.string()),
            "n": np.arange(ROWS),
        }
    )


KINDS = ["in order", "nearly in order", "shuffled", "one day late", "one giant person"]


@pytest.fixture(scope="module", params=KINDS)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, pa.BooleanArray]:
    """A manifest in eight row groups, and its mask by a run in memory."""
    table = manifest(request.param)
    path = tmp_path_factory.mktemp("large") / "manifest.parquet"
    pq.write_table(table, path, row_group_size=GROUP)
    return request.param, path, dm.eligible(table, **ROLES, limit=30_000, memory_limit="1GiB")


@pytest.mark.parametrize("memory_limit", ["16KiB", "256KiB", "1MiB", "4MiB"])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_same_mask_in_little_memory(
    case: tuple[str, Path, pa.BooleanArray], memory_limit: str, threads: int, tmp_path: Path
) -> None:
    """Every memory limit and thread count gives the mask of the run in memory, and the same counts."""
    kind, path, expected = case
    target = tmp_path / "mask.parquet"
    summary = dm.score_files(path, target, **ROLES, limit=30_000, memory_limit=memory_limit, threads=threads)
    assert pq.read_table(target)["eligible"].combine_chunks().equals(expected)
    assert (summary.rows, summary.eligible) == (ROWS, expected.true_count)
    if memory_limit == "16KiB":
        assert summary.bytes_spilled > 0
    if kind in ("in order", "nearly in order") and memory_limit == "1MiB":
        assert summary.epochs > 2
    if kind in ("shuffled", "one giant person"):
        assert summary.epochs == 1


@pytest.mark.parametrize("memory_limit", ["16KiB", "2MiB", "8MiB"])
def test_reasons_and_totals_in_little_memory(
    case: tuple[str, Path, pa.BooleanArray], memory_limit: str, tmp_path: Path
) -> None:
    """Reasons and totals are those of a run in memory, and the manifest's own columns stand beside their rows."""
    _, path, expected = case
    scored = dm.score(pq.read_table(path), **ROLES, limit=30_000, memory_limit="1GiB")
    target = tmp_path / "out.parquet"
    columns = ("eligible", "reason", "total")
    dm.score_files(path, target, **ROLES, limit=30_000, memory_limit=memory_limit, columns=columns, append=True)
    out = pq.read_table(target)
    assert out["n"].to_pylist() == list(range(ROWS))
    assert out["eligible"].combine_chunks().equals(expected)
    assert out["reason"].combine_chunks().to_pylist() == scored.reason.to_pylist()
    assert out["total"].combine_chunks().equals(scored.total)


@pytest.mark.parametrize("memory_limit", ["16KiB", "2MiB"])
def test_excess_in_little_memory(case: tuple[str, Path, pa.BooleanArray], memory_limit: str, tmp_path: Path) -> None:
    """Acceptance goes by row order, whatever the waves and threads."""
    _, path, _ = case
    options: dict[str, Any] = {**ROLES, "limit": 30_000, "overflow": "excess"}
    expected = dm.eligible(pq.read_table(path), **options, threads=1, memory_limit="1GiB")
    dm.score_files(path, tmp_path / "out.parquet", **options, memory_limit=memory_limit, threads=3)
    assert pq.read_table(tmp_path / "out.parquet")["eligible"].combine_chunks().equals(expected)


@pytest.mark.parametrize("overflow", ["all", "excess"])
@pytest.mark.parametrize("threads", [1, 3])
def test_partition_larger_than_memory(
    case: tuple[str, Path, pa.BooleanArray], overflow: str, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records come back a piece at a time, for the mask alone and for reasons and totals, and go before the next."""
    piece, most, on_disk = 32 << 10, 0, 0
    monkeypatch.setattr(totalling, "WHOLE_BYTES", 0)
    monkeypatch.setattr(spill, "PIECE_BYTES", piece)
    alive: dict[int, int] = {}
    read = totalling._OnDisk.read

    def watched(self: Any, w: int, one: spill.Piece) -> Any:
        nonlocal most, on_disk
        content = read(self, w, one)
        alive[id(content)] = one.size
        weakref.finalize(content, alive.pop, id(content))
        most, on_disk = max(most, sum(list(alive.values()))), on_disk + one.size
        return content

    _, path, _ = case
    table = pq.read_table(path).append_column("quantity", pa.array(np.full(ROWS, 10)))
    options: dict[str, Any] = {**ROLES, "quantity": "quantity", "limit": 300_000, "overflow": overflow}
    expected = dm.score(table, **options, threads=1, memory_limit="1GiB")
    monkeypatch.setattr(totalling._OnDisk, "read", watched)
    scored = dm.score(table, **options, threads=threads, memory_limit="16KiB")
    assert scored.mask.equals(expected.mask) and scored.reason.equals(expected.reason)
    assert scored.total.equals(expected.total)
    assert dm.eligible(table, **options, threads=threads, memory_limit="16KiB").equals(expected.mask)
    assert most <= threads * (threads + 1) * piece < on_disk


@pytest.mark.parametrize("window", ["month", "quarter", "year"])
def test_no_window_is_cut_in_two(window: Any, tmp_path: Path) -> None:
    """Where totals are kept by the month, the quarter or the year, days are released at its end and not before."""
    table = manifest("in order")
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=GROUP)
    roles: dict[str, Any] = {**ROLES, "rule": dm.Rule(limit=1_840_000, window=window)}
    summary = dm.score_files(tmp_path / "in.parquet", tmp_path / "mask.parquet", **roles, memory_limit="1MiB")
    expected = dm.eligible(table, **roles, memory_limit="1GiB")
    assert 0 < expected.true_count < ROWS and summary.epochs > 1
    assert pq.read_table(tmp_path / "mask.parquet")["eligible"].combine_chunks().equals(expected)


def test_spilled_bytes_a_row(tmp_path: Path) -> None:
    """A spilled row takes at most 18 bytes."""
    path = tmp_path / "manifest.parquet"
    pq.write_table(manifest("shuffled"), path)
    summary = dm.score_files(path, None, **ROLES, limit=30_000, memory_limit="16KiB")
    assert 0 < summary.bytes_spilled <= 18 * ROWS


def test_statistics_that_lie(tmp_path: Path) -> None:
    """A row group whose days are not where its statistics say is an error that names the file, never a wrong mask."""
    path = tmp_path / "lies.parquet"
    table = manifest("in order")
    pq.write_table(table, path, row_group_size=GROUP, use_dictionary=False, compression="none")
    some = 10_000  # fewer rows than a page holds
    days = table["day"].cast(pa.int32()).to_numpy().astype("<i4")[ROWS - GROUP :][:some]
    content = path.read_bytes()
    assert content.count(days.tobytes()) == 1
    path.write_bytes(content.replace(days.tobytes(), np.full(some, 19_700, "<i4").tobytes()))
    with pytest.raises(dm.errors.DeminimisError, match=r"lies\.parquet"):
        dm.score_files(path, None, **ROLES, limit=30_000, memory_limit="1MiB")


@pytest.fixture
def spill_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "spill"
    folder.mkdir()
    return folder


def test_spill_files_have_no_names(spill_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While records are on disk the folder is empty to everyone else, so that nothing outlives the process."""
    seen: list[list[str]] = []
    written = spill.Spill.write

    def write(self: spill.Spill, waiting: range) -> None:
        written(self, waiting)
        seen.append([entry.name for entry in spill_folder.iterdir()])

    monkeypatch.setattr(spill.Spill, "write", write)
    dm.eligible(manifest("shuffled"), **ROLES, limit=30_000, memory_limit="16KiB", spill_dir=spill_folder)
    assert seen and not any(seen)


def test_changed_block_is_an_error(spill_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A block that comes back with one bit changed, or short, is told; there is no mask."""
    opened: list[Any] = []
    temporary, read = tempfile.TemporaryFile, spill.Spill.read

    def open_it(*args: Any, **kwargs: Any) -> Any:
        opened.append(temporary(*args, **kwargs))
        return opened[-1]

    def damage(self: spill.Spill, piece: spill.Piece) -> Any:
        monkeypatch.setattr(spill.Spill, "read", read)
        file = opened[0].fileno()
        at = piece.offset + piece.size // 3
        os.pwrite(file, bytes([os.pread(file, 1, at)[0] ^ 1]), at)
        return self.read(piece)

    monkeypatch.setattr(spill.tempfile, "TemporaryFile", open_it)
    monkeypatch.setattr(spill.Spill, "read", damage)
    with pytest.raises(dm.errors.CorruptSpillError, match="other than it was written"):
        dm.eligible(
            manifest("shuffled"), **ROLES, limit=30_000, memory_limit="16KiB", spill_dir=spill_folder, threads=1
        )


def test_full_disk(spill_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk without room is told with what is needed, before anything is written over."""
    monkeypatch.setattr(spill.shutil, "disk_usage", lambda _: _NoRoom)
    with pytest.raises(dm.errors.OutOfSpaceError, match=r"MiB more are needed.*spill_dir=") as caught:
        dm.eligible(manifest("shuffled"), **ROLES, limit=30_000, memory_limit="16KiB", spill_dir=spill_folder)
    assert caught.value.exit_code == 3 and not any(spill_folder.iterdir())


class _NoRoom:
    free = 0


@pytest.mark.parametrize("folder", ["nowhere", "file"])
def test_spill_folder_is_checked(tmp_path: Path, folder: str) -> None:
    """A spill folder that cannot be used is refused before any row is read."""
    (tmp_path / "file").write_text("")
    with pytest.raises(dm.errors.InputError, match="spill_dir="):
        dm.eligible(manifest("in order"), **ROLES, limit=800, spill_dir=tmp_path / folder)
