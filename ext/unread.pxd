# Cells for which rows were refused: the first of each shape, and how many rows have one. Looked at only where a chunk
# has such rows, and only where they are counted at all.
from libc.string cimport memcmp, memcpy
from native cimport i64, u8
from status cimport DONE
from column cimport (
    BOOL, Column, DECIMAL128, DECIMAL256, DECIMAL32, FLOAT32, INT16, INT32, INT8, UINT16, UINT32, UINT8,
    is_present, is_text, text_of_row, trim,
)
from limits cimport code_class
from money cimport amount_at
from decimal cimport Amount
from keys cimport CHUNK
from days cimport NO_DAY
from meaning cimport BAD_VALUE, Chunk, IS_EXCLUDED, NO_DAY_KNOWN, Meaning, SCOPES, Scope

cdef enum:
    UNREAD_DAY = 0
    UNREAD_VALUE = 1
    UNREAD_QUANTITY = 2
    UNREAD_CURRENCY = 3
    UNREAD_ORIGIN = 4        # and the other scopes after it
    UNREAD_ENTERED = 7
    UNREAD_ROLES = 8
    MAX_SHAPES = 32          # of a role
    SHAPE_BYTES = 32
    CELL_BYTES = 80


cdef struct Unread:
    i64 rows
    i64 first_row            # the number of the first row that has such a cell
    i64 length               # of the cell, of which CELL_BYTES are kept
    int layout               # of the cell
    i64 param
    int shape_length
    u8 shape[SHAPE_BYTES]
    u8 cell[CELL_BYTES]


cdef struct Refusals:
    int n[UNREAD_ROLES]
    Unread of[UNREAD_ROLES][MAX_SHAPES]
    i64 other_shapes[UNREAD_ROLES]    # rows whose shape found no room
    i64 missing_excluded              # rows that are excluded because nothing says that they are not
    i64 unknown[SCOPES]               # rows whose origin, sender or kind is not known, where that matters
    i64 near_gate                     # rows whose day stands in for that of the gate, within a day of one
    Unread thirds[2]                  # of values and quantities: cells whose decimal sign may be one of thousands
    bint varied[2]                    # but others show that it is not
    u8 shape[SHAPE_BYTES]


cdef inline int shape_of(const u8* text, i64 length, bint in_runs, u8* shape) noexcept nogil:
    """Digits as 9 and letters as a, up to SHAPE_BYTES; a run of digits is one where their number tells nothing."""
    cdef i64 i
    cdef int n = 0
    cdef u8 c
    for i in range(length):
        c = text[i]
        if 48 <= c <= 57:
            c = 57
        elif 97 <= (c | 32) <= 122 or c >= 192:
            c = 97
        elif c >= 128:
            continue                       # the rest of a letter that is not ASCII
        if in_runs and c == 57 and n > 0 and shape[n - 1] == 57:
            continue
        if n == SHAPE_BYTES:
            return n
        shape[n] = c
        n += 1
    return n


cdef inline void note_cell(Refusals* r, int role, const Column* c, i64 row, i64 number) noexcept nogil:
    """Count a row by the shape of a cell; a missing or blank one has none."""
    cdef const u8* text = NULL
    cdef const u8* bare
    cdef i64 length = 0
    cdef int i, n = 0
    cdef Unread* u
    if is_text(c):
        if not text_of_row(c, row, &text, &length):
            return
        bare = text
        n = <int>trim(&bare, length)
        if n == 0:
            return
        n = shape_of(bare, n, role != UNREAD_DAY, r.shape)
    elif not is_present(c, row) or c.index_layout != 0 or c.layout == BOOL:
        return
    else:
        length = bytes_of(c.layout)
        text = c.values + length * (row + c.offset)
    for i in range(r.n[role]):
        u = &r.of[role][i]
        if u.layout == c.layout and u.shape_length == n and memcmp(u.shape, r.shape, n) == 0:
            u.rows += 1
            return
    if r.n[role] == MAX_SHAPES:
        r.other_shapes[role] += 1
        return
    u = &r.of[role][r.n[role]]
    r.n[role] += 1
    u.rows, u.first_row, u.length, u.layout, u.param, u.shape_length = 1, number, length, c.layout, c.param, n
    memcpy(u.shape, r.shape, n)
    memcpy(u.cell, text, min(length, <i64>CELL_BYTES))


cdef inline bint may_be_thousand(const u8* text, i64 length, u8 sign, bint* varied) noexcept nogil:
    """Whether a number has its decimal sign where thousands have theirs, as 1.000; `varied` is set where it has one
    elsewhere, as 1.00 or 0.500."""
    cdef i64 at = length - 1, begin, end
    while at >= 0 and text[at] != sign:
        at -= 1
    if at < 0:
        return False
    begin, end = at, at + 1
    while begin > 0 and 48 <= text[begin - 1] <= 57:
        begin -= 1
    while end < length and 48 <= text[end] <= 57:
        end += 1
    if end - at == 4 and 1 <= at - begin <= 3 and text[begin] != 48:
        return True
    varied[0] = True
    return False


