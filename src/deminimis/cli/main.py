"""The command line's entry: finds the command, runs it, and ends with the right exit code.

Each command lives in a module of its own, imported only when it is called; the packages behind it are imported when
it runs, so that help and errors of usage come at once.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from importlib import import_module

from ..roles.options import nearest
from ..text import in_columns, wrapped
from .ends import ENDS, codes_in_words, ended, signals
from .streams import drop, flush, mend_streams, remark, say, width

COMMANDS = {
    "inspect": ("inspect", "look at a feed of any size, and propose the command that scores it"),
    "score": ("score", "mark the rows of a manifest whose person stays within the limit that day"),
    "plan": ("plan", "say before a long run what it would do and need, from the files' metadata alone"),
    "explain": ("explain", "say why one row is eligible or not: its person's day, row by row"),
    "totals": ("totals", "write the person-days themselves, one row each: for audits, and to merge"),
    "findings": ("findings", "look for patterns that a reviewer looks at; they change no answer"),
    "report": ("report", "write the page of an audit, to read, print and sign"),
    "whatif": ("whatif", "which rows another rule or limit would let pass, or not"),
    "reconcile": ("reconcile", "compare what several parties tell of the same shipments"),
    "verify": ("verify", "run again what a file of evidence says, and tell what differs"),
    "demo": ("demo", "make a manifest of a million rows and score it; needs nothing, leaves nothing"),
    "bench": ("bench", "how many rows a second this machine scores, and one line of JSON to quote"),
    "rules": ("rules", "list the dated rules, show one with its citations, check your own"),
    "feeds": ("rules", "list the known feeds, show which of one's columns play which role"),
    "completion": ("completion", "print what bash, zsh, fish, tcsh or PowerShell complete words by"),
}
_GROUPS = {
    "to look at a manifest": ("inspect",),
    "to score a manifest": ("score", "plan"),
    "to understand an answer": ("explain", "totals"),
    "to audit": ("findings", "report", "whatif", "verify", "reconcile"),
    "to look up the law and the columns": ("rules", "feeds"),
    "to try it and to measure": ("demo", "bench"),
}
"""What one wants to do, in the order of the help; a command that is in none comes last."""
_ALSO = {"layouts": "feeds"}
_NEAR = {
    **dict.fromkeys(("why", "show", "trace", "debug"), "explain"),
    **dict.fromkeys(("run", "check", "mark", "filter", "eligible"), "score"),
    **dict.fromkeys(("estimate", "dry-run", "forecast"), "plan"),
    **dict.fromkeys(("benchmark", "speed", "perf"), "bench"),
    **dict.fromkeys(("rule", "law", "limits"), "rules"),
    **dict.fromkeys(("again", "evidence", "prove"), "verify"),
    **dict.fromkeys(("page", "html", "audit"), "report"),
    **dict.fromkeys(("what-if", "against", "compare", "flips"), "whatif"),
    **dict.fromkeys(("parties", "diff"), "reconcile"),
    **dict.fromkeys(("example", "try", "sample"), "demo"),
    **dict.fromkeys(("feed", "layout"), "feeds"),
}

_TAIL = """
options:
  -h, --help  show this help, or after a command that command's
  --version   show the version

examples:
  deminimis demo
  deminimis score in.parquet -o mask.parquet --limit 800 \\
      --person consignee --day arrival --value usd
  deminimis score in/*.csv -o out.csv --append --with reason --rule us-321 \\
      --person name --person zip --day arrival --value usd --origin origin
  deminimis explain in.parquet --row 41 --limit 800 \\
      --person consignee --day arrival --value usd
  deminimis rules show us-321

exit codes:
"""


def program() -> int:
    """The words of this process, from its first breath to its last: what `deminimis` runs."""
    mend_streams()
    code = main()
    for number in (signal.SIGINT, signal.SIGTERM):  # the interpreter's end has nothing to undo, and shows no traceback
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    return code


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; nothing is raised, and no traceback is shown.

    Parameters
    ----------
    argv : sequence of str, optional
        The words after the program's name; None: those of this process.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    signal_name = None
    try:
        with signals() as taken:
            try:
                code = _run(words)
                flush()
            finally:
                signal_name = taken.first
    except BaseException as error:
        code = _ended(error, signal_name)
    return code


def _ended(error: BaseException, signal_name: str | None) -> int:
    try:
        code = ended(error, signal_name)
    except KeyboardInterrupt:  # a second one, while the first is told
        return ENDS[signal_name or "SIGINT"].code
    try:
        flush()
    except (KeyboardInterrupt, OSError, ValueError):  # there is nowhere to tell it
        drop("stdout")
    return code


def _run(words: list[str]) -> int:
    name = words[0] if words else "--help"
    name = _ALSO.get(name, name)
    if name in ("-h", "--help", "help"):
        say(_help(width()))
        return ENDS["done"].code
    if name in ("-V", "--version"):
        from .. import __version__

        say(f"deminimis {__version__}\n")
        return ENDS["done"].code
    if name not in COMMANDS:
        meant = nearest(name, list(COMMANDS), _NEAR)
        hint = f" Did you mean {meant!r}?" if meant else ""
        kind = "option" if name.startswith("-") else "command"
        commands = f"The commands are: {', '.join(COMMANDS)}; see deminimis --help"
        remark(f"deminimis: there is no {kind} {name!r}.{hint} {commands}")
        return ENDS["usage"].code
    module = import_module(f".{COMMANDS[name][0]}", __package__)
    code: int = module.run(name, words[1:])
    return code


def _help(width: int | None) -> str:
    grouped = [name for names in _GROUPS.values() for name in names]
    groups = {**_GROUPS, "more": [name for name in COMMANDS if name not in grouped]}
    most = max(map(len, COMMANDS))
    parts = []
    for title, names in groups.items():
        lines = [(f"  {name:{most}}", COMMANDS[name][1]) for name in names]
        parts += ["", f"{title}:", in_columns(lines, "<<", width)]
    return "\n".join(
        [
            "usage: deminimis COMMAND ...",
            "",
            wrapped("For every row of a shipment manifest: does this person stay within the day's limit?", width),
            *parts,
            f"{_TAIL}{codes_in_words(width)}",
            "",
        ]
    )
