"""Shipments that several parties tell, party against party: who says what, where they agree, and what only one knows.

Nothing is scored here, and no mask is changed: a reviewer reads it. The columns of the roles are held in memory.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import combinations
from typing import Any, NamedTuple, Unpack

import pyarrow as pa

from ..errors import InputError, option
from ..questions.cells import texts_of, values_of
from ..roles import names
from ..roles.days import days_of
from ..roles.options import READING, AnyOptions, refuse_unknown, takes_options
from ..roles.persons import Column, FirstOf, Person, columns_of_part
from ..roles.request import Request, check
from ..roles.shipments import Shipments, Versions
from ..sources.base import Source
from ..sources.open import open_source
from ..sources.schemas import laid_out
from ..text import plain

FINDINGS = {
    "only": "one party alone tells of the shipment",
    "amended": "a party told it in more than one version",
    "cancelled": "a party cancelled it",
    "nobody": "the person that a party names is none",
    "differs": "two parties say different things",
}
"""Every finding, with what it means."""
_TEXT = pa.string()
DIFFERENCES = pa.schema(
    [(name, _TEXT) for name in ("shipment", "finding", "field", "party", "says", "other", "other_says")]
)
AGREEMENT = pa.schema(
    [("field", _TEXT), ("party", _TEXT), ("other", _TEXT), ("shipments", pa.int64()), ("agree", pa.int64())]
)
_TRUE = ("true", "t", "yes", "y", "1")
_RESOURCES = ("threads", "memory_limit", "spill_dir", "secret", "sorted_by", "late_days")


@dataclass(frozen=True)
class Reconciliation:
    """What the parties of a manifest say of its shipments.

    Parameters
    ----------
    shipments : int
        Shipments that are told of.
    parties : dict of str to int
        How many of them each party tells of.
    findings : dict of str to int
        Lines of `differences` by finding.
    differences : pyarrow.Table
        `shipment`, `finding`, `field`, `party`, `says`, `other`, `other_says`, all text: a line for each finding, in
        the order of shipments' first rows. Two parties differ in a field where what their latest versions say of it is
        not the same.
    agreement : pyarrow.Table
        By `field` and pair of parties (`party`, `other`): the `shipments` that both tell of, and in how many they
        `agree`.
    """

    shipments: int
    parties: dict[str, int]
    findings: dict[str, int]
    differences: pa.Table
    agreement: pa.Table

    def to_dict(self) -> dict[str, object]:
        """Every field, made of what JSON has; the tables as lists of lines."""
        tables = {name: getattr(self, name).to_pylist() for name in ("differences", "agreement")}
        counts = {name: plain(getattr(self, name)) for name in ("shipments", "parties", "findings")}
        return counts | tables

    def __repr__(self) -> str:
        found = ", ".join(f"{number:,} {name}" for name, number in self.findings.items() if number)
        return f"<deminimis.Reconciliation of {self.shipments:,} shipments: {found or 'no findings'}>"


class _Telling(NamedTuple):
    """What the latest version of a party says of a shipment, by field; `named` is whether its person is one."""

    says: dict[str, tuple[object, ...]]
    versions: int
    is_cancelled: bool
    named: bool


@takes_options
def reconcile(
    manifest: Any,
    *,
    person: Person,
    day: Column,
    value: Column,
    fields: Sequence[str] = (),
    **options: Unpack[AnyOptions],
) -> Reconciliation:
    """Compare what several parties tell of the same shipments, field by field.

    Takes the roles and settings of `eligible`, of which `shipment` and `party` are needed and no limit is, and:

    Parameters
    ----------
    manifest : object
        As `eligible` takes it. The columns of its roles are held in memory.
    fields : sequence of str
        Further columns to compare, beside the person, the day, the value and the currency, origin, sender and kind that
        are given.

    Returns
    -------
    Reconciliation
        Of each party the latest version is compared. Values are sums of its lines, each line once; persons are compared
        by `normalize`, and one that is missing or a placeholder is a finding of its own.

    Raises
    ------
    InputError
        A role is an expression, or as `eligible`.
    """
    refuse_unknown(tuple(options))
    given: dict[str, Any] = {**options, "person": person, "day": day, "value": value}
    reads = {name: given.pop(name) for name in READING if name in given}
    if given.get("limit") is None and given.get("rule") is None:
        given["limit"] = 0
    roles = check(**{name: one for name, one in given.items() if name not in _RESOURCES})
    told = roles.shipments
    if told is None or told.party is None:
        raise InputError(f"parties are compared by shipment: give {option('shipment')} and {option('party')}")
    compared = _fields(given, fields)
    if roles.has_expressions() or not all(isinstance(column, str) for column in compared.values()):
        raise InputError("reconcile compares columns as they are: give their names rather than expressions")
    source = open_source(manifest, **reads)
    table = _table(source, list(dict.fromkeys((*roles.names(), *compared.values()))))
    found = _tellings(table, roles, told, compared)
    return _compared(found)


def _table(source: Source, wanted: list[str]) -> pa.Table:
    source.check_columns(wanted)
    own = source.schema_of(wanted)
    batches = [
        pa.RecordBatch.from_arrays(laid_out(batch, own), schema=own)
        for piece in source.pieces(wanted)
        for batch in piece.batches()
    ]
    return pa.Table.from_batches(batches, schema=own)


def _fields(given: dict[str, Any], more: Sequence[str]) -> dict[str, str]:
    """The further fields that are compared, with their columns, also where no rule asks for them."""
    roles = ("currency", "origin", "sent_from", "kind")
    return {name: given[name] for name in roles if given.get(name) is not None} | {name: name for name in more}


def _persons(table: pa.Table, roles: Request) -> Iterator[tuple[object, bool]]:
    """Each row's person as it is compared, and whether it names one."""
    nobody = {"", *(text.strip().lower() for text in roles.placeholders)}

    def part(given: Column | FirstOf) -> list[tuple[str, bool]]:
        """The first cell that names one; where none does, the first that says anything."""
        columns = []
        for column in columns_of_part(given):
            cells = table[str(column)].combine_chunks()
            if not pa.types.is_integer(cells.type):
                cells = names.canonical(cells, roles.normalize, roles.in_care_of)
            columns.append(["" if cell is None else str(cell) for cell in texts_of(pa.table({"x": cells}), "x")])
        found = []
        for cells in zip(*columns, strict=True):
            named = [cell for cell in cells if cell.strip().lower() not in nobody]
            found.append((named[0], True) if named else (next(filter(str.strip, cells), ""), False))
        return found

    for parts in zip(*(part(one) for one in roles.persons), strict=True):
        yield " | ".join(text for text, _ in parts), parts[0][1]


