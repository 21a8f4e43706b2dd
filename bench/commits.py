"""Two commits against each other by the kernel's benches: `python -m bench.commits HEAD~1 . -k 1M-L3`.

Each is checked out beside the repository's own files, in a temporary folder, and built there; "." is the checkout as it
stands, changes included. They run their own benches in turns, and of each bench the least time of all turns counts.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BENCHES = ["-m", "pytest", "bench", "-p", "no:cacheprovider", "--benchmark-enable", "--benchmark-only"]


def main(words: list[str] | None = None) -> None:
    """Build both, time both, and print a line for each bench that both have."""
    parser = argparse.ArgumentParser(prog="python -m bench.commits", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("before", metavar="REV_A")
    parser.add_argument("after", metavar="REV_B", nargs="?", default=".", help="default: . (the checkout as it stands)")
    parser.add_argument("-k", dest="which", default="1M-L3", help="the benches, as pytest's -k takes it (1M-L3)")
    parser.add_argument("--turns", type=int, default=3, metavar="N", help="default: 3")
    args = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="deminimis-bench-") as work:
        folders = [Path(work) / side for side in ("before", "after")]
        with checked_out(args.before, folders[0]), checked_out(args.after, folders[1]):
            for folder in folders:
                run(folder, "setup.py", "-q", "build_ext", "--inplace")
            turns = [[timed(folder, args.which) for folder in folders] for _ in range(args.turns)]
    before, after = ([turn[side] for turn in turns] for side in (0, 1))
    print("\n".join(table(args.before, least(before), args.after, least(after))))


@contextmanager
def checked_out(commit: str, folder: Path, root: Path = ROOT) -> Iterator[None]:
    """A commit's files in a folder, for as long as the context lasts."""
    if commit == ".":
        listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard", root=root).split("\0")
        for name in filter(None, listed):
            if (root / name).exists():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(root / name, folder / name)
        yield
        return
    git("worktree", "add", "--detach", str(folder), commit, root=root)
    try:
        yield
    finally:
        git("worktree", "remove", "--force", str(folder), root=root)


def git(*words: str, root: Path = ROOT) -> str:
    ended = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True)
    if ended.returncode:
        sys.exit(ended.stderr.strip())
    return ended.stdout


def run(folder: Path, *words: str) -> None:
    """Run Python on a folder's own package."""
    environment = os.environ | {"PYTHONPATH": str(folder / "src")}
    ended = subprocess.run([sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True)
    if ended.returncode:
        sys.exit(f"{ended.stdout[-3000:]}{ended.stderr[-3000:]}\nin {folder.name}: {' '.join(words)}")


def timed(folder: Path, which: str) -> dict[str, float]:
    """The least time of a row in each bench, in nanoseconds."""
    target = folder / "build" / "benches.json"
    run(folder, *BENCHES, "-k", which, "--benchmark-json", str(target))
    found = json.loads(target.read_text())["benchmarks"]
    return {one["name"]: 1e9 * one["stats"]["min"] / one["extra_info"]["rows"] for one in found}


def least(turns: list[dict[str, float]]) -> dict[str, float]:
    """The least of all turns, bench by bench."""
    return {name: min(turn[name] for turn in turns if name in turn) for name in turns[0]}


def table(before: str, old: dict[str, float], after: str, new: dict[str, float]) -> list[str]:
    """A line for each bench that both have: nanoseconds a row, and the new by the old."""
    lines = [f"{'ns a row':<50}{before[:12]:>13}{after[:12]:>13}{'ratio':>8}"]
    lines += [f"{n:<50}{old[n]:>13.2f}{new[n]:>13.2f}{new[n] / old[n]:>8.2f}" for n in new if n in old]
    odd = sorted(old.keys() ^ new.keys())
    return [*lines, f"only in one of them: {', '.join(odd)}"] if odd else lines


if __name__ == "__main__":
    main()
