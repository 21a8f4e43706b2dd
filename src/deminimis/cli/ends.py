"""How a command ends: the table of exit codes, and every error as one sentence on stderr. No command is run here."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NamedTuple

from ..addresses import masked_within
from ..errors import (
    CorruptSpillError,
    DeminimisError,
    DiskError,
    OutOfFilesError,
    OutOfMemoryError,
    OutOfSpaceError,
    OutOfThreadsError,
    lack,
)
from ..text import shortened, wrapped
from .options import in_shell_words
from .streams import drop, remark


class End(NamedTuple):
    """One way in which the program ends: its exit code, and when it comes."""

    code: int
    when: str


ENDS = {
    "done": End(0, "done, also where the reader of standard output left early"),
    "not eligible": End(1, "--check was given and some row is not eligible; nothing else ever gives 1"),
    "differs": End(4, "verify: something is not as the evidence says"),
    "usage": End(2, "a word of the command is not understood"),
    "input": End(2, "a manifest, a file or a setting cannot be used"),
    "closed": End(2, "a standard stream is closed that the work needs"),
    "fault": End(2, "a fault in this program"),
    "disk": End(3, "the disk is full"),
    "memory": End(3, "memory cannot be had"),
    "threads": End(3, "threads cannot be started"),
    "descriptors": End(3, "too many files are open"),
    "failing disk": End(3, "a disk or a network fails"),
    "spill": End(3, "what was put on disk came back damaged"),
    "SIGHUP": End(129, "the terminal was closed (SIGHUP)"),
    "SIGINT": End(130, "Ctrl-C (SIGINT)"),
    "SIGTERM": End(143, "another program ended it (SIGTERM)"),
}
"""Every end of the program, told in `deminimis --help`. A standard stream that does not block is waited for; one that
is closed and not needed changes nothing. SIGPIPE is no end: a reader that leaves is "done"."""

_KINDS = (
    (OutOfSpaceError, "disk"),
    (OutOfMemoryError, "memory"),
    (OutOfThreadsError, "threads"),
    (OutOfFilesError, "descriptors"),
    (DiskError, "failing disk"),
    (CorruptSpillError, "spill"),
    (DeminimisError, "input"),
)
_SIGNALS = ("SIGHUP", "SIGINT", "SIGTERM")
TRACEBACK = "DEMINIMIS_TRACEBACK"


class Signalled(KeyboardInterrupt):
    """A signal that ends the program, unwinding like Ctrl-C does."""


class Signals:
    """The signals that came; what an exception handler of others swallowed is remembered here."""

    def __init__(self) -> None:
        self.first: str | None = None

    def take(self, number: int, frame: FrameType | None) -> None:
        self.first = self.first or signal.Signals(number).name
        raise Signalled


@contextmanager
def signals() -> Iterator[Signals]:
    """Let every request to end unwind, so that no half of an output is left behind.

    A signal that was ignored, as by `nohup`, stays so.
    """
    taken = Signals()
    if threading.current_thread() is not threading.main_thread():
        yield taken
        return
    before = {}
    for name in _SIGNALS:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) not in (signal.SIG_IGN, None):
            before[number] = signal.signal(number, taken.take)
    try:
        yield taken
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ended(error: BaseException, signal_name: str | None = None) -> int:
    """Say on stderr what ended the command, and return the exit code that it asks for."""
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 0
    if signal_name is not None or isinstance(error, KeyboardInterrupt):
        name = signal_name or "SIGINT"
        _say("; ".join(["interrupted" if name == "SIGINT" else f"ended by {name}", *_notes(error)]))
        return ENDS[name].code
    if isinstance(error, BrokenPipeError):
        drop("stdout")
        return ENDS["done"].code
    if os.environ.get(TRACEBACK):
        import traceback

        traceback.print_exception(error)
    name, message = _sentence(error)
    _say(message)
    return ENDS[name].code


def _notes(error: BaseException) -> list[str]:
    """What the commands know of the moment: see `add_note`."""
    return [str(note) for note in getattr(error, "__notes__", ())]


def _say(message: str) -> None:
    with suppress(OSError, ValueError):
        remark(f"deminimis: {shortened(masked_within(message))}")
        if sys.stderr is not None:
            sys.stderr.flush()


def _sentence(error: BaseException) -> tuple[str, str]:
    """Which end it is, and what is said of it."""
    found = lack(error) or error
    if isinstance(found, DeminimisError):
        name = next(name for kind, name in _KINDS if isinstance(found, kind))
        where = f"{error.filename}: " if isinstance(error, OSError) and error.filename else ""
        return name, f"{where}{found.told(in_shell_words)}"
    first = next(iter(str(error).strip().splitlines()), "").rstrip(".")
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return "input", f"{where}{(error.strerror or first or type(error).__name__).lower()}"
    if type(error).__module__.startswith("pyarrow"):
        return "input", f"the manifest cannot be read or the result not written: {first}"
    return "fault", (
        f"something went wrong that should not ({type(error).__name__}: {first}). This is a fault in deminimis; "
        f"please report it with what {TRACEBACK}=1 shows when you run the same again"
    )


def codes_in_words(width: int | None) -> str:
    """The table for `--help`, a code a line."""
    whens: dict[int, list[str]] = {}
    for end in ENDS.values():
        whens.setdefault(end.code, []).append(end.when)
    return "\n".join(wrapped("; ".join(when), width or 80, f"  {code:<3}  ", " " * 7) for code, when in whens.items())
