"""What files have in common that are one manifest: their columns together, and the one type of each.

A column that no role asks for may be missing from a file or be of any type. A column that is read is in every file,
in types that say the same: numbers of any width, text in any layout, days, instants. Where all columns are written,
what a file lacks is null, and types are widened where that changes no value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.types as pt

from ..arrays import places_of
from ..errors import InputError, listed

_BITS = {f"{sign}int{bits}": bits for sign in ("", "u") for bits in (8, 16, 32, 64)}
_UNITS = ("s", "ms", "us", "ns")


class Columns:
    """The columns of files that are one manifest.

    Attributes
    ----------
    schema : pyarrow.Schema
        The columns of all, in types that hold the values of each.
    conflicts : dict
        Columns that have no such type, or are there twice: the file and what is wrong.
    """

    def __init__(self, schemas: Iterable[tuple[str | None, pa.Schema]]) -> None:
        seen: dict[tuple[pa.Field, ...], tuple[str | None, pa.Schema]] = {}
        for file, schema in schemas:
            with reading_names(file):
                _ = schema.names
                seen.setdefault(tuple(schema), (file, schema))
        self._seen = list(seen.values())
        self.conflicts: dict[str, tuple[str | None, str]] = {}
        self.schema = self._seen[0][1] if len(self._seen) == 1 else self._together()

    def check(self, names: Sequence[str] | None) -> None:
        """Refuse a column that some file has not, or has twice, or has in a type that says something else."""
        for name in names or ():
            first: tuple[str | None, pa.DataType] | None = None
            for file, schema in self._seen:
                at = places_of(name, schema)
                if len(at) != 1:
                    raise self._absent(name, file, schema, len(at))
                kind = schema.field(at[0]).type
                if first is None:
                    first = file, kind
                elif meaning_of(kind) not in ("null", meaning_of(first[1])) and meaning_of(first[1]) != "null":
                    raise InputError(
                        f"its type is {kind} and in {first[0]} it is {first[1]}: write both with one type.",
                        file=file,
                        column=name,
                    )

    def check_all(self, mend: str) -> None:
        """Refuse columns that cannot be written as one: of types that have no common one, or there twice."""
        for name, (file, why) in self.conflicts.items():
            raise InputError(f"{why}: write both with one type, or {mend}.", file=file, column=name)

    def _absent(self, name: str, file: str | None, schema: pa.Schema, times: int) -> InputError:
        having = next((other for other, one in self._seen if name in one.names), None)
        if times or having is None or having == file:
            return no_one_column(name, times, schema.names, file)
        return InputError(
            f"{having} has this column and {file} does not: the columns of the roles are in every file of a manifest.",
            file=file,
            column=name,
        )

    def _together(self) -> pa.Schema:
        fields = list(self._seen[0][1])
        places = _places(fields)
        for file, schema in self._seen[1:]:
            for name, theirs in _places(schema).items():
                ours = places.get(name, [])
                if not ours and len(theirs) == 1:
                    places[name] = [len(fields)]
                    fields.append(schema.field(theirs[0]).with_nullable(True))
                elif len(theirs) != 1 or len(ours) != 1:
                    if ours != theirs:
                        self.conflicts.setdefault(name, (file, "the column is there more than once"))
                else:
                    field, other = fields[ours[0]], schema.field(theirs[0])
                    kind = common_type(field.type, other.type)
                    if kind is None:
                        why = f"its type is {other.type} and in {self._seen[0][0]} it is {field.type}"
                        self.conflicts.setdefault(name, (file, why))
                    else:
                        fields[ours[0]] = pa.field(name, kind, field.nullable and other.nullable)
        everywhere = set.intersection(*({*schema.names} for _, schema in self._seen))
        return pa.schema([field if field.name in everywhere else field.with_nullable(True) for field in fields])


def _places(fields: Iterable[pa.Field]) -> dict[str, list[int]]:
    """Where each name stands; all of them where it is there more than once."""
    found: dict[str, list[int]] = {}
    for i, field in enumerate(fields):
        found.setdefault(field.name, []).append(i)
    return found


def no_one_column(name: str, times: int, names: Sequence[str], file: str | None = None) -> InputError:
    """The error for a column that is not there, or is there so many times."""
    there = "is there more than once: rename one" if times else f"is not one of {listed(names)}"
    return InputError(f"the column {there}.", file=file, column=name)


@contextmanager
def reading_names(file: str | None) -> Iterator[None]:
    """Refuse a column whose name is not UTF-8, by its bytes: Python has no text for it, and no role could name it."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise InputError(f"the name {error.object!r} of a column is not UTF-8: rename it.", file=file) from error


