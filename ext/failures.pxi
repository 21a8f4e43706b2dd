# From a status to the exception that says it: one table, which tests walk.


class DayOutsideError(Exception):
    """See _kernel.pyi."""


class ValueRefusedError(Exception):
    """See _kernel.pyi."""


class KeyMissingError(Exception):
    """See _kernel.pyi."""


class KeyTwiceError(Exception):
    """See _kernel.pyi."""


class TotalRefusedError(Exception):
    """See _kernel.pyi."""


class ManyPartiesError(Exception):
    """See _kernel.pyi."""


FAILURES = {
    "NO_MEMORY": (NO_MEMORY, MemoryError, "out of memory"),
    "WRONG_INDEX": (WRONG_INDEX, ValueError, "a dictionary index lies outside its dictionary"),
    "DAY_OUTSIDE": (DAY_OUTSIDE, DayOutsideError, "a row's day lies outside the epochs that are open"),
    "VALUE_REFUSED": (VALUE_REFUSED, ValueRefusedError, "a row's value is bad"),
    "KEY_MISSING": (KEY_MISSING, KeyMissingError, "a row's key is none of the totals that were given"),
    "KEY_TWICE": (KEY_TWICE, KeyTwiceError, "a key is there twice in the totals that were given"),
    "TOTAL_REFUSED": (TOTAL_REFUSED, TotalRefusedError, "a total that was given lies beyond what a manifest comes to"),
    "MANY_PARTIES": (MANY_PARTIES, ManyPartiesError, f"more than {MAX_PARTIES - 1:,} parties"),
}
cdef dict failure_of = {status: (kind, text) for status, kind, text in FAILURES.values()}


cpdef int fail(int status, tuple told=()) except -1:
    """Raise what a status below 0 stands for, or what the interpreter raised; `told` stands in place of the text."""
    if status == RAISED:
        return -1
    kind, text = failure_of[status]
    raise kind(*told) if told else kind(text)
