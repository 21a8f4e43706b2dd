"""What a run would do and need, from the manifest's metadata alone; no row is read.

The way is the one that the run would go; figures of memory and disk are estimates.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import date
from itertools import pairwise
from typing import Any, Unpack

from ..api import start_run
from ..errors import InputError
from ..machine import available_bytes
from ..results.written import ANSWER_ROWS
from ..roles.options import AnyOptions, takes_options
from ..roles.persons import Column, Person
from ..rules.days import day_of
from ..run.epochs import day_bounds, plan_epochs
from ..run.run import Run
from ..run.spill import check_folder
from ..run.way import Facts, Way
from ..sources.base import Source
from ..sources.open import open_source

PROCESS_BYTES = 100 << 20
"""Python, Arrow and this package, before any row is read."""
WORKER_BYTES = 32 << 20
"""Batches that a worker has decoded, and its table of totals."""
WIDE_ANSWER_BYTES = 17
"""A reason and a total, which are held for all rows that are answered together."""


@dataclass(frozen=True)
class Plan:
    """What a run is expected to do and need. Sizes are in bytes; None: not known before the run.

    Parameters
    ----------
    files, file_bytes : int
        The files of the manifest; none in memory.
    role_bytes : int, optional
        What of it is read: the role columns.
    rows, row_groups, pieces : int, optional
        Rows; row groups of Parquet; parts that a thread reads by itself.
    rows_are_estimated : bool
        `rows` comes from the size of CSV and the length of its first rows.
    first_day, last_day : date, optional
        Bounds of the days, as the metadata has them.
    order : str
        Of the days, from piece to piece: "in order", "nearly in order", "shuffled" or "not known"; "promised" where
        only `sorted_by` tells.
    way : str
        How it goes through: "at once", "in day order", "scattered" or "in epochs".
    partitions : int, optional
        That records are scattered to, for each epoch.
    epochs : int, optional
        Runs of days that are answered and released as they end; 1: all days together. None: as many as the days allow,
        by the promise of `sorted_by`.
    rows_open : int, optional
        The most rows whose days are open at a time; by promise, about, where no single day has more.
    threads, memory_limit : int
        In force for the run.
    held_bytes, memory_bytes : int, optional
        Expected of rows that wait for their answer; and as the peak of the whole process.
    spill_bytes : int, optional
        Expected to be written to `spill_dir`, which has `spill_free_bytes` free.
    left_out : tuple of str
        Files of the folders and patterns given that would not be read.
    notes : tuple of str
        What the reader must not miss of these.
    """

    files: int
    file_bytes: int | None
    role_bytes: int | None
    rows: int | None
    rows_are_estimated: bool
    row_groups: int | None
    pieces: int | None
    first_day: date | None
    last_day: date | None
    order: str
    way: str
    partitions: int | None
    epochs: int | None
    rows_open: int | None
    has_outcomes: bool
    threads: int
    memory_limit: int
    held_bytes: int | None
    memory_bytes: int | None
    memory_available_bytes: int
    spill_bytes: int | None
    spill_dir: str
    spill_free_bytes: int
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether the memory and the disk are enough, as far as that is known."""
        return (self.memory_bytes or 0) <= self.memory_available_bytes and (
            self.spill_bytes or 0
        ) <= self.spill_free_bytes

    def to_dict(self) -> dict[str, object]:
        """Every field and `fits`, made of what JSON has; days are ISO text."""
        plain = {name: value.isoformat() if isinstance(value, date) else value for name, value in asdict(self).items()}
        return plain | {"left_out": [*self.left_out], "notes": [*self.notes], "fits": self.fits}


@takes_options
def plan(
    sources: Any,
    *,
    person: Person,
    day: Column,
    value: Column,
    columns: Sequence[str] = ("eligible",),
    **options: Unpack[AnyOptions],
) -> Plan:
    """Say what `score_files` would do and need with these sources, roles and settings. No row is read.

    Takes the roles and settings of `eligible`, and the `columns` that would be written.

    Returns
    -------
    Plan
        Rows, days, memory and disk, as far as the files' metadata tells; `fits` says whether they are enough.

    Raises
    ------
    InputError
        As the run would before its first row; and for a manifest that comes once, which cannot be looked at twice.
    """
    run, reading = start_run(options, outcomes=set(columns) != {"eligible"}, person=person, day=day, value=value)
    return plan_of(run, open_source(sources, **reading))


