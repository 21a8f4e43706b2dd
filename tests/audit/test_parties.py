"""What several parties tell of the same shipments, compared: findings, agreement, and the command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

import deminimis as dm
from deminimis.audit.parties import FINDINGS
from deminimis.cli.main import main
from deminimis.errors import InputError

DAY = "2024-06-01"
COLUMNS = ("shipment", "party", "version", "line", "cancelled", "person", "day", "value", "origin", "sku")
ROWS = [
    ("S1", "AMS", "1", "1", "false", "Ann Lee", DAY, "300", "CN", "a"),
    ("S1", "ABI", "1", "1", "false", "ANN  LEE", DAY, "300.00", "CN", "a"),
    ("S2", "AMS", "1", "1", "false", "Unknown", DAY, "100", "CN", "a"),
    ("S2", "ABI", "1", "1", "false", "Bob", DAY, "120", "HK", "b"),
    ("S2", "ABI", "1", "2", "false", "Bob", DAY, "30", "HK", "b"),
    ("S2", "ABI", "1", "2", "false", "Bob", DAY, "30", "HK", "b"),
    ("S3", "AMS", "9", "1", "false", "Cy", DAY, "10", "DE", "a"),
    ("S3", "AMS", "10", "1", "false", "Cy", DAY, "20", "DE", "a"),
    ("S4", "AMS", "1", "1", "true", "Di", DAY, "20", "DE", "a"),
    ("S4", "ABI", "1", "1", None, "Di", "2024-06-02", "x", "DE", "a"),
    (None, "ABI", "1", "1", "false", "Eve", DAY, "20", "DE", "a"),
]
ROLES: dict[str, Any] = {name: name for name in COLUMNS if name != "sku"}
EXPECTED = [
    ("S2", "nobody", "person", "AMS", "unknown", "ABI", "bob"),
    ("S2", "differs", "value", "ABI", "150.00", "AMS", "100.00"),
    ("S2", "differs", "origin", "ABI", "HK", "AMS", "CN"),
    ("S2", "differs", "sku", "ABI", "b", "AMS", "a"),
    ("S3", "only", None, "AMS", None, None, None),
    ("S3", "amended", None, "AMS", "2 versions", None, None),
    ("S4", "cancelled", None, "AMS", None, None, None),
]


def table() -> pa.Table:
    arrays = [pa.array(cells, pa.string()) for cells in zip(*ROWS, strict=True)]
    return pa.table(arrays, names=list(COLUMNS))


def lines(found: pa.Table) -> list[tuple[str | None, ...]]:
    return [tuple(line.values()) for line in found.to_pylist()]


def test_findings() -> None:
    """Every kind of finding, with who says what; what is alike when it is folded, or as an amount, is none."""
    found = dm.reconcile(table(), **ROLES, normalize="fold", fields=("sku",))
    assert lines(found.differences) == EXPECTED
    assert found.findings == {"only": 1, "amended": 1, "cancelled": 1, "nobody": 1, "differs": 3}
    assert list(found.findings) == list(FINDINGS)
    assert (found.shipments, found.parties) == (4, {"ABI": 3, "AMS": 4})
    assert lines(found.agreement) == [
        ("day", "ABI", "AMS", 2, 2),
        ("origin", "ABI", "AMS", 2, 1),
        ("person", "ABI", "AMS", 2, 1),
        ("sku", "ABI", "AMS", 2, 1),
        ("value", "ABI", "AMS", 2, 1),
    ]
    assert repr(found) == (
        "<deminimis.Reconciliation of 4 shipments: 1 only, 1 amended, 1 cancelled, 1 nobody, 3 differs>"
    )


def test_persons_as_they_are() -> None:
    """Without `normalize`, persons are compared by their bytes; of a composite, all parts."""
    plain = dm.reconcile(table(), **ROLES)
    assert ("S1", "differs", "person", "ABI", "ANN  LEE", "AMS", "Ann Lee") in lines(plain.differences)
    both = dm.reconcile(table(), **ROLES | {"person": ["person", "sku"]}, normalize="fold")
    assert ("S2", "nobody", "person", "AMS", "unknown | a", "ABI", "bob | b") in lines(both.differences)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"party": None, "version": "version"}, "give shipment= and party="),
        ({"person": "nobody"}, "column 'nobody': the column is not one of shipment"),
        ({"fields": ("weight",)}, "column 'weight': the column is not one of shipment"),
        ({"cancelled": pc.field("cancelled")}, "reconcile compares columns as they are"),
    ],
)
def test_what_is_refused(options: dict[str, Any], said: str) -> None:
    """What it needs is told, before or once the columns are looked at."""
    with pytest.raises(InputError) as raised:
        dm.reconcile(table(), **ROLES | options)
    assert said in str(raised.value)


def test_no_rows() -> None:
    """An empty manifest has no findings, in tables that have their columns."""
    found = dm.reconcile(table().slice(0, 0), **ROLES)
    assert (found.shipments, found.differences.num_rows, found.agreement.num_rows) == (0, 0, 0)


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The command writes the findings, and says them in words or as JSON."""
    monkeypatch.chdir(tmp_path)
    pyarrow.csv.write_csv(table(), "in.csv")
    words = [word for role, column in ROLES.items() for word in (f"--{role}", column)]
    words = ["reconcile", "in.csv", *words, "--normalize", "fold", "--fields", "sku"]
    assert main([*words, "-o", "out.parquet"]) == 0
    said = capsys.readouterr().out
    assert lines(pq.read_table("out.parquet")) == EXPECTED
    assert "Shipments" in said and "value" in said and "Wrote out.parquet" in said
    assert main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [tuple(line.values()) for line in told["differences"]] == EXPECTED
    assert main([*words[:-2], "--fields", "weight"]) == 2
