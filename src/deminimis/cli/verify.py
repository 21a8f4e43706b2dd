"""`deminimis verify`: what a file of evidence says is run again, and what differs is told."""

from __future__ import annotations

from contextlib import nullcontext

from ..text import shown
from .arguments import resources, secret_of
from .bars import bars
from .ends import ENDS
from .options import Parser, add_resources, add_secret
from .streams import say, say_json

_EXAMPLES = """\
examples:
  deminimis score 'in/*.parquet' -o mask.parquet --evidence audit.json --person name --day arrival \\
      --value usd --limit 800
  deminimis verify audit.json
  deminimis verify audit.json --json >differences.json
  deminimis verify audit.json --quiet --threads 1

It is run from the folder in which the evidence was made, as its paths are taken from there.
"""

_PROMISES = ("sorted_by", "late_days")
"""Words of runs that the evidence has."""


def run(name: str, words: list[str]) -> int:
    """Read the words after `verify`, run again, and return the exit code."""
    args = parser(name).read(words)
    from .. import verify

    progress = bars(args.quiet)
    with progress or nullcontext():
        found = verify(args.evidence, **secret_of(args), **resources(args, but=_PROMISES), progress=progress)
    if args.json:
        say_json(found.to_dict())
    elif not args.quiet:
        say("\n".join(map(shown, str(found).split("\n"))) + "\n")
    return ENDS["done" if found.is_same else "differs"].code


def parser(name: str) -> Parser:
    """The words that may follow `verify`."""
    found = Parser(
        prog=f"deminimis {name}",
        usage="deminimis verify FILE [...]",
        description="Run again what a file of evidence says, and tell what differs.",
        epilog=_EXAMPLES,
    )
    found.add_argument("evidence", metavar="FILE", help="what --evidence wrote")
    group = found.add_argument_group("result")
    group.add_argument("--json", action="store_true", help="what was found as one JSON object")
    group.add_argument("-q", "--quiet", action="store_true", help="the exit code alone")
    add_secret(found.add_argument_group("settings"))
    add_resources(found, but=_PROMISES)
    return found
