"""What a person sees: every command fits the terminal that there is, and a bar leaves nothing behind."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import deminimis
from deminimis.text import width_of

ENVIRONMENT = {
    name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")
} | {"PYTHONPATH": str(Path(deminimis.__file__).parents[1])}  # fmt: skip
PROGRAM = [sys.executable, "-m", "deminimis"]
ROLES = ["--person", "consignee", "--day", "arrival", "--value", "usd", "--limit", "800"]
COMMANDS = {
    "help": ["--help"],
    "score": ["score", "in.parquet", "-o", "out.csv", *ROLES],
    "notes": ["score", "in.parquet", *ROLES[:-2], "--rule", "us-321", "--origin", "origin", "--as-of", "2026-07-01"],
    "explain": ["explain", "in.parquet", "--row", "0", *ROLES],
    "explain a composite": ["explain", "in.parquet", "--row", "2", "--person", "note", *ROLES],
    "plan": ["plan", "in.parquet", *ROLES],
    "rules": ["rules"],
    "a rule": ["rules", "show", "us-321"],
    "feeds": ["feeds"],
    "a feed": ["feeds", "show", "data-pilot"],
    "demo": ["demo", "--rows", "5k"],
    "an error": ["score", "in.parquet", "--person", "nobody", *ROLES[2:]],
}  # fmt: skip


def run(words: list[str], width: int, size: int = 60) -> tuple[int, str]:
    """The exit code and what the program draws on a terminal of this width, its line ends as text has them."""
    master, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", size, width, 0, 0))
    streams = {"stdin": subprocess.DEVNULL, "stdout": terminal, "stderr": terminal}
    with subprocess.Popen([*PROGRAM, *words], env=ENVIRONMENT, start_new_session=True, **streams) as program:
        os.close(terminal)
        shown = drained(master)
    os.close(master)
    return program.returncode, shown.decode().replace("\r\n", "\n")


def drained(master: int) -> bytes:
    shown = b""
    with contextlib.suppress(OSError):  # a terminal that nobody holds any more
        while some := os.read(master, 1 << 16):
            shown += some
    return shown


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    names = ["張偉株式会社東京支店", "e\u0301te\u0301 de l'ile", "Nadia Gupta", "\U0001f469\u200d\U0001f467 shop"]
    table = pa.table(
        {
            "consignee": names * 3,
            "arrival": ["2024-06-01"] * 12,
            "usd": ["500.00"] * 12,
            "origin": ["DE"] * 12,
            "note": ["a note of several words, as people write them"] * 12,
        }
    )
    pq.write_table(table, tmp_path / "in.parquet")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("width", [40, 57, 80, 120, 200])
@pytest.mark.parametrize("name", COMMANDS)
def test_it_fits(name: str, width: int, folder: Path) -> None:
    """No line is wider than the terminal, and none ends within a word that goes on in the next."""
    code, shown = run(COMMANDS[name], width)
    assert code == (2 if name == "an error" else 0)
    lines = shown.rstrip("\n").split("\n")
    most = max(width, 80) if name == "help" else width  # its examples are commands, to be copied whole
    assert [line for line in lines if width_of(line) > most] == []
    wide = " ".join(run(COMMANDS[name], 1_000)[1].split())
    words = {word.strip(":") for word in wide.split()}
    if name in ("rules", "a rule", "feeds", "a feed", "an error"):  # nothing in them changes from run to run
        assert {word.strip(":") for word in shown.split()} <= words | set(wide.replace(":", "").split())


def test_a_bar_leaves_nothing(folder: Path) -> None:
    """Ctrl-C wipes the bar that is drawn, and the line that stays says that nothing was written."""
    master, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    words = [*PROGRAM, "score", "-", "-o", "out.parquet", *ROLES]
    streams = {"stdin": subprocess.PIPE, "stdout": terminal, "stderr": terminal}
    with subprocess.Popen(words, env=ENVIRONMENT, start_new_session=True, **streams) as program:
        os.close(terminal)
        assert program.stdin is not None
        program.stdin.write(b"consignee,arrival,usd\n")
        while not select.select([master], [], [], 0)[0]:  # the bar is the first that is drawn
            program.stdin.write(b"A,2024-06-01,1\n" * 10_000)
        shown = os.read(master, 1 << 16)
        program.send_signal(signal.SIGINT)
        shown += drained(master)
        with contextlib.suppress(BrokenPipeError):
            program.stdin.close()
    os.close(master)
    assert program.returncode == 130 and b"reading" in shown
    *_, wiped, told = shown.decode().replace("\r\n", "\n").rstrip("\n").split("\r")
    assert (wiped.strip(), told) == ("", "deminimis: interrupted; nothing was written")
    assert not (folder / "out.parquet").exists()
