# A look at rows that are not scored: their days, and for tests and benches their key bits and the phase of reading.


def days_of(Settings settings, Batch batch):
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


def identities(Settings settings, Batch batch, int partition_bits):
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


def read_only(Settings settings, Batch batch):
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
