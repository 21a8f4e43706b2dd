"""Workers that stop together: where a thread cannot be started, nothing runs on and the error says what is needed."""

from __future__ import annotations

import _thread
import contextlib
import pickle
import threading
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import deminimis as dm
from deminimis.run.crew import Crew, _Hand

ROWS = 300_000


def allow(monkeypatch: pytest.MonkeyPatch, threads: int) -> None:
    """From now on the system starts this many threads and no more."""
    start: Any = _thread.start_new_thread
    left = [threads]

    def limited(*given: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise RuntimeError("can't start new thread")
        return start(*given, **named)

    monkeypatch.setattr(_thread, "start_new_thread", limited)


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


def test_thread_that_never_begins() -> None:
    """The work of a thread that died before its first line, as one can where memory is short, is done by the caller."""
    done: list[tuple[int, int]] = []
    hands = [_Hand(lambda number: done.append((number, threading.get_ident())), number) for number in (1, 2)]
    hands[1].start()  # the first is never started
    crew = Crew(3)
    crew._join(hands, None)
    assert sorted(number for number, _ in done) == [1, 2]
    assert (1, threading.get_ident()) in done


def test_work_that_breaks_off() -> None:
    """A thread that ends before its work does, whatever ended it, is an error and no answer."""

    def break_off(number: int) -> None:
        raise MemoryError

    hand = _Hand(break_off, 1)
    hand.start()
    crew = Crew(2)
    hand.wait(60)
    crew._join([hand], None)
    with pytest.raises(MemoryError):
        crew._raise_first()


@pytest.mark.parametrize("size", [1, 2, 5])
def test_each_number_once(size: int) -> None:
    """`work` runs once for each number, whichever thread does it."""
    done: list[int] = []
    Crew(size).run(done.append)
    assert sorted(done) == list(range(size))
