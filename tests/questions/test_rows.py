"""A row is found by its id, or by its person and day, as the settings compare and read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pc
import pytest

import deminimis as dm
from deminimis.cli.main import main

TABLE = pa.table(
    {
        "ship": ["S1", "S2", "S3", None, "S5"],
        "who": ["Ann", "ANN ", "Bob", "Ann", "Ann"],
        "zip": ["1", "1", "2", "1", "1"],
        "d": ["2024-06-01", "2024-06-02", "2024-06-01", None, "2024-06-03"],
        "v": ["500", "900", "1", "2", "3"],
    }
)
ROLES: dict[str, Any] = {"person": ["who", "zip"], "day": "d", "value": "v", "limit": 800}


@pytest.mark.parametrize(
    ("asked", "row"),
    [
        ({"id": ("ship", "S3")}, 2), ({"name": "Ann"}, 0), ({"name": "Ann", "on": "2024-06-03"}, 4),
        ({"name": "ann", "on": "2024-06-02", "normalize": "fold"}, 1), ({"name": "Bob", "on": "2024-06-01"}, 2),
    ],
)  # fmt: skip
def test_the_first_row_of_that_name(asked: dict[str, Any], row: int) -> None:
    """In memory and in chunks."""
    assert dm.find_row(TABLE, **ROLES, **asked) == row
    assert dm.find_row([TABLE.slice(0, 1), TABLE.slice(1)], **ROLES, **asked) == row


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"id": ("ship", "S4")}, "no row of 'S4'"), ({"id": ("shp", "S4")}, "shp"), ({}, "say which row"),
        ({"name": "Ann", "on": "2024-07-01"}, "no row of the person 'Ann' on 2024-07-01"),
        ({"on": "2024-06-01"}, "say"),
        ({"name": "ann"}, "no row"), ({"name": "Ann", "on": "June"}, "YYYY-MM-DD"),
    ],
)  # fmt: skip
def test_what_is_not_there(asked: dict[str, Any], told: str) -> None:
    """Is said."""
    with pytest.raises(dm.errors.InputError, match=told):
        dm.find_row(TABLE, **ROLES, **asked)


def test_explain_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command line takes an id, or a name and a day."""
    path = str(tmp_path / "in.csv")
    pc.write_csv(TABLE, path)
    words = ["--person", "who", "--day", "d", "--value", "v", "--limit", "800", "--json"]
    for asked, row in ((["--id", "ship=S2"], 1), (["--name", "Ann", "--on", "2024-06-03"], 4), (["--row", "2"], 2)):
        assert main(["explain", path, *asked, *words]) == 0
        assert json.loads(capsys.readouterr().out)["row"] == row
    for wrong in (["--id", "S2"], ["--id", "ship=S9"], ["--row", "1", "--name", "Ann"], []):
        assert main(["explain", path, *wrong, *words]) == 2
