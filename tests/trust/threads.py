"""Concurrent calls under ThreadSanitizer: `python -m tests.trust.threads --seconds 60`.

Only the kernel is instrumented. The interpreter's lock is seen, as the sanitizer intercepts the locks of the system's
library; what Python, NumPy and Arrow do inside is not, so a report counts where a frame of the kernel is in it.
Before that, a race that is planted has to be reported.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from .instrumented import COMPILERS, ROOT, build, environment, planted, runtime

KERNEL = "_kernel."
SECONDS_MOST = 900
OPTIONS = "log_path={}/log:exitcode=0:halt_on_error=0:history_size=4"


def reports_of(texts: list[str]) -> list[str]:
    """The reports in which the kernel's code takes part."""
    reports = [part for text in texts for part in text.split("==================") if "WARNING: " in part]
    return [report for report in reports if KERNEL in report]


def main() -> int:
    """Build, run, and read what was reported."""
    parser = argparse.ArgumentParser(prog="python -m tests.trust.threads", description=__doc__)
    parser.add_argument("--compiler", choices=COMPILERS, default=None, help="default: the first that has a runtime")
    parser.add_argument("--seconds", default="20", help="of calls")
    parser.add_argument("--rows", default="40000", help="of the largest table")
    given = parser.parse_args()
    choice = [given.compiler] if given.compiler else COMPILERS
    there = [(compiler, runtime(compiler, "thread")) for compiler in choice]
    compiler, found = next(((name, path) for name, path in there if path), (None, None))
    if compiler is None or found is None:
        print("ThreadSanitizer is skipped: no compiler here has its runtime library")
        return 0
    library = build(compiler, "thread")
    print(f"the kernel by {compiler} with {found.name}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        settings = environment(library, found) | {"TSAN_OPTIONS": OPTIONS.format(folder)}
        said = planted(compiler, library, "race", 10_000, settings, "__tsan_")
        if not reports_of([path.read_text() for path in Path(folder).glob("log*")]):
            print(f"the race that was planted was not reported: {said}")
            return 1
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-m", "tests.trust.concurrent", "--seconds", given.seconds, "--rows", given.rows]
        settings = environment(library, found) | {"TSAN_OPTIONS": OPTIONS.format(folder)}
        ran = subprocess.run(words, cwd=ROOT, env=settings, timeout=SECONDS_MOST + 3 * float(given.seconds))
        reports = reports_of([path.read_text() for path in Path(folder).glob("log*")])
        others = sum(path.read_text().count("WARNING: ") for path in Path(folder).glob("log*")) - len(reports)
    for report in reports[:5]:
        print(report)
    print(f"{len(reports)} reports with frames of the kernel, {others} without", flush=True)
    return ran.returncode or min(len(reports), 1)


if __name__ == "__main__":
    sys.exit(main())
