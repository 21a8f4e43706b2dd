"""The comparison of two commits: what it prints, and what it checks out."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bench import commits


def test_table() -> None:
    """A line for each bench that both have, with the least of all turns and their ratio; others are named."""
    old = commits.least([{"a": 4.0, "b": 1.0}, {"a": 2.0, "b": 3.0}])
    new = commits.least([{"a": 1.0, "c": 1.0}])
    lines = commits.table("v1", old, ".", new)
    assert [line.split() for line in lines[1:-1]] == [["a", "2.00", "1.00", "0.50"]]
    assert lines[-1] == "only in one of them: b, c"


def test_checked_out(tmp_path: Path) -> None:
    """A commit's files are as they were, the checkout's as they are but for ignored ones; an unknown one is told."""
    root = tmp_path / "root"
    root.mkdir()
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    (root / "file").write_text("old")
    (root / ".gitignore").write_text("ignored\n")
    for words in (["init", "-q"], ["add", "."], [*identity, "commit", "-q", "-m", "one"]):
        subprocess.run(["git", "-C", str(root), *words], check=True)
    (root / "file").write_text("new")
    (root / "ignored").write_text("")
    with commits.checked_out("HEAD", tmp_path / "a", root), commits.checked_out(".", tmp_path / "b", root):
        assert [(tmp_path / side / "file").read_text() for side in ("a", "b")] == ["old", "new"]
        assert not (tmp_path / "b" / "ignored").exists()
    assert not (tmp_path / "a").exists() and commits.git("worktree", "list", root=root).count("\n") == 1
    with pytest.raises(SystemExit, match="no-such-commit"), commits.checked_out("no-such-commit", tmp_path / "c", root):
        pass
