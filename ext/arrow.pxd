# The Arrow C Data and C Stream structs, and the rules by which they are moved and released. No link to libarrow.
# Source: https://arrow.apache.org/docs/format/CDataInterface.html and CStreamInterface.html
from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.stdint cimport int64_t
from libc.string cimport memset


cdef struct ArrowSchema:
    const char* format
    const char* name
    const char* metadata
    int64_t flags
    int64_t n_children
    ArrowSchema** children
    ArrowSchema* dictionary
    void (*release)(ArrowSchema*) noexcept nogil
    void* private_data


cdef struct ArrowArray:
    int64_t length
    int64_t null_count
    int64_t offset
    int64_t n_buffers
    int64_t n_children
    const void** buffers
    ArrowArray** children
    ArrowArray* dictionary
    void (*release)(ArrowArray*) noexcept nogil
    void* private_data


cdef struct ArrowArrayStream:
    int (*get_schema)(ArrowArrayStream*, ArrowSchema* out) noexcept nogil
    int (*get_next)(ArrowArrayStream*, ArrowArray* out) noexcept nogil
    const char* (*get_last_error)(ArrowArrayStream*) noexcept nogil
    void (*release)(ArrowArrayStream*) noexcept nogil
    void* private_data


cdef inline void move_array(ArrowArray* to, ArrowArray* source) noexcept nogil:
    """Take ownership: the source is marked released, so its capsule frees only its own struct."""
    to[0] = source[0]
    source.release = NULL


cdef inline void release_array(ArrowArray* array) noexcept nogil:
    """Release at most once; a producer's release sets `release` to NULL, and so do we."""
    if array.release != NULL:
        array.release(array)
        array.release = NULL


cdef inline void release_stream(ArrowArrayStream* stream) noexcept nogil:
    if stream.release != NULL:
        stream.release(stream)
        stream.release = NULL
