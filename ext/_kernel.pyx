# The one door to the native code: Arrow capsules come in, bits and totals go out.
# Who owns what: a Batch owns the Arrow array it was given until it is freed; a Partitioner owns its blocks; nothing
# here keeps a pointer into a batch after `add` returns. Each call that works on rows releases the GIL once.
# Workers share nothing but the Settings and the batches, which do not change.
from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.pycapsule cimport PyCapsule_GetPointer, PyCapsule_New
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memcpy, memset
from libc.stdint cimport uintptr_t
from native cimport (
    DM_LEVEL, dm_count_bits, dm_load32, dm_load64, dm_lowest_bit, dm_pages_free, dm_pages_new, dm_store64, i32, i64,
    u16, u32, u64, u8, XXH3_64bits_withSeed,
)
from status cimport (
    DAY_OUTSIDE, DONE, KEY_MISSING, KEY_TWICE, MANY_PARTIES, NO_MEMORY, RAISED, TOTAL_REFUSED, VALUE_REFUSED,
    WRONG_INDEX,
)
from arrow cimport ArrowArray, ArrowArrayStream, ArrowSchema, move_array, release_array, release_stream
from column cimport (
    BOOL, DECIMAL128, DECIMAL256, DECIMAL32, DECIMAL64, FIXED, FLOAT32, FLOAT64, INSTANT, INT16, INT32, INT64, INT8,
    LARGE_TEXT, TEXT, UINT16, UINT32, UINT64, UINT8, VIEW, Column,
)
from keys cimport CHUNK, MAX_PARTS, MAX_PLACEHOLDERS, SECRET_BYTES, Keys, read_part
from days cimport DAY, MONTH, NO_DAY, QUARTER, window_start, YEAR
from decimal cimport Amount, units_of
from forms cimport (
    DayForm, DayStep, MAX_SIGNS, MAX_STEPS, MoneyForm, SIGN_BYTES, STEP_BLANKS, STEP_DAY, STEP_DAY_OF_YEAR,
    STEP_EPOCH, STEP_FRACTION, STEP_HALF, STEP_HOUR, STEP_HOUR12, STEP_LITERAL, STEP_MINUTE, STEP_MONTH,
    STEP_MONTH_NAME, STEP_OFFSET, STEP_SECOND, STEP_SHORT_YEAR, STEP_WEEK, STEP_WEEKDAY, STEP_WEEKDAY_NAME,
    STEP_WEEK_YEAR, STEP_YEAR, Sign,
)
from day_text cimport day_by_pattern
from day_column cimport read_days
from records cimport (
    add_arena, Arena, Chains, count_of, drop_full, free_chains, give_back, in_block, Outcome, Pool, Record,
    restart_chain, settle_chains, start_chains, take_block, WideRecord,
)
from meaning cimport (
    BAD_VALUE, CODE_BYTES, COPY, IGNORE, IS_EXCLUDED, MAX_LIMITS, MAX_ORIGINS, MAX_PARTITIONS, NONE_IN_FORCE, PLAIN,
    KIND, OVER_ROW_LIMIT, REASON_COPY, REASON_ELIGIBLE, REASON_OVER_LIMIT, REASON_UNPROVEN, REASONS, SCOPES,
    SENT_FROM, STOP, UNPROVEN, Chunk, Code, Meaning, Scope, Tally,
)
from limits cimport place_of
from rows cimport digest_chunk, read_chunk, tally_chunk, to_windows
from unread cimport (
    CELL_BYTES, Refusals, UNREAD_CURRENCY, UNREAD_DAY, UNREAD_ENTERED, UNREAD_ORIGIN, UNREAD_QUANTITY, UNREAD_ROLES,
    UNREAD_VALUE, Unread, has_notes, look_for_thousands, note_refusals, note_value,
)
from money_text cimport written_amount
from registers cimport note_groups, RANK_MOST, Registers, REGISTERS
from scatter cimport identify, NO_ROW, route_rows, scatter_any, scatter_odd, scatter_plain, scatter_wide
from tables cimport ADD, ADD_OPEN, PROVE, SETTLE, Counts, free_tables, Tables
from sketch cimport add_cells
from slots cimport add_slots
from partitions cimport (
    NO_WORKER, bits_from, count_groups, Head, settle_in_row_order, start_heads, start_tables, step_chain, take_step,
    takes, total_partition, total_records,
)
from public_key cimport LANES, public_keys
from groups cimport (
    add_chain_to_groups, add_to_groups, free_groups, GroupRecord, GroupTable, scatter_groups, scatter_plain_groups,
    select_groups, start_partition,
)
from tellings cimport (
    decide_partition, MAX_PARTIES, Parties, scatter_tellings, Stake, start_parties, TellingRecord, WHYS,
)
from group_columns cimport GroupColumns, write_identities, write_totals
from given cimport Entry, give_totals, given_place, GivenTable, judge_given, reserve_entries
from answers cimport (
    answer_narrow, answer_wide, Cursors, free_cursors, start_cursors, Trail, leads_a_block, leads_to_read,
    leads_to_write,
)
from day_sketch cimport (
    SKETCH_DAYS, add_to_day_cells, copy_bits, DayCells, fill_open, find_cells, is_dense, open_days, prove_cells,
    prove_rows, refuse_cells, refused_rows, size_of_step, sum_cells,
)
from thrift cimport (
    BINARY_KIND, I16_KIND, I64_KIND, LIST_KIND, STRUCT_KIND, Cursor, Field, read_field, read_integer, read_length,
    read_members, skip, tear,
)
from page_head cimport (
    DATA_PAGE, DATA_PAGE_V2, DICTIONARY_PAGE, PLAIN_DICTIONARY, PLAIN_VALUES, Page, RLE_DICTIONARY, RLE_VALUES,
    read_page,
)
from packed cimport Frame, frame_of_zstd, size_of_lz4, size_of_snappy
from runs cimport Runs, open_run, read_runs, start_runs
from plain cimport (
    BITS, COPIED, Form, INDEXED, INT96_INSTANT, NARROWED, TURNED, VIEW_BYTES, VIEWED, WIDENED, convert, pick, put_bits,
    renumber_views, set_bits, spread, view_texts,
)

include "failures.pxi"
include "forms.pxi"
include "settings.pxi"
include "batch.pxi"
include "arenas.pxi"
include "partitioner.pxi"
include "day_sketch.pxi"
include "spill.pxi"
include "unread.pxi"
include "totals.pxi"
include "groups.pxi"
include "tellings.pxi"
include "given.pxi"
include "probe.pxi"
include "footer.pxi"
include "csv.pxi"
include "pages.pxi"
