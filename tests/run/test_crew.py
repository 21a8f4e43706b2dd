"""Workers that stop together: where a thread cannot be started, nothing runs on and the error says what is needed."""

from __future__ import annotations

import contextlib
import pickle
import threading
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import deminimis as dm
from deminimis.run.crew import Crew

ROWS = 300_000


def allow(monkeypatch: pytest.MonkeyPatch, threads: int) -> None:
    """From now on the system starts this many threads and no more."""
    start: Any = threading._start_new_thread  # type: ignore[attr-defined]
    left = [threads]

    def limited(*given: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise RuntimeError("can't start new thread")
        return start(*given, **named)

    monkeypatch.setattr(threading, "_start_new_thread", limited)


@pytest.mark.parametrize("threads", [0, 1, 2])
def test_too_few_threads(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error counts the threads that are needed and those that could be had; those that ran have ended."""
    before = threading.active_count()
    allow(monkeypatch, threads)
    began: list[int] = []
    with pytest.raises(dm.errors.OutOfThreadsError) as caught:
        Crew(4).run(began.append)
    had = threads + 1
    assert str(caught.value) == (
        f"this takes 4 threads, of which {had} could be had: give threads={had}, "
        "or raise the limit of threads (ulimit -u)"
    )
    assert (threading.active_count(), 0 in began) == (before, False)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize("allowed", range(6))
def test_a_run_without_threads(allowed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """At whichever step of a run a thread is refused, there is our error or the right mask, and no thread is left."""
    rng = np.random.default_rng(1)
    days = pa.array(rng.integers(0, 9, ROWS).astype(np.int32), pa.date32())
    table = pa.table({"who": np.arange(ROWS) % 1_000, "day": days, "usd": np.ones(ROWS)})
    roles: dict[str, Any] = {"person": "who", "day": "day", "value": "usd", "limit": 33}
    right = dm.eligible(table, **roles, threads=1)
    before = threading.active_count()
    allow(monkeypatch, allowed)
    with contextlib.suppress(dm.errors.OutOfThreadsError):
        assert dm.eligible(table, **roles, threads=2).equals(right) and allowed > 0
    assert threading.active_count() == before
    assert dm.eligible(table, **roles, threads=1).equals(right)
