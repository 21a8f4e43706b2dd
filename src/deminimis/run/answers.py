"""Answers back in row order: each worker answers its own rows, and the rows of all are joined by their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from .._kernel import Settings, Totals
from ..errors import OutOfMemoryError
from ..roles.request import Request
from .crew import Crew
from .parts import Part
from .worker import Span, Worker


class Answer(NamedTuple):
    """A run of rows in row order: their mask, and where they are asked for their reason codes (uint8) and totals."""

    mask: pa.BooleanArray
    codes: pa.UInt8Array | None = None
    totals: pa.Decimal128Array | None = None


Work = Sequence[tuple[Worker, "list[Span]"]]
"""The workers, and the spans that each is to answer."""


def answer_at_once(part: Part, settings: Settings, request: Request) -> Answer:
    """The mask of a few rows that are a manifest by themselves, without what only many rows are worth."""
    batches = list(part.batches)
    rows = sum(stop - start for _, start, stop in batches)
    mask, row = mask_bits(rows), 0
    try:
        worker = Worker(settings, request)
        for place, (batch, start, stop) in enumerate(batches):
            worker.add(part, place, batch, start, stop, row=row, order=0, epoch=0, promise=None)
            row += stop - start
        worker.partitioner.settle(0)
        Totals(settings, [worker.partitioner]).run(0, 1)
        worker.partitioner.answer(rows, mask)
    except MemoryError as error:
        raise OutOfMemoryError(str(error) or "out of memory") from None
    return Answer(mask_of_bits(mask, rows))


def mask_answers(work: Work) -> list[Answer]:
    """The masks of all spans, in row order."""
    found: dict[int, pa.BooleanArray] = {}

    def answer(number: int) -> None:
        worker, spans = work[number]
        for span in spans:
            bits = mask_bits(span.rows)
            if worker.spill is not None:
                worker.spill.make_trail_ready(span.rows)
            worker.partitioner.answer(span.rows, bits)
            if span.rows:
                found[span.first] = mask_of_bits(bits, span.rows)

    Crew(len(work)).run(answer)
    return [Answer(found[first]) for first in sorted(found)]


def outcome_answer(work: Work) -> Answer:
    """Mask, reason codes and totals of all spans, whose rows follow one another without a gap."""
    spans = [span for _, some in work for span in some]
    first = min((span.first for span in spans), default=0)
    rows = sum(span.rows for span in spans)
    reasons, totals = np.empty(rows, np.uint8), np.empty(16 * rows, np.uint8)
    found: dict[int, tuple[pa.BooleanArray, pa.BooleanArray]] = {}

    def answer(number: int) -> None:
        worker, spans = work[number]
        for span in spans:
            at = span.first - first
            end = at + span.rows
            mask, known = mask_bits(span.rows), mask_bits(span.rows)
            if worker.spill is not None:
                worker.spill.make_trail_ready(span.rows)
            row = 0
            while row < span.rows:
                room = reasons[at:end], totals[16 * at : 16 * end]
                row, wanted = worker.partitioner.answer_all(row, span.rows, mask, *room, known)
                if worker.spill is not None and row < span.rows:
                    worker.spill.bring_outcomes(wanted)
            if span.rows:
                found[span.first] = mask_of_bits(mask, span.rows), mask_of_bits(known, span.rows)

    Crew(len(work)).run(answer)
    pairs = [found[start] for start in sorted(found)]
    mask, known = (join([pair[i] for pair in pairs]) for i in range(2))
    total = pa.Array.from_buffers(pa.decimal128(38, 4), rows, [known.buffers()[1], pa.py_buffer(totals)])
    return Answer(mask, pa.Array.from_buffers(pa.uint8(), rows, [None, pa.py_buffer(reasons)]), total)


def mask_bits(rows: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Room for so many bits, in whole words."""
    return np.empty((rows + 63) // 64 * 8, np.uint8)


def mask_of_bits(bits: Any, rows: int) -> pa.BooleanArray:
    """The first rows of these bits as an array, without a copy."""
    return pa.Array.from_buffers(pa.bool_(), rows, [None, pa.py_buffer(bits)])


def join(masks: list[pa.BooleanArray]) -> pa.BooleanArray:
    """One array, without an offset, of many."""
    if len(masks) == 1:
        return masks[0]
    return pa.concat_arrays(masks) if masks else pa.Array.from_buffers(pa.bool_(), 0, [None, pa.py_buffer(b"")])
