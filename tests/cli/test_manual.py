"""The man page has every command, every option and every exit code, as the parsers have them today."""

from __future__ import annotations

import re
import shutil
import subprocess
from importlib import import_module
from pathlib import Path

import pytest

from deminimis.cli.ends import ENDS
from deminimis.cli.main import COMMANDS
from deminimis.cli.manual import manual

PAGE = Path(__file__).resolve().parents[2] / "docs" / "deminimis.1"


def unescaped(text: str) -> str:
    """The words of a page without its macros' escapes."""
    return re.sub(r"\\f[BIR]|\\&", "", text).replace(r"\-", "-").replace(r"\e", "\\")


def test_the_page_is_that_of_the_parsers() -> None:
    """`make man` writes it anew after a change of a command."""
    assert PAGE.read_text(encoding="utf-8") == manual(), "docs/deminimis.1 is not what the parsers say: run `make man`"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_there(command: str) -> None:
    """Each command has its part, and each of its options is in it with all of its words."""
    (part,) = re.findall(rf"^\.SH DEMINIMIS {command.upper()}\n(.*?)(?=^\.SH )", manual(), re.M | re.S)
    parser = import_module(f"deminimis.cli.{COMMANDS[command][0]}").parser(command)
    words = [word for action in parser._actions for word in action.option_strings if action.dest != "help"]
    heads = [line for line in unescaped(part).splitlines() if line.startswith("-")]
    assert [word for word in words if not any(re.search(rf"(^|\s){word}(?![\w-])", line) for line in heads)] == []


def test_every_exit_code_is_there() -> None:
    """With all that it means."""
    (part,) = re.findall(r"^\.SH EXIT STATUS\n(.*?)(?=^\.SH )", manual(), re.M | re.S)
    told = unescaped(part)
    assert [end for end in ENDS.values() if end.when not in told or f".TP\n{end.code}\n" not in told] == []


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed: apt-get install groff-base")
def test_groff_reads_it() -> None:
    """Without a warning, and nothing in it is taken for a request."""
    read = subprocess.run(["groff", "-man", "-Tascii", "-ww", str(PAGE)], capture_output=True, text=True, check=True)
    assert read.stderr == ""
    assert "mask.arrows" in read.stdout
