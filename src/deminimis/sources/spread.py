"""Places spread over a manifest, where a sample of it is taken."""

from __future__ import annotations

from collections.abc import Sequence


def spread(sizes: Sequence[int], places: int) -> list[list[int]]:
    """Places spread evenly over things of these sizes that lie one behind the other, from the first to the last: for
    each thing, those in it."""
    found: list[list[int]] = [[] for _ in sizes]
    last, before, number = sum(sizes) - 1, 0, 0
    for at, size in enumerate(sizes):
        while number < places and (place := number * last // max(places - 1, 1)) < before + size:
            found[at].append(place - before)
            number += 1
        before += size
    return found
