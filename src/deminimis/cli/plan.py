"""`deminimis plan`: what `score` would do and need, said before it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..text import counted, in_bytes, in_columns, shown, wrapped
from .arguments import chosen, manifest_of, reading_options, resources, scoring_options
from .ends import ENDS
from .options import Parser, in_the_shell
from .score import MORE_COLUMNS, add_words
from .streams import say, say_json, width

if TYPE_CHECKING:
    from ..questions.plan import Plan

_EPILOG = """\
examples:
  deminimis plan in.parquet --person consignee --day arrival --value usd --limit 800 --memory-limit 1GiB
  deminimis plan 'in/*.parquet' --feed et86 --rule us-321 --with reason,total
  deminimis plan in.csv --json --person id --day day --value usd --limit 800 --sorted-by day

It takes the words of score, so that one word turns a plan into the run; what is said of the result changes nothing but
--with, as reasons and totals take more memory. No row is read, and nothing is written. The exit code is 3 where memory
or disk would not do.
"""


def run(name: str, words: list[str]) -> int:
    """Read the words after `plan`, print the plan, and return the exit code."""
    args = parser(name).read(words)
    options = scoring_options(args) | reading_options(args)
    options |= resources(args)
    from ..questions.plan import plan

    found = plan(manifest_of(args), columns=("eligible", *chosen(args.with_, MORE_COLUMNS, "--with")), **options)
    if args.json:
        say_json(found.to_dict())
    else:
        say(f"{in_words(found, width())}\n")
    return ENDS["done" if found.fits else "memory"].code


def parser(name: str) -> Parser:
    """The words that may follow `plan`."""
    found = Parser(
        prog=f"deminimis {name}",
        usage="deminimis plan SOURCE... --person COL --day COL --value COL (--limit N | --rule NAME) [...]",
        description="Say what score would do and need, from the files' metadata alone.",
        epilog=_EPILOG,
    )
    add_words(found)
    return found


def in_words(plan: Plan, width: int | None = None) -> str:
    """The plan for a person: the figures, then what would happen."""
    about = "about " if plan.rows_are_estimated else ""
    parts = next((counted(n, what) for n, what in _parts(plan) if n is not None), "")
    left_out = f", {len(plan.left_out):,} left out" if plan.left_out else ""
    files = f"in {counted(plan.files, 'file')}{left_out}{f', {parts}' if parts else ''}"
    read = f"of which {in_bytes(plan.role_bytes)} are read" if plan.role_bytes is not None else ""
    days = "not known" if plan.first_day is None else f"{plan.first_day} to {plan.last_day}"
    lines = [
        ("Rows", "not known" if plan.rows is None else f"{about}{plan.rows:,}", files),
        ("Size", _size(plan.file_bytes), read),
        ("Days", days, _ORDERS[plan.order]),
        ("Memory", _size(plan.memory_bytes, "about "), f"of {in_bytes(plan.memory_available_bytes)} that it may use"),
        ("Disk", _size(plan.spill_bytes, "up to "), f"{in_bytes(plan.spill_free_bytes)} free in {plan.spill_dir}"),
    ]
    notes = [f"{wrapped(shown(f'NOTE: {in_the_shell(note)}'), width)}\n" for note in plan.notes]
    steps = [wrapped(shown(step), width, "- ", "  ") for step in _steps(plan)]
    return "\n".join([*notes, f"{in_columns(lines, '<<<', width)}\n", *steps])


def _parts(plan: Plan) -> tuple[tuple[int | None, str], ...]:
    return (plan.row_groups, "row group"), (plan.pieces, "piece")


_ORDERS = {
    "in order": "in order, by the statistics",
    "nearly in order": "nearly in order, by the statistics",
    "shuffled": "mixed: a day may be anywhere",
    "not known": "the files do not tell their order",
    "promised": "in order, as --sorted-by promises",
}


def _steps(plan: Plan) -> list[str]:
    limit = in_bytes(plan.memory_limit)
    threads = counted(plan.threads, "thread")
    found = [f"Read and group the rows on {threads}, with a memory limit of {limit}."]
    if plan.epochs is None:
        found.append(
            f"Answer and release the days as they end, as their order is promised, with about {plan.rows_open:,} rows "
            "open; a row that comes too late ends the run. Days larger than that may go to disk."
        )
    elif plan.epochs > 1:
        found.append(
            f"Answer and release the days as they end, in {plan.epochs:,} runs of days with at most "
            f"{plan.rows_open:,} rows open."
        )
    elif plan.spill_bytes is None:
        found.append("Hold all rows until the last is read, in memory as far as the limit goes, then on disk.")
    elif plan.spill_bytes:
        found.append("Hold all rows until the last is read: more than the memory limit takes, so they go to disk.")
    else:
        found.append("Hold all rows in memory until the last is read; nothing goes to disk.")
    if plan.epochs is not None and plan.epochs > 1 and plan.spill_bytes:
        found.append("Some days are larger than the memory limit, and go to disk.")
    if plan.has_outcomes and (plan.held_bytes or 0) > plan.memory_limit:
        found.append(f"The open rows take more than {limit}: leave out --with, or give the run more memory.")
    if (plan.spill_bytes or 0) > plan.spill_free_bytes:
        missing = in_bytes((plan.spill_bytes or 0) - plan.spill_free_bytes)
        found.append(f"NOT ENOUGH DISK: free {missing} more, give another --spill-dir, or raise --memory-limit.")
    elif (plan.memory_bytes or 0) > plan.memory_available_bytes:
        found.append("NOT ENOUGH MEMORY: the run would end without an answer.")
    return found


def _size(count: int | None, about: str = "") -> str:
    if count is None:
        return "not known"
    return f"{about}{in_bytes(count)}" if count else "none"
