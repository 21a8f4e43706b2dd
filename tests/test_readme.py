"""The README: every example runs as it stands, every case of its table holds, every file it names is there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import deminimis as dm

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.M | re.S)
SHELL = [code for language, code in BLOCKS if language == "sh" and "pip install" not in code]
PYTHON = [code for language, code in BLOCKS if language == "python"]
ROW = re.compile(
    r"(?P<person>.+?)(?: at (?P<postcode>\w+))? (?P<value>null|NaN|-?[\d.]+)(?: by (?P<supplier>\w+))?"
    r"(?: of (?P<shipment>\w+))?(?: from (?P<origin>\w+))?(?: as (?P<kind>\w+))?"
    r"(?: on (?P<day>[\d-]+))?(?: entered (?P<entered>[\d-]+))?"
    r"(?: (?P<excluded>excluded\??))?"
)
EXCLUDED = {None: False, "excluded": True, "excluded?": None}
LETTERS = {"E": True, "X": False}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the shell's examples have run, with a `deminimis` that is the package under test."""
    folder = tmp_path_factory.mktemp("readme")
    command = folder / "bin" / "deminimis"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -W error -m deminimis "$@"\n')
    command.chmod(0o755)
    path = f"{command.parent}{os.pathsep}{os.environ['PATH']}"
    for code in SHELL:
        words = ["bash", "-euo", "pipefail", "-c", code]
        subprocess.run(words, cwd=folder, env=os.environ | {"PATH": path}, check=True, stdin=subprocess.DEVNULL)
    return folder


def test_shell_examples(folder: Path) -> None:
    """The examples leave the files that they name."""
    assert {path.name for path in folder.iterdir()} == {
        "audit.html",
        "bin",
        "demo",
        "evidence.json",
        "mask.parquet",
        "scored.csv",
    }


@pytest.mark.parametrize("code", PYTHON, ids=[code.splitlines()[0] for code in PYTHON])
def test_python_examples(folder: Path, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each example stands by itself."""
    monkeypatch.chdir(folder)
    exec(compile(code, "README.md", "exec"), {})


@pytest.mark.parametrize("change", ["sort_values('value_usd')", "query('value_usd > 100')", "set_index('postcode')"])
def test_pandas_example_by_position(folder: Path, change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a frame that is sorted, filtered or labelled anew, each row has the answer that Arrow gives it."""
    monkeypatch.chdir(folder)
    (code,) = [code for code in PYTHON if "pandas as pd" in code]
    read = 'pd.read_parquet("demo/manifest.parquet")'
    assert read in code
    names: dict[str, Any] = {}
    exec(compile(code.replace(read, f"{read}.{change}"), "README.md", "exec"), names)
    frame = names["frame"]
    roles = {"person": "consignee", "day": "arrival", "value": "value_usd", "rule": "us-321", "origin": "origin"}
    scored = dm.score(pa.Table.from_pandas(frame.drop(columns=["eligible", "reason", "total"])), **roles)
    assert frame["eligible"].to_list() == scored.mask.to_pylist()
    assert frame["reason"].to_list() == scored.reason.to_pylist()
    assert 0 < scored.mask.true_count < len(frame)


def cases() -> list[list[str]]:
    """The rows of the table of cases, cell by cell."""
    lines = [line for line in README.splitlines() if re.fullmatch(r"\|.*\| [EX]( [EX])* \|.*\|", line)]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize(("rows", "settings", "mask", "reasons"), cases())
def test_cases(rows: str, settings: str, mask: str, reasons: str) -> None:
    """A case of the table has the mask and the reasons that it says; one reason stands for all rows."""
    columns: dict[str, list[Any]] = {"day": [], "excluded": []}
    for text in rows.split(", "):
        found = ROW.fullmatch(text)
        assert found is not None
        for name in ("person", "postcode", "value", "supplier", "shipment", "origin", "kind", "entered"):
            columns.setdefault(name, []).append(None if found[name] == "null" else found[name])
        columns["day"].append(date.fromisoformat(found["day"] or "2024-06-01"))
        columns["excluded"].append(EXCLUDED[found["excluded"]])
    table = pa.table({**columns, "excluded": pa.array(columns["excluded"], pa.bool_())})
    options: dict[str, Any] = eval(f"dict({settings.strip('`')})")
    bound = {"person": "person"} | ({"origin": "origin"} if "rule" in options else {"limit": 800})
    scored = dm.score(table, day="day", value="value", excluded="excluded", **bound | options)
    told = reasons.split(", ")
    assert scored.mask.to_pylist() == [LETTERS[letter] for letter in mask.split()]
    assert scored.reason.to_pylist() == (told if len(told) > 1 else told * len(scored.mask))


def test_every_case_is_read() -> None:
    """No row of the table escapes the test above, and the examples were found."""
    table = README[README.index("| rows") : README.index("Where several reasons hold")]
    assert len(cases()) == len(table.strip().splitlines()) - 2
    assert (len(SHELL), len(PYTHON)) == (2, 9)


@pytest.mark.parametrize("name", re.findall(r"\]\(([\w./]+)\)", README))
def test_links(name: str) -> None:
    """A file that the README points to is there."""
    assert (ROOT / name).is_file()


def test_order_of_reasons() -> None:
    """The README gives the reasons in the order of the package."""
    assert ", ".join(dm.REASONS) in " ".join(README.split())
