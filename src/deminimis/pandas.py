"""pandas: `import deminimis.pandas` gives each DataFrame a `deminimis`, with `eligible` and `score`.

Rows are told by their places, never by their labels: answers have the frame's own index, whatever it holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import pandas as pd

from .api import eligible, score
from .results.written import fields_beside
from .roles.options import MoreOptions, takes_options
from .roles.persons import Column, Person


@pd.api.extensions.register_dataframe_accessor("deminimis")
class Accessor:
    """What `deminimis` is to a frame of pandas. Both functions take the roles and settings of `deminimis.eligible`."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    @takes_options
    def eligible(self, *, person: Person, day: Column, value: Column, **options: Unpack[MoreOptions]) -> pd.Series:
        """Whether each row's person stays within the limit that day.

        Returns
        -------
        pandas.Series
            One bool a row, never missing, with the index of the frame.

        Examples
        --------
        >>> import deminimis.pandas, pandas as pd
        >>> frame = pd.DataFrame({"who": ["A", "B"], "day": ["2024-06-01"] * 2, "usd": ["800", "800.01"]})
        >>> frame[frame.deminimis.eligible(person="who", day="day", value="usd", limit=800)]["who"].to_list()
        ['A']
        """
        mask = eligible(self._frame, person=person, day=day, value=value, **options)
        return pd.Series(mask.to_numpy(zero_copy_only=False), index=self._frame.index, name="eligible")

    @takes_options
    def score(
        self,
        *,
        person: Person,
        day: Column,
        value: Column,
        columns: Sequence[str] = ("eligible", "reason", "total"),
        **options: Unpack[MoreOptions],
    ) -> pd.DataFrame:
        """The frame with its answers beside it.

        Parameters
        ----------
        columns : sequence of {"eligible", "reason", "total"}
            The answers; none of them may be a column of the frame already.

        Returns
        -------
        pandas.DataFrame
            All rows in their order, with the index of the frame. What was given is not changed.
        """
        wanted = fields_beside(columns, [str(name) for name in self._frame.columns])
        scored = score(self._frame, person=person, day=day, value=value, **options)
        answers = scored.to_pandas(index=self._frame.index)[wanted]
        return self._frame.assign(**answers)
