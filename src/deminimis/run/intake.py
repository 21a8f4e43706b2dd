"""From any manifest to the parts that workers read: Arrow objects in memory, or the pieces of a source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.types as pt

from .._kernel import Batch, Stream
from ..arrays import places_of
from ..errors import InputError, lack
from ..roles.bindings import Bindings
from ..roles.bound import Binding
from ..roles.forms import text_layout
from ..roles.request import Request
from ..sources.base import Piece, Source, reading
from ..sources.schemas import reading_names
from .parts import Part, placing

BYTES_A_ROW = 32
"""A low guess for text files, where only the size is known."""


class Intake:
    """Parts of one manifest, bound to its roles; `slice_rows` are taken of a large batch at a time."""

    def __init__(self, request: Request, bindings: Bindings) -> None:
        self._request = request
        self._bindings = bindings

    def columns(self, source: Source) -> list[str] | None:
        """Bind the roles before anything is decoded; the columns to read, None for all."""
        file = source.files[0] if source.files else None
        names = list(self._request.names())
        is_there = set(names) <= set(source.names)
        asked = source.schema_of(names) if is_there else source.schema  # without a look at columns of no role
        if is_there and not self._request.has_expressions():
            self._bindings.of(asked, file)  # a name that is there twice is refused
            return names
        self._bindings.of(source.schema, file)
        return None

    def pieces(self, source: Source, names: list[str] | None) -> Iterator[Piece]:
        """The pieces of a source; text may come dictionary encoded where a file holds it so, and as views where the
        kernel is the first to look at it."""
        asked = source.schema_of(self._request.names())
        texts = tuple(field.name for field in asked if pt.is_string(field.type))
        binding = self._bindings.first
        views = tuple(field.name for field in asked if _is_text(field.type)) if binding and not binding.prepare else ()
        return source.pieces(names, as_dictionary=texts, as_views=views)

    def of_table(self, table: pa.Table | pa.RecordBatch) -> pa.Table | pa.RecordBatch:
        """The role columns of a table: only they cross to the kernel."""
        names = self._request.names()
        found = [places_of(name, table.schema) for name in names]
        if not self._request.has_expressions() and len(names) < table.num_columns and all(len(at) == 1 for at in found):
            return table.select(list(names))
        with reading_names(None):  # without them, not even pyarrow hands a table on
            _ = table.schema.names
        return table

    def of_object(self, manifest: Any, slice_rows: int) -> Iterator[Part]:
        """The parts of one object with an Arrow capsule; its batches are drawn one by one and never collected."""
        if not hasattr(manifest, "__arrow_c_stream__"):
            return slices(iter([self._bindings.batch(pa.record_batch(manifest))]), slice_rows)
        if isinstance(manifest, pa.RecordBatchReader):  # not by its capsule, which makes words of what Python raises
            self._bindings.of(manifest.schema)
            return slices((self._bindings.batch(batch) for batch in _drawn(manifest)), slice_rows)
        stream = Stream(manifest.__arrow_c_stream__())
        is_table = isinstance(manifest, pa.Table)
        schema = manifest.schema if is_table else pa.Schema._import_from_c_capsule(stream.schema())
        binding = self._bindings.of(schema)
        if binding.prepare is None:
            return slices(iter(lambda: _next(stream, binding), None), slice_rows)
        reader = pa.RecordBatchReader._import_from_c_capsule(stream.hand_on())
        return slices((self._bindings.batch(batch) for batch in reader), slice_rows)

    def whole(self, piece: Piece) -> Part:
        """A piece that one worker decodes."""
        batches = ((batch, 0, batch.length) for batch in self._batches(piece))
        return Part(batches, rows_of(piece), piece.file, piece.label, piece.first_row, piece.bytes or 0)

    def sliced(self, piece: Piece, slice_rows: int) -> Iterator[Part]:
        """A piece that the drawing thread decodes, for all workers."""
        yield from slices(self._batches(piece), slice_rows, piece)
        yield Part((), bytes=piece.bytes or 0)  # now it is read

    def _batches(self, piece: Piece) -> Iterator[Batch]:
        made: Batch | None = None
        for batch in piece.batches():
            made = self._bindings.batch(batch, piece.file, made, piece.rows or 0)
            yield made


def _drawn(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    with reading(None, "the Arrow stream failed"):
        yield from reader


def _is_text(kind: pa.DataType) -> bool:
    return text_layout(kind) is not None and not pt.is_fixed_size_binary(kind)


def _next(stream: Stream, binding: Binding) -> Batch | None:
    try:
        return stream.next(binding.settings, binding.places)
    except OSError as error:
        raise lack(error) or InputError(f"the Arrow stream failed: {error.strerror or error}") from None
    except ValueError as error:
        raise InputError(str(error)) from None


def rows_of(piece: Piece) -> int:
    """The rows of a piece, or a guess by its size; 0 where nothing tells."""
    return (piece.bytes or 0) // BYTES_A_ROW if piece.rows is None else piece.rows


def slices(batches: Iterator[Batch], slice_rows: int, piece: Piece | None = None) -> Iterator[Part]:
    """Large batches in slices, so that all workers have some."""
    seen = 0
    for batch in _placed(batches, piece):
        for start in range(0, max(batch.length, 1), slice_rows):
            stop = min(start + slice_rows, batch.length)
            part = Part([(batch, start, stop)], rows=stop - start, rows_before=seen + start)
            if piece is not None:
                part.file, part.label, part.first_row = piece.file, piece.label, piece.first_row
            yield part
        seen += batch.length


def _placed(batches: Iterator[Batch], piece: Piece | None) -> Iterator[Batch]:
    """The batches, each made when it is asked for; an error about one of its cells gets that row's place."""
    part = Part((), first_row=0) if piece is None else Part((), file=piece.file, first_row=piece.first_row)
    part.batches = ((batch, 0, batch.length) for batch in batches)
    return (batch for batch, _, _ in placing(part, 0))


class HeldBack:
    """The first parts of a manifest of unknown size, until it is known whether many rows follow."""

    def __init__(self) -> None:
        self.rows = 0
        self._parts: list[Part] = []

    def take(self, parts: Iterator[Part], most: int) -> bool:
        """Draw parts until there are more rows than `most`; whether there are."""
        for part in parts:
            self._parts.append(part)
            self.rows += part.rows
            if self.rows > most:
                return True
        return False

    def then(self, rest: Iterator[Part]) -> Iterator[Part]:
        """What was held back, then the rest; each part is let go once it is handed out."""
        held, self._parts = self._parts[::-1], []
        while held:
            yield held.pop()
        yield from rest


def together(parts: Iterator[Part]) -> Part:
    """All parts of one object in memory as one."""
    return Part([batch for part in parts for batch in part.batches])
