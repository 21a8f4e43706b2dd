"""What the caller asked for: roles, settings and the rule, checked before any row is read. No Arrow types here."""

from __future__ import annotations

import os
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

from .. import compute as pc
from .._kernel import SECRET_LENGTH
from ..errors import InputError, RuleError, option
from ..rules.compiled import CompiledRule
from ..rules.rule import Rule
from .checks import check_choice, check_late_days, check_placeholders, check_text, check_truth
from .day_format import check_days
from .excluded import Exclusion
from .money_format import Money, check_money
from .names import CANONICAL_VERSION
from .persons import (
    Column,
    FirstOf,
    Person,
    check_key_columns,
    column_given,
    columns_given,
    columns_of_part,
    parts_given,
    written,
)
from .shipments import Shipments, settings_of, shipments_given

BadValues = Literal["unproven", "error", "ignore"]
Overflow = Literal["all", "excess"]
Normalize = Literal["fold", "name"]
SortedBy = Literal["day"]


class Request(NamedTuple):
    """The checked request. Built by `check`; the secret comes last, so that all before it can be compared."""

    persons: tuple[Column | FirstOf, ...]
    per: tuple[Column, ...]
    day: Column
    value: Column
    quantity: Column | None
    origin: Column | None
    sent_from: Column | None
    kind: Column | None
    entered: Column | None
    excluded: Column | None
    shipments: Shipments | None
    currency: str | None
    currency_code: str | None
    rule: Rule
    compiled: CompiledRule
    overflow: Overflow
    bad_values: BadValues
    count_excluded: bool
    normalize: Normalize | None
    in_care_of: bool
    placeholders: tuple[str, ...]
    timezone: str | None
    day_format: str | None
    money: Money
    sorted_by: SortedBy | None
    late_days: int
    has_secret: bool
    secret: bytes

    @property
    def person_columns(self) -> tuple[Column, ...]:
        """The columns of all parts of the person."""
        return tuple(c for part in self.persons for c in columns_of_part(part))

    @property
    def scopes(self) -> tuple[Column | None, Column | None, Column | None]:
        """What a rule's step may ask for beside the day."""
        return self.origin, self.sent_from, self.kind

    def names(self) -> tuple[str, ...]:
        """Every column that is named directly, each once, in the order of the roles."""
        single = (self.day, self.value, self.quantity, *self.scopes, self.entered, self.excluded, self.currency)
        every = (*self.person_columns, *self.per, *single, *self._of_shipments)
        return tuple(dict.fromkeys(c for c in every if isinstance(c, str)))

    def has_expressions(self) -> bool:
        """Whether some role is computed, so that its columns are not known by name."""
        single = (self.day, self.value, self.quantity, *self.scopes, self.entered, self.excluded)
        every = (*self.person_columns, *self.per, *single, *self._of_shipments)
        return any(isinstance(c, Exclusion) or pc.is_expression(c) for c in every)

    @property
    def _of_shipments(self) -> tuple[Column, ...]:
        return () if self.shipments is None else self.shipments.columns

    def once_decided(self) -> Request:
        """The same for rows of which it is known which are copies."""
        return self if self.shipments is None else self._replace(shipments=None)

    def settings(self) -> dict[str, object]:
        """Every setting in force, ready for JSON."""
        person = [written(part) for part in self.persons]
        return {
            "person": person[0] if len(person) == 1 else person,
            "per": [str(c) for c in self.per],
            "day": str(self.day),
            "value": str(self.value),
            "quantity": None if self.quantity is None else str(self.quantity),
            "origin": None if self.origin is None else str(self.origin),
            "sent_from": None if self.sent_from is None else str(self.sent_from),
            "kind": None if self.kind is None else str(self.kind),
            "entered": None if self.entered is None else str(self.entered),
            "excluded": None if self.excluded is None else str(self.excluded),
            **settings_of(self.shipments),
            "currency": self.currency,
            "currency_code": self.currency_code,
            "limit": str(self.rule.steps[0].limit) if self.rule.is_stated else None,
            "rule": None if self.rule.is_stated else self.rule.name,
            "window": self.rule.window,
            "overflow": self.overflow,
            "bad_values": self.bad_values,
            "count_excluded": self.count_excluded,
            "normalize": f"{self.normalize} (version {CANONICAL_VERSION})" if self.normalize else None,
            "in_care_of": self.in_care_of,
            "placeholders": list(self.placeholders),
            "timezone": self.timezone,
            "day_format": self.day_format,
            **self.money._asdict(),
            "sorted_by": self.sorted_by,
            "late_days": self.late_days if self.sorted_by else None,
        }


def _rule(limit: object, rule: object) -> Rule:
    if (limit is None) == (rule is None):
        raise InputError(f"give exactly one of {option('limit')} and {option('rule')}")
    if rule is None:
        if not isinstance(limit, (str, int, Decimal)) or isinstance(limit, bool):
            raise InputError(f"{option('limit')} takes a str, an int or a Decimal, so that it is exact; not {limit!r}")
        return _constant(limit)
    if isinstance(rule, Rule):
        return rule
    if isinstance(rule, (str, Path, os.PathLike)):
        return Rule.load(rule)
    raise InputError(f"{option('rule')} takes a name, a path or a Rule, not {type(rule).__name__}")


