"""The keys of groups are SipHash-2-4-128 of identity and window, by a second writing of it that its authors' vectors
check; the same person has one key by every type, layout and path."""

from __future__ import annotations

import struct
from hashlib import shake_256
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import deminimis as dm
from deminimis._kernel import SECRET_LENGTH

SECRET = b"a secret that nobody knows"
MASK = 2**64 - 1


def turn(x: int, by: int) -> int:
    return (x << by | x >> (64 - by)) & MASK


def siphash(key: bytes, message: bytes) -> bytes:
    """SipHash-2-4 with 128 bits, as the reference code has it."""
    k0, k1 = struct.unpack("<QQ", key)
    v = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D ^ 0xEE, k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573]

    def rounds(n: int) -> None:
        for _ in range(n):
            v[0] = (v[0] + v[1]) & MASK
            v[1] = turn(v[1], 13) ^ v[0]
            v[0] = turn(v[0], 32)
            v[2] = (v[2] + v[3]) & MASK
            v[3] = turn(v[3], 16) ^ v[2]
            v[0] = (v[0] + v[3]) & MASK
            v[3] = turn(v[3], 21) ^ v[0]
            v[2] = (v[2] + v[1]) & MASK
            v[1] = turn(v[1], 17) ^ v[2]
            v[2] = turn(v[2], 32)

    whole = len(message) // 8 * 8
    last = message[whole:].ljust(7, b"\0") + bytes([len(message) & 255])
    for at in range(0, whole + 8, 8):
        (word,) = struct.unpack("<Q", message[at : at + 8] if at < whole else last)
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    v[2] ^= 0xEE
    rounds(4)
    low = v[0] ^ v[1] ^ v[2] ^ v[3]
    v[1] ^= 0xDD
    rounds(4)
    return struct.pack("<QQ", low, v[0] ^ v[1] ^ v[2] ^ v[3])


@pytest.mark.parametrize(
    ("length", "expected"), [(0, "a3817f04ba25a8e66df67214c7550293"), (1, "da87c1d86b99af44347659119b22fc45")]
)
def test_the_oracle_by_its_authors_vectors(length: int, expected: str) -> None:
    assert siphash(bytes(range(16)), bytes(range(length))).hex() == expected


def keys(person: Any, days: Any, **options: Any) -> list[bytes]:
    """The key of each row, every one of which is a group."""
    table = pa.table({"who": person, "day": days, "usd": [1] * len(person)})
    return keys_of_table(table, secret=SECRET, **options)


def keys_of_table(table: pa.Table, **options: Any) -> list[bytes]:
    roles: dict[str, Any] = {"person": "who", "day": "day", "value": "usd", "limit": 8}
    found: list[bytes] = dm.totals(table, **roles, **options, names=True).read_all()["key"].to_pylist()
    return found


def test_integers() -> None:
    """Of an integer, the message is its 64 bits, 1, and the day; by the table's own path as by that of names."""
    persons, days = [0, 1, -1, 2**63 - 1, -(2**63), *range(2, 30)], [0, -1, 19_723, 2**31 - 1, *range(100, 129)]
    key = shake_256(SECRET).digest(SECRET_LENGTH)[-16:]
    expected = [siphash(key, struct.pack("<qqq", who, 1, day)) for who, day in zip(persons, days, strict=True)]
    dates = pa.array(np.array(days, np.int32)).view(pa.date32())
    assert keys(pa.array(persons), dates) == expected
    table = pa.table({"who": persons, "day": dates, "usd": [1] * len(persons)})
    found = dm.totals(table, person="who", day="day", value="usd", limit=8, secret=SECRET).read_all()
    assert sorted(found["key"].to_pylist()) == sorted(expected)


@pytest.mark.parametrize("kind", [pa.int8(), pa.uint8(), pa.int32(), pa.dictionary(pa.int8(), pa.int64())])
def test_widths_of_integers(kind: pa.DataType) -> None:
    """The same integer in another width has the same key."""
    days = ["2024-06-01"] * 3
    expected = keys(pa.array([1, 2, 100], pa.int64()), days)
    plain = pa.array([1, 2, 100], pa.int64())
    other = plain.dictionary_encode().cast(kind) if pa.types.is_dictionary(kind) else plain.cast(kind)
    assert keys(other, days) == expected


@pytest.mark.parametrize("kind", [pa.large_string(), pa.string_view(), pa.binary(), pa.large_binary(), "dictionary"])
@pytest.mark.parametrize("normalize", [None, "fold", "name"])
def test_kinds_of_text(kind: Any, normalize: Any) -> None:
    """The same text has the same key in every type and layout, folded or not."""
    texts = pa.array(["Mary Garcia", "JOS\u00c9", "x" * 300])
    other = texts.dictionary_encode() if kind == "dictionary" else texts.cast(kind)
    days = ["2024-06-01", "2024-06-02", "2024-06-03"]
    assert keys(other, days, normalize=normalize) == keys(texts, days, normalize=normalize)


def test_secrets() -> None:
    """Another secret gives other keys; without one, every run has its own."""
    table = pa.table({"who": ["A"], "day": ["2024-06-01"], "usd": [1]})
    secrets: list[bytes | None] = [None, None, SECRET, SECRET + b"!"]
    found = {keys_of_table(table, secret=secret)[0] for secret in secrets}
    assert len(found) == 4


def test_keys_are_spread() -> None:
    """No bit of the keys of counters stands still, or leans to a side by more than chance."""
    table = pa.table({"who": range(100_000), "day": ["2024-06-01"] * 100_000, "usd": [1] * 100_000})
    found = dm.totals(table, person="who", day="day", value="usd", limit=8, secret=SECRET).read_all()["key"]
    bits = np.unpackbits(np.frombuffer(b"".join(found.to_pylist()), np.uint8).reshape(-1, 16), axis=1).mean(axis=0)
    assert np.abs(bits - 0.5).max() < 7 * 0.5 / 100_000**0.5
