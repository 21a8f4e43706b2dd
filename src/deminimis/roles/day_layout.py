"""Which types a column of days may have, how the kernel reads each, and by which pattern and zone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pyarrow as pa
import pyarrow.types as pt

from .._kernel import LAYOUTS, FormOfDays
from ..errors import option
from . import casts
from .day_format import form_of, form_of_instants, pattern_of
from .forms import DATE, INTEGERS, TEXT, TICKS, Spec, text_by_entry, text_layout

DaysRead: TypeAlias = tuple[Spec, Callable[[pa.Array], pa.Array] | None, FormOfDays | None]
"""A layout, what comes before it, and a form where a pattern or a zone has a say in the days."""


def read_days_as(
    kind: pa.DataType, day_format: str | None, zone: str | None, column: str, file: str | None
) -> DaysRead | str:
    """How a column of this type is read; a text is the mend of a type that is not."""
    spec = text_layout(kind) or text_by_entry(kind)
    if spec is not None:
        return spec, None, form_of(day_format, zone)
    if pt.is_dictionary(kind):
        found = read_days_as(kind.value_type, day_format, zone, column, file)
        return found if isinstance(found, str) else (found[0], casts.after_decoding(found[1]), found[2])
    if pt.is_date32(kind):
        return DATE, None, None
    if pt.is_date64(kind) or pt.is_timestamp(kind):
        form = None
        if pt.is_timestamp(kind) and kind.tz is not None:
            form = form_of_instants(zone or kind.tz, column, file)
        return (LAYOUTS["instant"], 0, TICKS["ms" if pt.is_date64(kind) else kind.unit]), None, form
    if str(kind) in INTEGERS and day_format is not None:
        if not pattern_of(day_format).takes_integers:
            return f"its {option('day_format')} has more than digits; give one such as '%Y%m%d'"
        return (LAYOUTS[str(kind)], 0, 0), None, form_of(day_format, zone)
    if pt.is_null(kind):
        return TEXT, casts.as_text, None
    return f"use a date, a timestamp or ISO text, or say with {option('day_format')} how it is written, as '%Y%m%d'"
