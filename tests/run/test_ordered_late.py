"""Days released by a promise of their order: a promise that is broken is told, one that is kept never blamed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import oracle
import ordered
import pyarrow as pa
import pytest
from handed import eligible, score
from hypothesis import given
from hypothesis import strategies as st
from kinds import DAYS
from ordered import FIRST, LIMIT, ROLES, WORDS, answers, hold, manifest
from strategies import SIMPLE_ROLES, simple_rows, simple_table

import deminimis as dm
from deminimis.cli.main import main
from deminimis.rules.days import window_start
from deminimis.sizes import Sizes


@pytest.mark.parametrize("window", ["day", "month", "quarter", "year"])
@given(day=st.integers(-700_000, 2_900_000), after=st.integers(0, 5))
def test_window_start(window: Any, day: int, after: int) -> None:
    """The start of a window lies in it, and the day before does not; windows follow each other."""
    start = window_start(day, window)
    assert oracle.period(start, window) == oracle.period(day, window) != oracle.period(start - 1, window)
    assert window_start(day, window, after=0) == start
    later = day
    for _ in range(after):
        while oracle.period(later, window) == oracle.period(day, window):
            later += 1
        day = later
    assert window_start(start, window, after=after) == window_start(later, window)


LATE = [
    (
        ordered.csv,
        r"in\.csv, column 'day', row 39999: the day 2023-12-09 comes when .* late_days=0; give late_days=\d+ or more",
    ),
    (ordered.packed_csv, r"in\.csv\.gz, column 'day', row 39999: "),
    (ordered.two_files, r"2\.csv, column 'day', row 26666: "),
    (ordered.arrow_file, r"in\.arrow, column 'day', row 39999: "),
    (ordered.arrow_stream, r"in\.arrows, column 'day', row 39999: "),
    (ordered.without_statistics, r"in\.parquet, column 'day', row 39999: "),
    (ordered.in_memory, r"^column 'day', row 39999: "),
    (ordered.batch_by_batch, r"^column 'day', row 39999: "),
]


@pytest.mark.parametrize(("kind", "match"), LATE)
@pytest.mark.parametrize("threads", [1, 2])
def test_late_row(kind: Any, match: str, threads: int, tmp_path: Path) -> None:
    """A row whose day was answered already is an error that names it, the promise and the mend; nothing is written."""
    table, _ = manifest(0)
    day = table["day"].to_numpy().copy()
    day[-1] = np.datetime64(FIRST, "D")
    table = table.set_column(1, "day", pa.array(day, pa.date32()))
    options: dict[str, Any] = {"limit": LIMIT, "memory_limit": "1MiB", "threads": threads}
    target = tmp_path / "out"
    target.mkdir()
    source = kind(table, tmp_path)
    with pytest.raises(dm.errors.OrderError, match=match) as caught:
        dm.score_files(source, target / "mask.parquet", **ROLES, **options, sorted_by="day")
    assert 'sorted_by="day"' in str(caught.value) and "leave sorted_by= out" in str(caught.value)
    assert not any(target.iterdir())


def test_late_row_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The mend is told in options, and mends."""
    table, _ = manifest(3)
    words = [str(ordered.csv(table, tmp_path)), *WORDS, "-q", "--sorted-by", "day"]
    assert main(["score", *words]) == 2
    told = capsys.readouterr().err
    assert "--sorted-by day promised with --late-days 0; give --late-days" in told and told.count("\n") == 1
    assert main(["score", *words, "--late-days", "3"]) == 0


@pytest.mark.usual_memory
def test_a_promise_that_is_not_needed() -> None:
    """What fits the memory is held whole, so that a broken promise does no harm."""
    rows = [oracle.Row("A", FIRST + day, 500) for day in (1, 0, 1)]
    scored = dm.score(simple_table(rows), **SIMPLE_ROLES, limit=800, sorted_by="day")
    assert scored.mask.to_pylist() == [verdict.eligible for verdict in oracle.judge(rows, oracle.constant(800))]
    assert scored.summary.epochs == 1


