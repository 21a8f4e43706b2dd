"""A first call loads nothing that it does not need: pandas takes longer to import than a million rows to score."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest

from deminimis import arrays

WITHOUT_PANDAS = """
import sys

class Refusal:
    def find_spec(self, name, path=None, target=None):
        if name == "pandas":
            raise AssertionError("pandas is imported")

sys.meta_path.insert(0, Refusal())
import pyarrow.parquet as pq
import deminimis as dm

roles = dict(person="who", day="day", value="value", limit=800)
folder, source = sys.argv[1:]
table = pq.ParquetFile(folder + "/manifest.parquet").read()
"""
CALLS = {
    "eligible": "dm.eligible(table, **roles)",
    "score": "dm.score(table, **roles)",
    "scorer": "s = dm.Scorer(**roles); s.add(table); s.finish()",
    "mask": "dm.score_files(source, folder + '/mask.parquet', **roles)",
    "all": "dm.score_files(source, folder + '/all.arrow', columns=('reason', 'total'), append=True, **roles)",
    "text": "dm.score_files(source, folder + '/all.csv', columns=('eligible', 'reason'), **roles)",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same rows as Parquet, CSV and Arrow, and in a folder whose name tells a column."""
    folder = tmp_path_factory.mktemp("first")
    days = pa.array([19_800] * 101, pa.int32()).cast(pa.date32())
    table = pa.table({"who": ["a", "b", "c d"] * 33 + ["e", "f"], "day": days, "value": [300.0] * 101})
    pq.write_table(table, folder / "manifest.parquet")
    pc.write_csv(table, folder / "manifest.csv")
    with pa.ipc.new_file(folder / "manifest.arrow", table.schema) as file:
        file.write_table(table)
    (folder / "days" / "port=LAX").mkdir(parents=True)
    pq.write_table(table, folder / "days" / "port=LAX" / "part.parquet")
    return folder


OF_TABLES = ("eligible", "score", "scorer")
SOURCES = ("manifest.parquet", "manifest.csv", "manifest.arrow", "days")


@pytest.mark.parametrize(
    ("call", "source"), [(call, source) for call in CALLS for source in SOURCES[: 1 if call in OF_TABLES else None]]
)
def test_no_pandas(folder: Path, call: str, source: str) -> None:
    """None of the plain calls imports pandas, be it installed or not."""
    program = WITHOUT_PANDAS + CALLS[call]
    ended = subprocess.run(
        [sys.executable, "-c", program, str(folder), str(folder / source)], capture_output=True, text=True, timeout=60
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_arrays() -> None:
    """Arrays made by hand are those that pyarrow makes."""
    words = ["", "LAX", "Zürich", "东京"]
    arrays.texts(words).validate(full=True)
    assert arrays.texts(words).equals(pa.array(words))
    assert arrays.texts([]).equals(pa.array([], pa.string()))
    assert arrays.nothing(pa.decimal128(38, 4)).equals(pa.array([], pa.decimal128(38, 4)))
    assert arrays.same_text("é", 3).to_pylist() == ["é"] * 3
    assert arrays.same_text(None, 2).to_pylist() == [None] * 2
    arrays.same_text("é", 3).validate(full=True)
