"""The standard streams: closed, non-blocking or not UTF-8 as they may be; and the one way in which commands say things.

All that is said goes through `say` (text) or `say_json`, so that nothing of a manifest reaches a terminal raw.
"""

from __future__ import annotations

import io
import os
import re
import select
import sys
from contextlib import suppress
from typing import Any, TextIO

from ..errors import InputError
from ..text import prose, shown

LEAST_WIDTH = 40
"""Columns that a terminal is taken to have at least."""

_NOT_ASCII = re.compile("[^\x00-\x7e]")


def mend_streams() -> None:
    """Make the process's standard streams safe to use, before anything is opened.

    A closed one has its number taken, so that no file of the work gets it; Python's object for it stays None. One that
    does not block, as some programs leave them, is waited for instead of failing. What is typed ends with one Ctrl-D.
    """
    with suppress(OSError):
        while (taken := os.open(os.devnull, os.O_RDWR)) <= 2:
            os.set_inheritable(taken, True)
        os.close(taken)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        with suppress(OSError, ValueError):
            if stream is None:
                continue
            if not os.get_blocking(stream.fileno()) or (mode == "r" and stream.isatty()):
                setattr(sys, name, _patient(stream, mode))


def _patient(stream: TextIO, mode: str) -> TextIO:
    raw = _Patient(stream.fileno(), mode, closefd=False)
    kind = io.BufferedReader if mode == "r" else io.BufferedWriter
    return io.TextIOWrapper(
        kind(raw),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=mode == "w" and (raw.isatty() or stream is sys.stderr),
    )


class _Patient(io.FileIO):
    """A file that does not block, read and written as if it did, and whose end, once it was read, stays.

    Its mode is left alone, as other programs may share it.
    """

    _is_ended = False

    def write(self, data: Any) -> int:
        while (count := super().write(data)) is None:
            select.select([], [self], [])
        return count

    def readinto(self, buffer: Any) -> int:
        if self._is_ended:
            return 0
        while (count := super().readinto(buffer)) is None:
            select.select([self], [], [])
        self._is_ended = count == 0 and len(buffer) > 0
        return count

    def read(self, size: int | None = -1) -> bytes:
        if size is None or size < 0:
            return self.readall()
        found = bytearray(size)
        return bytes(found[: self.readinto(found)])

    def readall(self) -> bytes:
        return b"".join(iter(lambda: self.read(1 << 16), b""))


def say(text: str, stream: str = "stdout", *, is_the_work: bool = True) -> None:
    """Write lines of text, control characters escaped, and what the stream's encoding lacks.

    A reader that left has seen enough, and hears no more.

    Parameters
    ----------
    stream : {"stdout", "stderr"}
        Where to.
    is_the_work : bool
        Whether the command was run for this text, so that a closed stream is an error.

    Raises
    ------
    InputError
        The stream is closed.
    """
    _write("\n".join(map(shown, text.split("\n"))), stream, is_the_work)


def remark(text: str) -> None:
    """Tell the person at the terminal something beside the work, on stderr, in lines that fit."""
    wide = width("stderr")
    say("\n".join(prose(line, wide) for line in text.split("\n")) + "\n", "stderr", is_the_work=False)


def say_json(value: object, stream: str = "stdout", *, is_the_work: bool = True) -> None:
    """Write one line of JSON; what `say` would escape is escaped as JSON does."""
    import json  # slow to import, as is shutil, and help needs neither

    text = json.dumps(value, ensure_ascii=False)
    # Outside of JSON's texts all is ASCII, so that an escape stands for its character wherever it is.
    safe = _NOT_ASCII.sub(lambda found: found[0] if shown(found[0]) == found[0] else json.dumps(found[0])[1:-1], text)
    _write(f"{safe}\n", stream, is_the_work)


def _write(text: str, stream: str, is_the_work: bool) -> None:
    file: TextIO | None = getattr(sys, stream)
    if file is None:
        if is_the_work:
            raise closed(stream)
        return
    encoding = getattr(file, "encoding", None) or "utf-8"
    try:
        file.write(text.encode(encoding, "backslashreplace").decode(encoding))
    except BrokenPipeError:
        drop(stream)


def flush() -> None:
    """Send on what was said, so that a full disk is told; readers that left are no fault."""
    for stream in ("stdout", "stderr"):
        file: TextIO | None = getattr(sys, stream)
        try:
            if file is not None and not file.closed:
                file.flush()
        except BrokenPipeError:
            drop(stream)


def drop(stream: str) -> None:
    """Point the stream at nothing, so that the interpreter's last flush does not meet its closed pipe or full disk."""
    with suppress(OSError, ValueError, AttributeError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, getattr(sys, stream).fileno())
        os.close(nothing)


def closed(stream: str) -> InputError:
    """The error for a stream that the work needs and that the caller closed."""
    name = {"stdin": "input", "stdout": "output"}.get(stream, "error")
    return InputError(f"standard {name} is closed: give it a file, or name one.")


def is_terminal(stream: str) -> bool:
    """Whether a person looks at the stream, or types into it."""
    try:
        return bool(getattr(sys, stream).isatty())
    except (AttributeError, ValueError):  # closed, or what a notebook puts in its place
        return False


def width(stream: str = "stdout") -> int | None:
    """The columns of the terminal that the stream is; None where it is none."""
    import shutil

    return max(shutil.get_terminal_size().columns, LEAST_WIDTH) if is_terminal(stream) else None
