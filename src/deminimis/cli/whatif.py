"""`deminimis whatif`: which rows another rule or limit would let pass, or not, by month and origin."""

from __future__ import annotations

from .arguments import against_options, manifest_of, output_of, reading_options, resources, scoring_options
from .ends import ENDS
from .options import Parser, add_against, add_manifest, add_resources, add_roles, add_settings, add_spreadsheet
from .score import Target, format_of
from .streams import say, say_json, width

_EXAMPLES = """\
examples:
  deminimis whatif in.parquet --person name --day arrival --value usd --limit 800 --against-limit 200
  deminimis whatif 'in/*.csv' -o flips.csv --person name --day arrival --value usd --origin origin \\
      --rule us-321 --against-rule own.toml
  deminimis whatif in.parquet -o flips.parquet --person name --day arrival --value usd --limit 800 --against-limit 1000

The manifest is read once. Gained are rows that only the other lets pass, lost those that only the first does.
"""


def run(name: str, words: list[str]) -> int:
    """Read the words after `whatif`, compare, and return the exit code."""
    args = parser(name).read(words)
    options = scoring_options(args) | reading_options(args) | against_options(args)
    target = Target(args)
    from .. import what_if

    with target.told_where_interrupted():
        found = what_if(manifest_of(args), **options, **resources(args))
        if args.output is not None:
            from ..sinks.open import open_sink

            lines = found.to_table()
            with open_sink(output_of(args), lines.schema, format=format_of(args)) as sink:
                for batch in lines.to_batches():
                    sink.write(batch)
    out = "stderr" if args.output == "-" else "stdout"
    if args.json:
        say_json(found.to_dict(), out)
    else:
        outcome = f"\n\nWrote {args.output}" if args.output not in (None, "-") else ""
        say(f"{found.to_text(width(out))}{outcome}\n", out, is_the_work=args.output is None)
    return ENDS["done"].code


def parser(name: str) -> Parser:
    """The words that may follow `whatif`."""
    found = Parser(
        prog=f"deminimis {name}",
        usage="deminimis whatif SOURCE... --person COL ... --limit N (--against-limit N | --against-rule RULE) [...]",
        description="Say which rows another rule or limit would let pass, or not, by month and origin.",
        epilog=_EXAMPLES,
    )
    group = found.add_argument_group("result")
    group.add_argument(
        "-o", "--output", metavar="OUT", help=".parquet, .arrow, .csv, .csv.gz, .xlsx; -: standard output"
    )
    group.add_argument("--format", choices=("parquet", "arrow", "csv", "xlsx"), help="of OUT (default: its ending)")
    add_spreadsheet(group)
    group.add_argument("--no-clobber", action="store_true", help="refuse an OUT that is there already")
    group.add_argument("--json", action="store_true", help="what was found as one JSON object")
    found.set_defaults(check=False, append=False)
    add_against(found)
    add_roles(found)
    add_settings(found)
    add_manifest(found)
    add_resources(found)
    return found
