"""Counts by what people ask: rows, reasons, values and person-days over the limit, by month, by a column, by several.

Sums are exact, and no row is held. Person-days over the limit are told apart by the keys of their groups, which go to
disk where they are many.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ..bounds import COUNTS_MOST
from ..errors import ColumnNotFoundError, InputError, lack, option
from ..roles.facts import NO_DAY, Facts, combined, compact, labels_of
from ..run.keys import keys_and_days
from ..run.run import Run
from ..sources.base import Source
from .made import AMOUNT_TYPE
from .summary import REASONS

Integers: TypeAlias = npt.NDArray[np.int64]
Label: TypeAlias = tuple[object, ...]

CALENDAR = ("day", "month", "quarter", "year")
_REASONS = len(REASONS)
_OVER = list(REASONS).index("over-limit")
_ELIGIBLE = list(REASONS).index("eligible")
_LOW = (1 << 32) - 1
_KEY = np.dtype([("label", "<u4"), ("low", "<u8"), ("high", "<u8")])
_PARTS = 64
_ROWS_AT_ONCE = 1 << 20
"""So that their sum of 32 bits each is below 2**53, and no float is rounded."""
_HELD_LEAST = 1 << 16


class Labelled(NamedTuple):
    """The rows of a batch by their labels: those that occur, which of them each row has, and what rows say."""

    labels: list[Label]
    codes: Integers
    facts: Facts


class Counting:
    """The counts of one manifest, batch by batch.

    Parameters
    ----------
    by : sequence of str
        "day", "month", "quarter" or "year" of the row's day; any other name is a column, or else a role.
    """

    def __init__(self, run: Run, source: Source, by: Sequence[str]) -> None:
        names = [by] if isinstance(by, str) else [*by]
        if not names or not all(isinstance(name, str) and name for name in names) or len({*names}) < len(names):
            raise InputError(f"{option('by')} takes some of {', '.join(CALENDAR)} and columns, each once, not {by!r}")
        self._run = run
        self.by = names
        self.columns = [None if name in CALENDAR else _column(name, run, source) for name in names]
        self._labels: dict[Label, int] = {}
        self._rows = np.zeros((0, _REASONS), np.int64)
        self._sums = np.zeros((0, 2, 2), np.int64)  # of all and of eligible rows: low 32 bits, and the rest
        self._over = _Distinct(int(run.memory_limit * 0.05), run.spill_dir)

    def label(self, batch: pa.RecordBatch, read: Facts) -> Labelled:
        """Label the rows of a batch; threads may ask at once."""
        if not batch.num_rows:
            return Labelled([], np.zeros(0, np.int64), read)
        labels: list[Label] = [()]
        codes = np.zeros(batch.num_rows, np.int64)
        for name, column in zip(self.by, self.columns, strict=True):
            own = labels_of(batch, column) if column is not None else _dates(name, read.days)
            labels, codes = combined(labels, codes, [own])
        return Labelled(labels, codes, read)

    def add(self, labelled: Labelled, reasons: npt.NDArray[np.uint8], batch: pa.RecordBatch, file: str | None) -> None:
        """Count the rows of a batch, whose reasons are known."""
        if not len(reasons):
            return
        numbers = np.array([self._number(label) for label in labelled.labels], np.int64)
        for start in range(0, len(reasons), _ROWS_AT_ONCE):
            some = slice(start, start + _ROWS_AT_ONCE)
            self._add(numbers, labelled.codes[some], labelled.facts.units[some], reasons[some])
        over = np.flatnonzero(reasons == _OVER)
        if len(over):
            keys = keys_and_days(self._run.bindings, batch.take(pa.array(over)), file)[0]
            self._over.add(numbers[labelled.codes[over]], keys)

    def _add(self, numbers: Integers, codes: Integers, units: Integers, reasons: npt.NDArray[np.uint8]) -> None:
        n = len(numbers)
        self._rows[numbers] += np.bincount(codes * _REASONS + reasons, minlength=n * _REASONS).reshape(n, _REASONS)
        known = np.where(units >= 0, units, 0)
        for at, of in enumerate((known, np.where(reasons == _ELIGIBLE, known, 0))):
            for half, part in enumerate((of & _LOW, of >> 32)):
                self._sums[numbers, at, half] += np.bincount(codes, part, n).astype(np.int64)
        self._sums[numbers, :, 1] += self._sums[numbers, :, 0] >> 32
        self._sums[numbers, :, 0] &= _LOW

    def table(self) -> pa.Table:
        """A line for each combination that occurs, in order, nulls last."""
        over = self._over.counts(len(self._labels))
        order = sorted(self._labels, key=lambda label: [(one is None, "" if one is None else one) for one in label])
        at = [self._labels[label] for label in order]
        columns: dict[str, Any] = {}
        for place, name in enumerate(self.by):
            cells = [label[place] for label in order]
            if name == "day":
                columns[name] = pa.array(cells, pa.int32()).cast(pa.date32())
            else:
                columns[name] = pa.array(cells, pa.string())
        columns["rows"] = pa.array(self._rows[at].sum(axis=1), pa.int64())
        for number, reason in enumerate(REASONS):
            columns[reason] = pa.array(self._rows[at, number], pa.int64())
        for number, name in enumerate(("value", "value_eligible")):
            sums = [(int(high) << 32) + int(low) for low, high in self._sums[at, number]]
            words = b"".join(one.to_bytes(16, "little", signed=True) for one in sums)
            columns[name] = pa.Array.from_buffers(AMOUNT_TYPE, len(sums), [None, pa.py_buffer(words)])
        columns["person_days_over"] = pa.array(over[at], pa.int64())
        return pa.Table.from_arrays([*columns.values()], [*columns])

    def close(self) -> None:
        """Let what is on disk go."""
        self._over.close()

    def _number(self, label: Label) -> int:
        found = self._labels.get(label)
        if found is None:
            found = self._labels[label] = len(self._labels)
            if found >= COUNTS_MOST:
                mend = "count by columns of few different cells"
                raise InputError(f"{option('by')} makes more than {COUNTS_MOST:,} lines: {mend}")
            if found >= len(self._rows):
                room = max(64, len(self._rows))
                self._rows = np.concatenate([self._rows, np.zeros((room, _REASONS), np.int64)])
                self._sums = np.concatenate([self._sums, np.zeros((room, 2, 2), np.int64)])
        return found


class _Distinct:
    """Keys with labels, each pair counted once; past `most` bytes they wait in parts of a file without a name."""

    def __init__(self, most: int, folder: Path | None) -> None:
        self._most = max(_HELD_LEAST, most // _KEY.itemsize // 2)
        self._folder = folder or Path(tempfile.gettempdir())
        self._held: list[npt.NDArray[np.void]] = []
        self._n = 0
        self._files: list[Any] = []

    def add(self, labels: Integers, keys: pa.FixedSizeBinaryArray) -> None:
        both = np.frombuffer(keys.buffers()[1], "<u8").reshape(-1, 2)[: len(labels)]
        made = np.empty(len(labels), _KEY)
        made["label"], made["low"], made["high"] = labels, both[:, 0], both[:, 1]
        self._held.append(_once(made))
        self._n += len(self._held[-1])
        if self._n > self._most:
            self._held = [_once(np.concatenate(self._held))]
            self._n = len(self._held[0])
            if self._n > self._most // 2:
                self._spill()

    def counts(self, labels: int) -> Integers:
        """How many different keys each label has."""
        if not self._files:
            return self._count(labels, np.concatenate(self._held) if self._held else np.empty(0, _KEY))
        self._spill()
        found = np.zeros(labels, np.int64)
        for file in self._files:
            file.seek(0)
            found += self._count(labels, np.frombuffer(file.read(), _KEY))
        return found

    def close(self) -> None:
        for file in self._files:
            file.close()

    def _spill(self) -> None:
        if not self._files:
            new = partial(tempfile.TemporaryFile, prefix="deminimis-", dir=self._folder)
            self._files = [new() for _ in range(_PARTS)]
        every = np.concatenate(self._held) if self._held else np.empty(0, _KEY)
        part = (every["low"] % _PARTS).astype(np.int64)
        try:
            for number in np.unique(part):
                self._files[int(number)].write(every[part == number].tobytes())
                self._files[int(number)].flush()
        except OSError as error:
            raise lack(error, f"cannot spill to {self._folder}") or error from error
        self._held, self._n = [], 0

    def _count(self, labels: int, keys: npt.NDArray[np.void]) -> Integers:
        return np.bincount(_once(keys)["label"].astype(np.int64), minlength=labels)


def _once(keys: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
    """Each pair once."""
    order = np.lexsort((keys["label"], keys["high"], keys["low"]))
    ordered = keys[order]
    differs = np.ones(len(keys), bool)
    for name in ("label", "low", "high"):
        same = ordered[name][1:] == ordered[name][:-1]
        differs[1:] = ~same if name == "label" else differs[1:] | ~same
    return ordered[differs]


def _column(name: str, run: Run, source: Source) -> object:
    """The column of the manifest of this name, or else that of a role."""
    if name in source.names:
        return name
    column = getattr(run.request, name, None) if name in ("origin", "sent_from", "kind", "currency") else None
    if column is None:
        raise ColumnNotFoundError(name, [*CALENDAR, *source.names], role="by", file=next(iter(source.files), None))
    return column


def _dates(name: str, days: npt.NDArray[np.int32]) -> tuple[list[object], Integers]:
    """The days, months, quarters or years of rows; None where there is no day."""
    there = days != NO_DAY
    numbers = days.astype(np.int64)
    if name != "day":
        dates = np.where(there, numbers, 0).astype("datetime64[D]")
        numbers = dates.astype(f"datetime64[{'Y' if name == 'year' else 'M'}]").astype(np.int64)
        numbers = numbers // 3 if name == "quarter" else numbers
    none = int(numbers[there].min()) - 1 if there.any() else 0
    values, codes = compact(np.where(there, numbers, none))
    labels: list[object] = [_date_in_words(name, int(one)) for one in values]
    if not there.all():
        labels[0] = None
    return labels, codes


def _date_in_words(name: str, number: int) -> object:
    if name == "day":
        return number
    if name == "year":
        return f"{1970 + number:04}"
    year, part = divmod(number, 4 if name == "quarter" else 12)
    return f"{1970 + year:04}-Q{part + 1}" if name == "quarter" else f"{1970 + year:04}-{part + 1:02}"
