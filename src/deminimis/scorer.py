"""The public class for a manifest that comes in steps."""

from __future__ import annotations

import time
from contextlib import closing
from itertools import chain
from typing import Any, Unpack

import pyarrow as pa

from .api import start_run
from .errors import InputError
from .results.scored import Scored, scored
from .roles.options import MoreOptions, takes_options
from .roles.persons import Column, Person
from .run.answers import Answer
from .sources.frames import open_memory


class Scorer:
    """Scores a manifest that comes in steps; takes the roles and settings of `eligible`.

    Used once: `add` any number of batches or streams, then `finish`. After an error it is of no further use. With
    `sorted_by`, days that have ended take no memory but for their answers.

    Examples
    --------
    >>> import deminimis as dm, pyarrow as pa
    >>> scorer = dm.Scorer(person="who", day="day", value="usd", limit=800)
    >>> scorer.add(pa.record_batch({"who": ["A", "A"], "day": ["2024-06-01"] * 2, "usd": ["400", "400.01"]}))
    >>> scorer.finish().mask.to_pylist()
    [False, False]
    """

    @takes_options
    def __init__(self, *, person: Person, day: Column, value: Column, **options: Unpack[MoreOptions]) -> None:
        self._started = time.perf_counter()
        self._run, _ = start_run(options, outcomes=True, person=person, day=day, value=value)
        if self._run.request.shipments is not None:
            self._run.request.shipments.refuse("a Scorer")
        self._is_open = True
        self._given: list[Answer] = []  # of days that are released already

    def add(self, batch: Any) -> None:
        """Add the rows of a batch or a stream, in order.

        Parameters
        ----------
        batch : object
            A frame, or anything with `__arrow_c_array__` or `__arrow_c_stream__`. A stream is read to its end.
        """
        source = None if isinstance(batch, pa.Table | pa.RecordBatch) else open_memory(batch)
        if source is None and not isinstance(batch, pa.Table | pa.RecordBatch):
            raise TypeError(f"add takes an Arrow batch or stream, not {type(batch).__name__}")
        self._take()
        if source is not None:
            names = self._run.intake.columns(source)  # of a frame, the columns of roles alone become Arrow
            table = source.table(names)
            batch = source.reader(names) if table is None else table
        self._given += self._run.add_object(batch)
        self._is_open = True

    def finish(self) -> Scored:
        """Answer all rows that were added."""
        self._take()
        with closing(self._run):
            return scored(self._run, chain(self._given, self._run.finish()), self._started)

    def _take(self) -> None:
        """Close the scorer, which is opened again only when a step succeeds."""
        if not self._is_open:
            raise InputError("this Scorer is finished, or an error ended it; make a new one")
        self._is_open = False