@st.composite
def streams(draw: Any) -> tuple[list[oracle.Row], list[int]]:
    """Rows whose days rise, or mostly do, and the sizes of their batches."""
    rows = draw(simple_rows(min_size=15, max_size=60))
    steps = st.sampled_from(draw(st.sampled_from([[0, 0, 1], [0, 1, 40], [0, 1, 3, -1], [0, 1, 1, 2, -1, -3]])))
    days = accumulate(draw(st.lists(steps, min_size=len(rows), max_size=len(rows))), initial=DAYS[0])
    unknown = draw(st.sets(st.integers(0, len(rows) - 1), max_size=4))
    made = [
        oracle.Row(row.person, None if i in unknown else day, row.value, excluded=row.excluded)
        for i, (row, day) in enumerate(zip(rows, days, strict=False))
    ]
    return made, draw(st.lists(st.integers(1, 5), min_size=1, max_size=8))


def is_kept(rows: list[oracle.Row], late_days: int) -> bool:
    """Whether no row lies further behind the latest day before it."""
    latest: int | None = None
    for row in rows:
        if row.day is not None:
            if latest is not None and row.day < latest - late_days:
                return False
            latest = row.day if latest is None else max(latest, row.day)
    return True


@given(
    stream=streams(),
    late_days=st.integers(0, 3),
    window=st.sampled_from(["day", "day", "month", "year"]),
    overflow=st.sampled_from(["all", "excess"]),
    threads=st.integers(1, 2),
    narrow=st.booleans(),
)
def test_the_answer_or_the_error(
    stream: tuple[list[oracle.Row], list[int]],
    late_days: int,
    window: Any,
    overflow: Any,
    threads: int,
    narrow: bool,
) -> None:
    """A promise that is kept gives the oracle's answers; one that is broken gives these or is told, never others."""
    rows, sizes = stream
    table = simple_table(rows)

    def batches() -> Iterator[pa.RecordBatch]:
        at = turn = 0
        while at < len(rows):
            yield table[at : at + sizes[turn % len(sizes)]].combine_chunks().to_batches()[0]
            at, turn = at + sizes[turn % len(sizes)], turn + 1

    options: dict[str, Any] = {"rule": dm.Rule(limit=8, window=window), "overflow": overflow, "threads": threads}
    options |= {"sorted_by": "day", "late_days": late_days, "memory_limit": 1}
    reader = pa.RecordBatchReader.from_batches(table.schema, batches())
    expected = answers(oracle.judge(rows, oracle.constant(8), overflow=overflow, window=window))
    small = Sizes(group_rows_least=1)
    try:
        if narrow:
            out = {"eligible": eligible(reader, **SIMPLE_ROLES, **options, sizes=small)}
        else:
            scored = score(reader, **SIMPLE_ROLES, **options, sizes=small)
            out = {"eligible": scored.mask, "reason": scored.reason, "total": scored.total}
    except dm.errors.OrderError:
        assert not is_kept(rows, late_days)
        return
    hold(pa.table(out), expected)


@pytest.mark.parametrize("day", [2**31 - 1, 2**31 - 2, 1 - 2**31])
def test_extreme_days(day: int) -> None:
    """The first and the last day that a date can be are days as others."""
    days = [FIRST] * 3_000 + ([FIRST + 1] * 3_000 + [day] * 3_000 if day > 0 else [])
    days = days if day > 0 else [day] * 3_000 + days
    rows = [oracle.Row("A" if i % 2 else i, day, 1) for i, day in enumerate(days)]
    names = [str(row.person) for row in rows]
    table = pa.table({"person": names, "day": pa.array(days, pa.int32()).cast(pa.date32()), "value": [1] * len(rows)})
    scored = dm.score(table, **ROLES, limit=1_000, memory_limit="16KiB", sorted_by="day")
    expected = answers(oracle.judge(rows, oracle.constant(1_000)))
    hold(pa.table({"eligible": scored.mask, "reason": scored.reason, "total": scored.total}), expected)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"sorted_by": "person"}, r"sorted_by= is one of None, 'day', not 'person'"),
        ({"sorted_by": "day", "late_days": -1}, r"late_days= is a number of days from 0 on, not -1"),
        ({"sorted_by": "day", "late_days": 1.5}, r"late_days= is a number of days from 0 on, not 1.5"),
        ({"sorted_by": "day", "late_days": True}, r"late_days= is a number of days from 0 on, not True"),
        ({"late_days": 1}, r'late_days= says .*: give sorted_by="day" with it'),
    ],
)
def test_settings_are_checked(options: dict[str, Any], match: str) -> None:
    """A promise that makes no sense is refused before any row is read."""
    with pytest.raises(dm.errors.InputError, match=match):
        dm.eligible(simple_table([]), **SIMPLE_ROLES, limit=8, **options)
