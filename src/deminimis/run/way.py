"""Which way a manifest goes through the kernel: chosen once, as a value that `plan` prints and `Run` obeys.

The choice needs facts that are known before the first row is read. Every way gives the same answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple, TypeAlias

import pyarrow as pa

from ..roles.request import Request
from ..sizes import Sizes
from ..sources.base import Piece
from .budget import ROWS_A_PARTITION, Budget, bits_that_fit, block_bytes, partition_bits
from .epochs import SLOTS, Epoch, day_bounds, plan_epochs
from .order import DaySketchShape

Kind: TypeAlias = Literal["at once", "in day order", "scattered", "in epochs"]


class Facts(NamedTuple):
    """What is known of a manifest before its rows are read.

    Parameters
    ----------
    rows : int, optional
        Its rows, or a guess by its size; None where nothing tells.
    names : list of str, optional
        The columns to read; None for all.
    pieces : sequence of Piece, optional
        All of them, where their metadata may tell their days; `schema` is that of their source.
    find_order : callable, optional
        Looks at samples for the order of days; only of rows in memory, which can be read twice.
    """

    rows: int | None
    names: list[str] | None = None
    pieces: Sequence[Piece] | None = None
    schema: pa.Schema | None = None
    find_order: Callable[[], DaySketchShape | None] | None = None


class Terms(NamedTuple):
    """What is asked of a run, as far as its way depends on it."""

    request: Request
    budget: Budget
    threads: int
    tally: bool
    has_outcomes: bool
    sizes: Sizes

    @property
    def rows_told(self) -> int:
        """Rows of an epoch, where statistics tell the days and memory allows it."""
        return min(self.budget.epoch_rows, self.threads * self.sizes.epoch_rows_a_thread)

    def may_have_epochs(self, rows: int) -> bool:
        """Whether so many rows are worth a look at the statistics of their days."""
        return rows > min(self.budget.rows_held, 2 * self.rows_told)


@dataclass(frozen=True)
class Way:
    """How a manifest goes through.

    Parameters
    ----------
    kind : {"at once", "in day order", "scattered", "in epochs"}
        A few rows in the calling thread; by the sketches of its days, without records; by records in partitions, all
        days together; or so, but answered and released as its days end.
    workers : int
        The threads that read.
    partition_bits, block_bytes : int
        Records go to 2**partition_bits partitions for each slot, in blocks of this size.
    slots : int
        Epochs that may be open at a time, and be told apart.
    order : DaySketchShape, optional
        The sketches of "in day order".
    epochs : tuple of Epoch, optional
        Of "in epochs", the runs of days by statistics; None: by the promise of `sorted_by`, as many as the days allow.
    """

    kind: Kind
    workers: int = 1
    partition_bits: int = 0
    block_bytes: int = ROWS_A_PARTITION
    slots: int = 1
    order: DaySketchShape | None = None
    epochs: tuple[Epoch, ...] | None = None


AT_ONCE = Way("at once")


def choose(facts: Facts, terms: Terms) -> Way:
    """The way for a manifest of these facts."""
    rows, budget = facts.rows, terms.budget
    is_held = rows is not None and rows <= budget.rows_held
    epochs = _epochs_by_statistics(facts, terms, is_held)
    if epochs is not None:
        return _in_partitions("in epochs", max(epoch.rows for epoch in epochs), terms, epochs=epochs)
    if not is_held and terms.request.sorted_by is not None:
        return _in_partitions("in epochs", None, terms)
    if rows is not None and facts.find_order is not None:
        if rows > terms.sizes.rows_for_one_worker:
            order = facts.find_order()
            if order is not None:
                return _in_partitions("in day order", rows, terms, order=order)
        elif rows <= ROWS_A_PARTITION and is_held and not terms.tally and not terms.has_outcomes:
            return AT_ONCE
    return _in_partitions("scattered", rows, terms)


def _epochs_by_statistics(facts: Facts, terms: Terms, is_held: bool) -> tuple[Epoch, ...] | None:
    """Epochs that all workers have as many pieces of, so that none waits; where memory asks for others, those."""
    if facts.pieces is None or facts.schema is None or facts.rows is None or not terms.may_have_epochs(facts.rows):
        return None
    bounds = [day_bounds(piece, terms.request, facts.schema) for piece in facts.pieces]
    rows = [piece.rows or 0 for piece in facts.pieces]
    window = terms.request.rule.window
    epochs = plan_epochs(bounds, rows, terms.rows_told, window, terms.threads)
    most = terms.budget.rows_that_fit
    if is_held or (epochs is not None and all(a.rows + b.rows <= most for a, b in pairwise(epochs))):
        return epochs
    return plan_epochs(bounds, rows, terms.budget.epoch_rows, window)


def _in_partitions(
    kind: Kind,
    rows: int | None,
    terms: Terms,
    *,
    order: DaySketchShape | None = None,
    epochs: tuple[Epoch, ...] | None = None,
) -> Way:
    """`rows` are those that are open together; None: many, or not known."""
    slots = SLOTS if kind == "in epochs" else 1
    blocks = terms.budget.blocks
    most = bits_that_fit(blocks, terms.threads * slots)
    bits = 0 if order is not None else partition_bits(rows, slots > 1, most, outcomes=terms.has_outcomes)
    is_small = slots == 1 and rows is not None and rows <= terms.sizes.rows_for_one_worker
    workers = 1 if is_small else terms.threads
    return Way(kind, workers, bits, block_bytes(blocks, terms.threads * (slots << bits)), slots, order, epochs)
