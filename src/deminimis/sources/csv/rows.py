"""Where the rows of a CSV text start and end: a quick guess for cutting large files, and the exact walk for messages.

A guess is never trusted: the parser proves each cut (see source_csv_parse).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

QUOTE, NEWLINE, RETURN = b'"'[0], b"\n"[0], b"\r"[0]


class Line(NamedTuple):
    """One row as it lies in the text: its bytes and its number of cells."""

    start: int
    end: int
    cells: int
    closed: bool  # False where a quote is still open at the end of the text


def guess_row_start(window: bytes, delimiter: str, columns: int) -> int | None:
    """Find the first row start after the first byte of a window that begins anywhere, or None without evidence.

    The window begins either inside of a quoted cell or outside. Under the right assumption each opening quote follows
    a delimiter or a line break and each closing quote precedes one (or both touch another quote, which escapes it);
    under the wrong one some quote breaks that. Without any quote, the lines must have the right number of cells.
    """
    text = np.frombuffer(window, np.uint8)
    quotes = np.flatnonzero(text == QUOTE)
    quotes = quotes[(quotes > 0) & (quotes < len(text) - 1)]
    breaks = np.flatnonzero(text == NEWLINE)
    if not len(quotes):
        lines = window.split(b"\n")[1:-1]
        if not lines or any(line.count(delimiter.encode()) != columns - 1 for line in lines[:16] if line.strip()):
            return None
        return int(breaks[0]) + 1
    ends_cell = np.zeros(256, bool)
    ends_cell[[QUOTE, NEWLINE, RETURN, ord(delimiter)]] = True
    may_open, may_close = ends_cell[text[quotes - 1]], ends_cell[text[quotes + 1]]
    outside = bool(may_open[0::2].all() and may_close[1::2].all())
    inside = bool(may_close[0::2].all() and may_open[1::2].all())
    if outside == inside:
        return None
    quoted = (np.searchsorted(quotes, breaks) + inside) % 2 == 1
    free = breaks[~quoted]
    return int(free[0]) + 1 if len(free) else None


def walk_lines(text: bytes, delimiter: str) -> Iterator[Line]:
    """Yield every row exactly as the parser sees it; empty lines are no rows. Slow: for messages and odd cuts."""
    mark = re.escape(delimiter.encode())
    cell = re.compile(rb'"[^"]*(?:""[^"]*)*(?P<closed>"[^' + mark + rb"\r\n]*)?|[^" + mark + rb"\r\n]*")
    line_break = re.compile(rb"\r\n|\n|\r")
    position, size = 0, len(text)
    while position < size:
        start, cells, closed = position, 0, True
        while True:
            found = cell.match(text, position)
            assert found is not None  # the second branch matches the empty text
            closed = text[position : position + 1] != b'"' or found["closed"] is not None
            position, cells = found.end(), cells + 1
            if text[position : position + 1] != delimiter.encode():
                break
            position += 1
        blank = position == start
        ended = line_break.match(text, position)
        position = ended.end() if ended else size
        if not blank:
            yield Line(start, position, cells, closed)
