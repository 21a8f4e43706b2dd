"""What the tasks of one job on several machines do: partial totals of their rows, and answers by what came of them.

No engine is known here. A task takes an iterator of record batches and gives one, depends on nothing but these and the
job, and changes nothing, so that any of them may be run twice. What it holds is a million rows and their groups.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from importlib.metadata import version
from secrets import token_bytes
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from .errors import InputError, option
from .groups.given import run_by_groups
from .groups.partial import ACCOUNTS, Account, Form, groups_of, partial_totals, words_of
from .results.written import alone, check_fields
from .roles.beside import Beside
from .roles.bindings import Bindings
from .roles.options import OPTIONS, refuse_unknown
from .roles.request import Request, check
from .run.given import Given, load
from .run.groups import GROUPS, Selection
from .run.keys import keys_and_days
from .run.run import Run
from .sources.memory import TableSource

ROWS = 1 << 20
"""Rows that a task holds before it gives their groups or answers."""
BESIDE = "__deminimis_"
"""What names of columns that stand beside a table's own for a while begin with."""
ACCOUNT = f"{BESIDE}account"
"""The column of the accounts beside answers."""
KEY_WORDS = pa.schema([(f"{BESIDE}low", pa.int64()), (f"{BESIDE}high", pa.int64())])
"""The key of a row, as it stands beside it."""
_MEMORY = 1 << 30
# Each says something of one row alone, or of groups that merge; what is not here is for one machine.
_OF_ROWS = {
    *("person", "day", "value", "quantity", "origin", "sent_from", "kind", "entered", "excluded", "per", "currency"),
    *("currency_code", "limit", "rule", "overflow", "bad_values", "count_excluded", "normalize", "in_care_of"),
    *("placeholders", "timezone", "day_format", "decimal", "thousands", "currency_signs", "secret"),
}


class Job(NamedTuple):
    """What every task of a job is told.

    Parameters
    ----------
    options : dict of str to object
        Roles and settings, all checked: the rule as a `Rule`, the secret as bytes.
    answers : tuple of str
        The answers that are asked for.
    version : str
        The package's, where the job was made.
    """

    options: dict[str, Any]
    answers: tuple[str, ...]
    version: str

    @property
    def is_exact(self) -> bool:
        """Whether totals are told, so that they are summed to their end."""
        return "total" in self.answers

    def request(self) -> Request:
        """The job's roles and settings.

        Raises
        ------
        InputError
            This machine has another version of the package.
        """
        if version("deminimis") != self.version:
            here = version("deminimis")
            raise InputError(f"a worker has deminimis {here} and the job {self.version}: install the same everywhere")
        return check(**self.options)


def make_job(options: dict[str, Any], answers: tuple[str, ...]) -> tuple[Job, Request]:
    """A job of these options, checked: rules are read here, by their names or files, and the secret is one for all.

    Raises
    ------
    InputError
        What the options ask for cannot be had of several machines.
    """
    refuse_unknown(tuple(options))
    own = dict(options)
    for name in [name for name in own if name not in _OF_ROWS]:
        if own.pop(name) not in (None, OPTIONS[name].default):
            raise InputError(f"{option(name)} is for one machine: leave it out; tasks see a part of the rows each")
    if own.get("secret") is None:
        own["secret"] = token_bytes(32)
    request = check(**own)
    if request.overflow == "excess":
        raise InputError(
            f"{option('overflow', 'excess')} accepts rows in their order while they fit, and rows on several machines "
            f"have none: give {option('overflow', 'all')}, or score them on one machine"
        )
    if not request.rule.is_stated:
        own["rule"] = request.rule
    return Job(own, answers, version("deminimis")), request


def partials(batches: Iterable[pa.RecordBatch], job: Job) -> Iterator[pa.RecordBatch]:
    """The groups of a task's rows, a million rows at a time, and an account of these."""
    request = job.request()
    form = Form.of(request, exact=job.is_exact)
    beside = Beside(groups=True, digested=True)
    selection = Selection((0,) * max(1, len(request.compiled.limits)))
    for table in _together(batches):
        run = Run(request, outcomes=False, tally=True, threads=1, memory_limit=_MEMORY, beside=beside)
        run.selection = selection
        with closing(run):
            groups = pa.Table.from_batches(run.groups(TableSource(table)), GROUPS)
            account = Account(run.account.rows, run.workers.digest)
        yield partial_totals(groups, account, form)


