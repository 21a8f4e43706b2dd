"""The Arrow types that each role may have, each with a small pool of plain values that share groups and tie."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import oracle
import pyarrow as pa
from oracle import Instant

PLACEHOLDERS = ("N/A", "unknown", "Not Given")


@dataclass(frozen=True)
class Kind:
    """An Arrow type, its plain values, its odd ones (missing, bad, extreme), and what pyarrow takes for either."""

    type: pa.DataType
    pool: Sequence[Any]
    odd: Sequence[Any] = ()
    stored: Callable[[Any], Any] = lambda plain: plain

    def __repr__(self) -> str:
        return str(self.type)


NAMES = ("A", "B", "A ", "a", "AB", "Jos\u00e9", "Jose\u0301", "A\0", "0", "00", "17850.0", "nbsp\u00a0",
         "Mary Garcia 18230044 Oak St", "Mary Garcia 18230044 Oak Sr", "x" * 12, "x" * 13)  # fmt: skip
NO_NAMES = ("", "  ", "\t", "n/a", " Unknown ", "NOT given")
FIXED = (b"AAA", b"AAB", b"BAA", b"\0\0\0", b"\xff\xfe\0")
NO_FIXED = (b"   ", b"N/A")
SIGNED = {pa.int8(): 8, pa.int16(): 16, pa.int32(): 32, pa.int64(): 64}
UNSIGNED = {pa.uint8(): 8, pa.uint16(): 16, pa.uint32(): 32, pa.uint64(): 64}
INTEGERS = (*SIGNED, *UNSIGNED)
TEXT_TYPES = (pa.string(), pa.large_string(), pa.string_view())
BYTES_TYPES = (pa.binary(), pa.large_binary())


def as_bytes(plain: str | bytes) -> bytes:
    return plain.encode() if isinstance(plain, str) else plain


def as_milliseconds(day: int) -> int:
    return day * 86_400_000


def bounds(type_: pa.DataType) -> tuple[int, int]:
    """The least and the largest integer of a type."""
    if type_ in UNSIGNED:
        return 0, 2 ** UNSIGNED[type_] - 1
    half = 2 ** (SIGNED[type_] - 1)
    return -half, half - 1


def integers(type_: pa.DataType, pool: Sequence[int], odd: Sequence[int] = ()) -> Kind:
    """The integers that the type can hold, and its bounds."""
    low, high = bounds(type_)
    return Kind(type_, [n for n in pool if low <= n <= high], [low, high, *(n for n in odd if low <= n <= high)])


def person_kinds() -> list[Kind]:
    plain = [Kind(t, NAMES, NO_NAMES) for t in TEXT_TYPES]
    plain += [Kind(t, [*map(as_bytes, NAMES)], [*map(as_bytes, NO_NAMES)]) for t in BYTES_TYPES]
    plain.append(Kind(pa.binary(3), FIXED, NO_FIXED))
    coded = [(pa.int32(), kind) for kind in plain] + list(zip(INTEGERS, (plain * 2)[: len(INTEGERS)], strict=True))
    kinds = plain + [dataclasses.replace(kind, type=pa.dictionary(index, kind.type)) for index, kind in coded]
    kinds += [integers(t, (0, 1, 2, 3)) for t in INTEGERS]
    kinds.append(Kind(pa.dictionary(pa.int16(), pa.int64()), (0, 1, -(2**63))))
    kinds.append(Kind(pa.date32(), (0, 1, 2), (-1, 2**31 - 1, -(2**31))))
    kinds.append(Kind(pa.date64(), (0, 1, 2), (-1,), as_milliseconds))
    kinds.append(Kind(pa.bool_(), (False, True)))
    return kinds


DAYS = tuple((date(2024, 2, 28) - oracle.EPOCH).days + i for i in range(3))
ZONES = ("UTC", "America/New_York", "Asia/Tokyo")
TIMES = ("", "T00:00", " 23:59", "T23:59:59", " 08:26:00.123", "T01:00:00Z", "T23:59:59.999999-05:00", " 00:00+0900",
         "T23:59:59-05")  # fmt: skip
NO_DAYS = ("", " ", "2024-02-30", "2024-13-01", "2024-2-28", "02/28/2024", "20240228", "today", "2024-02-28T24:00",
           "2024-02-28x", "2024-02-28T1:00", " 2024-02-28")  # fmt: skip


def instants(unit: str, zone: str | None) -> Kind:
    """Ticks at, after and just before midnights, and in the zones' shifted days; the odd ones are before 1970."""
    per_second = oracle.TICKS_PER_SECOND[unit]

    def around(days: Sequence[int]) -> list[Instant]:
        moments = [day * 86_400 + second for day in days for second in (0, 14_400, 18_000, 54_000)]
        return [Instant(moment * per_second - back, unit, zone) for moment in moments for back in (0, 1)]

    return Kind(pa.timestamp(unit, zone), around(DAYS), around((-1, 0)), lambda instant: instant.ticks)


