"""Manifests larger than the memory that they may use: days released as they end, records on disk, the same answers."""

from __future__ import annotations

import os
import shutil
import sys
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from handed import eligible, plan, score

import deminimis as dm
from deminimis.run.totals import _OnDisk
from deminimis.sizes import Sizes

ROWS = 480_000
GROUP = 60_000
ROLES = {"person": "person", "day": "day", "value": "value"}


@cache
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


@cache
def in_memory(kind: str, overflow: str = "all", quantity: str | None = None) -> dm.Scored:
    """The answers of a run in memory, by one thread; with ten pieces in each row the limit is ten times as high."""
    table = manifest(kind).append_column("quantity", pa.array(np.full(ROWS, 10)))
    options: dict[str, Any] = {"limit": 30_000 if quantity is None else 300_000, "overflow": overflow}
    return dm.score(table, **ROLES, **options, quantity=quantity, threads=1, memory_limit="1GiB")


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


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_same_answers_as_days_end(case: tuple[str, Path, pa.BooleanArray], threads: int) -> None:
    """Days that statistics tell are released where memory would hold all, too; each worker has as many pieces."""
    kind, path, expected = case
    sizes = Sizes(epoch_rows_a_thread=GROUP, rows_for_one_worker=1)
    options: dict[str, Any] = {**ROLES, "limit": 30_000, "threads": threads, "memory_limit": "1GiB", "sizes": sizes}
    way = plan(path, **options)
    assert way.spill_bytes == 0
    assert way.epochs == ({1: 8, 2: 4, 3: 3}[threads] if kind in ("in order", "nearly in order") else 1)
    assert eligible(path, **options).equals(expected)
    scored, whole = score(path, **options), in_memory(kind)
    assert scored.mask.equals(expected) and scored.reason.equals(whole.reason) and scored.total.equals(whole.total)
    assert scored.summary.epochs == way.epochs


@pytest.mark.parametrize("memory_limit", ["16KiB", "2MiB", "8MiB"])
def test_reasons_and_totals_in_little_memory(
    case: tuple[str, Path, pa.BooleanArray], memory_limit: str, tmp_path: Path
) -> None:
    """Reasons and totals are those of a run in memory, and the manifest's own columns stand beside their rows."""
    kind, path, expected = case
    scored = in_memory(kind)
    target = tmp_path / "out.parquet"
    columns = ("eligible", "reason", "total")
    dm.score_files(path, target, **ROLES, limit=30_000, memory_limit=memory_limit, columns=columns, append=True)
    out = pq.read_table(target)
    assert out["n"].equals(pa.chunked_array([np.arange(ROWS)]))
    assert out["eligible"].combine_chunks().equals(expected)
    assert out["reason"].cast(pa.string()).equals(pa.chunked_array([scored.reason.cast(pa.string())]))
    assert out["total"].combine_chunks().equals(scored.total)


@pytest.mark.parametrize("memory_limit", ["16KiB", "2MiB"])
def test_excess_in_little_memory(case: tuple[str, Path, pa.BooleanArray], memory_limit: str, tmp_path: Path) -> None:
    """Acceptance goes by row order, whatever the epochs and threads."""
    kind, path, _ = case
    options: dict[str, Any] = {**ROLES, "limit": 30_000, "overflow": "excess"}
    expected = in_memory(kind, overflow="excess").mask
    dm.score_files(path, tmp_path / "out.parquet", **options, memory_limit=memory_limit, threads=3)
    assert pq.read_table(tmp_path / "out.parquet")["eligible"].combine_chunks().equals(expected)


