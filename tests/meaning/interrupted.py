"""Calls that Ctrl-C comes into at any step of them; no test here."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def interrupted_at(call: Callable[[], Any], step: int, files: str, *, opcodes: bool = False) -> tuple[bool, int]:
    """Make a call, and raise what Ctrl-C raises before the step of this number that the files of this name or folder
    take in this thread: a line, or with `opcodes` an opcode or a call. Whether it came out, and how many steps were
    left to that one, -1 where it was reached."""
    left = step
    events = ("call", "opcode") if opcodes else ("line",)

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal left
        if not frame.f_code.co_filename.startswith(files):
            return None
        frame.f_trace_opcodes = opcodes
        if event in events:
            left -= 1
            if left < 0:
                sys.settrace(None)
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    except KeyboardInterrupt:
        return True, left
    finally:
        sys.settrace(before)
    return False, left
