"""Checks of single settings, before any row is read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..errors import InputError, option
from .names import DEFAULT_PLACEHOLDERS


def check_text(name: str, given: Any, example: str) -> None:
    if given is not None and not isinstance(given, str):
        raise InputError(f"{option(name)} is a text such as {example}, not {given!r}")


def check_truth(name: str, given: Any) -> bool:
    if not isinstance(given, bool):
        raise InputError(f"{option(name)} is True or False, not {given!r}")
    return given


def check_choice(name: str, given: Any, choices: tuple[Any, ...]) -> None:
    if given not in choices:
        raise InputError(f"{option(name)} is one of {', '.join(repr(c) for c in choices)}, not {given!r}")


def check_late_days(given: object, sorted_by: object) -> None:
    if isinstance(given, bool) or not isinstance(given, int) or given < 0:
        raise InputError(f"{option('late_days')} is a number of days from 0 on, not {given!r}")
    if given and sorted_by is None:
        raise InputError(
            f"{option('late_days')} says how far days may be out of order: give {option('sorted_by', 'day')} with it"
        )


def check_placeholders(given: Sequence[str] | None) -> tuple[str, ...]:
    if given is None:
        return DEFAULT_PLACEHOLDERS
    texts = tuple(given) if isinstance(given, Iterable) else (None,)
    if isinstance(given, str) or not all(isinstance(t, str) and 0 < len(t.strip().encode()) < 64 for t in texts):
        raise InputError(f"{option('placeholders')} is a list of texts of 1 to 63 bytes each")
    if len(texts) > 64:
        raise InputError(f"{option('placeholders')} takes at most 64 texts, not {len(texts)}")
    return texts
