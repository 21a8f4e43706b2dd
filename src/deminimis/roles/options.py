"""The names and types of the options that every public function takes. Nothing is checked here."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from os import PathLike
from typing import TypedDict

from ..rules.rule import Rule
from .persons import Column
from .request import BadValues, Normalize, Overflow, SortedBy


class Options(TypedDict, total=False):
    """Roles and settings that every function takes; `deminimis.eligible` says what they mean."""

    limit: str | int | Decimal | None
    rule: str | PathLike[str] | Rule | None
    quantity: Column | None
    origin: Column | None
    excluded: Column | None
    per: Column | Sequence[Column] | None
    currency: str | None
    currency_code: str | None
    count_excluded: bool
    bad_values: BadValues
    overflow: Overflow | None
    normalize: Normalize | None
    in_care_of: bool
    placeholders: Sequence[str] | None
    timezone: str | None
    day_format: str | None
    secret: bytes | None
    threads: int | None
    memory_limit: int | str | None
    spill_dir: str | PathLike[str] | None
    sorted_by: SortedBy | None
    late_days: int


class Reading(TypedDict, total=False):
    """How text files are read."""

    delimiter: str | None
    encoding: str
    header: bool | Sequence[str]


class AnyOptions(Options, Reading, total=False):
    """Options, and how text files are read."""
