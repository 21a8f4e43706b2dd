"""SHA-256 of what a run read and of what it answered. The hash of answers is the same however they come in batches."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from ...errors import InputError
from ...run.answers import Answer
from ...sources.base import reading
from ...sources.folders import identity_of
from ...sources.identity import Identity, check_unchanged

_STEP_BYTES = 1 << 20
_TOTAL_BYTES = 16


class FileHash(NamedTuple):
    """A file as it was read."""

    file: str
    bytes: int
    sha256: str


class Seen:
    """Files as they are before a run reads them; afterwards they are hashed, and are still the same or an error."""

    def __init__(self, files: Iterable[str]) -> None:
        self._before = {file: identity_of(file) for file in files}

    def hashes(self, threads: int = 1) -> list[FileHash]:
        """Read each file again, several at a time.

        Raises
        ------
        InputError
            A file was written to, replaced or removed since; the message names it.
        """
        with ThreadPoolExecutor(max_workers=max(1, threads)) as pool:
            return list(pool.map(_hashed, self._before, self._before.values()))


def _hashed(path: str, before: Identity) -> FileHash:
    found, size = hashlib.sha256(), 0
    with reading(path), Path(path).open("rb", buffering=0) as file:
        check_unchanged(file.fileno(), before, path)
        while part := file.read(_STEP_BYTES):
            found.update(part)
            size += len(part)
        check_unchanged(file.fileno(), before, path)
        check_unchanged(path, before, path)
    return FileHash(path, size, found.hexdigest())


def hash_of_file(path: str | os.PathLike[str]) -> FileHash:
    """One file, which nobody may write to meanwhile."""
    return Seen([os.fspath(path)]).hashes()[0]


class AnswerHashes:
    """The hashes of all answers of a run, taken as they pass in row order.

    Of each row: of `eligible` one byte, 0 or 1; of `reason` one byte, its place in the order of reasons; of `total` 16
    bytes, the total in 1/10,000 of the currency unit, little-endian, and all bits set where there is none.
    """

    def __init__(self) -> None:
        self._hashes = {name: hashlib.sha256() for name in ("eligible", "reason", "total")}

    def take(self, answer: Answer) -> Answer:
        """The next rows, which are given on."""
        if answer.codes is None or answer.totals is None:
            raise InputError("evidence takes runs that answer with reasons and totals")
        self._hashes["eligible"].update(_bytes(answer.mask.cast(pa.uint8())))
        self._hashes["reason"].update(_bytes(answer.codes))
        self._hashes["total"].update(_total_bytes(answer.totals))
        return answer

    def found(self) -> dict[str, str]:
        """Hex digits by what was hashed."""
        return {f"{name}_sha256": one.hexdigest() for name, one in self._hashes.items()}


def _bytes(column: pa.Array) -> memoryview:
    """The cells of a column of one-byte numbers without nulls."""
    whole = memoryview(column.buffers()[1] or b"").cast("B")
    return whole[column.offset : column.offset + len(column)]


def _total_bytes(totals: pa.Decimal128Array) -> memoryview:
    whole = np.frombuffer(totals.buffers()[1] or b"", np.uint8)
    start = _TOTAL_BYTES * totals.offset
    cells = whole[start : start + _TOTAL_BYTES * len(totals)].reshape(-1, _TOTAL_BYTES)
    if totals.null_count:
        missing = totals.is_null().to_numpy(zero_copy_only=False)
        cells = cells.copy()
        cells[missing] = 0xFF
    return memoryview(np.ascontiguousarray(cells).data).cast("B")
