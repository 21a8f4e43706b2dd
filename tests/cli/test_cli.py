"""The command line in this process: what goes where, which option does what, and what each error says."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest

import deminimis as dm
from deminimis.cli.arguments import listed
from deminimis.cli.main import COMMANDS, main

TABLE = pa.table(
    {
        "who": ["A", "A", "B", "Lee, Ann", "ann  LEE", "N/A", "C"],
        "zip": ["1", "2", "1", "3", "3", "4", None],
        "day": ["2024-06-01"] * 7,
        "usd": ["500", "400", "800", "500", "500", "1", "-1"],
        "pieces": ["1", "1", "2", "1", "1", "1", "1"],
        "from": ["CN", "DE", "CN", "DE", "DE", "DE", "DE"],
        "money": ["USD", "USD", "USD", "USD", "EUR", "USD", "USD"],
    }
)
ROLES = ["--person", "who", "--day", "day", "--value", "usd"]
LIMIT = [*ROLES, "--limit", "800"]


@pytest.fixture
def source(tmp_path: Path) -> str:
    pq.write_table(TABLE, tmp_path / "in.parquet")
    return str(tmp_path / "in.parquet")


def mask(source: str, *words: str) -> str:
    """The mask that a command writes, a letter a row."""
    target = Path(source).with_name("mask.parquet")
    assert main(["score", source, "-o", str(target), "-q", *words]) == 0
    return "".join("E" if bit else "X" for bit in pq.read_table(target)["eligible"].to_pylist())


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (LIMIT, "XXEEEXX"),
        ([*ROLES, "--limit", "900"], "EEEEEXX"),
        ([*LIMIT, "--person", "zip"], "EEEEEXX"),
        (["--first-of", "zip,who", *LIMIT[2:]], "XEXXXEX"),
        (["--first-of", "zip,who", "--person", "who", *LIMIT[2:]], "EEEEEEX"),
        (["--person", "who", "--first-of", '"zip",who', *LIMIT[2:]], "EEEEEXX"),
        ([*LIMIT, "--per", "zip"], "EEEEEXX"),
        ([*LIMIT, "--quantity", "pieces"], "XXXEEXX"),
        ([*LIMIT, "--normalize", "name"], "XXEXXXX"),
        ([*LIMIT, "--placeholder", "a", "--placeholder", "zz"], "XXEEEEX"),
        ([*LIMIT, "--placeholder", ""], "XXEEEEX"),
        ([*LIMIT, "--overflow", "excess"], "EXEEEXX"),
        ([*LIMIT, "--excluded", "`from` == 'CN'"], "XXXEEXX"),
        ([*LIMIT, "--excluded", "`from` == 'CN'", "--no-count-excluded"], "XEXEEXX"),
        ([*LIMIT, "--currency", "money", "--currency-code", "USD"], "XXEEXXX"),
        ([*ROLES, "--rule", "us-321", "--origin", "from"], "XXEEEXX"),
        ([*ROLES, "--rule", "us-321", "--origin", "from", "--as-of", "2025-05-10"], "XEXEEXX"),
        ([*ROLES, "--rule", "us-gift", "--sent-from", "from"], "XXXXXXX"),
        ([*LIMIT, "--timezone", "America/Los_Angeles"], "XXEEEXX"),
        ([*LIMIT, "--threads", "1"], "XXEEEXX"),
    ],
)
def test_options(source: str, words: list[str], expected: str) -> None:
    """Every role and setting reaches the scorer."""
    assert mask(source, *words) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("who;day;usd\nA;06/01/2024;500\nA;06/01/2024;301", ["--delimiter", ";"]),
        ("who\tday\tusd\nA\t06/01/2024\t500\nA\t06/01/2024\t301", ["--delimiter", "tab"]),
        ("A,06/01/2024,500\nA,06/01/2024,301", ["--columns", "who,day,usd"]),
        ("A,06/01/2024,500\nA,06/01/2024,301", ["--no-header", "--person", "f0", "--day", "f1", "--value", "f2"]),
        ("who,day,usd\nJos\xe9,06/01/2024,500\nJos\xe9,06/01/2024,301", ["--encoding", "latin-1"]),
    ],
)
def test_text_files(tmp_path: Path, text: str, words: list[str]) -> None:
    """CSV is read as its options say, and a day as its format says."""
    path = tmp_path / "in.csv"
    path.write_bytes(text.encode("latin-1"))
    roles = LIMIT[-2:] if "--no-header" in words else LIMIT
    assert mask(str(path), "--day-format", "%m/%d/%Y", *roles, *words) == "XX"


def test_several_sources(source: str, tmp_path: Path) -> None:
    """Several sources, wherever they stand among the options, are one manifest in their order."""
    pq.write_table(TABLE.slice(2, 1), tmp_path / "more.parquet")
    target = tmp_path / "mask.csv"
    assert main(["score", source, "-o", str(target), *LIMIT, str(tmp_path / "more.parquet"), "-q"]) == 0
    assert target.read_text().split()[1:] == ["false", "false", "false", "true", "true", "false", "false", "false"]


def test_layout(tmp_path: Path) -> None:
    """A layout fills the roles, and an option that is given wins over it."""
    columns = {"consignee_name": ["A", "A"], "estimated_arrival": ["2024-06-01"] * 2}
    values = {"commodity_value": ["1", "2"], "retail": ["500", "301"], "country_of_origin": ["DE", "DE"]}
    path = tmp_path / "in.parquet"
    pq.write_table(pa.table(columns | values), path)
    assert mask(str(path), "--layout", "ace-truck", "--limit", "800") == "EE"
    assert mask(str(path), "--layout", "ace-truck", "--limit", "800", "--value", "retail") == "XX"


def test_settings_are_told_as_given(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The summary tells layout, expressions and the day of --as-of in the words of the command."""
    path = Path(source).with_name("parcels.parquet")
    names = ("shipping_address_name", "shipping_address_company", "shipping_address_postal_code", "arrival", "origin")
    pq.write_table(pa.table({name: ["A"] for name in names} | {"item_line_value": ["5"]}), path)
    words = ["--layout", "consolidator", "--rule", "us-321", "--as-of", "2024-06-01", "--excluded", "origin == 'CN'"]
    assert main(["score", str(path), "--json", *words]) == 0
    told = json.loads(capsys.readouterr().out)["settings"]
    assert (told["feed"], told["as_of"], told["excluded"]) == ("consolidator", "2024-06-01", "origin == 'CN'")
    assert told["person"] == [{"first_of": list(names[:2])}, names[2]]


