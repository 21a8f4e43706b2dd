"""The standard streams as the shell leaves them: closed, non-blocking, in another encoding, or a keyboard."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest

import deminimis

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(deminimis.__file__).parents[1])}
PROGRAM = [sys.executable, "-m", "deminimis"]
ROLES = ["--person", "who", "--day", "day", "--value", "usd", "--limit", "800"]
HEAD = b"who,day,usd\n"
ROW = b"A,2024-06-01,900\n"
ESCAPE = "\x1b]0;pwned\x07\x1b[2J\x9b\u202e"


def run(*words: object, shell: str = '"$@"', **options: Any) -> subprocess.CompletedProcess[bytes]:
    """The program, with its streams as the shell arranges them."""
    command = ["sh", "-c", f"exec {shell}", "sh", *PROGRAM, *map(str, words)]
    options = {"env": ENVIRONMENT, "stdin": subprocess.DEVNULL} | options
    return subprocess.run(command, capture_output=True, timeout=60, **options)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "in.csv").write_bytes(HEAD + ROW * 3)
    return tmp_path / "in.csv"


@pytest.mark.parametrize(
    ("shell", "words", "code"),
    [
        ('"$@" >&-', ["-o", "OUT"], 0),
        ('"$@" >&-', ["-o", "OUT", "-q"], 0),
        ('"$@" >&-', ["-o", "OUT", "--json"], 0),
        ('"$@" >&-', ["--check"], 1),
        ('"$@" >&-', [], 2),  # the summary is all that was asked for
        ('"$@" >&-', ["-o", "-"], 2),
        ('"$@" 2>&-', ["-o", "OUT"], 0),
        ('"$@" 2>&-', ["--check", "-q"], 1),
        ('"$@" 2>&-', ["--frob"], 2),
        ('"$@" <&-', ["-o", "OUT"], 0),
        ('"$@" <&- >&- 2>&-', ["-o", "OUT"], 0),
        ('"$@" <&- >&- 2>&-', ["--check"], 1),
    ],
)
def test_closed(source: Path, shell: str, words: list[str], code: int) -> None:
    """A closed stream changes nothing where the work is done without it; else it is named; it is never --check's 1."""
    target = source.with_name("out.parquet")
    found = run("score", source, *ROLES, *[word.replace("OUT", str(target)) for word in words], shell=shell)
    assert (found.returncode, b"Traceback" in found.stderr) == (code, False), found.stderr
    assert target.exists() == ("OUT" in words)
    if target.exists():
        assert pq.read_table(target)["eligible"].to_pylist() == [False] * 3
    if ">&-" in shell and "2>&-" not in shell:
        assert (b"standard output is closed" in found.stderr) == (code == 2)


def test_closed_input() -> None:
    """A manifest from a closed standard input is refused by name."""
    found = run("score", "-", *ROLES, shell='"$@" <&-')
    assert (found.returncode, b"standard input is closed" in found.stderr) == (2, True)


@pytest.mark.parametrize("words", [["--help"], ["rules"], ["feeds", "show", "et86"], ["--version"]])
def test_closed_output_of_text(words: list[str]) -> None:
    """Where text is the work and has nowhere to go, that is an error, and no fault."""
    found = run(*words, shell='"$@" >&-')
    assert (found.returncode, b"standard output is closed" in found.stderr) == (2, True)


@pytest.mark.parametrize("form", ["csv", "arrow"])
def test_output_that_does_not_block(source: Path, form: str) -> None:
    """A full pipe that does not block is waited for: all rows come, though they are read late."""
    source.write_bytes(HEAD + ROW * 1_000_000)
    readable, writable = os.pipe()
    os.set_blocking(writable, False)
    words = [*PROGRAM, "score", str(source), *ROLES, "-q", "-o", "-", "--format", form, "--append"]
    with subprocess.Popen(words, stdout=writable, stderr=subprocess.PIPE, env=ENVIRONMENT) as program:
        os.close(writable)
        with os.fdopen(readable, "rb") as file:
            given = file.read()
        assert program.stderr is not None
        assert (program.wait(timeout=60), program.stderr.read()) == (0, b"")
    rows = given.count(b"\n") - 1 if form == "csv" else pa.ipc.open_stream(given).read_all().num_rows
    assert rows == 1_000_000


