"""Canonical forms: what one text becomes, and that arrays of every type become the same."""

from __future__ import annotations

import sys
import unicodedata
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import deminimis as dm
from deminimis.roles.names import (
    DEFAULT_PLACEHOLDERS,
    Normalize,
    canonical,
    drop_care_of,
    fold_bytes,
    fold_text,
    name_text,
)

MARKS = ["C/O", " c / o ", "care of", " in  care of ", "%", " % ", "\u2105", "LLC", "Inc.", "Smith", ", ", "jr."]
ODD = ["O'Brien", "é", "ß", "ΐ", "\uff21", "\u0345", "e\u0301", "  ", "\t", "\x1c", "\u00a0", "\n", "\v", *"()-#`$"]
TEXTS = st.lists(st.sampled_from(MARKS + ODD) | st.text(max_size=4), max_size=8).map("".join)
TYPES = [pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.large_binary(), pa.binary_view()]


def plain(text: str, normalize: Normalize | None, in_care_of: bool) -> str:
    """The canonical form of one text, a function after the other."""
    text = drop_care_of(text) if in_care_of else text
    if normalize is None:
        return text
    return fold_text(text) if normalize == "fold" else name_text(text)


def array_of(texts: list[str | None], kind: pa.DataType) -> pa.Array:
    """The texts as an array of this type, with a slice's offset."""
    content = [None if text is None else text.encode() for text in ["ä" * 20, *texts]]
    return pa.array(content, pa.binary()).cast(kind).slice(1)


def contents(array: pa.Array) -> list[bytes | None]:
    """The bytes of each row."""
    return array.cast(pa.large_binary()).to_pylist()  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("John Smith", "john smith"),
        ("JOHN  SMITH ", "john smith"),
        ("\tJohn\u00a0\u3000Smith\r\n", "john smith"),
        ("José", "josé"),
        ("Jose\u0301", "josé"),
        ("\uff2a\uff2f\uff28\uff2e Smith", "john smith"),
        ("Straße", "strasse"),
        ("ﬁnn", "finn"),
        ("", ""),
        ("  ", ""),
    ],
)
def test_fold(text: str, form: str) -> None:
    """Blanks, case, composition and compatibility forms do not make another person."""
    assert fold_text(text) == form


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Smith, John", "john smith"),
        ("SMITH,JOHN A., JR.", "john a smith jr"),
        ("Smith, Jr., John", "smith jr john"),
        ("Müller, Jörg", "jörg müller"),
        ("O'Brien-Jones, Mary", "mary obrien jones"),
        ("O\u2019Brien, Mary", "mary obrien"),
        ("Acme Widgets, L.L.C.", "acme widgets llc"),
        ("ACME WIDGETS LLC", "acme widgets llc"),
        ("Acme, Widgets & Co., Inc.", "acme widgets co inc"),
        ("Acme Widgets Inc", "acme widgets inc"),
        ("John Smith,", "john smith"),
        ("***", ""),
    ],
)
def test_name(text: str, form: str) -> None:
    """Last and first name come in order, punctuation goes, and what kind of firm it is stays."""
    assert name_text(text) == form


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Owner1 C/O Warehouse", "Owner1"),
        ("Owner2 c/o Warehouse", "Owner2"),
        ("Owner c / o: Warehouse", "Owner"),
        ("Owner, care of Warehouse", "Owner"),
        ("Owner in care of Warehouse", "Owner"),
        ("Owner IN  CARE  OF Warehouse", "Owner"),
        ("Owner (c/o Warehouse)", "Owner"),
        ("Owner % Warehouse", "Owner"),
        ("Owner %Warehouse", "Owner"),
        ("Öwner ℅ Warehouse", "Öwner"),
        ("C/O Warehouse", "Warehouse"),
        ("c/o Owner c/o Warehouse", "Owner"),
        ("C/O", ""),
        ("ABC/O Corp", "ABC/O Corp"),
        ("100% Cotton", "100% Cotton"),
        ("Scare of Crows", "Scare of Crows"),
        ("Owner", "Owner"),
    ],
)
def test_care_of(text: str, name: str) -> None:
    """The name before the mark is the person; where none is, the place is."""
    assert drop_care_of(text) == name
    assert canonical(pa.array([text]), None, True).to_pylist() == [name]


