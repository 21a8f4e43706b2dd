"""What is known of the order of a manifest's days: found by samples, or promised by the caller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from .._kernel import DaySketch, Settings


@dataclass(frozen=True)
class DaySketchShape:
    """What the sketches are made for: the first day that has cells of its own, and 2**cell_bits cells each."""

    day_base: int
    cell_bits: int
    most_days: int

    def sketch(self, settings: Settings) -> DaySketch:
        """Cells for one worker."""
        return DaySketch(settings, self.day_base, self.cell_bits, self.most_days)


class Promise(NamedTuple):
    """The order of days that the caller promised, and what was done upon it: days are since 1970-01-01."""

    late_days: int
    answered: int  # the last day that is answered, with all days before it
    seen: int  # the latest day that was seen by then
