"""`deminimis bench`: how many rows a second this machine scores, with one line of JSON to quote."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..text import counted, in_columns, prose
from .options import Parser, count
from .streams import is_terminal, say, say_json, width

if TYPE_CHECKING:
    from ..demo.bench.account import Result

_EXAMPLES = """\
examples:
  deminimis bench
  deminimis bench --json >> figures.jsonl
  deminimis bench --against figures.jsonl
"""


def run(name: str, words: list[str]) -> int:
    """Read the words after `bench`, score the fixed works, and say how fast."""
    args = parser(name).read(words)
    from ..demo.bench.account import read_result
    from ..demo.bench.measure import bench

    against = None if args.against is None else read_result(args.against, args.rows)
    watched = is_terminal("stderr")

    def told(work: str, at: int, works: int) -> None:
        say(f"\rwork {at + 1} of {works}: {work:<10}", "stderr")

    result = bench(args.rows, args.repeats, args.threads, told if watched else None)
    if watched:
        say(f"\r{'':<30}\r", "stderr")
    if not args.json:
        say(f"{in_words(result, width(), against)}\n\n")
    say_json(result.to_dict())
    return 0


def parser(name: str) -> Parser:
    """The words that may follow `bench`."""
    from ..demo.bench.measure import REPEATS
    from ..demo.bench.work import ROWS

    found = Parser(
        prog=f"deminimis {name}",
        usage="deminimis bench [--rows N] [--threads N] [--repeats N] [--against FILE] [--json]",
        description="A benchmark of the processor and its memory: score four fixed manifests, from memory, Parquet and "
        "CSV,\non 1, 2, 4 ... threads. Files lie in memory where the system has a folder there. Takes at most half a "
        "minute.\nThe score is the geometric mean of all works and sources. The last line is JSON.",
        epilog=_EXAMPLES,
    )
    found.add_argument("--rows", type=count, default=ROWS, metavar="N", help="of each; default: 4000000, 1 GiB")
    found.add_argument("--threads", type=count, metavar="N", help="the most; default: the cores this process may use")
    found.add_argument("--repeats", type=count, default=REPEATS, metavar="N", help="of each; default: 3")
    found.add_argument("--against", type=Path, metavar="FILE", help="compare with the last line of JSON in it")
    found.add_argument("--json", action="store_true", help="the line of JSON alone")
    return found


def in_words(result: Result, width: int | None = None, against: Result | None = None) -> str:
    """The account for a person."""
    from ..demo.bench.account import ratios, threads_of

    counts = threads_of(result.parts)
    speeds = {(part.work, part.source, part.threads): part.rows_per_second for part in result.parts}
    beside = {} if against is None else ratios(result, against)
    lines = [["Work", "From", *(counted(count, "thread") for count in counts), *(["Against"] if beside else [])]]
    for work, source in result.best():
        line = [f"{speeds[work, source, count] / 1e6:,.1f}" for count in counts]
        lines.append([work, source, *line, *([f"{beside[work, source]:.2f} times"] if beside else [])])
    on = result.machine
    where = "in memory" if result.files_in_memory else "in the temporary folder"
    paragraphs = [
        f"{on.cpu}, {counted(on.cores, 'core')}, {on.system}",
        f"deminimis {on.version} with its kernel {on.kernel}, Python {on.python}, pyarrow {on.pyarrow}",
        f"Set {result.set}, {result.rows:,} rows each, files {where}; million rows a second by the median of "
        f"{counted(max(part.repeats for part in result.parts), 'call')}",
    ]
    told = [prose(text, width) for text in paragraphs]
    score = [f"Score {result.score:,.1f}"]
    if against is not None:
        there = against.machine
        score[0] += f", {result.score / against.score:.2f} times that of {there.cpu}, deminimis {there.version}"
    table = in_columns(lines, "<<" + ">" * (len(lines[0]) - 2), width, has_head=True)
    return "\n".join([*told, "", table, "", prose(score[0], width)])
