"""Tests reach a path by what they hand in: none puts something else into a module of the package or of bench/."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent
FILES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.py"))
OURS = ("deminimis", "bench")
PATCHES = {"setattr", "delattr", "setitem", "delitem", "patch", "object", "multiple", "dict"}
"""What pytest's and the standard library's patches are called, and what is called on them."""


def patches(text: str) -> list[int]:
    """The lines of a program that patch what it imported of ours, or name it as text."""
    nodes = list(ast.walk(ast.parse(text)))
    ours: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            ours |= {alias.asname or alias.name.split(".")[0] for alias in node.names if is_ours(alias.name)}
        elif isinstance(node, ast.ImportFrom) and not node.level and is_ours(node.module or ""):
            ours |= {alias.asname or alias.name for alias in node.names}
    calls = [node for node in nodes if isinstance(node, ast.Call) and called(node) in PATCHES]
    first = {node.lineno: node.args[0] for node in calls if node.args}
    return sorted(line for line, target in first.items() if root(target) in ours or is_ours(root(target) or ""))


def called(call: ast.Call) -> str | None:
    function = call.func
    return (
        function.attr
        if isinstance(function, ast.Attribute)
        else function.id
        if isinstance(function, ast.Name)
        else None
    )


def root(target: ast.expr) -> str | None:
    """The name that an expression such as `a.b.c` begins with, or a text itself."""
    while isinstance(target, ast.Attribute):
        target = target.value
    if isinstance(target, ast.Name):
        return target.id
    return target.value if isinstance(target, ast.Constant) and isinstance(target.value, str) else None


def is_ours(module: str) -> bool:
    return module.split(".")[0] in OURS


@pytest.mark.parametrize("file", FILES)
def test_no_module_is_patched(file: str) -> None:
    """Only the environment, standard streams and what the operating system gives are replaced."""
    assert patches((FOLDER / file).read_text()) == []


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        ("monkeypatch.setattr(progress, 'SECONDS_BETWEEN', 0)", True),
        ("patch.setattr(dm.progress, 'SECONDS_BETWEEN', 0)", True),
        ("monkeypatch.setitem(progress.time.__dict__, 'sleep', None)", True),
        ("patch.setattr('deminimis.progress.SECONDS_BETWEEN', 0)", True),
        ("setattr(progress, 'SECONDS_BETWEEN', 0)", True),
        ("mock.patch('bench.commits.ROOT')", True),
        ("mock.patch.object(dm, 'score')", True),
        ("monkeypatch.setattr(sys, 'stdin', None)", False),
        ("monkeypatch.setenv('deminimis', '1')", False),
        ("monkeypatch.setattr(stream, field, progress)", False),
    ],
)
def test_what_a_patch_is(line: str, is_one: bool) -> None:
    """The ways to patch are known, and nothing else is taken for one."""
    assert patches(f"import sys\nimport deminimis as dm\nfrom deminimis import progress\n{line}\n") == [4] * is_one
