"""The section of findings: each pattern with its definition, its source and its numbers; rows only with names."""

from __future__ import annotations

from decimal import Decimal

import pyarrow.types as pt

from ..findings.finding import Finding
from .content import Content
from .parts import Html, below, facts, paragraph, section, table

ROWS_MOST = 10


def found(content: Content) -> str:
    """What was looked for, and how often it was found."""
    parts = [paragraph("Patterns that a reviewer looks at. None of them changes an answer, and none proves anything.")]
    for one in content.findings.findings:
        parts += _finding(content, one)
    if not content.is_named:
        parts.append(paragraph("Their rows name persons: deminimis findings has them, and this page with --names."))
    return section("findings", "Findings", parts)


def _finding(content: Content, one: Finding) -> list[Html]:
    said = f"{one.count:,} found" if one.checked else f"Not looked for: {one.why}"
    parts = [below(f"{one.title} ({one.name})"), paragraph(f"{said}. {one.definition} Source: {one.source}.")]
    if one.numbers:
        parts.append(facts([(name, _shown(value)) for name, value in one.numbers.items()], f"Numbers of {one.name}"))
    if content.is_named and one.table.num_rows:
        some = one.table.slice(0, ROWS_MOST)
        sides = "".join(">" if pt.is_integer(kind) or pt.is_decimal(kind) else "<" for kind in some.schema.types)
        rows = [[_shown(cell) for cell in line.values()] for line in some.to_pylist()]
        parts.append(table(f"The largest of {one.name}", some.column_names, rows, sides))
    return parts


def _shown(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:,f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:,f}"
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_shown, value))
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return "" if value is None else str(value)
