"""Which row is meant, where it is named by an id, or by its person and day, rather than by its number."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Unpack

import numpy as np
import pyarrow as pa

from .. import compute as pc
from ..arrays import without_views
from ..errors import InputError, option
from ..roles import casts, names
from ..roles.bindings import Bindings
from ..roles.facts import NO_DAY, facts
from ..roles.options import READING, AnyOptions, takes_options
from ..roles.persons import Column, Person, columns_of_part
from ..roles.request import Request, check
from ..sources.base import Source
from ..sources.open import open_source
from ..text import quoted

_RESOURCES = ("threads", "memory_limit", "spill_dir")
_EPOCH = date(1970, 1, 1).toordinal()


@takes_options
def find_row(
    manifest: Any,
    *,
    person: Person,
    day: Column,
    value: Column,
    id: tuple[str, str] | None = None,
    name: str | None = None,
    on: str | date | None = None,
    **options: Unpack[AnyOptions],
) -> int:
    """The number of the first row that is named so, for `explain`. Takes the roles and settings of `eligible`, and:

    Parameters
    ----------
    id : (str, str), optional
        A column of the manifest, such as the shipment, and the text that stands in it.
    name : str, optional
        The name of the person, compared as the settings say (the first part of a composite person).
    on : date or str, optional
        With `name`: the day.

    Returns
    -------
    int
        Counted from 0.

    Raises
    ------
    InputError
        There is no such row, or it is not said which is meant.
    """
    if (id is None) == (name is None) or (on is not None and name is None):
        raise InputError(f"say which row is meant by {option('id')}, or by {option('name')} and {option('on')}")
    given: dict[str, Any] = {**options, "person": person, "day": day, "value": value}
    source = open_source(manifest, **{name: given.pop(name) for name in READING if name in given})
    request = check(**{name: one for name, one in given.items() if name not in _RESOURCES})
    if id is not None:
        source.check_columns([id[0]])
        column, text = id
        found = _first(source, [column], lambda batch, file: _texts_equal(batch.column(column), text))
        what = f"{quoted(text)} in column {column!r}"
    else:
        wanted = _day(on)
        bindings = Bindings(request, outcomes=True, tally=False)
        columns = None if request.has_expressions() else list(request.names())
        found = _first(source, columns, lambda batch, file: _named(batch, file, request, bindings, str(name), wanted))
        what = f"the person {quoted(name)}" + ("" if wanted is None else f" on {wanted}")
    if found is None:
        raise InputError(f"there is no row of {what}")
    return found


def _first(source: Source, columns: list[str] | None, matches: Any) -> int | None:
    row = 0
    for batch, file in _batches(source, columns):
        at = np.flatnonzero(matches(batch, file)) if batch.num_rows else np.empty(0, np.int64)
        if len(at):
            return row + int(at[0])
        row += batch.num_rows
    return None


def _batches(source: Source, columns: list[str] | None) -> Iterator[tuple[pa.RecordBatch, str | None]]:
    for piece in source.pieces(columns):
        for batch in piece.batches():
            yield batch, piece.file


def _texts_equal(cells: pa.Array, text: str) -> Any:
    same = pc.equal(casts.plain_text(without_views(cells)), text)
    return pc.fill_null(same, False).to_numpy(zero_copy_only=False)


def _named(
    batch: pa.RecordBatch, file: str | None, request: Request, bindings: Bindings, name: str, day: date | None
) -> Any:
    form = names.canonical(pa.array([name]), request.normalize, request.in_care_of)[0].as_py()
    found = np.zeros(batch.num_rows, bool)
    for column in columns_of_part(request.persons[0]):
        cells = casts.preparation([column], [None])(batch).column(0)
        found |= _texts_equal(names.canonical(cells, request.normalize, request.in_care_of), form)
    if day is not None:
        days = facts(bindings, batch, file).days
        found &= (days != NO_DAY) & (days == day.toordinal() - _EPOCH)
    return found


def _day(on: str | date | None) -> date | None:
    if on is None or isinstance(on, date):
        return on
    try:
        return date.fromisoformat(on)
    except ValueError:
        raise InputError(f"{option('on')} is a day written YYYY-MM-DD, not {on!r}") from None
