"""Which columns say that a shipment is told by several parties, in several versions and lines; versions as numbers.

Nothing here decides which row counts: the kernel does (ext/tellings.pxd).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.types as pt

from .. import compute as pc
from ..errors import InputError, option
from ..text import quoted
from .persons import Column, column_given

MOST_NAMED = 64
"""Parties that may be named in their order."""
_TELLING = ("party", "version", "line")
_BESIDE = (*_TELLING, "cancelled", "party_order")


class Shipments(NamedTuple):
    """The roles of shipments, and the parties who count first."""

    shipment: Column
    party: Column | None = None
    version: Column | None = None
    line: Column | None = None
    cancelled: Column | None = None
    party_order: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[Column, ...]:
        """Those that are given."""
        return tuple(c for c in self[:-1] if c is not None)

    def refuse(self, what: str) -> None:
        """Refuse what cannot be done for rows of which some are copies."""
        raise InputError(
            f"{what} takes no {option('shipment')}: which rows are copies is known once the whole manifest was read. "
            f"Score it by eligible, score, score_files or stream, and leave out the rows whose reason is copy"
        )


NO_SHIPMENTS: dict[str, object] = dict.fromkeys(("shipment", *_BESIDE))
"""What `settings` says where no shipments are told apart."""


def shipments_given(
    shipment: Any, party: Any, version: Any, line: Any, cancelled: Any, party_order: Any
) -> Shipments | None:
    """The roles, checked against each other; None where no shipments are told apart."""
    beside = {"party": party, "version": version, "line": line, "cancelled": cancelled, "party_order": party_order}
    if shipment is None:
        for name, given in beside.items():
            if given is not None:
                raise InputError(f"{option(name)} says who tells what of a shipment: give {option('shipment')} with it")
        return None
    if party is None and version is None and line is None:
        need = " or ".join(option(name) for name in _TELLING)
        raise InputError(
            f"{option('shipment')} alone does not tell the lines of a shipment from copies of it: give {need} with it"
        )
    columns = {name: None if beside[name] is None else column_given(name, beside[name]) for name in _BESIDE[:-1]}
    return Shipments(column_given("shipment", shipment), **columns, party_order=_order(party_order, party))


def _order(given: Any, party: Any) -> tuple[str, ...]:
    if given is None:
        return ()
    if party is None:
        raise InputError(f"{option('party_order')} says which party counts first: give {option('party')} with it")
    names = tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else (None,)
    if not names or not all(isinstance(name, str) and 0 < len(name.strip().encode()) <= 64 for name in names):
        raise InputError(f"{option('party_order')} is a list of names of parties, of 1 to 64 bytes each")
    names = tuple(str(name).strip() for name in names)
    if len({*names}) < len(names) or len(names) > MOST_NAMED:
        raise InputError(f"{option('party_order')} names each party once, and at most {MOST_NAMED}")
    return names


def settings_of(shipments: Shipments | None) -> dict[str, object]:
    """The roles in force, ready for JSON."""
    if shipments is None:
        return dict(NO_SHIPMENTS)
    told = {
        name: None if one is None else str(one) for name, one in zip(shipments._fields, shipments[:-1], strict=False)
    }
    return {**told, "party_order": list(shipments.party_order) or None}


class Versions:
    """Turns versions into numbers of which a later one is larger: integers, or instants as microseconds since 1970.

    One is made for each binding; a column of text has all of its versions in one way, so that they compare.
    """

    def __init__(self, column: str, file: str | None) -> None:
        self._column = column
        self._file = file
        self._ways: set[str] = set()

    def __call__(self, array: pa.Array) -> pa.Array:
        if pt.is_dictionary(array.type):
            array = array.dictionary_decode()
        if pt.is_integer(array.type) or pt.is_null(array.type):
            return self._cast(array, pa.int64())
        if pt.is_date(array.type) or pt.is_timestamp(array.type):
            instants = array.cast(pa.timestamp("us", getattr(array.type, "tz", None)), safe=False)
            return instants.cast(pa.int64())
        return self._of_text(array)

    def _of_text(self, array: pa.Array) -> pa.Array:
        texts = pc.utf8_trim_whitespace(array.cast(pa.string()))
        texts = pc.if_else(pc.equal(texts, ""), None, texts)
        numbers = pc.match_substring_regex(texts, r"^[+-]?\d{1,18}$")
        if pc.all(numbers, min_count=0).as_py():
            return self._seen("integers", texts, texts.cast(pa.int64()))
        if not pc.any(numbers, min_count=0).as_py():
            zoned = pc.match_substring_regex(texts, r"(Z|[+-]\d\d(:?\d\d)?)$")
            has_time = pc.match_substring_regex(texts, r"[T ]\d\d")
            zoned = pc.and_(zoned, has_time)
            for way, is_way, zone in (("instants", pc.all(zoned, min_count=0), "UTC"), ("times", None, None)):
                if is_way is None or is_way.as_py():
                    try:
                        made = texts.cast(pa.timestamp("us", zone)).cast(pa.int64())
                    except pa.ArrowInvalid:
                        continue
                    return self._seen(way, texts, made)
        return self._refuse(array)

    def _cast(self, array: pa.Array, kind: pa.DataType) -> pa.Array:
        try:
            return array.cast(kind)
        except pa.ArrowInvalid:
            return self._refuse(array)

    def _seen(self, way: str, texts: pa.Array, made: pa.Array) -> pa.Array:
        if texts.null_count < len(texts):
            self._ways.add(way)
        if len(self._ways) > 1:
            return self._refuse(texts)
        return made

    def _refuse(self, array: pa.Array) -> Any:
        cells = [quoted(str(cell)) for cell in array.drop_null().unique()[:3].to_pylist()]
        raise InputError(
            f"versions are all integers, all ISO instants with a zone, or all ISO times without one; here such as "
            f"{', '.join(cells)}",
            file=self._file,
            column=self._column,
        )


def version_layout(kind: pa.DataType) -> bool:
    """Whether a type can say versions."""
    if pt.is_dictionary(kind):
        kind = kind.value_type
    texts: tuple[Callable[[pa.DataType], bool], ...] = (pt.is_string, pt.is_large_string, pt.is_string_view)
    is_text = any(one(kind) for one in texts)
    return is_text or pt.is_integer(kind) or pt.is_date(kind) or pt.is_timestamp(kind) or pt.is_null(kind)
