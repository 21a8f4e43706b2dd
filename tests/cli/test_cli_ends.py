"""The command line as a program: exit codes, signals, closed pipes, damaged files and a real manifest."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.ipc
import pytest

import deminimis

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(deminimis.__file__).parents[1])}
PROGRAM = [sys.executable, "-W", "error", "-m", "deminimis"]
ROLES = ["--person", "who", "--day", "day", "--value", "usd", "--limit", "800"]
HEAD = b"who,day,usd\n"
ROW = b"A,2024-06-01,1\n"
TWO_ROWS = HEAD + b"A,2024-06-01,800\nB,2024-06-01,800.01\n"
MORE_THAN_A_PIPE_HOLDS = 1 << 20


def run(*words: object, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """Run the program to its end, which comes within a minute whatever it is given."""
    options = {"stdin": subprocess.DEVNULL} | options if "input" not in options else options
    return subprocess.run([*PROGRAM, *map(str, words)], capture_output=True, timeout=60, env=ENVIRONMENT, **options)


def start(*words: object) -> subprocess.Popen[bytes]:
    """Start the program with pipes on all sides."""
    pipes = {name: subprocess.PIPE for name in ("stdin", "stdout", "stderr")}
    return subprocess.Popen([*PROGRAM, *map(str, words)], env=ENVIRONMENT, **pipes)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--version"], 0),
        ([], 0),
        (["score"], 2),
        (["score", "none.csv", *ROLES], 2),
        (["score", "-", *ROLES], 0),
        (["score", "-", *ROLES, "--check"], 1),
        (["score", "-", *ROLES[:-1], "801", "--check"], 0),
        (["score", "-", *ROLES, "-o", "/dev/full", "--format", "csv"], 3),
    ],
)
def test_exit_codes(words: list[str], code: int, tmp_path: Path) -> None:
    """Each end has its documented code, and no traceback."""
    ended = run(*words, input=TWO_ROWS, cwd=tmp_path)
    assert (ended.returncode, b"Traceback" in ended.stderr) == (code, False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", ["csv", "arrow"])
@pytest.mark.parametrize("words", [[], ["--append"]])
def test_a_filter_in_a_pipe(form: str, words: list[str]) -> None:
    """- reads CSV or an Arrow stream, and writes an Arrow stream that others read."""
    given = TWO_ROWS
    if form == "arrow":
        table = pa.table({"who": ["A", "B"], "day": ["2024-06-01"] * 2, "usd": [800.0, 800.01]})
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        given = sink.getvalue().to_pybytes()
    ended = run("score", "-", "-o", "-", "-q", *ROLES, *words, input=given)
    written = pa.ipc.open_stream(ended.stdout).read_all()
    assert written["eligible"].to_pylist() == [True, False]
    assert written.column_names == ([*("who", "day", "usd")] if words else []) + ["eligible"]
    assert ended.stderr == b""


def test_an_empty_pipe() -> None:
    """Nothing at all on standard input is bad input."""
    ended = run("score", "-", *ROLES, input=b"")
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert ended.stderr.startswith(b"deminimis: standard input")


@pytest.mark.parametrize(
    ("number", "code", "told"),
    [
        (signal.SIGINT, 130, b"interrupted"),
        (signal.SIGTERM, 143, b"ended by SIGTERM"),
        (signal.SIGHUP, 129, b"ended by SIGHUP"),
    ],
)
def test_interrupted(number: signal.Signals, code: int, told: bytes, tmp_path: Path) -> None:
    """Ctrl-C and a request to end do so at once, say that nothing was written, and leave no file."""
    with start("score", "-", "-o", tmp_path / "out.csv", *ROLES) as program:
        assert program.stdin is not None and program.stderr is not None
        program.stdin.write(HEAD + ROW * (MORE_THAN_A_PIPE_HOLDS // len(ROW)))
        program.stdin.flush()  # all that no pipe holds was read, so it is at work
        program.send_signal(number)
        program.stdin.close()
        assert program.wait(timeout=30) == code
        assert program.stderr.read() == b"deminimis: %s; nothing was written\n" % told
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [["-o", "-", "--format", "csv"], ["-o", "OUT"], ["-o", "OUT", "--no-clobber"]])
def test_interrupted_says_what_became_of_the_output(words: list[str], tmp_path: Path) -> None:
    """An output that was there is as it was; what went to standard output is said to be not whole."""
    target = tmp_path / "out.csv"
    if words[-1] == "OUT":
        target.write_bytes(b"precious")
    with start("score", "-", *[word.replace("OUT", str(target)) for word in words], *ROLES) as program:
        assert program.stdin is not None and program.stderr is not None
        program.stdin.write(HEAD + ROW * (MORE_THAN_A_PIPE_HOLDS // len(ROW)))
        program.stdin.flush()
        program.send_signal(signal.SIGINT)
        assert program.wait(timeout=30) == 130
        told = program.stderr.read().decode()
    if words[1] == "-":
        assert told == "deminimis: interrupted; what standard output was sent is not whole\n"
    elif words[-1] == "OUT":
        assert told == f"deminimis: interrupted; nothing was written, {target} is as it was\n"
        assert target.read_bytes() == b"precious"
    else:
        assert (told, target.exists()) == ("deminimis: interrupted; nothing was written\n", False)


def test_a_reader_that_leaves_before_the_check(tmp_path: Path) -> None:
    """With --check the exit code is never 0 unless all rows were looked at; text that is not read changes no code."""
    source = tmp_path / "in.csv"
    source.write_bytes(HEAD + ROW * 300_000)
    with start("score", source, "-o", "-", "-q", "--format", "csv", "--check", *ROLES) as program:
        assert program.stdout is not None and program.stderr is not None
        program.stdout.read(4)
        program.stdout.close()
        assert program.wait(timeout=60) == 2
        assert b"before all rows were checked" in program.stderr.read()
    readable, writable = os.pipe()
    os.close(readable)
    words = [*PROGRAM, "score", str(source), "--check", *ROLES[:-1], "0"]
    ended = subprocess.run(words, stdout=writable, stderr=subprocess.PIPE, timeout=60, env=ENVIRONMENT)
    os.close(writable)
    assert (ended.returncode, ended.stderr) == (1, b"")


@pytest.mark.parametrize("threads", ["1", "2", "3"])
@pytest.mark.parametrize("size", [MORE_THAN_A_PIPE_HOLDS, 8 * MORE_THAN_A_PIPE_HOLDS])
def test_interrupted_while_nothing_comes(size: int, threads: str) -> None:
    """Ctrl-C ends the program though standard input says nothing more, whichever thread waits for it."""
    with start("score", "-", "--threads", threads, *ROLES) as program:
        assert program.stdin is not None and program.stderr is not None
        program.stdin.write(HEAD + ROW * (size // len(ROW)))
        program.stdin.flush()
        program.send_signal(signal.SIGINT)
        assert program.wait(timeout=30) == 130
        assert program.stderr.read() == b"deminimis: interrupted; nothing was written\n"


@pytest.mark.parametrize("words", [["--format", "csv"], ["--format", "arrow"], ["--format", "csv", "--append"]])
def test_closed_pipe_of_data(words: list[str], tmp_path: Path) -> None:
    """A reader that has seen enough ends the program cleanly."""
    source = tmp_path / "in.csv"
    source.write_bytes(HEAD + ROW * 300_000)
    with start("score", source, "-o", "-", "-q", *ROLES, *words) as program:
        assert program.stdout is not None and program.stderr is not None
        assert len(program.stdout.read(4)) == 4
        program.stdout.close()
        assert program.wait(timeout=60) == 0
        assert program.stderr.read() == b""


@pytest.mark.parametrize("words", [["--help"], ["rules", "show", "us-321"], ["demo", "--rows", "1000"]])
def test_closed_pipe_of_text(words: list[str]) -> None:
    """A pipe that was closed before anything came ends the program cleanly too."""
    readable, writable = os.pipe()
    os.close(readable)
    ended = subprocess.run([*PROGRAM, *words], stdout=writable, stderr=subprocess.PIPE, timeout=60, env=ENVIRONMENT)
    os.close(writable)
    assert (ended.returncode, ended.stderr) == (0, b"")


DAMAGED = [
    ("ARROW-GH-41317", "string", "date32", "int64"),
    ("ARROW-GH-41321", "string", "date32", "int64"),
    ("ARROW-GH-45185", "x", "x", "x"),
    ("ARROW-GH-47662", "flba_field", "flba_field", "flba_field"),
    ("ARROW-RS-GH-6229-DICTHEADER", "nation_key", "name", "region_key"),
    ("ARROW-RS-GH-6229-LEVELS", "outer", "outer", "outer"),
    ("PARQUET-1481", "a", "b", "c"),
]


@pytest.mark.parametrize("append", [[], ["--append"]])
@pytest.mark.parametrize(("name", "person", "day", "value"), DAMAGED)
def test_damaged_file(
    shared_data: Path, tmp_path: Path, name: str, person: str, day: str, value: str, append: list[str]
) -> None:
    """A damaged Parquet file ends with 2 and one line that names it, and there is no mask."""
    path = shared_data / "bad" / "parquet" / f"{name}.parquet"
    roles = ["--person", person, "--day", day, "--value", value, "--limit", "800"]
    ended = run("score", path, "-o", tmp_path / "mask.parquet", *roles, *append)
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert ended.stderr.startswith(b"deminimis: ") and ended.stderr.count(b"\n") == 1
    assert path.name.encode() in ended.stderr
    assert list(tmp_path.iterdir()) == []


ONLINE = "--person CustomerID --day InvoiceDate --value UnitPrice --quantity Quantity --limit 800 --json"


@pytest.mark.parametrize(
    ("bad_values", "counts"),
    [
        ("unproven", {"eligible": 284_280, "unproven-total": 23_270}),
        ("ignore", {"eligible": 307_550, "unproven-total": 0}),
    ],
)
def test_real_manifest(shared_data: Path, tmp_path: Path, bad_values: str, counts: dict[str, int]) -> None:
    """A folder of 305 CSV files gives the counts that exact decimals gave."""
    target = tmp_path / "mask.parquet"
    ended = run("score", shared_data / "online-retail", "-o", target, *ONLINE.split(), "--bad-values", bad_values)
    found = json.loads(ended.stdout)
    expected = {"no-person": 135_080, "bad-value": 8_905, "over-limit": 90_374} | counts
    assert {reason: found["reasons"][reason] for reason in expected} == expected
    assert (found["rows"], len(found["sources"])) == (541_909, 305)


def test_groups_are_exact_with_reasons(shared_data: Path, tmp_path: Path) -> None:
    """Where reasons are written, the persons' days are counted rather than estimated."""
    ended = run(
        "score", shared_data / "online-retail", "-o", tmp_path / "mask.parquet", *ONLINE.split(), "--with", "reason"
    )
    found = json.loads(ended.stdout)
    assert (found["groups"], found["groups_are_estimated"]) == (19_296, False)


def test_import_is_light() -> None:
    """Importing the package does not import what only the command line or an integration needs."""
    heavy = "{'tqdm', 'argparse', 'polars', 'duckdb'}"
    code = f"import sys, deminimis; print(*sorted({heavy} & set(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=ENVIRONMENT, check=True)
    assert ended.stdout.split() == []
