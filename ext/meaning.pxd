# What the rows of one manifest mean, and one worker's working set: structs and constants only.
from native cimport i32, i64, u16, u64, u8
from keys cimport CHUNK, MAX_PARTS

cdef enum:            # a row's own standing, in the order in which reasons are given; 3 bits
    PLAIN = 0
    NO_PERSON = 1
    NO_DAY_KNOWN = 2
    NOT_IN_FORCE = 3
    BAD_VALUE = 4
    IS_EXCLUDED = 5
    OVER_ROW_LIMIT = 6
    COPY = 7                 # before all others: another row tells the same; never with a record
    NO_RECORD = 7            # in a narrow word: whatever left no record

cdef enum:            # the order in which reasons are given; the first seven are a row's own standing, COPY first
    REASON_COPY = 0
    REASON_NO_PERSON = 1
    REASON_NO_DAY = 2
    REASON_NOT_IN_FORCE = 3
    REASON_BAD_VALUE = 4
    REASON_EXCLUDED = 5
    REASON_OVER_ROW_LIMIT = 6
    REASON_OVER_LIMIT = 7
    REASON_UNPROVEN = 8
    REASON_ELIGIBLE = 9
    REASONS = 10

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
    CODE_BYTES = 16          # of an origin, a kind or a currency

cdef enum:            # what a rule's step may ask of a row beside its day
    ORIGIN = 0
    SENT_FROM = 1
    KIND = 2
    SCOPES = 3

cdef enum:            # in Chunk.other, once a row's standing is known
    EXCLUDED_ROW = 1
    UNCOUNTED_ROW = 2        # it adds nothing to its group's total


cdef struct Code:
    i64 length
    u8 text[CODE_BYTES]
    u8 code_class


cdef struct Scope:              # the classes of one thing that steps ask for
    int column                  # -1: it is not asked for, or not told
    int classes                 # 1 where it is not asked for
    int stride                  # between its classes, in the classes of the schedule
    int unknown                 # the class of what is missing, or that no step knows; the strictest limit holds for it
    int other                   # the class of a code that is one, but which no step names
    bint countries              # codes are those of ISO 3166, or of as many letters as one that is named
    u64 code_lengths            # bit n is set where a country's code may have n letters
    int n_codes
    Code codes[MAX_ORIGINS]


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
    int currency
    int entered              # the day that the gate asks for; -1: the row's day
    int copies               # which rows are copies, which each batch is told; -1: none are
    int shipment             # of a run that decides which rows are copies
    int party
    int version
    int line
    int cancelled
    bint tellings            # records are of shipments, to tell the copies; no row is answered
    bint gated               # the rule has a gate, so that rows near one are counted
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
    i64 row_limits[MAX_LIMITS]    # a row above it is not eligible by itself
    bint row_counts[MAX_LIMITS]   # whether such a row counts towards the total
    bint row_limited         # some limit has one
    i64 proof[MAX_LIMITS]    # the least limit that any row of a group has in which a row has this one
    i64 cap                  # one more than the largest limit
    int index_shift          # where a Record keeps its limit's index
    bint constant            # one limit for every row
    u8* schedule             # [class][day]: index into limits, or NONE_IN_FORCE
    i32 day_first
    i64 n_days
    int n_classes
    i32* steady              # [day]: the last of the days from it on whose limits are all the same as its own
    Scope scopes[SCOPES]
    u8 base_class            # of a row of which no scope is told
    u8 unknown_of[256]       # by class, a bit for each scope in which it is unknown
    u64 assigned[11]         # bit 26 * a + b is set where ISO 3166 assigns the pair of letters
    Code wanted_currency
    bint flagged             # rows may be excluded, or above their own limit
    bint marked              # some records are never eligible themselves
    u8 has_record[8]         # by status


cdef struct Tally:           # what a worker counts on the way; a 128-bit sum of all known values
    i64 status_rows[8]
    i32 day_first            # of the rows with a day; day_first > day_last: of none
    i32 day_last
    i32 gate_first           # the same of the days that decided the step
    i32 gate_last
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
    u8 other[CHUNK]          # a row's class; later whether it is excluded, and counts
    i32 gate[CHUNK]          # the day that decides the step, where it is not the row's own; NO_DAY: not to be read
    u8 stands_in[CHUNK]      # no entry is told, so that it is the row's own
    i64 unknown[SCOPES]      # rows whose origin, sender or kind is not known, where that decided their limit
    i64 near_gate            # rows whose day stands in for that of the gate, within a day of one
    bint plain               # every row of the chunk is plain
    i64 nameless             # rows so far whose person has no first part, but another
    i64 without_per          # rows so far that have a person, but not all columns of `per`
    u16 seen_code[2][1024]   # two-letter origins and senders met so far, and their classes
    u8 seen_class[2][1024]
