"""Options that several commands share: which manifest, which columns play the roles, which settings hold.

Here words become the keyword arguments of the Python functions; what they mean is said and checked there.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from collections.abc import Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NoReturn

from .errors import InputError

if TYPE_CHECKING:
    from .rule import Rule

Options = dict[str, Any]

_PLAIN_NAME = re.compile(r"[^\W\d]\w*")
_TABS = {"tab", "\\t", "t"}


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, and that knows the nearest option."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(prog, max_help_position=29),
            allow_abbrev=False,
            **options,
        )

    def error(self, message: str) -> NoReturn:
        sys.stderr.write(f"{self.prog}: {message}; see {self.prog} --help\n")
        sys.exit(2)

    def read(self, words: list[str]) -> argparse.Namespace:
        """Options and sources in any order."""
        found, unknown = self.parse_known_intermixed_args(words)
        if unknown:
            known = [text for action in self._actions for text in action.option_strings]
            nearest = get_close_matches(unknown[0].partition("=")[0], known, n=1, cutoff=0.5)
            hint = f", did you mean {nearest[0]}?" if nearest and unknown[0].startswith("-") else ""
            self.error(f"{unknown[0]!r} is not understood{hint}")
        return found


def add_manifest(parser: Parser) -> None:
    """Which files, and how their text is written."""
    parser.add_argument(
        "source",
        nargs="+",
        metavar="SOURCE",
        help="Parquet, CSV, TSV (also .gz, .zst, .bz2) or Arrow; a file, folder or pattern; "
        "several are one manifest; - is standard input",
    )
    group = parser.add_argument_group("how CSV is written")
    group.add_argument("--delimiter", metavar="CHAR", help="such as ; or tab (default: seen from the file)")
    group.add_argument("--encoding", default="utf-8", help="such as latin-1 (default: utf-8)")
    group.add_argument("--no-header", action="store_true", help="the first row is data; columns are f0, f1, ...")
    group.add_argument("--columns", metavar="A,B,C", help="there is no header, and these are the columns' names")


def add_roles(parser: Parser) -> None:
    """Which columns play which role."""
    group = parser.add_argument_group("roles", "Column names; a layout fills the roles that are not given.")
    group.add_argument("--layout", metavar="NAME", help="take the roles of a known feed; see deminimis layouts list")
    group.add_argument("--person", action="append", metavar="COL", help="who; repeat for a composite (name, then zip)")
    group.add_argument("--first-of", metavar="A,B,C", help="who: the first of these that is present")
    group.add_argument("--day", metavar="COL", help="date of arrival: a date, timestamp or ISO text; else --day-format")
    group.add_argument("--value", metavar="COL", help="value of the row in the limit's currency")
    group.add_argument("--quantity", metavar="COL", help="then --value is a unit price")
    group.add_argument("--origin", metavar="COL", help="country code, for rules that ask for it")
    group.add_argument("--excluded", metavar="EXPR", help="goods that never qualify: a column, or 'addcvd or quota'")
    group.add_argument("--per", action="append", metavar="COL", help="a further column that totals are for; repeat")
    group.add_argument("--currency", metavar="COL", help="currency of the row; another than the limit's is a bad value")
    group.add_argument("--currency-code", metavar="CODE", help="the limit's currency, where no rule says it")


def add_settings(parser: Parser) -> None:
    """The limit, and the choices that the sources of the rule leave open."""
    group = parser.add_argument_group("limit")
    bound = group.add_mutually_exclusive_group()
    bound.add_argument("--limit", metavar="N", help="a constant limit, inclusive")
    bound.add_argument("--rule", metavar="NAME", help="a dated rule such as us-321, or your own FILE.toml")
    group.add_argument("--as-of", metavar="DATE", help="apply the rule as if every row were of that day")
    group = parser.add_argument_group("settings")
    group.add_argument("--overflow", choices=("all", "excess"), help="which rows of a total over the limit fail")
    group.add_argument(
        "--bad-values",
        choices=("unproven", "error", "ignore"),
        help="a missing or negative value fails its person's day (default), stops the run, or is left out",
    )
    group.add_argument("--no-count-excluded", action="store_true", help="excluded goods do not count towards the total")
    group.add_argument(
        "--normalize",
        choices=("fold", "name"),
        help="compare persons without case and extra blanks (name: also word order and punctuation)",
    )
    group.add_argument("--in-care-of", action="store_true", help="of 'NAME C/O PLACE' take the name alone")
    group.add_argument(
        "--placeholder",
        action="append",
        metavar="TEXT",
        help="a text that names nobody, instead of N/A, UNKNOWN and the like; repeat; '' for none",
    )
    group.add_argument("--timezone", metavar="ZONE", help="whose day it is, such as America/Los_Angeles")
    group.add_argument("--day-format", metavar="FORMAT", help="how the day is written, such as %%m/%%d/%%Y")


def reading_options(args: argparse.Namespace) -> Options:
    """How to read the text files, as `score_files` and `open_source` take it."""
    delimiter = args.delimiter
    if delimiter is not None and delimiter.lower() in _TABS:
        delimiter = "\t"
    header: bool | list[str] = not args.no_header
    if args.columns is not None:
        header = listed(args.columns)
    return {"delimiter": delimiter, "encoding": args.encoding, "header": header}


def manifest_of(args: argparse.Namespace, reads_twice: bool = False) -> Any:
    """The source or sources, as Python takes them; standard input as a table where it is read more than once."""
    sources: list[str] = args.source
    if len(sources) > 1 and "-" in sources:
        raise InputError("standard input (-) is a manifest by itself: give it alone")
    if sources == ["-"] and reads_twice:
        import pyarrow as pa

        from .sources import open_source

        source = open_source("-", **reading_options(args))
        return pa.Table.from_batches(
            (batch for piece in source.pieces(None) for batch in piece.batches()), source.schema
        )
    return sources[0] if len(sources) == 1 else sources


def scoring_options(args: argparse.Namespace) -> Options:
    """Roles and settings, as `score` and `score_files` take them; what was not given is left out."""
    found: Options = {}
    mends: dict[str, str] = {}
    if args.layout:
        from .layout import Layout

        layout = Layout.load(args.layout)
        found, mends = layout.arguments(), dict(layout.missing)
    found |= _roles(args)
    missing = [role for role in ("person", "day", "value") if role not in found]
    if missing:
        needed = " and ".join(f"--{role}" for role in missing)
        why = "".join(f"; {role}: {mends[role]}" for role in missing if role in mends)
        raise InputError(f"no column is named for {needed}: give the option, or a --layout that has it{why}")
    if args.limit is None and args.rule is None:
        raise InputError("give --limit N or --rule NAME; deminimis rules list shows the rules")
    return found | _settings(args)


def _roles(args: argparse.Namespace) -> Options:
    found: Options = {}
    if args.first_of and args.person:
        raise InputError(
            "give --person or --first-of: several --person are one composite, --first-of takes one of its list"
        )
    if args.first_of:
        from .roles import first_of

        found["person"] = first_of(*listed(args.first_of))
    elif args.person:
        found["person"] = args.person[0] if len(args.person) == 1 else args.person
    for role in ("day", "value", "quantity", "origin", "currency", "currency_code"):
        if getattr(args, role) is not None:
            found[role] = getattr(args, role)
    if args.per:
        found["per"] = args.per
    if args.excluded is not None:
        found["excluded"] = _excluded(args.excluded)
    return found


def _excluded(text: str) -> Any:
    if _PLAIN_NAME.fullmatch(text):
        return text
    from .excluded import parse_excluded

    return parse_excluded(text)[0]


def _settings(args: argparse.Namespace) -> Options:
    found: Options = {}
    for name in ("bad_values", "overflow", "normalize", "timezone", "day_format"):
        if getattr(args, name) is not None:
            found[name] = getattr(args, name)
    if args.no_count_excluded:
        found["count_excluded"] = False
    if args.in_care_of:
        found["in_care_of"] = True
    if args.placeholder is not None:
        found["placeholders"] = tuple(text for text in args.placeholder if text)
    if args.limit is not None:
        if args.as_of:
            raise InputError("--as-of goes with --rule: a constant limit is the same on every day")
        return found | {"limit": args.limit}
    return found | {"rule": _rule(args.rule, args.as_of)}


def _rule(name: str, as_of: str | None) -> str | Rule:
    if as_of is None:
        return name
    from datetime import date

    from .rule import Rule

    try:
        day = date.fromisoformat(as_of)
    except ValueError:
        raise InputError(f"--as-of takes a day written YYYY-MM-DD, not {as_of!r}") from None
    return Rule.load(name).as_of(day)


def listed(text: str) -> list[str]:
    """The names of a list such as A,B,C; a name that has a comma is quoted."""
    names = [name.strip() for name in next(csv.reader([text]), [])]
    if not names or not all(names):
        raise InputError(f"{text!r} is no list of names such as A,B,C")
    return names


def chosen(text: str | None, choices: Iterable[str], option: str) -> list[str]:
    """Some of the choices, in their own order."""
    wanted = listed(text) if text else []
    known = list(choices)
    for name in wanted:
        if name not in known:
            raise InputError(f"{option} takes {' and '.join(known)}, not {name!r}")
    return [name for name in known if name in wanted]
