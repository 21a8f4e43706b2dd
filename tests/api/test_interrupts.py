"""A call that ends early, wherever it does, leaves nothing running and nothing open, and the next call is right.

`DEMINIMIS_STRESS_SECONDS=600` tries an interrupt at every line, not at some.
"""

from __future__ import annotations

import _thread
import gc
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from interrupted import interrupted_at

import deminimis as dm
from deminimis import _kernel

PACKAGE = str(Path(dm.__file__).parent)
ROLES: dict[str, Any] = {"person": "who", "day": "day", "value": "usd", "limit": 800}
TIMES = 10**9 if os.environ.get("DEMINIMIS_STRESS_SECONDS") else 20


def manifest(rows: int, name: str = "") -> tuple[pa.Table, pa.BooleanArray]:
    """A table of integer persons, or of text with this name, and its mask by sums of small integers."""
    rng = np.random.default_rng(rows)
    who, usd = rng.integers(0, rows // 3, rows), rng.integers(0, 900, rows)
    day = pa.array(np.full(rows, 19_875, np.int32)).cast(pa.date32())
    table = pa.table({"who": [f"{name} {n}" for n in who] if name else who, "day": day, "usd": usd})
    return table, pa.array(np.bincount(who, weights=usd)[who] <= 800)


TABLE, MASK = manifest(3_000, "Pérson")
LARGE, LARGE_MASK = manifest(400_000)  # worth threads
SMALL = TABLE.slice(0, 50)


def in_steps(folder: Path) -> None:
    scorer = dm.Scorer(**ROLES, threads=2)
    for batch in TABLE.to_batches(max_chunksize=1_000):
        scorer.add(batch)
    scorer.finish()


USES: dict[str, Callable[[Path], Any]] = {
    "few rows": lambda folder: dm.eligible(SMALL, **ROLES),
    "a stream": lambda folder: dm.score(LARGE.to_reader(max_chunksize=50_000), **ROLES, threads=1),
    "spilled": lambda folder: dm.score(TABLE, **ROLES, threads=2, memory_limit="1B", spill_dir=folder),
    "files": lambda folder: dm.score_files(
        folder / "in.parquet", folder / "out.parquet", **ROLES, threads=2, append=True, progress=lambda told: None
    ),
    "in steps": in_steps,
    "threads": lambda folder: dm.eligible(LARGE, **ROLES, threads=3),
    "threads that spill": lambda folder: dm.score(
        LARGE, **ROLES, threads=2, memory_limit="1B", spill_dir=folder, normalize="fold"
    ),
}


@pytest.fixture
def running() -> int:
    """The threads that run before the test."""
    return _thread._count()


def assert_nothing_is_left(folder: Path, running: int) -> None:
    while _thread._count() > running:  # one that has told its end still leaves its frames; if none does, time runs out
        os.sched_yield()
    gc.collect()
    assert _kernel.live == 0
    assert not folder.exists() or {path.name for path in folder.iterdir()} <= {"in.parquet", "out.parquet"}


# A file that was opened and has no owner yet closes itself, with a warning.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("use", USES)
def test_interrupt_at_any_line(use: str, tmp_path: Path, running: int) -> None:
    """Ctrl-C ends a call wherever it is, and what was there before is whole."""
    pq.write_table(TABLE, tmp_path / "in.parquet", row_group_size=1_000)
    target = tmp_path / "out.parquet"
    USES[use](tmp_path)  # what is kept for the next call is there
    lines = 10**6 - interrupted_at(lambda: USES[use](tmp_path), 10**6, PACKAGE)[1]
    for line in range(0, lines, max(1, lines // TIMES)):
        target.write_bytes(b"old")
        interrupted, left = interrupted_at(lambda: USES[use](tmp_path), line, PACKAGE)
        assert interrupted or left >= 0, line  # threads take turns, so that some runs are shorter
        assert_nothing_is_left(tmp_path, running)
        if target.read_bytes() != b"old":
            assert pq.read_table(target)["eligible"].combine_chunks().equals(MASK), line
    assert dm.eligible(LARGE, **ROLES, threads=3).equals(LARGE_MASK)


@pytest.mark.parametrize("moment", [0, 3, 7])
def test_interrupt_while_a_stream_is_read(moment: int, running: int) -> None:
    """Ctrl-C that comes while the manifest itself is at work ends the call, and its threads."""

    def batches() -> Iterator[pa.RecordBatch]:
        for number, batch in enumerate(LARGE.to_batches(max_chunksize=50_000)):
            if number == moment:
                signal.raise_signal(signal.SIGINT)
            yield batch

    with pytest.raises(KeyboardInterrupt):
        dm.eligible(pa.RecordBatchReader.from_batches(LARGE.schema, batches()), **ROLES, threads=3)
    assert_nothing_is_left(Path("nowhere"), running)
    assert dm.eligible(LARGE, **ROLES, threads=3).equals(LARGE_MASK)


@pytest.mark.parametrize("error", [KeyboardInterrupt, KeyError])
def test_progress_that_raises(error: type[BaseException], running: int) -> None:
    """What a callback raises ends the call and comes out of it as it is."""

    def tell(told: dm.Progress) -> None:
        raise error  # a new one, which nothing keeps, and with it the batches that its traceback holds

    with pytest.raises(error):
        dm.score_files(LARGE, None, **ROLES, threads=3, progress=tell)
    assert_nothing_is_left(Path("nowhere"), running)
    assert dm.eligible(LARGE, **ROLES, threads=3).equals(LARGE_MASK)


def test_a_scorer_that_is_left(tmp_path: Path, running: int) -> None:
    """A Scorer that is dropped before its end leaves no batch, thread or file, nor does one whose stream fails."""
    for memory_limit in (None, "1B"):
        scorer = dm.Scorer(**ROLES, threads=2, memory_limit=memory_limit, spill_dir=tmp_path)
        for batch in TABLE.to_batches(max_chunksize=1_000):
            scorer.add(batch)
        del scorer, batch
        assert_nothing_is_left(tmp_path, running)

        def failing() -> Iterator[pa.RecordBatch]:
            yield from TABLE.to_batches(max_chunksize=1_000)
            raise RuntimeError("mine")

        scorer = dm.Scorer(**ROLES, threads=2, memory_limit=memory_limit, spill_dir=tmp_path)
        with pytest.raises(RuntimeError, match="mine"):
            scorer.add(pa.RecordBatchReader.from_batches(TABLE.schema, failing()))
        del scorer
        assert_nothing_is_left(tmp_path, running)


@pytest.mark.parametrize("value", ["usd", pc.field("usd").cast("int32")], ids=["column", "expression"])
@pytest.mark.parametrize(
    ("raised", "comes_out"),
    [
        (KeyboardInterrupt, KeyboardInterrupt),
        (SystemExit, SystemExit),
        (MemoryError, dm.errors.OutOfMemoryError),
        (OSError, dm.errors.InputError),
        (KeyError, KeyError),
    ],
)
def test_a_stream_that_raises(raised: type[BaseException], comes_out: type[BaseException], value: Any) -> None:
    """What a stream of Python's own raises ends the call, and Ctrl-C is Ctrl-C, not words in another error."""
    roles = ROLES | {"value": value}

    def batches() -> Iterator[pa.RecordBatch]:
        yield from SMALL.to_batches()
        raise raised("mine")

    def stream() -> pa.RecordBatchReader:
        return pa.RecordBatchReader.from_batches(SMALL.schema, batches())

    calls: list[Callable[[], Any]] = [
        lambda: dm.eligible(stream(), **roles),
        lambda: dm.Scorer(**roles).add(stream()),
        lambda: dm.explain(stream(), 10**6, **roles),
    ]
    for call in calls:
        with pytest.raises(comes_out, match="mine") as caught:
            call()
        assert type(caught.value) is comes_out


def test_calls_within_a_call() -> None:
    """What a call asks of its caller, batches, arrays and progress, may make calls of its own."""
    inner: list[bool] = []

    def call() -> None:
        inner.append(dm.eligible(TABLE, **ROLES, normalize="fold", threads=2).equals(MASK))
        inner.append(dm.eligible(LARGE, **ROLES, threads=2).equals(LARGE_MASK))

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in LARGE.to_batches(max_chunksize=100_000):
            call()
            yield batch

    class Column:
        def __arrow_c_array__(self, requested_schema: object = None) -> Any:
            call()
            return LARGE["usd"].combine_chunks().__arrow_c_array__(requested_schema)

    reader = pa.RecordBatchReader.from_batches(LARGE.schema, batches())
    assert dm.eligible(reader, **ROLES, threads=3).equals(LARGE_MASK)
    columns = {"who": LARGE["who"], "day": LARGE["day"], "usd": Column()}
    assert dm.eligible(columns, **ROLES).equals(LARGE_MASK)
    dm.score_files(LARGE, None, **ROLES, threads=3, progress=lambda told: call())
    assert len(inner) > 12
    assert all(inner)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_fork_after_use() -> None:
    """Children of a process that has scored with threads score right, with threads of their own."""
    words = [sys.executable, "-W", "ignore", str(Path(__file__).with_name("forked.py"))]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout == "0\n"
