"""Everything that one page is made of, gathered before any of it is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from ...results.summary import Summary
from ...rules.rule import Rule
from ..evidence.made import Evidence
from ..findings.finding import Findings
from ..flips import WhatIf
from .counts import Counts
from .gathered import Largest, Place
from .spread import Spread


@dataclass(frozen=True)
class Content:
    """The answers of one audit.

    Attributes
    ----------
    columns : tuple of str
        Of the cells in `places`.
    is_named : bool
        Whether persons are told by name.
    origin : object
        The column of the origin; None: not told.
    """

    title: str
    summary: Summary
    evidence: Evidence
    rule: Rule
    spread: Spread
    largest: Sequence[Largest]
    places: Sequence[Place]
    columns: tuple[str, ...]
    is_named: bool
    counts: Counts
    origin: object
    what_if: WhatIf | None
    findings: Findings

    @property
    def currency(self) -> str:
        """The currency's code with a blank before it; "" where none is told."""
        code = self.summary.settings.get("currency_code") or self.rule.currency
        return f" {code}" if code else ""

    @property
    def window(self) -> str:
        """What one total spans."""
        return str(self.summary.settings["window"])

    def amount(self, value: Decimal) -> str:
        """An amount with two decimals, or as many as some sum of the page needs."""
        return f"{value:,.{self._decimals}f}"

    @cached_property
    def _decimals(self) -> int:
        sums = [one.value for counts in (self.counts.by_day, self.counts.by_origin) for one in counts.values()]
        sums += [one.total for one in self.largest]
        return max(2, *(len(f"{value:f}".partition(".")[2].rstrip("0")) for value in sums), 0)

    def share(self, count: int) -> str:
        """Of all rows."""
        return f"{count / self.summary.rows:.2%}" if self.summary.rows else ""
