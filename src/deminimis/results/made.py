"""Columns that are made of the manifest's own rows, to be written beside their answers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from .. import compute as pc
from ..roles.compared import compared
from ..roles.facts import Facts, Steps, days_as_dates, limit_units
from ..run.keys import keys_and_days
from ..run.run import Run

AMOUNT_TYPE = pa.decimal128(38, 4)
MADE = {
    "person": pa.field("person", pa.string()),
    "day": pa.field("day", pa.date32()),
    "limit": pa.field("limit", AMOUNT_TYPE),
    "step": pa.field("step", pa.dictionary(pa.int16(), pa.string())),
    "key": pa.field("key", pa.binary(16)),
}
"""The form of the person that is compared, the day as it is read, the limit in force, the step of the rule that says
so, and the key of the row's group as a table of totals has it; null where a row has none."""


def amounts(
    units: np.ndarray[tuple[int], np.dtype[np.int64]], nulls: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> pa.Array:
    """Units as exact decimals."""
    words = np.stack([units, units >> 63], axis=1)  # a decimal128 is two little-endian words
    valid = pa.array(~nulls).buffers()[1] if nulls.any() else None
    return pa.Array.from_buffers(AMOUNT_TYPE, len(units), [valid, pa.py_buffer(np.ascontiguousarray(words))])


class Making:
    """What is made of each batch of a manifest."""

    def __init__(self, run: Run, names: Sequence[str]) -> None:
        self._run = run
        self._names = names
        self._steps = Steps(run.request)

    def of(self, batch: pa.RecordBatch, file: str | None, read: Facts) -> dict[str, pa.Array]:
        """The columns that were asked for, of one batch; threads may ask at once."""
        request, bindings = self._run.request, self._run.bindings
        if not batch.num_rows:
            return {name: pa.nulls(0, MADE[name].type) for name in self._names}
        found: dict[str, pa.Array] = {}
        for name in self._names:
            if name == "key":
                found[name] = keys_and_days(bindings, batch, file)[0]
            elif name == "person":
                found[name] = pc.if_else(pa.array(read.missing), pa.scalar(None, pa.string()), compared(request, batch))
            elif name == "day":
                found[name] = days_as_dates(read.days)
            elif name == "limit":
                found[name] = amounts(*limit_units(request, read))
            else:
                steps = self._steps.of(batch, read.gates)
                found[name] = pa.DictionaryArray.from_arrays(pa.array(steps, mask=steps < 0), self._steps.texts)
        return found
