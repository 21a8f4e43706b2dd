"""Changes of a file's bytes: bits, lengths, cuts, splices."""

from __future__ import annotations

import random

WORDS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**63 - 1, 2**64 - 1)


def changed(rng: random.Random, content: bytes, others: list[bytes]) -> bytes:
    """The bytes after one to three changes; half of the changes fall near either end, where footers and headers are."""
    altered = bytearray(content)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        if altered:
            rng.choice([_bits, _bits, _byte, _word, _word, _length, _length, _cut, _drop, _double, _splice])(
                rng, altered, others
            )
    return bytes(altered)


def _place(rng: random.Random, altered: bytearray) -> int:
    near = min(len(altered), 600)
    return rng.choice(
        [
            rng.randrange(len(altered)),
            rng.randrange(len(altered)),
            len(altered) - 1 - rng.randrange(near),
            rng.randrange(near),
        ]
    )


def _bits(rng: random.Random, altered: bytearray, others: list[bytes]) -> None:
    for _ in range(rng.choice([1, 1, 2, 8])):
        altered[_place(rng, altered)] ^= 1 << rng.randrange(8)


def _byte(rng: random.Random, altered: bytearray, others: list[bytes]) -> None:
    altered[_place(rng, altered)] = rng.choice([0, 1, 0x7F, 0x80, 0xFF, 0x22, 0x2C, 0x0A, rng.randrange(256)])


def _word(rng: random.Random, altered: bytearray, others: list[bytes]) -> None:
    size = rng.choice([2, 4, 8])
    at = _place(rng, altered)
    word = (rng.choice(WORDS) % 256**size).to_bytes(size, "little")
    altered[at : at + size] = word[: len(altered) - at]


def _length(rng: random.Random, altered: bytearray, others: list[bytes]) -> None:
    """Move a number that could be a length or an offset: four bytes of which the upper ones are zero."""
    for _ in range(40):
        at = _place(rng, altered) & ~3
        if len(altered) >= at + 4 and altered[at + 3] == 0 and altered[at + 2] == 0 and altered[at]:
            number = int.from_bytes(altered[at : at + 4], "little") + rng.choice([-8, -1, 1, 7, 64, 4096])
            altered[at : at + 4] = (number % 2**32).to_bytes(4, "little")
            return


def _cut(rng: random.Random, altered: bytearray, others: list[bytes]) -> None:
    del altered[_place(rng, altered) :]


def _drop(rng: random.Random, altered: bytearray, others: list[bytes]) -> None:
    at = _place(rng, altered)
    del altered[at : at + rng.choice([1, 4, 8, 100])]


def _double(rng: random.Random, altered: bytearray, others: list[bytes]) -> None:
    at = _place(rng, altered)
    altered[at:at] = altered[at : at + rng.choice([1, 8, 64, 500])]


def _splice(rng: random.Random, altered: bytearray, others: list[bytes]) -> None:
    other = rng.choice(others)
    at, start, size = _place(rng, altered), rng.randrange(len(other)), rng.choice([4, 16, 100, 1000])
    altered[at : at + size] = other[start : start + size]
