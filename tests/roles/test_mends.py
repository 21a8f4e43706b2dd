"""Which settings would read a cell that could not be read."""

from __future__ import annotations

import pytest

from deminimis.roles.mends import day_formats_for, money_for
from deminimis.roles.money_format import Money


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("060124", ["%m%d%y", "%d%m%y"]), ("1.6.2024", ["%d.%m.%Y", "%m.%d.%Y"]), ("06/06/2024", ["%m/%d/%Y"]), ("", []),
     ("2024-06-01T10:00:00.5+0200", ["%Y-%m-%dT%H:%M:%S.%f%z"]), ("Saturday, June 1, 2024", ["%A, %B %d, %Y"]),
     ("Sun, 01 Jun 2024 10:00:00 +0000", [])],
)  # fmt: skip
def test_patterns_for_a_cell(cell: str, expected: list[str]) -> None:
    """At most two patterns, which give the cell different days."""
    assert day_formats_for(cell) == expected


def test_money_for_a_cell() -> None:
    """Plain amounts need nothing; the limit's own currency comes first."""
    assert money_for("5 kr", Money(), "USD") is None
    way = money_for("$5", Money(), "CAD")
    assert way is not None and way.money == Money(currency_signs=True) and way.currency == "CAD"
