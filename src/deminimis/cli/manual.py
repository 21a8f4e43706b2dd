"""The man page docs/deminimis.1, which wheels install, made from the parsers of all commands: `make man` writes it."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from importlib import import_module

from .ends import ENDS, TRACEBACK
from .main import COMMANDS
from .options import Parser
from .streams import say

_ABOUT = "for every row of a shipment manifest: does this person stay within the day's limit?"
_ENVIRONMENT = {
    "DEMINIMIS_MEMORY_LIMIT": "what the work may take beyond its input and its answers, such as 2GiB",
    "DEMINIMIS_KERNEL": "baseline, v3 or v4: the instructions that are used, whatever the processor has",
    TRACEBACK: "1 shows where in the program an error arose",
}


def manual() -> str:
    """The page in the macros of man(7)."""
    lines = [".TH DEMINIMIS 1", ".SH NAME", rf"deminimis \- {_text(_ABOUT)}", ".SH SYNOPSIS"]
    lines += [r".B deminimis", r".I COMMAND", _text("..."), ".SH COMMANDS"]
    lines += [line for name, (_, what) in COMMANDS.items() for line in _item(rf"\fB{_text(name)}\fR", what)]
    for name, (module, _) in COMMANDS.items():
        lines += _command(import_module(f".{module}", __package__).parser(name))
    lines += [".SH EXIT STATUS"]
    for code in sorted({end.code for end in ENDS.values()}):
        whens = [end.when for end in ENDS.values() if end.code == code]
        lines += _item(rf"\fB{code}\fR", "; ".join(whens))
    lines += [".SH ENVIRONMENT"]
    lines += [line for name, what in _ENVIRONMENT.items() for line in _item(rf"\fB{_text(name)}\fR", what)]
    return "\n".join(lines) + "\n"


def _command(parser: Parser) -> Iterator[str]:
    """All that may follow a command."""
    yield f".SH {_text(parser.prog.upper())}"
    yield from _literal(parser.usage or parser.prog)
    yield _text(parser.description or "")
    for group in parser._action_groups:
        actions = [action for action in group._group_actions if action.help is not argparse.SUPPRESS]
        if [action.dest for action in actions] in ([], ["help"]):
            continue
        yield f".SS {_text(group.title or '')}"
        if group.description:
            yield _text(group.description)
        for action in actions:
            yield from _item(_words(action), (action.help or "").replace("%%", "%"))
    if parser.epilog:
        yield ".SS more"
        yield from _literal(parser.epilog.strip("\n"))


def _words(action: argparse.Action) -> str:
    """An option by all of its words and what follows it, or what stands by itself."""
    value = action.metavar if isinstance(action.metavar, str) else None
    if value is None and action.nargs != 0:
        value = "{" + ",".join(map(str, action.choices)) + "}" if action.choices else action.dest.upper()
    follows = rf" \fI{_text(value)}\fR" if value and action.nargs != 0 else ""
    if not action.option_strings:
        return rf"\fI{_text(value or action.dest)}\fR"
    return ", ".join(rf"\fB{_text(word)}\fR" for word in action.option_strings) + follows


def _item(head: str, text: str) -> Iterable[str]:
    return (".TP", head, _text(text))


def _literal(text: str) -> Iterable[str]:
    """Lines as they stand."""
    return (".PP", ".nf", *map(_text, text.splitlines()), ".fi", ".PP")


def _text(text: str) -> str:
    """Text in which nothing is a request or an escape."""
    escaped = text.replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{escaped}" if escaped.startswith((".", "'")) else escaped


if __name__ == "__main__":
    say(manual())