def test_input_that_does_not_block() -> None:
    """Standard input that has nothing to say yet is waited for."""
    readable, writable = os.pipe()
    os.set_blocking(readable, False)
    words = [*PROGRAM, "score", "-", *ROLES, "--json"]
    with subprocess.Popen(words, stdin=readable, stdout=subprocess.PIPE, env=ENVIRONMENT) as program:
        os.close(readable)
        with os.fdopen(writable, "wb") as file:
            file.write(HEAD)
            for _ in range(20):
                file.write(ROW * 10_000)
                file.flush()
        assert program.stdout is not None
        told = json.loads(program.stdout.read())
        assert (program.wait(timeout=60), told["rows"]) == (0, 200_000)


def test_a_keyboard() -> None:
    """What is waited for is said, and one Ctrl-D ends the manifest."""
    master, terminal = pty.openpty()
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(
        [*PROGRAM, "score", "-", *ROLES, "--json"], stdin=terminal, env=ENVIRONMENT, **pipes
    ) as program:
        os.write(master, HEAD + ROW + b"\x04")
        out, err = program.communicate(timeout=60)
    os.close(terminal)
    os.close(master)
    assert (program.returncode, json.loads(out)["rows"]) == (0, 1)
    assert err.decode() == "deminimis: waiting for a manifest on standard input: type or paste CSV, Ctrl-D ends it\n"


@pytest.mark.parametrize("when", ["pyarrow", "numpy", "argparse", "dataclasses", "tempfile"])
def test_interrupted_while_it_is_imported(when: str, source: Path) -> None:
    """Ctrl-C while packages are imported ends the program as later, without a traceback."""
    source.with_name(f"{when}.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    environment = ENVIRONMENT | {"PYTHONPATH": f"{source.parent}{os.pathsep}{ENVIRONMENT['PYTHONPATH']}"}
    found = run("score", source, *ROLES, env=environment)
    assert (found.returncode, b"Traceback" in found.stderr) == (130, False), found.stderr


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
@pytest.mark.parametrize("words", [[], ["--json"]])
def test_nothing_of_a_manifest_is_raw(tmp_path: Path, encoding: str, words: list[str]) -> None:
    """Controls in cells and in names of columns and files are escaped in what is said; nothing fails to be encoded."""
    source = tmp_path / "in\x1b[2J.parquet"
    table = pa.table({"who": [f"張 {ESCAPE}"], "day": ["2024-06-01"], "usd": ["1"], f"x{ESCAPE}": [1]})
    pq.write_table(table, source)
    environment = ENVIRONMENT | {"PYTHONIOENCODING": encoding}
    explained = run("explain", source, "--row", 0, *ROLES, *words, env=environment)
    assert (explained.returncode, explained.stderr) == (0, b"")
    refused = run("score", source, "--person", "nobody", *ROLES[2:], *words, env=environment)
    missing = run("score", tmp_path / os.fsdecode(b"caf\xe9.csv"), *ROLES, env=environment)
    assert (refused.returncode, refused.stdout, missing.returncode) == (2, b"", 2)
    for said in (explained.stdout, refused.stderr, missing.stderr):
        assert not any(one in said.decode(encoding) for one in "\x1b\x07\x9b\u202e")
    assert b"in\\x1b[2J.parquet" in refused.stderr and b"x\\x1b]0;pwned" in refused.stderr
    assert b"caf\\xe9.csv" in missing.stderr
    if words:
        assert json.loads(explained.stdout)["cells"]["who"] == f"張 {ESCAPE}"


def test_a_rule_of_ones_own_is_not_raw(tmp_path: Path) -> None:
    """A rule's title and citations are shown escaped."""
    text = """name = "mine"\ntitle = "Mi\\u001bne"\nauthority = "me"\ncurrency = "USD"\nkey = ["person"]
window = "day"\noverflow = "all"\nnotes = ["a\\u202eb"]
[[step]]\nfrom = 2024-01-01\norigin = "every"\nlimit = "450"\ncitation = "me\\u009b"\n"""
    (tmp_path / "mine.toml").write_text(text)
    found = run("rules", "show", tmp_path / "mine.toml")
    assert (found.returncode, found.stderr) == (0, b"")
    shown = found.stdout.decode()
    assert all(one in shown for one in ("Mi\\x1bne", "me\\x9b", "a\\u202eb")) and "\x1b" not in shown
