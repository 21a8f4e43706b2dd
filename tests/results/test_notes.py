"""Nothing is refused in silence: what a summary's notes say of cells that could not be read, and where they are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

import deminimis as dm
from deminimis.cli.main import main

ROLES = {"person": "p", "day": "d", "value": "v"}
DAY = "2024-06-01"


def notes(columns: dict[str, Any], **settings: Any) -> list[str]:
    """The notes about a table; days, persons and values that are not given are sound."""
    rows = max(map(len, columns.values()))
    sound = {"p": [f"P{i}" for i in range(rows)], "d": [DAY] * rows, "v": ["1"] * rows}
    bound = {} if "rule" in settings else {"limit": 800}
    return list(dm.score(pa.table(sound | columns), **ROLES, **bound, **settings).summary.notes)


def the_note(columns: dict[str, Any], **settings: Any) -> str:
    (note,) = notes(columns, **settings)
    return note


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (["06/01/2024"] * 2, ["2 rows are no-day", "'06/01/2024' (column 'd', row 0), all like it", '"%m/%d/%Y" or ',
                              '"%d/%m/%Y"', "count towards no day"]),
        (["13/06/2024"], ["1 row is no-day", 'give day_format="%d/%m/%Y".']),
        ([DAY, "06/01/2024"], ["1 row is", "row 1", "in one way", '"%m/%d/%Y"']),
        (["2024-06-01 23:50:26 -0400"], ['give day_format="%Y-%m-%d %H:%M:%S %z".']),
        (["20240601"], ['give day_format="%Y%m%d".']),
        (["1717200000"], ['give day_format="%s".']),
        (["1717200000000"], ["milliseconds"]),
        (["Jun 1, 2024"], ['give day_format="%b %d, %Y".']),
        (["2024-W22-6"], ['give day_format="%G-W%V-%u".']),
        (["2024-02-30"], ["no such day"]),
        (["01"], ["no month and no year"]),
        (["soon"], ["say with day_format="]),
        (["6/1/24", "06/01/24", "6/1/24"], ["3 rows are", "'6/1/24' (column 'd', row 0), 2 of them written like it"]),
        ([" soon\x1b[2J "], [r"' soon\x1b[2J '"]),
        (["x" * 200], ["'" + "x" * 40 + "'..."]),
    ],
)  # fmt: skip
def test_days(days: list[str], said: list[str]) -> None:
    """The first cell that is no day, its row, how many are written like it, and the setting that would read it."""
    note = the_note({"d": days})
    assert [part for part in said if part not in note] == [], note


def test_days_by_a_pattern() -> None:
    """Where a pattern is set, another is suggested, or none where the days are ISO text."""
    assert "leave day_format= out" in the_note({"d": [DAY]}, day_format="%m/%d/%Y")
    assert "no such day" in the_note({"d": ["02/30/2024"]}, day_format="%m/%d/%Y")
    assert '"%m/%d/%y"' in the_note({"d": ["06/01/24"]}, day_format="%m/%d/%Y")
    outside = pa.array([2**63 - 1], pa.timestamp("s"))
    assert f"{2**63 - 1} (column 'd', row 0): it lies outside" in the_note({"d": outside})


@pytest.mark.parametrize(
    ("values", "settings", "said"),
    [
        (["$1,234.50", "$500.00"], {}, ["2 rows are bad-value for a value that cannot be read", "1 of them written",
            "'$1,234.50' (column 'v', row 0)", 'thousands="," and currency_signs=True and currency_code="USD"']),
        (["$500"], {"currency_code": "USD"}, ["give currency_signs=True"]),
        (["400.00 USD"], {}, ['give currency_signs=True and currency_code="USD"']),
        (["\u20ac500"], {"currency_code": "USD"}, ["another currency than USD", "convert it first"]),
        (["1,234.50"], {}, ['give thousands=","']),
        (["1.000", "236,48"], {}, ["row 1", 'give decimal="," and thousands="."', "1.000 is one"]),
        (["1.000"], {"decimal": ","}, ['give decimal="," and thousands="."']),
        (["1 234,50"], {}, ['give decimal="," and thousands=" "']),
        (["-50"], {}, ["is below 0", "'-50'", "takes nothing off"]),
        (["(50.00)"], {}, ["is below 0", "'(50.00)'"]),
        (["50.00-"], {}, ["is below 0"]),
        (["-$50"], {}, ["is below 0"]),
        (["-50,00"], {"decimal": ","}, ["is below 0"]),
        (["2024-06"], {}, ["cannot be read", "mend it"]),
        (["free"], {}, ["cannot be read", "'free'", "mend it"]),
        (["9" * 20], {}, ["too large"]),
        ([-5], {}, ["is below 0, such as -5 ("]),
        ([1.5, float("nan")], {}, ["no finite number", "nan (column 'v', row 1)"]),
        (pa.array([Decimal(-125)], pa.decimal128(20, 2)), {}, ["is below 0, such as -125.00"]),
    ],
)  # fmt: skip
def test_values(values: Any, settings: dict[str, Any], said: list[str]) -> None:
    """The same of values: which signs would read them, and that an amount below 0 stays bad."""
    note = the_note({"v": values}, **settings)
    assert [part for part in said if part not in note] == [], note


def test_quantities_and_currencies() -> None:
    """Of a product the factor that is bad is told; a currency that is not the limit's by itself."""
    assert "for a quantity that cannot be read, such as '1,000'" in the_note({"q": ["1", "1,000"]}, quantity="q")
    note = the_note({"c": ["usd", "EUR", "EUR", "GBP"]}, currency="c", currency_code="USD")
    assert note.startswith("3 rows are in another currency than USD, such as 'EUR' (column 'c', row 1)")


