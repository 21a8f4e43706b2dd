"""The patterns, each looked for by the public functions alone: totals of the manifest, and totals of what was kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.types as pt

from ... import compute as pc
from .asked import COMPARED, ONE_DAY, Asked, Largest, Units, units_of

Thresholds = Mapping[str, Any]
_STEPS = 50
"""Shares of the limit are told apart by fiftieths, each with its upper end."""


class Found(NamedTuple):
    """How often a pattern was found, what was counted on the way, and where."""

    times: int
    numbers: dict[str, object]
    table: pa.Table


def just_below(asked: Asked, told: Thresholds) -> Found:
    """See definitions.toml."""
    low, high = (_fiftieths(told[name]) for name in ("low", "high"))
    first = _fiftieths(told["from"]) + 1
    apart = _fiftieths(told["apart"])
    counts = np.zeros(high + 1, np.int64)
    largest = Largest(["compared", "day", "total", "rows", "least_limit"], asked.most)
    for batch in asked.groups(near=str(told["low"])):
        units, limits = units_of(batch.column("total")), units_of(batch.column("least_limit"))
        at = _fiftieths_of(units, limits)
        counts += np.bincount(at[at <= high], minlength=high + 1)
        largest.add(batch.filter(pa.array((at >= first) & (at <= _STEPS))))
    there = int(counts[first : _STEPS + 1].sum())
    beside = [at for at in range(low + 1, high + 1) if not _STEPS - apart < at <= _STEPS + apart]
    slope, start = np.polyfit(beside, counts[beside], 1)
    expected = max(0.0, float(sum(slope * at + start for at in range(first, _STEPS + 1))))
    more = there - expected
    is_one = there >= int(told["least"]) and more > float(told["deviations"]) * max(expected, 1.0) ** 0.5
    numbers: dict[str, object] = {
        "person-days just below": there,
        "expected": str(round(Decimal(expected), 1)),
        "more than expected": str(round(Decimal(more), 1)),
        "is more than chance": "yes" if is_one else "no",
    }
    table = largest.table()
    return Found(there if is_one else 0, numbers, table if is_one else table.slice(0, 0))


def often_near(asked: Asked, told: Thresholds) -> Found:
    """See definitions.toml."""
    first = _fiftieths(told["from"]) + 1
    reader = asked.groups(near=str(told["from"]))

    def near(batch: pa.RecordBatch) -> pa.RecordBatch:
        at = _fiftieths_of(units_of(batch.column("total")), units_of(batch.column("least_limit")))
        return batch.filter(pa.array((at >= first) & (at <= _STEPS)))

    path = asked.keep(map(near, reader), reader.schema, "near")
    largest = Largest(["compared", "rows", "total"], asked.most, "rows")
    for batch in asked.sums(path, [COMPARED], ONE_DAY, placeholders=[]):
        largest.add(batch.filter(pc.greater_equal(batch.column("rows"), int(told["days"]))))
    return Found(largest.count, {}, largest.table({"compared": "person", "rows": "days near"}))


def one_address(asked: Asked, told: Thresholds) -> Found:
    """See definitions.toml."""
    asked_for = {"person": asked.address, "normalize": "fold", "in_care_of": False}
    rows = asked.rows(_is("over-limit"), "at address", **asked_for)
    per = [*_listed(asked.roles.get("per")), *asked.address]
    groups = asked.within(rows, per=per)
    path = asked.keep(map(_not_over, groups), groups.schema, "names at address")
    names = [*map(str, asked.address), "day", "rows", "total"]
    largest = Largest(names, asked.most)
    for batch in asked.sums(path, asked.address, "day", normalize="fold"):
        is_many = pc.greater_equal(batch.column("rows"), int(told["names"]))
        largest.add(batch.filter(pc.and_(is_many, batch.column("over"))))
    return Found(largest.count, {}, largest.table({"rows": "names"}))


def spellings(asked: Asked, told: Thresholds) -> Found:
    """See definitions.toml."""
    own, joined = asked.answers(), asked.answers(normalize="name")
    flipped = (
        one.filter(pc.and_(one.column("eligible"), _is("over-limit")(other)))
        for one, other in zip(own, joined, strict=True)
    )
    rows = asked.keep(flipped, own.schema, "flipped")
    groups = asked.within(rows)
    path = asked.keep(groups, groups.schema, "spelled")
    names = [name for name in dict.fromkeys(map(str, asked.persons)) if name in groups.schema.names]
    settings = asked.settings_of_persons() | {"normalize": "name"}
    largest = Largest(["compared", "day", "rows", "total"], asked.most)
    count = 0
    for batch in asked.sums(path, names, "day", **settings) if names else ():
        kept = batch.filter(pc.greater_equal(batch.column("rows"), int(told["spellings"])))
        count += pc.sum(kept.column("rows")).as_py() or 0
        largest.add(kept)
    return Found(largest.count, {"spellings": count}, largest.table({"compared": "person", "rows": "spellings"}))


def repeated(asked: Asked, told: Thresholds) -> Found:
    """See definitions.toml."""
    cells = [asked.roles[name] for name in ("value", "quantity") if asked.roles.get(name) is not None]
    per = [*_listed(asked.roles.get("per")), *(_as_text(asked, cell) for cell in cells)]
    least = Fraction(str(told["least"]))
    largest = Largest(["compared", "day", "rows", "total"], asked.most)
    for batch in asked.groups(per=per):
        many = batch.filter(pc.greater_equal(batch.column("rows"), int(told["rows"])))
        units, limits = (units_of(many.column(name)) for name in ("total", "least_limit"))
        rows = many.column("rows").to_numpy()
        is_large = units // rows >= limits.astype(float) * float(least)
        largest.add(many.filter(pa.array(is_large)))
    return Found(largest.count, {}, largest.table({"compared": "person and value"}))


def split_orders(asked: Asked, told: Thresholds) -> Found:
    """See definitions.toml."""
    whole = {"person": asked.order, "normalize": None, "in_care_of": False, "placeholders": []}
    groups = asked.groups(**whole)
    path = asked.keep(map(_not_over, groups), groups.schema, "lots")
    largest = Largest([*map(str, asked.order), "rows", "total"], asked.most)
    for batch in asked.sums(path, asked.order, ONE_DAY, placeholders=[]):
        is_many = pc.greater_equal(batch.column("rows"), int(told["days"]))
        largest.add(batch.filter(pc.and_(is_many, batch.column("over"))))
    return Found(largest.count, {}, largest.table({"rows": "lots"}))


PATTERNS: dict[str, Callable[[Asked, Thresholds], Found]] = {
    "just-below": just_below,
    "often-near": often_near,
    "one-address": one_address,
    "spellings": spellings,
    "repeated": repeated,
    "split-orders": split_orders,
}


def _fiftieths(share: object) -> int:
    return int(Fraction(str(share)) * _STEPS)


def _fiftieths_of(units: Units, limits: Units) -> Units:
    """The share of the limit in fiftieths, rounded up; of what is beyond twice the limit, or has none, 1,000."""
    is_near = (limits > 0) & (limits < 1 << 56) & (units < 2 * np.minimum(limits, 1 << 56))
    small, some = np.where(is_near, units, 0), np.where(is_near, limits, 1)
    return np.where(is_near, -(-small * _STEPS // some), 1_000)


def _is(reason: str) -> Callable[[pa.RecordBatch], pa.Array]:
    return lambda batch: pc.equal(batch.column("reason").cast(pa.string()), reason)


def _not_over(batch: pa.RecordBatch) -> pa.RecordBatch:
    return batch.filter(pc.invert(batch.column("over")))


def _listed(given: Any) -> list[Any]:
    return [] if given is None else [*given] if isinstance(given, (list, tuple)) else [given]


def _as_text(asked: Asked, column: Any) -> Any:
    """A column that may be a part of a key: text and whole numbers as they are, others by their text."""
    if not isinstance(column, str):
        return column.cast(pa.string())
    kind = asked.schema.field(column).type
    return (
        column
        if pt.is_integer(kind) or pt.is_string(kind) or pt.is_large_string(kind)
        else (pc.field(column).cast(pa.string()))
    )
