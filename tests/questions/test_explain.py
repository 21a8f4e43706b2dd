"""`explain`: the rows of one row's person and day, what they count as, and the step that decides."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import deminimis as dm
from deminimis.cli.main import main
from deminimis.questions.why import explain
from deminimis.sources.open import open_source

DAY, NEXT = "2024-06-01", "2024-06-02"
ROLES = {"person": "who", "day": "day", "value": "usd", "limit": "8"}
CELLS = st.tuples(st.sampled_from(["A", "B", "", "N/A"]), st.sampled_from([DAY, NEXT, ""]), st.integers(-1, 5))


def table(rows: Sequence[tuple[Any, ...]], *names: str) -> pa.Table:
    columns = list(zip(*rows, strict=True))
    return pa.table(dict(zip(names or ("who", "day", "usd"), columns, strict=True)))


@given(st.lists(CELLS, min_size=1, max_size=12), st.integers(1, 5))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_agrees_with_score(rows: list[tuple[str, str, int]], rows_per_batch: int) -> None:
    """Reason and total of every row are those of `score`, and the rows told are those of the same person and day."""
    manifest = table(rows)
    scored = dm.score(manifest, **ROLES)
    kin = defaultdict(list)
    for row, (person, day, _) in enumerate(rows):
        kin[(person, day) if person in "AB" and person and day else row].append(row)
    source = open_source(pa.Table.from_batches(manifest.to_batches(max_chunksize=rows_per_batch)))
    for row, (person, day, usd) in enumerate(rows):
        found = explain(source, row, **ROLES)
        assert (found.line.row, found.line.reason) == (row, scored.reason[row].as_py())
        assert found.total == scored.total[row].as_py()
        own = (person, day) if person in "AB" and person and day else row
        assert [line.row for line in found.lines] == kin[own]
        assert found.line.value == (None if usd < 0 and own != row else found.line.value)


def test_values_and_limits() -> None:
    """Each row counts as its unit price times its quantity, and has the limit of its own origin and day."""
    rows = [
        ("A", "2025-05-02", "100.5", 2, "CN"),
        ("A", "2025-05-02", "0.25", 4, "DE"),
        ("A", "2025-05-02", "x", 1, ""),
    ]
    source = open_source(table(rows, "who", "day", "usd", "n", "from"))
    roles = {"person": "who", "day": "day", "value": "usd", "quantity": "n", "origin": "from", "rule": "us-321"}
    found = explain(source, 1, **roles)
    assert [line.reason for line in found.lines] == ["not-in-force", "eligible", "not-in-force"]
    assert [None if line.limit is None else str(line.limit) for line in found.lines] == [None, "800.00", None]
    assert [None if line.value is None else str(line.value) for line in found.lines] == ["201.0000", "1.0000", None]


def test_persons() -> None:
    """A person is told as it is written and as it is compared; of several columns, the one that was taken."""
    manifest = table([("", " JOHN  Smith", DAY, 1)], "buyer", "consignee", "day", "usd")
    roles = {"person": dm.first_of("buyer", "consignee"), "day": "day", "value": "usd", "limit": 8, "normalize": "fold"}
    assert explain(open_source(manifest), 0, **roles).persons == (("consignee", " JOHN  Smith", "john smith"),)
    roles["person"] = ["buyer", "consignee"]
    assert [person[0] for person in explain(open_source(manifest), 0, **roles).persons] == ["buyer", "consignee"]


def test_expressions() -> None:
    """A person that is computed is told by what was computed, and the columns that it is computed of are shown."""
    manifest = table([("lee", "ann", DAY, 1, "CN")], "last", "first", "day", "usd", "from")
    person = pc.binary_join_element_wise(pc.field("first"), pc.field("last"), " ")
    goods = pc.field("from") == "CN"
    found = explain(open_source(manifest), 0, **ROLES | {"person": person}, excluded=goods)
    assert found.persons == (("last or first", "ann lee", "ann lee"),)
    assert (set(found.line.cells), found.line.reason) == ({"last", "first", "day", "usd", "from"}, "excluded")


@pytest.mark.parametrize(
    ("cells", "options", "day"),
    [
        ([DAY], {}, DAY),
        ([f"{DAY} 23:59:00"], {}, DAY),
        (["06/01/2024"], {"day_format": "%m/%d/%Y"}, DAY),
        ([20240601], {"day_format": "%Y%m%d"}, DAY),
        ([f"{NEXT}T06:59:00Z"], {"timezone": "America/Los_Angeles"}, DAY),
        (["soon"], {}, None),
    ],
)
def test_day(cells: list[Any], options: dict[str, Any], day: str | None) -> None:
    """The day is the one that the row counts on."""
    found = explain(open_source(pa.table({"who": ["A"], "day": cells, "usd": [1]})), 0, **ROLES, **options)
    assert (None if found.day is None else str(found.day)) == day
    assert (found.line.reason == "no-day") == (day is None)


@pytest.mark.parametrize("kind", [pa.date32(), pa.date64(), pa.timestamp("ns"), pa.timestamp("s", "UTC")])
def test_day_of_a_type(kind: pa.DataType) -> None:
    """A date or a timestamp of any unit is told as its day."""
    cells = pa.array([datetime.fromisoformat(DAY)], pa.timestamp("s")).cast(kind)
    found = explain(open_source(pa.table({"who": ["A"], "day": cells, "usd": [1]})), 0, **ROLES)
    assert str(found.day) == DAY


def test_several_files(tmp_path: Path) -> None:
    """A row of several files is told with its file and its number there; its total spans them."""
    for name in ("a", "b"):
        pq.write_table(table([("A", DAY, 3), ("B", DAY, 9)]), tmp_path / f"{name}.parquet", row_group_size=1)
    found = explain(open_source(tmp_path), 2, **ROLES)
    assert [(line.row, Path(line.file or "").name, line.row_in_file) for line in found.lines] == [
        (0, "a.parquet", 0),
        (2, "b.parquet", 0),
    ]
    assert (str(found.total), found.line.reason) == ("6.0000", "eligible")


@pytest.mark.parametrize(("row", "first"), [(0, 0), (50, 45), (99, 90)])
def test_lines_around_the_row(row: int, first: int) -> None:
    """Of a large total the rows next to the one asked for are told, and how many there are."""
    found = explain(open_source(table([("A", DAY, 1)] * 100)), row, lines_most=10, **ROLES)
    assert [line.row for line in found.lines] == list(range(first, first + 10))
    assert (found.rows, found.rows_counted, found.line.row) == (100, 100, row)


def test_window() -> None:
    """Under a rule of calendar years the total is the year's."""
    rule = dm.Rule(limit="8", window="year")
    roles = {name: role for name, role in ROLES.items() if name != "limit"} | {"rule": rule}
    found = explain(open_source(table([("A", DAY, 3), ("A", "2024-12-31", 3), ("A", "2025-01-01", 3)])), 0, **roles)
    assert ([line.row for line in found.lines], str(found.total)) == ([0, 1], "6.0000")


