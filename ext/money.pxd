# From a value column to units: int64 of 1/10,000 currency unit, exact, BAD_UNITS where there is none.
from native cimport (
    POWERS, dm_bits_of, dm_load32, dm_load64, dm_load_double, dm_load_float, dm_lowest_bit, i64, u32, u64, u8,
)
from status cimport DONE
from column cimport (
    DECIMAL128, DECIMAL256, DECIMAL32, DECIMAL64, FLOAT32, FLOAT64, INT8, LARGE_TEXT, TEXT, UINT64, VIEW, Column,
    integer_at, is_present, is_text, text_at, text_of_row,
)
from decimal cimport (
    ASK_PYTHON, BAD_UNITS, UNITS_SCALE, Amount, amount_of_float, cut_limbs, parse_amount, units_of, units_of_double,
    units_of_float,
)
from money_text cimport written_amount


cdef inline void limbs_amount(const Column* c, i64 i, int width, Amount* a) noexcept nogil:
    """A two's-complement decimal of `width` 32-bit limbs; a negative one is not known."""
    cdef u32 limbs[8]
    cdef int j
    for j in range(width):
        limbs[j] = dm_load32(c.values + 4 * (width * i + j))
    if limbs[width - 1] >> 31:
        a.known = False
        return
    if width == 1:
        limbs[1] = 0
        width = 2
    cut_limbs(limbs, width, <int>c.param, a)


cdef inline int amount_at(const Column* c, i64 row, Amount* a) noexcept nogil:
    """The exact amount of one row, whatever its type; a status."""
    cdef const u8* text = NULL
    cdef i64 length = 0, n
    cdef double x
    a.known = False
    a.next_digit = 0
    a.sticky = False
    if is_text(c):
        if text_of_row(c, row, &text, &length):
            if c.money_form == NULL:
                parse_amount(text, length, a)
            else:
                written_amount(c.money_form, text, length, a)
        return DONE
    if not is_present(c, row):
        return DONE
    if DECIMAL32 <= c.layout <= DECIMAL256:
        limbs_amount(c, row + c.offset, 1 << (c.layout - DECIMAL32), a)
    elif c.layout == FLOAT32 or c.layout == FLOAT64:
        if c.layout == FLOAT32:
            x = dm_load_float(c.values + 4 * (row + c.offset))
        else:
            x = dm_load_double(c.values + 8 * (row + c.offset))
            n = units_of_double(x)
            if n >= 0 and <double>n / 1e4 == x:
                a.mantissa = <u64>n
                a.scale = UNITS_SCALE
                a.known = True
                return DONE
        return amount_of_float(x, c.layout == FLOAT32, a)
    else:
        n = integer_at(c.layout, c.values, row + c.offset)
        a.mantissa = <u64>n
        a.scale = 0
        a.known = n >= 0 or c.layout == UINT64
    return DONE


cdef inline int float_units(double x, bint single, i64* units) noexcept nogil:
    """Units of a float, by way of the interpreter where the quick forms do not decide; a status."""
    cdef Amount a
    cdef int code
    units[0] = units_of_float(<float>x) if single else units_of_double(x)
    if units[0] == ASK_PYTHON:
        code = amount_of_float(x, single, &a)
        if code != DONE:
            return code
        units[0] = units_of(&a)
    return DONE


cdef inline i64 quick_doubles(const u8* start, int n, i64* units) noexcept nogil:
    """`units_of_double` of n float64 of at most four places, below 1e10; how many of them are something else.

    Adding 2**52 rounds to a whole number, which then stands in the low bits: compilers vectorise this.
    """
    cdef int i
    cdef i64 others = 0
    cdef double x, shifted
    for i in range(n):
        x = dm_load_double(start + 8 * i)
        shifted = x * 1e4 + 4503599627370496.0
        units[i] = <i64>(dm_bits_of(shifted) & <u64>0xfffffffffffff)
        others += 0 if ((shifted - 4503599627370496.0) / 1e4 == x) & (x >= 0.0) & (x < 1e10) else 1
    return others


