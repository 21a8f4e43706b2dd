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
TELLING_BYTES = sizeof(TellingRecord)
STEP_ADD, STEP_PROVE, STEP_ADD_OPEN, STEP_SETTLE = ADD, PROVE, ADD_OPEN, SETTLE
NOT_IN_FORCE_INDEX = NONE_IN_FORCE
KEY_COLUMNS = MAX_PARTS
LEVEL = (<bytes>DM_LEVEL).decode()
MOST_RANK = RANK_MOST


cdef void set_code(Code* code, bytes text, int code_class) except *:
    cdef bytes lowered = text.strip().lower()
    if len(lowered) > CODE_BYTES:
        raise ValueError(f"a code has at most {CODE_BYTES} bytes, not {len(lowered)}: {text!r}")
    code.length = len(lowered)
    memcpy(code.text, <const char*>lowered, len(lowered))
    code.code_class = code_class


cdef class Settings:
    """See _kernel.pyi."""

    cdef Meaning meaning
    cdef Keys keys
    cdef readonly list columns
    cdef bytes schedule, steady
    cdef object fold
    cdef FormOfDays day_form, gate_form
    cdef FormOfMoney money_form

    def __cinit__(self, *, list columns, list persons, list per, bint exact, int day, int value,
                  int quantity, int excluded, int currency, int entered, bint gated, bytes currency_code, str window,
                  str bad_values, bint count_excluded, bint outcomes, bint excess, bint tally, list limits,
                  list row_limits, list row_counts, bytes schedule, bytes steady, Py_ssize_t n_days, int day_first,
                  list scopes, bytes assigned, list placeholders, object fold, FormOfDays day_form or None,
                  FormOfDays gate_form or None, FormOfMoney money_form or None, bytes secret, bint groups=False,
                  bint named=False, bint digested=False, bint copies=False, bint tellings=False, int shipment=-1,
                  int party=-1, int version=-1, int line=-1, int cancelled=-1):
        cdef Meaning* p = &self.meaning
        cdef int i, index_bits = 0
        cdef list part
        if sum(map(len, persons)) + len(per) > MAX_PARTS:
            raise ValueError(f"an identity has at most {MAX_PARTS} columns")
        if not 1 <= len(limits) <= MAX_LIMITS or len(row_limits) != len(limits) or len(row_counts) != len(limits):
            raise ValueError(f"a rule has at most {MAX_LIMITS} limits")
        if len(secret) != SECRET_LENGTH:
            raise ValueError(f"the secret has {SECRET_LENGTH} bytes")
        self.columns = columns
        self.schedule, self.steady = schedule, steady
        self.fold = fold
        self.day_form, self.gate_form, self.money_form = day_form, gate_form, money_form
        p.n_parts, p.n_per, p.exact = len(persons), len(per), exact
        for part in persons:
            for i in range(len(part)):
                p.persons[p.n_persons] = part[i]
                p.is_other[p.n_persons] = i > 0
                p.n_persons += 1
        for i in range(len(per)):
            p.per[i] = per[i]
        p.day, p.value, p.quantity, p.excluded, p.currency = day, value, quantity, excluded, currency
        p.entered, p.gated = entered, gated
        p.copies = len(columns) if copies else -1      # the room behind a batch's own columns
        p.tellings, p.shipment, p.party, p.version, p.line = tellings, shipment, party, version, line
        p.cancelled = cancelled
        if tellings and (shipment < 0 or groups or outcomes or excess or tally):
            raise ValueError("tellings are of shipments, and nothing else is made of them")
        if currency_code:
            set_code(&p.wanted_currency, currency_code, 0)
        p.window = WINDOWS[window]
        p.bad_values = BAD_VALUES[bad_values]
        p.count_excluded = count_excluded
        p.tally = tally
        p.n_limits = len(limits)
        for i in range(len(limits)):
            p.limits[i], p.row_limits[i], p.row_counts[i] = limits[i], row_limits[i], row_counts[i]
            p.row_limited |= row_limits[i] != 0x7fffffffffffffff
        p.cap = max(limits) + 1 if max(limits) < 0x7fffffffffffffff else max(limits)
        while 1 << index_bits < p.n_limits:
            index_bits += 1
        p.index_shift = 30 - index_bits
        p.excess = excess
        p.groups, p.named, p.digested = groups, named, digested
        # Beyond such a cap, a sum that is capped would pass.
        p.outcomes = not groups and not tellings and (outcomes or p.cap == 0x7fffffffffffffff)
        p.wide = groups or p.outcomes or excess or (p.cap >= <i64>1 << p.index_shift and not tellings)
        p.constant = not schedule
        p.schedule = <u8*><char*>schedule if schedule else NULL
        p.n_days, p.day_first = n_days, day_first
        if schedule and (len(schedule) % n_days or len(schedule) > 256 * n_days or len(steady) != 4 * n_days):
            raise ValueError("the schedule and `steady` have a column for each day")
        p.n_classes = <int>(len(schedule) // n_days)
        p.steady = <i32*><char*>steady if schedule else NULL
        self.set_proofs()
        if len(assigned) != sizeof(p.assigned):
            raise ValueError("pairs of letters have a bit each")
        memcpy(p.assigned, <const char*>assigned, sizeof(p.assigned))
        self.set_scopes(scopes)
        p.has_record[PLAIN] = 1
        # A row that cannot matter to its group leaves a record only where groups are counted.
        p.has_record[BAD_VALUE] = p.wide or tally or bad_values == "unproven"
        p.has_record[IS_EXCLUDED] = p.wide or tally or count_excluded
        p.has_record[OVER_ROW_LIMIT] = p.wide or tally or any(row_counts)
        p.flagged = excluded >= 0 or p.row_limited
        p.marked = p.flagged or bad_values == "ignore"
        self.keys.estimates = tally and not p.outcomes and not groups
        self.set_keys(placeholders, fold, secret)

    cdef void set_scopes(self, list scopes) except *:
        """The classes of each thing that steps ask for; together they number those of the schedule."""
        cdef Scope* scope
        cdef int number, i, classes = 1
        if len(scopes) != SCOPES:
            raise ValueError(f"there are {SCOPES} scopes")
        for number in range(SCOPES):
            scope = &self.meaning.scopes[number]
            scope.column, scope.classes, scope.unknown, scope.other, scope.countries, codes = scopes[number]
            if len(codes) > MAX_ORIGINS or not 0 <= max(scope.unknown, scope.other) < scope.classes:
                raise ValueError(f"a scope has at most {MAX_ORIGINS} codes, and its classes are numbered from 0")
            scope.stride = classes
            classes *= scope.classes
            scope.code_lengths = 1 << 2
            scope.n_codes = len(codes)
            for i, (text, code_class) in enumerate(sorted(codes.items())):
                if not 0 <= code_class < scope.classes:
                    raise ValueError("a code is of a class that there is")
                set_code(&scope.codes[i], text, code_class)
                scope.code_lengths |= <u64>1 << <int>scope.codes[i].length
            if scope.column < 0:
                self.meaning.base_class += <u8>(scope.unknown * scope.stride)
        if not self.meaning.constant and classes != self.meaning.n_classes:
            raise ValueError("the schedule has a row for each class")
        for i in range(classes):
            for number in range(SCOPES):
                scope = &self.meaning.scopes[number]
                if scope.classes > 1 and i // scope.stride % scope.classes == scope.unknown:
                    self.meaning.unknown_of[i] |= <u8>(1 << number)

    cdef void set_proofs(self) noexcept:
        """A total within `proof` of one row's limit is within those of all rows of its group, of whatever classes."""
        cdef Meaning* p = &self.meaning
        cdef i64 place = 0
        cdef int i, row_class
        cdef u8 index, least
        for i in range(p.n_limits):
            p.proof[i] = p.limits[i]
        while not p.constant and place < p.n_days:
            # Longer windows, and days that the gate decides apart: of any day; limits ascend.
            least = 0 if p.window != DAY or p.entered >= 0 else NONE_IN_FORCE
            for row_class in range(p.n_classes):
                least = min(least, p.schedule[row_class * p.n_days + place])
            for row_class in range(p.n_classes):
                index = p.schedule[row_class * p.n_days + place]
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
        return not m.wide and not m.tally and not m.marked and not m.tellings and m.window == DAY
