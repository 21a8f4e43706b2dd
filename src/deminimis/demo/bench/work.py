"""The fixed works of the benchmark: manifests made of whole numbers by whole-number arithmetic, so that they and their
masks are the same on every machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ... import compute as pc

SET = 2
"""The version of the works: figures of one set and as many rows can be compared. Set 1 was `int` from memory alone."""
ROWS = 4_000_000
LIMIT = 800

_BATCH_ROWS = 1 << 20
_DAY_FIRST, _DAYS = 19_723, 365
_WAREHOUSES = 1_000
_FIRST = ("Ada", "Aisha", "Carl", "Chen", "Dana", "Diego", "Emma", "Farid")
_LAST = ("Adams", "Bauer", "Costa", "Diaz", "Evans", "Fischer", "Garcia", "Haddad")
_STREETS = ("Oak St", "Elm Ave", "2nd St", "Lake Rd", "High St", "Mill Ln", "Park Blvd", "Station Rd")

Words: TypeAlias = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Work:
    """A manifest, and what is known of its answer.

    Parameters
    ----------
    name, about : str
        What it is called, and what it is like, in words.
    mask_crc32 : dict of int to int
        What the mask's bits come to, by rows.
    """

    name: str
    about: str
    mask_crc32: dict[int, int]


WORKS = (
    Work("int", "integer persons, days nearly in order", {100_000: 1661178189, ROWS: 3770193294}),
    Work("text", "the same persons as names and addresses of about 30 bytes", {100_000: 1661178189, ROWS: 3770193294}),
    Work("shuffled", "integer persons, days in no order", {100_000: 3339164166, ROWS: 2639411382}),
    Work("over", "integer persons, every row over the limit by itself", {100_000: 3661431667, ROWS: 949749681}),
)


def manifest(work: str, rows: int) -> pa.Table:
    """Make the manifest of a work.

    Returns
    -------
    pyarrow.Table
        `person` (int64, or string: two rows in a hundred from 1,000 warehouses, the others from a skewed crowd), `day`
        (date32: a year) and `value` (int64: from 0 to 2,499, most of them small), in batches of 2**20 rows.
    """
    return pa.Table.from_batches(_batches(work, rows))


def _batches(work: str, rows: int) -> Iterator[pa.RecordBatch]:
    for begin in range(0, rows, _BATCH_ROWS):
        row = np.arange(begin, min(begin + _BATCH_ROWS, rows), dtype=np.uint64)
        first, second, third = (_mixed(row + np.uint64(salt << 40)) for salt in (1, 2, 3))
        crowd = _share(_low(first), max(rows // 4, 16)) * _high(first) >> np.uint64(32)
        warehouse = second % np.uint64(_WAREHOUSES)
        person = np.where(_high(second) % np.uint64(50) == 0, warehouse, crowd + np.uint64(_WAREHOUSES))
        late = _high(third) % np.uint64(10) == 0
        day = np.minimum(row * np.uint64(_DAYS) // np.uint64(rows) + late, np.uint64(_DAYS - 1))
        if work == "shuffled":
            day = _share(_low(_mixed(row + np.uint64(4 << 40))), _DAYS)
        value = _share(_low(third), 2_500)
        for word in (_high(third), _low(second), _high(first)):
            value = value * word >> np.uint64(32)
        if work == "over":
            value += np.uint64(LIMIT + 1)
        arrays = [
            _texts(_mixed(person)) if work == "text" else pa.array(_mixed(person).view(np.int64)),
            pa.array(day.astype(np.int32) + np.int32(_DAY_FIRST)).cast(pa.date32()),
            pa.array(value.view(np.int64)),
        ]
        yield pa.RecordBatch.from_arrays(arrays, ["person", "day", "value"])


def _texts(words: Words) -> pa.Array:
    """Persons as text: a first and a last name, a number, a street."""

    def word_of(names: Any, bits: int) -> pa.Array:
        return pa.array(names).take(pa.array((words >> np.uint64(bits)) % np.uint64(len(names))))

    number = pa.array(words >> np.uint64(32)).cast(pa.string())
    return pc.binary_join_element_wise(word_of(_FIRST, 0), word_of(_LAST, 8), number, word_of(_STREETS, 16), " ")


def _mixed(words: Words) -> Words:
    """The finaliser of SplitMix64 (Steele, Lea and Flood, 2014), a bijection that looks random."""
    words = words * np.uint64(0x9E3779B97F4A7C15)
    words = (words ^ words >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ words >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return words ^ words >> np.uint64(31)


def _low(words: Words) -> Words:
    return words & np.uint64(0xFFFFFFFF)


def _high(words: Words) -> Words:
    return words >> np.uint64(32)


def _share(words: Words, size: int) -> Words:
    """Words of 32 bits as numbers below `size`, each about as often."""
    return words * np.uint64(size) >> np.uint64(32)
