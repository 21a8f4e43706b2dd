"""How the kernel lays out Arrow's types: which of its layouts reads a type, and what the type adds to it."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.types as pt

from .._kernel import LAYOUTS

Spec = tuple[int, int, int]
"""Layout of the values, layout of a dictionary's indices or 0, and a parameter: scale, ticks in a day, or bytes."""

INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
TICKS = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
"""Ticks in a day, by the unit of a timestamp."""

TEXT: Spec = (LAYOUTS["text"], 0, 0)
DATE: Spec = (LAYOUTS["int32"], 0, 0)
_TEXTS = {
    pa.string(): "text",
    pa.binary(): "text",
    pa.large_string(): "large_text",
    pa.large_binary(): "large_text",
    pa.string_view(): "view",
    pa.binary_view(): "view",
}


def text_layout(kind: pa.DataType) -> Spec | None:
    """The layout of text and binary types; None for all others."""
    if kind in _TEXTS:
        return LAYOUTS[_TEXTS[kind]], 0, 0
    if pt.is_fixed_size_binary(kind):
        return LAYOUTS["fixed"], 0, kind.byte_width
    return None


def text_by_entry(kind: pa.DataType) -> Spec | None:
    """The layout of dictionaries of text; None for all other types."""
    if not pt.is_dictionary(kind):
        return None
    spec = text_layout(kind.value_type)
    return None if spec is None else (spec[0], LAYOUTS[str(kind.index_type)], spec[2])


def kind_of(spec: Spec) -> str:
    """The kind of a part of a key; parts of different kinds never match."""
    if spec[0] >= LAYOUTS["text"]:
        return "text"
    names = {LAYOUTS["bool"]: "bool", LAYOUTS["uint64"]: "64-bit unsigned integer"}
    return names.get(spec[0], "integer")
