"""The public functions: validate, delegate, wrap. What the options mean is told once, at `eligible`."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, Unpack

import pyarrow as pa

from .errors import option
from .groups.given import run_by_totals
from .progress import Report
from .results import written as output
from .results.again import Again, bindings_without_person
from .results.answering import columns_read, write_answers
from .results.counts import Counting
from .results.made import MADE
from .results.scored import Scored, mask_of, scored
from .results.summary import Summary
from .roles.beside import NOTHING, Beside
from .roles.options import READING, AnyOptions, MoreOptions, refuse_unknown, takes_options
from .roles.persons import Column, Person
from .roles.remembered import check_once
from .roles.request import check
from .run.answers import Answer
from .run.budget import check_memory_limit, check_threads
from .run.run import Run
from .run.spill import check_folder
from .run.way import Way
from .sizes import USUAL, Sizes
from .sources.base import Source
from .sources.open import open_source


def start_run(
    options: AnyOptions | MoreOptions,
    *,
    outcomes: bool,
    tally: bool = True,
    sizes: Sizes = USUAL,
    way: Way | None = None,
    beside: Beside = NOTHING,
    totals: Any = None,
    **roles: Any,
) -> tuple[Run, dict[str, Any]]:
    """A run with these options, all checked, and those of them that are for reading; `totals` answer its rows."""
    given: dict[str, Any] = dict(options)
    refuse_unknown(tuple(given))
    reading = {name: given.pop(name) for name in READING if name in given}
    threads = check_threads(given.pop("threads", None))
    memory_limit = check_memory_limit(given.pop("memory_limit", None))
    folder = given.pop("spill_dir", None)
    spill_dir = None if folder is None else check_folder(folder)
    if given.get("secret") is None and not isinstance(given.get("rule"), (str, os.PathLike)):
        checked = check_once(**roles, **given)
    else:  # the file of a rule may have changed
        checked = check(**roles, **given)
    resources: dict[str, Any] = {"threads": threads, "memory_limit": memory_limit, "spill_dir": spill_dir}
    if totals is not None:
        return run_by_totals(totals, checked, sizes=sizes, **resources), reading
    return Run(checked, outcomes=outcomes, tally=tally, sizes=sizes, way=way, beside=beside, **resources), reading


def _answers(run: Run, manifest: Any, reading: dict[str, Any]) -> tuple[Iterator[Answer], Source | None]:
    if isinstance(manifest, pa.Table | pa.RecordBatch):
        return run.answer_table(manifest), None
    source = open_source(manifest, **reading)
    return run.answers(source), source


@takes_options
def eligible(
    manifest: Any, *, person: Person, day: Column, value: Column, totals: Any = None, **options: Unpack[AnyOptions]
) -> pa.BooleanArray:
    """Mark the rows whose person stays within the limit that day.

    Parameters
    ----------
    manifest : object
        One row a shipment line: anything with an Arrow capsule (pyarrow, Polars, pandas, DuckDB relations), a mapping
        of names to arrays, a structured NumPy array, a cursor that gives record batches, a list or an iterator of
        these, a binary file object, a path, a glob, a folder, an address (s3://, gs://, abfss://), or a list of paths.
        A stream is read once, batch by batch. Columns of a frame are named by their labels as text, without its index.
    person : str, list, `first_of` or Expression
        Who imports. A list is one composite identity: the first part is the name, without which the person is missing;
        the others tell apart those that have them. A part may be a `first_of`. Text is compared by its bytes; blank
        text and placeholders are missing. Integers, dates and bools are compared exactly.
    day : str or Expression
        The day of importation: a date, a timestamp, or ISO text.
    value : str or Expression
        The value in the limit's currency: any integer, float or decimal, or text. Exact to 1/10,000, finer digits
        rounded half to even; a float is taken at its shortest decimal form.
    limit : str, int or Decimal
        The inclusive limit. Exactly one of `limit` and `rule` is given.
    rule : str, path or Rule
        A schedule of limits by day and scope: a shipped rule's name, a TOML file, or a `Rule`.
    quantity : str or Expression, optional
        `value` is a unit price, to be multiplied by this. A negative price or quantity is a bad value.
    origin, sent_from : str or Expression, optional
        Two-letter codes of the countries of origin and of the sender, where a rule's scope asks for them.
    kind : str or Expression, optional
        The kind of row, such as "express". What is missing, or no step of the rule names, gets the strictest limit.
    entered : str or Expression, optional
        The day of entry, for rules with a gate: it decides the step, by the gate's clock, and the day the total.
    excluded : str or Expression, optional
        True (or null) for goods that never qualify.
    shipment : str or Expression, optional
        The id of a shipment that several rows tell, with `party`, `version` or `line`. Rows that tell it again are
        copies: not eligible, and of no total. The manifest is read twice, so a stream is refused.
    party : str or Expression, optional
        Who tells it. Between parties, the largest telling counts for each person and day, which can only make the mask
        stricter. Rows that add to no total displace none and keep their reason.
    version : str or Expression, optional
        Which telling of its party it is: integers, dates or instants. The latest counts, and its lines add up.
    line : str or Expression, optional
        Which part of the telling. The same line twice is a copy; of a person and day the largest counts.
    cancelled : str or Expression, optional
        True: the row does not count, nor do older versions of its party.
    party_order : list of str, optional
        Parties whose telling counts, the first first, rather than the largest.
    per : str or list, optional
        Further columns that totals are kept apart by, such as the supplier. Where one is missing, so is the person.
    currency, currency_code : str, optional
        The column that says each value's currency, and the currency that limits are in where the rule names none.
        A value in another currency is a bad value.
    count_excluded : bool, default True
        Whether the value of an excluded row counts towards its person's total.
    bad_values : {"unproven", "error", "ignore"}
        What a missing, negative or unreadable value does: the rows of its person and day are unproven and so not
        eligible; an error names the first such row; or the row is left out of the total.
    overflow : {"all", "excess"}, optional
        Over the limit, all rows of the total fail, or those that did not fit, in row order. Default: as the rule says.
    normalize : {"fold", "name"}, optional
        Compare persons by a canonical form: blanks, case and Unicode form aside; "name": "Last, First" and punctuation
        too.
    in_care_of : bool, default False
        The person of "NAME C/O PLACE" is NAME.
    placeholders : list of str, optional
        Texts that name no person, trimmed and without case. Default: `deminimis.DEFAULT_PLACEHOLDERS`.
    timezone : str, optional
        Whose calendar day an instant falls on: a place such as "America/Los_Angeles", or an offset such as "-05:00".
        Default: its own zone's. Times without a zone are local.
    day_format : str, optional
        How days that are text or integers are written, such as "%m/%d/%Y" or "%m%d%y": year, month and day; year and
        day of the year (%Y%j); ISO year, week and weekday (%G-W%V-%u); or seconds since 1970 (%s). Digits without a
        separator have their full width. Offsets (%z) and seconds make instants. A pattern that cannot be read exactly
        is refused.
    decimal : str
        The sign between whole units and their parts of amounts that are text: "." by default, or ",".
    thousands : str, optional
        The sign between their thousands, such as "." for 1.234,50. Where thousands are marked, all of them are.
    currency_signs : bool, default False
        Amounts that are text may have a sign or the code of the limit's currency before or behind them ($1,234.50,
        400.00 USD), and brackets or a minus behind them say negative, as accounts do. Another currency is a bad value.
    secret : bytes, optional
        Keys the fingerprints of text persons; random for each run by default.
    threads : int, optional
        Workers; default: the cores that the process may use.
    memory_limit : int or str, optional
        Bytes, or a size such as "2GiB", that the work may take beyond the input. Default: half the memory that the
        process may use. Past it, days of a sorted manifest are answered as they end, and records go to disk.
    sorted_by : {"day"}, optional
        The promise that days come in order. Past the memory limit, they are then answered and released as they end,
        also where no statistics tell their order. It is checked: a row whose day is answered already is an error.
    late_days : int, default 0
        How many days a row's day may lie before the latest day so far, where `sorted_by` is given.
    spill_dir : path, optional
        Where they go; default: the system's temporary folder.
    totals : table or path, optional
        What `deminimis.totals` or `merge` made with the same settings and `secret`: rows are answered by these totals
        instead of their own. With all groups, a row of none is an error; with those that are refused only, it is good
        for the manifest that it was made of, and what is absent is within its limit. It is held in memory.
    delimiter, encoding, header, sheet
        Of text, the separator and the encoding; whether the first row names the columns, or their names; a sheet.

    Returns
    -------
    pyarrow.BooleanArray
        One bit for each row of `manifest`, in its order, never null.

    Raises
    ------
    InputError
        And its kinds in `deminimis.errors`: the message names the file, the column, the row and the mend.

    Notes
    -----
    The rule is 19 U.S.C. 1321(a)(2)(C); 19 CFR 10.151: articles "imported by one person on one day" up to the limit.
    """
    run, reading = start_run(options, outcomes=False, tally=False, person=person, day=day, value=value, totals=totals)
    with closing(run):
        return mask_of(_answers(run, manifest, reading)[0])


@takes_options
def score(
    manifest: Any,
    *,
    person: Person,
    day: Column,
    value: Column,
    totals: Any = None,
    by: Sequence[str] | None = None,
    **options: Unpack[AnyOptions],
) -> Scored:
    """Say for every row whether it is eligible, why, and its person's total.

    Takes the roles and settings of `eligible`, and:

    Parameters
    ----------
    by : sequence of str, optional
        As `score_files` takes it: the summary has counts by it.

    Returns
    -------
    Scored
        `mask`, `reason` and `total`, one entry for each row in its order, and a `summary`.
    """
    started = time.perf_counter()
    run, reading = start_run(options, outcomes=True, person=person, day=day, value=value, totals=totals)
    with closing(run):
        if by is None:
            given, source = _answers(run, manifest, reading)
            return scored(run, given, started, source)
        source = open_source(manifest, **reading).readable_twice(option("by"))
        answers = list(run.answers(source))
        with closing(Counting(run, source, by)) as counting:
            own = columns_read(run.request, source, counting.columns)
            again = Again(run, None, counting, bindings_without_person(run, source))
            output.write_answers(iter(answers), None, output.NO_COLUMNS, source, None, own, again)
            found = scored(run, answers, started, source)
            return replace(found, summary=replace(found.summary, counts=counting.table()))


@takes_options
def score_files(
    sources: Any,
    target: str | Path | BinaryIO | None,
    *,
    person: Person,
    day: Column,
    value: Column,
    columns: Sequence[str] = ("eligible",),
    append: bool = False,
    format: str | None = None,
    replace: bool = True,
    progress: Report | None = None,
    totals: Any = None,
    by: Sequence[str] | None = None,
    id: str | None = None,
    **options: Unpack[AnyOptions],
) -> Summary:
    """Score files and write the answers to a file, which appears whole or not at all.

    Takes the roles and settings of `eligible`, and:

    Parameters
    ----------
    sources : object
        As `manifest` of `eligible`; several paths, a glob or a folder are one manifest.
    target : path, "-", binary file or None
        Where answers go: .parquet, .arrow, .csv or .csv.gz; "-" is standard output; None writes nothing.
    columns : sequence of {"eligible", "reason", "total", "person", "day", "limit", "step", "key"}
        What is written of each row. The manifest is read a second time for the last five, which are null where the row
        has none: the form of its person that is compared, its day as it was read, the limit in force, the step of the
        rule that says so with its citation, and the key of its group in `totals` with the same `secret`.
    append : bool, default False
        Write the manifest's own columns first. The manifest is read a second time for it: what comes once is refused,
        a LazyFrame is run twice and checked to give the same rows, and a DuckDB relation is held in memory, as it could
        come in another order. What a file lacks is null.
    format : {"parquet", "arrow", "csv"}, optional
        Where the target's name does not tell.
    replace : bool, default True
        False refuses a target that is there, also one that appears while this runs.
    progress : callable, optional
        Called now and then, in this thread, with a `deminimis.Progress`.
    by : sequence of str, optional
        What to count by, several at once: "day", "month", "quarter" or "year" of the row's day, or columns of the
        manifest (or roles, such as "origin"), as text. `Summary.counts` has a line for each combination; no row is held
        for it, and the manifest is read a second time.
    id : str, optional
        A column of the manifest that names its rows, such as the shipment: it is written before the answers.

    Returns
    -------
    Summary
        With `groups` counted where reasons or totals are written or the rows are at most 32,768, else estimated: the
        same in every run, with a standard deviation of about 0.8 %.
    """
    started = time.perf_counter()
    outcomes = by is not None or not {"eligible", *MADE} >= {*columns}
    run, reading = start_run(options, outcomes=outcomes, person=person, day=day, value=value, totals=totals)
    source = open_source(sources, **reading)
    return write_answers(run, source, target, columns, append, format, progress, started, by, id, replace)
