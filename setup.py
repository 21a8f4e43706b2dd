"""The native extensions; everything else about the package is in pyproject.toml."""

import os
import sys
import sysconfig
from pathlib import Path

import pyarrow
from Cython.Build import cythonize
from setuptools import Extension, setup

MSVC = sys.platform == "win32"
FLAGS = ["/O2"] if MSVC else ["-O3", "-fno-strict-aliasing", "-fvisibility=hidden"]
if os.environ.get("DEMINIMIS_STRICT"):
    FLAGS += ["/WX"] if MSVC else ["-Wall", "-Wextra", "-Werror", "-Wno-unused-function", "-Wno-unused-parameter"]
SANITIZE = []  # DEMINIMIS_SANITIZE=address,undefined or thread; the runtime is loaded before Python, never linked
if os.environ.get("DEMINIMIS_SANITIZE"):
    SANITIZE = [f"-fsanitize={os.environ['DEMINIMIS_SANITIZE']}", "-fno-sanitize-recover=all"]
    if "clang" in os.environ.get("CC", "") and "fuzzer" not in os.environ["DEMINIMIS_SANITIZE"]:
        SANITIZE += ["-shared-libsan"]
    FLAGS += ["-g", "-O1", "-fno-omit-frame-pointer", *SANITIZE]

# The kernel once for each level of processors, from one source. kernels/choice.py takes one when it is loaded.
# In place, for those who compile often, only the baseline is built; DEMINIMIS_LEVELS=all or a list of levels says else.
LEVELS = {"baseline": [], "v3": ["-march=x86-64-v3", "-g0"], "v4": ["-march=x86-64-v4", "-g0"]}
asked = os.environ.get("DEMINIMIS_LEVELS") or ("baseline" if "--inplace" in sys.argv else "all")
wanted = list(LEVELS) if asked == "all" else asked.replace(",", " ").split()
if SANITIZE or MSVC or not sysconfig.get_platform().endswith("x86_64"):
    wanted = ["baseline"]
KERNELS = Path("src", "deminimis", "kernels")
for level in LEVELS:
    (KERNELS / level).mkdir(exist_ok=True)  # for builds in place
stale = [
    path for level in LEVELS if level not in wanted and not SANITIZE for path in (KERNELS / level).glob("_kernel.*")
]
for path in [*stale, *KERNELS.parent.glob("_kernel.*.so")]:  # of an older source: it would be loaded
    path.unlink()


# One build for Python 3.11 and later, by the part of Python's interface that stays (abi3).
IS_STABLE = not sysconfig.get_config_var("Py_GIL_DISABLED")
if IS_STABLE:
    for path in KERNELS.rglob(f"_*{sysconfig.get_config_var('EXT_SUFFIX')}"):  # Python would take it first
        path.unlink()


def extension(name: str, source: str) -> Extension:
    return Extension(
        name,
        [source],
        define_macros=[("Py_LIMITED_API", "0x030B0000")] if IS_STABLE else [],
        py_limited_api=IS_STABLE,
        include_dirs=["ext", pyarrow.get_include()],
        depends=[str(path) for path in sorted(Path("ext").iterdir())],
        extra_compile_args=FLAGS,
        extra_link_args=SANITIZE,
    )


Path("build").mkdir(exist_ok=True)  # the egg-info goes there, so that src/ stays clean
kernel, cpu = cythonize(
    [extension("deminimis._kernel", "ext/_kernel.pyx"), extension("deminimis.kernels._cpu", "ext/_cpu.pyx")],
    include_path=["ext"],
    build_dir="build/cython",
    compiler_directives={"language_level": 3, "boundscheck": False, "wraparound": False, "cdivision": True},
)


def kernel_at(level: str) -> Extension:
    """The kernel at one level, from a C file of its own: objects are named by their source, and compiled at once."""
    source = Path("build", "cython", level, "_kernel.c")
    source.parent.mkdir(exist_ok=True)
    text = f'#define DM_LEVEL "{level}"\n#include "../ext/_kernel.c"\n'
    if not source.exists() or source.read_text() != text:
        source.write_text(text)
    one = extension(f"deminimis.kernels.{level}._kernel", str(source))
    one.depends += kernel.sources
    one.extra_compile_args = [*FLAGS, *LEVELS[level]]
    one.optional = level != "baseline"  # a compiler may know no levels
    return one


setup(
    ext_modules=[*map(kernel_at, wanted), cpu],
    options={
        "bdist_wheel": {"py_limited_api": "cp311"} if IS_STABLE else {},
        "egg_info": {"egg_base": "build"},
        "build_ext": {"parallel": True},
    },
)
