"""Type checkers: what the README shows passes, roles in a dict pass, a wrong name or choice does not."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")
ROLES = """
from typing import Any
import deminimis as dm

roles = dm.Options(person=dm.first_of("consignee", "shipment"), day="arrival", value="value_usd", limit=800)
words: dict[str, Any] = dict(person="consignee", day="arrival", value="value_usd", limit=800)
"""
USES = """
dm.eligible("in.parquet", **roles)
dm.eligible("in.parquet", **words)
dm.score_files("in.parquet", "mask.parquet", **roles, columns=["eligible", "reason"], delimiter=";")
dm.score_files("in.parquet", "mask.parquet", **words)
dm.Scorer(**roles)
dm.Scorer(**words)
dm.explain("in.parquet", 4, **roles)
dm.plan("in.parquet", **roles)
dm.score("in.parquet", person=["name", "zip"], day="d", value="v", rule="us-321", origin="o", normalize="fold")
"""
FAULTS = {
    "name": 'dm.score("in", **roles, normalise="fold")',
    "key": 'dm.Options(person="a", day="b", value="c", limits=8)',
    "choice": 'dm.score("in", person="a", day="b", value="c", overflow="some")',
    "role": 'dm.score("in", person="a", day="b", limit=8)',
}
AT_RUN_TIME = re.compile("LazyFrame.*deminimis|deminimis.*LazyFrame")
"""What Polars learns when the program runs, no type checker can know."""


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the README's examples, of roles in a dict, and of programs with one fault each."""
    folder = tmp_path_factory.mktemp("types")
    (folder / "uses.py").write_text(ROLES + USES)
    for name, line in FAULTS.items():
        (folder / f"fault_{name}.py").write_text(f"{ROLES}\n{line}\n")
    for number, code in enumerate(re.findall(r"^```python\n(.*?)^```$", README, re.M | re.S)):
        (folder / f"readme_{number}.py").write_text(code)
    return folder


def told(words: list[str], folder: Path) -> dict[str, list[str]]:
    """What a type checker says of each program, but for what it cannot know."""
    programs = sorted(path.name for path in folder.glob("*.py"))
    found = subprocess.run([*words, *programs], cwd=folder, capture_output=True, text=True, timeout=300)
    errors = [line for line in found.stdout.splitlines() if " error: " in line]
    assert errors, found.stdout + found.stderr
    kept = [line for line in errors if not AT_RUN_TIME.search(line)]
    return {name: [line for line in kept if f"{name}:" in line] for name in programs}


def check(errors: dict[str, list[str]]) -> None:
    faulty = {name for name, lines in errors.items() if lines}
    assert faulty == {f"fault_{name}.py" for name in FAULTS}, errors


def test_mypy(programs: Path) -> None:
    """Strictly, and each fault is found."""
    pytest.importorskip("mypy")
    check(told([sys.executable, "-m", "mypy", "--strict", "--ignore-missing-imports"], programs))


@pytest.mark.skipif(shutil.which("pyright") is None, reason="pyright is not installed")
def test_pyright(programs: Path) -> None:
    """The same by another one."""
    check(told(["pyright", "--pythonpath", sys.executable], programs))