def plan_of(run: Run, source: Source) -> Plan:
    """The plan of a run that is not used yet."""
    with closing(run):
        facts = run.look(source)
        if source.rows is None and not source.files:
            raise InputError("a manifest that comes once has no metadata: give its files, or score it at once")
        return _plan(run, source, run.choose(facts or Facts(None)))


def _plan(run: Run, source: Source, way: Way) -> Plan:
    pieces = None if source.rows is None else list(source.pieces(run.intake.columns(source)))
    rows = source.guess_rows()
    bounds = [day_bounds(piece, run.request, source.schema) for piece in pieces or () if piece.rows]
    known = [pair for pair in bounds if pair is not None]
    is_known = bool(known) and len(known) == len(bounds)
    is_promised = way.kind == "in epochs" and way.epochs is None
    counts = None if way.epochs is None else [epoch.rows for epoch in way.epochs]
    rows_open = rows if counts is None else max(sum(pair) for pair in pairwise([0, *counts]))
    if is_promised:
        rows_open = 2 * run.budget.epoch_rows if rows is None else min(2 * run.budget.epoch_rows, rows)
    held = None if rows_open is None else _held(run, rows_open)
    largest = max((piece.bytes or 0 for piece in pieces or ()), default=0)
    folder = run.spill_dir or check_folder(None)
    return Plan(
        files=len(source.files),
        file_bytes=source.bytes,
        role_bytes=sum(piece.bytes or 0 for piece in pieces) if pieces and source.files else None,
        rows=rows,
        rows_are_estimated=source.rows is None and rows is not None,
        row_groups=source.row_groups,
        pieces=None if pieces is None else len(pieces),
        first_day=day_of(min(low for low, _ in known)) if is_known else None,
        last_day=day_of(max(high for _, high in known)) if is_known else None,
        order=_order(known) if is_known else "promised" if run.request.sorted_by else "not known",
        way=way.kind,
        partitions=None if way.kind in ("at once", "in day order") else 1 << way.partition_bits,
        epochs=None if is_promised else 1 if counts is None else len(counts),
        rows_open=rows_open,
        has_outcomes=run.has_outcomes,
        threads=way.workers,
        memory_limit=run.memory_limit,
        held_bytes=held,
        memory_bytes=None if held is None else held + PROCESS_BYTES + way.workers * (WORKER_BYTES + largest),
        memory_available_bytes=available_bytes(),
        spill_bytes=0 if is_promised else _spill(run, rows, counts),
        spill_dir=os.fspath(folder),
        spill_free_bytes=shutil.disk_usage(folder).free,
        left_out=source.left_out,
        notes=source.notes,
    )


def _order(bounds: Sequence[tuple[int, int]]) -> str:
    """How the days of pieces follow each other; one piece of several days does not tell."""
    if len(bounds) == 1 and bounds[0][0] != bounds[0][1]:
        return "not known"
    if all(before[1] <= after[0] for before, after in pairwise(bounds)):
        return "in order"
    ends = plan_epochs(bounds, [1] * len(bounds), 1)
    longest = max((epoch.end - epoch.begin for epoch in ends), default=0) if ends else len(bounds)
    return "nearly in order" if longest <= max(2, len(bounds) // 4) else "shuffled"


def _held(run: Run, rows_open: int) -> int:
    held = min(rows_open * run.budget.a_row, run.budget.blocks)
    return held + min(rows_open, ANSWER_ROWS) * WIDE_ANSWER_BYTES if run.has_outcomes else held


def _spill(run: Run, rows: int | None, counts: Sequence[int] | None) -> int | None:
    """Rows that wait on disk: all, or those runs of days that do not fit; where there are any, also their outcomes."""
    a_row = run.budget.spilled_a_row(has_outcomes=run.has_outcomes)
    if rows is None:
        return None
    if counts is None:
        return rows * a_row if rows > run.budget.rows_that_fit else 0
    late = sum(after for before, after in pairwise([0, *counts]) if before + after > run.budget.rows_that_fit)
    return late * a_row
