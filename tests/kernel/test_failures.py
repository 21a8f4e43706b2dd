"""Each way in which a step of the kernel can fail has one name and one exception."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pyarrow as pa
import pytest

import deminimis as dm
from deminimis import _kernel
from deminimis.roles import names
from deminimis.roles.bindings import Bindings
from deminimis.roles.request import check

STATUSES = Path(__file__).resolve().parents[2] / "ext" / "status.pxd"
ROLES: dict[str, Any] = {"person": "who", "day": "day", "value": "usd", "limit": 800}


def test_every_status_has_its_exception() -> None:
    """The table has all names of the kernel's list but that of success and of what the interpreter raised itself."""
    names = dict(re.findall(r"^    ([A-Z_]+) = (-?\d+)", STATUSES.read_text(), re.M))
    assert (names.pop("DONE"), names.pop("RAISED")) == ("0", "-3")
    assert {name: int(number) for name, number in names.items()} == {
        name: status for name, (status, _, _) in _kernel.FAILURES.items()
    }
    assert len({status for status, _, _ in _kernel.FAILURES.values()}) == len(names)


@pytest.mark.parametrize("name", _kernel.FAILURES)
def test_exception(name: str) -> None:
    """A status raises its exception, with its text or with what is told."""
    status, kind, text = _kernel.FAILURES[name]
    with pytest.raises(kind) as raised:
        _kernel.fail(status)
    assert type(raised.value) is kind and raised.value.args == (text,)
    with pytest.raises(kind) as raised:
        _kernel.fail(status, (7, 19_000))
    assert raised.value.args == (7, 19_000)


def partitioned(table: pa.Table, **options: Any) -> None:
    bindings = Bindings(check(**ROLES | options), outcomes=False, tally=False)
    batch = bindings.batch(table.to_batches()[0], None)
    one = _kernel.Partitioner(bindings.settings, 0, slots=2)
    one.route(0, 5, 9, 0, 1)
    one.add(batch, 0, batch.length, 0)


def test_rows_that_stop_the_reading() -> None:
    """They are told by their place in the batch, an index that is wrong by its kind."""
    table = pa.table({"who": ["A", "B", "C"], "day": pa.array([0, 9, 10], pa.date32()), "usd": [1, 2, 3]})
    with pytest.raises(_kernel.DayOutsideError) as late:
        partitioned(table)
    assert late.value.args == (2, 10)
    table = table.set_column(2, "usd", pa.array([1, -2, 3]))
    with pytest.raises(_kernel.ValueRefusedError) as refused:
        partitioned(table, bad_values="error")
    assert refused.value.args == (1,)
    persons = pa.DictionaryArray.from_arrays(pa.array([0, 1, 5]), pa.array(["A", "B"]), safe=False)
    with pytest.raises(ValueError, match="a dictionary index lies outside its dictionary"):
        partitioned(table.set_column(0, "who", persons))


@pytest.mark.parametrize("kind", [KeyboardInterrupt, MemoryError, RuntimeError])
@pytest.mark.parametrize("persons", [["A", "é"], pa.array(["A", "é"]).dictionary_encode()], ids=["plain", "dictionary"])
def test_what_the_interpreter_raises_comes_out(kind: type[BaseException], persons: Any) -> None:
    """An exception on the way, such as that of Ctrl-C, is that of the call, and the next call is right."""
    table = pa.table({"who": persons, "day": pa.array([0, 1], pa.date32()), "usd": [1, 2]})
    options = ROLES | {"normalize": "fold", "threads": 1}

    def trace(frame: FrameType, event: str, argument: object) -> None:
        if frame.f_code is names.fold_bytes.__code__:
            raise kind("mine")

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        with pytest.raises(kind, match="mine"):
            dm.eligible(table, **options)
    finally:
        sys.settrace(before)
    assert dm.eligible(table, **options).to_pylist() == [True, True]


AMOUNTS = [1.5e10 + 1.01, 2.5e14 + 0.1, 12_345.67, 99_999_999_999.99, 0.1, 3.0]
"""Floats whose shortest decimal form the interpreter tells, and others."""


@pytest.mark.parametrize("bad_values", ["ignore", "unproven", "error"])
@pytest.mark.parametrize("quantity", [None, pa.array([1.0, 2.0, 3.0, 0.5, 1e12 + 0.1, 7.0])], ids=["", "times"])
@pytest.mark.parametrize("kind", [pa.float64(), pa.float32()], ids=str)
def test_no_amount_is_bad_for_want_of_memory(kind: pa.DataType, quantity: Any, bad_values: str) -> None:
    """Whichever allocation of the interpreter fails while floats are read, each is as it is, or the call ends."""
    failing = pytest.importorskip("_testcapi", reason="this Python cannot let its allocations fail")
    rows = len(AMOUNTS)
    columns = {"who": range(rows), "day": pa.array([0] * rows, pa.date32()), "usd": pa.array(AMOUNTS).cast(kind)}
    options: dict[str, Any] = ROLES | {"bad_values": bad_values}
    if quantity is not None:
        columns |= {"times": quantity}
        options |= {"quantity": "times"}
    bindings = Bindings(check(**options), outcomes=False, tally=False)
    batch = bindings.batch(pa.table(columns).to_batches()[0], None)
    refused = allowed = 0
    while allowed < 4 + refused:  # until some calls in a row had all that they asked for
        failing.set_nomemory(allowed + 1, allowed + 2)
        try:
            plain = _kernel.read_only(bindings.settings, batch)
        except MemoryError:
            plain = None
        finally:
            failing.remove_mem_hooks()
        assert plain in (None, rows)
        refused += plain is None
        allowed += 1
    assert refused > 0
