"""Imports between the modules of the package point downward, and few modules open the door to the native code."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "deminimis"
# From the bottom up. A module belongs to the room that its first word names: rule_file to rule, source_csv to sources.
LAYERS = (
    {"arrays", "kernel", "errors", "progress", "toml"},
    {"rule", "names", "roles", "excluded", "layout", "casts", "column", "columns", "workers", "memory"}
    | {"source", "sources", "sink", "sinks", "spill", "summary", "waves", "answers", "parts"},
    {"totalling", "day", "at"},
    {"scorer"},
    {"feed", "ordered", "outcome", "output"},
    {"api", "options"},
    {"init"},
    {"cli", "cpu", "demo", "explain", "main", "plan"},
)
MAY_OPEN_THE_KERNEL = {"scorer", "at_once", "day_order", "totalling", "parts", "answers", "feed", "spill"}
MAY_OPEN_THE_KERNEL |= {"columns", "column_layouts"}
MODULES = sorted(path.stem for path in PACKAGE.glob("*.py"))


def layer(module: str) -> int:
    """How high a module stands; a module without a layer has to be given one here."""
    room = module.strip("_").split("_")[0]
    (height,) = [i for i, rooms in enumerate(LAYERS) if room in rooms] or pytest.fail(f"{module} has no layer")
    return height


def imported(module: str) -> set[str]:
    """The modules of the package that one of them imports, at its top or later; "__init__" for the public names."""
    found: set[str] = set()
    for node in ast.walk(ast.parse((PACKAGE / f"{module}.py").read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[2] for alias in node.names if alias.name.split(".")[0] == "deminimis"}
        elif isinstance(node, ast.ImportFrom):
            path = (node.module or "").split(".") if node.module else []
            if not node.level and path[:1] != ["deminimis"]:
                continue
            path = path if node.level else path[1:]
            found |= set(path[:1]) or {alias.name for alias in node.names}
    return {name if name in {*MODULES, "_kernel"} else "__init__" for name in found}


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_downward(module: str) -> None:
    """A module imports only from layers below its own, or from its own layer."""
    assert {name for name in imported(module) if layer(name) > layer(module)} == set()


def test_no_circle_of_imports() -> None:
    """Modules can be put in an order in which each imports only what stands before it."""
    left = {module: imported(module) - {module} for module in MODULES}
    while ready := [module for module, needs in left.items() if not needs & left.keys()]:
        for module in ready:
            del left[module]
    assert left == {}


def test_doors_to_the_kernel() -> None:
    """Only the scorer, what spills and what turns columns into keys know the native code."""
    assert {module for module in MODULES if "_kernel" in imported(module)} <= MAY_OPEN_THE_KERNEL
