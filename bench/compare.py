"""The peers side by side: `python -m bench.compare` measures, checks every mask, prints a table per piece of work.

Each engine is tried once in each of its forms; the fastest goes on to the rounds. A round runs every engine once, each
in a fresh process, and the rounds alternate, so that a slow spell of the machine falls on all. The median counts.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np

from bench import machine, peers, plots, report, workloads
from bench.manifests import count
from bench.result import Result, Section

UNORDERED = "duckdb-unordered"


class Bench:
    """Runs children and keeps what they share: where masks go, the number of rounds, the patience, the exact counts."""

    def __init__(self, masks: Path, asked: argparse.Namespace, say: Callable[[str], None]) -> None:
        self.masks = masks
        self.asked = asked
        self.say = say
        self.exact: dict[Path, dict] = {}

    def child(self, workload: workloads.Workload, cores: int, **what: object) -> dict | str:
        """Run one measurement in a process of its own; a string says how it failed."""
        target = self.masks / "mask.parquet"
        target.unlink(missing_ok=True)
        asked = {**workload.asked(), "cores": cores, "warm": self.asked.warm, "target": str(target), **what}
        asked["mask"] = str(self.mask_of(workload) if asked["engine"] == "exact" else self.masks / "peer.npy")
        command = [sys.executable, "-m", "bench.child", json.dumps(asked)]
        environment = peers.environment(int(str(asked.get("threads", cores))))
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=self.asked.timeout, env=environment, check=False
            )
        except subprocess.TimeoutExpired:
            return f"not done after {self.asked.timeout} s"
        if done.returncode < 0:
            return f"killed by signal {-done.returncode}"
        if done.returncode:
            return (done.stderr.strip().splitlines() or ["failed without a word"])[-1][:200]
        return json.loads(done.stdout.splitlines()[-1])

    def mask_of(self, workload: workloads.Workload) -> Path:
        """Where the exact mask of a workload is."""
        return self.masks / f"{workload.parquet.stem}-exact.npy"

    def count_exactly(self, workload: workloads.Workload) -> dict:
        """Make the exact mask and count the groups, once for a workload; an empty answer where DuckDB is missing."""
        if workload.parquet not in self.exact:
            self.say(f"{workload.name}: the exact mask")
            answer = self.child(workload, len(os.sched_getaffinity(0)), engine="exact")
            self.exact[workload.parquet] = answer if isinstance(answer, dict) else {}
        return self.exact[workload.parquet]

    def section(self, workload: workloads.Workload, source: str, cores: int, engines: list[str]) -> Section:
        """Measure all engines on one piece of work."""
        if source == "csv":
            workload.write_csv()
        known = self.count_exactly(workload)
        results = [Result(workload.name, source, workload.rows, cores, engine) for engine in engines]
        for result in results:
            self.choose_form(workload, result)
        for number in range(self.asked.repeats):
            for result in results[number % len(results) :] + results[: number % len(results)]:
                if not result.note:
                    self.measure(workload, result, bool(known))
        return Section(workload, source, cores, known.get("groups", 0), known.get("eligible", 0), results)

    def choose_form(self, workload: workloads.Workload, result: Result) -> None:
        """Find an engine's fastest form by one run of each, then the number of threads that suits it."""
        if peers.version_of(result.engine) is None:
            result.note = "not installed"
            return
        forms = peers.forms_of(result.engine, result.source)
        if not forms:
            result.note = f"does not read {result.source}"
            return
        result.form, result.threads = forms[0].name, result.cores
        more = {form.name: form.threads_to_try(result.cores)[1:] for form in forms}
        if len(forms) == 1 and not more[result.form]:
            return
        self.try_forms(workload, result, [(form.name, result.cores) for form in forms])
        self.try_forms(workload, result, [(result.form, threads) for threads in more[result.form]])

    def try_forms(self, workload: workloads.Workload, result: Result, tries: list[tuple[str, int]]) -> None:
        """Run each form once; the fastest of all that were ever tried is the result's."""
        for form, threads in tries:
            answer = self.run(workload, result, form, threads)
            if isinstance(answer, str):
                result.note = answer if not result.tried else ""
                continue
            seconds = min([answer["cold"], *answer["warm"]])
            result.tried[f"{form}, threads {threads}"] = seconds
            if seconds == min(result.tried.values()):
                result.form, result.threads, result.note = form, threads, ""

    def run(self, workload: workloads.Workload, result: Result, form: str, threads: int) -> dict | str:
        """One run of one form of the result's engine."""
        self.say(f"{workload.name} {result.source} {result.engine}: {form}, threads {threads}")
        what = {"engine": result.engine, "form": form, "threads": threads, "source": result.source}
        what["memory_limit"] = self.asked.memory_limit
        return self.child(workload, result.cores, **what)

    def measure(self, workload: workloads.Workload, result: Result, has_exact: bool) -> None:
        """One timed run of the chosen form, and its mask held against the exact one."""
        answer = self.run(workload, result, result.form, result.threads)
        if isinstance(answer, str):
            result.note = answer
            return
        result.cold_seconds.append(answer["cold"])
        result.warm_seconds += answer["warm"]
        result.peak_bytes.append(answer["peak_bytes"])
        result.input_bytes = answer["before_bytes"]
        if has_exact and result.engine != "decode":
            got, exact = np.load(self.masks / "peer.npy"), np.load(self.mask_of(workload))
            if len(got) != len(exact):
                result.note = f"a mask of about {8 * len(got):,} rows for {workload.rows:,}"
                return
            result.differs = int(np.bitwise_count(got ^ exact).sum())
            result.looser = int(np.bitwise_count(got & ~exact).sum())