def _tellings(
    table: pa.Table, roles: Request, told: Shipments, fields: dict[str, str]
) -> dict[str, dict[str, _Telling]]:
    """What each party says of each shipment, in the order of first rows."""
    plain_roles = roles.once_decided()._replace(currency=None)
    columns: dict[str, list[Any]] = {"day": days_of(table, plain_roles), "value": values_of(table, plain_roles)}
    columns |= {name: texts_of(table, column) for name, column in fields.items()}
    persons = list(_persons(table, roles))
    versions = _versions(table, told)
    lines = texts_of(table, told.line)
    cancelled = [str(cell).strip().lower() in _TRUE for cell in texts_of(table, told.cancelled)]
    rows: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    ids = zip(texts_of(table, told.shipment), texts_of(table, told.party), strict=True)
    for row, (shipment, party) in enumerate(ids):
        if shipment is not None and str(shipment).strip():
            rows[str(shipment)][str(party or "").strip()].append(row)

    def telling(members: list[int]) -> _Telling:
        latest = max(versions[row] for row in members)
        own = [row for row in members if versions[row] == latest]
        by_line: dict[object, Decimal] = {}
        for row in own:
            line = lines[row] if lines[row] is not None else row  # a row that names no line is one by itself
            key = line, persons[row][0], columns["day"][row]
            by_line[key] = max(by_line.get(key, Decimal(0)), columns["value"][row] or Decimal(0))
        bad = any(columns["value"][row] is None for row in own)
        says: dict[str, tuple[object, ...]] = {
            "person": tuple(sorted({persons[row][0] for row in own}, key=str)),
            "day": _distinct(columns["day"][row] for row in own),
            "value": ("no good value",) if bad else (sum(by_line.values(), Decimal(0)),),
        }
        says |= {name: _distinct(columns[name][row] for row in own) for name in fields}
        named = any(persons[row][1] for row in own)
        return _Telling(says, len({versions[row] for row in members}), all(cancelled[row] for row in own), named)

    return {shipment: {party: telling(rows[shipment][party]) for party in rows[shipment]} for shipment in rows}


