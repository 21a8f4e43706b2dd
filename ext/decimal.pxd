# Exact decimal numbers: from text, wide integers and floats to (mantissa, scale), and from there to units.
from cpython.conversion cimport PyOS_double_to_string, PyOS_string_to_double
from cpython.exc cimport PyErr_SetObject
from cpython.mem cimport PyMem_Free
from libc.string cimport strlen
from native cimport POWERS, i32, i64, u32, u64, u8
from status cimport DONE, RAISED
from column cimport trim

cdef enum:
    UNITS_SCALE = 4          # units are 1/10,000 of the currency unit
    BAD_UNITS = -1           # no value: null, negative, not finite, not a number, or beyond int64 units
    ASK_PYTHON = -2          # a float whose shortest decimal form needs the interpreter's algorithm


cdef struct Amount:          # mantissa * 10**-scale, with what was cut off behind the mantissa
    u64 mantissa
    i32 scale
    u8 next_digit            # the first digit cut off
    bint sticky              # whether any later digit cut off is not 0
    bint known               # False: not a number that can be a value


cdef inline i64 units_of(const Amount* a) noexcept nogil:
    """Round half to even to units; BAD_UNITS where the amount is unknown or does not fit 63 bits."""
    cdef u64 q, r, power, half
    cdef int digits
    cdef bint up
    if not a.known:
        return BAD_UNITS
    digits = a.scale - UNITS_SCALE
    if digits <= 0:
        if a.mantissa == 0:
            return 0
        if digits < -18 or a.mantissa > <u64>0x7fffffffffffffff // POWERS[-digits]:
            return BAD_UNITS
        q = a.mantissa * POWERS[-digits]
        if digits < 0 and (a.next_digit or a.sticky):
            return BAD_UNITS      # a mantissa that was cut has 18 digits or more: times ten it does not fit
        up = a.next_digit > 5 or (a.next_digit == 5 and (a.sticky or q & 1))
    elif digits > 19:
        return 0                  # below 2**64 / 10**20: less than half a unit
    else:
        power = POWERS[digits]
        half = power // 2
        q = a.mantissa // power
        r = a.mantissa - q * power
        up = r > half or (r == half and (a.next_digit or a.sticky or q & 1))
    q += up
    return <i64>q if q <= <u64>0x7fffffffffffffff else <i64>BAD_UNITS


cdef inline void cut_limbs(u32* limbs, int n, int scale, Amount* a) noexcept nogil:
    """Fill `a` from n 32-bit limbs (lowest first), cutting digits off the end until 64 bits hold the mantissa."""
    cdef int i
    cdef u64 rest, part
    a.scale = scale
    a.next_digit = 0
    a.sticky = False
    a.known = True
    while True:
        while n > 2 and limbs[n - 1] == 0:
            n -= 1
        if n <= 2:
            break
        rest = 0
        for i in range(n - 1, -1, -1):
            part = (rest << 32) | limbs[i]
            limbs[i] = <u32>(part // 10)
            rest = part % 10
        a.sticky = a.sticky or a.next_digit != 0
        a.next_digit = <u8>rest
        a.scale -= 1
    a.mantissa = limbs[0] | ((<u64>limbs[1]) << 32 if n > 1 else 0)


cdef inline void parse_amount(const u8* text, i64 length, Amount* a) noexcept nogil:
    """Read blanks, a sign, digits with at most one point, an exponent; anything else is not known.

    A negative number is not known either, unless it is zero.
    """
    cdef i64 i = 0, exponent = 0
    cdef i64 scale = 0
    cdef int kept = 0
    cdef bint negative = False, point = False, any_digit = False, minus = False, cut = False
    cdef u8 c
    a.mantissa = 0
    a.next_digit = 0
    a.sticky = False
    a.known = False
    length = trim(&text, length)
    if length and (text[0] == 45 or text[0] == 43):
        negative = text[0] == 45
        i = 1
    while i < length:
        c = text[i]
        if 48 <= c <= 57:
            any_digit = True
            scale += point
            if kept < 19:
                a.mantissa = 10 * a.mantissa + (c - 48)
                kept += a.mantissa != 0
            else:
                scale -= 1
                if cut:
                    a.sticky = a.sticky or c != 48
                else:
                    a.next_digit = c - 48
                    cut = True
        elif c == 46 and not point:
            point = True
        else:
            break
        i += 1
    if not any_digit:
        return
    if i < length and (text[i] == 101 or text[i] == 69):
        i += 1
        if i < length and (text[i] == 45 or text[i] == 43):
            minus = text[i] == 45
            i += 1
        if i == length:
            return
        while i < length and 48 <= text[i] <= 57:
            if exponent < 100000000:
                exponent = 10 * exponent + text[i] - 48
            i += 1
        scale += exponent if minus else -exponent
    if i < length:
        return
    if negative and (a.mantissa or a.next_digit or a.sticky):
        return
    if scale < -1000000 or scale > 1000000:
        scale = -1000000 if scale < 0 else 1000000
    a.scale = <i32>scale
    a.known = True


cdef inline i64 units_of_double(double x) noexcept nogil:
    """Units of a float64 taken at its shortest decimal form, half to even; BAD_UNITS or ASK_PYTHON.

    Below 1e10, a decimal with four or five places has at most 15 digits, so no two of them share a double: comparing
    with the doubles of n and of n +- half a unit decides as the decimal form would, ties included.
    """
    cdef i64 n
    cdef double above, below
    if not (0.0 <= x < 1e10):
        return ASK_PYTHON if 1e10 <= x < 1e15 else <i64>BAD_UNITS
    n = <i64>(x * 1e4 + 0.5)
    if <double>n / 1e4 == x:
        return n
    above = <double>(10 * n + 5) / 1e5
    below = <double>(10 * n - 5) / 1e5
    if x > above or (x == above and n & 1):
        return n + 1
    if x < below or (x == below and n & 1):
        return n - 1
    return n


cdef inline i64 units_of_float(float x) noexcept nogil:
    """Units of a float32 at its shortest decimal form where that has at most two places and six digits."""
    cdef i64 n
    if not (0.0 <= x < 1e15):
        return BAD_UNITS
    if x < 1e4:
        n = <i64>(<double>x * 100.0 + 0.5)
        if n < 1000000 and <float>(<double>n / 100.0) == x:
            return 100 * n
    return ASK_PYTHON


cdef inline int amount_of_float(double x, bint single, Amount* a) noexcept nogil:
    """The shortest decimal that reads back as x (as a float32 where `single`), by the interpreter's own algorithm; a
    status, as that algorithm allocates."""
    cdef char* text = NULL
    cdef int precision
    cdef bint found = False
    a.next_digit = 0
    a.sticky = a.known = False
    if not (0.0 <= x <= 1.7976931348623157e308):
        return DONE
    with gil:
        try:
            for precision in range(9 if single else 1):
                text = PyOS_double_to_string(x, b'e' if single else b'r', precision, 0, NULL)
                parse_amount(<const u8*>text, <i64>strlen(text), a)
                found = not single or <float>PyOS_string_to_double(text, NULL, NULL) == <float>x
                PyMem_Free(text)
                text = NULL
                if found:
                    break
        except BaseException as error:
            PyMem_Free(text)
            PyErr_SetObject(type(error), error)
            return RAISED
    return DONE
