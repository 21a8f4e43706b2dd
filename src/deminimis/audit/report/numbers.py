"""The sections of what came out: reasons, days, origins, person-days around the limit, cells that were not read."""

from __future__ import annotations

from decimal import Decimal

from ...results.summary import REASONS
from ...text import counted
from . import svg
from .content import Content
from .parts import below, figure, paragraph, section, table
from .spread import BIN_PERCENT, CURVE_PERCENT, FROM_PERCENT, TO_PERCENT, Spread


def reasons(content: Content) -> str:
    """Rows by reason, and the sums of both sides."""
    summary = content.summary
    values_of = content.counts.by_reason
    lines = [
        (reason, f"{count:,}", content.share(count), content.amount(values_of[reason].value), REASONS.get(reason, ""))
        for reason, count in summary.reasons.items()
    ]
    everything = content.amount(summary.value_eligible + summary.value_not_eligible)
    lines.append(("all rows", f"{summary.rows:,}", content.share(summary.rows), everything, ""))
    values = [
        ("eligible", content.amount(summary.value_eligible)),
        ("not eligible", content.amount(summary.value_not_eligible)),
        ("together", content.amount(summary.value_eligible + summary.value_not_eligible)),
    ]
    head = ("Reason", "Rows", "Share", f"Known value{content.currency}", "What it means")
    return section(
        "reasons",
        "Rows by reason",
        [
            paragraph("Where several reasons hold, the first of this order is given."),
            table("Rows by reason", head, lines, "d>>><"),
            table("Known values", ("Rows that are", f"Value{content.currency}"), values, "<>"),
        ],
    )


def around_the_limit(content: Content) -> str:
    """Person-days by their share of the limit, and what other limits would let pass."""
    spread, noun = content.spread, f"person-{content.window}"
    if not spread.groups:
        return section("around", f"{noun.capitalize()}s around the limit", [paragraph(f"There is no {noun}.")])
    parts = [
        paragraph(
            f"Of {counted(spread.groups, noun)}, {spread.over:,} are over their limit and {spread.unproven:,} more are "
            "not proven, as a value among them is missing or bad."
        ),
        _histogram(content),
        _curve(content),
    ]
    return section("around", f"{noun.capitalize()}s around the limit", parts)


def _histogram(content: Content) -> str:
    spread, noun = content.spread, f"person-{content.window}s"
    at = (100 - FROM_PERCENT) // BIN_PERCENT
    marks = range(FROM_PERCENT, TO_PERCENT, BIN_PERCENT)
    given = [svg.Bar(_mark(spread, n), (count,), n % 10 == 0) for n, count in zip(marks, spread.bars, strict=True)]
    just_below, just_over = spread.bars[at - 1], spread.bars[at]
    about = (
        f"{spread.below:,} {noun} have at most {FROM_PERCENT} % of their limit, {spread.beyond:,} more than "
        f"{TO_PERCENT} %, and are not drawn. In the {BIN_PERCENT} % up to the limit there are {just_below:,}, in the "
        f"{BIN_PERCENT} % above it {just_over:,}. A total that is exactly the limit stands below the line."
    )
    title = f"{noun.capitalize()} by the share of the limit that their total takes"
    drawn = svg.bars("histogram", title, about, given, [noun], (at, "limit"), over_from=at, is_edge=True)
    rows = [
        (f"{_mark(spread, n)} to {_mark(spread, n + BIN_PERCENT)}", f"{count:,}")
        for n, count in zip(marks, spread.bars, strict=True)
    ]
    head = ("Total: above the first, up to the second", noun.capitalize())
    return figure(drawn, f"{title}. {about}") + table("The same as numbers", head, rows, "<>")


