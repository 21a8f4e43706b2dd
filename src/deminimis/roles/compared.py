"""The form of a row's person that is compared, as text: for tables that people read."""

from __future__ import annotations

import pyarrow as pa

from .. import compute as pc
from ..arrays import without_views
from . import casts, names
from .persons import Column, columns_of_part
from .request import Request

_BETWEEN = " | "


def compared(request: Request, rows: pa.RecordBatch) -> pa.StringArray:
    """The form of each row's person that is compared: its parts, with bars between several."""
    parts = [_first([_form(request, c, rows) for c in columns_of_part(part)], request) for part in request.persons]
    parts += [_form(request, c, rows, is_person=False) for c in request.per]
    if len(parts) == 1:
        return parts[0]
    return pc.binary_join_element_wise(*(pc.fill_null(part, "") for part in parts), _BETWEEN)


def _form(request: Request, column: Column, rows: pa.RecordBatch, *, is_person: bool = True) -> pa.StringArray:
    cells = casts.preparation([column], [None])(rows).column(0)
    if is_person:
        cells = names.canonical(cells, request.normalize, request.in_care_of)
    return casts.plain_text(without_views(cells))


def _first(forms: list[pa.StringArray], request: Request) -> pa.StringArray:
    """The first form that names somebody."""
    if len(forms) == 1:
        return forms[0]
    nobody = {(names.fold_text(text) if request.normalize else text).strip().lower() for text in request.placeholders}
    there = []
    for form in forms:
        bare = pc.ascii_lower(pc.ascii_trim_whitespace(form))
        is_nobody = pc.is_in(bare, value_set=pa.array(["", *sorted(nobody)]))
        there.append(pc.if_else(is_nobody, pa.scalar(None, pa.string()), form))
    return pc.coalesce(*there)
