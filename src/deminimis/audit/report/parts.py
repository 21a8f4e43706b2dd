"""The parts that every section of the page is made of: headings, paragraphs, tables and lists, all escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from ...text import shortened, shown

CELL_MOST = 300
"""So many characters of a cell are shown; of a longer one its start and its end."""


class Html(str):
    """Text that is HTML already."""


def told(value: object, most: int = CELL_MOST) -> str:
    """A value as the page shows it, in one line; what is `Html` already stays."""
    if isinstance(value, Html):
        return value
    return "" if value is None else escape(shown(shortened(str(value), most)))


def section(id: str, title: str, parts: Iterable[str]) -> str:
    """A section with its heading."""
    return f'<section aria-labelledby="{id}"><h2 id="{id}">{told(title)}</h2>\n{"".join(parts)}</section>\n'


def below(title: str) -> Html:
    """A heading within a section."""
    return Html(f"<h3>{told(title)}</h3>\n")


def paragraph(text: object, kind: str = "") -> Html:
    """A paragraph."""
    return Html(f"<p{f' class={kind!r}' if kind else ''}>{told(text, 4_000)}</p>\n")


def listed(items: Sequence[object]) -> Html:
    """Items below one another."""
    return Html("<ul>\n" + "".join(f"<li>{told(item, 2_000)}</li>\n" for item in items) + "</ul>\n")


def facts(pairs: Iterable[tuple[object, object]], caption: str) -> Html:
    """Names and values: a table whose first column heads its rows."""
    return table(caption, (), [(name, value) for name, value in pairs], "<<")


def table(caption: str, head: Sequence[object], rows: Iterable[Sequence[object]], sides: str) -> Html:
    """A table with its caption; the first cell of a row is its heading.

    Parameters
    ----------
    head : sequence
        The names of the columns; none: a table of facts.
    sides : str
        Of each column "<", ">" for numbers, "d" for what is not parted, such as a day, or "c" for code, such as a hash.
    """
    look = {"<": "", ">": ' class="number"', "c": ' class="code"', "d": ' class="day"'}
    names = "".join(f'<th scope="col"{look[side]}>{told(name)}</th>' for name, side in zip(head, sides, strict=False))
    lines = []
    for first, *cells in rows:
        others = "".join(f"<td{look[side]}>{told(cell)}</td>" for cell, side in zip(cells, sides[1:], strict=True))
        lines.append(f'<tr><th scope="row"{look[sides[0]]}>{told(first)}</th>{others}</tr>')
    top = f"<thead><tr>{names}</tr></thead>\n" if head else ""
    body = "\n".join(lines)
    return Html(
        f'<div class="wide" role="region" tabindex="0" aria-label="{told(caption)}"><table>\n<caption>{told(caption)}'
        f"</caption>\n{top}<tbody>\n{body}\n</tbody></table></div>\n"
    )


def figure(drawn: str, caption: str) -> Html:
    """A chart with its caption."""
    return Html(f"<figure>{drawn}\n<figcaption>{told(caption, 1_000)}</figcaption></figure>\n")


def instant(text: str) -> Html:
    """A moment or a length of time: what differs from one run to the next."""
    return Html(f"<time>{told(text)}</time>")