def answers(batches: Iterable[pa.RecordBatch], job: Job, refused: bytes) -> Iterator[pa.RecordBatch]:
    """The rows of a task with their answers beside them, by the groups that are refused, without which groups are
    within their limits; and in one row of many an account of these."""
    request = job.request()
    given = load([pa.ipc.open_stream(refused).read_all()], complete=False, is_unproven=True, name="what is refused")
    for table in _together(batches):
        yield from _answered(table, request, given, job)


def with_keys(batches: Iterable[pa.RecordBatch], job: Job) -> Iterator[pa.RecordBatch]:
    """The rows of a task with the two words of their keys beside them, missing where a row is of no group."""
    bindings = Bindings(job.request(), outcomes=False, tally=False)
    for batch in batches:
        keys = keys_and_days(bindings, batch)[0]
        words = words_of(keys)
        known = keys.is_valid()
        columns = [
            pa.Array.from_buffers(
                pa.int64(), len(words), [known.buffers()[1], pa.py_buffer(np.ascontiguousarray(words[:, i]))]
            )
            for i in range(2)
        ]
        yield pa.RecordBatch.from_arrays([*batch.columns, *columns], [*batch.schema.names, *KEY_WORDS.names])


def joined_answers(batches: Iterable[pa.RecordBatch], job: Job) -> Iterator[pa.RecordBatch]:
    """As `answers`, of rows that each have their group beside them, or nothing."""
    request = job.request()
    for table in _together(batches):
        names = [name for name in table.column_names if name.startswith(BESIDE)]
        beside = table.select(names).rename_columns([name.removeprefix(BESIDE) for name in names])
        groups = groups_of(beside.filter(beside["total"].is_valid()))
        groups = groups.group_by("key", use_threads=False).aggregate([("total", "min"), ("bad_rows", "max")])
        groups = groups.rename_columns(["key", "total", "bad_rows"])
        given = load([groups], complete=job.is_exact, is_unproven=True, name="what is refused")
        own = table.select([name for name in table.column_names if name not in names])
        yield from _answered(own, request, given, job)


def accounts(batches: Iterable[pa.RecordBatch], job: Job) -> Iterator[pa.RecordBatch]:
    """An account of the rows of a task alone."""
    request = job.request()
    given = load([], complete=False, is_unproven=True, name="nothing")
    for table in _together(batches):
        _, account = _answers(table, request, given)
        yield pa.RecordBatch.from_arrays([pa.array(np.array([n])) for n in account.parts()], schema=ACCOUNTS)


def _answers(table: pa.Table, request: Request, given: Given) -> tuple[list[Any], Account]:
    run = run_by_groups(request, given, threads=1, memory_limit=_MEMORY)
    with closing(run):
        found = list(run.answers(TableSource(table)))
        return found, Account(run.account.rows, run.workers.digest)


def _answered(table: pa.Table, request: Request, given: Given, job: Job) -> Iterator[pa.RecordBatch]:
    found, account = _answers(table, request, given)
    answers = pa.Table.from_batches(alone(iter(found), check_fields(job.answers, None)))
    for name in answers.column_names:
        column = answers[name]
        table = table.append_column(name, column.cast(pa.string()) if name == "reason" else column)
    ends = np.full(table.num_rows + 1, len(ACCOUNTS), np.int32)
    ends[0] = 0
    told = pa.ListArray.from_arrays(pa.array(ends), pa.array(np.array(account.parts())))
    table = table.append_column(ACCOUNT, told)
    yield from table.to_batches()


def renamed(batches: Iterable[pa.RecordBatch], names: list[str]) -> Iterator[pa.RecordBatch]:
    """Batches with these names for their columns."""
    return (pa.RecordBatch.from_arrays(batch.columns, names) for batch in batches)


def _together(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Batches put together up to about a million rows; none that has no rows."""
    held: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        if batch.num_rows:
            held.append(batch)
            rows += batch.num_rows
        if rows >= ROWS:
            yield pa.Table.from_batches(held)
            held, rows = [], 0
    if held:
        yield pa.Table.from_batches(held)
