# From a unit price and a quantity to units: the exact product, rounded once, half to even.
from cpython.exc cimport PyErr_SetObject
from native cimport dm_multiply, i32, i64, u32, u64, u8
from status cimport DONE, RAISED
from column cimport DECIMAL256, DECIMAL32, Column, is_text, text_of_row
from decimal cimport BAD_UNITS, UNITS_SCALE, Amount, cut_limbs, units_of
from money cimport amount_at
from money_text cimport PLAIN_BYTES, plain_number

cdef enum:
    SCALE_CLAMP = 1000000    # parse_amount's: a scale that was cut there is not the text's own


cdef inline i64 rounded_product(u64 a, u64 b, i32 scale, bint cut, bint below) noexcept nogil:
    """Units of a * b * 10**-scale; of what is a little more where `cut`, and of what is a little less where `below`."""
    cdef Amount product
    cdef u64 low, high
    cdef u32 limbs[4]
    low = dm_multiply(a, b, &high)
    if below:                # a product of cut factors is not 0
        high -= low == 0
        low -= 1
    limbs[0] = <u32>low
    limbs[1] = <u32>(low >> 32)
    limbs[2] = <u32>high
    limbs[3] = <u32>(high >> 32)
    cut_limbs(limbs, 4, scale, &product)
    product.sticky = product.sticky or cut or below
    if below and product.scale == scale:                        # nothing was cut off: nines follow
        product.next_digit = 9
    return units_of(&product)


cdef inline bint product_units(const Amount* price, const Amount* quantity, i64* units) noexcept nogil:
    """price * quantity in units; BAD_UNITS where either is unknown or the product is beyond the range. False where the
    digits that an Amount holds do not decide: where a factor was cut, the product lies between two bounds."""
    cdef bint cut_price = price.next_digit or price.sticky
    cdef bint cut_quantity = quantity.next_digit or quantity.sticky
    cdef i32 scale = price.scale + quantity.scale
    units[0] = BAD_UNITS
    if not price.known or not quantity.known:
        return True
    if (quantity.mantissa == 0 and not cut_quantity) or (price.mantissa == 0 and not cut_price):
        units[0] = 0
        return True
    if not -SCALE_CLAMP < price.scale < SCALE_CLAMP or not -SCALE_CLAMP < quantity.scale < SCALE_CLAMP:
        return False
    units[0] = rounded_product(price.mantissa, quantity.mantissa, scale, cut_price or cut_quantity, False)
    if not cut_price and not cut_quantity:
        return True
    return units[0] == rounded_product(price.mantissa + cut_price, quantity.mantissa + cut_quantity, scale, False, True)


cdef inline object exact_factor(const Column* c, i64 row, const Amount* a, object context):
    """A known amount with all of its digits, as a decimal.Decimal."""
    cdef const u8* text = NULL
    cdef i64 length = 0
    cdef i64 width
    cdef u8 plain[PLAIN_BYTES]
    if is_text(c):
        text_of_row(c, row, &text, &length)
        if c.money_form != NULL:
            length = plain_number(c.money_form, text, length, plain)
            text = plain
        return context.create_decimal((<bytes>text[:length]).decode("ascii").strip())   # which takes no blanks
    if DECIMAL32 <= c.layout <= DECIMAL256:
        width = 4 << (c.layout - DECIMAL32)
        text = c.values + width * (row + c.offset)
        number = int.from_bytes(<bytes>text[:width], "little")
        return context.scaleb(context.create_decimal(number), -<int>c.param)
    return context.scaleb(context.create_decimal(a.mantissa), -<int>a.scale)


cdef inline i64 exact_product(const Column* c, const Column* q, i64 row, const Amount* price,
                              const Amount* quantity) except -2:
    """`product_units` by decimal numbers of any length."""
    import decimal
    context = decimal.Context(decimal.MAX_PREC, decimal.ROUND_HALF_EVEN, decimal.MIN_EMIN, decimal.MAX_EMAX, traps=[])
    product = context.multiply(exact_factor(c, row, price, context), exact_factor(q, row, quantity, context))
    if not product.is_finite() or product.adjusted() > 20:      # so that no digits are made of a large exponent
        return BAD_UNITS
    if product.adjusted() < -20:
        return 0
    units = int(context.scaleb(product.quantize(decimal.Decimal("0.0001"), context=context), UNITS_SCALE))
    return units if units <= 0x7fffffffffffffff else BAD_UNITS


cdef inline int ask_python(const Column* c, const Column* q, i64 row, const Amount* price, const Amount* quantity,
                           i64* units) noexcept nogil:
    """`exact_product` of a row; a status."""
    with gil:
        try:
            units[0] = exact_product(c, q, row, price, quantity)
        except BaseException as error:
            PyErr_SetObject(type(error), error)
            return RAISED
    return DONE


cdef inline int read_products(const Column* c, const Column* q, i64 row, int n, i64* units) noexcept nogil:
    """Units of n rows from `row` on; a status."""
    cdef int i, code
    cdef Amount price, quantity
    for i in range(n):
        code = amount_at(c, row + i, &price)
        if code == DONE:
            code = amount_at(q, row + i, &quantity)
        if code != DONE:
            return code
        if not product_units(&price, &quantity, &units[i]):
            code = ask_python(c, q, row + i, &price, &quantity, &units[i])
            if code != DONE:
                return code
    return DONE
