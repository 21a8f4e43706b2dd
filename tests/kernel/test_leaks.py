"""What crosses the C Data interface is released exactly once, and no run leaves memory or references behind."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import deminimis as dm

ROLES = {"person": "person", "day": "day", "value": "value"}
POINTER = ctypes.c_void_p
RELEASE = ctypes.CFUNCTYPE(None, POINTER)
GET = ctypes.CFUNCTYPE(ctypes.c_int, POINTER, POINTER)

capsule_pointer = ctypes.pythonapi.PyCapsule_GetPointer
capsule_pointer.restype = POINTER
capsule_pointer.argtypes = [ctypes.py_object, ctypes.c_char_p]


class CSchema(ctypes.Structure):
    _fields_ = [(name, POINTER) for name in ("format", "name", "metadata")] + [
        ("flags", ctypes.c_int64), ("n_children", ctypes.c_int64),
        ("children", POINTER), ("dictionary", POINTER), ("release", POINTER), ("private", POINTER),
    ]  # fmt: skip


class CArray(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int64) for name in ("length", "null_count", "offset", "n_buffers", "n_children")] + [
        (name, POINTER) for name in ("buffers", "children", "dictionary", "release", "private")
    ]


class CStream(ctypes.Structure):
    _fields_ = [(name, POINTER) for name in ("get_schema", "get_next", "get_last_error", "release", "private")]


class Ledger:
    """Counts each struct's releases: the struct's own callback is wrapped, wherever the struct is moved to."""

    def __init__(self) -> None:
        self.releases: dict[str, int] = {}
        self.callbacks: list[Any] = []

    def watch(self, struct: Any, name: str) -> None:
        original = RELEASE(struct.release)
        self.releases[name] = 0

        def release(address: int) -> None:
            self.releases[name] += 1
            original(address)

        self.callbacks.append(RELEASE(release))
        struct.release = ctypes.cast(self.callbacks[-1], POINTER)


class WatchedArray:
    """A batch whose schema and array are in the ledger."""

    def __init__(self, batch: pa.RecordBatch, ledger: Ledger) -> None:
        self.batch, self.ledger = batch, ledger

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        schema, array = self.batch.__arrow_c_array__()
        self.ledger.watch(CSchema.from_address(capsule_pointer(schema, b"arrow_schema")), "schema")
        self.ledger.watch(CArray.from_address(capsule_pointer(array, b"arrow_array")), "array")
        return schema, array


class WatchedStream:
    """A stream in the ledger with all that it hands out; it fails when batch number `fails_at` is asked for."""

    def __init__(self, table: pa.Table, ledger: Ledger, fails_at: int | None = None) -> None:
        self.table, self.ledger, self.fails_at = table, ledger, fails_at

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        capsule = self.table.to_reader(max_chunksize=10).__arrow_c_stream__()
        stream = CStream.from_address(capsule_pointer(capsule, b"arrow_array_stream"))
        get_schema, get_next = GET(stream.get_schema), GET(stream.get_next)
        schemas, arrays = iter(range(1_000)), iter(range(1_000))

        def watched_schema(this: int, out: int) -> int:
            status = get_schema(this, out)
            self.ledger.watch(CSchema.from_address(out), f"schema {next(schemas)}")
            return status

        def watched_next(this: int, out: int) -> int:
            number = next(arrays)
            if number == self.fails_at:
                return 5
            status = get_next(this, out)
            if CArray.from_address(out).release:
                self.ledger.watch(CArray.from_address(out), f"array {number}")
            return status

        for field, callback in (("get_schema", GET(watched_schema)), ("get_next", GET(watched_next))):
            self.ledger.callbacks.append(callback)
            setattr(stream, field, ctypes.cast(callback, POINTER))
        self.ledger.watch(stream, "stream")
        return capsule


def manifest(rows: int = 100, **columns: Any) -> pa.Table:
    persons = [f"a person of the name {i % 7}" for i in range(rows)]
    table = {"person": persons, "day": ["2024-06-01"] * rows, "value": [float(i % 90) for i in range(rows)]}
    return pa.table(table | columns)


KEYED: dict[str, Any] = ROLES | {"limit": 800, "secret": b"a secret that nobody knows"}
GIVEN = dm.totals(manifest(), **KEYED).read_all()
USES: dict[str, Callable[[Any], Any]] = {
    "eligible": lambda source: dm.eligible(source, **ROLES, limit=800),
    "score": lambda source: dm.score(source, **ROLES, limit=800, threads=2),
    "a missing column": lambda source: dm.score(source, **ROLES | {"value": "price"}, limit=800),
    "an unsupported type": lambda source: dm.score(source, **ROLES | {"day": "value"}, limit=800),
    "a bad value": lambda source: dm.score(source, **ROLES | {"value": "person"}, limit=800, bad_values="error"),
    "totals": lambda source: dm.totals(source, **ROLES, limit=800, threads=2).read_all(),
    "totals that are dropped": lambda source: next(dm.totals(source, **ROLES, limit=800, memory_limit="1B")),
    "by totals": lambda source: dm.eligible(source, **KEYED, totals=GIVEN),
    "by totals that lack a group": lambda source: dm.eligible(source, **KEYED, totals=GIVEN.slice(1)),
    "a scorer that is dropped": lambda source: dm.Scorer(**ROLES, limit=800).add(source),
}
ERRORS = {"a missing column", "an unsupported type", "a bad value", "by totals that lack a group"}


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    """A ledger that is checked at the end: something was lent, and each struct came back once."""
    ledger = Ledger()
    yield ledger
    gc.collect()
    assert ledger.releases
    assert set(ledger.releases.values()) == {1}, ledger.releases


def run(use: str, source: Any) -> None:
    if use not in ERRORS:
        USES[use](source)
        return
    with pytest.raises(dm.errors.InputError):
        USES[use](source)


@pytest.mark.parametrize("use", USES)
def test_array_is_released_once(ledger: Ledger, use: str) -> None:
    """A lent array comes back once, also when it is refused."""
    run(use, WatchedArray(manifest().to_batches()[0], ledger))


@pytest.mark.parametrize("use", USES)
def test_stream_is_released_once(ledger: Ledger, use: str) -> None:
    """A stream and every schema and array that it handed out come back once, also when one is refused."""
    run(use, WatchedStream(manifest(), ledger))


@pytest.mark.parametrize("fails_at", [0, 1, 9])
def test_stream_that_fails(ledger: Ledger, fails_at: int) -> None:
    """A stream that breaks off is an error, and what it handed out before comes back once."""
    with pytest.raises(dm.errors.InputError):
        dm.score(WatchedStream(manifest(), ledger, fails_at), **ROLES, limit=800)


def attempt(use: str, source: pa.Table) -> None:
    with suppress(dm.errors.InputError):
        USES[use](source)


@pytest.mark.parametrize("use", USES)
def test_arrow_memory_returns(use: str) -> None:
    """pyarrow has no byte more after a run than before it, also after an error."""
    table = manifest()
    attempt(use, table)
    gc.collect()
    before = pa.total_allocated_bytes()
    attempt(use, table)
    gc.collect()
    assert pa.total_allocated_bytes() == before


@pytest.mark.parametrize("use", USES)
def test_references_return(use: str) -> None:
    """No run keeps a reference to its input."""
    table = manifest()
    columns = table.columns
    attempt(use, table)
    before = [sys.getrefcount(thing) for thing in (table, table.schema, *columns)]
    for _ in range(5):
        attempt(use, table)
    gc.collect()
    assert [sys.getrefcount(thing) for thing in (table, table.schema, *columns)] == before


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4_096


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="resident memory is read from /proc")
@pytest.mark.parametrize("use", USES)
def test_resident_memory_is_flat(use: str) -> None:
    """Two hundred runs leave the process no larger than the first few made it."""
    table = manifest(20_000)
    for _ in range(30):
        attempt(use, table)
    gc.collect()
    before = resident_bytes()
    for _ in range(200):
        attempt(use, table)
    gc.collect()
    assert resident_bytes() - before < 6 * 2**20
