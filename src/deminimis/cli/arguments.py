"""From the words of the command line to the keyword arguments of the Python functions, which say what they mean."""

from __future__ import annotations

import argparse
import csv
import os
import re
import shlex
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..roles.options import OPTIONS, READING
from .options import FirstOfWords
from .streams import is_terminal, remark

if TYPE_CHECKING:
    from ..feeds.feed import Feed
    from ..rules.rule import Rule

Options = dict[str, Any]

_PLAIN_NAME = re.compile(r"[^\W\d]\w*")
_TABS = {"tab", "\\t", "t"}
_SECRET_MOST = 4096


def reading_options(args: argparse.Namespace) -> Options:
    """How to read the text files, as `score_files` and `open_source` take it."""
    found = {name: getattr(args, name) for name in READING if getattr(args, name) is not None}
    if found.get("delimiter", "").lower() in _TABS:
        found["delimiter"] = "\t"
    if args.columns is not None:
        found["header"] = listed(args.columns)
    return found


def manifest_of(args: argparse.Namespace, reads_twice: bool = False) -> Any:
    """The source or sources, as Python takes them; standard input as a table where it is read more than once."""
    sources: list[str] = args.source
    if len(sources) > 1 and "-" in sources:
        raise InputError("standard input (-) is a manifest by itself: give it alone")
    if sources == ["-"] and is_terminal("stdin"):
        waiting = "waiting for a manifest on standard input: type or paste CSV, Ctrl-D ends it"
        remark(f"deminimis: {waiting}")
    if sources == ["-"] and reads_twice:
        import pyarrow as pa

        from ..sources.open import open_source

        source = open_source("-", **reading_options(args))
        return pa.Table.from_batches(
            (batch for piece in source.pieces(None) for batch in piece.batches()), source.schema
        )
    return sources[0] if len(sources) == 1 else sources


def scoring_options(args: argparse.Namespace) -> Options:
    """Roles and settings, as `score` and `score_files` take them; what was not given is left out."""
    feed = _feed(args)
    found = (feed.arguments() if feed else {}) | _roles(args)
    missing = [role for role in ("person", "day", "value") if role not in found]
    if missing:
        mends = dict(feed.missing) if feed else {}
        needed = " and ".join(f"--{role}" for role in missing)
        why = "".join(f"; {role}: {mends[role]}" for role in missing if role in mends)
        raise InputError(f"no column is named for {needed}: give the option, or a --feed that has it{why}")
    if args.limit is None and args.rule is None:
        raise InputError("give --limit N or --rule NAME; deminimis rules list shows the rules")
    return found | _settings(args) | secret_of(args)


def secret_of(args: argparse.Namespace) -> Options:
    """The secret of a file that nobody else may read; a line's end behind it is no part of it."""
    if args.secret_file is None:
        return {}
    from ..sources.base import reading

    with reading(args.secret_file), Path(args.secret_file).open("rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise InputError("a secret lies in a plain file.", file=args.secret_file)
        if os.name == "posix" and status.st_mode & 0o077:
            mode = f"its mode is {status.st_mode & 0o777:o}"
            raise InputError(f"others may read it ({mode}): chmod 600 it.", file=args.secret_file)
        content = file.read(_SECRET_MOST + 1)
    if len(content) > _SECRET_MOST:
        raise InputError(f"a secret has at most {_SECRET_MOST:,} bytes.", file=args.secret_file)
    return {"secret": content.removesuffix(b"\n").removesuffix(b"\r")}


def as_given(args: argparse.Namespace, settings: Options) -> Options:
    """The settings in force as they were given: the feed's name, and texts rather than expressions."""
    feed = _feed(args)
    found: Options = {}
    if feed is not None and feed.person is not None and not args.person:
        found["person"] = _in_words(feed.person)
    excluded = args.excluded or dict(feed.columns if feed else ()).get("excluded")
    if excluded:
        found["excluded"] = excluded
    if args.as_of:
        found["as_of"] = args.as_of
    return ({"feed": args.feed} if feed else {}) | settings | found


def evidence_options(args: argparse.Namespace, name: str, words: Iterable[str]) -> Options:
    """What evidence says of the command that made it."""
    if args.no_clobber and args.evidence is not None and Path(args.evidence).exists():
        raise InputError(f"{args.evidence} is there already, and --no-clobber keeps it: give another --evidence")
    law = {"rule": args.rule, "feed": args.feed}
    return {"evidence": args.evidence, "command": shlex.join(["deminimis", name, *words]), "law": law}


def _feed(args: argparse.Namespace) -> Feed | None:
    if not args.feed:
        return None
    from ..feeds.feed import Feed

    return Feed.load(args.feed)


def _in_words(person: Any) -> object:
    if isinstance(person, tuple):
        return [_in_words(part) for part in person]
    return person if isinstance(person, str) else {"first_of": list(person.columns)}


def _roles(args: argparse.Namespace) -> Options:
    found: Options = {}
    if args.person:
        parts = [_part(word) for word in args.person]
        found["person"] = parts[0] if len(parts) == 1 else parts
    found |= _given(args, "roles", but=("person", "excluded"))
    if args.excluded is not None:
        found["excluded"] = _excluded(args.excluded)
    return found


def _part(word: str) -> Any:
    if not isinstance(word, FirstOfWords):
        return word
    from ..roles.persons import first_of

    return first_of(*listed(word))


def resources(args: argparse.Namespace, but: Iterable[str] = ()) -> Options:
    """What the run may use, and what it may rely on to use less; what was not given is left out."""
    return _given(args, "resources", but)


def _given(args: argparse.Namespace, group: str, but: Iterable[str] = ()) -> Options:
    """The options of a group that were given."""
    names = [name for name, one in OPTIONS.items() if one.group == group and name not in but]
    return {name: getattr(args, name) for name in names if getattr(args, name) is not None}


def _excluded(text: str) -> Any:
    if _PLAIN_NAME.fullmatch(text):
        return text
    from ..roles.excluded import Exclusion

    return Exclusion(text)


def _settings(args: argparse.Namespace) -> Options:
    found = _given(args, "settings")
    if args.placeholders is not None:
        found["placeholders"] = tuple(text for text in args.placeholders if text)
    if args.limit is not None:
        if args.as_of:
            raise InputError("--as-of goes with --rule: a constant limit is the same on every day")
        return found | {"limit": args.limit}
    return found | {"rule": _rule(args.rule, args.as_of)}


def _rule(name: str, as_of: str | None) -> str | Rule:
    if as_of is None:
        return name
    from datetime import date

    from ..rules.rule import Rule

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
            there = f"{', '.join(known[:-1])} and {known[-1]}"
            raise InputError(f"{option} takes {there}, not {name!r}")
    return [name for name in known if name in wanted]


def output_of(args: argparse.Namespace) -> Any:
    """Where the answers go, and how CSV is written there."""
    if not (args.bom or args.no_formulas or args.places is not None):
        return args.output
    if args.output in (None, "-"):
        raise InputError("--bom, --places and --no-formulas are of a .csv: say which with -o")
    from ..sinks.csv_file import CsvFile

    return CsvFile(args.output, bom=args.bom, places=args.places, formulas=not args.no_formulas)


def against_options(args: argparse.Namespace) -> Options:
    """What the limit or the rule is compared with; what was not given is left out."""
    given = {name: getattr(args, name) for name in ("against_limit", "against_rule")}
    return {name: one for name, one in given.items() if one is not None}