cdef inline void look_for_thousands(const Meaning* meaning, Refusals* r, const Column* columns, i64 row, i64 stop,
                                    i64 number) noexcept nogil:
    """A look at the first rows of a run of them: are their amounts text whose decimal sign may be one of thousands? The
    first of `number`s is noted."""
    cdef int at
    cdef i64 i, length = 0
    cdef u8 sign
    cdef const u8* text = NULL
    cdef const Column* c
    for at in range(1 if meaning.quantity < 0 else 2):
        c = &columns[meaning.quantity if at else meaning.value]
        if r.varied[at] or not is_text(c) or (c.money_form != NULL and c.money_form.n_thousands):
            continue
        sign = 46 if c.money_form == NULL else c.money_form.decimal
        for i in range(row, min(stop, row + CHUNK)):
            if text_of_row(c, i, &text, &length) and may_be_thousand(text, length, sign, &r.varied[at]):
                r.thirds[at].rows += 1
                if r.thirds[at].rows == 1:
                    r.thirds[at].first_row, r.thirds[at].length = number + i - row, length
                    r.thirds[at].layout = c.layout
                    memcpy(r.thirds[at].cell, text, min(length, <i64>CELL_BYTES))


cdef inline i64 bytes_of(int layout) noexcept nogil:
    """The width of a number's layout."""
    if layout == INT8 or layout == UINT8:
        return 1
    if layout == INT16 or layout == UINT16:
        return 2
    if layout == INT32 or layout == UINT32 or layout == FLOAT32 or layout == DECIMAL32:
        return 4
    if layout == DECIMAL128:
        return 16
    return 32 if layout == DECIMAL256 else 8


cdef inline int note_value(const Meaning* meaning, Refusals* r, const Column* columns, i64 row,
                           i64 number) noexcept nogil:
    """Of a bad value, the cell that makes it one: the amount, the quantity or the currency. A status."""
    cdef Amount a
    cdef int code = amount_at(&columns[meaning.value], row, &a)
    if code != DONE:
        return code
    if not a.known:
        note_cell(r, UNREAD_VALUE, &columns[meaning.value], row, number)
        return DONE
    if meaning.quantity >= 0:
        code = amount_at(&columns[meaning.quantity], row, &a)
        if code != DONE:
            return code
        if not a.known:
            note_cell(r, UNREAD_QUANTITY, &columns[meaning.quantity], row, number)
            return DONE
    if meaning.currency >= 0:
        note_cell(r, UNREAD_CURRENCY, &columns[meaning.currency], row, number)
    else:
        note_cell(r, UNREAD_VALUE, &columns[meaning.value], row, number)      # too large
    return DONE


cdef inline bint has_notes(const Chunk* x) noexcept nogil:
    """Whether something is to be noted of a chunk whose rows may all be plain."""
    cdef int number
    cdef i64 some = x.near_gate
    for number in range(SCOPES):
        some |= x.unknown[number]
    return some != 0


cdef inline int note_refusals(const Meaning* meaning, Refusals* r, const Column* columns, const Chunk* x, i64 row,
                              int n,
                              i64 first) noexcept nogil:
    """Note the cells of a chunk of n rows, the first of which is `row` of the batch and `first` of the manifest. A
    status."""
    cdef int i, number, code
    cdef i64 length = 0
    cdef const u8* text = NULL
    cdef const Scope* scope
    cdef u8 unread = 0
    for i in range(n):
        unread |= (x.status[i] == NO_DAY_KNOWN) | (x.status[i] == BAD_VALUE)
    if unread:
        for i in range(n):
            if x.status[i] == NO_DAY_KNOWN and meaning.entered >= 0 and x.gate[i] == NO_DAY:
                note_cell(r, UNREAD_ENTERED, &columns[meaning.entered], row + i, first + i)
            elif x.status[i] == NO_DAY_KNOWN:
                note_cell(r, UNREAD_DAY, &columns[meaning.day], row + i, first + i)
            elif x.status[i] == BAD_VALUE:
                code = note_value(meaning, r, columns, row + i, first + i)
                if code != DONE:
                    return code
    if meaning.excluded >= 0 and columns[meaning.excluded].validity != NULL:
        for i in range(n):
            r.missing_excluded += x.status[i] == IS_EXCLUDED and not is_present(&columns[meaning.excluded], row + i)
    r.near_gate += x.near_gate
    for number in range(SCOPES):
        scope = &meaning.scopes[number]
        r.unknown[number] += x.unknown[number]
        if x.unknown[number] == 0 or scope.column < 0:
            continue
        for i in range(n):
            if not text_of_row(&columns[scope.column], row + i, &text, &length):
                continue
            if code_class(meaning, scope, text, length) == scope.unknown:
                note_cell(r, UNREAD_ORIGIN + number, &columns[scope.column], row + i, first + i)
    return DONE
