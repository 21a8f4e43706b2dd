"""Let each call of a kind fail once in each job: `python -m tests.trust.faults --every 1 --jobs 2`.

Right is the answer as it is without the fault, or an error of the package (or MemoryError): the output that was there
before stays whole or the new one is, nothing else lies in its folder, no spilled file is left, no thread, no open file,
and nothing hangs or aborts.
"""

from __future__ import annotations

import argparse
import collections
import os
import secrets
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

from . import jobs
from .server import KINDS, Ended, Fault, Server

SHIM = Path(__file__).with_name("shim.c")
INSIDE = "DEMINIMIS_SHIM"


def compiled(folder: Path) -> Path | None:
    """The shim; None where this machine cannot have it."""
    compiler = os.environ.get("CC") or shutil.which("cc") or sysconfig.get_config_var("CC")
    if not sys.platform.startswith("linux") or compiler is None:
        return None
    made = folder / "shim.so"
    words = [*compiler.split(), "-O2", "-shared", "-fPIC", "-o", str(made), str(SHIM), "-ldl", "-pthread"]
    return made if subprocess.run(words, capture_output=True).returncode == 0 else None


def problem(server: Server, job: str, ended: Ended, expected: dict[str, str]) -> str | None:
    """What is wrong after a fault, if anything."""
    there = jobs.outputs(server.folder)
    left = [path.name for path in (server.folder / "spill").iterdir()]
    for path in (server.folder / "spill").iterdir():
        path.unlink()
    names = expected.keys() - {"said"}
    problems = [ended.wrong] if ended.wrong else []
    problems += [f"left in the spill's folder: {left}"] if left else []
    problems += [f"left beside the output: {sorted(there.keys() - names)}"] if there.keys() - names else []
    for name in there.keys() - names:
        (server.folder / "out" / name).unlink()
    if ended.said is not None and ended.said != expected["said"]:
        problems.append("a wrong answer")
    for name in names:
        content = there.get(name)
        if content is None:
            problems.append("the old output is gone")
        elif content != jobs.OLD or ended.said is not None:
            try:
                problems += [] if jobs.read_back(name, content) == expected[name] else ["a wrong output"]
            except Exception as error:
                problems.append(f"the output is torn: {error}")
    return "; ".join(problems) or None


def lay_old(server: Server, names: set[str]) -> None:
    """Lay the old outputs."""
    for name in names:
        (server.folder / "out" / name).write_bytes(jobs.OLD)


def sweep(server: Server, given: argparse.Namespace) -> int:
    """All faults of this share; how many ended badly."""
    bad = 0
    for job in given.job or jobs.JOBS:
        whole = server.run(job, Fault("allocation", 0, 0))
        if whole.said is None or whole.wrong:
            print(f"{job}: without a fault: {whole}")
            return 1
        expected = {name: jobs.read_back(name, content) for name, content in jobs.outputs(server.folder).items()}
        expected["said"] = whole.said
        names = expected.keys() - {"said"}
        lay_old(server, names)
        if problem(server, job, whole, expected | {"said": "another"}) is None:
            print(f"{job}: WRONG: another answer is not seen")
            return 1
        for kind in given.kind or KINDS:
            count = server.run(job, Fault(kind, 0, 0)).calls
            if not count and (names or kind in ("allocation", "thread")):
                bad += 1
                print(f"WRONG: {job}: no {kind} is seen: the calls do not come through the shim", flush=True)
            for error in KINDS[kind][1]:
                seen: collections.Counter[str] = collections.Counter()
                began = time.monotonic()
                first = given.first % min(given.every, max(count, 1))  # of few calls, one at least
                for at in range(1 + first, count + 1, given.every):
                    fault = Fault(kind, at, error)
                    lay_old(server, names)
                    ended = server.run(job, fault)
                    wrong = problem(server, job, ended, expected)
                    seen[
                        "wrong"
                        if wrong
                        else "pyarrow aborts"
                        if ended.aborted
                        else "refused"
                        if ended.error
                        else "right"
                    ] += 1
                    if wrong:
                        bad += 1
                        print(f"WRONG: {job}: {fault}: {wrong}", flush=True)
                how = str(Fault(kind, 0, error)).replace(" 0 ", " ")
                print(f"{job}: {how}: {count} places, {dict(seen)}, {time.monotonic() - began:.0f} s", flush=True)
        for name in names:
            (server.folder / "out" / name).unlink(missing_ok=True)
    return bad


def main() -> int:
    """Compile the shim, and start again with it loaded."""
    parser = argparse.ArgumentParser(prog="python -m tests.trust.faults", description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="let only every so manieth place fail")
    parser.add_argument("--first", type=int, default=None, help="which of those comes first; random by default")
    parser.add_argument("--job", action="append", choices=jobs.JOBS, help="only this job")
    parser.add_argument("--kind", action="append", choices=KINDS, help="only this kind of call")
    parser.add_argument("--jobs", type=int, default=1, help="at once")
    given = parser.parse_args()
    if given.first is None:
        given.first = secrets.randbelow(given.every)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        if INSIDE in os.environ:
            print(f"every {given.every}, first {given.first}", flush=True)
            jobs.prepare(folder)
            bad = sweep(Server(Path(os.environ[INSIDE]), folder), given)
            print(f"{bad} bad", flush=True)
            return min(bad, 1)
        shim = compiled(folder)
        if shim is None:
            print("faults are skipped: they need Linux, glibc and a C compiler")
            return 0
        plain = {"LD_PRELOAD": str(shim), INSIDE: str(shim), "ARROW_DEFAULT_MEMORY_POOL": "system"}
        words = [sys.executable, "-m", "tests.trust.faults", "--every", str(given.every * given.jobs)]
        words += [word for job in given.job or () for word in ("--job", job)]
        words += [word for kind in given.kind or () for word in ("--kind", kind)]
        shares = [str(given.first + given.every * i) for i in range(given.jobs)]
        running = [subprocess.Popen([*words, "--first", share], env=os.environ | plain) for share in shares]
        return max(one.wait() for one in running)


if __name__ == "__main__":
    sys.exit(main())
