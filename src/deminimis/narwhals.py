"""narwhals: `deminimis.narwhals.score` gives a frame of any eager library back, as what it was, with its answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import narwhals as nw
import pyarrow as pa

from . import api
from .results.written import check_fields
from .roles.options import MoreOptions, takes_options
from .roles.persons import Column, Person


@takes_options
def score(
    frame: Any,
    *,
    person: Person,
    day: Column,
    value: Column,
    columns: Sequence[str] = ("eligible", "reason"),
    **options: Unpack[MoreOptions],
) -> Any:
    """Put the answers beside a frame. Takes the roles and settings of `deminimis.eligible`.

    Parameters
    ----------
    frame : object
        A frame that narwhals knows and that is not lazy, of pandas, Polars, pyarrow, Modin or cuDF; or narwhals' own.
    columns : sequence of {"eligible", "reason", "total"}
        The answers; none of them may be a column of the frame already.

    Returns
    -------
    object
        Of the type that was given, all rows in their order; a pandas index stays. What was given is not changed.

    Examples
    --------
    >>> import deminimis.narwhals, pyarrow as pa
    >>> frame = pa.table({"who": ["A", "B"], "day": ["2024-06-01"] * 2, "usd": ["800", "800.01"]})
    >>> deminimis.narwhals.score(frame, person="who", day="day", value="usd", limit=800)["eligible"].to_pylist()
    [True, False]
    """
    own = nw.from_native(frame, eager_only=True)
    names = [str(name) for name in own.columns]
    wanted = check_fields(columns, pa.schema([(name, pa.null()) for name in names])).names[len(names) :]
    scored = api.score(own.to_native(), person=person, day=day, value=value, **options)
    arrays = {"eligible": scored.mask, "reason": scored.reason, "total": scored.total}
    answers = nw.from_arrow(pa.table({name: arrays[name] for name in wanted}), backend=own.implementation)
    beside = own.with_columns(*(answers[name] for name in wanted))
    return beside if isinstance(frame, nw.DataFrame) else beside.to_native()
