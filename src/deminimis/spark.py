"""Spark: a DataFrame of any size, on more than one machine, with its answers beside it. Needs `deminimis[spark]`.

Two passes. In the first, tasks give the groups of their rows, and Spark adds them up by key; in the second, tasks
answer their rows by the groups that are over or unproven. Only keys and sums are shuffled. All calls are such as Spark
Connect has, so that it is the same on classic Spark 4, by Connect, and on Sail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING, Any, Unpack

import pyarrow as pa
import pyarrow.types as pt

from .errors import InputError, option
from .groups.partial import ACCOUNTS, Account, Form, account_of, groups_of, packed
from .results.scored import REASON_TYPE
from .results.written import FIELDS
from .roles import casts
from .roles.bindings import Bindings
from .roles.options import MoreOptions, takes_options
from .roles.persons import Column, Person
from .roles.request import Request
from .run.groups import AMOUNT
from .tasks import (
    ACCOUNT,
    BESIDE,
    KEY_WORDS,
    Job,
    accounts,
    answers,
    joined_answers,
    make_job,
    partials,
    renamed,
    with_keys,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.types import DataType, StructField

MOST_IN_CLOSURE = 1_000_000
"""Refused groups that are sent with the second pass, 16 bytes each; more are joined to the rows' keys."""
_SCAN = "_deminimis_scan"
Work = Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]


@takes_options
def score(
    df: DataFrame,
    *,
    person: Person,
    day: Column,
    value: Column,
    reason: bool = False,
    total: bool = False,
    **options: Unpack[MoreOptions],
) -> DataFrame:
    """Put `eligible` beside the rows of a DataFrame. Takes the roles and settings of `deminimis.eligible`, and:

    Parameters
    ----------
    df : pyspark.sql.DataFrame
        Of classic Spark 4, of Spark Connect, or of Sail.
    reason : bool, default False
        Also a column `reason`.
    total : bool, default False
        Also a column `total`. All groups are joined to the rows by their keys then, by whatever join the engine takes.

    Returns
    -------
    pyspark.sql.DataFrame
        All columns and rows of `df`, and the answers, each beside its row. No order is promised. The first pass is done
        when this returns; the second is done by each action on the result, and `check` says whether it read the same.

    Raises
    ------
    InputError
        Before any job, for what the columns' names and types tell. What tasks raise comes as Spark's own error with
        its words.

    Notes
    -----
    `timezone` has to be given where days are instants: they carry the session's zone, whatever theirs was. Without
    `secret` each job has a new one; it travels with the tasks. `overflow="excess"` and what is for one machine
    (`threads`, `memory_limit`, `spill_dir`, `sorted_by`, `late_days`) is refused.

    Examples
    --------
    >>> from deminimis import spark
    >>> scored = spark.score(df, person="who", day="day", value="usd", limit=800)  # doctest: +SKIP
    >>> scored.write.parquet("scored")  # doctest: +SKIP
    >>> spark.check(scored)  # doctest: +SKIP
    """
    return score_by(df, {"person": person, "day": day, "value": value, **options}, reason, total, MOST_IN_CLOSURE)


def check(scored: DataFrame) -> None:
    """Raise where the second pass read other rows than the first: the table changed, or gives other rows each time.

    Parameters
    ----------
    scored : pyspark.sql.DataFrame
        What `score` returned, after the action that its answers were for.

    Raises
    ------
    InputError
        The answers hold for neither state of the table: pin its snapshot, and score it again.

    Notes
    -----
    Count and digest of rows are compared: those that the first action read, as Spark observed them; where it observed
    none or not all rows, as in Sail, those that are read once more for it.
    """
    scan = getattr(scored, _SCAN, None)
    if not isinstance(scan, _Scan):
        raise InputError("check takes the DataFrame that deminimis.spark.score returned, not one made of it")
    scan.check()


