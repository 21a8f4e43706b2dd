"""A few rows that came together and fit one partition: answered in the calling thread, without what only many rows
are worth."""

from __future__ import annotations

from .._kernel import Partitioner, Settings, Totals
from ..errors import OutOfMemoryError
from ..roles.request import Roles
from .answers import Answer, mask_bits, mask_of_bits
from .parts import Part, Worker, add_rows


def answer_at_once(part: Part, settings: Settings, roles: Roles) -> Answer:
    """The mask of all rows of a part that is a manifest by itself."""
    batches = list(part.batches)
    rows = sum(stop - start for _, start, stop in batches)
    mask, row = mask_bits(rows), 0
    try:
        one = Partitioner(settings, 0)
        for batch, start, stop in batches:
            add_rows(Worker(one), part, batch, start, stop, row=row, order=0, roles=roles, promise=None)
            row += stop - start
        one.settle(0)
        Totals(settings, [one]).run(0, 1)
        one.answer(rows, mask)
    except MemoryError as error:
        raise OutOfMemoryError(str(error) or "out of memory") from None
    return Answer(mask_of_bits(mask, rows))
