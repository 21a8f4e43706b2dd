# How a step of the kernel ended: one name each. The exceptions that they become are in failures.pxi.

cdef enum Status:
    DONE = 0
    NO_MEMORY = -1
    WRONG_INDEX = -2         # a dictionary index lies outside its dictionary
    RAISED = -3              # the interpreter raised on the way; its exception is set in this thread
    DAY_OUTSIDE = -4         # a day lies outside the epochs that are open
    VALUE_REFUSED = -5       # a value is bad, and a bad value stops the run
    KEY_MISSING = -6         # a row's key is none of the totals that were given
    KEY_TWICE = -7           # a key is there twice in these
    TOTAL_REFUSED = -8       # a total of these is below 0, or beyond what a manifest comes to
    MANY_PARTIES = -9        # more parties tell of shipments than any manifest has
