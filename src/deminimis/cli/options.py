"""The words of the command line: the options of the one table (roles/options.py), and a parser that knows what is near.

What becomes of their values is in arguments.py.
"""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from collections.abc import Iterable
from typing import Any, NoReturn

from ..errors import Message
from ..roles.options import OPTIONS, Option, nearest
from .streams import flush, remark, say, width

_COUNT = re.compile(r"(\d[\d_,]*(?:\.\d+)?)\s*([kKmMbBgG]?)")
_THOUSANDS = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9, "g": 10**9}
_WORD = re.compile(r"--?[A-Za-z]")
_NEAR = {
    **dict.fromkeys(("--out", "--outfile", "--output-file", "--to", "--target", "--dest", "-O"), "--output"),
    **dict.fromkeys(("--fail", "--strict", "--assert", "--exit-code"), "--check"),
    **dict.fromkeys(("--silent", "--no-progress", "-s"), "--quiet"),
    **dict.fromkeys(("--layout-name", "--preset", "--profile", "--source-format"), "--feed"),
    **dict.fromkeys(("--fields", "--extra", "--output-columns", "--select"), "--with"),
    **dict.fromkeys(("--header", "--names", "--column-names"), "--columns"),
    **dict.fromkeys(("--type", "--output-format", "-F"), "--format"),
    **dict.fromkeys(("--keep-columns", "--join", "--with-columns"), "--append"),
    **dict.fromkeys(("--date-of-rule", "--on", "--today"), "--as-of"),
    **dict.fromkeys(("--coalesce", "--any-of"), "--first-of"),
    **dict.fromkeys(("--keep-existing", "--no-overwrite", "-n"), "--no-clobber"),
    **dict.fromkeys(("--line", "--index", "--number", "--row-number"), "--row"),
    **dict.fromkeys(("--size", "--count"), "--rows"),
    **dict.fromkeys(("--runs", "--iterations"), "--repeats"),
    **{word: one.word for one in OPTIONS.values() for word in one.near},
}


_OF_TOTALS = {
    "over_only": "--over",
    "refused_only": "--refused",
    "near": "--near",
    "names": "--names",
    "totals": "--totals",
    "secret": "--secret-file",
    **{name: f"--{name}" for name in ("by", "id", "name", "on", "address", "order", "only", "most", "thresholds")},
    "against_limit": "--against-limit",
    "against_rule": "--against-rule",
}
"""Words of options that only some commands have."""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, and that knows the option that was meant."""

    def __init__(self, **options: Any) -> None:
        most = (width() or 80) - 2
        super().__init__(
            formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(prog, max_help_position=29, width=most),
            allow_abbrev=False,
            **options,
        )

    def error(self, message: str) -> NoReturn:
        remark(f"{self.prog}: {Message(message)}; see {self.prog} --help")
        sys.exit(2)

    def print_help(self, file: Any = None) -> None:
        say(self.format_help())

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        flush()
        sys.exit(status)

    def read(self, words: list[str]) -> argparse.Namespace:
        """Options and sources in any order."""
        self._refuse_unknown(words)
        found, unknown = self.parse_known_intermixed_args(words)
        if unknown:
            self.error(f"{unknown[0]!r} is not understood")
        return found

    def _refuse_unknown(self, words: list[str]) -> None:
        known = [text for action in self._actions for text in action.option_strings]
        for word in words:
            if word == "--":
                return
            name = word.partition("=")[0]
            if _WORD.match(word) and name not in known and (word.startswith("--") or word[:2] not in known):
                near = {wrong: right for wrong, right in _NEAR.items() if right in known}
                meant = nearest(name, known, near)
                self.error(f"{name!r} is not understood{f', did you mean {meant}?' if meant else ''}")


class FirstOfWords(str):
    """What follows --first-of, among the parts of the person in their order."""


def count(text: str) -> int:
    """A number of things: 20000, 20_000, "20,000", 20k, 1.5M.

    Raises
    ------
    argparse.ArgumentTypeError
    """
    found = _COUNT.fullmatch(text.strip().removeprefix("+"))
    number = float(found[1].replace("_", "").replace(",", "")) * _THOUSANDS[found[2].lower()] if found else 0.5
    if text.strip().removeprefix("-").isdigit():  # what is below 0 is refused where it is used, which says why
        return int(text)
    if not number.is_integer():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of things, such as 20000, 20k or 1.5M")
    return int(number)


def in_shell_words(name: str, value: str) -> str:
    """An option of the Python functions as the command line says it; value is "" where none is meant."""
    if name in ("first_of", "append"):
        return f"--{name.replace('_', '-')}"
    if name in _OF_TOTALS:
        return f"{_OF_TOTALS[name]} {value}".rstrip() if name == "near" else _OF_TOTALS[name]
    if name == "columns":
        return f"--with {value}".rstrip()
    if name == "header":
        return "--no-header" if value else "--no-header or --columns"
    if name not in OPTIONS or not OPTIONS[name].group:
        return f"{name}={value}"
    one = OPTIONS[name]
    return f"{one.word} {shlex.quote(value)}" if value and one.metavar else one.word


def in_the_shell(note: str) -> str:
    """A sentence for Python's callers in the words of the command line."""
    return note.told(in_shell_words) if isinstance(note, Message) else note


