"""From any manifest to the parts that workers read: Arrow streams in memory, or the pieces of files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.types as pt

from .._kernel import Batch, Stream
from ..errors import InputError
from ..roles.binding import Binding
from ..sources.base import Piece, Source
from . import epochs
from .answers import Answer
from .at_once import answer_at_once
from .budget import ROWS_A_PARTITION, ROWS_FOR_ONE_WORKER
from .ordered import Ordered
from .parts import Part
from .run import Run
from .samples import is_fit, is_often_refused, order_of_table

MORSEL_ROWS = 1 << 18
"""Rows of a large batch that a worker takes at a time; a multiple of 64, so that mask bits come in whole words."""

BYTES_A_ROW = 32
"""A low guess for text files, where only the size is known."""


class Intake:
    """Takes parts into a run as they come, holding back the first few rows until it is known whether many follow.

    Answers come early only where the caller promised an order of days, and the rows are too many to hold.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self._pending: list[Part] = []
        self._rows = 0
        self._many = False
        self._ordered: Ordered | None = None

    def add(self, parts: Iterator[Part]) -> Iterator[Answer]:
        """Take parts; those of the first rows wait."""
        if self._many and self._ordered is None:
            some, rows = self._draw(parts, 0)
            self.run.read(_chain(some, parts), rows)
            return
        if not self._many:
            some, rows = self._draw(parts, self._rows)
            self._pending += some
            if rows is not None:
                self._rows = rows
                return
            self._many = True
            parts = _chain(self._pending, parts)
            self._pending = []
            if self.run.roles.sorted_by is not None:
                self._ordered = Ordered(self.run)
            else:
                self.run.expect(None)
        if self._ordered is None:
            self.run.read(parts, None)
        else:
            yield from self._ordered.read(parts)

    def finish(self) -> Iterator[Answer]:
        """No more parts come: the answers of all rows that have none yet."""
        if self._ordered is not None:
            yield from self._ordered.finish()
            return
        if not self._many:
            self.run.expect(self._rows)
            self.run.read(_chain(self._pending, iter(())), self._rows)
        yield from self.run.end_wave()

    def _draw(self, parts: Iterator[Part], rows: int) -> tuple[list[Part], int | None]:
        """Draw parts until their rows are many: worth more than one worker, or, where days can be released, more than
        may be held. The number of rows where the parts ended first."""
        drawn = []
        for part in parts:
            drawn.append(part)
            rows += part.rows
            held = self.run.budget.rows_held if self.run.roles.sorted_by is not None else ROWS_FOR_ONE_WORKER
            if rows > min(held, ROWS_FOR_ONE_WORKER):
                return drawn, None
        return drawn, rows


def _chain(pending: list[Part], rest: Iterator[Part]) -> Iterator[Part]:
    """The parts that were drawn already, then the rest; each is let go once it is handed out."""
    pending.reverse()
    while pending:
        yield pending.pop()
    yield from rest


def read_table(run: Run, table: pa.Table | pa.RecordBatch) -> Iterator[Answer]:
    """Read a table whose rows are counted; only its role columns cross to the kernel."""
    names = run.roles.names()
    found = [table.schema.get_all_field_indices(name) for name in names]
    if not run.roles.has_expressions() and len(names) < table.num_columns and all(len(at) == 1 for at in found):
        table = table.select(list(names))
    parts = parts_of(run, table)
    held = run.budget.rows_held
    if table.num_rows > held and run.roles.sorted_by is not None:
        ordered = Ordered(run)
        yield from ordered.read(parts)
        yield from ordered.finish()
        return
    order = None
    if table.num_rows > ROWS_FOR_ONE_WORKER:
        binding = run.binding(table.schema)
        if binding.prepare is None and is_fit(binding.settings, table.num_rows, run.budget.blocks):
            order = order_of_table(binding.settings, table, run.batch)  # batches are read twice: they are not made anew
            order = None if order and is_often_refused(binding.settings, run.roles, table, run.batch) else order
    elif table.num_rows <= min(held, ROWS_A_PARTITION) and not run.tally:
        some = list(parts)
        if len(some) == 1 and not run.has_outcomes:
            yield answer_at_once(some[0], run.settings, run.roles)
            return
        parts = iter(some)
    run.expect(table.num_rows, order=order)
    run.read(parts, table.num_rows)
    yield from run.end_wave()


def parts_of(run: Run, manifest: Any) -> Iterator[Part]:
    """The parts of one object with an Arrow capsule; its batches are drawn one by one and never collected."""
    if not hasattr(manifest, "__arrow_c_stream__"):
        return slices(run, iter([run.batch(pa.record_batch(manifest))]))
    stream = Stream(manifest.__arrow_c_stream__())
    schema = manifest.schema if isinstance(manifest, pa.Table) else pa.Schema._import_from_c_capsule(stream.schema())
    binding = run.binding(schema)
    if binding.prepare is None:
        return slices(run, iter(lambda: _next(stream, binding), None))
    reader = pa.RecordBatchReader._import_from_c_capsule(stream.hand_on())
    return slices(run, (run.batch(batch) for batch in reader))


