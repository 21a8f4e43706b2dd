# A look at rows that are not scored: their days, and for tests and benches their key bits and the phase of reading.


def days_of(Settings settings not None, Batch batch not None):
    """See _kernel.pyi."""
    cdef Chunk* x = <Chunk*>calloc(1, sizeof(Chunk))
    cdef bytearray out = bytearray(4 * batch.length)
    cdef u8[::1] view = out
    cdef i64 row = 0
    cdef int n
    if x == NULL:
        raise MemoryError()
    while row < batch.length:
        n = <int>min(<i64>CHUNK, batch.length - row)
        read_days(&batch.columns[settings.meaning.day], row, n, x.day)
        memcpy(&view[4 * row], x.day, 4 * n)
        row += n
    free(x)
    return out


def facts_of(Settings settings not None, Batch batch not None, u8[::1] days, u8[::1] gates, u8[::1] units,
             u8[::1] limits, u8[::1] missing):
    """See _kernel.pyi."""
    cdef Chunk* x
    cdef Keys k = settings.keys
    cdef const Meaning* meaning = &settings.meaning
    cdef i64 row = 0, rows = batch.length
    cdef int n, code = DONE
    cdef u8* day_at
    cdef u8* gate_at
    cdef u8* units_at
    cdef u8* limit_at
    cdef u8* missing_at
    cdef const i32* gates_of
    if min(len(days), len(gates)) < 4 * rows or len(units) < 8 * rows or min(len(limits), len(missing)) < rows:
        raise ValueError("too little room for the facts")
    if rows == 0:
        return
    x = <Chunk*>calloc(1, sizeof(Chunk))
    if x == NULL:
        raise MemoryError()
    day_at, gate_at, units_at, limit_at, missing_at = &days[0], &gates[0], &units[0], &limits[0], &missing[0]
    with nogil:
        while row < rows:
            n = <int>min(<i64>CHUNK, rows - row)
            code = read_chunk(meaning, &k, batch.columns, x, row, n)
            if code != DONE:
                break
            memcpy(day_at + 4 * row, x.day, 4 * n)
            gates_of = &x.gate[0] if meaning.entered >= 0 and not meaning.constant else &x.day[0]
            memcpy(gate_at + 4 * row, gates_of, 4 * n)
            memcpy(units_at + 8 * row, x.units, 8 * n)
            memcpy(missing_at + row, x.missing, n)
            if meaning.constant:
                memset(limit_at + row, 0, n)
            else:
                memcpy(limit_at + row, x.limit_index, n)
            row += n
    free(x)
    free(k.scratch)
    if code != DONE:
        fail(code)


def identities(Settings settings not None, Batch batch not None, int partition_bits):
    """See _kernel.pyi."""
    cdef Chunk* x = <Chunk*>calloc(1, sizeof(Chunk))
    cdef bytearray out = bytearray(16 * batch.length)
    cdef u8[::1] view = out
    cdef Keys keys = settings.keys
    cdef i64 row
    cdef int i, n, code = DONE
    cdef u64 key
    cdef u32 more, partition
    if x == NULL:
        raise MemoryError()
    row = 0
    while row < batch.length:
        n = <int>min(<i64>CHUNK, batch.length - row)
        code = read_chunk(&settings.meaning, &keys, batch.columns, x, row, n)
        if code != DONE:
            break
        to_windows(&settings.meaning, x, n)
        for i in range(n):
            partition = identify(&settings.meaning, &keys, x, i, 63 - partition_bits, &key, &more)
            memcpy(&view[16 * (row + i)], &key, 8)
            memcpy(&view[16 * (row + i) + 8], &more, 4)
            memcpy(&view[16 * (row + i) + 12], &partition, 4)
        row += n
    free(x)
    free(keys.scratch)
    if code != DONE:
        fail(code)
    return bytes(out)


def read_only(Settings settings not None, Batch batch not None):
    """See _kernel.pyi."""
    cdef Chunk* x = <Chunk*>calloc(1, sizeof(Chunk))
    cdef Keys keys = settings.keys
    cdef i64 row, plain = 0, n_rows = batch.length
    cdef int i, n, code = DONE
    if x == NULL:
        raise MemoryError()
    with nogil:
        row = 0
        while row < n_rows:
            n = <int>min(<i64>CHUNK, n_rows - row)
            code = read_chunk(&settings.meaning, &keys, batch.columns, x, row, n)
            if code != DONE:
                break
            for i in range(n):
                plain += x.status[i] == PLAIN
            row += n
    free(x)
    free(keys.scratch)
    if code != DONE:
        fail(code)
    return plain
