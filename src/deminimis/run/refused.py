"""The cells for which rows were refused, of all workers together: the first of each role, and how many are like it."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from .._kernel import LAYOUTS, UNREAD, Partitioner, thousands_seen, unread_cells

_LAYOUTS = {number: name for name, number in LAYOUTS.items()}
_ROLES = {number: name for name, number in UNREAD.items()}

Cell = str | int | float | Decimal
Place = Callable[[int, int], tuple[str | None, int]]
"""The file and the number in it of a row, by the order of its part and its place there."""
SCOPES = ("origin", "sent_from", "kind")
"""What a rule's steps may ask of rows, in the kernel's order."""
ORDER_SHIFT = 36
"""Rows are ordered by (place of their part in the manifest) << 36 | place in the part."""


@dataclass(frozen=True)
class Unread:
    """Cells of one role that could not be read, or whose value cannot count.

    Parameters
    ----------
    cell : str, int, float or Decimal
        The first of them in row order, of text its first bytes.
    is_cut : bool
        Whether the text is longer.
    file, row : str or None, int
        Where it is.
    alike, rows : int
        Rows whose cell has its shape, and all such rows. Both are at least so many where `is_least`.
    """

    cell: Cell
    is_cut: bool
    file: str | None
    row: int
    alike: int
    rows: int
    is_least: bool


@dataclass(frozen=True)
class Refused:
    """What the workers noted: cells by role; rows excluded because nothing says that they are not; by scope
    (SCOPES), rows of which it is not known, where that decided their limit; rows whose day stands in for that of a gate
    nearby; and by role, amounts whose decimal signs may all be of thousands."""

    cells: dict[str, Unread]
    missing_excluded: int = 0
    unknown: dict[str, int] = field(default_factory=dict)
    near_gate: int = 0
    thousands: dict[str, Unread] = field(default_factory=dict)


def refused_by(partitioners: Sequence[Partitioner], place: Place) -> Refused:
    """Put together what all workers noted; `place` finds the row that a number stands for."""
    found = [unread_cells(one) for one in partitioners]
    cells = {}
    for role, name in _ROLES.items():
        own = [cell for noted, *_ in found for cell in noted if cell[0] == role]
        if not own:
            continue
        _, shape, text, length, layout, param, _, number = min(own, key=lambda cell: cell[7])
        others = sum(more[role] for _, more, *_ in found)
        file, row = place(number >> ORDER_SHIFT, number & ((1 << ORDER_SHIFT) - 1))
        cells[name] = Unread(
            cell=_cell(text, layout, param),
            is_cut=length > len(text),
            file=file,
            row=row,
            alike=sum(cell[6] for cell in own if cell[1] == shape and cell[4] == layout),
            rows=sum(cell[6] for cell in own) + others,
            is_least=others > 0,
        )
    seen = zip(*map(thousands_seen, partitioners), strict=True)
    thousands = {
        name: _thousands(own, place) for name, own in zip(("value", "quantity"), seen, strict=False) if _are_likely(own)
    }
    unknown = {name: sum(one[3][i] for one in found) for i, name in enumerate(SCOPES)}
    return Refused(cells, sum(one[2] for one in found), unknown, sum(one[4] for one in found), thousands)


_Seen = tuple[bool, bytes, int, int, int, int]


def _are_likely(own: Sequence[_Seen]) -> bool:
    return any(one[4] for one in own) and not any(varied for varied, *_ in own)


def _thousands(own: Sequence[_Seen], place: Place) -> Unread:
    _, text, length, layout, _, number = min((one for one in own if one[4]), key=lambda one: one[5])
    file, row = place(number >> ORDER_SHIFT, number & ((1 << ORDER_SHIFT) - 1))
    rows = sum(one[4] for one in own)
    return Unread(_cell(text, layout, 0), length > len(text), file, row, rows, rows, is_least=True)


def _cell(text: bytes, layout: int, param: int) -> Cell:
    name = _LAYOUTS[layout]
    if name in ("float32", "float64"):
        number: float = struct.unpack("<f" if name == "float32" else "<d", text)[0]
        return float(f"{number:.7g}") if name == "float32" else number
    if name.startswith("decimal"):
        return Decimal(int.from_bytes(text, "little", signed=True)).scaleb(-param)
    if layout < LAYOUTS["text"]:
        return int.from_bytes(text, "little", signed=not name.startswith("uint"))
    return text.decode(errors="replace")
