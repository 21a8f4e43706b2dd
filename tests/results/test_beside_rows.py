"""What is written beside answers of the manifest's own rows, and counts of them, against `explain` and group-bys."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import deminimis as dm
from deminimis.cli.main import main
from deminimis.demo.manifest import ROLES, manifest

MORE = ["eligible", "reason", "total", "person", "day", "limit", "step", "key"]
DEMO = manifest(6_000)
SECRET = b"a secret that nobody knows"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pa.Table]:
    """The demo's manifest in row groups, and it with all that can stand beside it."""
    folder = tmp_path_factory.mktemp("beside")
    pq.write_table(DEMO, folder / "in.parquet", row_group_size=500)
    dm.score_files(folder / "in.parquet", folder / "out.parquet", columns=MORE, append=True, secret=SECRET, **ROLES)
    return folder, pq.read_table(folder / "out.parquet")


def test_columns_are_those_of_explain(written: tuple[Path, pa.Table]) -> None:
    """Of rows of every reason: the compared name, the day, the limit and the citation of the step."""
    table = written[1]
    reasons = table["reason"].to_pylist()
    rows = {row for reason in set(reasons) for row in [at for at, one in enumerate(reasons) if one == reason][:4]}
    for row in sorted(rows):
        told = dm.explain(DEMO, row, **ROLES)
        line = table.slice(row, 1).to_pylist()[0]
        assert line["day"] == told.day and line["reason"] == told.line.reason
        assert line["limit"] == (told.step and told.step.limit) and (told.step is None) == (line["step"] is None)
        assert told.step is None or line["step"].endswith(told.step.citation)
        forms = " | ".join(str(form or "") for _, _, form in told.persons)
        assert line["person"] == (None if line["reason"] == "no-person" else forms)
        assert (line["key"] is None) == (line["reason"] in ("no-person", "no-day", "not-in-force"))


def counted(table: pa.Table, labels: list[str]) -> list[dict[str, Any]]:
    """The counts of a written table, by Arrow's own group-by of exact decimals."""
    value = pc.if_else(pc.greater_equal(table["value_usd"], 0), table["value_usd"], None)
    table = table.append_column("known", value.cast(pa.decimal128(30, 4)))
    found = []
    for label in sorted({tuple(one.values()) for one in table.select(labels).to_pylist()}, key=str):
        mask = np.ones(len(table), bool)
        for name, cell in zip(labels, label, strict=True):
            same = pc.is_null(table[name]) if cell is None else pc.fill_null(pc.equal(table[name], cell), False)
            mask &= same.to_numpy()
        own = table.filter(pa.array(mask))
        line = dict(zip(labels, label, strict=True)) | {"rows": len(own)}
        line |= {reason: own["reason"].to_pylist().count(reason) for reason in dm.REASONS}
        line["value"] = pc.sum(own["known"]).as_py() or Decimal(0)
        line["value_eligible"] = pc.sum(own.filter(own["eligible"])["known"]).as_py() or Decimal(0)
        over = own.filter(pc.equal(own["reason"].cast(pa.string()), "over-limit"))
        found.append(line | {"person_days_over": len(set(over["key"].to_pylist()))})
    return found


@pytest.mark.parametrize("by", [["month"], ["origin"], ["month", "origin"], ["postcode", "day"]])
@pytest.mark.parametrize(("threads", "memory"), [(1, "1GiB"), (2, "1GiB"), (3, "1B")])
def test_counts_are_those_of_a_group_by(
    by: list[str], threads: int, memory: str, written: tuple[Path, pa.Table]
) -> None:
    """Rows, reasons, exact sums and distinct person-days, whatever the threads and the memory."""
    folder, table = written
    table = table.slice(0, 400) if "postcode" in by else table
    month = pc.strftime(table["day"], "%Y-%m")
    table = table.append_column("month", month)
    source = folder / f"{threads}{memory}.parquet"
    pq.write_table(DEMO.slice(0, len(table)), source, row_group_size=77)
    summary = dm.score_files(source, None, by=by, threads=threads, memory_limit=memory, secret=SECRET, **ROLES)
    assert summary.counts is not None
    lines = summary.counts.to_pylist()
    assert sorted(map(str, lines)) == sorted(map(str, _wide(counted(_again(table, len(table)), by))))
    assert dm.score(DEMO.slice(0, len(table)), by=by, secret=SECRET, **ROLES).summary.counts.equals(summary.counts)


def _again(table: pa.Table, rows: int) -> pa.Table:
    """The table as it is where it is whole; else with the answers of these rows alone."""
    if rows == len(DEMO):
        return table
    scored = dm.score(DEMO.slice(0, rows), secret=SECRET, **ROLES)
    at = table.column_names.index
    table = table.set_column(at("reason"), "reason", scored.reason)
    return table.set_column(at("eligible"), "eligible", scored.mask)


