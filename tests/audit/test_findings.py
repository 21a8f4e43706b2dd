"""Findings: each pattern where it is planted and nowhere else, by thresholds as they are told, whatever reads them."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest

import deminimis as dm
from deminimis.cli.main import main

NAMES = ["just-below", "often-near", "one-address", "spellings", "repeated", "split-orders"]
ROLES: dict[str, Any] = {"person": "who", "day": "day", "value": "usd", "limit": 800}
MORE: dict[str, Any] = {"address": ["zip", "street"], "order": "order"}


def table(rows: list[tuple[Any, ...]]) -> pa.Table:
    """Rows of who, day of June 2024, amount, street and order; what is short has a street and an order of its own."""
    filled = [(*row, *(None,) * (5 - len(row))) for row in rows]
    return pa.Table.from_pylist([
        {
            "who": who, "day": f"2024-06-{day:02}", "usd": Decimal(usd), "zip": "10001",
            "street": street or f"{number} Elm", "order": order or f"O{number}",
        }
        for number, (who, day, usd, street, order) in enumerate(filled)
    ])  # fmt: skip


PLANTED = table(
    [
        *(("Near", day, "799.99") for day in (1, 2, 3)), ("Near", 4, "800.00"),  # four days above 720 up to 800
        *(("Fewer", day, "790") for day in (1, 2, 3)), ("Fewer", 4, "720"), ("Fewer", 5, "800.01"),
        ("A", 9, "300", "1 Main"), ("B", 9, "300", "1  MAIN "), ("C", 9, "300.01", "1 Main"),  # three names
        ("D", 9, "500", "2 Main"), ("E", 9, "301", "2 Main"),  # two names are too few
        ("F", 9, "900", "3 Main"), ("G", 9, "10", "3 Main"), ("H", 9, "10", "3 Main"),  # one is over by itself
        ("Ann Lee", 11, "500"), ("LEE, ANN", 11, "300.01"), ("Bo Lee", 11, "500"), ("bo lee", 11, "300"),
        *(("Same", 13, "200"),) * 3, *(("Less", 13, "39.99"),) * 5, *(("Twice", 13, "200"),) * 2,
        ("L", 15, "500", None, "lots"), ("L", 16, "301", None, "lots"),  # an order in two lots, over together
        ("M", 15, "500", None, "small"), ("M", 16, "300", None, "small"), ("N", 15, "900", None, "large"),
        ("N", 16, "10", None, "large"), ("P", 15, "400", None, "one day"), ("P", 15, "401", None, "one day"),
    ]
)  # fmt: skip


def told(found: dm.Findings) -> dict[str, list[dict[str, Any]]]:
    return {one.name: one.table.to_pylist() for one in found}


def forms(manifest: pa.Table, folder: Path) -> dict[str, Any]:
    """The manifest in memory and as files."""
    pq.write_table(manifest, folder / "in.parquet", row_group_size=7)
    pc.write_csv(manifest, folder / "in.csv")
    return {"memory": manifest, "parquet": str(folder / "in.parquet"), "csv": folder / "in.csv"}


@pytest.mark.parametrize("form", ["memory", "parquet", "csv"])
def test_what_was_planted_is_found_and_nothing_else(form: str, tmp_path: Path) -> None:
    """Each pattern once, at the very edges of its definition."""
    before = dm.score(PLANTED, **ROLES).mask
    found = dm.findings(forms(PLANTED, tmp_path)[form], **ROLES, **MORE)
    lines = told(found)
    assert [one.name for one in found] == NAMES and all(one.checked for one in found)
    assert lines["often-near"] == [{"person": "Near", "days near": 4, "total": Decimal("3199.97")}]
    (address,) = lines["one-address"]
    assert (address["street"], address["names"], address["total"]) == ("1 Main", 3, Decimal("900.01"))
    (spelled,) = lines["spellings"]
    assert (spelled["person"], spelled["spellings"], spelled["total"]) == ("ann lee", 2, Decimal("800.01"))
    assert [line["rows"] for line in lines["repeated"]] == [3] and "Same" in lines["repeated"][0]["person and value"]
    assert lines["split-orders"] == [{"order": "lots", "lots": 2, "total": Decimal("801")}]
    assert [one.count for one in found] == [0, 1, 1, 1, 1, 1]
    assert dm.score(PLANTED, **ROLES).mask.equals(before)


def test_person_days_just_below_are_held_against_what_lies_around() -> None:
    """As many as around are none; a heap below the limit is one, with its numbers."""
    even = [(f"p{at}-{one}", 1, f"{640 + 16 * at + 1}") for at in range(20) for one in range(5)]
    (none,) = dm.findings(table(even), **ROLES, only=["just-below"])
    assert (none.count, none.numbers["person-days just below"], none.numbers["expected"]) == (0, 5, "5.0")
    heap = [*even, *((f"heap{one}", 1, "800") for one in range(7))]
    (one,) = dm.findings(table(heap), **ROLES, only=["just-below"])
    assert (one.count, one.numbers["more than expected"], one.table.num_rows) == (12, "7.0", 12)
    assert one.table["total"].to_pylist()[0] == Decimal(800)
    over = [*even, *((f"over{one}", 1, "800.01") for one in range(7))]
    assert dm.findings(table(over), **ROLES, only=["just-below"])["just-below"].count == 0


def test_what_is_not_given_is_not_looked_for() -> None:
    """Without an address or an order, and where names are compared by their form already, it is said why."""
    found = dm.findings(PLANTED, **ROLES, normalize="name")
    why = {one.name: one.why for one in found if not one.checked}
    assert [*why] == ["one-address", "spellings", "split-orders"]
    assert "--address" in why["one-address"] and "already" in why["spellings"]
    assert all(one.definition and one.source for one in found)
    assert dm.findings(PLANTED.slice(0, 0), **ROLES, **MORE)["often-near"].count == 0


def test_thresholds_are_data(tmp_path: Path) -> None:
    """A file changes them, the definition says so, and what is none is refused by name."""
    path = tmp_path / "own.toml"
    path.write_text('[often-near]\ndays = 3\n[repeated]\nrows = 2\nleast = "0.01"\n')
    found = dm.findings(PLANTED, **ROLES, only=["often-near", "repeated"], thresholds=path)
    assert [one.count for one in found] == [2, 3] and "at least 3 person-days" in found["often-near"].definition
    for text in ("[other]\n", "[repeated]\nrow = 2\n", '[repeated]\nrows = "x"\n', '[repeated]\ntitle = "x"\n'):
        path.write_text(text)
        with pytest.raises(dm.errors.InputError, match=r"own\.toml"):
            dm.findings(PLANTED, **ROLES, thresholds=path)
    for wrong in ({"only": ["near"]}, {"most": 0}):
        with pytest.raises(dm.errors.InputError):
            dm.findings(PLANTED, **ROLES, **wrong)


def test_rules_settings_and_little_memory() -> None:
    """Roles of a rule, a quantity, a composite person and spilling give the same findings."""
    rows = PLANTED.append_column("from", pa.array(["DE"] * len(PLANTED))).append_column(
        "pieces", pa.array([1] * len(PLANTED))
    )
    roles = ROLES | {"person": ["who", "zip"], "origin": "from", "rule": "us-321", "quantity": "pieces"}
    del roles["limit"]
    found = dm.findings(rows, **roles, **MORE, memory_limit="1B", threads=2)
    assert [one.count for one in found] == [0, 1, 1, 1, 1, 1]
    limited = dm.findings(PLANTED, **ROLES, only=["often-near"], thresholds=None, most=1)
    assert limited["often-near"].table.num_rows == 1


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Text with definitions and sources, JSON with rows, and errors in the words of the command line."""
    path = forms(PLANTED, tmp_path)["parquet"]
    words = ["--person", "who", "--day", "day", "--value", "usd", "--limit", "800", "--address", "zip"]
    words += ["--address", "street", "--order", "order"]
    assert main(["findings", path, *words]) == 0
    out = capsys.readouterr().out
    assert "19 U.S.C. 1321(a)(2)" in out and "900.01" in out and "None of them changes an answer" in out
    assert main(["findings", path, *words, "--json", "--only", "split-orders"]) == 0
    (one,) = json.loads(capsys.readouterr().out)["findings"]
    assert one["rows"] == [{"order": "lots", "lots": 2, "total": "801.0000"}]
    assert main(["findings", path, *words, "--only", "all"]) == 2
    assert "--only" in capsys.readouterr().err


@pytest.mark.parametrize("width", [40, 80])
def test_it_fits_a_terminal(width: int) -> None:
    """No line is wider."""
    text = dm.findings(PLANTED, **ROLES, **MORE).to_text(width)
    assert max(map(len, text.split("\n"))) <= width


def test_names_that_look_like_amounts_stay_as_they_are() -> None:
    """A customer's number such as 17850.0 is text."""
    rows = PLANTED.set_column(0, "who", pa.array(["17850.0"] * len(PLANTED)))
    found = dm.findings(rows, **ROLES, only=["repeated"])
    assert "17850.0" in str(found) and "17,850" not in str(found)
