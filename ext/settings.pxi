# Settings: what the rows of one manifest mean, checked by columns.py and held as C structs. Read-only once made.

LAYOUTS = {
    "int8": INT8, "int16": INT16, "int32": INT32, "int64": INT64, "uint8": UINT8, "uint16": UINT16, "uint32": UINT32,
    "uint64": UINT64, "bool": BOOL, "float32": FLOAT32, "float64": FLOAT64, "decimal32": DECIMAL32,
    "decimal64": DECIMAL64, "decimal128": DECIMAL128, "decimal256": DECIMAL256, "instant": INSTANT, "text": TEXT,
    "large_text": LARGE_TEXT, "view": VIEW, "fixed": FIXED,
}
WINDOWS = {"day": DAY, "month": MONTH, "quarter": QUARTER, "year": YEAR}
BAD_VALUES = {"unproven": UNPROVEN, "ignore": IGNORE, "error": STOP}
SECRET_LENGTH = SECRET_BYTES + 40
RECORD_BYTES, WIDE_RECORD_BYTES = sizeof(Record), sizeof(WideRecord)
OUTCOME_BYTES, LEAD_BYTES = sizeof(Outcome), sizeof(u16)
STEP_ADD, STEP_PROVE, STEP_ADD_OPEN, STEP_SETTLE = ADD, PROVE, ADD_OPEN, SETTLE
NOT_IN_FORCE_INDEX = NONE_IN_FORCE
KEY_COLUMNS = MAX_PARTS
LEVEL = (<bytes>DM_LEVEL).decode()
MOST_RANK = RANK_MOST


cdef void set_code(Code* code, bytes text, int origin_class) except *:
    cdef bytes lowered = text.strip().lower()
    if len(lowered) > CODE_BYTES:
        raise ValueError(f"a code has at most {CODE_BYTES} bytes, not {len(lowered)}: {text!r}")
    code.length = len(lowered)
    memcpy(code.text, <const char*>lowered, len(lowered))
    code.origin_class = origin_class


