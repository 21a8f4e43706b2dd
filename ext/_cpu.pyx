# What the processor offers, asked before a kernel is loaded; so this is a module of its own.

cdef extern from "cpu.h" nogil:
    int dm_cpu_level()


def level():
    """See _cpu.pyi."""
    return dm_cpu_level()
