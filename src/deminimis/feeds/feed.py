"""Feeds: which column of a known one plays which role, as data. What people read of them is in text.py."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..errors import InputError
from ..roles.day_format import pattern_of
from ..roles.excluded import Exclusion
from ..roles.persons import FirstOf
from ..toml_file import notes_of, open_toml, refuse, shipped_names, text_of, unknown_keys

PersonPart: TypeAlias = str | FirstOf
FeedPerson: TypeAlias = PersonPart | tuple[PersonPart, ...]

_KEYS = ("name", "title", "source", "notes", "roles", "settings", "missing")
_SHIPMENT_ROLES = ("shipment", "party", "version", "line", "cancelled")
_COLUMN_ROLES = ("day", "value", "quantity", "origin", "sent_from", "kind", "entered", "currency", *_SHIPMENT_ROLES)
_ROLES = ("person", "per", *_COLUMN_ROLES, "excluded")
_SWITCHES = ("in_care_of", "currency_signs")
_SETTINGS = ("day_format", "timezone", "decimal", "thousands", "currency_code", "normalize", *_SWITCHES)
_NEEDED = ("person", "day", "value")


@dataclass(frozen=True)
class Feed:
    """The columns of a feed by the role they play.

    Parameters
    ----------
    name, title, source : str
        What the feed is called, what it is, and where its fields are described.
    person : str, FirstOf or tuple of these, optional
        One column, the first present of several, or a composite of such.
    columns : tuple of (str, str)
        The further roles with their columns; of "excluded" the expression's text.
    per : tuple of str
        Further key columns, as some rules need them.
    settings : tuple of (str, object)
        Settings that the feed's form asks for, such as the day's format.
    missing : tuple of (str, str)
        Roles that the feed has no column for, and what to do about each.
    notes : tuple of str
        What to know about the feed.
    """

    name: str
    title: str
    source: str
    person: FeedPerson | None
    columns: tuple[tuple[str, str], ...]
    per: tuple[str, ...]
    settings: tuple[tuple[str, object], ...]
    missing: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]

    @classmethod
    def load(cls, name_or_path: str | os.PathLike[str]) -> Feed:
        """Load a shipped feed by its name, or a feed's TOML file by its path (which ends in .toml).

        Raises
        ------
        RuleError
            Naming the file, every faulty role and the mend.
        """
        file = open_toml(name_or_path, "feeds", "feed")
        problems = unknown_keys(file.table, _KEYS)
        roles, settings, missing = (_table(file.table, key, problems) for key in ("roles", "settings", "missing"))
        problems += unknown_keys(roles, _ROLES, "roles: ") + unknown_keys(settings, _SETTINGS, "settings: ")
        problems += unknown_keys(missing, _NEEDED, "missing: ")
        for role in _NEEDED:
            if (role in roles) == (role in missing):
                fault = "stands in both [roles] and [missing]" if role in roles else "has no column"
                problems.append(f'{role} {fault}: name it in [roles], or say in [missing] {role} = "what to do"')
        columns = [
            (role, text_of(roles, role, problems, '"column"', "roles: ")) for role in _COLUMN_ROLES if role in roles
        ]
        feed = cls(
            name=text_of(file.table, "name", problems, '"my-feed"'),
            title=text_of(file.table, "title", problems, '"which feed it is for"'),
            source=text_of(file.table, "source", problems, '"where its fields are described"'),
            person=_person(roles["person"], problems) if "person" in roles else None,
            columns=(*columns, *_excluded(roles, problems)),
            per=_names(roles["per"], "per", problems) if "per" in roles else (),
            settings=_settings(settings, problems),
            missing=tuple((role, text_of(missing, role, problems, '"what to do"', "missing: ")) for role in missing),
            notes=notes_of(file.table, problems),
        )
        refuse(problems, file.label)
        return feed

    def arguments(self) -> dict[str, Any]:
        """What the feed fills in of the arguments of `score`: roles with their columns, and settings.

        Roles that the feed has no column for are left out; the caller has to give them (see `missing`).
        """
        filled: dict[str, Any] = {**dict(self.columns), **dict(self.settings)}
        if isinstance(self.person, tuple):
            filled["person"] = list(self.person)
        elif self.person is not None:
            filled["person"] = self.person
        if self.per:
            filled["per"] = list(self.per)
        if "excluded" in filled:
            filled["excluded"] = Exclusion(filled["excluded"])
        return filled


def shipped_feeds() -> tuple[str, ...]:
    """The names of the feeds that come with the package, sorted."""
    return shipped_names("feeds")


def _table(table: Mapping[str, Any], key: str, problems: list[str]) -> dict[str, Any]:
    found = table.get(key, {})
    if isinstance(found, dict):
        return found
    problems.append(f"{key} is no table: write [{key}], and below it a line for each")
    return {}


def _names(value: object, role: str, problems: list[str]) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if isinstance(names, list) and names and all(isinstance(name, str) and name.strip() for name in names):
        return tuple(names)
    problems.append(
        f'roles: {role} is {value!r}: write a column\'s name, or a list of names such as ["buyer", "consignee"]'
    )
    return ()


def _person(value: object, problems: list[str]) -> FeedPerson:
    if isinstance(value, list) and value:
        return tuple(_person_part(part, problems) for part in value)
    return _person_part(value, problems)


def _person_part(value: object, problems: list[str]) -> PersonPart:
    if isinstance(value, str) and value.strip():
        return value
    if isinstance(value, dict) and list(value) == ["first_of"] and isinstance(value["first_of"], list):
        return FirstOf(_names(value["first_of"], "person's first_of", problems))
    problems.append(
        f'roles: person is {value!r}: write a column\'s name, person = {{ first_of = ["buyer", "consignee"] }}, '
        f'or for a composite a list of these, such as person = ["name", "postal_code"]'
    )
    return ""


def _excluded(roles: Mapping[str, Any], problems: list[str]) -> list[tuple[str, str]]:
    if "excluded" not in roles:
        return []
    text = text_of(roles, "excluded", problems, '"addcvd or quota"', "roles: ")
    try:
        if text:
            Exclusion(text)
    except InputError as error:
        problems.append(f"roles: {error.message}")
    return [("excluded", text)]


def _faults(day_format: str) -> list[str]:
    try:
        pattern_of(day_format)
    except InputError as error:
        return [f"settings: {error.message}"]
    return []


def _settings(settings: Mapping[str, Any], problems: list[str]) -> tuple[tuple[str, object], ...]:
    mends = {
        "day_format": (r".*%[a-zA-Z].*", 'write a pattern such as "%m/%d/%Y"'),
        "timezone": (r"\S+", 'write a name such as "America/Los_Angeles"'),
        "decimal": (r"[.,]", 'write "." or ","'),
        "thousands": (r"\W", 'write one sign such as "," or "."'),
        "currency_code": (r"[A-Z]{3}", 'write a code such as "USD"'),
        "normalize": (r"fold|name", 'write "fold" or "name"'),
    }
    for key, value in settings.items():
        if key in _SWITCHES:
            if not isinstance(value, bool):
                problems.append(f"settings: {key} is {value!r}: write true or false")
        elif key in mends and not (isinstance(value, str) and re.fullmatch(mends[key][0], value)):
            problems.append(f"settings: {key} is {value!r}: {mends[key][1]}")
        elif key == "day_format":
            problems += _faults(value)
    return tuple(settings.items())
