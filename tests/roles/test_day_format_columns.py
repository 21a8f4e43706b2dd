"""Days that are written by a pattern, in columns: of integers, of any type of text, and from the command line."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import deminimis as dm
from deminimis.cli.main import main

ROLES = {"person": "p", "day": "d", "value": "v", "limit": 800}
JUNE = date(2024, 6, 1)


def eligible(texts: Any, persons: Any, values: Any, **settings: Any) -> str:
    """The mask of a table, one letter a row."""
    table = pa.table({"p": persons, "d": texts, "v": values})
    return "".join("XE"[one] for one in dm.eligible(table, **ROLES, **settings).to_pylist())


@pytest.mark.parametrize(
    ("day_format", "numbers", "expected"),
    [
        ("%Y%m%d", [20240601, 2024601, 240601, 120240601, -20240601, 20240230], [JUNE, *[None] * 5]),
        ("%m%d%y", [60124, 11524, 110524, 1011524], [JUNE, date(2024, 1, 15), date(2024, 11, 5), None]),
        ("%y%m%d", [240601, 10601, 601, 0], [JUNE, date(2001, 6, 1), date(2000, 6, 1), None]),
        ("%d%m%Y", [1062024, 11062024], [JUNE, date(2024, 6, 11)]),
        ("%Y%j", [2024153, 202453], [JUNE, None]),
        ("%G%V%u", [2024226], [JUNE]),
        ("%s", [1717200000, -1, 1717200000000], [JUNE, date(1969, 12, 31), None]),
    ],
)
@pytest.mark.parametrize("type_", [pa.int32(), pa.int64(), pa.uint64()])
def test_integers(day_format: str, numbers: list[int], expected: list[date | None], type_: pa.DataType) -> None:
    """An integer is read in full width, with the leading zeros that it cannot have; a year has all of its digits."""
    for number, its_day in zip(numbers, expected, strict=True):
        try:
            column = pa.array([number, None], type_)
        except (pa.ArrowInvalid, OverflowError):
            continue
        for days in (column, column.dictionary_encode()):
            table = pa.table({"p": [1, 2], "d": days, "v": [250, 250]})
            assert dm.score(table, **ROLES, day_format=day_format).reason.to_pylist() == [
                "no-day" if its_day is None else "eligible", "no-day",
            ]  # fmt: skip
        if its_day is not None:
            same = pa.array([number, number], type_)
            assert eligible(same, ["A", "A"], [500, 400], day_format=day_format) == "XX"
            both = pa.table({"p": ["A"], "d": [its_day.isoformat()], "v": [400]})
            scorer = dm.Scorer(**ROLES, day_format=day_format)
            scorer.add(pa.table({"p": ["A"], "d": column.slice(0, 1), "v": [500]}))
            scorer.add(both.set_column(1, "d", both["d"].cast(pa.date32())))
            assert scorer.finish().mask.to_pylist() == [False, False]


def test_lost_zeros_of_integers_are_the_only_reading() -> None:
    """11524 under %m%d%y is January 15th, as 011524 is; it is not November 5th."""
    assert eligible(pa.array([11524, 110524]), ["A", "A"], [500, 400], day_format="%m%d%y") == "EE"


@pytest.mark.parametrize("day_format", ["%m/%d/%Y", "%d%b%Y", "%Y%m%d%z", "%s.%f"])
def test_integers_have_no_separators(day_format: str) -> None:
    """A pattern with more than digits cannot be one of integers: an error that names the column, not rows of no-day."""
    with pytest.raises(dm.errors.UnsupportedTypeError, match=r"column 'd'.*%Y%m%d"):
        eligible(pa.array([20240601]), ["A"], [1], day_format=day_format)


@pytest.mark.parametrize(
    "type_", [pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.dictionary(pa.int8(), pa.string())]
)
def test_types_of_text(type_: pa.DataType) -> None:
    """Every type of text is read alike, nulls included, and bytes that are no UTF-8 are no day."""
    texts = pa.array(["06/01/2024", "6/1/2024", None, "06/01/24"]).cast(type_)
    table = pa.table({"p": ["A", "A", "A", "A"], "d": texts, "v": [500, 400, 1, 1]})
    scored = dm.score(table, **ROLES, day_format="%m/%d/%Y")
    assert scored.reason.to_pylist() == ["over-limit", "over-limit", "no-day", "no-day"]
    odd = pa.array([b"06/01/\xff024", b"06/01/2024"], pa.binary())
    assert eligible(odd, ["A", "A"], [500, 500], day_format="%m/%d/%Y") == "XE"


CASES = {
    "no such day": ("%m/%d/%Y", "", ["02/30/2024", "03/01/2024", "02/29/2023", "06/31/2024"], "AABC", "XEXX"),
    "years": ("%m/%d/%Y", "", ["06/01/2024", "06/01/24", "06/01/202"], "AAA", "EXX"),
    "no separators": ("%m%d%y", "", ["011524", "11524", "110524", "11524"], "AABB", "EXEX"),
    "no separators, year first": ("%Y%m%d", "", ["20240111", "2024111"], "AA", "EX"),
    "weeks": ("%G-W%V-%u", "", ["2024-W22-6", "2024-W23-6"], "AA", "EE"),
    "seconds": ("%s", "America/New_York", ["1717199999", "1717200000"], "AA", "XX"),
    "seconds in UTC": ("%s", "", ["1717199999", "1717200000"], "AA", "EE"),
    "offsets": ("%Y-%m-%d %H:%M:%S %z", "", ["2024-06-01 23:50:26 -0400", "2024-06-02 00:10:26 -0400"], "AA", "EE"),
    "offsets, in UTC": (
        "%Y-%m-%d %H:%M:%S %z", "UTC", ["2024-06-01 23:50:26 -0400", "2024-06-02 00:10:26 -0400"], "AA", "XX",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("layout", [False, True])
def test_command_line(case: str, layout: bool, tmp_path: Path) -> None:
    """The same through the command line, from CSV; and with a layout whose setting it is."""
    day_format, zone, texts, persons, expected = CASES[case]
    rows = [
        f"{person},{text},{400 + 100 * (i == 0)}" for i, (person, text) in enumerate(zip(persons, texts, strict=True))
    ]
    (tmp_path / "in.csv").write_text("\n".join(["buyer,arrival,usd", *rows]) + "\n")
    words = ["score", str(tmp_path / "in.csv"), "-o", str(tmp_path / "mask.parquet"), "-q", "--limit", "800"]
    if layout:
        (tmp_path / "own.toml").write_text(
            'name = "own"\ntitle = "t"\nsource = "s"\n[roles]\nperson = "buyer"\nday = "arrival"\nvalue = "usd"\n'
            f'[settings]\nday_format = "{day_format}"\n' + (f'timezone = "{zone}"\n' if zone else "")
        )
        words += ["--layout", str(tmp_path / "own.toml")]
    else:
        words += ["--person", "buyer", "--day", "arrival", "--value", "usd", "--day-format", day_format]
        words += ["--timezone", zone] if zone else []
    assert main(words) == 0
    assert pq.read_table(tmp_path / "mask.parquet")["eligible"].to_pylist() == [letter == "E" for letter in expected]


def test_shipped_layout_reads_full_width(tmp_path: Path) -> None:
    """Entry type 86 writes MMDDYY: five digits are no day."""
    head = "buyer_name,ship_to_name,consignee_name,estimated_arrival,line_value,country_of_origin"
    rows = ["A,,,011524,500,DE", "A,,,11524,400,DE", "B,,,110524,500,DE", "B,,,11524,400,DE"]
    (tmp_path / "in.csv").write_text("\n".join([head, *rows]) + "\n")
    words = ["score", str(tmp_path / "in.csv"), "-o", str(tmp_path / "mask.parquet"), "-q"]
    assert main([*words, "--layout", "et86", "--limit", "800"]) == 0
    assert pq.read_table(tmp_path / "mask.parquet")["eligible"].to_pylist() == [True, False, True, False]


def test_layout_with_a_pattern_that_tells_no_day(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A layout's file is checked when it is loaded."""
    (tmp_path / "own.toml").write_text(
        'name = "own"\ntitle = "t"\nsource = "s"\n[roles]\nperson = "p"\nday = "d"\nvalue = "v"\n'
        '[settings]\nday_format = "%m/%Y"\n'
    )
    assert main(["layouts", "show", str(tmp_path / "own.toml")]) == 2
    assert "does not tell the day" in capsys.readouterr().err
