"""Signals at random moments of the command, where an output is there already: `python -m tests.trust.signals`.

The old output stays whole or the new one is; nothing else is left; the exit code is the signal's, or 0 where the work
was done before. A child is forked for each run from a process that has everything imported.
"""

from __future__ import annotations

import argparse
import collections
import os
import random
import re
import secrets
import select
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

from deminimis.cli import main as command

from .faults import jobs

SECONDS_MOST = 120
COMMANDS = 16
"""So many are drawn for a seed, each run as a whole once."""
SIGNALS = (signal.SIGINT, signal.SIGINT, signal.SIGTERM, signal.SIGTERM, signal.SIGKILL, signal.SIGHUP)
SOURCES = ("in.parquet", "in.csv", "in.arrow")
SWALLOWED = re.compile(r"Exception ignored in: .*\nTraceback .*\n(?: .*\n)*(KeyboardInterrupt|\S*Terminated): *\n")
"""A signal that falls into a finalizer: Python says so, drops it, and goes on."""
TARGETS = ("out.parquet", "out.csv", "out.arrow", "out.csv.gz")
LATE = ([], ["--memory-limit", "64KiB"], ["--memory-limit", "2MiB", "--sorted-by", "day", "--late-days", "1"])
MORE = ([], [], ["--append"], ["--with", "reason,total"])


def words_of(rng: random.Random, folder: Path) -> tuple[list[str], Path]:
    """A drawn command and its output."""
    target = folder / "out" / rng.choice(TARGETS)
    words = ["score", str(folder / "in" / rng.choice(SOURCES)), "-o", str(target), "--spill-dir", str(folder / "spill")]
    words += ["--person", "person", "--day", "day", "--value", "value", "--limit", "900", "--quiet"]
    return [*words, "--threads", rng.choice("123"), *rng.choice(LATE), *rng.choice(MORE)], target


def forked(words: list[str], folder: Path) -> int:
    """A child that runs the command. A signal that comes before it has begun ends it as that signal does."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    child = os.fork()
    if child:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        return child
    code = 99
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # as a program starts; the command sets its own
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        for number, path in ((1, "stdout"), (2, "stderr")):
            os.dup2(os.open(folder / path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
        code = command.main(words)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def ended(child: int) -> int | None:
    """Its exit code, minus the signal's number where that killed it; None where it hangs."""
    watched = os.pidfd_open(child)
    is_over = bool(select.select([watched], [], [], SECONDS_MOST)[0])
    os.close(watched)
    if not is_over:
        os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    return os.waitstatus_to_exitcode(status) if is_over else None


def problem(code: int | None, sent: signal.Signals, target: Path, whole: str, folder: Path) -> str | None:
    """What is wrong, if anything."""
    content = target.read_bytes() if target.exists() else None
    left = [path.name for path in (folder / "spill").iterdir()]
    others = [path for path in (folder / "out").iterdir() if path != target]
    if code == -signal.SIGKILL and len(others) == 1 and others[0].suffix == ".part":
        # A file that had no name was given one beside the output, and was to take the output's in the next step.
        others = [] if is_whole(target.name, others[0].read_bytes(), whole) else others
    left += [path.name for path in others]
    said = SWALLOWED.sub("", (folder / "stderr").read_text(errors="replace"))
    if code is None:
        return "it hangs"
    if code not in (0, -sent, 128 + sent):
        return f"exit code {code}: {said[-800:]}"
    if content is None:
        return "the output is gone"
    if content != jobs.OLD and not is_whole(target.name, content, whole):
        return f"the output is neither the old nor the new one: {len(content)} bytes"
    if code == 0 and content == jobs.OLD:
        return "exit code 0 and no new output"
    if left:
        return f"left behind: {left}"
    if "Traceback" in said or "fault in deminimis" in said:
        return said[-800:]
    return None


def is_whole(name: str, content: bytes, whole: str) -> bool:
    """Whether an output says what it is to say."""
    try:
        return jobs.read_back(name, content) == whole
    except Exception:  # torn, in any way
        return False


def main() -> int:
    """Run and interrupt."""
    parser = argparse.ArgumentParser(prog="python -m tests.trust.signals", description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=None, help="random by default, and printed")
    given = parser.parse_args()
    if not hasattr(os, "pidfd_open"):
        print("signals are skipped: they need Linux")
        return 0
    seed = secrets.randbelow(10**9) if given.seed is None else given.seed
    rng = random.Random(seed)
    jobs.load_all()
    seen: collections.Counter[str] = collections.Counter()
    wholes: dict[int, tuple[str, float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        child = os.fork()
        if child == 0:
            jobs.prepare(folder)
            os._exit(0)
        os.waitpid(child, 0)
        for run in range(given.runs):
            key = rng.randrange(COMMANDS)
            words, target = words_of(random.Random(seed + key), folder)
            if key not in wholes:
                began = time.monotonic()
                if code := ended(forked(words, folder)):
                    print(f"without a signal: {code}: {words}: {(folder / 'stderr').read_text()}")
                    return 1
                wholes[key] = jobs.read_back(target.name, target.read_bytes()), time.monotonic() - began
            whole, seconds = wholes[key]
            target.write_bytes(jobs.OLD)
            sent, moment = rng.choice(SIGNALS), rng.uniform(0, 1.1 * seconds)
            child = forked(words, folder)
            time.sleep(moment)
            for _ in range(rng.choice([1, 1, 1, 3])):
                os.kill(child, sent)
            code = ended(child)
            wrong = problem(code, sent, target, whole, folder)
            seen["wrong" if wrong else f"{sent.name} {'old' if target.read_bytes() == jobs.OLD else 'new'} output"] += 1
            if wrong:
                print(
                    f"WRONG: run {run}, {sent.name} after {moment:.3f} s of {seconds:.3f}: {words}: {wrong}", flush=True
                )
            for path in [*(folder / "out").iterdir(), *(folder / "spill").iterdir()]:
                path.unlink()
    print(f"seed {seed}, {given.runs} runs, {dict(sorted(seen.items()))}", flush=True)
    return min(seen["wrong"], 1)


if __name__ == "__main__":
    sys.exit(main())
