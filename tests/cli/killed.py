"""A program for test_kill.py: scores a file, and kills itself at one moment of spilling or writing.

`python killed.py MODULE MOMENT SOURCE TARGET SPILL_DIR`: MOMENT counts calls that are made from modules whose name
begins with MODULE, system calls included, so a moment is the same in every run; 0 counts them to the end and prints.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType
from typing import Any

import deminimis as dm

ROLES = {"person": "person", "day": "day", "value": "value"}


def main(module: str, moment: int, source: str, target: str, spill_dir: str) -> None:
    """Score in little memory, on one thread."""
    passed = 0

    def count(frame: FrameType, event: str, _: Any) -> None:
        nonlocal passed
        if event in ("call", "c_call") and frame.f_globals.get("__name__", "").startswith(f"deminimis.{module}"):
            passed += 1
            if passed == moment:
                os.kill(os.getpid(), signal.SIGKILL)

    threading.setprofile(count)
    sys.setprofile(count)
    dm.score_files(
        source, target, **ROLES, limit=800, memory_limit="16KiB", threads=1, spill_dir=spill_dir, append=True
    )
    sys.setprofile(None)
    print(passed)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
