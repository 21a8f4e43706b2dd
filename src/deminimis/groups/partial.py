"""Partial totals: the groups of some rows as few columns that any engine adds up by key, and what their sums say.

The total of each key is summed, its marks of bad rows by their maximum, its least limit by its minimum. Nothing wraps:
where totals are not told, each partial is capped just above the largest limit, so that a billion of them fit into 64
bits; else they are exact decimals of 38 digits.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from ..roles.request import Request
from ..run.groups import AMOUNT

ACCOUNTS = pa.schema([("rows", pa.int64()), ("low", pa.int64()), ("high", pa.int64())])
"""Accounts alone: the rows, and the halves of their digest."""
_LARGEST_CAP = 1 << 33
_WORD = 1 << 64
_HALF = 1 << 32


class Form(NamedTuple):
    """How partial totals are written, which depends on what is asked and on the limits.

    Parameters
    ----------
    cap : int or None
        Units above which a partial total says no more: the largest limit's and one. None: exact decimals.
    limit : int or None
        The least limit of all groups, in units, where there is one limit only; else each partial has its own.
    has_bad : bool
        Whether bad rows have a say.
    """

    cap: int | None
    limit: int | None
    has_bad: bool

    @classmethod
    def of(cls, request: Request, *, exact: bool) -> Form:
        """The form for these settings. `exact`: totals are told."""
        limits = [limit for limit, *_ in request.compiled.limits] or [0]
        cap = max(limits) + 1
        is_capped = not exact and cap <= _LARGEST_CAP
        one = limits[0] if len(set(limits)) == 1 else None
        return cls(cap if is_capped else None, one, request.bad_values == "unproven")

    @property
    def schema(self) -> pa.Schema:
        """Of partial totals: the key's two words, the total, and what else decides. Rows whose second word is missing
        are an account of what was read: how many rows, and the halves of a digest."""
        units = pa.int64() if self.cap is not None else AMOUNT
        fields = [("low", pa.int64()), ("high", pa.int64()), ("total", units)]
        fields += [("bad", pa.int8())] if self.has_bad else []
        return pa.schema(fields + ([("least", units)] if self.limit is None else []))


class Account(NamedTuple):
    """How many rows were read, and a digest of them whatever their order."""

    rows: int
    digest: int

    def parts(self) -> list[int]:
        """Numbers that add up without leaving 64 bits."""
        return [self.rows, self.digest % _HALF, self.digest // _HALF]

    @classmethod
    def of_sums(cls, parts: Iterable[int]) -> Account:
        """Of the sums of `parts`."""
        rows, low, high = map(int, parts)
        return cls(rows, (low + high * _HALF) % _WORD)


def partial_totals(groups: pa.Table, account: Account, form: Form) -> pa.RecordBatch:
    """The groups of some rows, and the account of these rows behind them."""
    groups = groups.combine_chunks()
    own = account.parts()
    keys, totals = words_of(groups["key"]), words_of(groups["total"])
    low = np.concatenate([keys[:, 0], np.arange(len(own))])
    known = np.packbits(np.arange(len(low)) < len(keys), bitorder="little")
    high = np.concatenate([keys[:, 1], np.zeros(len(own), np.int64)])
    columns = [pa.array(low), pa.Array.from_buffers(pa.int64(), len(high), [pa.py_buffer(known), pa.py_buffer(high)])]
    if form.cap is None:
        accounts = np.zeros((len(own), 2), np.int64)
        accounts[:, 0] = own
        columns.append(_decimals(np.concatenate([totals, accounts])))
    else:
        is_small = (totals[:, 1] == 0) & (totals[:, 0] >= 0) & (totals[:, 0] < form.cap)
        columns.append(pa.array(np.concatenate([np.where(is_small, totals[:, 0], form.cap), own])))
    if form.has_bad:
        has_bad = (groups["bad_rows"].to_numpy() > 0).astype(np.int8)
        columns.append(pa.array(np.concatenate([has_bad, np.zeros(len(own), np.int8)])))
    if form.limit is None:
        least = np.concatenate([words_of(groups["least_limit"]), np.zeros((len(own), 2), np.int64)])
        columns.append(_decimals(least) if form.cap is None else pa.array(np.ascontiguousarray(least[:, 0])))
    return pa.RecordBatch.from_arrays(columns, schema=form.schema)


def account_of(sums: pa.Table) -> Account:
    """The account among sums of partial totals."""
    own = sums.filter(sums["high"].is_null())
    told = dict(zip(own["low"].to_pylist(), own["total"].to_pylist(), strict=True))
    scale = 1 if pa.types.is_integer(own["total"].type) else 10_000
    return Account.of_sums(int(told.get(i, 0) * scale) for i in range(3))


def groups_of(sums: pa.Table) -> pa.Table:
    """The groups among sums of partial totals, as a run takes them."""
    own = sums.filter(sums["high"].is_valid()).combine_chunks()
    words = np.stack([_numbers(own[name]) for name in ("low", "high")], 1)
    key = pa.Array.from_buffers(pa.binary(16), len(words), [None, pa.py_buffer(np.ascontiguousarray(words))])
    if pa.types.is_integer(own["total"].type):
        units = np.zeros((len(words), 2), np.int64)
        units[:, 0] = _numbers(own["total"])
        total = _decimals(units)
    else:
        total = _flat(own["total"].cast(AMOUNT))
    bad = own["bad"].cast(pa.int64()) if "bad" in own.column_names else pa.array(np.zeros(len(words), np.int64))
    return pa.table({"key": key, "total": total, "bad_rows": bad})


def packed(groups: pa.Table) -> bytes:
    """Groups as bytes that a task is sent; keys have no pattern, and the rest takes hardly any room."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, groups.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(groups.combine_chunks())
    return bytes(sink.getvalue())


def _flat(column: Any) -> pa.Array:
    if not isinstance(column, pa.ChunkedArray):
        return column
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays([pa.nulls(0, column.type), *column.chunks])


def words_of(column: Any) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Cells of 16 bytes as two words each."""
    cells = _flat(column)
    if not len(cells):
        return np.zeros((0, 2), np.int64)
    return np.frombuffer(cells.buffers()[1], np.int64).reshape(-1, 2)[cells.offset : cells.offset + len(cells)]


def _numbers(column: Any) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.asarray(_flat(column).to_numpy(zero_copy_only=False), np.int64)


def _decimals(words: np.ndarray[Any, Any]) -> pa.Decimal128Array:
    return pa.Array.from_buffers(AMOUNT, len(words), [None, pa.py_buffer(np.ascontiguousarray(words))])
