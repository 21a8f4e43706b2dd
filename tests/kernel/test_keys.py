"""Identities: distinct for distinct (person, day), equal for equal ones, well mixed, evenly spread and keyed.

Bounds are those of chance: a sound mixer fails one of these tests with a probability below 1e-9, and as the secrets
here are fixed, it fails always or never.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from deminimis._kernel import Batch, identities
from deminimis.roles.binding import bind
from deminimis.roles.request import check

CHANCE = 1e-9
SECRETS = (b"a secret that nobody knows", b"another secret of no meaning")
IDENTITY = np.dtype([("key", "<u8"), ("more", "<u4"), ("partition", "<u4")])
DAYS = (0, 1, 2, 3, 19_723, 19_724, -1, -2, 2**31 - 1, -(2**31) + 1)


def identify(*parts: Any, days: Any, secret: bytes = SECRETS[0], bits: int = 10) -> np.ndarray:
    """The identities of rows: key, more and partition; several parts are a composite person."""
    names = [f"person{i}" for i in range(len(parts))]
    days = pa.array(np.asarray(days, np.int32)).view(pa.date32())
    arrays = [*(pa.array(part) for part in parts), days, pa.nulls(len(days))]
    batch = pa.RecordBatch.from_arrays(arrays, [*names, "day", "value"])
    person = names if len(names) > 1 else names[0]
    roles = check(person=person, day="day", value="value", limit=800, secret=secret, placeholders=())
    binding = bind(roles, batch.schema, outcomes=False, tally=False)
    ready = binding.prepare(batch) if binding.prepare else batch
    found = identities(binding.settings, Batch(ready.__arrow_c_array__()[1], binding.settings, binding.places), bits)
    return np.frombuffer(found, IDENTITY)


def count(*columns: Iterable[Any]) -> int:
    """The number of distinct rows."""
    return len(set(zip(*columns, strict=True)))


def assert_one_to_one(persons: list[Any], days: list[int], found: np.ndarray, *fields: str) -> None:
    """Distinct (person, day) have distinct identities, and equal ones equal identities."""
    columns = [found[field].tolist() for field in fields]
    assert count(persons, days) == count(*columns) == count(persons, days, *columns)


def flips_of(value: int, bits: int) -> list[int]:
    """A value, and it with every one and every two of its bits flipped."""
    ones = [1 << i for i in range(bits)]
    return [value, *(value ^ one for one in ones), *(value ^ a ^ b for a, b in itertools.combinations(ones, 2))]


INTEGERS: dict[str, list[int]] = {
    "counters": list(range(3_000)),
    "bit flips of nothing": flips_of(0, 64),
    "bit flips of a value": flips_of(0x0123456789ABCDEF, 64),
    "strides": [i << shift for shift in range(0, 64, 3) for i in range(1, 100) if i < 1 << (64 - shift)],
    "high bits only": [i << 48 for i in range(3_000)],
    "around the bounds": [(bound + i) % 2**64 for bound in (0, 2**31, 2**32, 2**63) for i in range(-500, 500)],
}


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("persons", INTEGERS.values(), ids=INTEGERS)
def test_integers_do_not_collide(persons: list[int], secret: bytes) -> None:
    """Key and more alone tell all pairs of structured integers and days apart."""
    pairs = [(person, day) for person in persons for day in DAYS] * 2
    who, days = [person for person, _ in pairs], [day for _, day in pairs]
    found = identify(np.array(who, np.uint64), days=days, secret=secret)
    assert_one_to_one(who, days, found, "key", "more")


def test_person_and_day_swapped() -> None:
    """All persons and days of a square, so that each pair comes swapped too."""
    pairs = list(itertools.product(range(-150, 150), repeat=2))
    who, days = [person for person, _ in pairs], [day for _, day in pairs]
    assert_one_to_one(who, days, identify(np.array(who), days=days), "key", "more")
    texts = [str(person) for person in who]
    assert_one_to_one(texts, days, identify(texts, days=days), "key", "more", "partition")


LENGTHS = (0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 64, 127, 128, 129, 239, 240, 241, 255, 256, 1_023, 1_024, 1_025)


def text_flips(length: int) -> list[bytes]:
    base = int.from_bytes(b"m" * length)
    return [b"m" * length, *((base ^ (1 << bit)).to_bytes(length) for bit in range(8 * length))]


TEXTS: dict[str, list[bytes]] = {
    "counters": [str(i).encode() for i in range(20_000)],
    "bit flips": [text for length in LENGTHS[1:] if length <= 256 for text in text_flips(length)],
    "lengths": [b"m" * length for length in range(1, 2_000)],
    "zeros": [b"\0" * length for length in range(1, 2_000)],
    "shared prefixes": [b"p" * length + b"%04d" % i for length in LENGTHS for i in range(250)],
    "shared suffixes": [b"%04d" % i + b"s" * length for length in LENGTHS for i in range(250)],
    "one byte moved": [b"m" * i + b"n" + b"m" * (length - i) for length in LENGTHS for i in range(min(length, 300))],
    "blanks at the ends": [b" " * i + b"m" + b" " * j for i in range(60) for j in range(60)],
}


@pytest.mark.parametrize("bits", [0, 10])
@pytest.mark.parametrize("persons", TEXTS.values(), ids=TEXTS)
def test_texts_do_not_collide(persons: list[bytes], bits: int) -> None:
    """Key, more and partition, or the first two where there is one partition, tell structured texts and days apart."""
    pairs = [(person, day) for person in persons for day in DAYS[:4]] * 2
    who, days = [person for person, _ in pairs], [day for _, day in pairs]
    assert_one_to_one(who, days, identify(pa.array(who, pa.binary()), days=days, bits=bits), *IDENTITY.names)


COMPOSITES: dict[str, tuple[list[Any], list[Any]]] = {
    "texts cut elsewhere": ([list(map(str, range(200))), list(map(str, range(200)))]),
    "integers": ([list(range(200)), list(range(200))]),
    "text and integer": ([list(map(str, range(200))), list(range(200))]),
    "missing parts": ([None, *map(str, range(100))], [*map(str, range(100))]),
}


@pytest.mark.parametrize(("first", "second"), COMPOSITES.values(), ids=COMPOSITES)
def test_composites_do_not_collide(first: list[Any], second: list[Any]) -> None:
    """Every pair of parts is a person of its own: "1" and "12" are not "11" and "2", nor "12" and "1"."""
    pairs = list(itertools.product(first, second))
    one, two = [a for a, _ in pairs], [b for _, b in pairs]
    assert_one_to_one(pairs, [7] * len(pairs), identify(one, two, days=[7] * len(pairs)), *IDENTITY.names)


def unevenness(flips: np.ndarray, n: int) -> float:
    """How far the most biased cell is from n / 2, as a share of what chance allows (Hoeffding, over all cells)."""
    allowed = math.sqrt(n / 2 * math.log(2 * flips.size / CHANCE))
    return float(np.abs(flips - n / 2).max() / allowed)


def bits_of(words: np.ndarray) -> np.ndarray:
    """The bits of each row of bytes, one to a column."""
    return np.unpackbits(np.ascontiguousarray(words).view(np.uint8).reshape(len(words), -1), axis=1, bitorder="little")


def flips_by_bit(mix: Callable[[np.ndarray], np.ndarray], base: np.ndarray) -> np.ndarray:
    """How often each bit of an integer, flipped, flips each of the 64 bits of its key."""
    before = mix(base)
    changes = (before ^ mix(base ^ np.uint64(1 << bit)) for bit in range(64))
    return np.array([bits_of(change).sum(axis=0, dtype=np.int64) for change in changes])


N = 1 << 15
RANDOM = np.random.Generator(np.random.SFC64(0)).integers(0, 2**64, N, np.uint64)


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("base", [RANDOM, np.arange(N, dtype=np.uint64)], ids=["random", "counters"])
def test_avalanche_of_integers(base: np.ndarray, secret: bytes) -> None:
    """Any bit of a person flips every bit of its key in half of all cases, within chance."""
    assert unevenness(flips_by_bit(lambda x: identify(x, days=np.zeros(N), secret=secret)["key"], base), N) <= 1


@pytest.mark.parametrize("weak", [lambda x: x * np.uint64(0x9E3779B97F4A7C15), lambda x: x ^ (x >> np.uint64(32))])
def test_avalanche_of_weak_mixers(weak: Callable[[np.ndarray], np.ndarray]) -> None:
    """The same measure refuses a plain multiplication and a plain shift."""
    assert unevenness(flips_by_bit(weak, RANDOM), N) > 10


def test_avalanche_of_texts() -> None:
    """Any bit of a text flips every bit of its identity in half of all cases, within chance."""
    n, length, bits = 4_096, 29, 12
    base = np.random.Generator(np.random.SFC64(1)).integers(97, 123, (n, length), np.uint8)

    def key_bits(texts: np.ndarray) -> np.ndarray:
        found = identify(pa.array([row.tobytes() for row in texts]), days=np.zeros(n), bits=bits)
        return bits_of(found)[:, : 96 + bits]

    before, flips = key_bits(base), []
    for byte, bit in itertools.product(range(length), range(8)):
        changed = base.copy()
        changed[:, byte] ^= 1 << bit
        flips.append((before ^ key_bits(changed)).sum(axis=0, dtype=np.int64))
    assert unevenness(np.array(flips), n) <= 1


def crowding(cells: np.ndarray, n_cells: int) -> float:
    """Pearson's chi-square of a count by cells, as a share of what chance allows (Laurent and Massart's bound)."""
    seen = np.bincount(cells.astype(np.int64), minlength=n_cells)
    expected = len(cells) / n_cells
    freedom, x = n_cells - 1, math.log(1 / CHANCE)
    return float(((seen - expected) ** 2 / expected).sum() / (freedom + 2 * math.sqrt(freedom * x) + 2 * x))


ROWS, CELLS_BITS = 1 << 15, 10
ONE_DAY = np.zeros(ROWS)
SPREADS: dict[str, tuple[Any, Any]] = {
    **{f"persons {1 << shift} apart": (np.arange(ROWS, dtype=np.int64) << shift, ONE_DAY) for shift in range(0, 49, 4)},
    "negative persons": (-np.arange(ROWS), ONE_DAY),
    "one person on many days": (np.full(ROWS, 17_850), np.arange(ROWS)),
    "person and day rise together": (np.arange(ROWS), np.arange(ROWS)),
    "texts that count": ([f"Warehouse {i:06}" for i in range(ROWS)], ONE_DAY),
    "one text on many days": (["Warehouse"] * ROWS, np.arange(ROWS)),
}


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(("persons", "days"), SPREADS.values(), ids=SPREADS)
def test_keys_spread(persons: Any, days: Any, secret: bytes) -> None:
    """The partitions, and the low bits of the keys, which name cells, are as evenly taken as chance has it, or more."""
    found = identify(persons, days=days, secret=secret, bits=CELLS_BITS)
    assert crowding(found["partition"], 1 << CELLS_BITS) <= 1
    assert crowding(found["key"] & ((1 << CELLS_BITS) - 1), 1 << CELLS_BITS) <= 1


def test_crowding_is_seen() -> None:
    """The same measure refuses cells of which a tenth are left empty."""
    assert crowding(np.arange(ROWS) % 900, 1 << CELLS_BITS) > 1


@pytest.mark.parametrize(
    "persons", [np.arange(ROWS), [f"Warehouse {i:06}" for i in range(ROWS)]], ids=["integers", "texts"]
)
def test_secrets(persons: Any) -> None:
    """The same secret gives the same identities; two secrets give identities that differ in half of their bits."""
    one, again, other = (identify(persons, days=np.zeros(ROWS), secret=s) for s in (SECRETS[0], *SECRETS))
    assert (one == again).all()
    differing = bits_of(one["key"] ^ other["key"]).sum(axis=0, dtype=np.int64)
    assert unevenness(differing, ROWS) <= 1
    assert not set(one["key"].tolist()) & set(other["key"].tolist())


def test_secret_is_random_by_default() -> None:
    """Without a secret, two runs key one person differently."""
    schema = pa.schema({"person": pa.int64(), "day": pa.date32(), "value": pa.int64()})
    batch = pa.RecordBatch.from_arrays([pa.array([1]), pa.array([0], pa.date32()), pa.array([1])], schema=schema)
    keys = set()
    for _ in range(3):
        binding = bind(check(person="person", day="day", value="value", limit=800), schema, outcomes=False, tally=False)
        taken = Batch(batch.__arrow_c_array__()[1], binding.settings, binding.places)
        keys.add(identities(binding.settings, taken, 0))
    assert len(keys) == 3
