"""`deminimis demo`: the whole package on a made-up manifest, and the command for one's own file."""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from .options import Parser

if TYPE_CHECKING:
    from ..results.scored import Scored

_COLUMNS = ("consignee", "postcode", "arrival", "value_usd", "origin", "addcvd")


def run(name: str, words: list[str]) -> int:
    """Read the words after `demo`, make a manifest, score it, and say what came of it."""
    parser = Parser(
        prog=f"deminimis {name}",
        usage="deminimis demo [--rows N] [--keep DIR]",
        description="Make a manifest of people who do not exist, score it under us-321, and show some rows.\n"
        "Nothing is read, and nothing is left behind.",
    )
    parser.add_argument("--rows", type=int, default=1_000_000, metavar="N", help="default: 1000000")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="leave manifest.parquet and scored.parquet there")
    args = parser.read(words)
    from .. import score
    from ..demo.manifest import ROLES, manifest

    started = time.perf_counter()
    made = manifest(args.rows)
    seconds = time.perf_counter() - started
    out = sys.stdout
    out.write(f"A manifest of {args.rows:,} rows, made in {seconds:.1f} s; nobody in it exists. Its columns:\n")
    out.write(f"{', '.join(made.column_names)}\n\n")
    out.flush()
    scored = score(made, **ROLES)
    out.write(f"{scored.summary}\n\nThe first row of each outcome\n{_rows(made, scored)}\n\n")
    source, target = "YOUR.parquet", "scored.parquet"
    if args.keep is not None:
        source, target = (str(args.keep / name) for name in ("manifest.parquet", "scored.parquet"))
        _keep(args.keep, made, scored)
        out.write(f"Wrote {source} and {target}\n\n")
    out.write("The same on a file of yours, with its own column names (--limit 800 instead of --rule for a what-if):\n")
    out.write(f"{_command('score', source, ROLES, '-o', target, '--append', '--with', 'reason,total')}\n")
    if args.keep is not None:
        row = max(0, scored.reason.indices.index(list(scored.summary.reasons).index("over-limit")).as_py())
        out.write(f"\nWhy row {row} is what it is:\n{_command('explain', source, ROLES, '--row', str(row))}\n")
    return 0


def _rows(made: Any, scored: Scored) -> str:
    """The first row of each reason, with its total."""
    from ..results.summary import REASONS, in_columns

    codes = scored.reason.indices
    lines = [["Row", *_COLUMNS, "Total", "Reason"]]
    for code, reason in enumerate(REASONS):
        row = codes.index(code).as_py()
        if row >= 0:
            cells = [made[name][row].as_py() for name in _COLUMNS]
            total = scored.total[row].as_py()
            lines.append([f"{row:,}", *map(_told, cells), "" if total is None else f"{total:,.2f}", reason])
    return in_columns(lines, "><<<><<><")


def _told(cell: object) -> str:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return "" if cell is None else str(cell)


def _command(verb: str, source: str, roles: dict[str, Any], *more: str) -> str:
    words = []
    for role, columns in roles.items():
        for column in columns if isinstance(columns, list) else [columns]:
            words += [f"--{role}", column]
    return f"  {shlex.join(['deminimis', verb, source, *more])} \\\n    {shlex.join(words)}"


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
