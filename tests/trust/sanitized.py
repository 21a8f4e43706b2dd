"""The tests of the kernel under AddressSanitizer and UndefinedBehaviorSanitizer: `python -m tests.trust.sanitized`.

What follows `--` goes to pytest. The first fault ends the run.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

from .instrumented import COMPILERS, ROOT, build, environment, runtime

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
]
"""What a sanitizer says goes past Python's own stderr. Freed memory is kept for a while, so a process grows."""


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
        words = [sys.executable, "-m", "pytest", *WORDS, *(given.words or TESTS)]
        if code := subprocess.run(words, cwd=ROOT, env=environment(library, found)).returncode:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
