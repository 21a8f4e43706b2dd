"""The progress that a terminal shows."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest

from deminimis.cli.bars import Bars, bars
from deminimis.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


def report(phase: str, rows: int, rows_expected: int | None, read: int = 0, size: int | None = None) -> Progress:
    return Progress(phase, rows, rows_expected, read, size, 1.0)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (report("read", 0, 4_000_000, 5 << 20, 10 << 20), ["reading:   0%", "/4.00M", "5.0 MiB"]),
        (report("write", 7_000, None, 1, 10 << 20), ["writing:", "/10.0M", "7,000 rows"]),
        (report("read", 0, None), ["reading: 0.00 rows"]),
        (report("count", 0, 10), ["count:   0%"]),
    ],
)
def test_a_bar(terminal: Terminal, given: Progress, told: list[str]) -> None:
    """A bar shows its phase and how far it is: by rows where their number is known, else by bytes, else rows alone."""
    with Bars(terminal, delay=0) as shown:
        shown(given)
        shown._bar.refresh()
    for text in told:
        assert text in terminal.getvalue()


def test_phases_follow_each_other(terminal: Terminal) -> None:
    """Each phase has a bar of its own, and nothing is left on the screen at the end."""
    with Bars(terminal, delay=0) as shown:
        for phase in ("read", "total", "write"):
            for rows in (0, 5, 5, 3, 10):
                shown(report(phase, rows, 10))
    text = terminal.getvalue()
    assert text.index("reading") < text.index("totalling") < text.index("writing")
    assert text.rstrip("\r").rpartition("\r")[2].strip() == ""


def test_no_reports(terminal: Terminal) -> None:
    """A job that ends before its first report shows nothing."""
    with Bars(terminal, delay=0):
        pass
    assert terminal.getvalue() == ""


@pytest.mark.parametrize(("stream", "quiet"), [(Terminal, True), (io.StringIO, False), (io.StringIO, True)])
def test_nobody_watches(stream: Any, quiet: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal, or when quiet, there are no bars."""
    monkeypatch.setattr(sys, "stderr", stream())
    assert bars(quiet) is None


def test_a_phase_that_goes_on(terminal: Terminal) -> None:
    """Where phases take turns, a phase's bar goes on from where it was, not from nothing."""
    with Bars(terminal, delay=0) as shown:
        for phase, rows in (("read", 5), ("write", 3), ("read", 7)):
            shown(report(phase, rows, 10))
        assert (shown._bar.initial, shown._bar.n) == (7, 7)
