"""`excluded` over columns of text, as CSV has them: yes and no, numbers, and what is neither."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

import deminimis as dm
from deminimis.cli.main import main
from deminimis.roles.excluded import Exclusion

ROLES: dict[str, Any] = {"person": "who", "day": "day", "value": "value", "limit": 800}
WORDS = ["--person", "who", "--day", "day", "--value", "value", "--limit", "800"]
CELLS = {
    "addcvd": ["true", "f", "NO", "", " Y ", "0", "n"],
    "quota": ["no", "No", "1", "no", "", "false", "F"],
    "n": ["1", "2.50", "-3", "x", "", " 10 ", "9"],
    "m": ["2", "2.5", "-3", "1", "1", "9", "10"],
    "hts": ["2402", "6109", "2403", "10", "", "2", "9"],
}
TYPED = {
    "addcvd": pa.array([True, False, False, None, True, False, False]),
    "quota": pa.array([False, False, True, False, None, False, False]),
    "n": pa.array(["1", "2.50", "-3", None, None, "10", "9"]).cast(pa.decimal128(6, 2)),
}
COUNT = 7


def manifest(columns: dict[str, Any]) -> pa.Table:
    rows = {"who": list("ABCDEFG"), "day": ["2024-06-01"] * COUNT, "value": ["1"] * COUNT}
    return pa.table(rows | columns)


def excluded(text: str, columns: dict[str, Any] = CELLS) -> str:
    """A letter for each row: x where it is excluded."""
    reasons = dm.score(manifest(columns), **ROLES, excluded=Exclusion(text)).reason.to_pylist()
    return "".join("x" if reason == "excluded" else "-" for reason in reasons)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("addcvd", "x--xx--"),
        ("addcvd or quota", "x-xxx--"),
        ("addcvd and quota", "----x--"),
        ("not addcvd", "-xxx-xx"),
        ("not (addcvd or quota)", "-x-x-xx"),
        ("(addcvd)", "x--xx--"),
        ("addcvd == true", "x--xx--"),
        ("addcvd != true", "-xxx-xx"),
        ("n > 2.5", "---xxxx"),
        ("2.5 >= n", "xxxxx--"),
        ("(n) == 2.5", "-x-xx--"),
        ("n in (1, 10.0)", "x--xxx-"),
        ("n not in (1, 10)", "-xxxx-x"),
        ("n > 2 and not quota", "-x-xxxx"),
    ],
)
def test_text_says_what_the_types_would(text: str, rows: str) -> None:
    """A column of text that stands alone is yes or no, and beside a number it is a number; as a typed column would be.

    A blank, or a cell that is no number, is null, and so is what it decides: excluded, as nothing proves otherwise.
    """
    assert excluded(text) == rows == excluded(text, TYPED)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("hts == '10'", "---x---"),
        ("hts > '2'", "xxx---x"),
        ("'9' == hts", "------x"),
        ("hts in ('2402', '9')", "x-----x"),
        ("hts in ('2402', 9)", "x---x-x"),
        ("n == m", "--x----"),
        ("n is null", "-------"),
    ],
)
def test_text_stays_text(text: str, rows: str) -> None:
    """Beside a text in quotes, or another column of text, a column of text is compared by its letters."""
    assert excluded(text) == rows


@pytest.mark.parametrize("kind", [pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())], ids=str)
def test_kinds_of_text(kind: pa.DataType) -> None:
    """However Arrow holds a text, it says the same."""
    cells = {name: pa.array(column).cast(kind) for name, column in CELLS.items()}
    assert excluded("addcvd or n > 2.5", cells) == excluded("addcvd or n > 2.5") == "x--xxxx"


@pytest.mark.parametrize("cell", ["1e3", "1,000", "nan", "0x10", "9" * 27, "0." + "0" * 12 + "1", "\u0661", "--1", "."])
def test_no_number(cell: str) -> None:
    """What is not plainly a number of up to 26 digits and 12 decimals is null rather than a guess."""
    cells = CELLS | {"n": [cell] * COUNT}
    assert excluded("n > 1", cells) == excluded("n <= 1", cells) == "x" * COUNT


@pytest.mark.parametrize("cell", ["1", "+1", "1.", "01", "1.000000000000", " 1\t"])
def test_forms_of_a_number(cell: str) -> None:
    """One is one, however it is written."""
    assert excluded("n == 1", CELLS | {"n": [cell] * COUNT}) == "x" * COUNT


def test_neither_yes_nor_no() -> None:
    """Another word where yes or no belongs is an error that names the column, the word and the mend."""
    with pytest.raises(dm.errors.InputError, match=r"'quota', row 6: 'Maybe' is neither true nor false.*quota == 'X'"):
        excluded("addcvd or quota", CELLS | {"quota": ["no"] * 6 + ["Maybe"]})


def test_unknown_column() -> None:
    """A column that is not there is told with the nearest that is."""
    with pytest.raises(dm.errors.ColumnNotFoundError, match="Did you mean 'quota'"):
        excluded("addcvd or quotas")


def test_one_batch_or_many() -> None:
    """The reading of a column is that of each batch: batches and threads change nothing."""
    table = pa.concat_tables([manifest(CELLS)] * 3)
    options = ROLES | {"excluded": Exclusion("addcvd or n > 2.5")}
    reasons = [dm.score(table.to_reader(max_chunksize=n), **options).reason.to_pylist() for n in (1, 2, 21)]
    assert reasons[0] == reasons[1] == reasons[2]


@pytest.mark.parametrize("form", ["csv", "parquet", "typed.parquet"])
def test_command(form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same words select the same rows of CSV, of Parquet with text, and of Parquet with types; so does explain."""
    table = manifest(TYPED if form.startswith("typed") else CELLS)
    source, target = str(tmp_path / f"in.{form}"), tmp_path / "out.parquet"
    pa.csv.write_csv(table, source) if form == "csv" else pq.write_table(table, source)
    words = [source, *WORDS, "--excluded", "addcvd or quota or n > 9"]
    assert main(["score", *words, "-o", str(target), "--json"]) == 0
    assert '"excluded": "addcvd or quota or n > 9"' in capsys.readouterr().out
    assert pq.read_table(target)["eligible"].to_pylist() == [False, True, False, False, False, False, True]
    assert main(["explain", *words, "--row", "5"]) == 0
    assert "not eligible: excluded" in capsys.readouterr().out