def _next(stream: Stream, binding: Binding) -> Batch | None:
    try:
        return stream.next(binding.settings, binding.places)
    except OSError as error:
        raise InputError(f"the Arrow stream failed: {error.strerror or error}") from None
    except ValueError as error:
        raise InputError(str(error)) from None


def slices(run: Run, batches: Iterator[Batch], piece: Piece | None = None) -> Iterator[Part]:
    """Large batches in slices, so that all workers have some."""
    seen = 0
    for batch in batches:
        step = MORSEL_ROWS
        if run.roles.sorted_by is not None:  # a group of rows is for all workers too
            step = min(step, max(run.budget.group_rows(run.threads) // (2 * run.threads) // 64 * 64, 64))
        for start in range(0, max(batch.length, 1), step):
            stop = min(start + step, batch.length)
            part = Part([(batch, start, stop)], rows=stop - start, rows_before=seen + start)
            if piece is not None:
                part.file, part.label, part.first_row = piece.file, piece.label, piece.first_row
            yield part
        seen += batch.length


def answers(run: Run, source: Source) -> Iterator[Answer]:
    """Read the pieces of a source, each decoded and partitioned by one worker while it is hot; answer in row order.

    Where the pieces tell their days, or the caller promised their order, a manifest larger than the memory is answered
    day by day as its days end.
    """
    names = check_columns(run, source)
    rows = source.rows
    if rows is None and source.bytes is not None:
        rows = source.bytes // BYTES_A_ROW
    if rows is None:
        pieces = source.pieces(names)
        yield from _take_in(run, (part for piece in pieces for part in slices(run, _only_batches(run, piece), piece)))
        return
    # text may come dictionary encoded where a file holds it so
    texts = tuple(name for name in run.roles.names() if pt.is_string(source.schema.field(name).type))
    pieces = source.pieces(names, as_dictionary=texts)
    if rows > run.budget.rows_held and source.rows is not None and source.files:
        known = list(pieces)
        planned = waves_of(run, source, known)
        if planned is not None:
            yield from _wave_after_wave(run, known, planned)
            return
        pieces = iter(known)
    if run.roles.sorted_by is not None and (source.rows is None or rows > run.budget.rows_held):
        yield from _take_in(run, (part for piece in pieces for part in _parts_in_order(run, piece)))
        return
    run.expect(rows)
    run.read((_part(run, piece) for piece in pieces), rows)
    yield from run.end_wave()


def _take_in(run: Run, parts: Iterator[Part]) -> Iterator[Answer]:
    intake = Intake(run)
    yield from intake.add(parts)
    yield from intake.finish()


def _parts_in_order(run: Run, piece: Piece) -> Iterator[Part]:
    """A piece that a group of rows has room for as one part, any other in slices, which the drawing thread decodes."""
    if rows_of(piece) <= run.budget.group_rows(run.threads):
        yield _part(run, piece)
        return
    yield from slices(run, _only_batches(run, piece), piece)
    yield Part((), bytes=piece.bytes or 0)  # now it is read


def waves_of(run: Run, source: Source, pieces: list[Piece]) -> list[epochs.Wave] | None:
    """How the pieces can be answered day by day in the memory of the run; None where their days do not allow it."""
    bounds = [epochs.day_bounds(piece, run.roles, source.schema) for piece in pieces]
    rows = [piece.rows or 0 for piece in pieces]
    return epochs.plan(bounds, rows, run.budget.wave_rows, run.roles.rule.window)


def _wave_after_wave(run: Run, pieces: list[Piece], planned: list[epochs.Wave]) -> Iterator[Answer]:
    counts = [sum(piece.rows or 0 for piece in pieces[wave.begin : wave.end]) for wave in planned]
    run.expect(max(counts), waves=True)
    for wave in planned:
        run.route(wave.day_low, wave.day_mid, wave.day_high)
        run.read((_part(run, piece) for piece in pieces[wave.begin : wave.end]), None)
        yield from run.end_wave(last=wave is planned[-1])


def check_columns(run: Run, source: Source) -> list[str] | None:
    """Bind the roles before anything is decoded; the columns to read, None for all."""
    file = source.files[0] if source.files else None
    names = list(run.roles.names())
    if run.roles.has_expressions() or not set(names) <= set(source.schema.names):
        run.binding(source.schema, file=file)
        return None
    places = [i for name in names for i in source.schema.get_all_field_indices(name)]
    run.binding(pa.schema([source.schema.field(i) for i in places]), file=file)  # a name that is there twice is refused
    return names


def rows_of(piece: Piece) -> int:
    """The rows of a piece, or a guess by its size; 0 where nothing tells."""
    return (piece.bytes or 0) // BYTES_A_ROW if piece.rows is None else piece.rows


def _part(run: Run, piece: Piece) -> Part:
    return Part(_batches(run, piece), rows_of(piece), piece.file, piece.label, piece.first_row, piece.bytes or 0)


def _batches(run: Run, piece: Piece) -> Iterator[tuple[Batch, int, int]]:
    for batch in _only_batches(run, piece):
        yield batch, 0, batch.length


def _only_batches(run: Run, piece: Piece) -> Iterator[Batch]:
    return (run.batch(batch, file=piece.file) for batch in piece.batches())
