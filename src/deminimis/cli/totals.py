"""`deminimis totals`: a manifest in, its person-days out, one row each."""

from __future__ import annotations

import argparse
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from ..text import in_columns, prose
from .arguments import as_given, manifest_of, output_of, reading_options, resources, scoring_options
from .bars import bars
from .ends import ENDS
from .options import Parser, add_manifest, add_resources, add_roles, add_settings, add_spreadsheet, in_the_shell
from .score import Target, format_of
from .streams import remark, say, say_json, width

if TYPE_CHECKING:
    from ..person_days import Written

_EXAMPLES = """\
examples:
  deminimis totals in.parquet -o totals.parquet --secret-file key --person name --person zip \\
      --day arrival --value usd --limit 800
  deminimis totals 'in/*.csv' -o near.csv --near 0.95 --names --person name --day arrival \\
      --value usd --rule us-321 --origin origin
  deminimis totals in.parquet -o - --over --person id --day day --value usd --limit 800 > over.arrows
  deminimis score in.parquet -o mask.parquet --totals totals.parquet --secret-file key \\
      --person name --person zip --day arrival --value usd --limit 800

A row of OUT is one person and window: key, day (the first of the window), total, rows, bad_rows, excluded_rows,
least_limit, largest_limit and over. Keys are the same in every run with the same secret. In CSV they are hex digits,
and the file cannot say what it is, so that it answers nothing.
"""


def run(name: str, words: list[str]) -> int:
    """Read the words after `totals`, write the table, and return the exit code."""
    args = parser(name).read(words)
    options = scoring_options(args) | reading_options(args)
    options |= {"names": args.names, "over_only": args.over, "refused_only": args.refused, "near": args.near}
    target = Target(args)
    from ..person_days import write_totals

    progress = bars(args.quiet)
    with progress or nullcontext(), target.told_where_interrupted():
        written = write_totals(
            manifest_of(args, reads_twice=args.names),
            output_of(args),
            **options,
            **resources(args),
            progress=progress,
            format=format_of(args),
            replace=not args.no_clobber,
        )
    _report(written, args, target.outcome(written.columns))
    return ENDS["done"].code


def parser(name: str) -> Parser:
    """The words that may follow `totals`."""
    found = Parser(
        prog=f"deminimis {name}",
        usage="deminimis totals SOURCE... -o OUT --person COL --day COL --value COL (--limit N | --rule NAME) [...]",
        description="Write the person-days of a manifest, one row each, with their totals.",
        epilog=_EXAMPLES,
    )
    group = found.add_argument_group("result")
    group.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        required=True,
        help=".parquet, .arrow, .csv, .csv.gz, .xlsx; -: standard output",
    )
    some = group.add_mutually_exclusive_group()
    some.add_argument("--over", action="store_true", help="only those over their limit")
    some.add_argument("--refused", action="store_true", help="only those over, or whose total is not proven")
    some.add_argument("--near", metavar="SHARE", help="only those that reach this share of their limit, such as 0.95")
    group.add_argument("--names", action="store_true", help="also who it is, as the first row has it; reads twice")
    group.add_argument("--format", choices=("parquet", "arrow", "csv", "xlsx"), help="of OUT (default: its ending)")
    add_spreadsheet(group)
    group.add_argument("--no-clobber", action="store_true", help="refuse an OUT that is there already")
    group.add_argument("--json", action="store_true", help="the account as one JSON object")
    group.add_argument("-q", "--quiet", action="store_true", help="no progress and no account")
    found.set_defaults(check=False, append=False)
    add_roles(found)
    add_settings(found)
    add_manifest(found)
    add_resources(found)
    return found


def _report(written: Written, args: argparse.Namespace, outcome: str) -> None:
    out = "stderr" if args.output == "-" else "stdout"
    notes = [in_the_shell(note) for note in written.notes]
    if args.json:
        told: dict[str, Any] = written.to_dict()
        say_json(told | {"notes": notes, "settings": as_given(args, dict(written.settings))}, out, is_the_work=False)
        return
    if args.quiet:
        return
    wide = width(out)
    lines = [
        ("Rows", f"{written.rows:,}"),
        (f"Person-{written.settings['window']}s", f"{written.groups:,}"),
        ("  over the limit", f"{written.over:,}"),
    ]
    for note in notes:
        remark(f"deminimis: {note}")
    say("\n\n".join([in_columns(lines, "<>", wide), prose(outcome, wide)]) + "\n", out, is_the_work=False)
