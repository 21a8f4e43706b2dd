# What the rows of one manifest mean, and one worker's working set: structs and constants only.
from native cimport i32, i64, u16, u64, u8
from keys cimport CHUNK, MAX_PARTS

cdef enum:            # a row's own standing, first of the order in which reasons are given; 3 bits
    PLAIN = 0
    NO_PERSON = 1
    NO_DAY_KNOWN = 2
    NOT_IN_FORCE = 3
    BAD_VALUE = 4
    IS_EXCLUDED = 5
    NO_RECORD = 6            # in a word: a bad value that left no record

cdef enum:            # the order of design.md; the first five are a row's own standing less one
    REASON_NO_PERSON = 0
    REASON_NO_DAY = 1
    REASON_NOT_IN_FORCE = 2
    REASON_BAD_VALUE = 3
    REASON_EXCLUDED = 4
    REASON_OVER_LIMIT = 5
    REASON_UNPROVEN = 6
    REASON_ELIGIBLE = 7

cdef enum:
    UNPROVEN = 0
    IGNORE = 1
    STOP = 2

cdef enum:
    STATUS_SHIFT = 13        # a row's word: its partition below, its status above
    PARTITION_MASK = 0x1fff
    MAX_PARTITIONS = 8192
    NONE_IN_FORCE = 255
    MAX_LIMITS = 250
    MAX_ORIGINS = 256
    CODE_BYTES = 16          # of an origin or a currency


cdef struct Code:
    i64 length
    u8 text[CODE_BYTES]
    u8 origin_class


cdef struct Meaning:            # what the rows of one manifest mean; the same for all workers
    int n_persons
    int persons[MAX_PARTS]   # places of the columns in the batch; -1: the role is not used
    bint is_other[MAX_PARTS]    # the column stands in for the one before it, of the same part, where that is missing
    int n_parts              # of the person; one of several columns is the first of them that is present
    int n_per
    int per[MAX_PARTS]
    bint exact               # the person is one fixed-width column
    int day
    int value
    int quantity
    int excluded
    int origin
    int currency
    int window
    int bad_values
    bint count_excluded
    bint excess              # rows of a total over the limit are accepted in row order while it lasts
    bint wide                # 32-byte records: outcomes, acceptance in row order, or limits beyond a Record
    bint outcomes            # reasons and totals are asked for, so records become outcomes; else they become bits
    bint tally               # count reasons and add up values
    bint groups              # records become the table of groups; no row is answered
    bint named               # groups keep the number of their first row rather than their whole identity
    bint digested            # a digest of all rows is taken
    int n_limits
    i64 limits[MAX_LIMITS]
    i64 proof[MAX_LIMITS]    # the least limit that any row of a group has in which a row has this one
    i64 cap                  # one more than the largest limit
    int index_shift          # where a Record keeps its limit's index
    bint constant            # one limit for every row
    u8* schedule             # [origin class][day]: index into limits, or NONE_IN_FORCE
    i32 day_first
    i64 n_days
    int n_classes
    i32* steady              # [day]: the last of the days from it on whose limits are all the same as its own
    int n_origins
    Code origins[MAX_ORIGINS]
    u64 code_lengths         # bit n is set where an origin code that is no pair of letters may have n letters
    u64 assigned[11]         # bit 26 * a + b is set where ISO 3166 assigns the pair of letters
    Code wanted_currency
    bint marked              # some records are never eligible themselves
    u8 has_record[8]         # by status


cdef struct Tally:           # what a worker counts on the way; a 128-bit sum of all known values
    i64 status_rows[8]
    i32 day_first            # of the rows with a day; day_first > day_last: of none
    i32 day_last
    u64 known_low
    u64 known_high
    u64 digest               # of all rows, in whatever order: a sum
    u64 capped               # units of plain rows as records hold them, so below 2**30 each; of narrow records


cdef struct Chunk:           # one worker's working set, about 21 KiB
    u64 low[CHUNK]
    u64 high[CHUNK]
    u64 unkeyed[CHUNK]       # where groups are estimated, the person's hash without a secret
    i64 units[CHUNK]
    i32 day[CHUNK]           # from `to_windows` on, the number of the window that the day lies in
    u16 base[CHUNK]          # the first partition of the epoch that the row belongs to
    u8 missing[CHUNK]
    u8 status[CHUNK]
    u8 limit_index[CHUNK]    # all 0 where there is one limit
    u8 other[CHUNK]          # a row's origin class; later whether it is excluded
    i64 uncoded              # rows whose origin is no code, where that matters
    bint plain               # every row of the chunk is plain
    i64 nameless             # rows so far whose person has no first part, but another
    i64 without_per          # rows so far that have a person, but not all columns of `per`
    u16 seen_code[1024]      # two-letter origins met so far, and their classes
    u8 seen_class[1024]
