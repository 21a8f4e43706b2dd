"""Threads: how they run, fail and stop together. Nothing about rows."""

from __future__ import annotations

import _thread
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
        self._is_interrupted = False
        self._failed: list[int] = []  # orders of all errors; no lock guards them, as Ctrl-C could leave it taken
        self._errors: list[tuple[int, BaseException]] = []

    def fail(self, error: BaseException, order: int) -> None:
        """Note an error and stop all; `order` is the place in the manifest that it belongs to."""
        self._failed.append(order)
        self._errors.append((order, error))

    @property
    def is_stopped(self) -> bool:
        """Whether some worker failed, so that nothing new is begun."""
        return bool(self._failed)

    def stops(self, order: int) -> bool:
        """Whether the work at this place is no longer needed: what comes before the first error goes on, since it may
        hold an earlier one."""
        return bool(self._failed) and order > min(self._failed)

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
        hands = [_Hand(guarded, n) for n in range(1, self.size)]
        is_begun = False
        while True:  # Ctrl-C can come between any two steps: what was started is waited for all the same
            try:
                if not is_begun:
                    is_begun = True
                    self._start(hands)
                    if not self.is_stopped:
                        guarded(0)
                self._join(hands, idle)
                break
            except BaseException as error:
                self._interrupt(error)
                idle = None
        self._raise_first()

    def _start(self, hands: list[_Hand]) -> None:
        """Start them; where one cannot be, those that run are stopped, and the error says how many are needed."""
        for number, hand in enumerate(hands, 1):
            try:
                hand.start()
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

    def _join(self, hands: list[_Hand], idle: Callable[[], None] | None) -> None:
        """Wait for all; after an interrupt not for long, as a thread that waits for a pipe cannot be woken."""
        until = time.monotonic() + _PATIENCE_SECONDS if self._is_interrupted else float("inf")
        for hand in hands:
            if hand.take():
                hand.is_over = True
                if self.is_stopped:
                    hand.leave()
                else:
                    hand.work()
            while not hand.is_over and time.monotonic() < until:
                hand.wait(_IDLE_SECONDS)
                if idle is not None:
                    idle()
            if hand.is_over and not hand.is_done and not self.is_stopped:
                self.fail(MemoryError("a thread ended before its work did"), -1)

    def _interrupt(self, error: BaseException) -> None:
        is_interrupt = not isinstance(error, Exception)
        self._is_interrupted = self._is_interrupted or is_interrupt
        self.fail(error, -2 if is_interrupt else -1)  # Ctrl-C comes out, whatever else there is


def _nothing(number: int) -> None:
    """No work."""


class _Hand:
    """A thread of a crew, with one piece of work.

    Where memory is short a thread can die before its first line. Nobody is told, and `threading.Thread.start` would
    wait for it for ever. So the work is whose who takes it first: the thread's, or at the end the caller's. Only
    locks are used, as these need no memory.
    """

    __slots__ = ("_number", "_taken", "_unfinished", "_work", "is_done", "is_over")

    def __init__(self, work: Callable[[int], None], number: int) -> None:
        self._work = work
        self._number = number
        self._taken = threading.Lock()
        self._unfinished = threading.Lock()
        self._unfinished.acquire()
        self.is_done = self.is_over = False

    def start(self) -> None:
        """Start a thread, which ends with the process."""
        _thread.start_new_thread(self._begin, ())

    def take(self) -> bool:
        """Whether nobody has begun the work; from now on it is the caller's."""
        return self._taken.acquire(False)

    def work(self) -> None:
        """Do the work that was taken."""
        try:
            self._work(self._number)
            self.is_done = True
        finally:
            self._work = _nothing
            self.is_over = True
            self._unfinished.release()

    def leave(self) -> None:
        """Hold on to nothing: the thread may begin when the call has long returned, to find its work taken."""
        self._work = _nothing

    def wait(self, seconds: float) -> None:
        """Wait for the end of the work, but not for longer."""
        if self._unfinished.acquire(timeout=seconds):
            self._unfinished.release()

    def _begin(self) -> None:
        try:
            if self._taken.acquire(False):
                self.work()
        except MemoryError:  # seen by `is_done`
            self.is_over = True
