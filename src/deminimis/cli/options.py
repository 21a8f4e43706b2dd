"""Options that several commands share: which manifest, which columns play the roles, which settings hold.

What becomes of their values is in cli_arguments.
"""

from __future__ import annotations

import argparse
import sys
from difflib import get_close_matches
from typing import Any, NoReturn


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
    group.add_argument("--person", action="append", metavar="COL", help="who; repeat for a composite (the name first)")
    group.add_argument("--first-of", metavar="A,B,C", help="who: the first of these that is present")
    group.add_argument("--day", metavar="COL", help="date of arrival: a date, timestamp or ISO text; else --day-format")
    group.add_argument("--value", metavar="COL", help="value of the row in the limit's currency")
    group.add_argument("--quantity", metavar="COL", help="then --value is a unit price")
    group.add_argument("--origin", metavar="COL", help="country code, for rules that ask for it")
    group.add_argument("--excluded", metavar="EXPR", help="goods that never qualify: a column, or 'addcvd or quota'")
    group.add_argument(
        "--per", action="append", metavar="COL", help="further column of totals, as supplier; null: no-person"
    )
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