def _wide(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sums with the four decimals that counts have."""
    amounts = ("value", "value_eligible")
    return [line | {name: line[name].quantize(Decimal("0.0001")) for name in amounts} for line in lines]


def test_calendars_and_what_has_none() -> None:
    """Days, months, quarters and years before and after 1970; a row without a day comes last."""
    days = ["1969-12-31", "1970-01-01", "2024-05-31", None, "0001-01-01"]
    table = pa.table({"who": list("ABCDE"), "d": days, "v": ["1"] * 5})
    found = dm.score(table, person="who", day="d", value="v", limit=8, by=["day", "month", "quarter", "year"])
    counts = found.summary.counts
    assert counts is not None
    assert counts["month"].to_pylist() == ["0001-01", "1969-12", "1970-01", "2024-05", None]
    assert counts["quarter"].to_pylist() == ["0001-Q1", "1969-Q4", "1970-Q1", "2024-Q2", None]
    assert counts["year"].to_pylist() == ["0001", "1969", "1970", "2024", None]
    assert counts["day"].cast(pa.string()).to_pylist() == [*sorted(one for one in days if one), None]
    assert counts["no-day"].to_pylist() == [0, 0, 0, 0, 1]


def test_roles_and_cells_of_any_type() -> None:
    """A role stands for its column; cells are text; a column of the name comes first."""
    roles = dm.Options(person="who", day="d", value="v", origin="coo", rule="us-321")
    origins = pa.array(["CN", None, "CN"]).dictionary_encode()
    table = pa.table({"who": ["A"] * 3, "d": ["2024-06-01"] * 3, "v": [1, 2, 3], "coo": origins, "n": [7, 7, None]})
    counts = dm.score(table, **roles, by=["origin", "n"]).summary.counts
    assert counts is not None
    lines = counts.select(["origin", "n", "rows", "value"]).to_pylist()
    assert [tuple(line.values()) for line in lines] == [
        ("CN", "7", 1, Decimal(1)), ("CN", None, 1, Decimal(3)), (None, "7", 1, Decimal(2)),
    ]  # fmt: skip
    empty = dm.score(table.slice(0, 0), **roles, by=["origin"]).summary.counts
    assert empty is not None and empty.num_rows == 0 and empty.column_names[:2] == ["origin", "rows"]


@pytest.mark.parametrize("by", [[], ["nobody"], ["d", "d"], [""], [3]])
def test_what_cannot_be_counted_by(by: list[Any]) -> None:
    """Is refused before any row is read."""
    table = pa.table({"who": ["A"], "d": ["2024-06-01"], "v": ["1"]})
    with pytest.raises(dm.errors.InputError):
        dm.score(table, person="who", day="d", value="v", limit=8, by=by)


def test_many_person_days_over_go_to_disk(tmp_path: Path) -> None:
    """Each is counted once in each line, also where its rows lie far apart."""
    n = 80_000
    table = pa.table(
        {
            "who": pa.array(np.concatenate([np.arange(n), np.arange(n)])),
            "d": pa.array(np.zeros(2 * n, np.int32), pa.date32()),
            "v": pa.array(np.full(2 * n, 500)),
            "half": pa.array(np.arange(2 * n) // (n + n // 2)),
        }
    )
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=30_000)
    found = dm.score_files(
        tmp_path / "in.parquet", None, person="who", day="d", value="v", limit=800, by=["half"], memory_limit="1B"
    )
    assert found.counts is not None and found.counts["person_days_over"].to_pylist() == [n, n // 2]


def test_ids_stand_before_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command line writes the id, the answers and what is beside them, and prints the counts."""
    (tmp_path / "in.csv").write_text("ship,who,d,v\nS1,A,06/01/2024,500\nS2,A,06/01/2024,400\nS3,B,,1\n")
    words = ["--person", "who", "--day", "d", "--value", "v", "--limit", "800", "--day-format", "%m/%d/%Y"]
    out = tmp_path / "out.csv"
    more = ["--with", "reason,person,day,limit,step", "--id", "ship", "--by", "month"]
    assert main(["score", str(tmp_path / "in.csv"), "-o", str(out), *words, *more, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(one["month"], one["rows"], one["person_days_over"]) for one in told["counts"]] == [
        ("2024-06", 2, 1), (None, 1, 0),
    ]  # fmt: skip
    lines = out.read_text().replace('"', "").splitlines()
    assert lines[0] == "ship,eligible,reason,person,day,limit,step"
    assert lines[1].startswith("S1,false,over-limit,A,2024-06-01,800") and "stated" in lines[1]
    assert main(["score", str(tmp_path / "in.csv"), *words, "--by", "month,who"]) == 0
    assert "days over" in capsys.readouterr().out
    assert main(["score", str(tmp_path / "in.csv"), *words, "--id", "ship"]) == 2
    assert main(["score", str(tmp_path / "in.csv"), "-o", str(out), *words, "--id", "shp"]) == 2
    assert "ship" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["text", "date", "timestamp", "expression"])
def test_days_of_any_type(kind: str) -> None:
    """What stands beside rows and is counted is the same whatever type the day has, also one that names nobody."""
    day: Any = "d"
    days = pa.array([19_900, 19_901, None], pa.date32())
    table = pa.table({"who": ["A", "A", "B"], "d": days, "v": ["1", "900", "x"]})
    if kind == "text":
        table = table.set_column(1, "d", days.cast(pa.string()))
    elif kind == "timestamp":
        table = table.set_column(1, "d", days.cast(pa.timestamp("us")))
    elif kind == "expression":
        day = pc.field("d")
    found = dm.score(table, person="who", day=day, value="v", limit=8, by=["day"]).summary.counts
    assert found is not None
    assert found.select(["rows", "value", "person_days_over"]).to_pylist() == [
        {"rows": 1, "value": Decimal(1), "person_days_over": 0},
        {"rows": 1, "value": Decimal(900), "person_days_over": 1},
        {"rows": 1, "value": Decimal(0), "person_days_over": 0},
    ]
