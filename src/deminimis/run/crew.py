"""Threads: how they run, fail and stop together. Nothing about rows."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from ..errors import OutOfThreadsError, option

_IDLE_SECONDS = 0.1
_PATIENCE_SECONDS = 1.0


class Crew:
    """Workers that stop together.

    `work(number)` runs once for each worker, number 0 in the calling thread. Work looks at `is_stopped` or `stops`
    between steps. Where several fail, the error whose `order` (see `fail`) is least is raised, so that the outcome does
    not depend on timing.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._least: int | None = None
        self._is_interrupted = False
        self._errors: list[tuple[int, BaseException]] = []
        self._lock = threading.Lock()

    def fail(self, error: BaseException, order: int) -> None:
        """Note an error and stop all; `order` is the place in the manifest that it belongs to."""
        with self._lock:
            self._errors.append((order, error))
            self._least = order if self._least is None else min(self._least, order)

    @property
    def is_stopped(self) -> bool:
        """Whether some worker failed, so that nothing new is begun."""
        return self._least is not None

    def stops(self, order: int) -> bool:
        """Whether the work at this place is no longer needed: what comes before the first error goes on, since it may
        hold an earlier one."""
        return self._least is not None and order > self._least

    def run(self, work: Callable[[int], None], idle: Callable[[], None] | None = None) -> None:
        """Run the work in all workers, and raise the first of their errors once all have ended.

        `idle` is called now and then while the calling thread waits for the others.
        """

        def guarded(number: int) -> None:
            try:
                work(number)
            except BaseException as error:
                self._interrupt(error)

        if self.size == 1:
            guarded(0)
            self._raise_first()
            return
        threads = [
            threading.Thread(target=guarded, args=(n,), name=f"deminimis-{n}", daemon=True) for n in range(1, self.size)
        ]
        try:
            self._start(threads)
            if not self.is_stopped:
                guarded(0)
        finally:
            self._join(threads, idle)
        self._raise_first()

    def _start(self, threads: list[threading.Thread]) -> None:
        """Start them; where one cannot be, those that run are stopped, and the error says how many are needed."""
        for number, thread in enumerate(threads, 1):
            try:
                thread.start()
            except (RuntimeError, MemoryError):
                mend = f"give {option('threads', number)}, or raise the limit of threads (ulimit -u)"
                wrong = f"this takes {self.size} threads, of which {number} could be had"
                self.fail(OutOfThreadsError(f"{wrong}: {mend}"), -1)
                return

    def _raise_first(self) -> None:
        if self._errors:
            error = min(self._errors, key=lambda pair: pair[0])[1]
            self._errors.clear()
            try:
                raise error
            finally:
                del error  # its traceback holds this frame: no cycle may keep the manifest alive

    def _join(self, threads: list[threading.Thread], idle: Callable[[], None] | None) -> None:
        """Wait for all; after an interrupt not for long, as a thread that waits for a pipe cannot be woken."""
        until = float("inf")
        for thread in threads:
            while thread.is_alive() and time.monotonic() < until:
                try:
                    thread.join(_IDLE_SECONDS)
                    if idle is not None:
                        idle()
                except BaseException as interrupt:
                    self._interrupt(interrupt)
                    idle = None
                if self._is_interrupted and until == float("inf"):
                    until = time.monotonic() + _PATIENCE_SECONDS

    def _interrupt(self, error: BaseException) -> None:
        self._is_interrupted = self._is_interrupted or not isinstance(error, Exception)
        self.fail(error, -1)
