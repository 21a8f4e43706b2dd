"""What the command line says of each mistake and failure, and with which exit code; in this process."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import deminimis as dm
from deminimis.cli.ends import ended
from deminimis.cli.main import main
from deminimis.cli.options import in_the_shell
from deminimis.errors import Message, option

ROLES = ["--person", "who", "--day", "day", "--value", "usd"]
LIMIT = [*ROLES, "--limit", "800"]


@pytest.fixture
def source(tmp_path: Path) -> str:
    table = pa.table({"who": ["A"] * 7, "zip": ["1"] * 7, "day": ["2024-06-01"] * 7, "usd": ["5"] * 6 + ["-1"]})
    pq.write_table(table, tmp_path / "in.parquet")
    return str(tmp_path / "in.parquet")


ERRORS: list[tuple[list[str], str]] = [
    (["scor"], "Did you mean 'score'?"),
    (["--frob"], "there is no option '--frob'"),
    (["score"], "the following arguments are required: SOURCE"),
    (["score", "IN", *LIMIT, "--limt", "3"], "did you mean --limit?"),
    (["score", "IN", *ROLES, "--limit", "1", "--rule", "us-321"], "not allowed with argument"),
    (["score", "IN", *ROLES], "give --limit N or --rule NAME"),
    (["score", "IN", "--limit", "1"], "no column is named for --person and --day and --value"),
    (["score", "IN", "--layout", "data-pilot", "--limit", "1"], "join it from the manifest by shipment id"),
    (["score", "IN", "--first-of", ",", *LIMIT[2:]], "is no list of names"),
    (["score", "IN", "--person", "whoo", *LIMIT[2:]], "Did you mean 'who'? The columns are: who, zip, day"),
    (["score", "IN", *ROLES, "--limit", "eight"], "limit 'eight' is not a number"),
    (["score", "IN", *ROLES, "--limit", "-1"], "-1"),
    (["score", "IN", *ROLES, "--rule", "us-322"], "Did you mean 'us-321'?"),
    (["score", "IN", *ROLES, "--rule", "us-321"], "give --origin"),
    (["score", "IN", *ROLES, "--rule", "us-321", "--as-of", "June"], "--as-of takes a day written YYYY-MM-DD"),
    (["score", "IN", *LIMIT, "--as-of", "2024-06-01"], "--as-of goes with --rule"),
    (["score", "IN", *LIMIT, "--bad-values", "error"], "column 'usd', row 6: "),
    (["score", "IN", *LIMIT, "--bad-values", "maybe"], "invalid choice: 'maybe'"),
    (["score", "IN", *LIMIT, "--excluded", "zip = 1"], "=="),
    (["score", "IN", *LIMIT, "--timezone", "Mars"], "--timezone"),
    (["score", "IN", *LIMIT, "--threads", "0"], "--threads"),
    (["score", "IN", *LIMIT, "--threads", "two"], "'two' is no number of things, such as 20000, 20k or 1.5M"),
    (
        ["score", "IN", *LIMIT, "--with", "reasons"],
        "--with takes reason, total, person, day, limit, step and key, not 'reasons'",
    ),
    (["score", "IN", *LIMIT, "--append"], "say where with -o"),
    (["score", "IN", *LIMIT, "-o", "IN"], "would be overwritten"),
    (["score", "IN", "-p", "who"], "did you mean --person?"),
    (["score", "IN", *LIMIT, "--zone", "UTC"], "did you mean --timezone?"),
    (["demo", "--rows", "many"], "'many' is no number of things, such as 20000, 20k or 1.5M"),
    (["why"], "Did you mean 'explain'?"),
    (["score", "FOLDER", *LIMIT, "-o", "IN"], "would be overwritten"),
    (["score", "FOLDER/*.parquet", *LIMIT, "-o", "IN"], "would be overwritten"),
    (["score", "IN", *LIMIT, "-o", "FOLDER/none/mask.csv"], "none/mask.csv"),
    (["score", "IN", *LIMIT, "-o", "FOLDER/mask.xlsx"], "mask.xlsx"),
    (["score", "FOLDER/none.parquet", *LIMIT], "none.parquet: there is no such file"),
    (["score", "IN", "-", *LIMIT], "standard input (-) is a manifest by itself"),
    (["explain", "IN", *LIMIT], "--row --id --name is required"),
    (["explain", "IN", "--row", "7", *LIMIT], "the manifest has 7 rows, numbered from 0 to 6"),
    (["explain", "IN", "--row", "-1", *LIMIT], "there is no row -1"),
    (["explain", "IN", "--row", "0", "--person", "nobody", *LIMIT[2:]], "there is no column 'nobody'"),
    (["rules", "show"], "show takes the name of a rule"),
    (["rules", "show", "us-322"], "Did you mean 'us-321'?"),
    (["rules", "frob"], "invalid choice: 'frob'"),
    (["rules", "check", "FOLDER/none.toml"], "none.toml"),
    (["layouts", "show", "et87"], "Did you mean 'et86'?"),
    (["layouts", "list", "et86"], "list takes no name"),
    (["demo", "--rows", "0"], "from 1 to 100,000,000 rows"),
]


@pytest.mark.parametrize(("words", "told"), [pytest.param(*case, id=" ".join(case[0])) for case in ERRORS])
def test_errors(source: str, words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A mistake ends with 2 and one line on stderr that says the mend; nothing is written, nothing shown."""
    folder = Path(source).parent
    before = {path: path.read_bytes() for path in folder.iterdir()}
    given = [word.replace("FOLDER", str(folder)).replace("IN", source) for word in words]
    assert main(given) == 2
    shown = capsys.readouterr()
    assert told in shown.err
    assert shown.err.startswith("deminimis") and shown.err.count("\n") == 1
    assert shown.out == ""
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (MemoryError(), 3, "out of memory"),
        (OSError(28, "No space left on device", "out.csv"), 3, "out.csv: the disk is full"),
        (OSError(5, "Input/output error", "in.csv"), 3, "in.csv: the disk or the network failed (Input/output error)"),
        (OSError(20, "Not a directory", "in.csv"), 2, "in.csv: not a directory"),
        (dm.errors.OutOfSpaceError("the disk is full"), 3, "the disk is full"),
        (pa.ArrowInvalid("odd\nmore"), 2, "odd"),
        (ZeroDivisionError("oh"), 2, "ZeroDivisionError: oh"),
        (KeyboardInterrupt(), 130, "deminimis: interrupted\n"),
        (BrokenPipeError(), 0, ""),
    ],
)
def test_ends(
    error: BaseException, code: int, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each error ends with the documented code and a sentence, and no traceback."""
    monkeypatch.delenv("DEMINIMIS_TRACEBACK", raising=False)
    monkeypatch.setattr(sys, "stdout", io.StringIO())  # which has no descriptor to point elsewhere
    assert ended(error) == code
    err = capsys.readouterr().err
    assert told in err and "Traceback" not in err
    assert err.count("\n") == (1 if told else 0)


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (ZeroDivisionError("oh"), 2, "ZeroDivisionError: oh"),
        (MemoryError("oh"), 3, "standard input: oh"),
        (OSError(28, "No space left on device"), 3, "standard input: the disk is full"),
        (KeyboardInterrupt(), 130, "deminimis: interrupted; nothing was written\n"),
    ],
)
def test_ends_of_a_command(
    error: BaseException, code: int, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever is raised inside of a command ends so, whether the manifest's own or a fault."""

    class Failing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise error

    monkeypatch.delenv("DEMINIMIS_TRACEBACK", raising=False)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=Failing()))
    assert main(["score", "-", *LIMIT]) == code
    err = capsys.readouterr().err
    assert told in err and "Traceback" not in err and err.count("\n") == 1