def _versions(table: pa.Table, told: Shipments) -> list[int]:
    if told.version is None:
        return [0] * len(table)
    cells = Versions(str(told.version), None)(table[str(told.version)].combine_chunks()).to_pylist()
    return [-(2**63) if cell is None else cell for cell in cells]


def _distinct(cells: Iterator[Any]) -> tuple[object, ...]:
    return tuple(sorted({cell.strip() if isinstance(cell, str) else cell for cell in cells}, key=str))


def _written(says: tuple[object, ...]) -> str:
    """What a party says, for a reader."""
    return "; ".join("nothing" if one is None or one == "" else _amount(one) for one in says)


def _amount(one: object) -> str:
    if isinstance(one, Decimal):
        whole, _, decimals = f"{one:f}".partition(".")
        return f"{whole}.{decimals.rstrip('0'):0<2}"
    return one.isoformat() if isinstance(one, date) else str(one)


def _compared(found: dict[str, dict[str, _Telling]]) -> Reconciliation:
    lines: list[tuple[str | None, ...]] = []
    both: Counter[tuple[str, str, str]] = Counter()
    alike: Counter[tuple[str, str, str]] = Counter()
    parties: Counter[str] = Counter()
    for shipment, tellings in found.items():
        parties.update(tellings.keys())
        if len(tellings) == 1:
            lines.append((shipment, "only", None, *tellings, None, None, None))
        for party, telling in tellings.items():
            if telling.versions > 1:
                lines.append((shipment, "amended", None, party, f"{telling.versions} versions", None, None))
            if telling.is_cancelled:
                lines.append((shipment, "cancelled", None, party, None, None, None))
            elif not telling.named:
                others = [(name, one) for name, one in tellings.items() if one.named and not one.is_cancelled]
                known = (others[0][0], _written(others[0][1].says["person"])) if others else (None, None)
                lines.append((shipment, "nobody", "person", party, _written(telling.says["person"]), *known))
        standing = sorted(party for party, telling in tellings.items() if not telling.is_cancelled)
        for party, other in combinations(standing, 2):
            one, two = tellings[party], tellings[other]
            for field, says in one.says.items():
                key = field, party, other
                both[key] += 1
                alike[key] += says == two.says[field]
                if says != two.says[field] and (field != "person" or one.named == two.named):
                    said = _written(says), _written(two.says[field])
                    lines.append((shipment, "differs", field, party, said[0], other, said[1]))
    agreement = [(*key, number, alike[key]) for key, number in sorted(both.items())]
    counted = Counter(line[1] for line in lines)
    return Reconciliation(
        shipments=len(found),
        parties=dict(sorted(parties.items())),
        findings={finding: counted[finding] for finding in FINDINGS},
        differences=_columns(lines, DIFFERENCES),
        agreement=_columns(agreement, AGREEMENT),
    )


def _columns(lines: Sequence[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    return pa.table(
        [pa.array([line[i] for line in lines], field.type) for i, field in enumerate(schema)], schema=schema
    )
