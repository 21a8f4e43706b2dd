"""`deminimis totals`, and what of it `score` takes: tables of totals, secrets in files, keys beside rows."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import deminimis as dm
from deminimis.cli.main import main

SECRET = "a secret that nobody knows"
ROLES = ["--person", "who", "--day", "day", "--value", "usd", "--limit", "800"]
TABLE = pa.table(
    {"who": ["A", "A", "B", "C", None], "day": ["2024-06-01"] * 5, "usd": ["400", "401", "790", None, "1"]}
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    pq.write_table(TABLE, "in.parquet")
    secret = tmp_path / "secret"
    secret.write_text(f"{SECRET}\n")
    secret.chmod(0o600)
    return tmp_path


def expected(**options: Any) -> pa.Table:
    return dm.totals(
        TABLE, person="who", day="day", value="usd", limit=800, secret=SECRET.encode(), **options
    ).read_all()


@pytest.mark.parametrize("ending", ["parquet", "arrow"])
@pytest.mark.parametrize(
    ("words", "options"),
    [
        ([], {}),
        (["--over"], {"over_only": True}),
        (["--refused"], {"refused_only": True}),
        (["--near", "0.95"], {"near": "0.95"}),
        (["--names"], {"names": True}),
    ],
)
def test_table(
    folder: Path, capsys: pytest.CaptureFixture[str], ending: str, words: list[str], options: dict[str, Any]
) -> None:
    """The file is the table of the function, with what it says of itself."""
    out = f"out.{ending}"
    assert main(["totals", "in.parquet", "-o", out, *ROLES, "--secret-file", "secret", *words]) == 0
    found = pq.read_table(out) if ending == "parquet" else pa.ipc.open_file(out).read_all()
    assert found.sort_by("key").equals(expected(**options).sort_by("key"), check_metadata=True)
    said = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    over = sum(found["over"].to_pylist())
    assert said[:3] == ["Rows 5", f"Person-days {len(found)}", f"over the limit {over}"]
    assert said[-1].startswith(f"Wrote {out}: key, day, total") or said[-2].startswith(f"Wrote {out}: key, day")


def test_csv(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In CSV keys are hex digits; such a file answers nothing, as it does not say what it is."""
    assert main(["totals", "in.parquet", "-o", "out.csv", *ROLES, "--secret-file", "secret", "--names", "-q"]) == 0
    with Path("out.csv").open() as file:
        rows = list(csv.DictReader(file))
    table = expected(names=True)
    assert [row["key"] for row in rows] == [key.hex() for key in table["key"].to_pylist()]
    assert [Decimal(row["total"]) for row in rows] == table["total"].to_pylist()
    assert [row["who"] for row in rows] == ["A", "B", "C"]
    assert main(["score", "in.parquet", *ROLES, "--secret-file", "secret", "--totals", "out.csv"]) == 2
    assert "a table of totals is Parquet or Arrow, which say what it is" in capsys.readouterr().err


def test_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The account for programs."""
    assert main(["totals", "in.parquet", "-o", "out.parquet", *ROLES, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["rows"], told["groups"], told["over"], told["settings"]["person"]) == (5, 3, 1, "who")


@pytest.mark.parametrize("words", [[], ["--refused"]])
def test_score_by_totals(folder: Path, words: list[str]) -> None:
    """Rows are answered by a file of totals as by their own."""
    secret = ["--secret-file", "secret"]
    assert main(["totals", "in.parquet", "-o", "totals.parquet", *ROLES, *secret, *words, "-q"]) == 0
    assert main(["score", "in.parquet", "-o", "by.parquet", *ROLES, *secret, "--totals", "totals.parquet", "-q"]) == 0
    assert main(["score", "in.parquet", "-o", "own.parquet", *ROLES, "-q"]) == 0
    assert pq.read_table("by.parquet").equals(pq.read_table("own.parquet"))


@pytest.mark.parametrize("append", [[], ["--append"]])
def test_keys_join_rows_and_totals(folder: Path, append: list[str]) -> None:
    """`--with key` gives each row the key of its group, and none where it has none."""
    words = ["--with", "key,total", "--secret-file", "secret", *append, "-q"]
    assert main(["score", "in.parquet", "-o", "out.parquet", *ROLES, *words]) == 0
    found = pq.read_table("out.parquet")
    assert found.schema.names == [*(TABLE.schema.names if append else []), "eligible", "total", "key"]
    by_key = dict(zip(*(expected()[name].to_pylist() for name in ("key", "total")), strict=True))
    assert [by_key.get(key) for key in found["key"].to_pylist()] == found["total"].to_pylist()
    assert found["key"].to_pylist()[4] is None


def test_key_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A key stands beside an answer, and a stream cannot be read twice for it."""
    options = {"person": "who", "day": "day", "value": "usd", "limit": 800}
    with pytest.raises(dm.errors.InputError, match="columns= takes 'key' beside an answer"):
        dm.score_files(TABLE, None, **options, columns=["key"])
    with pytest.raises(dm.errors.InputError, match="the column 'key' of columns= reads the manifest twice"):
        dm.score_files(TABLE.to_reader(), folder / "out.parquet", **options, columns=["eligible", "key"])


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620])
def test_secret_that_others_may_read(folder: Path, capsys: pytest.CaptureFixture[str], mode: int) -> None:
    """It is refused before anything is read or written."""
    (folder / "secret").chmod(mode)
    assert main(["totals", "in.parquet", "-o", "out.parquet", *ROLES, "--secret-file", "secret"]) == 2
    assert f"secret: others may read it (its mode is {mode:o}): chmod 600 it" in capsys.readouterr().err
    assert not (folder / "out.parquet").exists()


@pytest.mark.parametrize(
    ("content", "wrong"),
    [(b"too short\n", "at least 16 bytes"), (b"x" * 4097, "a secret has at most 4,096 bytes"), (None, "no such file")],
)
def test_secrets_that_are_none(
    folder: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, wrong: str
) -> None:
    if content is None:
        (folder / "secret").unlink()
    else:
        (folder / "secret").write_bytes(content)
    assert main(["totals", "in.parquet", "-o", "out.parquet", *ROLES, "--secret-file", "secret"]) == 2
    assert wrong in capsys.readouterr().err


@pytest.mark.parametrize("ends", ["", "\n", "\r\n"])
def test_a_line_end_is_no_part_of_a_secret(folder: Path, ends: str) -> None:
    (folder / "secret").write_bytes(f"{SECRET}{ends}".encode())
    assert main(["totals", "in.parquet", "-o", "out.parquet", *ROLES, "--secret-file", "secret", "-q"]) == 0
    assert {*pq.read_table("out.parquet")["key"].to_pylist()} == {*expected()["key"].to_pylist()}


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (["-o", "nowhere/out.parquet"], "nowhere"),
        (["-o", "out.xyz"], "its ending does not tell the format"),
        (["-o", "in.parquet"], "is a part of the manifest and would be overwritten"),
        (["-o", "out.parquet", "--near", "2"], "--near is a share above 0 and up to 1"),
        ([], "-o/--output"),
    ],
)
def test_wrong_words(folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], wrong: str) -> None:
    """They are told in the words of the command line, and nothing is left."""
    try:
        code = main(["totals", "in.parquet", *ROLES, *words])
    except SystemExit as ended:
        code = int(str(ended.code))
    assert code == 2 and wrong in capsys.readouterr().err
    assert {path.name for path in folder.iterdir()} == {"in.parquet", "secret"}