@pytest.mark.parametrize(
    ("message", "python", "shell"),
    [
        (f"give exactly one of {option('limit')} and {option('rule')}", "limit= and rule=", "--limit and --rule"),
        (f"set {option('bad_values', 'ignore')}.", 'bad_values="ignore".', "--bad-values ignore."),
        (f"give {option('header', False)}.", "header=False", "--no-header."),
        (f"or {option('header')}", "header=", "--no-header or --columns"),
        (f"give {option('in_care_of', True)}", "in_care_of=True", "--in-care-of"),
        (f"{option('count_excluded', False)}", "count_excluded=False", "--no-count-excluded"),
        (f"give {option('late_days', 3)} or more", "late_days=3 or more", "--late-days 3 or more"),
        (f"{option('columns')} takes", "columns= takes", "--with takes"),
        (f"{option('secret')} takes", "secret= takes", "--secret-file takes"),
        ("day=2024-06-01/in.parquet: it is damaged", "day=2024", "day=2024-06-01/in.parquet: it is damaged"),
    ],
)
def test_words_of_the_shell(message: str, python: str, shell: str) -> None:
    """What Python's callers are told in keywords is told in options; a text that looks alike stays as it is."""
    assert python in Message(message) and "\ufdd0" not in Message(message)
    assert shell in in_the_shell(Message(message))
