"""Request that were checked before are not checked again, where they are the same and nothing else can have changed."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

import deminimis as dm
from deminimis.api import start_run

ROLES = {"person": "person", "day": "day", "value": "value"}
TABLE = pa.table({"person": ["A", "B"], "day": ["2024-06-01"] * 2, "value": ["0.50", "5"]})


def test_roles_are_remembered_by_type() -> None:
    """Equal options of another type are checked anew, and runs with the same roles have secrets of their own."""
    assert len(dm.eligible(TABLE, **ROLES, limit=1)) == TABLE.num_rows
    with pytest.raises(dm.DeminimisError):
        dm.eligible(TABLE, **ROLES, limit=True)
    first, second = (start_run({"limit": 1}, outcomes=False, **ROLES)[0].request for _ in range(2))
    assert first[:-1] == second[:-1]
    assert first.secret != second.secret


def test_rule_file_is_read_again(tmp_path: Path) -> None:
    """A rule that is named by its file means what the file says at the call."""
    file = tmp_path / "rule.toml"
    head = 'name = "own"\ntitle = "own"\nauthority = "own"\nwindow = "day"\noverflow = "all"\n'
    head += 'currency = "USD"\nkey = ["person"]\n'
    masks = []
    for limit in ("1", "800"):
        step = f'[[step]]\nfrom = 2020-01-01\norigin = "every"\nlimit = "{limit}"\ncitation = "own"\n'
        file.write_text(head + step)
        masks.append(dm.eligible(TABLE, **ROLES, rule=file).to_pylist())
    assert masks[0] != masks[1]
