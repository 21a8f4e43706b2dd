"""Every named case of the meaning, through `eligible`, `score` and `Scorer`; the rows are in cases.py."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import oracle
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import schedules
from cases import CASES, DAY, Case

import deminimis as dm

TYPED = [pytest.param(case, case.typed_table, id=f"{case.name}, typed") for case in CASES]
TEXT = [pytest.param(case, case.text_table, id=f"{case.name}, text") for case in CASES if not case.types]
Table = Callable[[], pa.Table]
SHIPMENT = ("shipment", "party", "line")


def scorer_finish(table: pa.Table, **options: Any) -> Any:
    scorer = dm.Scorer(**options)
    scorer.add(table)
    return scorer.finish()


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=case.name) for case in CASES if "in_care_of" not in case.settings]
)
def test_oracle(case: Case) -> None:
    """The oracle that the other tests trust gives every case its mask and reasons."""
    settings = dict(case.settings)
    rule = settings.pop("rule", None)
    limit_on = schedules.schedule(rule) if rule else oracle.constant("800.00")
    settings = schedules.MEANING.get(rule or "", {}) | settings
    persons, per = settings.pop("person", "person"), settings.pop("per", None)
    rows = []
    for cells in case.rows:
        cell = dict(zip(case.columns, cells, strict=True))
        person = cell[persons] if isinstance(persons, str) else tuple(cell[name] for name in persons)
        day = oracle.Instant(seconds(cell["day"]), "s", "UTC") if "day" in case.types else cell["day"]
        rows.append(
            oracle.Row(
                person,
                day,
                cell["value"],
                origin=cell.get("origin"),
                excluded=cell.get("excluded") == "true",
                per=(cell[per],) if per else (),
                **{name: cell[name] for name in ("sent_from", "kind", "entered", *SHIPMENT) if name in cell},
                version=version(cell.get("version")),
                cancelled=cell.get("cancelled") == "true",
            )
        )
    times = min(case.times, 1_000)
    verdicts = oracle.judge(rows * times, limit_on, placeholders=("N/A", "unknown"), **settings)
    assert [verdict.eligible for verdict in verdicts] == case.expected[: len(verdicts)]
    if case.reasons is not None:
        assert [verdict.reason for verdict in verdicts] == list(case.reasons) * times


def version(text: str | None) -> int | None:
    """Integers, or seconds of an instant."""
    return None if text is None else int(text) if text.isdigit() else seconds(text)


def seconds(text: str | None) -> int:
    return int(datetime.fromisoformat(text or "").timestamp())


@pytest.mark.parametrize(("case", "table"), TYPED + TEXT)
def test_eligible(case: Case, table: Table) -> None:
    """The mask is the case's."""
    assert dm.eligible(table(), **case.options).equals(pa.array(case.expected, pa.bool_()))


@pytest.mark.parametrize(
    ("case", "table", "score"),
    [
        pytest.param(*one.values, score, id=f"{one.id}, {score.__name__}")
        for one in TYPED + TEXT
        for score in (dm.score, scorer_finish)
        if score is dm.score or "shipment" not in one.values[0].more
    ],
)
def test_score(case: Case, table: Table, score: Callable[..., Any]) -> None:
    """Mask and reasons are the case's, and the two agree."""
    scored = score(table(), **case.options)
    reasons = scored.reason.dictionary_decode()
    assert scored.mask.equals(pa.array(case.expected, pa.bool_()))
    assert pc.equal(reasons, "eligible").equals(scored.mask)
    if case.reasons is not None:
        assert reasons.equals(pa.array(list(case.reasons) * case.times))


@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize("rows_per_batch", [1, 7, 1000])
def test_chunking_and_threads(rows_per_batch: int, threads: int) -> None:
    """Any chunking and thread count gives the same mask."""
    table = pa.table({"person": ["A", "B", "C"] * 100, "day": [DAY] * 300, "value": ["8.00", "8.01", "7.99"] * 100})
    stream = table.to_reader(max_chunksize=rows_per_batch)
    mask = dm.eligible(stream, person="person", day="day", value="value", limit=800, threads=threads)
    assert mask.to_pylist() == [True, False, True] * 100


def test_one_group_across_files(tmp_path: Any) -> None:
    """A person's rows of one day add up across files, and the mask is in the files' order."""
    for name, value in (("a", "500"), ("b", "300"), ("c", "0.01")):
        table = pa.table({"person": ["A", name], "day": [DAY, DAY], "value": [value, "800"]})
        pq.write_table(table, tmp_path / f"{name}.parquet")
    mask = dm.eligible(str(tmp_path / "*.parquet"), person="person", day="day", value="value", limit="800")
    assert mask.to_pylist() == [False, True] * 3
