"""The public face: the names that there are, and that type checkers know their options."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pyarrow as pa
import pytest

import deminimis as dm

TABLE = pa.table({"who": ["A", "B"], "day": ["2024-06-01"] * 2, "usd": ["1", "801"]})


def test_names() -> None:
    """Tab completion shows what is public and no room; every name of it is there, and says what it is."""
    assert set(dir(dm)) == {*dm.__all__, "__version__"}
    for name in dm.__all__:
        found = getattr(dm, name)
        assert name.isupper() or inspect.getdoc(found)
    with pytest.raises(AttributeError, match="has no attribute 'scor'"):
        dm.scor  # type: ignore[attr-defined]  # noqa: B018


def test_no_public_function_bears_the_name_of_a_room() -> None:
    """A function is never hidden by the folder or file of its name, whatever was imported before."""
    package = Path(dm.__file__).parent
    rooms = {path.stem for path in package.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert rooms & set(dm.__all__) == {"errors"}


def test_type_checkers_see_the_names() -> None:
    """What is imported for type checkers is what is imported when it is asked for."""
    (block,) = [node for node in ast.parse(Path(dm.__file__).read_text()).body if isinstance(node, ast.If)]
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    seen = {node.module: tuple(one.name for one in node.names) for node in imports}
    assert seen == {None: ("errors",)} | dm._PLACES
    for place, names in dm._PLACES.items():
        assert all(getattr(import_module(f"deminimis.{place}"), name) is getattr(dm, name) for name in names)


def test_no_other_library_is_imported() -> None:
    """Polars and DuckDB are there for those who use them alone (pyarrow itself looks for pandas)."""
    code = """
import sys, deminimis as dm, pyarrow as pa
table = pa.table({"who": ["A"], "day": ["2024-06-01"], "usd": ["1"]})
assert pa.table(dm.stream(table, person="who", day="day", value="usd", limit=8)).num_rows == 1
assert not {"polars", "duckdb", "deminimis.polars", "deminimis.pandas"} & {*sys.modules}
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=100)


def test_the_version_is_one() -> None:
    """Package, build and citation have the same version."""
    root = Path(__file__).resolve().parents[1]
    assert f'\nversion = "{dm.__version__}"\n' in (root / "pyproject.toml").read_text()
    assert f"\nversion: {dm.__version__}\n" in (root / "CITATION.cff").read_text()


def test_explain() -> None:
    """A row of any manifest is explained by a function, with the words of `score`."""
    found = dm.explain(TABLE, 1, person="who", day="day", value="usd", limit=800, threads=1)
    assert (found.line.reason, str(found.total), found.rows) == ("over-limit", "801.0000", 1)
    assert isinstance(found, dm.Explanation) and isinstance(found.step, dm.Step)
    with pytest.raises(TypeError, match="did you mean 'limit'"):
        dm.explain(TABLE, 1, person="who", day="day", value="usd", max=800)


def test_plan() -> None:
    """A plan of any manifest is made by a function, with the words of `score_files`."""
    found = dm.plan(TABLE, person="who", day="day", value="usd", limit=800)
    assert isinstance(found, dm.Plan) and (found.rows, found.fits) == (2, True)


@pytest.mark.parametrize("width", [None, 40, 80])
def test_rules_and_feeds(width: int | None) -> None:
    """Rules and feeds are listed and shown as text, in lines that fit."""
    for text in (
        dm.list_rules(width),
        dm.show_rule("us-321", width),
        dm.list_feeds(width),
        dm.show_feed("et86", width),
    ):
        assert text and (width is None or max(map(len, text.splitlines())) <= width)
