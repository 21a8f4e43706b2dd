# How the cells of a column are written where that is a setting: days by a pattern, instants of a zone, amounts with
# other signs. Structs only, filled by forms.pxi; a column without such a setting points to none.
from native cimport i32, i64, u16, u8

cdef enum:
    MAX_STEPS = 64
    SIGN_BYTES = 15
    MAX_SIGNS = 8

cdef enum:                   # steps of a day pattern; from STEP_YEAR on, a number goes to the field of its kind
    STEP_LITERAL = 0         # this one byte
    STEP_BLANKS = 1          # at least `least` of them
    STEP_FRACTION = 2        # digits of a second, which no day asks for
    STEP_MONTH_NAME = 3
    STEP_WEEKDAY_NAME = 4
    STEP_HALF = 5            # AM or PM
    STEP_OFFSET = 6          # Z, +HH, +HHMM or +HH:MM; its field has seconds
    STEP_EPOCH = 7           # seconds since 1970 in UTC
    STEP_YEAR = 8
    STEP_SHORT_YEAR = 9      # 69 to 99 are of 1900, 00 to 68 of 2000
    STEP_MONTH = 10
    STEP_DAY = 11
    STEP_DAY_OF_YEAR = 12
    STEP_WEEK_YEAR = 13      # of ISO 8601, as is STEP_WEEK
    STEP_WEEK = 14
    STEP_WEEKDAY = 15        # Monday is 1; Sunday is 7, or 0
    STEP_HOUR = 16
    STEP_HOUR12 = 17
    STEP_MINUTE = 18
    STEP_SECOND = 19
    N_FIELDS = 20


cdef struct DayStep:
    u8 kind
    u8 byte                  # of a literal
    u8 least                 # digits, or blanks
    u8 most
    u16 low                  # bounds of the number
    u16 high


cdef struct Zone:            # how far a clock is ahead of UTC, in seconds, from each start (seconds since 1970) on
    const i64* starts        # ascending; the first is the least i64
    const i32* offsets
    i64 n                    # 0: no zone is asked for
    i64 cycle_from           # from this second on, offsets are those of 400 years before; the largest i64: never


cdef struct DayForm:
    int n_steps              # 0: ISO text, or instants
    DayStep steps[MAX_STEPS]
    bint has_epoch
    bint has_offset
    int width                # digits of an integer that is written by these steps, leading zeros included
    bint pads                # an integer may have lost leading zeros
    Zone zone


cdef struct Sign:
    u8 length
    u8 text[SIGN_BYTES]


cdef struct MoneyForm:
    u8 decimal               # the byte between whole units and their parts
    int n_thousands
    Sign thousands[MAX_SIGNS]
    bint currency_signs      # currency signs and accounting forms are read
    int n_currencies
    Sign currencies[MAX_SIGNS]    # in lower case, the longest first
