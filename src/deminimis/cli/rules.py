"""`deminimis rules` and `deminimis feeds`: what is shipped, one of them as text, and a check of one's own."""

from __future__ import annotations

from .options import Parser
from .streams import say, width

_EXAMPLES = {
    "rule": ("deminimis rules", "deminimis rules show us-321", "deminimis rules check my.toml"),
    "feed": ("deminimis feeds", "deminimis feeds show et86", "deminimis feeds show my.toml"),
}


def run(name: str, words: list[str]) -> int:
    """Read the words after `rules` or `feeds` (once `layouts`), print, and return the exit code."""
    one = "rule" if name == "rules" else "feed"
    known = parser(name)
    args = known.read(words)
    if (args.name is None) != (args.verb == "list"):
        known.error(f"{args.verb} takes no name" if args.name else f"{args.verb} takes the name of a {one}")
    say(_text(one, args.verb, args.name).rstrip("\n") + "\n")
    return 0


def parser(name: str) -> Parser:
    """The words that may follow `rules` or `feeds`."""
    one = "rule" if name == "rules" else "feed"
    examples = _EXAMPLES[one]
    found = Parser(
        prog=f"deminimis {name}",
        usage=f"deminimis {name} list | show NAME{' | check FILE.toml' if one == 'rule' else ''}",
        description=f"NAME is a shipped {one}, or the path of your own {one}'s file, which ends in .toml.",
        epilog="\n  ".join(["examples:", *examples]),
    )
    verbs = ["list", "show", "check"] if one == "rule" else ["list", "show"]
    found.add_argument(
        "verb", choices=verbs, metavar=" | ".join(verbs), nargs="?", default="list", help="default: list"
    )
    found.add_argument("name", nargs="?", metavar="NAME", help=f"a shipped {one}, or FILE.toml")
    return found


def _text(one: str, verb: str, name: str) -> str:
    if one == "rule":
        from ..rules.text import check_rule, list_rules, show_rule

        if verb == "check":
            return check_rule(name)
        return show_rule(name, width()) if verb == "show" else list_rules(width())
    from ..feeds.text import list_feeds, show_feed

    return show_feed(name, width()) if verb == "show" else list_feeds(width())
