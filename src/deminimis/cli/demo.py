"""`deminimis demo`: the whole package on a made-up manifest, and the command for one's own file."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..text import in_columns, prose, width_of
from .options import Parser, count
from .streams import flush, say, width

if TYPE_CHECKING:
    from ..results.scored import Scored

_EXAMPLES = """\
examples:
  deminimis demo
  deminimis demo --rows 20k
  deminimis demo --rows 5M --keep demo
"""
_COLUMNS = (
    ("consignee", "postcode", "arrival", "value_usd", "origin", "addcvd"),
    ("consignee", "arrival", "value_usd", "origin"),
    ("consignee", "value_usd"),
)
"""What is shown of a row, and of a row where there is less room."""


def run(name: str, words: list[str]) -> int:
    """Read the words after `demo`, make a manifest, score it, and say what came of it."""
    args = parser(name).read(words)
    from .. import score
    from ..demo.manifest import ROLES, manifest

    started = time.perf_counter()
    made = manifest(args.rows)
    seconds = time.perf_counter() - started
    wide = width()

    def tell(*paragraphs: str) -> None:
        say("\n".join(prose(text, wide) for text in paragraphs) + "\n")

    tell(
        f"A manifest of {args.rows:,} rows, made in {seconds:.1f} s; nobody in it exists. Its columns:",
        ", ".join(made.column_names),
        "",
    )
    flush()
    scored = score(made, **ROLES)
    say(f"{scored.summary.to_text(wide)}\n\nThe first row of each outcome\n{_rows(made, scored, wide)}\n\n")
    source, target = "YOUR.parquet", "scored.parquet"
    if args.keep is not None:
        source, target = (str(args.keep / name) for name in ("manifest.parquet", "scored.parquet"))
        _keep(args.keep, made, scored)
        tell(f"Wrote {source} and {target}", "")
    tell("The same on a file of yours, with its own column names (--limit 800 instead of --rule for a what-if):")
    say(f"{_command('score', source, ROLES, wide, '-o', target, '--append', '--with', 'reason,total')}\n")
    if args.keep is not None:
        row = max(0, scored.reason.indices.index(list(scored.summary.reasons).index("over-limit")).as_py())
        tell("", f"Why row {row} is what it is:")
        say(f"{_command('explain', source, ROLES, wide, '--row', str(row))}\n")
    return 0


def parser(name: str) -> Parser:
    """The words that may follow `demo`."""
    found = Parser(
        prog=f"deminimis {name}",
        usage="deminimis demo [--rows N] [--keep DIR]",
        description="Make a manifest of people who do not exist, score it under us-321, and show some rows.\n"
        "Nothing is read, and nothing is left behind.",
        epilog=_EXAMPLES,
    )
    found.add_argument("--rows", type=count, default=1_000_000, metavar="N", help="default: 1000000")
    found.add_argument("--keep", type=Path, metavar="DIR", help="leave manifest.parquet and scored.parquet there")
    return found


def _rows(made: Any, scored: Scored, width: int | None) -> str:
    """The first row of each reason, with its total, and as many of its cells as there is room for."""
    from ..results.summary import REASONS

    codes = scored.reason.indices
    firsts = [(reason, codes.index(code).as_py()) for code, reason in enumerate(REASONS)]
    for columns in _COLUMNS:
        lines = [["Row", *columns, "Total", "Reason"]]
        for reason, row in firsts:
            if row >= 0:
                total = scored.total[row].as_py()
                cells = [_told(made[name][row].as_py()) for name in columns]
                lines.append([f"{row:,}", *cells, "" if total is None else f"{total:,.2f}", reason])
        sides = "".join(">" if name in ("Row", "value_usd", "Total") else "<" for name in lines[0])
        if width is None or max(map(width_of, in_columns(lines, sides).split("\n"))) <= width:
            break
    return in_columns(lines, sides, width, has_head=True)


def _told(cell: object) -> str:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return "" if cell is None else str(cell)


def _command(verb: str, source: str, roles: dict[str, Any], width: int | None, *more: str) -> str:
    """A command for a shell, its lines broken between options."""
    parts = [[source]]
    for word in more:
        parts += [[word]] if word.startswith("-") else []
        parts[-1] += [] if word.startswith("-") else [word]
    for role, columns in roles.items():
        parts += [[f"--{role}", column] for column in (columns if isinstance(columns, list) else [columns])]
    lines = [f"  deminimis {verb}"]
    for part in map(shlex.join, parts):
        if width_of(lines[-1]) + width_of(part) + 3 > min(width or 118, 118):
            lines.append("   ")
        lines[-1] += f" {part}"
    return " \\\n".join(lines)


def _keep(folder: Path, made: Any, scored: Scored) -> None:
    from ..sinks.open import open_sink

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"the folder cannot be made: {error.strerror}", file=str(folder)) from None
    answers = {"eligible": scored.mask, "reason": scored.reason, "total": scored.total}
    table = made
    for name, answer in answers.items():
        table = table.append_column(name, answer)
    for name, rows in (("manifest.parquet", made), ("scored.parquet", table)):
        with open_sink(folder / name, rows.schema) as sink:
            for batch in rows.to_batches(max_chunksize=1 << 20):
                sink.write(batch)
