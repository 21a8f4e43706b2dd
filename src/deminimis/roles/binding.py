"""Roles to kernel inputs: which column plays which role, in which layout, and the error where a type cannot.

Casts that keep the meaning are listed here; what needs Arrow's own compute functions first (expressions, non-ASCII
names) is in casts.py. Everything else is refused with the type's name and the mend.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.types as pt

from .. import compute as pc
from .._kernel import LAYOUTS, FormOfDays
from ..arrays import places_of
from ..errors import ColumnNotFoundError, InputError, UnsupportedTypeError, option
from ..rules.countries import ASSIGNED_BITS
from ..rules.steps import ANY_AMOUNT
from . import casts, names
from .beside import NOTHING, Beside
from .bound import Binding, Bound
from .day_layout import DaysRead, read_days_as
from .excluded import Exclusion
from .forms import INTEGERS, TEXT, Spec, kind_of, text_by_entry, text_layout
from .money_format import form_of_money
from .persons import Column, columns_of_part
from .request import Request
from .shipments import Versions, version_layout

Cast = Callable[[pa.Array], pa.Array]


def bind(
    roles: Request,
    schema: pa.Schema,
    *,
    outcomes: bool,
    tally: bool,
    file: str | None = None,
    beside: Beside = NOTHING,
) -> Binding:
    """Bind roles to a schema.

    Parameters
    ----------
    outcomes : bool
        Reasons and totals are wanted, not the mask alone.
    tally : bool
        Counts and sums are wanted.

    An error names the column, its type and what would work.
    """
    global _last
    last = _last  # read once: another thread may put its own there at any moment
    asked = (*roles[:-1], outcomes, tally, beside)
    comparable = not roles.has_expressions()
    if comparable and last is not None and last[0] == asked and last[1].equals(schema):
        return last[2].with_secret(roles.secret)
    bound = _Binder(roles, schema, file).bind(outcomes, tally, beside)
    if comparable and bound.prepare is None:  # what prepares a batch may name its file
        _last = asked, schema, bound
    return bound.with_secret(roles.secret)


_last: tuple[tuple[object, ...], pa.Schema, Bound] | None = None
"""The binding made last: scripts score one small batch after another with the same roles. Never changed, only put in
whole."""


class _Binder:
    def __init__(self, roles: Request, schema: pa.Schema, file: str | None) -> None:
        self.roles = roles
        self.schema = schema
        self.file = file
        self.names = tuple(schema.names) if roles.has_expressions() else roles.names()
        self.columns: list[str | pc.Expression] = []
        self.readings: list[tuple[str, str, Cast]] = []
        self.specs: list[Spec] = []
        self.before: list[Cast | None] = []
        self.day_form: FormOfDays | None = None
        self.gate_form: FormOfDays | None = None

    def bind(self, outcomes: bool, tally: bool, beside: Beside) -> Bound:
        roles = self.roles
        persons = [[self.add(c, "person", self.person) for c in columns_of_part(part)] for part in roles.persons]
        per = [self.add(c, "per", self.person) for c in roles.per]
        for part in persons:
            self.check_kinds([kind_of(self.specs[place]) for place in part])
        identity = tuple(kind_of(self.specs[place]) for part in (*persons, per) for place in part)
        currency = self.add_optional(roles.currency, "currency", self.code)
        if currency >= 0 and roles.currency_code is None:
            mend = f"say with {option('currency_code')} (such as 'USD') or by a rule what it is compared with"
            raise InputError(mend, file=self.file, column=roles.currency)
        compiled = roles.compiled
        table = np.ascontiguousarray(compiled.table)
        constant = compiled.is_constant
        limits, row_limits, row_counts = zip(*compiled.limits or ((0, ANY_AMOUNT, True),), strict=True)
        axes = (compiled.origins, compiled.senders, compiled.kinds)
        scopes = [
            axis.told(self.add_optional(column, role, self.code))
            for role, column, axis in zip(("origin", "sent_from", "kind"), roles.scopes, axes, strict=True)
        ]
        settings = dict[str, Any](
            persons=persons,
            per=per,
            exact=not per and identity[0] != "text" and len(persons) == 1,
            **self.shipments(beside),
            day=self.add(roles.day, "day", self.day),
            value=self.add(roles.value, "value", self.number),
            quantity=self.add_optional(roles.quantity, "quantity", self.number),
            excluded=self.add_optional(roles.excluded, "excluded", self.boolean),
            currency=currency,
            entered=self.add_optional(roles.entered, "entered", self.entered),
            gated=roles.rule.gate is not None,
            currency_code=(roles.currency_code or "").encode(),
            window=roles.rule.window,
            bad_values=roles.bad_values,
            count_excluded=roles.count_excluded,
            outcomes=outcomes,
            excess=roles.overflow == "excess",
            tally=tally,
            limits=list(limits),
            row_limits=list(row_limits),
            row_counts=list(row_counts),
            schedule=b"" if constant else table.tobytes(),
            steady=b"" if constant else compiled.steady.tobytes(),
            n_days=table.shape[1],
            day_first=compiled.day_first,
            scopes=scopes,
            assigned=ASSIGNED_BITS,
            placeholders=[(names.fold_text(text) if roles.normalize else text).encode() for text in roles.placeholders],
            fold=names.fold_bytes if roles.normalize == "fold" else None,
            columns=self.specs,
            day_form=self.day_form,
            gate_form=self.gate_form,
            money_form=form_of_money(roles.money, roles.currency_code),
            **beside._asdict(),
        )
        direct = all(isinstance(c, str) for c in self.columns) and not any(self.before)
        order = self.schema.names
        places = [order.index(str(c)) for c in self.columns] if direct else list(range(len(self.columns)))
        prepare = None if direct else casts.preparation(self.columns, self.before, self.readings)
        return Bound(settings, self.names, places, prepare, identity)

    def shipments(self, beside: Beside) -> dict[str, int]:
        """The places of the roles that tell copies, where they are to be told."""
        told = self.roles.shipments if beside.tellings else None
        if told is None:
            return {}
        layouts = {"party": self.code, "version": self.version, "cancelled": self.boolean}
        columns = zip(told._fields, told[:-1], strict=False)
        return {role: self.add_optional(column, role, layouts.get(role, self.person)) for role, column in columns}

    def add_optional(self, column: Column | None, role: str, layout: Any) -> int:
        return -1 if column is None else self.add(column, role, layout)

    def add(
        self, column: Column, role: str, layout: Callable[[pa.DataType, str, str], tuple[Spec, Cast | None]]
    ) -> int:
        """Note a column for a role; return its place among the kernel's columns."""
        column, schema = self.bound(column, role) if isinstance(column, Exclusion) else (column, self.schema)
        if pc.is_expression(column):
            kind = casts.type_of(column, schema, role, self.file)
        else:
            places = places_of(column, self.schema)
            if not places:
                raise ColumnNotFoundError(column, self.schema.names, role=role, file=self.file)
            if len(places) > 1:
                raise InputError(
                    f"{len(places)} columns have this name; give one another name", file=self.file, column=column
                )
            kind = self.schema.field(places[0]).type
        if isinstance(kind, pa.BaseExtensionType):
            kind = kind.storage_type
        spec, before = layout(kind, role, str(column))
        self.columns.append(column)
        self.specs.append(spec)
        self.before.append(before)
        return len(self.specs) - 1

    def bound(self, exclusion: Exclusion, role: str) -> tuple[pc.Expression, pa.Schema]:
        """An exclusion's expression, and the schema with the readings of text columns that it uses."""
        for name in exclusion.columns:
            if not places_of(name, self.schema):
                raise ColumnNotFoundError(name, self.schema.names, role=role, file=self.file)
        expression, readings = exclusion.bind(self.schema)
        schema = self.schema
        for name, column, read_as in readings:
            is_truth = read_as == "truth"
            read = casts.truth_of_text(column, self.file) if is_truth else casts.number_of_text(self.roles.money)
            self.readings.append((name, column, read))
            schema = schema.append(pa.field(name, pa.bool_() if is_truth else casts.NUMBER))
        return expression, schema

    def refuse(self, kind: pa.DataType, role: str, column: str, mend: str) -> UnsupportedTypeError:
        return UnsupportedTypeError(f"the type {kind} cannot be the {role}: {mend}", file=self.file, column=column)

    def check_kinds(self, kinds: list[str]) -> None:
        """Keys of different kinds never match, so that first_of would keep one person apart from itself."""
        if len({*kinds}) > 1:
            mend = f"first_of takes columns of one kind, not {' and '.join(kinds)}: cast them to text"
            raise UnsupportedTypeError(mend, file=self.file)

    def person(self, kind: pa.DataType, role: str, column: str) -> tuple[Spec, Cast | None]:
        spec = text_layout(kind) or text_by_entry(kind)
        if spec is not None and role == "person" and (self.roles.normalize == "name" or self.roles.in_care_of):
            return TEXT, casts.canonical_name(self.roles.normalize, self.roles.in_care_of, self.roles.placeholders)
        if spec is not None:
            return spec, None
        if pt.is_null(kind):
            return TEXT, casts.as_text
        index = 0
        if pt.is_dictionary(kind):
            index, kind = LAYOUTS[str(kind.index_type)], kind.value_type
        if str(kind) in INTEGERS:
            return (LAYOUTS[str(kind)], index, 0), None
        if pt.is_date32(kind):
            return (LAYOUTS["int32"], index, 0), None
        if pt.is_date64(kind):
            return (LAYOUTS["int64"], index, 0), None
        if pt.is_boolean(kind):
            return (LAYOUTS["bool"], index, 0), None
        mend = "cast it to an integer or to text, whichever identifies the person"
        raise self.refuse(kind, role, column, mend)

    def day(self, kind: pa.DataType, role: str, column: str) -> tuple[Spec, Cast | None]:
        spec, before, self.day_form = self.days_by(self.roles.timezone, kind, role, column)
        return spec, before

    def entered(self, kind: pa.DataType, role: str, column: str) -> tuple[Spec, Cast | None]:
        spec, before, self.gate_form = self.days_by(self.roles.rule.gate, kind, role, column)
        return spec, before

    def days_by(self, zone: str | None, kind: pa.DataType, role: str, column: str) -> DaysRead:
        found = read_days_as(kind, self.roles.day_format, zone, column, self.file)
        if isinstance(found, str):
            raise self.refuse(kind, role, column, found)
        return found

    def number(self, kind: pa.DataType, role: str, column: str) -> tuple[Spec, Cast | None]:
        spec = text_layout(kind) or text_by_entry(kind)
        if spec is not None and not (pt.is_binary(kind) or pt.is_fixed_size_binary(kind)):
            return spec, None
        if pt.is_dictionary(kind):
            spec, before = self.number(kind.value_type, role, column)
            return spec, casts.after_decoding(before)
        if str(kind) in INTEGERS:
            return (LAYOUTS[str(kind)], 0, 0), None
        if pt.is_float32(kind) or pt.is_float64(kind):
            return (LAYOUTS["float32" if pt.is_float32(kind) else "float64"], 0, 0), None
        if pt.is_decimal(kind):
            return (LAYOUTS[f"decimal{kind.bit_width}"], 0, kind.scale), None
        if pt.is_null(kind):
            return TEXT, casts.as_text
        mend = "use an integer, float32 or float64, a decimal, or text that says a number"
        raise self.refuse(kind, role, column, mend)

    def version(self, kind: pa.DataType, role: str, column: str) -> tuple[Spec, Cast | None]:
        if str(kind) in INTEGERS and str(kind) != "uint64":
            return (LAYOUTS[str(kind)], 0, 0), None
        if version_layout(kind):
            return (LAYOUTS["int64"], 0, 0), Versions(column, self.file)
        raise self.refuse(kind, role, column, "use integers, dates or timestamps, or text that says such")

    def boolean(self, kind: pa.DataType, role: str, column: str) -> tuple[Spec, Cast | None]:
        if pt.is_boolean(kind):
            return (LAYOUTS["bool"], 0, 0), None
        if text_layout(kind) or text_by_entry(kind):
            return (LAYOUTS["bool"], 0, 0), casts.truth_of_text(column, self.file)
        mend = f"use a boolean column or an expression, such as {column} == 1"
        raise self.refuse(kind, role, column, mend)

    def code(self, kind: pa.DataType, role: str, column: str) -> tuple[Spec, Cast | None]:
        spec = text_layout(kind) or text_by_entry(kind)
        if spec is not None:
            return spec, None
        if pt.is_null(kind):
            return TEXT, casts.as_text
        raise self.refuse(kind, role, column, "use text, such as a two-letter code")
