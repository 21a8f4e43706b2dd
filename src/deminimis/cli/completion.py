"""`deminimis completion`: a script by which a shell completes the words of every command, made from their parsers."""

from __future__ import annotations

import argparse
from importlib import import_module

from .main import COMMANDS
from .options import Parser
from .streams import say

SHELLS = ("bash", "zsh", "fish", "tcsh", "powershell")
_EXAMPLES = """\
examples:
  deminimis completion bash > ~/.local/share/bash-completion/completions/deminimis
  deminimis completion zsh > ~/.zfunc/_deminimis
  deminimis completion fish > ~/.config/fish/completions/deminimis.fish
"""
_FILES = {"source", "output", "spill_dir", "keep", "totals", "secret_file", "evidence", "report"}
"""The words after which files are completed, as argparse calls them."""


def run(name: str, words: list[str]) -> int:
    """Read the words after `completion`, print the script, and return the exit code."""
    args = parser(name).read(words)
    say(script(args.shell))
    return 0


def parser(name: str) -> Parser:
    """The words that may follow `completion`."""
    found = Parser(
        prog=f"deminimis {name}",
        usage="deminimis completion SHELL",
        description="Print a script by which a shell completes commands, options and files.",
        epilog=_EXAMPLES,
    )
    found.add_argument("shell", choices=SHELLS, metavar="SHELL", help=", ".join(SHELLS))
    return found


def script(shell: str) -> str:
    """The script for a shell."""
    import shtab

    from ..feeds.feed import shipped_feeds
    from ..rules.rule import shipped_rules

    names = {"rule": shipped_rules(), "feed": shipped_feeds()}
    root = argparse.ArgumentParser("deminimis")
    root.add_argument("--version", action="store_true", help="show the version")
    commands = root.add_subparsers(parser_class=argparse.ArgumentParser)
    for command, (module, what) in COMMANDS.items():
        words: Parser = import_module(f".{module}", __package__).parser(command)
        one = commands.add_parser(command, help=what, parents=[words], add_help=False)
        for action in one._actions:
            if action.dest in _FILES:
                action.complete = shtab.FILE  # type: ignore[attr-defined]
            action.choices = names.get(action.dest, action.choices)
    written: str = shtab.complete(root, shell)
    return written.rstrip("\n") + "\n"
