"""The native extension; everything else about the package is in pyproject.toml."""

import os
import sys
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

kernel = Extension(
    "deminimis._kernel",
    ["ext/_kernel.pyx"],
    include_dirs=["ext", pyarrow.get_include()],
    depends=[str(path) for path in sorted(Path("ext").iterdir())],
    extra_compile_args=FLAGS,
    extra_link_args=SANITIZE,
)
Path("build").mkdir(exist_ok=True)  # the egg-info goes there, so that src/ stays clean
setup(
    ext_modules=cythonize(
        [kernel],
        include_path=["ext"],
        build_dir="build/cython",
        compiler_directives={"language_level": 3, "boundscheck": False, "wraparound": False, "cdivision": True},
    ),
    options={"egg_info": {"egg_base": "build"}},
)