@lru_cache(maxsize=64, typed=True)
def _constant(limit: str | int | Decimal) -> Rule:
    return Rule(limit=limit)


@lru_cache(maxsize=64)
def _compiled(rule: Rule) -> CompiledRule:
    return rule.compiled()


def check(
    *,
    person: Person,
    day: Column,
    value: Column,
    limit: str | int | Decimal | None = None,
    rule: str | os.PathLike[str] | Rule | None = None,
    quantity: Column | None = None,
    origin: Column | None = None,
    sent_from: Column | None = None,
    kind: Column | None = None,
    entered: Column | None = None,
    excluded: Column | None = None,
    shipment: Column | None = None,
    party: Column | None = None,
    version: Column | None = None,
    line: Column | None = None,
    cancelled: Column | None = None,
    party_order: Sequence[str] | None = None,
    per: Column | Sequence[Column] | None = None,
    currency: str | None = None,
    currency_code: str | None = None,
    count_excluded: bool = True,
    bad_values: BadValues = "unproven",
    overflow: Overflow | None = None,
    normalize: Normalize | None = None,
    in_care_of: bool = False,
    placeholders: Sequence[str] | None = None,
    timezone: str | None = None,
    day_format: str | None = None,
    decimal: str = ".",
    thousands: str | None = None,
    currency_signs: bool = False,
    sorted_by: SortedBy | None = None,
    late_days: int = 0,
    secret: bytes | None = None,
) -> Request:
    """Check roles and settings against each other, before any row is read."""
    chosen = _rule(limit, rule)
    check_choice("bad_values", bad_values, ("unproven", "error", "ignore"))
    check_choice("overflow", overflow, (None, "all", "excess"))
    check_choice("normalize", normalize, (None, "fold", "name"))
    check_choice("sorted_by", sorted_by, (None, "day"))
    check_late_days(late_days, sorted_by)
    check_text("currency", currency, "'currency', a column's name")
    check_text("currency_code", currency_code, "'USD'")
    check_text("timezone", timezone, "'America/Los_Angeles'")
    check_text("day_format", day_format, "'%m/%d/%Y'")
    compiled = _compiled(chosen)
    if compiled.origins.is_asked and origin is None:
        raise RuleError(f"the rule {chosen.name!r} asks for each row's origin: give {option('origin')}")
    if compiled.senders.is_asked and sent_from is None:
        mend = f"give {option('sent_from')}" + (f", not {option('origin')}" if origin is not None else "")
        raise RuleError(f"the rule {chosen.name!r} asks for the country that each row was sent from: {mend}")
    persons = parts_given(person)
    extra = () if per is None else columns_given("per", per)
    check_key_columns(persons, extra)
    wanted = tuple(part for part in chosen.key if part != "person")
    if len(wanted) > len(extra):
        raise RuleError(
            f"the rule {chosen.name!r} counts per person and {' and '.join(wanted)}: give {option('per')} that column"
        )
    code = chosen.currency or currency_code
    if currency_code and code != currency_code:
        raise InputError(
            f"the values are in {currency_code}, the limits of rule {chosen.name!r} in {code}: convert first"
        )
    check_days(day_format, timezone)
    return Request(
        persons=persons,
        per=extra,
        day=column_given("day", day),
        value=column_given("value", value),
        quantity=None if quantity is None else column_given("quantity", quantity),
        origin=_asked("origin", origin, compiled.origins.is_asked),
        sent_from=_asked("sent_from", sent_from, compiled.senders.is_asked),
        kind=_asked("kind", kind, compiled.kinds.is_asked),
        entered=_asked("entered", entered, chosen.gate is not None and not compiled.is_constant),
        excluded=None if excluded is None else column_given("excluded", excluded),
        shipments=shipments_given(shipment, party, version, line, cancelled, party_order),
        currency=currency,
        currency_code=code,
        rule=chosen,
        compiled=compiled,
        overflow=overflow or chosen.overflow,
        bad_values=bad_values,
        count_excluded=check_truth("count_excluded", count_excluded),
        normalize=normalize,
        in_care_of=check_truth("in_care_of", in_care_of),
        placeholders=check_placeholders(placeholders),
        timezone=timezone,
        day_format=day_format,
        money=check_money(decimal, thousands, currency_signs, code),
        sorted_by=sorted_by,
        late_days=late_days,
        has_secret=secret is not None,
        secret=_secret(secret),
    )


def _asked(role: str, given: Column | None, is_asked: bool) -> Column | None:
    """The column of a role that only some rules ask for; for others it is not read."""
    return column_given(role, given) if given is not None and is_asked else None


def with_new_secret(roles: Request) -> Request:
    """The same, for another run."""
    return roles._replace(secret=_secret(None))


def _secret(given: bytes | None) -> bytes:
    """The bytes that key the fingerprints: random for each run, or stretched from a given secret."""
    if given is None:
        return os.urandom(SECRET_LENGTH)
    if not isinstance(given, bytes) or len(given) < 16:
        raise InputError(f"{option('secret')} takes at least 16 bytes that nobody can guess")
    from hashlib import shake_256

    return shake_256(given).digest(SECRET_LENGTH)