def day_kinds() -> list[Kind]:
    texts = [(oracle.EPOCH + timedelta(days=day)).isoformat() + time for time in TIMES for day in DAYS]
    kinds = [Kind(t, texts, NO_DAYS) for t in (*TEXT_TYPES, pa.dictionary(pa.int8(), pa.string()))]
    kinds.append(Kind(pa.date32(), DAYS, (-1, 0, 2**31 - 1, 1 - 2**31)))
    kinds.append(Kind(pa.date64(), DAYS, (-1, 0), as_milliseconds))
    kinds += [instants(unit, zone) for unit in oracle.TICKS_PER_SECOND for zone in (None, *ZONES)]
    return kinds


def amounts(limit: Decimal) -> tuple[Decimal, ...]:
    """Parts of the limit that add up to it exactly, and amounts one unit from it."""
    parts = [limit * part / 16 for part in (0, 1, 2, 4, 5, 8, 11, 16)]
    unit = Decimal("0.0001")
    return (*parts, limit - unit, limit + unit, unit, limit * 3, Decimal(1))


LARGEST_WHOLE = oracle.LARGEST // oracle.UNITS
ODD_FLOATS = (-1.0, -0.0, 1e-5, -1e-5, 0.00005, 0.00015, 5e-324, 1e300, 9.2e14, 9.3e14,
              float("nan"), float("inf"), -float("inf"))  # fmt: skip
ODD_TEXTS = (" 1 ", "+1", "-1", "-0", "-0.00001", ".5", "5.", "1e1", "2.5E-1", "0.00005", "0.00015",
             "0.000050000000000000000000001", "1e400", "1e-400", "", " ", "1,000.00", "$5", "NaN", "inf", "1 2", "0x10",
             "1_0", "e1", ".", "-", "--1", "1e", "1e+", "\u0663", "922337203685477.5807",
             "922337203685477.5808")  # fmt: skip
DECIMALS = ((pa.decimal32, 9), (pa.decimal64, 18), (pa.decimal128, 38), (pa.decimal256, 76))
SCALES = (-2, 0, 2, 4, 5, 7)


def decimals(type_: pa.DataType, pool: Sequence[int], odd: Sequence[int]) -> Kind:
    """A decimal column of unscaled integers, which are what is stored."""

    def plain(unscaled: Sequence[int]) -> list[Decimal]:
        return [Decimal(f"{n}E{-type_.scale}") for n in unscaled]

    return Kind(type_, plain(pool), plain(odd), lambda x: int(Fraction(x) * Fraction(10) ** type_.scale))


def decimal_amounts(type_: pa.DataType, limit: Decimal) -> Kind:
    """Amounts that the scale can hold; the odd ones are finer than a unit where it has such digits, and extreme."""
    scaled = [Fraction(amount) * Fraction(10) ** type_.scale for amount in amounts(limit)]
    largest = 10**type_.precision - 1
    held = [int(n) for n in scaled if n.denominator == 1 and n <= largest]
    return decimals(type_, held, (1, 5, 15, 49, 50, 51, 150, -1, largest, -largest))


def value_kinds(limit: Decimal) -> list[Kind]:
    whole = [int(amount) for amount in amounts(limit) if amount == int(amount)]
    floats = [*map(float, amounts(limit)), 0.1, 0.3]
    texts = [*map(str, amounts(limit))]
    kinds = [Kind(t, texts, ODD_TEXTS) for t in (*TEXT_TYPES, pa.dictionary(pa.int8(), pa.string()))]
    kinds += [integers(t, whole, (-1, LARGEST_WHOLE, LARGEST_WHOLE + 1)) for t in INTEGERS]
    kinds.append(Kind(pa.float64(), floats, ODD_FLOATS))
    with np.errstate(over="ignore", under="ignore"):
        kinds.append(Kind(pa.float32(), [*map(np.float32, floats)], [*map(np.float32, ODD_FLOATS)]))
    kinds += [decimal_amounts(make(precision, scale), limit) for make, precision in DECIMALS for scale in SCALES]
    return kinds


QUANTITIES = (
    Kind(pa.int64(), (1, 2, 0, 3), (-1, 2**40)),
    Kind(pa.uint8(), (1, 2, 0), (255,)),
    Kind(pa.float64(), (1.0, 0.5, 2.0), (0.0001, -1.0, float("nan"))),
    decimals(pa.decimal128(12, 5), (100_000, 50_000), (5, -200_000)),
    Kind(pa.string(), ("1", "2", "0.5"), ("-1", "x", "")),
)
PERSONS = person_kinds()
DAY_KINDS = day_kinds()
