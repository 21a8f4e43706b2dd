"""Real engines give the answers of one machine: classic Spark and Spark Connect in one JVM, and Sail."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from textwrap import dedent
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from sessions import SAIL
from whole import MONTHS, ROLES, RULE, TABLE, expected, told

import deminimis as dm
from deminimis import errors, spark

EVERY = ("eligible", "reason", "total")
KEPT = spark.MOST_IN_CLOSURE


def on(*engines: str) -> pytest.MarkDecorator:
    """A session of each of these engines that is there."""
    return pytest.mark.parametrize("engine", engines, indirect=True)


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


def frame(engine: Any, table: pa.Table = TABLE) -> Any:
    """A table as a DataFrame in several partitions."""
    return engine.createDataFrame(table).repartition(2)


SETTINGS: dict[str, tuple[dict[str, Any], tuple[str, ...], int]] = {
    "sent": ({"limit": 800}, ("eligible",), KEPT),
    "joined": ({"limit": 800, "bad_values": "ignore", "excluded": "banned"}, ("eligible", "reason"), 3),
    "scopes": ({"rule": RULE, "origin": "origin", "kind": "kind", "quantity": "pieces"}, ("eligible", "reason"), KEPT),
    "totals": ({"rule": MONTHS, "origin": "origin", "person": ["who", dm.first_of("other", "kind")]}, EVERY, KEPT),
    "large": ({"limit": Decimal(10**12), "person": dm.first_of("who", "other"), "normalize": "fold"}, EVERY[:1], KEPT),
    "expression": ({"limit": 800, "excluded": pc.field("origin") == "CN"}, ("eligible",), KEPT),
}
PLAYED = [
    *(("classic", name) for name in ("sent", "joined", "totals", "expression")),
    *(("connect", name) for name in ("scopes", "joined", "large")),
    *(("sail", name) for name in SETTINGS),
]


@pytest.mark.parametrize(("engine", "name"), PLAYED, indirect=["engine"])
def test_answers(engine: Any, name: str) -> None:
    """All settings, sent or joined: mask, reasons and totals of one machine, each beside its row; the scans agree."""
    own, answers, most = SETTINGS[name]
    options = ROLES | own
    scored = spark.score_by(frame(engine), options, "reason" in answers, "total" in answers, most)
    assert told(scored, answers) == expected(TABLE, options, answers)
    spark.check(scored)


@on("classic", "sail")
def test_no_rows(engine: Any) -> None:
    """A DataFrame without rows is scored too."""
    scored = spark.score(frame(engine).where("id < 0"), **ROLES, limit=800, reason=True)
    assert told(scored, ("eligible", "reason")) == {"eligible": [], "reason": []}
    spark.check(scored)


@on("connect", "sail")
def test_instants(engine: Any) -> None:
    """Instants are days of `timezone`, which has to be given; the session's zone plays no part, nor for local times."""
    noon = datetime(2024, 6, 1, 12, tzinfo=UTC)
    moments = [noon, noon + timedelta(hours=14), noon + timedelta(hours=20)]
    columns = {"id": [0, 1, 2], "who": ["A"] * 3, "usd": [400, 401, 400]}
    table = pa.table(columns | {"day": pa.array(moments, pa.timestamp("us", "UTC"))})
    df = engine.createDataFrame(table)
    with pytest.raises(errors.InputError, match=r"column 'day'.*instants.*timezone=\"America/New_York\""):
        spark.score(df, **ROLES, limit=800)
    for zone in ("America/New_York", "UTC"):
        options = ROLES | {"limit": 800, "timezone": zone}
        assert told_mask(spark.score(df, **options)) == dm.eligible(table, **options).to_pylist()
    df = df.selectExpr("id", "who", "usd", "cast('2024-06-01 23:30:00' as timestamp_ntz) as day")
    assert told_mask(spark.score(df, **ROLES, limit=1201)) == [True] * 3


@on("classic", "connect", "sail")
def test_a_table_that_changes(engine: Any, tmp_path: Path) -> None:
    """Rows that are others in the second pass are an error, whatever action read them, and before any action too."""
    options = {"use_dictionary": False, "compression": "none", "write_statistics": False}

    def write(values: list[int]) -> None:
        table = pa.table({"id": range(4), "who": ["A", "A", "B", "B"], "day": ["2024-06-01"] * 4, "usd": values})
        pq.write_table(table, tmp_path / "manifest.parquet", **options)

    write([400, 400, 500, 500])
    before = spark.score(engine.read.parquet(str(tmp_path)), **ROLES, limit=800)
    unread = spark.score(engine.read.parquet(str(tmp_path)), **ROLES, limit=800)
    assert told_mask(before) == [True, True, False, False]
    spark.check(before)
    scored = spark.score(engine.read.parquet(str(tmp_path)), **ROLES, limit=800)
    write([500, 500, 400, 400])
    told_mask(scored)
    for one in (scored, unread):
        with pytest.raises(errors.InputError, match=r"the table changed while it was scored.*4 rows of other content"):
            spark.check(one)


