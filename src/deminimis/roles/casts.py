"""What Arrow's own functions do to a role's column before the kernel reads it: batch in, batch out, no rows dropped.

Each cast takes one array and returns one of the same length. A cell that a cast cannot read becomes null, and so that
row's reason; only what would make every row wrong is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from ..arrays import nothing
from ..errors import InputError, listed
from . import names

Cast = Callable[[pa.Array], pa.Array]

_LAST_TRANSITION = 2_145_916_800
"""2038-01-01, in seconds since 1970."""
_LAST_DATE = 253_402_128_000
"""9999-12-30: the last days of the calendar are no days that a clock could shift."""
_TRUE = ("true", "t", "yes", "y", "1")
_FALSE = ("false", "f", "no", "n", "0")
NUMBER = pa.decimal128(38, 12)
_NUMBER = r"^[+-]?(?:\d{1,26}(?:\.\d{0,12})?|\.\d{1,12})$"
_ISO_INSTANT = r"^\s*\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d(?::?\d\d)?)\s*$"


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
            array = cast(array) if cast else array
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


def _plain_text(array: pa.Array) -> pa.Array:
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


def local_time(zone: str) -> Cast:
    """Instants as the wall clock of a zone shows them."""

    def shift(array: pa.Array) -> pa.Array:
        return _local(array, zone)

    return shift


def _local(instants: pa.Array, zone: str) -> pa.Array:
    """The wall clock of a zone. Arrow's own time zones end in 2037: what is later goes through `zoneinfo`."""
    instants = instants.cast(pa.timestamp(instants.type.unit, zone))
    local = pc.local_timestamp(instants)
    seconds = instants.cast(pa.int64())
    ticks = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[instants.type.unit]
    late = pc.fill_null(pc.greater_equal(seconds, _LAST_TRANSITION * ticks), False)
    if not pc.any(late, min_count=0).as_py():
        return local
    clock = ZoneInfo(zone)
    times = []
    for tick in seconds.filter(late).to_pylist():
        shown = datetime.fromtimestamp(tick // ticks, clock).utcoffset() if tick // ticks < _LAST_DATE else None
        times.append(None if shown is None else tick + round(shown.total_seconds()) * ticks)
    return pc.replace_with_mask(local, late, pa.array(times, pa.int64()).cast(local.type))


def day_of_format(pattern: str, zone: str | None) -> Cast:
    """Days of text, or of integers such as 20240601, written as a strptime pattern says; null where one is not."""

    def parse(array: pa.Array) -> pa.Array:
        texts = pc.utf8_trim_whitespace(_plain_text(array))
        instants = pc.strptime(texts, format=pattern, unit="s", error_is_null=True)
        if "%z" in pattern and zone is not None:
            instants = _local(instants, zone)
        return pc.floor_temporal(instants, unit="day").cast(pa.date32())

    return parse


def day_of_iso_instant(zone: str) -> Cast:
    """Days of ISO text: an instant (with Z or an offset) as a zone's clock shows it, other text as written."""

    def parse(array: pa.Array) -> pa.Array:
        texts = _plain_text(array)
        is_instant = pc.fill_null(pc.match_substring_regex(texts, _ISO_INSTANT), False)
        instants = pc.if_else(is_instant, pc.utf8_trim_whitespace(texts), None)
        days = pa.array([_instant(text) for text in instants.to_pylist()], pa.timestamp("us", "UTC"))
        local = _local(days, zone)
        written = pc.utf8_slice_codeunits(pc.strftime(local, format="%Y-%m-%d"), 0, 10)
        return pc.if_else(is_instant, written, texts)

    return parse


def _instant(text: str | None) -> Any:
    try:
        # Python knows no second 60; a leap second lies on the day of the second before it.
        return None if text is None else datetime.fromisoformat(re.sub(r"^(.{16}):60", r"\1:59", text))
    except ValueError:
        return None


def number_of_text(array: pa.Array) -> pa.Array:
    """Numbers of up to 26 digits and 12 decimals, exactly; null where the text is no such number."""
    texts = pc.utf8_trim_whitespace(_plain_text(array))
    is_number = pc.fill_null(pc.match_substring_regex(texts, _NUMBER), False)
    return pc.if_else(is_number, texts, None).cast(NUMBER)


def truth_of_text(column: str, file: str | None) -> Cast:
    """Truth values as feeds write them; a blank is null, any other text an error."""

    def read(array: pa.Array) -> pa.Array:
        texts = pc.utf8_lower(pc.utf8_trim_whitespace(_plain_text(array)))
        is_true = pc.is_in(texts, pa.array(_TRUE))
        is_false = pc.is_in(texts, pa.array(_FALSE))
        is_blank = pc.fill_null(pc.equal(texts, ""), True)
        known = pc.or_(pc.or_(is_true, is_false), is_blank)
        if not pc.all(known, min_count=0).as_py():
            row = pc.index(known, False).as_py()
            raise InputError(
                f"{texts[row].as_py()!r} is neither true nor false; write an expression, such as {column} == 'X'",
                file=file,
                column=column,
            )
        return pc.if_else(is_blank, None, is_true)

    return read
