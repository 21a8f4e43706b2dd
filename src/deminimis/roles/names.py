"""Canonical forms of names: what is the same person although it is written otherwise, versioned.

One text at a time is in `fold_text`, `name_text` and `drop_care_of`, which are the meaning. `canonical` gives the same
for whole Arrow arrays: ASCII rows by Arrow's compute functions, each distinct other text once by the functions of one
text. The kernel folds ASCII as it hashes, and asks `fold_bytes` for other text. A manifest is never changed; these are
the forms that rows are keyed by.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from itertools import chain, groupby
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .. import compute as pc

Normalize: TypeAlias = Literal["fold", "name"]
OnText: TypeAlias = Callable[[str], str]
OnArray: TypeAlias = Callable[[pa.Array], pa.Array]

CANONICAL_VERSION = 1
"""Rises when any text gets another canonical form, since keys of both versions do not match."""

DEFAULT_PLACEHOLDERS = (
    "N/A",
    "#N/A",
    "UNKNOWN",
    "NOT AVAILABLE",
    "NOT APPLICABLE",
    "NOT PROVIDED",
    "TBD",
    "<NULL>",
    "(NULL)",
    "-",
    "--",
    "?",
)
"""Texts that name no person, compared trimmed and without case.

"NA", "NULL", "NAN", "NONE" and "TEST" are left out: people bear them as surnames. Where a feed writes them for a
missing name, all its rows count as one person, which can only make the answer stricter.
"""

_BLANKS = re.compile("[ \t-\r\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")
_SHORT = 128
"""Characters or bytes of a text that is remembered, and of one that may take the square of them."""
_ELIDED = "'`."
"""Dropped without a blank in their place: O'Brien is obrien, L.L.C. is llc."""

_LEGAL_FORMS = frozenset({
    "ag", "bv", "co", "company", "corp", "corporation", "gmbh", "inc", "incorporated", "kk", "limited", "llc", "llp",
    "lp", "ltd", "nv", "plc", "pllc", "pty", "sa", "sarl", "sas", "srl",
})  # fmt: skip
_SUFFIXES = _LEGAL_FORMS | {"jr", "sr", "ii", "iii", "iv", "md", "phd", "esq"}

# In both regular expression engines, Python's and Arrow's RE2; hence blanks are spelled out.
_CARE = r"(?:\b(?:in[ \t-\r]+)?care[ \t-\r]+of\b[ \t-\r:.]*|\bc[ \t-\r]*/[ \t-\r]*o\b[ \t-\r:.]*|℅[ \t-\r]*)"
_MARK = rf"(?:{_CARE}|(?:^|[ \t-\r(\[,;])%[ \t-\r]*)"
_CARE_FIRST = rf"(?i)^[ \t-\r]*{_MARK}+"
_CARE_REST = rf"(?is)[ \t-\r,;:(\[-]*{_MARK}.*"
"""For Arrow's engine, whose time is linear; Python's would try each of many signs before no mark as their first."""
_ANY_MARK = re.compile(f"(?i){_MARK}")
_BEFORE_MARK = " \t\n\v\f\r,;:([-"
_PUNCTUATION = r'[!"#%&()*,\-/:;?@\[\\\]_{}]'


def fold_text(text: str) -> str:
    """Trim, collapse blanks, NFKC and case-fold one text."""
    folded = _nfkc(text).casefold()
    if not unicodedata.is_normalized("NFKC", folded):
        # Folding case can undo NFKC, and NFKC bring forth capitals; no third time is needed.
        folded = _nfkc(_nfkc(folded).casefold())
    return _BLANKS.sub(" ", folded).strip(" ")


def _nfkc(text: str) -> str:
    return unicodedata.normalize("NFKC", text if len(text) <= _SHORT else _in_canonical_order(text))


def _in_canonical_order(text: str) -> str:
    """The text decomposed, each run of combining marks in order of their classes: to sort a long one, the interpreter's
    own NFKC takes the square of its length."""
    chars = chain.from_iterable(unicodedata.normalize("NFKD", char) for char in text)
    runs = groupby(chars, lambda char: unicodedata.combining(char) > 0)
    return "".join("".join(sorted(run, key=unicodedata.combining) if are_marks else run) for are_marks, run in runs)


