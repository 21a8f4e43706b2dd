"""The public functions with a way and sizes handed in, where tests want a certain one; no test here."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa

import deminimis as dm
from deminimis.api import start_run, write_answers
from deminimis.progress import Report
from deminimis.questions.plan import Plan, plan_of
from deminimis.results.scored import mask_of, scored
from deminimis.run.run import Run
from deminimis.run.way import Way
from deminimis.sizes import USUAL, Sizes
from deminimis.sources.open import open_source


def run_of(outcomes: bool, tally: bool, way: Way | None = None, sizes: Sizes = USUAL, **options: Any) -> Run:
    """A run that goes this way."""
    roles = {name: options.pop(name) for name in ("person", "day", "value")}
    run, _ = start_run(options, outcomes=outcomes, tally=tally, sizes=sizes, way=way, **roles)  # type: ignore[arg-type]
    return run


def eligible(manifest: Any, *, way: Way | None = None, sizes: Sizes = USUAL, **options: Any) -> pa.BooleanArray:
    """`deminimis.eligible`."""
    with closing(run_of(False, False, way, sizes, **options)) as run:
        return mask_of(run.answers(open_source(manifest, sizes=sizes)))


def score(manifest: Any, *, way: Way | None = None, sizes: Sizes = USUAL, **options: Any) -> dm.Scored:
    """`deminimis.score`."""
    with closing(run_of(True, True, way, sizes, **options)) as run:
        return scored(run, run.answers(open_source(manifest, sizes=sizes)), 0.0)


def score_files(
    source: Any,
    target: Path | None,
    *,
    columns: tuple[str, ...] = ("eligible",),
    way: Way | None = None,
    sizes: Sizes = USUAL,
    append: bool = False,
    progress: Report | None = None,
    **options: Any,
) -> dm.Summary:
    """`deminimis.score_files`."""
    run = run_of(set(columns) != {"eligible"}, True, way, sizes, **options)
    return write_answers(run, open_source(source, sizes=sizes), target, columns, append, progress=progress)


def plan(source: Any, *, columns: tuple[str, ...] = ("eligible",), sizes: Sizes = USUAL, **options: Any) -> Plan:
    """`deminimis.plan`."""
    run = run_of(set(columns) != {"eligible"}, True, None, sizes, **options)
    return plan_of(run, open_source(source, sizes=sizes))
