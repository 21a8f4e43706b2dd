"""The public function for findings."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Unpack

import pyarrow as pa

from ...errors import InputError, option
from ...roles.options import AnyOptions, takes_options
from ...roles.persons import Column, Person
from ...sources.open import open_source
from ...text import plain
from ...toml_file import read_toml
from .asked import Asked, largest_limit, reading_of, room
from .finding import Finding, Findings
from .patterns import PATTERNS

_MOST = 100


@takes_options
def findings(
    manifest: Any,
    *,
    person: Person,
    day: Column,
    value: Column,
    address: Column | Sequence[Column] | None = None,
    order: Column | Sequence[Column] | None = None,
    only: Sequence[str] | None = None,
    most: int = _MOST,
    thresholds: str | os.PathLike[str] | None = None,
    **options: Unpack[AnyOptions],
) -> Findings:
    """Look for patterns that a reviewer looks at. None of them changes an answer.

    Takes the roles and settings of `eligible`, and:

    Parameters
    ----------
    manifest : object
        As `eligible` takes it; it is read several times for each pattern.
    address : str or list of str, optional
        The columns of the address that goods go to, such as the postcode and the street.
    order : str or list of str, optional
        The column of the order or contract.
    only : sequence of str, optional
        Which patterns: "just-below", "often-near", "one-address", "spellings", "repeated", "split-orders".
    most : int, default 100
        Lines of each that are kept, the largest; all are counted.
    thresholds : path, optional
        A TOML file with other thresholds; what it does not say stays as it is.

    Returns
    -------
    Findings
        Each `Finding` has its definition, its numbers and its rows.

    Notes
    -----
    Definitions and thresholds are data (definitions.toml), with their sources, or "of this project".
    """
    given: dict[str, Any] = {**options, "person": person, "day": day, "value": value}
    names = list(PATTERNS) if only is None else [*only]
    for name in names:
        if name not in PATTERNS:
            raise InputError(f"{option('only')} takes some of {', '.join(PATTERNS)}, not {name!r}")
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        raise InputError(f"{option('most')} is a number of lines from 1 on, not {most!r}")
    told = _definitions(thresholds)
    reading = reading_of(given)
    schema = open_source(manifest, **reading).readable_twice("findings").schema
    given = {name: one for name, one in given.items() if one is not None}
    with room(given.get("spill_dir")) as folder:
        about = (_listed(address), _listed(order), largest_limit(given), most, folder)
        asked = Asked(manifest, schema, reading, given, *about)
        found = tuple(_look(asked, name, told[name]) for name in names)
    return Findings(found, {name: plain(one) for name, one in given.items() if name != "secret"})


def _look(asked: Asked, name: str, told: dict[str, Any]) -> Finding:
    words = {key: str(one) for key, one in told.items() if key not in ("title", "definition", "source")}
    about = (name, told["title"], told["definition"].format(**words), told["source"])
    why = _why_not(asked, name)
    if why:
        return Finding(*about, False, why, 0, {}, pa.table({}))
    found = PATTERNS[name](asked, told)
    return Finding(*about, True, "", found.times, found.numbers, found.table)


def _why_not(asked: Asked, name: str) -> str:
    if name == "one-address" and not asked.address:
        return "no columns of an address were given (address=, --address)"
    if name == "split-orders" and not asked.order:
        return "no column of the order was given (order=, --order)"
    if name == "spellings" and asked.roles.get("normalize") == "name":
        return "names are compared so already"
    return ""


def _definitions(path: str | os.PathLike[str] | None) -> dict[str, dict[str, Any]]:
    """Each pattern's definition and thresholds, the shipped ones or changed ones."""
    shipped = resources.files("deminimis.audit.findings") / "definitions.toml"
    told: dict[str, dict[str, Any]] = {name: {**one} for name, one in read_toml(shipped, shipped.name).table.items()}
    if path is None:
        return told
    label = os.fspath(path)
    for name, changed in read_toml(Path(path), label).table.items():
        if name not in told or not isinstance(changed, dict):
            raise InputError(f"there is no finding {name!r}: they are {', '.join(told)}", file=label)
        for key, one in changed.items():
            if key not in told[name] or key in ("title", "definition", "source"):
                raise InputError(f"{name} has no threshold {key!r}", file=label)
            if isinstance(one, bool) or not _is_number(one) or type(one) is not type(told[name][key]):
                raise InputError(f"{name}: {key} is a number like {told[name][key]!r}, not {one!r}", file=label)
            told[name][key] = one
    return told


def _is_number(given: object) -> bool:
    try:
        return float(str(given)) >= 0
    except ValueError:
        return False


def _listed(given: Any) -> list[Any]:
    return [] if given is None else [*given] if isinstance(given, (list, tuple)) else [given]
