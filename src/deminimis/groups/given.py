"""A table of totals that rows are to be answered by: whether it says what it is and fits the run, and what it holds."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from ..errors import TotalsError, option
from ..roles.beside import Beside
from ..roles.request import Request
from ..run.given import Expected, Given, GivenRun, load
from ..run.groups import GROUPS
from ..sources.base import Source
from .mark import check_agree, mark_of_run
from .table import Table

_NEEDED = pa.schema([GROUPS.field(name) for name in ("key", "total", "bad_rows")])


def given_table(totals: Any) -> Table:
    """The table that was given, if it can answer anything.

    Raises
    ------
    TotalsError
        It does not say what it is, or has neither all groups nor all that are refused.
    """
    table = Table(totals, "the table of totals")
    table.check(tuple(_NEEDED.names))
    if table.mark.holds == "some":
        raise TotalsError(
            f"{table.name} has only some groups, and says nothing of the others: make it without {option('over_only')} "
            f"and {option('near')}, or with {option('refused_only', True)}"
        )
    return table


def run_by_totals(totals: Any, request: Request, **resources: Any) -> GivenRun:
    """A run whose rows are answered by a table of totals."""
    if request.shipments is not None:
        request.shipments.refuse(option("totals"))
    table = given_table(totals)
    beside = Beside(digested=table.mark.holds == "refused")
    run = GivenRun(request, outcomes=True, tally=True, beside=beside, **resources)
    run.prepare = lambda source: _fill(run, source, table)
    run.account.places = table.places
    return run


def run_by_groups(request: Request, given: Given, **resources: Any) -> GivenRun:
    """A run whose rows are answered by groups that are loaded already, and whose workers digest all rows."""
    run = GivenRun(request, outcomes=True, tally=True, beside=Beside(digested=True), **resources)
    run.given = given
    run.prepare = lambda source: None
    return run


def _fill(run: GivenRun, source: Source, table: Table) -> None:
    """Have a run that is not used yet answer the rows of a source by a table.

    Raises
    ------
    TotalsError
        It was made with other settings or another secret, or the run's answers depend on the order of rows.
    """
    if run.request.overflow == "excess":
        raise TotalsError(
            f"{option('overflow', 'excess')} accepts rows in their order while they fit, which no total tells: score "
            f"the whole manifest at once, or give {option('overflow', 'all')}"
        )
    run.intake.columns(source)
    binding = run.bindings.first
    assert binding is not None
    mark = table.mark
    check_agree(mark, mark_of_run(run.request, binding.identity), (table.name, "this run"))
    if mark.holds == "refused":
        if mark.rows is None or mark.rows_digest is None:
            raise TotalsError(f"{table.name} does not say of which manifest it is: make it anew")
        run.expected = Expected(mark.rows, mark.rows_digest)
    is_complete = mark.holds == "complete"
    is_unproven = run.request.bad_values == "unproven"
    run.given = load(table.batches(_NEEDED), complete=is_complete, is_unproven=is_unproven, name=table.name)
