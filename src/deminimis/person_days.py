"""The public functions for the table of person-days: the totals of a manifest, and tables of several merged."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, fields
from decimal import Decimal
from fractions import Fraction
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Unpack

import pyarrow as pa

from .api import start_run
from .errors import InputError, option
from .groups.mark import Holds, mark_of_run
from .groups.merge import agreed_mark, merged
from .groups.names import name_groups, named_schema
from .groups.table import Table
from .progress import Report, Reporter
from .results.scored import summarise
from .roles.beside import Beside
from .roles.options import AnyOptions, takes_options
from .roles.persons import Column, Person
from .run.budget import check_memory_limit
from .run.groups import GROUPS, Selection
from .run.run import Run
from .run.spill import check_folder
from .sinks.open import open_sink
from .sources.base import Source
from .sources.open import open_source
from .text import plain


class Asked(NamedTuple):
    """What `totals` is asked beside settings: the roles that it must have, and which groups with which columns."""

    person: Person
    day: Column
    value: Column
    names: bool = False
    over_only: bool = False
    refused_only: bool = False
    near: Decimal | str | int | None = None


@takes_options
def totals(
    manifest: Any,
    *,
    person: Person,
    day: Column,
    value: Column,
    names: bool = False,
    over_only: bool = False,
    refused_only: bool = False,
    near: Decimal | str | int | None = None,
    **options: Unpack[AnyOptions],
) -> pa.RecordBatchReader:
    """The table of person-days: a row for each group of a person and a window (day, month, quarter or year).

    Takes the roles and settings of `eligible`, and:

    Parameters
    ----------
    names : bool, default False
        Also the columns of the person, as the group's first row has them, and `compared`, the form that is compared.
        Groups come in the order of their first rows then, and the manifest is read twice.
    over_only : bool, default False
        Only groups that are over their least limit.
    refused_only : bool, default False
        Only groups that are over, or whose total is not proven: what `score(totals=)` needs for this manifest.
    near : Decimal, str or int, optional
        Only groups whose total is at least this share of their least limit, such as "0.95"; those over it too.

    Returns
    -------
    pyarrow.RecordBatchReader
        `key`: 16 bytes, a keyed pseudo-random function (SipHash-2-4-128) of identity and window, the same wherever
        `secret` is the same; who knows the keys of some persons learns nothing of others. `day`: the first of the
        window. `total`: decimal128(38, 4), exact, of the values that count. `rows`: all of the group; `bad_rows` of
        them have a bad value that has a say in the total, `excluded_rows` are excluded. `least_limit` and
        `largest_limit`: of its rows. `over`: whether the total is above the least. Without `names`, rows come in no
        order. No row of no person, no day or out of force is in any group.

    Notes
    -----
    Tables of several manifests merge by `merge`, or by any engine's GROUP BY key and day, with sums of total and of
    counts, the least of least_limit, the largest of largest_limit and `over` computed anew. All take the same `secret`;
    without one, keys are good for one run only. The schema's metadata says which settings and secret it was.
    """
    asked = Asked(person, day, value, names, over_only, refused_only, near)
    return table_of(*start_totals(manifest, asked, options))


def start_totals(manifest: Any, asked: Asked, options: AnyOptions) -> tuple[Run, Source, Holds]:
    """A run for the groups of a manifest, all options checked, its source, and which groups it gives."""
    person, day, value, names, over_only, refused_only, near = asked
    if over_only + refused_only + (near is not None) > 1:
        alternatives = (option("over_only"), option("refused_only"), option("near"))
        raise InputError(f"give one of {', '.join(alternatives)}")
    holds: Holds = "refused" if refused_only else "some" if over_only or near is not None else "complete"
    beside = Beside(groups=True, named=names, digested=refused_only)
    run, reading = start_run(options, outcomes=False, person=person, day=day, value=value, beside=beside)
    if run.request.shipments is not None:
        run.request.shipments.refuse("the table of totals")
    limits = [limit for limit, *_ in run.request.compiled.limits] or [0]
    if over_only or refused_only:
        run.selection = Selection(tuple(limit + 1 for limit in limits), or_bad=refused_only and _is_unproven(run))
    elif near is not None:
        share = _share(near)
        run.selection = Selection(tuple(-(-limit * share.numerator // share.denominator) for limit in limits))
    else:
        run.selection = Selection((0,) * len(limits))
    source = open_source(manifest, **reading)
    return run, source.readable_twice(option("names", True)) if names else source, holds


@dataclass(frozen=True)
class Written:
    """What `write_totals` wrote: the manifest's rows, groups, those of them over their limit, and what was noted."""

    rows: int
    groups: int
    over: int
    columns: tuple[str, ...]
    seconds: float
    settings: dict[str, object]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        """Every field, made of what JSON has."""
        return {field.name: plain(getattr(self, field.name)) for field in fields(self)}


