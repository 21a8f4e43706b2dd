"""`deminimis reconcile`: what several parties tell of the same shipments, compared field by field."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from ..text import in_columns, prose
from .arguments import listed, manifest_of, reading_options, scoring_options
from .ends import ENDS
from .options import Parser, add_group, add_manifest, add_roles
from .score import Target, format_of
from .streams import say, say_json, width

if TYPE_CHECKING:
    from ..audit.parties import Reconciliation

_EXAMPLES = """\
examples:
  deminimis reconcile ams.parquet abi.parquet --shipment hawb --party filer --person consignee \\
      --day arrival --value usd --normalize name
  deminimis reconcile 'in/*.csv' -o differences.csv --shipment id --party party --version version \\
      --person name --day arrival --value usd --origin origin --fields sku,weight
  deminimis reconcile in.parquet -o out.parquet --shipment id --party party --person name --day day --value usd

Of each party the latest version is compared. A row of OUT is one finding: shipment, finding (only, amended, cancelled,
nobody, differs), field, party, says, other, other_says. Nothing is scored; the columns are held in memory.
"""


def run(name: str, words: list[str]) -> int:
    """Read the words after `reconcile`, compare, and return the exit code."""
    args = parser(name).read(words)
    options = scoring_options(args) | reading_options(args)
    target = Target(args)
    from ..audit.parties import reconcile
    from ..sinks.open import open_sink

    with target.told_where_interrupted():
        found = reconcile(manifest_of(args), fields=listed(args.fields) if args.fields else (), **options)
        if args.output is not None:
            with open_sink(args.output, found.differences.schema, format=format_of(args)) as sink:
                for batch in found.differences.to_batches():
                    sink.write(batch)
    _report(found, args, target.outcome(tuple(found.differences.column_names)))
    return ENDS["done"].code


def parser(name: str) -> Parser:
    """The words that may follow `reconcile`."""
    found = Parser(
        prog=f"deminimis {name}",
        usage="deminimis reconcile SOURCE... --shipment COL --party COL --person COL --day COL --value COL [...]",
        description="Compare what several parties tell of the same shipments, field by field.",
        epilog=_EXAMPLES,
    )
    group = found.add_argument_group("result")
    group.add_argument(
        "-o", "--output", metavar="OUT", help="each finding: .parquet, .arrow, .csv; - is standard output"
    )
    group.add_argument("--fields", metavar="A,B,C", help="further columns to compare")
    group.add_argument("--format", choices=("parquet", "arrow", "csv"), help="of OUT (default: its ending)")
    group.add_argument("--no-clobber", action="store_true", help="refuse an OUT that is there already")
    group.add_argument("--json", action="store_true", help="all of it as one JSON object")
    add_roles(found)
    add_group(found, "settings", "settings")
    add_manifest(found)
    found.set_defaults(check=False, append=False, limit="0", rule=None, as_of=None, secret_file=None)
    return found


def _report(found: Reconciliation, args: argparse.Namespace, outcome: str) -> None:
    from ..audit.parties import FINDINGS

    out = "stderr" if args.output == "-" else "stdout"
    if args.json:
        say_json(found.to_dict(), out, is_the_work=args.output is None)
        return
    wide = width(out)
    counts = [("Shipments", f"{found.shipments:,}", "")]
    counts += [(f"  told by {party or 'nobody'}", f"{number:,}", "") for party, number in found.parties.items()]
    counts += [(finding, f"{number:,}", FINDINGS[finding]) for finding, number in found.findings.items()]
    heads = ("Field", "Party", "Other", "Both tell", "Agree")
    pairs: list[Any] = [tuple(map(_cell, line.values())) for line in found.agreement.to_pylist()]
    parts = [in_columns(counts, "<><", wide)]
    if pairs:
        parts.append(in_columns([heads, *pairs], "<<<>>", wide, has_head=True))
    if outcome:
        parts.append(prose(outcome, wide))
    say("\n\n".join(parts) + "\n", out, is_the_work=args.output is None)


def _cell(one: object) -> str:
    return f"{one:,}" if isinstance(one, int) else str(one) or "nobody"