def laid_out(batch: pa.RecordBatch | pa.Table, schema: pa.Schema) -> list[pa.Array | pa.ChunkedArray]:
    """The columns of a batch as a schema has them: what is not there is null, and types are widened.

    Raises
    ------
    pyarrow.ArrowInvalid
        A value has no place in the wider type, such as an instant beyond what nanoseconds hold.
    """
    if batch.schema.names == schema.names and batch.schema.types == schema.types:
        return batch.columns  # type: ignore[no-any-return]
    arrays = []
    for field in schema:
        at = batch.schema.get_field_index(field.name)
        array = pa.nulls(batch.num_rows, field.type) if at < 0 else batch.column(at)
        if pt.is_dictionary(array.type) and not pt.is_dictionary(field.type):
            array = array.cast(array.type.value_type)
        arrays.append(array if array.type == field.type else array.cast(field.type))
    return arrays


def meaning_of(kind: pa.DataType) -> str:
    """What a column's type says whatever its width: two types of one meaning hold the same things."""
    if pt.is_dictionary(kind):
        return meaning_of(kind.value_type)
    if pt.is_string(kind) or pt.is_large_string(kind) or pt.is_string_view(kind):
        return "text"
    if pt.is_binary(kind) or pt.is_large_binary(kind) or pt.is_binary_view(kind) or pt.is_fixed_size_binary(kind):
        return "bytes"
    if pt.is_integer(kind) or pt.is_floating(kind) or pt.is_decimal(kind):
        return "number"
    if pt.is_date(kind):
        return "date"
    if pt.is_timestamp(kind):
        return "instant" if kind.tz else "time"
    if pt.is_null(kind):
        return "null"
    return str(kind)


def common_type(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    """The type that holds every value of both as it is; None where there is none."""
    if one == other or pt.is_null(other):
        return one
    if pt.is_null(one):
        return other
    if pt.is_dictionary(one) or pt.is_dictionary(other):
        plain = [kind.value_type if pt.is_dictionary(kind) else kind for kind in (one, other)]
        return common_type(*plain)
    if meaning_of(one) != meaning_of(other):
        return None
    match meaning_of(one):
        case "text":
            return pa.large_string()
        case "bytes":
            return pa.large_binary()
        case "number":
            return _common_number(one, other)
        case "date":
            return pa.date64()
        case "time" | "instant":
            zone = one.tz if one.tz == other.tz else "UTC"
            return pa.timestamp(max(one.unit, other.unit, key=_UNITS.index), zone)
    return None


def _common_number(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    floats = [kind for kind in (one, other) if pt.is_floating(kind)]
    if len(floats) == 2:
        return max(floats, key=lambda kind: kind.bit_width)
    if floats:
        (rest,) = [kind for kind in (one, other) if not pt.is_floating(kind)]
        return pa.float64() if _BITS.get(str(rest), 64) < 64 else None
    if pt.is_decimal(one) or pt.is_decimal(other):
        scale = max(_digits(one)[1], _digits(other)[1])
        digits = max(_digits(one)[0], _digits(other)[0]) + scale
        return None if digits > 76 else pa.decimal128(digits, scale) if digits <= 38 else pa.decimal256(digits, scale)
    signed = [pt.is_signed_integer(kind) for kind in (one, other)]
    if signed[0] == signed[1]:
        return max(one, other, key=lambda kind: kind.bit_width)
    unsigned = other if signed[0] else one
    bits = max(one.bit_width, other.bit_width, 2 * unsigned.bit_width)
    return {16: pa.int16(), 32: pa.int32(), 64: pa.int64()}.get(bits, pa.decimal128(20, 0))


def _digits(kind: pa.DataType) -> tuple[int, int]:
    """Digits before and after the point."""
    if pt.is_decimal(kind):
        return kind.precision - kind.scale, kind.scale
    return len(str(2**kind.bit_width)), 0