def write_totals(
    sources: Any,
    target: str | Path | BinaryIO,
    *,
    format: str | None = None,
    replace: bool = True,
    progress: Report | None = None,
    **options: Any,
) -> Written:
    """Write the table of `totals`, whose options these are, to a file, which appears whole or not at all."""
    started = time.perf_counter()
    run, source, holds = start_totals(
        sources,
        Asked(**{name: options.pop(name) for name in Asked._fields if name in options}),
        options,  # type: ignore[arg-type]
    )
    reporter = None if progress is None else Reporter(progress, started, source.rows, source.bytes)
    run.account.tick = None if reporter is None else reporter.tick
    run.intake.columns(source)
    over = 0
    with closing(run):
        if isinstance(target, (str, Path)) and target != "-":  # a target that cannot be written is told before the work
            open_sink(target, _schema(run, source), format=format, inputs=source.places, replace=replace).abort()
        reader = table_of(run, source, holds)
        with open_sink(target, reader.schema, format=format, inputs=source.places, replace=replace) as sink:
            for batch in reader:
                sink.write(batch)
                over += batch.column("over").true_count
        if reporter is not None:
            reporter.end()
        told = summarise(run, started, source)
    names = tuple(reader.schema.names)
    return Written(told.rows, sink.rows, over, names, told.seconds, told.settings, told.notes)


def table_of(run: Run, source: Source, holds: Holds) -> pa.RecordBatchReader:
    """The groups of a run that is not used yet. The first are made before this returns, so that errors come at once."""
    batches = _batches(run, source)
    if holds == "refused":  # the table says how many rows there were, which the last one tells
        batches = iter(list(batches))
    first = list(islice(batches, 1))
    binding = run.bindings.first
    assert binding is not None
    told = (run.account.rows, run.workers.digest) if holds == "refused" else (None, None)
    mark = mark_of_run(run.request, binding.identity, holds, *told)
    schema = first[0].schema if first else _schema(run, source)
    return pa.RecordBatchReader.from_batches(schema.with_metadata(mark.metadata()), chain(first, batches))


def merge(
    tables: Iterable[Any], *, memory_limit: int | str | None = None, spill_dir: str | Path | None = None
) -> pa.RecordBatchReader:
    """The totals of several manifests together: tables that `totals` made with the same settings and `secret`.

    Parameters
    ----------
    tables : iterable of tables or paths
        Each a pyarrow.Table or RecordBatchReader, anything with `__arrow_c_stream__`, or a path of Parquet or Arrow;
        with all of their groups. What names persons is that of the first table that has the group.
    memory_limit, spill_dir
        As of `eligible`.

    Returns
    -------
    pyarrow.RecordBatchReader
        As `totals` gives it, each group once, in no order.

    Raises
    ------
    TotalsError
        The tables do not fit one another; it says in what they differ. Or they were made without a `secret`.
    """
    if isinstance(tables, (str, Path)) or not isinstance(tables, Iterable):
        raise InputError("merge takes a list of tables of totals or of their paths")
    opened = [Table(given, f"table {number}") for number, given in enumerate(tables, 1)]
    if not opened:
        raise InputError("merge takes at least one table of totals")
    for table in opened:
        table.check()
    mark = agreed_mark(opened)
    names = [opened[0].schema.field(name) for name in opened[0].names]
    schema = pa.schema([*GROUPS, *names], metadata=mark.metadata())
    folder = None if spill_dir is None else check_folder(spill_dir)
    batches = merged(opened, schema, check_memory_limit(memory_limit), folder)
    first = list(islice(batches, 1))
    return pa.RecordBatchReader.from_batches(schema, chain(first, batches))


def _schema(run: Run, source: Source) -> pa.Schema:
    return named_schema(run.request, source.schema) if run.beside.named else GROUPS


def _batches(run: Run, source: Source) -> Iterator[pa.RecordBatch]:
    with closing(run):
        if run.beside.named:
            yield from name_groups(run, source)
        else:
            yield from run.groups(source)


def _is_unproven(run: Run) -> bool:
    return run.request.bad_values == "unproven"


def _share(near: Decimal | str | int) -> Fraction:
    try:
        share = Fraction(near) if isinstance(near, (str, int, Decimal)) and not isinstance(near, bool) else Fraction(0)
    except (ValueError, ZeroDivisionError, OverflowError):
        share = Fraction(0)
    if not 0 < share <= 1:
        raise InputError(f'{option("near")} is a share above 0 and up to 1, such as "0.95", not {near!r}')
    return share
