"""What a table of totals says of itself in its schema's metadata, and whether two tables, or a table and a run, agree.

Two tables agree where their rows mean the same: the limits, the window, how persons are compared and how values count.
What columns are called, how text is read and what the run may use does not matter.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, TypeAlias

import pyarrow as pa

from ..errors import TotalsError, option
from ..roles.names import CANONICAL_VERSION
from ..roles.persons import columns_of_part
from ..roles.request import Request

MARK = b"deminimis.totals"
"""The key in the metadata."""
VERSION = 1
Holds: TypeAlias = Literal["complete", "refused", "some"]
"""Every group; those that are over or unproven; or another part of them, which answers nothing."""


@dataclass(frozen=True)
class Mark:
    """What a table says of itself.

    Parameters
    ----------
    holds : {"complete", "refused", "some"}
        Which groups it has.
    settings : dict of str to object
        What its rows mean.
    secret : str
        A digest of the secret.
    has_secret : bool
        Whether the secret was given; else its keys are good for one run only.
    rows, rows_digest : int, optional
        Of a table of refused groups: the rows of the manifest, and a digest of them.
    """

    holds: Holds
    settings: dict[str, Any]
    secret: str
    has_secret: bool
    rows: int | None = None
    rows_digest: int | None = None

    def metadata(self) -> dict[bytes, bytes]:
        """For the schema of the table."""
        told = {"version": VERSION, "digest": _digest(self.settings, self.secret), **vars(self)}
        return {MARK: json.dumps(told).encode()}


def mark_of_run(
    request: Request,
    identity: Sequence[str],
    holds: Holds = "complete",
    rows: int | None = None,
    rows_digest: int | None = None,
) -> Mark:
    """What a run's own table says; `identity` is that of its binding."""
    from hashlib import sha256

    settings = _settings(request, identity)
    secret = sha256(b"deminimis totals" + request.secret).hexdigest()[:32]
    return Mark(holds, settings, secret, request.has_secret, rows, rows_digest)


def mark_of(schema: pa.Schema, name: str = "the table") -> Mark:
    """What a table says of itself.

    Raises
    ------
    TotalsError
        It says nothing, or is of another version.
    """
    found = (schema.metadata or {}).get(MARK)
    if found is None:
        mend = "give what deminimis.totals or deminimis.merge made; after a GROUP BY of your own, put its metadata back"
        raise TotalsError(f"{name} does not say what it is: {mend} with replace_schema_metadata(schema.metadata)")
    try:
        told = json.loads(found)
        version = told.pop("version")
        digest = told.pop("digest")
    except (ValueError, KeyError, AttributeError, TypeError):
        raise TotalsError(f"what {name} says of itself cannot be read: make it anew") from None
    if version != VERSION:
        raise TotalsError(f"{name} is of version {version!r}, and this package reads version {VERSION}: make it anew")
    try:
        mark = Mark(**told)
        is_whole = digest == _digest(mark.settings, mark.secret)
    except TypeError:
        is_whole = False
    if not is_whole or mark.holds not in ("complete", "refused", "some"):
        raise TotalsError(f"what {name} says of itself was changed: make it anew")
    return mark


def check_agree(one: Mark, other: Mark, names: tuple[str, str]) -> None:
    """Refuse two that differ in their settings or their secret.

    Raises
    ------
    TotalsError
        It says in what they differ.
    """
    for name in dict.fromkeys((*one.settings, *other.settings)):
        first, second = one.settings.get(name), other.settings.get(name)
        if first != second:
            differ = f"{names[0]} and {names[1]} differ in {name}"
            raise TotalsError(f"{differ} ({first!r} and {second!r}): make both with the same")
    if one.secret != other.secret:
        without = [name for name, mark in zip(names, (one, other), strict=True) if not mark.has_secret]
        if without:
            were = "was" if len(without) == 1 else "were"
            raise TotalsError(
                f"{' and '.join(without)} {were} made without {option('secret')}, so that the keys are good for one "
                f"run only: give both the same {option('secret')}"
            )
        raise TotalsError(f"{names[0]} and {names[1]} were made with another {option('secret')}: give both the same")


def _settings(request: Request, identity: Sequence[str]) -> dict[str, Any]:
    from hashlib import sha256

    rule, compiled = request.rule, request.compiled
    codes = [sorted(axis.codes.items()) for axis in (compiled.origins, compiled.senders, compiled.kinds)]
    table = (compiled.limits, compiled.day_first, compiled.table.shape, codes, rule.gate)
    limits = sha256(repr(table).encode() + compiled.table.tobytes()).hexdigest()[:32]
    return {
        "person": _kinds(request, identity),
        "limit": str(Decimal(compiled.limits[0][0]).scaleb(-4)) if rule.is_stated else None,
        "rule": None if rule.is_stated else f"{rule.name} ({limits})",
        "window": rule.window,
        "currency_code": request.currency_code,
        "bad_values": request.bad_values,
        "count_excluded": request.count_excluded,
        "normalize": f"{request.normalize} (version {CANONICAL_VERSION})" if request.normalize else None,
        "in_care_of": request.in_care_of,
        "placeholders": sorted(text.strip().lower() for text in request.placeholders),
        "timezone": request.timezone,
    }


def _kinds(request: Request, identity: Sequence[str]) -> list[str]:
    """The kind of each part of the key; what stands in for a part is of its kind."""
    found, at = [], 0
    for part in request.persons:
        found.append(identity[at])
        at += len(columns_of_part(part))
    return found + [f"per {kind}" for kind in identity[at:]]


def _digest(settings: dict[str, Any], secret: str) -> str:
    from hashlib import sha256

    return sha256(json.dumps([settings, secret], sort_keys=True).encode()).hexdigest()[:32]
