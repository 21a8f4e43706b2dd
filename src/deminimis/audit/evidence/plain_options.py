"""Roles and settings as JSON holds them, and back; a secret never, and nothing that cannot be written down."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from ...addresses import is_in_store, masked
from ...errors import InputError, listed, option
from ...roles.excluded import Exclusion
from ...roles.options import OPTIONS
from ...roles.persons import FirstOf, first_of
from ...rules.rule import Rule
from ...rules.steps import Step

NOT_KEPT = ("secret", "threads", "memory_limit", "spill_dir")
"""What a run takes that is not written down: the secret, and what has no say in the answer."""
_RULE_TEXTS = ("name", "title", "authority", "currency", "window", "overflow", "gate")
_RULE_LISTS = ("key", "notes", "sources")


def plain_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of `score`, made of what JSON has.

    Raises
    ------
    InputError
        One of them is computed (a pyarrow expression), which no file can say.
    """
    return {name: _plain(name, one) for name, one in options.items() if name not in NOT_KEPT and one is not None}


def sources_of(manifest: Any) -> list[str]:
    """The paths and patterns of a manifest, as they were given.

    Raises
    ------
    InputError
        It does not lie in files, so that it could not be read again.
    """
    several = manifest if isinstance(manifest, (list, tuple)) else [manifest]
    if not several or not all(isinstance(one, (str, os.PathLike)) and os.fspath(one) != "-" for one in several):
        raise InputError("evidence is of files, which can be read again: give paths, not a table or a stream")
    check_on_disk(*several)
    return [os.fspath(one) for one in several]


def check_on_disk(*given: Any) -> None:
    """Refuse an address, whose bytes are hashed nowhere, and which may hold a password."""
    for one in given:
        if is_in_store(one):
            name = masked(os.fspath(one))
            raise InputError("evidence is of files of this machine: give a copy, by its path.", file=name)


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, FirstOf):
        return {"first_of": [_plain(name, column) for column in value.columns]}
    if isinstance(value, Exclusion):
        return {"test": value.text}
    if isinstance(value, Rule):
        return {"steps_of": _plain_rule(value)}
    if isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [_plain(name, one) for one in value]
    kind = type(value).__name__
    raise InputError(f"evidence cannot write down {option(name)} as {kind}: name columns, or make it a column first")


def _plain_rule(rule: Rule) -> dict[str, Any]:
    told: dict[str, Any] = {name: getattr(rule, name) for name in _RULE_TEXTS}
    told |= {name: list(getattr(rule, name)) for name in _RULE_LISTS}
    told["meaning"] = [list(pair) for pair in rule.meaning]
    if rule.is_stated:
        return told | {"limit": f"{rule.steps[0].limit:f}"}
    return told | {"steps": [_plain_step(step) for step in rule.steps]}


def _plain_step(step: Step) -> dict[str, Any]:
    def words(scope: Any) -> Any:
        return scope if isinstance(scope, str) else list(scope)

    return {
        "effective_from": step.effective_from and step.effective_from.isoformat(),
        "effective_to": step.effective_to and step.effective_to.isoformat(),
        "origin": words(step.origin),
        "sent_from": words(step.sent_from),
        "kind": list(step.kind),
        "limit": None if step.limit is None else f"{step.limit:f}",
        "row_limit": None if step.row_limit is None else f"{step.row_limit:f}",
        "counts_above": step.counts_above,
        "citation": step.citation,
    }


def options_of(plain: Mapping[str, Any]) -> dict[str, Any]:
    """The options that were written down.

    Raises
    ------
    InputError
        They are none of `score`.
    """
    unknown = [name for name in plain if name not in OPTIONS or name in NOT_KEPT]
    if unknown:
        raise InputError(f"its options are not those of a run: {listed(unknown)}")
    return {name: _option(one) for name, one in plain.items()}


def _option(value: Any) -> Any:
    if isinstance(value, list):
        return [_option(one) for one in value]
    if not isinstance(value, dict):
        return value
    match value:
        case {"first_of": list(columns)}:
            return first_of(*columns)
        case {"test": str(text)}:
            return Exclusion(text)
        case {"steps_of": dict(rule)}:
            return _rule(rule)
    raise InputError(f"its options hold what is none: {listed(list(value))}")


def _rule(told: Mapping[str, Any]) -> Rule:
    try:
        given = {name: told[name] for name in (*_RULE_TEXTS, *_RULE_LISTS)}
        given["meaning"] = [(role, what) for role, what in told["meaning"]]
        if "limit" in told:
            return Rule(told["limit"], **given)
        return Rule(steps=[_step(one) for one in told["steps"]], **given)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"the rule in its options is not whole ({error})") from error


def _step(told: Mapping[str, Any]) -> Step:
    days = {name: told[name] and date.fromisoformat(told[name]) for name in ("effective_from", "effective_to")}
    return Step(**{**told, **days})
