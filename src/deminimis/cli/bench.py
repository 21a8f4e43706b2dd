"""`deminimis bench`: how many rows a second this machine scores, with one line of JSON to quote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..text import counted, in_columns, prose
from .options import Parser, count
from .streams import say, say_json, width

if TYPE_CHECKING:
    from ..demo.bench import Result

_EXAMPLES = """\
examples:
  deminimis bench
  deminimis bench --rows 2M --repeats 3
  deminimis bench --threads 1 --json >> figures.jsonl
"""


def run(name: str, words: list[str]) -> int:
    """Read the words after `bench`, score the fixed work, and say how fast."""
    args = parser(name).read(words)
    from ..demo import bench as cpu_bench

    result = cpu_bench.bench(args.rows, args.repeats, args.threads)
    if not args.json:
        say(f"{in_words(result, width())}\n\n")
    say_json(result.to_dict())
    return 0


def parser(name: str) -> Parser:
    """The words that may follow `bench`."""
    from ..demo import bench as cpu_bench

    found = Parser(
        prog=f"deminimis {name}",
        usage="deminimis bench [--rows N] [--threads N] [--repeats N] [--json]",
        description="A benchmark of the processor and its memory: score a fixed manifest, made in memory, on 1, 2, 4 "
        "... threads.\nNothing is read and nothing is written. The last line is JSON.",
        epilog=_EXAMPLES,
    )
    found.add_argument("--rows", type=count, default=cpu_bench.ROWS, metavar="N", help="default: 20000000, 1 GiB")
    found.add_argument("--threads", type=count, metavar="N", help="the most; default: the cores this process may use")
    found.add_argument("--repeats", type=count, default=cpu_bench.REPEATS, metavar="N", help="of each; default: 5")
    found.add_argument("--json", action="store_true", help="the line of JSON alone")
    return found


def in_words(result: Result, width: int | None = None) -> str:
    """The account for a person."""
    lines = [["Threads", "Rows a second", "ns a row", "Best", "Against one thread"]]
    alone = result.figures[0].seconds_median
    for one in result.figures:
        times = (f"{1e9 * seconds / result.rows:.2f}" for seconds in (one.seconds_median, one.seconds_best))
        speedup = f"{alone / one.seconds_median:.2f} times" if one.seconds_median else ""
        lines.append([f"{one.threads}", f"{one.rows_per_second:,.0f}", *times, speedup])
    work = (
        f"{result.rows:,} rows of the work {result.work}, in memory; the median and the best of {result.repeats}; "
        f"the first call took {result.seconds_first:.2f} s"
    )
    return "\n".join(
        [
            prose(f"{result.cpu}, {counted(result.cores, 'core')}, {result.system}", width),
            prose(f"deminimis {result.version}, Python {result.python}, pyarrow {result.pyarrow}", width),
            prose(work, width),
            "",
            in_columns(lines, ">>>>>", width, has_head=True),
        ]
    )
