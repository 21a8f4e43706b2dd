"""What a step asks for beside the day: which origins, senders and kinds of rows; and the steps that each has in time.

A kind that no step names, and an origin or sender that is no country's code, is not known: the strictest of all that it
may be holds for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from .countries import ASSIGNED
from .steps import ANY_OTHER, Cell, Step


class Scopes:
    """The scopes of a schedule.

    Attributes
    ----------
    origins, senders : tuple of tuple of str
        Countries that the steps treat alike; the first group is that of any other, with no codes.
    kinds : tuple of str
        Those that steps name.
    """

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = sorted(steps, key=lambda step: step.first)
        self.origins = _groups([step.origin for step in self._steps])
        self.senders = _groups([step.sent_from for step in self._steps])
        self.kinds = tuple(sorted({kind for step in steps for kind in step.kind}))

    def timeline(self, cell: Cell) -> tuple[Step, ...]:
        """The steps of a cell in order of their first day; those that name its kind are among them."""
        return tuple(step for step in self._steps if step.applies_to(cell))

    @property
    def shape(self) -> tuple[int, int, int]:
        """The classes of kinds, senders and origins, that of what is not known among them; 1 where it is not asked."""
        kinds = len(self.kinds) + 1
        senders, origins = (len(groups) + 1 if len(groups) > 1 else 1 for groups in (self.senders, self.origins))
        return kinds, senders, origins

    def cells(self) -> list[Cell]:
        """One cell for each class of rows, any other first."""
        firsts = [[group[0] if group else ANY_OTHER for group in groups] for groups in (self.origins, self.senders)]
        return [Cell(*one) for one in product(*firsts, (ANY_OTHER, *self.kinds))]

    def cells_of(self, origin: str | None, sent_from: str | None, kind: str | None) -> list[Cell]:
        """The cells that a row may be of: one, or several where something of it is not known."""
        found = [_countries(text, groups) for text, groups in ((origin, self.origins), (sent_from, self.senders))]
        named = (kind or "").strip(" \t\r\n\v\f").lower()
        kinds = [named] if named in self.kinds else [ANY_OTHER, *self.kinds]
        return [Cell(*one) for one in product(*found, kinds)]


def in_force(timeline: Sequence[Step], ordinal: int) -> Step | None:
    """The step of a cell that is in force on a day: one that names its kind before one that names none, and of two the
    later act."""
    found = [step for step in timeline if step.first <= ordinal < step.end]
    return max(found, key=lambda step: (bool(step.kind), step.first), default=None)


def strictest(steps: Sequence[Step | None]) -> Step | None:
    """The first of those that let the least pass."""
    worst = None
    for step in steps:
        if step is None or step.limit is None:
            return step
        if worst is None or worst.limit is None or _terms(step) < _terms(worst):
            worst = step
    return worst


def _terms(step: Step) -> tuple[object, ...]:
    return step.terms[:2]


def _groups(scopes: Sequence[object]) -> tuple[tuple[str, ...], ...]:
    """The codes that the steps treat alike, in order of their first code, after the group of any other."""
    alike: dict[tuple[bool, ...], list[str]] = {}
    lists = [scope for scope in scopes if isinstance(scope, tuple)]
    for code in sorted({code for scope in lists for code in scope}):
        alike.setdefault(tuple(code in scope for scope in lists), []).append(code)
    return ((), *map(tuple, alike.values()))


def _countries(text: str | None, groups: Sequence[Sequence[str]]) -> list[str]:
    """The code of a country as its group has it; all that there may be where it is not known."""
    if len(groups) == 1:
        return [ANY_OTHER]
    code = (text or "").strip(" \t\r\n\v\f").upper()
    listed = {one for codes in groups for one in codes}
    lengths = {len(one) for one in listed} - {2}
    if code in listed:
        return [code]
    if code in ASSIGNED or (len(code) in lengths and code.isascii() and code.isalpha()):
        return [ANY_OTHER]
    return [group[0] if group else ANY_OTHER for group in groups]
