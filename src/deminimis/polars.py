"""Polars: `import deminimis.polars` gives each DataFrame and LazyFrame a `deminimis`, with `eligible` and `score`.

A LazyFrame stays lazy: it is a source of its own to Polars, which runs the query twice, batch by batch. Columns that
nothing asks for are not read; rows are filtered and cut after they are scored and never before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Generic, TypeVar, Unpack

import polars as pl
import pyarrow as pa
from polars.io.plugins import register_io_source

from .api import eligible, score
from .results.written import fields_beside
from .roles.options import MoreOptions, Options, takes_options
from .roles.persons import Column, Person
from .streaming import stream

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)


class Namespace(Generic[Frame]):
    """What `deminimis` is to a frame of Polars. Both functions take the roles and settings of `deminimis.eligible`."""

    def __init__(self, frame: Frame) -> None:
        self._frame: Frame = frame

    @takes_options
    def eligible(self, *, person: Person, day: Column, value: Column, **options: Unpack[MoreOptions]) -> Frame:
        """The frame with a column `eligible`: whether each row's person stays within the limit that day.

        Returns
        -------
        polars.DataFrame or polars.LazyFrame
            What it was, with all its rows in their order.

        Examples
        --------
        >>> import deminimis.polars, polars as pl
        >>> frame = pl.DataFrame({"who": ["A", "B"], "day": ["2024-06-01"] * 2, "usd": ["800", "800.01"]})
        >>> frame = frame.deminimis.eligible(person="who", day="day", value="usd", limit=800)
        >>> frame.filter("eligible")["who"].to_list()
        ['A']
        """
        return self._with(("eligible",), Options(person=person, day=day, value=value, **options))

    @takes_options
    def score(
        self,
        *,
        person: Person,
        day: Column,
        value: Column,
        columns: Sequence[str] = ("eligible", "reason", "total"),
        **options: Unpack[MoreOptions],
    ) -> Frame:
        """The frame with its answers beside it.

        Parameters
        ----------
        columns : sequence of {"eligible", "reason", "total"}
            The answers; none of them may be a column of the frame already.
        """
        return self._with(columns, Options(person=person, day=day, value=value, **options))

    def _with(self, columns: Sequence[str], options: Options) -> Frame:
        given: Any = self._frame
        scored: Any = (_lazily if isinstance(given, pl.LazyFrame) else _at_once)(given, columns, options)
        return scored  # type: ignore[no-any-return]


def _at_once(frame: pl.DataFrame, columns: Sequence[str], options: Options) -> pl.DataFrame:
    """The columns of the frame as they are, also those that Arrow has no type for."""
    wanted = fields_beside(columns, frame.columns)
    if wanted == ["eligible"]:
        answers = pa.table({"eligible": eligible(frame, **options)})
    else:
        answers = pa.table(score(frame, **options)).select(wanted)
    return frame.with_columns(pl.DataFrame(answers).get_columns())


def _lazily(frame: pl.LazyFrame, columns: Sequence[str], options: Options) -> pl.LazyFrame:
    rows = stream(frame, columns=columns, **options)
    own = frame.collect_schema()
    answers = pl.DataFrame(rows.schema.empty_table().select(rows.schema.names[len(own) :])).schema
    schema = pl.Schema({**own, **answers})

    def batches(
        with_columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, batch_size: int | None
    ) -> Iterator[pl.DataFrame]:
        names = schema.names() if with_columns is None else with_columns
        needed = dict.fromkeys([*names, *([] if predicate is None else predicate.meta.root_names())])
        if answers.keys() & needed:
            parts = (pl.DataFrame(batch) for batch in rows.to_reader([*needed]))
        else:
            parts = (part for part in frame.select([*needed]).collect_batches())
        left = n_rows
        for part in parts:
            part = part.cast({name: schema[name] for name in part.columns if part.schema[name] != schema[name]})
            if left is not None:
                part = part.head(left)
                left -= part.height
            yield (part if predicate is None else part.filter(predicate)).select(names)
            if left == 0:
                return

    return register_io_source(batches, schema=schema, is_pure=True)


pl.api.register_dataframe_namespace("deminimis")(Namespace)
pl.api.register_lazyframe_namespace("deminimis")(Namespace)
