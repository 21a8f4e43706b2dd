"""Every type of value becomes units, 1/10,000 of the currency unit, exactly; read back as totals of one row each."""

from __future__ import annotations

import struct
from decimal import Context, Decimal
from random import Random
from typing import Any

import numpy as np
import oracle
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kinds import DECIMALS, ODD_TEXTS, QUANTITIES, SCALES, amounts, decimal_amounts, value_kinds
from strategies import stored

import deminimis as dm


def totals(values: pa.Array, quantities: pa.Array | None = None) -> list[Decimal | None]:
    """The value that each row is taken at, None where it is bad: every row is a person of its own."""
    persons = pa.array(range(len(values)), pa.int32())
    columns = {"person": persons, "day": pa.array([0] * len(values), pa.date32()), "value": values}
    roles = {"person": "person", "day": "day", "value": "value"}
    if quantities is not None:
        columns["quantity"] = quantities
        roles["quantity"] = "quantity"
    scored = dm.score(pa.table(columns), **roles, limit=800)
    pairs = zip(scored.reason.to_pylist(), scored.total.to_pylist(), strict=True)
    return [None if reason == "bad-value" else total for reason, total in pairs]


def expected(values: list[Any], quantities: list[Any] | None = None) -> list[Decimal | None]:
    pairs = zip(values, quantities or [1] * len(values), strict=True)
    units = [oracle.units(value, quantity) for value, quantity in pairs]
    return [None if n is None else Decimal(n).scaleb(-4) for n in units]


@pytest.mark.parametrize("kind", value_kinds(Decimal(800)), ids=repr)
def test_named_values(kind: Any) -> None:
    """Amounts around the limit, digits beyond a unit, the type's bounds and bad values, in every type."""
    values = [*kind.pool, *kind.odd]
    assert totals(stored([kind.stored(value) for value in values], kind.type)) == expected(values)


@pytest.mark.parametrize(
    ("text", "total"),
    [
        ("0.00005", "0.0000"),
        ("0.00015", "0.0002"),
        ("0.00025", "0.0002"),
        ("0.000050000000000000000000000000000000000000001", "0.0001"),
        ("1e-5", "0.0000"),
        ("12.5e1", "125.0000"),
        ("  7\t", "7.0000"),
        ("000000000000000000000000000000000000000000000000000001", "1.0000"),
        ("922337203685477.5807", "922337203685477.5807"),
        ("922337203685477.58075", None),
        ("9223372036854775807", None),
        ("0e999999999999999999999", "0.0000"),
        ("1e-999999999999999999999", "0.0000"),
        ("1e999999999999999999999", None),
        ("1\u00a0", None),
        ("\uff11", None),
        ("1\0", None),
        ("1,5", None),
        ("(5)", None),
        ("Infinity", None),
    ],
)
def test_text(text: str, total: str | None) -> None:
    """Text is a plain number, rounded half to even at the fourth decimal, or it is a bad value."""
    assert totals(pa.array([text])) == [None if total is None else Decimal(total)]


DIGITS = st.text("0123456789", max_size=25)
NUMBERS = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["", "", " ", "+", "-"]),
    DIGITS,
    st.sampled_from(["", "."]),
    DIGITS,
    st.one_of(st.just(""), st.integers(-40, 40).map("e{}".format), st.sampled_from(["E+3", "E", " "])),
)


@given(st.lists(st.text("0123456789." + "+-e \0/:", max_size=9), min_size=1, max_size=40))
def test_short_text(texts: list[str]) -> None:
    """Up to eight bytes are read at once where they are digits and a point, and the same as any longer text."""
    assert totals(pa.array(texts)) == expected(texts)
    assert totals(pa.array(texts, pa.large_string())) == expected(texts)
    assert totals(pa.array(texts, pa.string_view())) == expected(texts)


def test_every_short_number() -> None:
    """All places of the point among up to eight digits, and two points."""
    digits = "90817263"
    texts = [digits[:n] for n in range(9)]
    texts += [text[:at] + "." + text[at:] for text in texts for at in range(len(text) + 1)]
    texts += [text + "." for text in texts] + ["." + text for text in texts]
    assert totals(pa.array(texts)) == expected(texts)
    assert totals(pa.array(texts + ["0"] * 8).slice(0, len(texts))) == expected(texts)
    assert totals(pa.array([None, *texts], pa.string_view()).slice(1)) == expected(texts)


