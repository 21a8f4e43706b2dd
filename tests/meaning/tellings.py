"""Which rows of a shipment are copies, in obvious code; a part of the oracle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


def copies(
    rows: Sequence[Any],
    keys: Sequence[Any],
    adds: Sequence[int | None],
    good: set[int],
    known: Callable[[Any], Any],
    party_order: Sequence[str],
) -> set[int]:
    """The rows that do not count as others tell their shipment. `adds` is what a row would add to its group's total,
    `good` are those with a person, a day and a value, and `known` gives an id as it is compared, or None."""
    found: set[int] = set()
    shipments: dict[Any, dict[str, list[int]]] = {}
    for i, row in enumerate(rows):
        shipment = known(row.shipment)
        if shipment is not None:
            shipments.setdefault(shipment, {}).setdefault((row.party or "").strip(), []).append(i)
    for parties in shipments.values():
        told: dict[Any, list[tuple[Any, list[int]]]] = {}
        for party, members in parties.items():
            age = {i: (rows[i].version is not None, rows[i].version or 0) for i in members}
            cancelled = {i for i in members if rows[i].cancelled}
            latest = max((age[i] for i in members if i in good or i in cancelled), default=(False, 0))
            found |= cancelled | {i for i in members if age[i] < latest}
            groups: dict[Any, list[int]] = {}
            for i in sorted((i for i in members if i not in found and adds[i] is not None), key=lambda i: -adds[i]):
                line = known(rows[i].line)
                same = [j for j in groups.setdefault(keys[i], []) if line is not None and line == known(rows[j].line)]
                if same:
                    found.add(i)
                else:
                    groups[keys[i]].append(i)
            turn = party_order.index(party) if party in party_order else len(party_order)
            for key, lines in groups.items():
                told.setdefault(key, []).append(((turn, -sum(adds[i] or 0 for i in lines), party), lines))
        for tellings in told.values():
            for _, lines in sorted(tellings)[1:]:
                found.update(lines)
    return found
