"""Sheets of workbooks as manifests: cells keep their types, text stays text, and which sheet is meant is asked."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import deminimis as dm
from deminimis.cli.main import main
from deminimis.errors import InputError
from deminimis.sources.open import open_source

pytest.importorskip("python_calamine", reason="pip install 'deminimis[excel]'")
xlsxwriter = pytest.importorskip("xlsxwriter", reason="pip install 'deminimis[excel]'")

ROLES: dict[str, Any] = {"person": "who", "day": "day", "value": "usd"}
HEAD = ["who", "zip", "day", "usd", "when", "ok", "mixed"]
ROWS = [
    ["Ann", "00501", date(2024, 6, 1), 400.1, datetime(2024, 6, 1, 23, 59, 59), True, 12],
    ["Bob", "1e5", date(1904, 1, 2), 800, datetime(2024, 6, 2), None, "x"],
    ["Cid", "=1+1", date(2100, 2, 28), 1234567890123.25, None, False, 0.1],
]
"""Columns of one type, with blanks, and one of several."""


def write(path: str, sheets: dict[str, list[list[Any]]], hidden: tuple[str, ...] = (), **options: Any) -> None:
    """Typed cells, text never a formula."""
    book = xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd hh:mm:ss", **options})
    days = book.add_format({"num_format": "yyyy-mm-dd"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for i, row in enumerate(rows):
            for j, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(i, j, cell)
                elif isinstance(cell, date) and not isinstance(cell, datetime):
                    sheet.write_datetime(i, j, datetime(cell.year, cell.month, cell.day), days)
                elif cell is not None:
                    sheet.write(i, j, cell)
        if name in hidden:
            sheet.hide()
    book.close()


def table(path: str, **reading: Any) -> pa.Table:
    source = open_source(path, **reading)
    return pa.Table.from_batches([batch for piece in source.pieces(None) for batch in piece.batches()])


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("is_1904", [False, True])
def test_typed_cells(is_1904: bool) -> None:
    """Numbers, days, times and truths are such, by either count of days; text that looks like numbers is text."""
    write("m.xlsx", {"Data": [HEAD, *ROWS]}, date_1904=is_1904)
    found = table("m.xlsx")
    kinds = [pa.string(), pa.string(), pa.date32(), pa.float64(), pa.timestamp("us"), pa.bool_(), pa.string()]
    assert found.schema == pa.schema(zip(HEAD, kinds, strict=True))
    assert [list(row.values()) for row in found.to_pylist()] == [
        ["Ann", "00501", date(2024, 6, 1), 400.1, datetime(2024, 6, 1, 23, 59, 59), True, "12"],
        ["Bob", "1e5", date(1904, 1, 2), 800.0, datetime(2024, 6, 2), None, "x"],
        ["Cid", "=1+1", date(2100, 2, 28), 1234567890123.25, None, False, "0.1"],
    ]


@pytest.mark.parametrize("day", [date(1900, 3, 1), date(1999, 12, 31), date(2000, 2, 29), date(2024, 2, 29)])
@pytest.mark.parametrize("is_1904", [False, True])
def test_serial_days(day: date, is_1904: bool) -> None:
    """Both counts of days: that of 1900, which has a day too many, and that of 1904, but for its day 0."""
    day = max(day, date(1904, 1, 2)) if is_1904 else day
    write("m.xlsx", {"Data": [["day"], [day], [day.replace(year=2023, day=1)]]}, date_1904=is_1904)
    assert table("m.xlsx")["day"].to_pylist() == [day, day.replace(year=2023, day=1)]


@pytest.mark.parametrize(
    ("cells", "kind", "values"),
    [
        ([501, 502], pa.int64(), [501, 502]),
        ([2.0**53, 1], pa.float64(), [2.0**53, 1.0]),
        ([501, "00501"], pa.string(), ["501", "00501"]),
        ([1e300, 0.5], pa.float64(), [1e300, 0.5]),
        ([True, "yes", 2], pa.string(), ["true", "yes", "2"]),
        ([date(2024, 6, 1), "06/02/2024"], pa.string(), ["2024-06-01", "06/02/2024"]),
    ],
)
def test_one_type_a_column(cells: list[Any], kind: pa.DataType, values: list[Any]) -> None:
    """A column of whole numbers can name persons; a mixed one is text as a reader sees it."""
    write("m.xlsx", {"Data": [["a"], *([cell] for cell in cells)]})
    found = table("m.xlsx")["a"]
    assert (found.type, found.to_pylist()) == (kind, values)


def test_scored() -> None:
    """A sheet is scored as the same rows of a table; a cell with an error is a bad value, and blank rows are none."""
    rows = [["who", "day", "usd"], *([row[0], row[2], row[3]] for row in ROWS), [], ["Ann", ROWS[0][2], 399.9]]
    write("m.xlsx", {"Data": rows})
    book = xlsxwriter.Workbook("e.xlsx")
    sheet = book.add_worksheet()
    for i, row in enumerate([["who", "day", "usd"], ["Ann", "2024-06-01", 5], ["Bob", "2024-06-01", None]]):
        sheet.write_row(i, 0, row)
    sheet.write_formula(2, 2, "=1/0", None, "#DIV/0!")
    book.close()
    assert dm.score("m.xlsx", **ROLES, limit=800).reason.to_pylist() == [
        "eligible",
        "eligible",
        "over-limit",
        "eligible",
    ]
    assert dm.score("e.xlsx", **ROLES, limit=800).reason.to_pylist() == ["eligible", "bad-value"]
    words = ["score", "m.xlsx", "-o", "out.csv", "--append", "-q", "--person", "who", "--day", "day", "--value", "usd"]
    assert main([*words, "--limit", "800"]) == 0
    assert Path("out.csv").read_text().splitlines()[1] == '"Ann",2024-06-01,400.1,true'


def test_which_sheet(capsys: pytest.CaptureFixture[str]) -> None:
    """The only sheet with cells that is not hidden is taken; of several one is asked for, by both faces."""
    sheets = {"Notes": [], "Data": [["a"], ["x"]], "Old": [["a"], ["y"]], "Other": [["a"], ["z"]]}
    write("one.xlsx", {name: sheets[name] for name in ("Notes", "Data", "Old")}, hidden=("Old",))
    assert table("one.xlsx")["a"].to_pylist() == ["x"]
    assert table("one.xlsx", sheet="Old")["a"].to_pylist() == ["y"]
    write("two.xlsx", sheets, hidden=("Old",))
    with pytest.raises(InputError, match=r"two\.xlsx: has 2 sheets with cells: Data, Other \(and Old, hidden\): "):
        table("two.xlsx")
    with pytest.raises(InputError, match="has no sheet 'data'; its sheets are Notes, Data, Old, Other"):
        table("two.xlsx", sheet="data")
    words = ["score", "two.xlsx", "--person", "a", "--day", "a", "--value", "a", "--limit", "1"]
    assert main(words) == 2 and "--sheet" in capsys.readouterr().err
    write("none.xlsx", {"Notes": []})
    with pytest.raises(InputError, match="has no cells"):
        table("none.xlsx")


def test_merged_cells_are_told() -> None:
    """A merged cell is that of its first row, which a note says."""
    book = xlsxwriter.Workbook("m.xlsx")
    sheet = book.add_worksheet("Data")
    sheet.write_row(0, 0, ["who", "day", "usd"])
    sheet.merge_range(1, 0, 2, 0, "Ann")
    for row in (1, 2):
        sheet.write_row(row, 1, ["2024-06-01", 5])
    book.close()
    scored = dm.score("m.xlsx", **ROLES, limit=800)
    assert scored.reason.to_pylist() == ["eligible", "no-person"]
    assert any("1 range of merged cells" in note for note in scored.summary.notes)


def test_opendocument() -> None:
    """A sheet of .ods has typed cells too."""
    cells = (
        '<table:table-cell office:value-type="string"><text:p>00501</text:p></table:table-cell>'
        '<table:table-cell office:value-type="date" office:date-value="2024-06-01"/>'
        '<table:table-cell office:value-type="float" office:value="400.1"/>'
    )
    head = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{name}</text:p></table:table-cell>' for name in ROLES
    )
    names = ["office", "table", "text"]
    spaces = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in names)
    rows = f"<table:table-row>{head}</table:table-row><table:table-row>{cells}</table:table-row>"
    table_of = f'<table:table table:name="Data">{rows}</table:table>'
    content = f"<office:document-content {spaces}><office:body><office:spreadsheet>{table_of}"
    with zipfile.ZipFile("m.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", f"{content}</office:spreadsheet></office:body></office:document-content>")
    found = table("m.ods")
    assert found.to_pylist() == [{"person": "00501", "day": date(2024, 6, 1), "value": 400.1}]


@pytest.mark.parametrize("header", [False, ["p", "q"], True])
def test_headers(header: Any) -> None:
    """The first row with a cell is the header, or data, wherever the cells begin."""
    write("m.xlsx", {"Data": [[], [None, "a", 2024], [None, "x", 1]]})
    names = ["a", "2024"] if header is True else ["f0", "f1"] if header is False else header
    assert table("m.xlsx", header=header).column_names == names
    assert table("m.xlsx", header=header).num_rows == (1 if header is True else 2)


def test_several_files() -> None:
    """Workbooks are one manifest together, and none with CSV; a folder passes them over and says so."""
    write("1.xlsx", {"Data": [["who", "day", "usd"], ["Ann", "2024-06-01", 500]]})
    write("2.xlsx", {"Data": [["day", "who", "usd"], ["2024-06-01", "Ann", 400]]})
    assert dm.eligible(["1.xlsx", "2.xlsx"], **ROLES, limit=800).to_pylist() == [False, False]
    Path("m").mkdir()
    Path("1.xlsx").rename("m/1.xlsx")
    Path("m/2.csv").write_text("who,day,usd\nAnn,2024-06-01,500\n")
    scored = dm.score("m", **ROLES, limit=800)
    assert scored.mask.to_pylist() == [True] and "m/1.xlsx (is an Excel workbook)" in scored.summary.notes[0]
    with pytest.raises(InputError, match="one format"):
        dm.eligible(["m/2.csv", "2.xlsx"], **ROLES, limit=800)


def bomb() -> bytes:
    """An archive that says that it unpacks to a terabyte."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("[Content_Types].xml", "x")
        archive.writestr("xl/workbook.xml", "x")
    content = bytearray(made.getvalue())
    at = content.rindex(b"PK\x01\x02")
    content[at + 24 : at + 28] = (0xFFFFFFF0).to_bytes(4, "little")
    return bytes(content)


