"""Which rows are copies, decided before any row is scored: a reading of the manifest of its own, by shipment.

Records of the rows go to partitions by shipment, beyond the memory limit to disk. Each partition is decided by itself,
and what is left is a bit for each row. The meaning is the kernel's (ext/tellings.pxd).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .._kernel import Batch, ManyPartiesError, Tellings, parties_of
from ..errors import InputError, OutOfMemoryError
from ..roles.beside import Beside
from ..roles.bindings import Bindings
from ..roles.request import Request
from ..roles.shipments import Shipments
from ..sizes import Sizes
from ..sources.base import Source
from .account import Account
from .budget import MAX_BITS, Budget, bits_that_fit, block_bytes, partition_bits
from .crew import Crew
from .intake import Intake
from .parts import Part
from .refused import ORDER_SHIFT
from .spill import Spill
from .way import Way
from .workers import Workers

SHARE = 0.5
"""Of the bytes that records may take: a partition that is decided is there twice, with room for its stakes."""


class Whys(NamedTuple):
    """Rows that are copies, by why."""

    cancelled: int = 0
    elder: int = 0
    line: int = 0
    party: int = 0


@dataclass(frozen=True)
class Copies:
    """Which rows of a manifest are copies: a bit for each row, and by piece the first row and how many there are."""

    bits: npt.NDArray[np.uint8]
    firsts: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]
    whys: Whys
    bytes_spilled: int = 0

    def told(self, part: Part, piece: int) -> Part:
        """A part of a piece whose batches are told which of their rows are copies."""
        return replace(part, batches=self._told(part, piece))

    def _told(self, part: Part, piece: int) -> Iterator[tuple[Batch, int, int]]:
        row = part.rows_before
        for batch, start, stop in part.batches:
            if piece >= len(self.rows) or row + stop - start > self.rows[piece]:
                raise InputError("the manifest changed while it was scored; score it again", file=part.label)
            batch.tell_copies(self.bits, int(self.firsts[piece]) + row - start)
            yield batch, start, stop
            row += stop - start


def decide(
    manifest: Source | pa.Table | pa.RecordBatch,
    request: Request,
    *,
    threads: int,
    memory_limit: int,
    spill_dir: Path | None,
    sizes: Sizes,
) -> Copies:
    """Read a manifest to its end, and decide which of its rows are copies."""
    blocks = int(Budget.of(memory_limit, wide=True).blocks * SHARE)
    assert request.shipments is not None
    alone = request._replace(bad_values="unproven", overflow="all", sorted_by=None, late_days=0)
    bindings = Bindings(alone, outcomes=False, tally=False, beside=Beside(tellings=True))
    intake = Intake(alone, bindings)
    numbers: list[int] = []

    def numbered(parts: Iterator[Part], number: int) -> Iterator[Part]:
        for part in parts:
            numbers.append(number)
            yield part

    parts: Iterator[Part]
    names = intake.columns(manifest) if isinstance(manifest, Source) else None
    table = manifest.table(names) if isinstance(manifest, Source) else manifest
    rows = table.num_rows if table is not None else None
    if table is not None:
        parts = numbered(intake.of_object(intake.of_table(table), sizes.slice_rows), 0)
    else:
        assert isinstance(manifest, Source)
        rows = manifest.guess_rows()
        pieces = enumerate(intake.pieces(manifest, names))
        parts = (part for number, piece in pieces for part in numbered(iter((intake.whole(piece),)), number))
    bits = min(partition_bits(rows, False, MAX_BITS), bits_that_fit(blocks, threads))
    workers = TellingWorkers(
        Way("scattered", threads, bits, block_bytes(blocks, threads << bits)),
        bindings,
        Account(),
        blocks=blocks,
        spill_dir=spill_dir,
        sizes=sizes,
    )
    with closing(workers):
        try:
            workers.read(parts, rows, None)
        except ManyPartiesError as error:
            raise InputError(
                f"{error} tell of its shipments: which column names the party?", column=str(request.shipments.party)
            ) from None
        return workers.decide(request.shipments, np.array(numbers, np.int64))


class TellingWorkers(Workers):
    """Workers whose rows are decided rather than answered."""

    def decide(self, shipments: Shipments, pieces: npt.NDArray[np.int64]) -> Copies:
        """Decide all rows that were read; `pieces` has the number of the piece that each part is of."""
        partitioners = [worker.partitioner for worker in self._workers]
        rows = np.zeros(int(pieces.max(initial=-1)) + 1, np.int64)
        orders = self._rows_read.places(np.arange(len(pieces) + 1))
        np.add.at(rows, pieces, np.diff(orders))
        firsts = np.concatenate([np.zeros(1, np.int64), np.cumsum(rows)])[:-1]
        bits = np.zeros((int(rows.sum()) + 63) // 64 * 8, np.uint8)
        if not partitioners:
            return Copies(bits, firsts, rows, Whys())
        met = [parties_of(one) for one in partitioners]
        ordered = sorted({party for parties in met for party in parties})
        place_of = {party: place for place, party in enumerate(ordered)}
        named = {name.encode(): turn for turn, name in enumerate(shipments.party_order)}
        turns = [named.get(name, len(named)) for name, _ in ordered]
        places = [[place_of[party] for party in parties] for parties in met]
        lock = threading.Lock()
        try:
            for one in partitioners:
                one.settle(0)
            tables = [Tellings(self._bindings.settings, partitioners, places, turns) for _ in partitioners]
            left = iter([p for p in self._partitions(0) if tables[0].rows(p)])
            spills = [worker.spill for worker in self._workers]
            crew = Crew(len(tables))

            def work(number: int) -> None:
                mine = tables[number]
                for p in left:  # a list iterator: drawing from it is atomic
                    if crew.is_stopped:
                        return
                    _fill(mine, spills, p)
                    if mine.decide():
                        with lock:
                            mine.mark(orders, ORDER_SHIFT, bits)

            crew.run(work)
        except MemoryError as error:
            raise OutOfMemoryError(str(error) or "no memory for the shipments") from None
        whys = np.array([one.whys_counted for one in tables]).sum(axis=0)
        return Copies(bits, firsts, rows, Whys(*map(int, whys)), self.bytes_spilled)


def _fill(table: Tellings, spills: list[Spill | None], p: int) -> None:
    table.start(p)
    for worker, spill in enumerate(spills):
        for extent in spill.records(p) if spill is not None else ():
            table.add(worker, p, spill.read(extent))  # type: ignore[union-attr]
        table.add(worker, p, None)