class _Scan:
    """What the first pass read, and what the second is to read too.

    Parameters
    ----------
    expected : Account
        Of the first pass.
    again : callable
        Reads the table once more, for its account.
    """

    def __init__(self, expected: Account, again: Callable[[], Account], observation: Any) -> None:
        self._expected = expected
        self._again = again
        self._observation = observation

    def check(self) -> None:
        if self._observed() == self._expected:
            return
        found = self._again()
        if found != self._expected:
            there, before = found.rows, self._expected.rows
            rows = f"{there:,} rows of other content" if there == before else f"{there:,} rows and not {before:,}"
            raise InputError(
                f"the table changed while it was scored, or gives other rows each time it is read (now {rows}): the "
                "answers hold for none of its states; pin its snapshot, or write it down, and score that"
            )

    def _observed(self) -> Account | None:
        """What the first action on the answers read, once it has ended."""
        own = self._observation
        classic = getattr(own, "_jo", None)
        if own is None or (classic is not None and not classic.future().isCompleted()):  # `get` would wait for it
            return None
        try:
            told = own.get
        except Exception:  # the action failed, and has said why
            return None
        return Account.of_sums(told[name] or 0 for name in ACCOUNTS.names) if told else None


def score_by(df: DataFrame, options: dict[str, Any], reason: bool, total: bool, most: int) -> DataFrame:
    """As `score`; `most` groups that are refused are sent with the second pass."""
    if not hasattr(df, "mapInArrow"):
        raise InputError(f"score takes a DataFrame of Spark 4, Spark Connect or Sail, not {type(df).__name__}")
    if df.isStreaming:
        raise InputError("a total is known at the end, which a streaming DataFrame has not: score what it wrote")
    job, request = make_job(options, ("eligible", *(["reason"] if reason else []), *(["total"] if total else [])))
    _check_columns(df.limit(0).toArrow().schema, job, request)
    is_plain = all(map(str.isidentifier, request.names()))  # engines differ in how they read other names
    read = df.select(*request.names()) if is_plain and not request.has_expressions() else df
    form = Form.of(request, exact=job.is_exact)
    groups = _groups(read, job, form)
    if job.is_exact:
        expected = _account(read, job)
        beside = groups.where("high is not null").drop("least")
        answered = _joined(df, job, form, beside)
    else:
        sums = groups.where(_is_refused(form)).toArrow()
        expected = account_of(sums)
        if sums.num_rows - 3 <= most:
            refused = packed(groups_of(sums))
            answered = _mapped(df, lambda batches: answers(batches, job, refused), _answer_schema(job), df)
        else:
            sums = sums.filter(sums["high"].is_valid()).drop_columns(["least"] if form.limit is None else [])
            answered = _joined(df, job, form, df.sparkSession.createDataFrame(sums).hint("broadcast"))
    answered, observation = _observed(answered)
    scored = answered.drop(ACCOUNT)
    setattr(scored, _SCAN, _Scan(expected, lambda: _account(read, job), observation))
    return scored


def _check_columns(schema: pa.Schema, job: Job, request: Request) -> None:
    """Refuse, before any row is read, what the names and types of columns tell."""
    folded = [name.casefold() for name in schema.names]  # as Spark compares names
    for name in schema.names:
        if folded.count(name.casefold()) > 1:
            raise InputError("the DataFrame has more than one column of this name: rename one", column=name)
        if name.casefold() in job.answers or name.casefold().startswith(BESIDE):
            raise InputError("an answer is called so: rename the column", column=name)
    Bindings(request, outcomes=True, tally=True).of(schema)
    day = request.day
    kind = schema.field(day).type if isinstance(day, str) else casts.type_of(day, schema, "day", None)
    if pt.is_timestamp(kind) and kind.tz is not None and request.timezone is None:
        raise InputError(
            "these are instants, which Spark gives the zone of its session whatever theirs was: say whose calendar day "
            f"they fall on with {option('timezone', 'America/New_York')} or the like",
            column=str(day),
        )


