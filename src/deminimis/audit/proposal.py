"""Roles and settings that a sample of a feed suggests, tried on the sample by the scorer itself."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from ..api import score
from ..errors import DeminimisError
from ..feeds.feed import Feed, shipped_feeds
from ..roles.options import OPTIONS
from ..roles.persons import FirstOf
from .look import Look
from .words import POSTCODES, UNIT_PRICES, WORDS, plain_name, rank

_KINDS = {
    "person": ("text", "number", "amount", "country", "currency"),
    "day": ("day",),
    "value": ("amount", "number"),
    "quantity": ("number", "amount"),
    "origin": ("country",),
    "currency": ("currency",),
    "entered": ("day",),
    "excluded": ("truth",),
}
_NEEDED = ("person", "day", "value")
_OPTIONAL = ("excluded", "entered", "quantity", "currency", "origin")
"""What is left out of the proposal, in this order, where the scorer refuses it."""
_LIMIT = "800"
_RULE = "us-321"


class NearFeed(NamedTuple):
    """A known feed, and how many of the columns that it names are there."""

    name: str
    there: int
    columns: int


class Proposal(NamedTuple):
    """What is proposed.

    Parameters
    ----------
    feed : NearFeed, optional
        The known feed that it looks like most; its roles are proposed where all of its columns are there.
    roles, settings : dict
        Of `score`; None: nothing to propose.
    missing : tuple of str
        Needed roles that no column seems to play.
    outcomes : dict of str to int
        The sample's rows by reason.
    notes : tuple of str
        What to look at before it is believed.
    """

    feed: NearFeed | None
    roles: dict[str, str]
    settings: dict[str, Any]
    missing: tuple[str, ...]
    outcomes: dict[str, int]
    notes: tuple[str, ...]


def propose(looks: Sequence[Look], sample: pa.Table) -> Proposal:
    """Roles by the names of columns and by what their cells look like."""
    names = [look.name for look in looks]
    feed = _nearest_feed(names)
    if feed is not None and feed.there == feed.columns:
        known = Feed.load(feed.name)
        own = {role: column for role, column in _by_words(looks).items() if role in dict(known.missing)}
        missing = tuple(role for role in dict(known.missing) if role not in own)
        notes = tuple(f"{role}: {mend}" for role, mend in known.missing if role in missing)
        return _tried(Proposal(feed, own, {"feed": feed.name} | _bound(known.arguments()), missing, {}, notes), sample)
    roles = _by_words(looks)
    by_name = {look.name: look for look in looks}
    settings = _settings({role: by_name[column] for role, column in roles.items()})
    missing = tuple(role for role in _NEEDED if role not in roles)
    notes = tuple(_notes(roles, by_name))
    return _tried(Proposal(feed, roles, settings | _bound(roles), missing, {}, notes), sample)


def command_of(proposal: Proposal, sources: Sequence[str], reading: Mapping[str, Any]) -> str:
    """The command to copy, whole."""
    words = ["deminimis", "score", *sources]
    for name, given in (*reading.items(), *proposal.roles.items(), *proposal.settings.items()):
        if name == "feed":
            words += ["--feed", given]
        elif name == "header" and not isinstance(given, bool):
            words += ["--columns", ",".join(given)]
        elif not OPTIONS[name].metavar:
            words.append(OPTIONS[name].word)
        else:
            words += (
                [f"{OPTIONS[name].word}={given}"] if str(given).startswith("-") else [OPTIONS[name].word, str(given)]
            )
    return shlex.join(words)


def _by_words(looks: Sequence[Look]) -> dict[str, str]:
    """The column that fits each role best by its name, among those whose cells may play it; no column has two."""
    fits = [
        (place, number, role, look.name)
        for role in WORDS
        for number, look in enumerate(looks)
        if look.kind in _KINDS[role] and (place := rank(role, look.name)) is not None
    ]
    found: dict[str, str] = {}
    for _, _, role, name in sorted(fits):
        if role not in found and name not in found.values():
            found[role] = name
    if plain_name(found.get("value", "")) not in UNIT_PRICES:
        found.pop("quantity", None)
    return {role: found[role] for role in WORDS if role in found}


def _settings(looks: Mapping[str, Look]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    days, money = looks.get("day"), looks.get("value")
    if days is not None and days.days is not None and days.days.day_format is not None:
        found["day_format"] = days.days.day_format
    if money is not None and money.money is not None:
        signs, currency = money.money.money, money.money.currency
        found |= {"decimal": signs.decimal} if signs.decimal != "." else {}
        found |= {"thousands": signs.thousands} if signs.thousands else {}
        found |= {"currency_signs": True, "currency_code": currency} if signs.currency_signs else {}
    if "currency" in looks and "currency_code" not in found:
        found["currency_code"] = looks["currency"].cells[0] if looks["currency"].cells else "USD"
    return found


def _bound(roles: Mapping[str, Any]) -> dict[str, str]:
    return {"rule": _RULE} if "origin" in roles else {"limit": _LIMIT}


def _notes(roles: Mapping[str, str], looks: Mapping[str, Look]) -> list[str]:
    notes = []
    day = looks[roles["day"]] if "day" in roles else None
    if day is not None and day.other_days is not None and day.days is not None:
        ways = f"{day.days.day_format} and {day.other_days.day_format or 'ISO'}"
        notes.append(f"{day.name}: {ways} both read every cell of the sample; which is it?")
    postcodes = [name for name in looks if plain_name(name) in POSTCODES]
    if postcodes and "person" in roles:
        notes.append(f"where one name at two postcodes is two persons, add --person {shlex.quote(postcodes[0])}")
    if "origin" not in roles:
        notes.append(f"no column seems to hold codes of countries, which {_RULE} asks for: a stated limit stands in")
    return notes


def _tried(found: Proposal, sample: pa.Table) -> Proposal:
    """The proposal as far as the scorer takes it, with what it makes of the sample."""
    if found.missing:
        return found
    while True:
        options = dict(found.roles) | found.settings
        if "feed" in options:
            options |= Feed.load(options.pop("feed")).arguments()
        try:
            reasons = score(sample, **options).summary.reasons
        except DeminimisError as error:
            role = next((role for role in _OPTIONAL if role in found.roles), None)
            notes = (*found.notes, f"{role or 'the proposal'} is left out: {error}" if role else str(error))
            roles = {name: column for name, column in found.roles.items() if name != role}
            if role is None:
                return found._replace(notes=notes, missing=("a proposal that the scorer takes",))
            settings = {name: one for name, one in found.settings.items() if name not in ("rule", "limit")}
            found = found._replace(roles=roles, settings=settings | _bound(roles), notes=notes)
        else:
            return found._replace(outcomes={reason: rows for reason, rows in reasons.items() if rows})


def _nearest_feed(names: Sequence[str]) -> NearFeed | None:
    best = None
    for name in shipped_feeds():
        columns = _columns_of(Feed.load(name))
        near = NearFeed(name, sum(column in names for column in columns), len(columns))
        if 2 * near.there >= near.columns and (best is None or near.there * best.columns > best.there * near.columns):
            best = near
    return best


def _columns_of(feed: Feed) -> list[str]:
    parts = feed.person if isinstance(feed.person, tuple) else (feed.person,)
    persons = [name for part in parts if part for name in ((part,) if isinstance(part, str) else _first(part))]
    return list(dict.fromkeys([*persons, *feed.per, *(name for role, name in feed.columns if role != "excluded")]))


def _first(part: FirstOf) -> list[str]:
    return [str(column) for column in part.columns]
