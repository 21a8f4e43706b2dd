"""What a run makes beside answers, or in place of them: a value that goes from the caller to the kernel."""

from __future__ import annotations

from typing import NamedTuple


class Beside(NamedTuple):
    """What a run makes beside answers, or in place of them.

    Parameters
    ----------
    groups : bool
        The table of groups; no row is answered.
    named : bool
        Groups keep the number of their first row, by which the manifest names them.
    digested : bool
        A digest of all rows.
    copies : bool
        Batches are told which of their rows are copies.
    tellings : bool
        What tells the copies of shipments; no row is answered.
    """

    groups: bool = False
    named: bool = False
    digested: bool = False
    copies: bool = False
    tellings: bool = False


NOTHING = Beside()
