# The cells for which a worker's rows were refused, as Python has them; see unread.pxd.

UNREAD = {
    "day": UNREAD_DAY, "value": UNREAD_VALUE, "quantity": UNREAD_QUANTITY, "currency": UNREAD_CURRENCY,
    "origin": UNREAD_ORIGIN, "sent_from": UNREAD_ORIGIN + SENT_FROM, "kind": UNREAD_ORIGIN + KIND,
    "entered": UNREAD_ENTERED,
}


cdef Refusals* new_refusals() except NULL:
    cdef Refusals* r = <Refusals*>calloc(1, sizeof(Refusals))
    if r == NULL:
        raise MemoryError()
    return r


def unread_cells(Partitioner one not None):
    """See _kernel.pyi."""
    cdef Refusals* r = one.refusals
    cdef Unread* u
    cdef int role, i
    found = []
    if r == NULL:
        return found, [0] * UNREAD_ROLES, 0, [0] * SCOPES, 0
    for role in range(UNREAD_ROLES):
        for i in range(r.n[role]):
            u = &r.of[role][i]
            cell = PyBytes_FromStringAndSize(<char*>u.cell, min(u.length, <i64>CELL_BYTES))
            shape = PyBytes_FromStringAndSize(<char*>u.shape, u.shape_length)
            found.append((role, shape, cell, u.length, u.layout, u.param, u.rows, u.first_row))
    others = [r.other_shapes[role] for role in range(UNREAD_ROLES)]
    return found, others, r.missing_excluded, [r.unknown[i] for i in range(SCOPES)], r.near_gate


def thousands_seen(Partitioner one not None):
    """See _kernel.pyi."""
    cdef Unread* u
    cdef int i
    found = []
    for i in range(2 if one.refusals != NULL else 0):
        u = &one.refusals.thirds[i]
        cell = PyBytes_FromStringAndSize(<char*>u.cell, min(u.length, <i64>CELL_BYTES))
        found.append((bool(one.refusals.varied[i]), cell, u.length, u.layout, u.rows, u.first_row))
    return found


def gate_days(Partitioner one not None):
    """See _kernel.pyi."""
    if one.settings.meaning.entered < 0:
        return one.days
    return (one.tally.gate_first, one.tally.gate_last) if one.tally.gate_first <= one.tally.gate_last else None
