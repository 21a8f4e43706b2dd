"""`inspect`: what it says of feeds of every kind, and that the command which it proposes runs."""

from __future__ import annotations

import gzip
import json
import os
import shlex
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import deminimis as dm
from deminimis.cli.main import main

NAMES = ("Shipment", "Consignee", "Arrival Date", "Declared Value", "Addcvd")
LINES = [
    (f"S{i}", f"Müller, {'ABC'[i % 3]}na", f"{i % 17 + 12:02}.06.2024", f"1.{i % 900 + 100},50", ("yes", "no")[i % 2])
    for i in range(3000)
]
TEXT = "\n".join(";".join(f'"{cell}"' if "," in cell else cell for cell in line) for line in (NAMES, *LINES)) + "\n"
TABLE = pa.table(
    {
        "consignee": ["Ana", "Bob", "Cy"] * 40,
        "arrival": pa.array([19_900, 19_901, None] * 40, pa.date32()),
        "value_usd": pa.array([1.5, 900, 3] * 40),
        "origin": ["CN", "DE", "FR"] * 40,
    }
)


def told_by_command(found: dm.Inspection, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    """What the proposed command says when it is typed."""
    words = shlex.split(found.command)
    assert words[:2] == ["deminimis", "score"]
    assert main([*words[1:], "--json"]) == 0
    told: dict[str, object] = json.loads(capsys.readouterr().out)
    return told


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-32"])
@pytest.mark.parametrize("packed", [False, True])
def test_text_of_every_encoding(
    encoding: str, packed: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Delimiter, encoding, day format and signs of amounts are found, and the command takes every row."""
    path = tmp_path / f"a feed's.csv{'.gz' if packed else ''}"
    path.write_bytes(gzip.compress(TEXT.encode(encoding)) if packed else TEXT.encode(encoding))
    found = dm.inspect(path)
    assert found.roles == {
        "person": "Consignee", "day": "Arrival Date", "value": "Declared Value", "excluded": "Addcvd"
    }  # fmt: skip
    assert found.settings == {"day_format": "%d.%m.%Y", "decimal": ",", "thousands": ".", "limit": "800"}
    told = told_by_command(found, capsys)
    assert told["rows"] == 3000 and not {"no-person", "no-day", "bad-value"} & {*found.outcomes}
    reasons = told["reasons"]
    assert isinstance(reasons, dict) and not any(reasons[name] for name in ("no-person", "no-day", "bad-value"))


@pytest.mark.parametrize("ending", ["parquet", "arrow", "arrows", "csv", "tsv"])
def test_files_of_every_format(ending: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command gives the answer of the roles that were meant."""
    path = tmp_path / f"in.{ending}"
    if ending == "parquet":
        pq.write_table(TABLE, path, row_group_size=50)
    elif ending in ("csv", "tsv"):
        lines = [TABLE.column_names, *(row.values() for row in TABLE.to_pylist())]
        text = ["\t,"[ending == "csv"].join("" if cell is None else str(cell) for cell in line) for line in lines]
        path.write_text("\n".join(text))
    else:
        new = pa.ipc.new_file if ending == "arrow" else pa.ipc.new_stream
        with new(path, TABLE.schema) as writer:
            writer.write_table(TABLE, max_chunksize=50)
    found = dm.inspect(str(path))
    wanted = dm.score(TABLE, person="consignee", day="arrival", value="value_usd", origin="origin", rule="us-321")
    told = told_by_command(found, capsys)
    assert told["reasons"] == wanted.summary.reasons
    assert (found.rows_looked_at, found.outcomes["no-day"]) == (120, 40)
    assert [look.blank for look in found.columns] == [0, 40, 0, 0]


@pytest.mark.parametrize("cells", [["06/01/2024", "06/12/2024"], ["01/06/2024", "12/06/2024"]])
def test_days_that_may_be_read_two_ways(cells: list[str]) -> None:
    """Of two ways that read every cell, the one with days closer to each other is proposed, and both are told."""
    month_first = cells[0] == "06/01/2024"
    found = dm.inspect({"buyer": ["A", "B"], "date": cells, "amount": ["1", "2"]})
    assert found.settings["day_format"] == ("%m/%d/%Y" if month_first else "%d/%m/%Y")
    (note,) = [note for note in found.notes if "which is it" in note]
    assert "%m/%d/%Y" in note and "%d/%m/%Y" in note


def test_a_known_feed_is_seen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A feed all of whose columns are there is proposed by its name."""
    names = ["consignee_name", "estimated_arrival", "commodity_value", "country_of_origin", "port"]
    path = tmp_path / "trip.csv"
    path.write_text(",".join(names) + "\nA,2024-06-01,500,CN,2704\nA,2024-06-01,400,CN,2704\n")
    found = dm.inspect(path)
    assert "--feed ace-truck" in found.command and found.feed.startswith("ace-truck")
    assert told_by_command(found, capsys)["reasons"]["over-limit"] == 2  # type: ignore[index]


def test_what_lies_behind_is_seen_and_little_is_read(tmp_path: Path) -> None:
    """Rows at the end of a file with a hole of a gigabyte are among those looked at, and the hole is not read."""
    path = tmp_path / "large.csv"
    rows = "A,2024-06-01,1\n" * 100_000
    with path.open("w") as file:
        file.write("who,date,value\n" + rows)
        file.seek(1 << 30)
        file.write("\n" + rows.replace("A", "B"))
    before = _bytes_read()
    found = dm.inspect(path)
    assert found.columns[0].cells == ("A", "B")
    assert before is None or (_bytes_read() or 0) - before < 8 << 20


def _bytes_read() -> int | None:
    place = Path("/proc/self/io")
    if not place.exists() or os.name != "posix":
        return None
    return int(place.read_text().split()[1])


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("who,date,value\n", 0),
        ("who,date,value", 0),
        ("who,date,value\nA,2024-06-01,1", 1),
        ("who,date,value\nA,2024-06-01,1\nB,2024-06-01\n", 1),
        ('who,date,value\nA,2024-06-01,1\n"B,2024-06-01,2\n', 1),
    ],
)
def test_few_rows_and_rows_that_are_none(text: str, rows: int, tmp_path: Path) -> None:
    """Whole rows at the head are looked at; what comes behind a damaged one is for `score` to refuse."""
    path = tmp_path / "in.csv"
    path.write_text(text)
    found = dm.inspect(path)
    assert (found.rows_looked_at, len(found.columns)) == (rows, 3)
    assert str(found) and json.dumps(found.to_dict())


@pytest.mark.parametrize("content", [b"", b"PAR1\0\1", b"%PDF-1.4"])
def test_what_is_no_manifest_is_refused(content: bytes, tmp_path: Path) -> None:
    """With the file's name."""
    path = tmp_path / "in.csv"
    path.write_bytes(content)
    with pytest.raises(dm.errors.InputError, match=r"in\.csv"):
        dm.inspect(path)


def test_nothing_of_a_feed_reaches_the_terminal_raw(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Control characters of names and cells are escaped, long ones cut, and columns of one name are told."""
    path = tmp_path / "in.csv"
    path.write_text(f"who\x1b[2J,{'n' * 10_000},date,date,value\n\x1b]0;x\x07,{'c' * 10_000},2024-06-01,,1\n")
    assert main(["inspect", str(path)]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out and "\x07" not in out and "\\x1b[2J" in out
    assert max(map(len, out.split("\n"))) < 300 and "date" in out
    assert "No command: nothing seems to be the person and day" in out


@pytest.mark.parametrize("width", [40, 80, 118])
def test_it_fits_a_terminal(width: int) -> None:
    """All but the command, which is one line to be copied, fits."""
    text = dm.inspect(TABLE).to_text(width)
    assert max(map(len, text.split("\n"))) <= width


def test_standard_input_and_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The head of a stream is looked at, and the object is JSON."""
    import io
    import sys

    stream = io.TextIOWrapper(io.BytesIO(b"buyer,date,amount\nA,2024-06-01,5\n"))
    monkeypatch.setattr(sys, "stdin", stream)
    assert main(["inspect", "-", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["rows_looked_at"] == 1 and told["command"].startswith("deminimis score - --person buyer")
