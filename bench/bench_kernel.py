"""The kernel phase by phase on one thread: read, partition, total, answer. Each bench asserts its answer.

Inside the clock is one call a round, on memory that the round before has touched; what leads up to it is not. Ids say
the size of the records against the caches: 16 bytes a row, so 32 thousand rows are 512 KiB (L2), a million 16 MiB
(L3) and eight million 128 MiB (memory). Records with reasons and totals, where an id says so, are 32 bytes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from bench import manifests
from deminimis._kernel import Batch, Partitioner, Settings, Totals, read_only
from deminimis.roles.binding import bind
from deminimis.roles.request import check

ROWS_A_PARTITION = 32_768
SIZES = {"32k-L2": 1 << 15, "1M-L3": 1 << 20, "8M-memory": 1 << 23}
KINDS = {
    "int-decimal": ("int", "decimal"),
    "int-float": ("int", "float"),
    "int-text": ("int", "text"),
    "text-decimal": ("text", "decimal"),
    "dictionary-decimal": ("dictionary", "decimal"),
}
PHASE_KINDS = ("int-decimal", "text-decimal", "dictionary-decimal")
Table = Callable[..., pa.Table]


@dataclass(frozen=True)
class Work:
    """One manifest bound to the kernel, and how many of its rows are eligible."""

    rows: int
    bits: int
    settings: Settings
    batch: Batch
    eligible: int

    def partitioned(self) -> Partitioner:
        """All rows as records, settled."""
        partitioner = Partitioner(self.settings, self.bits)
        partitioner.add(self.batch, 0, self.rows, 0)
        partitioner.settle(0)
        return partitioner

    def totalled(self, partitioner: Partitioner) -> Totals:
        totals = Totals(self.settings, [partitioner])
        totals.run(0, 1 << self.bits)
        return totals

    def answered(self, partitioner: Partitioner) -> int:
        """The number of eligible rows, by the way back to row order."""
        mask = np.zeros(self.rows // 8 + 8, np.uint8)
        partitioner.answer(self.rows, mask)
        return int(np.unpackbits(mask, count=self.rows, bitorder="little").sum())


@functools.cache
def count_eligible(kind: str, rows: int) -> int:
    """What pyarrow counts, on whole hundredths."""
    table = manifests.table(kind, rows, value="decimal")
    hundredths = pc.multiply(table["value"], pa.scalar(100)).cast(pa.int64())
    groups = table.set_column(2, "value", hundredths).group_by(["person", "day"])
    totals = groups.aggregate([("value", "sum"), ([], "count_all")])
    return int(pc.sum(totals.filter(pc.field("value_sum") <= manifests.LIMIT * 100)["count_all"]).as_py())


@functools.cache
def _work(table: Table, name: str, rows: int, reasons: bool) -> Work:
    kind, value = KINDS[name]
    made = table(kind, rows, value="decimal" if value == "text" else value)
    if value == "text":
        made = made.set_column(2, "value", made["value"].cast(pa.string()))
    (batch,) = made.combine_chunks().to_batches()
    roles = check(person="person", day="day", value="value", limit=manifests.LIMIT)
    binding = bind(roles, batch.schema, outcomes=reasons, tally=reasons)
    taken = Batch(batch.__arrow_c_array__()[1], binding.settings, binding.places)
    bits = ((rows - 1) // ROWS_A_PARTITION).bit_length()
    return Work(rows, bits, binding.settings, taken, count_eligible(kind, rows))


@pytest.fixture
def work(manifest: Table, request: pytest.FixtureRequest) -> Work:
    """The work of a bench's ids."""
    name, size, *reasons = request.param
    return _work(manifest, name, SIZES[size], bool(reasons))


def works(names: Any, sizes: Any, *reasons: str) -> list[Any]:
    """The parameters of a bench: kinds by sizes."""
    given = [(name, size, *reasons) for name in names for size in sizes]
    return [pytest.param(one, id="-".join(one)) for one in given]


SMALL = ("32k-L2", "1M-L3")
USUAL = [*works(PHASE_KINDS, SMALL), *works(PHASE_KINDS[:1], ["8M-memory"])]


def timed(benchmark: Any, work: Work, call: Callable[..., Any], make: Callable[[], Any] | None = None) -> Any:
    """Time the call on what `make` makes anew for each round; return what both gave last."""
    made: list[Any] = []

    def setup() -> tuple[tuple[Any, ...], dict[str, Any]]:
        made[:] = [make()] if make else []
        return tuple(made), {}

    benchmark.extra_info["rows"] = work.rows
    answer = benchmark.pedantic(call, setup=setup, rounds=max(7, min(200, (1 << 23) // work.rows)), warmup_rounds=1)
    return answer, *made


@pytest.mark.parametrize("work", works(KINDS, SMALL), indirect=True)
def bench_read(benchmark: Any, work: Work) -> None:
    """Persons to key bits, days, values to units, and each row's own standing."""
    (plain,) = timed(benchmark, work, lambda: read_only(work.settings, work.batch))
    assert plain == work.rows


@pytest.mark.parametrize("work", USUAL, indirect=True)
def bench_partition(benchmark: Any, work: Work) -> None:
    """Reading, and the scatter of records into partitions; blocks are recycled from the round before."""

    def add(partitioner: Partitioner) -> None:
        partitioner.add(work.batch, 0, work.rows, 0)

    _, partitioner = timed(benchmark, work, add, lambda: Partitioner(work.settings, work.bits))
    partitioner.settle(0)
    work.totalled(partitioner)
    assert work.answered(partitioner) == work.eligible


@pytest.mark.parametrize("work", [*USUAL, *works(PHASE_KINDS[:1], ["1M-L3"], "reasons")], indirect=True)
def bench_total(benchmark: Any, work: Work) -> None:
    """The totals of all partitions, and one bit or outcome a record."""
    totals, partitioner = timed(benchmark, work, work.totalled, work.partitioned)
    assert (totals.counts[0] if work.settings.wide else work.answered(partitioner)) == work.eligible


@pytest.mark.parametrize("work", works(PHASE_KINDS[:1], SIZES), indirect=True)
def bench_answer(benchmark: Any, work: Work) -> None:
    """The bits of all partitions, back in row order."""
    mask = np.zeros(work.rows // 8 + 8, np.uint8)

    def make() -> Partitioner:
        partitioner = work.partitioned()
        work.totalled(partitioner)
        return partitioner

    timed(benchmark, work, lambda partitioner: partitioner.answer(work.rows, mask), make)
    assert int(np.unpackbits(mask, count=work.rows, bitorder="little").sum()) == work.eligible
