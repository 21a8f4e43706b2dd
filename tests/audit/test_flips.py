"""What another rule or limit would flip: each row's two answers, summed exactly, in one reading of the manifest."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import deminimis as dm
from deminimis.cli.main import main
from deminimis.demo.manifest import manifest
from deminimis.errors import InputError

ROLES: dict[str, Any] = {
    "person": ["consignee", "postcode"],
    "day": "arrival",
    "value": "value_usd",
    "origin": "origin",
}
TABLE = manifest(20_000, seed=7)
ONE: dict[str, Any] = {"person": "who", "day": "day", "value": "usd"}
SMALL = pa.table(
    {
        "who": ["A", "A", "B", None, "C", "D"],
        "day": ["2024-06-01"] * 4 + ["?", "2024-07-01"],
        "usd": [300, 300, 150, 1, 5, None],
    }
)


def oracle(**both: Any) -> dict[tuple[str | None, str | None], list[Any]]:
    """Rows, eligible here and there, gained and lost, and the values of these two, by month and origin; row by row."""
    here, there = (dm.eligible(TABLE, **ROLES, **one).to_pylist() for one in (both["here"], both["there"]))
    found: dict[tuple[str | None, str | None], list[Any]] = {}
    columns = (TABLE[name].to_pylist() for name in ("arrival", "origin", "value_usd"))
    for is_here, is_there, day, origin, value in zip(here, there, *columns, strict=True):
        month = None if day is None else str(day)[:7]
        one = found.setdefault((month, origin or None), [0, 0, 0, 0, 0, Decimal(0), Decimal(0)])
        amount = Decimal(str(value)) if value is not None and value == value and value >= 0 else Decimal(0)
        more = (1, is_here, is_there, is_there and not is_here, is_here and not is_there)
        one[:5] = [n + int(m) for n, m in zip(one[:5], more, strict=True)]
        one[5] += amount if more[3] else 0
        one[6] += amount if more[4] else 0
    return found


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ({"limit": 800}, {"limit": 200}),
        ({"rule": "us-321"}, {"limit": 800}),
        ({"limit": "33.30"}, {"rule": "us-321"}),
        ({"limit": 800}, {"limit": 800}),
    ],
)
@pytest.mark.parametrize("memory", ["1B", "1GiB"])
def test_flips(here: dict[str, Any], there: dict[str, Any], memory: str) -> None:
    """Rows and sums by month and origin are those of the two masks, whatever the memory."""
    against = {f"against_{name}": one for name, one in there.items()}
    found = dm.what_if(TABLE, **ROLES, **here, **against, memory_limit=memory)
    told = {
        (one.month, one.origin): [
            *(one.rows, one.eligible, one.eligible_against, one.gained, one.lost),
            *(one.value_gained, one.value_lost),
        ]
        for one in found.lines
    }
    assert told == oracle(here=here, there=there)
    assert found.total.rows == len(TABLE) and found.total.gained == sum(one.gained for one in found.lines)


def test_one_reading() -> None:
    """A stream, which comes once, is enough; batches may be empty."""
    batches = [*TABLE.slice(0, 1000).to_batches(max_chunksize=300), TABLE.slice(0, 0).combine_chunks().to_batches()]
    reader = pa.RecordBatchReader.from_batches(
        TABLE.schema, [one for one in batches if isinstance(one, pa.RecordBatch)]
    )
    found = dm.what_if(reader, **ROLES, limit=800, against_limit=200)
    assert found.lines == dm.what_if(TABLE.slice(0, 1000), **ROLES, limit=800, against_limit=200).lines


def test_small() -> None:
    """A row without a day has no month; what has no known value counts as a row."""
    found = dm.what_if(SMALL, **ONE, limit=500, against_limit=600)
    assert [(one.month, one.rows, one.gained, one.value_gained, one.value) for one in found.lines] == [
        ("2024-06", 4, 2, Decimal(600), Decimal(751)),
        ("2024-07", 1, 0, Decimal(0), Decimal(0)),
        (None, 1, 0, Decimal(0), Decimal(5)),
    ]
    assert dm.what_if(SMALL.slice(0, 0), **ONE, limit=1, against_limit=2).lines == ()
    table = found.to_table()
    assert table["value_gained"].to_pylist()[0] == Decimal(600) and table.num_rows == 3
    assert str(found).startswith("a limit of 600 instead of a limit of 500: 2 rows gained, 0 lost")


@pytest.mark.parametrize("against", [{}, {"against_limit": 1, "against_rule": "us-321"}])
def test_what_it_is_compared_with(against: dict[str, Any]) -> None:
    """Exactly one other limit or rule is given."""
    with pytest.raises(InputError, match="against_limit= or against_rule="):
        dm.what_if(SMALL, **ONE, limit=500, **against)


def test_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The command tells and writes what the function gives."""
    monkeypatch.chdir(tmp_path)
    pq.write_table(SMALL, "in.parquet")
    words = [
        "whatif",
        "in.parquet",
        *["--person", "who", "--day", "day", "--value", "usd", "--limit", "500", "--against-limit", "600"],
    ]
    found = dm.what_if("in.parquet", **ONE, limit=500, against_limit=600)
    assert main([*words, "--json"]) == 0 and json.loads(capsys.readouterr().out) == found.to_dict()
    assert main([*words, "-o", "flips.csv"]) == 0 and capsys.readouterr().out == f"{found}\n\nWrote flips.csv\n"
    rows = csv.reader(Path("flips.csv").read_text().splitlines())
    assert [row[0] for row in rows] == ["month", "2024-06", "2024-07", ""]
    assert main(words[:-2]) == 2 and "--against-limit or --against-rule" in capsys.readouterr().err
