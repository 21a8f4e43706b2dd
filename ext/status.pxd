# How a step of the kernel ended: one name each. The exceptions that they become are in failures.pxi.

cdef enum Status:
    DONE = 0
    NO_MEMORY = -1
    WRONG_INDEX = -2         # a dictionary index lies outside its dictionary
    RAISED = -3              # the interpreter raised on the way; its exception is set in this thread
    DAY_OUTSIDE = -4         # a day lies outside the epochs that are open
    VALUE_REFUSED = -5       # a value is bad, and a bad value stops the run