def sections(bench: Bench, folder: Path, asked: argparse.Namespace) -> Iterator[Section]:
    """Every piece of work that is asked for, in the order of the report."""
    for name in asked.workloads:
        for rows in asked.rows:
            workload = workloads.prepare(name, rows, folder)
            if isinstance(workload, str):
                print(f"\n{name}: skipped, {workload}\n")
                continue
            for source in asked.sources:
                for cores in asked.threads:
                    engines = [*(["decode"] if source != "memory" else []), *asked.engines]
                    yield bench.section(workload, source, cores, engines)
                if source == "csv" and not asked.folder:
                    workload.csv.unlink()
            if not asked.folder:
                workload.parquet.unlink()


def listed(known: tuple[str, ...], usual: tuple[str, ...]) -> Callable[[str], list[str]]:
    """A parser of comma-separated names; "usual" and "all" stand for several."""

    def parse(text: str) -> list[str]:
        names = {"all": list(known), "usual": list(usual)}.get(text, text.split(","))
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"there is no {name!r}; there are {', '.join(known)}, usual and all")
        return names

    return parse


def arguments() -> argparse.Namespace:
    """The command line."""
    engines = tuple(engine for engine in peers.ENGINES if engine != "decode")
    cores = len(os.sched_getaffinity(0))
    parser = argparse.ArgumentParser(prog="python -m bench.compare", description=__doc__)
    parser.add_argument("--rows", type=lambda text: [count(part) for part in text.split(",")], default=[2_000_000])
    parser.add_argument("--engines", type=listed(engines, engines), default=list(engines))
    parser.add_argument(
        "--workloads",
        type=listed(workloads.NAMES, workloads.USUAL),
        default=["int", "text"],
        help=f"usual: {' '.join(workloads.USUAL)}",
    )
    parser.add_argument("--sources", type=listed(peers.SOURCES, peers.SOURCES), default=list(peers.SOURCES))
    parser.add_argument(
        "--threads", type=lambda text: [int(part) for part in text.split(",")], default=[cores], help="cores to use"
    )
    parser.add_argument("--repeats", type=int, default=3, help="rounds, each in fresh processes")
    parser.add_argument("--warm", type=int, default=1, help="calls after the first, in the same process")
    parser.add_argument("--timeout", type=float, default=900, help="seconds after which a run is given up")
    parser.add_argument("--memory-limit", metavar="SIZE", help="such as 1GiB, for deminimis and duckdb")
    parser.add_argument("--folder", type=Path, help="keep the manifests here and use them again")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg")
    return parser.parse_args()


def main() -> None:
    """Measure what is asked, print the tables, write the files."""
    asked = arguments()
    if asked.plot:
        plots.require()
    on, versions = machine.describe(), machine.versions()
    print(report.heading(on, versions, asked), flush=True)
    say = report.Status(sys.stderr)
    done: list[Section] = []
    if asked.folder:
        asked.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="deminimis-bench-", dir=asked.folder) as passing:
        bench = Bench(Path(passing), asked, say)
        for section in sections(bench, asked.folder or Path(passing), asked):
            say.clear()
            print(report.table(section), flush=True)
            done.append(section)
    results = [result for section in done for result in section.results]
    if asked.json:
        found = {"machine": on, "versions": versions, "results": [asdict(result) for result in results]}
        asked.json.write_text(json.dumps(found, indent=1) + "\n")
    if asked.plot:
        plots.draw(results, on, asked.plot)


if __name__ == "__main__":
    main()
