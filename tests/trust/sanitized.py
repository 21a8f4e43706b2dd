"""The tests of the kernel under AddressSanitizer and UndefinedBehaviorSanitizer: `python -m tests.trust.sanitized`.

What follows `--` goes to pytest. The first fault ends the run. Before it, faults that are planted
have to be reported.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from .instrumented import COMPILERS, ROOT, build, environment, planted, runtime

TESTS = [
    *["tests/kernel", "tests/api", "tests/roles", "tests/run"],
    *["tests/sources/test_csv_readers.py", "tests/sources/test_pages.py"],
]
WORDS = [
    "-x",
    "-p",
    "no:cacheprovider",
    "--capture=sys",
    "--deselect=tests/kernel/test_leaks.py::test_resident_memory_is_flat",
    "--deselect=tests/kernel/test_no_memory.py",
]
"""What a sanitizer says goes past Python's own stderr. Freed memory is kept for a while, so a process grows; and the
sanitizer's own memory lies beyond any limit."""


FAULTS = {"overflow": (64, "heap-buffer-overflow"), "sum": (1, "signed integer overflow")}
"""Faults that are planted, by what they are given and what is to be said of them."""


def missed(compiler: str, library: Path, found: Path) -> list[str]:
    """What was planted and not reported."""
    said = {
        name: planted(compiler, library, name, most, environment(library, found), "__asan_")
        for name, (most, _) in FAULTS.items()
    }
    return [f"{name}: {text[-600:]}" for name, text in said.items() if FAULTS[name][1] not in text]


def main() -> int:
    """Build and test with each compiler that there is."""
    parser = argparse.ArgumentParser(prog="python -m tests.trust.sanitized", description=__doc__)
    parser.add_argument("--compiler", action="append", choices=COMPILERS, help="only this one")
    parser.add_argument("words", nargs="*", help="words for pytest, instead of the kernel's tests")
    given = parser.parse_args()
    for compiler in given.compiler or COMPILERS:
        found = runtime(compiler, "address")
        if found is None:
            print(f"the sanitizers of {compiler} are skipped: it or its runtime library is not installed")
            continue
        library = build(compiler, "address,undefined")
        print(f"the kernel by {compiler} with {found.name}", flush=True)
        if faults := missed(compiler, library, found):
            print("what was planted was not reported: " + "; ".join(faults))
            return 1
        words = [sys.executable, "-m", "pytest", *WORDS, *(given.words or TESTS)]
        if code := subprocess.run(words, cwd=ROOT, env=environment(library, found)).returncode:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
