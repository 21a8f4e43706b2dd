"""A few rows that came as one batch and fit one partition: answered in the calling thread, without what only many rows
are worth."""

from __future__ import annotations

from ._kernel import Partitioner, Settings, Totals
from .answers import Answer, mask_bits, mask_of_bits
from .errors import OutOfMemoryError
from .parts import Part, Worker, add_rows
from .roles import Roles


def answer_at_once(part: Part, settings: Settings, roles: Roles) -> Answer:
    """The mask of all rows of a manifest."""
    ((batch, start, stop),) = part.batches
    mask = mask_bits(stop - start)
    try:
        one = Partitioner(settings, 0)
        add_rows(Worker(one), part, batch, start, stop, row=0, order=0, roles=roles, promise=None)
        one.settle(0)
        Totals(settings, [one]).run(0, 1)
        one.answer(stop - start, mask)
    except MemoryError as error:
        raise OutOfMemoryError(str(error) or "out of memory") from None
    return Answer(mask_of_bits(mask, stop - start))
