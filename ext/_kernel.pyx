# The one door to the native code: Arrow capsules come in, bits and totals go out.
# Who owns what: a Batch owns the Arrow array it was given until it is freed; a Partitioner owns its blocks; nothing
# here keeps a pointer into a batch after `add` returns. Each call that works on rows releases the GIL once.
# Workers share nothing but the Settings and the batches, which do not change.
from cpython.pycapsule cimport PyCapsule_GetPointer, PyCapsule_New
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memcpy, memset
from native cimport *
from status cimport *
from arrow cimport *
from column cimport *
from keys cimport *
from days cimport *
from money cimport *
from records cimport *
from plan cimport *
from limits cimport *
from rows cimport *
from scatter cimport *
from tables cimport *
from sketch cimport *
from slots cimport *
from partitions cimport *
from answers cimport *
from in_order cimport *
from thrift cimport *

include "failures.pxi"
include "settings.pxi"
include "batch.pxi"
include "arenas.pxi"
include "partitioner.pxi"
include "in_order.pxi"
include "spill.pxi"
include "totals.pxi"
include "probe.pxi"
include "footer.pxi"
