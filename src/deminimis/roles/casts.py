"""What Arrow's own functions do to a role's column before the kernel reads it: batch in, batch out, no rows dropped.

Each cast takes one array and returns one of the same length. A cell that a cast cannot read becomes null, and so that
row's reason; only what would make every row wrong is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.types as pt

from .. import compute as pc
from ..arrays import nothing, without_views
from ..errors import InputError, listed
from ..text import quoted
from . import names
from .money_format import Money, thousands_of

Cast = Callable[[pa.Array], pa.Array]

_TRUE = ("true", "t", "yes", "y", "1")
_FALSE = ("false", "f", "no", "n", "0")
NUMBER = pa.decimal128(38, 12)


def type_of(expression: pc.Expression, schema: pa.Schema, role: str, file: str | None) -> pa.DataType:
    """The type that an expression has over a schema."""
    try:
        return _project(schema.empty_table(), [expression]).schema.types[0]
    except (pa.ArrowException, ValueError, TypeError) as error:
        there = listed(schema.names)
        raise InputError(
            f"the expression {expression} for the {role} does not fit the columns ({there}): {error}", file=file
        ) from None


def preparation(
    columns: Sequence[str | pc.Expression],
    before: Sequence[Cast | None],
    readings: Sequence[tuple[str, str, Cast]] = (),
) -> Callable[[Any], Any]:
    """A function from a batch of the manifest to a batch with one column for each role.

    `readings` are columns that expressions use beside the manifest's: a name, the column it is made of, and how.
    """
    computed = [c for c in columns if not isinstance(c, str)]

    def prepare(batch: pa.RecordBatch) -> pa.RecordBatch:
        for name, column, read in readings:
            batch = batch.append_column(name, read(batch.column(column)))
        made = iter(_project(pa.Table.from_batches([batch]), computed).columns if computed else ())
        arrays = []
        for column, cast in zip(columns, before, strict=True):
            array = batch.column(column) if isinstance(column, str) else _one(next(made))
            if isinstance(array, pa.ExtensionArray):
                array = array.storage
            array = cast(without_views(array)) if cast else array
            # An empty slice may point past its buffers, which Arrow's own check of a new batch refuses.
            arrays.append(array if len(array) else pa.nulls(0, array.type))
        return pa.RecordBatch.from_arrays(arrays, [str(i) for i in range(len(arrays))])

    return prepare


def _project(table: pa.Table, expressions: list[pc.Expression]) -> pa.Table:
    from pyarrow import acero  # slow to import, and only expressions need it

    plan = acero.Declaration.from_sequence(
        [
            acero.Declaration("table_source", acero.TableSourceNodeOptions(table)),
            acero.Declaration(
                "project", acero.ProjectNodeOptions(expressions, [str(i) for i in range(len(expressions))])
            ),
        ]
    )
    return plan.to_table(use_threads=False)


def _one(chunks: pa.ChunkedArray) -> pa.Array:
    if chunks.num_chunks == 1:
        return chunks.chunk(0)
    return pa.concat_arrays(chunks.chunks) if chunks.num_chunks else nothing(chunks.type)


def as_text(array: pa.Array) -> pa.Array:
    """A column of nulls, or integers, as text."""
    return array.cast(pa.string())


def after_decoding(cast: Cast | None) -> Cast:
    """The entries of a dictionary instead of its indices, then `cast`."""

    def decode(array: pa.Array) -> pa.Array:
        plain = array.dictionary_decode()
        return cast(plain) if cast else plain

    return decode


def plain_text(array: pa.Array) -> pa.Array:
    """Any text or integer column as pa.string(); a cell that is not UTF-8 becomes null."""
    if pt.is_dictionary(array.type):
        array = array.dictionary_decode()
    if array.type == pa.string():
        return array
    if pt.is_fixed_size_binary(array.type):
        array = array.cast(pa.binary())
    try:
        return array.cast(pa.string())
    except pa.ArrowInvalid:
        return pa.array([_decoded(value) for value in array.to_pylist()], pa.string())


def _decoded(value: bytes | None) -> str | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return None


def canonical_name(normalize: names.Normalize | None, in_care_of: bool, placeholders: Sequence[str]) -> Cast:
    """The canonical form of each name but for `fold_text`, which the kernel applies, as it finds placeholders."""
    missing = pa.array([names.fold_text(text) for text in placeholders], pa.string())

    def fold(array: pa.Array) -> pa.Array:
        if pt.is_dictionary(array.type):
            return _binary(pa.DictionaryArray.from_arrays(array.indices, fold(array.dictionary), safe=False))
        if in_care_of:
            array = names.canonical(array, None, in_care_of=True)
        if normalize == "name":  # drops the punctuation that tells "N/A" from a name, so look before
            folded = names.canonical(array, "fold")
            array = pc.if_else(pc.is_in(folded, missing.cast(folded.type)), None, names.canonical(array, "name"))
        return _binary(array)

    return fold


def _binary(array: pa.Array) -> pa.Array:
    if pt.is_dictionary(array.type):
        array = array.dictionary_decode()
    return array if array.type in (pa.string(), pa.binary()) else array.cast(pa.binary())


def number_of_text(money: Money) -> Cast:
    """Numbers of up to 26 digits and 12 decimals with the signs of amounts, exactly; null where a text is no such."""
    marks = "".join(re.escape(sign) for sign in thousands_of(money))
    whole = rf"(?:\d{{1,26}}|\d{{1,3}}(?:[{marks}]\d{{3}}){{1,7}})" if marks else r"\d{1,26}"
    point = re.escape(money.decimal)
    number = rf"^[+-]?(?:{whole}(?:{point}\d{{0,12}})?|{point}\d{{1,12}})$"

    def read(array: pa.Array) -> pa.Array:
        texts = pc.utf8_trim_whitespace(plain_text(array))
        is_number = pc.fill_null(pc.match_substring_regex(texts, number), False)
        texts = pc.replace_substring_regex(texts, f"[{marks}]", "") if marks else texts
        texts = texts if money.decimal == "." else pc.replace_substring(texts, money.decimal, ".")
        return pc.if_else(is_number, texts, None).cast(NUMBER)

    return read


def truth_of_text(column: str, file: str | None) -> Cast:
    """Truth values as feeds write them; a blank is null, any other text an error."""

    def read(array: pa.Array) -> pa.Array:
        written = plain_text(array)
        texts = pc.utf8_lower(pc.utf8_trim_whitespace(written))
        is_true = pc.is_in(texts, pa.array(_TRUE))
        is_false = pc.is_in(texts, pa.array(_FALSE))
        is_blank = pc.fill_null(pc.equal(texts, ""), True)
        known = pc.or_(pc.or_(is_true, is_false), is_blank)
        if not pc.all(known, min_count=0).as_py():
            row = pc.index(known, False).as_py()
            cell = quoted(written[row].as_py())
            error = InputError(
                f"{cell} is neither true nor false; write an expression, such as {column} == 'X'",
                file=file,
                column=column,
            )
            error.in_batch = row
            raise error
        return pc.if_else(is_blank, None, is_true)

    return read
