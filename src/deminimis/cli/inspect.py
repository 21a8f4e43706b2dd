"""`deminimis inspect`: what a feed looks like, and the command that would score it."""

from __future__ import annotations

from .arguments import manifest_of, reading_options
from .options import Parser, add_manifest, in_the_shell
from .streams import say, say_json, width

_EXAMPLES = """\
examples:
  deminimis inspect in.parquet
  deminimis inspect 'in/*.csv' --json > look.json
  deminimis inspect in.csv --encoding utf-16

It reads the head and rows of places spread over the files, whatever their size, and decides nothing: look at what it
proposes before you believe it. Of standard input and of packed text it sees the head alone.
"""


def run(name: str, words: list[str]) -> int:
    """Read the words after `inspect`, look, and return the exit code."""
    args = parser(name).read(words)
    from dataclasses import replace

    from .. import inspect

    manifest = manifest_of(args)
    found = inspect(manifest, **reading_options(args))
    found = replace(found, notes=tuple(map(in_the_shell, found.notes)))
    if args.json:
        say_json(found.to_dict())
    else:
        say(f"{found.to_text(width())}\n")
    return 0


def parser(name: str) -> Parser:
    """The words that may follow `inspect`."""
    found = Parser(
        prog=f"deminimis {name}",
        usage="deminimis inspect SOURCE... [...]",
        description="Look at a feed of any size: its columns, what they seem to be, and how it could be scored.",
        epilog=_EXAMPLES,
    )
    found.add_argument("--json", action="store_true", help="one JSON object")
    add_manifest(found)
    return found
