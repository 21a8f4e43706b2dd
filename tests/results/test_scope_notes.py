"""What a summary's notes say of kinds, senders and entries that are missing or not known."""

from __future__ import annotations

from typing import Any

import pytest
from test_notes import notes, the_note


@pytest.mark.parametrize(
    ("days", "kinds", "roles", "said"),
    [
        (
            ["2025-09-01"] * 2,
            ["1702b", None],
            {"kind": "k"},
            ["1 row got the strictest limit", "the kind is missing or"],
        ),
        (["2025-09-01"] * 2, ["1702b", "air"], {"kind": "k"}, ["such as 'air' (column 'k', row 1)"]),
        (["2025-09-01"] * 2, ["1702b"] * 2, {"kind": "k"}, []),
        (["2024-06-01"] * 2, ["air", None], {"kind": "k"}, []),
        (["2024-06-01"] * 2, ["air", None], {}, []),
    ],
)
def test_kinds(days: list[str], kinds: list[str | None], roles: dict[str, Any], said: list[str]) -> None:
    """Rows whose kind is not known are told where that decided; where no kind matters there is no word."""
    found = notes({"d": days, "k": kinds, "o": ["DE"] * 2}, rule="us-321", origin="o", **roles)
    assert len(found) == bool(said)
    assert [part for part in said if part not in found[0]] == []


def test_kinds_that_no_column_tells() -> None:
    """Without a column of kinds, the note counts the rows for which one could decide, and the acts are told."""
    found = notes({"d": ["2025-09-01", "2024-06-01"], "o": ["DE"] * 2}, rule="us-321", origin="o")
    assert found == ["1 row got the strictest limit of the day, as no column tells the kind (kind=)"]
    acts, kinds = notes({"d": ["2025-09-01"], "o": ["DE"]}, rule="us-321", origin="o")
    assert "no row can qualify" in acts and "EO 14324" in acts and "no column tells" in kinds


@pytest.mark.parametrize(
    ("days", "entered", "count"),
    [
        (["2025-05-01", "2025-05-02", "2025-05-03", "2025-04-30"], None, 2),
        (["2025-05-01", "2025-05-01"], ["2025-05-01", None], 1),
        (["2025-05-01", "2025-05-01"], ["2025-05-01"] * 2, 0),
        (["2024-05-01"], None, 0),
    ],
)
def test_days_near_a_gate(days: list[str], entered: list[str | None] | None, count: int) -> None:
    """Where the day stands in for that of the entry, the rows next to a gate are counted, of the origins it is for."""
    columns = {"d": days, "o": ["CN"] * len(days), "e": entered or days, "k": ["1702b"] * len(days)}
    roles = {"rule": "us-321", "origin": "o", "kind": "k"} | ({"entered": "e"} if entered else {})
    found = [note for note in notes(columns, **roles) if "a gate of us-321" in note]
    assert len(found) == bool(count)
    assert not count or f"{count} row" in found[0]
    assert not [note for note in notes(columns | {"o": ["DE"] * len(days)}, **roles) if "a gate of us-321" in note]


def test_entries_that_cannot_be_read() -> None:
    """Such a row has no day; the first such cell is told, its row and what would read it."""
    columns = {"d": ["2024-06-01"] * 2, "e": ["2024-06-01", "06/13/2024"], "o": ["DE"] * 2}
    note = next(note for note in notes(columns, rule="us-321", origin="o", entered="e") if "entry" in note)
    assert "1 row is no-day for a day of entry" in note and "'06/13/2024' (column 'e', row 1)" in note
    assert '"%m/%d/%Y"' in note


def test_senders() -> None:
    """Rows whose sender's country is not known are told like origins."""
    note = the_note({"s": ["GU", "Guam"]}, rule="us-gift", sent_from="s")
    assert "1 row got the strictest limit of the day, as the country that they were sent from" in note
    assert "'Guam' (column 's', row 1)" in note
