# FormOfDays, FormOfMoney: how the cells of a column are written, checked in Python and held as C structs. Read-only
# once made.

STEPS = {
    "literal": STEP_LITERAL, "blanks": STEP_BLANKS, "fraction": STEP_FRACTION, "month name": STEP_MONTH_NAME,
    "weekday name": STEP_WEEKDAY_NAME, "half": STEP_HALF, "offset": STEP_OFFSET, "epoch": STEP_EPOCH, "year": STEP_YEAR,
    "short year": STEP_SHORT_YEAR, "month": STEP_MONTH, "day": STEP_DAY, "day of year": STEP_DAY_OF_YEAR,
    "week year": STEP_WEEK_YEAR, "week": STEP_WEEK, "weekday": STEP_WEEKDAY, "hour": STEP_HOUR, "hour12": STEP_HOUR12,
    "minute": STEP_MINUTE, "second": STEP_SECOND,
}
STEPS_MOST = MAX_STEPS


cdef class FormOfDays:
    """See _kernel.pyi."""

    cdef DayForm form
    cdef bytes starts, offsets

    def __cinit__(self, *, list steps, bytes starts, bytes offsets, long long cycle_from):
        cdef int i
        cdef DayStep* step
        if len(steps) > MAX_STEPS or len(starts) != 2 * len(offsets):
            raise ValueError(f"a day is written in at most {MAX_STEPS} steps, and a zone has an offset for each start")
        self.starts, self.offsets = starts, offsets
        self.form.zone.n = len(starts) // 8
        self.form.zone.starts = <const i64*><const char*>starts
        self.form.zone.offsets = <const i32*><const char*>offsets
        self.form.zone.cycle_from = cycle_from
        self.form.n_steps = len(steps)
        for i in range(self.form.n_steps):
            step = &self.form.steps[i]
            step.kind, step.byte, step.least, step.most, step.low, step.high = steps[i]
            self.form.has_epoch |= step.kind == STEP_EPOCH
            self.form.has_offset |= step.kind == STEP_OFFSET
            self.form.width += step.most if step.kind != STEP_LITERAL else 1
        self.form.pads = self.form.n_steps > 0 and self.form.steps[0].kind not in (STEP_YEAR, STEP_WEEK_YEAR)

    def day_of(self, bytes text):
        """See _kernel.pyi."""
        cdef i32 day = day_by_pattern(&self.form, text, len(text))
        return None if day == NO_DAY else day


cdef void set_sign(Sign* sign, bytes text) except *:
    text = text.lower()
    if not 0 < len(text) <= SIGN_BYTES:
        raise ValueError(f"a sign has 1 to {SIGN_BYTES} bytes, not {len(text)}")
    sign.length = <u8>len(text)
    memcpy(sign.text, <const char*>text, len(text))


cdef class FormOfMoney:
    """See _kernel.pyi."""

    cdef MoneyForm form

    def __cinit__(self, *, bytes decimal, list thousands, bint currency_signs, list currencies):
        cdef int i
        if len(decimal) != 1 or len(thousands) > MAX_SIGNS or len(currencies) > MAX_SIGNS:
            raise ValueError(f"a decimal sign has one byte, and there are at most {MAX_SIGNS} other signs of a kind")
        self.form.decimal = decimal[0]
        self.form.n_thousands, self.form.n_currencies = len(thousands), len(currencies)
        self.form.currency_signs = currency_signs
        for i in range(self.form.n_thousands):
            set_sign(&self.form.thousands[i], thousands[i])
        for i in range(self.form.n_currencies):
            set_sign(&self.form.currencies[i], currencies[i])

    def units_of(self, bytes text):
        """See _kernel.pyi."""
        cdef Amount a
        cdef i64 units
        written_amount(&self.form, text, len(text), &a)
        units = units_of(&a)
        return None if units < 0 else units