def test_no_note_without_a_cell() -> None:
    """Sound rows, and rows whose cells are blank or null, need no such word: their reason says it."""
    assert notes({"v": ["5", "0"]}) == []
    assert notes({"d": [DAY, None, "", "  "], "v": [None, "1", "1", " "]}) == []


def test_missing_persons() -> None:
    """Many rows without a person are told, as of orders whose later lines leave the name out; few are not."""
    assert "1 of 2 rows" in the_note({"p": ["A", None]}) and "fill the name down" in the_note({"p": ["A", ""]})
    assert notes({"p": ["A"] * 99 + [None], "v": ["1"] * 100}) == []


def test_blank_exclusions() -> None:
    """Rows that are excluded because nothing says whether they are, are counted."""
    note = the_note({"x": pa.array([None, False, True, None])}, excluded="x")
    assert note.startswith("2 rows excluded because nothing says whether they are")
    assert notes({"x": [True, False]}, excluded="x") == []


def test_origins_that_are_no_code() -> None:
    """Codes that ISO 3166 does not assign, blanks and names get the strictest limit, and are counted then."""
    origins = ["XX", "ZZ", "CN", None, "Vietnam", "de", "VN"]
    columns = {"p": list("ABCDEFG"), "d": ["2025-05-03"] * 7, "v": [500] * 7, "o": origins}
    scored = dm.score(pa.table(columns), **ROLES, origin="o", rule="us-321")
    assert scored.mask.to_pylist() == [False] * 5 + [True] * 2
    (note,) = scored.summary.notes
    assert note.startswith("4 rows got the strictest limit") and "'XX' (column 'o', row 0)" in note
    early = pa.table(columns | {"d": ["2024-06-01"] * 7})
    assert dm.score(early, **ROLES, origin="o", rule="us-321").summary.notes == ()


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Two Parquet files of many row groups, the second of which has two kinds of bad days, from row 4,321 on."""
    n = 300_000
    sound = pa.table({"p": np.arange(n), "d": [DAY] * n, "v": np.ones(n, int)})
    days = [DAY] * 4_321 + ["06/01/2024"] + [DAY] * (n - 4_324) + ["6/1/24", "07/01/2024"]
    pq.write_table(sound, tmp_path / "a.parquet", row_group_size=50_000)
    pq.write_table(sound.set_column(1, "d", pa.array(days)), tmp_path / "b.parquet", row_group_size=50_000)
    return tmp_path / "a.parquet", tmp_path / "b.parquet"


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("memory_limit", ["1GiB", "2MiB"])
def test_first_row_of_many(files: tuple[Path, Path], threads: int, memory_limit: str) -> None:
    """Whatever the threads and the memory, the first such cell is told with its file and its row there."""
    summary = dm.score_files(
        list(map(str, files)), None, **ROLES, limit=800, threads=threads, memory_limit=memory_limit
    )
    (note,) = summary.notes
    assert note.startswith(f"3 rows are no-day for a day that cannot be read, such as '06/01/2024' ({files[1]}, ")
    assert "column 'd', row 4321), 2 of them written like it" in note
    assert summary.reasons["no-day"] == 3


def test_csv_in_ranges(files: tuple[Path, Path], tmp_path: Path) -> None:
    """A row of a CSV file that is read in ranges is counted from the file's first."""
    table = pa.concat_tables([pq.read_table(files[0])] * 4 + [pq.read_table(files[1])])
    pyarrow.csv.write_csv(table, tmp_path / "in.csv")
    (note,) = dm.score_files(str(tmp_path / "in.csv"), None, **ROLES, limit=800, threads=2).notes
    assert f"row {4 * 300_000 + 4_321})" in note


