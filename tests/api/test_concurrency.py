"""Calls of any number of threads, inside one another and after a fork: each gets the answer of its own settings.

What calls could share is looked for in two ways: by running other calls between any two steps of one (which finds a
shared place for certain, where the interpreter's own switches find it once in a million), and by threads at once.
`DEMINIMIS_STRESS_SECONDS=600` makes the threads run for as long.
"""

from __future__ import annotations

import itertools
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import deminimis as dm

PACKAGE = str(Path(dm.__file__).parent)
ROLES: dict[str, Any] = {"person": "who", "day": "day", "value": "usd"}
SMALL = pa.table({
    "who": ["Ann", " ANN", "Ann c/o Bo", "Bo"],
    "day": ["2024-06-01"] * 4,
    "usd": ["500", "400.50", "300", None],
    "land": ["CN", "DE", "DE", "DE"],
    "shop": ["X", "Y", "X", "X"],
})  # fmt: skip
# Settings over one schema, and the mask of each, worked out by hand; what is kept of one call could serve another here.
JOBS: list[tuple[dict[str, Any], list[bool]]] = [
    ({"limit": 450}, [False, True, True, False]),
    ({"limit": 500}, [True, True, True, False]),
    ({"limit": 350, "secret": b"a secret of sixteen bytes"}, [False, False, True, False]),
    ({"limit": 1200, "normalize": "fold"}, [True, True, True, False]),
    ({"limit": 900, "normalize": "fold"}, [False, False, True, False]),
    ({"limit": 799, "in_care_of": True}, [False, True, False, False]),
    ({"limit": 800, "placeholders": ["Ann"]}, [False, False, True, False]),
    ({"limit": 800, "person": ["shop"]}, [False, True, False, False]),
    ({"limit": 1000, "person": ["shop"], "bad_values": "ignore"}, [True, True, True, False]),
    ({"rule": dm.Rule.load("us-321"), "origin": "land"}, [True, True, True, False]),
    ({"rule": "us-gift", "sent_from": "land"}, [False, False, False, False]),
]


def eligible(settings: dict[str, Any]) -> list[bool]:
    return dm.eligible(SMALL, **ROLES | settings).to_pylist()


def with_one_between(call: Callable[[], Any], then: Callable[[], None], step: int, each: str) -> tuple[Any, bool]:
    """Make a call, and do something else before its step of this number: a line or an opcode of the package's code in
    this thread. Returns what the call did, and whether it came to the step."""
    left = step

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal left
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        frame.f_trace_opcodes = each == "opcode"
        if event == each:
            if left == 0:
                sys.settrace(None)
                then()
            left -= 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        return call(), left < 0
    finally:
        sys.settrace(before)


@pytest.mark.parametrize(("job", "each"), [(0, "opcode"), *((job, "line") for job in range(1, len(JOBS)))])
def test_calls_share_nothing(job: int, each: str) -> None:
    """Whatever another call does between two steps of a call, both get their own masks."""
    settings, mask = JOBS[job]
    other, other_mask = JOBS[(job + 1) % len(JOBS)]
    wrong = []

    def call_another() -> None:
        if eligible(other) != other_mask:
            wrong.append((step, "the other"))

    for step in itertools.count():
        eligible(settings)  # what is kept of a call is this one's
        found, came = with_one_between(lambda: eligible(settings), call_another, step, each)
        if found != mask:
            wrong.append((step, found))
        if not came:
            break
    assert (wrong, step > 100) == ([], True)


def larger(rows: int, seed: int) -> list[tuple[pa.Table, dict[str, Any], pa.BooleanArray]]:
    """Jobs over a table of text and integer persons; their masks come from sums of small integers."""
    rng = np.random.default_rng(seed)
    number, day, usd = (rng.integers(0, most, rows) for most in (rows // 3, 60, 60_000))
    key = number * 60 + day
    total = np.bincount(key, weights=usd)[key]  # far below 2**53: exact
    table = pa.table({
        "who": pa.array([f"Pérson  {i}" if i % 9 == 0 else f"Person {i}" for i in number]),
        "number": number,
        "day": pa.array(day.astype(np.int32)).cast(pa.date32()),
        "usd": usd,
    })  # fmt: skip
    return [
        (table, ROLES | {"person": person, "limit": limit} | more, pa.array(total <= limit))
        for person in ("who", "number", ["number", "who"])
        for limit in (20_000, 80_000)
        for more in ({}, {"memory_limit": "300kB"}, {"normalize": "fold"}, {"threads": 3})
    ]


def test_threads_at_once() -> None:
    """Threads that call with settings of their own, over small tables and larger ones, all get their own masks."""
    seconds = float(os.environ.get("DEMINIMIS_STRESS_SECONDS", 0))
    small = [(SMALL, ROLES | settings, pa.array(mask)) for settings, mask in JOBS]
    tasks = [*(40 * small), *larger(3_000, 1), *(larger(150_000, 2)[::3])]
    until = time.monotonic() + seconds
    calls, wrong = [0] * 8, []

    def work(number: int) -> None:
        order = np.random.default_rng(number)
        while True:
            for at in order.permutation(len(tasks))[: len(tasks) // 2]:
                table, options, mask = tasks[at]
                calls[number] += 1
                if not dm.eligible(table, **options).equals(mask):
                    wrong.append(options)
            if time.monotonic() >= until:
                return

    switch_seconds = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(len(calls))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(switch_seconds)
    assert (len(wrong), min(calls) > 0) == (0, True), wrong[:3]