def told_mask(scored: Any) -> list[bool]:
    """The mask by the rows' numbers."""
    return list(scored.toArrow().sort_by("id")["eligible"].to_pylist())


@on("classic", "sail")
def test_an_action_on_some_rows(engine: Any) -> None:
    """An action that reads a few rows, or fails, is no sign of change."""
    scored = spark.score(frame(engine), **ROLES, limit=800)
    assert len(scored.limit(1).collect()) == 1
    spark.check(scored)


@on("classic", "sail")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"names": {"who": "reason"}, "person": "reason", "reason": True}, "column 'reason'.*an answer is called so"),
        ({"names": {"code": "Eligible"}}, "column 'Eligible'.*an answer is called so"),
        ({"names": {"code": "WHO"}}, "more than one column of this name"),
        ({"person": "Who"}, "there is no column 'Who' for the person. Did you mean 'who'"),
        ({"day": "banned"}, "day"),
        ({"overflow": "excess"}, 'overflow="excess"'),
    ],
)
def test_refused(engine: Any, change: dict[str, Any], words: str) -> None:
    """What names, types and settings tell is refused before any job."""
    change = dict(change)
    names = change.pop("names", {})
    table = TABLE.rename_columns([names.get(name, name) for name in TABLE.column_names])
    with pytest.raises(errors.InputError, match=words):
        spark.score(engine.createDataFrame(table), **(ROLES | {"limit": 800} | change))


@on("classic", "sail")
def test_names_of_columns(engine: Any) -> None:
    """Names with dots, blanks and backticks are names."""
    names = {"who": "who.is `it`", "day": "the day", "usd": "usd.value"}
    table = TABLE.rename_columns([names.get(name, name) for name in TABLE.column_names])
    options = {"person": names["who"], "day": names["day"], "value": names["usd"], "limit": 800}
    scored = spark.score_by(frame(engine, table), dict(options), False, False, 0)  # by way of every step there is
    assert told_mask(scored) == dm.eligible(table, **options).to_pylist()


def test_what_is_no_dataframe() -> None:
    """Only what `score` takes and gives is taken."""
    with pytest.raises(errors.InputError, match="score takes a DataFrame of Spark 4, Spark Connect or Sail, not Table"):
        spark.score(TABLE, **ROLES, limit=800)
    with pytest.raises(errors.InputError, match="check takes the DataFrame that"):
        spark.check(TABLE)


def test_the_recipes(classic: Any, tmp_path: Path) -> None:
    """What docs/spark.md shows runs as it stands, but for its folder: that of the JVM is another."""
    text = (Path(__file__).resolve().parents[2] / "docs" / "spark.md").read_text(encoding="utf-8")
    recipes = [dedent(code) for code in re.findall(r"^ *```python\n(.*?)^ *```$", text, re.M | re.S)]
    assert len(recipes) == 2
    roles = {"consignee": ["A", "B", "A"], "arrival": ["2024-06-01"] * 3, "value_usd": [400, 900, 500]}
    table = pa.table(roles | {"postcode": ["1", "2", "3"], "origin": ["DE"] * 3})
    pq.write_table(table, tmp_path / "manifest.parquet")
    (tmp_path / "manifests").mkdir()
    pq.write_table(table, tmp_path / "manifests" / "one.parquet")
    names = {"session": classic, "spark": spark}
    for code in recipes:
        code = re.sub(r"parquet\(\"", f'parquet("{tmp_path}/', code)
        exec(compile(code, "spark.md", "exec"), names)
    assert sorted(pq.read_table(tmp_path / "scored")["eligible"].to_pylist()) == [False, True, True]
    assert [row.eligible for row in names["mask"].collect()] == [False, False, False]


def test_the_bench() -> None:
    """The bench runs on Sail, and holds both masks against that of one machine."""
    if find_spec("pysail") is None:
        pytest.skip(SAIL)
    command = [sys.executable, "-W", "ignore", "-m", "bench.spark", "--rows", "2000", "--repeats", "1", "--days", "2"]
    folder = Path(__file__).resolve().parents[2]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    assert re.search(r"deminimis is \d+\.\d\d times as fast as the window", done.stdout)
