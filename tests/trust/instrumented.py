"""The kernel built with a sanitizer in a folder of its own, and the environment in which Python can load it.

Faults are planted there too: a sanitizer has to report these before what it says of the kernel counts.
"""

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


PLANTED = """
import ctypes, sys, threading
from pathlib import Path
import deminimis
from deminimis.kernels.choice import chosen_file
library, name, mark, most = sys.argv[1:]
kernel = Path(chosen_file())
if mark.encode() not in kernel.read_bytes() or Path(deminimis.__file__).parent not in kernel.parents:
    sys.exit(f"the kernel {kernel} was not built with the sanitizer")
fault = getattr(ctypes.CDLL(library), name)
threads = [threading.Thread(target=fault, args=(int(most),)) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def planted(compiler: str, library: Path, name: str, most: int, settings: dict[str, str], mark: str) -> str:
    """What a Python says that loads the kernel of this library, and then does what is planted under this name.

    Parameters
    ----------
    most : int
        What the planted function is given.
    mark : str
        A name that only code has which was built with this sanitizer.
    """
    source, made = Path(__file__).with_name("planted.c"), library.parent / "planted_kernel.so"
    sanitizers = library.parent.name.partition("-")[2].replace("-", ",")
    words = [compiler, "-shared", "-fPIC", "-g", "-O1", f"-fsanitize={sanitizers}", "-fno-sanitize-recover=all"]
    words += ["-shared-libsan"] if compiler == "clang" else []
    subprocess.run([*words, "-o", str(made), str(source)], check=True)
    words = [sys.executable, "-c", PLANTED, str(made), f"planted_{name}", mark, str(most)]
    ran = subprocess.run(words, cwd=library, env=settings, capture_output=True, text=True, timeout=600)
    return ran.stdout + ran.stderr


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
