"""A run that is not used yet, scored and written: what `score_files` does once its options are checked."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from ..errors import option
from ..progress import Report, Reporter
from ..roles.request import Request
from ..run.run import Run
from ..sinks.open import open_sink
from ..sources.base import Source
from . import written
from .again import Again, bindings_without_person
from .counts import Counting
from .made import MADE, Making
from .scored import summarise
from .summary import Summary


def write_answers(
    run: Run,
    source: Source,
    target: str | Path | BinaryIO | None,
    columns: Sequence[str] = ("eligible",),
    append: bool = False,
    format: str | None = None,
    progress: Report | None = None,
    started: float | None = None,
    by: Sequence[str] | None = None,
    id: str | None = None,
    replaces: bool = True,
) -> Summary:
    """Score a source by a run that is not used yet, and write the answers, as `score_files` says."""
    started = time.perf_counter() if started is None else started
    if append:
        source = source.readable_twice(option("append"))
        source.check_all_columns(f"leave {option('append')} out")
    elif id is not None:
        source = source.readable_twice(option("id"))
        source.check_columns([id])
    kept = [] if id is None else [id]
    laid = source.schema if append else source.schema_of(kept) if kept else None
    schema = written.check_fields(columns, laid, takes_made=True)
    made = [name for name in MADE if name in columns]
    if made and not append:
        source = source.readable_twice(f"the column {made[0]!r} of {option('columns')}")
    if by is not None:
        source = source.readable_twice(option("by"))
    reporter = None if progress is None else Reporter(progress, started, source.rows, source.bytes)
    run.account.tick = None if reporter is None else reporter.tick
    run.answer_rows = written.ANSWER_ROWS
    with closing(run), ExitStack() as stack:
        run.intake.columns(source)
        counting = None if by is None else stack.enter_context(closing(Counting(run, source, by)))
        making = Making(run, made) if made else None
        is_read = append or kept or made or counting is not None
        of_roles = (counting.columns if counting else []) if made or counting else None
        light = None if {"person", "key"} & {*made} else bindings_without_person(run, source)
        own = None
        if is_read and not append:
            needed = run.request if counting or light is None else light.request
            own = columns_read(needed, source, of_roles, kept)
        again = (source if is_read else None, run.account.tick, own, Again(run, making, counting, light))
        given = run.answers(source)
        if target is not None:
            source.places |= run.account.places  # in place, where they grow as an iterator is drawn
            with open_sink(target, schema, format=format, inputs=source.places, replace=replaces) as sink:
                written.write_answers(given, sink, schema, *again, kept=None if append else len(kept))
        elif counting is not None:
            written.write_answers(given, None, schema, *again)
        else:
            for _ in given:
                pass
        if reporter is not None:
            reporter.end()
        seconds = time.perf_counter() - started
        run.account.phases["write"] = max(0.0, seconds - sum(run.account.phases.values()))
        found = summarise(run, started, source)
        return found if counting is None else replace(found, counts=counting.table())


def columns_read(
    request: Request, source: Source, counted: Sequence[object] | None, kept: Sequence[str] = ()
) -> list[str] | None:
    """The columns that are read again: those that are kept, and where rows are looked at those of roles and counts."""
    if counted is None:
        return [*kept]
    if request.has_expressions() or not all(isinstance(one, str) for one in counted if one is not None):
        return None if len({*source.names}) == len(source.names) else source.names
    return list(dict.fromkeys([*kept, *request.names(), *(one for one in counted if isinstance(one, str))]))
