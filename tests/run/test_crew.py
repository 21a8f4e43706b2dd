"""Workers that stop together: where a thread cannot be started, nothing runs on and the error says what is needed."""

from __future__ import annotations

import _thread
import contextlib
import gc
import os
import pickle
import threading
import weakref
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from interrupted import interrupted_at

import deminimis as dm
from deminimis.run import crew as crew_module
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


def crew_interrupted_at(step: int, size: int, fails: bool) -> tuple[int, list[int], list[int]]:
    """Run a crew whose threads work until the calling thread has, or all stop. Before the step of this number that
    crew.py takes in the calling thread, call by call and instruction by instruction, raise what Ctrl-C raises. How many
    steps were left to it, and who had begun and ended when the call returned."""
    crew, is_done = Crew(size), threading.Event()
    began: list[int] = []
    ended: list[int] = []

    def work(number: int) -> None:
        began.append(number)
        if number == 0:
            is_done.set()
        while not is_done.wait(0.001) and not crew.is_stopped:
            pass
        ended.append(number)
        if fails:
            raise ValueError(number)

    def call() -> None:
        with contextlib.suppress(ValueError):
            crew.run(work)

    is_out, left = interrupted_at(call, step, crew_module.__file__, opcodes=True)
    assert is_out == (left < 0)
    return left, began.copy(), ended.copy()


@pytest.mark.parametrize("fails", [False, True], ids=["works", "fails"])
@pytest.mark.parametrize("size", [1, 2])
def test_interrupt_at_every_step(size: int, fails: bool) -> None:
    """Ctrl-C at any step between the start of threads and their end comes out as itself, and when it does, no work that
    was begun goes on; none is begun later."""
    threads, step, left = _thread._count(), 0, -1
    while left < 0:
        left, began, ended = crew_interrupted_at(step, size, fails)
        assert sorted(began) == sorted(ended), step
        step += 1
    assert step > 10
    assert fails or sorted(ended) == list(range(size))  # the last had no interrupt
    while _thread._count() > threads:  # they leave their frames; if one does not, time runs out
        os.sched_yield()


def test_thread_that_begins_late() -> None:
    """A thread that begins when its work was taken and done holds nothing of it: no manifest stays for it."""

    class Work:
        def __call__(self, number: int) -> None:
            pass

    works = [Work(), Work()]
    gone = [weakref.ref(work) for work in works]
    hands = [_Hand(works.pop(), number) for number in (1, 2)]
    crew = Crew(3)
    crew._join(hands[:1], None)  # done by the caller
    crew.fail(ValueError(), 0)
    crew._join(hands[1:], None)  # left alone
    gc.collect()
    assert [one() for one in gone] == [None, None]
    for hand in hands:
        hand.start()