def _curve(content: Content) -> str:
    spread = content.spread
    shares = [count / spread.rows if spread.rows else 0.0 for count in spread.passing]
    steps = [BIN_PERCENT * (n + 1) for n in range(len(shares))]
    points = [(0.0, 0.0), *((n / CURVE_PERCENT, share) for n, share in zip(steps, shares, strict=True))]
    names = [(n / CURVE_PERCENT, _mark(spread, n)) for n in range(0, CURVE_PERCENT + 1, 25)]
    title = "Share of rows that would be eligible under other limits"
    about = (
        "Of the rows that belong to a total, as if limits were this share of what they are. Every row of a total over "
        "it fails."
    )
    drawn = svg.curve("curve", title, about, points, names, (100 / CURVE_PERCENT, "limit"))
    shown = [n for n in steps if n % 25 == 0]
    rows = [(_mark(spread, n), f"{spread.passing[steps.index(n)]:,}", f"{shares[steps.index(n)]:.2%}") for n in shown]
    head = ("Limit", "Rows eligible", "Share")
    return below("Other limits") + figure(drawn, f"{title}. {about}") + table(title, head, rows, "<>>")


def _mark(spread: Spread, percent: int) -> str:
    """A share of the limit, as an amount where all have one."""
    if spread.limit is None:
        return f"{percent} %"
    amount = spread.limit * percent / 100
    return f"{amount.quantize(Decimal(1)):,}" if amount == amount.to_integral_value() else f"{amount.normalize():,f}"


def largest(content: Content) -> str:
    """The largest person-days over the limit; who it is only where that was asked for."""
    noun = f"person-{content.window}"
    if not content.largest:
        return section("largest", f"Largest {noun}s over the limit", [paragraph(f"No {noun} is over its limit.")])
    lines = []
    for number, one in enumerate(content.largest, 1):
        who = one.names if content.is_named else f"person {one.person}"
        lines.append((number, who, one.day, content.amount(one.total), content.amount(one.limit), f"{one.rows:,}"))
    head = ("", "Person", content.window.capitalize(), f"Total{content.currency}", f"Limit{content.currency}", "Rows")
    told = (
        "Persons are as their first row has them."
        if content.is_named
        else ("Persons are numbered in the order of this list; one number is one person. --names tells who they are.")
    )
    many = f"The largest {len(lines)} of {content.spread.over:,}. " if content.spread.over > len(lines) else ""
    return section(
        "largest",
        f"Largest {noun}s over the limit",
        [paragraph(many + told), table(f"Largest {noun}s over the limit", head, lines, "><d>>>")],
    )


def unread(content: Content) -> str:
    """Rows whose person, day or value could not be read, with their cells."""
    counts = {reason: content.summary.reasons[reason] for reason in ("no-person", "no-day", "bad-value")}
    if not any(counts.values()):
        return section("unread", "Cells that could not be read", [paragraph("Every cell of the roles could be read.")])
    lines = [
        (f"{place.row:,}", place.reason, place.file or "", f"{place.row_in_file:,}", *_cells(content, place.cells))
        for place in content.places
    ]
    head = ("Row", "Reason", "File", "Row in file", *content.columns)
    many = ", ".join(f"{counted(count, 'row')} {reason}" for reason, count in counts.items())
    return section(
        "unread",
        "Cells that could not be read",
        [
            paragraph(f"{many}. The first rows of each; rows are counted from 0."),
            table("Rows with such cells", head, lines, f">d<>{'<' * len(content.columns)}"),
        ],
    )


def _cells(content: Content, cells: tuple[object, ...]) -> list[str]:
    persons = content.summary.settings["person"]
    named = persons if isinstance(persons, list) else [persons]
    hidden = set() if content.is_named else {str(one) for one in named if isinstance(one, str)}
    hidden |= {str(c) for one in named if isinstance(one, dict) and not content.is_named for c in one["first_of"]}
    found = []
    for name, cell in zip(content.columns, cells, strict=True):
        text = cell.decode(errors="replace") if isinstance(cell, bytes) else cell
        is_told = text is None or name not in hidden or str(text).strip() == ""
        is_blank = isinstance(text, str) and not text.strip()
        told = "(null)" if text is None else "(blank)" if is_blank else str(text)
        found.append(told if is_told else "(not shown)")
    return found
