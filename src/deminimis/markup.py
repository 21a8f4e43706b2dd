"""Tables for notebooks: small HTML without scripts, links or addresses. What it shows is escaped here, and bounded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from .text import shortened, shown

LINES_MOST = 100
"""So many lines of a table or notes are shown, and then how many more there are."""
CHARACTERS_MOST = 400
"""So many characters of a cell or a note."""


def told(text: object) -> str:
    """A text as HTML shows it, in one line; nothing for None."""
    from html import escape  # slow to import, and the command line shows no HTML

    return "" if text is None else escape(shown(shortened(str(text), CHARACTERS_MOST)))


def table(lines: Sequence[Sequence[object]], sides: str, head: Sequence[object] = ()) -> str:
    """Cells in columns, each to its side ("<" or ">"); a line may be short of cells.

    Parameters
    ----------
    head : sequence, optional
        The names of the columns.
    """
    names = f"<thead><tr>{_cells(head, sides, 'th')}</tr></thead>" if head else ""
    body = "".join(f"<tr>{_cells(line, sides, 'td')}</tr>" for line in islice(lines, LINES_MOST))
    return f"<table>{names}<tbody>{body}</tbody></table>{_more(len(lines))}"


def listed(notes: Sequence[object]) -> str:
    """Notes below each other; nothing where there is none."""
    body = "".join(f"<li>{told(note)}</li>" for note in islice(notes, LINES_MOST))
    return f"<ul>{body}</ul>{_more(len(notes))}" if notes else ""


def titled(title: object, parts: Iterable[str]) -> str:
    """Parts that are HTML already below a title. Its classes keep notebooks from reading $ as mathematics."""
    return f'<div class="tex2jax_ignore mathjax_ignore"><p><strong>{told(title)}</strong></p>{"".join(parts)}</div>'


def folded(title: object, part: str) -> str:
    """A part that is HTML already, shown once its title is clicked."""
    return f"<details><summary>{told(title)}</summary>{part}</details>"


def _cells(cells: Sequence[object], sides: str, name: str) -> str:
    there = [*cells, *[""] * (len(sides) - len(cells))]
    where = {"<": "left", ">": "right"}
    return "".join(
        f'<{name} style="text-align: {where[side]}">{told(cell)}</{name}>'
        for cell, side in zip(there, sides, strict=True)
    )


def _more(lines: int) -> str:
    return f"<p>and {lines - LINES_MOST:,} more</p>" if lines > LINES_MOST else ""
