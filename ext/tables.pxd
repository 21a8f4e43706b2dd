# One thread's tables for the partition that it totals, and what its rows came to: structs, and room for them.
from libc.stdlib cimport free, realloc
from libc.string cimport memset
from native cimport i64, u64
from meaning cimport REASONS

cdef enum Step:              # of a partition; all of its records take one before any takes the next
    ADD = 0                  # to the sketch; or where records become outcomes, to exact totals
    PROVE = 1                # by the sketch
    ADD_OPEN = 2             # what the sketch left open, to exact totals
    SETTLE = 3               # by these; written over the record where it becomes an outcome


cdef struct Tables:          # kept from partition to partition
    void* cells              # of sketch.pxd: u32 of narrow records, u64 of wide ones
    i64 n_cells              # allocated
    i64 cells_in_use         # of this partition; a power of two
    void* slots              # of slots.pxd: Slot, or WideSlot
    i64 n_slots              # allocated; a power of two
    i64 slots_in_use         # of this partition; a power of two
    i64 keys                 # in the slots
    bint exact               # every key goes to the slots, so that groups are counted rather than estimated
    bint skips               # rows that their cell refuses go to no slot; the cells are those of all records


cdef struct Counts:          # what the rows with a record came to
    i64 reasons[REASONS]           # of rows whose own status is plain; of narrow records all that are eligible
    i64 groups               # counted, or for the mask alone of many rows an estimate
    u64 eligible_low         # units of eligible rows, of wide records
    u64 eligible_high
    u64 refused_units        # of plain rows that are not eligible, of narrow records; each adds less than 2**30


cdef inline void* cleared(void* table, i64* there, i64 wanted, size_t one) noexcept nogil:
    """The table with `wanted` entries of `one` bytes set to zero, grown where it has fewer. NULL, and nothing changed,
    where memory ran out."""
    if wanted > there[0]:
        table = realloc(table, wanted * one)
        if table == NULL:
            return NULL
        there[0] = wanted
    return memset(table, 0, wanted * one)


cdef inline void free_tables(Tables* t) noexcept nogil:
    free(t.cells)
    free(t.slots)
    t.cells = t.slots = NULL
    t.n_cells = t.n_slots = 0
