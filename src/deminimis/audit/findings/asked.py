"""What is asked of a manifest by every finding: its roles and settings, how it is read, and room for what is kept.

What rows or groups a step keeps goes to a file in a folder of its own, and the public functions read it like any
manifest, so that memory stays what they take.
"""

from __future__ import annotations

import datetime
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ... import compute as pc
from ...person_days import totals
from ...roles.options import READING
from ...roles.persons import Column
from ...rules.rule import Rule
from ...streaming import stream

Units = npt.NDArray[np.int64]
ONE_DAY = "\x00one day"
COMPARED = "\x00compared"
"""What columns of kept files are called: the same day in every row, and the compared form of a group's person."""
_HELD_TIMES = 20
_RESOURCES = ("threads", "memory_limit", "spill_dir")
_OF_PERSONS = ("normalize", "in_care_of", "placeholders")


@dataclass(frozen=True)
class Asked:
    """A manifest, its roles and settings, and where what is kept of it lies.

    Parameters
    ----------
    manifest : object
        It, which can be read several times.
    schema : pyarrow.Schema
        Its columns.
    reading : dict of str to object
        How its text is read.
    roles : dict of str to object
        Roles and settings of `totals`, but for how text is read.
    address, order : list of column
        What was given for them.
    limit : Decimal
        The largest limit of the rule.
    most : int
        Lines that a finding shows.
    folder : path
        Where what is kept goes.
    """

    manifest: Any
    schema: pa.Schema
    reading: dict[str, Any]
    roles: dict[str, Any]
    address: list[Column]
    order: list[Column]
    limit: Decimal
    most: int
    folder: Path

    @property
    def resources(self) -> dict[str, Any]:
        """What a run may use."""
        return {name: one for name, one in self.roles.items() if name in _RESOURCES}

    @property
    def persons(self) -> list[Any]:
        """The parts of the person."""
        given = self.roles["person"]
        return given if isinstance(given, list) else [given]

    def groups(self, **more: Any) -> pa.RecordBatchReader:
        """The person-days of the manifest."""
        return totals(self.manifest, **self.roles | self.reading | more, names=True)

    def answers(self, **more: Any) -> pa.RecordBatchReader:
        """The rows of the manifest with their answers, by other roles or settings."""
        given = self.roles | self.reading | more
        return stream(self.manifest, **given, columns=("eligible", "reason")).to_reader()

    def rows(self, keep: Callable[[pa.RecordBatch], pa.Array], name: str, **more: Any) -> Path:
        """Rows of the manifest, with their answers by other roles, that are kept."""
        reader = self.answers(**more)
        return self.keep((batch.filter(keep(batch)) for batch in reader), reader.schema, name)

    def keep(self, batches: Iterable[pa.RecordBatch], schema: pa.Schema, name: str) -> Path:
        """Batches as a file, without the answers and with a column that is one day."""
        import pyarrow.parquet as pq

        path = self.folder / f"{name}.parquet"
        own = [one for one in schema.names if one not in ("eligible", "reason")]
        fields = [schema.field(one).with_name(COMPARED if one == "compared" else one) for one in own]
        kept = pa.schema(fields).append(pa.field(ONE_DAY, pa.date32()))
        with pq.ParquetWriter(path, kept, compression="zstd") as writer:
            for batch in batches:
                if batch.num_rows:
                    day = pa.array([datetime.date(2000, 1, 1)] * batch.num_rows, pa.date32())
                    columns = [*(batch.column(one) for one in own), day]
                    writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=kept))
        return path

    def within(self, path: Path, **more: Any) -> pa.RecordBatchReader:
        """The person-days of what was kept, by the manifest's own roles and others."""
        given = {name: one for name, one in self.roles.items() if name not in ("sorted_by", "late_days")}
        return totals(path, **given | more, names=True)

    def sums(self, path: Path, person: list[Any], day: str, **settings: Any) -> pa.RecordBatchReader:
        """What groups that were kept come to, by a person and a day of theirs: `rows` counts them."""
        given = self.resources | settings
        return totals(path, person=person, day=day, value="total", limit=self.limit, names=True, **given)

    def settings_of_persons(self) -> dict[str, Any]:
        """How persons are compared."""
        return {name: one for name, one in self.roles.items() if name in _OF_PERSONS}


@contextmanager
def room(spill_dir: str | Path | None) -> Iterator[Path]:
    """A folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="deminimis-", dir=spill_dir) as folder:
        yield Path(folder)


def largest_limit(roles: dict[str, Any]) -> Decimal:
    """The largest limit that a rule has on any day."""
    rule = roles.get("rule")
    if rule is None:
        return Rule(limit=roles["limit"]).steps[0].limit or Decimal(0)
    loaded = rule if isinstance(rule, Rule) else Rule.load(rule)
    return max((step.limit for step in loaded.steps if step.limit is not None), default=Decimal(0))


def reading_of(options: dict[str, Any]) -> dict[str, Any]:
    """The options that say how text is read, taken out of the others."""
    return {name: options.pop(name) for name in READING if name in options}


def units_of(amounts: pa.Array) -> Units:
    """Amounts of decimal128(38, 4) as units, the largest 64-bit number where they are larger."""
    words = np.frombuffer(amounts.buffers()[1], "<i8").reshape(-1, 2)[amounts.offset : amounts.offset + len(amounts)]
    largest = np.iinfo(np.int64).max
    return np.where((words[:, 1] == 0) & (words[:, 0] >= 0), words[:, 0], largest)


class Largest:
    """The lines with the largest totals, of many that come in batches."""

    def __init__(self, names: list[str], most: int, by: str = "total") -> None:
        self._names = names
        self._most = most
        self._by = by
        self._held: list[pa.Table] = []
        self.count = 0

    def add(self, batch: pa.RecordBatch) -> None:
        """Take a batch into account; the columns that are shown are taken of it."""
        self.count += batch.num_rows
        self._held.append(pa.Table.from_batches([batch]).select(self._names))
        if sum(map(len, self._held)) > _HELD_TIMES * self._most:
            self._held = [self._cut()]

    def table(self, renamed: dict[str, str] | None = None) -> pa.Table:
        """The lines, the largest first."""
        found = self._cut() if self._held else pa.table({name: pa.nulls(0) for name in self._names})
        return found.rename_columns([(renamed or {}).get(name, name) for name in found.column_names])

    def _cut(self) -> pa.Table:
        every = pa.concat_tables(self._held)
        order = [(self._by, "descending"), *((name, "ascending") for name in self._names if name != self._by)]
        return every.take(pc.sort_indices(every, order).slice(0, self._most))