cdef inline i64 quick_amount(u64 w, i64 length) noexcept nogil:
    """Units of `length` bytes, 1 to 8, the first of which is the lowest of w: digits with at most one point, and four
    behind it at most. BAD_UNITS for any other text, be it an amount or not.

    All bytes at once: the point is squeezed out, then neighbouring digits are joined in pairs, fours and eights (Lemire
    2018, "Quickly parsing eight digits").
    """
    cdef u64 before, odd, zeros = <u64>0x3030303030303030
    cdef int at, behind = 0
    cdef bint point
    if length < 8:
        w = w << (64 - 8 * length) | zeros >> (8 * length)
    odd = w ^ <u64>0x2e2e2e2e2e2e2e2e
    odd = (odd - <u64>0x0101010101010101) & ~odd & <u64>0x8080808080808080
    point = odd != 0
    if point:
        at = dm_lowest_bit(odd) >> 3                   # of the point, the lowest of these bits, where no carry errs
        behind = 7 - at
        before = (<u64>1 << (8 * at)) - 1
        w = (w & ~(before << 8 | 0xff)) | (w & before) << 8 | 0x30
    odd = (w ^ zeros) | ((w + <u64>0x0606060606060606) ^ zeros)
    if odd & <u64>0xf0f0f0f0f0f0f0f0 or behind > UNITS_SCALE or (length == 1 and point):
        return BAD_UNITS
    w = (w & <u64>0x0f0f0f0f0f0f0f0f) * (2560 + 1) >> 8
    w = (w & <u64>0x00ff00ff00ff00ff) * (6553600 + 1) >> 16
    w = (w & <u64>0x0000ffff0000ffff) * (<u64>42949672960000 + 1) >> 32
    return <i64>(w * POWERS[UNITS_SCALE - behind])


cdef inline void read_texts_of_amounts(const Column* c, i64 row, int n, i64* units) noexcept nogil:
    """`read_units` of text without a dictionary: nearly all of it is short."""
    cdef int i
    cdef i64 length
    cdef const u8* text = NULL
    cdef const u8* end = NULL
    cdef Amount a
    length = text_at(c, c.length - 1, &end)
    end += length
    for i in range(n):
        units[i] = BAD_UNITS
        if not is_present(c, row + i):
            continue
        length = text_at(c, row + i, &text)
        if 0 < length <= 8 and end - text >= 8:        # so that a load of eight bytes stays in the column
            units[i] = quick_amount(dm_load64(text), length)
        if units[i] == BAD_UNITS:
            parse_amount(text, length, &a)
            units[i] = units_of(&a)


cdef inline void read_views_of_amounts(const Column* c, i64 row, int n, i64* units) noexcept nogil:
    """`read_units` of text views without a dictionary: eight bytes stand in the view itself."""
    cdef int i
    cdef i64 length
    cdef const u8* text = NULL
    cdef const u8* view = c.values + 16 * (row + c.offset)
    cdef Amount a
    for i in range(n):
        units[i] = BAD_UNITS
        if not is_present(c, row + i):
            continue
        length = dm_load32(view + 16 * i)
        if 0 < length <= 8:
            units[i] = quick_amount(dm_load64(view + 16 * i + 4), length)
        if units[i] == BAD_UNITS:
            length = text_at(c, row + i, &text)
            parse_amount(text, length, &a)
            units[i] = units_of(&a)


cdef inline int read_units(const Column* c, i64 row, int n, i64* units) noexcept nogil:
    """Units of n rows from `row` on; a status."""
    cdef int i, code
    cdef Amount a
    cdef i64 first = row + c.offset, value, factor, most
    cdef bint plain = c.layout == DECIMAL64 or c.layout == DECIMAL128
    cdef int at, some, words = 2 if c.layout == DECIMAL128 else 1
    cdef const u8* start
    if c.layout == FLOAT64:
        start = c.values + 8 * first
        for at in range(0, n, 64):
            some = min(n - at, 64)
            if quick_doubles(start + 8 * at, some, units + at) > 0:
                for i in range(at, at + some):
                    code = float_units(dm_load_double(start + 8 * i), False, &units[i])
                    if code != DONE:
                        return code
    elif c.layout == FLOAT32:
        for i in range(n):
            code = float_units(dm_load_float(c.values + 4 * (first + i)), True, &units[i])
            if code != DONE:
                return code
    elif INT8 <= c.layout <= UINT64:
        for i in range(n):
            value = integer_at(c.layout, c.values, first + i)
            units[i] = value * 10000 if value >= 0 and value <= <i64>922337203685477 else <i64>BAD_UNITS
    elif plain and 0 <= c.param <= UNITS_SCALE:
        factor = <i64>POWERS[UNITS_SCALE - c.param]
        most = <i64>0x7fffffffffffffff // factor
        for i in range(n):
            value = <i64>dm_load64(c.values + 8 * words * (first + i))
            if words == 2 and dm_load64(c.values + 16 * (first + i) + 8) != 0:
                value = BAD_UNITS
            units[i] = value * factor if value >= 0 and value <= most else <i64>BAD_UNITS
    elif (c.layout == TEXT or c.layout == LARGE_TEXT) and c.index_layout == 0 and c.money_form == NULL:
        read_texts_of_amounts(c, row, n, units)
        return DONE
    elif c.layout == VIEW and c.index_layout == 0 and c.money_form == NULL:
        read_views_of_amounts(c, row, n, units)
        return DONE
    else:
        for i in range(n):
            code = amount_at(c, row + i, &a)
            if code != DONE:
                return code
            units[i] = units_of(&a)
        return DONE
    if c.validity != NULL:
        for i in range(n):
            if not is_present(c, row + i):
                units[i] = BAD_UNITS
    return DONE
