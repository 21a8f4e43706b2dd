"""The table of ends: each is brought about once, has its code and one line, and is told in the help."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import deminimis
from deminimis.cli.ends import ENDS

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(deminimis.__file__).parents[1])}
PROGRAM = [sys.executable, "-m", "deminimis"]
ROLES = ["--person", "who", "--day", "day", "--value", "usd", "--limit", "800"]
ROWS = b"who,day,usd\n" + b"".join(b"%d,2024-06-%02d,900\n" % (n % 997, n % 28 + 1) for n in range(400_000))
SCORE = ["score", "in.csv", *ROLES]
BEFORE = "import sys, os, threading, tempfile, resource, deminimis\nfrom deminimis.cli.main import main\n"
LOADED = "from deminimis import score_files\n"
NO_THREADS = """
def refuse(*_, **__):
    raise RuntimeError("can't start new thread")
import _thread
threading._start_new_thread = _thread.start_new_thread = refuse
"""
LITTLE_MEMORY = """
used = int(open("/proc/self/statm").read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
resource.setrlimit(resource.RLIMIT_AS, (used + (256 << 20),) * 2)
"""
NO_FILES = """
free = os.open(os.devnull, os.O_RDONLY)
os.close(free)
resource.setrlimit(resource.RLIMIT_NOFILE, (free, free))
"""
BAD_DISK = """
import io
class Damaging(io.FileIO):
    def readinto(self, buffer):
        count = super().readinto(buffer)
        memoryview(buffer).cast("B")[0] ^= 1
        return count
def temporary(dir=None, **_):
    number, path = tempfile.mkstemp(dir=dir)
    os.unlink(path)
    return Damaging(number, "r+")
tempfile.TemporaryFile = temporary
"""
FAILING_DISK = """
import io, errno
class Failing(io.FileIO):
    def write(self, data):
        raise OSError(errno.EIO, "Input/output error")
def temporary(dir=None, **_):
    number, path = tempfile.mkstemp(dir=dir)
    os.unlink(path)
    return Failing(number, "r+")
tempfile.TemporaryFile = temporary
"""
BROKEN_STREAM = """
import io
class Broken(io.StringIO):
    def write(self, text):
        1 / 0
sys.stdout = Broken()
"""


def run(*words: str, shell: str = '"$@"') -> subprocess.CompletedProcess[bytes]:
    """The program, with its streams as the shell arranges them."""
    return ended(["sh", "-c", f"exec {shell}", "sh", *PROGRAM, *words])


def after(code: str, *words: str) -> subprocess.CompletedProcess[bytes]:
    """The command in a process that the code has prepared."""
    return ended([sys.executable, "-c", f"{BEFORE}{code}\nsys.exit(main({list(words)}))"])


def ended(command: list[str]) -> subprocess.CompletedProcess[bytes]:
    Path("in.csv").write_bytes(ROWS)
    return subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=60, env=ENVIRONMENT)


def verified_after_a_change() -> subprocess.CompletedProcess[bytes]:
    """Evidence of rows that are others by now is verified."""
    Path("m.csv").write_bytes(ROWS[: 12 + 2 * 17])
    words = ["score", "m.csv", *ROLES, "--evidence", "audit.json"]
    assert run(*words).returncode == 0
    Path("m.csv").write_bytes(ROWS[: 12 + 17])
    found = run("verify", "audit.json")
    Path("m.csv").unlink()
    Path("audit.json").unlink()
    return found


def signalled(number: signal.Signals) -> subprocess.CompletedProcess[bytes]:
    """The program, at work on what comes through a pipe when the signal comes."""
    words = [*PROGRAM, "score", "-", *ROLES]
    pipes = {name: subprocess.PIPE for name in ("stdin", "stdout", "stderr")}
    with subprocess.Popen(words, env=ENVIRONMENT, **pipes) as program:
        assert program.stdin is not None
        program.stdin.write(ROWS)
        program.stdin.flush()
        program.send_signal(number)
        told = program.communicate(timeout=60)
    return subprocess.CompletedProcess(words, program.returncode, *told)


ENDED: dict[str, Callable[[], subprocess.CompletedProcess[bytes]]] = {
    "done": lambda: run(*SCORE),
    "not eligible": lambda: run(*SCORE, "--check"),
    "differs": verified_after_a_change,
    "usage": lambda: run(*SCORE, "--frob"),
    "input": lambda: run("score", "none.csv", *ROLES),
    "closed": lambda: run(*SCORE, "-o", "-", shell='"$@" >&-'),
    "fault": lambda: after(BROKEN_STREAM, "--version"),
    "disk": lambda: run(*SCORE, "-o", "/dev/full", "--format", "csv"),
    "memory": lambda: after(LOADED + LITTLE_MEMORY, "demo", "--rows", "100M"),
    "threads": lambda: after(NO_THREADS, *SCORE, "--threads", "4"),
    "descriptors": lambda: after(LOADED + NO_FILES, *SCORE),
    "failing disk": lambda: after(FAILING_DISK, *SCORE, "--memory-limit", "16KiB"),
    "spill": lambda: after(BAD_DISK, *SCORE, "--memory-limit", "16KiB"),
    "SIGHUP": lambda: signalled(signal.SIGHUP),
    "SIGINT": lambda: signalled(signal.SIGINT),
    "SIGTERM": lambda: signalled(signal.SIGTERM),
}


@pytest.mark.parametrize("name", ENDS)
def test_end(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each end has the code of the table and one line on stderr, or none where all is well; never a traceback."""
    monkeypatch.chdir(tmp_path)
    found = ENDED[name]()
    assert (found.returncode, b"Traceback" in found.stderr) == (ENDS[name].code, False), found.stderr
    assert found.stderr.count(b"\n") == (0 if name in ("done", "not eligible", "differs") else 1), found.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"] * (not name.startswith("SIG"))


def test_all_are_told() -> None:
    """The help has every end behind its code."""
    told = " ".join(ended_help().split())
    for end in ENDS.values():
        assert end.when in told and f" {end.code} " in told


def ended_help() -> str:
    return subprocess.run([*PROGRAM, "--help"], capture_output=True, env=ENVIRONMENT, check=True).stdout.decode()