def add_group(
    parser: Parser, group: str, title: str, about: str | None = None, but: Iterable[str] = ()
) -> argparse._ArgumentGroup:
    """The options of one group of the table."""
    found = parser.add_argument_group(title, about)
    for one in OPTIONS.values():
        if one.group == group and group != "limit" and one.name not in but:
            found.add_argument(one.word, **_settings(one))
    return found


def _settings(one: Option) -> dict[str, Any]:
    """An option as argparse takes it; what is not given is None, so that the functions' defaults hold."""
    told: dict[str, Any] = {"help": Message(one.help).told(in_shell_words).replace("%", "%%"), "dest": one.name}
    if not one.metavar:
        return told | {"action": "store_const", "const": not one.default}
    if one.choices:
        return told | {"choices": one.choices}
    told["metavar"] = one.metavar
    if one.repeats:
        told["action"] = "append"
    if one.type.startswith("int,"):
        told["type"] = count
    return told


def add_manifest(parser: Parser) -> None:
    """Which files, and how their text is written."""
    parser.add_argument(
        "source",
        nargs="+",
        metavar="SOURCE",
        help="Parquet, CSV, TSV (also .gz, .zst, .bz2) or Arrow; a file, folder, pattern or address (s3://, gs://, "
        "abfss://); several are one manifest; - is standard input",
    )
    group = add_group(parser, "csv", "how CSV is written")
    group.add_argument("--columns", metavar="A,B,C", help="there is no header, and these are the columns' names")


def add_roles(parser: Parser) -> None:
    """Which columns play which role."""
    group = add_group(parser, "roles", "roles", "Column names; a feed fills the roles that are not given.")
    group.add_argument(
        "--first-of",
        metavar="A,B,C",
        dest="person",
        action="append",
        type=FirstOfWords,
        help="who: the first of these that is present; with --person, a part of a composite",
    )
    group.add_argument("--feed", "--layout", metavar="NAME", help="take the roles of a known feed; see deminimis feeds")


def add_settings(parser: Parser) -> None:
    """The limit, and the choices that the sources of the rule leave open."""
    group = parser.add_argument_group("limit")
    bound = group.add_mutually_exclusive_group()
    for one in OPTIONS.values():
        if one.group == "limit":
            bound.add_argument(one.word, **_settings(one))
    group.add_argument("--as-of", metavar="DATE", help="apply the rule as if every row were of that day")
    settings = add_group(parser, "settings", "settings")
    add_secret(settings)


def add_spreadsheet(group: argparse._ArgumentGroup) -> None:
    """How CSV is written for a spreadsheet."""
    group.add_argument("--bom", action="store_true", help="CSV begins with a byte order mark, as Excel knows UTF-8 by")
    group.add_argument("--places", metavar="N", type=int, help="decimal places of CSV's amounts; none is rounded")
    group.add_argument(
        "--no-formulas", action="store_true", help="CSV's text that begins with = + - @ gets a ' before it"
    )


def add_against(parser: Parser) -> None:
    """What the limit or the rule is compared with."""
    group = parser.add_argument_group("what if")
    other = group.add_mutually_exclusive_group()
    other.add_argument("--against-limit", metavar="N", help="which rows would this limit flip")
    other.add_argument("--against-rule", metavar="NAME", help="which rows would this rule flip")


def add_secret(group: argparse._ArgumentGroup) -> None:
    """The file that keys the persons."""
    group.add_argument(
        "--secret-file", metavar="FILE", help="keys the persons' fingerprints by its bytes; nobody else may read it"
    )


def add_resources(parser: Parser, but: Iterable[str] = ()) -> None:
    """What the run may use, and what it may rely on to use less."""
    add_group(parser, "resources", "resources", but=but)
