"""`deminimis report`: files in, the page of the audit out, to read, print and sign."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial

from ..text import prose
from .arguments import (
    against_options,
    as_given,
    evidence_options,
    manifest_of,
    reading_options,
    resources,
    scoring_options,
)
from .bars import bars
from .ends import ENDS
from .options import Parser, add_against, add_manifest, add_resources, add_roles, add_settings, in_the_shell
from .score import Target
from .streams import say, width

_EXAMPLES = """\
examples:
  deminimis report 'in/*.parquet' -o audit.html --person name --person zip --day arrival \\
      --value usd --rule us-321 --origin origin
  deminimis report in.csv -o audit.html --evidence audit.json --names --person name \\
      --day arrival --value usd --limit 800
  deminimis report in.parquet -o audit.html --against-limit 200 --person name --day arrival --value usd --limit 800

The page stands by itself: no script, no font, no address. Persons are numbered unless --names is given. The files are
read several times. Pages of the same files are the same but for their time.
"""


def run(name: str, words: list[str]) -> int:
    """Read the words after `report`, write the page, and return the exit code."""
    args = parser(name).read(words)
    options = scoring_options(args) | reading_options(args)
    target = Target(args)
    from ..audit.report.made import report_with

    progress = bars(args.quiet)
    with progress or nullcontext(), target.told_where_interrupted():
        summary = report_with(
            manifest_of(args),
            None,
            report=args.output,
            names=args.names,
            title=args.title,
            **options,
            **resources(args),
            **evidence_options(args, name, words),
            settings=partial(as_given, args),
            noted=in_the_shell,
            against=against_options(args),
            progress=progress,
            replace=not args.no_clobber,
        )
    if not args.quiet:
        what = f"{summary.eligible:,} of {summary.rows:,} rows are eligible. Wrote {args.output}: the page"
        what += f"; {args.evidence}: evidence" if args.evidence is not None else ""
        say(prose(what, width()) + "\n", is_the_work=False)
    return ENDS["done"].code


def parser(name: str) -> Parser:
    """The words that may follow `report`."""
    found = Parser(
        prog=f"deminimis {name}",
        usage="deminimis report SOURCE... -o PAGE.html --person COL --day COL --value COL (--limit N | --rule R) [...]",
        description="Score files and write the page of the audit, to read, print and sign.",
        epilog=_EXAMPLES,
    )
    group = found.add_argument_group("result")
    group.add_argument("-o", "--output", metavar="PAGE", required=True, help="the page, such as audit.html")
    group.add_argument("--evidence", metavar="FILE", help="what deminimis verify needs, with hashes, as JSON")
    group.add_argument("--names", action="store_true", help="persons by their names; else they are numbered")
    group.add_argument("--title", metavar="TEXT", help="the heading of the page")
    group.add_argument("--no-clobber", action="store_true", help="refuse a PAGE that is there already")
    group.add_argument("-q", "--quiet", action="store_true", help="no progress and no word")
    found.set_defaults(check=False, append=False)
    add_against(found)
    add_roles(found)
    add_settings(found)
    add_manifest(found)
    add_resources(found)
    return found