@given(st.lists(st.one_of(NUMBERS, st.sampled_from(ODD_TEXTS), st.text(max_size=6)), max_size=50))
def test_any_text(texts: list[str]) -> None:
    """Whatever the text, the amount is the oracle's."""
    assert totals(pa.array(texts, pa.string())) == expected(texts)
    assert totals(pa.array(texts, pa.string_view())) == expected(texts)


@given(st.lists(st.floats(), max_size=50), st.lists(st.floats(width=32), max_size=50))
def test_any_float(doubles: list[float], singles: list[float]) -> None:
    """A float is taken at its shortest decimal form, in its own width."""
    assert totals(pa.array(doubles, pa.float64())) == expected(doubles)
    narrow = list(np.array(singles, np.float32))
    assert totals(pa.array(narrow, pa.float32())) == expected(narrow)


@pytest.mark.parametrize("decimals", [1, 2, 3, 4, 5, 6, 8])
def test_many_floats(decimals: int) -> None:
    """Thousands of floats of each number of decimals, among them all ties at half a unit."""
    random = Random(decimals)
    doubles = [random.randrange(10 ** random.randrange(1, 16)) / 10**decimals for _ in range(3_000)]
    assert totals(pa.array(doubles, pa.float64())) == expected(doubles)
    singles = list(np.array(doubles, np.float32))
    assert totals(pa.array(singles, pa.float32())) == expected(singles)


def test_floats_of_any_bits() -> None:
    """Floats of random bits whose value is in the range of units."""
    random = Random(0)
    bits = [(random.randrange(1023 - 20, 1023 + 51) << 52) | random.getrandbits(52) for _ in range(5_000)]
    doubles = [struct.unpack("<d", word.to_bytes(8, "little"))[0] for word in bits]
    assert totals(pa.array(doubles, pa.float64())) == expected(doubles)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize(("make", "precision"), DECIMALS)
@given(st.data())
def test_any_decimal(make: Any, precision: int, scale: int, data: st.DataObject) -> None:
    """Decimals of every width and scale, below zero and beyond four digits too."""
    kind = decimal_amounts(make(precision, scale), Decimal(8))
    bound = 10**precision - 1
    near = st.integers(-(10**6), min(bound, 10**6))
    unscaled = data.draw(st.lists(st.one_of(near, st.integers(-bound, bound)), max_size=30))
    values = [Decimal(f"{n}E{-scale}") for n in unscaled]
    assert totals(stored(unscaled, kind.type)) == expected(values)


VALUES = [kind for kind in value_kinds(Decimal(8)) if kind.type in (pa.int64(), pa.float64(), pa.float32(), pa.string(),
          pa.decimal128(38, 7), pa.decimal32(9, -2))]  # fmt: skip


@pytest.mark.parametrize("quantity", QUANTITIES, ids=repr)
@pytest.mark.parametrize("price", VALUES, ids=repr)
def test_price_times_quantity(price: Any, quantity: Any) -> None:
    """The product is exact before it is rounded; a negative or unreadable factor is a bad value by itself."""
    pairs = [(p, q) for p in (*price.pool, *price.odd) for q in (*quantity.pool, *quantity.odd)]
    prices, quantities = [p for p, _ in pairs], [q for _, q in pairs]
    got = totals(
        stored([price.stored(p) for p in prices], price.type),
        stored([quantity.stored(q) for q in quantities], quantity.type),
    )
    assert got == expected(prices, quantities)


LONG = st.builds("{}{}.{}".format, st.sampled_from(["", " ", "+"]), st.text("0123456789", max_size=30),
                 st.text("0123456789", min_size=1, max_size=60))  # fmt: skip


@st.composite
def near_ties(draw: st.DrawFn) -> tuple[str, str]:
    """A price and a quantity whose product lies next to half a unit, by less than any fixed number of digits tells."""
    ties = 2 * draw(st.integers(0, 10 ** draw(st.integers(1, 18)))) + 1  # halves of a unit
    quantity, places = draw(st.integers(1, 10 ** draw(st.integers(1, 19)))), draw(st.integers(5, 70))
    price = ties * 10**places // (20_000 * quantity) + draw(st.integers(0, 1))
    return f"{price // 10**places}.{price % 10**places:0{places}}", str(quantity)


