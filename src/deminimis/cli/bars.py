"""Progress on a terminal: one bar for each phase, drawn from the reports of a running job."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any, TextIO

from ..progress import Progress
from ..text import in_bytes
from .streams import is_terminal

_VERBS = {"read": "reading", "total": "totalling", "answer": "answering", "write": "writing"}


class Bars:
    """A progress callable that draws on a terminal; used as a context, it wipes what it drew at the end.

    A bar appears `delay` seconds after its phase began, so that short ones show none.
    """

    def __init__(self, screen: TextIO, delay: float = 0.4) -> None:
        self._screen = screen
        self._delay = delay
        self._phase: str | None = None
        self._bar: Any = None
        self._seen: set[str] = set()

    def __enter__(self) -> Bars:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __call__(self, report: Progress) -> None:
        if report.phase != self._phase:
            self.close()
            self._phase = report.phase
            # Where phases take turns, what one did before must not count as its speed now.
            self._bar = self._new_bar(report)
            self._seen.add(report.phase)
        by_bytes = _is_by_bytes(report)
        done = report.bytes if by_bytes else report.rows
        other = f"{report.rows:,} rows" if by_bytes else in_bytes(report.bytes)
        if by_bytes or report.bytes:
            self._bar.set_postfix_str(other, refresh=False)
        self._bar.update(max(done - self._bar.n, 0))

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _new_bar(self, report: Progress) -> Any:
        by_bytes = _is_by_bytes(report)
        tqdm = import_module("tqdm").tqdm  # imported only where a bar is drawn
        return tqdm(
            desc=_VERBS.get(report.phase, report.phase),
            initial=(report.bytes if by_bytes else report.rows) if report.phase in self._seen else 0,
            total=report.bytes_expected if by_bytes else report.rows_expected,
            unit="B" if by_bytes else " rows",
            unit_scale=True,
            unit_divisor=1024 if by_bytes else 1000,
            dynamic_ncols=True,
            leave=False,
            delay=self._delay,
            file=self._screen,
        )


def _is_by_bytes(report: Progress) -> bool:
    return report.rows_expected is None and bool(report.bytes_expected)


def bars(quiet: bool) -> Bars | None:
    """Bars where a person watches: stderr is a terminal, and not `quiet`."""
    return None if quiet or not is_terminal("stderr") else Bars(sys.stderr)
