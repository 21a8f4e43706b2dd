"""How a command ends: every error becomes one sentence on stderr and an exit code. No command is run here."""

from __future__ import annotations

import errno
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from ..errors import DeminimisError

USAGE, NO_SPACE, INTERRUPTED, TERMINATED = 2, 3, 130, 143

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.ENOMEM}

# Messages speak to Python's callers, as in "give per= that column" or bad_values="error".
_OPTION = re.compile(
    r"\b(person|per|day|value|quantity|origin|excluded|currency|currency_code|limit|rule|bad_values|overflow|normalize"
    r"|in_care_of|timezone|day_format|threads|memory_limit|spill_dir|delimiter|encoding|sorted_by)="
    r"(?:[\"'](\w+)[\"']|(?=[\s,.;:)]|$))"
)
_OTHER_OPTIONS = {
    "count_excluded=False": "--no-count-excluded",
    "count_excluded=": "--no-count-excluded",
    "placeholders=": "--placeholder",
    "header=False": "--no-header",
    "header=": "--no-header or --columns",
    "columns=": "--with",
    "late_days= ": "--late-days ",
    "late_days=": "--late-days ",
    "first_of(": "--first-of (",
}


class Terminated(BaseException):
    """Another program asked this one to end."""


@contextmanager
def terminable() -> Iterator[None]:
    """Let a request to terminate unwind like Ctrl-C does, so that no half of an output is left behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated


def ended(error: BaseException) -> int:
    """Say on stderr what ended the command, and return the exit code that it asks for."""
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 0
    if isinstance(error, BrokenPipeError):
        _close_stdout()
        return 0
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    if isinstance(error, Terminated):
        return TERMINATED
    if os.environ.get("DEMINIMIS_TRACEBACK"):
        import traceback

        traceback.print_exception(error)
    message, code = _sentence(error)
    with suppress(OSError, ValueError):
        sys.stderr.write(f"deminimis: {message}\n")
        sys.stderr.flush()
    return code


def _sentence(error: BaseException) -> tuple[str, int]:
    if isinstance(error, DeminimisError):
        return for_the_shell(str(error)), error.exit_code
    first = next(iter(str(error).strip().splitlines()), "").rstrip(".")
    if isinstance(error, MemoryError):
        detail = f" ({first})" if first else ""
        return f"out of memory{detail}: give a smaller --memory-limit or fewer --threads", NO_SPACE
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        what = (error.strerror or first or type(error).__name__).lower()
        if error.errno in _NO_SPACE:
            return f"{where}{what}: make room, or write elsewhere", NO_SPACE
        return f"{where}{what}", USAGE
    if type(error).__module__.startswith("pyarrow"):
        return f"the manifest cannot be read or the result not written: {first}", USAGE
    return (
        f"something went wrong that should not ({type(error).__name__}: {first}). This is a fault in deminimis; "
        f"please report it with what DEMINIMIS_TRACEBACK=1 shows when you run the same again",
        USAGE,
    )


def for_the_shell(message: str) -> str:
    """A message of the Python interface in the words of the command line: `bad_values=` is `--bad-values`."""
    for python, shell in _OTHER_OPTIONS.items():
        message = message.replace(python, shell)

    def option(found: re.Match[str]) -> str:
        name, choice = found.groups()
        return f"--{name.replace('_', '-')}{f' {choice}' if choice else ''}"

    return _OPTION.sub(option, message)


def _close_stdout() -> None:
    """Point stdout at nothing, so that the interpreter's last flush does not meet the closed pipe again."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