def fold_bytes(content: bytes) -> bytes:
    """`fold_text` of UTF-8; other bytes stay as they are."""
    return _fold_once(content) if len(content) <= _SHORT else _form(content, [fold_text])


@lru_cache(maxsize=1 << 16)
def _fold_once(content: bytes) -> bytes:
    return _form(content, [fold_text])


def name_text(text: str) -> str:
    """Fold one name, put "Last, First" into the order first, last, and drop its punctuation; legal forms are kept."""
    folded = _elide(fold_text(text))
    if "," in folded:
        folded = _first_name_first(folded)
    spaced = "".join(" " if unicodedata.category(char).startswith("P") else char for char in folded)
    return _BLANKS.sub(" ", spaced).strip(" ")


def drop_care_of(text: str) -> str:
    """The name of "NAME C/O PLACE"; of "C/O PLACE" the place, since no other person is presented."""
    text = re.sub(_CARE_FIRST, "", text)
    mark = _ANY_MARK.search(text)
    return text if mark is None else text[: mark.start()].rstrip(_BEFORE_MARK)


def canonical(array: pa.Array, normalize: Normalize | None, in_care_of: bool = False) -> pa.Array:
    """The canonical forms of a column's texts, in row order.

    Parameters
    ----------
    array : pyarrow.Array
        Text or binary of any width, or a dictionary of these. Any other type is returned as it is.
    normalize : {"fold", "name"}, optional
        None leaves the text as it is.
    in_care_of : bool
        Cut the place of "NAME C/O PLACE" off first.

    Returns
    -------
    pyarrow.Array
        As long as `array`, with its nulls, and of its type (fixed-size binary becomes binary). Bytes that are not UTF-8
        stay as they are.
    """
    if normalize is None and not in_care_of:
        return array
    on_text: list[OnText] = [drop_care_of] if in_care_of else []
    on_ascii: list[OnArray] = [_drop_care_of_ascii] if in_care_of else []
    if normalize is not None:
        on_text.append(fold_text if normalize == "fold" else name_text)
        on_ascii.append(_fold_ascii if normalize == "fold" else _name_ascii)
    return _apply(array, on_text, on_ascii)


def is_all_ascii(array: pa.Array) -> bool:
    """Whether the array's texts are ASCII, told from its buffers; False may also come from bytes no row shows."""
    kind = array.type
    buffers = array.buffers()
    if len(array) == 0:
        return True
    if pa.types.is_string_view(kind) or pa.types.is_binary_view(kind):
        views = np.frombuffer(buffers[1], "<u8").reshape(-1, 2)[array.offset : array.offset + len(array)]
        return _are_views_low(views) and all(_is_low(buffer) for buffer in buffers[2:])
    if pa.types.is_fixed_size_binary(kind):
        width = kind.byte_width
        return _is_low(buffers[1], array.offset * width, (array.offset + len(array)) * width)
    width = 8 if pa.types.is_large_string(kind) or pa.types.is_large_binary(kind) else 4
    offsets = np.frombuffer(buffers[1], f"<i{width}")[array.offset : array.offset + len(array) + 1]
    return _is_low(buffers[2], int(offsets[0]), int(offsets[-1]))


def _is_low(buffer: pa.Buffer | None, start: int = 0, end: int | None = None) -> bool:
    """Whether every byte is below 128, a stretch at a time so that the first high byte ends the search."""
    content = (
        np.frombuffer(buffer, np.uint8)[start:end] if buffer is not None and buffer.size else np.empty(0, np.uint8)
    )
    stretch = 1 << 18
    return all(content[at : at + stretch].max() < 128 for at in range(0, len(content), stretch))


def _are_views_low(views: npt.NDArray[np.uint64]) -> bool:
    """Whether no text of up to 12 bytes, which stands in its view behind the length, has a high byte."""
    stretch = 1 << 13
    for at in range(0, len(views), stretch):
        head, rest = views[at : at + stretch].T
        is_short = (head & 0xFFFFFFFF) <= 12
        if (((head & 0x8080808000000000) | (rest & 0x8080808080808080)) * is_short).any():
            return False
    return True


