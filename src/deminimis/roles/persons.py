"""Who a row is said to import: columns, their parts, the first of several. Nothing of what the cells hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from .. import compute as pc
from .._kernel import KEY_COLUMNS
from ..errors import InputError, option
from .excluded import Exclusion

Column: TypeAlias = "str | pc.Expression | Exclusion"
"""An `Exclusion` only as `excluded`."""


@dataclass(frozen=True)
class FirstOf:
    """A person, or a part of one, that is the first of several columns that is present; made by `first_of`."""

    columns: tuple[Column, ...]


def first_of(*columns: Column) -> FirstOf:
    """Take as person the first of these columns that is present: not null, blank or a placeholder.

    Parameters
    ----------
    *columns : str or pyarrow.compute.Expression
        In order of preference, as in `first_of("owner", "buyer", "ship_to", "consignee")`. A composite person may have
        it as a part: `[first_of("owner", "buyer"), "postcode"]`.
    """
    if not columns:
        raise InputError("first_of needs at least one column")
    return FirstOf(tuple(column_given("first_of", column) for column in columns))


Person: TypeAlias = "Column | FirstOf | Sequence[Column | FirstOf]"


def columns_of_part(part: Column | FirstOf) -> tuple[Column, ...]:
    """The columns of a part of the person, in the order in which they are asked."""
    return part.columns if isinstance(part, FirstOf) else (part,)


def part_in_words(part: Column | FirstOf) -> str:
    """A part of the person, as sentences name it."""
    return " or ".join(str(c) for c in columns_of_part(part))


def written(part: Column | FirstOf) -> object:
    return {"first_of": [str(c) for c in part.columns]} if isinstance(part, FirstOf) else str(part)


def column_given(role: str, given: Any) -> Column:
    if isinstance(given, str) or pc.is_expression(given) or (role == "excluded" and isinstance(given, Exclusion)):
        return given
    raise InputError(f"{option(role)} takes a column name or a pyarrow.compute.Expression, not {type(given).__name__}")


def columns_given(role: str, given: Any) -> tuple[Column, ...]:
    if isinstance(given, str) or pc.is_expression(given):
        return (given,)
    if not isinstance(given, Sequence) or not given:
        raise InputError(f"{option(role)} takes a column name, a list of them or an expression, not {given!r}")
    if len(given) > 8:
        raise InputError(f"{option(role)} takes at most 8 columns, not {len(given)}")
    return tuple(column_given(role, c) for c in given)


def parts_given(given: Any) -> tuple[Column | FirstOf, ...]:
    """The parts of the person, the name first."""
    if isinstance(given, (str, FirstOf)) or pc.is_expression(given):
        return (given,)
    if not isinstance(given, Sequence) or not given:
        kinds = "a column name, first_of(...), a list of them or an expression"
        raise InputError(f"{option('person')} takes {kinds}, not {given!r}")
    if len(given) > 8:
        raise InputError(f"{option('person')} takes at most 8 columns, not {len(given)}")
    return tuple(part if isinstance(part, FirstOf) else column_given("person", part) for part in given)


def check_key_columns(persons: tuple[Column | FirstOf, ...], per: tuple[Column, ...]) -> None:
    count = sum(len(columns_of_part(part)) for part in persons) + len(per)
    if count > KEY_COLUMNS:
        both = f"{option('person')} and {option('per')}"
        raise InputError(f"{both} take at most {KEY_COLUMNS} columns together, first_of's too, not {count}")
