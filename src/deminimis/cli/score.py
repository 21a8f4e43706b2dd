"""`deminimis score`: a manifest in, one boolean a row out, and the account of it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from glob import has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..addresses import is_in_store, masked, path_of
from ..errors import InputError
from ..text import prose
from .arguments import (
    as_given,
    chosen,
    evidence_options,
    listed,
    manifest_of,
    output_of,
    reading_options,
    resources,
    scoring_options,
)
from .bars import bars
from .ends import ENDS
from .options import Parser, add_manifest, add_resources, add_roles, add_settings, add_spreadsheet, in_the_shell
from .streams import closed, is_terminal, remark, say, say_json, width

if TYPE_CHECKING:
    from ..results.summary import Summary
    from ..sources.stores.address import Address

MADE_COLUMNS = ("person", "day", "limit", "step", "key")
"""Those that the manifest is read again for."""
MORE_COLUMNS = ("reason", "total", *MADE_COLUMNS)

_EXAMPLES = """\
examples:
  deminimis score in.parquet -o mask.parquet --person consignee --day arrival --value usd --limit 800
  deminimis score 'in/*.csv' -o out.csv --append --with reason,total --person name --person zip \\
      --day arrival --day-format %m/%d/%Y --value price --quantity pieces --limit 800 --normalize name
  deminimis score in.parquet --check --json --feed et86 --rule us-321
  cat in.arrows | deminimis score - -o - --person id --day day --value usd --limit 800 > mask.arrows