@pytest.mark.parametrize("overflow", ["all", "excess"])
@pytest.mark.parametrize("threads", [1, 3])
def test_partition_larger_than_memory(case: tuple[str, Path, pa.BooleanArray], overflow: str, threads: int) -> None:
    """Records come back an extent at a time, for the mask alone and for reasons and totals, and go before the next."""
    kind, path, _ = case
    sizes = Sizes(whole_bytes=0, extent_bytes=32 << 10)
    table = pq.read_table(path).append_column("quantity", pa.array(np.full(ROWS, 10)))
    expected = in_memory(kind, overflow=overflow, quantity="quantity")
    options: dict[str, Any] = {**ROLES, "quantity": "quantity", "limit": 300_000, "overflow": overflow}
    options |= {"threads": threads, "memory_limit": "16KiB", "sizes": sizes}
    with watched() as seen:
        got = score(table, **options)
    assert got.mask.equals(expected.mask) and got.reason.equals(expected.reason)
    assert got.total.equals(expected.total)
    assert eligible(table, **options).equals(expected.mask)
    assert seen.most <= threads * (threads + 1) * sizes.extent_bytes
    assert threads > 1 or seen.read > 2 * sizes.extent_bytes  # of several, only the calling thread's reads are seen


class Seen:
    """Bytes that came back from disk: the most that were in memory together, and all that were read."""

    def __init__(self) -> None:
        self.most = self.read = 0
        self.alive: dict[int, int] = {}

    def __call__(self, frame: FrameType, event: str, content: Any) -> None:
        if event == "return" and frame.f_code is _OnDisk.read.__code__ and content is not None:
            self.alive[id(content)] = len(content)
            weakref.finalize(content, self.alive.pop, id(content))
            self.most, self.read = max(self.most, sum(list(self.alive.values()))), self.read + len(content)


@contextmanager
def watched() -> Iterator[Seen]:
    """Look at all that this thread reads back from disk."""
    seen = Seen()
    sys.setprofile(seen)
    try:
        yield seen
    finally:
        sys.setprofile(None)


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


def spill_files(folder: Path) -> list[int]:
    """The descriptors of files in a folder that have no name any more."""
    found = []
    for link in Path("/proc/self/fd").iterdir():
        try:
            target = str(link.readlink())
        except OSError:
            continue  # of the listing itself
        if target.startswith(f"{folder}{os.sep}") and target.endswith("(deleted)"):
            found.append(int(link.name))
    return found


needs_descriptors = pytest.mark.skipif(
    not Path("/proc/self/fd").is_dir(), reason="the system does not list descriptors"
)


@needs_descriptors
def test_spill_files_have_no_names(spill_folder: Path) -> None:
    """While records are on disk the folder is empty to everyone else, so that nothing outlives the process."""
    seen: list[tuple[int, list[Path]]] = []
    options: dict[str, Any] = {**ROLES, "limit": 30_000, "memory_limit": "16KiB", "spill_dir": spill_folder}
    told = lambda report: seen.append((len(spill_files(spill_folder)), list(spill_folder.iterdir())))  # noqa: E731
    dm.score_files(manifest("shuffled"), None, **options, progress=told)
    assert max(files for files, _ in seen) >= 1 and all(names == [] for _, names in seen)
    assert spill_files(spill_folder) == []


@needs_descriptors
def test_changed_block_is_an_error(spill_folder: Path) -> None:
    """A block that comes back with one bit changed is told; there is no mask."""

    damaged: list[int] = []

    def damage(report: dm.Progress) -> None:
        if report.phase == "total" and not damaged:
            (file,) = spill_files(spill_folder)
            damaged.append(file)
            at = os.fstat(file).st_size // 3
            with open(f"/proc/self/fd/{file}", "r+b", buffering=0) as again:  # noqa: PTH123
                again.seek(at)
                (byte,) = again.read(1)
                again.seek(at)
                again.write(bytes([byte ^ 1]))

    options: dict[str, Any] = {**ROLES, "limit": 30_000, "memory_limit": "16KiB", "spill_dir": spill_folder}
    with pytest.raises(dm.errors.CorruptSpillError, match="other than it was written"):
        dm.score_files(manifest("shuffled"), None, **options, threads=1, progress=damage)


def test_full_disk(spill_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk without room is told with what is needed, before anything is written over."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: _NoRoom)
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
