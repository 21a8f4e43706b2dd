"""One job with one fault, in a child that is forked from a process which has everything imported."""

from __future__ import annotations

import _thread
import ctypes
import errno
import faulthandler
import gc
import json
import os
import select
import signal
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import deminimis as dm

from . import jobs

SECONDS_MOST = 120
SECONDS_AFTER = 20
"""So long a thread that has told its end may still leave its frames, and what they hold, on a busy machine."""
SHORT = -1
THROWN = ("std::bad_alloc", "arrow::stl::BadAlloc", "std::system_error", "/arrow/cpp/src/")
"""What stderr says where C++ threw past a function that may not, or Arrow ends the process. The kernel has no C++."""
KINDS: dict[str, tuple[int, tuple[int, ...]]] = {
    "allocation": (1, (0,)),
    "read": (2, (errno.EIO, SHORT)),
    "write": (3, (errno.ENOSPC, errno.EIO, SHORT)),
    "fsync": (4, (errno.EIO, errno.ENOSPC)),
    "rename": (5, (errno.EIO, errno.ENOSPC)),
    "thread": (6, (0,)),
}
"""The shim's number of each kind of call, and the ways in which one fails."""


@dataclass(frozen=True)
class Fault:
    """The call of this kind and number fails with this error."""

    kind: str
    at: int
    error: int

    def __str__(self) -> str:
        how = "is short" if self.error == SHORT else f"fails ({errno.errorcode.get(self.error, 'as it does')})"
        return f"{self.kind} {self.at} {how}"


@dataclass
class Ended:
    """How a job ended: its digest or the error, the calls of the kind, and what is wrong with it by itself."""

    said: str | None = None
    error: str | None = None
    calls: int = 0
    wrong: str | None = None
    aborted: str | None = None
    """pyarrow's C++ ended the process: an exception that nobody could catch."""


class Server:
    """Forks a child for each fault. The process was started with the shim loaded before the C library."""

    def __init__(self, shim: Path, folder: Path) -> None:
        jobs.load_all()
        self.shim = ctypes.CDLL(str(shim))
        self.shim.faults_arm.argtypes = [ctypes.c_int, ctypes.c_long, ctypes.c_int, ctypes.c_char_p]
        self.shim.faults_calls.restype = ctypes.c_long
        self.folder = folder

    def run(self, job: str, fault: Fault) -> Ended:
        """The job with this fault; number 0 never fails, and counts."""
        reads, writes = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reads)
            self._be_child(job, fault, writes)
        os.close(writes)
        ended = _awaited(child)
        with os.fdopen(reads, "rb") as pipe:
            told = pipe.read()
        stderr = (self.folder / "stderr").read_text(errors="replace")
        if ended is None:
            return Ended(wrong=f"it hangs: {stderr[:1_500]}")
        if not told:
            is_cxx = os.WIFSIGNALED(ended) and any(word in stderr for word in THROWN)
            how = f"it ended by {_how(ended)}: {stderr[:1_500]}"
            return Ended(aborted=how) if is_cxx else Ended(wrong=how)
        return Ended(**json.loads(told))

    def _be_child(self, job: str, fault: Fault, writes: int) -> None:
        try:
            os.dup2(os.open(self.folder / "stderr", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 2)
            faulthandler.enable()
            faulthandler.dump_traceback_later(SECONDS_MOST - 5)
            told: dict[str, Any] = self._attempt(jobs.JOBS[job](self.folder), fault)
            os.write(writes, json.dumps(told).encode())
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(0)

    def _attempt(self, run: Any, fault: Fault) -> dict[str, Any]:
        kind, error = KINDS[fault.kind][0], fault.error
        opened, loaded = _open_files(self.folder), set(sys.modules)
        told: dict[str, Any] = {}
        self.shim.faults_arm(kind, fault.at, error, os.fsencode(self.folder))
        try:
            answers = run()
            self.shim.faults_arm(0, 0, 0, b"")
            told["said"] = jobs.digest(answers)
        except (dm.DeminimisError, MemoryError) as refusal:
            self.shim.faults_arm(0, 0, 0, b"")
            told["error"] = f"{type(refusal).__name__}: {refusal}"
            told["said"] = None
        except BaseException:
            self.shim.faults_arm(0, 0, 0, b"")
            told["wrong"] = f"it raised {traceback.format_exc(limit=-4)}"
        told["calls"] = self.shim.faults_calls()
        if imported := sorted(set(sys.modules) - loaded):  # which can fail for lack of memory or of descriptors
            told["wrong"] = f"{imported} were imported in the middle; {told.get('wrong')}"
        until = time.monotonic() + SECONDS_AFTER
        while left := _left(self.folder, opened):
            if time.monotonic() > until:
                told["wrong"] = f"{left}; {told.get('error')}"
                break
            gc.collect()
            time.sleep(0.01)
        return told


def _left(folder: Path, opened: set[str]) -> str | None:
    """What a run has left: threads of Python, or open files below the folder."""
    if threads := _thread._count():
        return f"{threads} threads are left"
    files = _open_files(folder) - opened
    return f"files are left open: {files}" if files else None


def _open_files(folder: Path) -> set[str]:
    """The open files below the folder; libraries keep pipes of their own."""
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the listing itself is closed by now
            found.add(str(entry.readlink()))
    return {path for path in found if path.startswith(f"{folder}/")}


def _awaited(child: int) -> int | None:
    """The wait status of the child; None where it had to be killed for taking too long."""
    watched = os.pidfd_open(child)
    try:
        if not select.select([watched], [], [], SECONDS_MOST)[0]:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return None
        return os.waitpid(child, 0)[1]
    finally:
        os.close(watched)


def _how(status: int) -> str:
    return signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else f"exit {os.WEXITSTATUS(status)}"
