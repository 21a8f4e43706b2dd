"""Who the persons of a generated manifest are: which one has a row (`pick_`), and how it is written (`spell_`).

A pick gives one index per row; a spelling turns indices into an Arrow column. Both are NumPy all the way down, as a
billion rows go through them.
"""

from __future__ import annotations

import functools

import numpy as np
import pyarrow as pa

WAREHOUSES_MOST = 1_000
WAREHOUSE_SHARE = 0.02
DICTIONARY_PERSONS = 20_000
FIRST_NAMES = (
    "Mary James Ana Wei Fatima Ivan Chloe Omar Priya Jonas Lucia Kenji Amara Pedro Ingrid Samuel "
    "Yusuf Elena Hugo Sofia Dmitri Aisha Carlos Mei Noah Zanele Viktor Layla Thomas Rosa Arjun Freya "
    "Mateo Hana Emil Nadia Oscar Leila Anton Grace Ravi Marta Felix Tomoko Daniel Ines Bruno Olga "
    "Pavel Nora Diego Sara Luca Maya Andre Ruth Ali Julia Sven Clara Ramon Edith Igor Alice"
)
LAST_NAMES = (
    "Garcia Smith Nguyen Kowalski Okafor Tanaka Silva Muller Haddad Ivanova Johansson Patel Rossi Kim Dubois Mbeki "
    "Fernandez Yamamoto Novak Andersen OBrien Castillo Petrov Singh Hernandez Larsson Moreau Weber Costa Lopez Schmidt "
    "Abdullah Popescu Wright Fischer Santos Walker Jansen Becker Alvarez Takahashi Bennett Horvat Lindgren Romano "
    "Murphy Chavez Demir Fontaine Sokolov Ramirez Hughes Bauer Mendoza Ortiz Keller Sato Vargas Marino Foster "
    "Zimmermann Baptiste Hoffmann Ito"
)
STREETS = (
    "Oak St,Elm Ave,Main St,Mill Rd,High St,Park Ln,King St,Lake Dr,Hill Rd,Pine Ct,Church St,Station Rd,Harbour Way,"
    "Bridge St,Market Sq,River Rd,Cedar Ave,Forest Dr,Meadow Ln,Union St,Spring St,Maple Dr,Orchard Rd,Castle St,"
    "Victoria Rd,Garden Ct,Canal St,Valley Rd,Sunset Blvd,Quay St,Grove Rd,Temple Ave"
)


def pick_skewed(rng: np.random.Generator, first: int, n: int, rows: int) -> np.ndarray:
    """Two rows in a hundred from the warehouses, the others from a crowd in which few persons order often."""
    warehouses = max(1, min(WAREHOUSES_MOST, rows // 1_000))
    crowd = max(16, rows // 4)
    index = (np.square(rng.random(n)) * crowd).astype(np.int64)
    index += warehouses
    at_warehouse = np.flatnonzero(rng.random(n, np.float32) < WAREHOUSE_SHARE)
    index[at_warehouse] = rng.integers(0, warehouses, len(at_warehouse))
    return index


def pick_few(rng: np.random.Generator, first: int, n: int, rows: int) -> np.ndarray:
    """So few persons that a dictionary holds them all."""
    return (np.square(rng.random(n)) * DICTIONARY_PERSONS).astype(np.int32)


def pick_giant(rng: np.random.Generator, first: int, n: int, rows: int) -> np.ndarray:
    """Every second row, at random, is person 0's; the others are as usual."""
    index = pick_skewed(rng, first, n, rows)
    index[rng.integers(0, 2, n, np.uint8) == 0] = 0
    return index


def pick_one(rng: np.random.Generator, first: int, n: int, rows: int) -> np.ndarray:
    """Person 0 in every row."""
    return np.zeros(n, np.int64)


def pick_distinct(rng: np.random.Generator, first: int, n: int, rows: int) -> np.ndarray:
    """The row's own number: nobody comes twice."""
    return np.arange(first, first + n)


def pick_eights(rng: np.random.Generator, first: int, n: int, rows: int) -> np.ndarray:
    """The same person for eight rows on end, then never again."""
    return np.arange(first, first + n) // 8


def account_of(index: np.ndarray) -> np.ndarray:
    """Turn indices below 3.4 billion into ten-digit account numbers without order: no two indices share one."""
    return index.astype(np.int64) * 2_654_435_761 % 10**10


def spell_account(index: np.ndarray) -> pa.Array:
    """Ten-digit account numbers, int64."""
    return pa.array(account_of(index))


def spell_strides(index: np.ndarray) -> pa.Array:
    """Multiples of 4,096, as addresses and packed codes are."""
    return pa.array(index << 12)


def spell_low_bits(index: np.ndarray) -> pa.Array:
    """Numbers that differ in their high 32 bits alone."""
    return pa.array((index << 32) | 0x5A5A5A5A)


def spell_high_bits(index: np.ndarray) -> pa.Array:
    """Large numbers that differ in their low bits alone."""
    return pa.array(index + 0x7FFF_FFFE_0000_0000)


def spell_text(index: np.ndarray) -> pa.Array:
    """Names and addresses such as "Mary Garcia 18230044 Oak St", string.

    Each row's pieces go into a record of fixed width, padded with zero bytes; dropping those leaves Arrow's bytes.
    """
    account = account_of(index)
    mixed = (account.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(40)
    names, name_lengths = _names()
    streets, street_lengths = _streets()
    name = (mixed % np.uint64(len(names))).astype(np.int32)
    street = ((mixed >> np.uint64(13)) % np.uint64(len(streets))).astype(np.int32)
    number = (account % 10**8).astype(np.int32)
    record = np.empty(len(index), [("name", names.dtype), ("high", "V4"), ("low", "V4"), ("street", streets.dtype)])
    record["name"] = names[name]
    record["high"] = _four_digits()[number // 10_000]
    record["low"] = _four_digits()[number % 10_000]
    record["street"] = streets[street]
    padded = record.view(np.uint8)
    text = padded[padded != 0]
    ends = np.zeros(len(index) + 1, np.int32)
    np.cumsum(name_lengths[name] + street_lengths[street] + 8, out=ends[1:])
    return pa.StringArray.from_buffers(len(index), pa.py_buffer(ends), pa.py_buffer(text))


def spell_dictionary(index: np.ndarray) -> pa.Array:
    """The text of `spell_text` for few persons, dictionary<int32, string>; every block has the same dictionary."""
    return pa.DictionaryArray.from_arrays(pa.array(index.astype(np.int32)), _entries())


@functools.cache
def _entries() -> pa.Array:
    return spell_text(np.arange(DICTIONARY_PERSONS))


@functools.cache
def _names() -> tuple[np.ndarray, np.ndarray]:
    return _pieces([f"{first} {last} " for first in FIRST_NAMES.split() for last in LAST_NAMES.split()])


@functools.cache
def _streets() -> tuple[np.ndarray, np.ndarray]:
    return _pieces([f" {street}" for street in STREETS.split(",")])


@functools.cache
def _four_digits() -> np.ndarray:
    return _pieces([f"{number:04d}" for number in range(10_000)])[0]


def _pieces(texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """The texts as zero-padded raw bytes of one width ('S' is slower to copy: it looks for the end), and lengths."""
    padded = np.array([text.encode() for text in texts])
    return padded.view(f"V{padded.itemsize}"), np.array([len(text) for text in texts], np.int32)