def test_a_composite_of_first_ones(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--person and --first-of are parts of one composite, in their order; a name that has a comma is quoted."""
    table = pa.table(
        {"a,b": ["A", None, None], "c|d": [None, "A", "A"], "zip": ["1", "1", "2"], "day": ["2024-06-01"] * 3}
    )
    path = tmp_path / "in.parquet"
    pq.write_table(table.append_column("usd", pa.array([500, 400, 800])), path)
    words = ["--first-of", '"a,b",c|d', "--person", "zip", *LIMIT[2:]]
    assert mask(str(path), *words) == "XXE"
    assert main(["score", str(path), "--json", *words]) == 0
    assert json.loads(capsys.readouterr().out)["settings"]["person"] == [{"first_of": ["a,b", "c|d"]}, "zip"]


@pytest.mark.parametrize(
    ("words", "columns"),
    [
        ([], ["eligible"]),
        (["--with", "total,reason"], ["eligible", "reason", "total"]),
        (["--append", "--with", "reason"], [*TABLE.column_names, "eligible", "reason"]),
    ],
)
@pytest.mark.parametrize("name", ["out.parquet", "out.arrow", "out.csv", "out"])
def test_written(source: str, tmp_path: Path, name: str, words: list[str], columns: list[str]) -> None:
    """The output has the columns asked for, in the format that its ending or --format names."""
    target = tmp_path / name
    words = words if name != "out" else [*words, "--format", "csv"]
    assert main(["score", source, "-o", str(target), *LIMIT, *words, "-q"]) == 0
    kind = target.suffix
    if kind == ".parquet":
        written = pq.read_table(target)
    elif kind == ".arrow":
        written = pa.ipc.open_file(target).read_all()
    else:
        written = pyarrow.csv.read_csv(target)
    assert (written.column_names, len(written)) == (columns, len(TABLE))


def test_summary_is_on_stdout(source: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the data goes to a file, the summary goes to stdout, and says what was written."""
    target = tmp_path / "mask.csv"
    assert main(["score", source, "-o", str(target), *LIMIT]) == 0
    shown = capsys.readouterr()
    assert (
        shown.out.startswith("NOTE: ") and "\nRows " in shown.out and shown.out.endswith(f"Wrote {target}: eligible\n")
    )
    assert shown.err == ""


def test_a_file_that_is_replaced(source: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The summary says whether there was an output before; with --no-clobber such a one is refused, and kept."""
    words = ["score", source, "-o", str(tmp_path / "mask.csv"), *LIMIT]
    assert main([*words, "--no-clobber"]) == 0
    assert capsys.readouterr().out.endswith("mask.csv: eligible\n")
    assert main(words) == 0
    assert capsys.readouterr().out.endswith("mask.csv (replaced): eligible\n")
    (tmp_path / "mask.csv").write_text("precious")
    assert main([*words, "--no-clobber"]) == 2
    assert "mask.csv is there already, and --no-clobber keeps it" in capsys.readouterr().err
    assert (tmp_path / "mask.csv").read_text() == "precious"


@pytest.mark.parametrize("rows", ["1k", "1_000", "1,000", "1000"])
def test_counts(rows: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Counts are given as people write them."""
    assert main(["demo", "--rows", rows]) == 0
    assert capsys.readouterr().out.startswith("A manifest of 1,000 rows")


def test_data_is_on_stdout(source: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """With -o - the data alone is on stdout, and the summary on stderr."""
    assert main(["score", source, "-o", "-", "--format", "csv", *LIMIT]) == 0
    shown = capfdbinary.readouterr()
    assert shown.out.split() == b'"eligible" false false true true true false false'.split()
    assert shown.err.startswith(b"NOTE: ") and b"\nRows " in shown.err


def test_arrow_stream_on_stdout(source: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Without a format, -o - writes an Arrow stream where stdout is no terminal."""
    assert main(["score", source, "-o", "-", "-q", "--append", *LIMIT]) == 0
    written = pa.ipc.open_stream(capfdbinary.readouterr().out).read_all()
    assert written.drop_columns("eligible").equals(TABLE)


@pytest.mark.parametrize(("words", "stream"), [([], "out"), (["-q"], "out"), (["-o", "-", "--format", "csv"], "err")])
def test_json(source: str, capsys: pytest.CaptureFixture[str], words: list[str], stream: str) -> None:
    """--json gives one object, with the figures of `score_files`, on stdout or else beside the data on stderr."""
    assert main(["score", source, "--json", *LIMIT, *words]) == 0
    found = json.loads(getattr(capsys.readouterr(), stream))
    expected = dm.score_files(source, None, person="who", day="day", value="usd", limit="800").to_dict()
    for name in ("rows", "eligible", "reasons", "value_eligible", "settings", "sources"):
        assert found[name] == expected[name]


def test_notes_are_loud(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    """That no row can qualify is said first, and on stderr too where the summary is JSON."""
    words = ["score", source, *ROLES, "--rule", "us-321", "--origin", "from", "--as-of", "2026-07-01"]
    assert main(words) == 0
    assert capsys.readouterr().out.startswith("NOTE: no row can qualify")
    assert main([*words, "--json"]) == 0
    assert capsys.readouterr().err.startswith("deminimis: no row can qualify")


def test_quiet(source: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--quiet says nothing."""
    assert main(["score", source, "-o", str(tmp_path / "mask.csv"), "-q", *LIMIT]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"], ["help"]])
def test_help(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Without words, the help: every command, and examples."""
    assert main(words) == 0
    out = capsys.readouterr().out
    assert all(f"\n  {command} " in out for command in COMMANDS)
    assert "examples:" in out and max(map(len, out.splitlines())) <= 120


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each command has its own help, which fits a terminal."""
    assert main([command, "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"usage: deminimis {command}") and max(map(len, out.splitlines())) <= 120


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """The version is the package's."""
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"deminimis {dm.__version__}\n"


@pytest.mark.parametrize(("text", "names"), [("a,b", ["a", "b"]), ('"a,b", c', ["a,b", "c"]), ("a b", ["a b"])])
def test_lists(text: str, names: list[str]) -> None:
    """A list of columns is split at commas that are not quoted."""
    assert listed(text) == names


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["rules"], "us-321"),
        (["rules", "list"], "cn-cbec"),
        (["rules", "show", "us-321"], "TFTEA s.901"),
        (["layouts"], "et86"),
        (["feeds"], "et86"),
        (["layouts", "show", "et86"], "country_of_origin"),
    ],
)
def test_lookups(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Rules and layouts are listed and shown on stdout."""
    assert main(words) == 0
    assert told in capsys.readouterr().out


def test_own_rule(tmp_path: Path, source: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A rule of one's own is checked, shown and applied by its path."""
    path = tmp_path / "mine.toml"
    path.write_text(
        'name = "mine"\ntitle = "Mine"\nauthority = "me"\ncurrency = "USD"\nkey = ["person"]\n'
        'window = "day"\noverflow = "all"\n'
        '[[step]]\nfrom = 2024-01-01\norigin = "every"\nlimit = "450"\ncitation = "me"\n'
    )
    assert main(["rules", "check", str(path)]) == 0
    assert "is sound" in capsys.readouterr().out
    assert mask(source, *ROLES, "--rule", str(path)) == "XXXXXXX"
