"""A made-up manifest for the demo: people who do not exist buy things, and the feed has the faults that feeds have.

The same rows and seed give the same manifest. Nothing is scored here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ..errors import InputError

SEED = 321
ROLES: dict[str, Any] = {
    "person": ["consignee", "postcode"],
    "day": "arrival",
    "value": "value_usd",
    "origin": "origin",
    "excluded": "addcvd",
    "rule": "us-321",
    "normalize": "fold",
}
"""How `manifest` is meant to be scored: these are arguments of `score`."""

Integers: TypeAlias = npt.NDArray[np.int64]
Truths: TypeAlias = npt.NDArray[np.bool_]

_FIRST = (
    "Ada Aisha Alan Alma Amir Ana Bao Beth Carl Chen Chloe Dana David Diego Elif Emma Eric Eva Farid Fatima Finn "
    "Gina Grace Hana Hugo Ian Ines Ivan Jada James Jan Jin John José Julia Kai Karl Kofi Lara Lea Liam Linh Lucia "
    "Luis Maria Mark Maya Mei Mina Nadia Nina Noah Nora Olga Omar Oscar Pablo Paula Petra Priya Quinn Rahul Rosa "
    "Ruth Sam Sara Sofia Sven Tara Theo Tomas Uma Vera Viktor Wei Wen Yara Yusuf Zoe Zuri"
)
_LAST = (
    "Abbott Adams Ali Alvarez Anders Baker Bauer Becker Bell Bianchi Brown Bui Burns Castro Chan Chavez Cheng "
    "Clark Cohen Cole Costa Cruz Dang Davis Diaz Dubois Edwards Evans Farah Fischer Flores Ford Fox Garcia Gomez "
    "Gray Green Gupta Haddad Hall Hansen Harris Hayes Hill Ho Hughes Ibrahim Ito Jackson Jensen Jones Joshi Kaur "
    "Keller Khan Kim King Klein Kumar Lam Larsen Lee Lewis Li Lin Lopez Malik Martin Meyer Mills Mora Müller Nagy "
    "Nelson Nguyen Nowak O'Brien Okafor Olsen Ortiz Owens Park Patel Perez Petrov Pham Quist Ramos Reed Reyes "
    "Rossi Roy Ruiz Saito Santos Sato Schmidt Silva Singh Smith Stone Sun Suzuki Tan Taylor Tran Turner Ueda "
    "Usman Vargas Vega Vu Walker Wang Weber White Wong Wood Wu Yang Young Zhang Zhou"
)
_FIRMS = ("Northgate Fulfilment LLC", "Harbor Returns Inc", "Plaza Gifts", "Bright Lane Outlet", "Kestrel Trading Co")
_NOBODY = ("N/A", "UNKNOWN", "")
_POSTCODES = ("", *(f"{code:05}" for code in range(501, 99_951, 10)))
_ORIGINS = ("CN", "CN", "CN", "CN", "HK", "VN", "DE", "GB", "IN", "TR")
_DAY_FIRST = 20_179  # 2025-04-01, in days since 1970-01-01: a month before China and Hong Kong are out
_DAYS = 44
_ROWS_MOST = 100_000_000


def manifest(rows: int = 1_000_000, seed: int = SEED) -> pa.Table:
    """Make a manifest of parcels over six weeks, nearly in order of arrival.

    Parameters
    ----------
    rows : int
        From 1 to 100 million.
    seed : int
        Another seed gives another manifest.

    Returns
    -------
    pyarrow.Table
        `shipment` and `consignee` and `postcode` (text), `arrival` (date32), `value_usd` (decimal128(10, 2)),
        `origin` (text), `addcvd` (bool: goods under anti-dumping or countervailing duty). One row in a few hundred
        lacks its person, its arrival or its value, or has a negative one.
    """
    if not 1 <= rows <= _ROWS_MOST:
        raise InputError(f"a demo has from 1 to {_ROWS_MOST:,} rows, not {rows:,}")
    rng = np.random.Generator(np.random.SFC64(seed))
    person, is_known = _persons(rng, rows), rng.random(rows, np.float32) >= 0.004
    columns = {
        "shipment": _numbered(rows),
        "consignee": _consignees(rng, person, is_known),
        "postcode": _chosen(_POSTCODES, np.where(is_known, person * 7_919 % (len(_POSTCODES) - 1) + 1, 0)),
        "arrival": _arrivals(rng, rows),
        "value_usd": _values(rng, rows),
        "origin": _chosen(_ORIGINS, rng.integers(0, len(_ORIGINS), rows)),
        "addcvd": pa.array(rng.random(rows, np.float32) < 0.012),
    }
    return pa.table(columns)


def _persons(rng: np.random.Generator, rows: int) -> Integers:
    """Numbers of persons: most come a few times, the first ones (firms) every day."""
    skewed = rng.random(rows) ** 2 * max(rows // 3, 1)
    return np.where(rng.random(rows, np.float32) < 0.004, 0, skewed).astype(np.int64)


def _consignees(rng: np.random.Generator, person: Integers, is_known: Truths) -> pa.Array:
    """Each person's name, now and then in capitals with two blanks; nobody's where the person is not known."""
    names = [*_FIRMS, *(f"{first} {last}" for last in _LAST.split() for first in _FIRST.split())]
    careless = [name.upper().replace(" ", "  ") for name in names]
    at = np.where(person < len(_FIRMS), person, len(_FIRMS) + person * 31 % (len(names) - len(_FIRMS)))
    at += np.where(rng.random(len(person), np.float32) < 0.03, len(names), 0)
    nobody = 2 * len(names) + np.arange(len(person)) % len(_NOBODY)
    return _chosen([*names, *careless, *_NOBODY], np.where(is_known, at, nobody))


def _arrivals(rng: np.random.Generator, rows: int) -> pa.Array:
    late = rng.integers(0, 20, rows) == 0
    day = np.minimum(np.arange(rows) * _DAYS // rows + late, _DAYS - 1) + _DAY_FIRST
    return _with_gaps(rng, day.astype(np.int32), pa.date32())


def _values(rng: np.random.Generator, rows: int) -> pa.Array:
    """Prices with a median of about 38 and a long tail; a few are returns."""
    hundredths = np.exp(rng.standard_normal(rows) * 1.1 + np.log(3_800)).clip(50, 250_000).astype(np.int64)
    hundredths[rng.random(rows, np.float32) < 0.001] *= -1
    words = np.stack([hundredths, hundredths >> 63], axis=1)  # a decimal128 is two little-endian words
    return _with_gaps(rng, words, pa.decimal128(10, 2))


def _with_gaps(rng: np.random.Generator, numbers: npt.NDArray[Any], kind: pa.DataType) -> pa.Array:
    present = pa.array(rng.random(len(numbers), np.float32) >= 0.001)
    return pa.Array.from_buffers(kind, len(numbers), [present.buffers()[1], pa.py_buffer(numbers)])


def _numbered(rows: int) -> pa.Array:
    """DM000000000, DM000000001, ... as the text that a feed would have."""
    digits = np.full((rows, 11), ord("D"), np.uint8)
    digits[:, 1] = ord("M")
    left = np.arange(rows)
    for place in range(10, 1, -1):
        left, digit = np.divmod(left, 10)
        digits[:, place] = ord("0") + digit
    ends = np.arange(rows + 1, dtype=np.int64) * 11
    return pa.LargeStringArray.from_buffers(rows, pa.py_buffer(ends), pa.py_buffer(digits))


def _chosen(texts: Iterable[str], at: Integers) -> pa.Array:
    return pa.array(list(texts), pa.large_string()).take(pa.array(at))
