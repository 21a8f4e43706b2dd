"""Tables for spreadsheets: workbooks with real numbers and days, CSV with a mark and places; no cell is run."""

from __future__ import annotations

import csv
import gzip
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import deminimis as dm
from deminimis.cli.main import main
from deminimis.errors import InputError
from deminimis.sinks.csv_file import BOM, CsvFile
from deminimis.sinks.open import open_sink

RUN = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"]
KEPT = ["a=1", " =1", "'=1", "", None, "1"]
TABLE = pa.table({"name": RUN + KEPT, "total": pa.array([Decimal("1234.5")] * 12, pa.decimal128(38, 4))})


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(target: Any, table: pa.Table = TABLE) -> None:
    with open_sink(target, table.schema) as sink:
        for batch in table.to_batches(max_chunksize=5):
            sink.write(batch)


def cells_of(path: str) -> list[list[Any]]:
    calamine = pytest.importorskip("python_calamine", reason="pip install 'deminimis[excel]'")
    pytest.importorskip("xlsxwriter", reason="pip install 'deminimis[excel]'")
    cells: list[list[Any]] = calamine.CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    return cells


def test_workbook() -> None:
    """Numbers, days, times and truths are cells of their kind; text is text, though it looks like a formula."""
    pytest.importorskip("xlsxwriter", reason="pip install 'deminimis[excel]'")
    columns = {
        "text": pa.array(["=1+1", "http://x", None]),
        "word": pa.array(["over-limit", "eligible", None]).dictionary_encode(),
        "key": pa.array([b"\0" * 15 + b"\xff", None, None], pa.binary(16)),
        "amount": pa.array([Decimal("1234.5678"), Decimal("1e20"), None], pa.decimal128(38, 4)),
        "count": pa.array([2**53, 7, None], pa.int64()),
        "day": pa.array([date(2024, 2, 29), date(1899, 1, 1), None]),
        "time": pa.array([datetime(2024, 6, 1, 23, 59, 59), datetime(1900, 1, 1), None]),
        "ok": pa.array([True, False, None]),
        "float": pa.array([0.1, float("nan"), None]),
    }
    write("t.xlsx", pa.table(columns))
    head, first, second, *rest = cells_of("t.xlsx")
    assert head == [*columns] and rest == []
    assert first == [
        *("=1+1", "over-limit", "0" * 30 + "ff", 1234.5678, str(2**53)),
        *(date(2024, 2, 29), datetime(2024, 6, 1, 23, 59, 59), True, 0.1),
    ]
    assert second == [
        "http://x",
        "eligible",
        "",
        "100000000000000000000.0000",
        7.0,
        "1899-01-01",
        "1900-01-01T00:00:00",
        False,
        "nan",
    ]


def test_workbook_is_the_same_again() -> None:
    """The same table gives the same bytes, and a text that no cell holds is an error that leaves nothing."""
    pytest.importorskip("xlsxwriter", reason="pip install 'deminimis[excel]'")
    for name in ("1.xlsx", "2.xlsx"):
        write(name)
    assert Path("1.xlsx").read_bytes() == Path("2.xlsx").read_bytes()
    with pytest.raises(InputError, match="32,767 characters"):
        write("3.xlsx", pa.table({"a": ["x" * 32_768]}))
    with pytest.raises(InputError, match=r"written as \.xlsx"):
        write("3.xls")
    assert not Path("3.xlsx").exists() and not Path("3.xls").exists()


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".csv.gz"])
def test_no_formula_in_csv(ending: str) -> None:
    """Text that a spreadsheet would run gets an apostrophe where that is asked for, and a name of a column too."""
    table = TABLE.rename_columns(["=name", "total"]).set_column(0, "=name", TABLE["name"].dictionary_encode())
    write(CsvFile(f"safe{ending}", formulas=False), table)
    write(f"plain{ending}", table)
    found, plain = (read(f"{name}{ending}", "\t" if ending == ".tsv" else ",") for name in ("safe", "plain"))
    assert [row[0] for row in found] == ["'=name", *(f"'{text}" for text in RUN), *(text or "" for text in KEPT)]
    assert [row[0] for row in plain] == ["=name", *RUN, *(text or "" for text in KEPT)]


def read(path: str, delimiter: str = ",") -> list[list[str]]:
    content = Path(path).read_bytes()
    text = (gzip.decompress(content) if path.endswith(".gz") else content).decode("utf-8-sig")
    return list(csv.reader(_lines(text), delimiter=delimiter))


def _lines(text: str) -> list[str]:
    """Lines that end in a line feed alone, as a carriage return may stand in a cell."""
    return [line + "\n" for line in text.split("\n")[:-1]]


def test_mark_and_places() -> None:
    """A byte order mark, and as many places as are asked for; none is rounded, and what has more is an error."""
    write(CsvFile("t.csv", bom=True, places=2))
    assert Path("t.csv").read_bytes().startswith(BOM + b'"name","total"\n"=1+1",1234.50\n')
    with pytest.raises(InputError, match=r"t0\.csv: an amount has more than 0 decimal places"):
        write(CsvFile("t0.csv", places=0))
    with pytest.raises(InputError, match="0 to 4 decimal places"):
        CsvFile("t.csv", places=5)
    with pytest.raises(InputError, match=r"are those of a \.csv"):
        write(CsvFile("t.parquet", bom=True))
    assert not Path("t0.csv").exists()


def test_commands(capsys: pytest.CaptureFixture[str]) -> None:
    """Totals as a workbook, answers as CSV for a spreadsheet; the words go with a file of CSV alone."""
    rows = pa.table({"who": ["=A", "B"], "day": ["2024-06-01"] * 2, "usd": ["400", "900"]})
    pq.write_table(rows, "in.parquet")
    words = ["in.parquet", "--person", "who", "--day", "day", "--value", "usd", "--limit", "800", "-q"]
    assert (
        main(["score", *words, "--append", "--with", "total", "--no-formulas", "--places", "2", "--bom", "-o", "a.csv"])
        == 0
    )
    assert Path("a.csv").read_bytes() == (
        BOM + b'"who","day","usd","eligible","total"\n"\'=A","2024-06-01","400",true,400.00\n'
        b'"B","2024-06-01","900",false,900.00\n'
    )
    assert main(["score", *words, "--bom"]) == 2 and "-o" in capsys.readouterr().err
    assert main(["score", *words, "-o", "a.parquet", "--bom"]) == 2
    if main(["totals", *words, "--names", "-o", "t.xlsx"]) == 0:
        (head, *lines), days = cells_of("t.xlsx"), [date(2024, 6, 1)] * 2
        assert [row[head.index("day")] for row in lines] == days and [row[head.index("who")] for row in lines] == [
            "=A",
            "B",
        ]
        assert [row[head.index("total")] for row in lines] == [400.0, 900.0]
    assert dm.CsvFile is CsvFile