@given(st.lists(st.none() | TEXTS), st.sampled_from(TYPES), st.sampled_from([None, "fold", "name"]), st.booleans())
def test_array_is_the_texts_one_by_one(
    texts: list[str | None], kind: pa.DataType, normalize: Normalize | None, in_care_of: bool
) -> None:
    """Compute functions, distinct texts and every type of column give the form of each single text."""
    got = canonical(array_of(texts, kind), normalize, in_care_of)
    assert got.type == kind
    got.validate(full=True)
    assert contents(got) == [None if text is None else plain(text, normalize, in_care_of).encode() for text in texts]


@given(TEXTS)
def test_forms_are_fixed_points(text: str) -> None:
    """Folding a form again changes nothing."""
    for form in (fold_text(text), name_text(text)):
        assert fold_text(form) == form
    assert name_text(name_text(text)) == name_text(text)


def test_every_character_folds_to_a_fixed_point() -> None:
    """No character of Unicode has a fold that folds further, and every fold is composed."""
    characters = [chr(code) for code in range(0x80, sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
    forms = [fold_text(f"A{character}b") for character in characters]
    assert [form for form in forms if fold_text(form) != form or not unicodedata.is_normalized("NFKC", form)] == []


def test_dictionary_is_folded_by_entry() -> None:
    """A dictionary keeps its indices."""
    array = pa.array(["É", "b", None, "É"]).dictionary_encode()
    folded = canonical(array, "fold")
    assert folded.to_pylist() == ["é", "b", None, "é"]
    assert folded.indices.equals(array.indices)


def test_bytes_that_are_not_utf8_stay() -> None:
    """Latin-1 bytes in a binary column are left as they are, beside rows that are folded."""
    array = pa.array([b"JOS\xc9", "JOSÉ".encode(), b"JOE", None])
    assert canonical(array, "fold").to_pylist() == [b"JOS\xc9", "josé".encode(), b"joe", None]
    assert [fold_bytes(content.as_py()) for content in array[:2]] == [b"JOS\xc9", "josé".encode()]


def test_fixed_size_binary_becomes_binary() -> None:
    """Fixed width cannot hold a form of another length."""
    array = pa.array([b"JO  ", "Éa".encode() + b" "], pa.binary(4))
    assert canonical(array, "fold").to_pylist() == [b"jo", "éa".encode()]
    assert canonical(array, "fold").type == pa.binary()


@pytest.mark.parametrize("array", [pa.array([1, None]), pa.array([True]), pa.array([None])])
def test_other_types_are_returned_themselves(array: pa.Array) -> None:
    """A number is its own canonical form."""
    assert canonical(array, "name", True) is array


def test_placeholders_are_in_their_compared_form() -> None:
    """No placeholder is there twice, and none is a surname that people bear."""
    compared = [fold_text(placeholder) for placeholder in DEFAULT_PLACEHOLDERS]
    assert len(set(compared)) == len(compared)
    assert not {"na", "null", "nan", "none", "test", ""} & set(compared)


@pytest.mark.parametrize(
    "kind", [pa.string_view(), pa.dictionary(pa.int8(), pa.string()), pa.dictionary(pa.int8(), pa.string_view())]
)
@pytest.mark.parametrize("normalize", [None, "fold", "name"])
@pytest.mark.parametrize("in_care_of", [False, True])
def test_types_of_text(kind: pa.DataType, normalize: Any, in_care_of: bool) -> None:
    """Views and dictionaries of text are the persons that plain text is, by every canonical form."""
    texts = pa.array(["Smith, John", "JOHN  SMITH", None, "John Smith C/O Depot", "N/A"])
    if pa.types.is_dictionary(kind):
        coded = texts.dictionary_encode()
        entries = coded.dictionary.cast(kind.value_type)
        other = pa.DictionaryArray.from_arrays(coded.indices.cast(kind.index_type), entries)
    else:
        other = texts.cast(kind)

    def totals(who: pa.Array) -> pa.Array:
        table = pa.table({"who": who, "day": ["2024-06-01"] * 5, "usd": [1, 2, 4, 8, 16]})
        settings = {"normalize": normalize, "in_care_of": in_care_of}
        return dm.score(table, person="who", day="day", value="usd", limit=8, **settings).total

    assert totals(other).equals(totals(texts))
