"""The kernel built with a sanitizer in a folder of its own, and the environment in which Python can load it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMPILERS = ("gcc", "clang")
RUNTIMES = {
    ("gcc", "address"): "libasan.so",
    ("gcc", "thread"): "libtsan.so",
    ("clang", "address"): "libclang_rt.asan-x86_64.so",
    ("clang", "thread"): "libclang_rt.tsan-x86_64.so",
}


def runtime(compiler: str, sanitizer: str) -> Path | None:
    """The library that is loaded first; None where the compiler or its runtime is not there."""
    if shutil.which(compiler) is None:
        return None
    name = RUNTIMES[compiler, sanitizer].replace("x86_64", os.uname().machine)
    words = [compiler, f"-print-file-name={name}"]
    found = Path(subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip())
    return found.resolve() if found.is_absolute() and found.exists() else None


def build(compiler: str, sanitizers: str) -> Path:
    """The folder with the package and its instrumented kernel, made anew where a source is newer."""
    folder = ROOT / "build" / f"{compiler}-{sanitizers.replace(',', '-')}"
    environment = os.environ | {"CC": compiler, "LDSHARED": f"{compiler} -shared", "DEMINIMIS_SANITIZE": sanitizers}
    words = [sys.executable, "setup.py", "-q", "build", "--build-base", str(folder / "temp")]
    subprocess.run([*words, "--build-lib", str(folder / "lib")], cwd=ROOT, env=environment, check=True)
    return folder / "lib"


def environment(library: Path, preloaded: Path) -> dict[str, str]:
    """What a Python without a sanitizer needs, to load a kernel that has one.

    The C++ library is loaded beside, since the sanitizer looks at once for what throws. Allocations are the C
    library's own, so that each block has its bounds. Leaks are off: the interpreter keeps much until its end, and
    tests/kernel/test_leaks.py counts what the kernel holds.
    """
    cxx = subprocess.run(["cc", "-print-file-name=libstdc++.so.6"], capture_output=True, text=True).stdout.strip()
    return os.environ | {
        "LD_PRELOAD": f"{preloaded} {cxx}",
        "PYTHONPATH": str(library),
        "PYTHONMALLOC": "malloc",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=1:allocator_may_return_null=1",
        "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