@given(st.lists(st.one_of(st.tuples(LONG, LONG), near_ties()), min_size=1, max_size=40))
def test_product_of_many_digits(pairs: list[tuple[str, str]]) -> None:
    """However many digits price and quantity have, the product is exact, and rounded once."""
    prices, quantities = [p for p, _ in pairs], [q for _, q in pairs]
    assert totals(pa.array(prices), pa.array(quantities)) == expected(prices, quantities)
    assert totals(pa.array(quantities), pa.array(prices).dictionary_encode()) == expected(quantities, prices)


@given(st.lists(st.tuples(st.integers(0, 10**76 - 1), near_ties()), min_size=1, max_size=20), st.integers(20, 75))
def test_product_of_a_wide_decimal(pairs: list[tuple[int, tuple[str, str]]], scale: int) -> None:
    """So it is of decimals wider than 64 bits, by text or by a float."""
    prices = [Decimal(n).scaleb(-scale, Context(prec=80)) for n, _ in pairs]
    texts, floats = [near[0] for _, near in pairs], [float(near[0][:12]) for _, near in pairs]
    array = pa.array(prices, pa.decimal256(76, scale))
    assert totals(array, pa.array(texts)) == expected(prices, texts)
    assert totals(pa.array(floats), array) == expected(floats, prices)


@pytest.mark.parametrize(
    ("price", "quantity", "total"),
    [
        ("641617530009220.934700005", "1", "641617530009220.9347"),
        ("0.1", "1000000000000000.0006", "100000000000000.0001"),
        ("0.000016666666666666666666666666666666666666666667", "3", "0.0001"),
        ("0.000016666666666666666666666666666666666666666666", "3", "0.0000"),
        ("922337203685477.58074999999999999999999999999999999", "1.00000000000000000000000000000001", None),
        ("922337203685477.58074999999999999999999999999999999", "1", "922337203685477.5807"),
        ("9" * 40, "0." + "0" * 39 + "1", "1.0000"),
        ("1e3000000", "1e-3000000", "1.0000"),
        ("1e3000000", "1e-2000000", None),
        ("1e-3000000", "1e2000000", "0.0000"),
        ("0", "1e3000000", "0.0000"),
        ("1" + "0" * 5000 + "e-5000", "7", "7.0000"),
    ],
)
def test_product(price: str, quantity: str, total: str | None) -> None:
    """A product is bad only where it lies beyond the range of units."""
    assert totals(pa.array([price]), pa.array([quantity])) == [None if total is None else Decimal(total)]


def test_quantity_missing() -> None:
    """A quantity of null is a bad value."""
    assert totals(pa.array([5, 5]), pa.array([None, 2])) == [None, Decimal(10)]


@pytest.mark.parametrize("value", [2**62 // oracle.UNITS, oracle.LARGEST // oracle.UNITS, 1])
def test_total_beyond_64_bits(value: int) -> None:
    """A total that leaves 64 bits is over the limit and still exact."""
    rows = 5_000
    table = pa.table({"person": ["A"] * rows, "day": ["2024-06-01"] * rows, "value": [value] * rows})
    scored = dm.score(table, person="person", day="day", value="value", limit=4_999)
    assert set(scored.reason.to_pylist()) == {"over-limit"}
    assert set(scored.total.to_pylist()) == {Decimal(value * rows)}


def test_equal_totals_of_every_amount() -> None:
    """Amounts that add up to the limit do, and one unit more does not."""
    parts = [amount for amount in amounts(Decimal(800)) if amount <= 800]
    for extra, reason in (("0", "eligible"), ("0.0001", "over-limit")):
        values = [part for amount in parts for part in (amount, 800 - amount)]
        persons = [i // 2 for i in range(len(values))]
        values = [*values, *[Decimal(extra)] * len(parts)]
        persons = [*persons, *range(len(parts))]
        table = pa.table(
            {
                "person": persons,
                "day": pa.array([0] * len(values), pa.date32()),
                "value": pa.array(values, pa.decimal128(18, 4)),
            }
        )
        scored = dm.score(table, person="person", day="day", value="value", limit=800)
        assert set(scored.reason.to_pylist()) == {reason}
