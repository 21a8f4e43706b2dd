"""How the command starts: help without what the work needs, and no thread or package that nothing asks for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

MAIN = "import os, sys; from deminimis.__main__ import main; sys.argv = ['deminimis', *{words}]; main(); "


def ends_with(words: list[str], code: str, **environment: str) -> str:
    """What the code prints last, in a process of its own in which the command ran."""
    kept = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    ran = subprocess.run(
        [sys.executable, "-c", MAIN.format(words=words) + code],
        env=kept | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout.splitlines()[-1]


@pytest.mark.parametrize("words", [["--help"], ["--version"]])
def test_help_needs_little(words: list[str]) -> None:
    """Help comes without the packages of the work, and without the slow ones of Python."""
    slow = "numpy pyarrow pandas tqdm inspect dataclasses difflib json"
    assert ends_with(words, f"print(sorted(set('{slow}'.split()) & set(sys.modules)))") == "[]"


def test_score_needs_little(tmp_path: Path) -> None:
    """CSV is scored without pandas, wherever it is installed, and without what only other work needs."""
    source = tmp_path / "in.csv"
    source.write_text("who,day,usd\nA,2024-06-01,5\n")
    words = ["score", str(source), "-o", str(tmp_path / "out.csv")]
    words += ["--person", "who", "--day", "day", "--value", "usd", "--limit", "8"]
    slow = "pandas pyarrow.compute pyarrow.parquet pyarrow.fs pyarrow.dataset tomllib zoneinfo html hashlib logging"
    assert ends_with(words, f"print(sorted(set('{slow}'.split()) & set(sys.modules)))") == "[]"
    assert ends_with(words, "print('numpy' in sys.modules)") == "True"


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are counted by /proc")
def test_no_idle_threads() -> None:
    """NumPy starts no threads for matrices in the command, unless the environment asks for them."""
    count = "import numpy; print(len(os.listdir('/proc/self/task')))"
    assert ends_with(["--version"], count) == "1"
    assert ends_with(["--version"], "print(os.environ['OPENBLAS_NUM_THREADS'])", OPENBLAS_NUM_THREADS="3") == "3"
