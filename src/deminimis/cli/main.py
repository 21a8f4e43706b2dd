"""The command line's entry: finds the command, runs it, and ends with the right exit code.

Each command lives in a module of its own, imported only when it is called; the packages behind it are imported when
it runs, so that help and errors of usage come at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module

from .ends import ended, terminable

COMMANDS = {
    "score": ("score", "mark the rows of a manifest whose person stays within the limit that day"),
    "plan": ("plan", "say before a long run what it would do and need, from the files' metadata alone"),
    "explain": ("explain", "say why one row is eligible or not: its person's day, row by row"),
    "demo": ("demo", "make a manifest of a million rows and score it; needs nothing, leaves nothing"),
    "bench": ("bench", "how many rows a second this machine scores, and one line of JSON to quote"),
    "rules": ("rules", "list the dated rules, show one with its citations, check your own"),
    "layouts": ("rules", "list the layouts of known feeds, show one"),
}

_HEAD = """\
usage: deminimis COMMAND ...

For every row of a shipment manifest: does this person stay within the day's limit?

commands:
"""
_TAIL = """
options:
  -h, --help  show this help, or after a command that command's
  --version   show the version

examples:
  deminimis demo
  deminimis score in.parquet -o mask.parquet --person consignee --day arrival --value usd --limit 800
  deminimis score in/*.csv -o out.csv --append --with reason --person name --person zip \\
      --day arrival --value usd --origin origin --rule us-321
  deminimis explain in.parquet --row 41 --person consignee --day arrival --value usd --limit 800
  deminimis rules show us-321

exit codes:
  0 done; 1 --check was given and some row is not eligible; 2 usage or bad input; 3 out of disk or memory;
  130 interrupted
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; nothing is raised, and no traceback is shown.

    Parameters
    ----------
    argv : sequence of str, optional
        The words after the program's name; None: those of this process.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        with terminable():
            code = _run(words)
            sys.stdout.flush()
    except BaseException as error:
        code = ended(error)
    return code


def _run(words: list[str]) -> int:
    name = words[0] if words else "--help"
    if name in ("-h", "--help", "help"):
        width = max(map(len, COMMANDS))
        sys.stdout.write(_HEAD)
        sys.stdout.writelines(f"  {command:<{width}}  {what}\n" for command, (_, what) in COMMANDS.items())
        sys.stdout.write(_TAIL)
        return 0
    if name in ("-V", "--version"):
        from .. import __version__

        sys.stdout.write(f"deminimis {__version__}\n")
        return 0
    if name not in COMMANDS:
        nearest = get_close_matches(name, COMMANDS, n=1, cutoff=0.5)
        hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
        kind = "option" if name.startswith("-") else "command"
        sys.stderr.write(
            f"deminimis: there is no {kind} {name!r}.{hint} The commands are: {', '.join(COMMANDS)}; "
            f"see deminimis --help\n"
        )
        return 2
    module = import_module(f".{COMMANDS[name][0]}", __package__)
    code: int = module.run(name, words[1:])
    return code