@pytest.mark.parametrize("cut", [0, 1, 100, 1000, 3000, -30, -1])
def test_damaged(cut: int) -> None:
    """A workbook that is cut, or has other bytes in its middle, is an error that names it, or what it was."""
    write("m.xlsx", {"Data": [["a"], *([f"x{n}"] for n in range(2000))]})
    content = Path("m.xlsx").read_bytes()
    whole = table("m.xlsx")
    for damaged in (content[:cut], content[:cut] + b"\0\xff" * 8 + content[cut:][16:]):
        Path("m.xlsx").write_bytes(damaged)
        try:
            assert table("m.xlsx").equals(whole)
        except InputError as error:
            assert "m.xlsx" in str(error)


def test_what_it_claims_is_bounded() -> None:
    """What says that it unpacks to more than honest files do is refused before it is unpacked."""
    Path("m.xlsx").write_bytes(bomb())
    with pytest.raises(InputError, match=r"m\.xlsx: unpacks to more than"):
        table("m.xlsx")


def test_a_file_that_changes() -> None:
    """What is replaced while it is read is an error, and evidence of a sheet verifies."""
    write("m.xlsx", {"Data": [["who", "day", "usd"], ["Ann", "2024-06-01", 500]], "Other": [["a"], ["x"]]})
    words = ["--person", "who", "--day", "day", "--value", "usd", "--limit", "800", "--sheet", "Data", "-q"]
    assert main(["score", "m.xlsx", *words, "--evidence", "e.json"]) == 0 == main(["verify", "e.json", "-q"])
