"""The kernel's fold of person texts as it hashes them: the persons that `fold_text` says, for every type and place."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import deminimis as dm
from deminimis._kernel import Batch, identities
from deminimis.roles.binding import bind
from deminimis.roles.names import fold_text
from deminimis.roles.request import check

TYPES = [pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.large_binary(), pa.binary_view()]
PIECES = [
    " ",
    "  ",
    "\t",
    "\x1f",
    "\x7f",
    "@",
    "[",
    "`",
    "{",
    "A",
    "Z",
    "z",
    "é",
    "É",
    "ß",
    "\u3000",
    "John",
    "SMITH 12",
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


def identify(array: pa.Array, **settings: Any) -> list[bytes]:
    """The identities of persons who all import on one day."""
    ones = pa.array([1] * len(array), pa.int32())
    batch = pa.record_batch({"who": array, "day": ones.view(pa.date32()), "value": ones})
    secret = b"known to this test"
    roles = check(person="who", day="day", value="value", limit=800, secret=secret, placeholders=(), **settings)
    binding = bind(roles, batch.schema, outcomes=False, tally=False)
    assert binding.prepare is None
    found = identities(binding.settings, Batch(batch.__arrow_c_array__()[1], binding.settings, binding.places), 4)
    return [found[at : at + 16] for at in range(0, len(found), 16)]


@given(st.lists(TEXTS, max_size=20), st.sampled_from(TYPES), st.booleans())
def test_fold_is_fold_text(texts: list[str], kind: pa.DataType, by_entry: bool) -> None:
    """A text and its `fold_text` as it is have the same identity, in one type and in a dictionary of it."""
    array = pa.array([text.encode() for text in texts], pa.binary()).cast(kind)
    if by_entry:
        array = array.dictionary_encode() if "view" not in str(kind) else array
    folded = pa.array([fold_text(text).encode() for text in texts], pa.binary())
    present = [fold_text(text) != "" for text in texts]
    for got, expected, is_there in zip(identify(array, normalize="fold"), identify(folded), present, strict=True):
        assert not is_there or got == expected


@pytest.mark.parametrize("length", range(1, 70))
def test_every_place_of_every_length(length: int) -> None:
    """Capitals, single and double spaces, a tab and a letter beyond ASCII are seen wherever they stand."""
    texts = []
    for at in range(length):
        for mark in ("Q", " ", "\t", "\x1f", "Ä", "\x7f"):
            for width in (1, 2):
                texts.append(("abcdefghij" * 7)[:at] + mark * width + ("klmnopqrst" * 7)[: length - at])
    folded = [fold_text(text) for text in texts]
    assert identify(pa.array(texts), normalize="fold") == identify(pa.array(folded))
    assert len(set(identify(pa.array(texts), normalize="fold"))) == len(set(folded))


def test_bytes_that_are_no_utf8() -> None:
    """They stay as they are."""
    written = [b"JOS\xc9 SMITH", b"jos\xe9 smith", b"JOS\xc9 SMITH"]
    found = identify(pa.array(written, pa.binary()), normalize="fold")
    assert found[0] == found[2] != found[1]
    assert found == identify(pa.array(written, pa.binary()))


@pytest.mark.parametrize("text", ["\u00a0", "\u3000 ", " \uff2e/\uff21", "N/A ", "\t"])
def test_missing_after_folding(text: str) -> None:
    """Blanks beyond ASCII, and placeholders in other forms, name nobody."""
    manifest = pa.table({"who": [text, "A"], "day": ["2026-01-02"] * 2, "value": [1, 1]})
    scored = dm.score(manifest, person="who", day="day", value="value", limit=800, normalize="fold")
    assert scored.reason.to_pylist() == ["no-person", "eligible"]


def test_only_the_person_is_folded() -> None:
    """What totals are kept apart by, such as the supplier, is compared as written."""
    manifest = pa.table({"who": ["A", "a "], "by": ["ACME", "acme"], "day": ["2026-01-02"] * 2, "value": [500, 500]})
    roles = {"person": "who", "day": "day", "value": "value", "limit": 800, "normalize": "fold"}
    assert dm.eligible(manifest, **roles).to_pylist() == [False, False]
    assert dm.eligible(manifest, per="by", **roles).to_pylist() == [True, True]


@pytest.mark.parametrize("threads", [1, 2])
def test_long_column_with_nulls_and_other_text(threads: int) -> None:
    """Nulls, ASCII and other text mixed over many chunks, at every offset of the validity bits."""
    pick = random.Random(7)
    names: list[str | None] = [None, "", "José", "JOSÉ ", "jose\u0301", "Ann  Lee", "ann lee", "ANN LEE", "N/A", "Bo"]
    rows = [pick.choice(names) for _ in range(70_003)]
    for start in (0, 1, 7, 63):
        array = pa.array(rows).slice(start)
        manifest = pa.table({"who": array, "day": pa.array([5] * len(array), pa.date32()), "value": [1] * len(array)})
        scored = dm.score(
            manifest, person="who", day="day", value="value", limit=9_000, normalize="fold", threads=threads
        )
        forms = [None if text in (None, "", "N/A") else fold_text(text) for text in rows[start:]]
        counts = {form: forms.count(form) for form in {*forms}}
        assert scored.mask.to_pylist() == [form is not None and counts[form] <= 9_000 for form in forms]
        assert np.count_nonzero(np.array(forms, object) == "josé") > 20_000


def test_first_of_over_many_chunks() -> None:
    """Each row's first present column, of columns with nulls, blanks and placeholders, in a mixture of types."""
    pick = random.Random(3)
    values: list[str | None] = [None, "", " ", "N/A", "Ann", "Bo", "É"]
    columns = [[pick.choice(values) for _ in range(5_000)] for _ in range(4)]
    first = [next((v for v in row if v not in (None, "", " ", "N/A")), None) for row in zip(*columns, strict=True)]
    for kinds in ([pa.string()] * 4, [pa.string(), pa.large_string(), pa.string_view(), pa.binary()]):
        for encoded in (False, True):
            arrays = [pa.array(column).cast(kind) for column, kind in zip(columns, kinds, strict=True)]
            if encoded:
                arrays[1] = pa.array(columns[1]).dictionary_encode()
            content = [*arrays, pa.array([0] * 5_000, pa.date32()), pa.array([1] * 5_000)]
            table = pa.table(dict(zip(("a", "b", "c", "d", "day", "v"), content, strict=True)))
            mask = dm.eligible(
                table.slice(3), person=dm.first_of("a", "b", "c", "d"), day="day", value="v", limit=1_500
            )
            counts = {who: first[3:].count(who) for who in ("Ann", "Bo", "É")}
            assert mask.to_pylist() == [who is not None and counts[who] <= 1_500 for who in first[3:]]
