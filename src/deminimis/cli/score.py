"""`deminimis score`: a manifest in, one boolean a row out, and the account of it."""

from __future__ import annotations

import argparse
import json
import os
import sys
from contextlib import nullcontext
from dataclasses import replace
from glob import has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from .arguments import as_given, chosen, manifest_of, reading_options, scoring_options
from .bars import bars
from .ends import for_the_shell
from .options import Parser, add_manifest, add_roles, add_settings

if TYPE_CHECKING:
    from ..results.summary import Summary

NOT_ALL_ELIGIBLE = 1
MORE_COLUMNS = ("reason", "total")

_EXAMPLES = """\
examples:
  deminimis score in.parquet -o mask.parquet --person consignee --day arrival --value usd --limit 800
  deminimis score 'in/*.csv' -o out.csv --append --with reason,total --person name --person zip \\
      --day arrival --day-format %m/%d/%Y --value price --quantity pieces --limit 800 --normalize name
  deminimis score in.parquet --check --json --layout et86 --rule us-321
  cat in.arrows | deminimis score - -o - --person id --day day --value usd --limit 800 > mask.arrows

Without -o the manifest is scored and nothing is written. The summary goes to standard output, or to standard error
where the result goes to standard output (an Arrow stream; CSV on a terminal). With --append a manifest is read twice:
files again from the disk, standard input from memory.
"""


def run(name: str, words: list[str]) -> int:
    """Read the words after `score`, score, and return the exit code."""
    args = _parser(name).read(words)
    options = scoring_options(args) | reading_options(args)
    columns = ("eligible", *chosen(args.with_, MORE_COLUMNS, "--with"))
    target = args.output
    if target is not None and target != "-":
        _refuse_to_overwrite(args.source, Path(target))
    if args.append and target is None:
        raise InputError("--append writes the manifest's columns beside the result: say where with -o")
    from .. import score_files

    progress = bars(args.quiet)
    with progress or nullcontext():
        summary = score_files(
            manifest_of(args, reads_twice=args.append),
            target,
            **options,
            **resources(args),
            **given(progress=progress),
            columns=columns,
            append=args.append,
            format=_format(args),
        )
    _report(replace(summary, settings=as_given(args, summary.settings)), args, columns)
    return NOT_ALL_ELIGIBLE if args.check and summary.eligible < summary.rows else 0


def _parser(name: str) -> Parser:
    parser = Parser(
        prog=f"deminimis {name}",
        usage="deminimis score SOURCE... [-o OUT] --person COL --day COL --value COL (--limit N | --rule NAME) [...]",
        description="Mark the rows of a manifest whose person stays within the limit that day.",
        epilog=_EXAMPLES,
    )
    add_words(parser)
    return parser


def add_words(parser: Parser) -> None:
    """Everything that may follow `score`."""
    group = parser.add_argument_group("result")
    group.add_argument("-o", "--output", metavar="OUT", help=".parquet, .arrow, .csv, .csv.gz; - is standard output")
    group.add_argument("--with", dest="with_", metavar="LIST", help="further columns: reason,total")
    group.add_argument("--append", action="store_true", help="write the manifest's own columns before the result")
    group.add_argument("--format", choices=("parquet", "arrow", "csv"), help="of OUT (default: its ending)")
    group.add_argument("--check", action="store_true", help="exit with 1 where some row is not eligible")
    group.add_argument("--json", action="store_true", help="the summary as one JSON object")
    group.add_argument("-q", "--quiet", action="store_true", help="no progress and no summary")
    add_roles(parser)
    add_settings(parser)
    add_manifest(parser)
    group = parser.add_argument_group("resources")
    group.add_argument("--threads", type=int, metavar="N", help="default: the cores this process may use")
    group.add_argument("--memory-limit", metavar="SIZE", help="such as 2GiB; past it, rows go to disk")
    group.add_argument("--spill-dir", metavar="DIR", help="where they go (default: the temporary folder)")
    group.add_argument(
        "--sorted-by",
        choices=("day",),
        help="days come in order: past the memory limit they are answered as they end; checked",
    )
    group.add_argument("--late-days", type=int, metavar="N", help="but a day may come N days late (default: 0)")


def resources(args: argparse.Namespace) -> dict[str, Any]:
    """What the run may use, and what it may rely on to use less; what was not given is left out."""
    names = ("threads", "memory_limit", "spill_dir", "sorted_by", "late_days")
    return given(**{name: getattr(args, name) for name in names})


def given(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _format(args: argparse.Namespace) -> str | None:
    """A terminal shows text, so the result is CSV there unless a format is asked for."""
    if args.format is None and args.output == "-" and sys.stdout.isatty():
        return "csv"
    found: str | None = args.format
    return found


def _refuse_to_overwrite(sources: list[str], target: Path) -> None:
    """A result must not replace a file of the manifest, nor be read as one by the next run."""
    if not target.exists():
        return
    for source in sources:
        path = Path(source)
        is_same = path.exists() and path.samefile(target)
        is_within = path.is_dir() and path.resolve() in target.resolve().parents
        if not is_same and not is_within and has_magic(source) and not path.exists():
            is_within = target.resolve().match(os.fspath(path.absolute()))
        if is_same or is_within:
            raise InputError(f"{target} is a part of the manifest and would be overwritten: give another -o")


def _report(summary: Summary, args: argparse.Namespace, columns: tuple[str, ...]) -> None:
    out = sys.stderr if args.output == "-" else sys.stdout
    if args.json:
        json.dump(summary.to_dict(), out, ensure_ascii=False)
        out.write("\n")
        if not args.quiet:
            sys.stderr.writelines(f"deminimis: {for_the_shell(note)}\n" for note in summary.notes)
    elif not args.quiet:
        out.write(f"{summary}\n")
        if args.output not in (None, "-"):
            own = "the manifest's columns and " if args.append else ""
            out.write(f"\nWrote {args.output}: {own}{', '.join(columns)}\n")
