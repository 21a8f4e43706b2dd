"""`deminimis findings`: the patterns that a reviewer looks at, with their definitions, numbers and rows."""

from __future__ import annotations

from .arguments import as_given, listed, manifest_of, reading_options, resources, scoring_options
from .options import Parser, add_manifest, add_resources, add_roles, add_settings, count
from .streams import say, say_json, width

_EXAMPLES = """\
examples:
  deminimis findings in.parquet --person consignee --day arrival --value usd --limit 800
  deminimis findings 'in/*.csv' --feed et86 --rule us-321 --address zip --address street \\
      --order order_id --json > findings.json
  deminimis findings in.parquet --only spellings,repeated --person name --day day --value usd --limit 800

A finding is a question for a reviewer; none changes an answer. Its definition and thresholds are told with it.
"""


def run(name: str, words: list[str]) -> int:
    """Read the words after `findings`, look, and return the exit code."""
    args = parser(name).read(words)
    options = scoring_options(args) | reading_options(args) | resources(args)
    from dataclasses import replace

    from .. import findings

    found = findings(
        manifest_of(args, reads_twice=True),
        **options,
        address=args.address,
        order=args.order,
        only=None if args.only is None else listed(args.only),
        most=args.most,
        thresholds=args.thresholds,
    )
    found = replace(found, settings=as_given(args, found.settings))
    if args.json:
        say_json(found.to_dict())
    else:
        say(f"{found.to_text(width())}\n")
    return 0


def parser(name: str) -> Parser:
    """The words that may follow `findings`."""
    found = Parser(
        prog=f"deminimis {name}",
        usage="deminimis findings SOURCE... --person COL --day COL --value COL (--limit N | --rule NAME) [...]",
        description="Look for patterns that a reviewer looks at; they change no answer.",
        epilog=_EXAMPLES,
    )
    group = found.add_argument_group("patterns")
    group.add_argument("--address", metavar="COL", action="append", help="column of the address; repeat: zip, street")
    group.add_argument("--order", metavar="COL", action="append", help="column of the order or contract")
    group.add_argument("--only", metavar="LIST", help="some of just-below, often-near, one-address, spellings, "
                       "repeated, split-orders")  # fmt: skip
    group.add_argument("--most", type=count, default=100, metavar="N", help="lines kept of each (default: 100)")
    group.add_argument("--thresholds", metavar="FILE.toml", help="other thresholds, each under the name of its pattern")
    group.add_argument("--json", action="store_true", help="one JSON object, with the rows")
    add_roles(found)
    add_settings(found)
    add_manifest(found)
    add_resources(found)
    return found
