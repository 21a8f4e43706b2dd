# A text to an amount where other signs are set: a decimal comma, thousands, currencies, accounting's brackets.
from native cimport i64, u8
from column cimport trim
from decimal cimport Amount, parse_amount
from fold cimport lower
from forms cimport MoneyForm, Sign

cdef enum:
    PLAIN_BYTES = 128        # a number that is longer is not read


cdef inline int sign_at(const Sign* signs, int n, const u8* text, i64 length) noexcept nogil:
    """The bytes of the first of n signs that the text begins with, whatever the case; 0 for none."""
    cdef int i, j
    for i in range(n):
        j = 0
        while j < signs[i].length and j < length and lower(text[j]) == signs[i].text[j]:
            j += 1
        if j == signs[i].length:
            return j
    return 0


cdef inline int sign_before(const Sign* signs, int n, const u8* text, i64 length) noexcept nogil:
    """The bytes of the first of n signs that the text ends with; 0 for none."""
    cdef int i
    for i in range(n):
        if signs[i].length <= length and sign_at(&signs[i], 1, text + length - signs[i].length, signs[i].length):
            return signs[i].length
    return 0


cdef inline i64 trim_hard(const u8** text, i64 length) noexcept nogil:
    """`trim`, of blanks that do not break (U+00A0, U+202F) too, as they stand between a number and its currency."""
    cdef i64 before = -1
    while length != before:
        before = length = trim(text, length)
        if length > 1 and text[0][0] == 0xc2 and text[0][1] == 0xa0:
            text[0] += 2
            length -= 2
        if length > 1 and text[0][length - 2] == 0xc2 and text[0][length - 1] == 0xa0:
            length -= 2
        if length > 2 and text[0][0] == 0xe2 and text[0][1] == 0x80 and text[0][2] == 0xaf:
            text[0] += 3
            length -= 3
        if length > 2 and text[0][length - 3] == 0xe2 and text[0][length - 2] == 0x80 and text[0][length - 1] == 0xaf:
            length -= 3
    return length


cdef inline i64 bare_number(const MoneyForm* form, const u8** text, i64 length, bint* negative) noexcept nogil:
    """Move `text` past blanks, one sign, a currency, and brackets or a minus behind that say negative; the length of
    what lies between them. Whatever is there twice stays, so that it is no number."""
    cdef bint signed = False, before = False, behind = False
    cdef int read
    while True:
        length = trim_hard(text, length) if form.currency_signs else trim(text, length)
        if length == 0:
            return 0
        if not signed and (text[0][0] == 45 or text[0][0] == 43):
            signed, negative[0] = True, text[0][0] == 45
            text[0] += 1
            length -= 1
            continue
        if not form.currency_signs:
            return length
        if not signed and length > 1 and text[0][0] == 40 and text[0][length - 1] == 41:
            signed = negative[0] = True
            text[0] += 1
            length -= 2
            continue
        if not signed and text[0][length - 1] == 45:
            signed = negative[0] = True
            length -= 1
            continue
        read = 0 if before else sign_at(form.currencies, form.n_currencies, text[0], length)
        if read:
            before = True
            text[0] += read
            length -= read
            continue
        read = 0 if behind else sign_before(form.currencies, form.n_currencies, text[0], length)
        if read == 0:
            return length
        behind = True
        length -= read


cdef inline int plain_number(const MoneyForm* form, const u8* text, i64 length, u8* plain) noexcept nogil:
    """Write a text with the signs of a form as a plain number, of PLAIN_BYTES at most; its length, 0 where it is none.
    Where thousands are marked, all of them are, three digits apart."""
    cdef int n = 0, digits = 0, read
    cdef i64 i = 0
    cdef bint negative = False, marked = False, point = False
    length = bare_number(form, &text, length, &negative)
    plain[0] = 45
    n = negative
    while i < length:
        if n == PLAIN_BYTES:
            return 0
        if 48 <= text[i] <= 57:
            plain[n] = text[i]
            digits += not point
        elif text[i] == form.decimal and not point:
            plain[n] = 46
            point = True
        elif lower(text[i]) == 101:                # an exponent, which has no such signs
            if length - i > PLAIN_BYTES - n:
                return 0
            while i < length:
                plain[n] = text[i]
                n += 1
                i += 1
            break
        else:
            read = 0 if point else sign_at(form.thousands, form.n_thousands, text + i, length - i)
            if read == 0 or not 1 <= digits <= 3 or (marked and digits != 3):
                return 0
            marked = True
            digits = 0
            i += read
            continue
        n += 1
        i += 1
    return 0 if marked and digits != 3 else n


cdef inline void written_amount(const MoneyForm* form, const u8* text, i64 length, Amount* a) noexcept nogil:
    """`parse_amount` of a text with the signs of a form."""
    cdef u8 plain[PLAIN_BYTES]
    parse_amount(plain, plain_number(form, text, length, plain), a)
