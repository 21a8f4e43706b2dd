"""Columns that say what a truth says: palettes of cells in each Arrow type, taken row by row. No package.

A palette has the cells of all classes and of what is missing or bad; a row's cell is one of its class, drawn.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Ints = npt.NDArray[np.int64]
Random = np.random.Generator

TEXT = ("string", "large_string", "string_view")
WIDTHS = {"int8": 8, "int16": 16, "int32": 32, "int64": 64, "uint8": 8, "uint16": 16, "uint32": 32, "uint64": 64}
PERSONS = (*TEXT, "dictionary", "binary", "folded", "composite", *WIDTHS, "date32")
DAYS = ("date32", "date64", "timestamp", "zoned", "text", "dictionary")
VALUES = ("int64", "int32", "uint32", "float64", "float32", "decimal128", "decimal256", "text", "dictionary")
QUANTITIES = ("int64", "uint8", "decimal128", "text")
UNITS = 10_000
LARGEST = 2**63 - 1
EPOCH = np.datetime64("1970-01-01")


class Palette(NamedTuple):
    """Cells, `spellings` for each class in turn, then those of class -1, missing."""

    cells: pa.Array
    classes: int
    spellings: int = 1

    def column(self, rng: Random, classes: Ints, coded: bool = False) -> pa.Array:
        """One cell a row, as a dictionary where it is `coded`."""
        at = classes * self.spellings
        if self.spellings > 1:
            at = at + rng.integers(0, self.spellings, len(at))
        missing = classes < 0
        if missing.any():
            at[missing] = rng.integers(self.classes * self.spellings, len(self.cells), int(missing.sum()))
        if coded:
            narrow = next(t for t in ("int8", "int16", "int32") if len(self.cells) <= 2 ** (WIDTHS[t] - 1))
            return pa.DictionaryArray.from_arrays(pa.array(at.astype(narrow)), self.cells)
        return taken(self.cells, at)


def taken(cells: pa.Array | pa.ChunkedArray, at: Ints) -> pa.Array | pa.ChunkedArray:
    """Cells by number, of views too, which pyarrow does not take."""
    if cells.type == pa.string_view():
        return cells.cast(pa.large_string()).take(pa.array(at)).cast(pa.string_view())
    return cells.take(pa.array(at))


def _spread(count: int, bits: int) -> npt.NDArray[np.uint64]:
    """Distinct numbers of so many bits that lie far apart."""
    spread = np.arange(count, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return spread & np.uint64(2**bits - 1)


def _names(count: int, pattern: str = "{} of No. {}") -> list[str]:
    short = ("Li", "Ann Example", "Jos\u00e9 \u00c1", "A rather long name of a firm that imports much & Sons")
    return [pattern.format(short[i * 7 % 4], i) for i in range(count)]


def persons(kind: str, count: int) -> Palette | None:
    """The palette of so many persons; None where the type cannot tell so many apart."""
    if kind in WIDTHS or kind == "date32":
        bits = WIDTHS.get(kind, 32)
        if count >= 2**bits:
            return None
        numbers = _spread(count, bits).astype(f"uint{bits}").view(f"int{bits}" if kind[0] != "u" else f"uint{bits}")
        return Palette(pa.concat_arrays([pa.array(numbers), pa.nulls(1, pa.array(numbers).type)]).cast(kind), count)
    names = _names(count)
    if kind == "folded":
        cells: list[str | None] = []
        for name in names:
            cells += [name, name.upper(), f"  {name.lower()} ", name.replace(" ", "\t \u3000")]
        return Palette(pa.array([*cells, None, "", " ", "unknown", "\u00a0"]), count, 4)
    missing = [None, "", "  ", "N/A", " unknown\t", "#n/a"]
    type_ = {"dictionary": "string", "composite": "string"}.get(kind, kind)
    return Palette(pa.array([*names, *missing], pa.string()).cast(pa.type_for_alias(type_)), count)


def days(kind: str, numbers: Ints) -> Palette:
    """The palette of days, given as numbers since 1970."""
    count = len(numbers)
    dates = pa.array(numbers.astype(np.int32)).cast(pa.date32())
    if kind in ("date32", "date64"):
        cells = pa.concat_arrays([dates, pa.nulls(1, pa.date32())]).cast(kind)
        return Palette(cells, count)
    if kind in ("timestamp", "zoned"):
        moments = (numbers[:, None] * 86_400 + np.array([0, 1, 43_200, 86_399])).ravel() * 1000
        moments[3::4] += 999
        type_ = pa.timestamp("ms", "UTC" if kind == "zoned" else None)
        return Palette(pa.concat_arrays([pa.array(moments), pa.nulls(1, pa.int64())]).cast(type_), count, 4)
    texts = [f"{day}{tail}" for day in np.datetime_as_string(EPOCH + numbers) for tail in ("", "T23:59:59", " 00:00")]
    return Palette(pa.array([*texts, None, "", "2024-02-30", "soon", "2024-2-1"]), count, 3)


class Amounts(NamedTuple):
    """Cells of a value or a quantity, and what each is exactly; None is bad."""

    cells: pa.Array
    exact: list[Fraction | None]

    def palette(self) -> Palette:
        """One class a cell."""
        return Palette(self.cells, len(self.cells))


def _fraction(text: str) -> Fraction | None:
    try:
        return Fraction(text.strip(" \t"))
    except (ValueError, ZeroDivisionError):
        return None


def _good(exact: Fraction | None) -> Fraction | None:
    return None if exact is None or exact < 0 else exact


def amounts(rng: Random, kind: str, limit: int, bad: bool, extreme: bool) -> Amounts:
    """Amounts of which some few reach the limit, given in units, and where asked for bad ones and those of more digits
    than a product is multiplied out with; the bad ones come last."""
    shares = np.array([0, 0.001, 0.125, 0.25, 0.3, 0.5, 0.75, 0.9, 1, 1.5])
    units = [*(int(limit * share) for share in shares), limit - 1, limit + 1, 1]
    units += [int(x) for x in rng.integers(0, max(2, limit), 12)]
    if kind in ("int64", "int32", "uint32"):
        whole = [min(u // UNITS, 2**31 - 1) for u in units]
        if bad:
            whole += [-1, -(2**31)] if kind != "uint32" else []
            whole += [LARGEST // UNITS, LARGEST // UNITS + 1, -(2**63), LARGEST] if kind == "int64" else []
        return Amounts(_with_null(pa.array(whole, kind), bad), [_good(Fraction(w)) for w in whole] + [None] * bad)
    if kind in ("float64", "float32"):
        floats = [np.dtype(kind).type(u / UNITS) for u in units if u / UNITS < 2**20 or kind == "float64"] + [
            np.dtype(kind).type(x) for x in (0.1, 0.30000000000000004, 0.00005, 0.00015, 7.00004999)
        ]
        texts = [str(x) for x in floats]
        if bad:
            floats += [np.dtype(kind).type(x) for x in ("nan", "inf", "-inf", "-0.01", "1e30", "9.3e14")]
            texts += ["nan", "inf", "inf", *(str(x) for x in floats[-3:])]
        exact = [_good(_fraction(text)) for text in texts]
        return Amounts(_with_null(pa.array(floats, kind), bad), exact + [None] * bad)
    if kind in ("decimal128", "decimal256"):
        scale = int(rng.choice([0, 2, 3, 4, 5, 9]))
        unscaled = [u * 10**scale // UNITS for u in units] + [5, 15, 25, 49, 50, 51, 150]
        if bad:
            unscaled += [-1, -(10**17)]
            unscaled += [-(10**30), 10**36, LARGEST * 10**scale // UNITS + 10**scale] if extreme else []
        width = 16 if kind == "decimal128" else 32
        words = b"".join(n.to_bytes(width, "little", signed=True) for n in unscaled)
        type_ = getattr(pa, kind)(38, scale)
        cells = pa.Array.from_buffers(type_, len(unscaled), [None, pa.py_buffer(words)])
        return Amounts(_with_null(cells, bad), [_good(Fraction(n, 10**scale)) for n in unscaled] + [None] * bad)
    texts = [f"{u // UNITS}.{u % UNITS:04}" for u in units]
    texts += [" 1 ", "+5", ".5", "7.", "1e2", "2.5E-1", "0.00005", "0.00015"]
    texts += ["0.000149999999999999999999", "1e-400"] if extreme else []
    if bad:
        texts += ["", "-1", "x", "1,000.00", "$5", "NaN", "inf", "0x10", "1_0", "1 2"]
        texts += ["1e400", "922337203685477.5808"] if extreme else []
    exact = [None if set(t) & set("_$,x") else _good(_fraction(t) if len(t) < 30 else None) for t in texts]
    exact = [Fraction(0) if t == "1e-400" else None if t == "1e400" else e for t, e in zip(texts, exact, strict=True)]
    return Amounts(_with_null(pa.array(texts), bad), exact + [None] * bad)


def quantities(rng: Random, kind: str, bad: bool) -> Amounts:
    """Small numbers."""
    if kind == "decimal128":
        numbers = [Fraction(n, 100) for n in (100, 50, 200, 1, 0, 333)] + ([Fraction(-2)] if bad else [])
        unscaled = b"".join(int(n * 100).to_bytes(16, "little", signed=True) for n in numbers)
        cells = pa.Array.from_buffers(pa.decimal128(12, 2), len(numbers), [None, pa.py_buffer(unscaled)])
        return Amounts(_with_null(cells, bad), [_good(n) for n in numbers] + [None] * bad)
    whole = [1, 2, 0, 3, 7] + ([-1] if bad and kind != "uint8" else [])
    exact = [_good(Fraction(n)) for n in whole] + [None] * bad
    cells = pa.array([str(n) for n in whole]) if kind == "text" else pa.array(whole, kind)
    return Amounts(_with_null(cells, bad), exact)


def products(prices: Amounts, numbers: Amounts | None) -> npt.NDArray[np.int64]:
    """Units by price and quantity, rounded half to even; -1 is bad."""
    by: list[list[int]] = []
    for price in prices.exact:
        by.append([])
        for number in [Fraction(1)] if numbers is None else numbers.exact:
            exact = -1 if price is None or number is None else _rounded(price * number * UNITS)
            by[-1].append(exact if exact <= LARGEST else -1)
    return np.array(by, np.int64)


def _rounded(x: Fraction) -> int:
    whole, twice = x.numerator // x.denominator, 2 * (x.numerator % x.denominator)
    return whole + (twice > x.denominator or (twice == x.denominator and whole % 2 == 1))


def _with_null(cells: pa.Array, bad: bool) -> pa.Array:
    return pa.concat_arrays([cells, pa.nulls(1, cells.type)]) if bad else cells


def in_chunks(rng: Random, table: pa.Table) -> pa.Table:
    """The same rows in batches of drawn sizes."""
    rows = table.num_rows
    count = int(rng.integers(0, 1 + min(40, rows)))
    cuts = [0, *np.sort(rng.integers(0, rows + 1, count)).tolist(), rows]
    if rng.random() < 0.3:
        cuts = [0, rows]
    batches = [table.slice(a, b - a).combine_chunks() for a, b in pairwise(cuts)]
    return pa.concat_tables(batches) if batches else table