def test_streams_that_come_once(files: tuple[Path, Path]) -> None:
    """What could not be read is noted while it is read: a stream, or the batches of a Scorer, need no second look."""

    def batches() -> Iterator[pa.RecordBatch]:
        for file in files:
            yield from pq.ParquetFile(file).iter_batches(10_000)

    schema = pq.read_schema(files[0])
    stream = pa.RecordBatchReader.from_batches(schema, (batch.cast(schema) for batch in batches()))
    (note,) = dm.score(stream, **ROLES, limit=800).summary.notes
    assert "(column 'd', row 304321), 2 of them written like it" in note
    scorer = dm.Scorer(**ROLES, limit=800)
    for batch in batches():
        scorer.add(batch)
    assert scorer.finish().summary.notes == (note,)


def test_more_shapes_than_are_kept() -> None:
    """Of very many shapes, the first cell is still the first, and the count says that it may be low."""
    days = [f"{'x-' * (i % 15)}{'/' * (i // 15)}9" for i in range(150)]
    note = the_note({"d": days})
    assert note.startswith("at least 150 rows are no-day") and "'9' (column 'd', row 0)" in note


def test_bad_values_error_shows_the_cell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The error has the cell, escaped and cut, beside its row."""
    (tmp_path / "in.csv").write_text("p,d,v\nA,2024-06-01,1\nA,2024-06-01,$5\x1b[2J\n")
    words = ["score", str(tmp_path / "in.csv"), "--limit", "800", "--bad-values", "error"]
    assert main([*words, "--person", "p", "--day", "d", "--value", "v"]) == 2
    assert re.search(
        r"in\.csv, column 'v', row 1: '\$5\\x1b\[2J' cannot be read: .*--bad-values", capsys.readouterr().err
    )
    for column, expected in ((["1", None], "row 1: it is missing"), ([1, -7], "row 1: -7 is below 0")):
        with pytest.raises(dm.errors.BadValueError, match=expected):
            notes({"v": column}, bad_values="error")
    with pytest.raises(dm.errors.BadValueError, match="column 'q', row 0: 'two' cannot"):
        notes({"q": ["two"]}, quantity="q", bad_values="error")
    with pytest.raises(dm.errors.BadValueError, match="column 'c', row 0: 'EUR' is another currency than USD"):
        notes({"c": ["EUR"]}, currency="c", currency_code="USD", bad_values="error")


@pytest.mark.parametrize(
    ("cell", "settings", "said"),
    [("$1,234.50", {}, 'thousands="," and currency_signs=True and currency_code="USD", or set another bad_values='),
     ("1.234,50", {}, 'give decimal="," and thousands="."'), ("\u20ac5", {"currency_code": "USD"}, "convert it first"),
     ("(5)", {}, "is below 0"), ("9" * 20, {}, "is too large")],
)  # fmt: skip
def test_bad_values_error_names_the_setting(cell: str, settings: dict[str, Any], said: str) -> None:
    """The error says what the note would say: the setting that reads the cell."""
    with pytest.raises(dm.errors.BadValueError) as error:
        notes({"v": [cell]}, bad_values="error", **settings)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("values", "settings", "said"),
    [
        (["1.000", "12.000", "7"], {}, ["behind each '.' of the value", "'1.000' (column 'v', row 0)",
                                        'decimal="," and thousands="."']),
        (["5", None, " 999.999 "], {}, ["' 999.999 ' (column 'v', row 2)"]),
        (["1,000"], {"decimal": ","}, ["each ','", 'decimal="." and thousands=","']),
        (["$1.000"], {"currency_signs": True, "currency_code": "USD"}, ["'$1.000'"]),
        (["1.000", "2.50"], {}, []),
        (["1.000", "0.500"], {}, []),
        (["1.000", "1234.000"], {}, []),
        (["1.000"], {"thousands": ","}, []),
        (["1000", "12"], {}, []),
        (pa.array([Decimal("1.000")], pa.decimal128(9, 3)), {}, []),
        ([1.0], {}, []),
    ],
)  # fmt: skip
def test_a_point_that_may_mark_thousands(values: Any, settings: dict[str, Any], said: list[str]) -> None:
    """Where every decimal sign of a text column has three digits behind it, a note names both readings."""
    for name, one, role in (("v", values, {}), ("q", values, {"quantity": "q"})):
        found = notes({name: one}, **role, **settings)
        what = [
            part.replace("'v'", f"'{name}'").replace("the value", "the quantity" if role else "the value")
            for part in said
        ]
        assert len(found) == bool(said) and all(part in found[0] for part in what), found


def test_a_point_that_may_mark_thousands_in_files(tmp_path: Path) -> None:
    """The note is of all files and threads together: one amount with other decimals is proof of none."""
    for i in range(6):
        rows = "".join(f"A,{DAY},1.{100 + i}\n" for _ in range(2000))
        (tmp_path / f"{i}.csv").write_text("p,d,v\n" + rows)
    options = {**ROLES, "limit": 800, "threads": 3}
    (note,) = dm.score_files(str(tmp_path), None, **options).notes
    assert f"'1.100' ({tmp_path}/0.csv, column 'v', row 0)" in note
    (tmp_path / "7.csv").write_text(f"p,d,v\nA,{DAY},5.25\n")
    assert dm.score_files(str(tmp_path), None, **options).notes == ()


@pytest.mark.parametrize("of", ["file", "stream", "table"])
def test_a_word_that_is_neither_yes_nor_no(of: str, tmp_path: Path) -> None:
    """A cell of the excluded column is told as it is, with its row, whatever batch it comes in."""
    table = pa.table({"p": range(9), "d": [DAY] * 9, "v": [1] * 9, "x": ["no"] * 7 + ["X", "Y"]})
    manifest: Any = table
    if of == "file":
        manifest = str(tmp_path / "in.parquet")
        pq.write_table(table, manifest, row_group_size=3)
    if of == "stream":
        manifest = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=2))
    with pytest.raises(dm.errors.InputError, match=r"column 'x', row 7: 'X' is neither true nor false; .*x == 'X'"):
        dm.eligible(manifest, **ROLES, limit=800, excluded="x")


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The terminal and the JSON speak of options as the shell has them; the settings that a note gives do read it."""
    (tmp_path / "in.csv").write_text('p,d,v\nA,06/13/2024,"$1,234.50"\nB,06/14/2024,$5\n')
    words = ["score", str(tmp_path / "in.csv"), "--limit", "800", "--person", "p", "--day", "d", "--value", "v"]
    assert main(words) == 0
    assert "NOTE: 2 rows are no-day" in (shown := capsys.readouterr().out) and "give --day-format %m/%d/%Y." in shown
    words += ["--day-format", "%m/%d/%Y", "--json"]
    assert main(words) == 0
    shown = capsys.readouterr()
    (note,) = json.loads(shown.out)["notes"]
    assert "give --thousands , and --currency-signs and --currency-code USD" in note
    assert shown.err == f"deminimis: {note}\n"
    assert main([*words, "--thousands", ",", "--currency-signs", "--currency-code", "USD"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["notes"] == [] and summary["reasons"]["bad-value"] == 0