def test_a_bad_value_stops_nothing() -> None:
    """With bad_values="error" the row is told as unproven."""
    found = explain(open_source(table([("A", DAY, -1), ("A", DAY, 1)])), 1, **ROLES, bad_values="error")
    assert (found.line.reason, found.rows_bad) == ("unproven-total", 1)


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--json gives every row of the total, exact amounts as text."""
    pq.write_table(table([("A", DAY, 3), ("B", DAY, 9), ("A", DAY, 6)]), tmp_path / "in.parquet")
    words = [word for role, value in ROLES.items() for word in (f"--{role}", value)]
    assert main(["explain", str(tmp_path / "in.parquet"), "--row", "2", "--json", *words]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["reason"], found["eligible"], found["total"], found["limit"]) == ("over-limit", False, "9.0000", "8")
    assert [line["row"] for line in found["rows"]] == [0, 2]


def test_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The text marks the row, and shows forty rows of a total unless all are asked for."""
    pq.write_table(table([("A", DAY, 1)] * 60), tmp_path / "in.parquet")
    words = [word for role, value in ROLES.items() for word in (f"--{role}", value)]
    for more, lines, tail in ([], 40, "... 20 rows more: --all shows them"), (["--all"], 60, "over-limit"):
        assert main(["explain", str(tmp_path / "in.parquet"), "--row", "30", *more, *words]) == 0
        shown = capsys.readouterr().out.rstrip().splitlines()
        rows = [line for line in shown if line.endswith("1.00  over-limit")]
        assert (len(rows), [line.split()[1] for line in rows if line.startswith(">")]) == (lines, ["30"])
        assert shown[-1].endswith(tail)