Without -o the manifest is scored and nothing is written. The summary goes to standard output, or to standard error
where the result goes to standard output (an Arrow stream; CSV on a terminal). With --append a manifest is read twice:
files again from the disk, standard input from memory.
"""


def run(name: str, words: list[str]) -> int:
    """Read the words after `score`, score, and return the exit code."""
    args = parser(name).read(words)
    options = scoring_options(args) | reading_options(args)
    columns = ("eligible", *chosen(args.with_, MORE_COLUMNS, "--with"))
    by = None if args.by is None else listed(args.by)
    if args.id is not None and args.output is None:
        raise InputError("--id names the rows of the result: say with -o where it goes")
    if args.append and args.output is None:
        raise InputError("--append writes the manifest's columns beside the result: say where with -o")
    target = Target(args)
    from .. import score_files

    work: Any = score_files
    if args.report is not None:
        from ..audit.report.made import report_with

        if args.no_clobber and Path(args.report).exists():
            raise InputError(f"{args.report} is there already, and --no-clobber keeps it: give another --report")
        work, options = report_with, options | evidence_options(args, name, words) | {"report": args.report}
        options |= {"noted": in_the_shell, "settings": partial(as_given, args)}
    elif args.evidence is not None:
        from ..audit.evidence.made import score_with_evidence

        work, options = score_with_evidence, options | evidence_options(args, name, words)
    progress = bars(args.quiet)
    with progress or nullcontext(), target.told_where_interrupted():
        summary = work(
            manifest_of(
                args,
                reads_twice=args.append
                or bool(by or args.id or {*columns} & {*MADE_COLUMNS} or options.get("shipment") is not None),
            ),
            output_of(args),
            **options,
            **resources(args),
            progress=progress,
            columns=columns,
            append=args.append,
            totals=args.totals,
            by=by,
            id=args.id,
            format=format_of(args),
            replace=not args.no_clobber,
        )
    summary = replace(summary, notes=tuple(map(in_the_shell, summary.notes)))
    is_the_work = args.output is None and not args.check
    beside = {"the page of the audit": args.report, "evidence": args.evidence}
    told = [target.outcome(columns), *(f"Wrote {file}: {what}" for what, file in beside.items() if file is not None)]
    summary = replace(summary, settings=as_given(args, summary.settings))
    _report(summary, args, "; ".join(filter(None, told)), is_the_work)
    return ENDS["not eligible" if args.check and summary.eligible < summary.rows else "done"].code


class Target:
    """Where the answers go, and what became of it."""

    def __init__(self, args: argparse.Namespace) -> None:
        """Refuse what must not be written, before anything is read."""
        self._name: str | None = None if args.output is None else masked(args.output)
        self._is_checked: bool = args.check
        self._is_appended: bool = args.append
        self._address: Address | None = None
        self._path: Path | None = None
        if is_in_store(args.output):
            from ..sources.stores.address import parse

            self._address = parse(args.output)
        elif args.output not in (None, "-"):
            self._path = Path(path_of(args.output))
        if args.output == "-" and sys.stdout is None:
            raise closed("stdout")
        if self._path is not None:
            _refuse_to_overwrite(args.source, self._path)
        self._before = self._identity()
        if args.no_clobber and self._before is not None:
            raise InputError(f"{self._name} is there already, and --no-clobber keeps it: give another -o")

    @contextmanager
    def told_where_interrupted(self) -> Iterator[None]:
        """An interrupt says what became of the target; a reader that left has not heard what --check asks."""
        try:
            yield
        except KeyboardInterrupt as error:
            if self._name == "-":
                error.add_note("what standard output was sent is not whole")
            elif self._is_as_it_was():
                kept = f", {self._name} is as it was" if self._before is not None else ""
                error.add_note(f"nothing was written{kept}")
            else:
                error.add_note(f"{self._name} was written")
            raise
        except BrokenPipeError:
            if self._is_checked:
                raise InputError("the reader of the result left before all rows were checked: read it whole") from None
            raise

    def outcome(self, columns: Sequence[str]) -> str:
        """What was written, for the summary; "" where nothing was."""
        if self._name in (None, "-"):
            return ""
        own = "the manifest's columns and " if self._is_appended else ""
        is_file = self._path is None or self._path.is_file()
        replaced = " (replaced)" if self._before is not None and is_file else ""
        return f"Wrote {self._name}{replaced}: {own}{', '.join(columns)}"

    def _is_as_it_was(self) -> bool:
        return (self._path is None and self._address is None) or self._identity() == self._before

    def _identity(self) -> tuple[int, ...] | None:
        if self._address is not None:
            info = self._address.info()
            return (info.size, info.mtime_ns or 0) if info.is_file else None
        try:
            found = self._path.stat() if self._path is not None else None
        except OSError:
            return None
        return None if found is None else (found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size)


def parser(name: str) -> Parser:
    """The words that may follow `score`."""
    found = Parser(
        prog=f"deminimis {name}",
        usage="deminimis score SOURCE... [-o OUT] --person COL --day COL --value COL (--limit N | --rule NAME) [...]",
        description="Mark the rows of a manifest whose person stays within the limit that day.",
        epilog=_EXAMPLES,
    )
    add_words(found)
    return found


def add_words(parser: Parser) -> None:
    """Everything that may follow `score`."""
    group = parser.add_argument_group("result")
    group.add_argument(
        "-o", "--output", metavar="OUT", help=".parquet, .arrow, .csv, .csv.gz, .xlsx; -: standard output"
    )
    group.add_argument("--with", dest="with_", metavar="LIST", help=f"further columns: {','.join(MORE_COLUMNS)}")
    group.add_argument("--by", metavar="LIST", help="count by month (day, quarter, year), or columns: month,origin")
    group.add_argument("--id", metavar="COL", help="a column that names the rows, written before the answers")
    group.add_argument("--totals", metavar="FILE", help="answer rows by these totals, of deminimis totals")
    group.add_argument("--evidence", metavar="FILE", help="what deminimis verify needs, with hashes, as JSON")
    group.add_argument("--report", metavar="PAGE", help="the page of the audit, as deminimis report makes it")
    group.add_argument("--append", action="store_true", help="write the manifest's own columns before the result")
    group.add_argument("--format", choices=("parquet", "arrow", "csv", "xlsx"), help="of OUT (default: its ending)")
    add_spreadsheet(group)
    group.add_argument("--no-clobber", action="store_true", help="refuse an OUT that is there already")
    group.add_argument("--check", action="store_true", help="exit with 1 where some row is not eligible")
    group.add_argument("--json", action="store_true", help="the summary as one JSON object")
    group.add_argument("-q", "--quiet", action="store_true", help="no progress and no summary")
    add_roles(parser)
    add_settings(parser)
    add_manifest(parser)
    add_resources(parser)


def format_of(args: argparse.Namespace) -> str | None:
    """The format that is asked for. A terminal shows text, so the result is CSV there unless a format is asked for."""
    if args.format is None and args.output == "-" and is_terminal("stdout"):
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


def _report(summary: Summary, args: argparse.Namespace, outcome: str, is_the_work: bool) -> None:
    out = "stderr" if args.output == "-" else "stdout"
    if args.json:
        say_json(summary.to_dict(), out, is_the_work=is_the_work)
        if not args.quiet and out != "stderr":  # there the object has them
            for note in summary.notes:
                remark(f"deminimis: {note}")
    elif not args.quiet:
        wide = width(out)
        text = summary.to_text(wide)
        if outcome:
            text += f"\n\n{prose(outcome, wide)}"
        say(f"{text}\n", out, is_the_work=is_the_work)
