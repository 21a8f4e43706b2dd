"""The sections of when and whence: rows and values by month, day and origin; and what another rule would change."""

from __future__ import annotations

from collections.abc import Mapping

from ...text import counted
from ..flips import Flips
from . import svg
from .content import Content
from .counts import Count
from .parts import below, figure, paragraph, section, table

DAYS_MOST = 62
"""More days than this are not listed one by one."""
_BARS_MOST = 72
_NAMED_MOST = 12


def times(content: Content) -> str:
    """Rows and values by month and by day."""
    months, days = content.counts.by_month, content.counts.by_day
    parts = []
    if len(months) > 1 and len(months) <= _BARS_MOST:
        parts.append(_chart(months, "months", "Rows by month"))
    parts.append(_table(content, months, "Rows by month", "Month", "no day"))
    if len(days) <= DAYS_MOST:
        parts += [
            below("By day"),
            _chart(days, "days", "Rows by day"),
            _table(content, days, "Rows by day", "Day", "no day"),
        ]
    else:
        told = f"There are {counted(len(days), 'day')}, which are not listed here one by one."
        parts.append(paragraph(told))
    return section("times", "Rows by month and day", parts)


def origins(content: Content) -> str:
    """Rows and values by the country of origin."""
    title = "Rows by origin"
    if content.origin is None:
        return section("origins", title, [paragraph("No column tells the origin.")])
    return section("origins", title, [_table(content, content.counts.by_origin, title, "Origin", "not told")])


def _table(content: Content, counts: Mapping[str | None, Count], caption: str, name: str, none: str) -> str:
    lines = [
        (
            key or none,
            f"{one.rows:,}",
            f"{one.eligible:,}",
            f"{one.eligible / one.rows:.2%}",
            content.amount(one.value),
            content.amount(one.value_eligible),
        )
        for key, one in counts.items()
    ]
    money = content.currency
    head = (name, "Rows", "Eligible", "Share", f"Value{money}", f"Value eligible{money}")
    return table(caption, head, lines, "d>>>>>")


def _chart(counts: Mapping[str | None, Count], id: str, title: str) -> str:
    told = {key: one for key, one in counts.items() if key is not None}
    if not told:
        return ""
    every = -(-len(told) // _NAMED_MOST)
    given = [
        svg.Bar(key if id == "months" else key[5:], (one.eligible, one.rows - one.eligible), i % every == 0)
        for i, (key, one) in enumerate(told.items())
    ]
    first, last = next(iter(told)), list(told)[-1]
    about = f"From {first} to {last}: eligible rows solid, the others hatched on them. The table has the numbers."
    return figure(svg.bars(id, title, about, given, ["eligible", "not eligible"]), f"{title}. {about}")


def what_if(content: Content) -> str:
    """The rows that another rule or limit would flip; nothing where none was asked for."""
    found = content.what_if
    if found is None:
        return ""
    total, money = found.total, content.currency
    said = (
        f"By {found.against} instead of {found.rule}, {counted(total.gained, 'row')} more would be eligible, with a "
        f"value of {content.amount(total.value_gained)}{money}, and {counted(total.lost, 'row')} no longer, with "
        f"a value of {content.amount(total.value_lost)}{money}. All other settings are the same."
    )

    def cells(line: Flips, month: str, origin: str) -> tuple[str, ...]:
        counts = (line.rows, line.eligible, line.eligible_against, line.gained)
        amounts = content.amount(line.value_gained), f"{line.lost:,}", content.amount(line.value_lost)
        return month, origin, *(f"{one:,}" for one in counts), *amounts

    flipping = [one for one in found.lines if one.gained or one.lost]
    lines = [cells(one, one.month or "no day", one.origin or "not told") for one in flipping]
    lines.append(cells(total, "all", ""))
    head = (
        "Month",
        "Origin",
        "Rows",
        "Eligible",
        "Then",
        "Gained",
        f"Value gained{money}",
        "Lost",
        f"Value lost{money}",
    )
    return section(
        "what-if",
        "What if",
        [paragraph(said), table("Months and origins with rows that flip", head, lines, "d<>>>>>>>")],
    )
