"""Tasks on any parts of a manifest, whatever engine adds their sums up: the answers of one machine. No engine here."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from whole import OPTIONS, ROWS, expected, table_of

from deminimis import errors, tasks
from deminimis.groups.partial import Account, Form, account_of, groups_of, packed

ROLES: dict[str, Any] = {"person": "who", "day": "day", "value": "usd"}
SOME = table_of([("A", None, 1, "2024-06-01", usd, 1, "CN", None, False) for usd in ("400", "400.01", "1", "-1")])


def added_up(partials: list[pa.RecordBatch]) -> pa.Table:
    """What an engine makes of partial totals."""
    table = pa.Table.from_batches(partials)
    how = [("total", "sum"), ("bad", "max"), ("least", "min")]
    wanted = [(name, one) for name, one in how if name in table.column_names]
    found = table.group_by(["low", "high"], use_threads=False).aggregate(wanted)
    return found.rename_columns(["low", "high", *(name for name, _ in wanted)])


def refused(sums: pa.Table, form: Form) -> pa.Table:
    """The groups that are over or unproven, and the account."""
    if form.limit is None:
        least = sums["least"]
    else:
        least = pa.scalar(form.limit if form.cap else Decimal(form.limit).scaleb(-4))
    chosen = pc.or_(pc.is_null(sums["high"]), pc.greater(sums["total"], least))
    if form.has_bad:
        chosen = pc.or_(chosen, pc.greater(sums["bad"], 0))
    return sums.filter(chosen)


def answered(
    parts: list[list[pa.RecordBatch]], options: dict[str, Any], answers: tuple[str, ...], *, joined: bool
) -> dict[str, list[Any]]:
    """The answers of all parts, one after the other, as tasks give them; jobs travel as bytes."""
    job, request = tasks.make_job(options, answers)
    sent = pickle.dumps(job)
    form = Form.of(request, exact=job.is_exact)
    partials = [batch for part in parts for batch in tasks.partials(iter(part), pickle.loads(sent))]
    none = [pa.RecordBatch.from_pylist([], schema=form.schema)]
    sums = added_up(partials or none)
    account = account_of(sums)
    if not job.is_exact:
        sums = refused(sums, form)
    if joined:
        groups = sums.filter(sums["high"].is_valid())
        made = [tasks.joined_answers(beside(part, job, groups), pickle.loads(sent)) for part in parts]
    else:
        made = [tasks.answers(iter(part), pickle.loads(sent), packed(groups_of(sums))) for part in parts]
    batches = [batch for part in made for batch in part]
    told = [batch.column(tasks.ACCOUNT).to_pylist() for batch in batches]
    sent_back = [one for column in told for one in column if one]
    again = [sum(one[i] for one in sent_back) for i in range(3)]
    assert Account.of_sums(again) == account
    assert account.rows == sum(batch.num_rows for part in parts for batch in part)
    return {name: [x for batch in batches for x in batch.column(name).to_pylist()] for name in answers}


def beside(part: list[pa.RecordBatch], job: tasks.Job, groups: pa.Table) -> Iterator[pa.RecordBatch]:
    """A part's rows with their groups beside them, in their order."""
    groups = groups.drop_columns(["least"] if "least" in groups.column_names else [])
    groups = groups.rename_columns([f"{tasks.BESIDE}{name}" for name in groups.column_names])
    keyed = pa.Table.from_batches(tasks.with_keys(iter(part), job)) if part else None
    if keyed is not None:
        yield from keyed.join(groups, tasks.KEY_WORDS.names, join_type="left outer").sort_by("id").to_batches()


def cut(table: pa.Table, ends: list[int]) -> list[list[pa.RecordBatch]]:
    """Parts that end at these rows, each in batches of a few."""
    bounds = [0, *sorted(ends), table.num_rows]
    return [table.slice(a, b - a).combine_chunks().to_batches(max_chunksize=7) for a, b in pairwise(bounds)]


@given(ROWS, OPTIONS, st.data())
def test_any_parts_have_the_answers_of_one_machine(rows: list[Any], options: dict[str, Any], data: Any) -> None:
    """1 to 50 parts, any settings, sums beyond 64 bits: mask, reasons and totals bit by bit, sent or joined."""
    table = table_of(rows)
    parts = cut(table, data.draw(st.lists(st.integers(0, len(rows)), max_size=49)))
    answers = data.draw(st.sampled_from([("eligible",), ("eligible", "reason")]))
    assert answered(parts, options, answers, joined=data.draw(st.booleans())) == expected(table, options, answers)
    every = ("eligible", "reason", "total")
    assert answered(parts, options, every, joined=True) == expected(table, options, every)


def test_a_task_flushes_what_it_holds() -> None:
    """More rows than a task may hold come as several partial totals; nothing more is read before they are given."""
    read = []

    def batches() -> Iterator[pa.RecordBatch]:
        for number in range(3):
            read.append(number)
            yield pa.record_batch(
                {"who": pa.array(["A"] * tasks.ROWS), "day": ["2024-06-01"] * tasks.ROWS, "usd": ["1"] * tasks.ROWS}
            )

    job, _ = tasks.make_job(ROLES | {"limit": 800}, ("eligible",))
    found = tasks.partials(batches(), job)
    first = next(found)
    assert (read, first.num_rows, first["total"][0].as_py()) == ([0], 4, 8_000_001)


def test_secrets() -> None:
    """Each job has its own secret, unless one is given; it is never the same by accident."""
    roles = ROLES | {"limit": 800}
    made = [tasks.make_job(roles, ("eligible",))[0].options["secret"] for _ in range(2)]
    assert made[0] != made[1] and len(made[0]) == 32
    given = roles | {"secret": b"sixteen bytes or more"}
    assert tasks.make_job(given, ("eligible",))[0].options["secret"] == b"sixteen bytes or more"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"limit": 800, "overflow": "excess"}, 'give overflow="all"'),
        ({"rule": "cn-cbec"}, 'give overflow="all"'),
        ({"limit": 800, "threads": 2}, "threads= is for one machine"),
        ({"limit": 800, "sorted_by": "day"}, "sorted_by= is for one machine"),
        ({}, "exactly one of limit= and rule="),
    ],
)
def test_refused_options(options: dict[str, Any], words: str) -> None:
    """What several machines cannot do is refused before any of them is asked."""
    with pytest.raises(errors.InputError, match=words):
        tasks.make_job(ROLES | options, ("eligible",))


def test_another_version() -> None:
    """A worker with another version of the package refuses the job."""
    job, _ = tasks.make_job(ROLES | {"limit": 800}, ("eligible",))
    with pytest.raises(errors.InputError, match=r"a worker has deminimis .* and the job 0\.0: install the same"):
        next(tasks.partials(SOME.to_batches(), job._replace(version="0.0")))


def test_accounts_tell_tables_apart() -> None:
    """The account is that of the rows whatever their order and parts, and another where a cell or a row differs."""
    job, _ = tasks.make_job(ROLES | {"limit": 800, "bad_values": "ignore"}, ("eligible",))

    def account(table: pa.Table, size: int) -> Account:
        found = [tuple(batch.to_pylist()[0].values()) for batch in tasks.accounts(table.to_batches(size), job)]
        return Account.of_sums(map(sum, zip(*found, strict=True)))

    same = account(SOME, 2)
    assert (
        same == account(SOME.take([3, 1, 0, 2]), 4) == account_of(added_up([*tasks.partials(SOME.to_batches(), job)]))
    )
    assert same.rows == 4 and same != account(SOME.slice(1), 4)
    assert same != account(SOME.set_column(5, "usd", pa.array(["400", "400", "1", "-1"])), 4)
