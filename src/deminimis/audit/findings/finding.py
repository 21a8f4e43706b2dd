"""What was found, as values and as text; nothing is looked for here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa

from ... import markup
from ...text import counted, in_columns, plain, prose, shortened

_LINES_SHOWN = 10
_CELL_MOST = 40


@dataclass(frozen=True)
class Finding:
    """One pattern, looked for in a manifest.

    Parameters
    ----------
    name, title, definition, source : str
        What it is called, what it is, from which numbers on, and who says so.
    checked : bool
        Whether it was looked for.
    why : str
        Why it was not; "" where it was.
    count : int
        How often it was found.
    numbers : dict of str to object
        What was counted on the way.
    table : pyarrow.Table
        Where it was found, the largest first, some of them where they are many.
    """

    name: str
    title: str
    definition: str
    source: str
    checked: bool
    why: str
    count: int
    numbers: dict[str, object]
    table: pa.Table

    def to_dict(self) -> dict[str, object]:
        """Every field, made of what JSON has; rows as objects."""
        return {name: plain(one) for name, one in vars(self).items() if name != "table"} | {
            "rows": [plain({name: _told(cell) for name, cell in line.items()}) for line in self.table.to_pylist()]
        }

    def to_text(self, width: int | None = None) -> str:
        """The finding for a person, in lines of at most this width."""
        found = f"{self.count:,} found" if self.checked else f"not looked for: {self.why}"
        parts = [prose(f"{self.title} ({self.name}): {found}", width), prose(self.definition, width)]
        parts.append(prose(f"Source: {self.source}.", width))
        if self.numbers:
            parts.append(in_columns([(name, _shown(one)) for name, one in self.numbers.items()], "<>", width))
        if self.table.num_rows:
            head = self.table.column_names
            kinds = self.table.schema.types
            sides = "".join(">" if pa.types.is_integer(one) or pa.types.is_decimal(one) else "<" for one in kinds)
            lines = [[_shown(cell) for cell in line.values()] for line in self.table.slice(0, _LINES_SHOWN).to_pylist()]
            parts.append(in_columns([head, *lines], sides, width, has_head=True))
            if self.count > len(lines) and self.name != "just-below":
                parts.append(f"... {self.count - len(lines):,} more: --json has up to {self.table.num_rows:,}")
        return "\n".join(parts)


@dataclass(frozen=True)
class Findings:
    """All that was looked for in a manifest; iterating gives each `Finding`.

    Parameters
    ----------
    findings : tuple of Finding
    settings : dict of str to object
        Roles and settings, as they were given.
    """

    findings: tuple[Finding, ...]
    settings: dict[str, Any]

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __getitem__(self, name: str) -> Finding:
        for finding in self.findings:
            if finding.name == name:
                return finding
        raise KeyError(name)

    def __repr__(self) -> str:
        found = ", ".join(f"{one.count:,} {one.name}" for one in self.findings if one.checked)
        return f"<deminimis.Findings: {found or 'nothing was looked for'}>"

    def __str__(self) -> str:
        return self.to_text()

    def _repr_html_(self) -> str:
        lines = [(one.title, f"{one.count:,}" if one.checked else one.why) for one in self.findings]
        return markup.titled(counted(sum(one.count for one in self.findings), "finding"), [markup.table(lines, "<>")])

    def to_dict(self) -> dict[str, object]:
        """Every field, made of what JSON has."""
        return {"findings": [one.to_dict() for one in self.findings], "settings": plain(self.settings)}

    def to_text(self, width: int | None = None) -> str:
        """All of them for a person, in lines of at most this width."""
        told = [prose("A finding is a question for a reviewer. None of them changes an answer.", width)]
        return "\n\n".join([*told, *(one.to_text(width) for one in self.findings)])


def _told(cell: object) -> object:
    return cell.hex() if isinstance(cell, bytes) else cell


def _shown(cell: object) -> str:
    if isinstance(cell, int):
        return f"{cell:,}"
    told = plain(_told(cell))
    text = "" if told is None else str(told)
    if isinstance(cell, Decimal):
        whole, _, parts = text.partition(".")
        text = f"{int(whole):,}.{parts.rstrip('0'):0<2}"
    return shortened(text, _CELL_MOST)