def _groups(read: DataFrame, job: Job, form: Form) -> DataFrame:
    """The first pass: partial totals of all tasks, added up by key."""
    partial = _mapped(read, lambda batches: partials(batches, job), form.schema)
    how = {"low": "", "high": "", "total": "sum", "bad": "max", "least": "min"}
    sums = partial.groupBy("low", "high").agg({name: how[name] for name in form.schema.names if how[name]})
    told = (f"`{how[name]}({name})` as {name}" if how[name] else name for name in form.schema.names)
    return sums.selectExpr(*told)


def _is_refused(form: Form) -> str:
    """Which groups, and accounts, come back from the first pass."""
    least = "least" if form.limit is None else str(form.limit) if form.cap else f"{Decimal(form.limit).scaleb(-4):f}BD"
    return f"high is null or total > {least}" + (" or bad > 0" if form.has_bad else "")


def _joined(df: DataFrame, job: Job, form: Form, groups: DataFrame) -> DataFrame:
    """The second pass where groups are too many to be sent: they are joined to the rows' keys."""
    keyed = _mapped(df, lambda batches: with_keys(batches, job), KEY_WORDS, df)
    names = [f"{BESIDE}{name}" for name in groups.columns]
    joined = keyed.join(groups.toDF(*names), KEY_WORDS.names, "left")
    return _mapped(joined, lambda batches: joined_answers(batches, job), _answer_schema(job), df)


def _answer_schema(job: Job) -> pa.Schema:
    fields = [FIELDS[name] for name in job.answers]
    return pa.schema([*fields, pa.field(ACCOUNT, pa.list_(pa.int64()))])


def _account(read: DataFrame, job: Job) -> Account:
    """What is read of a table now."""
    found = _mapped(read, lambda batches: accounts(batches, job), ACCOUNTS)
    sums = found.selectExpr(*(f"sum({name})" for name in ACCOUNTS.names)).toArrow()
    return Account.of_sums(column[0].as_py() or 0 for column in sums.columns)


def _observed(answered: DataFrame) -> tuple[DataFrame, Any]:
    """The answers, and what will have the account of the first action on them, where the engine observes any."""
    from pyspark.errors import PySparkException

    is_remote = type(answered).__module__.startswith("pyspark.sql.connect")
    package = "pyspark.sql.connect" if is_remote else "pyspark.sql"
    observation = import_module(f"{package}.observation").Observation
    as_column = import_module(f"{package}.functions").expr
    if is_remote:  # Sail is asked like Spark, and has no such thing
        try:
            answered.sparkSession.range(1).observe(observation(), as_column("count(1) as rows")).collect()
        except PySparkException:
            return answered, None
    sums = [as_column(f"sum(get({ACCOUNT}, {i})) as {name}") for i, name in enumerate(ACCOUNTS.names)]
    seen = observation()
    return answered.observe(seen, *sums), seen


def _mapped(df: DataFrame, work: Work, fields: pa.Schema, beside: DataFrame | None = None) -> DataFrame:
    """The DataFrame that tasks make of batches; its fields come behind those of `beside`."""
    from pyspark.sql.types import StructType

    own = [] if beside is None else beside.schema.fields
    schema = StructType([*own, *map(_field, fields)])
    names = df.columns
    if any("." in name or "`" in name for name in names):  # which mapInArrow takes for paths
        df = df.toDF(*(f"{BESIDE}{i}" for i in range(len(names))))
        return df.mapInArrow(lambda batches: work(renamed(batches, names)), schema)
    return df.mapInArrow(work, schema)


def _field(field: pa.Field) -> StructField:
    """A field as Spark declares it."""
    from pyspark.sql import types

    kinds: dict[pa.DataType, DataType] = {
        pa.bool_(): types.BooleanType(),
        pa.int8(): types.ByteType(),
        pa.int64(): types.LongType(),
        pa.list_(pa.int64()): types.ArrayType(types.LongType()),
        AMOUNT: types.DecimalType(38, 4),
        REASON_TYPE: types.StringType(),
    }
    return types.StructField(field.name, kinds[field.type], field.nullable)
