"""A few rows of CSV files from places spread over them, without reading what lies between.

Nothing here is proven: a place whose quotes or rows cannot be made out is passed over. What is answered for is read by
the pieces alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pyarrow as pa

from ...errors import InputError
from ...sizes import Sizes
from ..found import FoundFile
from .parse import CutInsideQuotesError, RaggedRowError, text_problem
from .pieces import Cells
from .rows import guess_row_start, walk_lines

_ROWS_WALKED = 200


def sampled(found: FoundFile, cells: Cells, sizes: Sizes, start: int, near: list[int]) -> Iterator[pa.RecordBatch]:
    """Rows next to some bytes of a file that is not packed, ascending; its rows begin at byte `start`."""
    done = start
    with found.reading(), found.open_raw() as file:
        for place in near:
            at = max(min(place, found.bytes - sizes.window_bytes), done)
            text = file.read(at, sizes.window_bytes)
            first = 0 if at == done else guess_row_start(text, cells.dialect.delimiter, cells.cells)
            if first is None or not text:
                continue
            ends = at + len(text) >= found.bytes
            batches, length = rows_of(text[first:], cells, sizes, is_last=ends)
            yield from batches
            done = at + first + length if length else done


def rows_of(text: bytes, cells: Cells, sizes: Sizes, *, is_last: bool) -> tuple[list[pa.RecordBatch], int]:
    """The whole rows that a text starts with, and how many bytes they are.

    Raises
    ------
    InputError
        The text is not in the encoding.
    """
    end = len(text) if is_last else text.rfind(b"\n") + 1
    for walks in (False, True):
        end = _end_of_whole_rows(text, cells, is_last=is_last) if walks else end
        if not end:
            break
        try:
            return cells.parse(cells.dialect.marked(text[:end], cells.cells), sizes), end
        except (CutInsideQuotesError, RaggedRowError):
            continue
        except (pa.ArrowInvalid, UnicodeError) as error:
            raise InputError(text_problem(error, cells.dialect.encoding, memoryview(text))) from error
    return [], 0


def _end_of_whole_rows(text: bytes, cells: Cells, *, is_last: bool) -> int:
    """Where the first rows end that have as many cells as there are columns."""
    end = 0
    for row in islice(walk_lines(text, cells.dialect.delimiter), _ROWS_WALKED):
        if not row.closed or row.cells != cells.cells or (row.end == len(text) and not is_last):
            break
        end = row.end
    return end
