"""Imports point downward from room to room, rooms and files stand in an order, and few rooms know the native code."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "deminimis"
# From the bottom up. A room is a folder of the package; a file beside the folders is a room by itself.
ROOMS = (
    ("bounds", "compute"),
    ("addresses", "arrays", "formats", "machine", "progress", "sizes", "text"),
    ("errors", "markup"),
    ("kernels", "toml_file"),
    ("_kernel",),
    ("rules",),
    ("roles",),
    ("feeds", "sources"),
    ("sinks",),
    ("run",),
    ("results",),
    ("groups",),
    ("tasks",),
    ("api",),
    ("person_days",),
    ("scorer", "streaming"),
    ("narwhals", "pandas", "polars", "spark"),
    ("questions",),
    ("audit",),
    ("__init__",),
    ("demo",),
    ("cli",),
    ("__main__",),
)
MAY_OPEN_THE_KERNEL = {"roles", "run", "sources"}
FILES = sorted(".".join(path.relative_to(PACKAGE).with_suffix("").parts) for path in PACKAGE.rglob("*.py"))


def floor(file: str) -> int:
    """How high a file stands; a room without a floor has to be given one in ROOMS."""
    (height,) = [i for i, rooms in enumerate(ROOMS) if file.split(".")[0] in rooms] or pytest.fail(f"{file}: no floor")
    return height


def imported(file: str) -> set[str]:
    """The files of the package that one of them imports, at its top or later; "__init__" for the public names."""
    folder = file.split(".")[:-1]
    found: set[str] = set()
    for node in ast.walk(ast.parse((PACKAGE / f"{file.replace('.', '/')}.py").read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[2] for alias in node.names if alias.name.split(".")[0] == "deminimis"}
        elif isinstance(node, ast.ImportFrom):
            path = node.module.split(".") if node.module else []
            if node.level:
                path = folder[: len(folder) - node.level + 1] + path
            elif path[:1] == ["deminimis"]:
                path = path[1:]
            else:
                continue
            names = {".".join([*path, alias.name]) for alias in node.names}
            found |= {name if is_file(name) else ".".join(path) or "__init__" for name in names}
    return found


def is_file(name: str) -> bool:
    """Whether this is a file of the package, the native one included."""
    return name in FILES or name == "kernels._cpu"


@pytest.mark.parametrize("file", FILES)
def test_imports_point_downward(file: str) -> None:
    """A file imports from its own room and from rooms on lower floors, and nothing that is not there."""
    room = file.split(".")[0]
    upward = {name for name in imported(file) if floor(name) >= floor(file) and name.split(".")[0] != room}
    assert (upward, {name for name in imported(file) if not is_file(name)}) == (set(), set())


def test_no_circle_of_imports() -> None:
    """Files can be put in an order in which each imports only what stands before it."""
    left = {file: imported(file) - {file} for file in FILES}
    while ready := [file for file, needs in left.items() if not needs & left.keys()]:
        for file in ready:
            del left[file]
    assert left == {}


def test_every_folder_says_what_it_is_for() -> None:
    """The `__init__` of a folder is one docstring, and no names."""
    for path in PACKAGE.glob("*/**/__init__.py"):
        (said,) = ast.parse(path.read_text()).body
        assert isinstance(said, ast.Expr) and isinstance(said.value, ast.Constant), path


def test_every_folder_is_installed() -> None:
    """What has code here is in the list of packages; an installation would lack it otherwise."""
    listed = tomllib.loads((PACKAGE.parents[1] / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    folders = {".".join(path.parent.relative_to(PACKAGE.parent).parts) for path in PACKAGE.rglob("*.py")}
    assert folders <= set(listed)


def test_doors_to_the_kernel() -> None:
    """Only what binds columns, what runs and what reads footers know the native code."""
    assert {file.split(".")[0] for file in FILES if "_kernel" in imported(file)} <= MAY_OPEN_THE_KERNEL


def test_no_circle_among_the_benches() -> None:
    """The files of bench/ stand in an order too."""
    folder = PACKAGE.parents[1] / "bench"
    left: dict[str, set[str]] = {}
    for path in folder.glob("*.py"):
        nodes = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
        named = {
            (node.module or "").removeprefix("bench.") for node in nodes if (node.module or "").startswith("bench.")
        }
        named |= {alias.name for node in nodes if node.module == "bench" for alias in node.names}
        left[path.stem] = named
    while ready := [name for name, needs in left.items() if not needs & left.keys()]:
        for name in ready:
            del left[name]
    assert left == {}


def test_kernel_names_what_it_uses() -> None:
    """Each room of the kernel says by name what it takes of another: two of one name would hide one another."""
    rooms = (PACKAGE.parents[1] / "ext").glob("*.p[xy]*")
    assert [path.name for path in rooms if "cimport *" in path.read_text()] == []


def test_no_file_is_long() -> None:
    """A file of more than 300 lines is of two ideas; the kernel's stub is one list."""
    root = PACKAGE.parents[1]
    files = [path for folder in ("src", "ext", "tests", "bench") for path in (root / folder).rglob("*.*")]
    long = {
        str(path.relative_to(root)): path.read_text().count("\n")
        for path in files
        if path.suffix in (".py", ".pyx", ".pxi", ".pxd", ".h", ".c") and path.name != "_kernel.c"
    }
    assert {name: lines for name, lines in long.items() if lines > 300} == {}


def test_kernel_takes_no_none() -> None:
    """What Python may call says of each class of the kernel whether it may be None: fields are read unasked."""
    rooms = [path.read_text() for path in (PACKAGE.parents[1] / "ext").glob("*.p[xy]*")]
    classes = "|".join({name for text in rooms for name in re.findall(r"^cdef class (\w+)", text, re.M)})
    heads = [head for text in rooms for head in re.findall(r"^ *def [^\n]*\((?:[^()]|\n)*?\):", text, re.M)]
    assert [head for head in heads if re.search(rf"\b({classes}) \w+(?! not None| or None|=)\b(?=[,)])", head)] == []