cdef class Settings:
    """See _kernel.pyi."""

    cdef Meaning meaning
    cdef Keys keys
    cdef readonly list columns
    cdef bytes schedule, steady
    cdef object fold
    cdef FormOfDays day_form
    cdef FormOfMoney money_form

    def __cinit__(self, *, list columns, list persons, list per, bint exact, int day, int value,
                  int quantity, int excluded, int origin, int currency, bytes currency_code, str window,
                  str bad_values, bint count_excluded, bint outcomes, bint excess, bint tally, list limits,
                  bytes schedule, bytes steady, Py_ssize_t n_days, int day_first, dict origins, bytes assigned,
                  list placeholders, object fold, FormOfDays day_form, FormOfMoney money_form, bytes secret,
                  bint groups=False, bint named=False, bint digested=False):
        cdef Meaning* p = &self.meaning
        cdef int i, index_bits = 0
        cdef list part
        if sum(map(len, persons)) + len(per) > MAX_PARTS:
            raise ValueError(f"an identity has at most {MAX_PARTS} columns")
        if not 1 <= len(limits) <= MAX_LIMITS or len(origins) > MAX_ORIGINS:
            raise ValueError(f"a rule has at most {MAX_LIMITS} limits and {MAX_ORIGINS} origins")
        if len(secret) != SECRET_LENGTH:
            raise ValueError(f"the secret has {SECRET_LENGTH} bytes")
        self.columns = columns
        self.schedule, self.steady = schedule, steady
        self.fold = fold
        self.day_form, self.money_form = day_form, money_form
        p.n_parts, p.n_per, p.exact = len(persons), len(per), exact
        for part in persons:
            for i in range(len(part)):
                p.persons[p.n_persons] = part[i]
                p.is_other[p.n_persons] = i > 0
                p.n_persons += 1
        for i in range(len(per)):
            p.per[i] = per[i]
        p.day, p.value, p.quantity, p.excluded, p.origin, p.currency = day, value, quantity, excluded, origin, currency
        if currency_code:
            set_code(&p.wanted_currency, currency_code, 0)
        p.window = WINDOWS[window]
        p.bad_values = BAD_VALUES[bad_values]
        p.count_excluded = count_excluded
        p.tally = tally
        p.n_limits = len(limits)
        for i in range(len(limits)):
            p.limits[i] = limits[i]
        p.cap = max(limits) + 1 if max(limits) < 0x7fffffffffffffff else max(limits)
        while 1 << index_bits < p.n_limits:
            index_bits += 1
        p.index_shift = 30 - index_bits
        p.excess = excess
        p.groups, p.named, p.digested = groups, named, digested
        # Beyond such a cap, a sum that is capped would pass.
        p.outcomes = not groups and (outcomes or p.cap == 0x7fffffffffffffff)
        p.wide = groups or p.outcomes or excess or p.cap >= <i64>1 << p.index_shift
        p.constant = not schedule
        p.schedule = <u8*><char*>schedule if schedule else NULL
        p.n_days, p.day_first = n_days, day_first
        if schedule and (len(schedule) % n_days or len(schedule) > 256 * n_days or len(steady) != 4 * n_days):
            raise ValueError("the schedule and `steady` have a column for each day")
        p.n_classes = <int>(len(schedule) // n_days)
        p.steady = <i32*><char*>steady if schedule else NULL
        self.set_proofs()
        p.n_origins = len(origins)
        p.code_lengths = 1 << 2
        if len(assigned) != sizeof(p.assigned):
            raise ValueError("pairs of letters have a bit each")
        memcpy(p.assigned, <const char*>assigned, sizeof(p.assigned))
        for i, (text, origin_class) in enumerate(sorted(origins.items())):
            set_code(&p.origins[i], text, origin_class)
            p.code_lengths |= <u64>1 << <int>p.origins[i].length
        p.has_record[PLAIN] = 1
        # A row that cannot matter to its group leaves a record only where groups are counted.
        p.has_record[BAD_VALUE] = p.wide or tally or bad_values == "unproven"
        p.has_record[IS_EXCLUDED] = p.wide or tally or count_excluded
        p.marked = excluded >= 0 or bad_values == "ignore"
        self.keys.estimates = tally and not p.outcomes and not groups
        self.set_keys(placeholders, fold, secret)

    cdef void set_proofs(self) noexcept:
        """A total within `proof` of one row's limit is within those of all rows of its group, of whatever origins."""
        cdef Meaning* p = &self.meaning
        cdef i64 place = 0
        cdef int i, origin_class
        cdef u8 index, least
        for i in range(p.n_limits):
            p.proof[i] = p.limits[i]
        while not p.constant and place < p.n_days:
            least = 0 if p.window != DAY else NONE_IN_FORCE      # longer windows: of any day; limits ascend
            for origin_class in range(p.n_classes):
                least = min(least, p.schedule[origin_class * p.n_days + place])
            for origin_class in range(p.n_classes):
                index = p.schedule[origin_class * p.n_days + place]
                if index != NONE_IN_FORCE:
                    p.proof[index] = min(p.proof[index], p.limits[least])
            place = p.steady[place] + 1

    cdef void set_keys(self, list placeholders, object fold, bytes secret) except *:
        cdef Keys* k = &self.keys
        cdef bytes text
        memcpy(k.secret, <const char*>secret, SECRET_BYTES)
        k.day_low = dm_load64(<const char*>secret + SECRET_BYTES) | 1
        k.day_high = dm_load64(<const char*>secret + SECRET_BYTES + 8) | 1
        k.start = dm_load64(<const char*>secret + SECRET_BYTES + 16)
        k.public.low = dm_load64(<const char*>secret + SECRET_BYTES + 24)
        k.public.high = dm_load64(<const char*>secret + SECRET_BYTES + 32)
        k.fold = NULL if fold is None else <void*>fold
        if len(placeholders) > MAX_PLACEHOLDERS:
            raise ValueError(f"at most {MAX_PLACEHOLDERS} placeholders")
        for text in placeholders:
            text = text.strip().lower()
            if not 0 < len(text) < 64:
                raise ValueError(f"a placeholder has 1 to 63 bytes: {text!r}")
            memcpy(k.placeholders[k.n_placeholders], <const char*>text, len(text))
            k.placeholder_length[k.n_placeholders] = len(text)
            k.placeholder_lengths |= <u64>1 << <int>len(text)
            k.n_placeholders += 1

    @property
    def groups(self):
        return bool(self.meaning.groups)

    @property
    def named(self):
        return bool(self.meaning.named)

    @property
    def wide(self):
        return bool(self.meaning.wide)

    @property
    def outcomes(self):
        return bool(self.meaning.outcomes)

    @property
    def excess(self):
        return bool(self.meaning.excess)

    @property
    def can_take_day_sketch(self):
        cdef const Meaning* m = &self.meaning
        return not m.wide and not m.tally and not m.marked and m.window == DAY