def _apply(array: pa.Array, on_text: list[OnText], on_ascii: list[OnArray]) -> pa.Array:
    """Take each ASCII row through `on_ascii` and each distinct other text through `on_text`."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        entries = _apply(array.dictionary, on_text, on_ascii)
        same = entries is array.dictionary
        return (
            array if same else pa.DictionaryArray.from_arrays(array.indices, entries, ordered=kind.ordered, safe=False)
        )
    if not _is_text(kind):
        return array
    all_ascii = is_all_ascii(array)
    texts = _as_text(array)
    if all_ascii:
        return _as_type(_chain(texts, on_ascii), kind)
    is_ascii = pc.string_is_ascii(texts)
    others = pc.invert(pc.fill_null(is_ascii, True))
    changed = _each_once(texts.filter(others), on_text)
    # Only ASCII reaches the compute functions: they know neither NFKC nor bytes that are not UTF-8.
    done = _chain(pc.if_else(is_ascii, texts, pa.scalar(None, texts.type)), on_ascii)
    return _as_type(pc.replace_with_mask(done, others, changed), kind)


def _is_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_string_view(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_binary_view(kind)
        or pa.types.is_fixed_size_binary(kind)
    )


def _as_text(array: pa.Array) -> pa.Array:
    """The same bytes as a string or large_string array, without a check that they are UTF-8."""
    kind = array.type
    if pa.types.is_string_view(kind) or pa.types.is_binary_view(kind):
        array = array.cast(pa.large_binary())
    elif pa.types.is_fixed_size_binary(kind):
        array = array.cast(pa.binary())
    return array.view(pa.large_string() if array.type in (pa.large_binary(), pa.large_string()) else pa.string())


def _as_type(texts: pa.Array, kind: pa.DataType) -> pa.Array:
    """Back to the column's own type, again without a check."""
    if pa.types.is_string_view(kind) or pa.types.is_binary_view(kind):
        return texts.view(pa.large_binary()).cast(pa.binary_view()).view(kind)
    return texts.view(pa.binary() if pa.types.is_fixed_size_binary(kind) else kind)


def _each_once(texts: pa.Array, steps: list[OnText]) -> pa.Array:
    wide = texts.type == pa.large_string()
    encoded = texts.view(pa.large_binary() if wide else pa.binary()).dictionary_encode()
    forms = [_form(content, steps) for content in encoded.dictionary.to_pylist()]
    entries = pa.array(forms, encoded.dictionary.type).view(texts.type)
    return entries.take(encoded.indices)


def _form(content: bytes, steps: list[OnText]) -> bytes:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return content
    for step in steps:
        text = step(text)
    return text.encode("utf-8")


def _chain(texts: pa.Array, steps: list[OnArray]) -> pa.Array:
    for step in steps:
        texts = step(texts)
    return texts


def _fold_ascii(texts: pa.Array) -> pa.Array:
    """`fold_text` for ASCII: a quarter of the time of a regular expression, which blanks would need otherwise."""
    words = pc.ascii_split_whitespace(pc.ascii_lower(pc.ascii_trim_whitespace(texts)))
    return pc.binary_join(words, pa.scalar(" ", texts.type))


def _name_ascii(texts: pa.Array) -> pa.Array:
    """`name_text` for ASCII; a comma may ask for another order, so those texts go one by one."""
    plain: Any = texts
    for char in _ELIDED:
        plain = pc.replace_substring(plain, char, "")
    plain = _fold_ascii(pc.replace_substring_regex(plain, _PUNCTUATION, " "))
    with_comma = pc.fill_null(pc.match_substring(texts, ","), False)
    return pc.replace_with_mask(plain, with_comma, _each_once(texts.filter(with_comma), [name_text]))


def _drop_care_of_ascii(texts: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(pc.replace_substring_regex(texts, _CARE_FIRST, ""), _CARE_REST, "")


def _elide(text: str) -> str:
    return text.translate({ord(char): None for char in _ELIDED + "\u2018\u2019"})


def _first_name_first(folded: str) -> str:
    """Put "last, first" in order; suffixes stay behind, and the name of a firm stays as it is."""
    parts = [part.split() for part in folded.split(",") if part.strip()]
    ending: list[str] = []
    while len(parts) > 1 and _SUFFIXES.issuperset(parts[-1]):
        ending += reversed(parts.pop())
    ending.reverse()
    words = [word for part in parts for word in part]
    if len(parts) == 2 and _LEGAL_FORMS.isdisjoint(words + ending):
        words = parts[1] + parts[0]
    return " ".join(words + ending)
