"""Days released as they end where the caller promises their order: for manifests whose metadata does not tell it.

Parts are read in groups. Between two groups all rows up to some place are in, so the latest day among them bounds the
days that can still come. The kernel holds each row's day against what is answered already: a broken promise is an
error, never a wrong mask.
"""

from __future__ import annotations

from collections.abc import Iterator

from .answers import Answer
from .epochs import LAST_DAY, NO_DAY, Promise, window_start
from .parts import Part
from .run import Run


class Ordered:
    """Reads a manifest in the promised order of days, and answers its days as they end.

    The open epoch takes all rows until they are enough. Then a line is drawn behind the window (day, month, quarter or
    year) of the latest day so far: rows beyond it belong to the next epoch. Once no row before the line can come, the
    epoch is answered.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._late_days = run.roles.late_days
        self._window = run.roles.rule.window
        self._group = run.budget.group_rows(run.threads)
        self._enough = run.budget.wave_rows - 2 * self._group  # a group may pass this, and another the line
        self._begin = 0  # the row from which the open epoch has rows
        self._line, self._line_at = LAST_DAY, 0  # where the line lies, and before which row it was drawn
        self._low = NO_DAY + 1
        self._promise: Promise | None = None
        run.expect(None, waves=True)

    def read(self, parts: Iterator[Part]) -> Iterator[Answer]:
        """Read all parts; answers come as days end."""
        run = self._run
        while (head := next(parts, None)) is not None:
            run.route(self._low, self._line, promise=self._promise)
            left = 0 if self._has_line else self._enough - (run.rows - self._begin)
            run.read(_group(head, parts, max(left, self._group)), None)
            if self._has_line and run.latest_day - self._late_days >= self._line:
                yield from self._pass_line()
            if not self._has_line and run.rows - self._begin >= self._enough and run.latest_day != NO_DAY:
                self._line = min(window_start(run.latest_day, self._window, after=1), LAST_DAY)
                self._line_at = run.rows

    @property
    def _has_line(self) -> bool:
        return self._line != LAST_DAY

    def _pass_line(self) -> Iterator[Answer]:
        """All rows before the line are in: answer them, and begin the next epoch."""
        yield from self._run.end_wave(last=False)
        self._promise = Promise(self._late_days, self._line - 1, self._run.latest_day)
        self._begin, self._low, self._line = self._line_at, self._line, LAST_DAY

    def finish(self) -> Iterator[Answer]:
        """No more parts come: the answers of all rows that are left."""
        if self._has_line and self._line <= self._run.latest_day:
            yield from self._run.end_wave(last=False)
        yield from self._run.end_wave()


def _group(head: Part, rest: Iterator[Part], rows: int) -> Iterator[Part]:
    """A part and more of the rest, of about so many rows together."""
    part: Part | None = head
    while part is not None:
        rows -= max(part.rows, 1)
        yield part
        part = next(rest, None) if rows > 0 else None
